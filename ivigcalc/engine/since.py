"""What has happened to a plan since it was first made, as far as it is no part of the order: the engine's view of it.

An order that changes from a course on is another case, whose plan begins with that course. Sessions are named by course
and day, counted from 1 through the whole plan.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec import Struct

from ivigcalc.exact import Fraction
from ivigcalc.quantity import Quantity

#: course and day of a session
Place = tuple[int, int]
#: how an infusion goes on after a pause, where no rate is ordered
RestartRate = Literal["previous", "initial", "half"]


class Pause(Struct, frozen=True):
    """An infusion that was interrupted, by the clock on the wall in minutes after midnight.

    `resume_clock_min` is None where it was stopped for good; then there is no rate either.
    """

    place: Place
    reaction_clock_min: int
    resume_clock_min: int | None = None
    rate: RestartRate | Quantity | None = None


class Moved(Struct, frozen=True):
    """A session that was missed: the day on which it was due, and the day on which it is given; None: not at all."""

    place: Place
    missed: date
    to: date | None


class Since(Struct, frozen=True):
    """`first_course`: with which the case begins; earlier ones are another's. `after`: the day of the last session
    before it. `due`: of each course from it on, instead of counting from the start. `taken`: what earlier cases took of
    the product, by vial size in g. `replanned`: the order was planned before, so an override may have lost its stop.
    """

    first_course: int = 1
    after: date | None = None
    due: tuple[date, ...] | None = None
    moved: tuple[Moved, ...] = ()
    pauses: tuple[Pause, ...] = ()
    done: frozenset[Place] = frozenset()
    taken: tuple[tuple[Fraction, int], ...] = ()
    replanned: bool = False

    @property
    def days(self) -> dict[Place, date | None]:
        """The day of each session that was moved; None: it is left out."""
        return {found.place: found.to for found in self.moved}

    @property
    def left_out(self) -> frozenset[Place]:
        """The sessions that are not given at all."""
        return frozenset(found.place for found in self.moved if found.to is None)

    def pauses_of(self, place: Place) -> tuple[Pause, ...]:
        """The interruptions of one session, in order."""
        return tuple(pause for pause in self.pauses if pause.place == place)


NOTHING = Since()
