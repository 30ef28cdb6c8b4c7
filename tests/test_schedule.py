"""When the courses are: hand values from a calendar."""

from datetime import date, timedelta
from typing import Any

import helpers
import pytest

from ivigcalc.definitions import Site
from ivigcalc.engine.plan import Plan, clock_text
from ivigcalc.engine.schedule import ClosedDay, closed_days, due_dates, place_course, step
from ivigcalc.errors import IvigcalcError, RefusedError, RequestError
from ivigcalc.quantity import quantity

WEEK = {"mon-fri": "08:00-17:00"}


def every(text: str) -> Any:
    return quantity(text, "days", "months")


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


def test_half_a_week_is_no_interval() -> None:
    with pytest.raises(RequestError, match="not a whole number of days"):
        step(date(2026, 1, 1), every("0.5 weeks"), 1)


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


def test_without_a_site_nothing_is_assumed_about_weekends_or_holidays() -> None:
    got = helpers.plan(
        "dermatomyositis", "octagam-10-us", "72 kg", start="2026-12-25", courses="1"
    )  # Friday, Christmas Day
    assert [s.date for s in got.sessions] == ["2026-12-25", "2026-12-26"]
    assert "date-shifted" not in helpers.codes(got)


# ---- closed days --------------------------------------------------------------------------------------------------------


def clinic(**keys: Any) -> Site:
    return helpers.a_site(**keys).value


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


def test_days_closed_by_the_clinic_and_public_holidays() -> None:
    site = clinic(open=WEEK, closed=["2026-12-24"], holidays={"country": "US"}, closed_days="shift-later")
    got = place_course(date(2026, 12, 24), 1, site)
    assert got.days == (date(2026, 12, 28),)  # the 25th is Christmas Day, then a weekend
    assert got.moved_because == "2026-12-24 closed by the clinic"
    assert got.moved_days == 4
    assert "holiday" in str(place_course(date(2026, 12, 25), 1, site).moved_because)


def test_moving_one_course_does_not_move_the_next() -> None:
    """Always from the anchor: the course that met a holiday does not drag the others along."""
    site = helpers.a_site(open=WEEK, closed=["2026-12-29"], closed_days="shift-later")
    got = helpers.plan("dermatomyositis", "octagam-10-us", "72 kg", start="2026-12-01", courses="3", site=site)
    assert [s.date for s in got.sessions if s.day == 1] == ["2026-12-01", "2026-12-30", "2027-01-26"]


def test_a_closed_day_and_no_rule_is_asked_about() -> None:
    with pytest.raises(RequestError, match=r"meets a closed day .* does not say what to do"):
        place_course(date(2026, 12, 5), 1, clinic(open=WEEK))


def test_no_days_in_a_row_is_a_refusal_and_not_a_search_for_ever() -> None:
    with pytest.raises(RefusedError, match="no 6 open days in a row") as caught:
        place_course(date(2026, 12, 1), 6, clinic(open=WEEK, closed_days="shift-later"))
    assert caught.value.code == "no-open-days"


def test_an_unknown_country_is_said() -> None:
    site = clinic(holidays={"country": "XX"}, closed_days="keep")
    with pytest.raises(RequestError, match="no public holidays are known for 'XX'"):
        place_course(date(2026, 12, 1), 1, site)


# ---- clock --------------------------------------------------------------------------------------------------------------


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


def test_dose_gives_one_course_without_dates() -> None:
    got = helpers.plan("dermatomyositis", "octagam-10-us", "72 kg", courses="6")
    assert [(s.course, s.day, s.date) for s in got.sessions] == [(1, 1, None), (1, 2, None)]


# ---- the closed days of a calendar ----------------------------------------------------------------------------------------


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


# ---- the end of time ----------------------------------------------------------------------------------------------------


def late(start: str, **words: Any) -> Plan:
    return helpers.plan("dermatomyositis", "octagam-10-us", "72 kg", start=start, **words)


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


@pytest.mark.parametrize("start", ["0001-01-01", "1899-12-31", "2200-01-01", "9999-12-31"])
def test_a_start_outside_three_centuries_is_a_slip(start: str) -> None:
    with pytest.raises(RequestError, match="from 1900 to 2199") as caught:
        late(start)
    assert caught.value.field == "start"


@pytest.mark.parametrize("start", ["1900-01-01", "2199-01-01"])
def test_and_within_them_a_start_is_taken(start: str) -> None:
    assert late(start, at="23:59").sessions[0].date == start
