"""What a policy file says: its rule in words, what in it is assumed, and what nobody printed. Formats only."""

from __future__ import annotations

from collections.abc import Iterator

from ivigcalc.definitions import CeilingAtRisk, DosingWeight, Formula, Policy, PolicyCeiling, Prefer, Rounding
from ivigcalc.render.catalogue.sheets import PolicySheet as Words
from ivigcalc.render.catalogue.sheets import Sheet
from ivigcalc.render.figures import measured, sentence, shown
from ivigcalc.render.sheets.sheet import Citing, Fact, Section
from ivigcalc.render.sheets.words import limit_text

_USES = {
    "actual": Words.actual_weight,
    "ideal": Words.ideal_weight,
    "adjusted": Words.adjusted_weight,
    "lower-of-actual-and-ideal": Words.lower_weight,
}
_CEILINGS = {
    "rate_ceiling": Words.highest_rate,
    "first_rate_ceiling": Words.first_infusion,
    "at_risk_ceiling": Sheet.at_risk,
}
_PREGNANCY = {"pre-pregnancy": Words.before_pregnancy, "actual": Words.actual_weight}
_RATES = {"actual": Words.rates_by_actual, "dosing": Words.rates_by_dosing}
#: direction and, of nearest, where halves go
_ROUNDED = {
    ("nearest", "down"): Words.to_nearest_down,
    ("nearest", "up"): Words.to_nearest_up,
    ("down", None): Words.to_down,
    ("up", None): Words.to_up,
}


def policy_sections(policy: Policy, formula: Formula | None) -> Iterator[Section]:
    """The rule, then what else the body says."""
    citing = Citing(policy)
    yield Section("", tuple(_head(policy)))
    if not policy.computable:
        parts = tuple(Fact(Sheet.missing, text, mark=True) for text in policy.missing)
        yield Section(Words.not_computable, parts)
    weight = [*weight_facts(policy.dosing_weight, formula, citing)] if policy.dosing_weight else []
    rounding = [*_rounding(policy.rounding, citing)] if policy.rounding else []
    rule = [*weight, *rounding]
    if policy.prefer:
        rule.append(Fact(Words.prefers, prefer_text(policy.prefer), citing.of(policy.prefer)))
    if policy.computable:
        assumed = policy.rate_weight.basis == "assumed"
        said = _RATES[policy.rate_weight.use]
        text = Words.rates_assumed.format(said=said) if assumed else said
        rule.append(Fact(Sheet.rates, text, citing.of(policy.rate_weight), mark=assumed))
    rule += [
        Fact(_CEILINGS[key], _ceiling_text(ceiling), citing.of(ceiling)) for key, ceiling in policy.ceilings.items()
    ]
    rule += [Fact(Sheet.limit, limit_text(limit), citing.of(limit)) for limit in policy.limits]
    if rule:
        yield Section(Words.rule, tuple(rule))
    if policy.says:
        yield Section(Words.also_says, tuple(Fact("", said.text, citing.of(said)) for said in policy.says))
    if policy.notes:
        yield Section(Sheet.notes, tuple(Fact("", note) for note in policy.notes))


def _ceiling_text(ceiling: PolicyCeiling) -> str:
    never = Words.never_above_for if isinstance(ceiling, CeilingAtRisk) else Words.never_above
    said = never.format(rate=ceiling.rate, whom=ceiling)
    return Words.never_above_note.format(said=said, note=ceiling.note) if ceiling.note else said


def _head(policy: Policy) -> Iterator[Fact]:
    yield Fact(Words.body, policy.body or Sheet.not_said)
    yield Fact(Words.country, policy.country or Sheet.not_said)
    ready = Words.yes if policy.computable else Words.no
    yield Fact(Words.computable, ready, mark=not policy.computable)


