"""Two saved plans: every field that differs, and the same in a pharmacist's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

from msgspec import Struct

from ivigcalc.changes.facts import TOPICS, Fact, Place, facts_of, value_words
from ivigcalc.document.diff import ABSENT, Difference, diff, same
from ivigcalc.document.many import Kept
from ivigcalc.document.read import unreadable
from ivigcalc.quantity import decimal_of, plain
from ivigcalc.text import counted, safe

Session = tuple[int, int]
#: of these a plan has more or fewer; any other field that is not there is of another version
_THERE_OR_NOT = ("history", "rates", "notices", "sources", "working")


class Change(Struct, frozen=True):
    """What changed, for one or for many sessions: (course, day) of each, none where it is about the whole plan.

    `by`: the difference of two figures, or of two days.
    """

    topic: str
    what: str
    was: str
    now: str
    by: str = ""
    sessions: tuple[Session, ...] = ()


class Changes(Struct, frozen=True):
    """Two plans held against each other.

    `fields`: every field that is not the same, exactly; `changes`: in words, with what follows from them left to
    `following`, a number of fields. `patients`: what each plan calls its patient, where they are not the same.
    """

    old: Kept
    new: Kept
    fields: tuple[Difference, ...]
    changes: tuple[Change, ...]
    following: int
    patients: tuple[str, str] | None

    @property
    def same(self) -> bool:
        """Whether the plans say the same in every field."""
        return not self.fields


def changes_of(old: Kept, new: Kept) -> Changes:
    """What is not the same in two saved plans; raises `RequestError` for one that is nested deeper than any plan."""
    try:
        fields = diff(old.document, new.document)
        found, following = in_words(old.document, new.document)
    except RecursionError:
        raise unreadable(f"one of {old.name} and {new.name}", "it is nested too deep") from None
    if fields and not found:  # what no words say is said by its key
        found = tuple(Change("record", each.field, value_words(each.old), value_words(each.new)) for each in fields)
    before, after = _patient(old.document), _patient(new.document)
    return Changes(old, new, fields, found, following, (before, after) if before != after else None)


def _patient(document: Mapping[str, Any]) -> str:
    request = document["computed_from"]["request"]
    parts = [request.get("name"), request.get("patient_id") and f"id {request['patient_id']}"]
    return safe(", ".join(str(part) for part in parts if part) or "nobody named")


def in_words(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[tuple[Change, ...], int]:
    """The changes by topic, equal ones of several sessions as one; and how many that follow from them are left out."""
    before, after = facts_of(_cut(old, new)), facts_of(_cut(new, old))
    places = [place for place in dict.fromkeys([*before, *after]) if _differs(before.get(place), after.get(place))]
    single = [*_sessions_there(before, after)]
    whole = {group for group, _ in single}
    pairs = [(before.get(place), after.get(place)) for place in places if _group(before, after, place) not in whole]
    settled = {_either(pair).group for pair in pairs if not _follows(pair)}
    others = any(not _is_inside(_either(pair)) for pair in pairs) or bool(single)
    named = [pair for pair in pairs if _is_named(pair, settled, others)]
    changes = [change for _, change in single] + [*_joined(named)]
    ordered = sorted(changes, key=lambda change: TOPICS.index(change.topic))
    return tuple(ordered), len(pairs) - len(named)


def _cut(document: Mapping[str, Any], other: Mapping[str, Any]) -> Mapping[str, Any]:
    """A plan whose phases are cut where one of the other begins: the same courses are held against each other."""
    phases = document.get("phases")
    if not phases:
        return document
    own, others = ([each.get("first_course") for each in found.get("phases") or ()] for found in (document, other))
    begins = [at for at in others if at not in own]
    cut: list[dict[str, Any]] = []
    for phase in phases:
        first, courses = phase.get("first_course"), phase.get("courses")
        if not isinstance(first, int) or not isinstance(courses, int):
            return document
        inside = sorted({at for at in begins if isinstance(at, int) and first < at < first + courses})
        edges = [first, *inside, first + courses]
        cut += [{**phase, "first_course": at, "courses": end - at} for at, end in pairwise(edges)]
    # what is in force at the end is one of the phases as they were, and stays out where it says the same
    said = {name: value for name, value in document.items() if name != "course" or value not in phases}
    return {**said, "phases": cut}


def _differs(was: Fact | None, now: Fact | None) -> bool:
    return was is None or now is None or not same(was.value, now.value)


def _either(pair: tuple[Fact | None, Fact | None]) -> Fact:
    fact = pair[1] or pair[0]
    assert fact is not None
    return fact


def _group(before: Mapping[Place, Fact], after: Mapping[Place, Fact], place: Place) -> Place:
    return _either((before.get(place), after.get(place))).group


def _follows(pair: tuple[Fact | None, Fact | None]) -> bool:
    return all(fact.follows for fact in pair if fact is not None)


def _is_named(pair: tuple[Fact | None, Fact | None], settled: set[Place], others: bool) -> bool:
    """What follows from a named change is left out; so is what is inside of a plan in which more has changed."""
    named = not _follows(pair) or _either(pair).group not in settled  # control: only-what-follows-left-out
    return named and not (others and _is_inside(_either(pair)))


def _is_inside(fact: Fact) -> bool:
    """The working, and what the plan was before each change that it has been through."""
    return fact.topic == "working" or (fact.topic == "history" and fact.follows)


def _sessions_there(before: Mapping[Place, Fact], after: Mapping[Place, Fact]) -> Iterator[tuple[Place, Change]]:
    """Each session that only one of the plans has: one change, and not one for each of its figures."""
    was, now = ({fact.group: fact.session for fact in facts.values() if fact.session} for facts in (before, after))
    for group in [*(group for group in was if group not in now), *(group for group in now if group not in was)]:
        session, facts = (was.get(group) or now.get(group)), before if group in was else after
        said = ", ".join(
            facts[(*group, name)].text for name in ("date", "starts_at", "dose_g") if (*group, name) in facts
        )
        words = (said, "none") if group in was else ("none", said)
        yield group, Change("sessions", "session", *words, sessions=(session,) if session else ())


# ---- equal changes of several sessions as one ----------------------------------------------------------------------


def _joined(pairs: Sequence[tuple[Fact | None, Fact | None]]) -> Iterator[Change]:
    together: dict[tuple[str, ...], list[tuple[Fact | None, Fact | None]]] = {}
    for was, now in pairs:
        fact = _either((was, now))
        by = _by(was, now)
        alike = (by,) if _moved(was, now) is not None else (_text(was, fact), _text(now, fact))
        key = (fact.topic, fact.what, *alike, "" if fact.session else repr(fact.group))
        together.setdefault(key, []).append((was, now))
    for several in together.values():
        (was, now), (last_was, last_now) = several[0], several[-1]
        fact = _either(several[0])
        sessions = tuple(session for pair in several if (session := _either(pair).session))
        old = _span(_text(was, fact), _text(last_was, fact))
        new = _span(_text(now, fact), _text(last_now, fact))
        yield Change(fact.topic, fact.what, old, new, _by(was, now), sessions)


def _text(fact: Fact | None, other: Fact) -> str:
    """The value of a fact; of one that a plan has not, that there is none, or that this version records none."""
    if fact is not None:
        return fact.text
    return "none" if other.topic in _THERE_OR_NOT else value_words(ABSENT)


def _span(first: str, last: str) -> str:
    return first if first == last else f"{first} to {last}"


def _moved(was: Fact | None, now: Fact | None) -> int | None:
    """By how many days a session was moved."""
    if was is None or now is None or was.what != "date" or was.session is None:
        return None
    try:
        return (date.fromisoformat(now.value) - date.fromisoformat(was.value)).days
    except (TypeError, ValueError):
        return None


def _by(was: Fact | None, now: Fact | None) -> str:
    """`+16 (+11.1 %)`, or `7 days later`."""
    if (days := _moved(was, now)) is not None:
        return f"{counted(abs(days), 'day')} {'later' if days > 0 else 'earlier'}"
    if was is None or now is None or not (_is_number(was.value) and _is_number(now.value)):
        return ""
    change = Decimal(now.value) - Decimal(was.value)
    more = f" ({_signed(decimal_of(change * 100 / abs(Decimal(was.value)), 1))} %)" if was.value else ""
    return f"{_signed(change)}{more}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _signed(value: Decimal) -> str:
    return f"+{plain(value)}" if value > 0 else plain(value)
