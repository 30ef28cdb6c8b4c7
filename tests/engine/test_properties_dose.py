"""For every valid order: courses, sessions and vials are what the oracle says."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import helpers
import oracle
from hypothesis import example, given, settings
from hypothesis import strategies as st
from strategies import SIZES, WITH_VIALS, attempt, hundredths_of_kg, in_grams, plain, some_vials

from ivigcalc.engine.plan import Plan
from ivigcalc.engine.vials import choose_from_shelf, vial_set

# ---- the oracle against itself ---------------------------------------------------------------------------------------


@given(
    st.integers(1, 60),
    st.lists(st.sampled_from(SIZES[2:9]), min_size=1, max_size=3, unique=True),
    st.booleans(),
    st.data(),
)
def test_the_oracle_agrees_with_a_plain_list_of_all_combinations(
    halves: int, sizes: list[Fraction], limited: bool, data: Any
) -> None:
    stock = {size: data.draw(st.integers(0, 4)) for size in sizes} if limited else None
    assert oracle.best_vials(Fraction(halves, 2), sizes, stock) == oracle.best_vials_by_listing(
        Fraction(halves, 2), sizes, stock
    )


# ---- course, sessions, vials -----------------------------------------------------------------------------------------


def check_course(
    got: Plan,
    prescribed: Fraction,
    sizes: list[Fraction],
    days: int,
    cap: Fraction | None = None,
    most: Fraction | None = None,
) -> None:
    course, opened = oracle.given_course_g(prescribed, sizes, days, most, cap)
    sessions = [Fraction(s.dose_g) for s in got.sessions]
    assert Fraction(got.course.dose_g) == course > 0
    assert sum(sessions) == course
    assert sessions == sorted(sessions, reverse=True)
    if opened:
        assert sessions[0] - sessions[-1] in (0, Fraction(1, 10))
    else:
        assert sessions[0] - sessions[-1] == oracle.least_spread_g(course, sizes, days)
    if opened and most is not None and prescribed / days <= most:
        assert sessions[0] <= most
    deviation = (course - prescribed) / prescribed * 100
    assert abs(Fraction(got.course.deviation_percent) - deviation) <= Fraction(1, 200)
    assert ("rounding-deviation" in helpers.codes(got)) == (abs(deviation) > 10)
    for session in got.sessions:
        taken = helpers.vials(session)
        assert taken == oracle.best_vials(Fraction(session.dose_g), sizes)
        left = sum(size * count for size, count in taken.items()) - Fraction(session.dose_g)
        assert Fraction(session.leftover_g) == left
        assert opened or not left


@given(hundredths_of_kg, st.sampled_from(WITH_VIALS), st.integers(2, 5))
def test_a_course_is_rounded_and_divided_as_the_oracle_says(weight: Decimal, product: str, days: int) -> None:
    got = helpers.plan("dermatomyositis", product, f"{weight} kg", days=str(days))
    check_course(got, 2 * Fraction(weight), oracle.product_vials(product), days, most=Fraction(weight))


@given(some_vials, st.integers(30, 800), st.integers(1, 4))
def test_any_vials_divide_any_course(sizes: list[Fraction], tenths: int, days: int) -> None:
    prescribed = Fraction(tenths, 10)
    got = helpers.any_course(helpers.own_product(in_grams(sizes)), "70 kg", f"{plain(prescribed)} g", days=str(days))
    check_course(got, prescribed, sizes, days)


@given(some_vials, st.integers(500, 1200), st.integers(1, 3))
def test_a_published_cap_is_never_passed_by_rounding(sizes: list[Fraction], tenths: int, days: int) -> None:
    prescribed = min(Fraction(tenths, 10), Fraction(70))
    got = helpers.any_course(
        helpers.own_product(in_grams(sizes)), "70 kg", f"{Decimal(tenths) / 10} g", protocol="capped", days=str(days)
    )
    assert Fraction(got.course.dose_g) <= 70
    check_course(got, prescribed, sizes, days, Fraction(70))


@given(hundredths_of_kg, st.sampled_from(["octagam-10-us", "privigen-us", "panzyga-us", "bivigam-us"]))
@example(Decimal("71.5"), "octagam-10-us")  # 143 g would be 72 + 71 g, and 72 g is above 71.5 g: 71 + 71 g
def test_the_fewest_days_are_those_of_the_exact_dose_and_its_largest_session_keeps_the_limit(
    weight: Decimal, product: str
) -> None:
    got = helpers.plan("dermatomyositis", product, f"{weight} kg")
    assert got.course.days == oracle.fewest_days(2 * Fraction(weight), 2, 5, Fraction(weight)) == 2
    check_course(got, 2 * Fraction(weight), oracle.product_vials(product), 2, most=Fraction(weight))


@given(
    st.integers(100, 400),
    st.integers(15, 60),
    st.lists(st.sampled_from(SIZES[4:]), min_size=1, max_size=3, unique=True),
)
def test_and_where_none_does_it_is_given_on_the_most_days(
    tenths_g_per_kg: int, weight: int, sizes: list[Fraction]
) -> None:
    """Few and large vials, small patients: often no number of days keeps 1 g/kg."""
    prescribed = Fraction(tenths_g_per_kg, 100) * weight
    got = helpers.anyway(
        helpers.any_course,
        helpers.own_product(in_grams(sizes)),
        f"{weight} kg",
        f"{plain(prescribed)} g",
        protocol="at-most-a-gram-a-day",
    )
    days = oracle.fewest_days(prescribed, 2, 5, Fraction(weight))
    assert got.course.days == days
    check_course(got, prescribed, sizes, days, most=Fraction(weight))


@settings(max_examples=25)
@given(st.integers(30, 600), st.sampled_from(["privigen-us", "octagam-5-us", "bivigam-us"]), st.integers(1, 2))
def test_a_plan_takes_the_course_that_the_oracle_prefers(tenths_of_kg: int, product: str, days: int) -> None:
    """1 g/kg by the program's own practical policy; where none is near enough, as by the default."""
    exact, sizes = Fraction(tenths_of_kg, 10), oracle.product_vials(product)
    ask = {"days": str(days), "policy": "practical-vials"}
    made = helpers.any_course(product, f"{float(exact)} kg", f"{float(exact)} g/course", **ask)
    preferred = oracle.preferred_course_g(exact, sizes, days)
    if preferred is None:
        assert made.course.dose_g == oracle.given_course_g(exact, sizes, days)[0]
        return
    assert (sum(vial.count for vial in made.totals.vials), made.course.dose_g) == (preferred[0], preferred[2])


