"""What a protocol and a source say, in the words that the sheets and the reference pages share."""

from __future__ import annotations

from ivigcalc.definitions import CourseTime, Days, Dose, Every, InfusionTime, Limit, Protocol, Source
from ivigcalc.definitions.regimen import Apart, Courses, Target
from ivigcalc.render.evidence import basis_text
from ivigcalc.text import counted

#: which infusion of a patient a table of rates is for
INFUSIONS = {"any": "", "first": "first infusion", "subsequent": "later infusions"}
_PER = {"day": "a day", "course": "a course", "4-weeks": "4 weeks"}
_GROUPS = {
    "adult": "adults (no age printed)",
    "paediatric": "children (no age printed)",
    "newborn": "newborns (no age printed)",
    None: "",
}


def confidence_text(protocol: Protocol) -> str:
    """`label; copy read; high confidence`; low is set in capitals."""
    confidence = "LOW" if protocol.confidence == "low" else protocol.confidence
    return f"{basis_text(protocol)}; {confidence} {'CONFIDENCE' if protocol.confidence == 'low' else 'confidence'}"


def population_text(protocol: Protocol) -> str:
    """Age and words."""
    population = protocol.population
    if population is None:
        return "not said"
    age = "age " + " and ".join(str(bound) for bound in population.age) if population.age else ""
    group = _GROUPS[population.group]
    return "; ".join(part for part in (age, group, population.text) if part)


def dose_text(dose: Dose | None) -> str:
    """`2 g/kg per course; at most 100 g per course`."""
    if dose is None:
        return "-"
    caps = [f"at least {dose.least} per course"] if dose.least else []
    caps += [f"at most {dose.cap} per course"] if dose.cap else []
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
    if days.at_risk is not None:
        words.append(f"{days.at_risk.days} at {' or '.join(days.at_risk.risks)} risk")
    return ", ".join(words)


def interval_text(interval: Every | Apart | None) -> str:
    """`every 4 weeks`, `at least 2 weeks apart`."""
    if isinstance(interval, Apart):
        return f"{interval} apart"
    return "-" if interval is None else f"every {interval.every}"


def courses_text(courses: Courses | None) -> str:
    """`4`, `3 to 6` or `at least 3`."""
    if courses is None:
        return "-"
    if courses.to is None:
        return f"at least {courses.from_}"
    return f"{courses.from_}" if courses.single else f"{courses.from_} to {courses.to}"


def time_text(time: InfusionTime | None) -> str:
    """`10 h to 12 h`, `12 h, of a course on 1 day`."""
    days = time.of_days if isinstance(time, CourseTime) else None
    of_days = f", of a course on {counted(days, 'day')}" if days else ""
    return "-" if time is None else f"{time}{of_days}"


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
    if any(p.days is None or p.days.from_ is None for p in stages):
        found.append("--days (the source does not print them)")
    if any(p.interval is None or p.interval.every.single is None for p in stages):
        found.append("--every (for more than one course)")
    return ", ".join(found)


def source_text(source: Source) -> str:
    """A source in one line: the citation, its kind, when it was read, and what to mind."""
    kind = f"{source.kind}; " if source.kind else ""
    note = f"; {source.note}" if source.note else ""
    return f"{source.citation} ({kind}read {source.checked}{note})"
