"""Rule 8: an infusion lasts as long as is published, or ordered with --over; it climbs by the printed steps and then stays."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import helpers
import pytest
import working
from helpers import codes, notice, pump_rates, rates

from ivigcalc.document.write import to_json
from ivigcalc.engine.plan import Plan
from ivigcalc.errors import RequestError
from ivigcalc.quantity import quantity
from ivigcalc.render.markdown import to_markdown
from ivigcalc.render.paper.nurse_sheet import nurse_sheet
from ivigcalc.render.table import to_table


def kawasaki(protocol: str = "etg", **words: Any) -> Plan:
    """24 g = 240 mL. For 12 kg the steps of 30 minutes are 7.2, 14.4, 28.8, 57.6 and then 86.4 mL/h."""
    return helpers.plan(f"kawasaki:{protocol}", "octagam-10-eu", "12kg", age="3y", **words)


def lasts(made: Plan) -> int | None:
    return made.sessions[0].duration_min


def cidp(over: str | None = None, **words: Any) -> Plan:
    """700 mL. For 70 kg the steps of 30 minutes are 21, 42, 84, 168 and then 336 mL/h."""
    return rates("privigen-us", "cidp", "70kg", "70g", over=over, **words)


def one_step(over: str, increment: str = "0.1 mL/h", more: tuple[str, ...] = (), **words: Any) -> Plan:
    """100 mL for 10 kg at 100 mL/h: an hour, if nothing holds it down."""
    own = helpers.own_product(ladder=[("10 mL/kg/h", None)], more=more)
    site = helpers.a_site(pump={"increment": increment})
    return rates(own, "cidp", "10kg", "10g", over=over or None, site=site, **words)


# ---- what is published ----------------------------------------------------------------------------------------------


def test_a_published_time_is_kept() -> None:
    """After an hour 3.6 + 7.2 = 10.8 mL are in; 229.2 mL in the other 9 h are 25.47 mL/h, so 25.4: 601.4 minutes."""
    made = kawasaki()
    assert pump_rates(made.sessions[0]) == ["7.2", "14.4", "25.4"]
    assert lasts(made) == 602
    said = notice(made, "infusion-time-applied")
    assert said.limit == "10 h to 12 h"
    assert "Therapeutic Guidelines" in str(said.source)
    assert "longer-than-published" not in codes(made)


def test_without_one_the_titration_runs_as_it_is_printed() -> None:
    """With 3.6 + 7.2 + 14.4 + 28.8 = 54 mL after 2 h, 186 mL at 86.4 mL/h are 129.2 minutes more."""
    made = kawasaki("octagam-smpc-single")
    assert pump_rates(made.sessions[0])[-1] == "86.4"
    assert lasts(made) == 250
    assert made.sessions[0].infusion_time is None


def test_where_the_titration_takes_longer_by_itself_that_is_said() -> None:
    """1.6 g are 16 mL for 3.2 kg: 8.8 mL in 4 steps of 30 minutes, 7.2 mL at 16 mL/h: 147 minutes, and 2 h are published."""
    made = helpers.plan("hdfn", "gammagard-liquid-us", "3.2kg", age="0mo", dose="500 mg/kg")
    assert lasts(made) == 147
    said = notice(made, "longer-than-published")
    assert (said.level, said.value, said.limit) == ("caution", "147 min", "2 h")
    assert "CHEO" in str(said.source)
    assert "infusion-time-applied" not in codes(made)
    assert "2 h (published) [" in to_table(made)
    assert "; it takes 2 h 27 min" in to_table(made)


def test_where_it_is_in_time_by_itself_nothing_is_held_down_or_said() -> None:
    """1.92 g are 2 g in whole vials, 20 mL: 3.2 mL more than 5 steps take, at 16 mL/h 162 minutes of the 2 to 4 h."""
    words = {"age": "0mo", "dose": "0.6 g/kg"}
    made = helpers.plan("hdfn:starship-newborn", "gammagard-liquid-us", "3.2kg", **words)
    assert lasts(made) == 162
    assert not {"infusion-time-applied", "longer-than-published"} & codes(made)


@pytest.mark.parametrize(("days", "minutes"), [("1", (720, 720)), ("2", None)])
def test_a_time_that_is_printed_for_one_day_is_of_one_day(days: str, minutes: tuple[int, int] | None) -> None:
    """MIS-C, Korean review: one infusion over 12 hours; nothing is printed for two days."""
    made = helpers.plan("mis-c:korea", "privigen-us", "20kg", age="6y", days=days)
    time = made.sessions[0].infusion_time
    assert (time and (time.from_min, time.to_min)) == minutes


PHASES = """    time: {from: 6 h}
    phases:
      - {id: loading, dose: {per_course: 1 g/kg}, days: {from: 1, to: 1}, courses: {from: 1, to: 1}, time: {to: 9 h}}
      - {id: later, dose: {per_course: 1 g/kg}, days: {from: 1, to: 1}, interval: {every: 4 weeks}}
