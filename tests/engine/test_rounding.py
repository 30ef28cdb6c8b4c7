"""What rounding may not do: add a day, pass a limit, or give an infant a whole vial for the half of one."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import helpers
import pytest
import working

from ivigcalc.definitions import Limit, Prefer, Product, Rounding
from ivigcalc.engine.dose import CourseDose, Prescribed
from ivigcalc.engine.plan import Plan
from ivigcalc.engine.rounding import Bounds, _range_g, make_steps, plan_course
from ivigcalc.quantity import quantity


def own_product(*vials: str) -> Product:
    return helpers.own_product(vials).value


def course(
    dose: str, days: tuple[int, ...], *vials: str, kg: str = "10", limits: tuple[tuple[str, str], ...] = (), **rule: Any
) -> CourseDose:
    how = Rounding.model_validate({"to": "whole vials", **rule})
    steps = make_steps(own_product(*vials), how, None, Fraction(10))
    bounds = tuple(Limit.model_validate({"per": per, "max": most, "level": "stop"}) for per, most in limits)
    return plan_course(Prescribed(quantity(dose, "dose", "amount"), False, None, None), days, Fraction(kg), steps, bounds, False)  # fmt: skip


def grams(made: Plan) -> list[str]:
    return [str(session.dose_g) for session in made.sessions]


# ---- days come from the exact dose -----------------------------------------------------------------------------------


@pytest.mark.parametrize("weight", ["72kg", "158lb"])
def test_rounding_adds_no_day(weight: str) -> None:
    """144 g and 143.3 g in vials of 5 g: 145 g would be 75 + 70 g, above 1 g/kg a day; 70 + 70 g are 2.8 and 2.3 % less."""
    made = helpers.plan("cidp", "privigen-us", weight, age="40y")
    assert grams(made) == ["70", "70"]
    assert "day-dose-over-limit" not in helpers.codes(made)
    assert "145 g would put more than 7" in helpers.notice(made, "rounded").message


def test_the_nearest_course_that_keeps_a_limit_is_taken() -> None:
    """61.5 g on 3 days in vials of 10 and 21 g: 21 + 20 + 20 g, and with at most 20.5 g a day 3 x 20 g."""
    vials = ("10 g", "21 g")
    assert course("61.5 g", (3,), *vials, limits=(("day", "25 g"),)).session_doses_g == (21, 20, 20)
    assert course("61.5 g", (3,), *vials, limits=(("day", "20.5 g"),)).session_doses_g == (20, 20, 20)


def test_a_course_is_not_rounded_above_its_limit() -> None:
    """In vials of 5 g, 48 g are 50 g; with at most 49 g a course they are 45 g, 6.3 % less. 18 g of at most 19 g would
    be 15 g, 16.7 % less: they are 20 g, and the limit says so."""
    assert course("18 g", (1,), "5 g", limits=(("course", "19 g"),)).dose_g == 20
    assert course("48 g", (1,), "5 g", limits=(("course", "49 g"),)).dose_g == 45
    assert course("48 g", (1,), "5 g", limits=(("course", "50 g"),)).dose_g == 50


@pytest.mark.parametrize("per", ["day", "course"])
@pytest.mark.parametrize(("most", "given"), [("57 g", 56), ("56 g", 56), ("55.9 g", 46)])
def test_what_is_rounded_up_may_reach_a_limit_and_not_pass_it(per: str, most: str, given: int) -> None:
    """50 g in a vial of 46 or of 56 g, rounded up: 56 g, although 46 g are nearer; 46 g are 8 % less where 56 g are too many."""
    assert course("50 g", (1,), "46 g", "56 g", limits=((per, most),), direction="up").dose_g == given


def test_a_limit_that_the_exact_dose_passes_bounds_no_rounding() -> None:
    """20 g on one day, at most 19 g: that is for the limit's own notice, and 20 g stay 20 g."""
    assert course("20 g", (1,), "5 g", limits=(("day", "19 g"),)).dose_g == 20


def test_parts_of_a_gram_count_against_the_limit_of_a_day() -> None:
    """21 g on two days are 10.5 g a day, above 10 g: three days if there may be three; and the limit, which the exact dose
    passes, bounds no rounding, so that two days are 11 + 10 g and not 10 + 10 g."""
    ten = (("day", "10 g"),)
    assert course("21 g", (2, 3), "7 g", limits=ten).session_doses_g == (7, 7, 7)
    assert course("21 g", (2,), "10 g", "11 g", limits=ten).session_doses_g == (11, 10)


