"""The sessions of a batch, read from the table in its folder: a row at a time, whatever the number of patients."""

from __future__ import annotations

import csv
import io
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import Any

from ivigcalc.definitions import Site
from ivigcalc.document.many import LINES
from ivigcalc.document.read import parse
from ivigcalc.errors import MissingExtraError, RequestError
from ivigcalc.files import UnreadableError, open_regular, read_regular
from ivigcalc.forecast.use import Use, use_of_row
from ivigcalc.text import LONG, safe

REPORT, UNFINISHED = "batch.json", ".ivigcalc-batch"
_NEEDED = (
    "patient_id",
    "course",
    "day",
    "date",
    "dose_g",
    "volume_ml",
    "duration_min",
    "vials",
    "leftover_g",
    "product",
)
#: no row of a batch is longer, and no report
_LONGEST, _MAX_REPORT = 64 * 1024, 16 * 1024 * 1024
Row = Mapping[str, Any]


def table_of(folder: Path) -> Path | None:
    """What the folder of a finished batch is read from: its saved plans, else its table of sessions.

    None where it is no folder of a batch.
    """
    unfinished = (folder / UNFINISHED / "state.json").is_file()
    if not unfinished and not (folder / REPORT).is_file():
        return None
    if unfinished:  # control: finished-batch
        raise _wrong(folder, "holds a batch that was not finished: run it again, it goes on where it stopped")
    if (folder / LINES).is_file():
        return folder / LINES
    found = [path for path in (folder / f"sessions.{kind}" for kind in ("csv", "jsonl", "parquet")) if path.is_file()]
    if len(found) != 1:
        raise _wrong(
            folder,
            "holds no sessions.csv, sessions.jsonl or sessions.parquet, or several of them: give the folder of a "
            "batch, or one such file",
        )
    return found[0]


def failed_rows(folder: Path) -> int:
    """How many rows of its list a batch could not plan."""
    try:
        report = parse(read_regular(folder / REPORT, _MAX_REPORT).decode("utf-8"))
        return sum(int(count) for count in report["errors"].values())
    except (UnreadableError, ValueError, ArithmeticError, LookupError, TypeError, AttributeError, RecursionError):
        raise _wrong(
            folder, f"holds a {REPORT} that is none of a batch: give the folder as ivigcalc wrote it"
        ) from None


def plans_of(path: Path, site: Site) -> Iterator[tuple[str | None, str, list[Use | None]]]:
    """Patient id, name for messages, and the sessions of each plan: rows that follow one another and are of one."""
    with closing(_rows(path)) as rows:  # so that a wrong row does not leave the file open
        yield from _plans(path, rows, site)


def _plans(path: Path, rows: Iterator[Row], site: Site) -> Iterator[tuple[str | None, str, list[Use | None]]]:
    for patient, several in groupby(enumerate(rows, start=1), key=lambda row: str(row[1]["patient_id"] or "")):
        found: list[Use | None] = []
        first, place = 0, (0, 0)
        for number, row in several:
            first = first or number
            try:
                here = (int(str(row["course"])), int(str(row["day"])))
                use = use_of_row(row, site)
            except (ValueError, OverflowError) as error:
                raise _wrong(path, f"row {number} {_why(error)}: give the table as ivigcalc wrote it") from None
            if here <= place:  # another plan of the same patient, or of another one without an id
                yield patient or None, _named(path, first), found
                found, first = [], number
            found.append(use)
            place = here
        yield patient or None, _named(path, first), found


def _why(error: Exception) -> str:
    text = str(error)
    return safe(text if text.startswith("holds") else "is none of a table of sessions")


def _named(path: Path, number: int) -> str:
    return f"{safe(str(path), LONG)}, row {number}"


def _wrong(path: Path, why: str) -> RequestError:
    return RequestError(f"{safe(str(path), LONG)} {why}", field="plans")


def _rows(path: Path) -> Generator[Row, None, None]:
    try:
        if path.suffix == ".parquet":
            yield from _with_columns(path, _parquet_rows(path))
            return
        read = _csv_rows if path.suffix == ".csv" else _json_rows
        with io.TextIOWrapper(open_regular(path), encoding="utf-8", newline="") as text:
            yield from _with_columns(path, read(path, text))
    except UnreadableError as error:
        raise _wrong(path, str(error)) from None


def _with_columns(path: Path, rows: Iterator[Row]) -> Iterator[Row]:
    for row in rows:
        missing = [name for name in _NEEDED if name not in row]
        if missing:
            raise _wrong(path, f"has no column {', '.join(missing)}: run the batch without --columns")
        yield row


def _csv_rows(path: Path, text: io.TextIOWrapper) -> Iterator[Row]:
    try:
        yield from csv.DictReader(_bounded(path, text), restval="", strict=True)
    except UnicodeDecodeError:
        raise _wrong(path, "is not UTF-8 text: give the table as ivigcalc wrote it") from None
    except csv.Error as error:
        raise _wrong(path, f"is no table: {safe(str(error))}; give the table as ivigcalc wrote it") from None


def _json_rows(path: Path, text: io.TextIOWrapper) -> Iterator[Row]:
    try:
        for line in _bounded(path, text):
            row = parse(line)
            if not isinstance(row, dict):
                raise _wrong(path, "holds a line that is no row: give the table as ivigcalc wrote it")
            yield row
    except (ValueError, ArithmeticError, RecursionError):
        raise _wrong(path, "is no table of JSON lines: give the table as ivigcalc wrote it") from None


def _bounded(path: Path, text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(_LONGEST + 1):
        if len(line) > _LONGEST:
            raise _wrong(path, "holds a row that is longer than any of a batch: give the table as ivigcalc wrote it")
        yield line


def _parquet_rows(path: Path) -> Iterator[Row]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise MissingExtraError("Arrow and Parquet", "parquet") from None
    with open_regular(path) as file:
        try:
            for batch in parquet.ParquetFile(file).iter_batches(batch_size=4096):
                yield from batch.to_pylist()
        except pyarrow.ArrowException as error:
            raise _wrong(path, f"is no Parquet file: {safe(str(error))}; give the table as ivigcalc wrote it") from None
