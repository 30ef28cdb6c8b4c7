"""What is said of a plan of several orders as a whole: its sums, its phases, its working, the courses that are named."""

from __future__ import annotations

from decimal import Decimal

import helpers
import pytest

from ivigcalc.engine.plan import Plan
from ivigcalc.errors import RequestError
from ivigcalc.replan.join import _named, _totals

from .saved import after, first, reaction
from .test_build import ONE_DAY

D = Decimal
ON = "2026-12-20"


@pytest.fixture(scope="module")
def changed() -> Plan:
    """Two courses of 144 g, and four of 136 g for 68 kg."""
    return after(first(), ON, new_weight="68kg", from_course="3")


def test_the_sums_are_of_all_courses_as_they_are_now(changed: Plan) -> None:
    """8 days of 36 g = 30 + 3 x 2, 16 of 34 g = 30 + 2 x 2; 10 mL each g."""
    said = changed.totals
    assert (said.courses, said.sessions, said.dose_g, said.volume_ml) == (6, 24, D(832), D(8320))
    assert [(vial.size_g, vial.count) for vial in said.vials] == [(D(30), 24), (D(2), 8 * 3 + 16 * 2)]


def test_each_working_is_of_its_own_courses(changed: Plan) -> None:
    """The first session of each order that differs is shown: course 1, and course 3 under its own name."""
    shown = {line.name.split(".")[-2] for line in changed.trace if line.name.endswith(".duration_min")}
    assert shown == {"c1d1", "c3d1"}
    assert not [line.name for line in changed.trace if line.name.startswith("c3d1.")]


def test_the_titrations_are_those_of_all_sessions(changed: Plan) -> None:
    assert [titration.places for titration in changed.titrations] == [tuple(range(8)), tuple(range(8, 24))]


def test_a_plan_of_two_phases_is_cut_where_the_order_changes() -> None:
    """CIDP: 2 g/kg once, then 1 g/kg: 144 g, 72 g, and 68 g for 68 kg."""
    plan = first(regimen="cidp", days=None)
    cut = [
        [(phase.first_course, phase.courses, phase.dose_g) for phase in after(plan, "2026-12-03", new_weight="68kg", from_course=course).phases]
        for course in ("2", "4")
    ]  # fmt: skip
    assert cut == [[(1, 1, D(144)), (2, 5, D(68))], [(1, 1, D(144)), (2, 2, D(72)), (4, 3, D(68))]]


def test_a_phase_that_would_begin_after_the_change_is_none() -> None:
    """Twice 2 g/kg, then 1 g/kg: changed from the second course on, the first order has neither it nor a third one."""
    plan = first(regimen=f"{helpers.ANY_COURSE}:two-phases", days="2", courses="5")
    phases = after(plan, "2026-12-03", new_weight="68kg", from_course="2").phases
    assert [(phase.first_course, phase.courses, phase.dose_g) for phase in phases] == [
        (1, 1, D(144)),
        (2, 1, D(136)),
        (3, 3, D(68)),
    ]


@pytest.mark.parametrize("course", [2, 3])
def test_no_working_is_shown_of_courses_that_another_order_gives(course: int) -> None:
    """Of 2 x 72 g, and of 2 x 36 g from course 3 on, the first order has a working each: of course 3 it is void."""
    plan = first(regimen=f"{helpers.ANY_COURSE}:two-phases", days="2", courses="5")
    assert {"c1d1.duration_min", "c3d1.duration_min"} <= {line.name for line in plan.trace}
    changed = after(plan, "2026-12-03", new_weight="68kg", from_course=str(course))
    ends = [line.name for line in changed.trace if line.name.endswith(".duration_min")]
    assert ends == ["c1d1.duration_min", f"from_course_{course}.c{course}d1.duration_min"] + (
        ["from_course_2.c3d1.duration_min"] if course == 2 else []
    )


