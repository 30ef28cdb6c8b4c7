"""Hazards of the dose: too much on a day, in a course or in four weeks, doubled by accident, drifting by rounding."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import helpers
import pytest

from ivigcalc import library
from ivigcalc.engine.plan import Notice, Plan
from ivigcalc.errors import RefusedError, RequestError

START = {"start": "2026-12-01"}
OTHER_INTERVAL = {"override": ["interval-outside-regimen=as the prescriber wrote"]}


def plan(weight: str = "72kg", **words: Any) -> Plan:
    return helpers.plan(
        str(words.pop("regimen", "dermatomyositis")),
        str(words.pop("product", "octagam-10-us")),
        weight,
        **{"age": "54y", **words},
    )


def notice(found: Plan, code: str) -> Notice:
    [one] = [n for n in found.notices if n.code == code]
    return one


def refused(**words: Any) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        plan(**words)
    return caught.value


# ---- overdose of a day, a course, four weeks --------------------------------------------------------------------------


@pytest.mark.parametrize("dose", ["2.001 g/kg", "20 g/kg", "1.999 g/kg", "2000.1 mg/kg", "1440 g", "200 mg/kg"])
def test_a_dose_that_the_protocol_does_not_publish_is_refused(dose: str) -> None:
    assert "dose-outside-regimen" in refused(dose=dose).codes


@pytest.mark.parametrize("dose", ["2 g/kg", "2000 mg/kg", "144 g", "144000 mg"])
def test_the_published_dose_may_be_written_in_any_unit(dose: str) -> None:
    assert plan(dose=dose).course.dose_g == 144


def test_an_overridden_dose_still_meets_the_limit_of_a_day() -> None:
    """2.15 g/kg on one day: outside the protocol, and above its 2 g/kg a day as well; both must be overridden."""
    child = {"regimen": "kawasaki:octagam-smpc-single", "weight": "20kg", "age": "5y", "dose": "2.15 g/kg"}
    assert refused(**child).codes == ("dose-outside-regimen", "day-dose-over-limit")
    assert refused(**child, override=["dose-outside-regimen=asked"]).codes == ("day-dose-over-limit",)


def test_a_course_above_its_published_limit_is_refused() -> None:
    """Ontario: no more than 2 g/kg in a course of juvenile dermatomyositis."""
    words = {
        "regimen": "juvenile-dermatomyositis:ontario",
        "weight": "40kg",
        "age": "12y",
        "dose": "2.5 g/kg",
        "days": "5",
        "override": ["dose-outside-regimen=asked"],
    }
    assert "course-dose-over-limit" in refused(**words).codes


def test_days_are_added_until_a_day_is_within_its_limit() -> None:
    """71.5 kg: 143 g is 72 + 71 g from vials of 2, 5, 10, 20 and 30 g, and 72 g is above 1 g/kg: three days."""
    assert plan("71.5kg").course.days == 3
    assert plan("72kg").course.days == 2


def test_grams_above_everything_published_are_a_slip_even_without_a_protocol() -> None:
    """700 g typed for 70 g is 10 g/kg; nobody prints more than 4 g/kg for a course, or 2 g/kg for one day. 10 % are the slack of rounding."""
    with pytest.raises(RefusedError) as caught:
        helpers.rates("octagam-10-us", "dermatomyositis", "70kg", "700g")
    assert caught.value.codes == ("course-dose-over-limit",)
    assert "10 g/kg" in str(caught.value)
    assert (
        notice(helpers.rates("octagam-10-us", "dermatomyositis", "70kg", "154.1g"), "day-dose-over-limit").limit
        == "2 g/kg"
    )
    assert "day-dose-over-limit" not in helpers.codes(helpers.rates("octagam-10-us", "dermatomyositis", "70kg", "154g"))


def _own_regimen(folder: Path, body: str) -> str:
    path = folder / "own.yaml"
    head = (
        "kind: regimen\nschema: 1\nid: own\nversion: 2026-11-22\ntitle: Own\ncategory: other\nsources:\n"
        "  house: {title: House, body: house, locator: here, checked: 2026-11-22, kind: house}\n"
        "protocols:\n  only:\n    title: Only\n    evidence: guideline\n    confidence: high\n    source: house\n"
    )
    path.write_text(head + body, encoding="utf-8")
    return str(path)


FOUR_WEEKS = """\
    dose: {per_course: {from: 0.5 g/kg, to: 3 g/kg}}
    days: {from: 1, to: 5}
    interval: {every: {from: 1 week, to: 8 weeks}}
    limits:
      - {per: 4-weeks, max: 2 g/kg, level: stop}
