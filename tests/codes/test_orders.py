"""Every code is brought out by an order, and not by that order's nearest neighbour: the table is `orders.yaml`."""

from __future__ import annotations

import csv
import fcntl
import json
import shlex
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import pytest
import refused
import typer
import yaml

from ivigcalc.api import Desk
from ivigcalc.batch.run.folder import Folder
from ivigcalc.cli.app import build
from ivigcalc.cli.main import main
from ivigcalc.codes import codes
from ivigcalc.errors import IvigcalcError, RefusedError, RequestError

TABLE = yaml.safe_load((Path(__file__).parent / "orders.yaml").read_text(encoding="utf-8"))
#: a code, and which of its kinds
Said = tuple[str, str]
PLANS = ("dose", "schedule", "rates", "replan")


class Entry(NamedTuple):
    """One row of the table; `with_` and `not_with` are what the order and its neighbour do not share."""

    code: str
    kind: str
    ask: str
    because: str
    with_: str = ""
    not_with: str | None = None
    first: tuple[str, ...] = ()
    obeyed: bool = False

    @property
    def order(self) -> list[str]:
        return shlex.split(f"{self.ask} {self.with_}")

    @property
    def neighbour(self) -> list[str]:
        return shlex.split(f"{self.ask} {self.not_with}")


ENTRIES = [Entry(**{"with_" if key == "with" else key: value for key, value in row.items()}) for row in TABLE["orders"]]
#: what keeps a plan from being made; a limit that is obeyed does not
NO_PLAN = [entry for entry in ENTRIES if entry.kind not in ("info", "caution") and not entry.obeyed]
PAIRS = [entry for entry in ENTRIES if entry.not_with is not None]
ON_EVERY_PLAN = {(entry.code, entry.kind) for entry in ENTRIES if entry.not_with is None}


def name(entry: Entry) -> str:
    return f"{entry.code}-{entry.kind}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files of the table, in the folder where the commands run; no site file of this machine."""
    monkeypatch.delenv("IVIGCALC_SITE", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "no-config"))
    monkeypatch.chdir(tmp_path)
    for path, content in TABLE["files"].items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")


def failed_rows(batch: list[str]) -> set[str]:
    """The codes in the errors of a batch, if it came so far."""
    errors = Path(batch[batch.index("-o") + 1]) / "errors.csv"
    if not errors.exists():
        return set()
    with errors.open(encoding="utf-8", newline="") as file:
        return {row["code"] for row in csv.DictReader(file)}


@pytest.fixture
def said(folder: None, capsys: pytest.CaptureFixture[str]) -> Callable[[list[str]], set[Said]]:
    """`said(words)`: what a command line brings out on its plan, in the errors of its batch, or instead of either."""

    def run(words: list[str]) -> set[Said]:
        as_json = ["--format", "json"] if words[0] in PLANS and "-f" not in words else []
        try:
            typer.main.get_command(build(words[0])).main([*words, *as_json], "ivigcalc", standalone_mode=False)
        except RefusedError as refused:
            return {(code, "stop" if refused.overridable else "refused") for code in refused.codes}
        except RequestError as error:
            return {(error.code, "unread")}
        printed = capsys.readouterr().out
        if words[0] == "batch":
            return {(code, "unread") for code in failed_rows(words)}
        return {(n["code"], n["level"]) for n in json.loads(printed)["notices"]} if as_json else set()

    return run


Ask = Callable[[list[str]], set[Said]]


# ---- the table ------------------------------------------------------------------------------------------------------


def test_everything_that_a_code_can_be_is_brought_out() -> None:
    declared = {(code.code, kind) for code in codes().values() for kind in code.kinds}
    shown = [*((entry.code, entry.kind) for entry in ENTRIES), *((code, "unread") for code in ARRANGED)]
    assert sorted(shown) == sorted(declared)


@pytest.mark.parametrize("entry", PAIRS, ids=name)
def test_the_neighbour_is_one_word_or_one_option_away(entry: Entry) -> None:
    compared = SequenceMatcher(None, entry.order, entry.neighbour).get_opcodes()
    changed = [(end - start, other_end - other) for how, start, end, other, other_end in compared if how != "equal"]
    assert changed in ([(1, 1)], [(2, 0)], [(0, 2)])


@pytest.mark.parametrize("entry", ENTRIES, ids=name)
def test_it_says_why_in_one_sentence(entry: Entry) -> None:
    assert len(entry.because.split()) >= 4
    assert not entry.because.endswith(".")


