"""Plan -> iCalendar: one event per session, whose identity and revision let a calendar update what it has, not double it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from hashlib import sha256
from typing import TYPE_CHECKING

from ivigcalc.engine.plan import CHECK_LINE, Plan, Session
from ivigcalc.errors import MissingExtraError, RequestError
from ivigcalc.quantity import plain
from ivigcalc.render.notices import by_level, concerns, printed_notice
from ivigcalc.render.times import DAY_MIN, duration_text, span
from ivigcalc.render.words import clean, product_text, treatment, vials_text, when

if TYPE_CHECKING:
    from icalendar import Calendar, Event

DOMAIN = "@ivigcalc"
UNNAMED = "unnamed"
IDENTITY_DIGITS = 16
#: what may differ between two exports of one and the same appointment
_REVISION = ("SEQUENCE", "DTSTAMP")
LONGEST_ALARM_MIN = 14 * DAY_MIN


def to_ics(plan: Plan, previous: bytes | None = None, alarm_min: int | None = None) -> bytes:
    """All sessions as events. With `previous`, the file exported before, changes are numbered and lost sessions cancelled.

    `alarm_min` adds a reminder so many minutes before the start.
    """
    try:
        import icalendar
    except ImportError:
        raise MissingExtraError("calendar output", "calendar") from None
    if alarm_min is not None and not 0 < alarm_min <= LONGEST_ALARM_MIN:
        raise RequestError(
            f"an alarm is 1 to {LONGEST_ALARM_MIN} minutes before the start, not {alarm_min}", field="alarm"
        )
    before = _events_by_uid(previous) if previous is not None else {}
    whose = _identity(plan, before)
    before = {uid: event for uid, event in before.items() if uid.startswith(f"{whose}-")}
    stamp = _stamp(plan)
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//ivigcalc//infusion calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    zone = _zone(plan)
    events = {}
    for session in plan.sessions:
        event = _event(plan, session, whose, zone, stamp, alarm_min)
        events[str(event["uid"])] = event
    for uid, event in events.items():
        calendar.add_component(_revised(event, before.get(uid)))
    for uid, earlier in before.items():
        if uid not in events:
            calendar.add_component(_cancelled(earlier, stamp))
    _add_time_zones(calendar)
    return bytes(calendar.to_ical())


def _event(
    plan: Plan, session: Session, whose: str, zone: tzinfo | None, stamp: datetime, alarm_min: int | None
) -> Event:
    from icalendar import Alarm, Event

    if session.on is None or session.at_min is None:
        raise RequestError(
            "a calendar file needs dates and times: give --start and --at",
            field="start" if session.on is None else "at",
        )
    summary = f"IVIG infusion {plain(session.dose_g)} g ({when(session)})"
    start = _moment(session.on, session.at_min, zone)
    event = Event()
    event.add("uid", f"{whose}-{_slug(plan)}-c{session.course}-d{session.day}{DOMAIN}")
    event.add("dtstamp", stamp)
    event.add("sequence", 0)
    event.add("status", "CONFIRMED")
    event.add("transp", "OPAQUE")
    event.add("dtstart", start)
    if session.duration_min is not None:
        event.add("dtend", _moment(session.on, session.at_min + session.duration_min, zone))
    event.add("summary", summary)
    event.add("description", _description(plan, session))
    if alarm_min is not None:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", summary)
        alarm.add("trigger", timedelta(minutes=-alarm_min))
        event.add_component(alarm)
    return event


def _description(plan: Plan, session: Session) -> str:
    """What the person who opens the appointment needs, without the patient's name."""
    volume = f", {plain(session.volume_ml)} mL" if session.volume_ml is not None else ""
    lines = [
        f"{treatment(plan)}; {product_text(plan)}",
        f"Dose: {plain(session.dose_g)} g{volume}",
        f"Vials: {vials_text(session.vials)}",
    ]
    if session.infusion is not None:
        first, last = session.infusion.steps[0], session.infusion.steps[-1]
        lines.append(f"Infusion: {span(session, 0, session.duration_min)}, {duration_text(session.duration_min)}")
        lines.append(f"Rate: {plain(first.rate_ml_per_h)} mL/h at first, {plain(last.rate_ml_per_h)} mL/h at last")
        if session.overhead_before_min or session.overhead_after_min:
            until = session.infusion.duration_min + session.overhead_after_min
            lines.append(f"Visit: {span(session, -session.overhead_before_min, until)}")
    for found in by_level(plan.notices):
        if found.level != "info" and concerns(found, session):
            said = printed_notice(found, plan)
            lines.append(f"{said['level']} {said['code']}: {said['text']}")
    # programs differ in how they read a backslash back (before an N, some take it for a new line), so none is written
    return "\n".join([*lines, CHECK_LINE]).replace("\\", "/")


