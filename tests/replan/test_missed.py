"""A session that was missed: 24 of the seeds' sessions, courses of four days every four weeks from Tuesday 1 December 2026."""

from __future__ import annotations

from datetime import date, timedelta

import helpers
import pytest

from ivigcalc.engine.plan import Plan
from ivigcalc.errors import RefusedError, RequestError

from .saved import after, dates, first, reaction, session

#: Monday to Friday, and the New Year's days closed
SITE = helpers.a_site(open={"mon-fri": "08:00-17:00"}, closed=["2026-12-24"], closed_days="shift-later")
TOLD = "2026-12-29"
#: a course in one day, which the protocol does not print
ONE_DAY = ("days-outside-regimen=x",)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return first()


def course(plan: Plan, number: int) -> list[str | None]:
    return [s.date for s in plan.sessions if s.course == number]


def days_from(day: str, count: int = 4) -> list[str]:
    start = date.fromisoformat(day)
    return [(start + timedelta(days=k)).isoformat() for k in range(count)]


# ---- moved ----------------------------------------------------------------------------------------------------------


def test_the_course_moves_and_the_rest_keeps_its_days(plan: Plan) -> None:
    moved = after(plan, TOLD, missed=("2026-12-29",), to="2027-01-05", rest="keep")
    assert course(moved, 2) == days_from("2027-01-05")
    assert [course(moved, n) for n in (1, 3, 4, 5, 6)] == [course(plan, n) for n in (1, 3, 4, 5, 6)]
    assert moved.revision is not None
    assert moved.revision.changed == ((2, 1), (2, 2), (2, 3), (2, 4))


def test_the_rest_moves_with_it(plan: Plan) -> None:
    """A week later: courses 3 to 6 are four weeks after 5 January each."""
    moved = after(plan, TOLD, missed=("2026-12-29",), to="2027-01-05", rest="move")
    assert [course(moved, n)[0] for n in range(1, 7)] == [
        "2026-12-01", "2027-01-05", "2027-02-02", "2027-03-02", "2027-03-30", "2027-04-27"
    ]  # fmt: skip
    assert course(moved, 6) == days_from("2027-04-27")
    assert course(moved, 1) == course(plan, 1)


def test_from_a_later_day_on_the_days_before_stay(plan: Plan) -> None:
    """Day 3 of course 2 was missed on 31 December; days 3 and 4 are given from 5 January on."""
    moved = after(plan, "2026-12-31", missed=("2026-12-31",), to="2027-01-05", rest="move")
    assert course(moved, 2) == ["2026-12-29", "2026-12-30", "2027-01-05", "2027-01-06"]
    assert course(moved, 3) == days_from("2027-01-31")  # five days later than 26 January


def test_what_was_moved_later_on_moves_with_the_rest_and_what_was_moved_before_stays(plan: Plan) -> None:
    """Course 1 was moved a day, course 5 six days; then course 2 moves a week and the rest with it: course 5 from 23 March."""
    earlier = after(plan, "2026-12-01", missed=("2026-12-01",), to="2026-12-02", rest="keep")
    later = after(earlier, "2026-12-02", missed=("2027-03-23",), to="2027-03-29", rest="keep")
    assert (course(later, 1), course(later, 5)) == (days_from("2026-12-02"), days_from("2027-03-29"))
    moved = after(later, TOLD, missed=("2026-12-29",), to="2027-01-05", rest="move")
    assert (course(moved, 1), course(moved, 5)) == (days_from("2026-12-02"), days_from("2027-03-30"))


def first_days(plan: Plan) -> list[str | None]:
    return [course(plan, number)[0] for number in range(1, 7)]


def test_the_rest_is_counted_from_each_course_that_moved_and_from_the_last_word_on_it(plan: Plan) -> None:
    """Course 2 moved to 5 January and then course 4 to 9 March; or course 4 to 25 February first, and then course 2."""
    second = after(plan, TOLD, missed=("2026-12-29",), to="2027-01-05", rest="move")
    both = after(second, TOLD, missed=("2027-03-02",), to="2027-03-09", rest="move")
    assert first_days(both) == ["2026-12-01", "2027-01-05", "2027-02-02", "2027-03-09", "2027-04-06", "2027-05-04"]
    fourth = after(plan, TOLD, missed=("2027-02-23",), to="2027-02-25", rest="move")
    anew = after(fourth, TOLD, missed=("2026-12-29",), to="2027-01-05", rest="move")
    assert first_days(anew) == ["2026-12-01", "2027-01-05", "2027-02-02", "2027-03-02", "2027-03-30", "2027-04-27"]


