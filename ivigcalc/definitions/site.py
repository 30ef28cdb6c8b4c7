"""What a site file may say: a clinic's own settings. Nothing here is clinical policy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal

from ivigcalc.clock import DAY_MIN, clock_text
from ivigcalc.exact import Fraction
from ivigcalc.quantity import Quantity, QuantityError, number, quantity

from .block import AfterValidator, BeforeValidator, Field, PlainSerializer, Strict, WithJsonSchema, model_validator
from .fields import Count, Date, DaySpan, FlowRate, Identifier, Minutes, Number, Place, Text, refuse
from .format import LATEST
from .visit import Flush, ForPatient, Observations, Premedication, Reaction, Visit, Volume

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# compiled when a file is read: what was prepared needs none
_HOURS = r"([01][0-9]|2[0-3]):([0-5][0-9])-(?:([01][0-9]|2[0-3]):([0-5][0-9])|24:00)"
_CURRENCY = r"[A-Z]{3}"
_LOCALE = r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?"


def _hours(value: Any) -> Any:
    if isinstance(value, tuple):
        return value
    match = re.fullmatch(_HOURS, value.strip()) if isinstance(value, str) else None
    if not match:
        raise ValueError('must be opening hours like "08:00-17:00", up to 24:00')
    opens = int(match[1]) * 60 + int(match[2])
    closes = int(match[3]) * 60 + int(match[4]) if match[3] else DAY_MIN
    if opens >= closes:
        raise ValueError("must open before it closes")
    return opens, closes


def _hours_text(hours: tuple[int, int]) -> str:
    return "-".join(clock_text(minutes) for minutes in hours)


OpeningHours = Annotated[
    tuple[int, int],
    BeforeValidator(_hours),
    PlainSerializer(_hours_text, return_type=str),
    WithJsonSchema(
        {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"}
    ),
]


def _days_named(key: str) -> list[str]:
    first, to, last = key.partition("-")
    if first not in WEEKDAYS or (to and last not in WEEKDAYS):
        raise ValueError(f"'{key}' is not a weekday or a range of them; allowed: {', '.join(WEEKDAYS)}, mon-fri")
    start, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
    if start > end:
        raise ValueError(f"'{key}' runs backwards; write the days in order, mon to sun")
    return list(WEEKDAYS[start : end + 1])


def _weekdays(key: str) -> str:
    _days_named(key)
    return key


def _each_day_once(hours: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    refuse(_days_twice(hours))
    return hours


def _days_twice(keys: Iterable[str]) -> Iterator[tuple[Place, str]]:
    seen: set[str] = set()
    for key in keys:
        named = _days_named(key)
        if twice := seen.intersection(named):
            yield (key,), f"{', '.join(sorted(twice))} is named twice"
        seen.update(named)


_DAY = f"({'|'.join(WEEKDAYS)})"
Weekdays = Annotated[
    str, BeforeValidator(_weekdays), WithJsonSchema({"type": "string", "pattern": f"^{_DAY}(-{_DAY})?$"})
]
Week = Annotated[dict[Weekdays, OpeningHours], AfterValidator(_each_day_once)]


def _vial_size(key: str) -> str:
    try:
        size = quantity(key, "amount")
    except QuantityError as error:
        raise ValueError(str(error)) from None
    if size.value == 0:
        raise ValueError("must be above 0")
    return key  # as it is written: two spellings of one size must not become one key


def _each_size_once(sizes: dict[str, int]) -> dict[str, int]:
    refuse(_sizes_twice(sizes))
    return sizes


def _sizes_twice(keys: Iterable[str]) -> Iterator[tuple[Place, str]]:
    seen: dict[Fraction, str] = {}
    for key in keys:
        first = seen.setdefault(_stock_size(key), key)
        if first != key:
            yield (key,), f"is the same size as {first}"


def _stock_size(size: str) -> Fraction:
    return quantity(size, "amount").base


VialSize = Annotated[
    str,
    BeforeValidator(_vial_size),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)? *m?g$"}),
]
Shelf = Annotated[dict[VialSize, Count], AfterValidator(_each_size_once)]


def _currency(value: Any) -> Any:
    if not isinstance(value, str) or not re.fullmatch(_CURRENCY, value):
        raise ValueError(f"'{value!s:.40}' is not a currency; allowed: three capital letters such as USD")
    return value


Currency = Annotated[str, BeforeValidator(_currency), WithJsonSchema({"type": "string", "pattern": f"^{_CURRENCY}$"})]


def _locale(value: Any) -> Any:
    if not isinstance(value, str) or not re.fullmatch(_LOCALE, value):
        raise ValueError(f"'{value!s:.40}' is not a locale; allowed: a language and its country, such as en-US")
    return value


LocaleName = Annotated[str, BeforeValidator(_locale), WithJsonSchema({"type": "string", "pattern": f"^{_LOCALE}$"})]


class Holidays(Strict):
    """Whose public holidays close the clinic."""

    country: Text
    subdivision: Text | None = None


class Pump(Strict):
    """What the pump can be set to. The defaults are those of the interface: 0.1 mL/h steps up to 999 mL/h, 0.1 mL."""

    increment: FlowRate = Quantity(number("0.1"), "mL/h")
    maximum: FlowRate = Quantity(number("999"), "mL/h")
    volume: Volume = Field(default=Quantity(number("0.1"), "mL"), description="the least that a volume is set by")


class Price(Strict):
    """A price that the user typed; none is shipped."""

    amount: Number
    currency: Currency
    dated: Date | None = None


class Defaults(Strict):
    """What to use where the order does not say; printed as default wherever used."""

    product: Identifier | None = None
    policy: Identifier | None = None


class Site(Strict):
    """One clinic."""

    kind: Literal["site"] = "site"
    schema_: Annotated[Count, Field(alias="schema", ge=1, le=LATEST)] = LATEST
    id: Identifier = "no-site"
    title: Text | None = None
    time_zone: Text | None = None
    open: Week = Field(default_factory=dict)
    holidays: Holidays | None = None
    chairs: Annotated[Count, Field(ge=1)] | None = Field(
        default=None, description="how many patients can be treated at once"
    )
    closed: tuple[Date, ...] = ()
    closed_days: Literal["shift-later", "shift-earlier", "nearest", "keep"] | None = None
    window: DaySpan | None = None
    pump: Pump = Pump()
    rate_maximum: FlowRate | None = None
    shortest_step: Minutes = Field(
        default=Quantity(number("1"), "min"), description="a step that would end the infusion sooner is not entered"
    )
    stock: dict[Identifier, Shelf] = Field(default_factory=dict)
    price_per_gram: dict[Identifier, Price] = Field(default_factory=dict)
    chair_hour: Price | None = Field(default=None, description="what an hour in a chair costs, from arrival to leaving")
    visit: Visit = Visit()
    premedication: tuple[Premedication, ...] = ()
    flush: Flush | None = None
    observe: Observations | None = None
    address: Text | None = None
    phone: Text | None = None
    reaction: Reaction | None = None
    for_patient: ForPatient = ForPatient()
    default: Defaults = Defaults()
    locale: LocaleName | None = Field(
        default=None, description="the language of days and months, and the country whose customs hold"
    )
    week_starts: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"] | None = Field(
        default=None, description="the first day in a month's calendar"
    )
    clock: Literal["12-hour", "24-hour"] | None = Field(default=None, description="how a time of day is printed")
    temperature: Literal["celsius", "fahrenheit"] | None = Field(
        default=None, description="the unit in which the record asks for it"
    )
    paper: Literal["a4", "letter"] | None = Field(default=None, description="the paper that is printed on")

    @model_validator(mode="after")
    def _one_currency(self) -> Site:
        refuse(self._other_currencies())
        return self

    def _other_currencies(self) -> Iterator[tuple[Place, str]]:
        if self.chair_hour is None:
            return
        own = self.chair_hour.currency
        for product, price in self.price_per_gram.items():
            if price.currency != own:
                message = f"{price.currency} cannot be added to the chair_hour in {own}; give both in one currency"
                yield ("price_per_gram", product, "currency"), message

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


NO_SITE = Site()
