"""Edges of the dose that nothing else looks at: found by changing the code and seeing that no test noticed."""

from fractions import Fraction
from typing import Any

import helpers
import pytest

from ivigcalc.definitions import Limit, Phase, Product, Rounding
from ivigcalc.engine.dose import (
    CourseDose,
    Prescribed,
    believable,
    course_grams,
    dose_grid,
    interval_days,
    outside,
    over_limit,
    per_four_weeks,
    plan_course,
    prescribed_dose,
    published_interval,
)
from ivigcalc.engine.split import Grid
from ivigcalc.errors import RefusedError, RequestError
from ivigcalc.quantity import Quantity, quantity
from ivigcalc.request.request import Order

TEN_KG = Fraction(10)


def amount(text: str) -> Quantity:
    return quantity(text, "dose", "amount", "days", "months")


def phase(**keys: Any) -> Phase:
    return Phase.model_validate({"id": "only", **keys})


def own_product(*vials: str) -> Product:
    return helpers.own_product(vials).value


def rounding(to: str = "whole vials", **keys: Any) -> Rounding:
    return Rounding.model_validate({"to": to, **keys})


def at_most(text: str, per: str = "day") -> Limit:
    return Limit.model_validate({"per": per, "max": text, "level": "stop"})


def prescribed(text: str, cap: str | None = None, *, per_day: bool = False) -> Prescribed:
    return Prescribed(amount(text), per_day, None, amount(cap) if cap else None)


# ---- which dose ------------------------------------------------------------------------------------------------------------


def test_the_order_goes_before_the_protocol_and_keeps_its_basis_and_cap() -> None:
    per_day = phase(dose={"per_day": "0.4 g/kg", "cap": "70 g"})
    ordered = Order(dose=amount("0.5 g/kg"))
    assert prescribed_dose(ordered, per_day, "gbs", None) == prescribed("0.5 g/kg", "70 g", per_day=True)
    assert prescribed_dose(ordered, phase(dose={"per_course": "2 g/kg"}), "dm", None) == prescribed("0.5 g/kg")
    assert prescribed_dose(ordered, phase(), "dm", None) == prescribed("0.5 g/kg")


def test_without_an_order_the_one_published_figure_is_the_dose() -> None:
    assert prescribed_dose(Order(), phase(dose={"per_day": "0.4 g/kg"}), "gbs", None).per_day
    assert prescribed_dose(Order(), phase(dose={"per_course": "2 g/kg"}), "dm", None) == prescribed("2 g/kg")


@pytest.mark.parametrize(
    ("dose", "because", "words"),
    [
        (None, None, "dm publishes no dose: give --dose, in g/kg or g"),
        (None, "it was not read", "dm publishes no dose (it was not read): give --dose, in g/kg or g"),
        ({"per_day": {"from": "0.2 g/kg", "to": "0.4 g/kg"}}, None, "dm publishes a range, 0.2 g/kg to 0.4 g/kg per day: choose within it with --dose"),
        ({"per_course": {"from": "1 g/kg", "to": "2 g/kg"}}, None, "dm publishes a range, 1 g/kg to 2 g/kg per course: choose within it with --dose"),
    ],
)  # fmt: skip
def test_a_dose_that_is_not_one_figure_is_asked_for(dose: Any, because: str | None, words: str) -> None:
    with pytest.raises(RequestError) as caught:
        prescribed_dose(Order(), phase(dose=dose) if dose else phase(), "dm", because)
    assert (str(caught.value), caught.value.field, caught.value.code) == (words, "dose", "dose-needed")


# ---- how many grams --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dose", "days", "expected"),
    [
        (prescribed("2 g/kg"), 5, (20, False)),
        (prescribed("35 g"), 5, (35, False)),
        (prescribed("0.4 g/kg", per_day=True), 5, (20, False)),
        (prescribed("2 g/kg", "20 g"), 2, (20, False)),  # not bound: the cap is the dose
        (prescribed("2 g/kg", "25 g"), 2, (20, False)),
        (prescribed("2 g/kg", "19.99 g"), 2, (Fraction("19.99"), True)),
        (prescribed("0.4 g/kg", "19 g", per_day=True), 5, (19, True)),
    ],
)
def test_grams_of_a_course_for_ten_kilograms(dose: Prescribed, days: int, expected: tuple[Any, bool]) -> None:
    assert course_grams(dose, days, TEN_KG) == expected


def test_ten_thousand_grams_are_believed_and_no_more() -> None:
    assert believable(Fraction(10_000)) == 10_000
    with pytest.raises(RefusedError, match=r"10000\.13 g is no dose of immunoglobulin") as caught:
        believable(Fraction("10000.125"))
    assert caught.value.code == "dose-implausible"
    assert not caught.value.overridable


