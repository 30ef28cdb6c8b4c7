"""The edges of the dose core that nothing else looks at: found by changing the code and seeing that no test noticed."""

import dataclasses
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from types import ModuleType
from typing import Any

import pytest

from ivigcalc import dose, quantity, schedule, split, titration, vials, weight
from ivigcalc.quantity import (
    Quantity,
    QuantityError,
    RoundingRule,
    decimal_of,
    exact_decimal,
    number,
    parse_height,
    parse_weight,
)

CORE = (quantity, vials, split, dose, titration, weight, schedule)


def records(module: ModuleType) -> list[Any]:
    """The dataclasses of a module."""
    return [
        item
        for item in vars(module).values()
        if isinstance(item, type) and dataclasses.is_dataclass(item) and item.__module__ == module.__name__
    ]


@pytest.mark.parametrize("module", CORE, ids=lambda module: module.__name__)
def test_records_of_the_core_are_slotted(module: ModuleType) -> None:
    """A batch holds many; and a slip of the pen in an attribute is an error."""
    for record in records(module):
        remembers = any(isinstance(value, cached_property) for value in vars(record).values())  # which needs a __dict__
        assert ("__slots__" in vars(record)) != remembers, record


@pytest.mark.parametrize(
    "record",
    [r for module in (quantity, vials, split, dose) for r in records(module)],
    ids=lambda record: record.__name__,
)
def test_records_of_the_core_are_frozen(record: Any) -> None:
    assert record.__dataclass_params__.frozen


# ---- what an error shows ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("length", "shown"), [(40, "x" * 40), (41, "x" * 37 + "...")])
def test_a_long_text_is_shown_by_its_beginning(length: int, shown: str) -> None:
    with pytest.raises(QuantityError) as of_number:
        number("x" * length)
    with pytest.raises(QuantityError) as of_quantity:
        quantity.quantity("x" * length, "dose")
    assert str(of_number.value).startswith(f"'{shown}' is not a plain number")
    assert str(of_quantity.value).startswith(f"'{shown}' is not a number with its unit")


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


# ---- edges of the vials ----------------------------------------------------------------------------------------------------


def grams(*sizes: str) -> tuple[Fraction, ...]:
    return tuple(Fraction(size) for size in sizes)


def test_the_largest_vial_first_is_not_always_the_fewest() -> None:
    """Of 4, 3 and 1 g, 6 g is 3 + 3 and not 4 + 1 + 1: one vial less."""
    assert vials.VialSet(grams("4", "3", "1")).choose(Fraction(6)).vials == ((3, 2),)
    assert vials.choose_from_shelf(Fraction(6), dict.fromkeys(grams("4", "3", "1"), 9)) == vials.Choice(
        ((Fraction(3), 2),), Fraction(0)
    )


def test_nothing_is_a_whole_number_of_vials() -> None:
    assert vials.VialSet(grams("5", "2")).is_whole(0)
    assert not vials.VialSet(grams("5", "2")).is_whole(1)


def test_a_shelf_is_searched_beyond_the_dose_by_its_largest_vial() -> None:
    """1 g from one vial of 10 g and one of 0.5 g: only the large one is enough."""
    assert vials.choose_from_shelf(Fraction(1), {Fraction(10): 1, Fraction(1, 2): 1}) == vials.Choice(
        ((Fraction(10), 1),), Fraction(9)
    )


def test_choices_are_remembered_and_then_forgotten_together() -> None:
    shelf = vials.VialSet(grams("1"))
    first = shelf.choose(Fraction(1))
    for more in range(2, 1025):
        shelf.choose(Fraction(more))
    assert shelf.choose(Fraction(1)) is first
    shelf.choose(Fraction(1025))
    assert shelf.choose(Fraction(1)) is not first