"""


def test_the_time_of_a_phase_is_its_own_and_else_that_of_the_protocol(tmp_path: Path) -> None:
    regimen = helpers.own_regimen(tmp_path, PHASES)
    made = helpers.plan(regimen, "privigen-us", "70kg", start="2026-12-01", courses="2", infusion="subsequent")
    times = [session.infusion_time for session in made.sessions]
    assert [(time.from_min, time.to_min) for time in times if time] == [(None, 540), (360, None)]
    assert made.sessions[1].duration_min in range(360, 363)
    assert notice(made, "infusion-time-applied").limit == "at least 6 h"


def test_a_time_that_is_printed_with_the_rates_is_kept_too_and_the_longer_of_the_two(tmp_path: Path) -> None:
    """100 mL: in 3 h 33.33 mL/h, in 5 h 20 mL/h; the table prints 3 h."""
    more = ("    time: {from: 3 h}",)
    assert pump_rates(one_step("", more=more).sessions[0]) == ["33.3"]
    own = helpers.own_product(ladder=[("10 mL/kg/h", None)], more=more)
    body = "    dose: {per_course: 1 g/kg}\n    days: {from: 1, to: 1}\n    time: {from: HOURS h}\n"
    for hours, rate in (("5", "20"), ("2", "33.3")):
        regimen = helpers.own_regimen(tmp_path, body.replace("HOURS", hours))
        assert pump_rates(helpers.plan(regimen, own, "10kg").sessions[0]) == [rate]


def test_the_most_of_the_one_is_kept_beside_the_least_of_the_other(tmp_path: Path) -> None:
    """100 mL at 100 mL/h; the table prints at least 3 h, the protocol at most 2 h: 33.3 mL/h are 180.2 minutes."""
    own = helpers.own_product(ladder=[("10 mL/kg/h", None)], more=("    time: {from: 3 h}",))
    body = "    dose: {per_course: 1 g/kg}\n    days: {from: 1, to: 1}\n    time: {to: 2 h}\n"
    made = helpers.plan(helpers.own_regimen(tmp_path, body), own, "10kg")
    assert lasts(made) == 181
    assert (notice(made, "longer-than-published").value, notice(made, "longer-than-published").limit) == (
        "181 min",
        "at most 2 h",
    )


# ---- what is ordered ------------------------------------------------------------------------------------------------


def test_an_ordered_time_is_kept() -> None:
    """After an hour 31.5 mL are in; 668.5 mL in 11 h are 60.77 mL/h, so 60.7: 720.8 minutes."""
    made = cidp("12 h")
    assert pump_rates(made.sessions[0]) == ["21", "42", "60.7"]
    assert lasts(made) == 721
    assert "ordered to last 12 h" in notice(made, "infusion-time-applied").message


def test_it_may_be_slower_than_the_first_step() -> None:
    """100 mL over 24 h: 4.17 mL/h, so 4.1; the first step is 21."""
    made = rates("privigen-us", "cidp", "70kg", "10g", over="24 h")
    assert pump_rates(made.sessions[0]) == ["4.1"]


@pytest.mark.parametrize(
    ("grams", "over", "set_to"),
    [
        # 595 mL in 10 h are 59.5 mL/h, below the first step
        ("59.5", "10 h", ["59.5"]),
        # 182 mL in 3 h are 60.67, above it: after an hour of 60 the other 122 mL in 2 h are 61
        ("18.2", "3 h", ["60", "61"]),
        # 194 mL in 3 h: after 60 mL the other 134 in 2 h are 67, above the second step: after 65 more, 69 in the last hour
        ("19.4", "3 h", ["60", "65", "69"]),
        # 190 mL in 3 h: after 60 mL the other 130 in 2 h are 65, the second step itself
        ("19", "3 h", ["60", "65"]),
    ],
)
def test_it_climbs_to_the_highest_rate_at_which_it_lasts_so_long(grams: str, over: str, set_to: list[str]) -> None:
    """Steps of an hour at 60, at 65 and at 120 mL/h."""
    own = helpers.own_product(
        ladder=[("6 mL/kg/h", "1 h"), ("6.5 mL/kg/h", "1 h"), ("12 mL/kg/h", None)], ceiling="12 mL/kg/h"
    )
    made = helpers.anyway(rates, own, "cidp", "10kg", f"{grams} g", over=over)
    assert pump_rates(made.sessions[0]) == set_to
    assert lasts(made) == quantity(over, "time").base


def test_exactly_on_a_step_of_the_pump_it_lasts_exactly_as_long() -> None:
    """100 mL over 4 h are 25 mL/h."""
    made = one_step("4 h")
    assert (pump_rates(made.sessions[0]), lasts(made)) == (["25"], 240)


def test_a_time_that_it_takes_anyway_changes_nothing() -> None:
    """157.5 mL in 2 h, then 542.5 mL at 336 mL/h: 216.9 minutes."""
    assert pump_rates(cidp("3 h").sessions[0]) == pump_rates(cidp().sessions[0])
    assert lasts(cidp("3 h")) == lasts(cidp()) == 217
    assert "longer than the 3 h that it is ordered to last" in notice(cidp("3 h"), "longer-than-published").message


def test_a_pump_that_is_too_coarse_for_the_time() -> None:
    """33.3 mL/h on a pump of 20: 20, so 5 h; on one of 32: 32, 187.5 minutes, within 5 % of 3 h; on one of 40: none."""
    coarse = one_step("3 h", "20 mL/h")
    assert (pump_rates(coarse.sessions[0]), lasts(coarse)) == (["20"], 300)
    assert "pump cannot be set finely enough" in notice(coarse, "longer-than-published").message
    finer = one_step("3 h", "32 mL/h")
    assert (pump_rates(finer.sessions[0]), lasts(finer)) == (["32"], 188)
    assert "longer-than-published" not in codes(finer)
    assert helpers.refusal(one_step, "3 h", "40 mL/h").codes == ("pump-too-coarse",)


def test_a_time_below_the_published_one_is_a_stop() -> None:
    refused = helpers.refusal(kawasaki, over="6 h")
    assert refused.codes == ("time-outside-regimen",)
    assert "10 h to 12 h" in str(refused)
    made = kawasaki(over="6 h", override=["time-outside-regimen=asked for by Dr Roe"])
    assert lasts(made) in range(360, 366)
    assert notice(made, "time-outside-regimen").overridden_because == "asked for by Dr Roe"


@pytest.mark.parametrize(("over", "said"), [("10 h", False), ("11 h", False), ("12 h", False), ("13 h", True)])
def test_a_time_above_the_published_one_is_a_caution(over: str, said: bool) -> None:
    assert ("longer-than-published" in codes(kawasaki(over=over))) is said


def test_the_time_of_a_rate_table_bounds_the_order_as_well() -> None:
    more = ("    time: {from: 3 h, to: 4 h}",)
    assert helpers.refusal(one_step, "2 h", more=more).codes == ("time-outside-regimen",)
    assert "longer-than-published" in codes(one_step("5 h", more=more))


@pytest.mark.parametrize("text", ["12", "0 h", "24.1 h", "2 days", "twelve hours", "-1 h"])
def test_a_time_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="--over") as caught:
        cidp(text)
    assert caught.value.field == "over"


# ---- where it is shown ----------------------------------------------------------------------------------------------


def test_the_document_has_it_with_its_source() -> None:
    [session] = json.loads(to_json(kawasaki()))["sessions"]
    time = session["infusion_time"]
    assert (time["from_min"], time["to_min"]) == (600, 720)
    assert "Therapeutic Guidelines" in time["source"]
    [ordered] = json.loads(to_json(cidp("12 h")))["sessions"]
    assert ordered["infusion_time"] == {"from_min": 720, "to_min": 720, "source": None}


def test_each_face_prints_it_with_its_source() -> None:
    made = kawasaki()
    for face in (to_table(made), to_markdown(made)):
        assert "10 h to 12 h (published)" in face.replace("\\", "")
    facts = dict(nurse_sheet(made, made.sessions[0], 1)["facts"])
    assert facts["To last"] == "10 h to 12 h (Therapeutic Guidelines (eTG): Kawasaki disease)"
    assert "1 h 30 min (ordered)" in to_table(cidp("90 min"))


def test_it_is_printed_where_there_are_no_rates() -> None:
    made = helpers.plan("kawasaki:etg", "gammagard-sd-us", "12kg", age="3y")
    assert made.sessions[0].infusion is None
    assert "10 h to 12 h (published)" in to_table(made)


@pytest.mark.parametrize("over", [None, "12 h", "24 h", "35 min"])
def test_the_working_can_be_redone(over: str | None) -> None:
    working.check(cidp(over))
    working.check(kawasaki())


def test_the_working_says_how_the_rate_comes_about() -> None:
    """(240 - 10.8) mL / (600 - 30 - 30) min x 60 = 25.47, rounded down."""
    [line] = [entry for entry in kawasaki().trace if entry.name == "c1d1.rate_to_last"]
    assert Fraction(line.result) == Fraction("25.4")
    assert "least_min - c1d1.step_1_min - c1d1.step_2_min" in line.expression
    assert "Therapeutic Guidelines" in str(line.source)


# ---- published by another protocol of the same indication -----------------------------------------------------------


def elsewhere(made: Plan) -> list[str]:
    return [n.message for n in helpers.notices(made, "time-printed-elsewhere")]


def test_a_time_that_another_protocol_prints_for_the_dose_is_said() -> None:
    """Kawasaki: 2 g/kg in one infusion take 250 minutes; the Australian guideline prints 10 to 12 hours for them."""
    made = kawasaki("octagam-smpc-single")
    said = notice(made, "time-printed-elsewhere")
    assert (said.level, said.value, said.limit, said.sessions) == ("caution", "250 min", "10 h to 12 h", ((1, 1),))
    assert said.message == (
        "the infusion takes 250 min; for such a dose kawasaki:etg prints 10 h to 12 h: "
        'choose it with --regimen kawasaki:etg, or order --over "10 h"'
    )
    assert "Therapeutic Guidelines" in str(said.source)


def test_it_is_not_said_of_what_lasts_as_long_or_has_a_time_of_its_own() -> None:
    assert not elsewhere(kawasaki("etg"))
    assert not elsewhere(kawasaki("octagam-smpc-single", over="10 h"))
    assert elsewhere(kawasaki("octagam-smpc-single", over="9.9 h"))


def test_it_is_not_said_of_another_dose_or_another_number_of_days() -> None:
    """1 g/kg in one infusion, and 2 g/kg on two days, are no 2 g/kg in one infusion."""
    assert not elsewhere(helpers.plan("kawasaki:us-label-gammagard-sd-single", "octagam-10-eu", "12kg", age="3y"))
    assert not elsewhere(kawasaki("octagam-smpc-divided", dose="2 g/kg", days="2"))
    words = {"override": ["days-outside-regimen=a test"]}
    assert elsewhere(kawasaki("octagam-smpc-divided", dose="2 g/kg", days="1", **words))


@pytest.mark.parametrize(
    ("dose", "said"), [("24g", True), ("21.6g", True), ("21.5g", False), ("26.4g", True), ("26.5g", False)]
)
def test_rates_alone_are_held_against_all_of_what_is_treated(dose: str, said: bool) -> None:
    """2 g/kg are 24 g for 12 kg; rounding may differ by 10 %, 21.6 to 26.4 g. No protocol is followed, so none is to be chosen."""
    made = rates("octagam-10-eu", "kawasaki", "12kg", dose)
    assert bool(elsewhere(made)) is said
    if said:
        [message] = elsewhere(made)
        assert message.startswith("the infusion takes ")
        assert message.endswith('for such a dose kawasaki:etg prints 10 h to 12 h: order --over "10 h"')


OTHERS = """    dose: {per_day: 1 g/kg}
    days: {from: 2, to: 2}
  OTHER:
    title: Other
    evidence: guideline
    confidence: high
    source: house
    BODY
