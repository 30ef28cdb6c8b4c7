"""Edges of exact numbers and rounding that nothing else looks at: found by changing the code and seeing that no test noticed."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from ivigcalc.quantity import (
    Quantity,
    QuantityError,
    RoundingRule,
    decimal_of,
    exact_decimal,
    number,
    parse_height,
    parse_weight,
    quantity,
)

# ---- what an error shows ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("length", "shown"), [(3, "xxx"), (40, "x" * 40), (41, "x" * 37 + "...")])
def test_a_long_text_is_shown_by_its_beginning(length: int, shown: str) -> None:
    with pytest.raises(QuantityError) as of_number:
        number("x" * length)
    with pytest.raises(QuantityError) as of_quantity:
        quantity("x" * length, "dose")
    assert str(of_number.value).startswith(f"'{shown}' is not a plain number")
    assert str(of_quantity.value).startswith(f"'{shown}' is not a number with its unit")


def test_of_a_very_long_text_two_hundred_characters_are_looked_at() -> None:
    with pytest.raises(QuantityError, match="'x' is not a plain number"):
        number(" " * 199 + "xyz")


def test_a_quantity_is_sixty_characters_at_the_most() -> None:
    assert parse_weight("72".ljust(58) + "kg") == Quantity(Decimal(72), "kg")
    with pytest.raises(QuantityError, match="is not a number with its unit"):
        parse_weight("72".ljust(59) + "kg")


# ---- edges of reading ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "inches"), [("5ft11.9in", "71.9"), ("5ft0in", "60"), ("0ft1in", "1")])
def test_inches_after_feet_go_up_to_twelve(text: str, inches: str) -> None:
    assert parse_height(text) == Quantity(Decimal(inches), "in")


@pytest.mark.parametrize("text", ["5ft12in", "5ft13in", "5ft12.1in"])
def test_twelve_inches_are_a_foot(text: str) -> None:
    with pytest.raises(QuantityError, match="must be below 12"):
        parse_height(text)


@pytest.mark.parametrize("text", ["0ft0in", "0ft0.0in", "00ft0in", "0in", "0.0cm", "0m"])
def test_nobody_is_of_no_height(text: str) -> None:
    """Found by fuzzing: 0ft0in was read."""
    with pytest.raises(QuantityError, match="a height of 0 is not possible"):
        parse_height(text)


@pytest.mark.parametrize(
    ("value", "text"), [("1", "1 month"), ("0.5", "0.5 months"), ("2", "2 months"), ("0", "0 months")]
)
def test_a_unit_of_time_is_in_the_plural_unless_there_is_one(value: str, text: str) -> None:
    assert str(Quantity(Decimal(value), "month")) == text


# ---- edges of rounding -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (Fraction(1, 10**9), Decimal("1E-9")),
        (Fraction(1, 10**10), None),
        (Fraction(1, 3), None),
        (Fraction(2, 3), None),
        (Fraction(5), Decimal(5)),
    ],
)
def test_an_exact_decimal_has_nine_places_or_is_none(value: Fraction, found: Decimal | None) -> None:
    """1/3 is rounded down and 2/3 up: neither is exact."""
    assert exact_decimal(value) == found


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        ("-0.05", 1, "-0.1"),
        ("-0.04", 1, "0"),
        ("-1.5", 0, "-2"),
        ("0.05", 1, "0.1"),
        ("1000", 2, "1000"),
        ("-20", 2, "-20"),
    ],
)
def test_figures_below_nought_are_rounded_as_those_above(value: str, places: int, text: str) -> None:
    assert str(decimal_of(Fraction(value), places)) == text


@pytest.mark.parametrize(
    ("direction", "tie", "of_a_half", "above"),
    [("nearest", "up", 1, 1), ("nearest", "down", 0, 1), ("down", "up", 0, 0), ("up", "down", 1, 1)],
)
def test_a_rounding_rule_says_who_wins(direction: Any, tie: Any, of_a_half: int, above: int) -> None:
    rule = RoundingRule(Fraction(1), direction, tie)
    assert (
        rule.apply(Fraction(1, 2)),
        rule.apply(Fraction(51, 100)),
        rule.apply(Fraction(0)),
        rule.apply(Fraction(3)),
    ) == (of_a_half, above, 0, 3)