# ---- the orders -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", ENTRIES, ids=name)
def test_an_order_brings_it_out(entry: Entry, said: Ask) -> None:
    for words in entry.first:
        said(shlex.split(words))
    found = said(entry.order)
    if entry not in NO_PLAN:
        assert (entry.code, entry.kind) in found
        assert found >= ON_EVERY_PLAN
    else:  # nothing else stands in its way, or would hide that it is missing
        assert found == {(entry.code, entry.kind)}


@pytest.mark.parametrize("entry", PAIRS, ids=name)
def test_its_neighbour_does_not(entry: Entry, said: Ask) -> None:
    """Nor is the neighbour without a plan for another reason."""
    for words in entry.first:
        said(shlex.split(words))
    found = said(entry.neighbour)
    assert (entry.code, entry.kind) not in found
    assert {kind for _, kind in found} <= {"info", "caution", *(["stop"] if "--override" in entry.ask else [])}


@pytest.mark.parametrize("entry", [entry for entry in NO_PLAN if entry.kind == "stop"], ids=name)
def test_a_stop_is_lifted_by_an_override_and_stays_on_the_plan(entry: Entry, said: Ask) -> None:
    assert (entry.code, "stop") in said([*entry.order, "--override", f"{entry.code}=agreed with Dr Roe"])


@pytest.mark.parametrize("entry", [entry for entry in ENTRIES if entry.kind == "refused"], ids=name)
def test_a_refusal_is_not(entry: Entry, said: Ask) -> None:
    for words in entry.first:
        said(shlex.split(words))
    found = said([*entry.order, "--override", f"{entry.code}=agreed with Dr Roe"])
    # not every change of a plan takes an override
    assert found == {(entry.code, "refused")} or (entry.ask.startswith("replan") and found == {("one-event", "unread")})


@pytest.mark.parametrize("entry", NO_PLAN, ids=name)
def test_the_command_ends_as_the_kind_says(entry: Entry, folder: None, capsys: pytest.CaptureFixture[str]) -> None:
    for words in entry.first:
        main(shlex.split(words))
    capsys.readouterr()
    exit_code = main(entry.order)
    printed = capsys.readouterr()
    assert printed.out == ""
    if entry.kind == "unread":
        assert exit_code in ((5, 6) if entry.ask.startswith("batch") and failed_rows(entry.order) else (2,))
        assert exit_code in (5, 6) or printed.err.startswith("error: ")
        said = "" if exit_code in (5, 6) else printed.err.splitlines()[0].removeprefix("error: ")
    else:
        assert exit_code == 4
        assert printed.err.startswith(f"refused ({entry.code}): ")
        said = printed.err.splitlines()[0].partition("): ")[2]
        assert ("--override" in printed.err) is (entry.kind == "stop")
    assert not said or refused.faults(said) == []


# ---- what no order alone brings out ---------------------------------------------------------------------------------

Arranged = AbstractContextManager[Any]


@contextmanager
def a_long_cell() -> Iterator[None]:
    """A cell has at most 10,000 characters."""
    rows = Path("rows.csv").read_text(encoding="utf-8")
    Path("rows.csv").write_text(f"patient_id,weight_kg\na,{'7' * 10_001}\n", encoding="utf-8")
    yield
    Path("rows.csv").write_text(rows, encoding="utf-8")


def a_mistake_inside(mistake: Exception) -> Arranged:
    return mock.patch.object(Desk, "case", side_effect=mistake)


@contextmanager
def another_batch() -> Iterator[None]:
    """It holds the lock of the folder."""
    lock = Path("out/.ivigcalc-batch/lock")
    lock.parent.mkdir(parents=True)
    with lock.open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def a_file_that_grows(path: str) -> Arranged:
    """It is longer whenever rows have been planned."""
    real = Folder.append

    def append(folder: Folder, *tables: Any) -> None:
        real(folder, *tables)
        Path(path).write_text(Path(path).read_text(encoding="utf-8") + "\n", encoding="utf-8")

    return mock.patch.object(Folder, "append", append)


ARRANGED: dict[str, Callable[[], Arranged]] = {
    "too-long": a_long_cell,
    "input-changed": lambda: a_file_that_grows("rows.csv"),
    "definitions-changed": lambda: a_file_that_grows("open.yaml"),
    "in-use": another_batch,
    "bug": lambda: a_mistake_inside(ZeroDivisionError("inner workings")),
    "error": lambda: a_mistake_inside(IvigcalcError("something else")),
}
BATCH = shlex.split('batch rows.csv -o out -r open.yaml -p octagam-10-us --start 2026-12-01 --dose "2 g/kg" --days 2')


@pytest.mark.parametrize("code", ARRANGED)
def test_it_is_brought_out_by_what_is_arranged_around_a_batch(code: str, said: Ask) -> None:
    with ARRANGED[code]():
        assert said(BATCH) == {(code, "unread")}
    assert said([*BATCH, "--restart"]) == set()
