"""What is kept of an input that cannot be read in place, or not twice: piped in, packed, in another encoding, a
spreadsheet, a database. The rows are then read from what was kept, again and again."""

from __future__ import annotations

import codecs
import glob
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO

from ivigcalc.batch.rows.arrow_cells import arrow_text, cells_of, id_text
from ivigcalc.batch.rows.columns import Cell
from ivigcalc.batch.rows.headings import Reading, plain_name
from ivigcalc.batch.rows.outcome import Failed
from ivigcalc.errors import MissingExtraError, RequestError
from ivigcalc.text import LONG, safe

_CHUNK = 1024 * 1024
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_ROWS = 10_000
#: the formats whose rows are kept as lines of cells
TYPED = ("xlsx", "arrow", "sqlite", "duckdb")


def spool(stream: BinaryIO, to: Path) -> None:
    """Copy a stream to a file, so that it can be read twice and taken up again."""
    with to.open("wb") as file:
        while chunk := stream.read(_CHUNK):
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())


def readable(path: Path, kind: str, reading: Reading, work: Path) -> tuple[Path, str]:
    """The file to read the rows from, and its format: the input itself, or what was kept of it."""
    try:
        with path.open("rb") as file:
            begins = file.read(4)
        if begins.startswith((_GZIP, _ZSTD)):
            path = _unpacked(path, begins, work / "input.plain")
        if kind in TYPED:
            return _as_lines(path, kind, reading, work / "input.rows"), "rows"
        if kind in ("csv", "jsonl") and codecs.lookup(reading.encoding).name != "utf-8":
            path = _as_utf8(path, reading.encoding, work / "input.text")
        if reading.query is not None:
            path = _as_table(path, kind, reading, work / "input.duckdb")
            return _as_lines(path, "duckdb", reading, work / "input.rows"), "rows"
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _unreadable(path, reason) from None
    return path, kind


def _unreadable(path: Path, why: object) -> RequestError:
    message = (
        f"cannot read the input {safe(path.name, LONG)}: {safe(str(why), LONG)}; check the file, or give --input-format"
    )
    return RequestError(message, field="input", code="unreadable-input")


def _unpacked(path: Path, begins: bytes, to: Path) -> Path:
    import gzip
    import zlib

    try:
        if begins.startswith(_GZIP):
            with gzip.open(path, "rb") as packed:
                spool(packed, to)  # type: ignore[arg-type]
            return to
        arrow = _arrow("a list packed by zstd")
        with arrow.input_stream(str(path), compression="zstd") as packed:
            spool(packed, to)
    except (gzip.BadGzipFile, zlib.error, ValueError) as error:
        raise _unreadable(path, error) from None
    return to


def _as_utf8(path: Path, encoding: str, to: Path) -> Path:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file, to.open("wb") as text:
            while chunk := file.read(_CHUNK):
                text.write(decoder.decode(chunk).encode("utf-8"))
            text.write(decoder.decode(b"", final=True).encode("utf-8"))
    except UnicodeError as error:
        raise _unreadable(path, f"it is not {encoding}: {error}") from None
    return to


# ---- tables of typed values -----------------------------------------------------------------------------------------


def _as_lines(path: Path, kind: str, reading: Reading, to: Path) -> Path:
    """The headings, then a line for each row: its number, its cells, and why its id cannot be told."""
    make = {"xlsx": _sheet, "arrow": _arrow_rows, "sqlite": _sqlite, "duckdb": _duckdb}[kind]
    with to.open("w", encoding="utf-8", errors="surrogatepass") as file:
        for line in make(path, reading):
            file.write(json.dumps(line) + "\n")
    return to


def _lines(heads: Sequence[str], rows: Iterable[Sequence[Any]], reading: Reading) -> Iterator[Any]:
    yield list(heads)
    called = reading.renamed.get("patient_id", "patient_id")
    ids = [place for place, name in enumerate(heads) if plain_name(name) == plain_name(called)]
    for number, values in enumerate(rows, start=2):
        cells: list[Cell] = []
        wrong = ""
        for place, value in enumerate(values):
            try:
                cells.append(id_text(value) if place in ids else arrow_text(value))
            except RequestError as error:
                wrong = str(error)
                cells.append("")
        yield [number, cells, wrong]


def _sheet(path: Path, reading: Reading) -> Iterator[Any]:
    try:
        import openpyxl
    except ImportError:
        raise MissingExtraError("Excel", "xlsx") from None
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # what a damaged file raises is not settled
        raise _unreadable(path, f"it is no .xlsx workbook: {error}") from None
    with closing(book):
        names = [sheet.title for sheet in book.worksheets]
        if reading.sheet is not None and reading.sheet not in names:
            raise RequestError(
                f"--sheet: '{safe(reading.sheet)}' is none of them: the workbook has "
                f"{', '.join(map(safe, names))}; choose one",
                field="sheet",
            )
        sheet = book[reading.sheet or names[0]]
        sheet.reset_dimensions()
        rows = sheet.iter_rows(values_only=True)
        heads = _without_end(next(rows, ()))
        if not heads:
            raise RequestError(
                "the sheet is empty: write the columns into its first row, or choose another --sheet",
                field="columns",
                code="missing",
            )
        padded = ((*row, *[None] * (len(heads) - len(row))) for row in map(_without_end, rows))
        yield from _lines([str(arrow_text(head)).strip() for head in heads], padded, reading)


