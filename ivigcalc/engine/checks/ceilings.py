"""The ceilings that are printed elsewhere than in the rate table: which bound a rate, and which the order lifted."""

from __future__ import annotations

from collections.abc import Iterator

from ivigcalc.definitions import CeilingAtRisk, RateTable, cite
from ivigcalc.engine.case import Case
from ivigcalc.engine.ceilings import OF_POLICY, Held, of_indication, of_policy
from ivigcalc.engine.draft import Draft
from ivigcalc.engine.infusion import UsedTable
from ivigcalc.engine.plan import Notice
from ivigcalc.engine.prescription import Prescription
from ivigcalc.engine.titration import OtherCeiling
from ivigcalc.exact import Fraction
from ivigcalc.quantity import figure
from ivigcalc.request.request import NO_RISK

#: for whom a ceiling of a policy is printed
_FOR = {"policy-first": " for a first infusion", "policy-at-risk": " for patients at risk"}


def elsewhere(rx: Prescription, held: Held, used: UsedTable) -> Iterator[Notice]:
    """Ceilings that are printed elsewhere than in the table, and bound a step."""
    for other in used.others:
        if other.by not in used.bound_by:
            continue
        stays, limit = f"the rate stays at or below {other.printed}", str(other.printed)
        if other.by == "indication":
            text = f"{stays}, the most that is printed for {rx.indication}"
            yield Notice("indication-ceiling-applied", "caution", text, None, limit, _source(rx, other))
        elif other.by == "at-risk-elsewhere":
            kept = [(table, rx.product.at_risk(table)) for table in rx.product.rates]
            table = next(table for table, ceiling in kept if ceiling and ceiling.rate == other.printed)
            uses = ", ".join(table.for_)
            text = f"{stays}{less_than(table) or ', printed'} for patients at risk in the table for {uses}"
            source = cite(rx.product, table.at_risk_ceiling, table)
            yield Notice("risk-ceiling-applied", "caution", text, None, limit, source)
        else:
            yield _by_policy(rx, held, other, stays)


def less_than(table: RateTable) -> str:
    """Where the source prints no rate to be kept but one to stay below: which, and that the step below it is taken."""
    printed = table.at_risk_ceiling
    return f", the last step below the printed {printed.rate}" if printed and printed.less_than else ""


def _by_policy(rx: Prescription, held: Held, other: OtherCeiling, stays: str) -> Notice:
    policy, has = rx.policy, ", ".join(held.of_policy) if other.by == "policy-at-risk" else None
    if has is not None:
        text = f"{has}: {stays}, which policy {policy.id} prints for patients at risk"
    else:
        text = f"{stays}, the most that policy {policy.id} prints{_FOR.get(other.by, '')}"
    return Notice("policy-ceiling-applied", "caution", text, has, str(other.printed), _source(rx, other))


def _source(rx: Prescription, other: OtherCeiling) -> str | None:
    """Where a ceiling of what is treated, or of the policy, is printed."""
    if other.by == "indication":
        return rx.rate_ceiling_source
    return cite(rx.policy, rx.policy.ceilings[OF_POLICY[other.by]])


def lifted(draft: Draft) -> Iterator[Notice]:
    """That the order lifts a ceiling, where a rate goes above it: a stop with its reason."""
    rx, held = draft.prescription, draft.titrated.held
    for lift in held.lifted:
        passed: list[tuple[Fraction, Fraction, OtherCeiling]] = []
        for titration in draft.titrated.titrations:
            highest = max(rate for rate, _, _ in titration.infusion.climb.rates)
            for kind in dict.fromkeys(draft.calendar.kinds[place] for place in titration.places):
                bounds = of_indication(rx) if lift == "indication-ceiling" else of_policy(rx, kind, held)
                each = ((other.ml_per_h(draft.rate_kg), other) for other in bounds)
                passed += [(highest, most, other) for most, other in each if highest > most]
        if passed:
            highest = max(found[0] for found in passed)
            _, _, other = min(passed, key=lambda found: found[1])
            code = "indication-ceiling" if other.by == "indication" else "policy-ceiling"
            whose = f"for {rx.indication}" if other.by == "indication" else f"by policy {rx.policy.id}"
            text = f"up to {figure(highest)} mL/h is above the {other.printed} printed {whose}{_FOR.get(other.by, '')}"
            yield Notice(code, "stop", text, f"{figure(highest)} mL/h", str(other.printed), _source(rx, other))


def policy_risks_open(draft: Draft) -> Iterator[Notice]:
    """A lower rate that the policy prints for patients at risk, where nobody said whether this one is."""
    rx, held = draft.prescription, draft.titrated.held
    ceiling = rx.policy.at_risk_ceiling
    if ceiling is None or not draft.titrated.used or held.of_policy or "policy-ceiling" in held.lifted:
        return
    rates = [rate for made in draft.titrated.titrations for rate, _, _ in made.infusion.climb.rates]
    ask, most = _not_said(draft.case, ceiling), OtherCeiling.of("policy-at-risk", rx.product, ceiling.rate)
    if ask and max(rates) > most.ml_per_h(draft.rate_kg):
        text = f"policy {rx.policy.id} prints at most {ceiling.rate} for patients at risk ({ceiling}), and nobody said"
        text = f"{text} whether this is one: it was taken not to hold; give {ask}"
        yield Notice("default-used", "caution", text, source=cite(rx.policy, ceiling))


def _not_said(case: Case, ceiling: CeilingAtRisk) -> str:
    """Which options would settle whether a patient is at risk; `--risk none` answers for the conditions as well."""
    risks = [f"--risk {risk}" for risk in ceiling.risks] + [f"--condition {word}" for word in ceiling.conditions]
    asked = [f"{', '.join(risks)} or --risk {NO_RISK}"] if risks and not case.patient.risks else []
    return ", and ".join([*asked, "--age"] if ceiling.when and case.age_months is None else asked)
