"""The clocks of the site's time zone: when they are changed during a visit, and starts that come twice or never."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from ivigcalc.clock import DAY_MIN
from ivigcalc.definitions import Site
from ivigcalc.engine.plan import ClockChange, clock_text
from ivigcalc.errors import RefusedError, RequestError
from ivigcalc.text import safe

_MINUTE = timedelta(minutes=1)
#: within so many minutes of a start that does not exist, or of a time that comes twice, the clocks are changed
_NEAR_MIN = DAY_MIN


def zone_of(site: Site) -> tzinfo | None:
    """The site's time zone, if it has one. Raises `RequestError` for a name that is not known."""
    return None if site.time_zone is None else _zone(site.time_zone)


@lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # looks the machine over when it is loaded

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise RequestError(
            f"the site's time_zone '{safe(name, 40)}' is not known; write one like Europe/London", field="site"
        ) from None


def moment(on: date, at_min: int, zone: tzinfo | None) -> datetime:
    """A clock time of a day; the first of the two where it comes twice."""
    return datetime.combine(on, time(at_min // 60, at_min % 60), zone)


def change_of_clocks(zone: tzinfo, on: date, at_min: int, from_min: int, to_min: int) -> ClockChange | None:
    """When the clocks are changed between two minutes, counted from a start, and by how much; None where they are not.

    A change beside them counts where it makes a time between them come twice. Raises `RefusedError` for a start that
    does not exist.
    """
    start = moment(on, at_min, zone).astimezone(UTC)
    if start.astimezone(zone).replace(tzinfo=None) != moment(on, at_min, None):  # control: no-such-time
        raise _no_such_time(zone, on, at_min, start)
    change = _change(zone, start, from_min - _NEAR_MIN, to_min + _NEAR_MIN)
    if change is None:
        return None
    twice_min = max(-change.by_min, 0)  # before the clocks go back, and again after it
    return change if from_min - twice_min < change.after_min <= to_min + twice_min else None


def comes_twice(zone: tzinfo, on: date, at_min: int) -> bool:
    """Whether a clock time comes twice on a day, before and after the clocks go back."""
    first = moment(on, at_min, zone)
    return first.replace(fold=1).utcoffset() != first.utcoffset()


def _change(zone: tzinfo, start: datetime, from_min: int, to_min: int) -> ClockChange | None:
    def offset(minutes: int) -> timedelta:
        return (start + minutes * _MINUTE).astimezone(zone).utcoffset() or timedelta()

    before, after = from_min, to_min
    if offset(before) == offset(after):
        return None
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (middle, after) if offset(middle) == offset(from_min) else (before, middle)
    return ClockChange(after, (offset(after) - offset(from_min)) // _MINUTE)


def _no_such_time(zone: tzinfo, on: date, at_min: int, start: datetime) -> RefusedError:
    """`start` is the moment so long after midnight as if the clocks had not been changed."""
    change = _change(zone, start, -_NEAR_MIN, _NEAR_MIN)
    assert change is not None  # the clocks leapt over it
    last = at_min + change.after_min
    gone = f"the clocks in {zone} go forward from {clock_text(None, last)} to {clock_text(None, last + change.by_min)}"
    return RefusedError(
        "no-such-time",
        f"{clock_text(None, at_min)} does not exist on {on}: {gone}; choose an --at before or after",
        value=clock_text(on, at_min),
        overridable=False,
    )
