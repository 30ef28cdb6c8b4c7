"""Plan -> iCalendar: one event per session, which updates what a calendar has of it and does not double it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from msgspec import Struct

from ivigcalc.clock import DAY_MIN
from ivigcalc.engine.clocks import moment, zone_of
from ivigcalc.engine.plan import CHECK_LINE, Plan, Session
from ivigcalc.errors import RequestError
from ivigcalc.render.catalogue.lists import CalendarFile
from ivigcalc.render.figures import figure
from ivigcalc.render.ics_changes import DOMAIN, earlier_events, first_open_day, identity, renewed
from ivigcalc.render.ics_file import (
    add_place,
    dose_line,
    initials,
    later,
    midnight_utc,
    new_calendar,
    new_event,
    place_lines,
    without_backslashes,
    written,
)
from ivigcalc.render.notices import printed_notice, warnings
from ivigcalc.render.times import duration_text, in_its_customs, span
from ivigcalc.render.words import clean, product_text, rate_text, treatment, vials_text, when

if TYPE_CHECKING:
    from icalendar import Alarm, Event

LONGEST_ALARM_MIN = 14 * DAY_MIN


class _Style(Struct, frozen=True):
    """What all events of a file have in common. `called`: the patient's initials, where they were asked for."""

    whose: str
    zone: tzinfo | None
    stamp: datetime
    alarm_min: int | None
    called: str


@in_its_customs
def to_ics(
    plan: Plan, previous: bytes | None = None, alarm_min: int | None = None, *, with_initials: bool = False
) -> bytes:
    """All sessions as events, with a reminder `alarm_min` minutes before each start.

    With `previous`, the file exported before, changes are numbered and lost sessions cancelled; what has been stays.
    Nothing of the patient is in it but, where they are asked for, the initials.
    """
    calendar = new_calendar()
    if alarm_min is not None and not 0 < alarm_min <= LONGEST_ALARM_MIN:
        allowed = f"1 to {LONGEST_ALARM_MIN} minutes before the start"
        raise RequestError(f"an alarm of {alarm_min} minutes is not possible; allowed: {allowed}", field="alarm")
    before = earlier_events(previous) if previous is not None else {}
    whose = identity(plan, before)
    before = {uid: event for uid, event in before.items() if uid.startswith(f"{whose}-")}
    called = f"{initials(plan.computed_from.request.patient.name)} " if with_initials else ""  # control: no-patient
    # without a zone the times float: calendars show them as they stand
    style = _Style(whose, zone_of(plan.computed_from.site.value), _stamp(plan), alarm_min, called)
    return written(calendar, renewed(_events(plan, style), before, style.stamp, first_open_day(plan)))


def times_float(plan: Plan) -> bool:
    """Whether the times of a calendar file are of no time zone, which who exports it must know."""
    return zone_of(plan.computed_from.site.value) is None


# ---- the events -----------------------------------------------------------------------------------------------------


def _events(plan: Plan, style: _Style) -> Iterator[Event]:
    for session in plan.sessions:
        event = _event(plan, session, style)
        _number(event, plan, (session.course, session.day))
        if style.alarm_min is not None:
            event.add_component(_alarm(str(event["summary"]), style.alarm_min))
        yield event
    yield from _no_longer_planned(plan, style)


def _number(event: Event, plan: Plan, place: tuple[int, int]) -> None:
    """The number of the last change that changed it, and the day of that: unchanged appointments stay as they are."""
    changed = [change for change in plan.history if place in change.changed]
    if changed:  # control: sequence-rises
        del event["sequence"], event["dtstamp"]
        event.add("sequence", changed[-1].number)
        event.add("dtstamp", midnight_utc(date.fromisoformat(changed[-1].at)))


def _no_longer_planned(plan: Plan, style: _Style) -> Iterator[Event]:
    """Sessions that a change has left out, said once more as cancelled."""
    for was in plan.left_out:
        if was.starts_at is None or was.date is None:
            continue
        event = new_event(f"{style.whose}-{_treated(plan)}-c{was.course}-d{was.day}{DOMAIN}", style.stamp)
        event["status"] = "CANCELLED"
        start = datetime.fromisoformat(was.starts_at)
        event.add("dtstart", moment(start.date(), start.hour * 60 + start.minute, style.zone))
        event.add("summary", CalendarFile.not_given.format(course=was.course, day=was.day))
        _number(event, plan, (was.course, was.day))
        yield event


def _event(plan: Plan, session: Session, style: _Style) -> Event:
    if session.on is None or session.at_min is None:
        lacking = "start" if session.on is None else "at"
        raise RequestError("a calendar file needs dates and times: give --start and --at", field=lacking)
    event = new_event(f"{style.whose}-{_treated(plan)}-c{session.course}-d{session.day}{DOMAIN}", style.stamp)
    start = moment(session.on, session.at_min, style.zone)
    before, after = session.overhead_before_min, session.overhead_after_min
    event.add("dtstart", later(start, -before) if before else start)  # the whole visit takes the chair
    if session.duration_min is not None:
        event.add("dtend", later(start, session.duration_min + after))
    summary = CalendarFile.summary.format(dose=figure(session.dose_g), session=when(session))
    event.add("summary", f"{style.called}{summary}")
    event.add("description", _description(plan, session, style.zone))
    add_place(event, plan.computed_from.site.value)
    return event


def _alarm(summary: str, minutes: int) -> Alarm:
    from icalendar import Alarm

    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", summary)
    alarm.add("trigger", timedelta(minutes=-minutes))
    return alarm


def _description(plan: Plan, session: Session, zone: tzinfo | None) -> str:
    """What the person who opens the appointment needs, without the patient's name."""
    lines = [
        f"{treatment(plan)}; {product_text(plan.of(session))}",
        dose_line(session.dose_g, session.volume_ml),
        CalendarFile.vials.format(vials=vials_text(session.vials)),
        *_course_of_the_infusion(session),
    ]
    for found in warnings(plan, session):
        said = printed_notice(found, plan)
        lines.append(f"{said['level']} {said['code']}: {said['text']}")
    lines += [
        *place_lines(plan.computed_from.site.value),
        *([CalendarFile.floating] if zone is None else []),
        CHECK_LINE,
    ]
    return without_backslashes("\n".join(lines))


def _course_of_the_infusion(session: Session) -> Iterator[str]:
    """From when to when, how fast, and the visit around it; nothing where no rates are published."""
    infusion = session.infusion
    if infusion is None:
        return
    first, last = infusion.steps[0], infusion.steps[-1]
    length = infusion.duration_min
    yield CalendarFile.infusion.format(span=span(session, 0, length), length=duration_text(length))
    yield CalendarFile.rates.format(first=rate_text(first), last=rate_text(last))
    before, after = session.overhead_before_min, session.overhead_after_min
    if before or after:
        yield CalendarFile.visit.format(span=span(session, -before, infusion.duration_min + after))


def _treated(plan: Plan) -> str:
    source = plan.computed_from
    return clean(source.regimen.value.id if source.regimen else source.request.indication or "rates", 60)


def _stamp(plan: Plan) -> datetime:
    """When the export was made, from the plan and not from a clock."""
    request = plan.computed_from.request
    return midnight_utc(request.on or request.order.start or plan.sessions[0].on or date.min)
