"""Hazards of dates and times: a date read otherwise than meant, drifting courses, courses too close, an infusion past midnight."""

import calendar
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import helpers
import pytest

from ivigcalc.engine.plan import Notice, Plan
from ivigcalc.errors import RefusedError, RequestError


def plan(**words: Any) -> Plan:
    return helpers.plan("dermatomyositis", "octagam-10-us", "72kg", **{"age": "54y", "start": "2026-12-01", **words})


def starts(found: Plan) -> list[str]:
    return [str(s.date) for s in found.sessions if s.day == 1]


def notices(found: Plan, code: str) -> list[Notice]:
    return [n for n in found.notices if n.code == code]


# ---- a date means one day ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "01/12/2026",
        "12-01-2026",
        "2026-13-01",
        "2026-02-30",
        "26-12-01",
        "20261201",
        "2026-12-1",
        "tomorrow",
        "2026-12-01T09:00",
        "1899-12-31",
        "2200-01-01",
        "0000-01-01",
        "",
    ],
)
@pytest.mark.parametrize("option", ["--start", "--weighed-on", "--birth-date", "--last-infusion"])
def test_only_one_way_to_write_a_date(text: str, option: str, refuses: Callable[..., str]) -> None:
    said = refuses(
        2,
        "schedule",
        "-r",
        "dermatomyositis",
        "-p",
        "octagam-10-us",
        "--weight",
        "72kg",
        *([] if option == "--start" else ["--start", "2026-12-01"]),
        option,
        text,
    )
    assert "is not a date as YYYY-MM-DD" in said


@pytest.mark.parametrize("text", ["9:00", "24:00", "09:60", "9am", "0900", "09:00:00", "-1:00"])
def test_only_one_way_to_write_a_time(text: str, refuses: Callable[..., str]) -> None:
    assert "must be a clock time as HH:MM" in refuses(
        2,
        "rates",
        "-p",
        "octagam-10-us",
        "--indication",
        "dermatomyositis",
        "--weight",
        "72kg",
        "--dose",
        "72g",
        "--at",
        text,
    )


def test_the_weekday_is_the_one_of_the_date() -> None:
    for session in plan(courses="13").sessions:
        day = date.fromisoformat(str(session.date))
        assert session.weekday == calendar.day_name[calendar.weekday(day.year, day.month, day.day)]


# ---- courses do not drift ---------------------------------------------------------------------------------------------


def test_months_are_counted_from_the_start_and_never_chained() -> None:
    """From 31 January: the end of February, then the 31st again."""
    found = helpers.any_course(
        "octagam-10-us",
        "72kg",
        "1 g/kg",
        protocol="monthly",
        days="1",
        every="1 month",
        courses="5",
        start="2027-01-31",
    )
    assert starts(found) == ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]


def test_weeks_are_counted_from_the_start() -> None:
    assert starts(plan(courses="4")) == ["2026-12-01", "2026-12-29", "2027-01-26", "2027-02-23"]


def test_a_course_that_was_moved_does_not_move_the_next_one() -> None:
    """29 December is closed: that course goes to the 30th, and the third is where it was."""
    found = plan(courses="3", site=helpers.a_site(closed=["2026-12-29"], closed_days="shift-later"))
    assert starts(found) == ["2026-12-01", "2026-12-30", "2027-01-26"]
    [moved] = notices(found, "date-shifted")
    assert "course 2, due 2026-12-29, starts 2026-12-30" in moved.message


def test_a_closed_day_without_a_rule_is_refused() -> None:
    with pytest.raises(RequestError, match="does not say what to do"):
        plan(courses="2", site=helpers.a_site(closed=["2026-12-29"]))


# ---- courses too close or overlapping -----------------------------------------------------------------------------------

DENSE = {"days": "5", "dose_basis": "course", "courses": "2", "override": ["interval-outside-regimen=a test"]}


def test_courses_that_overlap_are_refused() -> None:
    with pytest.raises(RefusedError) as caught:
        plan(every="4 days", **DENSE)
    assert caught.value.codes == ("course-overlap",)
    assert plan(every="5 days", **DENSE).sessions


def test_a_moved_course_that_comes_too_close_to_the_next_is_said() -> None:
    """The first course moves from 1 to 8 December: the second, on the 29th, is 21 days later instead of 28."""
    closed = [str(date(2026, 12, 1) + timedelta(days=k)) for k in range(7)]
    found = plan(courses="2", site=helpers.a_site(closed=closed, closed_days="shift-later"))
    [close] = notices(found, "courses-close")
    assert (close.level, close.value, close.limit) == ("caution", "21 days", "28 days")
    roomy = plan(courses="2", site=helpers.a_site(closed=closed, closed_days="shift-later", window="7 days"))
    assert notices(roomy, "courses-close") == []


@pytest.mark.parametrize(
    ("last", "level"),
    [
        ("2026-11-06", None),
        ("2026-11-07", None),
        ("2026-11-08", "caution"),
        ("2026-11-19", "caution"),
        ("2026-11-20", "stop"),
        ("2026-11-30", "stop"),
    ],
)
def test_a_course_too_soon_after_the_last_infusion_is_caught(last: str, level: str | None) -> None:
    """Four weeks from day 1 to day 1; the last infusion may have been day 5, so 24 days must pass. Half of them at the least: 12."""
    if level == "stop":
        with pytest.raises(RefusedError) as caught:
            plan(last_infusion=last)
        assert caught.value.codes == ("courses-close",)
    else:
        assert [n.level for n in notices(plan(last_infusion=last), "courses-close")] == ([level] if level else [])


# ---- the clock ------------------------------------------------------------------------------------------------------------


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


def test_a_visit_past_closing_is_said() -> None:
    site = helpers.a_site(open={"mon-sun": "08:00-17:00"}, visit={"arrival": "15 min", "observation": "30 min"})
    late = notices(plan(at="13:00", site=site), "past-closing")  # 17:48 and half an hour of observation
    assert "ends at 18:18" in late[0].message
    assert "start by 11:42" in late[0].message
    assert notices(plan(at="09:00", site=site), "past-closing") == []


def test_an_order_that_runs_out_is_said() -> None:
    found = plan(courses="4", valid_for="2 months")
    assert found.last_covered == "2027-01-31"
    [expired] = notices(found, "order-expired")
    assert "2027-02-23" in expired.message


def test_no_year_runs_off_the_calendar() -> None:
    with pytest.raises(RequestError, match="past the year 2199"):
        plan(start="2199-12-01", courses="2")
