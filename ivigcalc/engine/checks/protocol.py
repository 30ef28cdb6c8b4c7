"""What the protocol says in words, and that it was chosen for the reader where nobody named it."""

from __future__ import annotations

from collections.abc import Iterator

from ivigcalc.definitions import Cited, Protocol, Regimen, cite
from ivigcalc.definitions.words import Words
from ivigcalc.engine.case import is_for
from ivigcalc.engine.checks.common import in_years, of_phase
from ivigcalc.engine.course import Dosed, Stretch
from ivigcalc.engine.plan import Notice
from ivigcalc.engine.prescription import Prescription
from ivigcalc.exact import Fraction


def default_protocol(rx: Prescription, age_months: Fraction | None) -> Iterator[Notice]:
    """That a protocol was taken of several; a caution where another is of the product's own label, with the age where
    that is why it was not taken."""
    regimen, chosen = rx.regimen, rx.protocol_id
    if regimen is None or chosen is None or rx.protocol_named:
        return
    others = [name for name in regimen.protocols if name != chosen]
    if not others:
        return
    own = [name for name in others if rx.product.id in regimen.protocols[name].products]
    if own and rx.product.id not in regimen.protocols[chosen].products:
        yield Notice(
            "default-used",
            "caution",
            f"protocol not given: {chosen} was taken, but {', '.join(own)} is of the label of this product"
            f"{_of_another_age(rx, age_months, own)}: choose with --regimen {regimen.id}:PROTOCOL",
        )
        return
    first = chosen == next(iter(regimen.protocols))
    why = "is the first" if first else "is the first label or guideline for this patient, product and country"
    yield Notice(
        "default-used",
        "info",
        f"protocol not given: {chosen} {why} of {len(others) + 1} of {regimen.id}; "
        f"choose with --regimen {regimen.id}:PROTOCOL",
    )


def _of_another_age(rx: Prescription, age: Fraction | None, own: list[str]) -> str:
    """That the label's own protocols are published for other ages than the patient's, where they are."""
    regimen = rx.regimen
    if regimen is None or age is None:
        return ""
    populations = [regimen.protocols[name].population for name in own]
    bounds = dict.fromkeys(str(bound) for found in populations if found for bound in found.age or ())
    if not bounds or any(is_for(regimen.protocols[name], age, rx.safety) for name in own):
        return ""
    return f", published for {' and '.join(bounds)}, and the patient is {in_years(age)}"


def said_of_protocol(rx: Prescription) -> Iterator[Notice]:
    """What the source says of the dosing weight, which a policy may do otherwise, and what no key can say."""
    regimen, protocol = rx.regimen, rx.protocol
    if regimen is None or protocol is None:
        return
    for text, part in _not_modelled(protocol):  # control: words-that-limit
        yield _says(text, regimen, part, protocol)
    if protocol.weight is None:
        return
    said = protocol.weight
    text = f"the protocol's source says of the weight: {said.text.rstrip('.')}"
    if protocol.dosing_weight is not None:
        yield _says(text, regimen, said, protocol)
        return
    text = f"{text}; it prints no formula, so that this is not computed: ask which weight is meant"
    yield Notice("protocol-says", "caution", text, source=cite(regimen, said, protocol))


def said_of_policy(rx: Prescription) -> Iterator[Notice]:
    """What the body of the policy limits, and no key can say."""
    policy = rx.policy
    for said in policy.says:
        if said.words_because == "not-modelled":  # control: policy-words-that-limit
            text = f"policy {policy.id} also says: {said.text.rstrip('.')}; the plan does not compute it"
            yield Notice("policy-says", "caution", text, source=cite(policy, said))


def said_of_phase(rx: Prescription, _dosed: Dosed, stretch: Stretch) -> Iterator[Notice]:
    """What the source says beside the dose and the days, such as over how many hours one is given."""
    regimen, phase = rx.regimen, stretch.part.phase
    if regimen is None:
        return
    for part, what in ((phase.dose, "dose"), (phase.days, "days"), (phase.interval, "interval")):
        if part is not None and part.note:
            text = f"{of_phase(phase)}on the {what}: {part.note}"
            yield _says(text, regimen, part, phase, rx.protocol)


def _not_modelled(protocol: Protocol) -> Iterator[tuple[str, Cited]]:
    """The sentences that limit the treatment and that the program cannot obey, marked so in the file."""
    for said in (protocol.review, protocol.taper):
        if said is not None and said.words_because == "not-modelled":
            yield said.text, said
    parts: list[tuple[str | None, Cited]] = [(note, protocol) for note in protocol.notes]
    parts += [(part.text, part) for part in (protocol.population, protocol.target) if part is not None]
    parts += [(phase.courses.note, phase.courses) for phase in protocol.stages if phase.courses is not None]
    for text, part in parts:
        if isinstance(text, Words) and text.words_because == "not-modelled":
            yield (f"of the patients: {text}" if part is protocol.population else text), part


def _says(message: str, regimen: Regimen, *parts: Cited | None) -> Notice:
    return Notice("protocol-says", "info", message.rstrip("."), source=cite(regimen, *parts))
