from __future__ import annotations

from datetime import date

from ivigcalc.render.times import clock_of, long_day, moment, short_day, span

from . import papers


def test_days_cannot_be_misread() -> None:
    assert short_day(date(2026, 12, 1)) == "Tue 1 Dec 2026"
    assert long_day(date(2027, 2, 28)) == "Sunday 28 February 2027"
    assert short_day(None) == long_day(None) == ""


def test_clock_says_the_day_and_what_is_not_known() -> None:
    # 22:00 and 4 h 48 min; 45 min before it
    session = papers.overnight().sessions[0]
    assert [clock_of(session, minutes) for minutes in (0, 288, -45)] == ["22:00", "02:48 +1 d", "21:15"]
    assert span(session, 0, session.duration_min) == "22:00 to 02:48 +1 d"
    assert clock_of(session, None) == "-"
    assert clock_of(session, None, unknown="") == ""
    untimed = papers.undated().sessions[0]
    assert clock_of(untimed, 0) == "-"
    assert [moment(at, 90) for at in (session, untimed)] == ["23:30", "+1:30"]
