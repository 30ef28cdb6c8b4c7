"""Which days the months of a plan have: weeks, sessions, holidays and closed days. Data for every calendar face."""

from __future__ import annotations

from calendar import Calendar
from collections.abc import Iterator, Mapping, Set
from datetime import date

from msgspec import Struct

from ivigcalc.customs import customs
from ivigcalc.engine.plan import Plan, Session
from ivigcalc.engine.schedule import ClosedDay
from ivigcalc.render.catalogue.paper import Paper
from ivigcalc.render.notices import moved_sessions
from ivigcalc.render.times import month_text
from ivigcalc.render.words import clean

ClosedDays = Mapping[date, ClosedDay]
Places = Set[tuple[int, int]]


class Cell(Struct, frozen=True):
    """One day of a month grid; `on` is None in the corners that belong to another month.

    `marks` are the words that stand in its square, `note` what is said of it below the grid.
    """

    on: date | None
    sessions: tuple[Session, ...] = ()
    marks: tuple[str, ...] = ()
    note: str | None = None


class Month(Struct, frozen=True):
    """One month as weeks of seven days, from the day on which a week starts at the site."""

    year: int
    month: int
    weeks: tuple[tuple[Cell, ...], ...]

    @property
    def title(self) -> str:
        """December 2026."""
        return month_text(self.year, self.month)

    @property
    def notes(self) -> tuple[tuple[date, str], ...]:
        """Holidays and dates that the clinic closes; not the weekdays on which it never opens."""
        return tuple((cell.on, cell.note) for week in self.weeks for cell in week if cell.on and cell.note)


def months(plan: Plan, closed: ClosedDays) -> tuple[Month, ...]:
    """The months in which there is a session; empty for a plan without dates."""
    by_day: dict[date, list[Session]] = {}
    for session in plan.sessions:
        if session.on is not None:
            by_day.setdefault(session.on, []).append(session)
    moved = moved_sessions(plan)
    return tuple(
        Month(year, month, tuple(_weeks(year, month, by_day, closed, moved)))
        for year, month in sorted({(on.year, on.month) for on in by_day})
    )


def _weeks(
    year: int, month: int, by_day: Mapping[date, list[Session]], closed: ClosedDays, moved: Places
) -> Iterator[tuple[Cell, ...]]:
    for week in Calendar(customs().first_weekday).monthdatescalendar(year, month):
        yield tuple(
            _cell(on, by_day.get(on, []), closed.get(on, ClosedDay()), moved) if on.month == month else Cell(None)
            for on in week
        )


def _cell(on: date, sessions: list[Session], shut: ClosedDay, moved: Places) -> Cell:
    marks = [*_marks(shut), *([Paper.moved] if any((s.course, s.day) in moved for s in sessions) else [])]
    return Cell(on, tuple(sessions), tuple(marks), _note(shut))


def _marks(shut: ClosedDay) -> Iterator[str]:
    if shut.holiday:
        yield Paper.holiday
    if shut.by_date or shut.by_weekday:
        yield Paper.closed


def _note(shut: ClosedDay) -> str | None:
    if shut.holiday:
        return Paper.holiday_named.format(name=clean(shut.holiday, 80))
    return Paper.closed_by_clinic if shut.by_date else None