def test_days_that_were_drawn_apart_move_the_rest_by_no_more_than_they_move(plan: Plan) -> None:
    """Day 2 ten days later, and two more: the rest twelve in all, though day 1 stays where it was given."""
    once = after(plan, "2026-12-02", missed=("2026-12-02",), to="2026-12-12", rest="move")
    twice = after(once, "2026-12-12", missed=("2026-12-12",), to="2026-12-14", rest="move")
    assert course(twice, 1) == ["2026-12-01", *days_from("2026-12-14", 3)]
    assert (first_days(once)[1], first_days(twice)[1]) == ("2027-01-08", "2027-01-10")


def test_a_day_given_after_those_that_follow_it_does_not_draw_the_next_course_onto_it() -> None:
    """Days 1 and 3 were given, day 2 is moved by four weeks and then by a day: course 2 goes with it."""
    done = after(first(days="3", courses="2"), "2026-12-03", done=("1.1", "1.3"))
    late = after(done, "2026-12-03", missed=("2026-12-02",), to="2026-12-30", rest="move")
    later = after(late, "2026-12-30", missed=("2026-12-30",), to="2026-12-31", rest="move")
    assert course(late, 2) == days_from("2027-01-26", 3)
    assert course(later, 2) == days_from("2027-01-27", 3)


def test_where_the_first_day_is_left_out_the_rest_moves_as_the_others_do(plan: Plan) -> None:
    """Day 1 of course 2 is not given; day 2 moves from 30 December by five days, and course 3 from 26 January too."""
    without = after(plan, TOLD, missed=("2026-12-29",), rest="keep")
    moved = after(without, "2026-12-30", missed=("2026-12-30",), to="2027-01-04", rest="move")
    assert course(moved, 2) == days_from("2027-01-04", 3)
    assert first_days(moved)[2] == "2027-01-31"


@pytest.mark.parametrize("resume", [None, "11:21"])
def test_what_was_begun_stays_on_its_day(resume: str | None) -> None:
    """Day 2 was interrupted today; day 1, which was missed yesterday, is given tomorrow without taking it along."""
    begun = reaction(first(days="2", courses="2"), "10:51", resume, resume and "half", session="1.2", on="2026-12-02")
    moved = after(begun, "2026-12-02", missed=("2026-12-01",), to="2026-12-03", rest="keep")
    assert course(moved, 1) == ["2026-12-03", "2026-12-02"]
    assert session(moved, "1.2") == session(begun, "1.2")


@pytest.mark.parametrize(("missed", "to"), [("2026-12-04", "2026-12-30"), ("2026-12-01", "2026-11-30")])
def test_a_later_course_that_was_begun_is_not_moved_with_the_rest(plan: Plan, missed: str, to: str) -> None:
    """Neither later nor earlier."""
    told = min(TOLD, to)
    begun = reaction(plan, "10:51", session="2.1", on=told)
    with pytest.raises(RefusedError, match=r"session 2\.1 was interrupted, and this would change it: .*--rest keep"):
        after(begun, told, missed=(missed,), to=to, rest="move")


def test_what_is_not_given_is_not_given_either_where_the_rest_moves(plan: Plan) -> None:
    less = after(plan, TOLD, missed=("2027-03-23",), rest="keep")
    moved = after(less, TOLD, missed=("2026-12-29",), to="2027-01-05", rest="move")
    assert course(moved, 5) == days_from("2027-03-31", 3)


def test_it_may_be_given_on_the_day_on_which_it_is_told(plan: Plan) -> None:
    days = tuple(days_from("2026-12-29"))
    assert course(after(plan, "2027-01-05", missed=days, to="2027-01-05", rest="keep"), 2) == days_from("2027-01-05")


