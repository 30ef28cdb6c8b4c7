"""The dates: moved and overlapping courses, chair time against opening hours, and how long the order is valid."""

from datetime import date, timedelta
from typing import Any

import helpers
import pytest

from ivigcalc.api import plan_form
from ivigcalc.engine.plan import Plan
from ivigcalc.errors import RefusedError
from ivigcalc.request.form import Form

WEEK = {"mon-fri": "08:00-17:00"}


def at_clinic(start: str, site: dict[str, Any], **words: Any) -> Plan:
    return helpers.dm(
        "72 kg", start=start, site=helpers.a_site(**({"open": WEEK, "closed_days": "shift-later"} | site)), **words
    )


def plan(**words: Any) -> Plan:
    return helpers.plan("dermatomyositis", "octagam-10-us", "72kg", **{"age": "54y", "start": "2026-12-01", **words})


# ---- closed days -----------------------------------------------------------------------------------------------------


def test_a_course_that_moved_says_from_where_to_where_and_why() -> None:
    found = helpers.notice(at_clinic("2026-12-05", {}), "date-shifted")  # a Saturday
    assert (found.value, found.level) == ("2026-12-07", "caution")
    for words in ("2026-12-05", "2 days later", "no opening hours on Saturday"):
        assert words in found.message


@pytest.mark.parametrize(("window", "level"), [("2 days", "info"), ("1 day", "caution")])
def test_a_move_within_the_window_is_no_caution(window: str, level: str) -> None:
    assert helpers.notice(at_clinic("2026-12-05", {"window": window}), "date-shifted").level == level


def test_a_closed_day_that_is_kept_is_said() -> None:
    got = at_clinic("2026-12-04", {"closed_days": "keep"})
    assert helpers.notice(got, "on-closed-day").value == "2026-12-05"
    assert [s.date for s in got.sessions] == ["2026-12-04", "2026-12-05"]


# ---- a start in the past ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("on", "past"), [("2026-12-02", True), ("2026-12-01", False), ("2026-11-30", False)])
def test_a_start_before_the_day_of_asking_is_a_caution(on: str, past: bool) -> None:
    form = Form(
        regimen="dermatomyositis", product="octagam-10-us", weight="72kg", age="54y", start="2026-12-01", courses="2"
    )
    found = helpers.notices(plan_form(form, "schedule", on=date.fromisoformat(on)), "start-in-past")
    assert [(n.level, n.value, n.limit) for n in found] == ([("caution", "2026-12-01", on)] if past else [])


def test_without_a_day_of_asking_nothing_is_past() -> None:
    assert helpers.notices(plan(), "start-in-past") == []


# ---- courses too close or overlapping --------------------------------------------------------------------------------


DENSE = {"days": "5", "dose_basis": "course", "courses": "2", "override": ["interval-outside-regimen=a test"]}
CIDP = {"age": "40y", "start": "2026-12-01"}


def test_courses_that_overlap_are_refused() -> None:
    with pytest.raises(RefusedError) as caught:
        plan(every="4 days", **DENSE)
    assert caught.value.codes == ("course-overlap",)
    assert plan(every="5 days", **DENSE).sessions


def test_a_moved_course_that_comes_too_close_to_the_next_is_said() -> None:
    """The first course moves from 1 to 8 December: the second, on the 29th, is 21 days later instead of 28."""
    closed = [str(date(2026, 12, 1) + timedelta(days=k)) for k in range(7)]
    found = plan(courses="2", site=helpers.a_site(closed=closed, closed_days="shift-later"))
    [close] = helpers.notices(found, "courses-close")
    assert (close.level, close.value, close.limit) == ("caution", "21 days", "28 days")
    roomy = plan(courses="2", site=helpers.a_site(closed=closed, closed_days="shift-later", window="7 days"))
    assert helpers.notices(roomy, "courses-close") == []


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
        assert [n.level for n in helpers.notices(plan(last_infusion=last), "courses-close")] == (
            [level] if level else []
        )


def test_the_last_infusion_is_held_against_the_interval_of_the_phase_that_is_planned() -> None:
    """Maintenance every 3 weeks: 14 days after the last infusion are too few, 21 are not."""
    late = helpers.plan("cidp", "privigen-us", "70kg", **CIDP, phase="maintenance", last_infusion="2026-11-10")
    assert not helpers.notices(late, "courses-close")
    soon = helpers.plan("cidp", "privigen-us", "70kg", **CIDP, phase="maintenance", last_infusion="2026-11-17")
    assert [notice.level for notice in helpers.notices(soon, "courses-close")] == ["caution"]


# ---- opening hours ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("at", "late"), [("12:12", False), ("12:13", True)])
def test_a_visit_that_ends_after_closing(at: str, late: bool) -> None:
    """288 min and the clinic closes at 17:00: 12:12 is the last start."""
    got = at_clinic("2026-12-01", {}, at=at)
    found = [n for n in got.notices if n.code == "past-closing"]
    assert bool(found) == late
    assert all("start by 12:12" in n.message for n in found)


