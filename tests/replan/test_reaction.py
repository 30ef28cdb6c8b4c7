"""An infusion that is interrupted: by hand, 72 kg of Octagam 10 % for dermatomyositis, 36 g in 360 mL from 09:00.

Planned: 30 min at 43.2 mL/h = 21.6 mL; 30 min at 86.4 mL/h = 43.2 mL; the rest, 295.2 mL, at 172.8 mL/h in 102.5 min.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import helpers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivigcalc.engine.plan import Plan, Session
from ivigcalc.errors import RefusedError, RequestError

from .saved import after, first, reaction, session

D = Decimal


@pytest.fixture(scope="module")
def plan() -> Plan:
    return first()


def steps(found: Session) -> list[tuple[str, str, str, str, str]]:
    """Clock, rate, minutes, mL and running mL of each step, as text."""
    return [
        ((s.starts_at or "")[-5:], str(s.rate_ml_per_h), str(s.duration_min), str(s.volume_ml), str(s.cumulative_ml))
        for s in found.steps
    ]


# ---- half-way through step 3 ----------------------------------------------------------------------------------------


def test_a_pause_half_way_through_step_3_conserves_the_volume_and_ends_when_it_must(plan: Plan) -> None:
    """At 10:51, 51 min into step 3: 21.6 + 43.2 + 172.8 x 51 / 60 = 211.68 mL in, 148.32 mL left. From 11:21 on these
    take 148.32 / 172.8 h = 51.5 min: the end is 12:12:30, shown as 12:13, 30 min after the 11:43 that was planned.
    """
    found = session(reaction(plan, "10:51", "11:21", "previous"), "1.1")
    assert steps(found) == [
        ("09:00", "43.2", "30", "21.6", "21.6"),
        ("09:30", "86.4", "30", "43.2", "64.8"),
        ("10:00", "172.8", "51", "146.88", "211.68"),
        ("11:21", "172.8", "51.5", "148.32", "360"),
    ]
    assert (found.volume_ml, found.dose_g, found.leftover_g) == (D(360), D(36), D(0))
    assert (found.duration_min, found.ends_at) == (193, "2026-12-01T12:13")
    assert found.infusion is not None
    assert found.infusion.minutes == D("192.5")
    [pause] = found.infusion.interruptions
    assert (pause.at_min, pause.resume_min, pause.in_ml, pause.left_ml) == (111, 141, D("211.68"), D("148.32"))
    assert (pause.rate_before_ml_per_h, pause.rate_after_ml_per_h, pause.rate) == (D("172.8"), D("172.8"), "previous")


def test_half_of_the_rate_before(plan: Plan) -> None:
    """148.32 mL at 86.4 mL/h are 103 min: 11:21 to 13:04."""
    found = session(reaction(plan, "10:51", "11:21", "half"), "1.1")
    assert steps(found)[3:] == [("11:21", "86.4", "103", "148.32", "360")]
    assert found.ends_at == "2026-12-01T13:04"


def test_the_first_rate_again_climbs_by_the_same_steps(plan: Plan) -> None:
    """21.6 mL to 11:51, 43.2 mL to 12:21, and the 83.52 mL that are left in 29 min to 12:50."""
    found = session(reaction(plan, "10:51", "11:21", "initial"), "1.1")
    assert steps(found)[3:] == [
        ("11:21", "43.2", "30", "21.6", "233.28"),
        ("11:51", "86.4", "30", "43.2", "276.48"),
        ("12:21", "172.8", "29", "83.52", "360"),
    ]
    assert found.ends_at == "2026-12-01T12:50"


def test_the_first_rate_again_never_climbs_above_the_rate_of_the_reaction(plan: Plan) -> None:
    """At 09:40, 10 min into step 2 at 86.4 mL/h: 36 mL in. From 10:00 on 21.6 mL, then 86.4 mL/h for the 302.4 mL left:
    210 min from 10:30 to 14:00.
    """
    found = session(reaction(plan, "09:40", "10:00", "initial"), "1.1")
    assert steps(found)[2:] == [("10:00", "43.2", "30", "21.6", "57.6"), ("10:30", "86.4", "210", "302.4", "360")]
    assert found.ends_at == "2026-12-01T14:00"


def test_the_rate_before_is_kept_to_the_end_and_no_step_above_it_is_entered(plan: Plan) -> None:
    """36 mL in at 09:40; 324 mL at 86.4 mL/h are 225 min."""
    found = session(reaction(plan, "09:40", "09:50", "previous"), "1.1")
    assert steps(found)[2:] == [("09:50", "86.4", "225", "324", "360")]
    assert found.ends_at == "2026-12-01T13:35"


@pytest.mark.parametrize("rate", ["1.2 mL/kg/h", "86.4 mL/h", "2 mg/kg/min", "0.02 mL/kg/min", "120 mg/kg/h"])
def test_an_ordered_rate_in_any_unit(plan: Plan, rate: str) -> None:
    """All are 1.2 mL/kg/h x 72 kg = 86.4 mL/h."""
    found = session(reaction(plan, "10:51", "11:21", rate), "1.1")
    assert steps(found)[3:] == [("11:21", "86.4", "103", "148.32", "360")]


def test_slowed_down_without_a_pause(plan: Plan) -> None:
    """At 10:30 86.4 mL are in of step 3 (151.2 in all); the 208.8 mL left take 145 min at 86.4 mL/h."""
    found = session(reaction(plan, "10:30", "10:30", "half"), "1.1")
    assert steps(found)[2:] == [("10:00", "172.8", "30", "86.4", "151.2"), ("10:30", "86.4", "145", "208.8", "360")]
    assert found.ends_at == "2026-12-01T12:55"


def test_at_the_minute_of_a_change_of_rate_the_rate_before_it_is_the_one_that_ran(plan: Plan) -> None:
    """At 10:00 64.8 mL are in, at 86.4 mL/h; step 3 has not begun."""
    found = session(reaction(plan, "10:00", "10:10", "previous"), "1.1")
    assert steps(found)[:3] == [
        ("09:00", "43.2", "30", "21.6", "21.6"),
        ("09:30", "86.4", "30", "43.2", "64.8"),
        ("10:10", "86.4", "205", "295.2", "360"),
    ]


def test_the_per_kg_rates_are_those_of_the_step(plan: Plan) -> None:
    found = session(reaction(plan, "10:51", "11:21", "previous"), "1.1")
    assert (found.steps[3].rate_ml_per_kg_per_h, found.steps[3].rate_mg_per_kg_per_min) == (D("2.4"), D(4))
    found = session(reaction(plan, "10:51", "11:21", "half"), "1.1")
    assert (found.steps[3].rate_ml_per_kg_per_h, found.steps[3].rate_mg_per_kg_per_min) == (D("1.2"), D(2))


def test_half_is_at_most_half_on_the_pump() -> None:
    """65.5 kg with pump steps of 1 mL/h: 157.2 is set to 157; half of that is 78.5, which is set to 78 and not to 79."""
    site = helpers.a_site(pump={"increment": "1 mL/h"})
    plan = first(site, weight="65.5kg")
    assert session(plan, "1.1").steps[-1].rate_ml_per_h == D(157)
    assert session(reaction(plan, "10:51", "11:21", "half"), "1.1").steps[-1].rate_ml_per_h == D(78)


def test_over_midnight() -> None:
    """From 22:00: at 23:51, 111 min, 211.68 mL; on again at 00:21, to 01:13 on the next day."""
    plan = first(at="22:00")
    found = session(reaction(plan, "23:51", "00:21", "previous"), "1.1")
    assert [s.starts_at for s in found.steps][3] == "2026-12-02T00:21"
    assert found.ends_at == "2026-12-02T01:13"


def test_a_session_after_midnight_is_not_past_on_the_day_on_which_it_ends() -> None:
    """The reaction at 00:10 (130 min: 266.4 mL) is told on the second, the day after the session began."""
    told = reaction(first(at="22:00"), "00:10", "00:20", "previous", on="2026-12-02")
    assert session(told, "1.1").steps[2].cumulative_ml == D("266.4")
    assert not helpers.notices(told, "event-to-come")


def test_a_resumption_of_which_hour_nobody_can_say_is_refused() -> None:
    """On 25 October 2026 in London 01:20 comes twice: after a pause at 00:40 it may be 40 or 100 min later; after one at
    02:05, and on any other night, it is one time."""
    site = helpers.a_site(time_zone="Europe/London")
    night = first(site, start="2026-10-24", at="22:00", days="2")
    with pytest.raises(RequestError, match=r"01:20 comes twice after the pause of session 1\.1"):
        reaction(night, "00:40", "01:20", "half", on="2026-10-24")
    assert session(reaction(night, "00:40", "02:20", "half", on="2026-10-24"), "1.1").infusion is not None
    assert (
        session(reaction(night, "00:40", "01:20", "half", on="2026-10-25", session="1.2"), "1.2").infusion is not None
    )


@pytest.mark.parametrize(("reacted", "resumed"), [("01:30", "02:10"), ("00:40", "01:30")])
def test_an_hour_that_the_clocks_leave_out_is_named(reacted: str, resumed: str) -> None:
    """On 28 March 2027 in London there is no 01:30."""
    night = first(helpers.a_site(time_zone="Europe/London"), start="2027-03-27", at="22:00", days="2")
    with pytest.raises(RequestError, match=r"there is no 01:30 in the night of session 1\.1"):
        reaction(night, reacted, resumed, "half", on="2027-03-27")


def test_clocks_that_go_back_are_counted() -> None:
    """On 25 October 2026 the clocks in London go back at 02:00 to 01:00. From 00:30 on, 01:20 comes twice; 02:10 is 160
    min later. At 86.4 and 172.8 mL/h: 64.8 + 100 x 2.88 = 352.8 mL in.
    """
    site = helpers.a_site(time_zone="Europe/London")
    plan = first(site, start="2026-10-25", at="00:30")
    found = session(reaction(plan, "02:10", "02:30", "previous", on="2026-10-25"), "1.1")
    assert found.infusion is not None
    assert (found.infusion.interruptions[0].at_min, found.infusion.interruptions[0].in_ml) == (160, D("352.8"))
    with pytest.raises(RequestError, match="comes twice"):
        reaction(plan, "01:20", "02:30", "previous", on="2026-10-25")


# ---- more than one, and the end -------------------------------------------------------------------------------------


def test_a_second_reaction_counts_from_the_first(plan: Plan) -> None:
    """Half from 11:21: at 11:51 43.2 mL more, 254.88 in. Then 40 mL/h for the 105.12 left: 157.68 min from 12:01."""
    once = reaction(plan, "10:51", "11:21", "half")
    found = session(reaction(once, "11:51", "12:01", "40 mL/h"), "1.1")
    assert steps(found)[3:] == [("11:21", "86.4", "30", "43.2", "254.88"), ("12:01", "40", "157.68", "105.12", "360")]
    assert found.infusion is not None
    assert [pause.in_ml for pause in found.infusion.interruptions] == [D("211.68"), D("254.88")]
    assert found.ends_at == "2026-12-01T14:39"


def test_stopped_for_good(plan: Plan) -> None:
    """211.68 mL = 21.168 g are given, 148.32 mL = 14.832 g are left over: together the 36 g that were drawn up."""
    stopped = reaction(plan, "10:51")
    found = session(stopped, "1.1")
    assert (found.volume_ml, found.dose_g, found.leftover_g) == (D("211.68"), D("21.168"), D("14.832"))
    assert (found.duration_min, found.ends_at) == (111, "2026-12-01T10:51")
    assert steps(found)[-1] == ("10:00", "172.8", "51", "146.88", "211.68")
    assert stopped.totals.dose_g == plan.totals.dose_g - D("14.832")
    assert stopped.totals.volume_ml == D("8640") - D("148.32")
    assert stopped.totals.vials == plan.totals.vials
    assert found.infusion is not None
    assert found.infusion.ahead == ()


def test_stopped_after_it_went_on(plan: Plan) -> None:
    """Half from 11:21, stopped at 11:41: 20 min x 1.44 mL = 28.8 mL more: 240.48 mL = 24.048 g."""
    found = session(reaction(reaction(plan, "10:51", "11:21", "half"), "11:41"), "1.1")
    assert (found.volume_ml, found.dose_g, found.leftover_g) == (D("240.48"), D("24.048"), D("11.952"))


def test_only_the_interrupted_session_changes(plan: Plan) -> None:
    changed = reaction(plan, "10:51", "11:21", "half", session="1.2", on="2026-12-02")
    assert [s for s in changed.sessions if (s.course, s.day) != (1, 2)] == [
        s for s in plan.sessions if (s.course, s.day) != (1, 2)
    ]
    assert changed.revision is not None
    assert changed.revision.changed == ((1, 2),)
    assert changed.totals == plan.totals


def test_bottles_go_on_by_the_clock_of_the_pause(plan: Plan) -> None:
    """The first bottle, 30 g in 300 mL, is empty 88.32 mL = 30.67 min after 11:21; it hung since 09:00."""
    found = session(reaction(plan, "10:51", "11:21", "previous"), "1.1")
    assert (found.bottles[0].from_start_min, found.bottles[0].to_min) == (D(0), D("171.67"))
    assert found.bottles[-1].to_min == D("192.5")
    assert sum(b.volume_ml for b in found.bottles) == D(360)


def test_of_a_stopped_infusion_only_what_hung_is_a_bottle(plan: Plan) -> None:
    [bottle] = session(reaction(plan, "10:51"), "1.1").bottles
    assert (bottle.volume_ml, bottle.to_min) == (D("211.68"), D(111))


# ---- what is said ---------------------------------------------------------------------------------------------------


def test_it_says_what_is_in_what_is_left_and_when_it_ends(plan: Plan) -> None:
    found = helpers.notice(reaction(plan, "10:51", "11:21", "half"), "infusion-resumed")
    assert found.level == "caution"
    for words in ("10:51", "211.68 mL in", "11:21", "86.4 mL/h (half of the rate before)", "148.32 mL left", "13:04"):
        assert words in found.message
    assert "81 min later than planned" in found.message
    assert found.sessions == ((1, 1),)
    assert (found.value, found.limit) == ("211.68 mL", "360 mL")


def test_it_says_that_it_was_stopped_and_what_is_not_given(plan: Plan) -> None:
    found = helpers.notice(reaction(plan, "10:51"), "infusion-stopped")
    assert "stopped at 10:51 with 211.68 of 360 mL in; 148.32 mL (14.832 g) are not given" in found.message


def test_closing_time_is_looked_at_again() -> None:
    """Open until 13:00: planned to 11:43; at half the rate the end is 13:04."""
    site = helpers.a_site(open={"mon-fri": "08:00-13:00"}, closed_days="keep")
    plan = first(site)
    assert not helpers.notices(plan, "past-closing")
    late = helpers.notice(reaction(plan, "10:51", "11:21", "half"), "past-closing")
    assert "ends at 13:04, after closing at 13:00" in late.message
    assert "it has begun" in late.message
    in_time = reaction(plan, "10:51", "11:21", "previous")
    assert not helpers.notices(in_time, "past-closing")
    assert "closing time 13:00" in helpers.notice(in_time, "infusion-resumed").message


def test_a_bottle_that_hung_through_the_pause_may_be_open_too_long(plan: Plan) -> None:
    """Octagam's label gives a pool 8 h and nobody gives a bottle more than 4 h: from 09:00, the first bottle is empty
    30.67 min after it goes on. On at 12:29 it is open for 239.67 min, at 12:30 for 240.67 min.
    """
    assert not helpers.notices(reaction(plan, "10:51", "12:29", "previous"), "bottle-open-too-long")
    late = helpers.notice(reaction(plan, "10:51", "12:30", "previous"), "bottle-open-too-long")
    assert (late.limit, late.sessions) == ("4 h", ((1, 1),))
    assert late.value == "240.67 min"
    assert "opened bottle" in helpers.notice(reaction(plan, "10:51", "12:29", "previous"), "infusion-resumed").message


def test_what_is_printed_on_restarting_is_shown_with_its_source(plan: Plan) -> None:
    found = helpers.notices(reaction(plan, "10:51", "11:21", "half"), "restart-printed")
    assert ["tolerated rate" in notice.message for notice in found] == [True]
    assert all(notice.source and notice.sessions == ((1, 1),) for notice in found)
    assert not helpers.notices(plan, "restart-printed")


def test_the_products_own_words_on_restarting_come_first() -> None:
    plan = first(product="privigen-us")
    found = helpers.notices(reaction(plan, "10:51", "11:21", "half"), "restart-printed")
    assert [notice.message.split(":")[0] for notice in found] == ["Privigen", "after a reaction"]


@pytest.mark.parametrize(("rate", "faster"), [("86.4 mL/h", False), ("86.5 mL/h", True), ("previous", False)])
def test_a_rate_above_that_of_the_reaction_is_a_caution(plan: Plan, rate: str, faster: bool) -> None:
    """At 09:40 the rate was 86.4 mL/h."""
    assert bool(helpers.notices(reaction(plan, "09:40", "09:50", rate), "resumed-faster")) == faster


def test_a_session_to_come_is_a_caution(plan: Plan) -> None:
    assert helpers.notice(reaction(plan, "10:51", "11:21", "half", on="2026-11-30"), "event-to-come")
    assert not helpers.notices(reaction(plan, "10:51", "11:21", "half", on="2026-12-01"), "event-to-come")


# ---- the working ----------------------------------------------------------------------------------------------------


def test_the_working_of_what_was_in_and_is_left(plan: Plan) -> None:
    lines = {line.name: line for line in reaction(plan, "10:51", "11:21", "half").trace}
    assert lines["c1d1.pause_1_in_ml"].result == D("211.68")
    assert lines["c1d1.pause_1_left_ml"].result == D("148.32")
    assert lines["c1d1.pause_1_rate_ml_per_h"].result == D("86.4")
    assert lines["c1d1.pause_1_end_min"].result == D(244)


# ---- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "resume", "rate", "said"),
    [
        ("08:59", "09:10", "half", "not while session 1.1 runs"),
        ("09:00", "09:10", "half", "not while session 1.1 runs"),  # nothing is in yet
        ("11:43", "11:50", "half", "not while session 1.1 runs"),  # over at 11:42:30
        ("23:00", "23:10", "half", "not while session 1.1 runs"),
        ("10:40", "10:39", "half", "before the pause"),
        ("10:40", "22:41", "half", "more than 12 h after"),
    ],
)
def test_an_event_outside_the_session_is_refused(plan: Plan, at: str, resume: str, rate: str, said: str) -> None:
    with pytest.raises(RequestError, match=said) as caught:
        reaction(plan, at, resume, rate)
    assert caught.value.code == "not-in-session"


def test_the_first_and_the_last_minute_that_count(plan: Plan) -> None:
    """09:01 with 0.72 mL in; 11:42 with 1.44 mL left."""
    assert session(reaction(plan, "09:01", "09:02", "previous"), "1.1").steps[0].volume_ml == D("0.72")
    assert session(reaction(plan, "11:42", "11:43", "previous"), "1.1").steps[-1].volume_ml == D("1.44")
    assert session(reaction(plan, "10:51", "22:51", "previous"), "1.1").ends_at == "2026-12-01T23:43"


@pytest.mark.parametrize("rate", ["2.41 mL/kg/h", "172.9 mL/h", "4.1 mg/kg/min", "999 mL/h"])
def test_a_rate_above_the_ceiling_is_refused(plan: Plan, rate: str) -> None:
    """For dermatomyositis 4 mg/kg/min = 2.4 mL/kg/h = 172.8 mL/h is the most."""
    with pytest.raises(RefusedError, match=r"above the 172\.8 mL/h in force") as caught:
        reaction(plan, "10:51", "11:21", rate)
    assert caught.value.code == "rate-above-ceiling"
    assert not caught.value.overridable


def test_a_rate_at_the_ceiling_is_not(plan: Plan) -> None:
    assert session(reaction(plan, "10:51", "11:21", "172.8 mL/h"), "1.1").steps[-1].rate_ml_per_h == D("172.8")


def test_the_ceiling_of_a_risk_and_of_the_site_hold_after_a_pause() -> None:
    """At 72 kg the site's 100 mL/h is below all others."""
    plan = first(helpers.a_site(rate_maximum="100 mL/h"))
    with pytest.raises(RefusedError, match="the site's highest"):
        reaction(plan, "10:51", "11:21", "101 mL/h")
    assert session(reaction(plan, "10:51", "11:21", "initial"), "1.1").steps[-1].rate_ml_per_h <= D(100)


