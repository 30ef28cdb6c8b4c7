"""From the state of a plan to the plan: each order planned from its first course on, with what was taken before it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

from ivigcalc.engine.make import make_plan
from ivigcalc.engine.plan import Plan, Segment, Session
from ivigcalc.engine.prescription import prescribe
from ivigcalc.engine.since import Since
from ivigcalc.replan.join import join
from ivigcalc.replan.state import Ordered, State, reference_of
from ivigcalc.replan.timetable import due_dates_of
from ivigcalc.request.form import Form


def built(state: State) -> Plan:
    """The plan of a state: a function of what was asked, the definitions and the events, and of nothing else."""
    due = due_dates_of(state)
    left_out = {found.place for found in state.moved if found.to is None}
    segments: list[Segment] = []
    given: list[Session] = []
    for number, ordered in enumerate(state.orders):
        plan = _planned(state, number, ordered, due, given)
        segments.append(Segment(ordered.first_course, plan))
        end = state.orders[number + 1].first_course if number + 1 < len(state.orders) else None
        given += [
            session
            for session in plan.sessions
            if (end is None or session.course < end) and (session.course, session.day) not in left_out
        ]
    return join(state.first, segments, left_out, state.said)


def _planned(state: State, number: int, ordered: Ordered, due: tuple[date, ...] | None, given: list[Session]) -> Plan:
    first = ordered.first_course
    form = ordered.form if ordered.form == state.asked else _settled(ordered.form, state.first)
    own = due[first - 1 :] if due else None
    before = given[-1] if number and given else None
    if before is not None:
        form = replace(
            form,
            start=own[0].isoformat() if own else form.start,
            infusion="subsequent",
            last_infusion=None,
            last_product=before.product,  # control: change-of-brand
            valid_for=None,
        )
    form = replace(form, override=tuple(dict.fromkeys((*form.override, *state.overrides))))
    case = state.desk.case(form, state.command)
    since = Since(
        first_course=first,
        after=max((session.on for session in given if session.on), default=None) if before is not None else None,
        due=own,
        moved=tuple(found for found in state.moved if found.place[0] >= first),
        pauses=tuple(pause for pause in state.pauses if state.order_of(pause.place[0]) == ordered),
        done=state.done,
        taken=_taken(given, case.product.id),
        replanned=True,
    )
    return make_plan(replace(case, since=since), prescribed=prescribe)


def _settled(form: Form, first: Plan) -> Form:
    """A form that names what was taken by default when the plan was new: a change of order changes nothing else."""
    source = first.computed_from
    regimen = f"{reference_of(source.regimen)}:{source.protocol}" if source.regimen else form.regimen
    return replace(
        form,
        regimen=regimen,
        indication=None if source.regimen else form.indication,
        product=form.product or reference_of(source.product),
        policy=form.policy or reference_of(source.policy.policy),
    )


def _taken(given: list[Session], product: str) -> tuple[tuple[Fraction, int], ...]:
    """The vials of a product that the sessions before take, by size in g."""
    found: dict[Fraction, int] = {}
    for session in given:
        for vial in session.vials if session.product == product else ():
            size = Fraction(vial.size_g)
            found[size] = found.get(size, 0) + vial.count
    return tuple(sorted(found.items()))
