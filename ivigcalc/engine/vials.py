"""Which vials make up a dose: least left over, then fewest vials, then larger first; within the shelf if one is listed.

Amounts are whole numbers of one unit (the greatest common divisor of the sizes), so every comparison is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import ceil, gcd, lcm
from threading import Lock

from msgspec import Struct

from ivigcalc.exact import Fraction

#: doses whose vials a set remembers
_REMEMBERED = 1024


def common_unit(sizes: Sequence[Fraction]) -> Fraction:
    """The largest amount that every size is a whole multiple of (2.5 g, 10 g -> 2.5 g)."""
    denominator = lcm(*(size.denominator for size in sizes))
    return Fraction(gcd(*(int(size * denominator) for size in sizes)), denominator)


class Choice(Struct, frozen=True):
    """Vials chosen for one dose: (size in g, count), larger first, and what is left over in g."""

    vials: tuple[tuple[Fraction, int], ...]
    leftover_g: Fraction


class VialSet:
    """The sizes in which a product is sold. Answers which doses are whole vials, and which vials to take."""

    def __init__(self, sizes_g: Sequence[Fraction]) -> None:
        self.sizes_g = tuple(sorted(sizes_g, reverse=True))
        self.unit_g = common_unit(self.sizes_g)
        self._units = tuple(size // self.unit_g for size in self.sizes_g)
        self._fewest: list[int] = [0]  # fewest vials that sum to exactly this many units; -1 = none do
        self._most: list[int] = [0]  # and the most
        self._chosen: dict[Fraction, Choice] = {}
        self._growing = Lock()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VialSet) and self.sizes_g == other.sizes_g

    def __hash__(self) -> int:
        return hash(self.sizes_g)

    def _grow(self, units: int) -> None:
        fewest = self._fewest
        if units < len(fewest):  # it never shrinks
            return
        with self._growing:  # two threads that append at once would shift the table
            while (amount := len(fewest)) <= units:
                before = [amount - size for size in self._units if size <= amount and fewest[amount - size] >= 0]
                self._most.append(max((self._most[units] + 1 for units in before), default=0))
                fewest.append(min((fewest[units] + 1 for units in before), default=-1))

    def is_whole(self, units: int) -> bool:
        """Whether some vials sum to exactly this many units."""
        self._grow(units)
        return self._fewest[units] >= 0

    def fewest(self, units: int) -> int | None:
        """How many vials sum to exactly this many units at the least; None where none do."""
        return self._fewest[units] if self.is_whole(units) else None

    def fills(self, units: int, days: int) -> bool:
        """Whether some vials sum to exactly this many units, with one at least for each of so many days."""
        return self.is_whole(units) and self._most[units] >= days

    def choose(self, dose_g: Fraction) -> Choice:
        """The best vials for a dose, with no limit on their number."""
        found = self._chosen.get(dose_g)
        if found is None:
            if len(self._chosen) >= _REMEMBERED:
                self._chosen.clear()
            found = self._chosen.setdefault(dose_g, self._choose(dose_g))  # the one that another thread put there first
        return found

    def _choose(self, dose_g: Fraction) -> Choice:
        units = ceil(dose_g / self.unit_g)
        while not self.is_whole(units):
            units += 1
        counts: dict[int, int] = {}
        rest = units
        for left in reversed(range(self._fewest[units])):
            size = next(s for s in self._units if s <= rest and self._fewest[rest - s] == left)
            counts[size] = counts.get(size, 0) + 1
            rest -= size
        vials = tuple((size * self.unit_g, count) for size, count in counts.items())
        return Choice(vials, units * self.unit_g - dose_g)


def fewest_vials(
    vials: VialSet,
    exact_g: Fraction,
    days: int,
    range_g: tuple[Fraction, Fraction],
    spread_g: Fraction,
    most_per_day_g: Fraction | None,
    up: bool,
) -> tuple[int, ...]:
    """The days of the course in a range with the fewest vials, then nearest to the exact dose, in units, larger first.

    No two days differ by more than the spread, and of equals the days differ least. `up`: which of two as near.
    """
    unit = vials.unit_g
    low, high, spread = ceil(range_g[0] / unit), range_g[1] // unit, spread_g // unit
    most = high if most_per_day_g is None else most_per_day_g // unit
    best: dict[int, int] = {}  # course -> vials
    for start in _smallest(low, high, days, spread, most):
        for total, count in _counted(vials, days, start, min(spread, most - start))[-1].items():
            if low <= total <= high and best.setdefault(total, count) > count:
                best[total] = count
    if not best:
        return ()
    exact = exact_g / unit
    total = min(best, key=lambda n: (best[n], abs(n - exact), -n if up else n))
    for width in range(spread + 1):
        for start in reversed(_smallest(total, total, days, width, most)):
            tables = _counted(vials, days, start, min(width, most - start))
            if tables[-1].get(total) == best[total]:
                return _days_of(tables, total)
    return ()


def _smallest(low: int, high: int, days: int, width: int, most: int) -> range:
    """What the smallest day of a course from `low` to `high` may be, whose days differ by no more than `width`."""
    return range(max(1, -(-low // days) - width), min(most, high // days) + 1)


def _counted(vials: VialSet, days: int, start: int, width: int) -> list[dict[int, int]]:
    """Of no day, one day, ... all days between `start` and so much more: sums of them, with their fewest vials."""
    counts = ((units, vials.fewest(units)) for units in range(start, start + width + 1))
    choices = [(units, count) for units, count in counts if count is not None]
    tables: list[dict[int, int]] = [{0: 0}]
    for _ in range(days):
        longer: dict[int, int] = {}
        for sum_, count in tables[-1].items():
            for units, more in choices:
                reached, taken = sum_ + units, count + more
                if longer.setdefault(reached, taken) > taken:
                    longer[reached] = taken
        tables.append(longer)
    return tables


def _days_of(tables: list[dict[int, int]], total: int) -> tuple[int, ...]:
    """The days that make up a sum with its fewest vials; the table of one day says which there are."""
    one_day = tables[1]
    found: list[int] = []
    for before in reversed(tables[:-1]):
        left = tables[len(tables) - 1 - len(found)][total]
        day = next(n for n in reversed(one_day) if before.get(total - n) == left - one_day[n])
        found.append(day)
        total -= day
    return tuple(sorted(found, reverse=True))


@lru_cache(maxsize=256)
def vial_set(sizes_g: tuple[Fraction, ...]) -> VialSet:
    """One shared set per list of sizes, so that its table is built once."""
    return VialSet(sizes_g)


def choose_from_shelf(dose_g: Fraction, shelf: dict[Fraction, int]) -> Choice | None:
    """The best vials for a dose among those on the shelf, or None where they do not suffice."""
    sizes = [size for size in sorted(shelf, reverse=True) if shelf[size]]
    if not sizes:
        return None
    unit = common_unit(sizes)
    need = ceil(dose_g / unit)
    # units taken -> (vials, counts so far, negated), larger sizes first: the lesser pair is the better choice
    best: dict[int, tuple[int, tuple[int, ...]]] = {0: (0, ())}
    for size in sizes:
        step = size // unit
        grown: dict[int, tuple[int, tuple[int, ...]]] = {}
        for total, (taken, negated) in best.items():
            for count in range(shelf[size] + 1):
                reached = total + count * step
                candidate = (taken + count, (*negated, -count))
                if reached not in grown or candidate < grown[reached]:
                    grown[reached] = candidate
                if reached >= need:  # one vial more would only be left over
                    break
        best = grown
    enough = [total for total in best if total >= need]
    if not enough:
        return None
    total = min(enough)
    _, negated = best[total]
    vials = tuple((size, -count) for size, count in zip(sizes, negated, strict=True) if count)
    return Choice(vials, total * unit - dose_g)
