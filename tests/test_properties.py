"""What the numbers must satisfy for every valid input: generated cases, against the oracle and against each other."""

import sys
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import helpers
import oracle
import pytest
import working
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from ivigcalc import library
from ivigcalc.api import plan_form
from ivigcalc.engine.plan import Plan, Session
from ivigcalc.engine.titration import Ceilings, choose_table, make_ladder, pump_rates
from ivigcalc.engine.vials import choose_from_shelf, vial_set
from ivigcalc.errors import RefusedError, RequestError
from ivigcalc.request.read import form_of

SIZES = [Fraction(s) for s in ("0.5", "0.6", "1", "2", "2.5", "3", "5", "6", "10", "12", "20", "25", "30", "40")]
WITH_VIALS = [
    "octagam-10-us",
    "privigen-us",
    "gamunex-c-us",
    "panzyga-us",
    "octagam-5-us",
    "privigen-eu",
    "intragam-p-nz",
    "bivigam-us",
]


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
tenths_of_kg = st.integers(30, 1500).map(lambda n: Decimal(n) / 10)
hundredths_of_kg = st.integers(1500, 15000).map(lambda n: Decimal(n) / 100)
tenths_of_a_gram = st.integers(5, 2000).map(lambda n: Decimal(n) / 10)
some_vials = st.lists(st.sampled_from(SIZES), min_size=1, max_size=4, unique=True)
some_risks = st.lists(st.sampled_from(["renal", "thrombosis", "cardiac"]), unique=True, max_size=2)
some_starts = st.dates(date(2020, 1, 1), date(2060, 12, 31))


def plain(value: Fraction) -> str:
    """A fraction with an end, as text."""
    return f"{Decimal(value.numerator) / Decimal(value.denominator):f}"


def in_grams(sizes: list[Fraction]) -> list[str]:
    return [f"{plain(size)} g" for size in sizes]


def attempt(ask: Callable[[], Plan]) -> Plan | set[str]:
    """The plan, or the codes of its refusal."""
    try:
        return ask()
    except RefusedError as refused:
        return set(refused.codes)


def shown(plan: Plan | set[str]) -> Any:
    """Everything of a plan that depends on the numbers, and nothing on the words in which it was asked."""
    if not isinstance(plan, Plan):
        return plan
    converted = ("actual_kg", "height_cm")
    return [
        plan.dosing_weight, plan.rate_weight, plan.phases, plan.sessions, plan.totals, plan.last_covered,
        [(n.code, n.level) for n in plan.notices], [(t.name, t.result) for t in plan.trace if t.name not in converted],
    ]  # fmt: skip


# ---- the oracle against itself ------------------------------------------------------------------------------------------


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


# ---- course, sessions, vials --------------------------------------------------------------------------------------------


def check_course(
    got: Plan, prescribed: Fraction, sizes: list[Fraction], days: int, cap: Fraction | None = None
) -> None:
    course = oracle.rounded_course_g(prescribed, sizes, days, cap)
    sessions = [Fraction(s.dose_g) for s in got.sessions]
    assert Fraction(got.course.dose_g) == course > 0
    assert sum(sessions) == course
    assert sessions == sorted(sessions, reverse=True)
    assert sessions[0] - sessions[-1] == oracle.least_spread_g(course, sizes, days)
    deviation = (course - prescribed) / prescribed * 100
    assert abs(Fraction(got.course.deviation_percent) - deviation) <= Fraction(1, 200)
    assert ("rounding-deviation" in helpers.codes(got)) == (abs(deviation) > 10)
    for session in got.sessions:
        assert helpers.vials(session) == oracle.best_vials(Fraction(session.dose_g), sizes)
        assert session.leftover_g == 0


@given(hundredths_of_kg, st.sampled_from(WITH_VIALS), st.integers(2, 5))
def test_a_course_is_rounded_and_divided_as_the_oracle_says(weight: Decimal, product: str, days: int) -> None:
    got = helpers.plan("dermatomyositis", product, f"{weight} kg", days=str(days))
    check_course(got, 2 * Fraction(weight), oracle.product_vials(product), days)


