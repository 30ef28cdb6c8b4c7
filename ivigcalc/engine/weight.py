"""Which body weight the dose is multiplied by: actual, ideal, adjusted or pre-pregnancy, as the policy says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from ivigcalc.definitions import Condition, DosingWeight, Formula, HeightLine, Policy
from ivigcalc.engine.case import Case
from ivigcalc.engine.plan import WeightBasis
from ivigcalc.errors import RefusedError, RequestError
from ivigcalc.quantity import Quantity, weight_kg
from ivigcalc.request.request import Patient


@dataclass(frozen=True, slots=True)
class Weights:
    """The exact weights of one patient in kg, which of them is dosed on, and why.

    Where the adjusted weight is dosed on, `adjusted_kg` is that very one, whichever of the policy's factors made it.
    """

    kg: Fraction
    basis: WeightBasis
    actual_kg: Fraction
    ideal_kg: Fraction | None
    adjusted_kg: Fraction | None
    bmi: Fraction | None
    because: str
    assumed: tuple[str, ...] = ()
    factor: Decimal | None = None  # of the adjusted weight


@dataclass(slots=True)
class _Facts:
    """What the conditions of a policy are tested against."""

    patient: Patient
    rule: DosingWeight
    formula: Formula | None
    policy_id: str
    age_months: Fraction | None
    ideal_kg: Fraction | None
    adjusted_kg: Fraction | None
    bmi: Fraction | None
    assumed: list[str]


def weigh(case: Case) -> Weights:
    """The weights of a case, by the rule of its policy."""
    rule = case.policy.dosing_weight
    assert rule is not None  # a policy without one is refused before
    return dosing_weight(case.patient, case.age_months, rule, case.formula, case.policy.id)


def rate_weight_kg(policy: Policy, weights: Weights) -> Fraction:
    """The weight in kg that rates are multiplied by."""
    return weights.kg if policy.rate_weight == "dosing" else weights.actual_kg


def dosing_weight(
    patient: Patient, age_months: Fraction | None, rule: DosingWeight, formula: Formula | None, policy_id: str
) -> Weights:
    """Apply a policy's weight rule. Raises `RequestError` for a missing input, `RefusedError` outside the formula."""
    actual = patient.weight_kg
    ideal = _ideal_kg(patient, formula)
    factor = Fraction(rule.factor) if rule.factor is not None else None
    adjusted = ideal + factor * (actual - ideal) if ideal is not None and factor is not None else None
    height = patient.height_cm
    bmi = actual / (height / 100) ** 2 if height else None
    facts = _Facts(patient, rule, formula, policy_id, age_months, ideal, adjusted, bmi, [])

    def result(basis: WeightBasis, kg: Fraction | None, because: str, factor: Decimal | None = rule.factor) -> Weights:
        if kg is None:
            raise RequestError(
                f"policy {policy_id} doses on the {basis} weight, which needs --height and --sex", field="height"
            )
        shown = kg if basis == "adjusted" else adjusted
        return Weights(kg, basis, actual, ideal, shown, bmi, because, tuple(facts.assumed), factor)

    if patient.pregnant and rule.pregnancy == "pre-pregnancy":
        if patient.pre_pregnancy_weight is None:
            raise RequestError(
                f"policy {policy_id} doses on the weight before pregnancy: give --pre-pregnancy-weight",
                field="pregnant",
            )
        return result("pre-pregnancy", weight_kg(patient.pre_pregnancy_weight), "pregnant: the weight before pregnancy")
    if patient.pregnant and rule.pregnancy == "actual":
        return result("actual", actual, "pregnant: the actual weight")
    if rule.use == "actual":
        return result("actual", actual, "the policy doses on the actual weight")
    if rule.refuse_when and all(_holds(c, facts) for c in rule.refuse_when):
        left_open = " and ".join(map(str, rule.refuse_when))
        raise RefusedError(
            "policy-incomplete",
            f"policy {policy_id} leaves it to the physician where {left_open}; choose another --policy",
            overridable=False,
        )
    # those that need no formula first: they may be just what excepts whom it does not reach
    for condition in sorted(rule.unless, key=lambda c: c.weight is not None):
        if _holds(condition, facts):
            return result("actual", actual, f"exception of the policy: {condition}")
    triggers = [str(c) for c in rule.when if _holds(c, facts)]
    missing = [str(c) for c in rule.all_when if not _holds(c, facts)]
    if (rule.when and not triggers) or missing:
        unmet = missing or [str(c) for c in rule.when]
        return result("actual", actual, f"the policy applies only when {' or '.join(unmet)}")
    _within_formula(facts)
    because = (
        f"the policy's rule for {' and '.join(triggers)}" if triggers else f"the policy doses on the {rule.use} weight"
    )
    if rule.when_obese and any(_holds(c, facts) for c in rule.when_obese.when):
        return _when_obese(rule, facts, result)
    if rule.use == "adjusted":
        return result("adjusted", adjusted, because)
    if rule.use == "lower-of-actual-and-ideal" and ideal is not None and actual <= ideal:
        return result("actual", actual, "the actual weight is the lower of actual and ideal")
    return result("ideal", ideal, because)