def test_months_are_counted_from_the_new_day() -> None:
    """Every month from 31 January; 28 February was missed and is 2 March: then 2 April, 2 May."""
    override = ("interval-outside-regimen=as ordered",)
    plan = first(start="2027-01-31", every="1 month", dose_basis="course", days="2", courses="4", override=override)
    assert [course(plan, n)[0] for n in (1, 2, 3, 4)] == ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]
    moved = after(plan, "2027-02-28", missed=("2027-02-28",), to="2027-03-02", rest="move")
    assert [course(moved, n)[0] for n in (1, 2, 3, 4)] == ["2027-01-31", "2027-03-02", "2027-04-02", "2027-05-02"]
    kept = after(plan, "2027-02-28", missed=("2027-02-28",), to="2027-03-02", rest="keep")
    assert [course(kept, n)[0] for n in (3, 4)] == ["2027-03-31", "2027-04-30"]


def test_earlier_than_planned(plan: Plan) -> None:
    moved = after(plan, "2026-12-10", missed=("2026-12-29",), to="2026-12-28", rest="keep")
    assert course(moved, 2) == days_from("2026-12-28")


def test_what_was_moved_moves_again_and_says_when_it_was_due_at_first(plan: Plan) -> None:
    once = after(plan, TOLD, missed=("2026-12-29",), to="2027-01-05", rest="keep")
    twice = after(once, "2027-01-05", missed=("2027-01-05",), to="2027-01-12", rest="keep")
    assert course(twice, 2) == days_from("2027-01-12")
    [said] = helpers.notices(twice, "date-shifted")
    assert "due 2026-12-29" in said.message
    assert "2027-01-12" in said.message
    assert "14 days later" in said.message
    assert said.sessions == ((2, 1), (2, 2), (2, 3), (2, 4))


def test_where_the_rest_moves_with_it_it_says_so_as_well(plan: Plan) -> None:
    once = after(plan, TOLD, missed=("2026-12-29",), to="2027-01-05", rest="keep")
    twice = after(once, "2027-01-05", missed=("2027-01-05",), to="2027-01-12", rest="move")
    [said] = helpers.notices(twice, "date-shifted")
    assert (
        said.message == "course 2 days 1, 2, 3, 4, due 2026-12-29: missed, and given from 2027-01-12 on, 14 days later"
    )


def test_doses_vials_and_rates_are_those_of_before(plan: Plan) -> None:
    moved = after(plan, TOLD, missed=("2026-12-29",), to="2027-01-05", rest="move")
    assert moved.totals == plan.totals
    assert [(s.dose_g, s.vials, s.infusion) for s in moved.sessions] == [
        (s.dose_g, s.vials, s.infusion) for s in plan.sessions
    ]


def test_a_gap_of_more_than_eight_weeks_starts_slowly_again() -> None:
    """Course 2 was missed; eight weeks after the last day of course 1 are not too long, a day more is."""
    plan = first(days="2", courses="3", infusion="subsequent")
    assert plan.sessions[2].on is not None
    missed = plan.sessions[2].on
    before = plan.sessions[1].on
    assert before is not None
    inside, outside = before + timedelta(weeks=8), before + timedelta(weeks=8, days=1)
    for to, slow in ((inside, False), (outside, True)):
        moved = after(plan, missed, missed=(missed.isoformat(),), to=to.isoformat(), rest="move")
        assert bool(helpers.notices(moved, "restart-slow")) == slow


# ---- left out -------------------------------------------------------------------------------------------------------


def test_not_given_at_all(plan: Plan) -> None:
    less = after(plan, TOLD, missed=("2026-12-29",), rest="keep")
    assert course(less, 2) == days_from("2026-12-30", 3)
    assert [s.day for s in less.sessions if s.course == 2] == [2, 3, 4]
    assert (less.totals.sessions, less.totals.dose_g) == (23, plan.totals.dose_g - 36)
    assert less.totals.courses == 6
    [said] = helpers.notices(less, "session-left-out")
    assert said.message == "course 2 day 1, due 2026-12-29: missed, and not given"
    assert less.revision is not None
    assert less.revision.changed == ((2, 1),)
    assert [(was.course, was.day, was.date) for was in less.revision.before] == [(2, 1, "2026-12-29")]


