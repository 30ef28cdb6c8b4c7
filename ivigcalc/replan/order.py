"""The order changes from a course on: another weight, product, interval or dose. What is before it stays."""

from __future__ import annotations

from datetime import date
from itertools import accumulate

from msgspec import Struct
from msgspec.structs import replace

from ivigcalc.errors import RequestError
from ivigcalc.quantity import Quantity
from ivigcalc.replan.past import refuse_settled_course
from ivigcalc.replan.state import Ordered, State, reference_of
from ivigcalc.request.event import EventWords, Kind
from ivigcalc.request.form import Form
from ivigcalc.request.request import OrderedDose
from ivigcalc.request.shorthand import read_order
from ivigcalc.request.written import write_order


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


def _ordered_anew(state: State, course: int, option: str, **said: OrderedDose | Quantity | str | None) -> State:
    """The state in which this is ordered from a course on: where one line orders phases, of the one phase that is left
    then. Raises where several are: nobody says of which of them the change is."""
    new = {name: value for name, value in said.items() if value is not None}

    def change(form: Form) -> Form:
        if form.order is None:
            return replace(form, **{name: str(value) for name, value in new.items()})
        by_phase = list(read_order(form.order))
        parts = state.parts_of(Ordered(course, form))
        *earlier, _ = accumulate(part.courses for part in parts)
        left = [part.phase.id for part, end in zip(parts, earlier, strict=False) if end >= course]
        if left:
            phases = " and ".join([*left, parts[-1].phase.id])
            raise RequestError(
                f"{option}: from course {course} on the plan has {phases}, ordered in one line ({form.order}), and "
                f"which of them is meant is not said: give --from-course {earlier[-1] + 1} or later, or plan what is "
                "left anew with `ivigcalc schedule`",
                field=option.removeprefix("--"),
            )
        by_phase[-1] = replace(by_phase[-1], **new)
        return replace(form, order=write_order(by_phase))

    return state.with_form(course, change)


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
        return replace(
            _ordered_anew(state, self.from_course, "--every", every=self.every, dose_basis=self.dose_basis),
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
        return _ordered_anew(state, self.from_course, "--dose", dose=self.dose, dose_basis=self.dose_basis)
