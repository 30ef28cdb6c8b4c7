"""How far the dose that is given strays from the exact one, and what is said of it."""

import helpers
import pytest

from ivigcalc.engine.plan import Plan
from ivigcalc.errors import RefusedError

# ---- how far it strays -----------------------------------------------------------------------------------------------


def test_the_deviation_is_always_shown() -> None:
    """140.8 g is rounded to 140 g: 141 g would be 71 + 70 g, and 71 g is above 1 g/kg."""
    assert str(helpers.dm("70.4 kg").course.deviation_percent) == "-0.57"


@pytest.mark.parametrize(
    ("weight", "said"),
    [("5.5 kg", False), ("5.6 kg", True)],
    # 2 g/kg in 5 g vials: 11 g is rounded to 10 g, -9.09 %; 11.2 g to 10 g, -10.71 %
)
def test_a_deviation_of_more_than_ten_percent(weight: str, said: bool) -> None:
    got = helpers.any_course("privigen-us", weight, "2 g/kg", days="1", policy=helpers.WHOLE_VIALS)
    assert str(got.course.dose_g) == "10"
    assert ("rounding-deviation" in helpers.codes(got)) == said


@pytest.mark.parametrize(
    ("dose", "deviation", "said"),
    [("5.6 g", "-10.71", True), ("5.5 g", "-9.09", False), ("4.5 g", "11.11", True), ("4.6 g", "8.7", False)],
)
def test_a_dose_rounded_by_more_than_a_tenth_is_a_caution(dose: str, deviation: str, said: bool) -> None:
    """Only 5 g vials: 5.6 g becomes 5 g, 10.71 % less; 4.5 g becomes 5 g, 11.11 % more."""
    found = helpers.any_course(
        helpers.own_product(["5 g"]),
        "20 kg",
        dose,
        days="1",
        policy=helpers.WHOLE_VIALS,
        override=["dose-below-vial=asked"] if deviation == "11.11" else (),
    )
    assert str(found.course.deviation_percent) == deviation
    assert ("rounding-deviation" in helpers.codes(found)) == said


# ---- below the smallest vial -----------------------------------------------------------------------------------------


FIVES = ("5 g", "10 g", "20 g")


def test_a_vial_larger_than_the_dose_is_refused() -> None:
    with pytest.raises(RefusedError) as caught:
        helpers.any_course(helpers.own_product(["10 g"]), "20 kg", "5 g", days="1", policy=helpers.WHOLE_VIALS)
    assert "dose-below-vial" in caught.value.codes


def test_a_course_below_the_smallest_vial_is_refused_and_named() -> None:
    with pytest.raises(RefusedError) as caught:
        helpers.any_course(helpers.own_product(FIVES), "3 kg", "0.2 g/kg", days="1", policy=helpers.WHOLE_VIALS)
    assert caught.value.code == "dose-below-vial"
    assert "0.6 g" in str(caught.value)
    assert "5 g" in str(caught.value)


def test_a_course_below_the_smallest_vial_may_be_insisted_on() -> None:
    insisted = {"policy": helpers.WHOLE_VIALS, "override": ["dose-below-vial=agreed with the ward"]}
    got = helpers.any_course(helpers.own_product(FIVES), "3 kg", "0.2 g/kg", days="1", **insisted)
    assert str(got.course.dose_g) == "5"
    assert str(got.course.deviation_percent) == "733.33"


def test_more_days_than_vials_is_refused() -> None:
    with pytest.raises(RefusedError) as caught:
        helpers.any_course(helpers.own_product(FIVES), "70 kg", "10 g", days="3", policy=helpers.WHOLE_VIALS)
    assert caught.value.code == "dose-below-vial"  # 3 x 5 g is the least that three days can have


# ---- days ------------------------------------------------------------------------------------------------------------


def grams(made: Plan) -> list[str]:
    return [str(session.dose_g) for session in made.sessions]


def test_why_so_many_days_is_said() -> None:
    """2.4 g/kg at 70 kg are 168 g: 84 g on each of two days, above 1 g/kg."""
    got = helpers.any_course("octagam-10-us", "70 kg", "2.4 g/kg", protocol="at-most-a-gram-a-day")
    assert "2 days would be 84 g a day, above 1 g/kg = 70 g" in helpers.notice(got, "days-chosen").message


def test_equal_days_that_whole_vials_make_unequal_are_said() -> None:
    """165 g over 4 days in whole grams are 42 + 41 + 41 + 41; the label says equal daily doses."""
    made = helpers.plan("dermatomyositis", "octagam-10-us", "82.5kg", age="50y", days="4")
    assert grams(made) == ["42", "41", "41", "41"]
    assert any("equal days" in notice.message and "42 and 41 g" in notice.message for notice in made.notices)
    even = helpers.plan("dermatomyositis", "octagam-10-us", "82kg", age="50y", days="4")
    assert not any("equal days" in notice.message for notice in even.notices)
