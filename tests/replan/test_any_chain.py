"""Any chain of events: each is refused, or gives a plan that verifies, conserves what there is and keeps what is past."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import helpers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivigcalc.document.verify import verify
from ivigcalc.engine.plan import Plan
from ivigcalc.errors import IvigcalcError
from ivigcalc.replan.past import is_settled

from .saved import after, first, saved

SITE = helpers.a_site(
    open={"mon-sat": "07:00-19:00"},
    closed_days="shift-later",
    price_per_gram={"octagam-10-us": {"amount": "10", "currency": "USD"}},
    stock={"octagam-10-us": {"30 g": "40", "2 g": "90"}},
)
KEPT = helpers.a_site(open={"mon": "07:00-19:00", "fri": "07:00-19:00"}, closed_days="keep")
ANY = ("interval-outside-regimen", "dose-outside-regimen", "course-overlap", "courses-close")
PLANS: dict[str, Plan] = {}


MADE: dict[str, Callable[[], Plan]] = {
    "plain": lambda: first(days="2", courses="4"),
    "clinic": lambda: first(SITE, days="2", courses="4"),
    "closed days kept": lambda: first(KEPT, days="2", courses="4"),
    "phases": lambda: first(regimen="cidp:us-label-privigen", product="privigen-us", days=None, courses="4"),
}


def plan_of(kind: str) -> Plan:
    """A plain plan, one of a clinic, one on days when it is closed, one of a protocol with phases."""
    if kind not in PLANS:
        PLANS[kind] = MADE[kind]()
    return PLANS[kind]


places = st.tuples(st.integers(1, 4), st.integers(1, 2)).map(lambda place: f"{place[0]}.{place[1]}")
clocks = st.integers(8 * 60, 16 * 60).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")
days = st.integers(0, 130).map(lambda day: (date(2026, 12, 1) + timedelta(days=day)).isoformat())
courses = st.integers(1, 5).map(str)
overrides = st.sampled_from(ANY).map(lambda code: (f"{code}=x",)) | st.just(())
EVENTS = st.one_of(
    st.fixed_dictionaries({"session": places, "reaction_at": clocks, "stop": st.just(True)}),
    st.fixed_dictionaries(
        {
            "session": places,
            "reaction_at": clocks,
            "resume_at": clocks,
            "rate": st.sampled_from(["previous", "initial", "half", "1 mL/kg/h"]),
        }
    ),
    st.fixed_dictionaries(
        {"missed": days.map(lambda day: (day,)), "to": days, "rest": st.sampled_from(["move", "keep"])}
    ),
    st.fixed_dictionaries({"missed": days.map(lambda day: (day,)), "rest": st.just("keep")}),
    st.fixed_dictionaries({"new_weight": st.sampled_from(["60kg", "75kg", "99kg"]), "from_course": courses}),
    st.fixed_dictionaries({"product": st.sampled_from(["privigen-us", "gamunex-c-us"]), "from_course": courses}),
    st.fixed_dictionaries(
        {
            "every": st.sampled_from(["3 weeks", "5 weeks"]),
            "from_course": courses,
            "dose_basis": st.just("course"),
            "override": overrides,
        }
    ),
    st.fixed_dictionaries(
        {"dose": st.sampled_from(["1 g/kg", "1.5 g/kg"]), "from_course": courses, "override": overrides}
    ),
    st.fixed_dictionaries({"done": st.lists(places, min_size=1, max_size=2).map(tuple)}),
)


def told(plan: Plan) -> list[str | None]:
    """Sessions by their days, so that most events meet one."""
    return [session.date for session in plan.sessions]


@pytest.mark.slow
@settings(max_examples=150)
@given(
    st.sampled_from(sorted(MADE)),
    st.lists(st.tuples(EVENTS, st.integers(0, 20)), max_size=6),
    st.data(),
)
def test_any_chain_of_events(kind: str, chain: list[tuple[dict[str, Any], int]], data: st.DataObject) -> None:
    plan, at = plan_of(kind), date(2026, 12, 1)
    for event, later in chain:
        at += timedelta(days=later)
        if "missed" in event:
            event = event | {"missed": (data.draw(st.sampled_from(told(plan))),)}
        before = plan
        with suppress(IvigcalcError):
            plan = after(before, at, **event)
        if plan is before:
            continue
        now = {(s.course, s.day): s for s in plan.sessions}
        assert len(now) == len(plan.sessions) == plan.totals.sessions
        for was in before.sessions:
            if is_settled(was, at) and "missed" not in event:
                assert now[was.course, was.day]._replace(done=was.done) == was
        assert sum(s.dose_g for s in plan.sessions) == plan.totals.dose_g
        for session in plan.sessions:
            held = sum(vial.size_g * vial.count for vial in session.vials)
            assert held == session.dose_g + session.leftover_g
            assert sum(step.volume_ml for step in session.steps) == session.volume_ml
    assert verify(saved(plan)).agrees
