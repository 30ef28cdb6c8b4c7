"""Partitions that processes share out: in the tables they stand in the order of the list, whoever was done first."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import get_context
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
from ivigcalc.batch.run.workers import do_here, do_in_processes
from ivigcalc.batch.tables.encode import Kind
from ivigcalc.errors import RequestError

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
    """With the code by which `explain` knows it, as one process does."""
    with pytest.raises(RequestError, match="cannot write to the output folder: No such file or directory") as caught:
        list(do_in_processes(settings(), in_partitions(iter(rows(["60"])), 1), 2, tmp_path, {"sessions": 0}))
    assert (caught.value.exit_code, caught.value.code, caught.value.field) == (2, "cannot-write", "output")


@pytest.mark.parametrize(("how", "said"), [("cut", "steps.part was cut"), ("deleted", "steps.part was deleted")])
def test_a_table_that_is_cut_or_deleted_ends_it(tmp_path: Path, how: str, said: str) -> None:
    """Behind a cut there would be a hole, and nobody would see it."""
    partitions = in_partitions(iter(rows(["60", "72"] * 40)), 1)

    def meddled_with() -> Iterator[list[Row]]:
        for number, partition in enumerate(partitions):
            if number == 30:
                steps = part_of(tmp_path, "steps")
                steps.unlink() if how == "deleted" else os.truncate(steps, 3)
            yield partition

    tables = here(settings(), rows(["60"]), 1)[0].tables
    for table in tables:
        part_of(tmp_path, table).write_bytes(HEADING)
    with pytest.raises(RequestError, match=f"{said} before the batch was done") as caught:
        list(do_in_processes(settings(), meddled_with(), 2, tmp_path, dict.fromkeys(tables, len(HEADING))))
    assert caught.value.code == "damaged"


def test_a_worker_does_not_outlive_its_parent_whatever_it_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "do_partition", lambda *_: time.sleep(60))

    def parent() -> None:
        list(do_in_processes(settings(), in_partitions(iter(rows(["60"] * 4)), 1), 2, tmp_path, {}))

    started = get_context("fork").Process(target=parent)
    started.start()
    children = Path(f"/proc/{started.pid}/task/{started.pid}/children")
    wait_until(lambda: len(children.read_text(encoding="utf-8").split()) == 2)
    its = [Path("/proc") / child for child in children.read_text(encoding="utf-8").split()]
    time.sleep(0.2)  # by now they sleep
    started.kill()
    started.join()
    wait_until(lambda: not any(map(runs, its)))


def runs(process: Path) -> bool:
    """Whether a process is there, and not only its name."""
    try:
        return "\nState:\tZ" not in (process / "status").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.01)
