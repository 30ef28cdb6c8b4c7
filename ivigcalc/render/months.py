"""Which days the months of a plan have: weeks, sessions, holidays and closed days. Data for every calendar face."""

from __future__ import annotations

from calendar import Calendar
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from ivigcalc.definitions import Site
from ivigcalc.engine.plan import Plan, Session
from ivigcalc.render.times import MONTHS
from ivigcalc.render.words import clean

HolidayName = Callable[[date], str | None]


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of a month grid; `on` is None in the corners that belong to another month."""

    on: date | None
    sessions: tuple[Session, ...] = ()
    holiday: str | None = None
    closed: bool = False

    @property
    def note(self) -> str | None:
        """What is to be said of a holiday or a closed date, in words."""
        if self.holiday:
            return f"holiday: {self.holiday}"
        return "closed by the clinic" if self.closed else None


@dataclass(frozen=True, slots=True)
class Month:
    """One month as weeks of seven days, Monday first."""

    year: int
    month: int
    weeks: tuple[tuple[Cell, ...], ...]

    @property
    def title(self) -> str:
        """December 2026."""
        return f"{MONTHS[self.month - 1]} {self.year}"

    def notes(self, site: Site) -> Iterator[tuple[date, str]]:
        """Holidays and dates that the clinic closes; not the weekdays on which it never opens."""
        for cell in (cell for week in self.weeks for cell in week):
            if cell.on is not None and cell.note and (cell.holiday or cell.on in site.closed):
                yield cell.on, cell.note


def months(plan: Plan, holiday_name: HolidayName) -> tuple[Month, ...]:
    """The months in which there is a session; empty for a plan without dates."""
    by_day: dict[date, list[Session]] = {}
    for session in plan.sessions:
        if session.on is not None:
            by_day.setdefault(session.on, []).append(session)
    site = plan.computed_from.site.value

    def cell(on: date, month: int) -> Cell:
        if on.month != month:
            return Cell(None)
        name = holiday_name(on)
        return Cell(on, tuple(by_day.get(on, ())), clean(name, 80) if name else None, is_closed(site, on))

    return tuple(
        Month(
            year,
            month,
            tuple(tuple(cell(on, month) for on in week) for week in Calendar().monthdatescalendar(year, month)),
        )
        for year, month in sorted({(on.year, on.month) for on in by_day})
    )


def is_closed(site: Site, on: date) -> bool:
    """Whether the clinic is closed on a day, whatever the holidays."""
    return on in site.closed or (bool(site.open) and site.hours_on(on.weekday()) is None)
