"""What a protocol and a source say, in the words that the sheets and the reference pages share."""

from __future__ import annotations

from collections.abc import Iterable

from ivigcalc.definitions import CourseTime, Days, Dose, Every, InfusionTime, Limit, Protocol, Source
from ivigcalc.definitions.regimen import Apart, Courses, Target
from ivigcalc.render.catalogue.sheets import ProtocolWords as Words
from ivigcalc.render.catalogue.sheets import Sheet
from ivigcalc.render.evidence import basis_text

#: which infusion of a patient a table of rates is for
INFUSIONS = {"any": "", "first": Words.first_infusion, "subsequent": Words.later_infusions}
_CONFIDENCE = {"high": Words.high, "medium": Words.medium, "low": Words.low}
_GROUPS = {"adult": Words.adults, "paediatric": Words.children, "newborn": Words.newborns, None: ""}
_SPANS = {"day": Words.a_day, "course": Words.a_course, "4-weeks": Words.four_weeks}
_LEVELS = {"caution": Words.limit_caution, "stop": Words.limit_stop}
_KINDS = {
    "label": Sheet.label,
    "manufacturer": Sheet.manufacturer,
    "regulator": Sheet.regulator,
    "guideline": Sheet.guideline,
    "consensus": Sheet.consensus,
    "policy": Sheet.of_a_policy,
    "trial": Sheet.trial,
    "study": Sheet.study,
    "review": Sheet.review,
    "compendium": Sheet.compendium,
    "secondary": Sheet.secondary,
    "house": Sheet.house,
}


def noted(said: str, note: str | None) -> str:
    """What is said, with the file's note on it."""
    return Sheet.with_note.format(said=said, note=note) if note else said


def age_text(bounds: Iterable[object]) -> str:
    """`age >= 18 years and < 65 years`."""
    return Sheet.age.format(bounds=Sheet.and_.join(map(str, bounds)))


def confidence_text(protocol: Protocol) -> str:
    """`label; copy read; high confidence`; low is set in capitals."""
    return Words.basis.format(basis=basis_text(protocol), confidence=_CONFIDENCE[protocol.confidence])


def population_text(protocol: Protocol) -> str:
    """Age and words."""
    population = protocol.population
    if population is None:
        return Sheet.not_said
    age = age_text(population.age) if population.age else ""
    return "; ".join(part for part in (age, _GROUPS[population.group], population.text) if part)


def dose_text(dose: Dose | None) -> str:
    """`2 g/kg per course; at most 100 g per course`."""
    if dose is None:
        return "-"
    caps = [Words.least_per_course.format(least=dose.least)] if dose.least else []
    caps += [Words.cap_per_course.format(most=dose.cap)] if dose.cap else []
    caps += [Words.cap_per_day.format(most=dose.cap_per_day)] if dose.cap_per_day else []
    published = Words.dose_per_course if dose.per_course else Words.dose_per_day
    return "; ".join([published.format(dose=dose.published), *caps])


def days_text(days: Days | None) -> str:
    """`2 to 5 days, consecutive, equal doses`."""
    if days is None:
        return "-"
    said = [(Words.many_days if days.to > 1 else Words.one_day).format(count=days)]
    if days.consecutive is not None:
        said.append(Words.consecutive if days.consecutive else Words.not_consecutive)
    if days.equal is not None:
        said.append(Words.equal if days.equal else Words.unequal)
    if days.at_risk is not None:
        said.append(Words.days_at_risk.format(days=days.at_risk.days, risks=Sheet.or_.join(days.at_risk.risks)))
    return ", ".join(said)


def interval_text(interval: Every | Apart | None) -> str:
    """`every 4 weeks`, `at least 2 weeks apart`."""
    if isinstance(interval, Apart):
        return Words.apart.format(interval=interval)
    return "-" if interval is None else Words.every.format(interval=interval.every)


def courses_text(courses: Courses | None) -> str:
    """`4`, `3 to 6` or `at least 3`."""
    if courses is None:
        return "-"
    if courses.to is None:
        return Words.at_least.format(least=courses.from_)
    return f"{courses.from_}" if courses.single else Words.from_to.format(least=courses.from_, most=courses.to)


def time_text(time: InfusionTime | None) -> str:
    """`10 h to 12 h`, `12 h, of a course on 1 day`."""
    days = time.of_days if isinstance(time, CourseTime) else None
    if not days:
        return "-" if time is None else str(time)
    return (Words.time_of_one_day if days == 1 else Words.time_of_days).format(time=time, count=days)


def limit_text(limit: Limit) -> str:
    """`at most 1 g/kg a day, else a caution`."""
    return noted(_LEVELS[limit.level].format(most=limit.max, span=_SPANS[limit.per]), limit.note)


def target_text(target: Target) -> str:
    """Trough IgG and words."""
    trough = Words.trough.format(range=target.trough_igg) if target.trough_igg else ""
    return "; ".join(part for part in (trough, target.text) if part)


def needed_text(protocol: Protocol) -> str:
    """What the protocol leaves open, as the options that fill it."""
    stages = protocol.stages
    found = []
    if any(p.dose is None or p.dose.published.single is None for p in stages):
        found.append(Words.dose_needed)
    if any(p.days is None or p.days.from_ is None for p in stages):
        found.append(Words.days_needed)
    if any(p.interval is None or p.interval.every.single is None for p in stages):
        found.append(Words.every_needed)
    return ", ".join(found)


def source_text(source: Source) -> str:
    """A source in one line: the citation, its kind, when it was read, and what to mind."""
    kind = _KINDS[source.kind] if source.kind else ""
    with_kind = Sheet.cited_kind_note if source.note else Sheet.cited_kind
    without = Sheet.cited_note if source.note else Sheet.cited
    said = with_kind if kind else without
    return said.format(citation=source.citation, kind=kind, day=source.checked, note=source.note)
