"""The input, row by row: CSV, JSON Lines or Parquet, read as text and never held whole.

An input is hostile until it has passed: a line without end, an open quote or a broken byte costs one row, not the rest.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO

from msgspec import Struct
from msgspec.structs import replace

from ivigcalc.batch.rows.arrow_cells import cells_of
from ivigcalc.batch.rows.columns import COLUMNS, Cell, check_columns, fitted
from ivigcalc.batch.rows.csv_lines import (
    OpenQuoteError,
    cells_before_the_quote,
    cells_of_line,
    decoded,
    look_ahead,
    plain_lines,
)
from ivigcalc.batch.rows.headings import Picked, Reading, as_they_are, picked
from ivigcalc.batch.rows.json_lines import cells_at, json_cells, json_object, leaves
from ivigcalc.batch.rows.outcome import Failed
from ivigcalc.errors import MissingExtraError, RequestError
from ivigcalc.files import UnreadableError, open_regular
from ivigcalc.text import LONG, safe

FORMATS = {
    "csv": (".csv", ".tsv", ".tab"),
    "jsonl": (".jsonl", ".ndjson"),
    "parquet": (".parquet", ".pq"),
    "xlsx": (".xlsx", ".xlsm"),
    "arrow": (".arrow", ".arrows", ".feather", ".ipc"),
    "sqlite": (".sqlite", ".sqlite3", ".db"),
    "duckdb": (".duckdb", ".ddb"),
}
_PACKED = (".gz", ".zst")
MAX_LINE = 4 * 1024 * 1024
_TOO_LONG = "\0too-long"
_CHUNK = 1024 * 1024
#: so much of a list is read at once, and what there is more of its last line
_BLOCK = 64 * 1024
#: the two byte order marks of UTF-16, as they come out of the decoder
_UTF16 = ("\udcff\udcfe", "\udcfe\udcff")


_AS_IT_IS = Reading()


class Row(Struct, frozen=True):
    """One row of the input: its number as a person counts it, and its cells or why it cannot be planned."""

    number: int
    cells: Sequence[Cell] | Failed
    patient_id: str = ""
    #: its cells as they were read, where they could be and it is an error all the same
    own: Sequence[Cell] = ()


def format_of(name: str, given: str | None) -> str:
    """The format that was given, else the one that the name ends in."""
    if given is not None:
        return given
    plain = name.lower()
    for packed in _PACKED:
        plain = plain.removesuffix(packed)
    for kind, suffixes in FORMATS.items():
        if plain.endswith(suffixes):
            return kind
    known = ", ".join(suffix for suffixes in FORMATS.values() for suffix in suffixes)
    raise RequestError(
        f"cannot tell the format of the input by its name ({known}): give --input-format", field="input_format"
    )


class Source:
    """An open input. It may be read from the start as often as needed, and notices when the file changes meanwhile."""

    def __init__(self, path: Path, kind: str, reading: Reading = _AS_IT_IS) -> None:
        self.path, self.kind, self._reading = path, kind, reading
        try:
            self._file = open_regular(path)
        except UnreadableError as error:
            message = f"the input {safe(path.name, LONG)} {error}; check the path"
            raise RequestError(message, field="input", code="unreadable-input") from None
        self._seen = os.fstat(self._file.fileno())
        self._picked: Picked | None = None

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def sha256(self) -> str:
        """The fingerprint of the bytes."""
        self._file.seek(0)
        return hashlib.file_digest(self._file, "sha256").hexdigest()

    def check_unchanged(self) -> None:
        """Raise when the file is gone, or is no longer the one that was opened."""
        try:
            now = self.path.stat()
        except OSError as error:
            raise _unreadable(self.path, error) from None
        if _version(now) != _version(self._seen):
            raise RequestError(
                "the input changed while it was read: run again when it is finished",
                field="input",
                code="input-changed",
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns, checked; JSON Lines have those of all known keys."""
        return self._pick().columns

    def _pick(self) -> Picked:
        if self._picked is None:
            headings = self._headings()
            self._picked = picked(headings, self._reading) if self.kind != "jsonl" else as_they_are(headings)
            check_columns(self._picked.columns)
        return self._picked

    def rows(self) -> Iterator[Row]:
        """All rows from the start. Raises `RequestError` where the rest cannot be read at all."""
        pick = self._pick()
        self._file.seek(0)
        try:
            if self.kind == "jsonl":
                yield from self._json_rows(pick.columns)
            elif pick.places is None and not self._reading.nulls:
                yield from self._whole_rows()
            else:
                yield from map(partial(self._row_picked, pick), self._whole_rows())
        except OSError as error:
            raise _unreadable(self.path, error) from None

    def as_it_is(self) -> tuple[list[str], Iterator[tuple[int, Sequence[Cell] | Failed]]]:
        """The headings of the list itself, in JSON the paths of all values, and its rows under them."""
        if self.kind != "jsonl":
            headings = list(self._headings())
            self._file.seek(0)
            return headings, ((row.number, row.cells) for row in self._whole_rows())
        paths: dict[str, None] = {}
        for _, found in self._objects():
            if not isinstance(found, Failed):
                paths |= dict.fromkeys(leaves(found))
        rows = ((number, one if isinstance(one, Failed) else cells_at(one, paths)) for number, one in self._objects())
        return list(paths), rows

    def _objects(self) -> Iterator[tuple[int, dict[str, Any] | Failed]]:
        self._file.seek(0)
        for number, line in enumerate(_lines(self._file), start=1):
            if line.strip():
                yield number, _line_too_long() if line == _TOO_LONG.encode() else json_object(line)

    def _whole_rows(self) -> Iterator[Row]:
        if self.kind == "csv":
            return self._csv_rows()
        return self._kept_rows() if self.kind == "rows" else self._parquet_rows()

    def _row_picked(self, pick: Picked, row: Row) -> Row:
        """The cells of a row that are columns."""
        if isinstance(row.cells, Failed):
            return row
        cells = self._reading.blanked(row.cells)
        if pick.places is None:
            return replace(row, cells=cells)
        try:
            whole = fitted(cells, pick.width)
        except RequestError as error:
            place = pick.places[pick.columns.index("patient_id")]
            who = cells[place] if place < len(cells) else ""
            return Row(row.number, Failed(error.code, "", str(error)), who if isinstance(who, str) else "")
        return replace(row, cells=[whole[place] for place in pick.places])

    def _headings(self) -> tuple[str, ...]:
        self._file.seek(0)
        if self.kind == "parquet":
            return tuple(_parquet(self._file).schema_arrow.names)
        if self.kind == "rows":
            return tuple(json.loads(self._file.readline()))
        if self.kind == "jsonl":
            return tuple(COLUMNS)  # what a line has beside them is told of that line
        return self._csv_columns()

    def _csv_columns(self) -> tuple[str, ...]:
        csv.field_size_limit(MAX_LINE)
        first = next(decoded(_lines(self._file)), "")
        if first.startswith(_UTF16):
            raise RequestError(
                "the input is not UTF-8: save it as CSV in UTF-8", field="columns", code="unreadable-input"
            )
        try:
            heading = cells_of_line(first, self._reading.delimiter)
        except csv.Error as error:
            open_quote = "a quote is opened and not closed in the first line"
            why = open_quote if isinstance(error, OpenQuoteError) else error
            raise RequestError(
                f"the heading cannot be read as CSV: {why}; mend the first line, or give --delimiter",
                field="columns",
                code="unreadable-input",
            ) from None
        if not heading:
            raise RequestError(
                "the input is empty: name the columns in its first line, and give a row for each patient",
                field="columns",
                code="missing",
            )
        return tuple(name.strip() for name in heading)

    def _csv_rows(self) -> Iterator[Row]:
        next(_lines(self._file), None)
        numbers = count(2)  # as a spreadsheet counts: the heading is row 1
        while True:
            begin = self._file.tell()
            block = self._file.read(_BLOCK) + self._file.readline(MAX_LINE)
            lines = plain_lines(block) if len(block) < MAX_LINE else None
            if lines is None:
                end = self._file.tell()
                self._file.seek(begin)
                yield from self._csv_rows_by_line(numbers, end)
            elif lines:
                rows = (_row_of(number, line.split(self._reading.delimiter)) for line, number in zip(lines, numbers))  # noqa: B905 - the numbers go on
                yield from filter(None, rows)
            else:
                return

    def _csv_rows_by_line(self, numbers: Iterator[int], end: int) -> Iterator[Row]:
        """The rows until this place of the file, or the end of a cell that reaches over it."""
        within = range(0)  # the rows that one cell in quotes reaches over
        settled = 0  # an open quote before this row is one too many, like the one that was looked at
        for line in _lines(self._file):
            number = next(numbers)
            if number in within:
                yield Row(number, _many_lines(within))
            else:
                try:
                    row = _csv_row(number, line, self._reading.delimiter)
                except OpenQuoteError:
                    if number >= settled:
                        more, closed = self._look_ahead()
                        settled = number + more
                        within = range(number, settled + 1) if closed else range(0)
                    row = self._open_row(number, line, within)
                if row is not None:
                    yield row
            if number >= settled and self._file.tell() >= end:
                return

    def _look_ahead(self) -> tuple[int, bool]:
        here = self._file.tell()
        found = look_ahead(decoded(_lines(self._file)), self._reading.delimiter)
        self._file.seek(here)
        return found

    def _json_rows(self, columns: tuple[str, ...]) -> Iterator[Row]:
        for number, line in enumerate(_lines(self._file), start=1):
            if line == _TOO_LONG.encode():
                yield Row(number, _line_too_long())
            elif line.strip():
                yield self._json_row(number, line, columns)

    def _json_row(self, number: int, line: bytes, columns: Sequence[str]) -> Row:
        found = json_object(line)
        if isinstance(found, Failed):
            return Row(number, found)
        read, wrong = json_cells(found, self._reading, columns)
        cells = self._reading.blanked(read)
        if wrong is None:
            return Row(number, cells)
        who = cells[columns.index("patient_id")]
        return Row(number, wrong, who if isinstance(who, str) else "", cells)

    def _open_row(self, number: int, line: bytes, within: range) -> Row:
        """The row of a line that opens a quote: whose it is can be told where the id stands before it."""
        cells = cells_before_the_quote(line.decode("utf-8", "surrogateescape"), self._reading.delimiter)
        pick = self._pick()
        place = pick.columns.index("patient_id")
        place = place if pick.places is None else pick.places[place]
        patient_id = cells[place].strip() if place < len(cells) else ""
        return Row(number, _many_lines(within) if within else _not_closed(), patient_id)

    def _kept_rows(self) -> Iterator[Row]:
        self._file.readline()
        for line in self._file:
            number, cells, wrong = json.loads(line)
            own = [cell if isinstance(cell, str) else tuple(cell) for cell in cells]
            if wrong:
                yield Row(number, Failed("bad-request", "patient_id", wrong))
            elif any(own):
                yield Row(number, own)

    def _parquet_rows(self) -> Iterator[Row]:
        import pyarrow as pa

        number = 0
        try:
            for batch in _parquet(self._file).iter_batches(batch_size=1024):
                for cells in cells_of(batch):
                    number += 1
                    yield Row(number, cells)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise _no_parquet(error) from None


