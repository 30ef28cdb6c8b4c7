"""When the sessions of a plan are: the dates of the courses, and which infusions start as a first one."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from ivigcalc.definitions import Safety, Site
from ivigcalc.engine.case import Case
from ivigcalc.engine.course import Shape
from ivigcalc.engine.known import Known
from ivigcalc.engine.plan import Notice
from ivigcalc.engine.prescription import Prescription
from ivigcalc.engine.schedule import CourseDates, closed_because, due_dates, place_course, step
from ivigcalc.engine.since import Since
from ivigcalc.request.request import InfusionKind

#: answers of checks that a calendar remembers
_SAID = 64


class Visit(Struct, frozen=True):
    """When a session is. `stretch` counts from 0, `course` and `day` from 1."""

    stretch: int
    course: int
    day: int
    on: date | None


class Calendar(Struct, frozen=True, dict=True):
    """The dates of all courses (none without a start), every visit, and how the infusion of each starts.

    `gaps`: the places of the visits that come more than so long after the one before.
    """

    courses: tuple[CourseDates, ...]
    visits: tuple[Visit, ...]
    kinds: tuple[InfusionKind, ...]
    first_course: int = 1
    gaps: frozenset[int] = frozenset()

    @cached_property
    def said(self) -> Known[object, tuple[Notice, ...]]:
        """What checks said that look at the dates and at little else."""
        return Known(_SAID)


def set_dates(case: Case, prescription: Prescription, shape: Shape) -> Calendar:
    """The calendar of a plan of this shape: the same for everybody who starts on a day and starts alike."""
    start = case.order.start
    since = case.since
    first: InfusionKind = "first" if starts_again(case) or _is_first(case) else "subsequent"
    key = (start, first, shape, since)
    return prescription.calendars.of(
        key, lambda: _calendar(start, first, shape, prescription.site, prescription.safety, since)
    )


def _is_first(case: Case) -> bool:
    """Whether nothing was given before the first session, as far as is known."""
    return case.order.infusion != "subsequent" and case.since.after is None


def _calendar(
    start: date | None, first: InfusionKind, shape: Shape, site: Site, safety: Safety, since: Since
) -> Calendar:
    alike = [(place, days) for place, (_, courses, days) in enumerate(shape) for _ in range(courses)]
    counted = due_dates(start, [(interval, courses) for interval, courses, _ in shape]) if start else []
    due = counted if since.due is None else since.due  # control: due-dates-kept
    courses = tuple(place_course(day, days, site) for day, (_, days) in zip(due, alike, strict=False))
    courses = tuple(
        _as_moved(course, number, since, site) for number, course in enumerate(courses, start=since.first_course)
    )
    visits = [
        Visit(place, number, day, courses[number - since.first_course].days[day - 1] if courses else None)
        for number, (place, days) in enumerate(alike, start=since.first_course)
        for day in range(1, days + 1)
    ]
    kinds, gaps = _kinds(visits, first, safety, since)
    return Calendar(courses, tuple(visits), kinds, since.first_course, gaps)


def _as_moved(course: CourseDates, number: int, since: Since, site: Site) -> CourseDates:
    """A course on the days to which its sessions were moved; one that is left out keeps the day on which it was due."""
    moved = since.days
    if not any(place[0] == number for place in moved):
        return course
    days: list[date] = []
    for day, on in enumerate(course.days, start=1):
        place = (number, day)
        follows = days and place not in moved and (number, day - 1) in moved  # a day that the course had not before
        days.append(days[-1] + timedelta(days=1) if follows else moved.get(place) or on)
        if follows:
            moved[place] = days[-1]
    return replace(course, days=tuple(days), on_closed_days=tuple(day for day in days if closed_because(site, day)))


def _kinds(
    visits: list[Visit], first: InfusionKind, safety: Safety, since: Since
) -> tuple[tuple[InfusionKind, ...], frozenset[int]]:
    """How each infusion starts, and the places of those that come so long after the one that was given before."""
    found: list[InfusionKind] = []
    gaps: set[int] = set()
    left_out, before = since.left_out, since.after
    kind: InfusionKind = first
    for place, visit in enumerate(visits):
        if before is not None and visit.on is not None and after_a_gap(safety, before, visit.on):
            kind = "first"
            gaps.add(place)
        found.append(kind)
        if (visit.course, visit.day) not in left_out:  # control: gap-over-left-out
            kind, before = "subsequent", visit.on
    return tuple(found), frozenset(gaps)


def starts_again(case: Case) -> bool:
    """Whether the first session is titrated as a first infusion in any case: after a long gap, or another brand."""
    order, on = case.order, case.request.reference_date
    if order.last_product is not None and order.last_product != case.product.id:  # control: other-brand
        return True
    if order.last_infusion is None or on is None:
        return False
    return after_a_gap(case.safety, order.last_infusion, on)  # control: slow-after-a-gap


def after_a_gap(safety: Safety, before: date, on: date) -> bool:
    """Whether two infusions are so far apart that the later one is titrated as a first one."""
    return step(before, safety.restart_after.after, 1) < on  # control: slow-between-courses
