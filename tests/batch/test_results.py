"""Results that need no join: notices in full, the saved plans on lines, and the columns that were picked."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as parquet
import pytest

from ivigcalc.batch.tables.encode import TABLES, read_picked, tables_of
from ivigcalc.batch.tables.notices import NOTICE_COLUMNS
from ivigcalc.cli.main import main
from ivigcalc.errors import RequestError

from .conftest import ORDER, Done, contents, patients

Batch = Callable[..., Done]
#: B's stop is overridden, with words that a spreadsheet would take for a formula; C runs past midnight
THREE = "patient_id,weight_kg,height_cm,at,override\nA,72,170,,\n=B,170,160.2,,weight-implausible==1+1\nC,90,,22:00,\n"
MORE = ("--courses", "2")


def plans_of(folder: Path) -> dict[str, dict[str, object]]:
    lines = [json.loads(line) for line in (folder / "plans.jsonl").read_text("utf-8").splitlines()]
    return {line["computed_from"]["request"]["patient_id"]: line for line in lines}


def expected(folder: Path) -> list[tuple[object, ...]]:
    """Every notice of the saved plans, once for each session that it is about."""
    found: list[tuple[object, ...]] = []
    for who, plan in plans_of(folder).items():
        for notice in plan["notices"]:  # type: ignore[attr-defined]
            for course, day in notice["sessions"] or [(None, None)]:
                found.append((who, course, day, *(notice[name] for name in NOTICE_COLUMNS[3:])))
    return found


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_notices_are_those_of_the_saved_plans(batch: Batch, kind: str, jobs: str) -> None:
    done = batch(THREE, "--plans", "--format", kind, "--jobs", jobs, *MORE)
    path = done.folder / f"notices.{kind}"
    if kind == "csv":
        cells = [[safe("" if value is None else str(value)) for value in row] for row in expected(done.folder)]
        assert list(csv.reader(io.StringIO(path.read_text("utf-8")))) == [list(NOTICE_COLUMNS), *cells]
        return
    text = path.read_text("utf-8") if kind == "jsonl" else ""
    found = parquet.read_table(path).to_pylist() if kind == "parquet" else list(map(json.loads, text.splitlines()))
    assert [tuple(row.values()) for row in found] == expected(done.folder)
    assert len({row["course"] for row in found}) > 1, "some are about a session"


def safe(text: str) -> str:
    """As a spreadsheet shows it."""
    return f"'{text}" if text.startswith("=") else text


def test_an_overridden_stop_says_why(batch: Batch) -> None:
    [stop] = [row for row in batch(THREE, *MORE).table("notices") if row["level"] == "stop"]
    assert (stop["patient_id"], stop["code"], stop["overridden_because"]) == ("'=B", "weight-implausible", "'=1+1")


def test_a_start_in_the_past_is_said_of_each_start(batch: Batch) -> None:
    """Both ask the same, and both are past: the words of one are not the words of the other."""
    text = "patient_id,weight_kg,start\nA,72,2020-01-01\nB,72,2020-01-02\nC,72,2020-01-01\n"
    rows = batch(text).table("notices")
    said = {row["patient_id"]: row["value"] for row in rows if row["code"] == "start-in-past"}
    assert said == {"A": "2020-01-01", "B": "2020-01-02", "C": "2020-01-01"}


def test_the_day_that_a_notice_names_goes_with_the_start(batch: Batch) -> None:
    """Live vaccines wait 11 months after 2 g/kg: from the second of two days."""
    text = "patient_id,weight_kg,start\nA,72,2026-12-01\nB,72,2027-03-30\n"
    rows = [row for row in batch(text).table("notices") if row["code"] == "live-vaccines"]
    assert [row["message"].rpartition("not before ")[2] for row in rows] == ["2027-11-02", "2028-02-29"]


# ---- saved plans -----------------------------------------------------------------------------------------------------


def test_verify_and_day_read_the_folder_of_a_batch(batch: Batch, capsys: pytest.CaptureFixture[str]) -> None:
    for options in (("--plans",), ("--each", "json")):
        folder = batch(patients(4) + "bad,x\n", *options, "--jobs", "2", folder=options[0]).folder
        assert main(["verify", str(folder)]) == 0
        assert capsys.readouterr().out.startswith("all 4 plans are what ivigcalc")
        assert main(["day", "2026-12-01", str(folder), "--format", "csv", "--quiet"]) == 0
        assert {row["patient_id"] for row in csv.DictReader(io.StringIO(capsys.readouterr().out))} == {
            f"P{number:06}" for number in range(4)
        }


def test_one_plan_that_was_changed_is_found_among_many(batch: Batch, capsys: pytest.CaptureFixture[str]) -> None:
    folder = batch(patients(3), "--plans").folder
    path = folder / "plans.jsonl"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    lines[1] = lines[1].replace('"totals":{"courses":1', '"totals":{"courses":2')
    path.write_text("".join(lines), encoding="utf-8")
    assert main(["verify", str(folder)]) == 4
    said = capsys.readouterr()
    assert "1 of 3 plans" in said.err
    assert "plans.jsonl, line 2" in said.err
    assert "totals.courses: saved 2, recomputed 1" in said.err


def test_a_batch_without_plans_says_how_to_get_them(batch: Batch, capsys: pytest.CaptureFixture[str]) -> None:
    folder = batch(patients(1), "--format", "jsonl").folder
    assert main(["verify", str(folder)]) == 2
    assert "run the batch with --plans" in capsys.readouterr().err


# ---- columns ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_columns_are_picked_in_the_order_that_was_asked(batch: Batch, kind: str, jobs: str) -> None:
    whole = batch(THREE, "--format", kind, "--jobs", jobs, folder="whole").folder
    folder = batch(THREE, "--format", kind, "--jobs", jobs, "--columns", "dose_g,patient_id,vials,date").folder
    assert not (folder / f"steps.{kind}").exists()
    assert not (folder / f"notices.{kind}").exists()

    def rows(path: Path) -> list[dict[str, object]]:
        if kind == "parquet":
            return parquet.read_table(path).to_pylist()
        if kind == "csv":
            return list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))
        return list(map(json.loads, path.read_text("utf-8").splitlines()))

    picked = rows(folder / f"sessions.{kind}")
    assert list(picked[0]) == ["dose_g", "patient_id", "vials", "date"]
    assert picked == [{name: row[name] for name in picked[0]} for row in rows(whole / f"sessions.{kind}")]


def test_a_table_of_which_only_the_patient_is_picked_is_not_written() -> None:
    assert tables_of(()) == TABLES
    assert tables_of(("patient_id", "dose_g")) == {"sessions": ("patient_id", "dose_g")}
    assert tables_of(("code",)) == {"notices": ("code",)}
    assert set(tables_of(("patient_id",))) == set(TABLES)
    assert set(tables_of(("starts_at",))) == {"sessions", "steps"}


@pytest.mark.parametrize(
    ("said", "words"), [("dose", "did you mean dose_g"), ("dose_g,dose_g", "given twice"), (",", "at least one")]
)
def test_columns_that_there_are_not_are_named(said: str, words: str) -> None:
    with pytest.raises(RequestError, match=words):
        read_picked(said)


def test_columns_of_a_stream(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in.csv").write_text("patient_id,weight_kg\nA,72\n", encoding="utf-8")
    command = ["batch", str(tmp_path / "in.csv"), "-o", "-", *ORDER, "--quiet"]
    assert main([*command, "--columns", "patient_id,date,dose_g"]) == 0
    assert capsys.readouterr().out == "patient_id,date,dose_g\nA,2026-12-01,72\nA,2026-12-02,72\n"
    assert main([*command, "--table", "notices", "--columns", "code"]) == 0
    assert "live-vaccines" in capsys.readouterr().out.splitlines()
    assert main([*command, "--columns", "code"]) == 2
    assert "picks nothing of sessions" in capsys.readouterr().err


def test_other_columns_are_another_batch(batch: Batch) -> None:
    before = contents(batch(patients(2), "--columns", "patient_id,dose_g").folder)
    done = batch(patients(2))
    assert (done.code, contents(done.folder)) == (2, before)
