"""What may have been meant by words that cannot be read: every reading, held against the reader; never one for another.

Expected by hand: what the words say in English, and both orders of a day and a month.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ivigcalc.cli.astray import next_of
from ivigcalc.cli.reread import again
from ivigcalc.errors import RequestError


def readings(option: str, typed: str) -> list[str]:
    """The values that are shown in place of what was typed."""
    lines = again(option.removeprefix("--").replace("-", "_"), "cannot be read", ["schedule", option, typed, "-q"])
    assert all((line[:2], line[3:]) == (["schedule", option], ["-q"]) for line in lines)
    return [line[2] for line in lines]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("9am", ["09:00"]), ("9 PM", ["21:00"]), ("12am", ["00:00"]), ("12 p.m.", ["12:00"]), ("9:30pm", ["21:30"]),
        ("10.51", ["10:51"]), ("10h51", ["10:51"]), ("0930", ["09:30"]), ("930", ["09:30"]), ("09:00:00", ["09:00"]),
        ("9", ["09:00", "21:00"]), ("12", ["12:00", "00:00"]), ("9 o'clock", ["09:00", "21:00"]), ("14", ["14:00"]), ("14h", ["14:00"]),
        ("13pm", []), ("24:00", []), ("10.5", []), ("09:00:30", []), ("soon", []), ("-1:00", []), ("09:00", []),
    ],
)  # fmt: skip
def test_a_clock_time(typed: str, meant: list[str]) -> None:
    assert readings("--at", typed) == meant
    assert readings("--reaction-at", typed) == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2026/12/1", ["2026-12-01"]), ("2026.12.01", ["2026-12-01"]), ("20261201", ["2026-12-01"]), ("2026-12-1", ["2026-12-01"]),
        ("01/12/2026", ["2026-12-01", "2026-01-12"]), ("13/12/2026", ["2026-12-13"]), ("12.13.2026", ["2026-12-13"]), ("12/12/2026", ["2026-12-12"]),
        ("1 Dec 2026", ["2026-12-01"]), ("1st December, 2026", ["2026-12-01"]), ("Dec 1, 2026", ["2026-12-01"]), ("1dec2026", ["2026-12-01"]),
        ("1 Ju 2026", []), ("1 jun 2026", ["2026-06-01"]), ("31/02/2026", []), ("2026-02-30", []), ("01/12/26", []), ("tomorrow", []),
        ("1 Dez 2026", []), ("01/12-2026", []),
    ],
)  # fmt: skip
def test_a_day(typed: str, meant: list[str]) -> None:
    assert readings("--start", typed) == meant
    assert readings("--missed", typed) == meant


@pytest.mark.parametrize(
    ("option", "typed", "meant"),
    [
        ("--weight", "72", ["72kg", "72lb"]), ("--new-weight", "72", ["72kg", "72lb"]), ("--age", "5", ["5y", "5mo"]),
        ("--dose", "72", ["72g", "72g/kg", "72mg/kg"]), ("--dose", "0", []), ("--over", "12", ["12 h", "12 min"]), ("--over", "90", ["90 min"]),
        ("--every", "4", ["4 days", "4 weeks", "4 months"]), ("--height", "175", ["175cm", "175in", "175m", "175ft"]),
        ("--courses", "x6", ["6"]), ("--days", "3 days", ["3"]), ("--days", "40", []), ("--days", "-3", []), ("--every", "biweekly", []),
        ("--height", "5.9ft", ["5ft9in", "70.8in"]), ("--height", "5,9'", ["5ft9in", "70.8in"]), ("--height", "5.75ft", []),
        ("--weight", "11,5 st", ["11st5lb", "161lb"]), ("--weight", "11.5st", []), ("--weight", "1,072kg", ["1.072kg", "1072kg"]),
        ("--dose", "2 g per kg", ["2 g/kg"]), ("--dose", "2gkg", ["2g/kg"]), ("--dose", "0.4 g per kg per day", ["0.4 g/kg/day"]),
        ("--dose", "30 g a day", ["30 g/day"]), ("--dose", "2 g", []), ("--dose", "2 spoons per kg", []),
        ("--weight", "72mg", []), ("--weight", "72kg", []), ("--name", "", []), ("--override", "x", []),
    ],
)  # fmt: skip
def test_a_number_without_its_unit_is_shown_in_each(option: str, typed: str, meant: list[str]) -> None:
    assert readings(option, typed) == meant


@pytest.mark.parametrize(
    ("option", "typed", "choices", "meant"),
    [
        ("--risk", "Kidney", "renal, thrombosis, cardiac, none", ["renal"]), ("--risk", "heart", "renal, thrombosis, cardiac, none", ["cardiac"]),
        ("--risk", "clots", "renal, thrombosis, cardiac, none", ["thrombosis"]), ("--risk", "heart, kidney", "renal, cardiac", []),
        ("--sex", "woman", "male, female, M, F", ["female"]), ("--sex", "boy", "male, female", ["male"]), ("--sex", "kidney", "male, female", []),
    ],
)  # fmt: skip
def test_words_of_every_day_are_one_of_the_choices(option: str, typed: str, choices: str, meant: list[str]) -> None:
    said = f"{option}: '{typed}' is not one of the choices; allowed: {choices}"
    lines = again(option.removeprefix("--"), said, ["schedule", option, typed, "-q"])
    assert [line[2] for line in lines] == meant


@pytest.mark.parametrize(
    ("typed", "meant"), [("Germany", ["DE"]), ("new zealand", ["NZ"]), ("Ruritania", []), ("DE", [])]
)
def test_a_country_by_its_name(typed: str, meant: list[str]) -> None:
    assert readings("--country", typed) == meant


def test_the_value_that_cannot_be_read_is_the_one_that_is_changed() -> None:
    line = ["replan", "p.json", "--missed", "2026-12-01", "--missed=2026/12/2"]
    assert again("missed", "", line) == [["replan", "p.json", "--missed", "2026-12-01", "--missed=2026-12-02"]]


def test_each_reading_has_its_line() -> None:
    error = RequestError("--age: '5' has no unit", field="age")
    assert next_of(error, ["dose", "--age", "5", "--name", "A B"]).splitlines() == [
        "try: ivigcalc dose --age 5y --name 'A B'",
        "or: ivigcalc dose --age 5mo --name 'A B'",
    ]


@pytest.mark.parametrize("name", ["x" * 300, "line\ntry: rm", "\x1b[2J"])
def test_a_line_that_cannot_be_read_at_a_glance_is_not_shown(name: str) -> None:
    error = RequestError("--age: '5' has no unit", field="age")
    assert next_of(error, ["dose", "--age", "5", "--name", name]) == "all that it takes: ivigcalc dose --help"


@pytest.mark.parametrize(
    "line",
    [
        "dose 70kg (5y", "dose () 70kg", "dose '72 kg'", "dose -- 5y", "dose --weight 72 -- kg", "dose --weight 72kg kg", "verify a b --quiet c",
        "regimens show cidp foo", "day 2026-12-01", "replan p.json --reason was 1.5 kg lost", "dose --pregnant yes --weight 70 kg",
        "dose --weight", "dose --weight= 72 kg", "explain a b", "batch rows.csv out",
    ],
)  # fmt: skip
def test_stray_words_are_never_a_fault_of_the_program(line: str, refuses: Callable[..., str]) -> None:
    try:
        refuses(2, *shlex.split(line))
    except AssertionError:
        assert line in ("verify a b --quiet c",)  # a plan that is not there


# ---- nothing is said before what was asked is known to be possible ---------------------------------------------------

PLAN = "-r dermatomyositis -p octagam-10-us --weight 72kg --start 2026-12-01 --at 09:00"


@pytest.mark.parametrize(
    "wrong",
    [
        "-f html --part records", "-f html --paper a3", "-f html --session 9.9", "-f ics --previous none.ics", "-f json -o no/such/folder.json",
        "-f html --locale xx-QQ", "-f csv --locale de-DE", "-f ics -o no/such/folder.ics",
    ],
)  # fmt: skip
def test_no_caution_before_a_usage_error(wrong: str, refuses: Callable[..., str], tmp_path: Path) -> None:
    said = refuses(2, "calendar", *shlex.split(PLAN), *shlex.split(wrong))
    assert said.startswith("error: ")
    assert "CAUTION" not in said
    assert "note: " not in said


def test_cautions_are_said_beside_a_file_all_the_same(run: Callable[..., Any], tmp_path: Path) -> None:
    done = run("calendar", *shlex.split(PLAN), "-f", "ics", "-o", tmp_path / "plan.ics")
    assert done.code == 0
    assert "CAUTION ladder-assumed" in done.err
    assert "times of the calendar file float" in done.err


@pytest.mark.parametrize("wrong", ["-f pdf --paper a3", "-f csv -o no/such/folder.csv"])
def test_no_caution_of_a_day_before_a_usage_error(
    wrong: str, run: Callable[..., Any], refuses: Callable[..., str], tmp_path: Path
) -> None:
    site, plans = tmp_path / "site.yaml", tmp_path / "plans"
    site.write_text("kind: site\nschema: 2\nid: one-chair\nchairs: 1\n", encoding="utf-8")
    plans.mkdir()
    for number in ("1", "2"):
        order = [*shlex.split(PLAN), "--patient-id", number]
        assert run("schedule", *order, "-f", "json", "-o", plans / f"{number}.json").code == 0
    day = ("day", "2026-12-01", plans, "--site", site)
    assert "CAUTION" in run(*day, "-f", "csv").err
    assert refuses(2, *day, *shlex.split(wrong)).startswith("error: ")


# ---- what a file and a picture hold ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "file", "format", "said"),
    [
        ("schedule", "plan.pdf", "table", "plan.pdf was written as --format table; --format pdf makes what it says"),
        ("calendar", "plan.PNG", "table", "plan.PNG was written as --format table; --format png makes what it says"),
        ("schedule", "plan.json", "csv", "plan.json was written as --format csv; --format json makes what it says"),
        ("schedule", "plan.txt", "table", ""),
        ("schedule", "plan.html", "html", ""),
        ("schedule", "plan.json", "fhir", ""),
        ("calendar", "plan.svg", "svg", "svg is a chart of the infusion rates; the pages are --format pdf or html"),
    ],
)
def test_a_file_that_is_not_what_it_is_called(
    command: str, file: str, format: str, said: str, run: Callable[..., Any], tmp_path: Path
) -> None:
    done = run(command, *shlex.split(PLAN), "-f", format, "-o", tmp_path / file)
    assert done.code == 0
    assert [line for line in done.err.splitlines() if line.startswith("note: ")] == ([f"note: {said}"] if said else [])