"""


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("dose: {per_course: 2 g/kg}\n    days: {from: 2, to: 2}\n    time: {from: 6 h}", True),
        ("dose: {per_course: 2 g/kg}\n    days: {from: 2, to: 5}\n    time: {from: 6 h}", True),
        ("dose: {per_course: 2 g/kg}\n    days: {from: 2, to: 5}\n    time: {from: 6 h, of_days: 3}", False),
        ("dose: {per_course: 2 g/kg}\n    time: {from: 6 h}", True),
        ("dose: {per_course: 2 g/kg}\n    time: {from: 6 h, of_days: 2}", True),
        ("dose: {per_course: 2 g/kg}\n    time: {from: 6 h, of_days: 1}", False),
        ("dose: {per_course: {from: 1 g/kg, to: 3 g/kg}}\n    days: {from: 2, to: 2}\n    time: {from: 6 h}", True),
        ("dose: {per_course: 1 g/kg}\n    days: {from: 2, to: 2}\n    time: {from: 6 h}", False),
        ("dose: {per_day: 1 g/kg}\n    days: {from: 2, to: 2}\n    time: {from: 6 h}", True),
        ("dose: {per_day: 1 g/kg}\n    days: {from: 3, to: 3}\n    time: {from: 6 h}", False),
        ("dose: {per_day: 2 g/kg}\n    days: {from: 2, to: 2}\n    time: {from: 6 h}", False),
        ("dose: {per_day: 70 g}\n    days: {from: 2, to: 2}\n    time: {from: 6 h}", True),
        ("dose: {per_day: 1 g/kg}\n    days: {from: 2, to: 2}\n    time: {to: 6 h}", False),
        ("dose: {per_day: 1 g/kg}\n    days: {from: 2, to: 2}\n    time: {from: 1 h}", False),
        ("no_dose_because: none is printed\n    time: {from: 6 h}", False),
        ('population: {age: "< 18 years"}\n    dose: {per_day: 1 g/kg}\n    days: {from: 2, to: 2}\n    time: {from: 6 h}', False),
        ('population: {age: ">= 18 years"}\n    dose: {per_day: 1 g/kg}\n    days: {from: 2, to: 2}\n    time: {from: 6 h}', True),
    ],
)  # fmt: skip
def test_which_doses_are_comparable(body: str, said: bool, tmp_path: Path) -> None:
    """70 g on each of 2 days, of an adult; 700 mL at 336 mL/h take less than 4 h."""
    own = helpers.own_regimen(tmp_path, OTHERS.replace("OTHER", "other").replace("BODY", body))
    made = helpers.plan(f"{own}:only", "privigen-us", "70kg", age="40y", infusion="subsequent")
    assert bool(elsewhere(made)) is said


PHASED = """    phases:
      - {id: loading, dose: {per_course: 2 g/kg}, days: {from: 2, to: 2}, courses: {from: 1, to: 1}}
      - {id: later, dose: {per_course: 1 g/kg}, days: {from: 1, to: 1}, interval: {every: 4 weeks}}
  other:
    title: Other
    evidence: guideline
    confidence: high
    source: house
    dose: {per_course: 1 g/kg}
    days: {from: 1, to: 1}
    time: {from: 6 h}
