"""The ceilings of a rate that are printed elsewhere than in its table, and for whom they hold."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from ivigcalc.definitions import RateTable
from ivigcalc.engine.case import Case
from ivigcalc.engine.prescription import Prescription
from ivigcalc.engine.titration import Binding, OtherCeiling, at_risk_elsewhere
from ivigcalc.request.request import InfusionKind, Risk

#: the stops that lift a ceiling, where the order overrides them
LIFTS = ("indication-ceiling", "policy-ceiling")
#: what a rate is bounded by, by the key of the policy; of equal ones the first is named
OF_POLICY: dict[Binding, str] = {
    "policy-at-risk": "at_risk_ceiling",
    "policy-first": "first_rate_ceiling",
    "policy": "rate_ceiling",
}


class Held(Struct, frozen=True):
    """What of a patient and an order settles which ceilings hold.

    `risks`: the patient's. `of_policy`: why the policy counts him among those at risk, in words. `lifted`: those of
    `LIFTS` that the order overrides.
    """

    risks: tuple[Risk, ...] = ()
    of_policy: tuple[str, ...] = ()
    lifted: tuple[str, ...] = ()


def held_to(case: Case) -> Held:
    """What the patient is held to."""
    lifted = tuple(code for code in LIFTS if case.order.override(code) is not None)
    return Held(case.patient.at_risk, tuple(_at_risk_by_policy(case)), lifted)


def _at_risk_by_policy(case: Case) -> Iterator[str]:
    """Which of the risks that the policy names the patient has."""
    ceiling, age = case.policy.at_risk_ceiling, case.age_months
    if ceiling is None:
        return
    yield from (f"{risk} risk" for risk in ceiling.risks if risk in case.patient.at_risk)
    yield from (word.replace("-", " ") for word in ceiling.conditions if word in case.patient.conditions)
    yield from (str(bound) for bound in ceiling.when if age is not None and bound.holds(age))  # control: policy-age


def other_ceilings(rx: Prescription, table: RateTable, kind: InfusionKind, held: Held) -> tuple[OtherCeiling, ...]:
    """Those beside the table's own: of other tables of the product, of what is treated, of the policy."""
    found = at_risk_elsewhere(rx.product, table, held.risks)  # control: at-risk-elsewhere
    if "indication-ceiling" not in held.lifted:
        found += of_indication(rx)  # control: indication-ceiling
    if "policy-ceiling" not in held.lifted:
        found += of_policy(rx, kind, held)  # control: policy-ceiling
    return found


def of_indication(rx: Prescription) -> tuple[OtherCeiling, ...]:
    """What is printed for what is treated, whatever the product."""
    ceiling = rx.rate_ceiling
    return () if ceiling is None else (OtherCeiling.of("indication", rx.product, ceiling.rate),)


def of_policy(rx: Prescription, kind: InfusionKind, held: Held) -> tuple[OtherCeiling, ...]:
    """What the body of the policy does not pass in a first or a later infusion of this patient."""
    holds = {"policy-at-risk": bool(held.of_policy), "policy-first": kind == "first", "policy": True}
    ceilings = rx.policy.ceilings
    return tuple(
        OtherCeiling.of(by, rx.product, ceilings[key].rate)
        for by, key in OF_POLICY.items()
        if key in ceilings and holds[by]
    )
