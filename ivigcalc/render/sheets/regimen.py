"""What a regimen file says, protocol by protocol. Formats only; nothing is computed here."""

from __future__ import annotations

from collections.abc import Iterator

from ivigcalc.definitions import CourseTime, Days, Dose, Every, Phase, Protocol, Regimen
from ivigcalc.definitions.regimen import Apart, Courses
from ivigcalc.render.catalogue.sheets import RegimenSheet as Words
from ivigcalc.render.catalogue.sheets import Sheet
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
    noted,
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
        heading = Words.protocol_default if first and protocol.confidence != "low" else Words.protocol
        yield Section(heading.format(name=name, title=protocol.title), tuple(_protocol(protocol, citing)))
    if regimen.notes:
        yield Section(Sheet.notes, tuple(Fact("", note, citing.of()) for note in regimen.notes))


def _head(regimen: Regimen, citing: Citing) -> Iterator[Fact]:
    yield Fact(Words.category, regimen.category)
    if regimen.synonyms:
        yield Fact(Words.also_called, ", ".join(regimen.synonyms))
    if regimen.treats != regimen.id:
        yield Fact(Words.rates_of, regimen.treats)
    if regimen.rate_ceiling is not None:
        text = Words.never_above.format(rate=regimen.rate_ceiling.rate)
        yield Fact(Sheet.rates, text, citing.of(regimen.rate_ceiling))
    yield Fact(Words.protocols, ", ".join(regimen.protocols))
    if next(iter(regimen.protocols.values())).confidence == "low":
        yield Fact(Words.default, Words.no_default, mark=True)


def _protocol(protocol: Protocol, citing: Citing) -> Iterator[Fact]:
    own = citing.of(protocol)
    yield Fact(Words.published_as, confidence_text(protocol), own, mark=protocol.confidence == "low")
    if protocol.population is not None:
        yield Fact(Words.population, population_text(protocol), citing.of(protocol.population, protocol))
    if protocol.no_dose_because:
        yield Fact(Words.no_dose, protocol.no_dose_because, own, mark=True)
    for phase in protocol.stages:
        if protocol.phases:
            titled = Words.phase_titled.format(id=phase.id, title=phase.title) if phase.title else phase.id
            yield Fact(Words.phase, titled, citing.of(phase, protocol))
        yield from _phase(phase, protocol, citing, "  " if protocol.phases else "")
    needed = needed_text(protocol)
    if needed:
        yield Fact(Words.order_gives, needed)
    if protocol.phases and protocol.time is not None:
        yield Fact(Sheet.infusion_lasts, time_text(protocol.time), citing.of(protocol.time, protocol))
    for limit in protocol.limits:
        yield Fact(Sheet.limit, limit_text(limit), citing.of(limit, protocol))
    yield from _later(protocol, citing)


def _phase(phase: Phase, protocol: Protocol, citing: Citing, indent: str) -> Iterator[Fact]:
    parts: list[tuple[str, Dose | Days | Every | Apart | Courses | CourseTime | None, str]] = [
        (Words.dose, phase.dose, dose_text(phase.dose)),
        (Words.days, phase.days, days_text(phase.days)),
        (Words.interval, phase.interval or phase.apart, interval_text(phase.interval or phase.apart)),
        (Words.courses, phase.courses, courses_text(phase.courses)),
        (Sheet.infusion_lasts, phase.time, time_text(phase.time)),
    ]
    for label, part, text in parts:
        if part is not None:
            yield Fact(f"{indent}{label}", noted(text, part.note), citing.of(part, phase, protocol))


def _later(protocol: Protocol, citing: Citing) -> Iterator[Fact]:
    if protocol.target is not None:
        yield Fact(Words.target, target_text(protocol.target), citing.of(protocol.target, protocol))
    if protocol.dosing_weight is not None:
        yield from weight_facts(protocol.dosing_weight, None, citing)
    for label, said in (
        (Words.review, protocol.review),
        (Words.taper, protocol.taper),
        (Words.weight, protocol.weight),
    ):
        if said is not None:
            yield Fact(label, said.text, citing.of(said, protocol))
    for note in protocol.notes:
        yield Fact(Sheet.note, note, citing.of(protocol))
