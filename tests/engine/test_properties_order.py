"""What must hold between plans: the same order in other words, another start, more weight, the same again."""

import sys
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import helpers
import oracle
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import TABLES, WITH_VIALS, attempt, hundredths_of_kg, plain, some_starts, tenths_of_kg

from ivigcalc.api import plan_form
from ivigcalc.engine.plan import Plan
from ivigcalc.errors import RefusedError, RequestError
from ivigcalc.request.read import form_of


def shown(plan: Plan | set[str]) -> Any:
    """Everything of a plan that depends on the numbers, and nothing on the words in which it was asked."""
    if not isinstance(plan, Plan):
        return plan
    converted = ("actual_kg", "height_cm")
    return [
        plan.dosing_weight, plan.rate_weight, plan.phases, plan.sessions, plan.totals, plan.last_covered,
        [(n.code, n.level) for n in plan.notices], [(t.name, t.result) for t in plan.trace if t.name not in converted],
    ]  # fmt: skip


# ---- the same order in other words -----------------------------------------------------------------------------------


@given(st.integers(350, 3300), st.sampled_from(["actual-weight", "au-lifeblood-2026", "us-group-health"]))
def test_kilograms_and_pounds_give_the_same_plan(tenths_of_lb: int, policy: str) -> None:
    pounds = Decimal(tenths_of_lb) / 10
    words = {"policy": policy, "height": "175cm", "sex": "female", "age": "54y", "start": "2026-12-01"}
    asked = [f"{pounds} lb", f"{plain(Fraction(pounds) * oracle.KG['lb'])} kg"]
    both = [
        attempt(lambda weight=weight: helpers.plan("dermatomyositis", "octagam-10-us", weight, **words))
        for weight in asked
    ]
    assert shown(both[0]) == shown(both[1])


@given(st.integers(5, 25))
def test_stones_and_kilograms_give_the_same_plan(stones: int) -> None:
    in_kg = plain(stones * oracle.KG["st"])
    assert shown(helpers.plan("dermatomyositis", "octagam-10-us", f"{stones} st")) == shown(
        helpers.plan("dermatomyositis", "octagam-10-us", f"{in_kg} kg")
    )


@given(st.integers(2500, 9999))
def test_grams_and_kilograms_give_the_same_plan(grams: int) -> None:
    ask = {"protocol": "open", "days": "1"}
    in_kg = helpers.any_course("octagam-10-us", f"{Decimal(grams) / 1000} kg", "2 g/kg", **ask)
    assert shown(helpers.any_course("octagam-10-us", f"{grams} g", "2 g/kg", **ask)) == shown(in_kg)


@given(tenths_of_kg, st.integers(200, 3000), st.integers(1, 4))
def test_grams_and_milligrams_per_kilogram_give_the_same_plan(weight: Decimal, mg_per_kg: int, days: int) -> None:
    assume(weight * mg_per_kg >= 2000 * days * 2)
    doses = (f"{mg_per_kg} mg/kg", f"{Decimal(mg_per_kg) / 1000} g/kg")
    ask = [helpers.anyway(helpers.any_course, "octagam-10-us", f"{weight} kg", dose, days=str(days)) for dose in doses]
    assert shown(ask[0]) == shown(ask[1])


@given(st.integers(320, 1500).map(lambda n: Decimal(n) / 10))
def test_heights_in_any_unit_give_the_same_plan(weight: Decimal) -> None:
    same = [
        shown(
            helpers.plan(
                "dermatomyositis",
                "octagam-10-us",
                f"{weight} kg",
                policy="au-lifeblood-2026",
                height=height,
                sex="male",
                age="54y",
            )
        )
        for height in ("177.8cm", "1.778m", "70in", "5ft10in")
    ]
    assert all(other == same[0] for other in same)


# ---- dates -----------------------------------------------------------------------------------------------------------


@given(some_starts, st.integers(1, 24), st.sampled_from(["1 month", "2 months", "3 months", "12 months"]))
def test_months_are_counted_from_the_anchor_and_clamped(start: date, courses: int, every: str) -> None:
    got = helpers.any_course(
        "octagam-10-us",
        "70 kg",
        "30 g",
        protocol="monthly",
        days="2",
        start=str(start),
        every=every,
        courses=str(courses),
    )
    firsts = [s.on for s in got.sessions if s.day == 1]
    assert firsts == [oracle.course_date(start, every, k) for k in range(courses)]
    assert [s.on for s in got.sessions if s.day == 2] == [first + timedelta(days=1) for first in firsts]