def _when_obese(rule: DosingWeight, facts: _Facts, result: Callable[..., Weights]) -> Weights:
    obese = rule.when_obese
    assert obese is not None
    because = f"the policy's rule for {' or '.join(map(str, obese.when))}"
    if obese.use == "ideal" or facts.ideal_kg is None or obese.factor is None:
        return result(obese.use, facts.ideal_kg if obese.use == "ideal" else None, because)
    actual = facts.patient.weight_kg
    adjusted = facts.ideal_kg + Fraction(obese.factor) * (actual - facts.ideal_kg)
    return result("adjusted", adjusted, because, obese.factor)


def _ideal_kg(patient: Patient, formula: Formula | None) -> Fraction | None:
    height = patient.height_cm
    if formula is None or height is None or patient.sex is None:
        return None
    line = _line_of(patient, formula)
    inches_above = (height - line.above.base) / Fraction(254, 100)
    ideal = line.at.base + line.per_inch.base * inches_above
    return ideal if ideal > 0 else None


def _line_of(patient: Patient, formula: Formula) -> HeightLine:
    return formula.male if patient.sex == "male" else formula.female


def _within_formula(facts: _Facts) -> None:
    """Below the height that the formula starts from it says nothing, unless the policy set a floor of its own.

    Where the line has come down to 0 kg, no floor helps.
    """
    patient, formula = facts.patient, facts.formula
    height = patient.height_cm
    if formula is None or height is None or patient.sex is None:
        return
    floor = _line_of(patient, formula).above
    own_floor = any(c.subject == "height" for c in facts.rule.unless) and facts.ideal_kg is not None
    if height < floor.base and not own_floor:
        raise RefusedError(
            "height-outside-formula",
            f"{formula.title} starts at a height of {floor}, and policy {facts.policy_id} does not say what to do below it; "
            "choose another --policy",
            value=str(patient.height),
            limit=str(floor),
            overridable=False,
        )


def _holds(condition: Condition, facts: _Facts) -> bool:
    if condition.subject == "pregnant":
        return facts.patient.pregnant
    left = _left_side(condition, facts)
    if condition.subject == "age" and left is None:
        facts.assumed.append(f"age not given: the rule '{condition}' was taken not to apply")
        return False
    if condition.weight is not None:
        _within_formula(facts)
    right = _right_side(condition, facts)
    if left is None or right is None:
        needs = "--height" if condition.subject in ("height", "bmi") else "--height and --sex"
        raise RequestError(f"policy {facts.policy_id} tests '{condition}', which needs {needs}", field="height")
    return condition.holds(left, right)


def _left_side(condition: Condition, facts: _Facts) -> Fraction | None:
    if condition.subject == "age":
        return facts.age_months
    if condition.subject == "height":
        return facts.patient.height_cm
    if condition.subject == "bmi":
        return facts.bmi
    return facts.patient.weight_kg


def _right_side(condition: Condition, facts: _Facts) -> Fraction | None:
    if condition.operand is not None:
        return condition.operand.base if isinstance(condition.operand, Quantity) else Fraction(condition.operand)
    named = facts.ideal_kg if condition.weight == "ideal" else facts.adjusted_kg
    return named * Fraction(condition.percent) / 100 if named is not None else None
