"""Numbers, dates and times as machines write them, in the exact words of a request.

A program writes 72.57477920000001, 7.2e1, 2.0 days, a day with midnight, a time with seconds of 0. Each says one thing,
and is read as that; what it says beyond (seconds, a time of day on a date) is refused, never dropped.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from ivigcalc.exact import Fraction
from ivigcalc.quantity import UNITS, QuantityError, decimal_of, number, plain, with_point
from ivigcalc.text import TYPED, safe

_PLAIN = re.compile(r"(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,9})?")
_MACHINE = re.compile(r"((?:0|[1-9][0-9]{0,39})?(?:\.[0-9]{0,400})?)(?:[eE]([+-]?[0-9]{1,3}))?")
_WHOLE = re.compile(r"([1-9][0-9]{0,8})\.0{1,40}")
_MIDNIGHT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]00:00(?::00(?:\.0{1,9})?)?")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:.*")
_CLOCK = re.compile(r"([0-9]{1,2}:[0-9]{2}):([0-9]{2}(?:\.[0-9]{1,9})?)")
#: decimals that are typed; a figure with more was divided by a program
_TYPED_DECIMALS = 9
#: unit -> the unit that a long figure is rounded in, and its decimals: 1 g of body weight, 1 mm of height
_ROUNDED_IN = {"kg": ("kg", 3), "lb": ("kg", 3), "cm": ("cm", 1)}


class Measure(NamedTuple):
    """A figure with its unit as words, and whether it was rounded."""

    words: str
    rounded: bool


@lru_cache(maxsize=4096)
def measure(text: str, unit: str) -> Measure:
    """Read a figure of a column that states its unit. Raises `QuantityError`."""
    if _PLAIN.fullmatch(text):
        return Measure(f"{text}{unit}", False)
    exact = _exact(with_point(text, f" {unit}"))
    if len(plain(exact).partition(".")[2]) <= _TYPED_DECIMALS:
        return Measure(f"{number(plain(exact))}{unit}", False)
    to, places = _ROUNDED_IN.get(unit, (unit, _TYPED_DECIMALS))
    factor = UNITS[unit][1] / UNITS[to][1] if to != unit else Fraction(1)
    rounded = decimal_of(Fraction(exact) * factor, places)  # control: long-cell-rounded
    return Measure(f"{number(plain(rounded))}{to}", to != unit or unit in _ROUNDED_IN)


def _exact(text: str) -> Decimal:
    match = _MACHINE.fullmatch(text)
    digits = match[1].strip(".") if match else ""
    if match is None or not digits:
        return number(text)  # which says what is wrong with it
    if match[1].startswith("."):
        digits = f"0.{digits}"
    return Decimal(digits).scaleb(int(match[2] or 0))


def whole(text: str) -> str:
    """`2.0` as `2`; anything else as it is."""
    match = _WHOLE.fullmatch(text)
    return match[1] if match else text


def day(text: str) -> str:
    """A day with midnight as the day; one with another time, or with a zone, says more than a day. Raises
    `QuantityError`."""
    match = _MIDNIGHT.fullmatch(text)
    if match:
        return match[1]
    if _MOMENT.fullmatch(text):  # control: no-time-dropped
        raise QuantityError(f"'{safe(text, TYPED)}' holds a time or a zone: give the day alone, as 2026-12-01")
    return text


def clock(text: str) -> str:
    """A time with seconds of 0 without them. Raises `QuantityError` where they are more."""
    match = _CLOCK.fullmatch(text)
    if match is None:
        return text
    if Decimal(match[2]):  # control: no-seconds-dropped
        raise QuantityError(
            f"'{safe(text, TYPED)}' holds seconds, and an infusion starts on a minute: write it as 09:00"
        )
    return match[1]
