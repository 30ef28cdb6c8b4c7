"""What a site file may say: a clinic's own settings. Nothing here is clinical policy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from ivigcalc.quantity import Quantity, number, quantity

from .fields import Count, Date, DaySpan, FlowRate, Identifier, Minutes, Number, Place, Strict, Text, refuse

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]|24):([0-5][0-9])")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def clock_minutes(value: Any) -> int:
    """Read HH:MM as minutes after midnight."""
    if isinstance(value, int):
        return value
    match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise ValueError("must be a clock time as HH:MM")
    return int(match[1]) * 60 + int(match[2])


def _hours(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    match = _HOURS.fullmatch(value.strip())
    if not match:
        raise ValueError('must be opening hours like "08:00-17:00"')
    opens, closes = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
    if opens >= closes:
        raise ValueError("must open before it closes")
    return opens, closes


def _hours_text(hours: tuple[int, int]) -> str:
    return "-".join(f"{minutes // 60:02}:{minutes % 60:02}" for minutes in hours)


OpeningHours = Annotated[
    tuple[int, int],
    BeforeValidator(_hours),
    PlainSerializer(_hours_text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]$"}),
]


def _days_named(key: str) -> list[str]:
    first, _, last = key.partition("-")
    if first not in WEEKDAYS or (last and last not in WEEKDAYS):
        raise ValueError(f"'{key}' is not a weekday or a range of them; allowed: {', '.join(WEEKDAYS)}, mon-fri")
    start, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
    if start > end:
        raise ValueError(f"'{key}' runs backwards; write the days in order, mon to sun")
    return list(WEEKDAYS[start : end + 1])


class Holidays(Strict):
    """Whose public holidays close the clinic."""

    country: Text
    subdivision: Text | None = None


class Pump(Strict):
    """What the pump can be set to. The defaults are those of the interface: 0.1 mL/h steps up to 999 mL/h."""

    increment: FlowRate = Quantity(number("0.1"), "mL/h")
    maximum: FlowRate = Quantity(number("999"), "mL/h")


class Visit(Strict):
    """What a visit takes besides the infusion."""

    arrival: Minutes | None = None
    premedication: Minutes | None = None
    flush: Minutes | None = None
    observation: Minutes | None = None


class Price(Strict):
    """A price that the user typed; none is shipped."""

    amount: Number
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    dated: Date | None = None


class Defaults(Strict):
    """What to use where the order does not say; printed as default wherever used."""

    product: Identifier | None = None
    policy: Identifier | None = None


_Stock = dict[Text, Count]


class Site(Strict):
    """One clinic."""

    kind: Literal["site"] = "site"
    schema_: Annotated[Count, Field(alias="schema", ge=1, le=1)] = 1
    id: Identifier = "no-site"
    title: Text | None = None
    time_zone: Text | None = None
    open: dict[Text, OpeningHours] = Field(default_factory=dict)
    holidays: Holidays | None = None
    closed: tuple[Date, ...] = ()
    closed_days: Literal["shift-later", "shift-earlier", "nearest", "keep"] | None = None
    window: DaySpan | None = None
    pump: Pump = Pump()
    rate_maximum: FlowRate | None = None
    stock: dict[Identifier, _Stock] = Field(default_factory=dict)
    price_per_gram: dict[Identifier, Price] = Field(default_factory=dict)
    visit: Visit = Visit()
    default: Defaults = Defaults()

    @model_validator(mode="after")
    def _sane(self) -> Site:
        refuse(self._contradictions())
        return self

    def _contradictions(self) -> Iterator[tuple[Place, str]]:
        seen: set[str] = set()
        for key in self.open:
            try:
                named = _days_named(key)
            except ValueError as error:
                yield ("open", key), str(error)
                continue
            if twice := seen.intersection(named):
                yield ("open", key), f"{', '.join(sorted(twice))} is named twice"
            seen.update(named)
        for product, sizes in self.stock.items():
            for size in sizes:
                try:
                    _stock_size(size)
                except ValueError as error:
                    yield ("stock", product, size), str(error)

    @property
    def has_calendar(self) -> bool:
        """Whether any day can be closed."""
        return bool(self.open or self.closed or self.holidays)

    def hours_on(self, weekday: int) -> tuple[int, int] | None:
        """Opening and closing minute of a weekday (0 = Monday), or None when closed."""
        for key, hours in self.open.items():
            if WEEKDAYS[weekday] in _days_named(key):
                return hours
        return None

    def shelf(self, product_id: str) -> dict[Fraction, int] | None:
        """Vial size in g -> how many are on the shelf; None where the site lists no stock of the product."""
        if product_id not in self.stock:
            return None
        return {_stock_size(size): count for size, count in self.stock[product_id].items()}


def _stock_size(size: str) -> Fraction:
    return quantity(size, "amount").base


NO_SITE = Site()
