"""Exact numbers, units and rounding rules; the one place where text becomes a number.

Stated values are `Decimal`, counted things `int`; anything that is divided is a `Fraction`. No binary float enters.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Literal

from msgspec import Struct

from ivigcalc.exact import Fraction
from ivigcalc.text import TYPED, safe

_NUMBER = re.compile(r"(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,9})?")  # control: plain-numbers
_QUANTITY = re.compile(r"\s*([^\sA-Za-z%µ/]+)\s*([A-Za-z%µ][A-Za-z%µ/ ]*?)\s*")
#: as a spreadsheet or a database writes what it has divided
_ANY_LENGTH = re.compile(r"(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,40})?")
#: digits on both sides of one comma
_COMMA = re.compile(r"(0|[1-9][0-9]{0,8}),([0-9]{1,9})")
#: feet or stones in one number, with at most two digits behind the mark
_LIKE_TWO_UNITS = re.compile(r"([0-9]{1,3})([.,])([0-9]{1,2})")
_PART = r"\s*([0-9]{1,3}(?:\.[0-9]{1,9})?)\s*([A-Za-z]+)"
_PARTS = re.compile(rf"(?:{_PART}){{2,3}}\s*")
_LAST_WITHOUT_UNIT = re.compile(rf"(?:{_PART})+\s*[0-9.]+\s*")

#: unit -> (dimension, how many of the dimension's base unit one of it is)
UNITS: dict[str, tuple[str, Fraction]] = {
    # body weight; the international avoirdupois pound is exactly 0.45359237 kg
    "kg": ("weight", Fraction(1)),
    "lb": ("weight", Fraction(45359237, 100_000_000)),
    "st": ("weight", 14 * Fraction(45359237, 100_000_000)),
    "oz": ("weight", Fraction(45359237, 100_000_000) / 16),
    # grams are a dose everywhere but in `parse_weight`, which accepts them for an infant
    "g": ("amount", Fraction(1)),
    "mg": ("amount", Fraction(1, 1000)),
    "g/kg": ("dose", Fraction(1)),
    "mg/kg": ("dose", Fraction(1, 1000)),
    "cm": ("height", Fraction(1)),
    "m": ("height", Fraction(100)),
    "in": ("height", Fraction(254, 100)),
    "ft": ("height", 12 * Fraction(254, 100)),
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
#: how people call units besides; in a request, not in a definition file, where the case of letters counts
_NAMES = {
    "kg": "kgs kilo kilos kilogram kilograms kilogramme kilogrammes",
    "g": "gm gms gram grams gramme grammes",
    "st": "stone stones",
    "lb": "pound pounds",
    "oz": "ounce ounces",
    "m": "metre metres meter meters",
    "cm": "cms centimetre centimetres centimeter centimeters",
    "ft": "foot feet",
    "in": "ins inch inches",
    "week": "wks",
    "month": "mos",
    "year": "yrs yo",
}
_IN_ANY_CASE = {
    **{unit.lower(): unit for unit in UNITS},
    **{said.lower(): unit for said, unit in _SPELLINGS.items()},
    **{said: unit for unit, names in _NAMES.items() for said in names.split()},
}
#: unit -> the smaller one that may follow it, and how many of that it has
_FOLLOWED_BY = {
    "st": ("lb", 14),
    "lb": ("oz", 16),
    "ft": ("in", 12),
    "m": ("cm", 100),
    "year": ("month", 12),
    "week": ("day", 7),
}
_MARKS = str.maketrans("\u2018\u2019\u2032\u201c\u201d\u2033", "'''" + '"""')

#: decimals that a number of a file or of a person may have
_TYPED_DECIMALS = 9

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
        hint = "a decimal point, not a comma" if "," in text else "digits and one point"
        raise QuantityError(f"'{_typed(text)}' is not a plain number such as 72 or 0.4: write {hint}")
    return Decimal(text)  # control: exact-decimals


