"""The input, row by row: CSV, JSON Lines or Parquet, read as text and never held whole.

An input is hostile until it has passed: a line without end, an open quote or a broken byte costs one row, not the rest.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from ivigcalc.batch.rows.arrow_cells import cells_of
from ivigcalc.batch.rows.columns import COLUMNS, Cell, check_columns, unknown_column
from ivigcalc.batch.rows.csv_lines import OpenQuoteError, cells_before_the_quote, cells_of_line, decoded, look_ahead
from ivigcalc.batch.rows.outcome import Failed
from ivigcalc.errors import MissingExtraError, RequestError
from ivigcalc.files import UnreadableError, open_regular
from ivigcalc.text import LONG, safe

FORMATS = {"csv": (".csv",), "jsonl": (".jsonl", ".ndjson"), "parquet": (".parquet", ".pq")}
MAX_LINE = 4 * 1024 * 1024
_TOO_LONG = "\0too-long"
_CHUNK = 1024 * 1024
#: the two byte order marks of UTF-16, as they come out of the decoder
_UTF16 = ("\udcff\udcfe", "\udcfe\udcff")


class Row(NamedTuple):
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
    for kind, suffixes in FORMATS.items():
        if name.lower().endswith(suffixes):
            return kind
    known = ", ".join(suffix for suffixes in FORMATS.values() for suffix in suffixes)
    raise RequestError(
        f"cannot tell the format of the input by its name ({known}): give --input-format", field="input_format"
    )


class Source:
    """An open input. It may be read from the start as often as needed, and notices when the file changes meanwhile."""

    def __init__(self, path: Path, kind: str) -> None:
        self.path, self.kind = path, kind
        try:
            self._file = open_regular(path)
        except UnreadableError as error:
            hint = "; pipe it in and name it -" if path.is_fifo() else ""
            message = f"the input {safe(path.name, LONG)} {error}{hint}"
            raise RequestError(message, field="input", code="unreadable-input") from None
        self._seen = os.fstat(self._file.fileno())
        self._names: tuple[str, ...] | None = None

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
        if self._names is None:
            self._names = self._read_columns()
            check_columns(self._names)
        return self._names

    def rows(self) -> Iterator[Row]:
        """All rows from the start. Raises `RequestError` where the rest cannot be read at all."""
        columns = self.columns
        self._file.seek(0)
        try:
            if self.kind == "csv":
                yield from self._csv_rows(columns)
            elif self.kind == "jsonl":
                yield from self._json_rows(columns)
            else:
                yield from self._parquet_rows()
        except OSError as error:
            raise _unreadable(self.path, error) from None

    def _read_columns(self) -> tuple[str, ...]:
        self._file.seek(0)
        if self.kind == "parquet":
            return tuple(_parquet(self._file).schema_arrow.names)
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
            heading = cells_of_line(first)
        except csv.Error as error:
            open_quote = "a quote is opened and not closed in the first line"
            why = open_quote if isinstance(error, OpenQuoteError) else error
            raise RequestError(
                f"the heading cannot be read as CSV: {why}", field="columns", code="unreadable-input"
            ) from None
        if not heading:
            raise RequestError("the input is empty: the first line names the columns", field="columns", code="missing")
        return tuple(name.strip() for name in heading)

    def _csv_rows(self, columns: Sequence[str]) -> Iterator[Row]:
        within = range(0)  # the rows that one cell in quotes reaches over
        settled = 0  # an open quote before this row is one too many, like the one that was looked at
        lines = _lines(self._file)
        next(lines, None)
        for number, line in enumerate(lines, start=2):  # as a spreadsheet counts: the heading is row 1
            if number in within:
                yield Row(number, _many_lines(within))
                continue
            try:
                yield from _csv_row(number, line)
            except OpenQuoteError:
                if number >= settled:
                    more, closed = self._look_ahead()
                    settled = number + more
                    within = range(number, settled + 1) if closed else range(0)
                yield _open_row(number, line, columns, within)

    def _look_ahead(self) -> tuple[int, bool]:
        here = self._file.tell()
        found = look_ahead(decoded(_lines(self._file)))
        self._file.seek(here)
        return found

    def _json_rows(self, columns: tuple[str, ...]) -> Iterator[Row]:
        for number, line in enumerate(_lines(self._file), start=1):
            if line == _TOO_LONG.encode():
                yield Row(number, _line_too_long())
            elif line.strip():
                yield _json_row(number, _json_object(line), columns)

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


def spool(stream: BinaryIO, to: Path) -> None:
    """Copy what is piped in to a file, so that it can be read twice and taken up again."""
    with to.open("wb") as file:
        while chunk := stream.read(_CHUNK):
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())


def _unreadable(path: Path, error: OSError) -> RequestError:
    message = f"cannot read the input {safe(path.name, LONG)}: {error.strerror}"
    return RequestError(message, field="input", code="unreadable-input")


def _csv_row(number: int, line: bytes) -> Iterator[Row]:
    """The row of a line; none where it is blank. Raises `OpenQuoteError`."""
    if line == _TOO_LONG.encode():
        yield Row(number, _line_too_long())
        return
    try:
        cells = cells_of_line(line.decode("utf-8", "surrogateescape"))
    except OpenQuoteError:
        raise
    except csv.Error as error:
        yield Row(number, Failed("unreadable-row", "", f"{error}: look for a missing or extra quote"))
    else:
        if any(map(str.strip, cells)):  # a spreadsheet writes commas for rows that were emptied
            yield Row(number, cells)


def _open_row(number: int, line: bytes, columns: Sequence[str], within: range) -> Row:
    """The row of a line that opens a quote: whose it is can be told where the id stands before it."""
    cells = cells_before_the_quote(line.decode("utf-8", "surrogateescape"))
    patient_id = dict(zip(columns, cells, strict=False)).get("patient_id", "").strip()
    return Row(number, _many_lines(within) if within else _not_closed(), patient_id)


def _not_closed() -> Failed:
    return Failed("unreadable-row", "", "a quote is opened in this row and not closed: take it away, or close it")


def _many_lines(rows: range) -> Failed:
    why = f"a quote is opened in row {rows[0]} and closed in row {rows[-1]}: a cell cannot go on in the next row"
    return Failed("unreadable-row", "", f"{why}, so none of these rows was read")


def _line_too_long() -> Failed:
    return Failed("too-long", "", f"the line is longer than {MAX_LINE // 1024 // 1024} MiB")


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file; of one that is too long only a mark is kept, whatever its length."""
    first = True
    while line := file.readline(MAX_LINE):
        if len(line) == MAX_LINE and not line.endswith(b"\n"):
            while (rest := file.readline(_CHUNK)) and not rest.endswith(b"\n"):
                pass
            line = _TOO_LONG.encode()
        if first:
            line, first = line.removeprefix(b"\xef\xbb\xbf"), False
        yield line


