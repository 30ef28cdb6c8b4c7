"""How a course is rounded and divided over its days: hand values, and every split listed by the oracle."""

import math
import time
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import helpers
import oracle
import pytest

from ivigcalc.engine.split import Grid, divide, nearest_within, round_course, step_grid, vial_grid
from ivigcalc.engine.vials import vial_set

#: sets of vials whose common unit is 1 g, with many amounts that they cannot make, and with few
AWKWARD = [(2, 5), (3, 7), (4, 9), (6, 10, 15), (2, 5, 10, 20, 30), (7, 8), (1,)]


def fractions(sizes: Sequence[int]) -> tuple[Fraction, ...]:
    return tuple(Fraction(size) for size in sizes)


def grid(*sizes: int) -> Grid:
    return vial_grid(vial_set(fractions(sizes)))


# ---- divided ---------------------------------------------------------------------------------------------------------


FIVES = ("5 g", "10 g", "20 g")
OCTAGAM = ("2 g", "5 g", "10 g", "20 g", "30 g")


@pytest.mark.parametrize(
    ("total", "days", "sessions"),
    [
        (122, 5, [25, 25, 24, 24, 24]), (120, 5, [24] * 5), (144, 2, [72, 72]), (143, 2, [72, 71]), (7, 7, [1] * 7), (10, 3, [4, 3, 3]),
        (11, 3, [4, 4, 3]), (1, 1, [1]), (0, 1, None), (2, 3, None),
    ],
)  # fmt: skip
def test_whole_grams_are_shared_out_evenly_larger_first(total: int, days: int, sessions: list[int] | None) -> None:
    grid = step_grid(Fraction(1), "grams")
    assert divide(total, days, grid.allows) == (tuple(sessions) if sessions else None)


@pytest.mark.parametrize(
    ("total_g", "days", "vials", "sessions"),
    [
        (70, 3, FIVES, ["25", "25", "20"]),
        (120, 5, FIVES, ["25", "25", "25", "25", "20"]),
        (145, 2, FIVES, ["75", "70"]),
        (6, 2, OCTAGAM, ["4", "2"]),  # 3 g is no whole vial
        (7, 2, OCTAGAM, ["5", "2"]),  # 4 + 3 would be nearer, but 3 g is no whole vial
        (8, 2, OCTAGAM, ["4", "4"]),
        (12, 4, ("2 g", "5 g"), ["4", "4", "2", "2"]),
        (26, 2, ("6 g", "10 g"), ["16", "10"]),  # 14 + 12 would be nearer, but 14 g is no whole vial
        (20, 2, ("2.5 g", "5 g", "10 g"), ["10", "10"]),
        (12.5, 2, ("2.5 g", "5 g", "10 g"), ["7.5", "5"]),
        (10, 1, FIVES, ["10"]),
        (40, 2, ("20 g",), ["20", "20"]),
        (60, 2, ("20 g",), ["40", "20"]),
    ],
)
def test_sessions_are_whole_vials_that_differ_as_little_as_they_can(
    total_g: float, days: int, vials: tuple[str, ...], sessions: list[str]
) -> None:
    got = helpers.any_course(helpers.own_product(vials), "70 kg", f"{total_g} g", days=str(days))
    assert helpers.doses(got) == sessions


@pytest.mark.parametrize("sizes", AWKWARD, ids=str)
def test_sessions_differ_least_and_of_equals_the_smallest_is_the_largest(sizes: tuple[int, ...]) -> None:
    """Every split is listed by the oracle: the least spread, then the largest smallest session, then larger first."""
    for total in range(1, 36):
        amounts = [int(amount) for amount in oracle.vial_totals(fractions(sizes), Fraction(total))]
        for days in range(1, 5):
            expected = None
            if total in oracle.sums_of_units(amounts, days, total):
                splits = oracle.all_least_splits(Fraction(total), fractions(sizes), days)
                expected = max(splits, key=lambda split: (split[-1], split))
            assert divide(total, days, grid(*sizes).allows) == expected, (total, days)


def test_of_two_equally_even_splits_the_one_with_the_larger_sessions_first_is_taken() -> None:
    """71 g on 6 days from vials of 8, 9 and 13 g: sessions differ by 8 g at least, and there are two ways to do that."""
    splits = oracle.all_least_splits(Fraction(71), fractions((8, 9, 13)), 6)
    assert sorted(splits) == [(16, 13, 13, 13, 8, 8), (16, 16, 13, 9, 9, 8)]
    assert divide(71, 6, grid(8, 9, 13).allows) == (16, 16, 13, 9, 9, 8)


