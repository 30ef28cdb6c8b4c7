"""What was asked and by which definitions it was answered, for whoever calculates it again."""

from __future__ import annotations

from collections.abc import Iterator

from ivigcalc.engine.plan import ComputedFrom, Plan, clock_text
from ivigcalc.render.words import clean
from ivigcalc.request.request import Order, Patient

Said = list[tuple[str, object]]


def inputs(plan: Plan) -> list[str]:
    """The patient, the order and the definitions, a line each."""
    source = plan.computed_from
    return [
        f"Patient: {_listed(_of_patient(source.request.patient))}",
        f"Order: {_listed(_of_order(source.request.order)) or 'as the protocol says'}",
        f"Definitions: {'; '.join(_definitions(source))}",
    ]


def _of_patient(patient: Patient) -> Said:
    return [
        ("weight", patient.weight),
        ("weighed", patient.weighed_on),
        ("height", patient.height),
        ("sex", patient.sex),
        ("age", patient.age),
        ("born", patient.birth_date),
        ("pregnant", "yes" if patient.pregnant else None),
        ("weight before pregnancy", patient.pre_pregnancy_weight),
        ("weight last time", patient.previous_weight),
        ("risks", ", ".join(patient.risks)),
        ("conditions", ", ".join(patient.conditions)),
    ]


def _of_order(order: Order) -> Said:
    return [
        ("dose", order.dose),
        ("days", order.days),
        ("every", order.every),
        ("dose basis", order.dose_basis),
        ("courses", order.courses),
        ("start", order.start),
        ("at", None if order.at is None else clock_text(None, order.at)),
        ("infusion", order.infusion),
        ("last infusion", order.last_infusion),
        ("last product", order.last_product),
        ("valid for", order.valid_for),
    ]


def _listed(said: Said) -> str:
    return "; ".join(f"{name} {clean(str(value), 120)}" for name, value in said if value)


def _definitions(source: ComputedFrom) -> Iterator[str]:
    protocol = f":{source.protocol}"
    named = (
        ("regimen", source.regimen, protocol),
        ("product", source.product, ""),
        ("policy", source.policy.policy, ""),
    )
    for kind, loaded, part in named:
        if loaded:
            yield f"{kind} {clean(loaded.value.id, 60)}{part} of {loaded.value.version} ({loaded.sha256[:8]})"
    site = source.site.value
    file = f" ({source.site.sha256[:8]})" if source.site.sha256 else ""
    yield f"site {clean(site.id, 60)}{file}"
    yield f"pump {site.pump.increment} steps up to {site.pump.maximum}"