def test_where_nothing_near_keeps_a_limit_the_nearest_is_given() -> None:
    """8.4 g at 4.2 kg, at most 2 g/kg, in vials of 5 g: 10 g are 19 % more, 5 g are 40 % less."""
    found = course("2 g/kg", (1,), "5 g", "10 g", kg="4.2", limits=(("day", "2 g/kg"),))
    assert (found.dose_g, found.instead_of_g, found.opened) == (10, None, False)


@pytest.mark.parametrize(("direction", "given"), [("nearest", 140), ("up", 140), ("down", 140)])
def test_a_limit_bounds_every_direction(direction: str, given: int) -> None:
    """143 g on two days of at most 71.5 g in vials of 5 g: up and nearest are 145 g, 75 + 70 g."""
    assert course("143 g", (2,), "5 g", limits=(("day", "71.5 g"),), direction=direction).dose_g == given


def test_a_step_of_grams_keeps_limits_as_well() -> None:
    """67 kg: 134 g on two days, to 5 g: 135 g would be 70 + 65 g, above 67 g."""
    made = helpers.plan("dermatomyositis:us-label", "octagam-10-us", "67kg", days="2", policy="nz-nzbs")
    assert grams(made) == ["65", "65"]


def test_courses_within_four_weeks_share_their_limit() -> None:
    """4 x 12 g are 48 g, at most 49 g in four weeks: 12.25 g each, so that 4 x 12.5 g are too many. Of at most 48 g each has
    12 g; at most 47 g are less than the exact dose, and bound no rounding."""
    made = course("12 g", (1,), "2.5 g", "5 g", limits=(("4-weeks", "49 g"),))
    assert made.dose_g == Decimal("12.5")
    how = make_steps(own_product("2.5 g", "5 g"), Rounding.model_validate({"to": "whole vials"}), None, Fraction(20))
    prescribed = Prescribed(quantity("12 g", "amount"), False, None, None)
    for most, given in (("49 g", 10), ("48 g", 10), ("47 g", Decimal("12.5"))):
        limit = Limit.model_validate({"per": "4-weeks", "max": most, "level": "stop"})
        assert plan_course(prescribed, (1,), Fraction(10), how, (limit,), False, 4).dose_g == given


@pytest.mark.parametrize(
    ("ordered", "limit", "given"),
    [
        # 48 g are 50 g in vials of 5 g; 45 g are 6.3 % less
        ("48 g", ("course", "48 g"), 45),
        ("48 g", ("course", "47.9 g"), 50),
        ("48 g", ("day", "48 g"), 45),
        ("48 g", ("day", "47.9 g"), 50),
        # one course in four weeks, unless somebody says how many
        ("48 g", ("4-weeks", "48 g"), 45),
        ("48 g", ("4-weeks", "47.9 g"), 50),
    ],
)
def test_a_limit_that_the_exact_dose_just_meets_bounds_its_rounding(
    ordered: str, limit: tuple[str, str], given: int
) -> None:
    assert course(ordered, (1,), "5 g", limits=(limit,)).dose_g == given


@pytest.mark.parametrize(("smaller", "given"), [("45 g", 45), ("44.9 g", 54)])
def test_for_a_limit_a_course_may_be_a_tenth_from_the_exact_dose_and_no_more(smaller: str, given: int) -> None:
    """50 g in vials of 54 g and another, at most 53 g: 45 g are 10 % less, 44.9 g 10.2 %."""
    assert course("50 g", (1,), smaller, "54 g", limits=(("course", "53 g"),)).dose_g == given


@pytest.mark.parametrize(("ordered", "given"), [("50 g", (37, 15)), ("53 g", (29, 29))])
def test_nor_more_than_a_tenth_above_it(ordered: str, given: tuple[int, ...]) -> None:
    """On two days of at most 29 g, in vials of 15, 29 and 37 g: 52 g are 37 + 15 g, and 58 g, 29 + 29 g, keep the limit:
    16 % more than 50 g, and 9.4 % more than 53 g."""
    made = course(ordered, (2,), "15 g", "29 g", "37 g", limits=(("day", "29 g"),))
    assert made.session_doses_g == given


def test_where_no_number_of_days_meets_a_limit_the_most_days_are_taken() -> None:
    """20 g in vials of 6 and 10 g, above 1 g a day in any case: 10 + 10 g, or 6 + 6 + 6 g, which is 10 % less, no more."""
    made = course("20 g", (2, 3), "6 g", "10 g", limits=(("day", "1 g"),))
    assert made.session_doses_g == (6, 6, 6)