def _moment(on: date, minutes: int, zone: tzinfo | None) -> datetime:
    days, minute = divmod(minutes, DAY_MIN)
    return datetime.combine(on + timedelta(days=days), time(minute // 60, minute % 60), zone)


def _zone(plan: Plan) -> tzinfo | None:
    """The site's time zone; without one the times float, which every calendar shows as they stand."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    name = plan.computed_from.site.value.time_zone
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise RequestError(
            f"the site's time_zone '{clean(name, 40)}' is not known; write one like Europe/London", field="site"
        ) from None


def _stamp(plan: Plan) -> datetime:
    """When the export was made, from the plan and not from a clock: one plan, one file."""
    request = plan.computed_from.request
    day = request.on or request.order.start or plan.sessions[0].on or date.min
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _slug(plan: Plan) -> str:
    source = plan.computed_from
    return clean(source.regimen.value.id if source.regimen else source.request.indication or "rates", 60)


def _identity(plan: Plan, before: dict[str, Event]) -> str:
    """Whose events they are and of which order: the patient, then the first day that the order had at first.

    So a renewed order leaves the appointments of the one before alone. With an earlier file the order is the one in it,
    wherever its start has been moved to; files from before the start was a part of it go on without.
    """
    own, start = _patient(plan), plan.computed_from.request.order.start
    earlier = {uid.split("-")[0] for uid in before}
    if own.startswith(UNNAMED) and len(earlier) == 1 and next(iter(earlier)).startswith(UNNAMED):
        return next(iter(earlier))  # taken at its word
    if {token.partition(".")[0] for token in earlier} - {own}:
        raise RequestError(
            "the earlier calendar file belongs to another patient; nothing was changed", field="previous"
        )
    exact = own + (f".{start:%Y%m%d}" if start else "")
    if len(earlier) > 1 and exact not in earlier:
        raise RequestError(
            "the earlier calendar file holds several orders; name the file of the one that changes", field="previous"
        )
    return earlier.pop() if len(earlier) == 1 else exact


def _patient(plan: Plan) -> str:
    """The patient without saying who: digits of a SHA-256. One without id and name is told apart by weight and start."""
    patient, order = plan.computed_from.request.patient, plan.computed_from.request.order
    if patient.patient_id:
        return _digits("id", patient.patient_id)
    if patient.name:
        return _digits("name", patient.name, str(patient.birth_date))
    return UNNAMED + _digits(str(patient.weight), str(order.start))


def _digits(*parts: str) -> str:
    return sha256("\x1f".join(parts).encode("utf-8")).hexdigest()[:IDENTITY_DIGITS]


def _events_by_uid(previous: bytes) -> dict[str, Event]:
    """The events that ivigcalc wrote into an earlier file; anybody else's are not touched."""
    from icalendar import Calendar, Event

    found: dict[str, Event] = {}
    try:
        for event in Calendar.from_ical(previous).walk("VEVENT"):
            uid = str(event.get("uid", ""))
            if uid.endswith(DOMAIN) and isinstance(event, Event):
                _content(event), _first_day(event), _sequence(event)  # so that nothing fails later
                found[uid] = event
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        reason = clean(str(error), 80)
        raise RequestError(f"the earlier calendar file cannot be read: {reason}", field="previous") from None
    return found


def _first_day(event: Event) -> date:
    start = getattr(event["dtstart"], "dt", None)
    if not isinstance(start, date):  # a time with its date is one as well
        raise ValueError("an event has no start")
    return start


def _sequence(event: Event) -> int:
    return int(str(event.get("sequence", 0)))


def _revised(event: Event, earlier: Event | None) -> Event:
    """An event as it goes out: unchanged ones keep their number, changed ones get the next."""
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


def _content(event: Event) -> bytes:
    """An event without the marks of its revision."""
    from icalendar import Event

    bare = Event.from_ical(event.to_ical())
    for key in _REVISION:
        bare.pop(key, None)
    return bytes(bare.to_ical())


def _add_time_zones(calendar: Calendar) -> None:
    """The rules of every zone in use, for the years in use, before the events: where every reader finds them."""
    from icalendar import Event

    years = [_first_day(event).year for event in calendar.walk("VEVENT") if isinstance(event, Event)]
    calendar.add_missing_timezones(
        first_date=date(max(min(years) - 1, 1), 1, 1), last_date=date(min(max(years) + 2, 9999), 1, 1)
    )
    calendar.subcomponents.sort(key=lambda part: part.name != "VTIMEZONE")