def test_the_smallest_session_may_be_one_unit() -> None:
    """5 units on two days, where only 1 or 4 can be given."""
    assert divide(5, 2, lambda units: units in (1, 4)) == (4, 1)


def test_of_two_amounts_alone_both_are_taken() -> None:
    """Where a dose is 2 or 5 units and nothing else, 7 on two days are 5 + 2, 9 on three 5 + 2 + 2."""
    assert divide(7, 2, {2, 5}.__contains__) == (5, 2)
    assert divide(9, 3, {2, 5}.__contains__) == (5, 2, 2)


@pytest.mark.parametrize("sizes", AWKWARD, ids=str)
def test_vials_fill_the_days_of_a_course_where_any_split_does(sizes: tuple[int, ...]) -> None:
    for total in range(1, 60):
        amounts = [int(amount) for amount in oracle.vial_totals(fractions(sizes), Fraction(total))]
        for days in range(1, 8):
            fills = total in oracle.sums_of_units(amounts, days, total)
            assert vial_set(fractions(sizes)).fills(total, days) is fills, (total, days)


def test_sizes_that_have_only_a_small_unit_in_common_are_no_long_search() -> None:
    """44.9 and 54 g: none of the 400 amounts in tenths of a gram between 50 g and the vials can be given."""
    vials = vial_grid(vial_set((Fraction("44.9"), Fraction(54))))
    began = time.process_time()
    assert round_course(Fraction(50), 1, vials, "nearest", "down", None) == 540
    assert round_course(Fraction(120), 2, vials, "nearest", "down", None) == 1080
    assert time.process_time() - began < 5


# ---- rounded ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exact", "direction", "tie", "expected"),
    [
        ("12.5", "nearest", "down", 10), ("12.5", "nearest", "up", 15), ("12.49", "nearest", "up", 10), ("12.51", "nearest", "down", 15),
        ("14.99", "down", "down", 10), ("10.01", "up", "down", 15), ("10", "up", "down", 10), ("10", "down", "down", 10),
        ("0.1", "down", "down", 5), ("0.1", "nearest", "down", 5),
    ],
)  # fmt: skip
def test_a_course_is_rounded_to_whole_vials_and_never_to_nothing(
    exact: str, direction: str, tie: str, expected: int
) -> None:
    grid = vial_grid(vial_set((Fraction(5), Fraction(10))))
    assert round_course(Fraction(exact), 1, grid, direction, tie, None) * grid.unit_g == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("sizes", AWKWARD, ids=str)
def test_a_course_goes_to_the_nearest_one_that_can_be_given(sizes: tuple[int, ...]) -> None:
    for halves in range(2 * max(sizes) + 1, 80):
        for days in (1, 2, 3):
            exact = Fraction(halves, 2)
            rounded = round_course(exact, days, grid(*sizes), "nearest", "down", None)
            assert rounded == oracle.rounded_course_g(exact, fractions(sizes), days), (exact, days)


@pytest.mark.parametrize(
    ("exact", "direction", "tie", "expected"),
    [
        ("7", "nearest", "up", 6), ("8", "nearest", "down", 6), ("8", "nearest", "up", 10), ("9", "nearest", "down", 10),
        ("6.001", "up", "down", 10), ("9.999", "down", "up", 6), ("10", "up", "up", 10), ("10", "down", "down", 10),
        ("11", "nearest", "down", 10), ("11", "nearest", "up", 12), ("5.9", "down", "up", 6), ("0.5", "down", "down", 6), ("0.5", "nearest", "down", 6),
    ],
)  # fmt: skip
def test_the_rule_of_rounding_is_kept_where_it_can_be(exact: str, direction: Any, tie: Any, expected: int) -> None:
    """Vials of 6 and 10 g make 6, 10, 12, 16 g ...; below 6 g there is nothing to go down to."""
    vials = grid(6, 10)
    assert round_course(Fraction(exact), 1, vials, direction, tie, None) * vials.unit_g == expected


