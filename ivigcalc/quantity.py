"""Exact numbers, units and rounding rules; the one place where text becomes a number.

Stated values are `Decimal`, counted things `int`; anything that is divided is a `Fraction`. No binary float enters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from ivigcalc.text import TYPED, safe

_NUMBER = re.compile(r"(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,9})?")  # control: plain-numbers
_QUANTITY = re.compile(r"\s*([^\sA-Za-z%µ/]+)\s*([A-Za-z%µ][A-Za-z%µ/ ]*?)\s*")
_FEET_INCHES = re.compile(r"([0-9]{1,2})\s*ft\s*([0-9]{1,2}(?:\.[0-9]{1,4})?)\s*in")

#: unit -> (dimension, how many of the dimension's base unit one of it is)
UNITS: dict[str, tuple[str, Fraction]] = {
    # body weight; the international avoirdupois pound is exactly 0.45359237 kg
    "kg": ("weight", Fraction(1)),
    "lb": ("weight", Fraction(45359237, 100_000_000)),
    "st": ("weight", 14 * Fraction(45359237, 100_000_000)),
    # grams are a dose everywhere but in `parse_weight`, which accepts them for an infant
    "g": ("amount", Fraction(1)),
    "mg": ("amount", Fraction(1, 1000)),
    "g/kg": ("dose", Fraction(1)),
    "mg/kg": ("dose", Fraction(1, 1000)),
    "cm": ("height", Fraction(1)),
    "m": ("height", Fraction(100)),
    "in": ("height", Fraction(254, 100)),
    "mL": ("volume", Fraction(1)),
    "mg/mL": ("concentration", Fraction(1)),
    "min": ("time", Fraction(1)),
    "h": ("time", Fraction(60)),
    "mL/kg/h": ("rate per kg", Fraction(1)),
    "mL/kg/min": ("rate per kg", Fraction(60)),
    "mg/kg/min": ("mass rate per kg", Fraction(1)),
    "mg/kg/h": ("mass rate per kg", Fraction(1, 60)),
    "mL/h": ("rate", Fraction(1)),
    "mL/min": ("rate", Fraction(60)),
    "mcg/mL": ("iga", Fraction(1)),
    "g/L": ("igg", Fraction(1)),
    "%": ("percent", Fraction(1)),
    "day": ("days", Fraction(1)),
    "week": ("days", Fraction(7)),
    "month": ("months", Fraction(1)),
    "year": ("months", Fraction(12)),
}
_SPELLINGS = {
    "days": "day",
    "d": "day",
    "weeks": "week",
    "wk": "week",
    "w": "week",
    "months": "month",
    "mo": "month",
    "years": "year",
    "y": "year",
    "yr": "year",
    "hours": "h",
    "hour": "h",
    "minutes": "min",
    "lbs": "lb",
    "ml": "mL",
    "ml/h": "mL/h",
    "ml/min": "mL/min",
    "ml/kg/h": "mL/kg/h",
    "ml/kg/min": "mL/kg/min",
    "mg/ml": "mg/mL",
    "mL/hr": "mL/h",
    "mL/kg/hr": "mL/kg/h",
}

#: a calendar month, on average
MONTH_DAYS = Fraction(1461, 48)

Direction = Literal["nearest", "down", "up"]
Tie = Literal["down", "up"]


class QuantityError(ValueError):
    """Text that is not the quantity it should be."""


def _typed(text: str) -> str:
    """What was typed, for a message about it."""
    return safe(" ".join(text[:200].split()), TYPED)


def number(text: str) -> Decimal:
    """Read a plain non-negative decimal: digits, one point, no sign, exponent, comma or leading zeros."""
    if not isinstance(text, str):
        raise QuantityError(f"a number must be given as text, not {type(text).__name__}")
    if not _NUMBER.fullmatch(text):
        hint = " (write a decimal point, not a comma)" if "," in text else ""
        raise QuantityError(f"'{_typed(text)}' is not a plain number such as 72 or 0.4{hint}")
    return Decimal(text)  # control: exact-decimals


@dataclass(frozen=True, slots=True)
class Quantity:
    """A stated number with its unit, e.g. 0.04 mL/kg/min. Keeps the number as it was stated."""

    value: Decimal
    unit: str

    @property
    def dimension(self) -> str:
        """The kind of quantity, e.g. 'dose' for g/kg and mg/kg."""
        return UNITS[self.unit][0]

    @property
    def base(self) -> Fraction:
        """The exact value in the base unit of its dimension (g, g/kg, kg, cm, min, mL/kg/h, mL/h, days, months)."""
        return _in_base_unit(self.value, self.unit)

    def __str__(self) -> str:
        plural = "s" if self.unit in ("day", "week", "month", "year") and self.value != 1 else ""
        return f"{plain(self.value)} {self.unit}{plural}"


@lru_cache(maxsize=4096)
def _in_base_unit(value: Decimal, unit: str) -> Fraction:
    return Fraction(value) * UNITS[unit][1]


def quantity(text: str, *dimensions: str) -> Quantity:
    """Read '2 g/kg' or '30 min'; the unit must belong to one of `dimensions`."""
    if not isinstance(text, str):
        raise QuantityError(f"a quantity must be given as text, not {type(text).__name__}")
    allowed = ", ".join(u for u, (d, _) in UNITS.items() if d in dimensions)
    match = _QUANTITY.fullmatch(text) if len(text) <= 60 else None
    if not match:
        if _NUMBER.fullmatch(text.strip()):
            raise QuantityError(f"'{text.strip()}' has no unit; allowed: {allowed}")
        raise QuantityError(f"'{_typed(text)}' is not a number with its unit; allowed: {allowed}")
    value = number(match[1])
    unit = match[2] if match[2] in UNITS else _SPELLINGS.get(match[2], match[2])
    if unit not in UNITS or UNITS[unit][0] not in dimensions:
        raise QuantityError(f"unit '{match[2]}' does not fit here; allowed: {allowed}")
    return Quantity(value, unit)


def in_months(span: Quantity) -> Fraction:
    """An age or a span of time in months; a month of days counts as its average."""
    return span.base if span.dimension == "months" else span.base / MONTH_DAYS


def parse_weight(text: str) -> Quantity:
    """Read a body weight. kg, lb, st, or g under 10 kg; a bare number is refused with both readings shown."""
    stripped = text.strip()
    if _NUMBER.fullmatch(stripped):  # control: bare-weight
        as_lb_kg = decimal_of(Fraction(Decimal(stripped)) * UNITS["lb"][1], 1)
        raise QuantityError(
            f"the weight '{stripped}' has no unit: it could be {stripped} kg, or {stripped} lb (= {as_lb_kg} kg); "
            f"write {stripped}kg or {stripped}lb"
        )
    read = quantity(text, "weight", "amount")
    if read.unit == "g":
        if read.value >= 10_000:
            raise QuantityError(f"'{stripped}': grams are for infants under 10 kg; write the weight in kg")
    elif read.unit == "mg":
        raise QuantityError(f"'{stripped}': a body weight is given in kg, lb, st, or g under 10 kg")
    if read.value == 0:
        raise QuantityError("a body weight of 0 is not possible")
    return read


def weight_kg(weight: Quantity) -> Fraction:
    """The exact body weight in kg."""
    return weight.base / 1000 if weight.unit == "g" else weight.base


def parse_height(text: str) -> Quantity:
    """Read a height: 175cm, 1.75m, 69in or 5ft9in. The unit is required."""
    match = _FEET_INCHES.fullmatch(text.strip())
    if match:
        inches = Decimal(match[2])
        if inches >= 12:
            raise QuantityError(f"'{text.strip()}': inches after feet must be below 12")
        read = Quantity(int(match[1]) * 12 + inches, "in")
    else:
        read = quantity(text, "height")
    if read.value == 0:
        raise QuantityError("a height of 0 is not possible")
    return read


@dataclass(frozen=True, slots=True)
class RoundingRule:
    """To which multiple, in which direction, and who wins a tie."""

    increment: Fraction
    direction: Direction = "nearest"
    tie: Tie = "up"

    def apply(self, value: Fraction) -> Fraction:
        """Round a non-negative value once by this rule."""
        count, rest = divmod(value, self.increment)
        if rest and (self.direction == "up" or (self.direction == "nearest" and _rounds_up(rest * 2, self))):
            count += 1
        return count * self.increment


def _rounds_up(twice_rest: Fraction, rule: RoundingRule) -> bool:
    return twice_rest > rule.increment or (twice_rest == rule.increment and rule.tie == "up")


def decimal_of(value: Fraction | Decimal | int, places: int) -> Decimal:
    """Round to `places` decimals, nearest, ties up, for showing; without trailing zeros or exponent."""
    return rounded(*value.as_integer_ratio(), places)


def decimal_not_0(value: Fraction | Decimal | int, places: int) -> Decimal:
    """`decimal_of`, with as many more decimals as a value that is not 0 needs not to be shown as 0."""
    shown = decimal_of(value, places)
    while value and not shown:  # control: never-shown-as-0
        places += 1
        shown = decimal_of(value, places)
    return shown


@lru_cache(maxsize=32768)
def rounded(numerator: int, denominator: int, places: int) -> Decimal:
    """`decimal_of` a fraction in two whole numbers."""
    units = (2 * abs(numerator) * 10**places + denominator) // (2 * denominator)
    return _scaled_decimal(units if numerator >= 0 else -units, places)


def _scaled_decimal(units: int, places: int) -> Decimal:
    while places and units % 10 == 0:
        units //= 10
        places -= 1
    return Decimal(units).scaleb(-places)


def exact_decimal(value: Fraction) -> Decimal | None:
    """The value as an exact decimal of at most nine places, or None where it has none (1/3)."""
    shown = decimal_of(value, 9)
    return shown if Fraction(shown) == value else None


@lru_cache(maxsize=32768)
def plain(value: Decimal | int) -> str:
    """Plain text of a number: no exponent, no trailing zero, always a leading zero."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")  # control: no-trailing-zero
    return "0" if text in ("", "-0") else text


def figure(value: Fraction | Decimal | int, places: int = 2) -> str:
    """A number for a message, rounded to `places` decimals."""
    return plain(decimal_not_0(value, places))


def signed(value: Fraction, places: int = 2) -> str:
    """The same with its sign, also where it is above 0."""
    return f"{'+' if value > 0 else ''}{figure(value, places)}"
