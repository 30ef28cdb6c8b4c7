"""Over how many days a course is given: the fewest within every limit, and within the cap of a day."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import helpers
import pytest

from ivigcalc.definitions import Limit, Product, Rounding
from ivigcalc.engine.dose import CourseDose, Prescribed, over_limit
from ivigcalc.engine.plan import Plan
from ivigcalc.engine.rounding import make_steps, plan_course
from ivigcalc.errors import RefusedError
from ivigcalc.quantity import Quantity, quantity

TEN_KG = Fraction(10)


def at_most(text: str, per: str = "day") -> Limit:
    return Limit.model_validate({"per": per, "max": text, "level": "stop"})


def own_product(*vials: str) -> Product:
    return helpers.own_product(vials).value


def rounding(to: str = "whole vials", **keys: Any) -> Rounding:
    return Rounding.model_validate({"to": to, **keys})


def course(
    dose: Prescribed, days: tuple[int, ...], *vials: str, limits: tuple[Limit, ...] = (), ordered: bool = False, weight: Fraction = TEN_KG, **how: Any
) -> CourseDose:  # fmt: skip
    how_rounded = rounding(**how)
    steps = make_steps(own_product(*vials), how_rounded, None, Fraction(10))
    return plan_course(dose, days, weight, steps, limits, ordered)


def amount(text: str) -> Quantity:
    return quantity(text, "dose", "amount", "days", "months")


def prescribed(text: str, cap: str | None = None, *, per_day: bool = False) -> Prescribed:
    return Prescribed(amount(text), per_day, None, amount(cap) if cap else None)


# ---- the limit of a day ----------------------------------------------------------------------------------------------


def test_the_fewest_days_within_every_limit_are_taken_and_the_reason_is_said() -> None:
    """20 g at no more than 0.7 g/kg a day: 20, 10 and 20/3 g a day; the last is below 7 g, and 7 g is no whole vial."""
    found = course(prescribed("2 g/kg"), (1, 2, 3, 4), "5 g", limits=(at_most("0.7 g/kg"),))
    assert found.session_doses_g == (10, 5, 5)
    assert found.days_because == (
        "the fewest of 1 to 4 days that meet every limit (1 day would be 20 g a day, above 0.7 g/kg = 7 g; "
        "2 days would be 10 g a day, above 0.7 g/kg = 7 g)"
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
    ("weight", "days"),
    [
        ("72 kg", 2),  # 144 = 72 + 72
        ("71.5 kg", 2),  # 143 = 72 + 71, and 72 g is above 71.5 g: 142 = 71 + 71
        ("71 kg", 2),  # 142 = 71 + 71
        ("40.25 kg", 2),  # 80.5, a tie, is 80 = 40 + 40
    ],
)
def test_the_daily_limit_is_kept_by_the_largest_real_session(weight: str, days: int) -> None:
    made = helpers.plan("dermatomyositis", "octagam-10-us", weight)
    assert made.course.days == days
    assert made.sessions[0].dose_g <= Decimal(weight.removesuffix(" kg"))


def test_days_are_added_until_a_day_is_within_its_limit() -> None:
    """2.1 g/kg are 1.05 g/kg on each of two days, above 1 g/kg: three days."""
    at_most = {"protocol": "at-most-a-gram-a-day"}
    assert helpers.any_course("octagam-10-us", "72kg", "2.1 g/kg", **at_most).course.days == 3
    assert helpers.any_course("octagam-10-us", "72kg", "2 g/kg", **at_most).course.days == 2


@pytest.mark.parametrize(
    ("days", "ordered", "because"),
    [((2,), True, "as ordered"), ((2,), False, "the only number of days published"), ((2, 3), True, "as ordered")],
)
def test_why_so_many_days(days: tuple[int, ...], ordered: bool, because: str) -> None:
    for limits in ((), (at_most("0.1 g/kg"),)):
        assert course(prescribed("2 g/kg"), days, "5 g", limits=limits, ordered=ordered).days_because == because


# ---- where no number of days meets it --------------------------------------------------------------------------------


def test_where_no_days_meet_the_limits_the_dose_is_changed_least_on_the_most_days() -> None:
    """19 g in 10 g vials: 20 g on one or two days, 30 g on three. Of the first two, two days."""
    found = course(prescribed("1.9 g/kg"), (1, 2, 3), "10 g", limits=(at_most("0.5 g/kg"),))
    assert found.session_doses_g == (10, 10)
    assert found.days_because.startswith("no published number of days meets every limit (1 day would be 19 g a day")
    assert found.days_because.endswith("3 days would be 6.33 g a day, above 0.5 g/kg = 5 g)")


def test_a_dose_below_counts_as_a_change_as_well_as_one_above() -> None:
    """16 g in 10 g vials rounded down is 10 g on one day, 20 g on two, because no day is without a vial: 20 g strays less."""
    found = course(prescribed("1.6 g/kg"), (1, 2), "10 g", limits=(at_most("0.5 g/kg"),), direction="down")
    assert (found.dose_g, found.deviation_percent) == (20, 25)
    assert found.days_because.startswith("no published number of days meets every limit")


def test_when_no_number_of_days_meets_the_limit_the_most_days_are_taken_and_said() -> None:
    got = helpers.any_course(helpers.own_product(("20 g",)), "40 kg", "160 g", protocol="at-most-half-a-gram-a-day")
    assert helpers.doses(got) == ["40", "40", "40", "20", "20"]
    assert "day-dose-over-limit" in helpers.codes(got)


def test_when_none_meets_the_limit_the_course_is_changed_as_little_as_can_be() -> None:
    """76 g in 20 g vials: 80 g on 2 to 4 days, but 100 g on five, because no day is without a vial."""
    got = helpers.any_course(helpers.own_product(("20 g",)), "19 kg", "76 g", protocol="at-most-a-gram-a-day")
    assert helpers.doses(got) == ["20"] * 4


# ---- what whole vials cannot fill ------------------------------------------------------------------------------------


def test_days_that_cannot_be_filled_are_passed_over() -> None:
    """A cap of 20 g in 10 g vials: three days cannot have a vial each."""
    found = course(prescribed("2 g/kg", "20 g"), (3, 2), "10 g", limits=())
    assert found.session_doses_g == (10, 10)
    assert "3 days cannot be filled from whole vials" in found.days_because


def test_a_course_that_no_days_can_hold_is_refused_whatever_is_overridden() -> None:
    with pytest.raises(RefusedError) as caught:
        course(prescribed("2 g/kg", "8.125 g"), (1, 2), "10 g")
    assert str(caught.value) == (
        "the course of 8.13 g cannot be given: 1 day cannot be filled from whole vials; 2 days cannot be filled from whole vials; "
        "choose other --days, another --dose, or a --policy that rounds to grams"
    )
    assert (caught.value.code, caught.value.overridable) == ("dose-not-givable", False)


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (1, "1 day cannot be filled from whole vials"),
        (2, "1 day cannot be filled from whole vials; 2 days cannot be filled from whole vials"),
        (3, "2 days cannot be filled from whole vials; so with 1 other number of days"),
        (4, "2 days cannot be filled from whole vials; so with 2 other numbers of days"),
        (5, "2 days cannot be filled from whole vials; so with 3 other numbers of days"),
    ],
)
def test_of_the_days_that_do_not_do_two_are_told_and_the_others_counted(days: int, told: str) -> None:
    with pytest.raises(RefusedError) as caught:
        course(prescribed("2 g/kg", "8.125 g"), tuple(range(1, days + 1)), "10 g")
    assert f"{told}; choose other --days" in str(caught.value)
    assert str(caught.value).startswith(
        "the course of 8.13 g cannot be given: 1 day cannot be filled from whole vials;"
    )


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


# ---- the cap of a day ------------------------------------------------------------------------------------------------


def grams(made: Plan) -> list[str]:
    return [str(session.dose_g) for session in made.sessions]


OWN = """
kind: regimen
schema: 2
id: house
version: 2026-11-22
title: House list
category: haematology
indication: itp
sources:
  ours: {title: House list, body: us, locator: page 1, checked: 2026-11-22, kind: house}
