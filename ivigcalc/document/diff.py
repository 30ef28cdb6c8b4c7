"""Two plan documents compared field by field: what differs, without a word on what it means."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import zip_longest
from typing import Any, Final

from msgspec import Struct

from ivigcalc.document.keys import Path
from ivigcalc.document.read import shown

#: stands for the value of a field that a document does not have
ABSENT: Final = object()


class Difference(Struct, frozen=True):
    """One field that two documents do not have alike: where it stands, as on the page, and its value in each."""

    path: Path
    field: str
    old: Any
    new: Any


def diff(old: dict[str, Any], new: dict[str, Any]) -> tuple[Difference, ...]:
    """What is not the same in two documents, given as plain data with exact decimals."""
    return tuple(
        Difference(path, _field(path, old), before, after)
        for path, before, after in fields(old, new)
        if not same(before, after)  # control: changed-digit
    )


def fields(old: Any, new: Any, path: Path = ()) -> Iterator[tuple[Path, Any, Any]]:
    """Every field that either document has, with its value in both."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*new, *old]):
            yield from fields(old.get(key, ABSENT), new.get(key, ABSENT), (*path, key))
    elif isinstance(old, list) and isinstance(new, list):
        for place, (before, after) in enumerate(zip_longest(old, new, fillvalue=ABSENT)):
            yield from fields(before, after, (*path, place))
    else:
        yield path, old, new


def same(old: Any, new: Any) -> bool:
    """Equal in value and in kind: 72 is 72.0, but true is not 1."""
    numbers = [isinstance(value, int | Decimal) and not isinstance(value, bool) for value in (old, new)]
    return bool(old == new) and (all(numbers) or type(old) is type(new))


def value_text(value: Any) -> str:
    """A value for a message; what is more than one is named and not shown."""
    if value is ABSENT:
        return "absent"
    return "a block" if isinstance(value, dict) else "a list" if isinstance(value, list) else shown(value)


def _field(path: Path, document: dict[str, Any]) -> str:
    """`sessions[course 1, day 2].steps[3].rate_ml_per_h`: counted from one, as on the page."""
    text = ""
    for place, part in enumerate(path):
        if isinstance(part, str):
            text += f".{shown(part)}" if text else shown(part)
        elif place == 1 and path[0] == "sessions":
            text += f"[{_session(document, part)}]"
        else:
            text += f"[{part + 1}]"
    return text


def _session(document: dict[str, Any], place: int) -> str:
    sessions = document["sessions"]
    session = sessions[place] if place < len(sessions) else None
    if not isinstance(session, dict):
        return str(place + 1)
    return f"course {shown(session.get('course'))}, day {shown(session.get('day'))}"