def test_a_rate_that_the_pump_cannot_be_set_to_is_refused(plan: Plan) -> None:
    with pytest.raises(RefusedError) as caught:
        reaction(plan, "10:51", "11:21", "0.01 mL/h")
    assert caught.value.code == "pump-too-coarse"


def test_while_it_is_paused_nothing_can_react(plan: Plan) -> None:
    once = reaction(plan, "10:51", "11:21", "half")
    for at in ("10:52", "11:21", "10:00"):
        with pytest.raises(RequestError, match="it runs again from 2026-12-01T11:21 to 2026-12-01T13:04"):
            reaction(once, at, "12:30", "half")


def test_what_was_stopped_does_not_go_on(plan: Plan) -> None:
    with pytest.raises(RequestError, match="stopped for good before"):
        reaction(reaction(plan, "10:51"), "10:55", "11:00", "half")


def test_without_times_or_rates_nobody_can_say_what_was_in() -> None:
    with pytest.raises(RequestError, match="has no start time"):
        reaction(first(at=None), "10:51", "11:21", "half")
    with pytest.raises(RequestError, match="has no rates"):
        reaction(first(product="alyglo-us"), "10:51", "11:21", "half")


@pytest.mark.parametrize("place", ["1.5", "7.1", "9.9"])
def test_a_session_that_the_plan_has_not(plan: Plan, place: str) -> None:
    with pytest.raises(RequestError, match=r"say course\.day, from 1\.1 to 6\.4"):
        reaction(plan, "10:51", "11:21", "half", session=place)