def test_a_whole_course_that_is_not_given_keeps_the_numbers_of_the_others(plan: Plan) -> None:
    days = tuple(days_from("2026-12-29"))
    less = after(plan, "2027-01-02", missed=days, rest="keep")
    assert sorted({s.course for s in less.sessions}) == [1, 3, 4, 5, 6]
    assert less.totals.courses == 5
    [said] = helpers.notices(less, "session-left-out")
    assert said.message.startswith("course 2 days 1, 2, 3, 4, due 2026-12-29")


def test_the_gap_that_it_leaves_is_counted() -> None:
    """Without course 2 the third comes 8 weeks after the first: not more; without the third as well it is 12."""
    plan = first(days="2", courses="4")
    once = after(plan, "2026-12-31", missed=("2026-12-29", "2026-12-30"), rest="keep")
    assert not helpers.notices(once, "restart-slow")  # 2 December to 26 January are 55 days
    twice = after(once, "2027-01-28", missed=("2027-01-26", "2027-01-27"), rest="keep")
    assert helpers.notices(twice, "restart-slow")


# ---- the past -------------------------------------------------------------------------------------------------------


def test_a_missed_session_lies_in_the_past_and_is_given_later(plan: Plan) -> None:
    """Told on 4 January, when all four days have passed: each that was missed is named."""
    days = tuple(days_from("2026-12-29"))
    moved = after(plan, "2027-01-04", missed=days, to="2027-01-05", rest="keep")
    assert course(moved, 2) == days_from("2027-01-05")


def test_a_later_day_that_has_passed_was_given_or_missed_and_somebody_must_say(plan: Plan) -> None:
    with pytest.raises(
        RequestError, match=r"session 2\.2 of the same course.*--done 2\.2.*--missed 2026-12-30"
    ) as caught:
        after(plan, "2026-12-31", missed=("2026-12-29",), to="2027-01-05", rest="keep")
    assert caught.value.code == "missed-or-given"
    done = after(plan, "2026-12-31", done=("2.2",))
    moved = after(done, "2026-12-31", missed=("2026-12-29",), to="2027-01-05", rest="keep")
    assert course(moved, 2) == ["2027-01-05", "2026-12-30", "2027-01-07", "2027-01-08"]


def test_what_is_marked_done_was_not_missed(plan: Plan) -> None:
    done = after(plan, TOLD, done=("2.1",))
    with pytest.raises(RefusedError, match="is marked done, so that it was not missed") as caught:
        after(done, TOLD, missed=("2026-12-29",), to="2027-01-05", rest="keep")
    assert not caught.value.overridable


def test_what_was_interrupted_was_not_missed(plan: Plan) -> None:
    begun = reaction(plan, "10:51", session="2.1", on=TOLD)
    with pytest.raises(RefusedError, match="was begun and interrupted"):
        after(begun, TOLD, missed=("2026-12-29",), to="2027-01-05", rest="keep")


def test_other_days_of_the_past_stay_where_they_were(plan: Plan) -> None:
    """Told on 30 January: course 3 began on the 26th; its day 4, on the 29th, was missed. Days 1 to 3 stay."""
    moved = after(plan, "2027-01-30", missed=("2027-01-29",), to="2027-02-03", rest="move")
    assert course(moved, 3) == ["2027-01-26", "2027-01-27", "2027-01-28", "2027-02-03"]
    assert course(moved, 4) == days_from("2027-02-28")  # five days later than 23 February
    assert dates(moved)[:8] == dates(plan)[:8]


# ---- refused --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "rest", "onto"),
    [
        ("2027-01-23", "keep", "3.1"),  # days 23 to 26 January: the last meets course 3
        ("2027-01-26", "keep", "3.1"),
        ("2027-03-01", "keep", "3.1"),
    ],
)
def test_a_move_onto_another_course_is_refused(plan: Plan, to: str, rest: str, onto: str) -> None:
    with pytest.raises(RefusedError, match=f"session {onto} is on") as caught:
        after(plan, TOLD, missed=("2026-12-29",), to=to, rest=rest)
    assert caught.value.code == "move-onto-course"
    assert str(caught.value).endswith("give another day, or --rest move" if rest == "keep" else "give another day")
    assert not caught.value.overridable


