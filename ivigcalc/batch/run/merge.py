"""The tables of a finished batch with some of its rows replaced, row by row, by how many lines each row has."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import IO, Any

from msgspec import Struct

from ivigcalc.batch.tables.encode import PLANS, ROW_COLUMNS, ROWS
from ivigcalc.errors import RequestError
from ivigcalc.files import write_all
from ivigcalc.text import LONG, safe

#: how many lines a row has in each table, as `ROW_COLUMNS` has them after the row
Counts = tuple[int, ...]


def read_counts(path: Path) -> Iterator[tuple[int, Counts]]:
    """The rows of `rows.csv`; raises `RequestError` where somebody changed it into something else."""
    with path.open("rb") as file:
        if next(file, b"").decode("utf-8", "replace").strip() != ",".join(ROW_COLUMNS):
            raise damaged(path)
        for line in file:
            cells = line.strip().split(b",")
            if len(cells) != len(ROW_COLUMNS) or not all(cell.isdigit() for cell in cells):
                raise damaged(path)
            number, *counts = map(int, cells)
            yield number, tuple(counts)


class Piece(Struct, frozen=True):
    """What becomes of a row: its lines before, whether they stay, else those that it has now, if it is still there."""

    number: int
    before: Counts
    stays: bool
    now: Counts | None

    @property
    def counts(self) -> Counts | None:
        """Its lines in what comes out; None where the row is gone."""
        return self.before if self.stays else self.now


class Merge(Struct, frozen=True):
    """The finished batch in `path`, the rows planned again in `work`, and which rows those are."""

    path: Path
    work: Path
    changed: frozenset[int]
    partition_rows: int

    def pieces(self) -> Iterator[Piece]:
        """All rows, in the order of the list."""
        again = read_counts(self.work / f"{ROWS}.part")
        head = next(again, None)
        for number, before in read_counts(self.path / "rows.csv"):
            if number not in self.changed:
                yield Piece(number, before, True, None)
                continue
            now = None
            if head is not None and head[0] == number:
                now, head = head[1], next(again, None)
            yield Piece(number, before, False, now)

    def lines(self, table: str, suffix: str, heading: bytes) -> None:
        """Put together a table of lines; both of its parts begin with the heading, if it has one."""
        place = _place(table)
        with ExitStack() as stack:
            before = stack.enter_context((self.path / f"{table}.{suffix}").open("rb"))
            again = stack.enter_context((self.work / f"{table}.part").open("rb"))
            out = stack.enter_context((self.work / f"{table}.made").open("wb"))
            before.seek(len(heading))
            again.seek(len(heading))
            out.write(heading)
            for piece in self.pieces():
                old = _taken(before, place(piece.before))
                if piece.stays:
                    write_all(out, old)
                elif piece.now is not None:
                    write_all(out, _taken(again, place(piece.now)))
            out.flush()
            os.fsync(out.fileno())

    def records(self, table: str) -> None:
        """Put together a table of Parquet, as a stream of one batch for each partition of rows."""
        import pyarrow as pa
        import pyarrow.parquet as parquet

        place = _place(table)
        with ExitStack() as stack:
            file = stack.enter_context(parquet.ParquetFile(self.path / f"{table}.parquet"))
            part = stack.enter_context(
                pa.ipc.open_stream(stack.enter_context((self.work / f"{table}.part").open("rb")))
            )
            out = stack.enter_context((self.work / f"{table}.merged").open("wb"))
            schema = part.schema
            before, again = _Records(file.iter_batches()), _Records(part)
            write_all(out, bytes(schema.serialize()))
            for pieces in self._partitions():
                found: list[Any] = []
                for piece in pieces:
                    old = before.taken(place(piece.before))
                    found += old if piece.stays else again.taken(place(piece.now)) if piece.now is not None else []
                if found:
                    whole = pa.Table.from_batches(found, schema=schema).combine_chunks()
                    write_all(out, b"".join(bytes(batch.serialize()) for batch in whole.to_batches()))

    def _partitions(self) -> Iterator[list[Piece]]:
        """The rows as a run of the corrected list shares them out; one that is gone is none of them."""
        partition: list[Piece] = []
        rows = 0
        for piece in self.pieces():
            if rows == self.partition_rows and piece.counts is not None:
                yield partition
                partition, rows = [], 0
            partition.append(piece)
            rows += piece.counts is not None
        yield partition


class _Records:
    """The records of some batches, taken so many at a time."""

    def __init__(self, batches: Iterator[Any]) -> None:
        self._batches = iter(batches)
        self._head: Any = None

    def taken(self, count: int) -> list[Any]:
        found = []
        while count:
            if self._head is None or not self._head.num_rows:
                self._head = next(self._batches, None)
                if self._head is None:
                    raise _short()
            piece = self._head.slice(0, count)
            self._head = self._head.slice(piece.num_rows)
            count -= piece.num_rows
            found.append(piece)
        return found


def _place(table: str) -> Any:
    """How many lines of a table there are among the counts of a row."""
    if table == PLANS:
        return lambda counts: 0 if counts[-1] else 1
    if table == ROWS:
        return lambda _: 1
    place = ROW_COLUMNS.index(table) - 1
    return lambda counts: counts[place]


def _taken(file: IO[bytes], count: int) -> bytes:
    lines: Sequence[bytes] = list(islice(file, count))
    if len(lines) != count:
        raise _short()
    return b"".join(lines)


def _short() -> RequestError:
    return RequestError(
        "--retry: a table has fewer lines than rows.csv says: plan the whole list again with --restart",
        field="retry",
        code="damaged",
    )


def damaged(path: Path) -> RequestError:
    """What is said of a file that no batch left so."""
    return RequestError(
        f"{safe(path.name, LONG)} is damaged: bring it back as it was, or plan the whole list again with --restart",
        field="retry",
        code="damaged",
    )