def preferred(exact: Fraction, units: range, direction: str, tie: str) -> list[int]:
    """All of them in the order in which a rule prefers them: by how near, which way round a tie goes, or one way first."""
    if direction == "nearest":
        return sorted(units, key=lambda n: (abs(n - exact), n if tie == "down" else -n))
    above = sorted(n for n in units if n >= exact) if direction == "up" else []
    return above + sorted((n for n in units if n < exact or (n == exact and direction == "down")), reverse=True)


@pytest.mark.parametrize("direction", ["nearest", "up", "down"])
@pytest.mark.parametrize("tie", ["up", "down"])
@pytest.mark.parametrize("sizes", [(2, 5), (4, 9), (1,)], ids=str)
def test_the_nearest_course_in_a_range_that_keeps_a_limit_is_the_first_of_a_list(
    sizes: tuple[int, ...], tie: Any, direction: Any
) -> None:
    """Every course from low to high is looked at, whatever the vials, days and limit of a day."""
    vials = grid(*sizes)
    for quarters in range(20, 60, 3):
        exact = Fraction(quarters, 4)
        for days, most in ((1, None), (1, Fraction(10)), (2, None), (2, Fraction(6)), (3, Fraction(9, 2))):
            for low, high in ((exact * 9 / 10, exact * 11 / 10), (Fraction(3), exact), (exact, Fraction(20))):
                courses = range(math.ceil(low), math.floor(high) + 1)
                splits = (divide(units, days, vials.allows) for units in preferred(exact, courses, direction, tie))
                expected = next((s for s in splits if s and (most is None or s[0] <= most)), ())
                found = nearest_within(vials, exact, days, (low, high), most, direction, tie)
                assert found == expected, (exact, days, most, low, high)


@pytest.mark.parametrize(
    ("exact", "most", "direction", "tie", "grams"),
    [
        ("22", None, "nearest", "down", 20), ("23", None, "nearest", "down", 25), ("22", "25", "up", "down", 25), ("25", "25", "up", "down", 25),
        ("25", "25", "down", "down", 25), ("24", "25", "down", "up", 20), ("23", "24", "nearest", "down", 20), ("22", "19", "up", "down", 15),
        ("22.5", None, "nearest", "down", 20), ("22.5", None, "nearest", "up", 25), ("29", "14", "nearest", "up", None),
    ],
)  # fmt: skip
def test_vials_of_five_grams_within_15_to_30(
    exact: str, most: str | None, direction: Any, tie: Any, grams: int | None
) -> None:
    """15, 20, 25 and 30 g can be given: what is nearest, or the first above or below, that puts no more on the day."""
    most_g = None if most is None else Fraction(most)
    found = nearest_within(grid(5), Fraction(exact), 1, (Fraction(15), Fraction(30)), most_g, direction, tie)
    assert found == (() if grams is None else (grams // 5,))


def test_no_course_of_nothing_is_near() -> None:
    steps = step_grid(Fraction(1, 2), "half grams")
    assert nearest_within(steps, Fraction(1, 4), 1, (Fraction(0), Fraction(1, 4)), None, "nearest", "down") == ()
    assert nearest_within(steps, Fraction(1, 4), 1, (Fraction(0), Fraction(1, 2)), None, "nearest", "down") == (1,)


def test_a_cap_is_a_cap_for_rounding_too() -> None:
    grid = vial_grid(vial_set((Fraction(6), Fraction(20))))
    assert round_course(Fraction(70), 1, grid, "nearest", "down", None) == 35  # 70 g = 5 x 6 + 2 x 20
    assert round_course(Fraction(69), 1, grid, "nearest", "up", Fraction(69)) == 34  # 68 g
    assert round_course(Fraction(5), 1, grid, "nearest", "up", Fraction(5)) == 0  # nothing can be given below the cap


@pytest.mark.parametrize(("cap", "expected"), [(None, 70), ("70.1", 70), ("70", 70), ("69.9", 65)])
def test_a_cap_may_be_reached_and_not_passed(cap: str | None, expected: int) -> None:
    """68 g in 5 g vials is nearest to 70 g."""
    fives = grid(5)
    given = round_course(Fraction(68), 1, fives, "nearest", "down", Fraction(cap) if cap else None)
    assert given * fives.unit_g == expected


def test_steps_of_a_gram_are_any_whole_grams_but_none() -> None:
    steps = step_grid(Fraction(1), "grams")
    assert [steps.allows(units) for units in (0, 1, 2, 1000)] == [False, True, True, True]
    assert divide(0, 1, steps.allows) is None
    assert divide(3, 4, steps.allows) is None