"""


@pytest.mark.parametrize(
    ("dose", "every", "courses", "over"),
    [
        ("1 g/kg", "2 weeks", "2", False), ("1.2 g/kg", "2 weeks", "2", True), ("1.2 g/kg", "2 weeks", "1", False), ("1.5 g/kg", "3 weeks", "2", False),
        ("1.6 g/kg", "3 weeks", "2", True), ("2 g/kg", "4 weeks", "2", False), ("2 g/kg", "8 weeks", "2", False), ("2.1 g/kg", "8 weeks", "2", True),
    ],
)  # fmt: skip
def test_a_limit_on_four_weeks_counts_every_course_in_them(
    dose: str, every: str, courses: str, over: bool, tmp_path: Path
) -> None:
    """1.2 g/kg every two weeks is 2.4 g/kg in four; 1.5 g/kg every three weeks is 2.0."""
    words = {
        "regimen": _own_regimen(tmp_path, FOUR_WEEKS),
        "weight": "100kg",
        "dose": dose,
        "every": every,
        "courses": courses,
        **START,
    }
    if over:
        assert refused(**words).codes == ("four-week-dose-over-limit",)
    else:
        assert plan(**words).sessions


def test_a_slip_in_a_hospitals_own_file_is_caught(tmp_path: Path) -> None:
    """20 g/kg written for 2 g/kg: whatever the file says, nobody prints as much."""
    own = _own_regimen(tmp_path, "    dose: {per_course: 20 g/kg}\n    days: {from: 2, to: 5}\n")
    assert {"day-dose-over-limit", "course-dose-over-limit"} <= set(refused(regimen=own).codes)


@pytest.mark.parametrize("days", ["1", "6", "31"])
def test_days_that_the_protocol_does_not_publish_are_refused(days: str) -> None:
    assert "days-outside-regimen" in refused(days=days).codes


# ---- doubled by accident: per course or per four weeks ----------------------------------------------------------------


def test_another_interval_must_say_what_the_dose_is_for() -> None:
    with pytest.raises(RequestError, match="--dose-basis course or --dose-basis 4-weeks"):
        plan(every="2 weeks", courses="2", **START, **OTHER_INTERVAL)


def test_a_dose_per_course_says_what_it_comes_to_in_four_weeks() -> None:
    found = plan(every="2 weeks", dose_basis="course", courses="2", **START, **OTHER_INTERVAL)
    assert found.course.prescribed_g == 144
    said = notice(found, "dose-basis")
    assert (said.level, said.value) == ("caution", "4 g/kg in 4 weeks")


def test_a_dose_per_four_weeks_is_scaled_to_the_interval() -> None:
    """2 g/kg in four weeks is 1 g/kg every two: 72 g, not 144 g."""
    found = plan(every="2 weeks", dose_basis="4-weeks", courses="2", **START, **OTHER_INTERVAL)
    assert found.course.prescribed_g == 72
    assert "2 g/kg per 4 weeks is 1 g/kg for each course every 2 weeks" in notice(found, "dose-basis").message


@pytest.mark.parametrize(
    ("every", "grams"), [("3 weeks", "108"), ("6 weeks", "216"), ("10 days", "51.43"), ("28 days", "144")]
)
def test_the_scaling_is_by_days(every: str, grams: str) -> None:
    """144 g in 28 days: 21 days 108 g, 42 days 216 g, 10 days 51.43 g."""
    unusual = {} if every == "28 days" else OTHER_INTERVAL
    found = plan(every=every, dose_basis="4-weeks", courses="2", **START, **unusual)
    assert str(found.course.prescribed_g) == grams


def test_a_dose_per_four_weeks_is_scaled_to_the_protocols_own_interval_too(tmp_path: Path) -> None:
    """The protocol gives courses every two weeks; an order of 2 g/kg in four weeks is 1 g/kg each, also where --every is left out."""
    own = _own_regimen(
        tmp_path,
        "    dose: {per_course: {from: 0.5 g/kg, to: 2 g/kg}}\n    days: {from: 2, to: 5}\n    interval: {every: 2 weeks}\n",
    )
    words = {"regimen": own, "dose": "2 g/kg", "dose_basis": "4-weeks", "courses": "2", **START}
    assert plan(**words).course.prescribed_g == 72
    assert plan(**words, every="2 weeks").course.prescribed_g == 72


def test_a_published_dose_of_another_interval_is_not_taken_for_four_weeks(tmp_path: Path) -> None:
    own = _own_regimen(
        tmp_path, "    dose: {per_course: 1 g/kg}\n    days: {from: 1, to: 2}\n    interval: {every: 3 weeks}\n"
    )
    with pytest.raises(RequestError, match="is not printed for four weeks: give --dose"):
        plan(regimen=own, every="2 weeks", dose_basis="4-weeks", courses="2", **START)


def test_scaling_needs_an_interval_in_days() -> None:
    with pytest.raises(RequestError, match="needs an interval in days or weeks, not 2 months"):
        plan(every="2 months", dose_basis="4-weeks", courses="2", **START, **OTHER_INTERVAL)
    with pytest.raises(RequestError, match="needs an interval in days or weeks, with --every"):
        helpers.plan("toxic-epidermal-necrolysis:prins-2003", "octagam-10-us", "72kg", dose_basis="4-weeks", **START)


def test_a_dose_per_course_by_the_month_says_what_it_comes_to_on_average() -> None:
    """2 g/kg every 2 months of 30.4375 days on average: 56 / 60.875 = 0.92 g/kg in four weeks."""
    found = plan(every="2 months", dose_basis="course", courses="2", **START, **OTHER_INTERVAL)
    assert notice(found, "dose-basis").value == "0.92 g/kg in 4 weeks"
    assert "on average" in notice(found, "dose-basis").message


def test_an_interval_that_the_source_does_not_print_says_what_the_dose_comes_to() -> None:
    found = plan(regimen="dermatomyositis:wang-2012", every="2 weeks", courses="2", **START)
    assert (notice(found, "dose-basis").level, notice(found, "dose-basis").value) == ("info", "4 g/kg in 4 weeks")


def test_the_protocols_own_interval_needs_no_basis() -> None:
    assert "dose-basis" not in helpers.codes(plan(every="4 weeks", courses="2", **START))


@pytest.mark.parametrize("every", ["biweekly", "bi-weekly", "bimonthly", "Bi-Monthly", "every biweekly"])
def test_words_that_mean_two_intervals_are_refused(every: str, refuses: Callable[..., str]) -> None:
    said = refuses(
        2,
        "schedule",
        "-r",
        "dermatomyositis",
        "-p",
        "octagam-10-us",
        "--weight",
        "72kg",
        "--start",
        "2026-12-01",
        "--every",
        every,
    )
    assert "means two things" in said or "is not a number with its unit" in said


# ---- rounding ---------------------------------------------------------------------------------------------------------


def test_nothing_drifts_by_binary_fractions() -> None:
    """0.1 g/kg x 105 kg is exactly 10.5 g, a tie that goes down to 10 g. In binary 0.1 is a little more, and 11 g would come out."""
    assert helpers.any_course("octagam-10-us", "105kg", "0.1 g/kg", days="1").course.dose_g == 10
    grams = [str(plan(f"70.{tenth}kg").course.prescribed_g) for tenth in range(1, 10)]
    assert grams == ["140.2", "140.4", "140.6", "140.8", "141", "141.2", "141.4", "141.6", "141.8"]


def test_what_is_shown_adds_up() -> None:
    found = plan("71.3kg", courses="3", at="09:00", **START)
    for session in found.sessions:
        assert (
            sum(Fraction(step.volume_ml) for step in session.steps)
            == Fraction(session.volume_ml or 0)
            == Fraction(session.dose_g) * 10
        )
        assert sum(Fraction(v.size_g) * v.count for v in session.vials) == Fraction(session.dose_g)
    for course in (1, 2, 3):
        assert sum(Fraction(s.dose_g) for s in found.sessions if s.course == course) == Fraction(found.course.dose_g)
    assert Fraction(found.totals.dose_g) == 3 * Fraction(found.course.dose_g)


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
        override=["dose-below-vial=asked"] if deviation == "11.11" else (),
    )
    assert str(found.course.deviation_percent) == deviation
    assert ("rounding-deviation" in helpers.codes(found)) == said


def test_a_vial_larger_than_the_dose_is_refused() -> None:
    with pytest.raises(RefusedError) as caught:
        helpers.any_course(helpers.own_product(["10 g"]), "20 kg", "5 g", days="1")
    assert "dose-below-vial" in caught.value.codes


# ---- fluid and vaccines: told, not judged -----------------------------------------------------------------------------


def test_the_fluid_of_the_fullest_day_is_told_per_kilogram() -> None:
    """71.5 kg: 143 g as 48 + 48 + 47 g; 480 mL / 71.5 kg = 6.71 mL/kg. No source on file prints a limit, and the plan says so."""
    said = notice(plan("71.5kg"), "fluid-load")
    assert (said.level, said.value, said.limit) == ("info", "6.7 mL/kg", None)
    assert "480 mL" in said.message
    assert "no source on file prints a limit" in said.message


@pytest.mark.parametrize(
    ("dose", "per_kg", "wait", "words"),
    [
        ("0.4 g/kg", "0.4 g/kg", "8 months", ""), ("0.2 g/kg", "0.2 g/kg", "8 months", "taken up to the next dose of the table, 0.4 g/kg"),
        ("0.401 g/kg", "0.401 g/kg", "10 months", "taken up to the next dose of the table, 1 g/kg"), ("1 g/kg", "1 g/kg", "10 months", ""),
        ("1.5 g/kg", "1.5 g/kg", "11 months", "taken up to the next dose of the table, 2 g/kg"), ("2 g/kg", "2 g/kg", "11 months", ""),
        ("2.2 g/kg", "2.2 g/kg", "11 months", "above the table, which ends at 2 g/kg"),
    ],
)  # fmt: skip
def test_the_wait_for_live_vaccines_is_told(dose: str, per_kg: str, wait: str, words: str) -> None:
    said = notice(helpers.any_course("octagam-10-us", "100kg", dose, days="5"), "live-vaccines")
    assert (said.level, said.value, said.limit) == ("info", per_kg, wait)
    assert words in said.message
    assert ("(" in said.message) == bool(words)


def test_the_wait_for_live_vaccines_counts_from_the_last_session() -> None:
    """The second course ends on 30 December 2026; eleven months later is 30 November 2027."""
    assert "not before 2027-11-30" in notice(plan(courses="2", **START), "live-vaccines").message


# ---- overrides --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        "dose-outside-regimen",
        "dose-outside-regimen=",
        "=because",
        "dose-outside-regimen=  ",
        "Dose=x",
        "dose outside=x",
    ],
)
def test_an_override_needs_a_code_and_a_reason(given: str) -> None:
    with pytest.raises(RequestError, match='write --override CODE="reason"'):
        plan(dose="3 g/kg", override=[given])
    with pytest.raises(RequestError, match="--override: is empty"):
        plan(dose="3 g/kg", override=['dose-outside-regimen=""'])


def test_an_override_of_nothing_is_refused() -> None:
    with pytest.raises(RequestError, match="this plan has no stop of that code"):
        plan(override=["dose-outside-regimen=to be safe"])


def test_nothing_that_is_no_stop_can_be_overridden() -> None:
    assert "ladder-assumed" in helpers.codes(plan())
    with pytest.raises(RequestError, match="this plan has no stop of that code"):
        plan(override=["ladder-assumed=I know"])


def test_every_shipped_threshold_has_its_source() -> None:
    rules = library.safety().value
    for part in (
        rules.highest_day_dose,
        rules.highest_course_dose,
        rules.deviation,
        rules.stale_weight,
        rules.restart_after,
    ):
        assert part.source in rules.sources
    of_class = library.product_class().value
    for said in (*of_class.vaccine_waits, *of_class.contraindications, of_class.age_risk, of_class.haemolysis):
        assert said is not None
        assert said.source in of_class.sources
