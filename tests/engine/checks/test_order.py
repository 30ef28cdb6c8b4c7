"""The order against what is published: dose, days and number of courses, and what it comes to in four weeks."""

import helpers
import pytest

from ivigcalc.errors import RefusedError

# ---- the dose --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dose", ["2.001 g/kg", "20 g/kg", "1.999 g/kg", "2000.1 mg/kg", "1440 g", "200 mg/kg"])
def test_a_dose_that_the_protocol_does_not_publish_is_refused(dose: str) -> None:
    assert "dose-outside-regimen" in helpers.refusal(helpers.adult, dose=dose).codes


@pytest.mark.parametrize("dose", ["2 g/kg", "2000 mg/kg", "144 g", "144000 mg"])
def test_the_published_dose_may_be_written_in_any_unit(dose: str) -> None:
    assert helpers.adult(dose=dose).course.dose_g == 144


@pytest.mark.parametrize(
    ("dose", "expected"), [("140 g", set()), ("126 g", {"rounding-deviation"}), ("154 g", {"rounding-deviation"})]
)
def test_grams_typed_by_hand_may_stray_as_far_as_rounding_may(dose: str, expected: set[str]) -> None:
    """2 g/kg at 70 kg is 140 g; 10 % either way is 126 to 154 g."""
    assert helpers.codes(helpers.dm(dose=dose)) & {"rounding-deviation", "dose-outside-regimen"} == expected


@pytest.mark.parametrize("dose", ["125.9 g", "154.1 g", "1.9 g/kg"])
def test_and_no_further(dose: str) -> None:
    assert helpers.refusal(helpers.dm, dose=dose).codes == ("dose-outside-regimen",)


def test_a_dose_of_four_weeks_is_held_against_the_range_of_one_course() -> None:
    """The trial prints 0.2 g/kg each week. 0.2 g/kg in four weeks is a quarter of it; 0.8 g/kg is just that."""
    order = {"start": "2026-12-01", "courses": "2", "dose_basis": "4-weeks", "age": "40y"}
    with pytest.raises(RefusedError) as refused:
        helpers.plan("hsct:guided-weekly", "gamunex-c-us", "100kg", dose="0.2 g/kg", **order)
    assert refused.value.codes == ("dose-outside-regimen",)
    assert (
        helpers.plan("hsct:guided-weekly", "gamunex-c-us", "100kg", dose="0.8 g/kg", **order).course.prescribed_g == 20
    )


# ---- days and courses ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", ["1", "6", "31"])
def test_days_that_the_protocol_does_not_publish_are_refused(days: str) -> None:
    assert "days-outside-regimen" in helpers.refusal(helpers.adult, days=days).codes


def test_more_courses_than_are_printed_are_said() -> None:
    """Kawasaki disease is one course."""
    order = {"age": "5y", "start": "2026-12-01"}
    assert not helpers.notices(helpers.plan("kawasaki", "privigen-us", "20kg", **order), "courses-outside-regimen")
    found = helpers.notices(helpers.plan("kawasaki", "privigen-us", "20kg", **order, courses="6", every="4 weeks"), "courses-outside-regimen")  # fmt: skip
    assert [(n.level, n.value, n.limit) for n in found] == [("caution", "6", "1")]


# ---- what it comes to in four weeks ----------------------------------------------------------------------------------


OTHER_INTERVAL = {"override": ["interval-outside-regimen=as the prescriber wrote"]}
START = {"start": "2026-12-01"}


def test_a_dose_per_course_says_what_it_comes_to_in_four_weeks() -> None:
    found = helpers.adult(every="2 weeks", dose_basis="course", courses="2", **START, **OTHER_INTERVAL)
    assert found.course.prescribed_g == 144
    said = helpers.notice(found, "dose-basis")
    assert (said.level, said.value) == ("caution", "4 g/kg in 4 weeks")


def test_a_dose_per_course_by_the_month_is_one_course_in_four_weeks() -> None:
    """2 g/kg every 2 months: no four weeks hold more than one course."""
    found = helpers.adult(every="2 months", dose_basis="course", courses="2", **START, **OTHER_INTERVAL)
    assert helpers.notice(found, "dose-basis").value == "2 g/kg in 4 weeks"


def test_four_weeks_are_added_up_from_the_courses_of_the_plan() -> None:
    """Two courses of 2 g/kg, two days apart, are 4 g/kg; 14 of them are not planned."""
    words = {"age": "3y", "every": "2 days", "dose_basis": "course"}
    found = helpers.plan("kawasaki:etg", "octagam-10-eu", "12kg", courses="2", **words, **START)
    assert helpers.notice(found, "dose-basis").value == "4 g/kg in 4 weeks"
    alone = helpers.plan("kawasaki:etg", "octagam-10-eu", "12kg", courses="1", **words, **START)
    assert helpers.notice(alone, "dose-basis").message.endswith("2 g/kg in 4 weeks (one course is planned)")


def test_an_interval_that_the_source_does_not_print_says_what_the_dose_comes_to() -> None:
    found = helpers.adult(regimen="dermatomyositis:wang-2012", every="2 weeks", courses="2", **START)
    assert (helpers.notice(found, "dose-basis").level, helpers.notice(found, "dose-basis").value) == (
        "info",
        "4 g/kg in 4 weeks",
    )


def test_the_protocols_own_interval_needs_no_basis() -> None:
    assert "dose-basis" not in helpers.codes(helpers.adult(every="4 weeks", courses="2", **START))
