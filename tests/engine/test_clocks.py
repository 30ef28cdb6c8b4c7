"""The wall clock of the site's time zone through a change of clocks. The days of the changes are those of the law:
New York 2027-03-14 02:00 forward and 2027-11-07 02:00 back, London 2027-03-28 01:00 forward and 2027-10-31 02:00 back.
"""

from typing import Any

import helpers
import pytest

from ivigcalc.definitions import Site
from ivigcalc.engine.clocks import zone_of
from ivigcalc.engine.plan import Plan
from ivigcalc.errors import RequestError
from ivigcalc.render.times import clock_of

NEW_YORK, LONDON = "America/New_York", "Europe/London"


def plan(zone: str | None, start: str | None, at: str, **words: Any) -> Plan:
    """72 g in two days, each of 4 h 48 min."""
    keys: dict[str, Any] = {"time_zone": zone} if zone else {}
    said = {"courses": "1", "start": start, "at": at, "site": helpers.a_site(**keys, **words.pop("keys", {})), **words}
    return helpers.adult(**{key: value for key, value in said.items() if value is not None})


@pytest.mark.parametrize(
    ("zone", "start", "at", "ends"),
    [
        (NEW_YORK, "2027-03-13", "22:00", "2027-03-14T03:48"),
        (LONDON, "2027-03-27", "22:00", "2027-03-28T03:48"),
        (LONDON, "2027-10-30", "22:00", "2027-10-31T01:48"),
        (NEW_YORK, "2027-11-06", "22:00", "2027-11-07T01:48"),
        # the nights before and after, and a zone that leaves its clocks alone
        (NEW_YORK, "2027-03-12", "22:00", "2027-03-13T02:48"),
        (NEW_YORK, "2027-03-14", "22:00", "2027-03-15T02:48"),
        ("Asia/Tokyo", "2027-03-13", "22:00", "2027-03-14T02:48"),
        (None, "2027-03-13", "22:00", "2027-03-14T02:48"),
        # a change by half an hour, on Lord Howe Island on 2027-04-04 at 02:00
        ("Australia/Lord_Howe", "2027-04-03", "22:00", "2027-04-04T02:18"),
        # through the second hour of the two: 00:30, 01:30, again 01:30, then 2 h 48 min more
        (NEW_YORK, "2027-11-07", "00:30", "2027-11-07T04:18"),
    ],
)
def test_an_infusion_ends_by_the_clock_on_the_wall(zone: str | None, start: str, at: str, ends: str) -> None:
    first = plan(zone, start, at).sessions[0]
    assert (first.ends_at, first.duration_min) == (ends, 288)


def test_steps_bottles_and_the_visit_go_by_the_same_clock() -> None:
    """Two steps of 30 min, then 227.5 min; 240 min after 22:00 it is 03:00, and 10 + 30 min after 03:48 it is 04:28."""
    visit = {"arrival": "15 min", "flush": "10 min", "observation": "30 min"}
    first = plan(NEW_YORK, "2027-03-13", "22:00", keys={"visit": visit}).sessions[0]
    assert [step.starts_at for step in first.steps][:2] == ["2027-03-13T22:00", "2027-03-13T22:30"]
    assert (first.visit_from, first.visit_to) == ("2027-03-13T21:45", "2027-03-14T04:28")
    assert first.bottles[-1].ends_at == "2027-03-14T03:47"  # 287.5 min
    assert [first.clock(minutes) for minutes in (239, 240)] == ["2027-03-14T01:59", "2027-03-14T03:00"]


def test_arrival_before_a_change_that_the_start_comes_after() -> None:
    """45 min before 03:15 in New York it was 01:30."""
    first = plan(NEW_YORK, "2027-03-14", "03:15", keys={"visit": {"arrival": "45 min"}}).sessions[0]
    assert (first.visit_from, first.starts_at, first.ends_at) == (
        "2027-03-14T01:30",
        "2027-03-14T03:15",
        "2027-03-14T08:03",
    )


def test_a_patient_who_comes_hours_before_the_clocks_go_back() -> None:
    """Four hours before 03:15 in London, where 02:00 came to be 01:00, it was 00:15."""
    first = plan(LONDON, "2027-10-31", "03:15", keys={"visit": {"arrival": "240 min"}}).sessions[0]
    assert (first.visit_from, first.starts_at) == ("2027-10-31T00:15", "2027-10-31T03:15")


def test_closing_time_is_met_by_the_clock_on_the_wall() -> None:
    """From 00:30 it takes until 05:18, or until 06:18 where the clocks go forward on the way."""
    keys = {"open": {"mon-sun": "00:00-06:00"}}
    assert helpers.notices(plan(NEW_YORK, "2027-03-15", "00:30", keys=keys), "past-closing") == []
    late = helpers.notices(plan(NEW_YORK, "2027-03-14", "00:30", keys=keys), "past-closing")
    assert ["ends at 06:18" in notice.message for notice in late] == [True]


