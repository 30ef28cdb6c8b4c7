"""A partition divided among workers by weight and order, so that an infusion is worked out by one worker only.

Rows are written one by one, and put back in their order when every share is there. Some partitions stay whole: those of
Parquet, which is written a partition at a time, and those with files for each patient, or whose plans are saved,
where nobody shares an answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from operator import itemgetter

from msgspec import Struct

from ivigcalc.batch.rows.outcome import Failed
from ivigcalc.batch.rows.source import Row
from ivigcalc.batch.run.work import (
    SHOWN_ERRORS,
    Done,
    NumberedError,
    Planner,
    Settings,
    bytes_of,
    counted,
    do_partition,
    infusion_of,
    own_cells,
)
from ivigcalc.batch.tables.encode import ROWS, error_bytes, row_line, tables_of


class Share(Struct, frozen=True):
    """Some rows of a partition, with their places in it. `worker`: who does them; None for whoever is free."""

    worker: int | None
    places: Sequence[int]
    rows: Sequence[Row]


class Pieces(Struct, frozen=True):
    """What became of a share: for each table the bytes at each of its places, or all in the first."""

    planned: int
    errors: Counter[str]
    tables: dict[str, list[bytes]]
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
    if _stays_whole(planner.settings):
        done = do_partition(planner, share.rows)
        whole = {table: [data] for table, data in done.tables.items()}
        return Pieces(done.planned, done.errors, whole, done.each, done.first_errors, done.counts)
    settings, written = planner.settings, tables_of(planner.settings.picked)
    tables: dict[str, list[bytes]] = {table: [] for table in (*written, "errors", ROWS)}
    failures: list[NumberedError] = []
    counts: Counter[str] = Counter()
    for row, (number, patient_id, outcome) in zip(share.rows, planner.outcomes(share.rows), strict=True):
        plans = [] if isinstance(outcome, Failed) else [outcome]
        errors = [(number, patient_id, outcome, own_cells(row))] if isinstance(outcome, Failed) else []
        for table in written:
            tables[table].append(bytes_of(settings, table, plans))
        tables["errors"].append(error_bytes(errors, settings.columns, escape=settings.escape) if errors else b"")
        tables[ROWS].append(row_line(number, outcome))
        failures += [error[:3] for error in errors]
        counts.update(counted(plans))
    codes = Counter(error.code for _, _, error in failures)
    planned = len(share.rows) - len(failures)
    return Pieces(planned, codes, tables, [], tuple(failures[:SHOWN_ERRORS]), counts)


def put_together(shares: Sequence[Share], found: Sequence[Pieces]) -> Done:
    """What became of a partition, from all of its shares."""
    first_errors = sorted((error for pieces in found for error in pieces.first_errors), key=itemgetter(0))
    return Done(
        sum(pieces.planned for pieces in found),
        sum((pieces.errors for pieces in found), Counter()),
        {table: b"".join(_in_order(shares, found, table)) for table in found[0].tables},
        [file for pieces in found for file in pieces.each],
        tuple(first_errors[:SHOWN_ERRORS]),
        sum((pieces.counts for pieces in found), Counter()),
    )


def _in_order(shares: Sequence[Share], found: Sequence[Pieces], table: str) -> Iterator[bytes]:
    both = zip(shares, found, strict=True)
    placed = [zip(share.places, pieces.tables[table], strict=False) for share, pieces in both]
    # control: order-of-rows
    return map(itemgetter(1), sorted((place for places in placed for place in places), key=itemgetter(0)))
