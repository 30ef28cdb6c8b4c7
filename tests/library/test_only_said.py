"""What protocols only said in words and their plans now keep: one by one, each counted by hand from what is printed."""

from datetime import date
from decimal import Decimal
from typing import Any

import helpers
import pytest

from ivigcalc import library
from ivigcalc.engine.plan import Plan
from ivigcalc.errors import RequestError

#: a patient whom no rule on obesity concerns: 70 kg at 175 cm
ADULT: dict[str, Any] = {"age": "40y", "height": "175cm"}
CHILD: dict[str, Any] = {"age": "8y", "height": "130cm"}
START = "2026-12-01"


def made(regimen: str, product: str = "privigen-eu", weight: str = "70kg", **words: Any) -> Plan:
    return helpers.plan(regimen, product, weight, **{**ADULT, **words})


def stopped(regimen: str, product: str = "privigen-eu", weight: str = "70kg", **words: Any) -> tuple[str, ...]:
    return helpers.refusal(helpers.plan, regimen, product, weight, **{**ADULT, **words}).codes


def first_days(plan: Plan) -> list[date]:
    return [session.on for session in plan.sessions if session.day == 1 and session.on]


def weeks(plan: Plan) -> list[int]:
    """In which week after the first each course begins."""
    days = first_days(plan)
    return [(day - days[0]).days // 7 for day in days]


# ---- intervals of which one end is printed ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("regimen", "words", "kept", "passed"),
    [
        # "not more often than every 2 weeks"
        ("chronic-itp:nova-scotia", {"dose": "1 g/kg/course", "days": "1"}, "2 weeks", "13 days"),
        # "may be repeated once within 3 days"
        ("itp:smpc-single", {"dose": "1 g/kg/course"}, "3 days", "4 days"),
        # "second 1 g/kg not before day 7"
        ("itp:bsw-2017", {}, "7 days", "6 days"),
        # 36 h after the end of 10 to 12 h: 46 to 48 h after the start
        ("kawasaki:etg", {**CHILD, "weight": "25kg"}, "2 days", "1 day"),
    ],
)
def test_courses_no_closer_and_no_farther_than_printed(
    regimen: str, words: dict[str, Any], kept: str, passed: str
) -> None:
    order = {"courses": "2", "start": START, **words}
    assert len(first_days(made(regimen, every=kept, **order))) == 2
    assert "interval-outside-regimen" in stopped(regimen, every=passed, **order)


def test_the_gap_before_a_first_course_is_held_against_the_shortest_interval() -> None:
    order = {"dose": "1 g/kg/course", "days": "1", "start": START}
    assert helpers.notices(made("chronic-itp:nova-scotia", **order, last_infusion="2026-11-20"), "courses-close")
    assert not helpers.notices(made("chronic-itp:nova-scotia", **order, last_infusion="2026-11-17"), "courses-close")


# ---- phases ----------------------------------------------------------------------------------------------------------


def test_proderm_allows_the_lower_dose_from_week_28_only() -> None:
    """Ten courses, every 4 weeks: the eighth is that of week 28. 70 kg: 140 g, and 70 g at 1 g/kg."""
    plan = made("dermatomyositis:proderm", "octagam-10-us", days="2", dose="1 g/kg/course", start=START)
    assert weeks(plan) == [0, 4, 8, 12, 16, 20, 24, 28, 32, 36]
    assert [str(session.dose_g) for session in plan.sessions] == ["70"] * 14 + ["35"] * 6
    assert "dose-outside-regimen" in stopped("dermatomyositis:proderm", "octagam-10-us", days="2", phase="maintenance", dose="1 g/kg/course")  # fmt: skip
    alone = made("dermatomyositis:proderm-extension", "octagam-10-us", days="2", dose="1 g/kg/course", start=START)
    assert [(phase.phase, phase.courses, str(phase.dose_g)) for phase in alone.phases] == [("early", 3, "140"), ("late", 3, "70")]  # fmt: skip