@pytest.mark.parametrize(("ordered", "given"), [("20 g", (6, 6, 6)), ("20.01 g", (11, 11))])
def test_what_is_a_tenth_from_the_exact_dose_does_not_stray_from_it(ordered: str, given: tuple[int, ...]) -> None:
    """In vials of 6 and 11 g, above 1 g a day in any case: 18 g on three days are 10 % less than 20 g and 10.04 % less than
    20.01 g, from which the 22 g of two days differ by 9.95 %."""
    assert course(ordered, (2, 3), "6 g", "11 g", limits=(("day", "1 g"),)).session_doses_g == given


def test_but_not_where_the_vials_stray_further_then() -> None:
    """52 g in vials of 20 g: 60 g on two or three days are 15.4 % more, 80 g on four 53.8 %."""
    made = course("52 g", (2, 3, 4), "20 g", limits=(("day", "1 g"),))
    assert made.session_doses_g == (20, 20, 20)


@pytest.mark.parametrize(("tie", "given"), [("down", 14), ("up", 16)])
def test_of_two_preferred_courses_as_near_the_tie_of_the_rule_decides(tie: str, given: int) -> None:
    """15 g in vials of 14 and 16 g: one vial either way."""
    how = Rounding.model_validate({"to": "whole vials", "tie": tie})
    prefer = Prefer.model_validate({"fewest": "vials", "within": "10 %", "spread": "5 g"})
    steps = make_steps(own_product("14 g", "16 g"), how, None, Fraction(10), prefer)
    prescribed = Prescribed(quantity("15 g", "amount"), False, None, None)
    assert plan_course(prescribed, (1,), Fraction(10), steps, (), False).dose_g == given


@pytest.mark.parametrize(("within", "given"), [("10 %", ["30"]), ("9 %", ["31"])])
def test_what_is_preferred_is_within_so_much_of_the_exact_dose(within: str, given: list[str]) -> None:
    """33 g in vials of 1 and 30 g: 30 g, 9.1 % less, are one vial; 31 g two, and 33 g four."""
    how = Rounding.model_validate({"to": "whole vials"})
    prefer = Prefer.model_validate({"fewest": "vials", "within": within, "spread": "5 g"})
    steps = make_steps(own_product("1 g", "30 g"), how, None, Fraction(10), prefer)
    prescribed = Prescribed(quantity("33 g", "amount"), False, None, None)
    assert [str(g) for g in plan_course(prescribed, (1,), Fraction(10), steps, (), False).session_doses_g] == given


@pytest.mark.parametrize(("ordered", "given"), [("50 g", 45), ("50.01 g", 46)])
def test_what_is_preferred_may_be_just_so_far_from_the_exact_dose(ordered: str, given: int) -> None:
    """In vials of 1 and 45 g: one of 45 g is 10 % less than 50 g, and 10.02 % less than 50.01 g, for which two are taken."""
    how = Rounding.model_validate({"to": "whole vials"})
    prefer = Prefer.model_validate({"fewest": "vials", "within": "10 %", "spread": "5 g"})
    steps = make_steps(own_product("1 g", "45 g"), how, None, Fraction(10), prefer)
    prescribed = Prescribed(quantity(ordered, "amount"), False, None, None)
    assert plan_course(prescribed, (1,), Fraction(10), steps, (), False).dose_g == given


# ---- small patients --------------------------------------------------------------------------------------------------


DOWN = """kind: policy
schema: 2
id: down
version: 2026-11-28
title: Down
sources: {house: {title: House rule, body: Clinic, locator: here, checked: 2026-11-28, kind: house}}
source: house
dosing_weight: {use: actual}
rounding: {to: whole vials, direction: down}
"""
BEFORE = "measles-exposure:eu-label-flebogamma-dif-before"


def test_rounding_goes_no_lower_than_what_is_printed_as_the_least() -> None:
    """At least 0.53 g/kg at 22 kg are 11.66 g: the nearest of half grams, 11.5 g, is less, so 12 g, 2.9 % more. 0.56 g/kg are
    12.32 g, and the nearest, 12.5 g, is above the least anyway; 0.545 g/kg are 11.99 g, and 12 g are the nearest."""
    for dose, given in (("0.53 g/kg", "12"), ("0.56 g/kg", "12.5"), ("0.545 g/kg", "12")):
        made = helpers.plan(BEFORE, "flebogamma-dif-5-eu", "22kg", age="6y", dose=dose)
        assert grams(made) == [given]
        assert "dose-low" not in helpers.codes(made)
    said = helpers.notice(helpers.plan(BEFORE, "flebogamma-dif-5-eu", "22kg", age="6y", dose="0.53 g/kg"), "rounded")
    assert said.message.endswith(": 11.5 g would be less than the 11.66 g printed as the least")