class Quantity(Struct, frozen=True, dict=True):
    """A stated number with its unit, e.g. 0.04 mL/kg/min. Keeps the number as it was stated."""

    value: Decimal
    unit: str

    @property
    def dimension(self) -> str:
        """The kind of quantity, e.g. 'dose' for g/kg and mg/kg."""
        return UNITS[self.unit][0]

    @cached_property
    def base(self) -> Fraction:
        """The exact value in the base unit of its dimension (g, g/kg, kg, cm, min, mL/kg/h, mL/h, days, months)."""
        return Fraction(self.value) * UNITS[self.unit][1]

    @cached_property
    def is_longer_than_measured(self) -> bool:
        """Whether a weight or height has more decimals than are typed: a program has divided it."""
        return len(plain(self.value).partition(".")[2]) > _TYPED_DECIMALS

    @cached_property
    def body_kg(self) -> Fraction:
        """A body weight in kg, exactly; one that a program has divided, to 1 g."""
        kg = self.base / 1000 if self.unit == "g" else self.base
        return TO_1_G.apply(kg) if self.is_longer_than_measured else kg  # control: long-weight-to-1-g

    @cached_property
    def body_cm(self) -> Fraction:
        """A height in cm, exactly; one that a program has divided, to 1 mm."""
        return TO_1_MM.apply(self.base) if self.is_longer_than_measured else self.base

    def __str__(self) -> str:
        plural = "s" if self.unit in ("day", "week", "month", "year") and self.value != 1 else ""
        return f"{plain(self.value)} {self.unit}{plural}"


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


def long_number(text: str) -> Decimal:
    """Read a plain number of any length, as programs write what they have divided: 71.66666666666667."""
    return Decimal(text) if _ANY_LENGTH.fullmatch(text) else number(text)


def with_point(figure_said: str, unit: str = "") -> str:
    """A figure with a decimal comma with a point instead: 72,5 is 72.5. One that may as well be thousands (1,250) is a
    `QuantityError` with both readings; anything else is as it was, for the reader of numbers to judge."""
    match = _COMMA.fullmatch(figure_said)
    if match is None:
        return figure_said
    whole, part = match.groups()
    if len(part) == 3 and whole != "0" and len(whole) <= 3:  # control: two-readings-of-a-comma
        decimal, thousands = f"{plain(Decimal(f'{whole}.{part}'))}{unit}", f"{whole}{part}{unit}"
        raise QuantityError(f"'{figure_said}' can be {decimal} or {thousands}: write {decimal} or {thousands}")
    return f"{whole}.{part}"


def spoken(text: str, *dimensions: str, any_length: bool = False) -> Quantity:
    """`quantity` as people write it: 72 KG, 72,5 kg, 11 stone, 9lb 15oz, 1y 6mo.

    Of two units the smaller one is kept: 9lb 15oz is 159 oz.
    """
    match = _QUANTITY.fullmatch(text) if len(text) <= 60 else None
    unit = _unit_said(match[2], dimensions) if match else None
    if match and unit:
        if unit in ("ft", "st"):
            _check_not_two_units(match[1], unit)
        return Quantity((long_number if any_length else number)(with_point(match[1], f" {unit}")), unit)
    return _in_two_units(text, dimensions) or quantity(text, *dimensions)


def _check_not_two_units(figure_said: str, unit: str) -> None:
    """5.9 ft are 70.8 in, and to whoever means 5 ft 9 in they are 69 in; 11.10 st may be 11 st 10 lb. One digit behind
    the point of a stone is a tenth of it (11.5 st), behind a comma it may be pounds."""
    found = _LIKE_TWO_UNITS.fullmatch(figure_said)
    if found is None or (unit == "st" and found[2] == "." and len(found[3]) == 1):
        return
    whole, _, part = found.groups()
    smaller, most = _FOLLOWED_BY[unit]
    if 0 < int(part) < most:  # control: two-units-in-one-number
        count, in_all = int(part), f"{plain(Decimal(f'{whole}.{part}') * most)}{smaller}"
        raise QuantityError(
            f"'{figure_said} {unit}' can be {whole} {unit} {count} {smaller}, or a decimal number, which is {in_all}: "
            f"write {whole}{unit}{count}{smaller} or {in_all}"
        )


def _unit_said(word: str, dimensions: tuple[str, ...]) -> str | None:
    """The unit that a word says in any case, if it is of these dimensions."""
    unit = _IN_ANY_CASE.get(word.lower().replace(" ", "") if "/" in word else word.lower())
    return unit if unit is not None and UNITS[unit][0] in dimensions else None


def _in_two_units(text: str, dimensions: tuple[str, ...]) -> Quantity | None:
    """`11st 4lb`: each unit the next smaller one of the unit before, and fewer of it than make one of that."""
    if len(text) > 60 or not _PARTS.fullmatch(text):
        if len(text) <= 60 and _LAST_WITHOUT_UNIT.fullmatch(text):  # control: last-number-with-unit
            raise QuantityError(f"'{_typed(text)}': the last number has no unit; write it too, as in 5ft9in or 11st4lb")
        return None
    total, unit = Decimal(0), ""
    for figure_said, word in re.findall(_PART, text):
        found = _unit_said(word, dimensions)
        smaller, most = _FOLLOWED_BY.get(unit, ("", 0))
        value = Decimal(figure_said)
        if found is None or (unit and found != smaller):
            return None
        if unit and value >= most:  # control: fewer-than-one-more
            raise QuantityError(
                f"'{_typed(text)}': {found} after {unit} must be below {most}; write what is over in {unit}"
            )
        if total % 1:
            raise QuantityError(
                f"'{_typed(text)}': only the last number may have a decimal point; write whole numbers before it"
            )
        total, unit = total * most + value, found
    return Quantity(total, unit)


