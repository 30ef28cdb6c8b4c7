"""An infusion that still runs when the next of the patient is due."""

from __future__ import annotations

import helpers
import pytest

from ivigcalc.engine.plan import Plan

from .saved import after, first, reaction

# 72 g = 720 mL at 43.2, 86.4 and 172.8 mL/h from 09:00, on 1 and 2 December, every 4 weeks
CODE = "into-the-next"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return first(days="2")


def test_an_infusion_that_was_slowed_into_the_next_day_says_so(plan: Plan) -> None:
    """14.4 mL in at 09:20, 705.6 left from 09:50 at 21.6 mL/h: 1960 min, 2010 in all; day 2 comes after 1440."""
    [notice] = helpers.notices(reaction(plan, "09:20", "09:50", "half"), CODE)
    assert (notice.level, notice.value, notice.limit, notice.sessions) == ("caution", "2010 min", "1440 min", ((1, 1),))
    assert notice.message == (
        "course 1 day 1: the infusion lasts 2010 min and still runs when the next is due, 1440 min after its start: "
        "give the course over more days, or move the next"
    )


def test_what_ends_before_the_next_begins_does_not(plan: Plan) -> None:
    assert not helpers.notices(reaction(plan, "10:20", "10:50", "half"), CODE)
    assert not helpers.notices(reaction(plan, "09:20"), CODE)  # stopped
    assert not helpers.notices(plan, CODE)


def test_to_the_minute(plan: Plan) -> None:
    """At 30 mL/h from 09:20 on, 705.6 mL take 1411.2 min: 1432 with the 20 before; 29.8 mL/h: 1420.7, 1441 in all."""
    assert not helpers.notices(reaction(plan, "09:20", "09:20", "30 mL/h"), CODE)
    [notice] = helpers.notices(reaction(plan, "09:20", "09:20", "29.8 mL/h"), CODE)
    assert notice.value == "1441 min"


def test_a_next_day_that_is_not_given_or_moved_away_is_not_run_into(plan: Plan) -> None:
    slow = reaction(plan, "09:20", "09:50", "half")
    assert not helpers.notices(after(slow, missed=("2026-12-02",), rest="keep"), CODE)
    assert not helpers.notices(after(slow, missed=("2026-12-02",), to="2026-12-03", rest="keep"), CODE)


def test_a_plan_of_slow_rates_says_so_once_from_the_start() -> None:
    """720 mL at no more than 28.8 mL/h: 25 h, on each of two days; also where no day is named."""
    site = helpers.a_site(rate_maximum="28.8 mL/h")
    words = {"age": "54y", "days": "2", "site": site}
    dated = helpers.plan(
        "dermatomyositis", "octagam-10-us", "72kg", start="2026-12-01", at="09:00", courses="2", **words
    )
    [notice] = helpers.notices(dated, CODE)
    assert notice.message.startswith("2 sessions, the first course 1 day 1: the infusion lasts 1500 min")
    assert notice.sessions == ((1, 1), (2, 1))
    [notice] = helpers.notices(helpers.plan("dermatomyositis", "octagam-10-us", "72kg", **words), CODE)
    assert notice.sessions == ((1, 1),)


def test_a_night_on_which_the_clocks_go_forward_is_an_hour_shorter() -> None:
    """From 23:00 on 13 March 2027 to 23:00 on the 14th in New York are 23 h, 1380 min. At 31.1 mL/h from 23:20 on,
    705.6 mL take 1361.3 min, 1382 in all; at 31.2 mL/h 1356.9, 1377.
    """
    plan = first(helpers.a_site(time_zone="America/New_York"), days="2", start="2027-03-13", at="23:00")
    on = "2027-03-13"
    slow, fast = (
        after(plan, on, session="1.1", reaction_at="23:20", resume_at="23:20", rate=rate)
        for rate in ("31.1 mL/h", "31.2 mL/h")
    )
    [notice] = helpers.notices(slow, CODE)
    assert (notice.value, notice.limit) == ("1382 min", "1380 min")
    assert not helpers.notices(fast, CODE)
