"""A plan and its changes, replayed: each plan is computed from the one before, and names that one by its hash.

So a saved plan is computed again from what was asked and from what happened, and from nothing else that it says.
"""

from __future__ import annotations

from datetime import date
from hashlib import sha256

from ivigcalc.api import plan_form
from ivigcalc.document.read import SavedPlan
from ivigcalc.document.write import to_json
from ivigcalc.engine.plan import Plan
from ivigcalc.replan.read import read_event
from ivigcalc.replan.replan import after, begin
from ivigcalc.replan.state import State
from ivigcalc.request.event import EventWords


def digest(plan: Plan) -> str:
    """The SHA-256 of a plan as it is written."""
    return sha256(to_json(plan).encode("utf-8")).hexdigest()


def replayed(saved: SavedPlan) -> State:
    """The first plan computed anew, and every change of it."""
    plan = plan_form(saved.form, saved.command, on=saved.on, site=saved.site)
    state = begin(saved.form, saved.command, plan, on=saved.on, site=saved.site)
    for told in saved.history:
        state = changed(state, told.words, told.at, told.reason, told.by)
    return state


def changed(state: State, words: EventWords, at: date, reason: str | None, by: str | None) -> State:
    """The state after one change, which names the plan before it by its hash."""
    source = state.first.computed_from
    holidays = source.site.value.holidays
    country = source.request.country or (holidays.country if holidays else None)
    before = digest(state.plan)  # control: chained-by-hash
    return after(state, read_event(words, country), at=at, reason=reason, by=by, previous_sha256=before)