@given(some_vials, st.integers(30, 800), st.integers(1, 4))
def test_any_vials_divide_any_course(sizes: list[Fraction], tenths: int, days: int) -> None:
    prescribed = Fraction(tenths, 10)
    assume(prescribed >= days * min(sizes))  # a dose below the smallest that can be given is refused: see test_split
    got = helpers.any_course(helpers.own_product(in_grams(sizes)), "70 kg", f"{plain(prescribed)} g", days=str(days))
    check_course(got, prescribed, sizes, days)


@given(some_vials, st.integers(500, 1200), st.integers(1, 3))
def test_a_published_cap_is_never_passed_by_rounding(sizes: list[Fraction], tenths: int, days: int) -> None:
    prescribed = min(Fraction(tenths, 10), Fraction(70))
    assume(
        days * min(sizes) <= prescribed
    )  # else no whole vials can be given every day: refused, which is another test
    got = helpers.any_course(
        helpers.own_product(in_grams(sizes)), "70 kg", f"{Decimal(tenths) / 10} g", protocol="capped", days=str(days)
    )
    assert Fraction(got.course.dose_g) <= 70
    check_course(got, prescribed, sizes, days, Fraction(70))


@given(hundredths_of_kg, st.sampled_from(["octagam-10-us", "privigen-us", "panzyga-us", "bivigam-us"]))
@example(Decimal("71.5"), "octagam-10-us")  # 143 g is 72 + 71 g, and 72 g is above 71.5 g: a third day
def test_the_fewest_days_keep_the_largest_real_session_within_the_daily_limit(weight: Decimal, product: str) -> None:
    got = helpers.plan("dermatomyositis", product, f"{weight} kg")
    assert got.course.days == oracle.fewest_days(
        2 * Fraction(weight), oracle.product_vials(product), 2, 5, Fraction(weight)
    )


@given(
    st.integers(100, 400),
    st.integers(15, 60),
    st.lists(st.sampled_from(SIZES[4:]), min_size=1, max_size=3, unique=True),
)
def test_and_where_none_does_the_course_is_changed_least(
    tenths_g_per_kg: int, weight: int, sizes: list[Fraction]
) -> None:
    """Few and large vials, small patients: often no number of days keeps 1 g/kg."""
    prescribed = Fraction(tenths_g_per_kg, 100) * weight
    assume(prescribed >= 5 * min(sizes))
    got = helpers.anyway(
        helpers.any_course,
        helpers.own_product(in_grams(sizes)),
        f"{weight} kg",
        f"{plain(prescribed)} g",
        protocol="at-most-a-gram-a-day",
    )
    days = oracle.fewest_days(prescribed, sizes, 2, 5, Fraction(weight))
    assert got.course.days == days
    check_course(got, prescribed, sizes, days)


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


# ---- the infusion -------------------------------------------------------------------------------------------------------


def check_infusion(session: Session, expected: list[oracle.Step]) -> None:
    steps = session.steps
    assert [Fraction(s.rate_ml_per_h) for s in steps] == [e.rate_ml_per_h for e in expected]
    assert [Fraction(s.duration_min) for s in steps] == [
        oracle.nearest_tie_up(e.minutes, Fraction(1, 100)) for e in expected
    ]
    assert [Fraction(s.volume_ml) for s in steps] == [e.volume_ml for e in expected]
    assert [Fraction(s.cumulative_ml) for s in steps] == [e.cumulative_ml for e in expected]
    assert session.duration_min == oracle.total_minutes(expected)
    assert sum(Fraction(s.volume_ml) for s in steps) == Fraction(session.volume_ml) == steps[-1].cumulative_ml
    assert all(s.volume_ml > 0 for s in steps)
    assert steps[-1].remaining_ml == 0


@settings(max_examples=300)
@given(st.sampled_from(TABLES), tenths_of_kg, tenths_of_a_gram, some_risks)
def test_the_engine_runs_every_shipped_table_as_the_oracle_does(
    table: tuple[str, str, str], weight: Decimal, dose: Decimal, risks: list[str]
) -> None:
    product, indication, kind = table
    got = helpers.anyway(helpers.rates, product, indication, f"{weight} kg", f"{dose} g", risk=risks, infusion=kind)
    printed = oracle.rate_table(product, indication, kind)
    expected = oracle.infuse(Fraction(dose) * 1000 / printed.mg_per_ml, printed, Fraction(weight), risks=risks)
    check_infusion(got.sessions[0], expected)


