"""Every line of the working can be redone by hand (`tests/working.py` does), for every plan."""

from decimal import Decimal
from fractions import Fraction

import helpers
import oracle
import working
from hypothesis import example, given, settings
from hypothesis import strategies as st
from strategies import TABLES, WITH_VIALS, attempt, hundredths_of_kg, some_risks, tenths_of_a_gram, tenths_of_kg

from ivigcalc.engine.plan import Plan


@settings(max_examples=150)
@given(st.sampled_from(TABLES), tenths_of_kg, tenths_of_a_gram, some_risks)
@example(
    ("privigen-us", "cidp", "first"), Decimal("70.1"), Decimal("70"), []
)  # 4.8 x 70.1 = 336.48 is the ceiling: down
@example(("bivigam-us", "primary-immunodeficiency", "first"), Decimal("29.8"), Decimal("35"), [])  # 259.0019 min
@example(("bivigam-us", "primary-immunodeficiency", "first"), Decimal("3"), Decimal("5"), [])  # thirds of a mL
@example(("privigen-us", "cidp", "first"), Decimal("10.8"), Decimal("50"), [])  # 671.0039 min
def test_every_line_of_an_infusion_can_be_redone_by_hand(
    table: tuple[str, str, str], weight: Decimal, dose: Decimal, risks: list[str]
) -> None:
    got = helpers.anyway(helpers.rates, table[0], table[1], f"{weight} kg", f"{dose} g", risk=risks, infusion=table[2])
    known = working.check(got)
    session = got.sessions[0]
    assert known["c1d1.duration_min"] == session.duration_min
    assert [known[f"rate_{s.step}_ml_per_h"] for s in session.steps] == [
        Fraction(s.rate_ml_per_h) for s in session.steps
    ]


@settings(max_examples=100)
@given(
    hundredths_of_kg, st.sampled_from(WITH_VIALS), st.sampled_from(["actual-weight", "au-lifeblood-2026", "us-group-health", "nz-nzbs", "uk-nhs-request-form-ddw", "practical-vials"]),
    st.sampled_from(["kg", "lb", "st"]), st.sampled_from(["175cm", "1.75m", "69in"]), st.sampled_from(["male", "female"]),
)  # fmt: skip
def test_every_line_of_a_plan_can_be_redone_by_hand(
    weight: Decimal, product: str, policy: str, unit: str, height: str, sex: str
) -> None:
    typed = (Fraction(weight) / oracle.KG[unit]).limit_denominator(1)
    got = attempt(
        lambda: helpers.plan(
            "dermatomyositis", product, f"{typed} {unit}", policy=policy, height=height, sex=sex, age="54y"
        )
    )
    if not isinstance(got, Plan):
        assert got <= {"weight-implausible", "dose-below-vial"}
        return
    known = working.check(got)
    assert oracle.nearest_tie_up(known["dosing_kg"], Fraction(1, 100)) == Fraction(got.dosing_weight.kg)
    assert oracle.nearest_tie_up(known["prescribed_g"], Fraction(1, 100)) == Fraction(got.course.prescribed_g)
    assert known["dose_g"] == Fraction(got.course.dose_g)
    assert [known[f"day_{s.day}_g"] for s in got.sessions] == [Fraction(s.dose_g) for s in got.sessions]


@given(hundredths_of_kg, st.sampled_from(["2 g/kg", "400 mg/kg", "37.5 g", "37500 mg"]), st.integers(1, 3))
def test_every_line_can_be_redone_whatever_the_unit_of_the_dose(weight: Decimal, dose: str, days: int) -> None:
    known = working.check(helpers.anyway(helpers.any_course, "octagam-10-us", f"{weight} kg", dose, days=str(days)))
    expected = oracle.grams(dose) if "/" not in dose else oracle.grams_per_kg(dose) * Fraction(weight)
    assert known["prescribed_g"] == expected


def test_every_line_of_several_phases_can_be_redone_by_hand() -> None:
    known = working.check(
        helpers.plan("cidp:us-label-privigen", "privigen-us", "71.3 kg", start="2026-12-01", courses="3")
    )
    assert known["loading.prescribed_g"] == Fraction("142.6")
    assert known["maintenance.prescribed_g"] == Fraction("71.3")
