"""Rules 9 and 10: the lowest rate that is printed for a risk or for a disease holds, wherever it is printed."""

from fractions import Fraction
from itertools import permutations

import helpers
import pytest
from helpers import codes, notice, pump_rates, rates

from ivigcalc.definitions import RateTable
from ivigcalc.engine.plan import Plan
from ivigcalc.engine.titration import Ceilings, at_risk_elsewhere, lowest_ceiling, make_ladder
from ivigcalc.errors import RequestError

KIOVIG_70_KG = ("kiovig-eu", "dermatomyositis", "70kg", "70g")


def highest(made: Plan) -> str:
    return pump_rates(made.sessions[0])[-1]


# ---- a risk ----------------------------------------------------------------------------------------------------------


def gammagard(**words: str | list[str]) -> Plan:
    return helpers.plan("cidp:us-label-gammagard-liquid", "gammagard-liquid-us", "80kg", age="76y", **words)


def test_a_rate_at_risk_that_another_table_prints_holds() -> None:
    """In the table for MMN alone: less than 3.3 mg/kg/min = 1.98 mL/kg/h, so its step of 1, at 80 kg 80 mL/h."""
    made = gammagard(risk=["renal", "thrombosis"])
    assert highest(made) == "80"
    said = notice(made, "risk-ceiling-applied")
    assert "table for mmn" in said.message
    assert "the last step below the printed 3.3 mg/kg/min" in said.message
    assert said.limit == "1 mL/kg/h"
    assert "risk-no-figure" not in codes(made)
    assert highest(gammagard(risk=[])) == "432"  # 5.4 mL/kg/h


def test_the_working_names_the_ceiling_that_bounds() -> None:
    assert any("1 mL/kg/h x rate_kg" in str(line) for line in gammagard(risk=["renal"]).trace)


def test_a_risk_for_which_the_file_prints_nothing_is_the_first_notice() -> None:
    made = rates("octagam-10-us", "dermatomyositis", "72kg", "72g", risk=["cardiac"])
    assert made.notices[0].code == "risk-no-figure"


def test_it_never_says_that_nothing_is_printed_where_the_file_prints_it_for_another_risk() -> None:
    """Bivigam: less than 2 mg/kg/min, for thrombosis alone; Privigen (US): nothing for any risk."""
    said = notice(
        rates("bivigam-us", "primary-immunodeficiency", "70kg", "28g", risk=["renal"]), "risk-no-figure"
    ).message
    assert said.startswith(
        "renal risk: bivigam-us prints a lower rate for another risk alone (less than 2 mg/kg/min for thrombosis risk); "
        "the titration is not slowed"
    )
    other = notice(rates("privigen-us", "cidp", "70kg", "28g", risk=["renal"]), "risk-no-figure").message
    assert "no source prints a lower rate for privigen-us" in other


def test_the_table_that_is_borrowed_is_the_most_cautious_for_this_patient() -> None:
    """Without a risk that for primary immunodeficiency is; at risk that for MMN: 1 mL/kg/h x 30 kg."""
    words = {"age": "30y", "dose": "2 g/kg/course", "days": "4"}
    made = helpers.plan("sjogren:rist-2011", "gammagard-liquid-us", "30kg", risk=["thrombosis"], **words)
    assert highest(made) == "30"
    assert "mmn" in notice(made, "rate-off-label").message
    careless = helpers.plan("sjogren:rist-2011", "gammagard-liquid-us", "30kg", **words)
    assert "primary-immunodeficiency" in notice(careless, "rate-off-label").message


def test_with_a_risk_the_days_that_are_open_are_listed() -> None:
    """160 g of 100 mg/mL: in 2 days 80 g, in 3 53.33 g, in 4 40 g, in 5 32 g, ten times as many millilitres."""
    said = notice(gammagard(risk=["renal"]), "risk-days").message
    for words in (
        "2 days: 80 g = 800 mL",
        "3 days: 53.33 g = 533.33 mL",
        "4 days: 40 g = 400 mL",
        "5 days: 32 g = 320 mL",
    ):
        assert words in said
    assert "risk-days" not in codes(gammagard(risk=["renal"], days="4"))
    assert "risk-days" not in codes(gammagard())


# ---- a disease -------------------------------------------------------------------------------------------------------


def test_what_is_printed_for_a_disease_bounds_every_product() -> None:
    """Dermatomyositis: 4 mg/kg/min = 2.4 mL/kg/h of a 10 % product, at 70 kg 168 mL/h; Kiovig prints 6 mL/kg/h."""
    made = rates(*KIOVIG_70_KG)
    assert highest(made) == "168"
    said = notice(made, "indication-ceiling-applied")
    assert said.limit == "4 mg/kg/min"
    assert "Octagam 10%" in str(said.source)
    assert "rate-off-label" in codes(made)


