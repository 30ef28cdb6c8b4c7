"""For every zone, start and length: the clocks are those on the wall, as the oracle has them minute by minute."""

from datetime import date, timedelta
from typing import Any

import helpers
import oracle
from hypothesis import example, given, settings
from hypothesis import strategies as st
from strategies import attempt

from ivigcalc.engine.plan import Plan, Session

#: changed at 1, 2 or 3 o'clock, at midnight, by half an hour, in the south, around a month of fasting, never
ZONES = [
    "America/New_York", "Europe/London", "Europe/Berlin", "America/Havana", "Asia/Beirut", "Australia/Lord_Howe",
    "Pacific/Auckland", "Pacific/Chatham", "America/St_Johns", "Africa/Casablanca", "Asia/Kathmandu", "UTC",
]  # fmt: skip
FROM, TO = date(2026, 1, 1), date(2029, 12, 31)


@st.composite
def starts(draw: Any) -> tuple[str, date, int]:
    """Zone, day and minute of a start: most in the nights about a change of clocks, and there about the change."""
    zone = draw(st.sampled_from(ZONES))
    on = draw(st.sampled_from(oracle.days_of_changes(zone, FROM, TO) or [FROM])) + timedelta(draw(st.integers(-2, 1)))
    return zone, on, draw(st.integers(0, 239) | st.integers(0, 1439))


def check_clocks(session: Session, zone: str, at_min: int, before_min: int, after_min: int) -> None:
    """Every time of a session is that of the oracle, and of two alike the same one is meant."""
    assert session.on is not None
    assert session.infusion is not None
    start = oracle.start_of(zone, session.on, at_min)
    moments = {0: session.starts_at, session.infusion.duration_min: session.ends_at}
    moments |= {-before_min: session.visit_from, session.infusion.duration_min + after_min: session.visit_to}
    moments |= {int(step.from_start_min): step.starts_at for step in session.steps}
    moments |= {int(bottle.to_min): bottle.ends_at for bottle in session.bottles}
    for minute, said in moments.items():
        shown, which = oracle.wall_clock(zone, start, minute)
        assert said == f"{shown:%Y-%m-%dT%H:%M}", (zone, minute)
        assert session.time_that_comes_twice(minute) == which, (zone, minute)


@settings(max_examples=40)
@given(starts(), st.none() | st.integers(5, 24).map(lambda hours: f"{hours} h"), st.sampled_from([0, 45, 240]))
@example(("America/New_York", date(2027, 3, 14), 119), "24 h", 45)
@example(("America/New_York", date(2027, 3, 14), 120), None, 0)
@example(("America/New_York", date(2027, 3, 14), 180), None, 240)
@example(("America/New_York", date(2027, 11, 7), 60), None, 45)
@example(("America/New_York", date(2027, 11, 7), 119), None, 240)
@example(("America/New_York", date(2027, 11, 7), 120), "5 h", 240)
@example(("Pacific/Apia", date(2011, 12, 29), 720), "24 h", 0)  # its second day was left out
def test_every_time_is_that_of_the_clock_on_the_wall(
    start: tuple[str, date, int], over: str | None, arrival: int
) -> None:
    """Rule 22: two days in a row from the same time; of a time that comes twice the first; refused if it never comes."""
    zone, on, at_min = start
    visit = {"arrival": f"{arrival} min", "observation": "75 min"} if arrival else {"observation": "75 min"}
    at = f"{at_min // 60:02}:{at_min % 60:02}"
    site = helpers.a_site(time_zone=zone, visit=visit)
    got = attempt(lambda: helpers.adult(courses="1", days="2", start=str(on), at=at, over=over, site=site))
    try:
        for day in (on, on + timedelta(days=1)):
            oracle.start_of(zone, day, at_min)
    except oracle.NoSuchTimeError:
        assert got == {"no-such-time"}
        return
    assert isinstance(got, Plan)
    for session in got.sessions:
        check_clocks(session, zone, at_min, arrival, 75)


def test_the_oracle_knows_the_changes_of_the_law() -> None:
    """New York 2027: on 14 March from 2 to 3 o'clock, on 7 November from 2 to 1 o'clock."""
    zone, spring, autumn = "America/New_York", date(2027, 3, 14), date(2027, 11, 7)
    assert {spring, autumn} <= {
        day + timedelta(days=k) for day in oracle.days_of_changes(zone, FROM, TO) for k in (0, 1)
    }
    late = oracle.start_of(zone, spring, 119)
    assert [oracle.wall_clock(zone, late, k)[0].hour for k in (0, 1)] == [1, 3]
    early = oracle.start_of(zone, autumn, 60)
    assert [oracle.wall_clock(zone, early, k)[1] for k in (-1, 0, 59, 60, 119, 120)] == [None, 1, 1, 2, 2, None]
