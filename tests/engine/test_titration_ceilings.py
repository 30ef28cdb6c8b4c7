"""No rate is above the lowest ceiling in force: the label's, that of a risk, the clinic's, the pump's."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import helpers
import oracle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivigcalc import library
from ivigcalc.definitions import Product, RateTable
from ivigcalc.engine.plan import Session
from ivigcalc.engine.titration import Ceilings, Climb, Ladder, climb, make_ladder, risk_applies, shown_per_kg
from ivigcalc.errors import RefusedError

#: 10, 20 and 40 mL/h for 10 kg: 5 mL in 30 minutes, then 20/3 mL in 20
STEPS = (("1 mL/kg/h", "30 min"), ("2 mL/kg/h", "20 min"), ("4 mL/kg/h", None))
FREE = ("ladder", False)
TEN_KG = Fraction(10)
TABLES = [
    (loaded.value.id, table.for_[0] if table.for_[0] != "any" else "primary-immunodeficiency", risk)
    for loaded in library.load_all("product") if loaded.value.concentration
    for table in loaded.value.rates for risk in (None, "renal", "thrombosis")
]  # fmt: skip
DM, ITP, CIDP, PI = "dermatomyositis", "chronic-itp", "cidp", "primary-immunodeficiency"


def product(ladder: Sequence[tuple[str, str | None]] = STEPS, **words: Any) -> Product:
    return helpers.own_product(ladder=ladder, **words).value


def ladder(rungs: Sequence[tuple[str, str | None]] = STEPS, **words: Any) -> Ladder:
    own = product(rungs, **words)
    return make_ladder(own, own.rates[0])


AT_RISK = {"of": ladder(at_risk="3.5 mL/kg/h"), "at_risk": True}


def bounds(on: Climb) -> list[tuple[str, bool]]:
    return [(bound.by, bound.capped) for _, _, bound in on.rates]


def limits(
    *, at_risk: bool = False, increment: str = "0.1", pump: str = "999", site: str | None = None, shortest: str = "1"
) -> Ceilings:
    house = Fraction(site) if site else None
    return Ceilings(
        at_risk, Fraction(increment), Fraction(pump), house, Fraction("0.05"), Fraction("0.01"), Fraction(shortest)
    )


def on_pump(of: Ladder | None = None, weight: Fraction = TEN_KG, **words: Any) -> Climb:
    return climb(of or ladder(), weight, limits(**words))


def settings(on: Climb) -> list[Fraction]:
    return [rate for rate, _, _ in on.rates]


def columns(got: Session) -> list[tuple[str, str, str, str]]:
    """mL/h, minutes, mL, running mL of each step, as shown."""
    return [
        tuple(f"{Decimal(v).normalize():f}" for v in (s.rate_ml_per_h, s.duration_min, s.volume_ml, s.cumulative_ml))
        for s in got.steps
    ]


@pytest.mark.parametrize(
    ("words", "by", "top"),
    [
        ({}, FREE, "40"),
        ({"pump": "40", "site": "40"}, FREE, "40"),
        ({"pump": "35"}, ("pump", True), "35"),
        ({"site": "35"}, ("site", True), "35"),
        ({"site": "33", "pump": "35"}, ("site", True), "33"),
        ({"site": "35", "pump": "33"}, ("pump", True), "33"),
        ({"site": "35", "pump": "35"}, ("pump", True), "35"),
        (AT_RISK, ("at-risk", True), "35"),
        ({**AT_RISK, "at_risk": False}, FREE, "40"),
        ({**AT_RISK, "pump": "33"}, ("pump", True), "33"),
        ({**AT_RISK, "pump": "35"}, ("pump", True), "35"),
        ({**AT_RISK, "of": ladder()}, FREE, "40"),
        ({**AT_RISK, "of": ladder(at_risk="35 mL/h")}, ("at-risk", True), "35"),
    ],
)
def test_the_lowest_ceiling_holds_and_is_named(words: dict[str, Any], by: tuple[str, bool], top: str) -> None:
    """40 mL/h is wanted at the top; of equal ceilings the one is named that is printed, or the machine's, before the house's."""
    on = on_pump(**words)
    assert bounds(on) == [FREE, FREE, by]
    assert settings(on) == [10, 20, Fraction(top)]


def test_a_climb_says_what_capped_its_rungs() -> None:
    made = ladder(at_risk="3.5 mL/kg/h")
    assert climb(made, TEN_KG, limits(at_risk=True)).bound_by == {"at-risk"}
    assert climb(made, TEN_KG, limits()).bound_by == frozenset()


def test_an_absolute_ladder_has_absolute_ceilings() -> None:
    """mL/h whatever the weight: 30, 60, and 90 at the most; per kg it is shown by nobody."""
    rungs = [("30 mL/h", "30 min"), ("60 mL/h", "30 min"), ("90 mL/h", None)]
    made = ladder(rungs, ceiling="90 mL/h")
    assert (made.absolute, made.ceiling, made.at_risk, made.at_risk_absolute) == (True, 90, None, False)
    assert settings(on_pump(made)) == [30, 60, 90]
    assert [shown_per_kg(on_pump(made), place) for place in range(3)] == [None] * 3
    per_kg = ladder(rungs, ceiling="90 mL/h", at_risk="8 mL/kg/h")  # 80 mL/h for 10 kg
    assert settings(on_pump(per_kg, at_risk=True)) == [30, 60, 80]


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
        found = helpers.rates(
            product, indication, f"{float(weight):.1f} kg", f"{float(weight) * 2:.1f} g", site=site, **words
        )
    except RefusedError as refused:
        if refused.codes != ("pump-too-coarse",):
            raise
        return
    printed = oracle.rate_table(product, indication)
    ceiling = oracle.rate_ml_per_h(printed.ceiling, weight, printed.mg_per_ml)
    for step in found.sessions[0].steps:
        assert Fraction(step.rate_ml_per_h) <= min(ceiling, 999)
        assert Fraction(step.rate_ml_per_h) % Fraction(increment) == 0


# ---- the pump and the clinic -----------------------------------------------------------------------------------------


def test_a_step_above_the_pump_is_capped_and_timed_anew() -> None:
    got = helpers.rates("panzyga-us", PI, "120 kg", "120 g", infusion="subsequent")
    assert columns(got.sessions[0])[-1] == (
        "999",
        "43.96",
        "732",
        "1200",
    )  # 0.14 x 60 x 120 = 1008; 36 + 144 + 288 = 468 before
    assert "pump-capped" in helpers.codes(got)
    lighter = helpers.rates("panzyga-us", PI, "118 kg", "120 g", infusion="subsequent")  # 991.2
    assert "pump-capped" not in helpers.codes(lighter)


def test_a_step_above_the_pump_is_capped_and_timed_again() -> None:
    """140 kg x 60 x 0.12 = 1008 mL/h is more than the pump's 999."""
    found = helpers.rates("octagam-10-us", "chronic-itp", "140kg", "140g")
    assert helpers.pump_rates(found.sessions[0])[-1] == "999"
    assert helpers.notice(found, "pump-capped").limit == "999 mL/h"
    last = found.sessions[0].steps[-1]
    assert abs(Fraction(last.duration_min) - Fraction(last.volume_ml) * 60 / 999) < Fraction(1, 100)