def test_pemphigus_goes_on_every_six_weeks_after_six_months() -> None:
    """Week 24 is the last that begins within 6 months of 26 weeks."""
    plan = made("pemphigus:ontario-2018", days="2", start=START, courses="9")
    assert weeks(plan) == [0, 4, 8, 12, 16, 20, 24, 30, 36]


# ---- the most courses that the printed end leaves --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("regimen", "words", "most"),
    [
        # weekly from day -1 to day 100: days -1, 6, 13, ... 97
        ("hsct:ontario", {}, 15),
        # 2 g/kg over all exchanges, 0.1 g/kg after each
        ("abmr:ontario-plasma-exchange", {"every": "2 days"}, 20),
        ("desensitisation:ontario-plasma-exchange", {"every": "2 days"}, 20),
        # 1 g/kg, in all 2 g/kg
        ("itp:starship-newborn", {"age": "3 days", "height": None, "weight": "3.5kg", "every": "7 days"}, 2),
        # one course to start, then monthly to 6 months
        ("cutaneous-lupus:goodfield-2004", {"days": "2"}, 7),
        # one course to start, then every 3 weeks for 6 months: week 24 is the eighth
        ("cidp:us-label-gammagard-liquid", {"days": "2", "product": "gammagard-liquid-us"}, 9),
    ],
)
def test_more_courses_than_the_printed_end_leaves_are_said(regimen: str, words: dict[str, Any], most: int) -> None:
    for courses in (most, most + 1):
        plan = made(regimen, start=START, courses=str(courses), **words)
        assert bool(helpers.notices(plan, "courses-outside-regimen")) == (courses > most)


def test_a_total_over_courses_is_told_where_rounding_passes_it() -> None:
    """3.4 kg: 2 courses of 3.6 g are 7.2 g, above the 2 g/kg = 6.8 g that are printed in all."""
    words: dict[str, Any] = {"age": "3 days", "height": None, "weight": "3.4kg", "every": "7 days", "courses": "2"}
    plan = made("itp:starship-newborn", start=START, product="intragam-p-nz", **words)
    assert plan.totals.dose_g == Decimal("7.2")
    [said] = helpers.notices(plan, "course-dose-over-limit")
    assert "3.6 g in a course is above the limit of 1 g/kg (3.4 g)" in said.message


# ---- doses of their own ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("regimen", "product", "words", "grams"),
    [
        # 70 kg: 0.4 g/kg are 28 g, 0.8 g/kg 56 g, 1 g/kg 70 g, 0.53 g/kg 37.1 g
        ("prca-parvovirus:aids-patient-care-2000-maintenance", "privigen-eu", {"days": "1"}, "28"),
        ("primary-immunodeficiency:ontario-lung", "privigen-ca", {"dose": "0.8 g/kg/course"}, "56"),
        ("primary-immunodeficiency:ch-label-gamunex-afterwards", "gamunex-ch", {"dose": "0.8 g/kg/course", "days": "1", "policy": "us-group-health"}, "56"),
        ("myasthenia-gravis:international-2023-selected", "privigen-eu", {"days": "1"}, "70"),
        ("measles-exposure:us-label-octagam-5-at-risk", "octagam-5-us", {"dose": "530 mg/kg/course"}, "37.1"),
        ("measles-exposure:us-label-flebogamma-dif-10-at-risk", "flebogamma-dif-10-us", {"dose": "530 mg/kg/course"}, "37.1"),
        ("measles-exposure:eu-label-flebogamma-dif-before", "flebogamma-dif-5-eu", {"dose": "0.53 g/kg/course"}, "37.1"),
    ],
)  # fmt: skip
def test_a_dose_that_was_a_sentence_is_a_protocol(
    regimen: str, product: str, words: dict[str, Any], grams: str
) -> None:
    assert str(made(regimen, product, **words).course.prescribed_g) == grams