def _version(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_size, status.st_mtime_ns


def _unreadable(path: Path, error: OSError) -> RequestError:
    message = f"cannot read the input {safe(path.name, LONG)}: {error.strerror}; check the file, and run again"
    return RequestError(message, field="input", code="unreadable-input")


def _csv_row(number: int, line: bytes, delimiter: str) -> Row | None:
    """The row of a line; none where it is blank. Raises `OpenQuoteError`."""
    if line == _TOO_LONG.encode():
        return Row(number, _line_too_long())
    try:
        cells = cells_of_line(line.decode("utf-8", "surrogateescape"), delimiter)
    except OpenQuoteError:
        raise
    except csv.Error as error:
        return Row(number, Failed("unreadable-row", "", f"{error}: look for a missing or extra quote"))
    return _row_of(number, cells)


def _row_of(number: int, cells: list[str]) -> Row | None:
    # a spreadsheet writes commas for rows that were emptied
    return Row(number, cells) if any(map(str.strip, cells)) else None


def _not_closed() -> Failed:
    return Failed("unreadable-row", "", "a quote is opened in this row and not closed: take it away, or close it")


def _many_lines(rows: range) -> Failed:
    why = f"a quote is opened in row {rows[0]} and closed in row {rows[-1]}: a cell cannot go on in the next row"
    return Failed("unreadable-row", "", f"{why}, so none of these rows was read")


def _line_too_long() -> Failed:
    return Failed("too-long", "", f"the line is longer than {MAX_LINE // 1024 // 1024} MiB")


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file from here on; of one that is too long only a mark is kept, whatever its length."""
    first = file.tell() == 0
    while line := file.readline(MAX_LINE):
        if len(line) == MAX_LINE and not line.endswith(b"\n"):
            while (rest := file.readline(_CHUNK)) and not rest.endswith(b"\n"):
                pass
            line = _TOO_LONG.encode()
        if first:
            line, first = line.removeprefix(b"\xef\xbb\xbf"), False
        yield line


# ---- Parquet ------------------------------------------------------------------------------------------------------


def _parquet(file: BinaryIO) -> Any:
    try:
        import pyarrow as pa
        import pyarrow.parquet as parquet
    except ImportError:
        raise MissingExtraError("Parquet", "parquet") from None
    try:
        return parquet.ParquetFile(file)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _no_parquet(error) from None


def _no_parquet(error: Exception) -> RequestError:
    return RequestError(
        f"the input cannot be read as Parquet: {safe(str(error), LONG)}; check the file, or say what it is with "
        "--input-format",
        field="input",
    )