# ---- for every interruption -----------------------------------------------------------------------------------------

MINUTES = st.integers(1, 161)
PAUSES = st.integers(0, 240)
RATES = st.sampled_from(["previous", "initial", "half", "1.2 mL/kg/h", "33.3 mL/h", "0.5 mg/kg/min"])
WEIGHTS = st.sampled_from(["72kg", "64.3kg", "101.7kg", "158lb"])


def clock(minute: int) -> str:
    return f"{9 + minute // 60:02}:{minute % 60:02}" if minute < 900 else f"{minute // 60 - 15:02}:{minute % 60:02}"


def ran_ml(found: Session, until_min: int) -> Fraction:
    """The volume by an independent way: the set rate of each minute, one minute after the other, from the steps."""
    total = Fraction(0)
    for step in found.steps:
        start, end = Fraction(step.from_start_min), Fraction(step.from_start_min) + Fraction(step.duration_min)
        total += max(Fraction(0), min(end, Fraction(until_min)) - start) * Fraction(step.rate_ml_per_h) / 60
    return total


@given(WEIGHTS, MINUTES, PAUSES, RATES)
def test_the_volume_is_conserved_and_no_rate_rises_above_its_ceiling(
    weight: str, at_min: int, pause_min: int, rate: str
) -> None:
    plan = PLANS.setdefault(weight, first(weight=weight))
    planned = session(plan, "1.1")
    assert planned.infusion is not None
    if at_min >= planned.infusion.minutes:
        return
    again = clock(at_min + pause_min)
    found = session(reaction(plan, clock(at_min), again, rate), "1.1")
    assert found.infusion is not None
    [pause] = found.infusion.interruptions
    # what was in is what the set rates gave until then; what is left is the rest
    assert abs(Fraction(pause.in_ml) - ran_ml(planned, at_min)) <= Fraction(1, 1000)
    assert pause.in_ml + pause.left_ml == planned.volume_ml
    assert sum(step.volume_ml for step in found.steps) == planned.volume_ml == found.volume_ml
    assert [step.step for step in found.steps] == list(range(1, len(found.steps) + 1))
    # every step is filled by its rate, and never faster than planned or than what was ordered
    top = max(step.rate_ml_per_h for step in planned.steps)
    for step in found.steps:
        assert step.volume_ml > 0
        assert step.rate_ml_per_h <= top
        given_ml = Fraction(step.rate_ml_per_h) * Fraction(step.duration_min) / 60
        assert abs(given_ml - Fraction(step.volume_ml)) <= Fraction(3, 100)
    if rate in ("previous", "initial", "half"):
        assert max(step.rate_ml_per_h for step in found.infusion.ahead) <= pause.rate_before_ml_per_h
    assert found.infusion.ahead[0].from_start_min == at_min + pause_min
    assert sum(bottle.volume_ml for bottle in found.bottles) == planned.volume_ml


