"""How long the infusions last, against what is printed or ordered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from ivigcalc.definitions import RateTable
from ivigcalc.engine.checks.common import of_phase
from ivigcalc.engine.course import Dosed, Stretch
from ivigcalc.engine.infusion import Titrated
from ivigcalc.engine.infusion_time import TimeInForce, printed_of_course, printed_of_table, stretches_of_sessions
from ivigcalc.engine.plan import Notice, Titration
from ivigcalc.engine.prescription import Prescription
from ivigcalc.quantity import figure


def times_ordered(rx: Prescription, dosed: Dosed, titrated: Titrated) -> Iterator[Notice]:
    """An ordered time against those that are printed: shorter is a stop, longer a caution."""
    for stretch in dosed.stretches:
        over = stretch.part.ordered.over
        if over is None:
            continue
        for printed in _printed(rx, stretch, [used.choice.table for used in titrated.used]):
            which = of_phase(stretch.part.phase)
            if printed.from_min is not None and over.base < printed.from_min:  # control: shorter-than-published
                text = f"{which}{over} is shorter than the {printed.words} that an infusion is published to last"
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
    for titration in titrated.titrations:
        first = titration.places[0]
        time = titrated.times[first]
        if time is not None:
            sessions = tuple(dosed.places[place] for place in titration.places)
            yield from _held(titration, time, sessions)
            tables = (titration.infusion.climb.ladder.table,)
            for most in (time,) if time.ordered else _printed(rx, stretches[first], tables):
                yield from _longer(rx, titration, most, sessions)


def _held(titration: Titration, time: TimeInForce, sessions: tuple[tuple[int, int], ...]) -> Iterator[Notice]:
    infusion = titration.infusion
    if "time" not in infusion.climb.bound_by:
        return
    most = figure(infusion.steps[-1].rate_ml_per_h)
    text = f"the infusion is {_told(time)} to last {time.words}: the rate stays at or below {most} mL/h"
    yield Notice("infusion-time-applied", "info", text, f"{most} mL/h", time.words, time.source, sessions=sessions)


def _longer(
    rx: Prescription, titration: Titration, time: TimeInForce, sessions: tuple[tuple[int, int], ...]
) -> Iterator[Notice]:
    """Longer by what the pump may differ from a step is no matter where the rate is held down for the time."""
    infusion, held = titration.infusion, "time" in titration.infusion.climb.bound_by
    most = None if time.to_min is None else time.to_min * (1 + (infusion.climb.limits.above if held else Fraction(0)))
    if most is None or infusion.duration_min <= most:  # control: longer-than-published
        return
    why = "the pump cannot be set finely enough" if held else f"{rx.product.id} is not titrated faster"
    lasts = f"{infusion.duration_min} min"
    text = f"the infusion takes {lasts}, longer than the {time.words} that it is {_told(time)} to last: {why}"
    yield Notice("longer-than-published", "caution", text, lasts, time.words, time.source, sessions=sessions)


def _told(time: TimeInForce) -> str:
    return "ordered" if time.ordered else "published"
