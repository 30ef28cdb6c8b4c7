"""How long the infusions last, against what is printed or ordered, here or in another protocol of the same file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ivigcalc.definitions import CourseTime, Phase, RateTable, cite
from ivigcalc.engine.case import is_for
from ivigcalc.engine.checks.common import of_phase
from ivigcalc.engine.course import Dosed, Stretch
from ivigcalc.engine.dose import amount_g
from ivigcalc.engine.draft import Draft
from ivigcalc.engine.infusion import Titrated
from ivigcalc.engine.infusion_time import TimeInForce, printed_of_course, printed_of_table, stretches_of_sessions
from ivigcalc.engine.plan import Notice, Titration
from ivigcalc.engine.prescription import Prescription
from ivigcalc.exact import Fraction
from ivigcalc.quantity import figure

#: courses and days
Places = tuple[tuple[int, int], ...]


def times_ordered(rx: Prescription, dosed: Dosed, titrated: Titrated) -> Iterator[Notice]:
    """An ordered time against those that are printed: shorter is a stop, longer a caution."""
    for stretch in dosed.stretches:
        over = stretch.part.ordered.over
        if over is None:
            continue
        for printed in _printed(rx, stretch, [used.choice.table for used in titrated.used]):
            which = of_phase(stretch.part.phase)
            if printed.from_min is not None and over.base < printed.from_min:  # control: shorter-than-published
                text = (
                    f"{which}{over} is shorter than the {printed.words} that is published for an infusion: order longer"
                )
                yield Notice("time-outside-regimen", "stop", text, str(over), printed.words, printed.source)
            if printed.to_min is not None and over.base > printed.to_min:
                text = f"{which}{over} is longer than the {printed.words} that an infusion is published to last"
                yield Notice("longer-than-published", "caution", text, str(over), printed.words, printed.source)


def _printed(rx: Prescription, stretch: Stretch, tables: Sequence[RateTable]) -> Iterator[TimeInForce]:
    of_tables = (printed_of_table(rx, table) for table in tables)
    found = (printed_of_course(rx, stretch.part, stretch.days), *of_tables)
    yield from dict.fromkeys(time for time in found if time is not None)


def times_kept(rx: Prescription, dosed: Dosed, titrated: Titrated) -> Iterator[Notice]:
    """Where the rate is held down for the time, and where the infusion takes longer all the same."""
    stretches = stretches_of_sessions(dosed)
    longer: dict[tuple[TimeInForce, str], list[tuple[int, Places]]] = {}
    for titration in titrated.titrations:
        first = titration.places[0]
        time = titrated.times[first]
        if time is not None:
            sessions = tuple(dosed.places[place] for place in titration.places)
            yield from _held(titration, time, sessions)
            tables = (titration.infusion.climb.ladder.table,)
            for most in (time,) if time.ordered else _printed(rx, stretches[first], tables):
                if why := _why_longer(rx, titration, most):
                    longer.setdefault((most, why), []).append((titration.infusion.duration_min, sessions))
    for (most, why), found in longer.items():
        yield _longer(most, why, found)


def _held(titration: Titration, time: TimeInForce, sessions: tuple[tuple[int, int], ...]) -> Iterator[Notice]:
    infusion = titration.infusion
    if "time" not in infusion.climb.bound_by:
        return
    most = figure(infusion.steps[-1].rate_ml_per_h)
    text = f"the infusion is {_told(time)} to last {time.words}: the rate stays at or below {most} mL/h"
    yield Notice("infusion-time-applied", "info", text, f"{most} mL/h", time.words, time.source, sessions=sessions)


def _why_longer(rx: Prescription, titration: Titration, time: TimeInForce) -> str:
    """Why an infusion takes longer than it is to last; nothing where it does not. Longer by what the pump may differ
    from a step is no matter where the rate is held down for the time."""
    infusion, held = titration.infusion, "time" in titration.infusion.climb.bound_by
    most = None if time.to_min is None else time.to_min * (1 + (infusion.climb.limits.above if held else Fraction(0)))
    if most is None or infusion.duration_min <= most:  # control: longer-than-published
        return ""
    return "the pump cannot be set finely enough" if held else f"{rx.product.id} is not titrated faster"


def _longer(time: TimeInForce, why: str, found: Sequence[tuple[int, Places]]) -> Notice:
    """Said once of all sessions: days that differ by a gram take a minute more or less."""
    shortest, longest = min(found)[0], max(found)[0]
    lasts = f"{longest} min" if shortest == longest else f"{shortest} to {longest} min"
    text = f"the infusion takes {lasts}, longer than the {time.words} that it is {_told(time)} to last: {why}"
    sessions = tuple(sorted(place for _, places in found for place in places))
    return Notice("longer-than-published", "caution", text, lasts, time.words, time.source, sessions=sessions)


def _told(time: TimeInForce) -> str:
    return "ordered" if time.ordered else "published"


# ---- printed by another protocol ------------------------------------------------------------------------------------


def printed_elsewhere(draft: Draft) -> Iterator[Notice]:
    """An infusion that is shorter than another protocol of the same file prints for such a dose, where its own prints
    no time. Rates alone follow no protocol: they are held against all of what is treated.
    """
    rx, indication = draft.prescription, draft.prescription.definitions.indication
    file = rx.regimen or (indication.value if indication else None)
    printed = rx.times_of_others
    if file is None or not printed:
        return
    age, safety = draft.case.age_months, rx.safety
    printed = tuple(one for one in printed if age is None or is_for(file.protocols[one[0]], age, safety))
    stretches = stretches_of_sessions(draft.dosed)
    for titration in draft.titrated.titrations:
        for stretch in dict.fromkeys(stretches[place] for place in titration.places):
            own = printed_of_course(rx, stretch.part, stretch.days)
            for name, phase, time in printed if own is None else ():
                least, lasts = time.from_, titration.infusion.duration_min
                # control: time-printed-elsewhere
                if least is None or lasts >= least.base or not _is_such_a_dose(draft, stretch, phase, time):
                    continue
                which = of_phase(stretch.part.phase) if rx.regimen else ""
                choose = f"choose it with --regimen {file.id}:{name}, or " if rx.regimen else ""
                text = f"{which}the infusion takes {lasts} min; for such a dose {file.id}:{name} prints {time}"
                text = f'{text}: {choose}order --over "{least}"'
                sessions = tuple(draft.dosed.places[p] for p in titration.places if stretches[p] is stretch)
                source = cite(file, time, phase, file.protocols[name])
                yield Notice(
                    "time-printed-elsewhere", "caution", text, f"{lasts} min", str(time), source, sessions=sessions
                )


def _is_such_a_dose(draft: Draft, stretch: Stretch, phase: Phase, time: CourseTime) -> bool:
    """Whether a phase prints its time for a day such as these: of a course on as many days, the exact dose of a day
    within what it prints, give or take what rounding may differ.
    """
    rx, dose, kg = draft.prescription, phase.dose, draft.dosed.kg
    days = phase.days
    first, last = (days.from_ or 1, days.to) if days else (1, max(stretch.days, time.of_days or 1))
    if dose is None:
        return False
    low_g, high_g = (amount_g(end, kg) for end in (dose.published.from_, dose.published.to))
    exact_g, near = stretch.dose.prescribed_g / stretch.days, Fraction(rx.safety.deviation.percent.value) / 100
    for number in range(first, last + 1):
        as_many = number == stretch.days if rx.regimen else True  # one infusion by itself may be a day of any course
        share = 1 if dose.per_day is not None else number
        within = low_g / share * (1 - near) <= exact_g <= high_g / share * (1 + near)
        if as_many and within and time.of_days in (None, number):
            return True
    return False
