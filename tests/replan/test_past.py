"""What is past stays: sessions that are marked done, or whose day is over, never change."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from msgspec.structs import replace

from ivigcalc.engine.plan import Plan
from ivigcalc.errors import RefusedError, RequestError
from ivigcalc.replan.past import hold, is_settled, last_day, lies_in_the_past, refuse_settled_course

from .saved import after, first, reaction, session


@pytest.fixture(scope="module")
def plan() -> Plan:
    return first()


def test_marked_done(plan: Plan) -> None:
    done = after(plan, "2026-12-02", done=("1.1", "1.2"))
    assert [f"{s.course}.{s.day}" for s in done.sessions if s.done] == ["1.1", "1.2"]
    assert done.revision is not None
    assert (done.revision.changed, done.revision.before) == ((), ())
    assert [s._replace(done=False) for s in done.sessions] == list(plan.sessions)
    more = after(done, "2026-12-03", done=("1.2", "1.3"))
    assert [f"{s.course}.{s.day}" for s in more.sessions if s.done] == ["1.1", "1.2", "1.3"]


def test_a_session_is_not_done_before_its_day(plan: Plan) -> None:
    with pytest.raises(RefusedError, match=r"session 1\.2 is on 2026-12-02, after 2026-12-01") as caught:
        after(plan, "2026-12-01", done=("1.1", "1.2"))
    assert (caught.value.code, caught.value.overridable) == ("session-to-come", False)
    assert after(plan, "2026-12-02", done=("1.1", "1.2"))


def test_a_session_that_the_plan_has_not(plan: Plan) -> None:
    with pytest.raises(RequestError) as caught:
        after(plan, "2026-12-09", done=("1.5",))
    assert str(caught.value) == "--done: the plan has no session 1.5; say course.day, from 1.1 to 6.4"


def test_a_session_that_is_done_has_no_reaction(plan: Plan) -> None:
    done = after(plan, "2026-12-01", done=("1.1",))
    with pytest.raises(RefusedError, match=r"session 1\.1 is marked done, and what is past stays") as caught:
        reaction(done, "10:51", "11:21", "half")
    assert (caught.value.code, caught.value.overridable) == ("session-past", False)


def test_nor_has_one_whose_day_is_over(plan: Plan) -> None:
    with pytest.raises(RefusedError, match=r"session 1\.1 on 2026-12-01 lies in the past, and what is past stays"):
        reaction(plan, "10:51", "11:21", "half", on="2026-12-02")


def test_the_day_on_which_it_ends_counts() -> None:
    """From 22:00 it lasts until 00:43 on the second; without rates until the day of its start."""
    night = session(first(at="22:00"), "1.1")
    assert last_day(night) == date(2026, 12, 2)
    assert not lies_in_the_past(night, date(2026, 12, 2))
    assert lies_in_the_past(night, date(2026, 12, 3))
    day = session(first(), "1.1")
    assert last_day(day) == date(2026, 12, 1)
    assert not is_settled(day, date(2026, 12, 1))
    assert is_settled(day, date(2026, 12, 2))
    assert is_settled(day._replace(done=True), date(2026, 12, 1))
    assert last_day(session(first(product="alyglo-us"), "1.1")) == date(2026, 12, 1)
    for at in ("00:00", "23:59"):
        assert last_day(session(first(product="alyglo-us", at=at), "1.1")) == date(2026, 12, 1)
    assert last_day(session(first(at=None), "1.1")) == date(2026, 12, 1)


def test_what_has_no_date_is_never_past() -> None:
    undated = first(command="dose", start=None, at=None, courses=None).sessions[0]
    assert last_day(undated) is None
    assert not lies_in_the_past(undated, date(2199, 1, 1))


@pytest.mark.parametrize(
    ("on", "course", "said"),
    [
        ("2026-12-01", 1, None),
        ("2026-12-03", 1, r"--from-course 1 reaches session 1\.2, which on 2026-12-02 lies in the past: .* give --from-course 2 or later"),
        ("2026-12-05", 2, None),
        ("2026-12-30", 1, r"session 2\.1, which on 2026-12-29 lies in the past: .* give --from-course 3 or later"),
        ("2026-12-30", 2, r"session 2\.1, which on 2026-12-29 lies in the past: .* give --from-course 3 or later"),
        ("2026-12-30", 3, None),
    ],
)  # fmt: skip
def test_a_change_from_a_course_on_reaches_nothing_that_has_passed(
    plan: Plan, on: str, course: int, said: str | None
) -> None:
    if said is None:
        refuse_settled_course(plan, course, date.fromisoformat(on))
        return
    with pytest.raises(RefusedError, match=said) as caught:
        refuse_settled_course(plan, course, date.fromisoformat(on))
    assert (caught.value.code, caught.value.overridable) == ("session-past", False)


def test_nor_what_was_begun_or_is_done_today(plan: Plan) -> None:
    with pytest.raises(RefusedError, match=r"session 1\.1, which was interrupted: .* give --from-course 2 or later"):
        refuse_settled_course(reaction(plan, "10:51"), 1, date(2026, 12, 1))
    refuse_settled_course(reaction(plan, "10:51"), 2, date(2026, 12, 1))
    with pytest.raises(RefusedError, match=r"session 1\.1, which is marked done: "):
        refuse_settled_course(after(plan, "2026-12-01", done=("1.1",)), 1, date(2026, 12, 1))


# ---- the last line of defence ---------------------------------------------------------------------------------------

ON = date(2026, 12, 3)


def changed(plan: Plan, place: int, **values: object) -> Plan:
    sessions = list(plan.sessions)
    sessions[place] = sessions[place]._replace(**values)  # type: ignore[arg-type]
    return replace(plan, sessions=tuple(sessions))


@pytest.mark.parametrize(
    "values",
    [
        {"on": date(2026, 12, 9)},
        {"at_min": 600},
        {"dose_g": Decimal(30)},
        {"volume_ml": Decimal(300)},
        {"vials": ()},
        {"leftover_g": Decimal(1)},
        {"infusion": None},
        {"product": "privigen-us"},
    ],
    ids=lambda values: next(iter(values)),
)
def test_a_change_that_reaches_the_past_is_refused_whatever_it_is(plan: Plan, values: dict[str, object]) -> None:
    """Session 1.2 was on 2 December; 1.3 is today, and may change."""
    with pytest.raises(
        RefusedError, match=r"session 1\.2 on 2026-12-02 lies in the past, and this would change it"
    ) as caught:
        hold(plan, changed(plan, 1, **values), ON, ())
    assert (caught.value.code, caught.value.overridable) == ("session-past", False)
    hold(plan, changed(plan, 2, **values), ON, ())
    hold(plan, changed(plan, 1, **values), ON, {(1, 2)})


def test_a_session_of_the_past_does_not_vanish(plan: Plan) -> None:
    with pytest.raises(RefusedError, match=r"session 1\.1"):
        hold(plan, replace(plan, sessions=plan.sessions[1:]), ON, ())


def test_to_be_marked_is_no_change(plan: Plan) -> None:
    hold(plan, changed(plan, 0, done=True), ON, ())


def test_a_done_session_holds_on_its_day(plan: Plan) -> None:
    done = changed(plan, 2, done=True)
    with pytest.raises(RefusedError, match=r"session 1\.3 is marked done, and this would change it"):
        hold(done, changed(done, 2, dose_g=Decimal(1)), ON, ())