def test_the_sums_are_rounded_to_a_thousandth() -> None:
    """0.0004 + 0.1252 = 0.1256: 0.126; each sum has figures of its own."""
    plan = first()
    some = [
        plan.sessions[0]._replace(dose_g=D(dose), volume_ml=D(volume), leftover_g=D(left))
        for dose, volume, left in (("0.0004", "1.0004", "2.0004"), ("0.1252", "1.1252", "2.1252"))
    ]
    said = _totals(plan.computed_from.site.value, some)
    assert (said.dose_g, said.volume_ml, said.leftover_g) == (D("0.126"), D("2.126"), D("4.126"))


def test_what_is_left_over_of_a_vial_is_paid() -> None:
    """Stopped after 21.168 of 36 g, the 24 sessions take the same vials of 864 g, at 0.5 a gram."""
    prices = {"octagam-10-us": {"amount": "0.5", "currency": "USD"}}
    stopped = reaction(first(helpers.a_site(price_per_gram=prices)), "10:51")
    assert (stopped.totals.dose_g, stopped.totals.leftover_g) == (D("849.168"), D("14.832"))
    assert stopped.totals.cost is not None
    assert stopped.totals.cost.amount == D(432)


def test_the_course_of_the_plan_is_the_last_phase_that_has_sessions() -> None:
    """The last course alone, of one day: 0.4 g/kg of 75 kg are 30 g."""
    one_day = {"regimen": "primary-immunodeficiency", "days": "1", "dose": "0.4 g/kg", "every": "4 weeks"}
    plan = after(first(product="gamunex-c-us", **one_day), ON, new_weight="75kg", from_course="6")
    assert (plan.course.first_course, plan.course.dose_g) == (6, D(30))


def test_a_price_is_rounded_to_a_hundredth_and_of_one_currency() -> None:
    """2 courses of 144 g and 4 of 145 g: 288 x 0.333 + 580 x 0.111 = 95.904 + 64.38 = 160.284."""
    prices = {
        "octagam-10-us": {"amount": "0.333", "currency": "USD"},
        "privigen-us": {"amount": "0.111", "currency": "USD"},
    }
    plan = after(first(helpers.a_site(price_per_gram=prices)), ON, product="privigen-us", from_course="3")
    assert plan.totals.cost is not None
    assert (plan.totals.cost.amount, plan.totals.cost.currency) == (D("160.28"), "USD")
    prices["privigen-us"]["currency"] = "EUR"
    assert (
        after(first(helpers.a_site(price_per_gram=prices)), ON, product="privigen-us", from_course="3").totals.cost
        is None
    )


def test_the_vials_of_the_courses_before_are_counted_by_their_product() -> None:
    """12 x 30 g and 36 x 2 g for three courses of 144 g: not one of each may be missing."""
    enough = {"octagam-10-us": {"30 g": "12", "2 g": "36", "5 g": "0"}, "privigen-us": {"5 g": "0"}}
    plan = first(helpers.a_site(stock=enough), courses="3")
    assert not helpers.notices(plan, "stock-short")
    assert not helpers.notices(after(plan, ON, new_weight="72.1kg", from_course="3"), "stock-short")
    for less in ({"30 g": "11", "2 g": "36"}, {"30 g": "12", "2 g": "35"}):
        short = first(helpers.a_site(stock={"octagam-10-us": {"5 g": "0"} | less}), courses="3")
        assert [place[0] for place in helpers.notice(short, "stock-short").sessions][:1] == [3]
        again = after(short, ON, new_weight="72.1kg", from_course="3")
        assert [place[0] for place in helpers.notice(again, "stock-short").sessions][:1] == [3]


def test_what_is_short_is_counted_over_all_courses_as_they_are_now() -> None:
    """144 g a course are 4 x 30 g + 12 x 2 g; of 14 x 30 g the fourth course lacks 2, under whichever order it comes."""
    plan = first(helpers.a_site(stock={"octagam-10-us": {"30 g": "14", "2 g": "60", "5 g": "0"}}), courses="4")
    for made in (plan, after(plan, ON, new_weight="72.1kg", from_course="3"), reaction(plan, "10:51", "11:21", "half")):
        short = helpers.notice(made, "stock-short")
        assert "reaches to course 3, not for the whole plan: 16 of 30 g needed, 14 held; it" in short.message
        assert (short.value, short.limit) == ("16 x 30 g", "14 x 30 g")
        assert short.sessions == tuple((4, day) for day in (1, 2, 3, 4))
    days = ("2026-12-01", "2026-12-02", "2026-12-03", "2026-12-04")
    assert not helpers.notices(after(plan, missed=days, rest="keep"), "stock-short")


