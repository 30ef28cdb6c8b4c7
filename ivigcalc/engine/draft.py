"""Everything that was worked out for a case, exactly, before anything is said of it or rounded for showing."""

from __future__ import annotations

from datetime import date
from functools import cached_property

from msgspec import Struct

from ivigcalc.clock import DAY_MIN
from ivigcalc.engine.case import Case
from ivigcalc.engine.clocks import change_of_clocks, zone_of
from ivigcalc.engine.course import Dosed
from ivigcalc.engine.infusion import Titrated
from ivigcalc.engine.infusion_time import TimeInForce
from ivigcalc.engine.plan import ClockChange, Infusion, InfusionTime, Session
from ivigcalc.engine.prescription import Prescription
from ivigcalc.engine.resume import interrupted
from ivigcalc.engine.session import Calendar
from ivigcalc.engine.weight import Weights
from ivigcalc.exact import Fraction
from ivigcalc.quantity import decimal_of

#: how long after its end an interrupted infusion is looked for by the clock


class Draft(Struct, frozen=True, dict=True):
    """The exact results of all stages, one after the other."""

    case: Case
    prescription: Prescription
    weights: Weights
    rate_kg: Fraction
    dosed: Dosed
    calendar: Calendar
    titrated: Titrated

    @cached_property
    def sessions(self) -> tuple[Session, ...]:
        """Every session: its day, its portion and its infusion."""
        before_min, after_min = self.prescription.overheads_min
        at_min, stretches, change = self.case.order.at, self.dosed.stretches, self._clock_change
        product, since = self.case.product.id, self.case.since
        times = {time: _shown(time) for time in dict.fromkeys(self.titrated.times)}
        sessions = (
            Session(
                visit.course,
                visit.day,
                visit.on,
                at_min,
                portion.dose_g,
                portion.volume_ml,
                portion.vials,
                portion.leftover_g,
                infusion,
                stretches[visit.stretch].part.phase.id,
                before_min,
                after_min,
                times[time],
                change(visit.on, infusion),
                (visit.course, visit.day) in since.done,
                product,
            )
            for visit, portion, infusion, time in zip(
                self.calendar.visits, self.dosed.portions, self.titrated.infusions, self.titrated.times, strict=True
            )
        )
        return tuple(map(self._as_it_went, sessions) if since.pauses else sessions)

    def _as_it_went(self, session: Session) -> Session:
        """A session with its interruptions, by the clocks as they are changed until its new end."""
        for pause in self.case.since.pauses_of((session.course, session.day)):
            by_the_clock = session._replace(clock_change=self._clock_change(session.on, session.infusion, DAY_MIN))
            session = interrupted(by_the_clock, pause, self.case.product)
            session = session._replace(clock_change=self._clock_change(session.on, session.infusion))
        return session

    def _clock_change(self, on: date | None, infusion: Infusion | None, longer_min: int = 0) -> ClockChange | None:
        """The change of clocks that one visit meets, in the time zone of the site, and so many minutes after it."""
        at_min, zone = self.case.order.at, zone_of(self.case.site)
        if on is None or at_min is None or zone is None:
            return None
        before_min, after_min = self.prescription.overheads_min
        length_min = infusion.duration_min if infusion else 0
        return change_of_clocks(zone, on, at_min, -before_min, length_min + after_min + longer_min)


def _shown(time: TimeInForce | None) -> InfusionTime | None:
    if time is None:
        return None
    least, most = (None if end is None else decimal_of(end, 2) for end in (time.from_min, time.to_min))
    return InfusionTime(least, most, time.source)
