"""What the protocol says in words, and that it was chosen for the reader where nobody named it."""

from __future__ import annotations

from collections.abc import Iterator

from ivigcalc.checks.common import Asked, cite
from ivigcalc.definitions import Cited, Phase, Product, Regimen
from ivigcalc.memo import remembered
from ivigcalc.plan import Notice


@remembered(256)
def default_protocol(regimen: Regimen, chosen: str, product: Product) -> tuple[Notice, ...]:
    """That the first protocol of several was taken; a caution where another is named after the product."""
    others = [name for name in regimen.protocols if name != chosen]
    if not others:
        return ()
    brand = product.id.rpartition("-")[0] or product.id
    own = [name for name in others if brand in name]
    if own and brand not in chosen:
        message = f"protocol not given: {chosen} was taken, but {', '.join(own)} is named after this product: choose with --regimen {regimen.id}:PROTOCOL"
        return (Notice("default-used", "caution", message),)
    message = f"protocol not given: {chosen} is the first of {len(others) + 1} of {regimen.id}; choose with --regimen {regimen.id}:PROTOCOL"
    return (Notice("default-used", "info", message),)


def said_of_protocol(asked: Asked) -> Iterator[Notice]:
    """What the source says of the dosing weight, which a policy may do otherwise."""
    protocol, regimen = asked.protocol, asked.regimen
    if protocol is None or regimen is None or protocol.weight is None:
        return
    yield _said(
        f"the protocol's source says of the weight: {protocol.weight.text}", regimen.value, protocol.weight, protocol
    )


def said_of_phase(asked: Asked, phase: Phase) -> Iterator[Notice]:
    """What the source says beside the dose and the days, such as over how many hours one is given."""
    regimen = asked.regimen
    if regimen is None:
        return
    of_phase = "" if phase.id == "course" else f"{phase.id}: "
    for part, what in ((phase.dose, "dose"), (phase.days, "days"), (phase.interval, "interval")):
        if part is not None and part.note:
            yield _said(f"{of_phase}on the {what}: {part.note}", regimen.value, part, phase, asked.protocol)


def _said(message: str, regimen: Regimen, *parts: Cited | None) -> Notice:
    return Notice("protocol-says", "info", message.rstrip("."), source=cite(regimen, *parts))
