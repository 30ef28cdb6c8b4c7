"""Rules 12 and 13: the pump never runs above what is printed, and no step is for a moment."""

import helpers
import pytest
import working
from helpers import pump_rates, rates

from ivigcalc.engine.plan import Plan
from ivigcalc.render.ics import to_ics
from ivigcalc.render.markdown import to_markdown
from ivigcalc.render.paper.nurse_sheet import nurse_sheet
from ivigcalc.render.table import to_table

GAMMAPLEX = ("gammaplex-5-us", "primary-immunodeficiency", "4.2kg", "2g")


def pump(increment: str, **keys: str) -> object:
    return helpers.a_site(pump={"increment": increment}, **keys)


def small_infant(increment: str, **words: object) -> Plan:
    """0.6, 1.2, 2.4, 3.6, 4.8 mL/kg/h for 4.2 kg: 2.52, 5.04, 10.08, 15.12, 20.16 mL/h."""
    return rates(*GAMMAPLEX, age="3mo", site=pump(increment), **words)


def beside(made: Plan) -> list[str]:
    return [str(step.calculated_ml_per_h or "") for step in made.sessions[0].steps]


# ---- rule 12 ---------------------------------------------------------------------------------------------------------


def test_a_pump_that_can_only_run_too_fast_is_refused() -> None:
    """5 mL/h is nearly twice 2.52."""
    refused = helpers.refusal(small_infant, "5 mL/h")
    assert refused.codes == ("pump-too-coarse",)
    assert not refused.overridable
    for figure in ("2.52 mL/h", "steps of 5 mL/h", "5 %"):
        assert figure in str(refused)


def test_else_it_is_set_below_the_step_and_both_rates_are_shown() -> None:
    """3 is 19 % above 2.52, so 2. 5, 10, 15 and 20 are within 1 % of their steps."""
    made = small_infant("1 mL/h")
    assert pump_rates(made.sessions[0])[:4] == ["2", "5", "10", "15"]
    assert beside(made)[:4] == ["2.52", "", "", ""]


def test_a_rate_within_1_percent_is_shown_alone() -> None:
    """At 0.1 mL/h: 2.5 for 2.52 is 0.8 % off."""
    made = small_infant("0.1 mL/h")
    assert pump_rates(made.sessions[0])[:2] == ["2.5", "5"]
    assert not any(beside(made))


@pytest.mark.parametrize(
    ("weight", "shown"), [("10kg", ""), ("10.1kg", ""), ("10.2kg", "10.2"), ("9.91kg", ""), ("9.9kg", "9.9")]
)
def test_both_are_shown_from_more_than_1_percent_on(weight: str, shown: str) -> None:
    """1 mL/kg/h, set to 10 on a pump of 2 mL/h: 10 is 1.01 % above 9.9 and 0.99 % below 10.1."""
    own = helpers.own_product(ladder=[("1 mL/kg/h", None)])
    made = rates(own, "cidp", weight, "5g", site=pump("2 mL/h"))
    assert pump_rates(made.sessions[0]) == ["10"]
    assert beside(made) == [shown]


def test_at_a_ceiling_the_ceiling_is_what_is_compared() -> None:
    """30 kg at risk: 0.03 mL/kg/min is 54 mL/h, on a pump of 5 mL/h 50, which is 7.4 % below."""
    words = {"age": "30y", "risk": ["thrombosis"]}
    made = rates("octagam-10-us", "chronic-itp", "30kg", "30g", site=pump("5 mL/h"), **words)
    assert (pump_rates(made.sessions[0])[-1], beside(made)[-1]) == ("50", "54")


def test_rates_of_a_table_in_ml_per_hour_are_compared_too() -> None:
    """60, 120, 180 mL/h on a pump of 25 mL/h: 50, 125 (4.2 % above) and 175."""
    made = rates("intragam-p-sg", "primary-immunodeficiency", "50kg", "30g", site=pump("25 mL/h"))
    assert pump_rates(made.sessions[0]) == ["50", "125", "175"]
    assert beside(made) == ["60", "120", "180"]


def test_every_face_prints_both() -> None:
    made = small_infant("1 mL/h", at="09:00")
    assert "2 (calculated 2.52)" in to_table(made)
    assert "2 (calculated 2.52)" in to_markdown(made)
    assert nurse_sheet(made, made.sessions[0], 1)["steps"][0]["calculated"] == "2.52"
    dated = small_infant("1 mL/h", at="09:00", start="2026-12-01")
    assert "2 (calculated 2.52) mL/h at first" in to_ics(dated).decode().replace("\r\n ", "")


def test_the_working_says_that_it_was_rounded_down() -> None:
    made = small_infant("1 mL/h")
    [line] = [entry for entry in made.trace if entry.name == "rate_1_ml_per_h"]
    assert line.expression == "round down(ladder_rate x rate_kg)"
    assert "5 %" in str(line.inputs["because"])
    working.check(made)


# ---- rule 13 ---------------------------------------------------------------------------------------------------------

LADDER = [("1 mL/kg/h", "30 min"), ("2 mL/kg/h", None)]


def last_step(grams: str, shortest: str | None = None) -> tuple[int, str]:
    """Number of steps and minutes of the last: for 60 kg 30 mL in 30 minutes, then 2 mL a minute."""
    keys = {} if shortest is None else {"shortest_step": shortest}
    own = helpers.own_product(ladder=LADDER)
    steps = rates(own, "cidp", "60kg", grams, site=helpers.a_site(**keys)).sessions[0].steps
    return len(steps), str(steps[-1].duration_min)


@pytest.mark.parametrize(
    ("grams", "shortest", "expected"),
    [
        ("3.2g", None, (2, "1")),  # 2 mL are left: a minute at 2 mL a minute
        ("3.19g", None, (1, "31.9")),  # 1.9 mL are left: 1.9 minutes more at 1 mL a minute
        ("3.19g", "0.5 min", (2, "0.95")),
        ("3.9g", "5 min", (1, "39")),
        ("4g", "5 min", (2, "5")),
    ],
)
def test_a_step_for_less_than_the_shortest_is_not_entered(
    grams: str, shortest: str | None, expected: tuple[int, str]
) -> None:
    assert last_step(grams, shortest) == expected
