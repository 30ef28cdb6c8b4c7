"""Plan -> iCalendar: one event per session, which updates what a calendar has of it and does not double it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from ivigcalc.engine.clocks import moment, zone_of
from ivigcalc.engine.plan import CHECK_LINE, Plan, Session
from ivigcalc.errors import MissingExtraError, RequestError
from ivigcalc.quantity import plain
from ivigcalc.render.ics_changes import DOMAIN, earlier_events, first_day, first_open_day, identity, renewed
from ivigcalc.render.notices import printed_notice, warnings
from ivigcalc.render.times import DAY_MIN, duration_text, span
from ivigcalc.render.words import clean, product_text, rate_text, treatment, vials_text, when

if TYPE_CHECKING:
    from icalendar import Alarm, Calendar, Event

LONGEST_ALARM_MIN = 14 * DAY_MIN
_HEAD = {
    "prodid": "-//ivigcalc//infusion calendar//EN",
    "version": "2.0",
    "calscale": "GREGORIAN",
    "method": "PUBLISH",
}


def to_ics(plan: Plan, previous: bytes | None = None, alarm_min: int | None = None) -> bytes:
    """All sessions as events, with a reminder `alarm_min` minutes before each start.

    With `previous`, the file exported before, changes are numbered and lost sessions cancelled; what has been stays.
    """
    try:
        from icalendar import Calendar
    except ImportError:
        raise MissingExtraError("calendar output", "calendar") from None
    if alarm_min is not None and not 0 < alarm_min <= LONGEST_ALARM_MIN:
        allowed = f"1 to {LONGEST_ALARM_MIN} minutes before the start"
        raise RequestError(f"an alarm is {allowed}, not {alarm_min}", field="alarm")
    before = earlier_events(previous) if previous is not None else {}
    whose = identity(plan, before)
    before = {uid: event for uid, event in before.items() if uid.startswith(f"{whose}-")}
    stamp = _stamp(plan)
    calendar = Calendar()
    for name, value in _HEAD.items():
        calendar.add(name, value)
    for event in renewed(_events(plan, whose, stamp, alarm_min), before, stamp, first_open_day(plan)):
        calendar.add_component(event)
    _add_time_zones(calendar)
    return bytes(calendar.to_ical())


# ---- the events -----------------------------------------------------------------------------------------------------


def _events(plan: Plan, whose: str, stamp: datetime, alarm_min: int | None) -> Iterator[Event]:
    zone = zone_of(plan.computed_from.site.value)  # without one the times float: calendars show them as they stand
    for session in plan.sessions:
        event = _event(plan, session, whose, zone, stamp)
        _number(event, plan, (session.course, session.day))
        if alarm_min is not None:
            event.add_component(_alarm(str(event["summary"]), alarm_min))
        yield event
    yield from _no_longer_planned(plan, whose, zone)


def _number(event: Event, plan: Plan, place: tuple[int, int]) -> None:
    """The number of the last change that changed it, and the day of that: unchanged appointments stay as they are."""
    changed = [change for change in plan.history if place in change.changed]
    if changed:  # control: sequence-rises
        del event["sequence"], event["dtstamp"]
        event.add("sequence", changed[-1].number)
        event.add("dtstamp", _midnight(date.fromisoformat(changed[-1].at)))


def _no_longer_planned(plan: Plan, whose: str, zone: tzinfo | None) -> Iterator[Event]:
    """Sessions that a change has left out, said once more as cancelled."""
    from icalendar import Event

    there = {(session.course, session.day) for session in plan.sessions}
    gone = {(was.course, was.day): was for change in plan.history for was in change.before}
    for place, was in gone.items():
        if place in there or was.starts_at is None or was.date is None:
            continue
        event = Event()
        event.add("uid", f"{whose}-{_treated(plan)}-c{was.course}-d{was.day}{DOMAIN}")
        event.add("dtstamp", _stamp(plan))
        event.add("sequence", 0)
        event.add("status", "CANCELLED")
        start = datetime.fromisoformat(was.starts_at)
        event.add("dtstart", moment(start.date(), start.hour * 60 + start.minute, zone))
        event.add("summary", f"IVIG infusion (course {was.course}, day {was.day}): not given")
        _number(event, plan, place)
        yield event


def _event(plan: Plan, session: Session, whose: str, zone: tzinfo | None, stamp: datetime) -> Event:
    from icalendar import Event

    if session.on is None or session.at_min is None:
        lacking = "start" if session.on is None else "at"
        raise RequestError("a calendar file needs dates and times: give --start and --at", field=lacking)
    event = Event()
    event.add("uid", f"{whose}-{_treated(plan)}-c{session.course}-d{session.day}{DOMAIN}")
    event.add("dtstamp", stamp)
    event.add("sequence", 0)
    event.add("status", "CONFIRMED")
    event.add("transp", "OPAQUE")
    start = moment(session.on, session.at_min, zone)
    before, after = session.overhead_before_min, session.overhead_after_min
    event.add("dtstart", _later(start, -before) if before else start)  # the whole visit takes the chair
    if session.duration_min is not None:
        event.add("dtend", _later(start, session.duration_min + after))
    event.add("summary", f"IVIG infusion {plain(session.dose_g)} g ({when(session)})")
    event.add("description", _description(plan, session))
    return event


def _alarm(summary: str, minutes: int) -> Alarm:
    from icalendar import Alarm

    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", summary)
    alarm.add("trigger", timedelta(minutes=-minutes))
    return alarm


def _description(plan: Plan, session: Session) -> str:
    """What the person who opens the appointment needs, without the patient's name."""
    volume = f", {plain(session.volume_ml)} mL" if session.volume_ml is not None else ""
    lines = [
        f"{treatment(plan)}; {product_text(plan.of(session))}",
        f"Dose: {plain(session.dose_g)} g{volume}",
        f"Vials: {vials_text(session.vials)}",
        *_course_of_the_infusion(session),
    ]
    for found in warnings(plan, session):
        said = printed_notice(found, plan)
        lines.append(f"{said['level']} {said['code']}: {said['text']}")
    # programs differ in how they read a backslash back (before an N, some take it for a new line), so none is written
    return "\n".join([*lines, CHECK_LINE]).replace("\\", "/")