@pytest.mark.slow
@settings(max_examples=3000)
@given(st.sampled_from(TABLES), hundredths_of_kg, tenths_of_a_gram, some_risks)
def test_and_does_so_for_thousands_of_patients(
    table: tuple[str, str, str], weight: Decimal, dose: Decimal, risks: list[str]
) -> None:
    product, indication, kind = table
    got = helpers.anyway(helpers.rates, product, indication, f"{weight} kg", f"{dose} g", risk=risks, infusion=kind)
    printed = oracle.rate_table(product, indication, kind)
    check_infusion(
        got.sessions[0],
        oracle.infuse(Fraction(dose) * 1000 / printed.mg_per_ml, printed, Fraction(weight), risks=risks),
    )


@given(st.sampled_from(TABLES), tenths_of_kg, st.integers(1000, 30_000_000).map(lambda n: Decimal(n) / 1_000_000))
@example(("privigen-us", "cidp", "first"), Decimal(20), Decimal("4.50001"))  # 0.0001 mL after the last full rung
@example(
    ("bivigam-us", "primary-immunodeficiency", "first"), Decimal("29.8"), Decimal("0.92172")
)  # 9.2166... and 9.2172 mL are both 9.217
def test_no_step_of_0_ml_is_shown_however_fine_the_dose(
    table: tuple[str, str, str], weight: Decimal, dose: Decimal
) -> None:
    session = helpers.anyway(
        helpers.rates, table[0], table[1], f"{weight} kg", f"{dose} g", infusion=table[2]
    ).sessions[0]
    printed = oracle.rate_table(*table)
    volume_ml = Fraction(dose) * 1000 / printed.mg_per_ml
    check_infusion(session, oracle.infuse(volume_ml, printed, Fraction(weight)))
    assert abs(Fraction(session.volume_ml) - volume_ml) <= Fraction(1, 2000)


@st.composite
def ladders(draw: Any) -> oracle.Table:
    """A made-up rate table: rising rungs, a ceiling at or above the last, perhaps a lower one at risk."""
    unit = draw(st.sampled_from(["mL/kg/h", "mL/kg/min", "mg/kg/min"]))
    hundredths = sorted(draw(st.sets(st.integers(20, 900), min_size=1, max_size=6)))
    divisor = {"mL/kg/h": 100, "mL/kg/min": 6000, "mg/kg/min": 60}[unit]
    exact = [Fraction(n, divisor) for n in [*hundredths, hundredths[-1] + draw(st.integers(0, 50))]]
    texts = [
        f"{float(value):.4f} {unit}" for value in exact
    ]  # four decimals: text is what counts, not the fraction before it
    assume(all(oracle.number_and_unit(a)[0] < oracle.number_and_unit(b)[0] for a, b in pairwise(texts[:-1])))
    lasts = [f"{draw(st.integers(5, 60))} min" for _ in texts[:-2]]
    at_risk = draw(st.none() | st.sampled_from(texts[:-1]))
    return oracle.Table(
        rungs=tuple(zip(texts[:-1], [*lasts, None], strict=True)), ceiling=texts[-1], at_risk=at_risk,
        risks=("renal",) if at_risk else (), mg_per_ml=draw(st.sampled_from([Fraction(50), Fraction(60), Fraction(100), Fraction(165)])),
    )  # fmt: skip


@settings(max_examples=200)
@given(
    ladders(), hundredths_of_kg, st.integers(1, 150), st.booleans(),
    st.sampled_from(["0.1", "0.01", "0.5", "1", "5"]), st.sampled_from(["999", "1200", "150", "240.3"]),
)  # fmt: skip
def test_the_engine_runs_any_ladder_on_any_pump_as_the_oracle_does(
    table: oracle.Table, weight: Decimal, grams: int, at_risk: bool, increment: str, maximum: str
) -> None:
    product = helpers.own_product(
        ladder=table.rungs, ceiling=str(table.ceiling), at_risk=table.at_risk, concentration=f"{table.mg_per_ml} mg/mL"
    )
    site = helpers.a_site(pump={"increment": f"{increment} mL/h", "maximum": f"{maximum} mL/h"})
    risks = ["renal"] if at_risk else []
    got = attempt(
        lambda: helpers.anyway(helpers.rates, product, "cidp", f"{weight} kg", f"{grams} g", risk=risks, site=site)
    )
    pump = {"increment": Fraction(increment), "pump_maximum": Fraction(maximum)}
    try:
        expected = oracle.infuse(grams * 1000 / table.mg_per_ml, table, Fraction(weight), risks=risks, **pump)
    except oracle.PumpTooCoarseError:
        assert got == {"rate-below-pump"}
        return
    check_infusion(got.sessions[0], expected)
    check_rates_per_kg(got.sessions[0], table, Fraction(weight), at_risk, Fraction(maximum))