@given(
    st.integers(1, 60),
    st.integers(30, 1200),
    st.sampled_from(["g/kg", "mg/kg", "g", "mg"]),
    st.sampled_from(["", "/day", "/course"]),
    st.booleans(),
    st.integers(1, 5),
)
def test_a_dose_is_of_a_course_or_a_day_and_far_below_the_lowest_is_said(
    tenths: int, tenths_of_kg: int, unit: str, of: str, per_day: bool, days: int
) -> None:
    """Rules 1 and 2: 0.1 to 6 g/kg, or that for 10 kg, where 0.4 g/kg a day or 2 g/kg a course are printed."""
    kg = Fraction(tenths_of_kg, 10)
    grams = Fraction(tenths, 10) * (1 if unit.endswith("kg") else 10) * (1000 if unit.startswith("mg") else 1)
    words, printed = f"{plain(grams)} {unit}{of}", Fraction("0.4") * days if per_day else Fraction(2)
    asked = {"protocol": "by-the-day" if per_day else "by-the-course", "days": str(days)}
    got = helpers.insisted(helpers.any_course, "octagam-10-us", f"{plain(kg)} kg", words, **asked)
    exact = oracle.ordered_course_g(words, kg, days, per_day)
    assert Fraction(got.course.prescribed_g) == oracle.nearest_tie_up(exact, Fraction(1, 100)) or exact < Fraction(
        1, 200
    )
    assert ("dose-low" in helpers.codes(got)) == oracle.is_low(exact, printed * kg)


