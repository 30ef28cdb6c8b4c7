"""Every refusal is one sentence and then the remedy, and a command to try: `refusals.yaml`, and a walk over the source."""

from __future__ import annotations

import json
import shlex
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import refused
import typer
import yaml

from ivigcalc.cli.app import build
from ivigcalc.errors import DefinitionError, IvigcalcError

TABLE = yaml.safe_load((Path(__file__).parent / "refusals.yaml").read_text(encoding="utf-8"))
SITES = list(refused.sites())


class Entry(NamedTuple):
    """One row of the table."""

    id: str
    run: str
    exit: int
    says: list[str]
    next: str = ""
    raised_in: str = ""


ENTRIES = [Entry(**row) for row in TABLE["refusals"]]


def name(entry: Entry) -> str:
    return entry.id


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files of the table, in the folder where the commands run."""
    monkeypatch.chdir(tmp_path)
    for path, content in TABLE["files"].items():
        Path(path).write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")


# ---- by the table ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", ENTRIES, ids=name)
def test_what_is_refused_is_said_with_its_remedy(entry: Entry, folder: None, refuses: Callable[..., str]) -> None:
    message, *more = refuses(entry.exit, *shlex.split(entry.run)).splitlines()
    said = message.removeprefix("error: ")
    if entry.exit == 4:
        said = said.partition("): ")[2]
    assert [words for words in entry.says if words not in said] == []
    assert refused.faults(said) == [] or (entry.exit == 3 and " must " in said)
    assert more, "no next step"
    assert "ivigcalc " in more[-1]
    assert more[-1] == entry.next or not entry.next


@pytest.mark.parametrize("entry", [entry for entry in ENTRIES if entry.raised_in], ids=name)
def test_it_is_refused_where_the_table_says(entry: Entry, folder: None) -> None:
    words = shlex.split(entry.run)
    with pytest.raises(IvigcalcError) as caught:
        typer.main.get_command(build(words[0])).main(words, "ivigcalc", standalone_mode=False)
    files = [Path(frame.filename) for frame in traceback.extract_tb(caught.value.__traceback__)]
    inside = [file for file in files if file.is_relative_to(refused.PACKAGE)]
    assert inside[-1] == refused.PACKAGE / entry.raised_in


@pytest.mark.parametrize(
    ("line", "besides"),
    [
        ("dose", "--regimen ID[:PROTOCOL]|FILE, --product ID|FILE"),
        ("schedule -p privigen-us", "--weight WEIGHT, --regimen ID[:PROTOCOL]|FILE"),  # the day comes first
        ("calendar --indication cidp --start 2026-12-01", "--product ID|FILE"),
        ("rates -p privigen-us --weight=70kg", "--dose DOSE"),
        ("dose -r cidp --weight 70kg", ""),
        ("dose --from-fhir none.json", ""),
    ],
)
def test_all_that_is_missing_is_said_at_once(
    line: str, besides: str, folder: None, refuses: Callable[..., str]
) -> None:
    said = refuses(2, *shlex.split(line))
    assert f"missing besides: {besides}\n" in said if besides else "besides" not in said


def test_a_file_with_many_mistakes_is_told_line_by_line(folder: None) -> None:
    with pytest.raises(DefinitionError) as caught:
        typer.main.get_command(build("dose")).main(
            ["dose", "-r", "cidp", "-p", "privigen-us", "--weight", "72kg", "--site", "wrong-day.yaml"],
            "ivigcalc",
            standalone_mode=False,
        )
    assert all(problem.allowed or "must" in problem.message for problem in caught.value.problems)


# ---- by the source --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("site", SITES, ids=str)
def test_every_place_that_refuses_keeps_the_form(site: refused.Site) -> None:
    if site.words is None or site.file in TABLE["made_elsewhere"]:
        assert site.file in TABLE["made_elsewhere"], f"{site}: its words cannot be read here"
    else:
        assert refused.faults_of(site) == [], site.words


def test_no_file_is_excused_without_need() -> None:
    needed = {site.file for site in SITES if refused.faults_of(site)}
    assert sorted(TABLE["made_elsewhere"]) == sorted(needed)


def test_every_class_of_refusal_is_walked() -> None:
    """A class that is new has its place in the walk; a missing library is told in one form by its class."""
    classes = {error.__name__ for error in _all(IvigcalcError)} - {"DefinitionError", "MissingExtraError"}
    assert sorted(classes - set(refused.MAKERS)) == []


def _all(error: type[Exception]) -> list[Any]:
    return [kind for direct in error.__subclasses__() for kind in (direct, *_all(direct))]


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        ("the weight '72' has no unit: write 72kg", None),
        ("'x' is not one of the choices; allowed: a, b", None),
        ("no regimen 'x'; `ivigcalc regimens list` shows all", None),
        ("the weight '72' has no unit", "no remedy"),
        ("the weight has no unit. Write 72kg. Then go on", "two sentences"),
        ("give the weight.", "ends in a full stop"),
        (f"give {'x' * 300}", "305 characters"),
        (f"give another dose [{'x' * 300}]", None),
    ],
)
def test_the_form_is_told_from_what_is_none(message: str, fault: str | None) -> None:
    assert (fault in refused.faults(message)) if fault else refused.faults(message) == []


# ---- a change of a plan ---------------------------------------------------------------------------------------------

PLAN = (
    "schedule -r cidp:us-label-privigen -p privigen-us --weight 70kg --start 2027-01-04 --courses 3 -f json -o p.json"
)


@pytest.mark.parametrize(
    ("event", "elsewhere"),
    [
        ('--dose "3 g/kg" --from-course 2', "replan does not take --phase and another protocol"),
        ('--dose "3 g/kg/course" --from-course 3', "replan does not take --phase and another protocol"),
        ("--new-weight 700kg --from-course 2", ""),
    ],
)
def test_a_remedy_that_replan_does_not_have_is_sent_to_schedule(
    event: str, elsewhere: str, folder: None, run: Callable[..., Any]
) -> None:
    assert run(*shlex.split(PLAN)).code == 0
    said = run("replan", "p.json", *shlex.split(event))
    assert said.code == 4
    lines = [line for line in said.err.splitlines() if line.startswith("replan does not take")]
    assert lines == ([f"{elsewhere}: plan what is left anew with ivigcalc schedule"] if elsewhere else [])
