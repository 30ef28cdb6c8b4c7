"""One event after another: the plan before, what happened, the plan after, and what of it changed."""

from __future__ import annotations

from datetime import date

from msgspec.structs import replace

from ivigcalc.definitions import Loaded, Product, Site
from ivigcalc.engine.plan import Plan, Revision, Session, Was
from ivigcalc.engine.since import Place
from ivigcalc.errors import RequestError
from ivigcalc.replan.build import built
from ivigcalc.replan.missed import Missed
from ivigcalc.replan.order import NewProduct
from ivigcalc.replan.past import hold
from ivigcalc.replan.state import Event, Ordered, State
from ivigcalc.request.form import Command, Form


def begin(form: Form, command: Command, plan: Plan, *, on: date | None, site: Loaded[Site]) -> State:
    """The state of a plan of which nothing is known but what was asked."""
    return State(command, on, site, plan, (Ordered(1, form),), plan, form)


def after(state: State, event: Event, *, at: date, reason: str | None, by: str | None, previous_sha256: str) -> State:
    """The state after an event that was told on the day `at`; `previous_sha256` is that of the plan before.

    Raises `RefusedError` or `RequestError` for what cannot be; then nothing has changed.
    """
    history = state.plan.history
    if history and date.fromisoformat(history[-1].at) > at:
        raise RequestError(f"the plan was changed on {history[-1].at}, after {at}: check the clock of this computer")
    changed_state = event.happened(state, at)
    plan = built(changed_state)
    hold(state.plan, plan, at, event.places(state) if isinstance(event, Missed) else ())
    _check_overrides(event, plan)
    changed = _changed(state.plan, plan)
    revision = Revision(
        number=len(history) + 1,
        kind=event.kind,
        words=event.words,
        reason=reason,
        by=by,
        at=at.isoformat(),
        previous_sha256=previous_sha256,
        changed=changed,
        before=tuple(_was(session) for session in state.plan.sessions if (session.course, session.day) in changed),
        to_product=_product(event, plan),
    )
    return replace(changed_state, plan=replace(plan, history=(*history, revision)))


def _check_overrides(event: Event, plan: Plan) -> None:
    """An override that comes with an event speaks to a stop of the plan after it."""
    codes = {notice.code for notice in plan.notices if notice.level == "stop"}
    for said in event.words.override:
        code = said.partition("=")[0]
        if code not in codes:  # control: override-of-nothing-replanned
            raise RequestError(f"--override {code}: this plan has no stop of that code; leave it out", field="override")


def _changed(before: Plan, now: Plan) -> tuple[Place, ...]:
    """Course and day of every session that is not as it was, is gone or is new; to be marked done is no change."""
    was, is_now = ({(s.course, s.day): s._replace(done=False) for s in plan.sessions} for plan in (before, now))
    return tuple(sorted(place for place in {*was, *is_now} if was.get(place) != is_now.get(place)))


def _was(session: Session) -> Was:
    return Was(
        session.course,
        session.day,
        session.date,
        session.starts_at,
        session.ends_at,
        session.dose_g,
        session.volume_ml,
        session.duration_min,
        session.product,
    )


def _product(event: Event, plan: Plan) -> Loaded[Product] | None:
    if not isinstance(event, NewProduct):
        return None
    session = next(session for session in plan.sessions if session.course >= event.from_course)
    return plan.of(session).computed_from.product
