"""Words for messages: a counted noun, a figure."""

from __future__ import annotations

from fractions import Fraction

from ivigcalc.quantity import decimal_of, plain


def counted(number: int, noun: str) -> str:
    """`1 day`, `2 days`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def figure(value: Fraction, places: int = 2) -> str:
    """A number for a message."""
    return plain(decimal_of(value, places))
