"""A plain command line is read without typer: as typer reads it, or not at all."""

from __future__ import annotations

import functools
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivigcalc.cli import main as edge
from ivigcalc.cli import plain, plans
from ivigcalc.cli.app import made
from ivigcalc.cli.homes import HELP, OF_ONE_PATIENT
from ivigcalc.cli.show import Format

ORDER = "-r dermatomyositis -p octagam-10-us --weight 72kg"
#: what each command declares, as typer has it
PARAMS = {name: [p for p in made(name).commands[name].params if p.name != "help"] for name in OF_ONE_PATIENT}

Values = dict[str, Any]


@pytest.fixture(scope="module")
def typer_says() -> Callable[[list[str]], Values | None]:
    """The values with which typer calls the command of a line; None where it does not call it."""
    called: list[Values] = []

    def in_place_of(command: Callable[..., None]) -> Callable[..., None]:
        return functools.wraps(command)(lambda **values: called.append(values))

    with pytest.MonkeyPatch.context() as patched:
        for name in OF_ONE_PATIENT:
            patched.setattr(plans, name, in_place_of(getattr(plans, name)))
        apps = {name: made(name) for name in OF_ONE_PATIENT}

    def ask(line: list[str]) -> Values | None:
        called.clear()
        try:
            apps[line[0]].main(line, "ivigcalc", standalone_mode=False)
        except Exception:  # whatever it says of the line
            return None
        return called[0] if called else None

    return ask


# ---- what is drawn --------------------------------------------------------------------------------------------------

_TEXTS = st.one_of(
    st.sampled_from(
        ["72kg", "cidp", "2 g/kg", "a=b", "=", "", " ", "table", "json", "Table", "--", "-", "-5", "--weight"]
    ),
    st.text(max_size=6),
)
_PROPER = st.text(st.characters(exclude_categories=()), max_size=6).filter(lambda text: not text.startswith("-"))


def _said(param: Any, value: str, joined: bool) -> list[str]:
    """One option with a value, as it is typed."""
    if param.is_flag:
        return [param.opts[0]]
    return [f"{param.opts[0]}={value}"] if joined and param.opts[0].startswith("--") else [param.opts[-1], value]


@st.composite
def plain_lines(draw: st.DrawFn) -> list[str]:
    """A command, and some of its options as they should be typed."""
    command = draw(st.sampled_from(OF_ONE_PATIENT))
    readable = [p for p in PARAMS[command] if p.name not in ("from_fhir", "previous", "alarm")]
    some = draw(st.lists(st.sampled_from(readable), unique_by=lambda param: param.name, max_size=8))
    again = draw(st.lists(st.sampled_from([p for p in some if p.multiple or p.is_flag] or [None]), max_size=3))
    line = [command]
    for param in draw(st.permutations([*some, *filter(None, again)])):
        value = draw(st.sampled_from(Format)) if param.name == "format" else draw(_PROPER)
        line += _said(param, str(value), draw(st.booleans()))
    return line


@st.composite
def lines(draw: st.DrawFn) -> list[str]:
    """A plain line, and words anywhere in it that may be anything."""
    line = draw(plain_lines())
    option = st.builds(_said, st.sampled_from(PARAMS[line[0]]), _TEXTS, st.booleans())
    stray = st.one_of(
        _TEXTS, st.sampled_from(["--wei", "-r72", "-r=x", "-qq", "--quiet=yes", "--no-quiet", "--nothing", *HELP])
    )
    for words in draw(st.lists(option | st.lists(stray, min_size=1, max_size=1), max_size=3)):
        at = draw(st.integers(1, len(line)))
        line[at:at] = words
    return line


# ---- as typer reads it, or not at all -------------------------------------------------------------------------------


@given(line=plain_lines())
def test_a_plain_line_is_read_as_typer_reads_it(
    line: list[str], typer_says: Callable[[list[str]], Values | None]
) -> None:
    found = plain.read(line)
    assert found is not None
    assert found.command is getattr(plans, line[0])
    assert found.values == typer_says(line)


@given(line=lines())
def test_any_line_is_read_as_typer_reads_it_or_left_to_it(
    line: list[str], typer_says: Callable[[list[str]], Values | None]
) -> None:
    found = plain.read(line)
    assert found is None or found.values == typer_says(line)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "--version",
        "batch list.csv",
        "dose --help",
        "dose -h",
        "dose cidp",
        "dose --wei 72kg",
        "dose --weight",
        "dose --weight --pregnant",
        "dose --weight -5kg",
        "dose --weight 72kg --weight 72kg",
        "dose -r cidp --regimen cidp",
        "dose -rcidp",
        "dose -qq",
        "dose --pregnant=yes",
        "dose --format tables",
        "dose --courses 6",
        "dose -- --weight 72kg",
        "dose --from-fhir bundle.json",
        "calendar --alarm 0",
    ],
)
def test_what_is_left_to_typer(line: str) -> None:
    assert plain.read(shlex.split(line)) is None


def test_a_path_and_a_list_are_what_the_command_takes() -> None:
    found = plain.read(["dose", "-o", "plan.json", "--risk", "renal", "--risk=cardiac", "-q", "-q", "--name="])
    assert found is not None
    given_ = {name: found.values[name] for name in found.given}
    assert given_ == {"output": Path("plan.json"), "risk": ["renal", "cardiac"], "quiet": True, "name": ""}


# ---- whole runs -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        f"dose {ORDER}",
        f"dose {ORDER} --explain --notes",
        f"dose {ORDER} -f json --quiet",
        f"dose {ORDER} -f csv",
        f"dose {ORDER} -f ics",
        f"dose {ORDER} --risk renal --condition hyperprolinaemia --override x=",
        "dose --regimen=dermatomyositis --product=octagam-10-us --weight=720kg",
        "dose -r nothing -p octagam-10-us --weight 72kg",
        "dose -r dermatomyositis -p octagam-10-us --weight 72",
        "dose",
        f"schedule {ORDER} --start 2026-12-01 --at 09:00 --courses 2",
        f"schedule {ORDER} --start 2026-12-01 --locale de-DE",
        "rates --product panzyga-us --indication primary-immunodeficiency --weight 70kg --dose 70g --at 09:00 --plot",
        f"calendar {ORDER} --start 2026-12-01 --at 09:00",
        f"calendar {ORDER} --start 2026-12-01 --part record",
        f"calendar {ORDER} --start 2026-12-01 -f html --part nothing",
    ],
)
def test_a_run_is_the_same_with_and_without_typer(
    line: str, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = shlex.split(line)
    assert plain.read(arguments) is not None
    without = run(*arguments)
    monkeypatch.setattr(edge.plain, "read", lambda _: None)
    assert without == run(*arguments)


def test_a_file_is_the_same_with_and_without_typer(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    arguments = ["dose", *shlex.split(ORDER), "-f", "json", "-o", tmp_path / "plan.json"]
    written = run(*arguments), (tmp_path / "plan.json").read_bytes()
    monkeypatch.setattr(edge.plain, "read", lambda _: None)
    assert written == (run(*arguments), (tmp_path / "plan.json").read_bytes())
