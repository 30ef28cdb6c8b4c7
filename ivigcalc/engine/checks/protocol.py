"""What the protocol says in words, and that it was chosen for the reader where nobody named it."""

from __future__ import annotations

from ivigcalc.definitions import Cited, Phase, Product, Protocol, Regimen
from ivigcalc.engine.checks.common import Asked, cite, of_phase
from ivigcalc.engine.plan import Notice
from ivigcalc.memo import remembered


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


def said_of_protocol(asked: Asked) -> tuple[Notice, ...]:
    """What the source says of the dosing weight, which a policy may do otherwise."""
    return _of_protocol(asked.regimen.value, asked.protocol) if asked.regimen and asked.protocol else ()


@remembered(256)
def _of_protocol(regimen: Regimen, protocol: Protocol) -> tuple[Notice, ...]:
    said = protocol.weight
    if said is None:
        return ()
    return (_says(f"the protocol's source says of the weight: {said.text}", regimen, said, protocol),)


def said_of_phase(asked: Asked, phase: Phase) -> tuple[Notice, ...]:
    """What the source says beside the dose and the days, such as over how many hours one is given."""
    return _of_phase(asked.regimen.value, asked.protocol, phase) if asked.regimen and asked.protocol else ()


@remembered(256)
def _of_phase(regimen: Regimen, protocol: Protocol, phase: Phase) -> tuple[Notice, ...]:
    parts = ((phase.dose, "dose"), (phase.days, "days"), (phase.interval, "interval"))
    return tuple(
        _says(f"{of_phase(phase)}on the {what}: {part.note}", regimen, part, phase, protocol)
        for part, what in parts
        if part is not None and part.note
    )


def _says(message: str, regimen: Regimen, *parts: Cited | None) -> Notice:
    return Notice("protocol-says", "info", message.rstrip("."), source=cite(regimen, *parts))
