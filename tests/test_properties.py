"""What the numbers must satisfy for every valid input: generated cases, against the oracle and against each other."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from typing import Any

import helpers
import oracle
import pytest
import working
from hypothesis import assume, example, given
from hypothesis import strategies as st
from ivigcalc import engine, library
from ivigcalc.ask import form_of, plan_form
from ivigcalc.definitions import Loaded, Product
from ivigcalc.errors import RefusedError
from ivigcalc.plan import Plan
from ivigcalc.titration import Ceilings, make_ladder, pump_rates
from ivigcalc.vials import choose_from_shelf, vial_set

SIZES = [Fraction(s) for s in ("0.5", "0.6", "1", "2", "2.5", "3", "5", "6", "10", "12", "20", "25", "30", "40")]
WITH_VIALS = ["octagam-10-us", "privigen-us", "gamunex-c-us", "panzyga-us", "octagam-5-us", "privigen-eu", "intragam-p-nz", "bivigam-us"]


def shipped_tables() -> list[tuple[str, str, str]]:
    """(product, indication, first or subsequent) of every shipped rate table that can be run."""
    found = []
    for identifier in library.shipped("product"):
        content = oracle.read("products", identifier)
        for table in content.get("rates", []) if "concentration" in content else []:
            use = table["for"][0] if table["for"] != ["any"] else "primary-immunodeficiency"
            found.append((identifier, use, table.get("infusion", "first")))
    return found


TABLES = shipped_tables()
kilograms = st.integers(30, 1500).map(lambda tenths: Decimal(tenths) / 10)
fine_kilograms = st.integers(300, 15000).map(lambda hundredths: Decimal(hundredths) / 100)
whole_grams = st.integers(1, 200)
some_risks = st.lists(st.sampled_from(["renal", "thrombosis", "cardiac"]), unique=True, max_size=2)


def shown(plan: Plan) -> list[tuple[Any, ...]]:
    """Everything of a plan that depends on the numbers, and nothing on the words in which it was asked."""
    return [
        plan.dosing_weight, plan.rate_weight, plan.phases, plan.sessions, plan.totals, plan.last_covered,
        [(n.code, n.level) for n in plan.notices], [(t.name, t.result) for t in plan.trace if t.name not in ("actual_kg", "height_cm")],
    ]  # fmt: skip


# ---- the oracle against itself -------------------------------------------------------------------------------------------


@given(st.integers(1, 60), st.lists(st.sampled_from(SIZES[2:9]), min_size=1, max_size=3, unique=True), st.booleans(), st.data())
def test_the_oracle_agrees_with_a_plain_listing_of_all_combinations(dose: int, sizes: list[Fraction], limited: bool, data: Any) -> None:
    stock = {size: data.draw(st.integers(0, 4)) for size in sizes} if limited else None
    assert oracle.best_vials(Fraction(dose, 2), sizes, stock) == oracle.best_vials_by_listing(Fraction(dose, 2), sizes, stock)


# ---- doses, sessions, vials ----------------------------------------------------------------------------------------------


@given(fine_kilograms, st.sampled_from(WITH_VIALS), st.integers(1, 5))
def test_the_course_is_rounded_and_divided_as_the_oracle_says(weight: Decimal, product: str, days: int) -> None:
    assume(weight >= 15)
    got = helpers.plan("dermatomyositis", product, f"{weight} kg", days=str(days), **overridden(days))
    sizes = oracle.product_vials(product)
    prescribed = 2 * Fraction(weight)
    course = oracle.rounded_course_g(prescribed, sizes, days)
    sessions = [Fraction(s.dose_g) for s in got.sessions]
    assert Fraction(got.course.dose_g) == course
    assert sum(sessions) == course
    assert sessions == sorted(sessions, reverse=True)
    assert sessions[0] - sessions[-1] == oracle.least_spread_g(course, sizes, days)
    assert Fraction(got.course.deviation_percent) == signed_to(Fraction(1, 100), (course - prescribed) / prescribed * 100)
    for session in got.sessions:
        assert helpers.vials(session) == oracle.best_vials(Fraction(session.dose_g), sizes)
        assert session.leftover_g == 0


def overridden(days: int) -> dict[str, Any]:
    """One day is outside dermatomyositis and above its daily limit: a clinic may insist."""
    return {"override": ["days-outside-regimen=asked for"]} if days == 1 else {}


def signed_to(step: Fraction, value: Fraction) -> Fraction:
    return oracle.nearest_tie_up(abs(value), step) * (-1 if value < 0 else 1)


@given(fine_kilograms, st.sampled_from(["octagam-10-us", "privigen-us", "panzyga-us", "bivigam-us"]))
@example(Decimal("71.5"), "octagam-10-us")  # 143 g is 72 + 71 g, and 72 g is above 71.5 g: a third day
def test_the_fewest_days_that_keep_the_largest_real_session_within_the_daily_limit(weight: Decimal, product: str) -> None:
    assume(weight >= 20)
    got = helpers.plan("dermatomyositis", product, f"{weight} kg")
    assert got.course.days == oracle.fewest_days(2 * Fraction(weight), oracle.product_vials(product), 2, 5, Fraction(weight))


@given(st.lists(st.sampled_from(SIZES), min_size=1, max_size=4, unique=True), st.integers(1, 60), st.integers(1, 4))
def test_any_vials_divide_a_course_with_the_least_spread(sizes: list[Fraction], twice_grams: int, days: int) -> None:
    prescribed = Fraction(twice_grams) / 2 + 3
    got = helpers.plan(
        "dermatomyositis", "octagam-10-us", "70 kg",
        dose=f"{Decimal(twice_grams) / 2 + 3} g", days=str(days), override=["dose-outside-regimen=a test"],
    ) if False else plan_with_vials(sizes, prescribed, days)  # fmt: skip
    if got is None:
        return
    sessions = [Fraction(s.dose_g) for s in got.sessions]
    course = oracle.rounded_course_g(prescribed, sizes, days)
    assert sum(sessions) == course == Fraction(got.course.dose_g)
    assert tuple(sessions) in oracle.all_least_splits(course, sizes, days)
    for session in got.sessions:
        assert helpers.vials(session) == oracle.best_vials(Fraction(session.dose_g), sizes)
