"""How a course is rounded and divided over its days: hand values."""

from fractions import Fraction

import helpers
import oracle
import pytest

from ivigcalc.engine.split import divide, round_course, step_grid, vial_grid
from ivigcalc.engine.vials import vial_set
from ivigcalc.errors import RefusedError, RequestError

OCTAGAM = ("2 g", "5 g", "10 g", "20 g", "30 g")
FIVES = ("5 g", "10 g", "20 g")


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


def test_a_cap_is_a_cap_for_rounding_too() -> None:
    grid = vial_grid(vial_set((Fraction(6), Fraction(20))))
    assert round_course(Fraction(70), 1, grid, "nearest", "down", None) == 35  # 70 g = 5 x 6 + 2 x 20
    assert round_course(Fraction(69), 1, grid, "nearest", "up", Fraction(69)) == 34  # 68 g
    assert round_course(Fraction(5), 1, grid, "nearest", "up", Fraction(5)) == 0  # nothing can be given below the cap


def test_a_course_below_the_smallest_vial_is_refused_and_named() -> None:
    with pytest.raises(RefusedError) as caught:
        helpers.any_course(helpers.own_product(FIVES), "3 kg", "0.2 g/kg", days="1")
    assert caught.value.code == "dose-below-vial"
    assert "0.6 g" in str(caught.value)
    assert "5 g" in str(caught.value)


def test_a_course_below_the_smallest_vial_may_be_insisted_on() -> None:
    got = helpers.any_course(
        helpers.own_product(FIVES), "3 kg", "0.2 g/kg", days="1", override=["dose-below-vial=agreed with the ward"]
    )
    assert str(got.course.dose_g) == "5"
    assert str(got.course.deviation_percent) == "733.33"


def test_more_days_than_vials_is_refused() -> None:
    with pytest.raises(RefusedError) as caught:
        helpers.any_course(helpers.own_product(FIVES), "70 kg", "10 g", days="3")
    assert caught.value.code == "dose-below-vial"  # 3 x 5 g is the least that three days can have


@pytest.mark.parametrize(
    ("weight", "days"),
    [
        ("72 kg", 2),  # 144 = 72 + 72
        ("71.5 kg", 3),  # 143 = 72 + 71, and 72 g is above 71.5 g
        ("71 kg", 2),  # 142 = 71 + 71
        ("40.25 kg", 2),  # 80.5, a tie, is 80 = 40 + 40
    ],
)
def test_the_daily_limit_is_kept_by_the_largest_real_session(weight: str, days: int) -> None:
    assert helpers.plan("dermatomyositis", "octagam-10-us", weight).course.days == days


def test_why_so_many_days_is_said() -> None:
    got = helpers.plan("dermatomyositis", "octagam-10-us", "71.5 kg")
    [chosen] = [n for n in got.notices if n.code == "days-chosen"]
    assert "72 g" in chosen.message
    assert "71.5 g" in chosen.message


def test_when_no_number_of_days_meets_the_limit_the_most_days_are_taken_and_said() -> None:
    got = helpers.any_course(helpers.own_product(("20 g",)), "40 kg", "160 g", protocol="at-most-half-a-gram-a-day")
    assert helpers.doses(got) == ["40", "40", "40", "20", "20"]
    assert "day-dose-over-limit" in helpers.codes(got)


def test_when_none_meets_the_limit_the_course_is_changed_as_little_as_can_be() -> None:
    """76 g in 20 g vials: 80 g on 2 to 4 days, but 100 g on five, because no day is without a vial."""
    got = helpers.any_course(helpers.own_product(("20 g",)), "19 kg", "76 g", protocol="at-most-a-gram-a-day")
    assert helpers.doses(got) == ["20"] * 4