@pytest.mark.parametrize(
    ("zone", "start", "at", "leap"),
    [
        (NEW_YORK, "2027-03-14", "02:00", "from 02:00 to 03:00"),
        (NEW_YORK, "2027-03-14", "02:59", "from 02:00 to 03:00"),
        (NEW_YORK, "2027-03-13", "02:30", "from 02:00 to 03:00"),  # its second day
        (LONDON, "2027-03-28", "01:30", "from 01:00 to 02:00"),
    ],
)
def test_a_start_that_does_not_exist_is_refused(zone: str, start: str, at: str, leap: str) -> None:
    refused = helpers.refusal(lambda: plan(zone, start, at))
    assert (refused.code, refused.overridable) == ("no-such-time", False)
    assert leap in str(refused)


@pytest.mark.parametrize("at", ["00:00", "11:30", "23:59"])
def test_a_day_that_was_left_out_has_no_start(at: str) -> None:
    """Samoa went from the end of Thursday, 29 December 2011, to the beginning of Saturday."""
    refused = helpers.refusal(lambda: plan("Pacific/Apia", "2011-12-30", at))
    assert refused.code == "no-such-time"
    assert "the clocks in Pacific/Apia go forward from 00:00 " in str(refused)


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "Europe", "../etc/passwd", "/etc/passwd"])
def test_a_time_zone_that_is_not_known_is_refused(zone: str) -> None:
    with pytest.raises(RequestError, match="is not known; write one like Europe/London") as caught:
        zone_of(Site(kind="site", id="clinic", time_zone=zone))
    assert f"'{zone}'" in str(caught.value)


def test_a_very_long_name_of_a_zone_is_cut() -> None:
    with pytest.raises(RequestError, match=f"time_zone '{'A' * 37}[.]{{3}}' is not known"):
        zone_of(Site(kind="site", id="clinic", time_zone="A" * 41))


@pytest.mark.parametrize(("start", "at"), [("2027-03-14", "01:59"), ("2027-03-14", "03:00"), ("2027-03-15", "02:30")])
def test_a_start_beside_the_change_exists(start: str, at: str) -> None:
    assert plan(NEW_YORK, start, at).sessions[0].starts_at == f"{start}T{at}"


@pytest.mark.parametrize(
    ("at", "twice"), [("00:59", False), ("01:00", True), ("01:30", True), ("01:59", True), ("02:00", False)]
)
def test_a_start_that_comes_twice_is_the_first_and_said(at: str, twice: bool) -> None:
    made = plan(NEW_YORK, "2027-11-07", at)
    said = [n.message for n in helpers.notices(made, "clock-change") if "comes twice" in n.message]
    assert len(said) == twice
    assert all("the first is meant" in message for message in said)


def test_the_first_of_two_starts_meets_the_change() -> None:
    """01:30 and 4 h 48 min: half an hour later it is 01:00 again, and it ends at 05:18."""
    first = plan(NEW_YORK, "2027-11-07", "01:30").sessions[0]
    assert (first.ends_at, first.clock(29), first.clock(30)) == (
        "2027-11-07T05:18",
        "2027-11-07T01:59",
        "2027-11-07T01:00",
    )


def test_a_change_during_the_visit_is_said_of_its_session() -> None:
    made = plan(NEW_YORK, "2027-03-13", "22:00")
    found = helpers.notice(made, "clock-change")
    assert (found.level, found.sessions, found.value) == ("caution", ((1, 1),), "2027-03-14T03:00")
    assert "go forward by 60 min at 02:00" in found.message
    assert "go back by 60 min at 02:00" in helpers.notice(plan(LONDON, "2027-10-30", "22:00"), "clock-change").message


@pytest.mark.parametrize(
    ("zone", "start", "at", "said"),
    [
        (None, "2026-12-01", "19:13", True),
        (None, "2026-12-01", "19:12", False),
        (LONDON, "2026-12-01", "19:13", False),
        (None, "2026-12-01", None, False),
    ],
)
def test_without_a_time_zone_an_infusion_over_midnight_says_so(
    zone: str | None, start: str, at: str, said: bool
) -> None:
    found = helpers.notices(plan(zone, start, at), "clock-not-checked")
    assert [n.sessions for n in found] == ([((1, 1), (1, 2))] if said else [])


