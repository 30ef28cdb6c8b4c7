"""A forecast of the folder of a batch: the sessions of its table, or its saved plans, in flat memory."""

import csv
import json
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ivigcalc.errors import RequestError
from ivigcalc.forecast.forecast import Asked, Forecast, forecast

from .saved import NOWHERE, WARD, saved

HEAD = "patient_id,weight_kg,age_years,start,at\n"
LIST = HEAD + "P1,72,54,2026-12-01,09:00\nP2,60,41,2026-12-03,10:00\nP3,85,66,2026-12-30,\n"
ORDER = ("-r", "dermatomyositis", "-p", "octagam-10-us", "--courses", "2", "--risk", "none", "-q")


def of(folder: Path, **asked: Any) -> Forecast:
    return forecast([folder], NOWHERE, Asked(**asked))


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_it_is_the_sum_of_the_table_of_sessions(kind: str, tmp_path: Path, run: Callable[..., Any]) -> None:
    """Each table of the same batch says the same, which is what its rows add up to."""
    (tmp_path / "list.csv").write_text(LIST, encoding="utf-8")
    for made in ("csv", kind):
        folder = tmp_path / f"out-{made}"
        assert run("batch", tmp_path / "list.csv", "-o", folder, "-f", made, *ORDER, "--restart").code == 0
    with (tmp_path / "out-csv" / "sessions.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found = of(tmp_path / f"out-{kind}")
    assert (found.plans, found.planned.total.visits) == (3, len(rows)) == (3, 12)
    assert found.planned.total.dose_g == sum(Decimal(row["dose_g"]) for row in rows)
    assert found.planned.total.chair_min == sum(int(row["duration_min"]) for row in rows)
    counted = sum(count for _, count in found.planned.total.vials)
    assert counted == sum(int(part.split(" x ")[0]) for row in rows for part in row["vials"].split(" + "))


def test_around_the_infusions_of_a_table_are_the_times_of_the_site(tmp_path: Path, run: Callable[..., Any]) -> None:
    (tmp_path / "list.csv").write_text(HEAD + "P1,72,54,2026-12-01,09:00\n", encoding="utf-8")
    run("batch", tmp_path / "list.csv", "-o", tmp_path / "out", *ORDER)
    assert forecast([tmp_path / "out"], WARD, Asked()).planned.total.chair_min == 4 * (45 + 288 + 40)


def test_rows_that_could_not_be_planned_are_said(tmp_path: Path, run: Callable[..., Any]) -> None:
    (tmp_path / "list.csv").write_text(LIST + "P4,nothing,54,2026-12-01,09:00\n", encoding="utf-8")
    assert run("batch", tmp_path / "list.csv", "-o", tmp_path / "out", *ORDER).code == 5
    assert of(tmp_path / "out").failed == 1


def test_two_batches_with_one_patient_are_refused(tmp_path: Path, run: Callable[..., Any]) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text(HEAD + "P1,72,54,2026-12-01,09:00\n", encoding="utf-8")
        run("batch", tmp_path / f"{name}.csv", "-o", tmp_path / name, *ORDER)
    with pytest.raises(RequestError, match=r"sessions\.csv, row 1: patient P1 has been counted already"):
        forecast([tmp_path / "a", tmp_path / "b"], NOWHERE, Asked())
    both = forecast([tmp_path / "a", tmp_path / "b"], NOWHERE, Asked(allow_duplicates=True))
    assert both.planned.total.visits == 8


def test_saved_plans_in_the_folder_are_read_in_place_of_the_table(tmp_path: Path) -> None:
    """They say more; both together would count everybody twice."""
    (tmp_path / "batch.json").write_text('{"errors": {"bad-request": 2}}', encoding="utf-8")
    (tmp_path / "sessions.csv").write_text("patient_id\nP1\n", encoding="utf-8")
    lines = [json.dumps(json.loads(saved("72kg", "2026-12-01", patient_id=f"P{number}"))) for number in range(3)]
    (tmp_path / "plans.jsonl").write_text("\n".join(lines), encoding="utf-8")
    found = of(tmp_path)
    assert (found.plans, found.planned.total.visits, found.failed) == (3, 12, 2)


# ---- what is no batch -----------------------------------------------------------------------------------------------

COLUMNS = "patient_id,course,day,date,dose_g,volume_ml,duration_min,vials,leftover_g,product"
ROW = "P1,1,1,2026-12-01,72,720,288,2 x 30 g + 1 x 12 g,0,octagam-10-us"


@pytest.mark.parametrize(
    ("cell", "instead"),
    [
        ("2026-12-01", "2026-13-01"),
        ("2026-12-01", "tomorrow"),
        ("72,", "-72,"),
        ("72,", "1e9,"),
        ("72,", "NaN,"),
        ("288", "288.5"),
        ("2 x 30 g", "30 g"),
        ("P1,1,", "P1,one,"),
        ("288", "9" * 70_000),
    ],
)
def test_a_table_with_something_else_in_it_is_refused(cell: str, instead: str, tmp_path: Path) -> None:
    (tmp_path / "batch.json").write_text('{"errors": {}}', encoding="utf-8")
    (tmp_path / "sessions.csv").write_text(f"{COLUMNS}\n{ROW.replace(cell, instead, 1)}\n", encoding="utf-8")
    with pytest.raises(RequestError) as refused:
        of(tmp_path)
    assert "sessions.csv" in str(refused.value)
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize("report", ["", "{}", "[]", '{"errors": []}', '{"errors": {"a": "b"}}', "[" * 100_000])
def test_a_report_that_is_none_is_refused(report: str, tmp_path: Path) -> None:
    (tmp_path / "batch.json").write_text(report, encoding="utf-8")
    (tmp_path / "sessions.csv").write_text(f"{COLUMNS}\n{ROW}\n", encoding="utf-8")
    with pytest.raises(RequestError, match=r"holds a batch\.json"):
        of(tmp_path)


@pytest.mark.parametrize("name", ["sessions.jsonl", "sessions.parquet"])
@pytest.mark.parametrize("content", [b"\xff\xfe", b"[1]\n", b'{"patient_id": 1}\n', b"{\n", b"PAR1"])
def test_other_tables_with_something_else_in_them_are_refused(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / "batch.json").write_text('{"errors": {}}', encoding="utf-8")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RequestError, match="sessions"):
        of(tmp_path)


