"""Whether a saved plan has the shape that its records declare: for those who read it without computing it again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, is_typeddict

from ivigcalc.document.keys import keys
from ivigcalc.document.records import Bound, Document, Mark


def misshapen(document: dict[str, Any]) -> str | None:
    """The first thing that no plan can have, as `sessions[1].dose_g`; None where there is none.

    Keys that the interface does not promise may be absent: another version has them or not.
    """
    return next(_wrong(Document, document, ""), None)


def _wrong(record: type, block: Any, place: str) -> Iterator[str]:
    if not isinstance(block, dict):
        yield place or "the document"
        return
    for name, key in keys(record).items():
        here = f"{place}.{name}" if place else name
        if name not in block:
            if Mark.PROMISED in key.marks:
                yield here
        elif key.record and Mark.REWORDED in key.marks:
            continue  # the request, which is read as words
        else:
            yield from _unfit(key.kind, block[name], here)


def _unfit(kind: Any, value: Any, place: str) -> Iterator[str]:
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        if not all(_is_within(note, value) for note in parts[1:] if isinstance(note, Bound)):
            yield place
        yield from _unfit(parts[0], value, place)
    elif origin in (Union, UnionType):
        if all(any(_unfit(part, value, place)) for part in parts):
            yield next(_unfit(parts[0], value, place))
    elif origin is list:
        if isinstance(value, list):
            for number, item in enumerate(value, start=1):
                yield from _unfit(parts[0], item, f"{place}[{number}]")
        else:
            yield place
    elif is_typeddict(kind):
        yield from _wrong(kind, value, place)
    elif not _is_of(kind, origin, value):
        yield place


def _is_within(bound: Bound, value: Any) -> bool:
    """Whether a value keeps to its bound, as far as that is one of length or of form."""
    if bound.keyword == "minItems":
        return not isinstance(value, list) or len(value) >= int(bound.limit)
    return bound.keyword != "pattern" or not isinstance(value, str) or bool(re.search(str(bound.limit), value))


def _is_of(kind: Any, origin: Any, value: Any) -> bool:
    if origin is Literal:
        return value in get_args(kind)
    if origin is dict:
        return isinstance(value, dict)
    if origin is tuple:
        return isinstance(value, list)
    if kind is NoneType:
        return value is None
    if kind is bool or isinstance(value, bool):
        return kind is bool and isinstance(value, bool)
    return isinstance(value, int | Decimal) if kind is Decimal else isinstance(value, kind)
