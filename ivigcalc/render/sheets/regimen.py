"""What a regimen file says, protocol by protocol. Formats only; nothing is computed here."""

from __future__ import annotations

from collections.abc import Iterator

from ivigcalc.definitions import CourseTime, Days, Dose, Every, Phase, Protocol, Regimen
from ivigcalc.definitions.regimen import Apart, Courses
from ivigcalc.render.sheets.policy import weight_facts
from ivigcalc.render.sheets.sheet import Citing, Fact, Section
from ivigcalc.render.sheets.words import (
    confidence_text,
    courses_text,
    days_text,
    dose_text,
    interval_text,
    limit_text,
    needed_text,
    population_text,
    target_text,
    time_text,
)


def regimen_sections(regimen: Regimen, only: str | None = None) -> Iterator[Section]:
    """The head, then every protocol (or only the one named)."""
    citing = Citing(regimen)
    chosen = {name: p for name, p in regimen.protocols.items() if only in (None, name)}
    yield Section("", tuple(_head(regimen, citing)))
    for name, protocol in chosen.items():
        first = name == next(iter(regimen.protocols))
        default = ", the default" if first and protocol.confidence != "low" else ""
        yield Section(f"{name}{default}: {protocol.title}", tuple(_protocol(protocol, citing)))
    if regimen.notes:
        yield Section("Notes", tuple(Fact("", note, citing.of()) for note in regimen.notes))


def _head(regimen: Regimen, citing: Citing) -> Iterator[Fact]:
    yield Fact("Category", regimen.category)
    if regimen.synonyms:
        yield Fact("Also called", ", ".join(regimen.synonyms))
    if regimen.treats != regimen.id:
        yield Fact("Rates of", regimen.treats)
    if regimen.rate_ceiling is not None:
        text = f"never above {regimen.rate_ceiling.rate}, whatever the product"
        yield Fact("Rates", text, citing.of(regimen.rate_ceiling))
    yield Fact("Protocols", ", ".join(regimen.protocols))
    if next(iter(regimen.protocols.values())).confidence == "low":
        yield Fact(
            "Default", "none: every source is of LOW CONFIDENCE, so an order has to name the protocol", mark=True
        )


def _protocol(protocol: Protocol, citing: Citing) -> Iterator[Fact]:
    own = citing.of(protocol)
    yield Fact("Published as", confidence_text(protocol), own, mark=protocol.confidence == "low")
    if protocol.population is not None:
        yield Fact("Population", population_text(protocol), citing.of(protocol.population, protocol))
    if protocol.no_dose_because:
        yield Fact("No dose", protocol.no_dose_because, own, mark=True)
    for phase in protocol.stages:
        if protocol.phases:
            title = f": {phase.title}" if phase.title else ""
            yield Fact("Phase", f"{phase.id}{title}", citing.of(phase, protocol))
        yield from _phase(phase, protocol, citing, "  " if protocol.phases else "")
    needed = needed_text(protocol)
    if needed:
        yield Fact("Order gives", needed)
    if protocol.phases and protocol.time is not None:
        yield Fact("Infusion lasts", time_text(protocol.time), citing.of(protocol.time, protocol))
    for limit in protocol.limits:
        yield Fact("Limit", limit_text(limit), citing.of(limit, protocol))
    yield from _later(protocol, citing)


def _phase(phase: Phase, protocol: Protocol, citing: Citing, indent: str) -> Iterator[Fact]:
    parts: list[tuple[str, Dose | Days | Every | Apart | Courses | CourseTime | None, str]] = [
        ("Dose", phase.dose, dose_text(phase.dose)),
        ("Days", phase.days, days_text(phase.days)),
        ("Interval", phase.interval or phase.apart, interval_text(phase.interval or phase.apart)),
        ("Courses", phase.courses, courses_text(phase.courses)),
        ("Infusion lasts", phase.time, time_text(phase.time)),
    ]
    for label, part, text in parts:
        if part is not None:
            note = f" ({part.note})" if part.note else ""
            yield Fact(f"{indent}{label}", f"{text}{note}", citing.of(part, phase, protocol))


def _later(protocol: Protocol, citing: Citing) -> Iterator[Fact]:
    if protocol.target is not None:
        yield Fact("Target", target_text(protocol.target), citing.of(protocol.target, protocol))
    if protocol.dosing_weight is not None:
        yield from weight_facts(protocol.dosing_weight, None, citing)
    for label, said in (("Review", protocol.review), ("Taper", protocol.taper), ("Weight", protocol.weight)):
        if said is not None:
            yield Fact(label, said.text, citing.of(said, protocol))
    for note in protocol.notes:
        yield Fact("Note", note, citing.of(protocol))