PLANS: dict[Any, Plan] = {}


@given(MINUTES, st.integers(1, 60), st.integers(0, 30))
def test_what_is_stopped_and_what_is_left_over_are_what_was_drawn_up(
    at_min: int, more_min: int, pause_min: int
) -> None:
    plan = PLANS.setdefault("72kg", first())
    once = reaction(plan, clock(at_min), clock(at_min + pause_min), "half")
    found = session(once, "1.1")
    if found.infusion is None or at_min + pause_min + more_min >= found.infusion.minutes:
        return
    stopped = session(reaction(once, clock(at_min + pause_min + more_min)), "1.1")
    assert stopped.dose_g + stopped.leftover_g == D(36)
    assert stopped.volume_ml is not None
    assert stopped.volume_ml < D(360)
    assert sum(step.volume_ml for step in stopped.steps) == stopped.volume_ml


def test_a_reaction_is_kept_through_what_comes_after(plan: Plan) -> None:
    """Another event replays it: its session stays as it was."""
    once = reaction(plan, "10:51", "11:21", "half")
    later = after(once, "2026-12-20", new_weight="70 kg", from_course="2")
    assert session(later, "1.1") == session(once, "1.1")


def test_one_infusion_that_was_asked_for_by_itself() -> None:
    """72 kg, Octagam 10 % for dermatomyositis, 36 g from 09:00, without a day."""
    words = {"command": "rates", "regimen": None, "indication": "dermatomyositis", "dose": "36g", "start": None}
    plan = first(**words, days=None, courses=None)
    found = session(reaction(plan, "10:51", "11:21", "half"), "1.1")
    assert (found.ends_at, found.steps[2].cumulative_ml) == ("13:04", D("211.68"))
    assert session(reaction(plan, "10:51"), "1.1").volume_ml == D("211.68")


