"""Sessions were given as planned: they are marked done, and nothing changes them any more."""

from __future__ import annotations

from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from ivigcalc.engine.since import Place
from ivigcalc.errors import RefusedError
from ivigcalc.replan.state import State
from ivigcalc.request.event import EventWords, Kind


class Given(Struct, frozen=True):
    """Sessions that are marked done."""

    places: tuple[Place, ...]

    @property
    def kind(self) -> Kind:
        """Done."""
        return "done"

    @property
    def words(self) -> EventWords:
        """The words that give it again."""
        return EventWords(done=tuple(f"{course}.{day}" for course, day in self.places))

    def happened(self, state: State, at: date) -> State:
        """With these marked too."""
        for place in self.places:
            session = state.session(place, "--done")
            if session.on is not None and session.on > at:  # control: not-done-before-its-day
                raise RefusedError(
                    "session-to-come",
                    f"session {place[0]}.{place[1]} is on {session.date}, after {at}: it cannot be done yet; mark "
                    "it on its day, or give the day on which it was with --missed and --to",
                    overridable=False,
                )
        return replace(state, done=state.done | frozenset(self.places))
