"""The day and the time of each session: dates of the courses, the clock, and which infusions start slowly."""

import calendar
from collections.abc import Callable
from datetime import date
from typing import Any

import helpers
import pytest

from ivigcalc.engine.plan import Plan, clock_text


def plan(**words: Any) -> Plan:
    return helpers.plan("dermatomyositis", "octagam-10-us", "72kg", **{"age": "54y", "start": "2026-12-01", **words})


# ---- days ------------------------------------------------------------------------------------------------------------


def test_loading_then_maintenance_from_the_definition() -> None:
    got = helpers.plan(f"{helpers.ANY_COURSE}:two-phases", "octagam-10-us", "70 kg", start="2026-12-01", courses="5")
    assert [(s.course, s.day, s.date) for s in got.sessions] == [
        (1, 1, "2026-12-01"), (1, 2, "2026-12-02"), (2, 1, "2026-12-15"), (2, 2, "2026-12-16"),
        (3, 1, "2026-12-29"), (4, 1, "2027-01-29"), (5, 1, "2027-02-28"),
    ]  # fmt: skip


def test_the_interval_runs_from_first_day_to_first_day() -> None:
    got = helpers.plan("dermatomyositis", "octagam-10-us", "72 kg", days="5", start="2026-12-01", courses="2")
    assert [s.date for s in got.sessions if s.day == 1] == ["2026-12-01", "2026-12-29"]
    assert [s.weekday for s in got.sessions[:5]] == ["Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]


def test_dose_gives_one_course_without_dates() -> None:
    got = helpers.plan("dermatomyositis", "octagam-10-us", "72 kg", courses="6")
    assert [(s.course, s.day, s.date) for s in got.sessions] == [(1, 1, None), (1, 2, None)]


def test_the_weekday_is_the_one_of_the_date() -> None:
    for session in plan(courses="13").sessions:
        day = date.fromisoformat(str(session.date))
        assert session.weekday == calendar.day_name[calendar.weekday(day.year, day.month, day.day)]


# ---- the clock -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "minutes", "text"),
    [
        (date(2026, 12, 31), 0, "2026-12-31T00:00"), (date(2026, 12, 31), 1439, "2026-12-31T23:59"), (date(2026, 12, 31), 1440, "2027-01-01T00:00"),
        (date(2026, 12, 31), -1, "2026-12-30T23:59"), (date(2028, 2, 28), 1500, "2028-02-29T01:00"), (None, 540, "09:00"), (None, 1440, "00:00"), (None, -30, "23:30"),
    ],
)  # fmt: skip
def test_clock_times_carry_their_date(on: date | None, minutes: int, text: str) -> None:
    assert clock_text(on, minutes) == text


def test_a_visit_is_the_infusion_and_what_the_clinic_adds() -> None:
    visit = {"arrival": "15 min", "premedication": "30 min", "flush": "10 min", "observation": "30 min"}
    got = helpers.plan(
        "dermatomyositis", "octagam-10-us", "72 kg", start="2026-12-01", at="09:00", site=helpers.a_site(visit=visit)
    ).sessions[0]
    assert (got.visit_from, got.starts_at, got.ends_at, got.visit_to) == (
        "2026-12-01T08:15", "2026-12-01T09:00", "2026-12-01T13:48", "2026-12-01T14:28",
    )  # fmt: skip
    assert got.duration_min == 288  # the drug alone


def test_without_a_start_time_there_are_no_clock_times() -> None:
    got = helpers.plan("dermatomyositis", "octagam-10-us", "72 kg", start="2026-12-01").sessions[0]
    assert (got.date, got.starts_at, got.ends_at, got.steps[0].starts_at) == ("2026-12-01", None, None, None)


def test_an_infusion_past_midnight_ends_on_the_next_day(run: Callable[..., Any]) -> None:
    """4 h 48 min from 22:00."""
    assert plan(at="22:00").sessions[0].ends_at == "2026-12-02T02:48"
    printed = run(
        "schedule",
        "-r",
        "dermatomyositis",
        "-p",
        "octagam-10-us",
        "--weight",
        "72kg",
        "--start",
        "2026-12-01",
        "--at",
        "22:00",
    ).out
    assert "02:48 +1 d" in printed


# ---- first and later infusions ---------------------------------------------------------------------------------------


def test_the_first_session_of_a_plan_is_the_first_and_the_rest_are_later_ones() -> None:
    words = {"dose": "0.4 g/kg", "days": "1", "start": "2026-12-01", "every": "4 weeks", "courses": "3"}
    got = helpers.plan("primary-immunodeficiency:us-label-qivigy", "qivigy-us", "75 kg", infusion="first", **words)
    assert [s.duration_min for s in got.sessions] == [122, 73, 73]


def test_courses_more_than_eight_weeks_apart_each_start_slowly() -> None:
    words = {"start": "2026-12-01", "courses": "3", "days": "1", "infusion": "subsequent"}
    far = helpers.any_course("qivigy-us", "70kg", "0.5 g/kg", every="57 days", **words)
    near = helpers.any_course("qivigy-us", "70kg", "0.5 g/kg", every="56 days", **words)
    ladders = [[helpers.pump_rates(s) for s in found.sessions] for found in (far, near)]
    assert ladders[0][1] == ladders[0][2] != ladders[0][0] == ladders[1][1] == ladders[1][2]
    assert "restart-slow" in helpers.codes(far)
    assert "restart-slow" not in helpers.codes(near)
