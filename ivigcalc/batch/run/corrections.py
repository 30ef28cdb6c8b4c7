"""Rows of errors.csv that somebody corrected: read, and put in place of those of the list."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from ivigcalc.batch.rows.outcome import ERROR_COLUMNS
from ivigcalc.batch.rows.source import Row
from ivigcalc.batch.tables.encode import own_cells
from ivigcalc.errors import RequestError
from ivigcalc.files import UnreadableError, open_regular
from ivigcalc.render.csv import safe_cell, unquoted_cell
from ivigcalc.text import LONG, near, safe

#: row number -> its cells under the columns of the list, as errors.csv shows them
Corrections = Mapping[int, tuple[str, ...]]


class Shown(Struct, frozen=True):
    """The rows of a list as errors.csv shows them. `escape`: whether text like a formula has a quote there."""

    columns: tuple[str, ...]
    escape: bool

    def row(self, row: Row, patient_id: str, cells: Sequence[str | tuple[str, ...]]) -> tuple[str, ...]:
        """The cells of a row of the list."""
        who, own = own_cells(patient_id or row.patient_id, cells, self.columns)
        rest = iter(own)
        return tuple(who if name in ERROR_COLUMNS else next(rest) for name in self.columns)

    def read(self, path: Path) -> dict[int, tuple[str, ...]]:
        """The rows of a file with the columns of errors.csv, in any order; of a row with several lines, the one that
        has its cells. Raises `RequestError`."""
        name = safe(path.name, LONG)
        try:
            with open_regular(path) as file, io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
                return dict(self._rows(csv.reader(text), name))
        except (UnreadableError, UnicodeError, csv.Error, OSError) as error:
            raise _unfit(
                f"{name} {error if isinstance(error, UnreadableError) else f'cannot be read: {error}'}; give "
                "errors.csv as it was written"
            ) from None

    def _rows(self, lines: Iterator[list[str]], name: str) -> Iterator[tuple[int, tuple[str, ...]]]:
        places = self._places([heading.strip() for heading in next(lines, [])], name)
        number_at = places.pop("row")
        found: dict[int, tuple[str, ...]] = {}
        for line_number, line in enumerate(lines, start=2):
            if not any(map(str.strip, line)):
                continue
            line = [*line, *[""] * (max(number_at, *places.values()) + 1 - len(line))]
            number = line[number_at].strip()
            if not number.isascii() or not number.isdigit() or len(number) > len(str(2**63)):
                raise _unfit(f"{name}, line {line_number}: '{safe(number)}' is no row number: keep those of errors.csv")
            cells = tuple(self._plain(line[place].strip()) for place in places.values())
            before = found.setdefault(int(number), cells)
            if not self._says_more(cells):
                continue
            if not self._says_more(before):
                found[int(number)] = cells
            elif cells != before:
                raise _unfit(f"{name}, line {line_number}: row {number} is there twice, with other cells: keep one")
        yield from found.items()

    def _places(self, headings: list[str], name: str) -> dict[str, int]:
        wanted = ("row", *self.columns)
        for heading in headings:
            if heading not in (*ERROR_COLUMNS, *self.columns):
                raise _unfit(
                    f"{name}: unknown column '{safe(heading)}'; {near(heading, wanted)}keep those of errors.csv"
                )
            if headings.count(heading) > 1:
                raise _unfit(f"{name}: the column '{heading}' is there twice: leave out one of them")
        for column in wanted:
            if column not in headings:
                raise _unfit(f"{name} has no column '{column}': correct errors.csv, and keep its columns")
        return {column: headings.index(column) for column in wanted}

    def _plain(self, cell: str) -> str:
        return unquoted_cell(cell) if self.escape else cell

    def _says_more(self, cells: tuple[str, ...]) -> bool:
        """Whether it has more than a patient id."""
        return any(cell for cell, name in zip(cells, self.columns, strict=True) if name not in ERROR_COLUMNS)

    def write(self, corrections: Corrections) -> bytes:
        """The rows as a file that `read` reads."""
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("row", *self.columns))
        for number, cells in sorted(corrections.items()):
            writer.writerow((str(number), *(map(safe_cell, cells) if self.escape else cells)))
        return stream.getvalue().encode("utf-8", "backslashreplace")


def corrected(row: Row, corrections: Corrections) -> Row | None:
    """The row as it is after its correction; None where nothing is left of it."""
    cells = corrections.get(row.number)
    if cells is None:
        return row
    return Row(row.number, list(cells)) if any(cells) else None


def sha256(data: bytes) -> str:
    """The fingerprint of what `Shown.write` gave."""
    return hashlib.sha256(data).hexdigest()


def _unfit(why: str) -> RequestError:
    return RequestError(f"--retry: {why}", field="retry", code="unreadable-input")
