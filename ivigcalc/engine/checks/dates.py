"""The dates: moved and overlapping courses, chair time against opening hours, and how long the order is valid."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Literal

from ivigcalc.definitions import Protocol, Safety, Site
from ivigcalc.engine.checks.common import Asked, cite, counted
from ivigcalc.engine.plan import Notice, Session, clock_text
from ivigcalc.engine.schedule import CourseDates, step
from ivigcalc.memo import remembered
from ivigcalc.request.request import Order


def dates(
    asked: Asked, site: Site, courses: tuple[CourseDates, ...], sessions: tuple[Session, ...]
) -> Iterator[Notice]:
    """Moved courses, closed days, overlaps, and the last day that the order covers."""
    yield from _of_courses(asked.order, asked.protocol, asked.safety.value, site, courses)
    yield from _chair_time(site, sessions)
    yield from _not_covered(asked.order, courses)


@remembered(1024)
def _of_courses(
    order: Order, protocol: Protocol | None, safety: Safety, site: Site, courses: tuple[CourseDates, ...]
) -> tuple[Notice, ...]:
    """All that is settled by the dates: the same for everybody who starts on that day."""
    return (*_moved(site, courses), *_overlaps(courses), *_too_close(order, protocol, safety, site, courses))


def _moved(site: Site, courses: tuple[CourseDates, ...]) -> Iterator[Notice]:
    """Courses off their date, and those on days when the clinic is closed."""
    window = site.window.base if site.window else None
    for number, course in enumerate(courses, start=1):
        if course.moved_because:
            far = window is not None and abs(course.moved_days) > window
            level = "caution" if far or window is None else "info"
            where = "later" if course.moved_days > 0 else "earlier"
            beyond = f", beyond the site's window of {site.window}" if far else ""
            yield Notice("date-shifted", level, f"course {number}, due {course.due}, starts {course.days[0]}, {counted(abs(course.moved_days), 'day')} {where}{beyond} ({course.moved_because})",  # type: ignore[arg-type]
                         str(course.days[0]), str(site.window) if site.window else None, sessions=_all_of(number, course))  # fmt: skip
        for day in course.on_closed_days:
            message = f"course {number} keeps {day}, when the clinic is closed"
            place = (number, course.days.index(day) + 1)
            yield Notice("on-closed-day", "caution", message, str(day), sessions=(place,))


def _all_of(number: int, course: CourseDates) -> tuple[tuple[int, int], ...]:
    """The sessions of one course."""
    return tuple((number, day) for day in range(1, len(course.days) + 1))


def _overlaps(courses: tuple[CourseDates, ...]) -> Iterator[Notice]:
    """Courses that begin before the one before ends."""
    for number, (earlier, later) in enumerate(pairwise(courses), start=1):
        if later.days[0] <= earlier.days[-1]:
            yield Notice("course-overlap", "stop", f"course {number + 1} starts on {later.days[0]}, before course {number} ends on {earlier.days[-1]}: choose a longer --every or fewer --days",
                         str(later.days[0]), str(earlier.days[-1]))  # fmt: skip


def _not_covered(order: Order, courses: tuple[CourseDates, ...]) -> Iterator[Notice]:
    """Sessions after the last day that the order is valid."""
    if order.valid_for is None or order.start is None:
        return
    end = step(order.start, order.valid_for, 1)
    uncovered = {
        (number, day): on
        for number, course in enumerate(courses, start=1)
        for day, on in enumerate(course.days, start=1)
        if on >= end
    }
    if uncovered:
        first = min(uncovered.values())
        need = "needs" if len(uncovered) == 1 else "need"
        yield Notice("order-expired", "caution", f"the order covers {order.valid_for} from {order.start}: {counted(len(uncovered), 'session')} from {first} on {need} a new one",
                     str(first), str(order.valid_for), sessions=tuple(uncovered))  # fmt: skip


def _too_close(
    order: Order, protocol: Protocol | None, safety: Safety, site: Site, courses: tuple[CourseDates, ...]
) -> Iterator[Notice]:
    """Courses that come nearer to each other than the interval, by more than the site's window."""
    window = int(site.window.base) if site.window else 0
    for number, (earlier, later) in enumerate(pairwise(courses), start=1):
        due, gap = (later.due - earlier.due).days, (later.days[0] - earlier.days[0]).days
        if 0 < gap < due - window:
            message = f"course {number + 1} starts {gap} days after course {number}, not {due}: move one of them, or ask the prescriber"
            sessions = _all_of(number + 1, later)
            yield Notice("courses-close", "caution", message, f"{gap} days", f"{due} days", sessions=sessions)
    if courses:
        yield from _after_the_last(order, protocol, safety, window, courses[0])


def _after_the_last(
    order: Order, protocol: Protocol | None, safety: Safety, window: int, first: CourseDates
) -> Iterator[Notice]:
    """The first course against the last infusion, which may have been the last day of its course."""
    last, stages = order.last_infusion, protocol.stages_named(order.phase) if protocol else ()
    if last is None or not stages:
        return
    phase = stages[0]
    every = order.every or (phase.interval.every.from_ if phase.interval else None)
    if every is None:
        return
    longest = max(len(first.days), phase.days.to if phase.days else 1)
    due = step(last - timedelta(days=longest - 1), every, 1)
    gap, full = (first.days[0] - last).days, (due - last).days
    if gap >= full - window:
        return
    level: Literal["caution", "stop"] = "stop" if gap * 100 < full * safety.too_close.percent.base else "caution"
    yield Notice(
        "courses-close",
        level,
        f"course 1 starts {counted(gap, 'day')} after the last infusion on {last}; every {every} it is due {due} at the earliest: check the dates",
        f"{gap} days",
        f"{full} days",
        cite(safety, safety.too_close),
        sessions=_all_of(1, first),
    )


def _chair_time(site: Site, sessions: tuple[Session, ...]) -> Iterator[Notice]:
    """Arrival to leaving, against the opening hours of the day."""
    for session in sessions if site.open else ():
        if session.on is None or session.at_min is None or session.infusion is None:
            continue
        hours = site.hours_on(session.on.weekday())
        if hours is None:
            continue
        arrives = session.at_min - session.overhead_before_min
        leaves = session.at_min + session.infusion.duration_min + session.overhead_after_min
        place = f"course {session.course} day {session.day}, {session.date}"
        if leaves > hours[1]:
            latest = hours[1] - (leaves - session.at_min)
            fits = latest - session.overhead_before_min >= hours[0]
            remedy = f"start by {_time(latest)}" if fits else "give the course over more days"
            yield Notice(
                "past-closing",
                "caution",
                f"{place}: the visit ends at {_time(leaves)}, after closing at {_time(hours[1])}: {remedy}",
                session.visit_to,
                _time(hours[1]),
                sessions=((session.course, session.day),),
            )
        if arrives < hours[0]:
            first = hours[0] + session.overhead_before_min
            yield Notice(
                "past-closing",
                "caution",
                f"{place}: the visit begins at {_time(arrives)}, before opening at {_time(hours[0])}: start at {_time(first)} or later",
                session.visit_from,
                _time(hours[0]),
                sessions=((session.course, session.day),),
            )


def _time(minutes: int) -> str:
    """A clock time of the day of the session; what is past its midnight says so."""
    days = minutes // (24 * 60)
    return clock_text(None, minutes) + (" on the next day" if days == 1 else f" {days} days later" if days > 1 else "")
