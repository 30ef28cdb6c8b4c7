"""Vials that a dispensary would issue: the fewest near the exact dose, proved against a list of all courses."""

import time
from fractions import Fraction
from pathlib import Path

import helpers
import oracle
import pytest
import working
from hypothesis import given
from hypothesis import strategies as st

from ivigcalc.engine.plan import Plan
from ivigcalc.engine.vials import _smallest, fewest_vials, vial_set

PRACTICAL = {"policy": "practical-vials"}
FIVE = Fraction(5)


@given(
    st.integers(20, 1600),
    st.lists(
        st.sampled_from([Fraction(n) for n in (1, 2, 5, 6, 10, 20, 30)] + [Fraction(5, 2)]),
        min_size=1,
        max_size=3,
        unique=True,
    ),
    st.integers(1, 3),
    st.booleans(),
)
def test_no_course_near_the_exact_dose_takes_fewer_vials(
    tenths: int, sizes: list[Fraction], days: int, bounded: bool
) -> None:
    exact = Fraction(tenths, 40)
    most = exact / days if bounded else None
    range_g = (exact * 19 / 20, exact * 21 / 20)
    vials = vial_set(tuple(sorted(sizes)))
    found = fewest_vials(vials, exact, days, range_g, FIVE, most, up=False)
    expected = oracle.preferred_course_g(exact, sizes, days, most)
    if expected is None:
        assert found == ()
        return
    grams = [units * vials.unit_g for units in found]
    taken = sum(sum((oracle.best_vials(day, sizes) or {}).values()) for day in grams)
    assert (taken, abs(sum(grams) - exact), sum(grams)) == expected
    assert grams == sorted(grams, reverse=True)
    assert len(grams) == days
    assert grams[0] - grams[-1] <= FIVE
    assert most is None or grams[0] <= most


def test_sizes_that_have_only_a_small_unit_in_common_are_no_long_search() -> None:
    """150 g on two days in vials of 24.9 and 54 g: 49.8 + 103.8 would differ too much, so 78.9 + 78.9 g, 5.2 % more, within 6 %."""
    vials, exact = vial_set((Fraction("24.9"), Fraction(54))), Fraction(150)
    began = time.process_time()
    found = fewest_vials(vials, exact, 2, (exact * 94 / 100, exact * 106 / 100), FIVE, None, up=False)
    assert [units * vials.unit_g for units in found] == [Fraction("78.9")] * 2
    assert time.process_time() - began < 5


@pytest.mark.parametrize(("up", "days"), [(False, (14, 14)), (True, (16, 16))])
def test_of_two_courses_as_near_with_as_few_vials_one_is_named(up: bool, days: tuple[int, ...]) -> None:
    """30 g on two days in vials of 14 and 16 g: 28 or 32 g; 30 g would be 14 + 16 g, as few and nearer, but 2 g apart."""
    vials, exact = vial_set((Fraction(14), Fraction(16))), Fraction(30)
    found = fewest_vials(vials, exact, 2, (exact * 9 / 10, exact * 11 / 10), Fraction(1), None, up=up)
    assert tuple(units * vials.unit_g for units in found) == days
    assert [units * 2 for units in fewest_vials(vials, exact, 2, (exact * 9 / 10, exact * 11 / 10), Fraction(2), None, up=up)] == [16, 14]  # fmt: skip


def test_of_equal_courses_the_days_differ_least() -> None:
    """40 g on two days in vials of 10, 15, 20 and 25 g: 20 + 20, not 25 + 15 g."""
    vials, exact = vial_set(tuple(map(Fraction, (10, 15, 20, 25)))), Fraction(40)
    found = fewest_vials(vials, exact, 2, (exact, exact), Fraction(10), None, up=False)
    assert [units * vials.unit_g for units in found] == [20, 20]


def test_no_day_of_a_course_is_empty() -> None:
    """10 g on two days in vials of 5 and 10 g: one vial of 10 g would leave a day without any, so 5 + 5 g."""
    vials, exact = vial_set((Fraction(5), Fraction(10))), Fraction(10)
    assert fewest_vials(vials, exact, 2, (exact, exact), Fraction(10), None, up=False) == (1, 1)


@pytest.mark.parametrize(("most", "course"), [("50", 100), ("49.9", 98)])
def test_no_day_has_more_than_its_most(most: str, course: int) -> None:
    """100 g on two days in vials of 49 and 50 g."""
    vials, exact = vial_set((Fraction(49), Fraction(50))), Fraction(100)
    found = fewest_vials(vials, exact, 2, (exact * 9 / 10, exact * 11 / 10), FIVE, Fraction(most), up=False)
    assert sum(found) == course