def _without_end(row: Sequence[Any]) -> list[Any]:
    cells = list(row)
    while cells and (cells[-1] is None or cells[-1] == ""):
        cells.pop()
    return cells


def _arrow_rows(path: Path, reading: Reading) -> Iterator[Any]:
    arrow = _arrow("Arrow")
    number = 1
    try:
        with arrow.memory_map(str(path)) as file:
            is_file = file.read(6) == b"ARROW1"
            file.seek(0)
            found = arrow.ipc.open_file(file) if is_file else arrow.ipc.open_stream(file)
            batches = map(found.get_batch, range(found.num_record_batches)) if is_file else found
            yield list(found.schema.names)
            for batch in batches:
                named = batch.rename_columns([_id_or(name, reading) for name in batch.schema.names])
                for cells in cells_of(named):
                    number += 1
                    wrong = cells.message if isinstance(cells, Failed) else ""
                    yield [number, [] if isinstance(cells, Failed) else list(cells), wrong]
    except (arrow.ArrowException, ValueError) as error:
        raise _unreadable(path, error) from None


def _id_or(name: str, reading: Reading) -> str:
    """`patient_id` for the column of the ids, whatever it is called."""
    return "patient_id" if plain_name(name) == plain_name(reading.renamed.get("patient_id", "patient_id")) else name


def _arrow(needs: str) -> Any:
    try:
        import pyarrow
    except ImportError:
        raise MissingExtraError(needs, "parquet") from None
    return pyarrow


def _sqlite(path: Path, reading: Reading) -> Iterator[Any]:
    address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as connection:
            connection.execute("PRAGMA query_only = 1")
            tables = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'"
            names = [name for (name,) in connection.execute(f"{tables} ORDER BY name")]
            cursor = connection.execute(_query(reading, names))
            yield from _lines([column[0] for column in cursor.description or ()], cursor, reading)
    except sqlite3.Error as error:
        raise RequestError(
            f"the database cannot be read: {safe(str(error), LONG)}; check --query, or name a table of it",
            field="query",
        ) from None


#: how a list becomes the table that a query asks: each cell the text that it is, each line of JSON one value
_AS_TABLE = {
    "csv": "read_csv($path, all_varchar = true, header = true, delim = $delimiter, quote = '\"', escape = '\"', "
    "compression = 'none')",
    "jsonl": "read_ndjson_objects($path, compression = 'none')",
    "parquet": "read_parquet($path)",
}


def _as_table(path: Path, kind: str, reading: Reading, to: Path) -> Path:
    """A database whose only table, `list`, is the list."""
    duckdb = _duckdb_module("--query of a list")
    if kind not in _AS_TABLE:
        raise RequestError(
            f"--query: not of a list in the format {kind}; allowed: {', '.join(_AS_TABLE)}", field="query"
        )
    to.unlink(missing_ok=True)
    # DuckDB takes a path as a pattern, and an address as one of the network
    said = {"path": glob.escape(str(path.resolve()))} | ({"delimiter": reading.delimiter} if kind == "csv" else {})
    try:
        with closing(duckdb.connect(str(to))) as connection:
            making = f"CREATE TABLE list AS SELECT * FROM {_AS_TABLE[kind]}"  # noqa: S608 - words of this module
            connection.execute(making, said)
    except duckdb.Error as error:
        raise RequestError(
            f"the list cannot be read: {safe(str(error), LONG)}; check the query and the list", field="query"
        ) from None
    return to


def _duckdb_module(needs: str) -> Any:
    try:
        import duckdb
    except ImportError:
        raise MissingExtraError(needs, "duckdb") from None
    return duckdb


def _duckdb(path: Path, reading: Reading) -> Iterator[Any]:
    duckdb = _duckdb_module("DuckDB")
    try:
        closed: dict[str, Any] = {"enable_external_access": "false"}  # control: query-reads-its-database
        with closing(duckdb.connect(str(path), read_only=True, config=closed)) as connection:
            tables = "SELECT table_name FROM information_schema.tables ORDER BY table_name"
            names = [name for (name,) in connection.execute(tables).fetchall()]
            found = connection.execute(_query(reading, names))
            yield from _lines([column[0] for column in found.description or ()], _fetched(found), reading)
    except duckdb.Error as error:
        raise RequestError(
            f"the database cannot be read: {safe(str(error), LONG)}; check --query, or name a table of it",
            field="query",
        ) from None


def _fetched(found: Any) -> Iterator[Sequence[Any]]:
    while rows := found.fetchmany(_ROWS):
        yield from rows


def _query(reading: Reading, tables: Sequence[str]) -> str:
    """The query that was given; a table's name is all of it, and the only table needs no name."""
    said = reading.query
    if said is not None and not said.strip(" ;"):
        raise RequestError("--query: write a query or a table's name", field="query")
    if said is None and len(tables) != 1:
        listed = ", ".join(map(safe, tables)) or "no tables"
        raise RequestError(f"--query: name a table or write a query; the database has {listed}", field="query")
    if said is None or said in tables:
        name = (said or tables[0]).replace('"', '""')
        return f'SELECT * FROM "{name}"'  # noqa: S608 - a table that is there, quoted
    return said
