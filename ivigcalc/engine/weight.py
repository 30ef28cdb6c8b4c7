"""Which body weight the dose is multiplied by: actual, ideal, adjusted or pre-pregnancy, as the policy says."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cached_property

from msgspec import Struct, field

from ivigcalc.definitions import Condition, DosingWeight, Formula, HeightLine, Policy, cite
from ivigcalc.engine.case import Case
from ivigcalc.engine.plan import WeightBasis
from ivigcalc.errors import RefusedError, RequestError
from ivigcalc.exact import Fraction
from ivigcalc.quantity import Quantity
from ivigcalc.request.request import Patient


class Ruled(Struct, frozen=True):
    """The rule that settled the weight: whose it is, where it was read, and the formula that it names."""

    rule: DosingWeight
    whose: str
    source: str | None
    formula: Formula | None
    of_protocol: bool = False


class Facts(Struct, frozen=True, dict=True):
    """What the rules of a policy look at. `assumed` gathers what was taken for granted on the way, in words."""

    patient: Patient
    rule: DosingWeight
    formula: Formula | None
    whose: str
    age_months: Fraction | None
    assumed: list[str] = field(default_factory=list)

    @property
    def actual_kg(self) -> Fraction:
        """The body weight."""
        return self.patient.weight_kg

    @cached_property
    def ideal_kg(self) -> Fraction | None:
        """The ideal weight, where the formula gives one."""
        return _ideal_kg(self.patient, self.formula)

    @cached_property
    def adjusted_kg(self) -> Fraction | None:
        """The adjusted weight by the rule's own factor."""
        return adjusted_kg(self.actual_kg, self.ideal_kg, self.rule.factor)

    @cached_property
    def bmi(self) -> Fraction | None:
        """Body mass index in kg/m2, where the height is known."""
        height = self.patient.height_cm
        return self.actual_kg / (height / 100) ** 2 if height else None


class Weights(Struct, frozen=True):
    """The exact weights of one patient in kg, which of them is dosed on, and why. `factor`: of the adjusted weight."""

    kg: Fraction
    basis: WeightBasis
    because: str
    facts: Facts
    assumed: tuple[str, ...] = ()
    factor: Decimal | None = None
    ruled: Ruled | None = None

    @property
    def actual_kg(self) -> Fraction:
        """The body weight."""
        return self.facts.actual_kg

    @property
    def ideal_kg(self) -> Fraction | None:
        """The ideal weight, where the rule's formula gives one."""
        return self.facts.ideal_kg

    @property
    def adjusted_kg(self) -> Fraction | None:
        """Where it is dosed on, that very one, whichever of the policy's factors made it."""
        return self.kg if self.basis == "adjusted" else self.facts.adjusted_kg

    @property
    def bmi(self) -> Fraction | None:
        """Body mass index in kg/m2, where the height is known."""
        return self.facts.bmi


class _Answer(Struct, frozen=True):
    """Which weight a rule doses on, and why; `kg` is None where it cannot be worked out from what is known."""

    basis: WeightBasis
    kg: Fraction | None
    because: str
    factor: Decimal | None = None


def weigh(case: Case) -> Weights:
    """The weights of a case: by its protocol's own rule where no policy is named, else by its policy's."""
    own = rule_of_protocol(case)
    if own is not None and not case.definitions.policy_named:  # control: source-weight
        weights = weigh_by(case, own)
        if weights is not None:
            return weights
    weights = weigh_by(case, case.definitions.follows.of("rule of the policy", lambda: _rule_of_policy(case)))
    assert weights is not None  # a policy's rule has all its figures
    return weights


def rule_of_protocol(case: Case) -> Ruled | None:
    """The rule that the protocol's own source prints, if any."""
    regimen, protocol = case.regimen, case.protocol
    if regimen is None or protocol is None or protocol.dosing_weight is None:
        return None
    rule = protocol.dosing_weight
    name = f"protocol {regimen.id}:{case.protocol_id}"
    return Ruled(rule, name, cite(regimen, rule, protocol), case.formula_named(rule.ideal), of_protocol=True)


def _rule_of_policy(case: Case) -> Ruled:
    policy = case.policy
    rule = policy.dosing_weight
    assert rule is not None  # a policy without one is refused before
    return Ruled(rule, f"policy {policy.id}", cite(policy, rule), case.formula)


