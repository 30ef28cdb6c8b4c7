"""What was asked and by which definitions it was answered, for whoever calculates it again."""

from __future__ import annotations

from collections.abc import Iterator

from ivigcalc.engine.plan import ComputedFrom, Plan
from ivigcalc.render.words import clean, rests_on
from ivigcalc.request.fields import FIELDS
from ivigcalc.request.form import Words
from ivigcalc.request.request import Request


def inputs(plan: Plan) -> list[str]:
    """The patient, the order, the definitions and what stands behind the protocol, a line each."""
    source = plan.computed_from
    return [
        f"Patient: {_said_of('patient', source.request)}",
        f"Order: {_said_of('order', source.request) or 'as the protocol says'}",
        f"Definitions: {'; '.join([*_definitions(source), *_later_products(plan)])}",
        *(f"Evidence: {text}" for text in rests_on(plan)),
    ]


def _later_products(plan: Plan) -> Iterator[str]:
    """The products that the plan changed to."""
    for change in plan.history:
        if change.to_product is not None:
            found = change.to_product
            name = f"product {clean(found.value.id, 60)} of {found.value.version} ({found.sha256[:8]})"
            yield f"{name} from course {change.words.from_course} on"


def _said_of(record: str, request: Request) -> str:
    """What was said of the patient or of the order, in words, but for what has its place elsewhere on the page."""
    rows = [field for field in FIELDS if field.of == record and field.printed is not None]
    said = [(field.label, field.words_of(request)) for field in rows]
    return "; ".join(f"{label} {clean(_in_text(words), 120)}" for label, words in said if words)


def _in_text(words: Words) -> str:
    if isinstance(words, tuple):
        return ", ".join(words)
    return "yes" if words is True else str(words)


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