def _course_of_the_infusion(session: Session) -> Iterator[str]:
    """From when to when, how fast, and the visit around it; nothing where no rates are published."""
    infusion = session.infusion
    if infusion is None:
        return
    first, last = infusion.steps[0], infusion.steps[-1]
    yield f"Infusion: {span(session, 0, infusion.duration_min)}, {duration_text(infusion.duration_min)}"
    yield f"Rate: {rate_text(first)} mL/h at first, {rate_text(last)} mL/h at last"
    before, after = session.overhead_before_min, session.overhead_after_min
    if before or after:
        yield f"Visit: {span(session, -before, infusion.duration_min + after)}"


def _treated(plan: Plan) -> str:
    source = plan.computed_from
    return clean(source.regimen.value.id if source.regimen else source.request.indication or "rates", 60)


# ---- dates and zones ------------------------------------------------------------------------------------------------


def _later(start: datetime, minutes: int) -> datetime:
    """So many minutes later, or before.

    A clock time that comes twice is written in UTC: a reader takes it for the first.
    """
    if start.tzinfo is None:
        return start + timedelta(minutes=minutes)
    moment_utc = start.astimezone(UTC) + timedelta(minutes=minutes)
    by_the_clock = moment_utc.astimezone(start.tzinfo)
    return moment_utc if by_the_clock.fold else by_the_clock


def _stamp(plan: Plan) -> datetime:
    """When the export was made, from the plan and not from a clock: one plan, one file."""
    request = plan.computed_from.request
    day = request.on or request.order.start or plan.sessions[0].on or date.min
    return _midnight(day)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _add_time_zones(calendar: Calendar) -> None:
    """The rules of every zone in use, for the years in use, before the events: where every reader finds them."""
    from icalendar import Event

    years = [first_day(event).year for event in calendar.walk("VEVENT") if isinstance(event, Event)]
    calendar.add_missing_timezones(
        first_date=date(max(min(years) - 1, 1), 1, 1), last_date=date(min(max(years) + 2, 9999), 1, 1)
    )
    calendar.subcomponents.sort(key=lambda part: part.name != "VTIMEZONE")