def weigh_by(case: Case, ruled: Ruled) -> Weights | None:
    """The weights by one rule; None where the rule names a weight for which its source prints no figures."""
    patient, rule = case.patient, ruled.rule
    if rule.missing and basis_by(case, ruled) not in ("actual", "pre-pregnancy"):
        return None
    return dosing_weight(patient, case.age_months, rule, ruled.formula, ruled.whose, ruled)


def basis_by(case: Case, ruled: Ruled) -> WeightBasis:
    """Which weight a rule names for the patient, also where its source does not print how to work it out."""
    facts = Facts(case.patient, ruled.rule, ruled.formula, ruled.whose, case.age_months)
    return _answer(facts).basis


def rate_weight_kg(policy: Policy, weights: Weights) -> Fraction:
    """The weight in kg that rates are multiplied by."""
    return weights.kg if policy.rate_weight.use == "dosing" else weights.actual_kg


def dosing_weight(
    patient: Patient,
    age_months: Fraction | None,
    rule: DosingWeight,
    formula: Formula | None,
    whose: str,
    ruled: Ruled | None = None,
) -> Weights:
    """Apply a weight rule. Raises `RequestError` for a missing input, `RefusedError` outside the formula."""
    facts = Facts(patient, rule, formula, whose, age_months)
    found = _answer(facts)
    if found.kg is None:
        raise RequestError(
            f"{whose} doses on the {found.basis} weight, which needs --height and --sex: "
            "give them, or another --policy",
            field="height",
        )
    factor = found.factor or rule.factor
    return Weights(found.kg, found.basis, found.because, facts, tuple(facts.assumed), factor, ruled)


def ideal_weight(patient: Patient, formula: Formula) -> Fraction | None:
    """The ideal weight by a formula; None below its heights, or where height or sex is not known."""
    height = patient.height_cm
    if height is None or patient.sex is None or height < _line_of(patient, formula).above.base:
        return None
    return _ideal_kg(patient, formula)


def _answer(facts: Facts) -> _Answer:
    return next(answer for ask in _RULES if (answer := ask(facts)) is not None)


# ---- the rules, in the order in which they are asked: the first answer counts ---------------------------------------


def _before_pregnancy(facts: Facts) -> _Answer | None:
    """In pregnancy the weight before it, where the policy says so."""
    patient = facts.patient
    if not patient.pregnant or facts.rule.pregnancy != "pre-pregnancy":  # control: pregnancy-weight
        return None
    if patient.pre_pregnancy_weight is None:
        raise RequestError(
            f"{facts.whose} doses on the weight before pregnancy: give --pre-pregnancy-weight",
            field="pregnant",
        )
    kg = patient.pre_pregnancy_weight.body_kg
    return _Answer("pre-pregnancy", kg, "pregnant: the weight before pregnancy")


def _actual_in_pregnancy(facts: Facts) -> _Answer | None:
    if facts.patient.pregnant and facts.rule.pregnancy == "actual":
        return _Answer("actual", facts.actual_kg, "pregnant: the actual weight")
    return None


def _always_actual(facts: Facts) -> _Answer | None:
    if facts.rule.use == "actual":
        return _Answer("actual", facts.actual_kg, f"the {_kind(facts)} doses on the actual weight")
    return None


def _left_open(facts: Facts) -> _Answer | None:
    """Refuses what the body leaves to the physician."""
    conditions = facts.rule.refuse_when
    if conditions and all(_holds(c, facts) for c in conditions):
        left_open = " and ".join(map(str, conditions))
        raise RefusedError(
            "policy-incomplete",
            f"{facts.whose} leaves it to the physician where {left_open}; choose another --policy",
            overridable=False,
        )
    return None


def _exception(facts: Facts) -> _Answer | None:
    """An exception; those that need no formula first: they may be just what excepts whom it does not reach."""
    for condition in sorted(facts.rule.unless, key=lambda c: c.weight is not None):
        if _holds(condition, facts):
            return _Answer("actual", facts.actual_kg, f"exception of the {_kind(facts)}: {condition}")
    return None


def _not_meant(facts: Facts) -> _Answer | None:
    """The actual weight of those for whom the rule is not meant."""
    rule = facts.rule
    met = [c for c in rule.when if _holds(c, facts)]
    missing = [str(c) for c in rule.all_when if not _holds(c, facts)]
    if (met or not rule.when) and not missing:
        return None
    unmet = missing or [str(c) for c in rule.when]
    return _Answer("actual", facts.actual_kg, f"the {_kind(facts)} applies only when {' or '.join(unmet)}")