@pytest.mark.parametrize(
    ("regimen", "product", "dose"),
    [
        ("measles-exposure:us-label-octagam-5-at-risk", "octagam-5-us", "520 mg/kg/course"),
        ("measles-exposure:eu-label-flebogamma-dif-before", "flebogamma-dif-5-eu", "0.52 g/kg/course"),
        ("primary-immunodeficiency:ontario-lung", "privigen-ca", "0.9 g/kg/course"),
    ],
)
def test_and_keeps_its_ends(regimen: str, product: str, dose: str) -> None:
    assert "dose-outside-regimen" in stopped(regimen, product, dose=dose)


def test_above_2_g_per_kg_nothing_was_found_in_myasthenia() -> None:
    codes = stopped("myasthenia-gravis:international-2023-5-day", dose="2.1 g/kg/course")
    assert {"course-dose-over-limit", "dose-outside-regimen"} <= set(codes)


# ---- days ------------------------------------------------------------------------------------------------------------


def test_octagam_in_cidp_is_printed_for_at_most_five_days() -> None:
    with pytest.raises(RequestError, match="at most 5 days") as asked:
        made("cidp:octagam-smpc", "octagam-10-eu")
    assert asked.value.code == "days-needed"
    assert len(made("cidp:octagam-smpc", "octagam-10-eu", days="5").sessions) == 5
    assert "days-outside-regimen" in stopped("cidp:octagam-smpc", "octagam-10-eu", days="6")


@pytest.mark.parametrize("protocol", ["acr-2021", "ontario"])
def test_mis_c_is_given_over_two_days_where_the_heart_is_at_risk(protocol: str) -> None:
    """30 kg: 60 g, in one day or as 30 g on each of two."""
    order = {**CHILD, "weight": "30kg"}
    assert [str(session.dose_g) for session in made(f"mis-c:{protocol}", **order).sessions] == ["60"]
    two = made(f"mis-c:{protocol}", **order, risk=["cardiac"])
    assert [str(session.dose_g) for session in two.sessions] == ["30", "30"]
    assert stopped(f"mis-c:{protocol}", **order, risk=["cardiac"], days="1") == ("days-outside-regimen",)


# ---- ages ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("regimen", ["gbs", "cidp", "mmn"])
def test_flebogamma_is_labelled_from_two_years(regimen: str) -> None:
    """12 kg: 24 g. From then on its own label is the default; below, it is not for this patient."""
    order: dict[str, Any] = {"height": None, "days": "5", "weight": "12kg"}
    plan = made(regimen, "flebogamma-dif-5-eu", age="2y", **order)
    assert plan.course.prescribed_g == 24
    own = next(name for name in library.load("regimen", regimen).value.protocols if "flebogamma" in name)
    assert any(said.message.startswith(f"protocol not given: {own} ") for said in helpers.notices(plan, "default-used"))
    assert stopped(f"{regimen}:{own}", "flebogamma-dif-5-eu", age="23 months", **order) == (
        "age-contraindicated",
        "age-outside-regimen",
    )


@pytest.mark.parametrize(("regimen", "oldest"), [("dermatomyositis:proderm", 80), ("dermatomyositis:dalakas", 55)])
def test_trials_have_an_upper_age(regimen: str, oldest: int) -> None:
    order: dict[str, Any] = {"days": "2"}
    assert made(regimen, "octagam-10-us", age=f"{oldest}y", **order).course.prescribed_g == 140
    assert "age-outside-regimen" in stopped(regimen, "octagam-10-us", age=f"{oldest + 1}y", **order)


def test_that_a_protocol_is_for_newborns_is_on_the_plan() -> None:
    plan = helpers.plan("hdfn:smits-wintjens-2011", "privigen-eu", "3.5kg", age="2 days")
    said = [notice.message for notice in helpers.notices(plan, "protocol-says")]
    assert "of the patients: newborn with rhesus haemolytic disease" in said