def test_a_changed_order_draws_all_that_the_courses_before_have_left() -> None:
    """12 x 30 g and 36 x 2 g are three courses of 4 x 30 g + 12 x 2 g: after two of them the third has what it had."""
    plan = first(helpers.a_site(stock={"octagam-10-us": {"30 g": "12", "2 g": "36", "5 g": "0"}}), courses="3")
    again = after(plan, ON, new_weight="72.1kg", from_course="3")
    third = [[session.vials for session in made.sessions if session.course == 3] for made in (plan, again)]
    assert third[0] == third[1]
    assert [[(vial.size_g, vial.count) for vial in vials] for vials in third[1]] == [[(D(30), 1), (D(2), 3)]] * 4


def test_what_is_short_is_of_every_session_from_the_first_course_that_lacks() -> None:
    """Of 10 x 30 g the third course, which needs the ninth to the twelfth, lacks 2 and the fourth all of its own."""
    plan = first(helpers.a_site(stock={"octagam-10-us": {"30 g": "10", "2 g": "60", "5 g": "0"}}), courses="4")
    for made in (plan, after(plan, ON, new_weight="72.1kg", from_course="3")):
        short = helpers.notice(made, "stock-short")
        assert (short.value, short.limit) == ("16 x 30 g", "10 x 30 g")
        assert short.sessions == tuple((course, day) for course in (3, 4) for day in (1, 2, 3, 4))


def test_what_is_short_of_a_product_is_not_counted_of_another() -> None:
    """Two courses of 4 x 30 g + 12 x 2 g of the first product lack one of 30 g, whatever is drawn of the other after them."""
    stock = {"octagam-10-us": {"30 g": "7", "2 g": "24", "5 g": "0"}}
    changed = after(first(helpers.a_site(stock=stock), courses="4"), ON, product="privigen-us", from_course="3")
    short = helpers.notice(changed, "stock-short")
    assert (short.value, short.limit) == ("8 x 30 g", "7 x 30 g")
    assert short.sessions == tuple((2, day) for day in (1, 2, 3, 4))


def test_what_is_said_of_a_dose_names_the_courses_that_have_it() -> None:
    """Of 30 g vials alone a course of 144 g is 150 g, and 120 g for 60 kg is 120 g with every size as well."""
    site = helpers.a_site(stock={"octagam-10-us": {"30 g": "90"}})
    changed = after(first(site, days=None), ON, new_weight="60kg", from_course="3")
    said = helpers.notice(changed, "stock-changed-dose").message
    assert said.startswith("courses 1 to 2: the stock of site ")
    assert "the course is 150 g" in said


@pytest.mark.parametrize(("before", "now"), [("gamunex-c-us", "panzyga-us"), ("panzyga-us", "gamunex-c-us")])
def test_what_is_short_of_either_product_begins_at_its_own_course(before: str, now: str) -> None:
    """60 kg x 0.5 g/kg = 30 g a course, 3 x 10 g: of 5 x 10 g the second course lacks one, and all that is drawn is 6."""
    words = ONE_DAY | {"dose": "0.5 g/kg", "weight": "60kg", "product": before}
    plan = first(helpers.a_site(stock={before: {"10 g": "5"}, now: {"10 g": "90"}}), **words)
    assert helpers.notice(plan, "stock-short").sessions == tuple((course, 1) for course in (2, 3, 4, 5, 6))
    changed = after(plan, ON, product=now, from_course="3")
    short = helpers.notice(changed, "stock-short")
    assert (short.value, short.limit, short.sessions) == ("6 x 10 g", "5 x 10 g", ((2, 1),))
    again = helpers.notice(after(plan, "2026-11-30", new_weight="60.1kg", from_course="1"), "stock-short")
    assert again.sessions == tuple((course, 1) for course in (2, 3, 4, 5, 6))