def test_a_course_with_the_fewest_vials_is_found_among_other_ways_to_its_sum() -> None:
    """30 g on three days in vials of 1, 8, 9 and 13 g: 13 + 9 + 8 is the only sum of three vials. Days of 14, 8 and 8 g,
    which are met before and after it, take four, because 14 g are 13 + 1."""
    vials, exact = vial_set(tuple(map(Fraction, (1, 8, 9, 13)))), Fraction(30)
    assert fewest_vials(vials, exact, 3, (exact, exact), Fraction(6), None, up=False) == (13, 9, 8)


def test_days_that_differ_by_less_and_cannot_be_made_are_passed_over() -> None:
    """7 g on two days in vials of 2 and 5 g: 3 g is no whole number of vials, so 5 + 2 g."""
    vials, exact = vial_set((Fraction(2), Fraction(5))), Fraction(7)
    assert fewest_vials(vials, exact, 2, (exact, exact), FIVE, None, up=False) == (5, 2)


def test_what_is_nearer_is_reckoned_from_the_exact_dose() -> None:
    """15.6 g in a vial of 14 or of 17 g: 17 g are 1.4 g more and 14 g 1.6 g less; from 15 g it would be the reverse."""
    vials, exact = vial_set((Fraction(14), Fraction(17))), Fraction("15.6")
    assert fewest_vials(vials, exact, 1, (exact * 8 / 10, exact * 12 / 10), FIVE, None, up=False) == (17,)


@pytest.mark.parametrize(("most", "days"), [("22", (22, 19, 19)), ("21", (21, 21, 18)), ("21.9", (21, 21, 18))])
def test_of_days_that_differ_as_little_none_has_more_than_its_most(most: str, days: tuple[int, ...]) -> None:
    """60 g on three days in vials of 18, 19, 21 and 22 g. Of three vials only 22 + 19 + 19 and 21 + 21 + 18 are 60 g: days
    apart by 3 g both times, and of these the one whose smallest day is larger."""
    vials, exact = vial_set(tuple(map(Fraction, (18, 19, 21, 22)))), Fraction(60)
    assert fewest_vials(vials, exact, 3, (exact, exact), FIVE, Fraction(most), up=False) == days


@pytest.mark.parametrize(
    ("low", "high", "days", "width", "most", "smallest"),
    [
        (20, 24, 2, 3, 30, range(7, 13)),  # the mean day is 10 to 12: none smaller than 10 - 3, the smallest no more than 12
        (19, 25, 2, 3, 30, range(7, 13)),  # 9.5 to 12.5, in whole units 10 to 12
        (20, 24, 2, 3, 11, range(7, 12)),  # no day has more than 11
        (41, 44, 4, 0, 30, range(11, 12)),  # 10.25 to 11: equal days of 11
        (41, 43, 4, 0, 30, range(11, 11)),  # and none of less than 44
        (3, 9, 3, 5, 30, range(1, 4)),  # no day is empty
    ],
)  # fmt: skip
def test_the_smallest_day_is_searched_for_near_the_mean_of_all(
    low: int, high: int, days: int, width: int, most: int, smallest: range
) -> None:
    """A wider search finds the same and takes longer: of a course that is far from one day, much longer."""
    assert _smallest(low, high, days, width, most) == smallest


def test_seven_vials_for_thirty() -> None:
    """83 kg, 2 g/kg = 166 g in five days: 160 g are 35, 35, 30, 30, 30 g, each of 35 a 30 and a 5; -3.6 %."""
    made = helpers.plan("dermatomyositis", "octagam-10-us", "83kg", age="54y", days="5", **PRACTICAL)
    assert helpers.doses(made) == ["35", "35", "30", "30", "30"]
    assert sum(vial.count for vial in made.totals.vials) == 7
    assert str(made.course.deviation_percent) == "-3.61"
    assert any("the nearest would be 166 g" in notice.message for notice in helpers.notices(made, "rounded"))


def test_the_programs_default_stays_the_nearest() -> None:
    made = helpers.plan("dermatomyositis", "octagam-10-us", "83kg", age="54y", days="5")
    assert str(made.course.dose_g) == "166"


def test_a_preference_passes_no_limit() -> None:
    """29 kg, 58 g in two days: two vials of 30 g are 3.4 % more, but 30 g are above 1 g/kg."""
    words = {"protocol": "at-most-a-gram-a-day", "days": "2", **PRACTICAL}
    made = helpers.any_course("octagam-10-us", "29kg", "2 g/kg", **words)
    assert made.sessions[0].dose_g <= 29
    assert helpers.doses(helpers.any_course("octagam-10-us", "30kg", "58 g", **words)) == ["30", "30"]


