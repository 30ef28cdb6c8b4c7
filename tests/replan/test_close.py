"""Courses that come too near to each other after a change: held against the interval over the plan as it is now."""

from __future__ import annotations

import helpers
import pytest

from ivigcalc.engine.plan import Plan

from .saved import after, first
from .test_build import ONE_DAY

# six courses of four days every 28 days: 1 to 4 December, 29 December to 1 January, 26 to 29 January, and so on
ON = "2026-12-20"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return first()


def close(plan: Plan) -> list[str]:
    """What is said of courses that are too close, without the remedy."""
    return [notice.message.partition(":")[0] for notice in helpers.notices(plan, "courses-close")]


def moved(plan: Plan, missed: str, to: str, rest: str) -> Plan:
    return after(plan, ON, missed=(missed,), to=to, rest=rest)


def test_a_course_that_moves_towards_one_under_another_order_is_said(plan: Plan) -> None:
    """Course 2 moves to 12 January, 14 days before course 3, which has another weight: told in either order."""
    said = ["course 3 starts 14 days after course 2, not 28"]
    heavier = {"new_weight": "68kg", "from_course": "3"}
    assert close(moved(after(plan, ON, **heavier), "2026-12-29", "2027-01-12", "keep")) == said
    assert close(after(moved(plan, "2026-12-29", "2027-01-12", "keep"), ON, **heavier)) == said


def test_a_last_day_that_moves_towards_the_next_course_is_said(plan: Plan) -> None:
    """Day 4 of course 2 moves from 1 to 24 January; the next course is on the 26th: 2 days instead of 25."""
    found = moved(plan, "2027-01-01", "2027-01-24", "keep")
    assert close(found) == ["course 3 starts 2 days after the last day of course 2, not 25"]
    [notice] = helpers.notices(found, "courses-close")
    assert (notice.value, notice.limit) == ("2 days", "25 days")
    assert notice.sessions == ((3, 1), (3, 2), (3, 3), (3, 4))


@pytest.mark.parametrize(("missed", "to", "course"), [("2027-01-29", "2027-01-31", 3), ("2027-02-26", "2027-02-28", 4)])
def test_a_last_day_under_another_order_is_held_against_the_days_of_its_course(
    plan: Plan, missed: str, to: str, course: int
) -> None:
    """Four days, and no more, whichever orders could give the course: 23 days from the last one instead of 25."""
    heavier = after(plan, ON, new_weight="68kg", from_course="3")
    said = f"course {course + 1} starts 23 days after the last day of course {course}, not 25"
    assert close(moved(heavier, missed, to, "keep")) == [said]


def test_a_later_day_that_moves_with_the_rest_brings_no_course_closer(plan: Plan) -> None:
    """Day 2 of course 2 on 5 January instead of 30 December, the rest 6 days later: each gap is as long as it was."""
    assert close(moved(plan, "2026-12-30", "2027-01-05", "move")) == []


def test_a_course_that_moves_earlier_with_the_rest_comes_closer_to_the_one_before(plan: Plan) -> None:
    """Course 3 on 19 January instead of the 26th: 21 days after course 2; those after it keep their 28 days."""
    assert close(moved(plan, "2027-01-26", "2027-01-19", "move")) == ["course 3 starts 21 days after course 2, not 28"]


def test_a_shorter_interval_that_is_ordered_is_none_that_is_too_short(plan: Plan) -> None:
    order = {"every": "2 weeks", "dose_basis": "4-weeks", "from_course": "3"}
    assert close(after(plan, ON, **order, override=("interval-outside-regimen=asked",))) == []


def test_within_the_window_of_the_site_nothing_is_said() -> None:
    """7 days of grace: 21 days between the courses will do, 20 will not; so will 18 days after the last day, of 25."""
    plan = first(site=helpers.a_site(window="7 days", closed_days="shift-later"))
    assert close(moved(plan, "2026-12-29", "2027-01-05", "keep")) == []
    assert close(moved(plan, "2026-12-29", "2027-01-06", "keep")) == ["course 3 starts 20 days after course 2, not 28"]
    assert close(moved(plan, "2027-01-01", "2027-01-08", "keep")) == []
    assert close(moved(plan, "2027-01-01", "2027-01-09", "keep")) == [
        "course 3 starts 17 days after the last day of course 2, not 25"
    ]


def test_a_day_that_is_left_out_brings_no_course_closer(plan: Plan) -> None:
    for day in ("2026-12-29", "2027-01-01"):
        assert close(after(plan, ON, missed=(day,), rest="keep")) == []


def test_a_course_that_is_left_out_is_not_one_to_come_too_close_to(plan: Plan) -> None:
    """Without course 2, course 3 comes 56 days after course 1; a week earlier 49, of the 56 that were ordered."""
    days = ("2026-12-29", "2026-12-30", "2026-12-31", "2027-01-01")
    without = after(plan, ON, missed=days, rest="keep")
    assert close(without) == []
    assert close(moved(without, "2027-01-26", "2027-01-19", "keep")) == [
        "course 3 starts 49 days after course 1, not 56"
    ]


def test_the_last_infusion_is_still_held_against_the_first_course() -> None:
    plan = first(last_infusion="2026-11-19")
    said = close(plan)
    assert len(said) == 1
    assert said[0].startswith("course 1 starts 12 days after the last infusion on 2026-11-19")
    both = close(moved(plan, "2026-12-29", "2027-01-12", "keep"))
    assert sorted(both) == [*said, "course 3 starts 14 days after course 2, not 28"]


def test_the_last_infusion_is_held_against_a_first_course_of_one_day() -> None:
    close_to_it = ("courses-close=asked",)
    plan = first(last_infusion="2026-11-19", **ONE_DAY, override=close_to_it)
    [said] = close(plan)
    both = close(moved(plan, "2026-12-29", "2027-01-12", "keep"))
    assert sorted(both) == [said, "course 3 starts 14 days after course 2, not 28"]
