"""What was asked, in words: as they were typed, and as a plan gives them again."""

from __future__ import annotations

from dataclasses import dataclass

from ivigcalc.definitions import NO_SITE, Loaded, Site
from ivigcalc.request import Request


@dataclass(slots=True)
class Form:
    """What was asked, in words. `None` = not said."""

    weight: str | None = None
    weighed_on: str | None = None
    height: str | None = None
    sex: str | None = None
    age: str | None = None
    birth_date: str | None = None
    pregnant: bool = False
    pre_pregnancy_weight: str | None = None
    previous_weight: str | None = None
    risk: tuple[str, ...] = ()
    condition: tuple[str, ...] = ()
    name: str | None = None
    patient_id: str | None = None
    regimen: str | None = None
    indication: str | None = None
    product: str | None = None
    policy: str | None = None
    phase: str | None = None
    dose: str | None = None
    dose_basis: str | None = None
    days: str | None = None
    every: str | None = None
    courses: str | None = None
    start: str | None = None
    at: str | None = None
    infusion: str | None = None
    last_infusion: str | None = None
    last_product: str | None = None
    valid_for: str | None = None
    override: tuple[str, ...] = ()


NO_SITE_LOADED: Loaded[Site] = Loaded(NO_SITE, "", "")


def form_of(request: Request, *, regimen: str | None, product: str, policy: str) -> Form:
    """The words that give this request again: what a saved plan stores."""
    patient, order = request.patient, request.order

    def text(value: object) -> str | None:
        return None if value is None else str(value)

    return Form(
        weight=str(patient.weight), weighed_on=text(patient.weighed_on), height=text(patient.height), sex=patient.sex, age=text(patient.age),
        birth_date=text(patient.birth_date), pregnant=patient.pregnant, pre_pregnancy_weight=text(patient.pre_pregnancy_weight),
        previous_weight=text(patient.previous_weight), risk=patient.risks, condition=patient.conditions, name=patient.name,
        patient_id=patient.patient_id, regimen=regimen, indication=request.indication, product=product, policy=policy,
        phase=order.phase, dose=text(order.dose), dose_basis=order.dose_basis, days=text(order.days), every=text(order.every), courses=text(order.courses),
        start=text(order.start), at=None if order.at is None else f"{order.at // 60:02}:{order.at % 60:02}", infusion=order.infusion,
        last_infusion=text(order.last_infusion), last_product=order.last_product, valid_for=text(order.valid_for),
        override=tuple(f"{code}={reason}" for code, reason in order.overrides),
    )  # fmt: skip