@pytest.mark.parametrize(
    ("ordered", "is_outside"),
    [("0.999 g/kg", True), ("1 g/kg", False), ("10 g", False), ("2 g/kg", False), ("20 g", False), ("2.001 g/kg", True), ("9.99 g", True), ("20.01 g", True)],
)  # fmt: skip
def test_both_ends_of_a_published_range_are_inside(ordered: str, is_outside: bool) -> None:
    published = phase(dose={"per_course": {"from": "1 g/kg", "to": "2 g/kg"}}).dose
    assert published is not None
    assert outside(published.published, amount(ordered), TEN_KG) is is_outside


@pytest.mark.parametrize(
    ("interval", "days", "courses"),
    [
        ("28 days", "28", "1"), ("2 weeks", "14", "2"), ("3 weeks", "21", "4/3"), ("8 weeks", "56", "1"),
        ("1 month", "1461/48", "1"), ("0.5 months", "1461/96", "28*96/1461"), ("2 years", "1461/2", "1"),
    ],
)  # fmt: skip
def test_four_weeks_hold_so_many_courses_and_at_least_one(interval: str, days: str, courses: str) -> None:
    """A month is on average 365.25 / 12 = 30.4375 days."""
    assert interval_days(amount(interval)) == Fraction(days)
    times, _, over = courses.rpartition("*")
    assert per_four_weeks(amount(interval)) == Fraction(over) * int(times or 1)


def test_without_an_interval_the_course_is_the_only_one() -> None:
    assert per_four_weeks(None) == 1


def test_the_ordered_interval_goes_before_the_published_one() -> None:
    monthly = phase(interval={"every": "1 month"})
    assert published_interval(monthly, Order(every=amount("3 weeks"))) == amount("3 weeks")
    assert published_interval(monthly, Order()) == amount("1 month")
    assert published_interval(phase(interval={"every": {"from": "3 weeks", "to": "4 weeks"}}), Order()) is None
    assert published_interval(phase(), Order()) is None


# ---- what can be given -----------------------------------------------------------------------------------------------------


def grid_of(to: str, shelf: tuple[Fraction, ...] | None = None) -> Grid:
    return dose_grid(own_product("5 g", "10 g"), rounding(to), shelf)


@pytest.mark.parametrize(
    ("to", "unit", "text"),
    [("whole vials", "5", "whole vials"), ("nothing", "0.01", "hundredths of a gram"), ("2.5 g", "2.5", "multiples of 2.5 g"), ("500 mg", "0.5", "multiples of 500 mg")],
)  # fmt: skip
def test_what_a_dose_is_rounded_to(to: str, unit: str, text: str) -> None:
    assert (grid_of(to).unit_g, grid_of(to).text) == (Fraction(unit), text)


def test_only_the_sizes_on_the_shelf_count() -> None:
    assert grid_of("whole vials", (Fraction(10),)).unit_g == 10


def test_vials_that_nobody_printed_cannot_be_rounded_to_whatever_is_overridden() -> None:
    without = own_product("5 g").model_copy(update={"vials": ()})
    with pytest.raises(RefusedError) as caught:
        dose_grid(without, rounding(), None)
    assert (caught.value.code, caught.value.overridable) == ("vials-not-published", False)
    assert dose_grid(without, rounding("1 g"), None).unit_g == 1


# ---- over how many days ----------------------------------------------------------------------------------------------------


def course(
    dose: Prescribed, days: tuple[int, ...], *vials: str, limits: tuple[Limit, ...] = (), ordered: bool = False, weight: Fraction = TEN_KG, **how: Any
) -> CourseDose:  # fmt: skip
    how_rounded = rounding(**how)
    return plan_course(
        dose, days, weight, dose_grid(own_product(*vials), how_rounded, None), how_rounded, limits, ordered
    )


def test_the_fewest_days_within_every_limit_are_taken_and_the_reason_is_said() -> None:
    """20 g in 5 g vials at no more than 0.7 g/kg a day: 20 and 10 + 10 g are above 7 g, 10 + 5 + 5 g too."""
    found = course(prescribed("2 g/kg"), (1, 2, 3, 4), "5 g", limits=(at_most("0.7 g/kg"),))
    assert found.session_doses_g == (5, 5, 5, 5)
    assert found.days_because == (
        "the fewest of 1 to 4 days that meet every limit (1 day would put 20 g on day 1, above 0.7 g/kg = 7 g; "
        "2 days would put 10 g on day 1, above 0.7 g/kg = 7 g; 3 days would put 10 g on day 1, above 0.7 g/kg = 7 g)"
    )


