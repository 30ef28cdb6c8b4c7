"""What becomes of a course that meets a closed day: it moves as a whole, stays, or is asked about."""

import sys
from datetime import date, timedelta
from typing import Any

import helpers
import pytest

from ivigcalc.definitions import Site
from ivigcalc.engine.plan import Plan
from ivigcalc.engine.schedule import ClosedDay, CourseDates, closed_because, closed_days, holiday_name, place_course
from ivigcalc.errors import MissingExtraError, RefusedError, RequestError

WEEK = {"mon-fri": "08:00-17:00"}
TUESDAY = date(2026, 12, 1)


def clinic(**keys: Any) -> Site:
    return helpers.a_site(**keys).value


def plan(**words: Any) -> Plan:
    return helpers.plan("dermatomyositis", "octagam-10-us", "72kg", **{"age": "54y", "start": "2026-12-01", **words})


def test_without_a_site_nothing_is_assumed_about_weekends_or_holidays() -> None:
    got = helpers.plan(
        "dermatomyositis", "octagam-10-us", "72 kg", start="2026-12-25", courses="1"
    )  # Friday, Christmas Day
    assert [s.date for s in got.sessions] == ["2026-12-25", "2026-12-26"]
    assert "date-shifted" not in helpers.codes(got)


# ---- a course moves --------------------------------------------------------------------------------------------------


def starts(found: Plan) -> list[str]:
    return [str(s.date) for s in found.sessions if s.day == 1]


@pytest.mark.parametrize(
    ("rule", "due", "days", "expected"),
    [
        ("shift-later", "2026-12-04", 2, ["2026-12-07", "2026-12-08"]),  # Friday and Saturday: the whole course moves to Monday
        ("shift-earlier", "2026-12-04", 2, ["2026-12-03", "2026-12-04"]),
        ("nearest", "2026-12-04", 2, ["2026-12-03", "2026-12-04"]),  # one day back, three days on
        ("nearest", "2026-12-06", 1, ["2026-12-07"]),  # Sunday: Monday is nearer than Friday
        ("nearest", "2026-12-05", 1, ["2026-12-04"]),
        ("keep", "2026-12-04", 2, ["2026-12-04", "2026-12-05"]),
        ("shift-later", "2026-12-01", 5, ["2026-12-07", "2026-12-08", "2026-12-09", "2026-12-10", "2026-12-11"]),
        ("shift-later", "2026-12-07", 5, ["2026-12-07", "2026-12-08", "2026-12-09", "2026-12-10", "2026-12-11"]),
    ],
)  # fmt: skip
def test_a_whole_course_moves_together(rule: str, due: str, days: int, expected: list[str]) -> None:
    got = place_course(date.fromisoformat(due), days, clinic(open=WEEK, closed_days=rule))
    assert list(map(str, got.days)) == expected


def test_a_tie_between_two_nearest_days_goes_to_the_later() -> None:
    site = clinic(open={"mon-sun": "08:00-17:00"}, closed=["2026-12-09"], closed_days="nearest")
    assert place_course(date(2026, 12, 9), 1, site).days == (date(2026, 12, 10),)


def test_a_course_is_moved_by_its_first_day() -> None:
    site = clinic(closed=["2026-12-02"], closed_days="shift-earlier")
    found = place_course(TUESDAY, 2, site)
    assert found.days == (date(2026, 11, 30), TUESDAY)
    assert found.moved_days == -1


def test_a_course_that_was_moved_does_not_move_the_next_one() -> None:
    """29 December is closed: that course goes to the 30th, and the third is where it was."""
    found = plan(courses="3", site=helpers.a_site(closed=["2026-12-29"], closed_days="shift-later"))
    assert starts(found) == ["2026-12-01", "2026-12-30", "2027-01-26"]
    [moved] = helpers.notices(found, "date-shifted")
    assert "course 2, due 2026-12-29, starts 2026-12-30" in moved.message


def test_days_that_are_kept_although_closed_are_named() -> None:
    site = clinic(open={"mon-fri": "08:00-17:00"}, closed_days="keep")
    friday, saturday = date(2026, 12, 4), date(2026, 12, 5)
    found = place_course(friday, 2, site)
    assert found == CourseDates(friday, (friday, saturday), None, (saturday,))
    assert found.moved_days == 0
    assert closed_because(site, saturday) == "no opening hours on Saturday"
    assert closed_because(site, friday) is None


