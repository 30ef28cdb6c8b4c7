"""What a day, a course and four weeks come to: published limits, and what nobody gives."""

from pathlib import Path

import helpers
import pytest

from ivigcalc.engine.plan import Plan
from ivigcalc.errors import RefusedError

# ---- the limit of a day ----------------------------------------------------------------------------------------------


def test_a_published_daily_limit_stops_where_it_was_published_as_one() -> None:
    words = {"age": "40y", "days": "1", "override": ["days-outside-regimen=a test"]}
    with pytest.raises(RefusedError) as caught:
        helpers.plan("dermatomyositis:cherin-1994", "octagam-10-us", "70 kg", **words)
    assert caught.value.codes == ("day-dose-over-limit",)
    assert "140 g" in str(caught.value)
    assert "1 g/kg (70 g)" in str(caught.value)


def test_a_dose_exactly_at_the_limit_is_within_it() -> None:
    assert "day-dose-over-limit" not in helpers.codes(helpers.dm("70 kg", days="2"))  # 70 g on each day, 1 g/kg
    assert "day-dose-over-limit" not in helpers.codes(
        helpers.plan("dermatomyositis:cherin-1994", "octagam-10-us", "70 kg", age="40y")
    )


def small_course() -> Plan:
    at_most = {"protocol": "at-most-a-gram-a-day", "policy": helpers.WHOLE_VIALS, "days": "2"}
    return helpers.any_course("privigen-us", "8.2 kg", "2 g/kg", **at_most)


def test_a_limit_that_only_rounding_passes_does_not_stop() -> None:
    """16.4 g in 5 g vials: 15 g are 10 + 5 g, 10 g is above 1 g/kg = 8.2 g, and nothing else is within 10 %."""
    assert helpers.notice(small_course(), "day-dose-over-limit").level == "caution"


def test_ordered_days_are_kept_and_the_limit_is_said() -> None:
    got = small_course()
    assert helpers.doses(got) == ["10", "5"]
    [over] = [n for n in got.notices if n.code == "day-dose-over-limit"]
    assert over.level == "caution"
    assert "by rounding only" in over.message


def test_an_overridden_dose_still_meets_the_limit_of_a_day() -> None:
    """2.15 g/kg on one day: outside the protocol, and above its 2 g/kg a day as well; both must be overridden."""
    child = {"regimen": "kawasaki:octagam-smpc-single", "weight": "20kg", "age": "5y", "dose": "2.15 g/kg"}
    assert helpers.refusal(helpers.adult, **child).codes == ("dose-outside-regimen", "day-dose-over-limit")
    assert helpers.refusal(helpers.adult, **child, override=["dose-outside-regimen=asked"]).codes == (
        "day-dose-over-limit",
    )


# ---- the limit of a course and of four weeks -------------------------------------------------------------------------


FOUR_WEEKS = """\
    dose: {per_course: {from: 0.5 g/kg, to: 3 g/kg}}
    days: {from: 1, to: 5}
    interval: {every: {from: 1 week, to: 8 weeks}}
    limits:
      - {per: 4-weeks, max: 2 g/kg, level: stop}
"""
START = {"start": "2026-12-01"}


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
    assert "course-dose-over-limit" in helpers.refusal(helpers.adult, **words).codes


@pytest.mark.parametrize(
    ("dose", "every", "courses", "over"),
    [
        ("1 g/kg", "2 weeks", "2", False), ("1.2 g/kg", "2 weeks", "2", True), ("1.2 g/kg", "2 weeks", "1", False), ("1 g/kg", "3 weeks", "2", False), ("1.5 g/kg", "3 weeks", "2", True),
        ("1.6 g/kg", "3 weeks", "2", True), ("2 g/kg", "4 weeks", "2", False), ("2 g/kg", "8 weeks", "2", False), ("2.1 g/kg", "8 weeks", "2", True),
    ],
)  # fmt: skip
def test_a_limit_on_four_weeks_counts_every_course_in_them(
    dose: str, every: str, courses: str, over: bool, tmp_path: Path
) -> None:
    """1.2 g/kg every two weeks is 2.4 g/kg in four; 1.5 g/kg on days 0 and 21 is 3.0. Two courses are two, however short the interval."""
    words = {
        "regimen": helpers.own_regimen(tmp_path, FOUR_WEEKS),
        "weight": "100kg",
        "dose": dose,
        "every": every,
        "courses": courses,
        **START,
    }
    if over:
        assert helpers.refusal(helpers.adult, **words).codes == ("four-week-dose-over-limit",)
    else:
        assert helpers.adult(**words).sessions


# ---- what nobody gives -----------------------------------------------------------------------------------------------


def test_grams_above_everything_published_are_a_slip_even_without_a_protocol() -> None:
    """700 g typed for 70 g is 10 g/kg; nobody prints more than 4 g/kg for a course, or 2 g/kg for one day. 10 % are the slack of rounding."""
    with pytest.raises(RefusedError) as caught:
        helpers.rates("octagam-10-us", "dermatomyositis", "70kg", "700g")
    assert caught.value.codes == ("course-dose-over-limit",)
    assert "10 g/kg" in str(caught.value)
    assert (
        helpers.notice(helpers.rates("octagam-10-us", "dermatomyositis", "70kg", "154.1g"), "day-dose-over-limit").limit
        == "2 g/kg"
    )
    assert "day-dose-over-limit" not in helpers.codes(helpers.rates("octagam-10-us", "kawasaki", "70kg", "154g"))


def test_a_slip_in_a_hospitals_own_file_is_caught(tmp_path: Path) -> None:
    """20 g/kg written for 2 g/kg: whatever the file says, nobody prints as much."""
    own = helpers.own_regimen(tmp_path, "    dose: {per_course: 20 g/kg}\n    days: {from: 2, to: 5}\n")
    assert {"day-dose-over-limit", "course-dose-over-limit"} <= set(helpers.refusal(helpers.adult, regimen=own).codes)


def test_a_limit_that_another_rounding_passes_is_not_put_to_vials(tmp_path: Path) -> None:
    """2 g/kg at 4.2 kg are 8.4 g; to 5 g they are 10 g, above 2 g/kg a day, and no vial has anything to do with it."""
    policy = tmp_path / "fives.yaml"
    policy.write_text(FIVES, encoding="utf-8")
    made = helpers.plan("kawasaki:octagam-smpc-single", "privigen-eu", "4.2kg", age="2mo", policy=str(policy))
    assert helpers.notice(made, "day-dose-over-limit").message.endswith(
        "above the limit of 2 g/kg (8.4 g): by rounding only"
    )


FIVES = """kind: policy
schema: 2
id: fives
version: 2026-11-28
title: Fives
sources: {house: {title: House rule, body: Clinic, locator: here, checked: 2026-11-28, kind: house}}
source: house
dosing_weight: {use: actual}
rounding: {to: 5 g}
"""