def test_a_day_that_reaches_its_limit_is_within_it() -> None:
    found = course(prescribed("2 g/kg"), (2, 3), "5 g", limits=(at_most("1 g/kg"), at_most("0.1 g/kg", "course")))
    assert (found.session_doses_g, found.days_because) == ((10, 10), "the fewest of 2 to 3 days that meet every limit")


def test_the_first_daily_limit_that_is_passed_is_named() -> None:
    limits = (at_most("1 g/kg", "course"), at_most("3 g/kg"), at_most("2 g/kg"), at_most("1 g/kg"))
    assert over_limit(Fraction(21), limits, TEN_KG) is limits[2]
    assert over_limit(Fraction(20), limits, TEN_KG) is limits[3]
    assert over_limit(Fraction(10), limits, TEN_KG) is None


@pytest.mark.parametrize(
    ("days", "ordered", "because"),
    [((2,), True, "as ordered"), ((2,), False, "the only number of days published"), ((2, 3), True, "as ordered")],
)
def test_why_so_many_days(days: tuple[int, ...], ordered: bool, because: str) -> None:
    for limits in ((), (at_most("0.1 g/kg"),)):
        assert course(prescribed("2 g/kg"), days, "5 g", limits=limits, ordered=ordered).days_because == because


def test_where_no_days_meet_the_limits_the_dose_is_changed_least_on_the_most_days() -> None:
    """19 g in 10 g vials: 20 g on one or two days, 30 g on three. Of the first two, two days."""
    found = course(prescribed("1.9 g/kg"), (1, 2, 3), "10 g", limits=(at_most("0.5 g/kg"),))
    assert found.session_doses_g == (10, 10)
    assert found.days_because.startswith("no published number of days meets every limit (1 day would put 20 g")
    assert found.days_because.endswith("3 days would put 10 g on day 1, above 0.5 g/kg = 5 g)")


def test_a_dose_below_counts_as_a_change_as_well_as_one_above() -> None:
    """16 g in 10 g vials rounded down is 10 g on one day, 20 g on two, because no day is without a vial: 20 g strays less."""
    found = course(prescribed("1.6 g/kg"), (1, 2), "10 g", limits=(at_most("0.5 g/kg"),), direction="down")
    assert (found.dose_g, found.deviation_percent) == (20, 25)
    assert found.days_because.startswith("no published number of days meets every limit")


def test_days_that_cannot_be_filled_are_passed_over() -> None:
    """A cap of 20 g in 10 g vials: three days cannot have a vial each."""
    found = course(prescribed("2 g/kg", "20 g"), (3, 2), "10 g", limits=())
    assert found.session_doses_g == (10, 10)
    assert "3 days cannot be filled from whole vials" in found.days_because


def test_a_course_that_no_days_can_hold_is_refused_whatever_is_overridden() -> None:
    with pytest.raises(RefusedError) as caught:
        course(prescribed("2 g/kg", "8.125 g"), (1, 2), "10 g")
    assert str(caught.value) == (
        "the course of 8.13 g cannot be given: 1 day cannot be filled from whole vials; 2 days cannot be filled from whole vials"
    )
    assert (caught.value.code, caught.value.overridable) == ("dose-not-givable", False)


def test_the_refusal_of_a_dose_per_day_names_the_shortest_course() -> None:
    """5 g a day, at most 8.125 g in a course: 5 g on one day, which 10 g vials cannot give."""
    with pytest.raises(RefusedError, match="the course of 5 g cannot be given"):
        course(prescribed("0.5 g/kg", "8.125 g", per_day=True), (1, 2), "10 g")


@pytest.mark.parametrize(
    ("dose", "days", "smallest"),
    [("4 g", 1, True), ("5 g", 1, False), ("6 g", 1, False), ("9 g", 1, False), ("9 g", 2, True), ("10 g", 2, False), ("14 g", 2, False)],
)  # fmt: skip
def test_the_smallest_that_can_be_given_is_marked_where_it_is_more_than_the_dose(
    dose: str, days: int, smallest: bool
) -> None:
    """5 g vials: 4 g becomes 5 g and nothing is below it; 9 g becomes 10 g, and on one day 5 g would be below it."""
    assert course(prescribed(dose), (days,), "5 g").smallest is smallest


def test_a_dose_with_a_gap_below_it_is_not_the_smallest() -> None:
    """Vials of 5 and 7 g: 6.5 g becomes 7 g; 6 g cannot be made, but 5 g can."""
    assert not course(prescribed("6.5 g"), (1,), "5 g", "7 g").smallest


def test_a_course_is_not_the_smallest_unless_it_is_said() -> None:
    assert not CourseDose(Fraction(5), Fraction(5), (Fraction(5),), "as ordered", False).smallest