def test_ordered_days_are_kept_and_the_limit_is_said() -> None:
    got = helpers.plan("dermatomyositis", "octagam-10-us", "71.5 kg", days="2")
    assert helpers.doses(got) == ["72", "71"]
    [over] = [n for n in got.notices if n.code == "day-dose-over-limit"]
    assert over.level == "caution"
    assert "by rounding to whole vials only" in over.message


@pytest.mark.parametrize(
    ("policy", "prescribed", "dose", "sessions"),
    [
        ("us-group-health", "123.4", "123", ["62", "61"]),  # nearest 1 g
        ("nz-nzbs", "123.4", "125", ["65", "60"]),  # nearest 5 g
        ("us-noridian-dme-vials", "123.4", "123.4", ["61.7", "61.7"]),  # as ordered; vials cover it
        ("actual-weight", "123.4", "123", ["62", "61"]),  # whole vials of 2, 5, 10, 20, 30 g
    ],
)
def test_policies_round_to_what_they_printed(policy: str, prescribed: str, dose: str, sessions: list[str]) -> None:
    got = helpers.any_course("octagam-10-us", "61.7 kg", "2 g/kg", days="2", policy=policy)
    assert (str(got.course.prescribed_g), str(got.course.dose_g), helpers.doses(got)) == (prescribed, dose, sessions)


def test_vials_cover_a_dose_that_was_not_rounded_to_them() -> None:
    got = helpers.any_course("octagam-10-us", "61.7 kg", "2 g/kg", days="2", policy="us-noridian-dme-vials")
    for session in got.sessions:
        assert helpers.vials(session) == {Fraction(30): 2, Fraction(2): 1}
        assert str(session.leftover_g) == "0.3"


def test_a_dose_a_day_is_a_dose_a_day() -> None:
    got = helpers.plan("gbs:eu-label", "octagam-10-us", "50 kg")
    assert (str(got.course.prescribed_g), helpers.doses(got)) == ("100", ["20"] * 5)


@pytest.mark.parametrize(
    ("regimen", "words", "says"),
    [
        ("primary-immunodeficiency:us-label-privigen", {}, "publishes a range, 0.2 g/kg to 0.8 g/kg per course"),
        ("dermatomyositis:dalakas", {}, "does not print over how many days"),
        ("cidp:ean-pns-2021", {"days": "2", "start": "2026-12-01", "courses": "9"}, "publishes a range"),
    ],
)
def test_what_nobody_printed_is_asked_for(regimen: str, words: dict[str, str], says: str) -> None:
    with pytest.raises(RequestError, match=says):
        helpers.plan(regimen, "privigen-us", "70 kg", **words)


def test_doses_of_all_courses_and_phases_add_up() -> None:
    got = helpers.plan("cidp:us-label-privigen", "privigen-us", "71.3 kg", start="2026-12-01", courses="4")
    by_course = [sum(s.dose_g for s in got.sessions if s.course == n) for n in (1, 2, 3, 4)]
    assert list(map(str, by_course)) == ["145", "70", "70", "70"]  # 142.6 and 71.3 g in 5 g vials
    assert [(c.phase, str(c.dose_g), c.first_course, c.courses) for c in got.phases] == [
        ("loading", "145", 1, 1),
        ("maintenance", "70", 2, 3),
    ]
    assert str(got.totals.dose_g) == "355"
    assert got.totals.sessions == len(got.sessions)


def test_totals_count_every_vial() -> None:
    got = helpers.plan("dermatomyositis", "octagam-10-us", "72 kg", start="2026-12-01", courses="3")
    assert {Fraction(v.size_g): v.count for v in got.totals.vials} == {
        Fraction(30): 12,
        Fraction(10): 6,
        Fraction(2): 6,
    }
    assert sum(v.size_g * v.count for v in got.totals.vials) == got.totals.dose_g == 432
    assert got.totals.volume_ml == 4320
    assert oracle.best_vials(Fraction(72), oracle.product_vials("octagam-10-us")) == {
        Fraction(30): 2,
        Fraction(10): 1,
        Fraction(2): 1,
    }
