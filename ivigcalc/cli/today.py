"""Today's date from the clock of this computer: the one place where it is read."""

from __future__ import annotations

from datetime import date, datetime


def today() -> date:
    """The day on which somebody asks."""
    return datetime.now().astimezone().date()
