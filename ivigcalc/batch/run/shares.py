"""A partition divided among workers by weight and order, so that an infusion is worked out by one worker only.

Rows are written one by one, and put back in their order when every share is there. Some partitions stay whole: those of
Parquet, which is written a partition at a time, and those with files for each patient, or whose plans are saved,
where nobody shares an answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby
from operator import itemgetter
from typing import NamedTuple

from msgspec import Struct

from ivigcalc.batch.rows.outcome import Failed
from ivigcalc.batch.rows.source import Row
from ivigcalc.batch.run.work import (
    SHOWN_ERRORS,
    Done,
    NumberedError,
    Planner,
    Settings,
    counted,
    do_partition,
    infusion_of,
    own_cells,
)
from ivigcalc.batch.tables.encode import ROWS, error_bytes, lines_of, row_line, tables_of


class Share(Struct, frozen=True):
    """Some rows of a partition, with their places in it. `worker`: who does them; None for whoever is free."""

    worker: int | None
    places: Sequence[int]
    rows: Sequence[Row]


class Cut(NamedTuple):
    """Lines of rows, one row after the other, and where those of each row end."""

    lines: bytes
    ends: Sequence[int]

    @classmethod
    def of(cls, rows: Sequence[bytes]) -> Cut:
        """The lines of these rows."""
        return cls(b"".join(rows), list(accumulate(map(len, rows))))

    def between(self, first: int, last: int) -> memoryview:
        """Those of a row and of all after it up to another, by their places."""
        return memoryview(self.lines)[self.ends[first - 1] if first else 0 : self.ends[last]]


class Pieces(Struct, frozen=True):
    """What became of a share: the lines of its rows in each table, or of all together where it is a whole partition."""

    planned: int
    errors: Counter[str]
    tables: dict[str, Cut]
    each: list[tuple[str, bytes]]
    first_errors: tuple[NumberedError, ...]
    counts: Counter[str]


def share_out(settings: Settings, rows: Sequence[Row], workers: int) -> list[Share]:
    """The shares of a partition. Rows with one weight and order go to the same worker, in every partition of a run."""
    if _stays_whole(settings):
        return [Share(None, range(len(rows)), rows)]
    infusion = infusion_of(settings.columns)
    places: list[list[int]] = [[] for _ in range(workers)]
    for place, row in enumerate(rows):
        number = row.number
        if not isinstance(row.cells, Failed) and len(row.cells) == len(settings.columns):
            number = hash(infusion(row.cells))
        places[number % workers].append(place)
    return [Share(worker, own, [rows[place] for place in own]) for worker, own in enumerate(places) if own]


def _stays_whole(settings: Settings) -> bool:
    return settings.kind == "parquet" or settings.keeps_plans


def do_share(planner: Planner, share: Share) -> Pieces:
    """Plan the rows of a share."""
    settings = planner.settings
    if _stays_whole(settings):
        done = do_partition(planner, share.rows)
        whole = {table: Cut.of([data]) for table, data in done.tables.items()}
        return Pieces(done.planned, done.errors, whole, done.each, done.first_errors, done.counts)
    outcomes = list(planner.outcomes(share.rows))
    plans = [outcome for *_, outcome in outcomes if not isinstance(outcome, Failed)]
    tables: dict[str, Cut] = {}
    for table in tables_of(settings.picked):
        lines = iter(lines_of(table, settings.kind, plans, escape=settings.escape, picked=settings.picked))
        tables[table] = Cut.of([b"" if isinstance(outcome, Failed) else next(lines) for *_, outcome in outcomes])
    tables[ROWS] = Cut.of([row_line(number, outcome) for number, _, outcome in outcomes])
    failures: list[NumberedError] = []
    errors: list[bytes] = []
    for row, (number, patient_id, outcome) in zip(share.rows, outcomes, strict=True):
        found = [(number, patient_id, outcome, own_cells(row))] if isinstance(outcome, Failed) else []
        failures += [error[:3] for error in found]
        errors.append(error_bytes(found, settings.columns, escape=settings.escape) if found else b"")
    tables["errors"] = Cut.of(errors)
    codes = Counter(error.code for _, _, error in failures)
    return Pieces(len(plans), codes, tables, [], tuple(failures[:SHOWN_ERRORS]), counted(plans))


def put_together(shares: Sequence[Share], found: Sequence[Pieces]) -> Done:
    """What became of a partition, from all of its shares."""
    first_errors = sorted((error for pieces in found for error in pieces.first_errors), key=itemgetter(0))
    runs = list(_runs(shares))
    return Done(
        sum(pieces.planned for pieces in found),
        sum((pieces.errors for pieces in found), Counter()),
        {table: _in_order([pieces.tables[table] for pieces in found], runs) for table in found[0].tables},
        [file for pieces in found for file in pieces.each],
        tuple(first_errors[:SHOWN_ERRORS]),
        sum((pieces.counts for pieces in found), Counter()),
    )


def _runs(shares: Sequence[Share]) -> Iterator[tuple[int, int, int]]:
    """The rows in their order: of which share the next ones are, and from which of its rows to which."""
    places = sorted((place, which, row) for which, share in enumerate(shares) for row, place in enumerate(share.places))
    for which, same in groupby(places, key=itemgetter(1)):
        rows = [row for _, _, row in same]
        yield which, rows[0], rows[-1]


def _in_order(cuts: Sequence[Cut], runs: Sequence[tuple[int, int, int]]) -> bytes:
    if len(cuts) == 1:
        return cuts[0].lines
    # control: order-of-rows
    return b"".join([cuts[which].between(first, last) for which, first, last in runs])
