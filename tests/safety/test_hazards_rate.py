"""Hazards of product and rate: the wrong product, a rate that its label does not print, too fast for a patient at risk."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import helpers
import oracle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivigcalc import library
from ivigcalc.engine.plan import Notice, Plan
from ivigcalc.errors import RefusedError, RequestError

DM = ("octagam-10-us", "dermatomyositis", "72kg", "72g")


def rates(*asked: str, **words: Any) -> Plan:
    return helpers.rates(*(asked or DM), **words)


def pump(found: Plan) -> list[str]:
    return helpers.pump_rates(found.sessions[0])


def notice(found: Plan, code: str) -> Notice:
    [one] = [n for n in found.notices if n.code == code]
    return one


# ---- the wrong product ------------------------------------------------------------------------------------------------


def test_a_name_that_several_products_have_is_not_guessed(refuses: Callable[..., str]) -> None:
    said = refuses(2, "dose", "-r", "dermatomyositis", "-p", "privigen", "--weight", "72kg")
    assert "privigen-au, privigen-ca, privigen-eu, privigen-nz, privigen-us" in said


def test_a_misspelt_product_is_not_guessed(refuses: Callable[..., str]) -> None:
    assert "did you mean octagam-10-us" in refuses(
        2, "dose", "-r", "dermatomyositis", "-p", "octagam-10-uss", "--weight", "72kg"
    )


def test_strengths_of_one_brand_are_two_products() -> None:
    """72 g is 720 mL of the 10 % solution and 1440 mL of the 5 % one."""
    assert rates("octagam-10-us", "dermatomyositis", "72kg", "72g").totals.volume_ml == 720
    assert rates("octagam-5-us", "dermatomyositis", "72kg", "72g").totals.volume_ml == 1440


def test_every_face_names_the_product_with_its_country_and_strength(run: Callable[..., Any]) -> None:
    for face in ("table", "markdown"):
        printed = run(
            "dose", "-r", "dermatomyositis", "-p", "octagam-10-us", "--weight", "72kg", "-f", face
        ).out.replace("\\", "")
        assert "Octagam 10% (octagam-10-us), 100 mg/mL" in printed


# ---- the rate that the label prints for this use ----------------------------------------------------------------------


def test_the_ladder_is_the_one_printed_for_this_use() -> None:
    """Octagam 10 %: up to 0.04 mL/kg/min in dermatomyositis, 0.12 in chronic ITP. 72 kg x 60 x 0.04 = 172.8 mL/h, x 0.12 = 518.4."""
    assert pump(rates())[-1] == "172.8"
    assert pump(rates("octagam-10-us", "chronic-itp", "72kg", "72g"))[-1] == "518.4"


def test_a_use_that_the_label_does_not_print_takes_the_most_cautious_table_and_says_so() -> None:
    found = rates("octagam-10-us", "cidp", "72kg", "72g")
    assert pump(found)[-1] == "172.8"
    assert notice(found, "rate-off-label").level == "caution"
    assert "rate-off-label" not in helpers.codes(rates())


def test_a_product_whose_rates_nobody_printed_gets_none() -> None:
    with pytest.raises(RefusedError) as caught:
        rates("yimmugo-us", "primary-immunodeficiency", "72kg", "30g")
    assert caught.value.codes == ("rate-not-published",)


TABLES = [
    (loaded.value.id, table.for_[0] if table.for_[0] != "any" else "primary-immunodeficiency", risk)
    for loaded in library.load_all("product") if loaded.value.concentration
    for table in loaded.value.rates for risk in (None, "renal", "thrombosis")
]  # fmt: skip


@given(
    st.sampled_from(TABLES), st.integers(30, 2000).map(lambda n: Fraction(n, 10)), st.sampled_from(["0.1", "1", "0.7"])
)
def test_no_pump_rate_is_above_the_printed_ceiling(
    table: tuple[str, str, str | None], weight: Fraction, increment: str
) -> None:
    product, indication, risk = table
    site = helpers.a_site(pump={"increment": f"{increment} mL/h", "maximum": "999 mL/h"})
    words = {"risk": [risk]} if risk else {}
    try:
        found = rates(product, indication, f"{float(weight):.1f} kg", f"{float(weight) * 2:.1f} g", site=site, **words)
    except RefusedError as refused:
        if refused.codes != ("rate-below-pump",):
            raise
        return
    printed = oracle.rate_table(product, indication)
    ceiling = oracle.rate_ml_per_h(printed.ceiling, weight, printed.mg_per_ml)
    for step in found.sessions[0].steps:
        assert Fraction(step.rate_ml_per_h) <= min(ceiling, 999)
        assert Fraction(step.rate_ml_per_h) % Fraction(increment) == 0


# ---- at risk ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("risk", ["renal", "thrombosis"])
def test_a_patient_at_risk_stays_below_the_printed_at_risk_rate(risk: str) -> None:
    """0.03 mL/kg/min instead of 0.04: 72 kg x 60 x 0.03 = 129.6 mL/h."""
    found = rates(risk=[risk])
    assert pump(found)[-1] == "129.6"
    assert notice(found, "risk-ceiling-applied").limit == "0.03 mL/kg/min"


def test_a_risk_for_which_nobody_prints_a_rate_is_said() -> None:
    found = rates(risk=["cardiac"])
    assert notice(found, "risk-no-figure").level == "caution"
    assert "risk-no-figure" not in helpers.codes(rates())


# ---- the slow ladder again --------------------------------------------------------------------------------------------

QIVIGY = (
    "qivigy-us",
    "primary-immunodeficiency",
    "70kg",
    "42g",
)  # prints 0.01 mL/kg/min to begin with, 0.02 for later infusions


def test_another_brand_starts_again_with_the_slow_ladder() -> None:
    slow, fast = (rates(*QIVIGY, infusion=which) for which in ("first", "subsequent"))
    assert (pump(slow)[0], pump(fast)[0]) == ("42", "84")  # 70 kg x 60 x 0.01 and 0.02
    changed = rates(*QIVIGY, infusion="subsequent", last_product="privigen-us")
    assert pump(changed) == pump(slow)
    assert notice(changed, "restart-slow").level == "caution"
    same = rates(*QIVIGY, infusion="subsequent", last_product="qivigy-us")
    assert pump(same) == pump(fast)


@pytest.mark.parametrize(("last", "slow"), [("2026-10-06", False), ("2026-10-05", True)])
def test_more_than_eight_weeks_start_again_with_the_slow_ladder(last: str, slow: bool) -> None:
    """56 days before 1 December is 6 October."""
    found = rates(*QIVIGY, infusion="subsequent", start="2026-12-01", last_infusion=last)
    assert ("restart-slow" in helpers.codes(found)) == slow
    first = rates(*QIVIGY, infusion="first")
    assert (pump(found) == pump(first)) == slow


def test_courses_more_than_eight_weeks_apart_each_start_slowly() -> None:
    words = {"start": "2026-12-01", "courses": "3", "days": "1", "infusion": "subsequent"}
    far = helpers.any_course("qivigy-us", "70kg", "0.5 g/kg", every="57 days", **words)
    near = helpers.any_course("qivigy-us", "70kg", "0.5 g/kg", every="56 days", **words)
    ladders = [[pump_of(s) for s in found.sessions] for found in (far, near)]
    assert ladders[0][1] == ladders[0][2] != ladders[0][0] == ladders[1][1] == ladders[1][2]
    assert "restart-slow" in helpers.codes(far)
    assert "restart-slow" not in helpers.codes(near)


def pump_of(session: Any) -> list[str]:
    return helpers.pump_rates(session)


def test_without_a_word_the_slow_ladder_is_taken_and_said() -> None:
    found = rates(*QIVIGY)
    assert pump(found) == pump(rates(*QIVIGY, infusion="first"))
    assert any("--infusion" in n.message for n in found.notices)


def test_a_last_infusion_that_is_not_in_the_past_is_refused() -> None:
    with pytest.raises(RequestError, match="--last-infusion 2026-12-01 is not before 2026-12-01"):
        rates(start="2026-12-01", last_infusion="2026-12-01")


# ---- pump, bottle, assumption ------------------------------------------------------------------------------------------


def test_a_step_above_the_pump_is_capped_and_timed_again() -> None:
    """140 kg x 60 x 0.12 = 1008 mL/h is more than the pump's 999."""
    found = rates("octagam-10-us", "chronic-itp", "140kg", "140g")
    assert pump(found)[-1] == "999"
    assert notice(found, "pump-capped").limit == "999 mL/h"
    last = found.sessions[0].steps[-1]
    assert abs(Fraction(last.duration_min) - Fraction(last.volume_ml) * 60 / 999) < Fraction(1, 100)


def test_a_bottle_that_is_open_too_long_is_said() -> None:
    """20 g in 200 mL at 0.5 mL/kg/h x 20 kg = 10 mL/h is 20 hours; 4 h is the limit."""
    found = helpers.any_course(helpers.own_product(["20 g"], [("0.5 mL/kg/h", None)]), "20 kg", "1 g/kg", days="1")
    assert notice(found, "bottle-open-too-long").value == "1200 min"
    short = helpers.any_course(helpers.own_product(["20 g"], [("2.5 mL/kg/h", None)]), "20 kg", "1 g/kg", days="1")
    assert "bottle-open-too-long" not in helpers.codes(short)  # 200 mL at 50 mL/h is exactly 4 h


def test_a_rung_that_nobody_printed_is_marked_on_every_face(run: Callable[..., Any]) -> None:
    command = ("rates", "-p", DM[0], "--indication", DM[1], "--weight", DM[2], "--dose", DM[3])
    assert "2*" in run(*command).out
    assert "2 (assumed)" in run(*command, "-f", "markdown").out
    assert '"assumed": true' in run(*command, "-f", "json").out
    assert "ladder-assumed" in run(*command).out
