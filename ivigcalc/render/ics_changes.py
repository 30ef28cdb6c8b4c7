"""What has changed since an earlier calendar file: whose events it holds, which are revised, which are cancelled."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from ivigcalc.engine.plan import Plan
from ivigcalc.errors import RequestError
from ivigcalc.render.words import clean

if TYPE_CHECKING:
    from icalendar import Event

DOMAIN = "@ivigcalc"
UNNAMED = "unnamed"
IDENTITY_DIGITS = 16
#: what may differ between two exports of one and the same appointment
_REVISION = ("SEQUENCE", "DTSTAMP")
#: the course in a UID, before the day with which it ends
_UID_COURSE = re.compile(r"-c([0-9]{1,6})-d(?=[0-9]+@)")


# ---- whose ----------------------------------------------------------------------------------------------------------


def identity(plan: Plan, before: Iterable[str]) -> str:
    """Whose events they are and of which order: the patient, then the first day that the order had at first.

    So a renewed order leaves the appointments of the one before alone. With the identities of an earlier file the order
    is the one in it, wherever its start has been moved to; files from before the start was a part of it go on without.
    """
    own, start = _patient(plan), plan.computed_from.request.order.start
    earlier = {uid.split("-")[0] for uid in before}
    if own.startswith(UNNAMED) and len(earlier) == 1 and next(iter(earlier)).startswith(UNNAMED):
        return next(iter(earlier))  # taken at its word
    if {token.partition(".")[0] for token in earlier} - {own}:
        raise RequestError(
            "the earlier calendar file belongs to another patient, and nothing was changed: give the file of this "
            "one with --previous",
            field="previous",
        )
    exact = own + (f".{start:%Y%m%d}" if start else "")
    if len(earlier) > 1 and exact not in earlier:
        raise RequestError(
            "the earlier calendar file holds several orders; name the file of the one that changes", field="previous"
        )
    return earlier.pop() if len(earlier) == 1 else exact


def _patient(plan: Plan) -> str:
    """The patient without saying who: digits of a SHA-256; without id and name, of weight and start."""
    patient, order = plan.computed_from.request.patient, plan.computed_from.request.order
    if patient.patient_id:
        return _digits("id", patient.patient_id)
    if patient.name:
        return _digits("name", patient.name, str(patient.birth_date))
    return UNNAMED + _digits(str(patient.weight), str(order.start))


def _digits(*parts: str) -> str:
    return sha256("\x1f".join(parts).encode("utf-8")).hexdigest()[:IDENTITY_DIGITS]


# ---- the earlier file -----------------------------------------------------------------------------------------------


def earlier_events(previous: bytes) -> dict[str, Event]:
    """UID -> event, of those that ivigcalc wrote into an earlier file; anybody else's are not touched."""
    from icalendar import Calendar, Event

    found: dict[str, Event] = {}
    try:
        for event in Calendar.from_ical(previous).walk("VEVENT"):
            uid = str(event.get("uid", ""))
            if uid.endswith(DOMAIN) and isinstance(event, Event):
                _content(event), first_day(event), _sequence(event)  # so that nothing fails later
                found[uid] = event
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        reason = clean(str(error), 80)
        raise RequestError(
            f"the earlier calendar file cannot be read: {reason}; give --previous a file that ivigcalc wrote",
            field="previous",
        ) from None
    return found


def first_day(event: Event) -> date:
    """The day or moment at which an event starts."""
    start = getattr(event["dtstart"], "dt", None)
    if not isinstance(start, date):  # a time with its date is one as well
        raise ValueError("an event has no start")
    return start


def _sequence(event: Event) -> int:
    return int(str(event.get("sequence", 0)))


def _content(event: Event) -> bytes:
    """An event without the marks of its revision."""
    from icalendar import Event

    bare = Event.from_ical(event.to_ical())
    for key in _REVISION:
        bare.pop(key, None)
    return bytes(bare.to_ical())


# ---- what goes out --------------------------------------------------------------------------------------------------


def first_open_day(plan: Plan) -> date:
    """The first day of which nothing has been yet: that of asking, or the day after the last infusion."""
    request = plan.computed_from.request
    last = request.order.last_infusion
    return max(request.on or date.min, last + timedelta(days=1) if last else date.min)


def renewed(events: Iterable[Event], before: dict[str, Event], stamp: datetime, since: date) -> Iterator[Event]:
    """What has been, as it was; the events as they go out; then those that are no longer planned, cancelled."""
    been = {uid: event for uid, event in before.items() if _has_been(event, since)}  # control: past-kept
    planned = {str(event["uid"]): event for event in _numbered_on(list(events), been, since)}
    yield from been.values()
    for uid, event in planned.items():
        if uid not in been:
            yield _revised(event, before.get(uid))
    for uid, earlier in before.items():
        if uid not in planned and uid not in been:
            yield _cancelled(earlier, stamp)


def _day_of(event: Event) -> date:
    """The day on which an event starts, by its own clock."""
    start = first_day(event)
    return start.date() if isinstance(start, datetime) else start


def _has_been(event: Event, since: date) -> bool:
    return _day_of(event) < since and str(event.get("status", "")).upper() != "CANCELLED"


def _numbered_on(events: list[Event], been: Collection[str], since: date) -> list[Event]:
    """The events, where those to come count on from the courses that have been: no course is two appointments."""
    to_come = [event for event in events if _day_of(event) >= since]
    if not any(str(event["uid"]) in been for event in to_come):
        return events
    more = max(map(_course, been)) + 1 - min(_course(str(event["uid"])) for event in to_come)
    for event in to_come:
        uid = str(event.pop("uid"))
        event.add("uid", _UID_COURSE.sub(f"-c{_course(uid) + more}-d", uid))
    return events


def _course(uid: str) -> int:
    found = _UID_COURSE.search(uid)
    return int(found[1]) if found else 0


def _revised(event: Event, earlier: Event | None) -> Event:
    """Unchanged events keep their number, changed ones get the next."""
    if earlier is None:
        return event
    if _content(event) == _content(earlier):
        return earlier
    del event["sequence"]
    event.add("sequence", _sequence(earlier) + 1)
    return event


def _cancelled(earlier: Event, stamp: datetime) -> Event:
    """A session that is no longer planned: said once more, as cancelled."""
    if str(earlier.get("status", "")).upper() == "CANCELLED":
        return earlier
    number = _sequence(earlier) + 1
    for key in ("status", "sequence", "dtstamp"):
        earlier.pop(key, None)
    earlier.add("status", "CANCELLED")
    earlier.add("sequence", number)
    earlier.add("dtstamp", stamp)
    earlier.subcomponents = []  # no reminder for what will not happen
    return earlier
