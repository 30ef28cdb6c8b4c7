"""Which phases of a protocol are planned, with how many courses, and which part of the order speaks to each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from ivigcalc.definitions import Phase, Protocol
from ivigcalc.errors import RequestError
from ivigcalc.request.form import Command
from ivigcalc.request.request import Treatment


def treatments_by_phase(
    protocol: Protocol, treatment: Treatment, command: Command
) -> tuple[tuple[Phase, Treatment, int], ...]:
    """Each phase that has courses, with the part of the order that speaks to it.

    What is ordered fills what the protocol leaves open; where nothing is open, it replaces. Where each phase is ordered
    by itself, that holds for it and nothing else.
    """
    if treatment.by_phase:
        return tuple(_each_by_itself(protocol, treatment.by_phase, command))
    courses = 1 if command == "dose" else treatment.courses
    planned = _planned(_stages(protocol, treatment.phase), courses, command)
    phases = [phase for phase, _ in planned]
    dosed = [p for p in phases if p.dose is None or p.dose.published.single is None] or phases
    shared_out = _open_days(phases, treatment.days) or phases
    # one course has no interval of its own; the last phase has one for whoever goes on
    repeated = [phase for phase, courses in planned if courses > 1 or phase is phases[-1]]  # control: interval-of-phase
    repeated = [p for p in repeated if p.interval is None or p.interval.every.single is None] or repeated
    return tuple(
        (
            phase,
            replace(
                treatment,
                dose=treatment.dose if phase in dosed else None,
                days=treatment.days if phase in shared_out else None,
                every=treatment.every if phase in repeated else None,
            ),
            courses,
        )
        for phase, courses in planned
    )


def _each_by_itself(
    protocol: Protocol, by_phase: Sequence[Treatment], command: Command
) -> Iterator[tuple[Phase, Treatment, int]]:
    """The phases that are ordered one after the other, named or the next that the protocol has."""
    stages = list(_stages(protocol, None))
    for ordered in by_phase[:1] if command == "dose" else by_phase:
        named = [place for place, phase in enumerate(stages) if ordered.phase in (None, phase.id)]
        if not named:
            has = ", then ".join(phase.id for phase in protocol.stages) if protocol.phases else "no phases"
            more = f"phase '{ordered.phase[:40]}' is not one of them, or not in that order" if ordered.phase else ""
            raise RequestError(
                f"--order has {len(by_phase)} parts, and the protocol ({protocol.title}) has {has}: "
                f"{more or 'leave out what is too many, or give each part its phase'}",
                field="order",
            )
        phase = stages[named[0]]
        stages = stages[named[0] + 1 :]
        courses = phase.courses.single if phase.courses else None
        yield phase, ordered, 1 if command == "dose" else ordered.courses or courses or 1


def _stages(protocol: Protocol, named: str | None) -> tuple[Phase, ...]:
    """All phases of a protocol, or the one that is named."""
    found = protocol.stages_named(named)
    if named is not None and not found:
        allowed = ", ".join(phase.id for phase in protocol.stages) if protocol.phases else "none, it has no phases"
        raise RequestError(
            f"the protocol ({protocol.title}) has no phase '{named[:40]}'; allowed: {allowed}", field="phase"
        )
    return found


def _planned(stages: tuple[Phase, ...], courses: int | None, command: Command) -> list[tuple[Phase, int]]:
    """The phases that are planned, with their courses: as many as are ordered, else as are published."""
    stages = stages[:1] if command == "dose" else stages
    found: list[tuple[Phase, int]] = []
    left = courses
    for place, phase in enumerate(stages):
        number = phase.courses.single if phase.courses else None
        number = number or (phase.courses.from_ if phase.courses and place + 1 < len(stages) else 1)
        if left is not None:
            number = left if place + 1 == len(stages) else min(left, number)
            left -= number
        if number:
            found.append((phase, number))
    return found


def _open_days(phases: list[Phase], days: int | None) -> list[Phase]:
    """The phases that leave the number of days open: those that allow the ordered one, where any do."""
    left_open = [p for p in phases if p.days is None or p.days.single is None]
    return [p for p in left_open if days is None or p.days is None or p.days.allow(days)] or left_open
