"""What may be varied between orders, and how it is said."""

import pytest

from ivigcalc.comparison.axes import Axis, read_orders
from ivigcalc.errors import RequestError


def test_a_range_of_days_is_each_number_of_days() -> None:
    assert read_orders({"days": ["2..5"]}).axes == (Axis("days", ("2", "3", "4", "5")),)


def test_a_thing_said_twice_is_compared_once() -> None:
    assert read_orders({"days": ["2..3", "3", "5"]}).axes == (Axis("days", ("2", "3", "5")),)


def test_what_is_said_once_is_the_same_in_every_order() -> None:
    orders = read_orders({"weight": ["72kg"], "product": ["octagam-10-us", "privigen-us"]})
    assert orders.common == {"weight": "72kg"}
    assert list(orders.each()) == [("octagam-10-us",), ("privigen-us",)]


def test_two_things_are_crossed_and_the_last_changes_fastest() -> None:
    orders = read_orders({"weight": ["60kg", "72kg"], "days": ["2", "3"]})
    assert list(orders.each()) == [("60kg", "2"), ("60kg", "3"), ("72kg", "2"), ("72kg", "3")]


@pytest.mark.parametrize(
    ("said", "field", "words"),
    [
        ({}, "days", "nothing is varied"),
        ({"weight": ["72kg"]}, "days", "nothing is varied"),
        ({"days": ["5..2"]}, "days", "'5..2' is not a range of days such as 2..5"),
        ({"days": ["2..", "3"]}, "days", "'2..' is not a range of days"),
        ({"product": ["all", "octagam-10-us"]}, "product", "--product all is already every one"),
        (
            {"product": ["a", "b"], "policy": ["a", "b"], "days": ["2..3"]},
            "days",
            "--product, --policy, --days are varied: at most two",
        ),
        ({"weight": [f"{kg}kg" for kg in range(40, 91)], "days": ["1..31"]}, "weight", "1581 orders are too many"),
    ],
)
def test_what_cannot_be_laid_side_by_side_is_refused(said: dict[str, list[str]], field: str, words: str) -> None:
    with pytest.raises(RequestError, match=words.replace("..", r"\.\.")) as refused:
        read_orders(said)
    assert refused.value.field == field
