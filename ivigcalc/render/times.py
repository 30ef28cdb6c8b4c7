"""Days, clock times and lengths of time in words, the same on every face, in the customs of the site in use."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Protocol, TypeVar

from ivigcalc.clock import DAY_MIN
from ivigcalc.customs import customs, is_asked, written_as
from ivigcalc.engine.plan import Plan, Session
from ivigcalc.render.catalogue.plans import Times
from ivigcalc.render.figures import figure

if TYPE_CHECKING:
    from ivigcalc.definitions import Site


class OfASite(Protocol):
    """What is shown of a clinic: its day, its orders side by side, its forecast."""

    @property
    def site(self) -> Site:
        """Whose customs hold."""


Shown = TypeVar("Shown", bound=Plan | OfASite)
Rest = ParamSpec("Rest")
Face = TypeVar("Face")

MONTHS = tuple(Times.months.split())
WEEKDAYS = tuple(Times.weekdays.split())


def in_its_customs(face: Callable[Concatenate[Shown, Rest], Face]) -> Callable[Concatenate[Shown, Rest], Face]:
    """A face that writes days, times and figures as the site of what it shows does."""
    return _written(face, on_screen=False)


def on_its_screen(face: Callable[Concatenate[Shown, Rest], Face]) -> Callable[Concatenate[Shown, Rest], Face]:
    """The same for a face that `table.render` prints."""
    return _written(face, on_screen=True)


def if_asked(written: Callable[Concatenate[Shown, Rest], Face]) -> Callable[Concatenate[Shown, Rest], Face]:
    """Above one of these: a face that is as ever, whatever the locale of the site, unless one is asked for."""
    as_ever: Callable[Concatenate[Shown, Rest], Face] = written.__wrapped__  # type: ignore[attr-defined]

    @wraps(as_ever)
    def write(shown: Shown, /, *rest: Rest.args, **more: Rest.kwargs) -> Face:
        return (written if is_asked() else as_ever)(shown, *rest, **more)

    return write


def _written(
    face: Callable[Concatenate[Shown, Rest], Face], *, on_screen: bool
) -> Callable[Concatenate[Shown, Rest], Face]:
    @wraps(face)
    def write(shown: Shown, /, *rest: Rest.args, **more: Rest.kwargs) -> Face:
        with written_as(_site(shown), on_screen=on_screen):
            return face(shown, *rest, **more)

    return write


def _site(shown: Plan | OfASite) -> Site:
    return shown.computed_from.site.value if isinstance(shown, Plan) else shown.site


def weekday_short(on: date | None) -> str:
    """Tue; empty without a date."""
    if on is None:
        return ""
    return (customs().weekdays() or WEEKDAYS)[on.weekday()][: None if customs().locale else 3]


def plain_day(on: date) -> str:
    """1 Dec 2026."""
    return customs().day(on, "plain") or f"{on.day} {MONTHS[on.month - 1][:3]} {on.year}"


def short_day(on: date | None) -> str:
    """A day that nobody can misread: Tue 1 Dec 2026. Empty without a date."""
    if on is None:
        return ""
    return customs().day(on, "short") or f"{WEEKDAYS[on.weekday()][:3]} {plain_day(on)}"


def long_day(on: date | None) -> str:
    """A day in full: Tuesday 1 December 2026. Empty without a date."""
    if on is None:
        return ""
    return customs().day(on, "long") or f"{WEEKDAYS[on.weekday()]} {on.day} {MONTHS[on.month - 1]} {on.year}"


def month_text(year: int, month: int) -> str:
    """December 2026."""
    return customs().month(year, month) or f"{MONTHS[month - 1]} {year}"


def weekday_names() -> tuple[str, ...]:
    """Mon to Sun, from the day on which the week of a calendar starts."""
    names, first = customs().weekdays() or tuple(name[:3] for name in WEEKDAYS), customs().first_weekday
    return (*names[first:], *names[:first])


def duration_text(minutes: int | None) -> str:
    """`4 h 48 min`."""
    if minutes is None:
        return "-"
    hours, rest = divmod(minutes, 60)
    if not hours:
        return Times.minutes.format(minutes=rest)
    return Times.hours_minutes.format(hours=hours, minutes=rest)


def hours_text(minutes: Decimal) -> str:
    """`10 h`, `1 h 30 min` or `90.5 min`."""
    hours, rest = divmod(minutes, 60)
    if not hours or minutes % 1:
        return Times.minutes.format(minutes=figure(minutes))
    return (Times.hours_and if rest else Times.hours).format(hours=figure(hours), minutes=figure(rest))


def elapsed_text(minutes: Decimal | int) -> str:
    """Minutes from the start as `1:30`; seconds are cut, as a clock does."""
    hours, rest = divmod(int(minutes), 60)
    return f"{hours}:{rest:02}"


def days_later(session: Session, minutes: Decimal | int | None) -> str:
    """` +1 d` where so many minutes after the start fall on the next day, ` -1 d` on the day before; dated or not."""
    wall_min = None if minutes is None else session.wall_min(minutes)
    if wall_min is None:  # control: past-midnight
        return ""
    days = wall_min // DAY_MIN
    return f" {days:+} d" if days else ""


def clock_of(session: Session, minutes: Decimal | int | None, unknown: str = "-") -> str:
    """`02:48 +1 d`: the clock so many minutes after the start, or `unknown` where nobody can say.

    A time that comes twice, in a night in which clocks are put back, says which of the two it is: `01:51 (2nd) +1 d`.
    """
    if minutes is None or (wall_min := session.wall_min(minutes)) is None:
        return unknown
    which = {1: Times.first_time, 2: Times.second_time, None: ""}[session.time_that_comes_twice(minutes)]
    return f"{customs().clock(wall_min)}{which}{days_later(session, minutes)}"


def span(session: Session, from_min: int, to_min: int | None) -> str:
    """`09:00 to 13:48`: two clock times, in minutes after the start."""
    return Times.span.format(start=clock_of(session, from_min), end=clock_of(session, to_min))


def moment(session: Session, from_start_min: Decimal | int) -> str:
    """The clock time where the plan has one, else the time from the start: `+1:30`."""
    return f"+{elapsed_text(from_start_min)}" if session.at_min is None else clock_of(session, from_start_min)