@pytest.mark.parametrize("rest", ["keep", "move"])
@pytest.mark.parametrize("to", ["2026-12-20", "2026-12-28", "2026-12-29"])
def test_a_day_that_would_come_before_an_earlier_day_of_its_course_is_refused(plan: Plan, to: str, rest: str) -> None:
    """Day 2 of course 2, due 30 December, cannot be given before day 1, which is on the 29th."""
    with pytest.raises(RefusedError, match=r"session 2\.1 is on 2026-12-29") as caught:
        after(plan, "2026-12-10", missed=("2026-12-30",), to=to, rest=rest)
    assert caught.value.code == "move-onto-course"


def test_what_was_missed_between_two_days_that_were_given_comes_after_them(plan: Plan) -> None:
    """Days 1 and 3 of course 2 are done, day 2 was missed: it is given after them, and not on the day of day 3."""
    done = after(plan, "2026-12-31", done=("2.1", "2.3"))
    with pytest.raises(RefusedError, match=r"session 2\.3 is on 2026-12-31"):
        after(done, "2026-12-31", missed=("2026-12-30",), to="2026-12-31", rest="keep")
    later = after(done, "2026-12-31", missed=("2026-12-30",), to="2027-01-02", rest="keep")
    assert course(later, 2) == ["2026-12-29", "2027-01-02", "2026-12-31", "2027-01-04"]


def test_the_day_before_is_not(plan: Plan) -> None:
    assert course(after(plan, TOLD, missed=("2026-12-29",), to="2027-01-22", rest="keep"), 2)[-1] == "2027-01-25"
    assert course(after(plan, TOLD, missed=("2026-12-29",), to="2027-03-01", rest="move"), 3)[0] == "2027-03-29"


def test_a_move_before_an_earlier_course_is_refused(plan: Plan) -> None:
    with pytest.raises(RefusedError, match=r"session 1\.\d is on 2026-12-0"):
        after(plan, "2026-12-01", missed=("2026-12-29",), to="2026-12-04", rest="keep")
    assert course(after(plan, "2026-12-01", missed=("2026-12-29",), to="2026-12-05", rest="keep"), 2)
    with pytest.raises(RefusedError, match=r"session 1\.1 is on 2026-12-01") as caught:  # all of it after the second
        after(plan, "2026-11-20", missed=("2026-12-29",), to="2026-11-25", rest="keep")
    assert caught.value.code == "move-onto-course"


@pytest.mark.parametrize(
    ("to", "closed", "is_open"),
    [
        ("2027-01-02", "session 2.1 would be on 2027-01-02, when the clinic is closed (no opening hours on Saturday)", "2027-01-04"),
        ("2027-01-01", "session 2.2 would be on 2027-01-02, when the clinic is closed (no opening hours on Saturday)", "2027-01-04"),
        ("2026-12-24", "session 2.1 would be on 2026-12-24, when the clinic is closed (closed by the clinic)", "2026-12-28"),
    ],
)  # fmt: skip
def test_a_closed_day_is_refused_with_the_next_that_meets_none(to: str, closed: str, is_open: str) -> None:
    plan = first(SITE, days="2")
    with pytest.raises(RefusedError) as caught:
        after(plan, "2026-12-20", missed=("2026-12-29",), to=to, rest="keep")
    assert (caught.value.code, caught.value.overridable) == ("move-onto-closed-day", False)
    assert str(caught.value) == f"{closed}: give --to {is_open}, the next with all 2 days open"
    assert after(plan, "2026-12-20", missed=("2026-12-29",), to=is_open, rest="keep")


def test_of_one_session_the_next_open_day_is_named() -> None:
    """Day 2 of 30 December, onto a Saturday: the Monday after it."""
    with pytest.raises(RefusedError, match=r"give --to 2027-01-04, the next open day"):
        after(first(SITE, days="2"), "2026-12-20", missed=("2026-12-30",), to="2027-01-02", rest="keep")


