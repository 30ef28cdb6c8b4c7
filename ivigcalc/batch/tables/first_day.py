"""When the answer for one first day is also the answer for another, and on which dates it then falls.

Dates enter a plan through its courses only, where no birth date, weighing, earlier infusion or validity of the order is in
play and the site has no calendar. Months are not all of one length, so courses may come closer or lie further apart for
another start: an answer moves only where that changes nothing else.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from ivigcalc.engine.plan import Plan
from ivigcalc.engine.schedule import due_dates, step
from ivigcalc.memo import remembered, shared
from ivigcalc.quantity import Quantity, quantity

#: a day of a plan: its course, and how many days after the first day of that course
Day = tuple[int, int]
#: from this year on every plan is made anew, for it may reach past the last year of the calendar
_FAR = 2100


class Calendar(NamedTuple):
    """All that settles the dates of a plan but its first day. One and the same object for equal calendars."""

    stretches: tuple[tuple[Quantity | None, int], ...]
    days: tuple[int, ...]
    restart_after: Quantity


def calendar_of(plan: Plan) -> Calendar | None:
    """The calendar of a plan that can be moved; None for one that holds for its own first day only."""
    request, site = plan.computed_from.request, plan.computed_from.site.value
    patient, order = request.patient, request.order
    if any((patient.birth_date, patient.weighed_on, order.last_infusion, order.valid_for)) or site.has_calendar:
        return None
    stretches = tuple((_interval(phase.interval), phase.courses) for phase in plan.phases)
    days = tuple(phase.days for phase in plan.phases for _ in range(phase.courses))
    return shared(Calendar(stretches, days, plan.computed_from.safety.value.restart_after.after))


def holds_also(start: date, other: date, calendar: Calendar) -> bool:
    """Whether a plan for one first day is also the plan for the other, but for its dates."""
    return max(start, other).year < _FAR and _between_courses(start, calendar) == _between_courses(other, calendar)


@remembered(4096)
def dates_from(start: date, calendar: Calendar, days: tuple[Day, ...]) -> tuple[date, ...]:
    """The date of each day, for this first day."""
    firsts = due_dates(start, calendar.stretches)
    return tuple(firsts[course - 1] + timedelta(days=later) for course, later in days)


@remembered(4096)
def _between_courses(start: date, calendar: Calendar) -> tuple[tuple[bool, bool], ...]:
    """For each course after the first: whether the slow ladder starts again, and whether it meets the one before."""
    firsts = due_dates(start, calendar.stretches)
    lasts = [first + timedelta(days=days - 1) for first, days in zip(firsts, calendar.days, strict=True)]
    return tuple(
        (step(last, calendar.restart_after, 1) < first, first <= last)
        for last, first in zip(lasts, firsts[1:], strict=False)
    )


@lru_cache(maxsize=256)
def _interval(text: str | None) -> Quantity | None:
    return quantity(text, "days", "months") if text else None
