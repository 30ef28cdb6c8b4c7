"""The working says the rule that was in force, the source of that very figure, and nothing that cannot be followed."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import helpers
import pytest
import working

from ivigcalc.definitions import Loaded, Product
from ivigcalc.engine.dose import Prescribed
from ivigcalc.engine.plan import Plan, TraceEntry
from ivigcalc.engine.working import _capped, _dose_expression
from ivigcalc.library.reader import load_bytes
from ivigcalc.quantity import quantity


def line(answer: Plan, name: str) -> TraceEntry:
    [found] = [entry for entry in answer.trace if entry.name == name]
    return found


def own_policy(folder: Path, dosing_weight: str = "{use: actual}", rounding: str = "{to: whole vials}") -> str:
    """The path of a hospital's own policy file."""
    lines = [
        "kind: policy", "schema: 2", "id: own-policy", "version: 2026-11-22", "title: Own policy",
        "sources:", "  house: {title: Policy for tests, body: ivigcalc, locator: here, checked: 2026-11-22, kind: house}",
        "source: house", "body: ivigcalc", "country: US", f"dosing_weight: {dosing_weight}", f"rounding: {rounding}",
    ]  # fmt: skip
    path = folder / "own-policy.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


def course(policy: str, weight: str = "18.4 kg", **words: Any) -> Plan:
    """2 g/kg over two days."""
    return helpers.any_course("octagam-10-us", weight, "2 g/kg", days="2", policy=policy, **words)


# ---- rounding -----------------------------------------------------------------------------------------------------------


def test_the_rule_is_the_one_that_was_in_force(tmp_path: Path) -> None:
    """36.8 g is below 40 g: to 1 g it is 37 g, to 10 g it would be 40 g; for an older child it is."""
    policy = own_policy(tmp_path, rounding="{to: 10 g, small: {below: 40 g, to: 1 g, when: [age < 6 years]}}")
    small, large = (course(policy, age=age) for age in ("5y", "9y"))
    assert (line(small, "dose_g").inputs["rule"], line(small, "dose_g").result) == ("to 1 g, nearest, halves down", 37)
    assert (line(large, "dose_g").inputs["rule"], line(large, "dose_g").result) == ("to 10 g, nearest, halves down", 40)
    assert line(small, "day_1_g").expression == "share of dose_g / days, multiples of 1 g, larger first"
    assert line(large, "day_1_g").expression == "share of dose_g / days, multiples of 10 g, larger first"
    for answer, grams in ((small, 37), (large, 40)):
        assert working.check(answer)["dose_g"] == grams


def test_what_is_rounded_to_nothing_is_weighed_to_a_hundredth_of_a_gram() -> None:
    """2 g/kg x 18.4044 kg is 36.8088 g: 36.81 g, which is 18.41 and 18.40 g."""
    answer = course("us-noridian-dme-vials", "18.4044 kg")
    rule = "to 0.01 g, nearest, halves down (the policy rounds to nothing)"
    assert (line(answer, "dose_g").inputs["rule"], str(line(answer, "dose_g").result)) == (rule, "36.81")
    assert [str(line(answer, f"day_{day}_g").result) for day in (1, 2)] == ["18.41", "18.4"]
    assert line(answer, "day_1_g").expression == "share of dose_g / days, multiples of 0.01 g, larger first"
    assert working.check(answer)["dose_g"] == Fraction("36.81")


def test_whole_vials_are_still_called_so() -> None:
    answer = course("actual-weight")
    assert line(answer, "dose_g").inputs["rule"] == "to whole vials, nearest, halves down"
    assert line(answer, "day_1_g").expression == "share of dose_g / days, whole vials, larger first"


# ---- dose ---------------------------------------------------------------------------------------------------------------


def test_a_dose_of_four_weeks_can_be_followed_exactly() -> None:
    """1 g/kg in four weeks, every 3 days: 1 x 3 / 28 g/kg has no last decimal, and 71.3 kg take 7.639285714... g."""
    answer = helpers.any_course(
        "octagam-10-us", "71.3 kg", "1000 mg/kg", days="1", every="3 days", dose_basis="4-weeks"
    )
    found = line(answer, "prescribed_g")
    assert (found.expression, found.inputs) == (
        "dose x interval_days / 28 x dosing_kg", {"dose": Decimal(1), "interval_days": Decimal(3)},
    )  # fmt: skip
    assert working.check(answer)["prescribed_g"] == Fraction(3, 28) * Fraction("71.3")


