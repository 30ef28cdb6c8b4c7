"""Days and times of day as text: a day is YYYY-MM-DD, a time HH:MM or H:MM, and nothing else is either. Stdlib only."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

#: minutes of a day on which no clock is changed
DAY_MIN = 24 * 60
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


def iso_date(value: Any) -> date:
    """Read YYYY-MM-DD; nothing else is a date."""
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not _DATE.fullmatch(value):  # control: one-date-format
        raise ValueError("must be a date as YYYY-MM-DD")
    return date.fromisoformat(value)


def clock_minutes(value: Any) -> int:
    """Read HH:MM, or H:MM, as minutes after midnight."""
    if isinstance(value, int):
        return value
    match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise ValueError("must be a clock time as HH:MM")
    return int(match[1]) * 60 + int(match[2])


def clock_text(minutes: int) -> str:
    """Write minutes after midnight as HH:MM."""
    return f"{minutes // 60:02}:{minutes % 60:02}"
