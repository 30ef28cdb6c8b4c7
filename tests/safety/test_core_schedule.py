"""Edges of the dates that nothing else looks at: found by changing the code and seeing that no test noticed."""

import sys
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import helpers
import pytest

from ivigcalc.definitions import Site
from ivigcalc.engine.schedule import CourseDates, closed_because, due_dates, holiday_name, place_course, step
from ivigcalc.errors import MissingExtraError, RefusedError, RequestError
from ivigcalc.quantity import Quantity, quantity

TUESDAY = date(2026, 12, 1)


def every(text: str) -> Quantity:
    return quantity(text, "days", "months")


def clinic(**keys: Any) -> Site:
    return helpers.a_site(**keys).value


# ---- counting from the anchor ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("interval", ["0.5 weeks", "1.5 days", "0.5 months"])
def test_a_part_of_a_day_or_month_is_no_interval(interval: str) -> None:
    with pytest.raises(RequestError, match="not a whole number of days or months") as caught:
        step(TUESDAY, every(interval), 1)
    assert caught.value.field == "every"


def test_a_part_of_a_year_may_be_whole_months() -> None:
    assert step(TUESDAY, every("2.25 years"), 1) == date(2029, 3, 1)


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


# ---- stretches -------------------------------------------------------------------------------------------------------------


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


# ---- closed days -----------------------------------------------------------------------------------------------------------


def test_one_closed_day_is_enough_for_a_clinic_that_is_open_all_week() -> None:
    site = clinic(closed=["2026-12-01"], closed_days="shift-later")
    assert place_course(TUESDAY, 2, site) == CourseDates(
        TUESDAY, (date(2026, 12, 2), date(2026, 12, 3)), "2026-12-01 closed by the clinic"
    )


def test_holidays_alone_are_enough() -> None:
    """1 January 2027 is a Friday."""
    site = clinic(holidays={"country": "US"}, closed_days="shift-later")
    found = place_course(date(2027, 1, 1), 1, site)
    assert (found.days, found.moved_days) == ((date(2027, 1, 2),), 1)
    assert found.moved_because == "2027-01-01 holiday: New Year's Day"


def test_a_course_is_moved_by_its_first_day() -> None:
    site = clinic(closed=["2026-12-02"], closed_days="shift-earlier")
    found = place_course(TUESDAY, 2, site)
    assert found.days == (date(2026, 11, 30), TUESDAY)
    assert found.moved_days == -1


def test_days_that_are_kept_although_closed_are_named() -> None:
    site = clinic(open={"mon-fri": "08:00-17:00"}, closed_days="keep")
    friday, saturday = date(2026, 12, 4), date(2026, 12, 5)
    found = place_course(friday, 2, site)
    assert found == CourseDates(friday, (friday, saturday), None, (saturday,))
    assert found.moved_days == 0
    assert closed_because(site, saturday) == "no opening hours on Saturday"
    assert closed_because(site, friday) is None


def test_without_public_holidays_on_file_no_day_is_one() -> None:
    assert holiday_name(clinic(), date(2026, 12, 25)) is None


def test_public_holidays_need_their_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "holidays", None)
    with pytest.raises(MissingExtraError, match="public holidays needs an extra"):
        holiday_name(clinic(holidays={"country": "NO"}), TUESDAY)


@pytest.mark.parametrize(("rule", "sign"), [("shift-later", 1), ("shift-earlier", -1), ("nearest", 1), ("nearest", -1)])
def test_open_days_are_looked_for_in_three_months_and_no_longer(rule: str, sign: int) -> None:
    """Closed all around but for one day: 92 days off it is found, 93 days off it is not."""
    around = [TUESDAY + timedelta(days=k) for k in range(-93, 94)]

    def open_only_after(days: int) -> Site:
        only = TUESDAY + timedelta(days=sign * days)
        return clinic(closed=[str(day) for day in around if day != only], closed_days=rule)

    assert place_course(TUESDAY, 1, open_only_after(92)).moved_days == sign * 92
    with pytest.raises(RefusedError, match="within 92 days of 2026-12-01") as caught:
        place_course(TUESDAY, 1, open_only_after(93))
    assert caught.value.code == "no-open-days"
    assert not caught.value.overridable