def test_the_working_says_what_the_least_is() -> None:
    made = helpers.plan(BEFORE, "flebogamma-dif-5-eu", "22kg", age="6y", dose="0.53 g/kg")
    assert working.check(made)["dose_g"] == 12
    inputs = next(entry.inputs for entry in made.trace if entry.name == "dose_g")
    assert {name: str(inputs[name]) for name in ("instead_of_g", "least_of_a_course_g")} == {
        "instead_of_g": "11.5",
        "least_of_a_course_g": "11.66",
    }


def test_the_least_holds_for_a_dose_from_an_opened_vial() -> None:
    """At least 0.2 g/kg at 6.2 kg are 1.24 g, and at 6.25 kg 1.25 g, in vials of 2.5 g: drawn to 0.1 g they would be 1.2 g,
    so 1.3 g. At 6.5 kg 1.3 g are the least itself, and 0.22 g/kg at 6.2 kg, 1.364 g, are 1.4 g by the nearest."""
    for kg, dose, given in (
        ("6.2", "0.2", "1.3"),
        ("6.25", "0.2", "1.3"),
        ("6.5", "0.2", "1.3"),
        ("6.2", "0.22", "1.4"),
    ):
        words = {"age": "9mo", "dose": f"{dose} g/kg"}
        made = helpers.any_course(helpers.own_product(("2.5 g",)), f"{kg}kg", protocol="at-least", days="1", **words)
        assert grams(made) == [given]


def test_a_rule_that_rounds_down_says_that_it_goes_below_the_least(tmp_path: Path) -> None:
    """11.66 g down to whole vials of half a gram are 11.5 g: nothing from 11.66 g to 11.66 g can be given."""
    policy = tmp_path / "down.yaml"
    policy.write_text(DOWN, encoding="utf-8")
    made = helpers.plan(BEFORE, "flebogamma-dif-5-eu", "22kg", age="6y", dose="0.53 g/kg", policy=str(policy))
    assert grams(made) == ["11.5"]
    said = helpers.notice(made, "dose-low")
    assert (said.level, said.value, said.limit) == ("caution", "11.5 g", "0.53 g/kg (11.66 g)")
    assert said.message.startswith(
        "11.5 g in a course is below 0.53 g/kg (11.66 g), which the protocol prints as the least"
    )


def test_an_exact_dose_below_the_least_is_told_as_such_and_rounded_as_ever() -> None:
    """0.5 g/kg at 22 kg are 11 g, below the 0.53 g/kg: outside the protocol, and the least bounds nothing any more."""
    words = {"age": "6y", "dose": "0.5 g/kg", "override": ["dose-outside-regimen=ordered so"]}
    assert grams(helpers.plan(BEFORE, "flebogamma-dif-5-eu", "22kg", **words)) == ["11"]


def test_an_infants_dose_is_drawn_from_an_opened_vial() -> None:
    """2 g/kg at 4.2 kg are 8.4 g; 10 g would be 19.05 % more. 8.4 g from a vial of 10 g leave 1.6 g."""
    made = helpers.plan("kawasaki", "privigen-us", "4.2kg", age="2mo")
    assert grams(made) == ["8.4"]
    assert helpers.vials(made.sessions[0]) == {Fraction(10): 1}
    assert (str(made.sessions[0].leftover_g), str(made.totals.leftover_g)) == ("1.6", "1.6")
    assert not {"rounding-deviation", "day-dose-over-limit", "dose-below-vial"} & helpers.codes(made)
    said = helpers.notice(made, "vial-opened").message
    assert said.endswith(
        "8.4 g is drawn from opened vials, 8.4 g (to 0.1 g, nearest, halves down): whole vials would be 10 g, +19.05 %, more "
        "than 10 % from it"
    )


def test_the_smallest_vial_is_opened() -> None:
    """1 g/kg at 3.1 kg is 3.1 g, not 2.5 g."""
    made = helpers.any_course("privigen-eu", "3.1kg", "1 g/kg", days="1")
    assert grams(made) == ["3.1"]
    assert (helpers.vials(made.sessions[0]), str(made.sessions[0].leftover_g)) == ({Fraction(5): 1}, "1.9")


