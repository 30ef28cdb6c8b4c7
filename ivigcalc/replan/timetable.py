"""When the courses are due, counted from the days that anchor them: a change of weight, product or dose moves none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby, pairwise, zip_longest

from msgspec import Struct

from ivigcalc.engine.schedule import due_dates
from ivigcalc.quantity import Quantity
from ivigcalc.replan.state import State

#: a phase of the protocol, and the interval in it
_Rhythm = tuple[str, Quantity | None]


class Due(Struct, frozen=True):
    """The day on which each course is due, and by how many days it comes after the one before, as it is ordered."""

    days: tuple[date, ...]
    apart: tuple[int, ...]


def due_dates_of(state: State) -> Due | None:
    """The day on which each course is due; None where the plan has no dates.

    From one anchor to the next they are `anchor + k x interval`. Where the interval changes, the course with which it
    changes is still due by the one before.
    """
    start = state.first.computed_from.request.order.start
    if start is None:
        return None
    rhythm = _rhythm(state)
    anchors = {1: start, **{anchor.course: anchor.day for anchor in state.anchors}}
    days: list[date] = []
    apart: list[int] = []
    for course, following in pairwise([*sorted(anchors), len(rhythm) + 1]):
        # with the course that is anchored anew, as it would be due by this anchor
        counted = _counted(anchors[course], rhythm[course - 1 : following])
        days += counted[: following - course]
        apart += [(later - earlier).days for earlier, later in pairwise(counted)]
    return Due(tuple(days), tuple(apart))


def _counted(anchor: date, rhythm: Sequence[_Rhythm]) -> list[date]:
    return due_dates(anchor, [(interval, len(list(courses))) for (_, interval), courses in groupby(rhythm)])


def _rhythm(state: State) -> list[_Rhythm]:
    """Of each course the phase and the interval, under the order that is in force for it."""
    found: list[_Rhythm] = []
    for number, ordered in enumerate(state.orders):
        parts = state.parts_of(ordered)
        whole: list[_Rhythm] = []
        for part, following in zip_longest(parts, parts[1:]):
            # after a phase without an interval comes that of the next one, as this order has it
            interval = part.interval or (following.interval if following else None)  # control: first-after-the-loading
            whole += [(part.phase.id, interval)] * part.courses
        end = state.orders[number + 1].first_course - 1 if number + 1 < len(state.orders) else len(whole)
        found += whole[ordered.first_course - 1 : end]
    return found
