"""An infusion was interrupted: paused and resumed, slowed down, or stopped."""

from __future__ import annotations

from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from ivigcalc.clock import clock_text
from ivigcalc.engine.plan import Notice
from ivigcalc.engine.since import Pause
from ivigcalc.replan.past import refuse_settled
from ivigcalc.replan.state import State
from ivigcalc.request.event import EventWords, Kind


class Reaction(Struct, frozen=True):
    """An interruption of one session."""

    pause: Pause

    @property
    def kind(self) -> Kind:
        """A reaction."""
        return "reaction"

    @property
    def words(self) -> EventWords:
        """The words that give it again."""
        pause = self.pause
        resume = pause.resume_clock_min
        return EventWords(
            session=f"{pause.place[0]}.{pause.place[1]}",
            reaction_at=clock_text(pause.reaction_clock_min),
            resume_at=None if resume is None else clock_text(resume),
            rate=None if pause.rate is None else str(pause.rate),
            stop=resume is None,
        )

    def happened(self, state: State, at: date) -> State:
        """With one interruption more."""
        session = state.session(self.pause.place, "--session")
        refuse_settled(session, at)
        state = replace(state, pauses=(*state.pauses, self.pause))
        if session.on is None or session.on <= at:
            return state
        early = Notice(
            "event-to-come",
            "caution",
            f"session {session.course}.{session.day} is on {session.date}, after {at}, the day on which this was told: "
            "check the session and the date",
            str(at),
            session.date,
            sessions=(self.pause.place,),
        )
        return replace(state, said=(*state.said, early))
