"""Each row is answered as if it were asked alone: none exchanged, lost, or answered with another row's plan."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import helpers
import pytest

from ivigcalc.engine.plan import Plan
from ivigcalc.errors import IvigcalcError

COLUMNS = ("patient_id", "weight", "birth_date", "risk", "days", "start", "condition")
COMMON = ("--regimen", "dermatomyositis", "--product", "octagam-10-us", "--at", "09:00")


def alone(row: dict[str, str]) -> Plan | None:
    """The plan of one row on its own; None where it is refused."""
    words: dict[str, Any] = {
        "at": "09:00",
        "start": row["start"],
        "birth_date": row["birth_date"] or None,
        "days": row["days"] or None,
    }
    try:
        return helpers.plan(
            "dermatomyositis",
            "octagam-10-us",
            row["weight"],
            risk=[r for r in (row["risk"],) if r],
            condition=[c for c in (row["condition"],) if c],
            **words,
        )
    except IvigcalcError:
        return None


def rows() -> list[dict[str, str]]:
    """Patients who differ in one thing at a time, and again in nothing but their name, in no order; some are refused."""
    made = []
    for number in range(240):
        made.append(
            {
                "patient_id": f"P{number:04}",
                "weight": ("72 kg", "72.1 kg", "158 lb", "54 kg", "x", "7200 kg")[number % 6 if number % 24 else 0],
                "birth_date": ("1970-05-01", "2008-12-02", "2008-12-01", "")[number // 6 % 4],
                "risk": ("", "renal")[number // 24 % 2],
                "days": ("", "2", "5", "6")[number // 48 % 4],
                "start": ("2026-12-01", "2026-12-02")[number // 3 % 2],
                "condition": "corn-allergy" if number % 40 == 7 else "",
            }
        )
    return [made[place * 77 % len(made)] for place in range(len(made))]  # 77 and 240 have no common divisor: each once


@pytest.fixture
def done(run: Callable[..., Any], tmp_path: Path) -> tuple[list[dict[str, str]], dict[str, list[dict[str, str]]]]:
    """The rows, and the tables that a batch makes of them."""
    asked = rows()
    with (tmp_path / "rows.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(asked)
    assert run("batch", tmp_path / "rows.csv", "-o", tmp_path / "out", *COMMON, "--quiet").code == 5
    tables = {}
    for table in ("sessions", "steps", "errors"):
        with (tmp_path / "out" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            tables[table] = list(csv.DictReader(file))
    return asked, tables


def test_every_row_gets_its_own_plan(done: tuple[list[dict[str, str]], dict[str, list[dict[str, str]]]]) -> None:
    asked, tables = done
    compared = 0
    for row in asked:
        mine = [line for line in tables["sessions"] if line["patient_id"] == row["patient_id"]]
        steps = [line for line in tables["steps"] if line["patient_id"] == row["patient_id"]]
        plan = alone(row)
        expected = plan.sessions if plan else ()
        assert [(m["date"], m["starts_at"], m["ends_at"], m["dose_g"], m["volume_ml"]) for m in mine] == [
            (s.date, s.starts_at, s.ends_at, str(s.dose_g), str(s.volume_ml)) for s in expected
        ], row
        assert [(m["date"], m["rate_ml_per_h"], m["volume_ml"], m["starts_at"]) for m in steps] == [
            (s.date, str(t.rate_ml_per_h), str(t.volume_ml), t.starts_at) for s in expected for t in s.steps
        ], row
        compared += len(steps)
    assert compared > 500


def test_every_row_is_in_the_results_or_in_the_errors_and_never_in_both(
    done: tuple[list[dict[str, str]], dict[str, list[dict[str, str]]]],
) -> None:
    asked, tables = done
    planned, failed = (
        {line["patient_id"] for line in tables["sessions"]},
        [line["patient_id"] for line in tables["errors"]],
    )
    assert len(failed) == len(set(failed))
    assert planned | set(failed) == {row["patient_id"] for row in asked}
    assert planned & set(failed) == set()
    for line in tables["errors"]:
        assert asked[int(line["row"]) - 2]["patient_id"] == line["patient_id"]  # row 1 is the heading


def test_a_patient_twice_is_an_error(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("patient_id,weight\nP1,72 kg\nP2,80 kg\nP1,81 kg\n", encoding="utf-8")
    done = run("batch", tmp_path / "rows.csv", "-o", tmp_path / "out", *COMMON, "--start", "2026-12-01")
    assert done.code != 0
    assert "P1" in done.err + (tmp_path / "out" / "errors.csv").read_text(encoding="utf-8")


def test_an_unknown_column_is_an_error(refuses: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("patient_id,wieght_kg\nP1,72\n", encoding="utf-8")
    assert "wieght_kg" in refuses(
        2, "batch", tmp_path / "rows.csv", "-o", tmp_path / "out", *COMMON, "--start", "2026-12-01"
    )
    assert not (tmp_path / "out").exists() or list((tmp_path / "out").iterdir()) == []


def test_a_start_in_the_past_is_said_of_its_own_row(run: Callable[..., Any], tmp_path: Path) -> None:
    """The tests ask on 2026-11-01; rows that differ in nothing but their start share an answer, and not that notice."""
    (tmp_path / "rows.csv").write_text(
        "patient_id,weight,start\nA,72 kg,2026-11-01\nB,72 kg,2026-10-31\nC,72 kg,2026-11-02\n", encoding="utf-8"
    )
    assert run("batch", tmp_path / "rows.csv", "-o", tmp_path / "out", *COMMON, "--quiet").code == 0
    with (tmp_path / "out" / "sessions.csv").open(encoding="utf-8", newline="") as file:
        past = {row["patient_id"]: "start-in-past" in row["notices"] for row in csv.DictReader(file)}
    assert past == {"A": False, "B": True, "C": False}


def test_the_clocks_of_each_row_are_those_of_its_own_days(run: Callable[..., Any], tmp_path: Path) -> None:
    """In New York the clocks go forward on 2027-03-14: 4 h 48 min from 22:00 end at 03:48, else at 02:48."""
    (tmp_path / "site.yaml").write_text("{kind: site, schema: 1, id: here, time_zone: America/New_York}", "utf-8")
    starts = {"A": "2027-03-12", "B": "2027-03-13", "C": "2027-03-14"}
    lines = "".join(f"{patient},72 kg,{start}\n" for patient, start in starts.items())
    (tmp_path / "rows.csv").write_text(f"patient_id,weight,start\n{lines}", encoding="utf-8")
    words = ("--site", tmp_path / "site.yaml", "--courses", "1", *COMMON[:-1], "22:00")
    assert run("batch", tmp_path / "rows.csv", "-o", tmp_path / "out", *words, "--quiet").code == 0
    with (tmp_path / "out" / "sessions.csv").open(encoding="utf-8", newline="") as file:
        ends = [(row["patient_id"], row["ends_at"]) for row in csv.DictReader(file)]
    assert ends == [
        ("A", "2027-03-13T02:48"), ("A", "2027-03-14T03:48"), ("B", "2027-03-14T03:48"),
        ("B", "2027-03-15T02:48"), ("C", "2027-03-15T02:48"), ("C", "2027-03-16T02:48"),
    ]  # fmt: skip
    with (tmp_path / "out" / "steps.csv").open(encoding="utf-8", newline="") as file:
        assert {row["starts_at"][:13] for row in csv.DictReader(file) if row["patient_id"] == "A"} == {
            "2027-03-12T22", "2027-03-12T23", "2027-03-13T22", "2027-03-13T23",
        }  # fmt: skip