@pytest.mark.parametrize(
    ("from_course", "said"),
    [
        ("1", {"": 6}),
        ("2", {"course 1: ": 1, "courses 2 to 6: ": 5}),
        ("5", {"courses 1 to 4: ": 4, "courses 5 to 6: ": 2}),
        ("6", {"courses 1 to 5: ": 5, "course 6: ": 1}),
    ],
)
def test_what_is_said_of_every_session_of_an_order_names_its_courses(from_course: str, said: dict[str, int]) -> None:
    """20 g vials alone: 28.8 g for 72 kg and 24 g for 60 kg are drawn from opened ones."""
    site = helpers.a_site(stock={"gamunex-c-us": {"20 g": "90"}})
    plan = first(site, **ONE_DAY, product="gamunex-c-us")
    changed = after(plan, "2026-11-30", new_weight="60kg", from_course=from_course)
    opened = {found.message.partition("the course of")[0]: found for found in helpers.notices(changed, "vial-opened")}
    assert {begins: len(found.sessions) for begins, found in opened.items()} == said


def test_what_is_said_of_some_sessions_of_an_order_is_said_as_it_is() -> None:
    """The clinic is closed on the first day of the fifth course: that is said of it alone, whatever the order."""
    plan = first(helpers.a_site(closed=["2027-03-23"], closed_days="keep"))
    changed = after(plan, ON, new_weight="68kg", from_course="3")
    assert helpers.notice(changed, "on-closed-day") == helpers.notice(plan, "on-closed-day")
    assert helpers.notice(changed, "on-closed-day").sessions == ((5, 1),)


def test_what_is_said_of_one_phase_of_an_order_names_no_courses() -> None:
    """Of 20 g vials alone 60 g are 40 + 20 g and not 30 + 30 g: said of courses 3 to 5, under either order."""
    site = helpers.a_site(stock={"gamunex-c-us": {"20 g": "90"}})
    order = {"regimen": f"{helpers.ANY_COURSE}:two-phases", "days": "2", "courses": "5", "weight": "60kg"}
    plan = first(site, **order, product="gamunex-c-us")
    changed = after(plan, "2026-12-03", new_weight="60.1kg", from_course="2")
    for made in (plan, changed):
        said = helpers.notice(made, "stock-changed-dose")
        assert said.message.startswith("maintenance: the stock of site ")
        assert said.sessions == tuple((course, day) for course in (3, 4, 5) for day in (1, 2))


@pytest.mark.parametrize(
    ("courses", "said"),
    [
        ((2,), "course 2"),
        ((1, 3), "courses 1, 3"),
        ((3, 4, 5), "courses 3 to 5"),
        ((1, 2, 5, 6), "courses 1 to 2, 5 to 6"),
        ((1, 2, 5), "courses 1 to 2, 5"),
        ((1, 2), "courses 1 to 2"),
        ((1, 4, 5), "courses 1, 4 to 5"),
    ],
)
def test_courses_are_named_in_runs(courses: tuple[int, ...], said: str) -> None:
    assert _named(tuple((course, day) for course in courses for day in (2, 1))) == said


def test_a_plan_was_made_at_the_last_of_its_changes() -> None:
    """Each change is told on the day of the last one, or later."""
    once = after(first(), "2026-12-02", done=("1.1",))
    twice = after(once, "2026-12-05", done=("1.2",))
    with pytest.raises(RequestError, match="2026-12-05"):
        after(twice, "2026-12-04", done=("1.3",))


def test_a_product_that_was_changed_to_is_that_of_the_course_named() -> None:
    """Privigen from course 4 on, told after Octagam's own courses; then Panzyga from 3 on, before it."""
    later = after(first(), ON, product="privigen-us", from_course="5")
    twice = after(later, ON, product="panzyga-us", from_course="3")
    product = twice.history[-1].to_product
    assert product is not None
    assert product.value.id == "panzyga-us"
    assert after(first(), ON, done=("1.1",)).history[-1].changed == ()


def test_a_product_for_the_last_course_alone_is_kept_with_the_change() -> None:
    product = after(first(), ON, product="privigen-us", from_course="6").history[-1].to_product
    assert product is not None
    assert product.value.id == "privigen-us"
