"""How long an infusion is to last: as it is ordered, else as it is printed; and the rate that keeps it so long."""

from __future__ import annotations

from msgspec import Struct

from ivigcalc.definitions import InfusionTime, RateTable, cite
from ivigcalc.engine.course import Dosed, Stretch
from ivigcalc.engine.prescription import Part, Prescription
from ivigcalc.engine.titration import Climb
from ivigcalc.exact import Fraction


class TimeInForce(Struct, frozen=True):
    """At least and at most so many minutes, in words and with its source; `ordered`: the order says so, no source."""

    from_min: Fraction | None
    to_min: Fraction | None
    words: str
    source: str | None
    ordered: bool = False


def printed_of_course(rx: Prescription, part: Part, days: int) -> TimeInForce | None:
    """What the protocol prints for the infusions of a course on so many days."""
    found = part.phase.time or (rx.protocol.time if rx.protocol else None)
    if found is None or found.of_days not in (None, days):
        return None
    return _printed(found, cite(rx.regimen, found, part.phase, rx.protocol))


def printed_of_table(rx: Prescription, table: RateTable) -> TimeInForce | None:
    """What the product prints with its rates."""
    return _printed(table.time, cite(rx.product, table.time, table)) if table.time else None


def _printed(time: InfusionTime, source: str | None) -> TimeInForce:
    return TimeInForce(time.from_.base if time.from_ else None, time.to.base if time.to else None, str(time), source)


def time_in_force(rx: Prescription, stretch: Stretch, table: RateTable | None) -> TimeInForce | None:
    """As ordered; else as printed, by the longer of what the protocol and the rate table have as the least."""
    over = stretch.part.ordered.over
    if over is not None:
        return TimeInForce(over.base, over.base, str(over), None, ordered=True)
    printed = (printed_of_course(rx, stretch.part, stretch.days), printed_of_table(rx, table) if table else None)
    return max((time for time in printed if time), key=lambda time: time.from_min or Fraction(), default=None)


def stretches_of_sessions(dosed: Dosed) -> tuple[Stretch, ...]:
    """The stretch of each session of the plan, in order."""
    return tuple([dosed.stretches[number] for number in dosed.drawn.parts_of_sessions])


def plateau_ml_per_h(on: Climb, volume_ml: Fraction, least_min: Fraction) -> Fraction | None:
    """The rate at which the titration must stay for so much to last so long; None where it does by itself.

    With `before_ml` in after `before_min` of full rungs, what is left has to last what is left of the time.
    """
    minutes = Fraction(*on.minute(volume_ml, on.last_rung(volume_ml)))
    if minutes >= least_min:
        return None
    before_ml, before_min = Fraction(0), Fraction(0)
    for (rate, _, _), full_ml, full_min in zip(on.rates, on.full_ml, on.full_min, strict=False):
        if (volume_ml - before_ml) * 60 <= rate * (least_min - before_min):
            break
        before_ml, before_min = Fraction(full_ml, on.per_ml), Fraction(full_min, on.per_min)
    return (volume_ml - before_ml) * 60 / (least_min - before_min)