# ---- what closes a day -----------------------------------------------------------------------------------------------


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


def test_days_closed_by_the_clinic_and_public_holidays() -> None:
    site = clinic(open=WEEK, closed=["2026-12-24"], holidays={"country": "US"}, closed_days="shift-later")
    got = place_course(date(2026, 12, 24), 1, site)
    assert got.days == (date(2026, 12, 28),)  # the 25th is Christmas Day, then a weekend
    assert got.moved_because == "2026-12-24 closed by the clinic"
    assert got.moved_days == 4
    assert "holiday" in str(place_course(date(2026, 12, 25), 1, site).moved_because)


def test_without_public_holidays_on_file_no_day_is_one() -> None:
    assert holiday_name(clinic(), date(2026, 12, 25)) is None


def test_public_holidays_need_their_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "holidays", None)
    with pytest.raises(MissingExtraError, match="public holidays needs an extra"):
        holiday_name(clinic(holidays={"country": "NO"}), TUESDAY)


def test_an_unknown_country_is_said() -> None:
    site = clinic(holidays={"country": "XX"}, closed_days="keep")
    with pytest.raises(RequestError, match="no public holidays are known for 'XX'"):
        place_course(date(2026, 12, 1), 1, site)


# ---- where there is no answer ----------------------------------------------------------------------------------------


def test_a_closed_day_and_no_rule_is_asked_about() -> None:
    with pytest.raises(RequestError, match=r"meets a closed day .* does not say what to do"):
        place_course(date(2026, 12, 5), 1, clinic(open=WEEK))


def test_a_closed_day_without_a_rule_is_refused() -> None:
    with pytest.raises(RequestError, match="does not say what to do"):
        plan(courses="2", site=helpers.a_site(closed=["2026-12-29"]))


def test_no_days_in_a_row_is_a_refusal_and_not_a_search_for_ever() -> None:
    with pytest.raises(RefusedError, match="no 6 open days in a row") as caught:
        place_course(date(2026, 12, 1), 6, clinic(open=WEEK, closed_days="shift-later"))
    assert caught.value.code == "no-open-days"


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


# ---- the closed days of a calendar -----------------------------------------------------------------------------------


def test_closed_days_are_those_of_the_planned_months_with_each_reason_apart() -> None:
    """Christmas of 2027 is a Saturday, kept on Friday the 24th; the clinic closes on New Year's Eve, and never opens on Sundays."""
    site = helpers.a_site(
        open={"mon-sat": "08:00-17:00"},
        holidays={"country": "US"},
        closed=["2027-12-25", "2027-12-26", "2027-12-31", "2027-11-30"],
        closed_days="keep",
    ).value
    found = closed_days(site, [date(2027, 12, 21), date(2027, 12, 1)])
    sundays = {date(2027, 12, day) for day in (5, 12, 19, 26)}
    assert set(found) == sundays | {date(2027, 12, day) for day in (24, 25, 31)}
    assert found[date(2027, 12, 5)] == ClosedDay(by_weekday=True)
    assert found[date(2027, 12, 24)] == ClosedDay("Christmas Day (observed)")
    assert found[date(2027, 12, 25)] == ClosedDay("Christmas Day", by_date=True)
    assert found[date(2027, 12, 26)] == ClosedDay(by_date=True, by_weekday=True)
    assert found[date(2027, 12, 31)].by_date


def test_months_between_two_planned_days_are_not_looked_at() -> None:
    site = helpers.a_site(closed=["2026-12-24", "2027-01-04", "2027-02-01"], closed_days="keep").value
    assert list(closed_days(site, [date(2026, 12, 31), date(2027, 2, 28)])) == [date(2026, 12, 24), date(2027, 2, 1)]
    assert closed_days(site, []) == {}
    assert closed_days(helpers.a_site().value, [date(2026, 12, 25)]) == {}


@pytest.mark.parametrize("day", [date(2026, 12, 1) + timedelta(days=k) for k in range(31)])
def test_a_day_is_closed_in_the_calendar_exactly_where_a_course_is_moved_off_it(day: date) -> None:
    site = helpers.a_site(open=WEEK, holidays={"country": "US"}, closed=["2026-12-24"], closed_days="shift-later").value
    assert (day in closed_days(site, [day])) is (place_course(day, 1, site).moved_days > 0)
