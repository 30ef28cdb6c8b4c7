"""When the answer for one first day is also the answer for another, and on which dates it then falls.

The dates of a plan follow from its first day where the site has neither a calendar nor, for times of day, a time zone.
Nothing else hangs on them where no birth date, weighing, earlier infusion or validity of the order is in play. Months
are not all of one length, so courses may come closer or lie further apart for another start: then it is another plan.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import cached_property

from msgspec import Struct

from ivigcalc.batch.tables.gaps import DayText, Shape
from ivigcalc.engine.draft import Draft
from ivigcalc.engine.known import Known
from ivigcalc.engine.schedule import due_dates, step
from ivigcalc.quantity import Quantity
from ivigcalc.request.request import Request

#: a day of a plan: its course, and how many days after the first day of that course
Day = tuple[int, int]
#: whether the first day has passed, and of each later course whether it is titrated as a first one and whether it meets
#: the one before
_Courses = tuple[bool, tuple[tuple[bool, bool], ...]]
#: from this year on every plan is made anew, for it may reach past the last year of the calendar
_FAR = 2100
#: first days that are remembered; of what goes into the gaps of lines fewer, for it is longer
_STARTS, _FILLED_STARTS, _FILLED = 4096, 1024, 16


class Dates:
    """When some days of a plan are, from whichever first day on."""

    def __init__(self, stretches: tuple[tuple[Quantity | None, int], ...], days: tuple[Day, ...]) -> None:
        self._stretches, self._days = stretches, days
        self._dates: Known[date, tuple[date, ...]] = Known(_STARTS)
        self._filling: Known[Shape, Filling] = Known(_FILLED)

    def dates(self, start: date) -> tuple[date, ...]:
        """The date of each day, for this first day."""
        return self._dates.of(start, lambda: self._from(start))

    def filling(self, shape: Shape) -> Filling:
        """What goes into the gaps of lines of this shape; one value for all who ask for the same."""
        return self._filling.of(shape, lambda: Filling(self, shape))

    def texts(self, start: date) -> tuple[DayText, ...]:
        """Each day as the lines of a table have it."""
        return in_bytes(self._days, self.dates(start))

    def _from(self, start: date) -> tuple[date, ...]:
        firsts = due_dates(start, self._stretches)
        return tuple(firsts[course - 1] + timedelta(days=later) for course, later in self._days)


class Filling:
    """What goes into the gaps of some lines, from whichever first day on."""

    def __init__(self, dates: Dates, shape: Shape) -> None:
        self._dates, self._shape = dates, shape
        self._filled: Known[date, list[bytes]] = Known(_FILLED_STARTS)

    def of(self, start: date) -> list[bytes]:
        """Its days for this first day."""
        return self._filled.of(start, lambda: self._shape.filling(self._dates.texts(start)))


def in_bytes(days: Iterable[Day], dates: Iterable[date]) -> tuple[DayText, ...]:
    """Each day as YYYY-MM-DD, with its course and day before it and alone."""
    named = [
        (course, later + 1, on.isoformat().encode("ascii")) for (course, later), on in zip(days, dates, strict=True)
    ]
    return tuple([(b",%d,%d,%b" % day, day[2]) for day in named])


class Movable(Struct, frozen=True, dict=True):
    """All that settles the dates of a plan but its first day: interval and number of the courses of each phase, the
    days of each course, how long a gap may be before it is titrated as at first, and the day of asking."""

    stretches: tuple[tuple[Quantity | None, int], ...]
    days: tuple[int, ...]
    restart_after: Quantity
    asked_on: date | None = None

    @cached_property
    def _dates(self) -> Known[tuple[Day, ...], Dates]:
        """The dates of days."""
        return Known(_STARTS)

    @cached_property
    def _courses(self) -> Known[date, _Courses]:
        """What a plan hangs on beside its dates, by first day."""
        return Known(_STARTS)

    @cached_property
    def _equal(self) -> Known[_Courses, _Courses]:
        """The first of those that are equal: what is one and the same is compared in no time."""
        return Known(_STARTS)

    def holds_also(self, start: date, other: date) -> bool:
        """Whether a plan for one first day is also the plan for the other, but for its dates."""
        return max(start, other).year < _FAR and self._courses_from(start) == self._courses_from(other)

    def dates_of(self, days: tuple[Day, ...]) -> Dates:
        """When these days are; one value for all who ask for the same."""
        return self._dates.of(days, lambda: Dates(self.stretches, days))

    def _courses_from(self, start: date) -> _Courses:
        return self._courses.of(start, lambda: self._first_of_equal(self._counted(start)))

    def _first_of_equal(self, counted: _Courses) -> _Courses:
        return self._equal.of(counted, lambda: counted)

    def _counted(self, start: date) -> _Courses:
        firsts = due_dates(start, self.stretches)
        lasts = [first + timedelta(days=days - 1) for first, days in zip(firsts, self.days, strict=True)]
        between = tuple(
            (step(last, self.restart_after, 1) < first, first <= last)
            for last, first in zip(lasts, firsts[1:], strict=False)
        )
        return self.asked_on is not None and start < self.asked_on, between


def has_own_dates(draft: Draft) -> bool:
    """Whether the dates of a plan hold for its own first day only: some days of the site are unlike others."""
    site, order = draft.case.site, draft.case.order
    # clocks are changed on days of their own
    return site.has_calendar or (site.time_zone is not None and order.at is not None)


def asks_for_a_day(request: Request) -> bool:
    """Whether more hangs on the first day than dates: an age, the time since a weighing or an infusion, an end."""
    patient, order = request.patient, request.order
    return any((patient.birth_date, patient.weighed_on, order.last_infusion, order.valid_for))


def movable(draft: Draft) -> Movable:
    """What settles the dates of a plan that has none of its own."""
    stretches = tuple((interval, courses) for interval, courses, _ in draft.dosed.shape)
    days = tuple(days for _, courses, days in draft.dosed.shape for _ in range(courses))
    return Movable(stretches, days, draft.case.safety.restart_after.after, draft.case.request.on)