def test_it_goes_by_the_concentration() -> None:
    """Of a 5 % product 4 mg/kg/min are 4.8 mL/kg/h: 336 mL/h at 70 kg."""
    product = helpers.own_product(ladder=[("6 mL/kg/h", None)], concentration="50 mg/mL")
    assert highest(rates(product, "dermatomyositis", "70kg", "70g")) == "336"
    assert highest(rates(product, "gbs", "70kg", "70g")) == "420"


def test_an_override_lifts_it_and_stands_on_the_plan() -> None:
    """6 mL/kg/h x 70 kg."""
    made = rates(*KIOVIG_70_KG, override=["indication-ceiling=asked for by Dr Roe"])
    assert highest(made) == "420"
    said = notice(made, "indication-ceiling")
    assert (said.level, said.overridden_because) == ("stop", "asked for by Dr Roe")
    assert "indication-ceiling-applied" not in codes(made)


def test_a_lift_of_what_does_not_bind_is_refused() -> None:
    with pytest.raises(RequestError, match="indication-ceiling"):
        rates("kiovig-eu", "gbs", "70kg", "70g", override=["indication-ceiling=asked for by Dr Roe"])


@pytest.mark.parametrize(("indication", "said"), [("dermatomyositis", True), ("mmn", False)])
def test_a_table_for_any_use_is_no_licence(indication: str, said: bool) -> None:
    """Kiovig is licensed for MMN."""
    assert ("rate-off-label" in codes(rates("kiovig-eu", indication, "70kg", "70g"))) is said


# ---- several ceilings elsewhere --------------------------------------------------------------------------------------


def a_table(use: str, at_risk: str | None = None) -> RateTable:
    """A table of one step, with the rate that it prints at risk."""
    risk = {"at_risk_ceiling": {"rate": at_risk}} if at_risk else {}
    rate = "30 mL/h" if at_risk and at_risk.endswith("mL/h") and "kg" not in at_risk else "1 mL/kg/h"
    top = "300 mL/h" if rate == "30 mL/h" else "5 mL/kg/h"
    return RateTable.model_validate({"for": [use], "ladder": [{"rate": rate}], "ceiling": {"rate": top}, **risk})


@pytest.mark.parametrize("order", list(permutations(["2 mL/kg/h", "1.5 mL/kg/h", "1.8 mL/kg/h"])))
def test_of_several_tables_the_lowest_rate_at_risk_holds_whatever_their_order(order: tuple[str, ...]) -> None:
    own = a_table("itp")
    tables = (own, *(a_table(f"use-{number}", rate) for number, rate in enumerate(order)))
    product = helpers.own_product().value.model_copy(update={"rates": tables})
    [found] = at_risk_elsewhere(product, own, ("renal",))
    assert (found.rate, found.absolute) == (Fraction(3, 2), False)


def test_a_rate_at_risk_for_everybody_is_held_against_that_per_kg() -> None:
    """1.5 mL/kg/h are 45 mL/h at 30 kg and 105 mL/h at 70 kg; 60 mL/h are the same for everybody."""
    own = a_table("itp")
    tables = (own, a_table("a", "1.5 mL/kg/h"), a_table("b", "60 mL/h"), a_table("c", "70 mL/h"))
    product = helpers.own_product().value.model_copy(update={"rates": tables})
    others = at_risk_elsewhere(product, own, ("renal",))
    assert {(other.rate, other.absolute) for other in others} == {(Fraction(3, 2), False), (Fraction(60), True)}
    limits = Ceilings(
        False, Fraction(1, 10), Fraction(999), None, Fraction("0.05"), Fraction("0.01"), Fraction(1), others
    )
    for kg, held_to in ((30, 45), (70, 60)):
        assert lowest_ceiling(make_ladder(product, own), Fraction(kg), limits)[0] == held_to


def test_one_day_of_those_that_are_open_is_a_day() -> None:
    """1 g/kg of 60 kg, maintenance on 1 to 4 days."""
    words = {"age": "40y", "phase": "maintenance", "risk": ["thrombosis"]}
    made = helpers.plan("cidp:us-label-gammagard-liquid", "gammagard-liquid-us", "60kg", **words)
    said = notice(made, "risk-days").message
    assert said.endswith(
        "the days are open: 1 day: 60 g = 600 mL a day; 2 days: 30 g = 300 mL a day; "
        "3 days: 20 g = 200 mL a day; 4 days: 15 g = 150 mL a day"
    )


@pytest.mark.parametrize("disease", ["dermatomyositis", "amyopathic-dermatomyositis", "anti-mda5-dermatomyositis"])
def test_the_ceiling_of_dermatomyositis_holds_for_its_kinds_in_adults(disease: str) -> None:
    """4 mg/kg/min of a 10 % product are 2.4 mL/kg/h, at 70 kg 168 mL/h; the table for any use goes to 420."""
    made = rates("kiovig-eu", disease, "70kg", "70g", age="50y")
    assert highest(made) == "168"
    assert notice(made, "indication-ceiling-applied").limit == "4 mg/kg/min"
