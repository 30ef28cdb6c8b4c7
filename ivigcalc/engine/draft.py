"""Everything that was worked out for a case, exactly, before anything is said of it or rounded for showing."""

from __future__ import annotations

from datetime import date
from functools import cached_property

from msgspec import Struct

from ivigcalc.clock import DAY_MIN
from ivigcalc.engine.case import Case
from ivigcalc.engine.clocks import change_of_clocks, zone_of
from ivigcalc.engine.course import Dosed, first_places, sorts_of
from ivigcalc.engine.infusion import Titrated
from ivigcalc.engine.infusion_time import TimeInForce
from ivigcalc.engine.plan import ClockChange, Infusion, InfusionTime, Session
from ivigcalc.engine.prescription import Prescription
from ivigcalc.engine.resume import interrupted
from ivigcalc.engine.session import Calendar
from ivigcalc.engine.weight import Weights
from ivigcalc.exact import Fraction
from ivigcalc.quantity import decimal_of

#: fields of a session that say when it is: its course, day and date
_DAY_FIELDS = 3


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
        sorts, since = self.titrated.sorts, self.case.since
        alike = [self._whatever_the_day(place)[_DAY_FIELDS:] for place in first_places(sorts)]
        visits = zip(self.calendar.visits, sorts, strict=True)
        sessions = [Session._make((visit.course, visit.day, visit.on, *alike[sort])) for visit, sort in visits]
        if since.done or zone_of(self.case.site) is not None:
            sessions = list(map(self._on_its_day, sessions))
        return tuple(map(self._as_it_went, sessions) if since.pauses else sessions)

    def _whatever_the_day(self, place: int) -> Session:
        """The session at a place of the plan, whatever hangs on its day."""
        visit, portion = self.calendar.visits[place], self.dosed.portions[place]
        before_min, after_min = self.prescription.overheads_min
        return Session(
            visit.course,
            visit.day,
            visit.on,
            at_min=self.case.order.at,
            dose_g=portion.dose_g,
            volume_ml=portion.volume_ml,
            vials=portion.vials,
            leftover_g=portion.leftover_g,
            infusion=self.titrated.infusions[place],
            phase=self.dosed.stretches[visit.stretch].part.phase.id,
            overhead_before_min=before_min,
            overhead_after_min=after_min,
            infusion_time=_shown(self.titrated.times[place]),
            product=self.case.product.id,
        )

    def _on_its_day(self, session: Session) -> Session:
        """A session with what hangs on its day: whether it is past, and how the clocks are changed."""
        return session._replace(
            clock_change=self._clock_change(session.on, session.infusion),
            done=(session.course, session.day) in self.case.since.done,
        )

    @cached_property
    def sorts(self) -> tuple[int, ...]:
        """Which sessions of a first plan are alike but for their days: the sort of each, numbered as they are met."""
        if zone_of(self.case.site) is None:
            return self.titrated.sorts
        changes = [session.clock_change for session in self.sessions]
        return sorts_of(zip(self.titrated.sorts, changes, strict=True))

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