def in_months(span: Quantity) -> Fraction:
    """An age or a span of time in months; a month of days counts as its average."""
    return span.base if span.dimension == "months" else span.base / MONTH_DAYS


def parse_weight(text: str) -> Quantity:
    """Read a body weight. kg, lb, st, oz, or g under 10 kg; a bare number is refused with both readings shown."""
    stripped = with_point(text.strip(), " kg")
    if _ANY_LENGTH.fullmatch(stripped):  # control: bare-weight
        as_lb_kg, shown = decimal_of(Fraction(Decimal(stripped)) * UNITS["lb"][1], 1), _typed(stripped)
        raise QuantityError(
            f"the weight '{shown}' has no unit: it could be {shown} kg, or {shown} lb (= {as_lb_kg} kg); "
            f"write {shown}kg or {shown}lb"
        )
    read = spoken(text, "weight", "amount", any_length=True)
    if read.unit == "g":
        if read.value >= 10_000:
            raise QuantityError(f"'{stripped}': grams are for infants under 10 kg; write the weight in kg")
    elif read.unit == "mg":
        raise QuantityError(f"'{stripped}': mg is no unit of a body weight; allowed: kg, lb, st, oz, or g under 10 kg")
    if read.body_kg == 0:
        raise QuantityError("a body weight of 0 is not possible; give what was weighed")
    return read


def parse_height(text: str) -> Quantity:
    """Read a height: 175cm, 1.75m, 69in, 5ft, 5ft9in or 5'9". The unit is required."""
    marked = text.translate(_MARKS).replace("''", '"')
    read = spoken(marked.replace("'", "ft").replace('"', "in"), "height", any_length=True)
    if read.body_cm == 0:
        raise QuantityError("a height of 0 is not possible; give what was measured")
    return read


class RoundingRule(Struct, frozen=True):
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


#: what a weight in kg and a height in cm are rounded to that a program has divided
TO_1_G, TO_1_MM = RoundingRule(Fraction(1, 1000)), RoundingRule(Fraction(1, 10))


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


@lru_cache(maxsize=4096)
def rounded(numerator: int, denominator: int, places: int) -> Decimal:
    """`decimal_of` a fraction in two whole numbers."""
    units = _units(abs(numerator), denominator, places)
    return _scaled_decimal(units if numerator >= 0 else -units, places)


def _units(numerator: int, denominator: int, places: int) -> int:
    """How many of the last decimal: nearest, ties up."""
    units: int = (2 * numerator * 10**places + denominator) // (2 * denominator)
    return units


def _scaled_decimal(units: int, places: int) -> Decimal:
    while places and units % 10 == 0:
        units //= 10
        places -= 1
    return Decimal(units).scaleb(-places)


def exact_decimal(value: Fraction) -> Decimal | None:
    """The value as an exact decimal of at most nine places, or None where it has none (1/3)."""
    shown = decimal_of(value, 9)
    return shown if Fraction(shown) == value else None


@lru_cache(maxsize=4096)
def plain(value: Decimal | int) -> str:
    """Plain text of a number: no exponent, no trailing zero, always a leading zero."""
    text = str(value)
    if "E" in text:  # few are, and `str` takes a third of the time
        text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")  # control: no-trailing-zero
    return "0" if text in ("", "-0") else text


def figure(value: Fraction | Decimal | int, places: int = 2) -> str:
    """A number for a message, rounded to `places` decimals, or to as many more as it needs not to be shown as 0.

    By whole numbers alone: most are of one patient, and said once.
    """
    numerator, denominator = value.as_integer_ratio()
    units = _units(abs(numerator), denominator, places)
    while numerator and not units:
        places += 1
        units = _units(abs(numerator), denominator, places)
    whole, rest = divmod(units, 10**places)
    decimals = f".{rest:0{places}d}".rstrip("0") if rest else ""
    return f"{'-' if numerator < 0 else ''}{whole}{decimals}"


def signed(value: Fraction, places: int = 2) -> str:
    """The same with its sign, also where it is above 0."""
    return f"{'+' if value > 0 else ''}{figure(value, places)}"