source: ours
protocols:
  protocol:
    evidence: guideline
    confidence: high
"""


def own(folder: Path, *keys: str) -> str:
    """A regimen of one's own with these keys in its protocol."""
    path = folder / "house.yaml"
    path.write_text(OWN + "".join(f"    {key}\n" for key in keys), encoding="utf-8")
    return str(path)


def test_no_day_is_above_the_cap_of_a_day(tmp_path: Path) -> None:
    """1 g/kg at 110 kg is 110 g; the cap of 80 g holds for each day."""
    made = helpers.plan(own(tmp_path, "dose: {per_day: 1 g/kg, cap_per_day: 80 g}", "days: {from: 2, to: 2}"), "privigen-us", "110kg")  # fmt: skip
    assert grams(made) == ["80", "80"]
    assert [(n.level, n.limit) for n in helpers.notices(made, "dose-capped")] == [("caution", "80 g")]
    assert "each day is capped at 80 g" in helpers.notices(made, "dose-capped")[0].message


def test_a_course_takes_the_days_that_its_daily_cap_needs(tmp_path: Path) -> None:
    """2 g/kg at 110 kg is 220 g: above 2 x 80, within 3 x 80. In vials of 5 g: 75, 75 and 70."""
    made = helpers.plan(own(tmp_path, "dose: {per_course: 2 g/kg, cap_per_day: 80 g}", "days: {from: 2, to: 5}"), "privigen-us", "110kg")  # fmt: skip
    assert grams(made) == ["75", "75", "70"]
    assert not helpers.notices(made, "dose-capped")
    assert "2 days would hold more than 80 g a day" in helpers.notices(made, "days-chosen")[0].message


