"""Two changes that have nothing to do with each other give the same plan, whichever was told first."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivigcalc.engine.plan import Plan

from .saved import after, figures, first

ON = "2026-12-01"
EVENTS: dict[str, dict[str, Any]] = {
    "a reaction": {"session": "1.1", "reaction_at": "10:51", "resume_at": "11:21", "rate": "half"},
    "done": {"done": ("1.1",)},
    "a missed session": {"missed": ("2027-01-27",), "to": "2027-02-02", "rest": "keep"},
    "a missed course": {"missed": ("2026-12-29",), "to": "2027-01-04", "rest": "keep"},
    "a weight": {"new_weight": "68kg", "from_course": "2"},
    "a product": {"product": "privigen-us", "from_course": "4"},
    "an interval": {
        "every": "5 weeks",
        "dose_basis": "course",
        "from_course": "5",
        "override": ("interval-outside-regimen=x",),
    },
    "a dose": {"dose": "1.8 g/kg/course", "from_course": "3", "override": ("dose-outside-regimen=x",)},
}
#: of these two the order counts: what was done had no reaction, and a later dose is measured by the protocol alone
NOT = {frozenset(("a reaction", "done"))}
PAIRS = [
    (one, other)
    for place, one in enumerate(EVENTS)
    for other in list(EVENTS)[place + 1 :]
    if frozenset((one, other)) not in NOT
]


@pytest.fixture(scope="module")
def plan() -> Plan:
    return first()


@pytest.fixture(scope="module")
def once(plan: Plan) -> dict[str, Plan]:
    return {name: after(plan, ON, **words) for name, words in EVENTS.items()}


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_two_changes_commute(once: dict[str, Plan], one: str, other: str) -> None:
    there = after(once[one], ON, **EVENTS[other])
    back = after(once[other], ON, **EVENTS[one])
    assert figures(there) == figures(back)
    assert there.totals == back.totals
    assert there.phases == back.phases
    assert set(there.notices) == set(back.notices)
    assert there.trace == back.trace


def test_the_same_told_twice_is_the_same_plan(once: dict[str, Plan]) -> None:
    """But for a product, which is refused, a reaction, which is another one, and a session, which is no more there."""
    for name in ("done", "a weight", "a dose", "an interval"):
        assert figures(after(once[name], ON, **EVENTS[name])) == figures(once[name]), name


PLANS: dict[str, Plan] = {}


@given(st.integers(1, 4), st.sampled_from(["3 weeks", "5 weeks", "6 weeks", "1 month"]), st.integers(2, 6))
def test_done_and_interval_commute_for_every_number(done: int, every: str, course: int) -> None:
    plan = PLANS.setdefault("plan", first())
    told = "2026-12-04"
    rhythm = {
        "every": every,
        "dose_basis": "course",
        "from_course": str(course),
        "override": ("interval-outside-regimen=x",),
    }
    if every == "1 month":
        rhythm["override"] = ("interval-outside-regimen=x",)
    marked = {"done": tuple(f"1.{day}" for day in range(1, done + 1))}
    there = after(after(plan, told, **marked), told, **rhythm)
    back = after(after(plan, told, **rhythm), told, **marked)
    assert figures(there) == figures(back)
    assert [s.date for s in there.sessions if s.course <= course] == [
        s.date for s in plan.sessions if s.course <= course
    ]


@given(st.integers(0, 3), st.integers(0, 3), st.integers(1, 3), st.integers(1, 3))
def test_missed_sessions_of_different_courses_commute(day: int, other: int, shift: int, later: int) -> None:
    """Days of courses 2 and 4, moved by some days each; the rest keeps its days."""
    from datetime import timedelta

    plan = PLANS.setdefault("plan", first())

    def missed(course: int, day: int, shift: int) -> dict[str, Any]:
        on = [s.on for s in plan.sessions if s.course == course][day]
        assert on is not None
        return {"missed": (on.isoformat(),), "to": (on + timedelta(days=shift)).isoformat(), "rest": "keep"}

    one, two = missed(2, day, shift), missed(4, other, later)
    assert figures(after(after(plan, ON, **one), ON, **two)) == figures(after(after(plan, ON, **two), ON, **one))
