"""How a course is rounded to amounts that can be given, and divided over its days.

The grid of givable session doses is either whole vials (`VialSet`) or plain multiples of a step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from heapq import merge
from itertools import chain
from math import ceil, floor

from msgspec import Struct

from ivigcalc.engine.known import Known
from ivigcalc.engine.vials import VialSet
from ivigcalc.exact import Fraction
from ivigcalc.quantity import Direction, Tie


class Grid(Struct, frozen=True, dict=True):
    """Givable session doses: multiples of `unit_g`; where they are whole vials, those that some `vials` sum to."""

    unit_g: Fraction
    text: str
    vials: VialSet | None = None

    @cached_property
    def _divided(self) -> Known[tuple[int, int], tuple[int, ...]]:
        """Courses that were divided, by units and days."""
        return Known(65536)

    def allows(self, units: int) -> bool:
        """Whether so many units are a dose that can be given."""
        return units > 0 if self.vials is None else self.vials.is_whole(units)

    def divide(self, total_units: int, days: int) -> tuple[int, ...]:
        """The doses of the days of a course, as `divide` finds them; empty where they cannot be filled."""
        if self.vials is not None and not self.vials.fills(
            total_units, days
        ):  # not searched for in vain, and at length
            return ()
        return self._divided.of((total_units, days), lambda: divide(total_units, days, self.allows) or ())


def vial_grid(vials: VialSet) -> Grid:
    """Session doses of whole vials."""
    return Grid(vials.unit_g, "whole vials", vials)


def step_grid(step_g: Fraction, text: str) -> Grid:
    """Session doses in multiples of a step."""
    return Grid(step_g, text)


def divide(total_units: int, days: int, allows: Callable[[int], bool]) -> tuple[int, ...] | None:
    """`days` allowed amounts that sum to the total and differ as little as can be, larger first; None if none do."""
    low, rest = divmod(total_units, days)
    if low and allows(low) and (not rest or allows(low + 1)):
        return (low + 1,) * rest + (low,) * (days - rest)  # control: sums-shown
    for spread in range(total_units):
        for start in range(low, max(low - spread, 1) - 1, -1):
            if not (allows(start) and allows(start + spread)):  # what is within was found with a smaller spread
                continue
            found = _within(total_units - days * start, days, [e for e in range(spread + 1) if allows(start + e)])
            if found is not None:
                return tuple(start + extra for extra in found)
    return None


def _within(extra: int, days: int, choices: list[int]) -> list[int] | None:
    """`days` of the choices that sum to `extra`, larger first; None if none do."""
    reachable = [{0}]
    for _ in range(days):
        # sums beyond what is wanted are not followed: with them, a small dose over many days would take for ever
        reachable.append({more for sum_ in reachable[-1] for c in choices if (more := sum_ + c) <= extra})
    if extra not in reachable[days]:
        return None
    found: list[int] = []
    for left in range(days - 1, -1, -1):
        choice = next(c for c in sorted(choices, reverse=True) if extra - c in reachable[left])
        found.append(choice)
        extra -= choice
    return sorted(found, reverse=True)


def round_course(
    prescribed_g: Fraction, days: int, grid: Grid, direction: Direction, tie: Tie, cap_g: Fraction | None
) -> int:
    """The course dose in grid units, as the rule rounds it; 0 where no givable dose fits.

    Never above `cap_g`, and never 0 where the rule could go up instead.
    """
    exact = prescribed_g / grid.unit_g
    down = floor(exact)
    while down and not grid.divide(down, days):
        down -= 1
    if down and down == exact:
        return down
    up = floor(exact) + 1
    while not grid.divide(up, days):
        up += 1
    chosen = _pick(exact, down, up, direction, tie) if down else up
    if cap_g is not None and chosen * grid.unit_g > cap_g:
        return down
    return chosen


def nearest_within(
    grid: Grid,
    prescribed_g: Fraction,
    days: int,
    range_g: tuple[Fraction, Fraction],
    most_per_day_g: Fraction | None,
    direction: Direction,
    tie: Tie,
) -> tuple[int, ...]:
    """The days of the course nearest to a dose, in grid units, of those in a range that put no more on a day.

    Rounded up where the rule says so, as long as that can be; none where there is no such course.
    """
    low, high = ceil(range_g[0] / grid.unit_g), range_g[1] // grid.unit_g
    for units in _outwards(prescribed_g / grid.unit_g, max(low, 1), high, direction, tie):
        split = grid.divide(units, days)
        if split and (most_per_day_g is None or split[0] * grid.unit_g <= most_per_day_g):
            return split
    return ()


def _outwards(exact: Fraction, low: int, high: int, direction: Direction, tie: Tie) -> Iterator[int]:
    """Whole numbers from low to high, in the order in which a rule prefers them to the exact one."""
    last = ceil(exact) - 1 if direction == "up" else floor(exact)
    below, above = range(min(last, high), low - 1, -1), range(max(last + 1, low), high + 1)
    if direction == "nearest":
        first, second = (below, above) if tie == "down" else (above, below)  # of two as near
        yield from merge(first, second, key=lambda n: abs(n - exact))
    elif direction == "up":
        yield from chain(above, below)
    else:
        yield from below


def _pick(exact: Fraction, down: int, up: int, direction: Direction, tie: Tie) -> int:
    if direction != "nearest":
        return up if direction == "up" else down
    return min((up, down) if tie == "up" else (down, up), key=lambda units: abs(units - exact))  # of two as near
