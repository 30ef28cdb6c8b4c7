"""The source's own weight rule: used where no policy is named, and not contradicted by one that is."""

import re
from pathlib import Path
from typing import Any

import helpers
import pytest
import working

from ivigcalc import library
from ivigcalc.cli.main import main
from ivigcalc.document.read import saved_plan
from ivigcalc.document.verify import verify
from ivigcalc.document.write import to_json
from ivigcalc.engine.plan import Notice, Plan
from ivigcalc.errors import RefusedError, RequestError

#: 120 kg at 165 cm: BMI 44.1; Devine 45.5 + 2.3 x (165 / 2.54 - 60) = 56.91 kg; adjusted 56.91 + 0.4 x 63.09 = 82.15 kg
WOMAN: dict[str, Any] = {"height": "165cm", "sex": "female", "age": "40y"}
ADJUSTED_04 = "au-lifeblood-2026"
OWN = """kind: regimen
schema: 2
id: own-regimen
version: 2026-11-28
category: other
indication: itp
sources:
  house: {title: Own rule, body: Clinic, locator: here, checked: 2026-11-28, kind: house}
source: house
protocols:
  own:
    evidence: guideline
    confidence: high
    dose: {per_course: 1 g/kg}
    days: {from: 1, to: 1}
    dosing_weight: {use: adjusted, ideal: FORMULA, factor: 0.5, when: [BMI >= 30], pregnancy: actual}
"""


@pytest.fixture
def own(tmp_path: Path) -> str:
    path = tmp_path / "own-regimen.yaml"
    path.write_text(OWN.replace("FORMULA", "devine-inches"), encoding="utf-8")
    return str(path)


def ontario(weight: str = "120kg", **words: Any) -> Plan:
    return helpers.plan("itp:ontario", "privigen-us", weight, **WOMAN | words)


def only(plan: Plan, code: str) -> Notice:
    [found] = [notice for notice in plan.notices if notice.code == code]
    return found


# ---- a rule with all its figures --------------------------------------------------------------------------------------


def test_it_is_used_where_no_policy_is_named(own: str) -> None:
    """56.91 + 0.5 x 63.09 = 88.45 kg, rounded to whole vials of 5 g as the program's policy does."""
    got = helpers.plan(own, "privigen-us", "120kg", **WOMAN)
    assert (str(got.dosing_weight.kg), got.dosing_weight.basis) == ("88.45", "adjusted")
    assert str(got.course.dose_g) == "90"
    assert "protocol own-regimen:own doses on the adjusted weight of 88.45 kg" in only(got, "policy-applied").message
    assert "Own rule, Clinic" in str(only(got, "policy-applied").source)


def test_a_source_that_prints_the_actual_weight_is_said_to(tmp_path: Path) -> None:
    path = tmp_path / "own-regimen.yaml"
    path.write_text(re.sub(r"dosing_weight: .*", "dosing_weight: {use: actual}", OWN), encoding="utf-8")
    got = helpers.plan(str(path), "privigen-us", "72kg", age="40y")
    assert "protocol own-regimen:own doses on the actual weight of 72 kg" in only(got, "policy-applied").message


def test_its_working_can_be_redone(own: str) -> None:
    got = helpers.plan(own, "privigen-us", "120kg", **WOMAN)
    working.check(got)
    [line] = [entry for entry in got.trace if entry.name == "adjusted_kg"]
    assert "Own rule, Clinic" in str(line.source)


def test_a_policy_that_contradicts_it_stops(own: str) -> None:
    with pytest.raises(RefusedError) as caught:
        helpers.plan(own, "privigen-us", "120kg", policy="actual-weight", **WOMAN)
    assert caught.value.codes == ("weight-rule-differs",)
    assert "actual weight of 120 kg" in str(caught.value)
    assert "adjusted weight of 88.45 kg" in str(caught.value)


def test_a_policy_of_the_site_contradicts_it_as_well(own: str) -> None:
    site = helpers.a_site(default={"policy": "actual-weight"})
    with pytest.raises(RefusedError, match="asks for the adjusted weight"):
        helpers.plan(own, "privigen-us", "120kg", site=site, **WOMAN)


def test_a_contradiction_can_be_overridden_and_stays_on_the_plan(own: str) -> None:
    got = helpers.plan(
        own, "privigen-us", "120kg", policy="actual-weight", override=["weight-rule-differs=agreed"], **WOMAN
    )
    assert str(got.course.dose_g) == "120"
    assert only(got, "weight-rule-differs").overridden_because == "agreed"


def test_a_policy_that_gives_the_same_weight_is_no_contradiction(own: str) -> None:
    got = helpers.plan(own, "privigen-us", "70kg", policy="actual-weight", **WOMAN)
    assert got.dosing_weight.basis == "actual"


def test_what_it_looks_at_is_asked_for(own: str) -> None:
    with pytest.raises(RequestError, match=r"protocol own-regimen:own tests 'BMI >= 30', which needs --height"):
        helpers.plan(own, "privigen-us", "70kg", age="40y")


def test_a_formula_that_is_not_shipped_is_a_mistake_of_the_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "own-regimen.yaml"
    path.write_text(OWN.replace("FORMULA", "devine-inch"), encoding="utf-8")
    assert main(["dose", "-r", str(path), "-p", "privigen-us", "--weight", "70kg", "--age", "40y"]) == 3
    assert f"{path}:16: protocols.own.dosing_weight.ideal: there is no formula 'devine-inch'" in capfd.readouterr().err
    assert main(["regimens", "check", str(path)]) == 3