def test_a_site_may_have_a_house_maximum() -> None:
    got = helpers.rates("privigen-us", CIDP, "70 kg", "35 g", site=helpers.a_site(rate_maximum="240 mL/h"))
    assert helpers.pump_rates(got.sessions[0]) == ["21", "42", "84", "168", "240"]
    assert "site-rate-applied" in helpers.codes(got)


# ---- at risk ---------------------------------------------------------------------------------------------------------


OCTAGAM_72_KG = ("octagam-10-us", "dermatomyositis", "72kg", "72g")


def session(product: Any, indication: str | None, weight: str, dose: str, **words: Any) -> Session:
    return helpers.rates(product, indication, weight, dose, **words).sessions[0]


def table(for_: str, infusion: str = "any", *, top: str = "4", ceiling: str = "5") -> RateTable:
    made = product([("1 mL/kg/h", "30 min"), (f"{top} mL/kg/h", None)], ceiling=f"{ceiling} mL/kg/h").rates[0]
    return made.model_copy(update={"for_": (for_,), "infusion": infusion})


@pytest.mark.parametrize(
    ("product", "indication", "risks", "top", "notice"),
    [
        ("octagam-10-us", DM, [], "168", None),
        ("octagam-10-us", DM, ["renal"], "126", "risk-ceiling-applied"),
        ("octagam-10-us", DM, ["thrombosis", "renal"], "126", "risk-ceiling-applied"),
        ("octagam-10-us", ITP, ["renal"], "126", "risk-ceiling-applied"),
        ("octagam-10-us", DM, ["cardiac"], "168", "risk-no-figure"),  # nobody printed a rate for the heart
        ("privigen-us", CIDP, ["renal"], "336", "risk-no-figure"),
        ("bivigam-us", PI, ["thrombosis"], "54.6", "risk-ceiling-applied"),  # below 2 mg/kg/min: 1.3 = 0.78 mL/kg/h
        ("bivigam-us", PI, ["renal"], "252", "risk-no-figure"),  # printed for thrombosis only
        ("gammagard-liquid-us", "mmn", ["renal"], "70", "risk-ceiling-applied"),  # below 1.98 mL/kg/h
        ("octagam-5-us", PI, ["renal"], "168", "risk-ceiling-applied"),  # below 198 mg/kg/h: 120
        ("octagam-5-us", PI, ["thrombosis"], "280", "risk-no-figure"),  # 200 mg/kg/h = 4 mL/kg/h
    ],
)
def test_the_ceiling_at_risk_is_in_force_where_it_was_printed(
    product: str, indication: str, risks: list[str], top: str, notice: str | None
) -> None:
    got = helpers.rates(product, indication, "70 kg", "70 g", risk=risks)
    assert helpers.pump_rates(got.sessions[0])[-1] == top
    assert helpers.codes(got) & {"risk-ceiling-applied", "risk-no-figure"} == ({notice} if notice else set())