def check_rates_per_kg(
    session: Session, table: oracle.Table, weight: Fraction, at_risk: bool, maximum: Fraction
) -> None:
    """A step is shown with the rate that is printed for it, unless a ceiling holds it below."""
    printed = [oracle.rate_ml_per_h(rate, Fraction(1), table.mg_per_ml) for rate, _ in table.rungs]
    ceilings = [oracle.rate_ml_per_h(str(table.ceiling), Fraction(1), table.mg_per_ml)]
    if at_risk and table.at_risk:
        ceilings.append(oracle.rate_ml_per_h(table.at_risk, Fraction(1), table.mg_per_ml))
    for number, step in enumerate(session.steps):
        per_kg, set_to = Fraction(step.rate_ml_per_kg_per_h), Fraction(step.rate_ml_per_h)
        assert per_kg <= min(ceilings) + Fraction(1, 20000)
        assert abs(Fraction(step.rate_mg_per_kg_per_min) - per_kg * table.mg_per_ml / 60) <= Fraction(1, 5000)
        if printed[number] <= min([*ceilings, maximum / weight]) and len(session.steps) == len(printed):
            assert per_kg == oracle.nearest_tie_up(printed[number], Fraction(1, 10000)), (number, set_to)


@pytest.mark.parametrize("table", TABLES, ids="-".join)
def test_ties_and_ceilings_over_the_grid_of_weights(table: tuple[str, str, str]) -> None:
    """Every rung from 3 to 150 kg by 0.1 kg (two products; 0.7 kg for the rest): exact ties go up, no rate passes its ceiling."""
    check_grid(table, 1 if table[0] in ("privigen-us", "octagam-10-us") else 7)


@pytest.mark.slow
@pytest.mark.parametrize("table", TABLES, ids="-".join)
def test_ties_and_ceilings_over_the_whole_grid_of_weights(table: tuple[str, str, str]) -> None:
    check_grid(table, 1)


def check_grid(table: tuple[str, str, str], every: int) -> None:
    product = library.product(table[0]).value
    printed = oracle.rate_table(*table)
    ladder = make_ladder(product, choose_table(product, table[1], table[2]).table)
    increment, pump = Fraction(1, 10), Fraction(999)
    for tenths in range(30, 1501, every):
        weight = Fraction(tenths, 10)
        bounds = [
            oracle.rate_ml_per_h(text, weight, printed.mg_per_ml) for text in (printed.ceiling, printed.at_risk) if text
        ]
        for risky in {False, bool(printed.at_risk)}:
            ceiling = min(bounds) if risky else bounds[0]
            set_to = [rate for rate, _, _ in pump_rates(ladder, weight, Ceilings(risky, increment, pump, None))]
            wanted = [oracle.rate_ml_per_h(rate, weight, printed.mg_per_ml) for rate, _ in printed.rungs]
            expected = [oracle.pump_rate(rate, ceiling, increment, pump) for rate in wanted]
            assert set_to == list(dict.fromkeys(expected)), f"{weight} kg"
            assert max(set_to) <= min(ceiling, pump), f"{weight} kg"


# ---- the same order in other words --------------------------------------------------------------------------------------


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


# ---- dates --------------------------------------------------------------------------------------------------------------


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


# ---- more weight --------------------------------------------------------------------------------------------------------


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


# ---- the working --------------------------------------------------------------------------------------------------------


