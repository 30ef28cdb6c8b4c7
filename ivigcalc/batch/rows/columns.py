"""What a row says: the columns of the interface, turned into the words of a `Form`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from ivigcalc.batch.rows import machine
from ivigcalc.batch.rows.outcome import Failed
from ivigcalc.errors import RequestError
from ivigcalc.quantity import QuantityError
from ivigcalc.request.fields import FIELD, FIELDS
from ivigcalc.request.form import Form, Words
from ivigcalc.text import TYPED, listed, near, safe

Cell = str | tuple[str, ...]
#: place, name, field of the form, and how its cell becomes the words of that field
_ColumnReader = tuple[int, str, str, Callable[[str, Cell], Words]]

#: what a row may say without asking for something else: whose it is, and from when
IDENTITY = ("patient_id", "name", "start")  # control: own-plan
#: a row asks what a schedule is asked
_ASKED = tuple(field for field in FIELDS if "schedule" in field.commands)
#: columns that hold a plain number, and the unit that their name states
_UNITS = {column: unit for field in _ASKED for column, unit in field.columns}
#: column -> field of the form
COLUMNS: dict[str, str] = {
    **{field.name: field.name for field in _ASKED},
    **{column: field.name for field in _ASKED for column, _ in field.columns},
}
#: of these two a row has one: where it says the first, no default speaks for the second
_EITHER = [
    pair for field in _ASKED if (other := field.instead_of) for pair in ((field.name, other), (other, field.name))
]
#: columns of one value that machines write in a way of their own
_MACHINE = {
    **{field.name: machine.whole for field in _ASKED if field.metavar == "N"},
    **{field.name: machine.day for field in _ASKED if field.metavar == "DATE"},
    "at": machine.clock,
}
#: so many columns are named in a message
_NAMED = 8
_YES, _NO = ("true", "yes"), ("false", "no")
MAX_CELL = 10_000
#: bytes that are not UTF-8, as the decoder leaves them
_NO_UTF8 = re.compile("[\udc80-\udcff]")


class Columns:
    """The columns of one input, ready to read its rows. What a row leaves blank is taken from `defaults`."""

    def __init__(self, names: Sequence[str], defaults: Form) -> None:
        check_columns(names)
        self.names = tuple(names)
        self._readers = [(place, name, COLUMNS[name], _reader(name)) for place, name in enumerate(names)]
        self._identity_readers = [reader for reader in self._readers if reader[1] in IDENTITY]
        self._defaults = {name: getattr(defaults, name) for name in Form.__struct_fields__}
        self._default_identity = {name: self._defaults[name] for name in IDENTITY}
        self._id = self.names.index("patient_id") if "patient_id" in self.names else None

    def patient_id(self, cells: Sequence[Cell]) -> str:
        """Whose row it is, or nothing where the row does not say."""
        if self._id is None or self._id >= len(cells):
            return ""
        cell = cells[self._id]
        return cell.strip() if isinstance(cell, str) else ""

    def form(self, cells: Sequence[Cell]) -> Form:
        """The words of one row; raises `RequestError` naming the column."""
        words, said = self._read(self.fitted(cells), self._readers, self._defaults)
        for one, other in _EITHER:
            if one in said and other not in said:
                words[other] = None
        return Form(**words)

    def identity(self, cells: Sequence[Cell]) -> Form:
        """Only whose row it is and from when, read as `form` does: for a fitted row whose rest was read before."""
        return Form(**self._read(cells, self._identity_readers, self._default_identity)[0])

    def _read(
        self, cells: Sequence[Cell], readers: Sequence[_ColumnReader], defaults: dict[str, Any], *, whose: bool = True
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """Field -> words, and field -> the column that said it. `whose`: it must be said whose row it is."""
        words = defaults.copy()
        said: dict[str, str] = {}
        for place, name, field, read in readers:
            cell = cells[place]
            if isinstance(cell, str):
                cell = cell.strip()
            if not cell:
                continue
            if len(cell) > MAX_CELL:
                raise RequestError(
                    f"{name}: the cell is longer than {MAX_CELL} characters; leave out what is too many",
                    field=name,
                    code="too-long",
                )
            if not (isinstance(cell, str) and cell.isascii()):
                _check_encoding(name, cell)
            if field in said:
                raise RequestError(
                    f"'{said[field]}' and '{name}' are both filled: keep one", field=name, code="said-twice"
                )
            said[field] = name
            words[field] = read(name, cell)
        if whose and "patient_id" not in said:
            raise RequestError("the row has no patient_id: give each row its own", field="patient_id", code="missing")
        return words, said

    def for_row(self, failed: Failed, cells: Sequence[Cell]) -> Failed:
        """What is wrong, told of the column of this row that says it instead of the field of the form."""
        columns = [name for _, name, field, _ in self._readers if field == failed.field]
        asked = (failed.field, *(other for one, other in _EITHER if one == failed.field))
        filled = [name for field in asked for name in self._filled(field, cells)]
        column = next(iter((*filled, *columns)), failed.field)
        if failed.code == "missing" and columns:
            return Failed(failed.code, column, f"{column} is blank: fill it in")
        return Failed(failed.code, column, failed.message)

    def _filled(self, field: str, cells: Sequence[Cell]) -> list[str]:
        """The columns of a field that this row fills."""
        found = [(name, cells[place]) for place, name, of, _ in self._readers if of == field and place < len(cells)]
        return [name for name, cell in found if (cell.strip() if isinstance(cell, str) else cell)]

    def each(self, cells: Sequence[Cell]) -> Iterator[tuple[str, Words | RequestError]]:
        """Field and words of each filled cell; the error instead of the words where it cannot be read."""
        for reader in self._readers:
            try:
                words, _ = self._read(cells, [reader], {}, whose=False)
            except RequestError as error:
                yield reader[2], error
                continue
            yield from words.items()

    def rounds(self, cells: Sequence[Cell]) -> bool:
        """Whether a weight or a height of a row that can be read was rounded."""
        said = [(name, cells[place]) for place, name, _, _ in self._readers if name in _UNITS]
        return any(isinstance(c, str) and c.strip() and machine.measure(c.strip(), _UNITS[n]).rounded for n, c in said)

    def fitted(self, cells: Sequence[Cell]) -> Sequence[Cell]:
        """One cell for each column."""
        return fitted(cells, len(self.names))


def fitted(cells: Sequence[Cell], width: int) -> Sequence[Cell]:
    """So many cells. Blank cells after the last column are no cells; any other difference is an error."""
    if len(cells) == width:
        return cells
    kept = list(cells)
    while len(kept) > width and not kept[-1]:
        kept.pop()
    if len(kept) != width:
        raise RequestError(
            f"the row has {len(kept)} cells, the heading {width}: look for a missing or extra comma or quote",
            code="wrong-cells",
        )
    return kept


def _check_encoding(name: str, cell: Cell) -> None:
    """A letter of Windows-1252 is no letter here, and a name must not lose it."""
    if isinstance(cell, str) and _NO_UTF8.search(cell):
        raise RequestError(f"{name}: the file is not UTF-8 here: save it as CSV UTF-8 and run again", field=name)


def check_columns(names: Sequence[str]) -> None:
    """Every column is known and there once; `patient_id` is there."""
    for name in names:
        if name not in COLUMNS:
            raise RequestError(unknown_column(name), field="columns", code="unknown-column")
        if list(names).count(name) > 1:
            raise RequestError(
                f"the column '{name}' is there twice: leave out one of them", field="columns", code="unknown-column"
            )
    if "patient_id" not in names:
        raise RequestError(
            "the input has no column 'patient_id': add it, or say what it is called with --map patient_id=HEADING",
            field="columns",
            code="missing",
        )


def unknown_column(name: str) -> str:
    """What to say of a column that there is not."""
    if ";" in name or "\t" in name:
        return f"the heading '{safe(name)}' is not separated by commas: save it as CSV, or give --delimiter"
    some = listed(list(COLUMNS), _NAMED)
    return f"unknown column '{safe(name)}'; {near(name, COLUMNS)}allowed: {some}, as `ivigcalc batch --help` has them"


def read_row(row: Mapping[str, Cell]) -> Form:
    """The words of one row given as column -> text."""
    return _columns_of(tuple(row)).form(tuple(row.values()))


@lru_cache(maxsize=64)
def _columns_of(names: tuple[str, ...]) -> Columns:
    return Columns(names, Form())


def _reader(column: str) -> Callable[[str, Cell], Words]:
    """How a cell of this column becomes the words of its field."""
    if column in _UNITS:
        return _with_unit
    if column in _MACHINE:
        return _as_machines_write(_MACHINE[column])
    holds = FIELD[column].holds
    return _many if holds == "many" else _yes_or_no if holds == "yes" else _text


def _text(column: str, cell: Cell) -> str:
    if not isinstance(cell, str):
        raise RequestError(f"{column}: holds a list; give one value", field=column)
    return cell


def _with_unit(column: str, cell: Cell) -> str:
    unit = _UNITS[column]
    try:
        return machine.measure(_text(column, cell), unit).words
    except QuantityError as error:
        raise RequestError(
            f"{column}: {error}; the column states the unit ({unit}), so write the number alone", field=column
        ) from None


def _as_machines_write(read: Callable[[str], str]) -> Callable[[str, Cell], str]:
    def words(column: str, cell: Cell) -> str:
        try:
            return read(_text(column, cell))
        except QuantityError as error:
            raise RequestError(f"{column}: {error}", field=column) from None

    return words


def _many(_column: str, cell: Cell) -> tuple[str, ...]:
    if isinstance(cell, tuple):
        return cell
    return tuple(part.strip() for part in cell.split(";") if part.strip())


def _yes_or_no(column: str, cell: Cell) -> bool:
    word = _text(column, cell).lower()
    if word not in (*_YES, *_NO):
        raise RequestError(
            f"{column}: '{safe(word, TYPED)}' is not true or false; allowed: {', '.join((*_YES, *_NO))}", field=column
        )
    return word in _YES