def test_the_cap_of_a_course_asks_for_no_more_days(tmp_path: Path) -> None:
    """220 g are capped at 100 g, and 2 x 50 g are below the cap of a day."""
    made = helpers.plan(own(tmp_path, "dose: {per_course: 2 g/kg, cap: 100 g, cap_per_day: 80 g}", "days: {from: 2, to: 5}"), "privigen-us", "110kg")  # fmt: skip
    assert grams(made) == ["50", "50"]
    assert [notice.limit for notice in helpers.notices(made, "dose-capped")] == ["100 g"]


def test_rounding_does_not_lift_a_day_above_its_cap(tmp_path: Path) -> None:
    """2 x 72 g are 144 g; in vials of 5 g that would be 75 + 70, so it is 70 + 70."""
    made = helpers.plan(own(tmp_path, "dose: {per_course: 2 g/kg, cap_per_day: 72 g}", "days: {from: 2, to: 2}"), "privigen-us", "110kg")  # fmt: skip
    assert grams(made) == ["70", "70"]
    assert made.course.prescribed_g == 144


@pytest.mark.parametrize(
    ("cap", "days", "doses"),
    [
        ("72 g", "3", ["70", "70", "70"]),  # 3 x 72 are 216 g, but 215 would be 75 + 70 + 70
        ("72 g", "2", ["70", "70"]),
        ("75 g", "3", ["75", "75", "70"]),  # 220 g, which the cap allows
        ("5 g", "3", ["5", "5", "5"]),
        ("9 g", "4", ["5", "5", "5", "5"]),
    ],
)
def test_the_fullest_day_is_the_most_that_whole_vials_make_of_the_cap(
    tmp_path: Path, cap: str, days: str, doses: list[str]
) -> None:
    """2 g/kg at 110 kg in vials of 5 g."""
    regimen = own(tmp_path, f"dose: {{per_course: 2 g/kg, cap_per_day: {cap}}}", "days: {from: 2, to: 5}")
    assert grams(helpers.plan(regimen, "privigen-us", "110kg", days=days, policy=helpers.WHOLE_VIALS)) == doses


def test_a_cap_below_the_smallest_vial_is_refused(tmp_path: Path) -> None:
    regimen = own(tmp_path, "dose: {per_course: 2 g/kg, cap_per_day: 3 g}", "days: {from: 2, to: 2}")
    with pytest.raises(RefusedError) as refused:
        helpers.plan(regimen, "privigen-us", "110kg", policy=helpers.WHOLE_VIALS)
    assert refused.value.codes == ("dose-not-givable",)


def test_the_fullest_day_under_a_cap_is_one_that_the_vials_can_make() -> None:
    """Vials of 4 and 10 g make 4, 8, 10 and 12 g, but neither 2 nor 6. Under 7 g a day that is 4 g, three times."""
    prescribed = Prescribed(quantity("2 g/kg", "dose"), False, None, None, quantity("7 g", "amount"))
    found = course(prescribed, (3,), "4 g", "10 g", ordered=True)
    assert found.session_doses_g == (4, 4, 4)


@pytest.mark.parametrize("cap", ["10 g", "33 g", "71 g", "80 g"])
@pytest.mark.parametrize("days", ["2", "3", "5"])
@pytest.mark.parametrize("rounding", ["actual-weight", "us-group-health"])
def test_the_cap_of_a_day_holds_whatever_the_rounding(tmp_path: Path, cap: str, days: str, rounding: str) -> None:
    regimen = own(tmp_path, f"dose: {{per_course: 2 g/kg, cap_per_day: {cap}}}", "days: {from: 2, to: 5}")
    made = helpers.plan(regimen, "octagam-10-us", "110kg", days=days, policy=rounding)
    assert max(session.dose_g for session in made.sessions) <= Decimal(cap.removesuffix(" g"))