def test_a_visit_past_closing_is_said() -> None:
    site = helpers.a_site(open={"mon-sun": "08:00-17:00"}, visit={"arrival": "15 min", "observation": "30 min"})
    late = helpers.notices(plan(at="13:00", site=site), "past-closing")  # 17:48 and half an hour of observation
    assert "ends at 18:18" in late[0].message
    assert "start by 11:42" in late[0].message
    assert helpers.notices(plan(at="09:00", site=site), "past-closing") == []


def test_the_whole_visit_counts_not_the_infusion_alone() -> None:
    got = at_clinic("2026-12-01", {"visit": {"observation": "30 min"}}, at="12:00")
    assert "past-closing" in helpers.codes(got)


def test_what_is_the_same_for_many_sessions_is_said_once() -> None:
    """12 courses of two days, from 15:00 for 4 h 48 min, to a closing at 17:00; on one weekday it closes earlier."""
    site = helpers.a_site(open={"mon-sun": "08:00-17:00"})
    found = helpers.notice(plan(courses="12", at="15:00", site=site), "past-closing")
    assert found.message.startswith("24 sessions, the first course 1 day 1, 2026-12-01: ")
    assert "ends at 19:48" in found.message
    assert "start by 12:12" in found.message
    assert len(found.sessions) == 24
    other = helpers.a_site(open={"mon-tue": "08:00-17:00", "wed-sun": "08:00-16:00"})
    both = helpers.notices(plan(courses="12", at="15:00", site=other), "past-closing")
    assert [(n.limit, len(n.sessions)) for n in both] == [("17:00", 12), ("16:00", 12)]


def test_a_visit_that_begins_before_opening() -> None:
    got = at_clinic("2026-12-01", {"visit": {"arrival": "15 min", "premedication": "30 min"}}, at="08:30")
    assert "start at 08:45 or later" in next(n.message for n in got.notices if n.code == "past-closing")


def over_midnight(hours: dict[str, str], at: str = "22:00", start: str = "2026-12-01", **keys: Any) -> list[str]:
    """What is said of two nights from a Tuesday on, 22:00 for 4 h 48 min and half an hour around each."""
    visit = {"arrival": "30 min", "observation": "30 min"}
    site = helpers.a_site(open=hours, visit=visit, closed_days="keep", time_zone="Europe/London", **keys)
    return [found.message for found in helpers.notices(plan(at=at, start=start, site=site), "past-closing")]


def test_a_clinic_that_is_open_around_the_clock_is_never_closed() -> None:
    assert over_midnight({"mon-sun": "00:00-24:00"}) == []
    # 00:10 on Tuesday, arrival at 23:40 on Monday
    assert over_midnight({"mon-sun": "00:00-24:00"}, at="00:10") == []


def test_a_day_that_is_open_until_midnight_goes_on_only_into_one_that_is_open_then() -> None:
    # from Tuesday night into Wednesday and from Wednesday night into Thursday, which is closed
    [late] = over_midnight({"mon-wed": "00:00-24:00"})
    assert late.startswith(
        "course 1 day 2, 2026-12-02: the visit ends at 03:18 on the next day, after closing at 00:00 on the next day"
    )
    # Wednesday opens at 08:00: both nights are too long
    [both] = over_midnight({"tue": "00:00-24:00", "wed-thu": "08:00-24:00"})
    assert both.startswith("2 sessions, the first course 1 day 1, 2026-12-01: the visit ends at 03:18 on the next day")
    # closed at two in the night is closed at two
    [early] = over_midnight({"tue": "00:00-24:00", "wed": "00:00-02:00", "thu": "00:00-24:00", "fri": "00:00-24:00"})[
        :1
    ]
    assert "after closing at 02:00 on the next day: start by 20:42" in early


def test_a_visit_that_runs_into_a_closed_day_is_past_closing() -> None:
    """Around the clock on every weekday, but Wednesday 2 December is closed by date: Tuesday's patient would be sent home."""
    found = over_midnight({"mon-sun": "00:00-24:00"}, closed=["2026-12-02"])
    assert any(text.startswith("course 1 day 1, 2026-12-01: the visit ends at 03:18 on the next day") for text in found)


def test_a_visit_before_the_opening_of_the_day_before_says_which_day() -> None:
    # Tuesday 00:10 with arrival at 23:40 on Monday, when the clinic has not opened yet
    [found] = [text for text in over_midnight({"mon": "23:50-24:00", "tue": "00:00-24:00", "wed": "00:00-24:00"}, at="00:10")
               if "2026-12-01" in text]  # fmt: skip
    assert "the visit begins at 23:40 on the day before, before opening at 23:50 on the day before" in found


# ---- how long the order is valid -------------------------------------------------------------------------------------


def test_an_order_that_runs_out_is_said() -> None:
    found = plan(courses="4", valid_for="2 months")
    assert found.last_covered == "2027-01-31"
    [expired] = helpers.notices(found, "order-expired")
    assert "2027-02-23" in expired.message


def test_an_order_covers_whole_months() -> None:
    got = helpers.dm(
        start="2026-12-01", courses="8", valid_for="6 months"
    )  # courses 7 and 8 would start in May and June 2027
    found = helpers.notice(got, "order-expired")
    assert found.value == "2027-06-15"
    assert got.last_covered == "2027-05-31"
