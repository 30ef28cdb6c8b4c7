"""A clinic's day -> iCalendar: one event for each visit, with its chair and without the patient."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from ivigcalc.clinic.day import ClinicDay, Overlap, Visit
from ivigcalc.engine.clocks import zone_of
from ivigcalc.engine.plan import CHECK_LINE
from ivigcalc.render.day import clock_on, vials_text
from ivigcalc.render.figures import figure
from ivigcalc.render.ics_changes import DOMAIN, IDENTITY_DIGITS
from ivigcalc.render.ics_file import (
    FLOATING,
    add_place,
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
from ivigcalc.text import counted

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
        chair = f"Chair {visit.chair}" if visit.chair else ""
        event.add("summary", f"{chair}{': ' if chair else ''}{called}IVIG infusion {figure(visit.dose_g)} g")
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
    volume = f", {figure(visit.volume_ml)} mL" if visit.volume_ml is not None else ""
    yield f"{clean(visit.treatment, 60)}; {clean(visit.product, 40)}; course {visit.course}, day {visit.day}"
    yield f"Dose: {figure(visit.dose_g)} g{volume}"
    yield f"Vials: {vials_text(visit)}"
    if visit.arrives is None:
        yield "No time of day in the plan"
    else:
        yield f"Infusion: {clock_on(visit.starts, day.on)} to {clock_on(visit.ends, day.on)}"
        yield f"Visit: {clock_on(visit.arrives, day.on)} to {clock_on(visit.leaves, day.on)}"
    if visit.arrives is not None and visit.leaves is None:
        yield "No rates, so no end: the chair is kept all day"
    yield from (_overlap_text(day, found) for found in day.overlaps if visit in found.visits)
    if visit.warnings:
        yield f"Warnings of the plan: {', '.join(visit.warnings)}"
    yield from place_lines(day.site)
    if zone_of(day.site) is None and visit.arrives is not None:
        yield FLOATING
    yield CHECK_LINE


def _overlap_text(day: ClinicDay, found: Overlap) -> str:
    """Without names, which the list has."""
    times = f"{clock_on(found.starts, day.on)} to {clock_on(found.ends, day.on)}"
    return f"CAUTION {times}: {len(found.visits)} patients for {counted(day.chairs or 0, 'chair')}"