def _of_the_obese(facts: Facts) -> _Answer | None:
    """The second weight, for the obese."""
    _within_formula(facts)
    obese, ideal = facts.rule.when_obese, facts.ideal_kg
    if obese is None or not any(_holds(c, facts) for c in obese.when):
        return None
    because = f"the {_kind(facts)}'s rule for {' or '.join(map(str, obese.when))}"
    if obese.use == "ideal":
        return _Answer("ideal", ideal, because)
    return _Answer("adjusted", adjusted_kg(facts.actual_kg, ideal, obese.factor), because, obese.factor)


def _by_formula(facts: Facts) -> _Answer:
    """The weight that the policy names."""
    rule = facts.rule
    triggers = [str(c) for c in rule.when if _holds(c, facts)]
    kind = _kind(facts)
    because = (
        f"the {kind}'s rule for {' and '.join(triggers)}" if triggers else f"the {kind} doses on the {rule.use} weight"
    )
    if rule.use == "adjusted":
        return _Answer("adjusted", facts.adjusted_kg, because)
    if rule.use == "lower-of-actual-and-ideal" and facts.ideal_kg is not None and facts.actual_kg <= facts.ideal_kg:
        return _Answer("actual", facts.actual_kg, "the actual weight is the lower of actual and ideal")
    return _Answer("ideal", facts.ideal_kg, because)


_RULES: tuple[Callable[[Facts], _Answer | None], ...] = (
    _before_pregnancy,
    _actual_in_pregnancy,
    _always_actual,
    _left_open,
    _exception,
    _not_meant,
    _of_the_obese,
    _by_formula,
)


def _kind(facts: Facts) -> str:
    """`policy` or `protocol`: whose rule it is, without its name."""
    return facts.whose.partition(" ")[0]


# ---- the formula and the conditions ---------------------------------------------------------------------------------


def adjusted_kg(actual: Fraction, ideal: Fraction | None, factor: Decimal | None) -> Fraction | None:
    """The ideal weight and a part of what is above it."""
    return None if ideal is None or factor is None else ideal + Fraction(factor) * (actual - ideal)


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


def _within_formula(facts: Facts) -> None:
    """Below the height that the formula starts from it says nothing, unless the rule itself prints that height or one
    above it, also in whole centimetres, 152 for 152.4: from there on it applies the formula.
    """
    patient, formula = facts.patient, facts.formula
    height = patient.height_cm
    if formula is None or height is None or patient.sex is None:
        return
    floor = _line_of(patient, formula).above
    printed = [c.operand.base for c in facts.rule.unless if c.subject == "height" and isinstance(c.operand, Quantity)]
    own_floor = any(floor.base - start < 1 for start in printed) and facts.ideal_kg is not None
    if height < floor.base and not own_floor:  # control: formula-heights
        raise RefusedError(
            "height-outside-formula",
            f"{formula.title} starts at a height of {floor}, and {facts.whose} "
            "does not say what to do below it; choose another --policy",
            value=str(patient.height),
            limit=str(floor),
            overridable=False,
        )


def _holds(condition: Condition, facts: Facts) -> bool:
    if condition.subject == "pregnant":
        return facts.patient.pregnant
    left = _left_side(condition, facts)
    if condition.subject == "age" and left is None:
        text = f"age not given: the rule '{condition}' was taken not to apply"
        if text not in facts.assumed:
            facts.assumed.append(text)
        return False
    if condition.weight is not None:
        _within_formula(facts)
    right = _right_side(condition, facts)
    if left is None or right is None:  # control: height-needed
        needs = "--height" if condition.subject in ("height", "bmi") else "--height and --sex"
        raise RequestError(
            f"{facts.whose} tests '{condition}', which needs {needs}: give what is missing", field="height"
        )
    return condition.holds(left, right)


def _left_side(condition: Condition, facts: Facts) -> Fraction | None:
    if condition.subject == "age":
        return facts.age_months
    if condition.subject == "height":
        return facts.patient.height_cm
    if condition.subject == "bmi":
        return facts.bmi
    return facts.patient.weight_kg


def _right_side(condition: Condition, facts: Facts) -> Fraction | None:
    if condition.operand is not None:
        return condition.operand.base if isinstance(condition.operand, Quantity) else Fraction(condition.operand)
    named = facts.ideal_kg if condition.weight == "ideal" else facts.adjusted_kg
    return named * Fraction(condition.percent) / 100 if named is not None else None
