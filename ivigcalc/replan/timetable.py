"""When the courses are due, counted from the days that anchor them: a change of weight, product or dose moves none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import groupby

from ivigcalc.engine.prescription import prescribe
from ivigcalc.engine.schedule import due_dates
from ivigcalc.quantity import Quantity
from ivigcalc.replan.state import Anchor, State

#: a phase of the protocol, and the interval in it
_Rhythm = tuple[str, Quantity | None]


def due_dates_of(state: State) -> tuple[date, ...] | None:
    """The day on which each course is due; None where the plan has no dates.

    From one anchor to the next they are `anchor + k x interval`. Where the interval changes, the course with which it
    changes is still due by the one before.
    """
    start = state.first.computed_from.request.order.start
    if start is None:
        return None
    rhythm = _rhythm(state)
    days = {1: start, **{anchor.course: anchor.day for anchor in state.anchors}}
    found: list[date] = []
    for anchor in _in_order(days):
        following = min((course for course in days if course > anchor.course), default=len(rhythm) + 1)
        stretches = [
            (interval, len(list(courses)))
            for (_, interval), courses in groupby(rhythm[anchor.course - 1 : following - 1])
        ]
        found += due_dates(anchor.day, stretches)
    return tuple(found)


def _in_order(days: dict[int, date]) -> Iterator[Anchor]:
    yield from (Anchor(course, days[course]) for course in sorted(days))


def _rhythm(state: State) -> list[_Rhythm]:
    """Of each course the phase and the interval, under the order that is in force for it."""
    found: list[_Rhythm] = []
    for number, ordered in enumerate(state.orders):
        parts = prescribe(state.desk.case(state.form_of(ordered), state.command)).parts
        whole = [(part.phase.id, part.interval) for part in parts for _ in range(part.courses)]
        end = state.orders[number + 1].first_course - 1 if number + 1 < len(state.orders) else len(whole)
        found += whole[ordered.first_course - 1 : end]
    return found
