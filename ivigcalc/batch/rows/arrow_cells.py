"""Typed values, of Parquet, Arrow or Python, as they would be typed; an id as its writer meant it, or not at all."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from math import isfinite
from typing import Any
from uuid import UUID

from ivigcalc.batch.rows.columns import Cell
from ivigcalc.batch.rows.outcome import Failed
from ivigcalc.errors import RequestError
from ivigcalc.quantity import plain
from ivigcalc.text import LONG, safe

#: floating-point types of Arrow that are shorter than Python's: their names in `struct`, and up to which whole number
#: they hold each one
_PACKED = {"float": ("f", 2**24), "halffloat": ("e", 2**11)}
_DOUBLE_HOLDS = 2**53


def cells_of(batch: Any) -> Iterator[Sequence[Cell] | Failed]:
    """The rows of an Arrow record batch, as text; a row whose id cannot be told is an error."""
    names = batch.schema.names
    columns = [_column(name, column) for name, column in zip(names, batch.columns, strict=True)]
    for cells in zip(*columns, strict=True):
        wrong = next((cell for cell in cells if isinstance(cell, Failed)), None)
        yield cells if wrong is None else wrong


def _column(name: str, column: Any) -> list[Any]:
    if name == "patient_id":
        return _ids(column)
    return [arrow_text(value) for value in _values(column)]


def _ids(column: Any) -> list[Cell | Failed]:
    _, holds = _PACKED.get(_type(column), ("", _DOUBLE_HOLDS))
    found: list[Cell | Failed] = []
    for raw, value in zip(column.to_pylist(), _values(column), strict=True):
        try:
            found.append(id_text(raw if isinstance(raw, float) and abs(raw) >= holds else value, holds))
        except RequestError as error:
            found.append(Failed(error.code, error.field, str(error)))
    return found


def id_text(value: Any, holds: int = _DOUBLE_HOLDS) -> str:
    """An id as its writer meant it. Raises `RequestError` for a value that does not tell, or may be of two patients:
    a floating-point number is exact only up to `holds`."""
    if value is None or value != value:
        return ""
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeError:
            raise _no_id("bytes that are not UTF-8 text") from None
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal | date | UUID):
        raise _no_id(f"a value of type {type(value).__name__}")
    if isinstance(value, float):
        if not isfinite(value) or abs(value) >= holds:  # control: float-id-told-apart
            raise _no_id(f"a floating-point number of {value:.17g}, which may be that of several patients")
        return str(int(value)) if value == int(value) else float.__repr__(value)
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _no_id(what: str) -> RequestError:
    return RequestError(f"patient_id: holds {what}: give the ids as text or whole numbers", field="patient_id")


def _type(column: Any) -> str:
    return str(getattr(column.type, "value_type", column.type))


def _values(column: Any) -> list[Any]:
    """The values of a column. Those of short floating-point numbers come with the digits that their own type can hold:
    72.4 in 32 bits is not the 72.4 of 64 bits, which shows it as 72.4000015258789."""
    values: list[Any] = column.to_pylist()
    packed = _PACKED.get(_type(column))
    return values if packed is None else [_shortest(value, packed[0]) for value in values]


def _shortest(value: Any, packed: str) -> Any:
    if not isinstance(value, float) or not isfinite(value):
        return value
    tries = (Decimal(f"{value:.{digits}g}") for digits in range(1, 10))
    return next((short for short in tries if _bits(short, packed) == _bits(value, packed)), value)


def _bits(value: float | Decimal, packed: str) -> bytes | None:
    try:
        return struct.pack(packed, value)
    except OverflowError:  # rounded up past the largest there is
        return None


def arrow_text(value: Any) -> Cell:
    """A value of a typed column as it would be typed: a floating-point number by the shortest text for it."""
    if value is None or value != value:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return float.__repr__(value).removesuffix(".0")  # of a subclass, too: numpy's writes its own name
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat()
    if isinstance(value, time):
        return value.isoformat("auto" if value.second or value.microsecond else "minutes")
    if isinstance(value, list | tuple):
        return tuple(str(arrow_text(item)) for item in value)
    return value.isoformat() if isinstance(value, date) else safe(str(value), LONG)
