"""The order changes from a course on: another weight, product, interval or dose; what is before it stays."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import helpers
import pytest
import working

from ivigcalc.engine.plan import Plan
from ivigcalc.errors import RefusedError, RequestError

from .saved import after, dates, first, reaction, session

D = Decimal
ON = "2026-12-20"
IN_SPITE = ("interval-outside-regimen=stable",)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return first()


def before(plan: Plan, course: int) -> list[Any]:
    return [s for s in plan.sessions if s.course < course]


# ---- weight ---------------------------------------------------------------------------------------------------------


def test_a_new_weight_doses_and_titrates_from_its_course_on(plan: Plan) -> None:
    """68 kg x 2 g/kg = 136 g on four days: 34 g each, at 40.8, 81.6 and 163.2 mL/h."""
    changed = after(plan, ON, new_weight="68kg", from_course="3")
    assert before(changed, 3) == before(plan, 3)
    later = [s for s in changed.sessions if s.course >= 3]
    assert {s.dose_g for s in later} == {D(34)}
    assert helpers.pump_rates(later[0]) == ["40.8", "81.6", "163.2"]
    assert dates(changed) == dates(plan)
    assert [(p.first_course, p.courses, p.dose_g, p.dosing_weight_kg) for p in changed.phases] == [
        (1, 2, D(144), D(72)),
        (3, 4, D(136), D(68)),
    ]
    assert (changed.dosing_weight.kg, changed.rate_weight.kg, changed.course.dose_g) == (D(68), D(68), D(136))
    assert changed.totals.dose_g == 2 * 144 + 4 * 136


def test_the_same_weight_changes_no_session(plan: Plan) -> None:
    changed = after(plan, ON, new_weight="72 kg", from_course="3")
    assert changed.sessions == plan.sessions
    assert changed.revision is not None
    assert changed.revision.changed == ()


def test_pounds_are_read(plan: Plan) -> None:
    assert after(plan, ON, new_weight="150lb", from_course="3").dosing_weight.kg == D("68.04")


def test_the_day_of_the_old_weighing_is_not_that_of_the_new_weight() -> None:
    """Weighed on 1 June: more than six months before 26 January. The new weight has its own day, or none."""
    plan = first(weighed_on="2026-06-20")
    assert helpers.notices(after(plan, ON, new_weight="68kg", from_course="3", weighed_on="2026-06-25"), "weight-stale")
    assert not helpers.notices(after(plan, ON, new_weight="69kg", from_course="3"), "weight-stale")
    assert not helpers.notices(
        after(plan, ON, new_weight="69kg", from_course="3", weighed_on="2026-12-19"), "weight-stale"
    )
    changed = after(plan, ON, new_weight="69kg", from_course="3")
    assert changed.of(session(changed, "3.1")).computed_from.request.patient.weighed_on is None


def test_a_weight_that_changed_by_a_tenth_is_a_caution(plan: Plan) -> None:
    """72 to 64.8 kg is a tenth."""
    said = helpers.notices(after(plan, ON, new_weight="64.8kg", from_course="3"), "weight-stale")
    assert [notice.level for notice in said] == ["caution"]
    assert not helpers.notices(after(plan, ON, new_weight="64.9kg", from_course="3"), "weight-stale")


def test_a_weighing_to_come_is_refused(plan: Plan) -> None:
    with pytest.raises(RequestError, match="weighed-on 2026-12-21 is after 2026-12-20"):
        after(plan, ON, new_weight="68kg", from_course="3", weighed_on="2026-12-21")
    assert after(plan, ON, new_weight="68kg", from_course="3", weighed_on=ON)


def test_from_the_first_course_on(plan: Plan) -> None:
    changed = after(plan, "2026-11-30", new_weight="68kg", from_course="1")
    assert {s.dose_g for s in changed.sessions} == {D(34)}
    assert [p.dose_g for p in changed.phases] == [D(136)]
    assert str(changed.computed_from.request.patient.weight) == "72 kg"  # as it was asked at first


def test_a_weight_after_a_weight(plan: Plan) -> None:
    twice = after(after(plan, ON, new_weight="68kg", from_course="3"), ON, new_weight="70kg", from_course="5")
    assert [(p.first_course, p.courses, p.dose_g) for p in twice.phases] == [
        (1, 2, D(144)),
        (3, 2, D(136)),
        (5, 2, D(140)),
    ]


def test_a_weight_from_the_same_course_on_takes_the_place_of_the_one_before(plan: Plan) -> None:
    twice = after(after(plan, ON, new_weight="68kg", from_course="3"), ON, new_weight="70kg", from_course="3")
    assert [(p.first_course, p.courses, p.dose_g) for p in twice.phases] == [(1, 2, D(144)), (3, 4, D(140))]
    assert [segment.first_course for segment in twice.segments] == [1, 3]


def test_a_weight_holds_in_what_was_changed_later_on_too(plan: Plan) -> None:
    """Privigen from course 5 on was told first; 68 kg from course 3 on are its weight as well."""
    changed = after(after(plan, ON, product="privigen-us", from_course="5"), ON, new_weight="68kg", from_course="3")
    assert [(p.first_course, p.dosing_weight_kg) for p in changed.phases] == [(1, D(72)), (3, D(68)), (5, D(68))]
    assert {s.product for s in changed.sessions if s.course >= 5} == {"privigen-us"}


# ---- product --------------------------------------------------------------------------------------------------------


def test_a_change_of_product_restarts_as_a_change_of_brand_does() -> None:
    """Gamunex-C to Panzyga in primary immunodeficiency: Panzyga prints rates of a first infusion apart, so that the
    first session takes those, and the next one the later ones.
    """
    words = {"regimen": "primary-immunodeficiency", "days": "1", "dose": "0.4 g/kg", "every": "4 weeks"}
    plan = first(product="gamunex-c-us", infusion="subsequent", **words)
    changed = after(plan, ON, product="panzyga-us", from_course="3")
    slow, fast = session(changed, "3.1"), session(changed, "4.1")
    assert slow.infusion is not None
    assert fast.infusion is not None
    assert slow.infusion.duration_min > fast.infusion.duration_min
    said = helpers.notice(changed, "restart-slow")
    assert "the product changes from gamunex-c-us to panzyga-us" in said.message
    assert said.sessions == ((3, 1),)
    assert {s.product for s in before(changed, 3)} == {"gamunex-c-us"}
    assert {s.product for s in changed.sessions if s.course >= 3} == {"panzyga-us"}
    assert dates(changed) == dates(plan)


def test_what_the_new_product_prints_on_starting_is_shown(plan: Plan) -> None:
    changed = after(plan, ON, product="privigen-us", from_course="3")
    [said] = helpers.notices(changed, "restart-printed")
    assert said.message.startswith("Privigen: On a change from another immunoglobulin")
    assert said.sessions == ((3, 1),)


def test_each_session_knows_the_product_and_the_notices_of_its_own(plan: Plan) -> None:
    changed = after(plan, ON, product="privigen-us", from_course="3")
    assert changed.of(session(changed, "2.4")).computed_from.product.value.id == "octagam-10-us"
    assert changed.of(session(changed, "3.1")).computed_from.product.value.id == "privigen-us"
    maltose = [notice for notice in changed.notices if "maltose" in notice.message]
    assert maltose
    assert all(notice.sessions and max(course for course, _ in notice.sessions) == 2 for notice in maltose)


def test_the_first_product_again_restarts_too(plan: Plan) -> None:
    there = after(plan, ON, product="privigen-us", from_course="3")
    back = after(there, ON, product="octagam-10-us", from_course="5")
    assert [n.sessions for n in helpers.notices(back, "restart-slow")] == [((5, 1),), ((3, 1),)]


def test_a_weight_after_a_change_of_product_restarts_nothing(plan: Plan) -> None:
    changed = after(after(plan, ON, product="privigen-us", from_course="3"), ON, new_weight="70kg", from_course="5")
    assert [n.sessions for n in helpers.notices(changed, "restart-slow")] == [((3, 1),)]
    assert {s.product for s in changed.sessions if s.course >= 5} == {"privigen-us"}


def test_the_product_that_is_given_already_is_no_change(plan: Plan) -> None:
    with pytest.raises(RequestError, match="is given from course 3 on already"):
        after(plan, ON, product="octagam-10-us", from_course="3")


def test_of_a_course_that_is_not_given_the_next_one_counts(plan: Plan) -> None:
    """Course 4 has Privigen: Octagam from 3 on is none new for course 3. Without course 3, Privigen from 3 on begins with 4."""
    later = after(plan, ON, product="privigen-us", from_course="4")
    with pytest.raises(RequestError, match="is given from course 3 on already"):
        after(later, ON, product="octagam-10-us", from_course="3")
    less = after(plan, ON, missed=("2027-01-26", "2027-01-27", "2027-01-28", "2027-01-29"), rest="keep")
    changed = after(less, ON, product="privigen-us", from_course="3")
    assert next(s.course for s in changed.sessions if s.product == "privigen-us") == 4


def test_from_the_first_course_on_nothing_was_given_before(plan: Plan) -> None:
    changed = after(plan, "2026-11-30", product="privigen-us", from_course="1")
    assert not helpers.notices(changed, "restart-slow")
    assert {s.product for s in changed.sessions} == {"privigen-us"}


def test_a_contraindicated_product_is_refused(plan: Plan) -> None:
    ill = first(condition=("hyperprolinaemia",))
    with pytest.raises(RefusedError) as caught:
        after(ill, ON, product="privigen-us", from_course="3")
    assert caught.value.codes == ("product-contraindicated",)


def test_what_it_costs_is_counted_by_the_price_of_each() -> None:
    """2 courses of 144 g at 10 and 4 of 145 g at 20."""
    prices = {
        name: {"amount": amount, "currency": "USD"} for name, amount in (("octagam-10-us", "10"), ("privigen-us", "20"))
    }
    plan = first(helpers.a_site(price_per_gram=prices))
    changed = after(plan, ON, product="privigen-us", from_course="3")
    assert changed.totals.cost is not None
    assert changed.totals.cost.amount == 2 * 144 * 10 + 4 * 145 * 20
    less = first(helpers.a_site(price_per_gram={"octagam-10-us": prices["octagam-10-us"]}))
    assert after(less, ON, product="privigen-us", from_course="3").totals.cost is None


def test_the_stock_that_was_taken_before_is_gone() -> None:
    """144 g a course are 4 x 30 g + 12 x 2 g. Of 10 and 60 two courses leave 2 and 36: not the 5 x 30 g of one more."""
    site = helpers.a_site(stock={"octagam-10-us": {"30 g": "10", "2 g": "60", "5 g": "0"}})
    plan = first(site, courses="3")
    assert helpers.notice(plan, "stock-short").sessions[0][0] == 3
    changed = after(plan, ON, dose="1 g/kg/course", from_course="3", override=("dose-outside-regimen=less",))
    assert Fraction(changed.totals.dose_g) == 2 * 144 + 72
    assert not [n for n in helpers.notices(changed, "stock-short") if n.sessions and n.sessions[0][0] < 3]


# ---- interval -------------------------------------------------------------------------------------------------------


def test_the_named_course_keeps_its_day_and_those_after_it_come_in_the_new_rhythm(plan: Plan) -> None:
    """Course 4 on 23 February, then every six weeks: 6 April, 18 May."""
    changed = after(plan, ON, every="6 weeks", dose_basis="course", from_course="4", override=IN_SPITE)
    starts = [s.date for s in changed.sessions if s.day == 1]
    assert starts == ["2026-12-01", "2026-12-29", "2027-01-26", "2027-02-23", "2027-04-06", "2027-05-18"]
    assert [s.dose_g for s in changed.sessions] == [s.dose_g for s in plan.sessions]


def test_a_stop_for_the_interval_is_overridden_or_refused(plan: Plan) -> None:
    with pytest.raises(RefusedError) as caught:
        after(plan, ON, every="6 weeks", dose_basis="course", from_course="4")
    assert caught.value.codes == ("interval-outside-regimen",)
    with pytest.raises(RequestError, match="say whether"):
        after(plan, ON, every="6 weeks", from_course="4")
    changed = after(plan, ON, every="6 weeks", dose_basis="course", from_course="4", override=IN_SPITE)
    said = helpers.notice(changed, "interval-outside-regimen")
    assert (said.level, said.overridden_because) == ("stop", "stable")


def test_an_override_of_nothing_is_refused(plan: Plan) -> None:
    with pytest.raises(RequestError, match="no stop of that code"):
        after(plan, ON, new_weight="70kg", from_course="4", override=("course-overlap=x",))


def test_what_was_overridden_at_first_may_be_none_any_more() -> None:
    plan = first(dose="1 g/kg/course", override=("dose-outside-regimen=less",))
    changed = after(plan, ON, dose="2 g/kg/course", from_course="2")
    assert [p.dose_g for p in changed.phases] == [D(72), D(144)]


def test_courses_that_were_moved_and_come_later_are_counted_anew(plan: Plan) -> None:
    moved = after(plan, ON, missed=("2027-03-23",), to="2027-03-29", rest="keep")  # course 5
    changed = after(moved, ON, every="6 weeks", dose_basis="course", from_course="4", override=IN_SPITE)
    assert [s.date for s in changed.sessions if s.day == 1][4:] == ["2027-04-06", "2027-05-18"]


@pytest.mark.parametrize(
    ("missed", "to", "rest", "starts"),
    [
        ("2026-12-29", "2027-01-05", "move", ["2026-12-01", "2027-01-05", "2027-02-02", "2027-03-02", "2027-04-13", "2027-05-25"]),
        ("2027-02-23", "2027-03-02", "move", ["2026-12-01", "2026-12-29", "2027-01-26", "2027-03-02", "2027-04-13", "2027-05-25"]),
        ("2026-12-29", "2027-01-05", "keep", ["2026-12-01", "2027-01-05", "2027-01-26", "2027-02-23", "2027-04-06", "2027-05-18"]),
        ("2027-02-23", "2027-03-02", "keep", ["2026-12-01", "2026-12-29", "2027-01-26", "2027-03-02", "2027-04-06", "2027-05-18"]),
    ],
)  # fmt: skip
def test_what_was_moved_before_the_new_rhythm_stays(
    plan: Plan, missed: str, to: str, rest: str, starts: list[str]
) -> None:
    """From course 4 on every six weeks: counted from the day on which it is due, with the rest that moved or without."""
    moved = after(plan, ON, missed=(missed,), to=to, rest=rest)
    changed = after(moved, ON, every="6 weeks", dose_basis="course", from_course="4", override=IN_SPITE)
    assert [s.date for s in changed.sessions if s.day == 1] == starts


def test_a_plan_without_dates_has_no_rhythm() -> None:
    plan = first(command="dose", start=None, at=None, courses=None)
    with pytest.raises(RequestError, match="has no dates"):
        after(plan, ON, every="6 weeks", from_course="1")


# ---- dose -----------------------------------------------------------------------------------------------------------


def test_another_dose(plan: Plan) -> None:
    changed = after(plan, ON, dose="1 g/kg/course", from_course="4", override=("dose-outside-regimen=better",))
    assert [p.dose_g for p in changed.phases] == [D(144), D(72)]
    assert before(changed, 4) == before(plan, 4)
    assert dates(changed) == dates(plan)


def test_of_what_a_dose_is_goes_with_it(plan: Plan) -> None:
    changed = after(plan, ON, dose="2 g/kg", dose_basis="course", from_course="4")
    bases = [changed.of(session(changed, place)).computed_from.request.order.dose_basis for place in ("3.1", "4.1")]
    assert bases == [None, "course"]


def test_a_dose_outside_the_protocol_is_a_stop(plan: Plan) -> None:
    with pytest.raises(RefusedError) as caught:
        after(plan, ON, dose="1 g/kg/course", from_course="4")
    assert "dose-outside-regimen" in caught.value.codes


def test_months_are_not_moved_by_a_change_of_dose() -> None:
    """Every month from 31 January: the days are counted from the start, whatever changes on the way."""
    words = {"every": "1 month", "dose_basis": "course", "days": "2", "courses": "5", "override": IN_SPITE}
    plan = first(start="2027-01-31", **words)
    changed = after(plan, "2027-01-30", new_weight="68kg", from_course="2")
    assert dates(changed) == dates(plan)
    assert [s.on for s in changed.sessions if s.day == 1][1:4] == [
        date(2027, 2, 28),
        date(2027, 3, 31),
        date(2027, 4, 30),
    ]


# ---- what all have in common ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", [{"new_weight": "68kg"}, {"product": "privigen-us"}, {"dose": "2 g/kg"}, {"every": "4 weeks"}]
)
def test_from_which_course_must_be_said(plan: Plan, words: dict[str, str]) -> None:
    with pytest.raises(RequestError, match="give --from-course"):
        after(plan, ON, **words)


@pytest.mark.parametrize(
    ("course", "said"), [("7", "the plan ends with course 6"), ("0", "too small; allowed: 1 to 200"), ("x", "whole")]
)
def test_a_course_that_the_plan_has_not(plan: Plan, course: str, said: str) -> None:
    with pytest.raises(RequestError, match=said):
        after(plan, ON, new_weight="68kg", from_course=course)


def test_a_course_that_has_begun_stays(plan: Plan) -> None:
    """On 5 December all of course 1 has passed; on 30 December day 1 of course 2."""
    for on, course in (("2026-12-05", "1"), ("2026-12-30", "2"), ("2027-04-30", "6")):
        with pytest.raises(RefusedError, match=f"give --from-course {int(course) + 1} or later") as caught:
            after(plan, on, new_weight="68kg", from_course=course)
        assert caught.value.code == "session-past"
        assert not caught.value.overridable
    assert after(plan, "2026-12-29", new_weight="68kg", from_course="2").phases[0].courses == 1


def test_a_course_of_which_a_session_is_done_or_was_interrupted_stays(plan: Plan) -> None:
    done = after(plan, "2026-12-29", done=("2.1",))
    with pytest.raises(RefusedError, match=r"session 2\.1, which is marked done"):
        after(done, "2026-12-29", new_weight="68kg", from_course="2")
    begun = reaction(plan, "10:51", session="2.1", on="2026-12-29")
    with pytest.raises(RefusedError, match=r"session 2\.1, which was interrupted"):
        after(begun, "2026-12-29", new_weight="68kg", from_course="2")


def test_each_part_can_be_redone_by_hand(plan: Plan) -> None:
    changed = after(after(plan, ON, new_weight="68kg", from_course="3"), ON, new_weight="81kg", from_course="5")
    for segment in changed.segments:
        working.check(segment.plan)
    names = [line.name for line in changed.trace]
    assert len(set(names)) == len(names)
    assert {"dosing_kg", "from_course_3.dosing_kg", "from_course_5.dosing_kg"} <= set(names)
    known: set[str] = set()
    for line in changed.trace:
        in_words = line.expression.startswith(("share of", "vials for"))
        for word in () if in_words else working.tokens(line.expression):
            if word[0].isalpha() and word not in ("x", "round", "round up", "round down", "min"):
                assert word in known or word in line.inputs, line
        known.add(line.name)


def test_the_working_of_an_interruption_can_be_redone_by_hand(plan: Plan) -> None:
    for rate in ("previous", "initial", "half", "1.2 mL/kg/h", "77.77 mL/h", "1 mg/kg/min"):
        working.check(reaction(reaction(plan, "10:51", "11:21", rate), "11:40", "11:50", "half"))
    working.check(reaction(plan, "10:51"))


def test_an_order_that_is_no_more_says_so_with_its_courses(plan: Plan) -> None:
    """What only one of two orders says names the courses of that order, and is about no others."""
    heavy = first(weight="140kg", height="170cm", sex="male")
    changed = after(heavy, ON, new_weight="70kg", from_course="3")
    said = helpers.notice(changed, "obese-actual-weight")
    assert said.message.startswith("courses 1 to 2: ")
    assert {course for course, _ in said.sessions} == {1, 2}
    again = after(heavy, ON, new_weight="140kg", from_course="3")
    assert helpers.notice(again, "obese-actual-weight").sessions == ()


# ---- four weeks -----------------------------------------------------------------------------------------------------

FOUR_WEEKS = (
    "    dose: {per_course: {from: 0.1 g/kg, to: 2 g/kg}}\n    days: {from: 1, to: 5}\n"
    "    interval: {every: {from: 1 week, to: 8 weeks}}\n    limits: [{per: 4-weeks, max: 2 g/kg, level: stop}]\n"
)


def test_four_weeks_are_added_up_across_a_change_of_order(tmp_path: Path) -> None:
    """1 g/kg every two weeks is 2 g/kg in four; 1.5 g/kg every four weeks is less, but with the course before it, which
    is still due two weeks earlier, it is 2.5 g/kg. Every change by itself keeps the limit.
    """
    own = helpers.own_regimen(tmp_path, FOUR_WEEKS)
    plan = first(regimen=own, dose="1 g/kg/course", every="2 weeks", days="2", courses="6")
    every = after(plan, ON, every="4 weeks", from_course="4")
    with pytest.raises(RefusedError) as caught:
        after(every, ON, dose="1.5 g/kg/course", from_course="4")
    assert caught.value.codes == ("four-week-dose-over-limit",)
    reason = ("four-week-dose-over-limit=once",)
    said = helpers.notice(
        after(every, ON, dose="1.5 g/kg/course", from_course="4", override=reason), "four-week-dose-over-limit"
    )
    assert (said.level, said.overridden_because) == ("stop", "once")
    assert {course for course, _ in said.sessions} == {3, 4}
    assert after(every, ON, dose="1 g/kg/course", from_course="4")


def test_a_course_that_is_moved_nearer_counts_too(tmp_path: Path) -> None:
    """1 g/kg every two weeks: within four weeks begin two. Given a day earlier, the fourth begins within four of the
    second, 15 December, with the third between: 3 g/kg.
    """
    own = helpers.own_regimen(tmp_path, FOUR_WEEKS)
    plan = first(regimen=own, dose="1 g/kg/course", every="2 weeks", days="2", courses="4")
    assert [s.date for s in plan.sessions if s.day == 1] == ["2026-12-01", "2026-12-15", "2026-12-29", "2027-01-12"]
    with pytest.raises(RefusedError) as caught:
        after(plan, ON, missed=("2027-01-12",), to="2027-01-11", rest="keep")
    assert caught.value.codes == ("four-week-dose-over-limit",)
    assert after(plan, ON, missed=("2027-01-12",), to="2027-01-13", rest="keep")


def test_what_several_orders_say_alike_is_said_once_with_all_their_courses(plan: Plan) -> None:
    """Octagam 10 % in courses 1 and 2, Privigen in 3 and 4, and 5 and 6 of another weight: one table is borrowed for both."""
    changed = after(plan, product="privigen-us", from_course="3")
    again = after(changed, new_weight="70kg", from_course="5")
    [said] = helpers.notices(again, "rate-off-label")
    assert said.message.startswith("courses 3 to 6: privigen-us prints no rates for this use")
    assert {course for course, _ in said.sessions} == {3, 4, 5, 6}


def test_courses_that_do_not_follow_one_another_are_named_apart(plan: Plan) -> None:
    """Octagam 10 % again from course 5 on."""
    back = after(after(plan, product="privigen-us", from_course="3"), product="octagam-10-us", from_course="5")
    maltose = [found for found in helpers.notices(back, "product-warning") if "maltose" in found.message]
    assert [found.message[:26] for found in maltose] == ["courses 1 to 2, 5 to 6: Oc"]


def test_the_rhythm_is_that_of_the_order_in_force(plan: Plan) -> None:
    """Three orders: a weight from course 3 on and six weeks from 4 on; five weeks from 3 on and a weight from 5 on."""
    heavier = after(plan, ON, new_weight="73kg", from_course="3")
    six = after(heavier, ON, every="6 weeks", dose_basis="course", from_course="4", override=IN_SPITE)
    assert [s.date for s in six.sessions if s.day == 1] == [
        "2026-12-01", "2026-12-29", "2027-01-26", "2027-02-23", "2027-04-06", "2027-05-18",
    ]  # fmt: skip
    five = after(plan, ON, every="5 weeks", dose_basis="course", from_course="3", override=IN_SPITE)
    weighed = after(five, ON, new_weight="73kg", from_course="5")
    assert [s.date for s in weighed.sessions if s.day == 1] == [
        "2026-12-01", "2026-12-29", "2027-01-26", "2027-03-02", "2027-04-06", "2027-05-11",
    ]  # fmt: skip


#: CIDP: 144 g in two days, then 72 g every three weeks, from 1 December on
PHASES = {"regimen": "cidp", "days": None, "courses": None, "order": "loading 2 g/kg d1-2, then 1 g/kg d1 q3w x5"}


@pytest.mark.parametrize("words", [{"dose": "0.5 g/kg"}, {"every": "4 weeks", "dose_basis": "course"}])
def test_a_line_that_orders_phases_does_not_say_which_of_them_changes(words: dict[str, str]) -> None:
    """A weight is of all phases; a line of one phase is a dose, days and an interval, and changes as they do."""
    phases = first(**PHASES)
    with pytest.raises(
        RequestError, match="from course 1 on the plan has loading and maintenance, ordered in one line"
    ):
        after(phases, "2026-11-30", from_course="1", **words)
    assert after(phases, ON, new_weight="68kg", from_course="3").course.dose_g == 68
    one = first(order="2 g/kg d1-2 q4w x6", days=None, courses=None)
    changed = after(one, ON, dose="1 g/kg/course", from_course="3", override=("dose-outside-regimen=less",))
    assert changed.course.dose_g == 72


def doses_by_course(plan: Plan) -> list[Decimal]:
    return [sum(s.dose_g for s in plan.sessions if s.course == course) for course in range(1, 7)]


@pytest.mark.parametrize("course", [2, 3, 6])
def test_the_dose_of_the_phase_that_is_left_of_a_line(course: int) -> None:
    """0.5 g/kg for 72 kg are 36 g, from this course on; what the line orders before stays."""
    changed = after(
        first(**PHASES), ON, dose="0.5 g/kg", from_course=str(course), override=("dose-outside-regimen=less",)
    )
    assert doses_by_course(changed) == [144, *[72] * (course - 2), *[36] * (7 - course)]
    assert [s.day for s in changed.sessions if s.course == 1] == [1, 2]


def test_the_interval_of_the_phase_that_is_left_of_a_line() -> None:
    """Four weeks instead of three from course 3 on, which is due on 12 January; then a dose, and a weight: as ever."""
    changed = after(
        first(**PHASES), ON, every="4 weeks", dose_basis="course", from_course="3",
        override=("interval-outside-regimen=asked",),
    )  # fmt: skip
    begun = ["2026-12-01", "2026-12-22", "2027-01-12", "2027-02-09", "2027-03-09", "2027-04-06"]
    assert [s.date for s in changed.sessions if s.day == 1] == begun
    assert doses_by_course(changed) == [144, 72, 72, 72, 72, 72]
    again = after(changed, ON, dose="0.5 g/kg", from_course="5", override=("dose-outside-regimen=less",))
    assert [s.date for s in again.sessions if s.day == 1] == begun
    assert doses_by_course(again) == [144, 72, 72, 72, 36, 36]
    before = after(again, ON, dose="0.9 g/kg", from_course="4", override=("dose-outside-regimen=less",))
    assert doses_by_course(before) == doses_by_course(
        after(changed, ON, dose="0.9 g/kg", from_course="4", override=("dose-outside-regimen=less",))
    )


@pytest.mark.parametrize("order", [PHASES["order"], None])
def test_the_first_course_after_the_loading_keeps_its_day(order: str | None) -> None:
    """Three weeks after a loading dose that has no interval of its own, whatever the interval after it."""
    plan = first(**PHASES | {"order": order, "courses": None if order else "6", "days": None if order else "2"})
    for weeks, second in (("2 weeks", "2027-01-05"), ("4 weeks", "2027-01-19")):
        changed = after(
            plan, ON, every=weeks, dose_basis="course", from_course="2", override=("interval-outside-regimen=asked",)
        )
        assert [s.date for s in changed.sessions if s.day == 1][:3] == ["2026-12-01", "2026-12-22", second]


def test_three_phases_of_a_line_change_from_the_last_on() -> None:
    """Loading, two courses, and two more: from course 3 on there are still two phases, from course 4 on one."""
    line = "loading 2 g/kg d1-2, then follow-on 1 g/kg d1 q3w x2, then maintenance 1 g/kg d1 q3w x2"
    phases = first(regimen="cidp:ean-pns-2021", days=None, courses=None, order=line)
    for course, left in (("1", "loading and "), ("2", ""), ("3", "")):
        with pytest.raises(RequestError) as caught:
            after(phases, "2026-11-30", from_course=course, dose="0.5 g/kg")
        assert f"from course {course} on the plan has {left}follow-on and maintenance" in str(caught.value)
        assert "give --from-course 4 or later" in str(caught.value)
    assert doses_by_course(after(phases, ON, from_course="4", dose="0.5 g/kg")) == [144, 72, 72, 36, 36, 0]
