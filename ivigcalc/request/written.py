"""An order in one line, as `shorthand` reads it: `2 g/kg d1-2 q28d x6`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ivigcalc.quantity import plain
from ivigcalc.request.request import Treatment

_SHORT_UNITS = {"day": "d", "week": "w", "month": "mo", "year": "y"}


def write_order(treatments: Sequence[Treatment]) -> str:
    """The line that gives these treatments again."""
    return ", then ".join(" ".join(_words(treatment)) for treatment in treatments)


def _words(treatment: Treatment) -> Iterator[str]:
    if treatment.phase:
        yield treatment.phase
    if treatment.dose:
        yield str(treatment.dose)
    if treatment.days:
        yield "d1" if treatment.days == 1 else f"d1-{treatment.days}"
    if treatment.over:
        yield f"over {treatment.over}"
    if treatment.every:
        yield f"q{plain(treatment.every.value)}{_SHORT_UNITS[treatment.every.unit]}"
    if treatment.dose_basis:
        yield f"per {treatment.dose_basis.replace('-', ' ')}"
    if treatment.courses:
        yield f"x{treatment.courses}"