def test_an_end_before_the_clocks_go_back_says_which_it_is() -> None:
    """From 20:30 it takes until 01:18, and the clocks of London go back from 02:00 to 01:00; from 20:11 until 00:59."""
    late = plan(LONDON, "2027-10-30", "20:30")
    assert clock_of(late.sessions[0], 288) == "01:18 (1st) +1 d"
    assert "go back by 60 min at 02:00" in helpers.notice(late, "clock-change").message
    assert helpers.notices(plan(LONDON, "2027-10-30", "20:11"), "clock-change") == []
    first_minute = plan(LONDON, "2027-10-30", "20:12")
    assert clock_of(first_minute.sessions[0], 288) == "01:00 (1st) +1 d"
    assert helpers.notice(first_minute, "clock-change").sessions == ((1, 1),)
    # forward, no time comes twice: it takes until 00:59 and 01:00, and then until 02:01, past 01:00
    for at, said in (("20:11", False), ("20:12", True), ("20:13", True)):
        assert bool(helpers.notices(plan(LONDON, "2027-03-27", at), "clock-change")) is said


def test_the_end_of_a_whole_day_before_the_clocks_go_back_says_which_it_is() -> None:
    """From 01:10 on 30 October, over 24 h and what the pump adds, in London."""
    made = plan(LONDON, "2027-10-30", "01:10", over="24 h")
    minutes = made.sessions[0].duration_min or 0
    assert 24 * 60 <= minutes < 24 * 60 + 45
    assert clock_of(made.sessions[0], minutes) == f"01:{10 + minutes - 24 * 60} (1st) +1 d"


@pytest.mark.parametrize(("at", "arrival", "said"), [("03:14", "01:59 (2nd)", True), ("03:15", "02:00", False)])
def test_an_arrival_after_the_clocks_went_back_says_which_it_is(at: str, arrival: str, said: bool) -> None:
    """An hour and a quarter before the start; in London 01:59 comes twice, 02:00 does not."""
    made = plan(LONDON, "2027-10-31", at, keys={"visit": {"arrival": "45 min", "premedication": "30 min"}})
    assert clock_of(made.sessions[0], -75) == arrival
    assert bool(helpers.notices(made, "clock-change")) is said


@pytest.mark.parametrize(
    ("at", "arrival", "said"), [("02:44", "00:59", True), ("02:45", "02:00", False), ("02:46", "02:01", False)]
)
def test_where_the_clocks_went_forward_before_arrival_nothing_is_said(at: str, arrival: str, said: bool) -> None:
    """London goes from 01:00 to 02:00; the patient comes 45 min before the start."""
    made = plan(LONDON, "2027-03-28", at, keys={"visit": {"arrival": "45 min"}})
    assert clock_of(made.sessions[0], -45) == arrival
    assert bool(helpers.notices(made, "clock-change")) is said


def test_without_a_date_a_time_zone_does_not_help() -> None:
    made = helpers.rates(
        "octagam-10-us", "dermatomyositis", "72kg", "72 g", at="22:00", site=helpers.a_site(time_zone=LONDON)
    )
    assert "give --start" in helpers.notice(made, "clock-not-checked").message


@pytest.mark.parametrize(
    ("start", "at", "minutes", "shown"),
    [
        # London puts 02:00 back to 01:00: from 22:00, 01:00 is reached after 3 h, and again after 4
        ("2027-10-30", "22:00", 179, "00:59 +1 d"),
        ("2027-10-30", "22:00", 180, "01:00 (1st) +1 d"),
        ("2027-10-30", "22:00", 239, "01:59 (1st) +1 d"),
        ("2027-10-30", "22:00", 240, "01:00 (2nd) +1 d"),
        ("2027-10-30", "22:00", 299, "01:59 (2nd) +1 d"),
        ("2027-10-30", "22:00", 300, "02:00 +1 d"),
        # arrival 45 minutes before a start at 02:10, after the change
        ("2027-10-31", "02:10", -45, "01:25 (2nd)"),
        ("2027-10-31", "02:10", -75, "01:55 (1st)"),
        # arrival an hour and a quarter before 02:45 and before 03:15: the clocks went back before it, or there was no other 02:00
        ("2027-10-31", "02:45", -75, "01:30 (2nd)"),
        ("2027-10-31", "03:15", -75, "02:00"),
        # no time comes twice where clocks are put forward, or left alone
        ("2027-03-27", "22:00", 180, "02:00 +1 d"),
        ("2027-10-29", "22:00", 240, "02:00 +1 d"),
    ],
)
def test_a_time_that_comes_twice_says_which_it_is(start: str, at: str, minutes: int, shown: str) -> None:
    visit = {"arrival": "45 min", "premedication": "30 min"}
    session = plan(LONDON, start, at, keys={"visit": visit}).sessions[0]
    assert clock_of(session, minutes) == shown