def test_a_closed_day_is_followed_by_an_open_one() -> None:
    """Thursday 24 December is closed, and 25 December is open to this clinic."""
    with pytest.raises(RefusedError, match=r"give --to 2026-12-25, the next open day"):
        after(
            first(SITE, days="1", override=ONE_DAY), "2026-12-20", missed=("2026-12-29",), to="2026-12-24", rest="keep"
        )


def test_the_open_day_that_is_named_can_be_given() -> None:
    """Moved from Monday 28 December to the Sunday before: the Monday is no other day, and the Tuesday is. Onto Sunday 3
    January, with course 2 on the Monday after: no day before it is left."""
    weekdays = helpers.a_site(open={"mon-fri": "07:00-19:00"}, closed_days="shift-later")
    plan = first(weekdays, days="2", start="2026-11-30", courses="3")
    with pytest.raises(RefusedError, match=r"give --to 2026-12-29, the next with all 2 days open"):
        after(plan, "2026-12-20", missed=("2026-12-28",), to="2026-12-27", rest="keep")
    with pytest.raises(RefusedError, match=r"closed \(no opening hours on Sunday\): give another --to$"):
        after(plan, "2026-12-01", missed=("2026-12-01",), to="2026-12-27", rest="keep")


@pytest.mark.parametrize(
    ("shut", "named"), [(14, "give --to 2027-01-19, the next with all 2 days open"), (15, "give another --to")]
)
def test_an_open_day_is_looked_for_within_two_weeks(shut: int, named: str) -> None:
    """Closed from 5 January on, for 14 days or for 15."""
    plan = first(helpers.a_site(closed=days_from("2027-01-05", shut), closed_days="shift-later"), days="2")
    with pytest.raises(RefusedError) as caught:
        after(plan, TOLD, missed=("2026-12-29",), to="2027-01-05", rest="keep")
    assert str(caught.value).endswith(f"(closed by the clinic): {named}")


def test_a_course_that_kept_a_closed_day_moves_off_it() -> None:
    """Due on Tuesday 29 and Wednesday 30 December, both closed and kept; moved to the Thursday, nothing is closed."""
    site = helpers.a_site(open={"mon-fri": "08:00-17:00"}, closed=["2026-12-29", "2026-12-30"], closed_days="keep")
    plan = first(site, days="2")
    assert [notice.value for notice in helpers.notices(plan, "on-closed-day")] == ["2026-12-29", "2026-12-30"]
    later = after(plan, missed=("2026-12-30",), to="2026-12-31", rest="keep")
    assert [notice.value for notice in helpers.notices(later, "on-closed-day")] == ["2026-12-29"]
    gone = after(plan, missed=("2026-12-29",), to="2026-12-31", rest="keep")
    assert [session.date for session in gone.sessions if session.course == 2] == ["2026-12-31", "2027-01-01"]
    assert not helpers.notices(gone, "on-closed-day")
    left_out = after(plan, missed=("2026-12-29",), rest="keep")
    assert [notice.value for notice in helpers.notices(left_out, "on-closed-day")] == ["2026-12-30"]


