"""What a policy file says: its rule in words, what in it is assumed, and what nobody printed. Formats only."""

from __future__ import annotations

from collections.abc import Iterator

from ivigcalc.definitions import CeilingAtRisk, DosingWeight, Formula, Policy, PolicyCeiling, Prefer, Rounding
from ivigcalc.render.figures import figure, measured, sentence
from ivigcalc.render.sheets.sheet import Citing, Fact, Section
from ivigcalc.render.sheets.words import limit_text

_USES = {
    "actual": "the actual weight",
    "ideal": "the ideal weight",
    "lower-of-actual-and-ideal": "the lower of the actual and the ideal weight",
}
_CEILINGS = {
    "rate_ceiling": "Highest rate",
    "first_rate_ceiling": "First infusion",
    "at_risk_ceiling": "At risk",
}
_PREGNANCY = {"pre-pregnancy": "the weight before the pregnancy", "actual": "the actual weight"}


def policy_sections(policy: Policy, formula: Formula | None) -> Iterator[Section]:
    """The rule, then what else the body says."""
    citing = Citing(policy)
    yield Section("", tuple(_head(policy)))
    if not policy.computable:
        parts = tuple(Fact("Missing", text, mark=True) for text in policy.missing)
        yield Section("Cannot be computed: what nobody printed", parts)
    weight = [*weight_facts(policy.dosing_weight, formula, citing)] if policy.dosing_weight else []
    rounding = [*_rounding(policy.rounding, citing)] if policy.rounding else []
    rates = {"actual": "mL/kg/h times the actual weight", "dosing": "mL/kg/h times the dosing weight"}
    rule = [*weight, *rounding]
    if policy.prefer:
        rule.append(Fact("Prefers", prefer_text(policy.prefer), citing.of(policy.prefer)))
    if policy.computable:
        assumed = policy.rate_weight.basis == "assumed"
        basis = " (ASSUMED: the body does not print it)" if assumed else ""
        rule.append(Fact("Rates", rates[policy.rate_weight.use] + basis, citing.of(policy.rate_weight), mark=assumed))
    rule += [
        Fact(_CEILINGS[key], f"never above {ceiling.rate}{_for(ceiling)}", citing.of(ceiling))
        for key, ceiling in policy.ceilings.items()
    ]
    rule += [Fact("Limit", limit_text(limit), citing.of(limit)) for limit in policy.limits]
    if rule:
        yield Section("Rule", tuple(rule))
    if policy.says:
        yield Section("The body also says", tuple(Fact("", said.text, citing.of(said)) for said in policy.says))
    if policy.notes:
        yield Section("Notes", tuple(Fact("", note) for note in policy.notes))


def _for(ceiling: PolicyCeiling) -> str:
    whom = f", for: {ceiling}" if isinstance(ceiling, CeilingAtRisk) else ", whatever the product"
    return f"{whom}; {ceiling.note}" if ceiling.note else whom


def _head(policy: Policy) -> Iterator[Fact]:
    yield Fact("Body", policy.body or "not said")
    yield Fact("Country", policy.country or "not said")
    ready = "yes" if policy.computable else "NO: it is on file as known, and a plan with it is refused"
    yield Fact("Computable", ready, mark=not policy.computable)


def weight_facts(rule: DosingWeight, formula: Formula | None, citing: Citing) -> Iterator[Fact]:
    """A rule of the dosing weight, line by line."""
    own = citing.of(rule)
    yield Fact("Dosing weight", weight_text(rule), own)
    if formula is not None:
        yield Fact("Ideal weight", f"{formula.title} ({formula.id}): {formula_text(formula)}", own)
    yield from _conditions(rule, own)
    if rule.pregnancy is not None:
        yield Fact("Pregnancy", _PREGNANCY[rule.pregnancy], own)
    yield from (Fact("Assumed", text, mark=True) for text in rule.assumed)
    yield from (Fact("Missing", text, mark=True) for text in rule.missing)
    if rule.note:
        yield Fact("Note", rule.note, own)


def _conditions(rule: DosingWeight, own: tuple[str, ...]) -> Iterator[Fact]:
    """When it applies, and what is done with those to whom it does not."""
    for label, conditions, joined_by, then in (
        ("Applies when", rule.when, " or ", "; else the actual weight"),
        ("And when", rule.all_when, " and ", "; else the actual weight"),
        ("Not when", rule.unless, " or ", ": then the actual weight"),
    ):
        if conditions:
            yield Fact(label, joined_by.join(map(str, conditions)) + then, own)
    if rule.when_obese is not None:
        obese = rule.when_obese
        factor = f" (factor {figure(obese.factor)})" if obese.factor is not None else ""
        yield Fact("The obese", f"{' or '.join(map(str, obese.when))}: the {obese.use} weight{factor}", own)
    if rule.refuse_when:
        why = "the body leaves it to the physician, so a plan is refused"
        yield Fact("Left open", f"{' and '.join(map(str, rule.refuse_when))}: {why}", own, mark=True)


def weight_text(rule: DosingWeight) -> str:
    """Which weight the g/kg is multiplied by, in words."""
    if rule.use != "adjusted":
        return _USES[rule.use]
    factor = figure(rule.factor) if rule.factor is not None else "?"
    return f"the adjusted weight: ideal + {factor} x (actual - ideal)"


def formula_text(formula: Formula) -> str:
    """`men 50 kg + 2.3 kg for each inch above 60 in; women ...`."""
    lines = (("men", formula.male), ("women", formula.female))
    return "; ".join(f"{who} {line.at} + {line.per_inch} for each inch above {line.above}" for who, line in lines)


def rounding_text(rule: Rounding) -> str:
    """`to whole vials, nearest, halves down`."""
    return "not rounded" if rule.to == "nothing" else sentence(str(rule))


def opened_text(rule: Rounding) -> str:
    """When a vial is opened for the exact dose: `where whole vials are more than 10 % off: the exact dose to 0.1 g`."""
    if rule.within is None or rule.otherwise is None:
        return ""
    return f"where whole vials are more than {measured(rule.within)} off: the exact dose to {measured(rule.otherwise)}"


def prefer_text(prefer: Prefer) -> str:
    """`the fewest vials within 5 % of the exact dose, days that differ by at most 5 g`."""
    near = f"within {measured(prefer.within)} of the exact dose"
    return f"the fewest {prefer.fewest} {near}, days that differ by at most {measured(prefer.spread)}"


def _rounding(rule: Rounding, citing: Citing) -> Iterator[Fact]:
    assumed = rule.basis == "assumed"
    basis = " (ASSUMED: the body does not print all of it)" if assumed else ""
    yield Fact("Rounding", f"{rounding_text(rule)}{basis}", citing.of(rule), mark=assumed)
    if opened := opened_text(rule):
        yield Fact("Opened vials", opened, citing.of(rule))
    if rule.small is not None:
        small = rule.small
        when = f", when {' or '.join(map(str, small.when))}" if small.when else ""
        yield Fact("Small doses", f"below {small.below} to {small.to}{when}", citing.of(small, rule))
    if rule.note:
        yield Fact("Note", rule.note, citing.of(rule))
