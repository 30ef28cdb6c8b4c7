"""A plan as it stands: what was asked at first, and what events have made of it. Each event gives the next state."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cached_property
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from ivigcalc.api import Desk
from ivigcalc.definitions import Loaded, Site
from ivigcalc.engine.plan import Notice, Plan, Session
from ivigcalc.engine.prescription import Part, prescribe
from ivigcalc.engine.since import Moved, Pause, Place
from ivigcalc.errors import RequestError
from ivigcalc.request.event import EventWords, Kind
from ivigcalc.request.form import Command, Form


class Ordered(Struct, frozen=True):
    """What is ordered from a course on, in words."""

    first_course: int
    form: Form


class Anchor(Struct, frozen=True):
    """A course from which the dates are counted anew, and the day on which that course is due."""

    course: int
    day: date


class State(Struct, frozen=True, dict=True):
    """All that a plan is made from. `first` is what was planned at first for what was `asked`, `plan` what it comes to
    now; `on` the day of the first order.
    """

    command: Command
    on: date | None
    site: Loaded[Site]
    first: Plan
    orders: tuple[Ordered, ...]
    plan: Plan
    asked: Form
    anchors: tuple[Anchor, ...] = ()
    moved: tuple[Moved, ...] = ()
    pauses: tuple[Pause, ...] = ()
    done: frozenset[Place] = frozenset()
    overrides: tuple[str, ...] = ()
    said: tuple[Notice, ...] = ()

    @cached_property
    def desk(self) -> Desk:
        """Where the orders are read."""
        return Desk(self.site, self.on)

    @cached_property
    def by_place(self) -> dict[Place, Session]:
        """The sessions of the plan by course and day."""
        return {(session.course, session.day): session for session in self.plan.sessions}

    def session(self, place: Place, option: str) -> Session:
        """A session of the plan; raises where it has none of that name."""
        found = self.by_place.get(place)
        if found is None:
            first, last = self.plan.sessions[0], self.plan.sessions[-1]
            raise RequestError(
                f"{option}: the plan has no session {place[0]}.{place[1]}; "
                f"say course.day, from {first.course}.{first.day} to {last.course}.{last.day}",
                field=option.removeprefix("--").replace("-", "_"),
                code="no-such-session",
            )
        return found

    def order_of(self, course: int) -> Ordered:
        """The order that a course is given under."""
        return [ordered for ordered in self.orders if ordered.first_course <= course][-1]

    def form_of(self, ordered: Ordered) -> Form:
        """What an order asks. A changed one names the protocol that was taken when the plan was new, where with another
        product or weight it might be another.

        The other defaults are the site's, and stay: to name a policy would set aside the protocol's own weight.
        """
        form, source = ordered.form, self.first.computed_from
        if form == self.asked or source.regimen is None:
            return form
        protocol = f"{reference_of(source.regimen)}:{source.protocol}"  # control: same-protocol
        return replace(form, regimen=protocol, indication=None)

    def parts_of(self, ordered: Ordered) -> tuple[Part, ...]:
        """The parts of an order from the first course on, one for each phase."""
        return prescribe(self.desk.case(self.form_of(ordered), self.command)).parts

    def with_order(self, first_course: int, **words: str | None) -> State:
        """The state in which words of the order are others from a course on, also in what was changed after it."""
        return self.with_form(first_course, lambda form: replace(form, **words))

    def with_form(self, first_course: int, change: Callable[[Form], Form]) -> State:
        """The same where what is changed hangs on what was ordered."""
        now = self.order_of(first_course)
        begun = () if now.first_course == first_course else (Ordered(first_course, now.form),)
        orders = sorted((*self.orders, *begun), key=lambda ordered: ordered.first_course)
        return replace(
            self,
            orders=tuple(
                Ordered(o.first_course, change(o.form)) if o.first_course >= first_course else o for o in orders
            ),
        )


def reference_of(loaded: Loaded[Any]) -> str:
    """How a definition is named again: a shipped one by its id, a hospital's own by its path."""
    return loaded.name if loaded.is_file else str(loaded.value.id)


class Event(Protocol):
    """Something that has happened to a plan."""

    @property
    def kind(self) -> Kind:
        """Which kind it is."""

    @property
    def words(self) -> EventWords:
        """The words that give it again."""

    def happened(self, state: State, at: date) -> State:
        """The state after it, on the day `at` on which it is told; raises for what cannot be."""