def test_columns_that_were_left_out_are_named(tmp_path: Path) -> None:
    (tmp_path / "batch.json").write_text('{"errors": {}}', encoding="utf-8")
    (tmp_path / "sessions.csv").write_text("patient_id,course\nP1,1\n", encoding="utf-8")
    with pytest.raises(RequestError, match="has no column day, date, dose_g"):
        of(tmp_path)


def test_a_batch_that_was_not_finished_is_refused(tmp_path: Path) -> None:
    """Its old table may still be there."""
    (tmp_path / ".ivigcalc-batch").mkdir()
    (tmp_path / ".ivigcalc-batch" / "state.json").write_text("{}", encoding="utf-8")
    (tmp_path / "batch.json").write_text('{"errors": {}}', encoding="utf-8")
    (tmp_path / "sessions.csv").write_text(f"{COLUMNS}\n{ROW}\n", encoding="utf-8")
    with pytest.raises(RequestError, match="was not finished"):
        of(tmp_path)


# ---- many -----------------------------------------------------------------------------------------------------------


def table(patients: int) -> Iterator[str]:
    yield f"{COLUMNS}\n"
    for number in range(patients):
        start = date(2026, 12, 1) + timedelta(days=number % 28)
        for course in range(1, 7):
            on = start + timedelta(weeks=4 * (course - 1))
            yield f"P{number},{course},1,{on},72,720,288,2 x 30 g + 1 x 12 g,0,octagam-10-us\n"


def memory_for(patients: int, folder: Path) -> int:
    """The most that is held at once, in bytes, while so many patients of six visits each are read."""
    folder.mkdir()
    (folder / "batch.json").write_text('{"errors": {}}', encoding="utf-8")
    with (folder / "sessions.csv").open("w", encoding="utf-8") as file:
        file.writelines(table(patients))
    tracemalloc.start()
    try:
        found = of(folder)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (found.plans, found.planned.total.visits, found.planned.total.dose_g) == (
        patients,
        6 * patients,
        72 * 6 * patients,
    )
    return most


def test_memory_does_not_grow_with_what_patients_use(tmp_path: Path) -> None:
    """Only who was counted is kept: a number for each patient, so that none is counted twice."""
    few, many = memory_for(500, tmp_path / "few"), memory_for(5000, tmp_path / "many")
    assert (many - few) / 4500 < 250


MEASURED = """
import resource, sys
from pathlib import Path
from ivigcalc.definitions import NO_SITE
from ivigcalc.forecast.forecast import Asked, forecast
print(forecast([Path(sys.argv[1])], NO_SITE, Asked()).plans, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
def test_a_hundred_thousand_patients(tmp_path: Path) -> None:
    """600,000 visits: a process takes at most 32 MiB more for them than for a hundred patients."""
    most_kib = {}
    for patients in (100, 100_000):
        folder = tmp_path / str(patients)
        folder.mkdir()
        (folder / "batch.json").write_text('{"errors": {}}', encoding="utf-8")
        with (folder / "sessions.csv").open("w", encoding="utf-8") as file:
            file.writelines(table(patients))
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, folder], capture_output=True, check=True, encoding="utf-8"
        )
        plans, most_kib[patients] = map(int, done.stdout.split())
        assert plans == patients
    assert most_kib[100_000] - most_kib[100] < 32 * 1024


@pytest.mark.slow
def test_memory_does_not_grow_with_saved_plans(tmp_path: Path) -> None:
    """Some 20 kB each: they are read one at a time."""
    one = json.loads(saved("72kg", "2026-12-01"))

    def most_for(plans: int) -> int:
        (tmp_path / str(plans)).mkdir()
        with (tmp_path / str(plans) / "plans.jsonl").open("w", encoding="utf-8") as file:
            for number in range(plans):
                one["computed_from"]["request"]["patient_id"] = f"P{number}"
                file.write(json.dumps(one) + "\n")
        tracemalloc.start()
        try:
            assert of(tmp_path / str(plans)).plans == plans
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    few, many = most_for(50), most_for(300)
    assert (many - few) / 250 < 500