@pytest.mark.parametrize(
    ("kg", "dose", "given"),
    [
        ("4.6", "2 g/kg", "10"),  # 9.2 g: 10 g is 8.7 % more
        ("4.5", "2 g/kg", "9"),  # 9 g: 10 g is 11.1 % more
        ("5.5", "2 g/kg", "10"),  # 11 g: 9.1 % less
        ("4.21", "2 g/kg", "8.4"),  # 8.42 g
        ("4.23", "2 g/kg", "8.5"),  # 8.46 g
    ],
)
def test_whole_vials_are_taken_while_they_stay_within_a_tenth(kg: str, dose: str, given: str) -> None:
    assert grams(helpers.any_course("privigen-us", f"{kg}kg", dose, days="1")) == [given]


@pytest.mark.parametrize(("dose", "given", "opened"), [("10 g", "11", False), ("9.995 g", "10", True)])
def test_exactly_a_tenth_from_the_exact_dose_is_within_it(dose: str, given: str, opened: bool) -> None:
    """A vial of 11 g is 10 % more than 10 g, and 10.06 % more than 9.995 g."""
    found = course(dose, (1,), "11 g", within="10 %", otherwise="0.1 g")
    assert (found.dose_g, found.opened) == (Fraction(given), opened)


def test_an_opened_vial_keeps_the_limit_of_a_day() -> None:
    """8.46 g at 4.23 kg, at most 2 g/kg a day: 8.4 g, because 8.5 g is above."""
    rule = {"within": "10 %", "otherwise": "0.1 g"}
    found = course("2 g/kg", (1,), "5 g", kg="4.23", limits=(("day", "2 g/kg"),), **rule)
    assert (found.dose_g, found.opened) == (Fraction("8.4"), True)


def test_days_that_vials_cannot_fill_share_the_exact_dose() -> None:
    """6 g on five days: 1.2 g each, from a vial of 5 g; five vials of it would be 25 g."""
    rule = {"within": "10 %", "otherwise": "0.1 g"}
    assert course("6 g", (5,), "5 g", **rule).session_doses_g == (Fraction("1.2"),) * 5


def test_what_is_less_than_can_be_measured_is_still_refused() -> None:
    refused = helpers.refusal(helpers.any_course, "privigen-us", "3.1kg", "40mg", days="1")
    assert "dose-below-vial" in refused.codes


@pytest.mark.parametrize(
    ("protocol", "dose", "given"), [("ontario-no-ich", "63", "60"), ("ontario-prior-ich", "126", "125")]
)
def test_what_is_printed_as_the_most_is_not_rounded_up(protocol: str, dose: str, given: str) -> None:
    """Up to 1 g/kg a week at 63 kg are 63 g, in vials of 5 g and more 60 g and not 65 g; up to 2 g/kg are 126 g, so 125 g."""
    words = {
        "age": "30y",
        "sex": "female",
        "height": "165cm",
        "pregnant": True,
        "pre_pregnancy_weight": "63kg",
        "days": "1",
    }
    made = helpers.plan(f"fnait:{protocol}", "privigen-ca", "63kg", **words)
    assert (str(made.course.prescribed_g), grams(made)) == (dose, [given])


def test_a_label_is_the_default_for_its_own_product_alone() -> None:
    """The measles doses of the Flebogamma leaflet rest on its own antibody: they are nobody else's default."""
    for product, protocol in (("flebogamma-dif-5-eu", "eu-label-flebogamma-dif"), ("privigen-eu", "us-label-privigen")):
        made = helpers.plan("measles-exposure", product, "20kg", age="6y")
        assert made.computed_from.protocol == protocol


@pytest.mark.parametrize(("course_g", "held"), [(11, False), (12, True), (13, True)])
def test_a_course_holds_the_least_where_it_reaches_it(course_g: int, held: bool) -> None:
    assert Bounds(least_g=Fraction(12)).hold(Fraction(course_g), Fraction(course_g)) == held


@pytest.mark.parametrize(("least_g", "from_g"), [(None, 90), (50, 90), (90, 90), (95, 95)])
def test_how_far_down_a_course_of_100_g_may_be_rounded(least_g: int | None, from_g: int) -> None:
    """Within a tenth: from 90 g, and no lower than the least."""
    least = None if least_g is None else Fraction(least_g)
    rule = Rounding.model_validate({"to": "whole vials"})
    assert _range_g(Fraction(100), Fraction(1, 10), rule, Bounds(least_g=least)) == (from_g, 110)
