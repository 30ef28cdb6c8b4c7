"""Partitions that processes share out: in the tables they stand in the order of the list, whoever was done first."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from ivigcalc import Form
from ivigcalc.batch.rows.outcome import Failed
from ivigcalc.batch.rows.source import Row
from ivigcalc.batch.run import workers
from ivigcalc.batch.run.growing import part_of
from ivigcalc.batch.run.running import in_partitions
from ivigcalc.batch.run.work import Became, Done, Settings
from ivigcalc.batch.run.workers import WorkerError, do_here, do_in_processes
from ivigcalc.batch.tables.encode import Kind

COLUMNS = ("patient_id", "weight_kg", "start")
ORDER = Form(regimen="dermatomyositis", product="octagam-10-us", courses="2", days="2", at="09:00")
#: what stands in every table before the first partition
HEADING = b"heading\n"


def settings(kind: Kind = "csv", *each: str) -> Settings:
    return Settings(COLUMNS, ORDER, kind=kind, each=each)


def rows(weights: Sequence[str]) -> list[Row]:
    return [
        Row(number, (f"P{number}", weight, f"2026-12-{1 + number % 28:02}")) for number, weight in enumerate(weights, 2)
    ]


def here(about: Settings, asked: Sequence[Row], size: int) -> list[Done]:
    return list(do_here(about, in_partitions(iter(asked), size)))


def shared(
    work: Path, about: Settings, asked: Sequence[Row], size: int, jobs: int = 2
) -> tuple[list[Became], dict[str, bytes]]:
    """What became of the partitions, and the tables, without what stood in them."""
    tables = here(about, asked[:1], 1)[0].tables
    (work / "each").mkdir()
    for table in tables:
        part_of(work, table).write_bytes(HEADING)
    sizes = {table: len(HEADING) for table in tables}
    found = list(do_in_processes(about, in_partitions(iter(asked), size), jobs, work, sizes))
    written = {table: part_of(work, table).read_bytes() for table in tables}
    assert all(data.startswith(HEADING) for data in written.values())
    return found, {table: data.removeprefix(HEADING) for table, data in written.items()}


def tables_of(done: Sequence[Done]) -> dict[str, bytes]:
    return {table: b"".join(one.tables[table] for one in done) for table in done[0].tables}


WEIGHTS = st.lists(st.sampled_from(["60", "72", "72.5", "80", "1", "", "seventy"]), min_size=1, max_size=40)


@examples(max_examples=8)
@given(WEIGHTS, st.integers(1, 7), st.integers(1, 3))
def test_the_tables_are_those_of_one_process(weights: list[str], size: int, jobs: int) -> None:
    asked = rows(weights)
    alone = here(settings(), asked, size)
    with TemporaryDirectory() as work:
        found, tables = shared(Path(work), settings(), asked, size, jobs)
    assert tables == tables_of(alone)
    assert found == [one.became for one in alone]


@pytest.mark.parametrize(("kind", "each"), [("csv", ()), ("jsonl", ()), ("parquet", ()), ("csv", ("ics",))])
def test_every_format_and_the_files_for_each_patient(tmp_path: Path, kind: Kind, each: tuple[str, ...]) -> None:
    unread = Row(7, Failed("unreadable-row", "", "a quote is open"), "P7")
    asked = [*rows(["60", "seventy", "72", "60", "0.2"]), unread, *rows(["72", "80"])]
    about = settings(kind, *each)
    alone = here(about, asked, 3)
    found, tables = shared(tmp_path, about, asked, 3)
    assert tables == tables_of(alone)
    files = {path.name: path.read_bytes() for path in (tmp_path / "each").iterdir()}
    assert files == {name: data for one in alone for name, data in one.each}
    assert sum(one.planned for one in found) == 5
    assert sum((one.errors for one in found), Counter()) == {
        "bad-request": 1, "weight-implausible": 1, "unreadable-row": 1,
    }  # fmt: skip


@pytest.mark.parametrize("late", [0, 2, 5])
def test_rows_stand_in_their_order_whoever_is_done_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late: int
) -> None:
    asked = rows(["60", "72", "seventy", "80", "60", "1", "72", "60", "80"])
    alone = here(settings(), asked, 1)
    plain = workers.do_partition

    def slow(planner: Any, some: Sequence[Row]) -> Done:
        if some[0].number == asked[late].number:
            time.sleep(0.3)
        return plain(planner, some)

    monkeypatch.setattr(workers, "do_partition", slow)
    found, tables = shared(tmp_path, settings(), asked, 1)
    assert tables == tables_of(alone)
    assert found == [one.became for one in alone]


def test_a_worker_that_cannot_write_says_why(tmp_path: Path) -> None:
    with pytest.raises(WorkerError, match="cannot write to the output folder: No such file or directory") as caught:
        list(do_in_processes(settings(), in_partitions(iter(rows(["60"])), 1), 2, tmp_path, {"sessions": 0}))
    assert caught.value.exit_code == 2