def test_a_preference_rounds_to_the_side_that_the_rule_names(tmp_path: Path) -> None:
    """166 g in five days, up, in vials of 2 to 30 g: 30 g is one vial, 32 and 35 g are two. Days of one vial leave at most 35 g for
    the others: eight vials come to 165 g at most, nine to 35 + 35 + 35 + 32 + 30 = 167 g. Down: six, 35 + 30 + 30 + 30 + 30 g."""
    found = {}
    for side in ("up", "down"):
        policy = tmp_path / f"{side}.yaml"
        own = OWN.replace("to: whole vials", f"to: whole vials, direction: {side}")
        policy.write_text(own.replace("within: 5 %, spread: 1 g", "within: 9 %, spread: 5 g"), encoding="utf-8")
        made = helpers.plan("dermatomyositis", "octagam-10-us", "83kg", age="54y", days="5", policy=str(policy))
        found[side] = helpers.doses(made)
    assert found == {"up": ["35", "35", "35", "32", "30"], "down": ["35", "30", "30", "30", "30"]}


@pytest.mark.parametrize(("kg", "doses"), [("4.2", ["8.4"]), ("4.9", ["10"])])
def test_infants_are_as_by_the_default(kg: str, doses: list[str]) -> None:
    """8.4 g: nothing is within 5 %, and 10 g are 19 % more; 9.8 g: 10 g."""
    assert helpers.doses(helpers.plan("kawasaki", "privigen-us", f"{kg}kg", age="2mo", **PRACTICAL)) == doses


# ---- what is said of it ----------------------------------------------------------------------------------------------


def given_dose(made: Plan) -> str:
    return next(str(entry.inputs.get("preferred")) for entry in made.trace if entry.name == "dose_g")


def test_the_working_says_that_it_was_preferred_and_can_be_redone() -> None:
    made = helpers.plan("dermatomyositis", "octagam-10-us", "83kg", age="54y", days="5", **PRACTICAL)
    assert given_dose(made) == (
        "fewest vials within 5 %, then nearest, days that differ by no more than 5 g and then least"
    )
    assert working.check(made)["dose_g"] == 160


OWN = """kind: policy
schema: 2
id: own-policy
version: 2026-11-28
title: Own policy
sources: {house: {title: House rule, body: Clinic, locator: here, checked: 2026-11-28, kind: house}}
source: house
dosing_weight: {use: actual}
rounding: {to: whole vials}
prefer: {fewest: vials, within: 5 %, spread: 1 g}
"""


def test_what_a_limit_chose_is_not_called_preferred(tmp_path: Path) -> None:
    """29.4 g at 16 kg in two days of at most 16 g, in vials of 6 and 10 g. 30 g are 18 + 12 g, above 16; 28 g are 16 + 12 g,
    which differ by more than 1 g; equal days are 24 or 32 g, further than 5 %. So the limit chose 28 g, 4.76 % less."""
    policy = tmp_path / "own.yaml"
    policy.write_text(OWN, encoding="utf-8")
    product = helpers.own_product(vials=("6 g", "10 g"))
    words = {"protocol": "at-most-a-gram-a-day", "days": "2", "policy": str(policy)}
    made = helpers.any_course(product, "16kg", "29.4 g", **words)
    assert helpers.doses(made) == ["16", "12"]
    [said] = [n.message for n in helpers.notices(made, "rounded") if "is rounded to" in n.message]
    assert said.endswith(": 30 g would put more than 16 g on a day")
    assert given_dose(made) == "None"


def test_the_same_course_in_other_days_is_not_told_as_another(tmp_path: Path) -> None:
    """22.3 g in vials of 1, 6 and 10 g: 22 g either way, as 11 + 11 g four vials, as 12 + 10 g three."""
    policy = tmp_path / "own.yaml"
    policy.write_text(OWN.replace("spread: 1 g", "spread: 5 g"), encoding="utf-8")
    product = helpers.own_product(vials=("1 g", "6 g", "10 g"))
    made = helpers.any_course(product, "60kg", "22.3 g", days="2", policy=str(policy))
    assert helpers.doses(made) == ["12", "10"]
    [said] = [n.message for n in helpers.notices(made, "rounded") if "is rounded to" in n.message]
    assert said.endswith(": the fewest vials within 5 % of it, in days that differ by no more than 5 g")