# ---- JSON Lines ---------------------------------------------------------------------------------------------------


def _json_object(line: bytes) -> dict[str, Cell] | Failed:
    """One line as column -> text. Numbers keep the digits that were typed."""
    try:
        found = json.loads(
            line.decode("utf-8"), parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_once_each
        )
    except UnicodeError:
        return _no_object(": it is not UTF-8")
    except json.JSONDecodeError as error:
        return _no_object(f": {error.msg}")
    except ValueError as error:
        return _no_object(f": {error}")
    except RecursionError:
        return _no_object(": nested too deep")
    return _json_cells(found) if isinstance(found, dict) else _no_object("")


def _no_object(why: str) -> Failed:
    return Failed("unreadable-row", "", f"the line is not a JSON object{why}")


def _json_cells(found: dict[str, Any]) -> dict[str, Cell] | Failed:
    cells: dict[str, Cell] = {}
    for name, value in found.items():
        text = _json_cell(value)
        if text is None:
            why = f"{safe(name)}: holds neither text, a number nor a list of texts"
            return Failed("unreadable-row", safe(name), why)
        cells[name] = text
    return cells


def _json_row(number: int, found: dict[str, Cell] | Failed, columns: Sequence[str]) -> Row:
    if isinstance(found, Failed):
        return Row(number, found)
    unknown = next((name for name in found if name not in COLUMNS), None)
    if unknown is not None:
        failed = Failed("unknown-column", safe(unknown), unknown_column(unknown))
        own = [found.get(name, "") for name in columns]
        return Row(number, failed, str(found.get("patient_id", "")), own)
    return Row(number, [found.get(name, "") for name in columns])


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found


def _json_cell(value: Any) -> Cell | None:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    return value if isinstance(value, str) else None


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
    return RequestError(f"the input cannot be read as Parquet: {safe(str(error), LONG)}", field="input")
