"""What a regimen file says, protocol by protocol. Formats only; nothing is computed here."""

from __future__ import annotations

from collections.abc import Iterator

from ivigcalc.definitions import Days, Dose, Every, Limit, Phase, Protocol, Regimen
from ivigcalc.definitions.regimen import Courses, Target
from ivigcalc.render.sheets import Citing, Fact, Section

_PER = {"day": "a day", "course": "a course", "4-weeks": "4 weeks"}


def regimen_sections(regimen: Regimen, only: str | None = None) -> Iterator[Section]:
    """The head, then every protocol (or only the one named)."""
    citing = Citing(regimen)
    chosen = {name: p for name, p in regimen.protocols.items() if only in (None, name)}
    yield Section("", tuple(_head(regimen)))
    for name, protocol in chosen.items():
        first = name == next(iter(regimen.protocols))
        default = ", the default" if first and protocol.confidence != "low" else ""
        yield Section(f"{name}{default}: {protocol.title}", tuple(_protocol(protocol, citing)))
    if regimen.notes:
        yield Section("Notes", tuple(Fact("", note, citing.of()) for note in regimen.notes))


def _head(regimen: Regimen) -> Iterator[Fact]:
    yield Fact("Category", regimen.category)
    if regimen.synonyms:
        yield Fact("Also called", ", ".join(regimen.synonyms))
    if regimen.treats != regimen.id:
        yield Fact("Rates of", regimen.treats)
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
    for limit in protocol.limits:
        yield Fact("Limit", limit_text(limit), citing.of(limit, protocol))
    yield from _later(protocol, citing)


def _phase(phase: Phase, protocol: Protocol, citing: Citing, indent: str) -> Iterator[Fact]:
    parts: list[tuple[str, Dose | Days | Every | Courses | None, str]] = [
        ("Dose", phase.dose, dose_text(phase.dose)),
        ("Days", phase.days, days_text(phase.days)),
        ("Interval", phase.interval, interval_text(phase.interval)),
        ("Courses", phase.courses, courses_text(phase.courses)),
    ]
    for label, part, text in parts:
        if part is not None:
            note = f" ({part.note})" if part.note else ""
            yield Fact(f"{indent}{label}", f"{text}{note}", citing.of(part, phase, protocol))


def _later(protocol: Protocol, citing: Citing) -> Iterator[Fact]:
    if protocol.target is not None:
        yield Fact("Target", target_text(protocol.target), citing.of(protocol.target, protocol))
    for label, said in (("Review", protocol.review), ("Taper", protocol.taper), ("Weight", protocol.weight)):
        if said is not None:
            yield Fact(label, said.text, citing.of(said, protocol))
    for note in protocol.notes:
        yield Fact("Note", note, citing.of(protocol))


# ---- phrases, shared with the reference pages -----------------------------------------------------------------------


def confidence_text(protocol: Protocol) -> str:
    """`label, high confidence`; low is set in capitals."""
    kind = protocol.evidence or "not said what kind of source"
    confidence = "LOW" if protocol.confidence == "low" else protocol.confidence
    return f"{kind}, {confidence} {'CONFIDENCE' if protocol.confidence == 'low' else 'confidence'}"


def population_text(protocol: Protocol) -> str:
    """Age and words."""
    population = protocol.population
    if population is None:
        return "not said"
    age = "age " + " and ".join(str(bound) for bound in population.age) if population.age else ""
    return "; ".join(part for part in (age, population.text) if part)


def dose_text(dose: Dose | None) -> str:
    """`2 g/kg per course; at most 100 g per course`."""
    if dose is None:
        return "-"
    caps = [f"at most {dose.cap} per course"] if dose.cap else []
    caps += [f"at most {dose.cap_per_day} per day"] if dose.cap_per_day else []
    return "; ".join([f"{dose.published} per {'course' if dose.per_course else 'day'}", *caps])


def days_text(days: Days | None) -> str:
    """`2 to 5 days, consecutive, equal doses`."""
    if days is None:
        return "-"
    words = [f"{days} day{'s' if days.to > 1 else ''}"]
    if days.consecutive is not None:
        words.append("consecutive" if days.consecutive else "not necessarily consecutive")
    if days.equal is not None:
        words.append("equal doses" if days.equal else "unequal doses")
    return ", ".join(words)


def interval_text(interval: Every | None) -> str:
    """`every 4 weeks`."""
    return "-" if interval is None else f"every {interval.every}"


def courses_text(courses: Courses | None) -> str:
    """`4`, `3 to 6` or `at least 3`."""
    if courses is None:
        return "-"
    if courses.to is None:
        return f"at least {courses.from_}"
    return f"{courses.from_}" if courses.single else f"{courses.from_} to {courses.to}"


def limit_text(limit: Limit) -> str:
    """`at most 1 g/kg a day, else a caution`."""
    note = f" ({limit.note})" if limit.note else ""
    return f"at most {limit.max} in {_PER[limit.per]}, else a {limit.level}{note}"


def target_text(target: Target) -> str:
    """Trough IgG and words."""
    trough = f"trough IgG {target.trough_igg}" if target.trough_igg else ""
    return "; ".join(part for part in (trough, target.text) if part)


def needed_text(protocol: Protocol) -> str:
    """What the protocol leaves open, as the options that fill it."""
    stages = protocol.stages
    found = []
    if any(p.dose is None or p.dose.published.single is None for p in stages):
        found.append("--dose (a range or no figure is published)")
    if any(p.days is None for p in stages):
        found.append("--days (the source does not print them)")
    if any(p.interval is None or p.interval.every.single is None for p in stages):
        found.append("--every (for more than one course)")
    return ", ".join(found)
