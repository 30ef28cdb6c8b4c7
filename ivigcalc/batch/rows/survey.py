"""A first look through the input: how many rows, which patient ids may be there twice, which files are named.

Its memory does not grow with the input: a bit per id finds those worth comparing, and only those are compared exactly.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ivigcalc.batch.rows.columns import MAX_CELL, Cell, Columns
from ivigcalc.batch.rows.outcome import Failed
from ivigcalc.batch.rows.source import Row
from ivigcalc.request.reference import is_path, split_protocol

_BITS = 1 << 24
_REFERENCES = ("regimen", "product", "policy")
_REMEMBERED = 10_000


@dataclass(slots=True)
class RepeatedIds:
    """Finds ids that come twice: `note` every id in a first pass, then ask `first_row` in the second."""

    _bits: bytearray = field(default_factory=lambda: bytearray(_BITS // 8))
    _suspects: set[int] = field(default_factory=set)
    _rows: dict[str, int] = field(default_factory=dict)

    def note(self, patient_id: str) -> None:
        """Take an id into account."""
        place = hash(patient_id) % _BITS
        byte, bit = place >> 3, 1 << (place & 7)
        if self._bits[byte] & bit:
            self._suspects.add(place)
        else:
            self._bits[byte] |= bit

    def first_row(self, patient_id: str, number: int) -> int | None:
        """The earlier row that has this id, if any."""
        if not self._suspects or hash(patient_id) % _BITS not in self._suspects:
            return None
        earlier = self._rows.setdefault(patient_id, number)
        return earlier if earlier != number else None  # control: patient-twice


@dataclass(slots=True)
class Survey:
    """What the first look found."""

    rows: int
    repeated: RepeatedIds
    files: tuple[str, ...]


def survey(rows: Iterable[Row], columns: Columns) -> Survey:
    """Look at every row once."""
    repeated = RepeatedIds()
    files: set[str] = set()
    seen: set[str] = set()
    places = [columns.names.index(name) for name in _REFERENCES if name in columns.names]
    count = 0
    before: list[Cell] = []
    for row in rows:
        count += 1
        if isinstance(row.cells, Failed):
            continue
        repeated.note(columns.patient_id(row.cells))
        named = [row.cells[place] for place in places if place < len(row.cells)]
        if named == before:  # as in most rows of most lists
            continue
        before = named
        for cell in named:
            if isinstance(cell, str) and cell not in seen:
                if len(seen) >= _REMEMBERED:
                    seen.clear()
                seen.add(cell)
                name = split_protocol(cell.strip())[0]
                if is_path(name):
                    files.add(name)
    return Survey(count, repeated, tuple(sorted(files)))


def once(row: Row, columns: Columns, found: Survey) -> Row:
    """The row, or an error in its place where its patient id came before. To be asked of all rows in their order."""
    if isinstance(row.cells, Failed):
        return row
    patient_id = columns.patient_id(row.cells)
    earlier = found.repeated.first_row(patient_id, row.number) if 0 < len(patient_id) <= MAX_CELL else None
    if earlier is None:
        return row
    why = f"this patient_id is also in row {earlier}: give each patient one row, or allow it with --allow-duplicates"
    return Row(row.number, Failed("duplicate-id", "patient_id", why), patient_id, row.cells)