def test_the_caps_of_a_course_and_of_its_days_are_named() -> None:
    prescribed = Prescribed(
        quantity("2 g/kg", "dose"), False, None, quantity("100 g", "amount"), quantity("30 g", "amount")
    )
    expression, inputs = _capped(*_dose_expression(prescribed, None, None), prescribed, 2)
    assert expression == "min(dose x dosing_kg, cap_g, cap_per_day_g x days)"
    assert inputs == {"dose": 2, "cap_g": 100, "cap_per_day_g": 30, "days": 2}


# ---- weight -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("factor", ["factor: 0.4, ", ""])
def test_the_adjusted_weight_is_worked_with_the_factor_that_made_it(tmp_path: Path, factor: str) -> None:
    """60 in: 50 kg by Devine. 110 kg is 60 kg above it, and a quarter of that is 15: 65 kg. By 0.4 it would be 74."""
    obese = "when_obese: {when: [BMI > 40], use: adjusted, factor: 0.25}"
    policy = own_policy(tmp_path, f"{{use: ideal, ideal: devine-inches, {factor}{obese}}}")
    answer = course(policy, "110 kg", height="60in", sex="male", age="54y")
    weight = answer.dosing_weight
    assert (weight.basis, weight.kg, weight.adjusted_kg) == ("adjusted", 65, 65)
    found = line(answer, "adjusted_kg")
    assert (found.inputs, found.result) == ({"factor": Decimal("0.25")}, 65)
    assert line(answer, "dosing_kg").expression == "adjusted_kg"
    assert working.check(answer)["dosing_kg"] == 65


# ---- rates --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ceiling", "at_risk", "step", "words", "set_to"),
    [
        ("90 mL/h", "60 mL/h", 2, "60 mL/h", "60"),
        ("90 mL/h", "8 mL/kg/h", 2, "8 mL/kg/h x rate_kg", "80"),
        ("89.96 mL/h", None, 2, "89.96 mL/h", "89.9"),  # nearest is 90, which is above it
    ],
)
def test_a_ceiling_in_ml_per_hour_is_not_multiplied_by_the_weight(
    ceiling: str, at_risk: str | None, step: int, words: str, set_to: str
) -> None:
    product = helpers.own_product(
        ladder=[("30 mL/h", "30 min"), (ceiling, None)], ceiling=ceiling, at_risk=at_risk
    )  # fmt: skip
    found = line(helpers.rates(product, "cidp", "10 kg", "20 g", risk=["renal"]), f"rate_{step}_ml_per_h")
    assert (found.inputs["ceiling_ml_per_h"], found.expression) == (words, "round down(ceiling_ml_per_h)")
    assert str(found.result) == set_to


def test_a_ceiling_per_kilogram_is() -> None:
    found = line(helpers.rates("octagam-10-us", "dermatomyositis", "70 kg", "70 g", risk=["renal"]), "rate_3_ml_per_h")
    assert found.inputs["ceiling_ml_per_h"] == "0.03 mL/kg/min x rate_kg"


def four_rungs() -> Loaded[Product]:
    """Each rung from a document of its own."""
    lines = [
        "kind: product", "schema: 2", "id: own-product", "version: 2026-11-22", "title: Own product", "sources:",
        *(f"  {name}: {{title: Document {name}, body: b, locator: here, checked: 2026-11-22, kind: house}}" for name in ("one", "two", "three", "four", "house")),
        "source: house", "manufacturer: nobody", "country: US", "concentration: 100 mg/mL", "vials: [5 g]", "rates:",
        "  - for: [any]", "    source: house", "    ladder:",
        "      - {rate: 1 mL/kg/h, for: 30 min, source: one}", "      - {rate: 1.01 mL/kg/h, for: 20 min, source: two}",
        "      - {rate: 2 mL/kg/h, for: 10 min, source: three}", "      - {rate: 3 mL/kg/h, source: four}",
        "    ceiling: {rate: 3 mL/kg/h}",
    ]  # fmt: skip
    return load_bytes("\n".join(lines).encode(), "own-product.yaml", "product")


def test_after_rungs_that_became_one_each_rate_has_its_own_source() -> None:
    """For 10 kg on a pump of whole mL/h, 10 and 10.1 mL/h are one step: the second step is the third rung."""
    site = helpers.a_site(pump={"increment": "1 mL/h", "maximum": "999 mL/h"})
    answer = helpers.rates(four_rungs(), "cidp", "10 kg", "10 g", site=site)
    found = [entry for entry in answer.trace if entry.name.startswith("rate_") and entry.unit == "mL/h"]
    assert [(entry.result, str(entry.source).split(",")[0]) for entry in found] == [
        (10, "Document one"), (20, "Document three"), (30, "Document four"),
    ]  # fmt: skip