@settings(max_examples=150)
@given(st.sampled_from(TABLES), tenths_of_kg, tenths_of_a_gram, some_risks)
@example(
    ("privigen-us", "cidp", "first"), Decimal("70.1"), Decimal("70"), []
)  # 4.8 x 70.1 = 336.48 is the ceiling: down
@example(("bivigam-us", "primary-immunodeficiency", "first"), Decimal("29.8"), Decimal("35"), [])  # 259.0019 min
@example(("bivigam-us", "primary-immunodeficiency", "first"), Decimal("3"), Decimal("5"), [])  # thirds of a mL
@example(("privigen-us", "cidp", "first"), Decimal("10.8"), Decimal("50"), [])  # 671.0039 min
def test_every_line_of_an_infusion_can_be_redone_by_hand(
    table: tuple[str, str, str], weight: Decimal, dose: Decimal, risks: list[str]
) -> None:
    got = helpers.anyway(helpers.rates, table[0], table[1], f"{weight} kg", f"{dose} g", risk=risks, infusion=table[2])
    known = working.check(got)
    session = got.sessions[0]
    assert known["c1d1.duration_min"] == session.duration_min
    assert [known[f"rate_{s.step}_ml_per_h"] for s in session.steps] == [
        Fraction(s.rate_ml_per_h) for s in session.steps
    ]


@settings(max_examples=100)
@given(
    hundredths_of_kg, st.sampled_from(WITH_VIALS), st.sampled_from(["actual-weight", "au-lifeblood-2026", "us-group-health", "nz-nzbs", "uk-nhs-request-form-ddw"]),
    st.sampled_from(["kg", "lb", "st"]), st.sampled_from(["175cm", "1.75m", "69in"]), st.sampled_from(["male", "female"]),
)  # fmt: skip
def test_every_line_of_a_plan_can_be_redone_by_hand(
    weight: Decimal, product: str, policy: str, unit: str, height: str, sex: str
) -> None:
    typed = (Fraction(weight) / oracle.KG[unit]).limit_denominator(1)
    got = attempt(
        lambda: helpers.plan(
            "dermatomyositis", product, f"{typed} {unit}", policy=policy, height=height, sex=sex, age="54y"
        )
    )
    if not isinstance(got, Plan):
        assert got <= {"weight-implausible", "dose-below-vial"}
        return
    known = working.check(got)
    assert oracle.nearest_tie_up(known["dosing_kg"], Fraction(1, 100)) == Fraction(got.dosing_weight.kg)
    assert oracle.nearest_tie_up(known["prescribed_g"], Fraction(1, 100)) == Fraction(got.course.prescribed_g)
    assert known["dose_g"] == Fraction(got.course.dose_g)
    assert [known[f"day_{s.day}_g"] for s in got.sessions] == [Fraction(s.dose_g) for s in got.sessions]


@given(hundredths_of_kg, st.sampled_from(["2 g/kg", "400 mg/kg", "37.5 g", "37500 mg"]), st.integers(1, 3))
def test_every_line_can_be_redone_whatever_the_unit_of_the_dose(weight: Decimal, dose: str, days: int) -> None:
    known = working.check(helpers.anyway(helpers.any_course, "octagam-10-us", f"{weight} kg", dose, days=str(days)))
    expected = oracle.grams(dose) if "/" not in dose else oracle.grams_per_kg(dose) * Fraction(weight)
    assert known["prescribed_g"] == expected


def test_every_line_of_several_phases_can_be_redone_by_hand() -> None:
    known = working.check(
        helpers.plan("cidp:us-label-privigen", "privigen-us", "71.3 kg", start="2026-12-01", courses="3")
    )
    assert known["loading.prescribed_g"] == Fraction("142.6")
    assert known["maintenance.prescribed_g"] == Fraction("71.3")


# ---- the same again -----------------------------------------------------------------------------------------------------


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


def forget_everything() -> None:
    """Empty the caches of the arithmetic, so that the second plan is computed and not remembered."""
    for name, module in list(sys.modules.items()):
        if name.startswith("ivigcalc.") and name != "ivigcalc.library.find":
            for cached in vars(module).values():
                if callable(clear := getattr(cached, "cache_clear", None)):
                    clear()


@given(st.text(max_size=12))
def test_no_text_is_a_traceback(text: str) -> None:
    """Whatever is typed for a weight or a dose is read exactly or refused in words."""
    for words in ((text, "70 g"), ("70 kg", text)):
        try:
            got = helpers.rates("octagam-10-us", "dermatomyositis", *words)
        except (RequestError, RefusedError):
            continue
        assert got.sessions[0].duration_min > 0