"""


def test_of_phases_that_are_given_alike_it_names_the_one_that_is_meant(tmp_path: Path) -> None:
    """70 g a day in both phases; the other protocol prints its time for a course of one day."""
    own = helpers.own_regimen(tmp_path, PHASED)
    words = {"start": "2026-12-01", "courses": "2", "infusion": "subsequent", "age": "40y"}
    said = notice(helpers.plan(f"{own}:only", "privigen-us", "70kg", **words), "time-printed-elsewhere")
    assert said.message.startswith("later: the infusion takes ")
    assert said.sessions == ((2, 1),)


def test_days_that_differ_by_a_gram_are_said_once(tmp_path: Path) -> None:
    """15 g are 8 + 7 g: 80 and 70 mL at 10 mL/h take 480 and 420 minutes, and at most 2 h are printed."""
    own = helpers.own_product(ladder=[("1 mL/kg/h", None)], vials=("1 g",))
    body = "    dose: {per_course: 1.5 g/kg}\n    days: {from: 2, to: 2}\n    time: {to: 2 h}\n"
    made = helpers.plan(helpers.own_regimen(tmp_path, body), own, "10kg")
    assert [session.duration_min for session in made.sessions] == [480, 420]
    said = notice(made, "longer-than-published")
    assert (said.value, said.sessions) == ("420 to 480 min", ((1, 1), (1, 2)))