def test_with_a_published_time_the_rate_that_keeps_it_is_a_ceiling() -> None:
    """Ordered over 6 h: what is left may run at the rate that was planned, and not faster."""
    plan = first(regimen="dermatomyositis", over="6 h")
    planned = session(plan, "1.1").steps[-1].rate_ml_per_h
    with pytest.raises(RefusedError, match="has to last its published time"):
        reaction(plan, "12:00", "12:10", f"{planned + 1} mL/h")
    assert session(reaction(plan, "12:00", "12:10", "previous"), "1.1").steps[-1].rate_ml_per_h == planned


def test_an_infusion_in_drops_is_never_a_dose_of_nothing() -> None:
    """What was given is never shown as 0: a minute at 0.6 mL/kg/h of 3 kg is 0.03 mL, 0.003 g."""
    plan = first(regimen="kawasaki", product="octagam-10-us", weight="3kg", age="1mo", days=None, courses=None)
    stopped = session(reaction(plan, "09:01"), "1.1")
    assert stopped.dose_g > 0


def test_an_end_on_the_next_day_is_said_with_its_day() -> None:
    """36 g = 360 mL from 22:00, at 00:30 21.6 + 43.2 + 259.2 = 324 mL in: the 36 left at 43.2 mL/h run 50 min from 01:15."""
    late = reaction(first(at="22:00"), "00:30", "01:15", "43.2 mL/h")
    assert "it ends at 02:05 on 2026-12-02, " in helpers.notice(late, "infusion-resumed").message
    assert (
        "it ends at 13:04, " in helpers.notice(reaction(first(), "10:51", "11:21", "half"), "infusion-resumed").message
    )
