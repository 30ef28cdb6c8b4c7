"""Which weight is dosed on and why, and whether that is what the source of the protocol asks for."""

from __future__ import annotations

from collections.abc import Iterator

from ivigcalc.definitions import cite
from ivigcalc.engine.case import Case
from ivigcalc.engine.draft import Draft
from ivigcalc.engine.plan import Notice
from ivigcalc.engine.prescription import Prescription
from ivigcalc.engine.weight import Ruled, Weights, adjusted_kg, basis_by, ideal_weight, rule_of_protocol, weigh_by
from ivigcalc.exact import Fraction
from ivigcalc.quantity import figure, in_months, plain


def rule_assumed(draft: Draft) -> Iterator[Notice]:
    """What the document of the rule in force does not print."""
    ruled = draft.weights.ruled
    if ruled is None:
        return
    for text in ruled.rule.assumed:
        yield Notice("policy-assumed", "caution", f"{ruled.whose}: {text}", source=ruled.source)


def rounding_assumed(rx: Prescription) -> Iterator[Notice]:
    """That the document of the policy does not print how it rounds."""
    policy, rounding = rx.policy, rx.rounding
    if rounding.basis == "assumed":
        message = f"policy {policy.id}: its source does not print how it rounds; assumed: {rounding}"
        yield Notice("policy-assumed", "info", message, source=cite(policy, rounding))


def rule_applied(draft: Draft) -> Iterator[Notice]:
    """Which weight the rule picked, and why."""
    weights, ruled = draft.weights, draft.weights.ruled
    if ruled is None:
        return
    rule = ruled.rule
    if weights.basis == "actual" and rule.use == "actual" and not ruled.of_protocol:  # control: weight-policy-said
        return
    whose = ruled.whose.removeprefix("policy ")
    yield Notice(
        "policy-applied",
        "info",
        f"{whose} doses on the {weights.basis} weight of {figure(weights.kg)} kg: {weights.because}",
        f"{figure(weights.kg)} kg",
        source=ruled.source,
    )


def rule_differs(draft: Draft) -> Iterator[Notice]:
    """A stop where the weight is another than the source of the protocol asks for."""
    own, weights, case = rule_of_protocol(draft.case), draft.weights, draft.case
    if own is None or weights.ruled is None or weights.ruled.of_protocol:
        return
    asked = weigh_by(case, own)
    if _agrees(case, own, weights, asked):  # control: weight-rule
        return
    used = f"{weights.ruled.whose} doses on the {weights.basis} weight of {figure(weights.kg)} kg"
    if asked is not None:
        wanted = f"the {asked.basis} weight of {figure(asked.kg)} kg ({asked.because})"
        remedy = "leave --policy out, or name one that does the same"
    else:
        lacking = "; ".join(own.rule.missing)
        wanted = f"the {basis_by(case, own)} weight without printing {lacking}{_with_a_factor(case)}"
        remedy = "name a --policy that prints it"
    yield Notice(
        "weight-rule-differs",
        "stop",
        f"{used}, but {own.whose} asks for {wanted}: {remedy}",
        f"{figure(weights.kg)} kg, {weights.basis}",
        f"{figure(asked.kg)} kg, {asked.basis}" if asked else basis_by(case, own),
        own.source,
    )


def _agrees(case: Case, own: Ruled, weights: Weights, asked: Weights | None) -> bool:
    """Whether the weight is the one that the source asks for; where it leaves a part open, any weight will do there."""
    if asked is None:
        return weights.basis == basis_by(case, own)
    return weights.kg == asked.kg or (bool(own.rule.missing) and asked.basis == "actual")


def _with_a_factor(case: Case) -> str:
    """What the weight would be by the factor and formula that another body prints."""
    adjusted = _adjusted(case)
    rules = case.safety.obese_weight
    if adjusted is None or rules is None:
        return ""
    return f" ({figure(adjusted)} kg with the factor {plain(rules.factor)} of others)"


def obese_on_actual_weight(draft: Draft) -> Iterator[Notice]:
    """An obese patient who is dosed on the actual weight, with what the adjusted weight would give."""
    weights, case, rules = draft.weights, draft.case, draft.case.safety.obese_weight
    height = case.patient.height_cm
    if rules is None or not height or weights.basis != "actual":
        return
    from_kg = case.definitions.follows.of(("obese", height), lambda: Fraction(rules.from_bmi) * (height / 100) ** 2)
    if weights.actual_kg < from_kg or weights.bmi is None:
        return
    adjusted = _adjusted(case)
    yield Notice(
        "obese-actual-weight",
        "caution",
        f"a BMI of {figure(weights.bmi, 1)} is dosed on the actual weight of {figure(weights.kg)} kg"
        f"{_instead(draft, adjusted)}: ask whether the adjusted weight is meant, and name a --policy that doses on it",
        f"BMI {figure(weights.bmi, 1)}",
        f"BMI {plain(rules.from_bmi)}",
        cite(case.safety, rules),
    )


def _instead(draft: Draft, adjusted: Fraction | None) -> str:
    rules = draft.case.safety.obese_weight
    if rules is None or adjusted is None:
        return ""
    doses = [stretch.part.prescribed.dose for stretch in draft.dosed.stretches]
    per_kg = any(dose.dimension == "dose" for dose in doses)
    exact = draft.dosed.stretches[0].dose.prescribed_g
    grams = f", {figure(exact * adjusted / draft.weights.kg)} g a course instead of {figure(exact)} g" if per_kg else ""
    return f"; the adjusted weight (factor {plain(rules.factor)}) would be {figure(adjusted)} kg{grams}"


def _adjusted(case: Case) -> Fraction | None:
    """The adjusted weight of an adult who is not pregnant; the formula is printed for nobody else."""
    rules, age = case.safety.obese_weight, case.age_months
    if rules is None or case.patient.pregnant or (age is not None and age < in_months(case.safety.adult.from_age)):
        return None
    formula, patient = case.formula_named(rules.ideal), case.patient
    if formula is None:
        return None
    ideal = case.definitions.follows.of(
        ("ideal", formula.id, patient.height_cm, patient.sex), lambda: ideal_weight(patient, formula) or "none"
    )
    return None if ideal == "none" else adjusted_kg(patient.weight_kg, ideal, rules.factor)


def rate_weight_assumed(draft: Draft) -> Iterator[Notice]:
    """On which weight the rates go, where it is not the one of the dose and nobody printed it."""
    policy, weights = draft.case.policy, draft.weights
    if policy.rate_weight.basis == "printed" or draft.rate_kg == weights.kg:
        return
    yield Notice(
        "policy-assumed",
        "info",
        f"policy {policy.id}: its source does not print which weight the rates go by; "
        f"assumed: the actual weight of {figure(draft.rate_kg)} kg",
        f"{figure(draft.rate_kg)} kg",
        source=cite(policy),
    )
