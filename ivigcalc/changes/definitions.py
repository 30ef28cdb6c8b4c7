"""Two states of a definition file: which keys say something else, as both files print them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import zip_longest
from pathlib import Path
from typing import Any

from msgspec import Struct

from ivigcalc import library
from ivigcalc.changes.facts import value_words
from ivigcalc.document.diff import ABSENT
from ivigcalc.errors import RequestError
from ivigcalc.library.reader import FileText, load_bytes, parse, read_bytes
from ivigcalc.request.reference import is_path
from ivigcalc.text import LONG, dotted, safe

#: what tells the items of a list apart, where they have one of these keys
_NAMES = ("id", "code", "title", "condition", "risk")


class State(Struct, frozen=True):
    """One state of a definition: its file, what it is, and what it says, as it is written."""

    name: str
    path: Path
    id: str
    version: str
    sha256: str
    data: dict[str, Any]


class KeyChange(Struct, frozen=True):
    """A key that is not the same, and what it said and says; `absent` where it is not there."""

    key: str
    was: str
    now: str


def state_of(kind: str, reference: str) -> State:
    """A definition by its id or the path of its file; raises for what is none of this kind."""
    path = Path(reference) if is_path(reference) else library.shipped(kind)[library.resolve(kind, reference)]
    data = read_bytes(path)
    loaded = load_bytes(data, str(path), kind)
    text = FileText(safe(str(path), LONG))
    parse(data, text)
    value = loaded.value
    return State(safe(reference, LONG), path, value.id, value.version.isoformat(), loaded.sha256, text.data)


def keys_changed(old: State, new: State) -> tuple[KeyChange, ...]:
    """Every key that is not the same, in the order of the new file; raises where the files are of two ids."""
    if old.id != new.id:
        raise RequestError(
            f"{old.name} is {safe(old.id)} and {new.name} is {safe(new.id)}: give two states of one definition",
            field="new",
        )
    return tuple(
        KeyChange(dotted(place), _words(was), _words(now)) for place, was, now in _differences(old.data, new.data, ())
    )


def _words(value: Any) -> str:
    if value is ABSENT:
        return "absent"
    if isinstance(value, dict):
        return safe("; ".join(f"{key}: {_words(inner)}" for key, inner in value.items()), LONG)
    if isinstance(value, list):
        return safe(", ".join(map(_words, value)), LONG) or "none"
    return value_words(value)


Place = tuple[str | int, ...]


def _differences(old: Any, new: Any, place: Place) -> Iterator[tuple[Place, Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*new, *old]):
            yield from _differences(old.get(key, ABSENT), new.get(key, ABSENT), (*place, key))
    elif isinstance(old, list) and isinstance(new, list):
        for number, was, now in _items(old, new):
            yield from _differences(was, now, (*place, number))
    elif type(old) is not type(new) or old != new:  # control: every-key-compared
        yield place, old, new


def _items(old: list[Any], new: list[Any]) -> Iterator[tuple[int, Any, Any]]:
    """The items of two lists beside each other: by their name, else so that one more does not shift those after it."""
    named = [[_name(item) for item in items] for items in (old, new)]
    if all(None not in names and len(set(names)) == len(names) for names in named):
        left = dict(zip(named[0], old, strict=True))
        for number, (name, item) in enumerate(zip(named[1], new, strict=True)):
            yield number, left.pop(name, ABSENT), item
        yield from ((named[0].index(name), item, ABSENT) for name, item in left.items())
        return
    before, after = ([json.dumps(item, sort_keys=True, default=str) for item in items] for items in (old, new))
    for same, first, last, start, end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if same != "equal":
            pairs = zip_longest(old[first:last], new[start:end], fillvalue=ABSENT)
            yield from ((start + number, was, now) for number, (was, now) in enumerate(pairs))


def _name(item: Any) -> str | None:
    if not isinstance(item, dict):
        return None
    return next((f"{key} {item[key]}" for key in _NAMES if isinstance(item.get(key), str)), None)
