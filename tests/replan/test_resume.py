"""The arithmetic of an interruption, minute by minute. By hand, as planned: 36 g of Octagam 10 % in 360 mL from 09:00 for
72 kg, 21.6 mL by 09:30 at 43.2 mL/h, 64.8 mL by 10:00 at 86.4 mL/h, and the rest at 172.8 mL/h, which is 2.88 mL a minute.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import helpers
import pytest

from ivigcalc.engine.plan import Infusion, Interruption, Plan
from ivigcalc.errors import RefusedError, RequestError

from .saved import first, reaction, session

D = Decimal


@pytest.fixture(scope="module")
def plan() -> Plan:
    return first()


@pytest.fixture(scope="module")
def halved(plan: Plan) -> Plan:
    """Half of the rate from 11:21 on, at 211.68 mL: 86.4 mL/h, 1.44 mL a minute."""
    return reaction(plan, "10:51", "11:21", "half")


def infusion_of(plan: Plan) -> Infusion:
    found = session(plan, "1.1").infusion
    assert found is not None
    return found


def steps(plan: Plan) -> list[tuple[str, str, str, str]]:
    """Clock, mL/h, minutes and mL of each step."""
    return [
        ((s.starts_at or "")[-5:], str(s.rate_ml_per_h), str(s.duration_min), str(s.volume_ml))
        for s in session(plan, "1.1").steps
    ]


def one_infusion(dose: str, **words: Any) -> Plan:
    """A bag of just this dose, at the same rates, or of another product."""
    asked = {"command": "rates", "regimen": None, "indication": "dermatomyositis", "start": None}
    return first(**asked | words, dose=dose, days=None, courses=None)


# ---- when how much is in ------------------------------------------------------------------------------------------------


def test_a_volume_that_is_in_at_the_pause_is_in_before_it(halved: Plan) -> None:
    """211.68 mL at 111 min; 2.88 mL more take 2 min from minute 141 on; the end is 103 min after it."""
    found = infusion_of(halved)
    volumes = ("21.6", "64.8", "211.68", "214.56", "360")
    assert [Fraction(*found.minute(Fraction(volume))) for volume in volumes] == [30, 60, 111, 143, 244]


def test_what_was_in_before_and_after_every_pause_adds_up(halved: Plan) -> None:
    """43.2 mL more by 11:51; from 12:01 on 40 mL/h, 10 mL by 12:16; then 20 mL/h for the 95.12 mL left, from 12:20 on."""
    twice = reaction(halved, "11:51", "12:01", "40 mL/h")
    thrice = reaction(twice, "12:16", "12:20", "half")
    assert steps(thrice)[2:] == [
        ("10:00", "172.8", "51", "146.88"),
        ("11:21", "86.4", "30", "43.2"),
        ("12:01", "40", "15", "10"),
        ("12:20", "20", "285.36", "95.12"),
    ]
    found = infusion_of(thrice)
    assert [(p.at_min, p.resume_min, p.in_ml, p.left_ml) for p in found.interruptions] == [
        (111, 141, D("211.68"), D("148.32")),
        (171, 181, D("254.88"), D("105.12")),
        (196, 200, D("264.88"), D("95.12")),
    ]
    assert Fraction(*found.minute(Fraction("266.88"))) == 206  # 2 mL at 20 mL/h, 6 min after 200
    assert (found.minutes, found.duration_min) == (D("485.36"), 486)


@pytest.mark.parametrize(
    ("at", "in_ml", "left_ml", "place"),
    [("09:20", "14.4", "345.6", 1), ("09:40", "36", "324", 2), ("10:10", "93.6", "266.4", 3)],
)
def test_on_every_step_what_ran_and_what_is_left(plan: Plan, at: str, in_ml: str, left_ml: str, place: int) -> None:
    """20 min at 0.72 mL; 21.6 and 10 min at 1.44; 64.8 and 10 min at 2.88. It goes on at one rate, with the next step."""
    found = infusion_of(reaction(plan, at, "11:00", "10 mL/h"))
    [pause] = found.interruptions
    assert (pause.in_ml, pause.left_ml) == (D(in_ml), D(left_ml))
    assert [step.step for step in found.steps] == list(range(1, place + 2))
    assert found.steps[-1].volume_ml == D(left_ml)
    assert sum(step.volume_ml for step in found.steps) == 360


# ---- at which rate it goes on ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "after"), [("initial", "43.2"), ("half", "86.4"), ("previous", "172.8"), ("33.3 mL/h", "33.3")]
)
def test_the_rate_with_which_it_goes_on_is_said(plan: Plan, rate: str, after: str) -> None:
    assert infusion_of(reaction(plan, "10:51", "11:21", rate)).interruptions == (
        Interruption(111, 141, D("211.68"), D("148.32"), D("172.8"), D(after), rate),
    )


def test_the_titration_of_it_is_the_one_with_which_it_goes_on(halved: Plan) -> None:
    """One rate, 86.4 mL/h; as planned they are three."""
    assert [rate for rate, _, _ in infusion_of(halved).climb.rates] == [Fraction("86.4")]
    assert len(infusion_of(first()).climb.rates) == 3


def test_of_what_is_stopped_no_rate_is_said(plan: Plan) -> None:
    assert infusion_of(reaction(plan, "10:51")).interruptions == (
        Interruption(111, None, D("211.68"), D("148.32"), D("172.8"), None, None),
    )


def test_the_first_rates_again_are_those_of_the_start_also_after_a_second_pause(halved: Plan) -> None:
    """254.88 mL in at 11:51, at 86.4 mL/h. From 12:01 on 30 min at 43.2, and 83.52 mL at 86.4 in 58 min."""
    again = reaction(halved, "11:51", "12:01", "initial")
    assert steps(again)[4:] == [("12:01", "43.2", "30", "21.6"), ("12:31", "86.4", "58", "83.52")]


def test_half_of_what_the_pump_can_be_set_to_at_least_is_refused() -> None:
    """A pump with steps of 45 mL/h runs at 45 and 90: half of 90 is 45, and half of 45, 22.5, cannot be set."""
    coarse = first(helpers.a_site(pump={"increment": "45 mL/h"}))
    assert steps(reaction(coarse, "09:40", "09:50", "half"))[-1][1] == "45"
    with pytest.raises(RefusedError, match=r"a rate of 22\.5 mL/h cannot be set") as caught:
        reaction(coarse, "09:10", "09:20", "half")
    assert caught.value.code == "pump-too-coarse"


def test_an_ordered_step_is_nobodys_assumption(plan: Plan) -> None:
    """The second step is assumed, because the source prints the first and the last; half of it is not."""
    assert [step.assumed for step in session(plan, "1.1").steps] == [False, True, False]
    assert [step.assumed for step in session(reaction(plan, "09:40", "09:50", "half"), "1.1").steps][2:] == [False]


def test_rates_that_are_printed_for_everybody_are_not_multiplied_by_the_weight() -> None:
    """Intragam P, 60 mg/mL: 1 mL/min and 2 mL/min for 15 min each, then 3; 30 g are 500 mL. At 10:00 45 + 90 mL are in;
    the 365 mL left take 243.33 min at half, 90 mL/h, and 365 min at 60 mL/h.
    """
    bag = one_infusion("30g", product="intragam-p-sg", indication="primary-immunodeficiency", country="SG")
    assert helpers.pump_rates(session(bag, "1.1")) == ["60", "120", "180"]
    assert steps(reaction(bag, "10:00", "10:10", "half"))[-1] == ("10:10", "90", "243.33", "365")
    assert steps(reaction(bag, "10:00", "10:10", "1 mL/min"))[-1] == ("10:10", "60", "365", "365")


def test_a_rate_that_is_refused_is_shown_to_a_thousandth() -> None:
    """72.3456 kg: 3.00001 mL/kg/h are 217.037523456 mL/h, and 2.4 mL/kg/h are 173.62944."""
    with pytest.raises(RefusedError) as caught:
        reaction(first(weight="72.3456kg"), "10:51", "11:21", "3.00001 mL/kg/h")
    assert str(caught.value) == (
        "--rate 3.00001 mL/kg/h is 217.038 mL/h, above the 173.629 mL/h in force "
        "(the highest that is printed with this titration): give a lower rate"
    )
    assert (caught.value.value, caught.value.limit) == ("217.038 mL/h", "173.629 mL/h")


# ---- when it can be ------------------------------------------------------------------------------------------------------


def test_from_when_to_when_it_runs_is_said(plan: Plan, halved: Plan) -> None:
    for asked, at, runs in (
        (plan, "08:00", "it runs from 2026-12-01T09:00 to 2026-12-01T11:43;"),
        (halved, "08:00", "it runs again from 2026-12-01T11:21 to 2026-12-01T13:04;"),
    ):
        with pytest.raises(RequestError, match=runs):
            reaction(asked, at, "14:00", "half")


def test_less_than_a_thousandth_of_a_millilitre_is_nothing_to_go_on_with() -> None:
    """At 11:00 237.6 mL are in: of 237.6005 nothing is left that could be shown, of 237.601 mL 0.001."""
    with pytest.raises(RequestError, match="is not while session"):
        reaction(one_infusion("23.76005g"), "11:00", "11:10", "half")
    [pause] = infusion_of(reaction(one_infusion("23.7601g"), "11:00", "11:10", "half")).interruptions
    assert (pause.in_ml, pause.left_ml) == (D("237.6"), D("0.001"))


def test_what_was_stopped_after_a_pause_does_not_go_on_either(halved: Plan) -> None:
    with pytest.raises(RequestError, match="stopped for good before"):
        reaction(reaction(halved, "11:41"), "11:45", "11:50", "half")


# ---- what is given of it --------------------------------------------------------------------------------------------------


def test_the_grams_of_a_stopped_infusion_are_shown_to_a_thousandth() -> None:
    """72.5 kg: 43.5 mL/h are 0.725 mL in the first minute, 0.0725 g, 0.073 as it is shown."""
    found = session(reaction(first(weight="72.5kg"), "09:01"), "1.1")
    drawn_up = session(first(weight="72.5kg"), "1.1").dose_g
    assert (found.volume_ml, found.dose_g, found.leftover_g) == (D("0.725"), D("0.073"), drawn_up - D("0.073"))


def test_what_was_left_over_already_stays_so() -> None:
    """36.1 g are drawn from 37 g, 30 + 5 + 2, which leaves 0.9 g; stopped at 09:30 with 2.16 g in it leaves 34.84 g."""
    bag = one_infusion("36.1g")
    assert session(bag, "1.1").leftover_g == D("0.9")
    found = session(reaction(bag, "09:30"), "1.1")
    assert (found.dose_g, found.leftover_g) == (D("2.16"), D("34.84"))
