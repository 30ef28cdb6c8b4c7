"""A worker of a cluster has several threads, and does a partition in each of them: none gets what is another's."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace

from ivigcalc import Form
from ivigcalc.batch.rows.source import Row
from ivigcalc.batch.run.cluster import do_far
from ivigcalc.batch.run.fingerprint import definitions_sha256
from ivigcalc.batch.run.work import Planner, Settings, do_partition

ORDER = Form(regimen="dermatomyositis", product="octagam-10-us", start="2026-12-01", at="09:00", days="2")
PARTITIONS = [
    [Row(number, (f"P{number}", "x" if number % 7 == 0 else str(50 + number))) for number in range(first, first + 5)]
    for first in range(2, 62, 5)
]


@pytest.fixture(autouse=True)
def impatient_threads() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize("each", [(), ("ics",)])
def test_partitions_done_at_once_have_their_own_rows_and_files(each: tuple[str, ...]) -> None:
    settings = Settings(("patient_id", "weight_kg"), ORDER, each=each, definitions=definitions_sha256(()))
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda rows: do_far(f"batch {each}", settings, rows), PARTITIONS))
    for rows, done in zip(PARTITIONS, found, strict=True):
        planned = [row for row in rows if row.cells[1] != "x"]  # type: ignore[index]
        names = [f"P{row.number}_row{row.number}.ics" for row in planned] if each else []
        assert [name for name, _ in done.each] == names
        assert (done.became.planned, done.became.errors.total()) == (len(planned), len(rows) - len(planned))
        alone = do_partition(Planner(settings), rows)
        assert (done.tables, done.each) == (alone.tables, alone.each)


def test_two_batches_on_one_worker_keep_their_own_orders() -> None:
    """They ask the same of the same patients, but not with the same order."""
    orders = {"one": ORDER, "two": replace(ORDER, days="4")}
    batches = {
        name: Settings(("patient_id", "weight_kg"), order, definitions=definitions_sha256(()))
        for name, order in orders.items()
    }
    for name in ("one", "two", "two", "one"):
        done = do_far(name, batches[name], PARTITIONS[0])
        assert done.tables == do_partition(Planner(batches[name]), PARTITIONS[0]).tables
        sessions = done.tables["sessions"].decode().splitlines()
        assert len(sessions) == done.became.planned * int(orders[name].days or 0)
