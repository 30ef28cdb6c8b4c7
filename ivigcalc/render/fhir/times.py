"""Clock times for FHIR: an instant needs an offset, and only a site with a time zone gives one."""

from __future__ import annotations

from datetime import UTC, timedelta
from decimal import Decimal
from math import floor

from ivigcalc.clock import DAY_MIN
from ivigcalc.engine.clocks import moment, zone_of
from ivigcalc.engine.plan import Plan, Session


def instant(plan: Plan, session: Session, from_start_min: Decimal) -> str | None:
    """So many minutes after the start, as 2026-12-01T09:30:00-05:00; None without a day, a time or a time zone."""
    zone = zone_of(plan.computed_from.site.value)
    if session.on is None or session.at_min is None or zone is None:  # control: no-zone-no-instant
        return None
    start = moment(session.on, session.at_min, zone).astimezone(UTC)
    return (start + timedelta(minutes=floor(from_start_min))).astimezone(zone).isoformat(timespec="seconds")


def local_day(session: Session, from_start_min: Decimal) -> str | None:
    """The day on which it is so many minutes after the start; that of the session where no time was ordered."""
    if session.on is None:
        return None
    wall_min = session.wall_min(from_start_min)
    return (session.on + timedelta(days=(wall_min or 0) // DAY_MIN)).isoformat()


def local_time(session: Session, from_start_min: Decimal) -> str | None:
    """The time of day by the clock on the wall, as 09:30:00."""
    wall_min = session.wall_min(from_start_min)
    return None if wall_min is None else f"{wall_min // 60 % 24:02}:{wall_min % 60:02}:00"
