"""Courses and their totals: grams, vials, millilitres and price add up."""

from fractions import Fraction

import helpers
import oracle

START = {"start": "2026-12-01"}


def test_doses_of_all_courses_and_phases_add_up() -> None:
    got = helpers.plan("cidp:us-label-privigen", "privigen-us", "71.3 kg", start="2026-12-01", courses="4")
    by_course = [sum(s.dose_g for s in got.sessions if s.course == n) for n in (1, 2, 3, 4)]
    assert list(map(str, by_course)) == ["140", "70", "70", "70"]  # 142.6 g: 145 would be 75 + 70 g, above 71.3; 71.3 g
    assert [(c.phase, str(c.dose_g), c.first_course, c.courses) for c in got.phases] == [
        ("loading", "140", 1, 1),
        ("maintenance", "70", 2, 3),
    ]
    assert str(got.totals.dose_g) == "350"
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


def test_what_is_shown_adds_up() -> None:
    """142.6 g are 143 g, which three days share out as 48, 48 and 47."""
    found = helpers.adult("71.3kg", courses="3", days="3", at="09:00", **START)
    assert [str(session.dose_g) for session in found.sessions[:3]] == ["48", "48", "47"]
    for session in found.sessions:
        assert (
            sum(Fraction(step.volume_ml) for step in session.steps)
            == Fraction(session.volume_ml or 0)
            == Fraction(session.dose_g) * 10
        )
        assert sum(Fraction(v.size_g) * v.count for v in session.vials) == Fraction(session.dose_g)
    for course in (1, 2, 3):
        assert sum(Fraction(s.dose_g) for s in found.sessions if s.course == course) == Fraction(found.course.dose_g)
    assert Fraction(found.totals.dose_g) == 3 * Fraction(found.course.dose_g)


def test_strengths_of_one_brand_are_two_products() -> None:
    """72 g is 720 mL of the 10 % solution and 1440 mL of the 5 % one."""
    assert helpers.rates("octagam-10-us", "dermatomyositis", "72kg", "72g").totals.volume_ml == 720
    assert helpers.rates("octagam-5-us", "dermatomyositis", "72kg", "72g").totals.volume_ml == 1440


# ---- the price -------------------------------------------------------------------------------------------------------


def test_what_is_left_over_is_paid_for() -> None:
    site = helpers.a_site(price_per_gram={"octagam-10-us": {"amount": "98.50", "currency": "USD"}})
    got = helpers.rates("octagam-10-us", "dermatomyositis", "70 kg", "71.5 g", site=site)
    assert str(got.sessions[0].leftover_g) == "0.5"
    assert (str(got.totals.cost.amount), got.totals.cost.currency) == ("7092", "USD")  # 72 g x 98.50


def test_without_a_price_there_is_no_cost() -> None:
    assert helpers.rates("octagam-10-us", "dermatomyositis", "70 kg", "70 g").totals.cost is None