@pytest.mark.parametrize("risk", ["renal", "thrombosis"])
def test_a_patient_at_risk_stays_below_the_printed_at_risk_rate(risk: str) -> None:
    """0.03 mL/kg/min instead of 0.04: 72 kg x 60 x 0.03 = 129.6 mL/h."""
    found = helpers.rates(*OCTAGAM_72_KG, risk=[risk])
    assert helpers.pump_rates(found.sessions[0])[-1] == "129.6"
    assert helpers.notice(found, "risk-ceiling-applied").limit == "0.03 mL/kg/min"


def test_the_ceiling_at_risk_holds_only_what_is_above_it() -> None:
    """0.03 mL/kg/min: 0.01 and 0.02 stay, 0.04 comes down, and the infusion takes longer."""
    got = session("octagam-10-us", DM, "70 kg", "70 g", risk=["renal"])
    assert columns(got) == [("42", "30", "21", "21"), ("84", "30", "42", "63"), ("126", "303.33", "637", "700")]
    assert [str(s.rate_ml_per_kg_per_h) for s in got.steps] == ["0.6", "1.2", "1.8"]


def test_rungs_above_the_ceiling_at_risk_become_one_step() -> None:
    got = session("octagam-10-us", ITP, "70 kg", "70 g", risk=["thrombosis"])
    assert helpers.pump_rates(got) == ["42", "84", "126"]  # 0.04, 0.08 and 0.12 are all held at 0.03


def test_a_lower_ceiling_is_for_its_risks_or_for_all() -> None:
    table = product(at_risk="3 mL/kg/h").rates[0]
    assert risk_applies(table, ("renal",))
    assert risk_applies(table, ("cardiac", "renal"))
    assert not risk_applies(table, ("cardiac",))
    assert not risk_applies(table, ())
    assert not risk_applies(product().rates[0], ("renal",))
    assert table.at_risk_ceiling is not None
    for_all = table.model_copy(update={"at_risk_ceiling": table.at_risk_ceiling.model_copy(update={"risks": ()})})
    assert risk_applies(for_all, ("cardiac",))
    assert not risk_applies(for_all, ())
