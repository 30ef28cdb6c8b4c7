"""Which dose, how many grams for this weight, and what can be given of them."""

from fractions import Fraction
from typing import Any

import helpers
import pytest
from msgspec.structs import replace

from ivigcalc.definitions import Phase, Product, Rounding
from ivigcalc.engine.dose import (
    CourseDose,
    Prescribed,
    believable,
    course_grams,
    courses_in_four_weeks,
    interval_days,
    interval_fits,
    of_four_weeks,
    outside,
    per_four_weeks,
    prescribed_dose,
    published_interval,
    share_of_published,
)
from ivigcalc.engine.rounding import dose_grid
from ivigcalc.engine.split import Grid
from ivigcalc.errors import RefusedError, RequestError
from ivigcalc.quantity import Quantity, quantity
from ivigcalc.request.request import Order, OrderedDose


def amount(text: str) -> Quantity:
    return quantity(text, "dose", "amount", "days", "months")


def phase(**keys: Any) -> Phase:
    return Phase.model_validate({"id": "only", **keys})


def prescribed(text: str, cap: str | None = None, *, per_day: bool = False) -> Prescribed:
    return Prescribed(amount(text), per_day, None, amount(cap) if cap else None)


# ---- which dose ------------------------------------------------------------------------------------------------------


def test_the_order_goes_before_the_protocol_and_keeps_its_basis_and_cap() -> None:
    per_day = phase(dose={"per_day": "0.4 g/kg", "cap": "70 g"})
    ordered = Order(dose=OrderedDose(amount("0.5 g/kg")))
    assert prescribed_dose(ordered, per_day, "gbs", None) == prescribed("0.5 g/kg", "70 g", per_day=True)
    assert prescribed_dose(ordered, phase(dose={"per_course": "2 g/kg"}), "dm", None) == prescribed("0.5 g/kg")
    assert prescribed_dose(ordered, phase(), "dm", None) == replace(prescribed("0.5 g/kg"), basis="nobody")


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


def test_a_dose_a_day_is_a_dose_a_day() -> None:
    got = helpers.plan("gbs:eu-label", "octagam-10-us", "50 kg")
    assert (str(got.course.prescribed_g), helpers.doses(got)) == ("100", ["20"] * 5)


# ---- how many grams --------------------------------------------------------------------------------------------------


TEN_KG = Fraction(10)


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


def test_nothing_drifts_by_binary_fractions() -> None:
    """0.1 g/kg x 105 kg is exactly 10.5 g, a tie that goes down to 10 g. In binary 0.1 is a little more, and 11 g would come out."""
    assert helpers.any_course("octagam-10-us", "105kg", "0.1 g/kg", days="1").course.dose_g == 10
    grams = [str(helpers.adult(f"70.{tenth}kg").course.prescribed_g) for tenth in range(1, 10)]
    assert grams == ["140.2", "140.4", "140.6", "140.8", "141", "141.2", "141.4", "141.6", "141.8"]


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
    ("dose", "per_day", "days", "share"),
    [
        ({"per_day": "0.4 g/kg"}, True, 5, 1), ({"per_course": "2 g/kg"}, False, 5, 1), ({"per_course": "2 g/kg"}, True, 5, 5),
        ({"per_day": "0.4 g/kg"}, False, 5, Fraction(1, 5)),
    ],
)  # fmt: skip
def test_a_dose_of_a_day_is_a_share_of_a_course_and_the_reverse(
    dose: Any, per_day: bool, days: int, share: Any
) -> None:
    """A dose of each of 5 days is 5 times what it would be of a course; a dose of a course is a fifth of one a day."""
    published = phase(dose=dose).dose
    assert published is not None
    assert share_of_published(published, per_day, days) == share


@pytest.mark.parametrize(
    ("ordered", "is_outside"), [("0.2 g/kg", False), ("0.4 g/kg", False), ("0.41 g/kg", True), ("1 g/kg", True)]
)
def test_a_dose_of_a_day_is_held_against_a_course_of_five(ordered: str, is_outside: bool) -> None:
    """Of 1 to 2 g/kg: five days of 0.2 and 0.4 g/kg are 1 and 2; of 0.41 they are 2.05."""
    published = phase(dose={"per_course": {"from": "1 g/kg", "to": "2 g/kg"}}).dose
    assert published is not None
    assert outside(published.published, amount(ordered), TEN_KG, Fraction(5)) is is_outside


@pytest.mark.parametrize(("given", "percent"), [(9, -10), (10, 0), (12, 20), (25, 150)])
def test_how_far_a_given_dose_is_from_ten_grams(given: int, percent: int) -> None:
    made = CourseDose(Fraction(10), Fraction(given), (), "", False)
    assert made.deviation_percent == percent
    assert (made.opened, made.preferred, made.smallest) == (False, False, False)  # unless it is said


