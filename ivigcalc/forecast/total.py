"""Sums of what is used by day, and from them weeks or months, cost, and how far the stock goes.

What is kept is a sum for each day, product and vial size, however many patients there are.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from ivigcalc.definitions import Site
from ivigcalc.exact import Fraction
from ivigcalc.forecast.use import Use
from ivigcalc.quantity import decimal_of, exact_decimal

By = Literal["week", "month"]


@dataclass(slots=True)
class _Sum:
    visits: int = 0
    dose_g: Decimal = Decimal(0)
    leftover_g: Decimal = Decimal(0)
    volume_ml: Decimal = Decimal(0)
    without_volume: int = 0
    chair_min: int = 0
    without_length: int = 0
    vials: dict[Decimal, int] = field(default_factory=dict)

    def add(self, use: Use) -> None:
        self.visits += 1
        self.dose_g += use.dose_g
        self.leftover_g += use.leftover_g
        self.volume_ml += use.volume_ml or 0
        self.without_volume += use.volume_ml is None
        self.chair_min += use.chair_min or 0
        self.without_length += use.chair_min is None
        for size_g, count in use.vials:
            self.vials[size_g] = self.vials.get(size_g, 0) + count

    def plus(self, other: _Sum) -> None:
        self.visits += other.visits
        self.dose_g += other.dose_g
        self.leftover_g += other.leftover_g
        self.volume_ml += other.volume_ml
        self.without_volume += other.without_volume
        self.chair_min += other.chair_min
        self.without_length += other.without_length
        for size_g, count in other.vials.items():
            self.vials[size_g] = self.vials.get(size_g, 0) + count


class Amount(Struct, frozen=True):
    """What is used in some time. `vials`: size in g and how many, larger first.

    `chair_min` is of the visits whose length is known; `without_length` counts the others. `cost` (to 0.01): of whole
    vials, and of hours in a chair where the site has a price for them; None where one of the prices is missing.
    """

    visits: int
    dose_g: Decimal
    leftover_g: Decimal
    volume_ml: Decimal | None
    vials: tuple[tuple[Decimal, int], ...]
    chair_min: int
    without_length: int
    cost: Decimal | None
    currency: str | None


class Period(Struct, frozen=True):
    """A week from Monday to Sunday, or a month; `name` as 2026-W49 or 2026-12. `products`: those that are given."""

    name: str
    first: date
    last: date
    total: Amount
    products: tuple[tuple[str, Amount], ...]


class Covered(Struct, frozen=True):
    """How far the stock of one vial size goes. `short_on`: the first day for which it does not suffice."""

    product: str
    size_g: Decimal
    needed: int
    held: int
    short_on: date | None

    @property
    def lacking(self) -> int:
        """How many more are needed than are held."""
        return max(0, self.needed - self.held)


class Outlook(Struct, frozen=True):
    """All periods in order, also those without a visit; their sum; and the stock of what the site lists."""

    periods: tuple[Period, ...]
    total: Amount
    products: tuple[tuple[str, Amount], ...]
    stock: tuple[Covered, ...]


class Tally:
    """Sums by day and product, that uses are added to."""

    def __init__(self) -> None:
        self._days: dict[date, dict[str, _Sum]] = {}

    def add(self, use: Use) -> None:
        """Count one session."""
        self._days.setdefault(use.on, {}).setdefault(use.product, _Sum()).add(use)

    @property
    def days(self) -> tuple[date, date] | None:
        """The first and the last day; None where nothing was counted."""
        return (min(self._days), max(self._days)) if self._days else None

    def outlook(self, by: By, days: tuple[date, date], site: Site) -> Outlook:
        """The periods that the days lie in, at the prices and with the stock of a site."""
        prices = _Prices(site)
        kept: dict[date, dict[str, _Sum]] = {}
        in_all: dict[str, _Sum] = {}
        for day, products in self._days.items():
            period = kept.setdefault(_first_of(by, day), {})
            for product, found in products.items():
                period.setdefault(product, _Sum()).plus(found)
                in_all.setdefault(product, _Sum()).plus(found)
        periods = tuple(
            Period(_name_of(by, first), first, last, prices.total(found), prices.of_each(found))
            for first, last in _periods(by, *days)
            for found in [kept.get(first, {})]
        )
        return Outlook(periods, prices.total(in_all), prices.of_each(in_all), tuple(self._covered(site)))

    def _covered(self, site: Site) -> Iterator[Covered]:
        """Each size that is held or needed of a product whose stock the site lists, as the vials go day by day."""
        needed: dict[tuple[str, Decimal], int] = {}
        short_on: dict[tuple[str, Decimal], date] = {}
        shelves = {product: site.shelf(product) for product in site.stock}
        for day in sorted(self._days):
            for product, found in self._days[day].items():
                for size_g, count in found.vials.items():
                    key = (product, size_g)
                    needed[key] = needed.get(key, 0) + count
                    shelf = shelves.get(product)
                    if shelf is not None and needed[key] > shelf.get(Fraction(size_g), 0):
                        short_on.setdefault(key, day)  # control: short-on-its-day
        of_use = {product for product, _ in needed}
        for product, shelf in sorted(shelves.items()):
            if product not in of_use or shelf is None:
                continue
            sizes = {size_g for name, size_g in needed if name == product}
            sizes |= {exact for size in shelf if (exact := exact_decimal(size)) is not None}
            for size_g in sorted(sizes, reverse=True):
                key = (product, size_g)
                yield Covered(product, size_g, needed.get(key, 0), shelf.get(Fraction(size_g), 0), short_on.get(key))


# ---- periods --------------------------------------------------------------------------------------------------------


def _first_of(by: By, day: date) -> date:
    return day - timedelta(days=day.weekday()) if by == "week" else day.replace(day=1)


def _last_of(by: By, first: date) -> date:
    return first + timedelta(days=6) if by == "week" else first.replace(day=monthrange(first.year, first.month)[1])


def _name_of(by: By, first: date) -> str:
    if by == "month":
        return f"{first.year:04}-{first.month:02}"
    year, week, _ = first.isocalendar()
    return f"{year:04}-W{week:02}"


def _periods(by: By, start: date, end: date) -> Iterator[tuple[date, date]]:
    first = _first_of(by, start)
    while first <= end:
        last = _last_of(by, first)
        yield first, last
        first = last + timedelta(days=1)


# ---- cost -----------------------------------------------------------------------------------------------------------


class _Prices:
    """What a site pays: exact, and rounded once for each figure."""

    def __init__(self, site: Site) -> None:
        self._per_gram = {product: Fraction(price.amount) for product, price in site.price_per_gram.items()}
        self._chair_hour = Fraction(site.chair_hour.amount) if site.chair_hour else None
        self._currencies = {product: price.currency for product, price in site.price_per_gram.items()}

    def of_each(self, sums: dict[str, _Sum]) -> tuple[tuple[str, Amount], ...]:
        return tuple(
            (product, _amount(sums[product], self._cost(product, sums[product]), self._currencies.get(product)))
            for product in sorted(sums)
        )

    def total(self, sums: dict[str, _Sum]) -> Amount:
        added = _Sum()
        for found in sums.values():
            added.plus(found)
        costs = [self._cost(product, found) for product, found in sums.items()]
        known = [cost for cost in costs if cost is not None]
        paid_in = {self._currencies[product] for product in sums if product in self._currencies}
        missing = len(known) < len(costs)  # control: no-part-of-a-cost
        if missing or len(paid_in) != 1:
            return _amount(added, None, None)
        return _amount(added, sum(known, Fraction(0)), paid_in.pop())

    def _cost(self, product: str, found: _Sum) -> Fraction | None:
        per_gram = self._per_gram.get(product)
        if per_gram is None:
            return None
        cost = Fraction(found.dose_g + found.leftover_g) * per_gram
        if self._chair_hour is None:
            return cost
        return None if found.without_length else cost + Fraction(found.chair_min, 60) * self._chair_hour


def _amount(found: _Sum, cost: Fraction | None, currency: str | None) -> Amount:
    return Amount(
        found.visits,
        found.dose_g,
        found.leftover_g,
        None if found.without_volume else found.volume_ml,
        tuple((size_g, found.vials[size_g]) for size_g in sorted(found.vials, reverse=True)),
        found.chair_min,
        found.without_length,
        None if cost is None else decimal_of(cost, 2),
        None if cost is None else currency,
    )