def test_later_courses_that_move_are_moved_off_closed_days_as_at_first() -> None:
    """Course 2 is given from Thursday 31 December on, course 3 is due four weeks later, on Thursday and Friday. Given
    from Friday 8 January on, its second day would be a Saturday: refused. A course of one day is given on that Friday,
    and where Friday 5 February is closed the next one is on Monday.
    """
    plan = first(SITE, days="2", courses="3")
    moved = after(plan, "2026-12-29", missed=("2026-12-29",), to="2026-12-31", rest="move")
    assert course(moved, 2) == ["2026-12-31", "2027-01-01"]
    assert course(moved, 3) == ["2027-01-28", "2027-01-29"]
    shut = helpers.a_site(open={"mon-fri": "08:00-17:00"}, closed=["2027-02-05"], closed_days="shift-later")
    plan = first(
        shut,
        regimen="cidp:us-label-privigen",
        product="privigen-us",
        phase="maintenance",
        days="1",
        courses="3",
        dose=None,
        start="2026-12-08",
    )
    assert [course(plan, n) for n in (1, 2, 3)] == [["2026-12-08"], ["2026-12-29"], ["2027-01-19"]]
    moved = after(plan, "2027-01-10", missed=("2027-01-19",), to="2027-01-15", rest="keep")
    assert course(moved, 3) == ["2027-01-15"]
    moved = after(plan, "2026-12-29", missed=("2026-12-29",), to="2027-01-15", rest="move")
    assert course(moved, 3) == ["2027-02-08"]  # due on Friday 5 February, three weeks later


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"missed": ("2026-12-28",), "to": "2027-01-05", "rest": "keep"}, "no session is on that day"),
        ({"missed": ("2026-12-29",), "to": "2026-12-29", "rest": "keep"}, "the day on which it is planned"),
        ({"missed": ("2026-12-29",), "to": "2026-12-28", "rest": "keep"}, "is before 2026-12-29"),
        ({"missed": ("2026-12-29",), "rest": "move"}, "moves nothing"),
        ({"missed": ("2026-12-29",), "to": "2027-01-05"}, "give --rest"),
        ({"missed": ("2026-12-29", "2027-01-26"), "to": "2027-02-05", "rest": "keep"}, "one course only"),
    ],
)
def test_what_cannot_be(plan: Plan, words: dict[str, object], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        after(plan, TOLD, **words)


def test_where_no_session_is_on_the_day_the_first_days_are_named(plan: Plan) -> None:
    """Of 24 days six are named; a plan without days has none to name."""
    with pytest.raises(RequestError) as caught:
        after(plan, TOLD, missed=("2026-12-28",), to="2027-01-05", rest="keep")
    named = ", ".join([*days_from("2026-12-01"), *days_from("2026-12-29", 2)])
    assert str(caught.value).endswith(f"choose a day of {named} and 18 more")
    with pytest.raises(RequestError, match="choose a day of a plan with dates"):
        after(
            first(command="dose", start=None, at=None, courses=None),
            TOLD,
            missed=("2026-12-28",),
            to="2027-01-05",
            rest="keep",
        )


def test_a_day_on_which_two_courses_meet_names_no_session() -> None:
    """Courses of two days every day: 2 December is day 2 of the first and day 1 of the second."""
    meet = ("interval-outside-regimen=x", "course-overlap=x")
    plan = first(every="1 day", dose_basis="course", days="2", courses="3", override=meet)
    with pytest.raises(RequestError, match="--missed 2026-12-02: 2 sessions are on that day"):
        after(plan, "2026-12-02", missed=("2026-12-02",), rest="keep")


def test_something_must_be_left() -> None:
    plan = first(days="2", courses="1")
    with pytest.raises(RequestError, match="nothing of the plan would be left"):
        after(plan, "2026-12-03", missed=("2026-12-01", "2026-12-02"), rest="keep")
    once = after(plan, "2026-12-03", missed=("2026-12-01",), rest="keep")
    with pytest.raises(RequestError, match="nothing of the plan would be left"):
        after(once, "2026-12-03", missed=("2026-12-02",), rest="keep")


def test_the_moved_sessions_are_told_to_the_calendar_of_the_plan(plan: Plan) -> None:
    """The faces mark what is not on the day on which it was due."""
    from ivigcalc.render.notices import moved_sessions

    moved = after(plan, TOLD, missed=("2026-12-29",), to="2027-01-05", rest="keep")
    assert moved_sessions(moved) == {(2, 1), (2, 2), (2, 3), (2, 4)}
    assert session(moved, "2.1").weekday == "Tuesday"


def test_a_session_that_is_left_out_is_not_held_against_the_opening_hours() -> None:
    """A visit from 07:45 on to a clinic that opens at 08:00: of two days one is left, and nobody comes on the other."""
    site = helpers.a_site(open={"mon-fri": "08:00-17:00"}, visit={"arrival": "45 min"})
    early = first(site, at="08:30", days="2", courses="1")
    [said] = helpers.notices(early, "past-closing")
    assert (said.message[:10], said.sessions) == ("2 sessions", ((1, 1), (1, 2)))
    [said] = helpers.notices(after(early, missed=("2026-12-01",), rest="keep"), "past-closing")
    assert (said.message[:29], said.sessions) == ("course 1 day 2, 2026-12-02: t", ((1, 2),))