def test_a_saved_plan_recomputes_to_itself(own: str) -> None:
    saved = saved_plan(to_json(helpers.plan(own, "privigen-us", "120kg", **WOMAN)).encode(), "plan.json")
    assert verify(saved).agrees


# ---- a rule of which the source does not print all --------------------------------------------------------------------


@pytest.mark.parametrize("policy", [None, "actual-weight"])
def test_above_bmi_30_ontario_is_not_planned_on_the_actual_weight(policy: str | None) -> None:
    with pytest.raises(RefusedError) as caught:
        ontario(policy=policy)
    assert caught.value.codes == ("weight-rule-differs",)
    assert "(82.15 kg with the factor 0.4 of others)" in str(caught.value)


def test_with_a_policy_that_has_the_factor_it_is_82_kg() -> None:
    got = ontario(policy=ADJUSTED_04)
    assert (str(got.dosing_weight.kg), str(got.course.prescribed_g)) == ("82.15", "82.15")


@pytest.mark.parametrize(("weight", "policy"), [("81.6kg", None), ("81.6kg", "actual-weight"), ("60kg", ADJUSTED_04)])
def test_up_to_bmi_30_any_policy_will_do(weight: str, policy: str | None) -> None:
    """81.6 kg at 165 cm is a BMI of 29.97."""
    assert "weight-rule-differs" not in helpers.codes(ontario(weight, policy=policy))


def test_in_pregnancy_it_is_the_weight_before() -> None:
    got = ontario("72kg", pregnant=True, pre_pregnancy_weight="60kg")
    assert (str(got.course.prescribed_g), got.dosing_weight.basis) == ("60", "pre-pregnancy")
    with pytest.raises(RefusedError, match="asks for the pre-pregnancy weight of 60 kg"):
        ontario("72kg", pregnant=True, pre_pregnancy_weight="60kg", policy="actual-weight")


def test_every_ontario_protocol_with_the_calculator_carries_the_rule() -> None:
    ruled = [
        protocol.dosing_weight
        for loaded in library.load_all("regimen")
        for protocol in loaded.value.protocols.values()
        if protocol.weight is not None and re.search(r"above BMI 30|BMI is above 30", protocol.weight.text)
    ]
    assert len(ruled) == 25
    assert all(rule is not None and str(rule.when[0]) == "BMI > 30" for rule in ruled)


def test_words_without_a_formula_are_a_caution_that_they_were_not_computed() -> None:
    got = helpers.plan("mis-c:acr-2021", "privigen-us", "20kg", age="6y")
    [said] = [n for n in got.notices if n.code == "protocol-says" and "of the weight" in n.message]
    assert said.level == "caution"
    assert "Ideal body weight; it prints no formula" in said.message


# ---- an obese patient on the actual weight ----------------------------------------------------------------------------


def test_obese_on_the_actual_weight_is_told_what_the_adjusted_one_gives() -> None:
    """2 g/kg: 240 g on 120 kg, 164.29 g on 82.15 kg."""
    notice = only(helpers.any_course("privigen-us", "120kg", "2 g/kg", days="5", **WOMAN), "obese-actual-weight")
    assert notice.level == "caution"
    assert "would be 82.15 kg, 164.29 g a course instead of 240 g" in notice.message
    assert notice.value == "BMI 44.1"


@pytest.mark.parametrize(
    ("weight", "words"),
    [("81.6kg", {}), ("120kg", {"policy": ADJUSTED_04}), ("120kg", {"height": None})],
    ids=["BMI 29.97", "on the adjusted weight", "height not known"],
)
def test_its_neighbours_are_not(weight: str, words: dict[str, Any]) -> None:
    assert "obese-actual-weight" not in helpers.codes(helpers.plan("cidp", "privigen-us", weight, **WOMAN | words))


@pytest.mark.parametrize(
    "words", [{"sex": None}, {"age": "16y"}, {"pregnant": True}, {"height": "150cm", "weight": "90kg"}], ids=str
)
def test_no_figure_is_given_where_the_formula_is_not_printed(words: dict[str, Any]) -> None:
    asked = WOMAN | {"weight": "120kg"} | words
    got = helpers.any_course("privigen-us", asked.pop("weight"), "2 g/kg", days="5", **asked)
    assert "adjusted weight (factor" not in only(got, "obese-actual-weight").message


# ---- the weight of the rates ------------------------------------------------------------------------------------------


def test_the_weight_of_the_rates_is_said_to_be_assumed_where_nobody_prints_it() -> None:
    got = helpers.plan("cidp", "privigen-us", "120kg", policy=ADJUSTED_04, **WOMAN)
    assert any("which weight the rates go by; assumed: the actual weight of 120 kg" in n.message for n in got.notices)


def test_a_printed_one_is_cited() -> None:
    got = helpers.plan("cidp", "privigen-us", "70kg", policy="us-chi-franciscan-multicalc", age="40y")
    [line] = [entry for entry in got.trace if entry.name == "rate_kg"]
    assert "multipurpose-calculator" in str(line.source)
