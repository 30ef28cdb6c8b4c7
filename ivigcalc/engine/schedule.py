"""When the courses are: always `start + k x interval` from an anchor, then moved as a whole off closed days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import lru_cache

from msgspec import Struct

from ivigcalc.clock import DAY_MIN
from ivigcalc.definitions import Site
from ivigcalc.engine.plan import WEEKDAYS
from ivigcalc.engine.public_holidays import holidays_of
from ivigcalc.errors import RefusedError, RequestError
from ivigcalc.quantity import Quantity
from ivigcalc.request.request import LAST_YEAR

#: so many days before and after a visit are looked at, to see whether the clinic stays open
_DAYS_ON_END = 3
#: how far a course is looked for off its date before giving up, in days
SEARCH_DAYS = 92


class CourseDates(Struct, frozen=True):
    """The days of one course, where it was due, and what moved it."""

    due: date
    days: tuple[date, ...]
    moved_because: str | None = None
    on_closed_days: tuple[date, ...] = ()

    @property
    def moved_days(self) -> int:
        """By how many days the course was moved; later is positive."""
        return (self.days[0] - self.due).days


class ClosedDay(Struct, frozen=True):
    """A day on which the clinic is closed, each reason apart: a holiday may fall on a weekday without hours as well."""

    holiday: str | None = None
    by_date: bool = False
    by_weekday: bool = False


@lru_cache(maxsize=8192)
def step(anchor: date, interval: Quantity, count: int) -> date:
    """`anchor + count x interval`; calendar months are clamped to the end of the month, never chained."""
    if interval.base.denominator != 1:
        raise RequestError(
            f'an interval of {interval} is not a whole number of days or months: give --every "4 weeks"', field="every"
        )
    from dateutil.relativedelta import relativedelta  # a plan without dates starts sooner

    units = int(interval.base) * count
    try:
        found = anchor + (relativedelta(months=units) if interval.dimension == "months" else timedelta(days=units))
    except (OverflowError, ValueError):
        found = date.max
    if found.year > LAST_YEAR:
        raise RequestError(
            f"the schedule runs past the year {LAST_YEAR}: give fewer --courses, or an earlier --start", field="courses"
        )
    return found


def due_dates(start: date, stretches: Sequence[tuple[Quantity | None, int]]) -> list[date]:
    """First days of all courses. A stretch is (interval, courses); each has its own anchor.

    The gap between two stretches is the interval of the earlier, or of the later where the earlier has none.
    """
    found: list[date] = []
    anchor = start
    for place, (interval, count) in enumerate(stretches):
        for k in range(count):
            found.append(step(anchor, interval, k) if k and interval else anchor)  # control: months-from-start
        following = stretches[place + 1][0] if place + 1 < len(stretches) else None
        gap = interval or following
        if place + 1 < len(stretches):
            if gap is None:
                raise RequestError("no source prints the interval between these courses: give --every", field="every")
            anchor = step(anchor, gap, count) if interval else step(found[-1], gap, 1)
    return found


def place_course(due: date, days: int, site: Site) -> CourseDates:
    """The consecutive days of one course, moved as a whole off the clinic's closed days."""
    wanted = _run(due, days)
    if not site.has_calendar:
        return CourseDates(due, wanted)
    shut = [day for day in wanted if closed_because(site, day)]
    if not shut:  # control: closed-day-rule
        return CourseDates(due, wanted)
    why = ", ".join(f"{day} {closed_because(site, day)}" for day in shut)
    if site.closed_days is None:
        raise RequestError(
            f"the course due {due} meets a closed day ({why}) and site {site.id} does not say what to do; "
            "add closed_days: shift-later, shift-earlier, nearest or keep",
            field="site",
        )
    if site.closed_days == "keep":
        return CourseDates(due, wanted, None, tuple(shut))
    for offset in _offsets(site.closed_days):
        candidate = _run(due + timedelta(days=offset), days)
        if not any(closed_because(site, day) for day in candidate):
            return CourseDates(due, candidate, why)
    raise RefusedError(
        "no-open-days",
        f"site {site.id} has no {days} open days in a row within {SEARCH_DAYS} days of {due}; "
        "choose fewer --days or other hours",
        overridable=False,
    )


@lru_cache(maxsize=8192)
def _run(first: date, days: int) -> tuple[date, ...]:
    return tuple(first + timedelta(days=k) for k in range(days))


def _offsets(rule: str) -> list[int]:
    later, earlier = list(range(1, SEARCH_DAYS + 1)), list(range(-1, -SEARCH_DAYS - 1, -1))
    if rule == "shift-later":
        return later
    if rule == "shift-earlier":
        return earlier
    return [offset for pair in zip(later, earlier, strict=True) for offset in pair]  # a tie goes to the later day


def closed_because(site: Site, day: date) -> str | None:
    """Why the clinic is closed on a day, or None."""
    if day in site.closed:
        return "closed by the clinic"
    if site.open and site.hours_on(day.weekday()) is None:
        return f"no opening hours on {WEEKDAYS[day.weekday()]}"
    name = holiday_name(site, day)
    return f"holiday: {name}" if name else None


def open_around(site: Site, day: date) -> tuple[int, int] | None:
    """From when until when the clinic is open without a pause around the hours of a day, in minutes after its midnight.

    A day that is open until 24:00 goes on into one that is open from 00:00. None where it is not open on the day.
    """
    hours = site.hours_on(day.weekday())
    if hours is None:
        return None
    opens, closes = hours
    for number in range(1, _DAYS_ON_END + 1):
        after, before = (_hours(site, day + timedelta(days=offset)) for offset in (number, -number))
        if after and closes == number * DAY_MIN and after[0] == 0:
            closes += after[1]
        if before and opens == (1 - number) * DAY_MIN and before[1] == DAY_MIN:
            opens += before[0] - DAY_MIN
    return opens, closes


def _hours(site: Site, day: date) -> tuple[int, int] | None:
    """Opening and closing minute, None where the clinic is closed for whatever reason."""
    return None if closed_because(site, day) else site.hours_on(day.weekday())  # control: closed-after-midnight


def closed_days(site: Site, planned: Iterable[date]) -> dict[date, ClosedDay]:
    """Every day on which the clinic is closed in the months that have a planned day."""
    from calendar import monthrange

    months = sorted({(day.year, day.month) for day in planned})
    days = (date(year, month, k) for year, month in months for k in range(1, monthrange(year, month)[1] + 1))
    return {
        day: ClosedDay(
            holiday=holiday_name(site, day),
            by_date=day in site.closed,
            by_weekday=bool(site.open) and site.hours_on(day.weekday()) is None,
        )
        for day in days
        if closed_because(site, day)
    }


def holiday_name(site: Site, day: date) -> str | None:
    """The public holiday on a day in the site's country, if any."""
    if site.holidays is None:
        return None
    return holidays_of(site.holidays.country, site.holidays.subdivision)(day)