def test_months_are_no_days() -> None:
    """Every 14 to 28 days is not every 18 months, whose figure lies between the two."""
    in_days = phase(interval={"every": {"from": "14 days", "to": "28 days"}})
    fits = {
        text: interval_fits(in_days, amount(text)) for text in ("13 days", "2 weeks", "4 weeks", "29 days", "18 months")
    }
    assert fits == {"13 days": False, "2 weeks": True, "4 weeks": True, "29 days": False, "18 months": False}


# ---- in four weeks ---------------------------------------------------------------------------------------------------


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


# ---- what can be given -----------------------------------------------------------------------------------------------


def own_product(*vials: str) -> Product:
    return helpers.own_product(vials).value


def rounding(to: str = "whole vials", **keys: Any) -> Rounding:
    return Rounding.model_validate({"to": to, **keys})


def grid_of(to: str, shelf: tuple[Fraction, ...] | None = None) -> Grid:
    return dose_grid(own_product("5 g", "10 g"), rounding(to), shelf)


@pytest.mark.parametrize(
    ("to", "unit", "text"),
    [("whole vials", "5", "whole vials"), ("nothing", "0.01", "hundredths of a gram"), ("2.5 g", "2.5", "multiples of 2.5 g"), ("500 mg", "0.5", "multiples of 500 mg")],
)  # fmt: skip
def test_what_a_dose_is_rounded_to(to: str, unit: str, text: str) -> None:
    assert (grid_of(to).unit_g, grid_of(to).text) == (Fraction(unit), text)


@pytest.mark.parametrize(
    ("policy", "prescribed", "dose", "sessions"),
    [
        ("us-group-health", "123.4", "123", ["62", "61"]),  # nearest 1 g
        ("nz-nzbs", "123.4", "125", ["65", "60"]),  # nearest 5 g
        ("us-noridian-dme-vials", "123.4", "123.4", ["61.7", "61.7"]),  # as ordered; vials cover it
        ("actual-weight", "123.4", "123", ["62", "61"]),  # whole vials of 2, 5, 10, 20, 30 g
    ],
)
def test_policies_round_to_what_they_printed(policy: str, prescribed: str, dose: str, sessions: list[str]) -> None:
    got = helpers.any_course("octagam-10-us", "61.7 kg", "2 g/kg", days="2", policy=policy)
    assert (str(got.course.prescribed_g), str(got.course.dose_g), helpers.doses(got)) == (prescribed, dose, sessions)


def test_only_the_sizes_on_the_shelf_count() -> None:
    assert grid_of("whole vials", (Fraction(10),)).unit_g == 10


def test_vials_that_nobody_printed_cannot_be_rounded_to_whatever_is_overridden() -> None:
    without = own_product("5 g").model_copy(update={"vials": ()})
    with pytest.raises(RefusedError) as caught:
        dose_grid(without, rounding(), None)
    assert (caught.value.code, caught.value.overridable) == ("vials-not-published", False)
    assert dose_grid(without, rounding("1 g"), None).unit_g == 1


def test_a_product_whose_vials_nobody_printed_gives_no_whole_vial_dose() -> None:
    with pytest.raises(RefusedError, match="no source prints the vial sizes") as caught:
        helpers.any_course("gamunex-nz", "70 kg", "2 g/kg", days="2")
    assert caught.value.code == "vials-not-published"
    got = helpers.any_course("gamunex-nz", "70 kg", "2 g/kg", days="2", policy="us-group-health")
    assert helpers.doses(got) == ["70", "70"]
    assert got.sessions[0].vials == ()


@pytest.mark.parametrize(
    ("interval", "courses", "begun"),
    [
        ("2 weeks", 6, 2),  # days 0 and 14
        ("3 weeks", 6, 2),  # days 0 and 21
        ("4 weeks", 6, 1),  # day 28 is the first of the next four weeks
        ("2 days", 6, 6),  # no more than there are
        ("2 days", 20, 14),
        ("1 month", 6, 1),
        (None, 6, 1),
    ],
)
def test_courses_that_begin_within_four_weeks_are_counted(interval: str | None, courses: int, begun: int) -> None:
    assert courses_in_four_weeks(amount(interval) if interval else None, courses) == begun


def test_the_dose_of_a_course_out_of_four_weeks_is_written_to_a_microgram() -> None:
    """2 g/kg in 28 days are 2 x 10 / 28 = 0.7142857... g/kg in ten."""
    written, exact = of_four_weeks(amount("2 g/kg"), amount("10 days"))
    assert str(written) == "0.714286 g/kg"
    assert exact == Fraction(5, 7)


@pytest.mark.parametrize(("ordered", "fits"), [("4 weeks", True), ("1 month", False), ("28 days", True)])
def test_an_interval_in_months_is_none_in_weeks(ordered: str, fits: bool) -> None:
    phase = Phase.model_validate({"id": "x", "interval": {"every": "4 weeks"}})
    assert interval_fits(phase, amount(ordered)) is fits


def test_weeks_are_no_month_though_they_are_more_days() -> None:
    phase = Phase.model_validate({"id": "x", "interval": {"every": {"from": "1 month", "to": "300 months"}}})
    assert not interval_fits(phase, amount("4 weeks"))