def weight_facts(rule: DosingWeight, formula: Formula | None, citing: Citing) -> Iterator[Fact]:
    """A rule of the dosing weight, line by line."""
    own = citing.of(rule)
    yield Fact(Sheet.dosing_weight, weight_text(rule), own)
    if formula is not None:
        named = Words.formula_named.format(title=formula.title, id=formula.id, formula=formula_text(formula))
        yield Fact(Words.ideal, named, own)
    yield from _conditions(rule, own)
    if rule.pregnancy is not None:
        yield Fact(Words.pregnancy, _PREGNANCY[rule.pregnancy], own)
    yield from (Fact(Sheet.assumed, text, mark=True) for text in rule.assumed)
    yield from (Fact(Sheet.missing, text, mark=True) for text in rule.missing)
    if rule.note:
        yield Fact(Sheet.note, rule.note, own)


def _conditions(rule: DosingWeight, own: tuple[str, ...]) -> Iterator[Fact]:
    """When it applies, and what is done with those to whom it does not."""
    for label, conditions, joined_by, then in (
        (Words.applies_when, rule.when, Sheet.or_, Words.else_actual),
        (Words.and_when, rule.all_when, Sheet.and_, Words.else_actual),
        (Words.not_when, rule.unless, Sheet.or_, Words.then_actual),
    ):
        if conditions:
            yield Fact(label, then.format(conditions=joined_by.join(map(str, conditions))), own)
    if rule.when_obese is not None:
        obese = rule.when_obese
        when, factor = Sheet.or_.join(map(str, obese.when)), shown(obese.factor)
        said = Words.obese if obese.factor is None else Words.obese_factor
        yield Fact(Words.the_obese, said.format(conditions=when, weight=_USES[obese.use], factor=factor), own)
    if rule.refuse_when:
        why = Words.refused.format(conditions=Sheet.and_.join(map(str, rule.refuse_when)))
        yield Fact(Words.left_open, why, own, mark=True)


def weight_text(rule: DosingWeight) -> str:
    """Which weight the g/kg is multiplied by, in words."""
    if rule.use != "adjusted":
        return _USES[rule.use]
    return Words.adjusted.format(factor=shown(rule.factor, "?"))


def formula_text(formula: Formula) -> str:
    """`men 50 kg + 2.3 kg for each inch above 60 in; women ...`."""
    lines = ((Words.men, formula.male), (Words.women, formula.female))
    return "; ".join(said.format(at=line.at, per_inch=line.per_inch, above=line.above) for said, line in lines)


def rounding_text(rule: Rounding) -> str:
    """`to whole vials, nearest, halves down`."""
    if rule.to == "nothing":
        return Words.not_rounded
    said = _ROUNDED[rule.direction, rule.tie if rule.direction == "nearest" else None]
    return sentence(said.format(to=step_text(rule)))


def step_text(rule: Rounding) -> str:
    """`whole vials`, `5 g`."""
    return Words.whole_vials if rule.to == "whole vials" else str(rule.to)


def opened_text(rule: Rounding) -> str:
    """When a vial is opened for the exact dose: `where whole vials are more than 10 % off: the exact dose to 0.1 g`."""
    if rule.within is None or rule.otherwise is None:
        return ""
    return Words.opened.format(within=measured(rule.within), step=measured(rule.otherwise))


def prefer_text(prefer: Prefer) -> str:
    """`the fewest vials within 5 % of the exact dose, days that differ by at most 5 g`."""
    return Words.fewest.format(within=measured(prefer.within), spread=measured(prefer.spread))


def _rounding(rule: Rounding, citing: Citing) -> Iterator[Fact]:
    assumed = rule.basis == "assumed"
    text = rounding_text(rule)
    text = Words.rounding_assumed.format(said=text) if assumed else text
    yield Fact(Words.rounding, text, citing.of(rule), mark=assumed)
    if opened := opened_text(rule):
        yield Fact(Words.opened_vials, opened, citing.of(rule))
    if rule.small is not None:
        small = rule.small
        said = Words.small_when if small.when else Words.small
        text = said.format(below=small.below, to=small.to, conditions=Sheet.or_.join(map(str, small.when)))
        yield Fact(Words.small_doses, text, citing.of(small, rule))
    if rule.note:
        yield Fact(Sheet.note, rule.note, citing.of(rule))
