"""A dose far too low (milligrams for grams, grams for grams per kilogram), or of one infusion too high."""

import helpers
import pytest

from ivigcalc.errors import RefusedError
from ivigcalc.quantity import figure


def test_milligrams_typed_for_grams_are_told() -> None:
    """28 mg at 70 kg are 0.0004 g/kg; 28 g are 0.4 g/kg. The label prints 0.2 to 0.8 g/kg."""
    made = helpers.rates("qivigy-us", "primary-immunodeficiency", "70kg", "28mg")
    said = helpers.notice(made, "dose-low")
    assert (said.level, said.value) == ("caution", "0.0004 g/kg")
    assert "was 28 g meant?" in said.message
    assert str(made.course.g_per_kg) == "0.0004"


def test_a_dose_that_is_not_0_is_never_shown_as_0() -> None:
    made = helpers.rates("qivigy-us", "primary-immunodeficiency", "70kg", "28mg")
    assert "0.0004 g/kg" in helpers.notice(made, "live-vaccines").message
    assert helpers.notice(made, "fluid-load").value == "0.004 mL/kg"
    assert [figure(0), figure(made.course.g_per_kg, 1)] == ["0", "0.0004"]


@pytest.mark.parametrize(("dose", "said"), [("7 g", False), ("6.9 g", True), ("0.1 g/kg", False), ("99 mg/kg", True)])
def test_half_of_the_lowest_of_the_indication_is_the_bound(dose: str, said: bool) -> None:
    """Primary immunodeficiency begins at 0.2 g/kg: half of it is 7 g at 70 kg."""
    made = helpers.rates("qivigy-us", "primary-immunodeficiency", "70kg", dose)
    assert ("dose-low" in helpers.codes(made)) == said


@pytest.mark.parametrize(("dose", "said"), [("1 g/kg", False), ("0.99 g/kg", True), ("72 g", False), ("71 g", True)])
def test_a_protocol_that_prints_its_dose_is_the_bound(dose: str, said: bool) -> None:
    """2 g/kg in dermatomyositis: below 1 g/kg, 72 g, it is also far too low."""
    made = helpers.adult(dose=dose, override=["dose-outside-regimen=asked"])
    assert ("dose-low" in helpers.codes(made)) == said


def test_grams_for_grams_per_kilogram_are_named() -> None:
    made = helpers.adult(dose="2 g", override=["dose-outside-regimen=asked"])
    assert "was 2 g/kg meant?" in helpers.notice(made, "dose-low").message


def test_a_dose_of_a_day_is_held_against_the_course() -> None:
    """0.4 g/kg on each of five days is the printed 2 g/kg; 0.1 g/kg is a quarter of it."""
    words = {"days": "5", "override": ["dose-outside-regimen=asked"]}
    assert "dose-low" not in helpers.codes(helpers.adult(dose="0.4 g/kg/day", days="5"))
    assert "0.1 g/kg a day is less" in helpers.notice(helpers.adult(dose="0.1 g/kg/day", **words), "dose-low").message


def test_a_cap_does_not_make_a_dose_low() -> None:
    """2 g/kg at 140 kg, capped at 70 g by the protocol: nobody ordered 0.5 g/kg."""
    assert "dose-low" not in helpers.codes(
        helpers.any_course("octagam-10-us", "140 kg", "2 g/kg", protocol="capped", days="2")
    )


# ---- one infusion that is too much -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("indication", "dose", "limit"),
    [
        ("dermatomyositis", "1 g/kg", None),
        ("dermatomyositis", "77 g", None),
        ("dermatomyositis", "77.1 g", "1 g/kg"),
        ("dermatomyositis", "2 g/kg", "1 g/kg"),
        ("dermatomyositis", "154.1 g", "2 g/kg"),
        ("kawasaki", "2 g/kg", None),
        ("gbs", "0.5 g/kg", "0.4 g/kg"),
    ],
)
def test_one_infusion_above_all_that_its_indication_prints_for_a_day_is_told(
    indication: str, dose: str, limit: str | None
) -> None:
    """2 g/kg over 2 to 5 days are at most 1 g/kg a day, 70 g at 70 kg; 10 % are the slack of rounding. Above 2 g/kg and
    its slack, 154 g, it is more than anybody gives for anything, which is said once."""
    found = helpers.notices(helpers.rates("octagam-10-us", indication, "70kg", dose), "day-dose-over-limit")
    assert [(notice.level, notice.limit) for notice in found] == ([("caution", limit)] if limit else [])


def test_a_course_is_held_against_its_own_protocol_instead() -> None:
    """1.25 g/kg on each day of a course is outside the protocol, which is a stop; the caution is of `rates`."""
    with pytest.raises(RefusedError) as refused:
        helpers.plan("dermatomyositis", "octagam-10-us", "70kg", age="40y", dose="2.5 g/kg", days="2")
    assert refused.value.codes == ("dose-outside-regimen",)
