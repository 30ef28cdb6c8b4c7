"""What is declared of a key of the document, read from the records."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints, is_typeddict

from ivigcalc.document.records import Document, Mark

#: where a value stands in a document: keys, and places in lists
Path = tuple[str | int, ...]


class Key(NamedTuple):
    """One key of a record: its type as declared, the record that it holds, whether many of it, and its marks."""

    name: str
    kind: Any
    record: type | None
    many: bool
    marks: frozenset[Mark]


@cache
def keys(record: type) -> dict[str, Key]:
    """The keys of a record, in the order of the document."""
    return {key.name: key for key in _keys(record)}


def _keys(record: type) -> Iterator[Key]:
    for name, hint in get_type_hints(record, include_extras=True).items():
        kind, *notes = get_args(hint) if get_origin(hint) is Annotated else (hint,)
        marks = frozenset(note for note in notes if isinstance(note, Mark))
        if Mark.UNFOLDED in marks:
            yield from _keys(kind)
        else:
            yield Key(name, hint, _held(kind), get_origin(kind) is list, marks)


def _held(kind: Any) -> type | None:
    """The record that a type is, or is one or many of."""
    record: type | None = kind if is_typeddict(kind) else None
    return record or next((held for part in get_args(kind) if (held := _held(part))), None)


def along(path: Path) -> list[Key]:
    """The keys that a path goes through, as far as they are declared."""
    found: list[Key] = []
    record: type | None = Document
    for name in (part for part in path if isinstance(part, str)):
        key = keys(record).get(name) if record else None
        if key is None:
            break
        found.append(key)
        record = key.record
    return found


@cache
def promised() -> frozenset[str]:
    """The names that the interface promises, wherever they stand but in lines of text."""
    return frozenset(_promised(Document))


def _promised(record: type) -> Iterator[str]:
    for key in keys(record).values():
        if Mark.PROMISED in key.marks:
            yield key.name
        if key.record and Mark.LINES not in key.marks:
            yield from _promised(key.record)
