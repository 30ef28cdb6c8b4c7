"""For every table, ladder, pump and patient: the infusion is what the oracle says."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import helpers
import oracle
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from strategies import TABLES, attempt, hundredths_of_kg, some_risks, tenths_of_a_gram, tenths_of_kg

from ivigcalc import library
from ivigcalc.engine.plan import Session
from ivigcalc.engine.titration import Ceilings, choose_table, make_ladder, pump_rates


def check_infusion(session: Session, expected: list[oracle.Step]) -> None:
    steps = session.steps
    assert [Fraction(s.rate_ml_per_h) for s in steps] == [e.rate_ml_per_h for e in expected]
    assert [Fraction(s.duration_min) for s in steps] == [
        oracle.nearest_tie_up(e.minutes, Fraction(1, 100)) for e in expected
    ]
    assert [Fraction(s.volume_ml) for s in steps] == [e.volume_ml for e in expected]
    assert [Fraction(s.cumulative_ml) for s in steps] == [e.cumulative_ml for e in expected]
    assert session.duration_min == oracle.total_minutes(expected)
    assert sum(Fraction(s.volume_ml) for s in steps) == Fraction(session.volume_ml) == steps[-1].cumulative_ml
    assert all(s.volume_ml > 0 for s in steps)
    assert steps[-1].remaining_ml == 0


def check_rates_per_kg(
    session: Session, table: oracle.Table, weight: Fraction, at_risk: bool, maximum: Fraction
) -> None:
    """A step is shown with the rate that is printed for it, unless a ceiling holds it below."""
    printed = [oracle.rate_ml_per_h(rate, Fraction(1), table.mg_per_ml) for rate, _ in table.rungs]
    ceilings = [oracle.rate_ml_per_h(str(table.ceiling), Fraction(1), table.mg_per_ml)]
    if at_risk and table.at_risk:
        ceilings.append(oracle.rate_ml_per_h(table.at_risk, Fraction(1), table.mg_per_ml))
    for number, step in enumerate(session.steps):
        per_kg, set_to = Fraction(step.rate_ml_per_kg_per_h), Fraction(step.rate_ml_per_h)
        assert per_kg <= min(ceilings) + Fraction(1, 20000)
        assert abs(Fraction(step.rate_mg_per_kg_per_min) - per_kg * table.mg_per_ml / 60) <= Fraction(1, 5000)
        if printed[number] <= min([*ceilings, maximum / weight]) and len(session.steps) == len(printed):
            assert per_kg == oracle.nearest_tie_up(printed[number], Fraction(1, 10000)), (number, set_to)


@st.composite
def ladders(draw: Any) -> oracle.Table:
    """A made-up rate table: rising rungs, a ceiling at or above the last, perhaps a lower one at risk."""
    unit = draw(st.sampled_from(["mL/kg/h", "mL/kg/min", "mg/kg/min"]))
    hundredths = sorted(draw(st.sets(st.integers(20, 900), min_size=1, max_size=6)))
    divisor = {"mL/kg/h": 100, "mL/kg/min": 6000, "mg/kg/min": 60}[unit]
    exact = [Fraction(n, divisor) for n in [*hundredths, hundredths[-1] + draw(st.integers(0, 50))]]
    texts = [
        f"{float(value):.4f} {unit}" for value in exact
    ]  # four decimals: text is what counts, not the fraction before it
    assume(all(oracle.number_and_unit(a)[0] < oracle.number_and_unit(b)[0] for a, b in pairwise(texts[:-1])))
    lasts = [f"{draw(st.integers(5, 60))} min" for _ in texts[:-2]]
    at_risk = draw(st.none() | st.sampled_from(texts[:-1]))
    return oracle.Table(
        rungs=tuple(zip(texts[:-1], [*lasts, None], strict=True)), ceiling=texts[-1], at_risk=at_risk,
        risks=("renal",) if at_risk else (), mg_per_ml=draw(st.sampled_from([Fraction(50), Fraction(60), Fraction(100), Fraction(165)])),
    )  # fmt: skip


@settings(max_examples=300)
@given(st.sampled_from(TABLES), tenths_of_kg, tenths_of_a_gram, some_risks)
def test_the_engine_runs_every_shipped_table_as_the_oracle_does(
    table: tuple[str, str, str], weight: Decimal, dose: Decimal, risks: list[str]
) -> None:
    product, indication, kind = table
    got = helpers.anyway(helpers.rates, product, indication, f"{weight} kg", f"{dose} g", risk=risks, infusion=kind)
    printed = oracle.rate_table(product, indication, kind)
    expected = oracle.infuse(Fraction(dose) * 1000 / printed.mg_per_ml, printed, Fraction(weight), risks=risks)
    check_infusion(got.sessions[0], expected)


USES = ["kawasaki", "cidp", "chronic-itp", "dermatomyositis", "mis-c", "measles-exposure"]


@given(st.sampled_from(sorted({table[0] for table in TABLES})), st.sampled_from(USES), tenths_of_kg, some_risks)
def test_for_an_unlisted_use_the_most_cautious_table_for_this_patient_is_borrowed(
    product: str, use: str, weight: Decimal, risks: list[str]
) -> None:
    """Rule 9: the risk ceilings counted. Tables in mL/h and in mL/kg/h cannot be told apart, which is refused."""
    listed = [name for table in oracle.read("products", product)["rates"] for name in table["for"]]
    assume(use not in listed and "any" not in listed)
    tables = oracle.borrowed_tables(product, use, "first", risks)
    assume(len({str(table.ceiling).count("kg") for table in tables}) == 1)
    got = helpers.anyway(helpers.rates, product, use, f"{weight} kg", "40 g", risk=risks, infusion="first")
    volume_ml = 40000 / tables[0].mg_per_ml
    check_infusion(got.sessions[0], oracle.infuse(volume_ml, tables[0], Fraction(weight), risks=risks))


@pytest.mark.slow
@settings(max_examples=3000)
@given(st.sampled_from(TABLES), hundredths_of_kg, tenths_of_a_gram, some_risks)
def test_and_does_so_for_thousands_of_patients(
    table: tuple[str, str, str], weight: Decimal, dose: Decimal, risks: list[str]
) -> None:
    product, indication, kind = table
    got = helpers.anyway(helpers.rates, product, indication, f"{weight} kg", f"{dose} g", risk=risks, infusion=kind)
    printed = oracle.rate_table(product, indication, kind)
    check_infusion(
        got.sessions[0],
        oracle.infuse(Fraction(dose) * 1000 / printed.mg_per_ml, printed, Fraction(weight), risks=risks),
    )


@given(st.sampled_from(TABLES), tenths_of_kg, st.integers(1000, 30_000_000).map(lambda n: Decimal(n) / 1_000_000))
@example(("privigen-us", "cidp", "first"), Decimal(20), Decimal("4.50001"))  # 0.0001 mL after the last full rung
@example(
    ("bivigam-us", "primary-immunodeficiency", "first"), Decimal("29.8"), Decimal("0.92172")
)  # 9.2166... and 9.2172 mL are both 9.217
def test_no_step_of_0_ml_is_shown_however_fine_the_dose(
    table: tuple[str, str, str], weight: Decimal, dose: Decimal
) -> None:
    session = helpers.anyway(
        helpers.rates, table[0], table[1], f"{weight} kg", f"{dose} g", infusion=table[2]
    ).sessions[0]
    printed = oracle.rate_table(*table)
    volume_ml = Fraction(dose) * 1000 / printed.mg_per_ml
    check_infusion(session, oracle.infuse(volume_ml, printed, Fraction(weight)))
    assert abs(Fraction(session.volume_ml) - volume_ml) <= Fraction(1, 2000)


@settings(max_examples=200)
@given(
    ladders(), hundredths_of_kg, st.integers(1, 150), st.booleans(),
    st.sampled_from(["0.1", "0.01", "0.5", "1", "5"]), st.sampled_from(["999", "1200", "150", "240.3"]),
)  # fmt: skip
def test_the_engine_runs_any_ladder_on_any_pump_as_the_oracle_does(
    table: oracle.Table, weight: Decimal, grams: int, at_risk: bool, increment: str, maximum: str
) -> None:
    product = helpers.own_product(
        ladder=table.rungs, ceiling=str(table.ceiling), at_risk=table.at_risk, concentration=f"{table.mg_per_ml} mg/mL"
    )
    site = helpers.a_site(pump={"increment": f"{increment} mL/h", "maximum": f"{maximum} mL/h"})
    risks = ["renal"] if at_risk else []
    got = attempt(
        lambda: helpers.anyway(helpers.rates, product, "cidp", f"{weight} kg", f"{grams} g", risk=risks, site=site)
    )
    pump = {"increment": Fraction(increment), "pump_maximum": Fraction(maximum)}
    try:
        expected = oracle.infuse(grams * 1000 / table.mg_per_ml, table, Fraction(weight), risks=risks, **pump)
    except oracle.PumpTooCoarseError:
        assert got == {"pump-too-coarse"}
        return
    check_infusion(got.sessions[0], expected)
    check_rates_per_kg(got.sessions[0], table, Fraction(weight), at_risk, Fraction(maximum))


@settings(max_examples=100)
@given(ladders(), hundredths_of_kg, st.integers(1, 150), st.integers(5, 1440), st.sampled_from(["0.5", "1", "5"]))
def test_the_engine_keeps_any_time_as_the_oracle_does(
    table: oracle.Table, weight: Decimal, grams: int, minutes: int, increment: str
) -> None:
    product = helpers.own_product(
        ladder=table.rungs, ceiling=str(table.ceiling), concentration=f"{table.mg_per_ml} mg/mL"
    )
    words = {"site": helpers.a_site(pump={"increment": f"{increment} mL/h"}), "over": f"{minutes} min"}
    got = attempt(lambda: helpers.anyway(helpers.rates, product, "cidp", f"{weight} kg", f"{grams} g", **words))
    volume_ml = grams * 1000 / table.mg_per_ml
    pump = {"increment": Fraction(increment), "least_min": Fraction(minutes)}
    try:
        expected = oracle.infuse(volume_ml, table, Fraction(weight), **pump)
    except oracle.PumpTooCoarseError:
        assert got == {"pump-too-coarse"}
        return
    check_infusion(got.sessions[0], expected)
    assert got.sessions[0].infusion.duration_min >= minutes


@given(ladders(), hundredths_of_kg, tenths_of_a_gram, st.integers(1, 60))
def test_no_step_is_entered_for_less_than_the_shortest(
    table: oracle.Table, weight: Decimal, grams: Decimal, shortest: int
) -> None:
    product = helpers.own_product(
        ladder=table.rungs, ceiling=str(table.ceiling), concentration=f"{table.mg_per_ml} mg/mL"
    )
    site = helpers.a_site(shortest_step=f"{shortest} min")
    got = helpers.insisted(helpers.rates, product, "cidp", f"{weight} kg", f"{grams} g", site=site)
    volume_ml = Fraction(grams) * 1000 / table.mg_per_ml
    check_infusion(got.sessions[0], oracle.infuse(volume_ml, table, Fraction(weight), shortest_min=Fraction(shortest)))


# ---- ties and ceilings, weight by weight -----------------------------------------------------------------------------


def check_grid(table: tuple[str, str, str], every: int) -> None:
    product = library.product(table[0]).value
    printed = oracle.rate_table(*table)
    ladder = make_ladder(product, choose_table(product, table[1], table[2]).table)
    increment, pump = Fraction(1, 10), Fraction(999)
    for tenths in range(30, 1501, every):
        weight = Fraction(tenths, 10)
        bounds = [
            oracle.rate_ml_per_h(text, weight, printed.mg_per_ml) for text in (printed.ceiling, printed.at_risk) if text
        ]
        for risky in {False, bool(printed.at_risk)}:
            ceiling = min(bounds) if risky else bounds[0]
            set_to = [
                rate
                for rate, _, _ in pump_rates(
                    ladder,
                    weight,
                    Ceilings(risky, increment, pump, None, Fraction("0.05"), Fraction("0.01"), Fraction(1)),
                )
            ]
            wanted = [oracle.rate_ml_per_h(rate, weight, printed.mg_per_ml) for rate, _ in printed.rungs]
            expected = [oracle.pump_rate(rate, ceiling, increment, pump) for rate in wanted]
            assert set_to == list(dict.fromkeys(expected)), f"{weight} kg"
            assert max(set_to) <= min(ceiling, pump), f"{weight} kg"


@pytest.mark.parametrize("table", TABLES, ids="-".join)
def test_ties_and_ceilings_over_the_grid_of_weights(table: tuple[str, str, str]) -> None:
    """Every rung from 3 to 150 kg by 0.1 kg (two products; 0.7 kg for the rest): exact ties go up, no rate passes its ceiling."""
    check_grid(table, 1 if table[0] in ("privigen-us", "octagam-10-us") else 7)


@pytest.mark.slow
@pytest.mark.parametrize("table", TABLES, ids="-".join)
def test_ties_and_ceilings_over_the_whole_grid_of_weights(table: tuple[str, str, str]) -> None:
    check_grid(table, 1)