@given(st.integers(1, 8).map(lambda n: 5 * n), st.integers(1, 8), st.integers(1, 60), st.integers(10, 200))
def test_four_weeks_are_added_up_from_the_courses_that_there_are(
    grams: int, courses: int, every: int, most: int
) -> None:
    """Rule 7: a limit on four weeks is passed by what begins within any four weeks of the plan, and by nothing else."""
    body = (
        "    dose: {per_course: {from: 0.01 g/kg, to: 9 g/kg}}\n    days: {from: 1, to: 1}\n"
        f"    interval: {{every: {every} days}}\n    limits: [{{per: 4-weeks, max: {most} g, level: caution}}]\n"
    )
    with TemporaryDirectory() as folder:
        words = {"start": "2026-12-01", "courses": str(courses), "dose": f"{grams} g"}
        got = helpers.insisted(helpers.plan, helpers.own_regimen(Path(folder), body), "octagam-10-us", "70 kg", **words)
    four_weeks = oracle.most_in_four_weeks_g(Fraction(grams), courses, every)
    said = [n for n in helpers.notices(got, "four-week-dose-over-limit") if n.limit == f"{most} g"]
    assert bool(said) == (four_weeks > most)
    assert all(n.value == f"{four_weeks} g" for n in said)


@given(st.fractions(Fraction(1, 2), 150, max_denominator=20), some_vials)
def test_vials_cover_the_dose_at_the_optimum(dose_g: Fraction, sizes: list[Fraction]) -> None:
    choice = vial_set(tuple(sizes)).choose(dose_g)
    assert sum(size * count for size, count in choice.vials) - dose_g == choice.leftover_g >= 0
    assert dict(choice.vials) == oracle.best_vials(dose_g, sizes)


@given(
    st.fractions(Fraction(1, 2), 80, max_denominator=20),
    st.dictionaries(st.sampled_from(SIZES), st.integers(0, 4), min_size=1, max_size=5),
)
def test_vials_from_a_shelf_cover_the_dose_at_the_optimum_or_not_at_all(
    dose_g: Fraction, shelf: dict[Fraction, int]
) -> None:
    choice = choose_from_shelf(dose_g, dict(shelf))
    expected = oracle.best_vials(dose_g, list(shelf), shelf)
    assert (None if choice is None else dict(choice.vials)) == expected
    if choice is not None:
        assert sum(size * count for size, count in choice.vials) - dose_g == choice.leftover_g >= 0
        assert all(count <= shelf[size] for size, count in choice.vials)


@given(st.integers(20, 100), st.integers(2, 4), st.lists(st.integers(0, 6), min_size=5, max_size=5))
def test_a_course_keeps_within_the_shelf(grams: int, days: int, counts: list[int]) -> None:
    stock = dict(zip([Fraction(n) for n in (2, 5, 10, 20, 30)], counts, strict=True))
    site = helpers.a_site(stock={"octagam-10-us": {f"{size} g": str(count) for size, count in stock.items()}})
    got = attempt(lambda: helpers.any_course("octagam-10-us", "70 kg", f"{grams} g", days=str(days), site=site))
    if not isinstance(got, Plan):
        assert got <= {"stock-short", "dose-below-vial", "dose-not-givable"}
        return
    left = dict(stock)
    for session in got.sessions:
        taken = helpers.vials(session)
        assert taken == oracle.best_vials(Fraction(session.dose_g), list(left), left)
        left = {size: count - taken.get(size, 0) for size, count in left.items()}
    assert min(left.values()) >= 0
