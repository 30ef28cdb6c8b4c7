"""What has happened since, as the calendar and the prescription see it."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from msgspec.structs import replace

from ivigcalc.api import Desk
from ivigcalc.engine.case import Case
from ivigcalc.engine.make import make_plan
from ivigcalc.engine.plan import Plan
from ivigcalc.engine.prescription import cut_at, prescribe
from ivigcalc.engine.since import NOTHING, Moved, Pause, Since
from ivigcalc.engine.stock import choose_vials
from ivigcalc.request.form import Form

FORM = Form(
    weight="72kg", age="54y", regimen="dermatomyositis", product="octagam-10-us", start="2026-12-01", at="09:00", days="2",
    courses="4",
)  # fmt: skip


@pytest.fixture(scope="module")
def case() -> Case:
    return Desk().case(FORM, "schedule")


def planned(case: Case, **since: object) -> Plan:
    return make_plan(replace(case, since=Since(**since)), prescribed=prescribe)  # type: ignore[arg-type]


def test_nothing_is_nothing(case: Case) -> None:
    assert case.since == NOTHING == Since()
    assert planned(case) == make_plan(case)


def test_a_case_that_begins_with_a_later_course(case: Case) -> None:
    plan = planned(case, first_course=3)
    assert [(s.course, s.day) for s in plan.sessions] == [(3, 1), (3, 2), (4, 1), (4, 2)]
    assert [(p.first_course, p.courses) for p in plan.phases] == [(3, 2)]
    assert (plan.totals.courses, plan.totals.sessions) == (2, 4)
    assert plan.sessions[0].on == date(2026, 12, 1)  # counted from the start, where no day is given


def test_the_days_that_are_due(case: Case) -> None:
    due = (date(2027, 1, 4), date(2027, 3, 1))
    plan = planned(case, first_course=3, due=due)
    assert [s.on for s in plan.sessions if s.day == 1] == list(due)


def test_parts_are_cut_at_a_course(case: Case) -> None:
    phased = Desk().case(Form(weight="72kg", age="54y", regimen="cidp:us-label-privigen", product="privigen-us",
                              start="2026-12-01", courses="5"), "schedule")  # fmt: skip
    parts = prescribe(phased).parts
    assert [(part.phase.id, part.courses) for part in parts] == [("loading", 1), ("maintenance", 4)]
    assert cut_at(parts, 1) == parts
    assert [(part.phase.id, part.courses) for part in cut_at(parts, 2)] == [("maintenance", 4)]
    assert cut_at(parts, 2)[0] is parts[1]
    assert [(part.phase.id, part.courses) for part in cut_at(parts, 4)] == [("maintenance", 2)]
    assert cut_at(parts, 6) == ()


def test_days_that_the_course_had_not_before_follow_those_that_were_moved(case: Case) -> None:
    """Of course 2, on 29 and 30 December, day 1 is given on 5 January; day 2 follows it."""
    plan = planned(case, moved=(Moved((2, 1), date(2026, 12, 29), date(2027, 1, 5)),))
    assert [s.on for s in plan.sessions if s.course == 2] == [date(2027, 1, 5), date(2027, 1, 6)]
    moved = (Moved((2, 2), date(2026, 12, 30), date(2027, 1, 5)),)
    assert [s.on for s in planned(case, moved=moved).sessions if s.course == 2] == [
        date(2026, 12, 29),
        date(2027, 1, 5),
    ]


def test_what_is_left_out_keeps_its_day_in_the_calendar(case: Case) -> None:
    found = Since(moved=(Moved((2, 1), date(2026, 12, 29), None), Moved((2, 2), date(2026, 12, 30), date(2027, 1, 5))))
    assert found.left_out == {(2, 1)}
    assert found.days == {(2, 1): None, (2, 2): date(2027, 1, 5)}
    plan = make_plan(replace(case, since=found), prescribed=prescribe)
    assert [s.on for s in plan.sessions if s.course == 2] == [date(2026, 12, 29), date(2027, 1, 5)]


def test_the_session_before_the_first_counts_for_the_gap(case: Case) -> None:
    """Eight weeks before 26 January is 1 December."""
    due = (date(2027, 1, 26), date(2027, 2, 23))
    for after, slow in ((date(2026, 12, 1), False), (date(2026, 11, 30), True)):
        plan = planned(case, first_course=3, after=after, due=due)
        assert any(n.code == "restart-slow" and n.sessions == ((3, 1),) for n in plan.notices) == slow


def test_sessions_that_are_done(case: Case) -> None:
    assert [s.done for s in planned(case, done=frozenset({(1, 2)})).sessions] == [False, True, *[False] * 6]


def test_pauses_of_a_session_are_in_order() -> None:
    pauses = (Pause((1, 1), 600), Pause((1, 2), 610), Pause((1, 1), 620))
    assert Since(pauses=pauses).pauses_of((1, 1)) == (pauses[0], pauses[2])
    assert Since(pauses=pauses).pauses_of((3, 1)) == ()


def test_an_override_that_lost_its_stop_is_none_once_the_order_was_planned(case: Case) -> None:
    from ivigcalc.errors import RequestError

    odd = Desk().case(replace(FORM, override=("dose-outside-regimen=x",)), "schedule")
    with pytest.raises(RequestError, match="no stop of that code"):
        make_plan(odd)
    assert make_plan(replace(odd, since=Since(replanned=True)), prescribed=prescribe)


def test_the_stock_that_others_took_is_gone(case: Case) -> None:
    import helpers

    site = helpers.a_site(stock={"octagam-10-us": {"30 g": "4", "2 g": "9"}}).value
    doses = [(Fraction(36),)]
    thirty, two = Fraction(30), Fraction(2)
    assert choose_vials(case.product, site, doses)[0][0][0].vials == ((thirty, 1), (two, 3))
    assert choose_vials(case.product, site, doses, {two: 6})[0][0][0].vials == ((thirty, 1), (two, 3))
    found, short = choose_vials(case.product, site, doses, {two: 7})
    assert found[0][0].vials == ((thirty, 2),)
    assert short is None
    assert choose_vials(case.product, site, doses, {two: 9, thirty: 99})[1] == 1