@given(some_starts, st.integers(1, 24), st.integers(2, 60), st.booleans())
def test_days_and_weeks_are_counted_from_the_anchor(start: date, courses: int, every: int, in_weeks: bool) -> None:
    text = f"{every} weeks" if in_weeks else f"{every} days"
    assume(not in_weeks or every <= 57)
    got = helpers.any_course(
        "octagam-10-us", "70 kg", "30 g", days="2", start=str(start), every=text, courses=str(courses)
    )
    assert [s.on for s in got.sessions if s.day == 1] == [oracle.course_date(start, text, k) for k in range(courses)]
    assert [s.weekday for s in got.sessions] == [f"{s.on:%A}" for s in got.sessions]


@given(
    some_starts,
    some_starts,
    st.integers(1, 6),
    st.sampled_from(["dermatomyositis", "cidp:us-label-privigen"]),
    st.none() | st.integers(0, 1439),
)
def test_moving_the_start_moves_every_date_and_nothing_else(
    one: date, other: date, courses: int, regimen: str, at: int | None
) -> None:
    clock = None if at is None else f"{at // 60:02}:{at % 60:02}"
    plans = [
        helpers.plan(regimen, "privigen-us", "71.3 kg", start=str(start), courses=str(courses), at=clock)
        for start in (one, other)
    ]
    moved = other - one
    for before, after in zip(plans[0].sessions, plans[1].sessions, strict=True):
        assert after.on == before.on + moved
        assert (after.dose_g, after.vials, after.infusion, after.at_min) == (
            before.dose_g,
            before.vials,
            before.infusion,
            before.at_min,
        )
    assert plans[0].totals == plans[1].totals
    assert plans[0].phases == plans[1].phases
    assert plans[0].trace == plans[1].trace
    assert [n.code for n in plans[0].notices] == [n.code for n in plans[1].notices]


# ---- more weight -----------------------------------------------------------------------------------------------------


@given(
    hundredths_of_kg,
    hundredths_of_kg,
    st.sampled_from(WITH_VIALS),
    st.sampled_from(["actual-weight", "au-lifeblood-2026", "nz-nzbs", "us-group-health"]),
    st.sampled_from([None, "2", "3", "5"]),
)
def test_more_weight_never_means_less_dose(
    one: Decimal, other: Decimal, product: str, policy: str, days: str | None
) -> None:
    """Under policies whose weight has no threshold; one that changes from actual to adjusted weight at a BMI falls there by design."""
    lighter, heavier = sorted((one, other))
    courses = []
    for weight in (lighter, heavier):
        got = helpers.anyway(
            helpers.any_course, product, f"{weight} kg", "2 g/kg", protocol="at-most-a-gram-a-day", days=days,
            policy=policy, height="175cm", sex="male", age="54y",
        )  # fmt: skip
        courses.append(got.course.dose_g)
    assert courses[0] <= courses[1]


@given(tenths_of_kg, tenths_of_kg, st.sampled_from(TABLES))
def test_more_weight_never_means_a_slower_pump(one: Decimal, other: Decimal, table: tuple[str, str, str]) -> None:
    lighter, heavier = (
        helpers.anyway(helpers.rates, table[0], table[1], f"{w} kg", "200 g", infusion=table[2]).sessions[0]
        for w in sorted((one, other))
    )
    assert lighter.steps[0].rate_ml_per_h <= heavier.steps[0].rate_ml_per_h
    assert lighter.duration_min >= heavier.duration_min


# ---- the same again --------------------------------------------------------------------------------------------------


def forget_everything() -> None:
    """Empty the caches of the arithmetic, so that the second plan is computed and not remembered."""
    for name, module in list(sys.modules.items()):
        if name.startswith("ivigcalc.") and name != "ivigcalc.library.find":
            for cached in vars(module).values():
                if callable(clear := getattr(cached, "cache_clear", None)):
                    clear()


@given(tenths_of_kg, st.sampled_from(WITH_VIALS), some_starts)
def test_a_plan_recomputes_to_itself(weight: Decimal, product: str, start: date) -> None:
    assume(weight >= 20)
    asked = {"start": str(start), "at": "09:00", "courses": "2", "height": "1.7m", "policy": "actual-weight"}
    first = helpers.anyway(helpers.plan, "dermatomyositis", product, f"{weight} kg", **asked)
    forget_everything()
    words = form_of(first.computed_from.request, regimen="dermatomyositis", product=product, policy="actual-weight")
    again = plan_form(words, "schedule", on=None)
    assert shown(again) == shown(first)
    assert again.trace == first.trace
    assert again.notices == first.notices


@given(st.text(max_size=12))
def test_no_text_is_a_traceback(text: str) -> None:
    """Whatever is typed for a weight or a dose is read exactly or refused in words."""
    for words in ((text, "70 g"), ("70 kg", text)):
        try:
            got = helpers.rates("octagam-10-us", "dermatomyositis", *words)
        except (RequestError, RefusedError):
            continue
        assert got.sessions[0].duration_min > 0
