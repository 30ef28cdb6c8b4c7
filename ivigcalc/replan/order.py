"""The order changes from a course on: another weight, product, interval or dose. What is before it stays."""

from __future__ import annotations

from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from ivigcalc.errors import RequestError
from ivigcalc.quantity import Quantity
from ivigcalc.replan.past import refuse_settled_course
from ivigcalc.replan.state import State, reference_of
from ivigcalc.request.event import EventWords, Kind
from ivigcalc.request.request import OrderedDose


class OrderChange(Struct, frozen=True):
    """What the four have in common: from which course, and stops that are overridden for it."""

    from_course: int
    override: tuple[str, ...]

    def _begin(self, state: State, at: date) -> State:
        courses = max(session.course for session in state.plan.sessions)
        if self.from_course > courses:
            raise RequestError(
                f"--from-course {self.from_course}: the plan ends with course {courses}; give one of 1 to {courses}",
                field="from_course",
                code="no-such-session",
            )
        refuse_settled_course(state.plan, self.from_course, at)
        return replace(state, overrides=tuple(dict.fromkeys((*state.overrides, *self.override))))


def _refuse_of_phases(state: State, course: int, option: str) -> None:
    """Raise where one line orders several phases: nobody says of which of them the change is."""
    line = state.order_of(course).form.order
    if line is not None:
        raise RequestError(
            f"{option}: this plan was ordered by phases, in one line ({line}), and of which of them is meant is not "
            "said: plan what is left anew with `ivigcalc schedule`",
            field=option.removeprefix("--"),
        )


class NewWeight(OrderChange, frozen=True):
    """The patient was weighed again."""

    weight: Quantity
    weighed_on: date | None

    @property
    def kind(self) -> Kind:
        """A weight."""
        return "weight"

    @property
    def words(self) -> EventWords:
        """The words that give it again."""
        return EventWords(
            new_weight=str(self.weight),
            weighed_on=self.weighed_on.isoformat() if self.weighed_on else None,
            from_course=str(self.from_course),
            override=self.override,
        )

    def happened(self, state: State, at: date) -> State:
        """Dosed on the new weight; the old one is the weight of last time, and its day of weighing is forgotten."""
        if self.weighed_on is not None and self.weighed_on > at:
            raise RequestError(
                f"--weighed-on {self.weighed_on} is after {at}, the day on which this was told: check it",
                field="weighed_on",
            )
        state = self._begin(state, at)
        before = state.order_of(self.from_course).form.weight
        weighed = self.weighed_on.isoformat() if self.weighed_on else None
        # control: weight-with-its-own-day
        return state.with_order(self.from_course, weight=str(self.weight), weighed_on=weighed, previous_weight=before)


class NewProduct(OrderChange, frozen=True):
    """Another product is given: the first infusion of it is titrated as after a change of brand."""

    product: str

    @property
    def kind(self) -> Kind:
        """A product."""
        return "product"

    @property
    def words(self) -> EventWords:
        """The words that give it again."""
        return EventWords(product=self.product, from_course=str(self.from_course), override=self.override)

    def happened(self, state: State, at: date) -> State:
        """The first infusion of it then follows one of another product."""
        state = self._begin(state, at)
        session = next(session for session in state.plan.sessions if session.course >= self.from_course)
        if reference_of(state.plan.of(session).computed_from.product) == self.product:
            raise RequestError(
                f"--product {self.product} is given from course {self.from_course} on already: choose another, or "
                "leave it as it is",
                field="product",
            )
        return state.with_order(self.from_course, product=self.product)


class NewInterval(OrderChange, frozen=True):
    """Courses come in another rhythm: the course that is named keeps its day, those after it are counted anew."""

    every: Quantity
    dose_basis: str | None

    @property
    def kind(self) -> Kind:
        """An interval."""
        return "interval"

    @property
    def words(self) -> EventWords:
        """The words that give it again."""
        return EventWords(
            every=str(self.every),
            dose_basis=self.dose_basis,
            from_course=str(self.from_course),
            override=self.override,
        )

    def happened(self, state: State, at: date) -> State:
        """Counted from the day on which the named course is due; days of later courses that were moved are not kept."""
        state = self._begin(state, at)
        if state.first.computed_from.request.order.start is None:
            raise RequestError(
                "--every: the plan has no dates; make it with `ivigcalc schedule --start`", field="every"
            )
        _refuse_of_phases(state, self.from_course, "--every")
        basis = {"dose_basis": self.dose_basis} if self.dose_basis else {}
        return replace(
            state.with_order(self.from_course, every=str(self.every), **basis),
            anchors=tuple(anchor for anchor in state.anchors if anchor.course <= self.from_course),
            moved=tuple(m for m in state.moved if m.place[0] <= self.from_course or m.to is None),
        )


class NewDose(OrderChange, frozen=True):
    """Another dose is ordered."""

    dose: OrderedDose
    dose_basis: str | None

    @property
    def kind(self) -> Kind:
        """A dose."""
        return "dose"

    @property
    def words(self) -> EventWords:
        """The words that give it again."""
        return EventWords(
            dose=str(self.dose),
            dose_basis=self.dose_basis,
            from_course=str(self.from_course),
            override=self.override,
        )

    def happened(self, state: State, at: date) -> State:
        """With the dose, and its basis where that is said too."""
        state = self._begin(state, at)
        _refuse_of_phases(state, self.from_course, "--dose")
        basis = {"dose_basis": self.dose_basis} if self.dose_basis else {}
        return state.with_order(self.from_course, dose=str(self.dose), **basis)
