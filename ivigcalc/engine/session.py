"""When the sessions of a plan are: the dates of the courses, and which infusions start as a first one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from ivigcalc.definitions import Safety, Site
from ivigcalc.engine.case import Case
from ivigcalc.engine.course import Shape
from ivigcalc.engine.known import Known, known
from ivigcalc.engine.plan import Notice
from ivigcalc.engine.prescription import Prescription
from ivigcalc.engine.schedule import CourseDates, due_dates, place_course, step
from ivigcalc.request.request import InfusionKind

#: answers of checks that a calendar remembers
_SAID = 64


class Visit(NamedTuple):
    """When a session is. `stretch` counts from 0, `course` and `day` from 1."""

    stretch: int
    course: int
    day: int
    on: date | None


@dataclass(frozen=True)
class Calendar:
    """The dates of all courses (none without a start), every visit, and how the infusion of each starts."""

    courses: tuple[CourseDates, ...]
    visits: tuple[Visit, ...]
    kinds: tuple[InfusionKind, ...]
    said: Known[object, tuple[Notice, ...]] = known(_SAID)


def set_dates(case: Case, prescription: Prescription, shape: Shape) -> Calendar:
    """The calendar of a plan of this shape: the same for everybody who starts on a day and starts alike."""
    start = case.order.start
    first: InfusionKind = "subsequent" if case.order.infusion == "subsequent" and not starts_again(case) else "first"
    key = (start, first, shape)
    return prescription.calendars.of(
        key, lambda: _calendar(start, first, shape, prescription.site, prescription.safety)
    )


def _calendar(start: date | None, first: InfusionKind, shape: Shape, site: Site, safety: Safety) -> Calendar:
    alike = [(place, days) for place, (_, courses, days) in enumerate(shape) for _ in range(courses)]
    due = due_dates(start, [(interval, courses) for interval, courses, _ in shape]) if start else []
    courses = tuple(place_course(day, days, site) for day, (_, days) in zip(due, alike, strict=False))
    visits = [
        Visit(place, number, day, courses[number - 1].days[day - 1] if courses else None)
        for number, (place, days) in enumerate(alike, start=1)
        for day in range(1, days + 1)
    ]
    kinds: list[InfusionKind] = [first]
    for before, visit in pairwise(visits):
        gap = before.on is not None and visit.on is not None and after_a_gap(safety, before.on, visit.on)
        kinds.append("first" if gap else "subsequent")
    return Calendar(courses, tuple(visits), tuple(kinds))


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
