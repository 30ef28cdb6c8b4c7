"""What was asked and by which definitions it was answered, for whoever calculates it again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ivigcalc.definitions import Loaded
from ivigcalc.engine.plan import ComputedFrom, Plan
from ivigcalc.render.catalogue.paper import Paper
from ivigcalc.render.words import clean, rests_on
from ivigcalc.request.fields import FIELDS
from ivigcalc.request.form import Words
from ivigcalc.request.request import Request


def inputs(plan: Plan) -> list[str]:
    """The patient, the order, the definitions and what stands behind the protocol, a line each."""
    source = plan.computed_from
    return [
        Paper.asked_patient.format(said=_said_of("patient", source.request)),
        Paper.asked_order.format(said=_said_of("order", source.request) or Paper.as_the_protocol_says),
        Paper.asked_definitions.format(said="; ".join([*_definitions(source), *_later_products(plan)])),
        *(Paper.asked_evidence.format(said=text) for text in rests_on(plan)),
    ]


def _later_products(plan: Plan) -> Iterator[str]:
    """The products that the plan changed to."""
    for change in plan.history:
        if change.to_product is not None:
            found = change.to_product
            product = _file(Paper.kind_product, found, "")
            yield Paper.later_product.format(product=product, course=change.words.from_course)


def _said_of(record: str, request: Request) -> str:
    """What was said of the patient or of the order, in words, but for what has its place elsewhere on the page."""
    rows = [field for field in FIELDS if field.of == record and field.printed is not None]
    said = [(field.label, field.words_of(request)) for field in rows]
    return "; ".join(f"{label} {clean(_in_text(words), 120)}" for label, words in said if words)


def _in_text(words: Words) -> str:
    if isinstance(words, tuple):
        return ", ".join(words)
    return Paper.yes if words is True else str(words)


def _definitions(source: ComputedFrom) -> Iterator[str]:
    protocol = f":{source.protocol}"
    named = (
        (Paper.kind_regimen, source.regimen, protocol),
        (Paper.kind_product, source.product, ""),
        (Paper.kind_policy, source.policy.policy, ""),
    )
    for kind, loaded, part in named:
        if loaded:
            yield _file(kind, loaded, part)
    site = source.site.value
    file = f" ({source.site.sha256[:8]})" if source.site.sha256 else ""
    yield Paper.site_asked.format(id=f"{clean(site.id, 60)}{file}")
    yield Paper.pump_asked.format(increment=site.pump.increment, maximum=site.pump.maximum)


def _file(kind: str, loaded: Loaded[Any], part: str) -> str:
    """Which definition, of which day, from which bytes."""
    name, version = f"{clean(loaded.value.id, 60)}{part}", loaded.value.version
    return Paper.definition.format(kind=kind, id=name, version=version, sha256=loaded.sha256[:8])
