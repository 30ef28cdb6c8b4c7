"""When the courses are: counted from the anchor, phase after phase, to the end of time."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import helpers
import pytest

from ivigcalc.engine.plan import Plan
from ivigcalc.engine.schedule import due_dates, step
from ivigcalc.errors import IvigcalcError, RequestError
from ivigcalc.quantity import Quantity, quantity

TUESDAY = date(2026, 12, 1)


def every(text: str) -> Quantity:
    return quantity(text, "days", "months")


def plan(**words: Any) -> Plan:
    return helpers.plan("dermatomyositis", "octagam-10-us", "72kg", **{"age": "54y", "start": "2026-12-01", **words})


# ---- counting from the anchor ----------------------------------------------------------------------------------------


def starts(found: Plan) -> list[str]:
    return [str(s.date) for s in found.sessions if s.day == 1]


@pytest.mark.parametrize(
    ("anchor", "interval", "expected"),
    [
        ("2026-01-31", "1 month", ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]),
        ("2026-01-30", "1 month", ["2026-01-30", "2026-02-28", "2026-03-30", "2026-04-30"]),
        ("2026-01-29", "1 month", ["2026-01-29", "2026-02-28", "2026-03-29"]),
        ("2028-01-31", "1 month", ["2028-01-31", "2028-02-29", "2028-03-31"]),
        ("2024-02-29", "1 year", ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]),
        ("2024-02-29", "1 month", ["2024-02-29", "2024-03-29", "2024-04-29"]),
        ("2026-08-31", "3 months", ["2026-08-31", "2026-11-30", "2027-02-28", "2027-05-31"]),
        ("2026-12-01", "4 weeks", ["2026-12-01", "2026-12-29", "2027-01-26", "2027-02-23"]),
        ("2028-02-15", "2 weeks", ["2028-02-15", "2028-02-29", "2028-03-14"]),
        ("2026-10-24", "1 day", ["2026-10-24", "2026-10-25", "2026-10-26"]),  # clocks change: a day is a date, not 24 h
    ],
)
def test_from_the_anchor_never_chained(anchor: str, interval: str, expected: list[str]) -> None:
    assert [str(step(date.fromisoformat(anchor), every(interval), k)) for k in range(len(expected))] == expected


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


def test_half_a_week_is_no_interval() -> None:
    with pytest.raises(RequestError, match="not a whole number of days"):
        step(date(2026, 1, 1), every("0.5 weeks"), 1)


@pytest.mark.parametrize("interval", ["0.5 weeks", "1.5 days", "0.5 months"])
def test_a_part_of_a_day_or_month_is_no_interval(interval: str) -> None:
    with pytest.raises(RequestError, match="not a whole number of days or months") as caught:
        step(TUESDAY, every(interval), 1)
    assert caught.value.field == "every"


def test_a_part_of_a_year_may_be_whole_months() -> None:
    assert step(TUESDAY, every("2.25 years"), 1) == date(2029, 3, 1)


# ---- stretches -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stretches", "expected"),
    [
        ([("4 weeks", 3)], ["2026-12-01", "2026-12-29", "2027-01-26"]),
        ([(None, 1)], ["2026-12-01"]),
        ([(None, 1), ("3 weeks", 3)], ["2026-12-01", "2026-12-22", "2027-01-12", "2027-02-02"]),  # loading, then maintenance
        ([("2 weeks", 2), ("1 month", 3)], ["2026-12-01", "2026-12-15", "2026-12-29", "2027-01-29", "2027-02-28"]),
    ],
)  # fmt: skip
def test_each_phase_has_its_own_anchor(stretches: list[tuple[str | None, int]], expected: list[str]) -> None:
    asked = [(every(text) if text else None, count) for text, count in stretches]
    assert list(map(str, due_dates(date(2026, 12, 1), asked))) == expected


@pytest.mark.parametrize(
    ("stretches", "expected"),
    [
        ([("4 weeks", 1)], ["2026-12-01"]),
        ([("1 week", 2), ("2 weeks", 2)], ["2026-12-01", "2026-12-08", "2026-12-15", "2026-12-29"]),
        ([("1 week", 1), ("2 weeks", 1), ("3 weeks", 2)], ["2026-12-01", "2026-12-08", "2026-12-22", "2027-01-12"]),
        ([(None, 1), ("3 weeks", 1), (None, 1)], ["2026-12-01", "2026-12-22", "2027-01-12"]),
        ([("1 week", 1), (None, 1), ("2 weeks", 1)], ["2026-12-01", "2026-12-08", "2026-12-22"]),
        ([("1 week", 2), (None, 1)], ["2026-12-01", "2026-12-08", "2026-12-15"]),
    ],
)
def test_the_gap_after_a_stretch_is_its_own_interval_else_the_next_ones(
    stretches: Sequence[tuple[str | None, int]], expected: list[str]
) -> None:
    asked = [(every(text) if text else None, count) for text, count in stretches]
    assert list(map(str, due_dates(TUESDAY, asked))) == expected


def test_the_next_stretch_begins_from_the_anchor_of_the_last_one() -> None:
    """Three courses from 31 December, by the month: the fourth is on 31 March, although the third was on 28 February."""
    month = every("1 month")
    assert list(map(str, due_dates(date(2026, 12, 31), [(month, 3), (month, 2)]))) == [
        "2026-12-31", "2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30",
    ]  # fmt: skip


def test_the_interval_of_a_single_course_is_not_used() -> None:
    assert due_dates(TUESDAY, [(every("0.5 weeks"), 1)]) == [TUESDAY]


def test_a_gap_that_nobody_prints_is_asked_for() -> None:
    with pytest.raises(RequestError, match="no source prints the interval between these courses") as caught:
        due_dates(TUESDAY, [(None, 1), (None, 1)])
    assert caught.value.field == "every"


# ---- the end of time -------------------------------------------------------------------------------------------------


def late(start: str, **words: Any) -> Plan:
    return helpers.plan("dermatomyositis", "octagam-10-us", "72 kg", start=start, **words)


def test_the_last_year_is_2199() -> None:
    assert step(date(2199, 12, 30), every("1 day"), 1) == date(2199, 12, 31)
    assert step(date(2198, 12, 31), every("1 year"), 1) == date(2199, 12, 31)
    for interval in ("1 day", "1 month", "1 year"):
        with pytest.raises(RequestError, match="past the year 2199") as caught:
            step(date(2199, 12, 31), every(interval), 1)
        assert caught.value.field == "courses"


@pytest.mark.parametrize("interval", ["9000 years", "999999999 days", "999999999 weeks", "999999999 years"])
def test_an_interval_beyond_all_dates_is_past_the_last_year(interval: str) -> None:
    with pytest.raises(RequestError, match="past the year 2199"):
        step(TUESDAY, every(interval), 1)


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ("9999-12-31", {}), ("9999-12-30", {"at": "23:00"}), ("9999-12-31", {"days": "2", "at": "23:59"}), ("9999-11-15", {"courses": "5"}),
        ("9999-12-01", {"valid_for": "12 months"}), ("9998-12-31", {"courses": "200"}),
    ],
)  # fmt: skip
def test_past_the_last_date_there_is_is_said_and_is_no_crash(start: str, words: dict[str, str]) -> None:
    with pytest.raises(IvigcalcError):
        late(start, **words)


def test_no_year_runs_off_the_calendar() -> None:
    with pytest.raises(RequestError, match="past the year 2199"):
        plan(start="2199-12-01", courses="2")


@pytest.mark.parametrize("start", ["0001-01-01", "1899-12-31", "2200-01-01", "9999-12-31"])
def test_a_start_outside_three_centuries_is_a_slip(start: str) -> None:
    with pytest.raises(RequestError, match="from 1900 to 2199") as caught:
        late(start)
    assert caught.value.field == "start"


@pytest.mark.parametrize("start", ["1900-01-01", "2199-01-01"])
def test_and_within_them_a_start_is_taken(start: str) -> None:
    assert late(start, at="23:59").sessions[0].date == start
