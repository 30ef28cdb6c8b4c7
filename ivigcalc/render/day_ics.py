"""A clinic's day -> iCalendar: one event for each visit, with its chair and without the patient."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from ivigcalc.clinic.day import ClinicDay, Visit
from ivigcalc.engine.clocks import zone_of
from ivigcalc.engine.plan import CHECK_LINE
from ivigcalc.render.catalogue.lists import CalendarFile
from ivigcalc.render.day import clock_on, too_many, vials_text
from ivigcalc.render.figures import figure
from ivigcalc.render.ics_changes import DOMAIN, IDENTITY_DIGITS
from ivigcalc.render.ics_file import (
    add_place,
    dose_line,
    initials,
    midnight_utc,
    new_calendar,
    new_event,
    place_lines,
    unmistakable,
    without_backslashes,
    written,
)
from ivigcalc.render.times import in_its_customs
from ivigcalc.render.words import clean

if TYPE_CHECKING:
    from icalendar import Event


@in_its_customs
def to_ics(day: ClinicDay, *, with_initials: bool = False) -> bytes:
    """The visits as events, from arrival to leaving; one without a time of day is of the whole day.

    Nothing of the patients is in it but, where they are asked for, their initials.
    """
    return written(new_calendar(), _events(day, with_initials))


def times_float(day: ClinicDay) -> bool:
    """Whether the times of the file are of no time zone, which who exports it must know."""
    return zone_of(day.site) is None and any(visit.arrives for visit in day.visits)


def _events(day: ClinicDay, with_initials: bool) -> Iterator[Event]:
    seen: dict[str, int] = {}
    for visit in day.visits:
        whose = _identity(visit)
        seen[whose] = seen.get(whose, 0) + 1  # a plan given twice is two events, as it is two lines of the list
        again = f"-{seen[whose]}" if seen[whose] > 1 else ""
        event = new_event(f"{whose}{again}{DOMAIN}", midnight_utc(day.on))
        _add_times(event, visit)
        called = f"{initials(visit.name)} " if with_initials else ""
        chair = CalendarFile.chair.format(chair=visit.chair) if visit.chair else ""
        infusion = CalendarFile.summary_of_visit.format(dose=figure(visit.dose_g))
        event.add("summary", f"{chair}{': ' if chair else ''}{called}{infusion}")
        event.add("description", without_backslashes("\n".join(_description(day, visit))))
        add_place(event, day.site, *([chair] if chair else []))
        yield event


def _identity(visit: Visit) -> str:
    """The visit without saying whose: digits of a SHA-256. The same visit of a later list is the same event."""
    known = (visit.patient_id or "", visit.name or "", visit.born or "")
    whose = (*(known if any(known) else (visit.plan,)), visit.treatment, visit.product)
    digits = sha256("\x1f".join(whose).encode("utf-8")).hexdigest()[:IDENTITY_DIGITS]
    return f"day-{digits}-c{visit.course}-d{visit.day}"


def _add_times(event: Event, visit: Visit) -> None:
    if visit.arrives is None:
        event.add("dtstart", visit.on)
        event.add("dtend", visit.on + timedelta(days=1))
    else:
        event.add("dtstart", unmistakable(visit.arrives))
        event.add("dtend", unmistakable(visit.until))


def _description(day: ClinicDay, visit: Visit) -> Iterator[str]:
    treated = {"treatment": clean(visit.treatment, 60), "product": clean(visit.product, 40)}
    yield CalendarFile.treatment.format(**treated, course=visit.course, day=visit.day)
    yield dose_line(visit.dose_g, visit.volume_ml)
    yield CalendarFile.vials.format(vials=vials_text(visit))
    if visit.arrives is None:
        yield CalendarFile.no_time
    else:
        starts, ends = clock_on(visit.starts, day.on), clock_on(visit.ends, day.on)
        yield CalendarFile.infusion_from.format(start=starts, end=ends)
        arrives, leaves = clock_on(visit.arrives, day.on), clock_on(visit.leaves, day.on)
        yield CalendarFile.visit_from.format(start=arrives, end=leaves)
    if visit.arrives is not None and visit.leaves is None:
        yield CalendarFile.no_end
    yield from (too_many(day, found) for found in day.overlaps if visit in found.visits)
    if visit.warnings:
        yield CalendarFile.warnings.format(codes=", ".join(visit.warnings))
    yield from place_lines(day.site)
    if zone_of(day.site) is None and visit.arrives is not None:
        yield CalendarFile.floating
    yield CHECK_LINE
