"""Which vials make up a dose: hand values."""

from fractions import Fraction

import helpers
import pytest

from ivigcalc import library
from ivigcalc.engine.vials import choose_from_shelf, common_unit, vial_set
from ivigcalc.errors import RefusedError, RequestError

SIZES = {
    "octagam-10-us": "2 5 10 20 30", "privigen-us": "5 10 20 40", "privigen-eu": "2.5 5 10 20 40", "gamunex-c-us": "1 2.5 5 10 20 40",
    "intragam-p-nz": "0.6 3 12", "flebogamma-dif-5-us": "0.5 2.5 5 10 20", "asceniv-us": "5",
}  # fmt: skip


def grams(text: str) -> tuple[Fraction, ...]:
    return tuple(Fraction(part) for part in text.split())


@pytest.mark.parametrize(
    ("sizes", "unit"),
    [("5 10 20", "5"), ("2 5", "1"), ("2.5 10", "2.5"), ("0.6 3 12", "0.6"), ("1 2.5", "0.5"), ("5", "5")],
)
def test_the_unit_that_all_sizes_are_multiples_of(sizes: str, unit: str) -> None:
    assert common_unit(grams(sizes)) == Fraction(unit)


@pytest.mark.parametrize(
    ("product", "dose", "vials", "leftover"),
    [
        ("privigen-eu", "28", {"20": 1, "10": 1}, "2"),  # not a hospital's 10 + 10 + 5 + 2.5 + 2.5
        ("privigen-eu", "27.5", {"20": 1, "5": 1, "2.5": 1}, "0"),
        ("octagam-10-us", "72", {"30": 2, "10": 1, "2": 1}, "0"),
        (
            "octagam-10-us",
            "71",
            {"30": 2, "5": 1, "2": 3},
            "0",
        ),  # 1 g is left by 30 + 30 + 10, so it takes 2 + 2 + 2 + 5
        ("octagam-10-us", "40", {"30": 1, "10": 1}, "0"),  # 30 + 10, not 20 + 20: as few, and the larger first
        ("octagam-10-us", "1", {"2": 1}, "1"),
        ("octagam-10-us", "3", {"2": 2}, "1"),  # 3 g cannot be made: 4 g is nearer than 5 g
        ("octagam-10-us", "6", {"2": 3}, "0"),  # nothing left over comes before fewer vials
        ("octagam-10-us", "8", {"2": 4}, "0"),
        ("octagam-10-us", "0.1", {"2": 1}, "1.9"),
        ("gamunex-c-us", "80", {"40": 2}, "0"),
        ("gamunex-c-us", "36", {"20": 1, "10": 1, "5": 1, "1": 1}, "0"),
        ("intragam-p-nz", "10", {"3": 3, "0.6": 2}, "0.2"),  # 10.2 g
        ("intragam-p-nz", "69.6", {"12": 5, "3": 3, "0.6": 1}, "0"),
        ("asceniv-us", "33", {"5": 7}, "2"),
        ("flebogamma-dif-5-us", "12.5", {"10": 1, "2.5": 1}, "0"),
    ],
)
def test_least_left_over_then_fewest_then_larger_first(
    product: str, dose: str, vials: dict[str, int], leftover: str
) -> None:
    choice = vial_set(grams(SIZES[product])).choose(Fraction(dose))
    assert {str(size) if size.denominator == 1 else str(float(size)): count for size, count in choice.vials} == vials
    assert choice.leftover_g == Fraction(leftover)
    assert [size for size, _ in choice.vials] == sorted((size for size, _ in choice.vials), reverse=True)


@pytest.mark.parametrize("product", sorted(SIZES))
def test_the_sizes_of_these_tests_are_those_of_the_shipped_products(product: str) -> None:
    assert tuple(size.base for size in library.product(product).value.vials) == grams(SIZES[product])


@pytest.mark.parametrize(
    ("dose", "shelf", "vials", "leftover"),
    [
        ("70", "30x2 10x1", "30x2 10x1", "0"),
        ("70", "30x1 20x9", "30x1 20x2", "0"),
        ("70", "30x1 20x1 5x4", "30x1 20x1 5x4", "0"),
        ("70", "20x9", "20x4", "10"),
        ("70", "30x9 2x1", "30x3", "20"),  # 60 + 2 is short, 90 is the least that covers
        ("11", "10x1 5x1 2x3", "5x1 2x3", "0"),
        ("3", "2x1 5x1", "5x1", "2"),
        ("70", "30x2", None, "0"),
        ("70", "", None, "0"),
        ("70", "30x0 20x0", None, "0"),
    ],
)
def test_within_the_shelf(dose: str, shelf: str, vials: str | None, leftover: str) -> None:
    def counted(text: str) -> dict[Fraction, int]:
        return {Fraction(size): int(count) for size, count in (part.split("x") for part in text.split())}

    choice = choose_from_shelf(Fraction(dose), counted(shelf))
    assert (None if choice is None else dict(choice.vials)) == (None if vials is None else counted(vials))
    assert choice is None or choice.leftover_g == Fraction(leftover)


def test_the_sessions_of_a_course_share_the_shelf() -> None:
    site = helpers.a_site(stock={"octagam-10-us": {"30 g": "3", "20 g": "5"}})
    got = helpers.any_course("octagam-10-us", "70 kg", "140 g", days="2", site=site)
    assert [helpers.vials(s) for s in got.sessions] == [{Fraction(30): 1, Fraction(20): 2}] * 2


def test_a_size_that_is_not_on_the_shelf_is_not_used() -> None:
    site = helpers.a_site(stock={"octagam-10-us": {"10 g": "40", "2 g": "0"}})
    got = helpers.any_course("octagam-10-us", "72 kg", "2 g/kg", days="2", site=site)
    assert helpers.doses(got) == ["70", "70"]
    assert "rounded" in helpers.codes(got)
    assert helpers.vials(got.sessions[0]) == {Fraction(10): 7}


def test_a_shelf_that_is_short_is_a_refusal_with_its_day() -> None:
    site = helpers.a_site(stock={"octagam-10-us": {"30 g": "3"}})
    with pytest.raises(RefusedError, match="for day 2") as caught:
        helpers.any_course("octagam-10-us", "60 kg", "2 g/kg", days="2", site=site)
    assert caught.value.code == "stock-short"


def test_another_product_of_the_shelf_does_not_matter() -> None:
    site = helpers.a_site(stock={"privigen-us": {"5 g": "1"}})
    assert helpers.any_course("octagam-10-us", "70 kg", "140 g", days="2", site=site).sessions[0].leftover_g == 0


def test_a_size_that_does_not_exist_is_named() -> None:
    site = helpers.a_site(stock={"octagam-10-us": {"15 g": "4"}})
    with pytest.raises(RequestError, match="vials of 15 g, which do not exist"):
        helpers.any_course("octagam-10-us", "70 kg", "140 g", days="2", site=site)


def test_what_is_left_over_is_paid_for() -> None:
    site = helpers.a_site(price_per_gram={"octagam-10-us": {"amount": "98.50", "currency": "USD"}})
    got = helpers.rates("octagam-10-us", "dermatomyositis", "70 kg", "71.5 g", site=site)
    assert str(got.sessions[0].leftover_g) == "0.5"
    assert (str(got.totals.cost.amount), got.totals.cost.currency) == ("7092", "USD")  # 72 g x 98.50


def test_without_a_price_there_is_no_cost() -> None:
    assert helpers.rates("octagam-10-us", "dermatomyositis", "70 kg", "70 g").totals.cost is None


def test_a_product_whose_vials_nobody_printed_gives_no_whole_vial_dose() -> None:
    with pytest.raises(RefusedError, match="no source prints the vial sizes") as caught:
        helpers.any_course("gamunex-nz", "70 kg", "2 g/kg", days="2")
    assert caught.value.code == "vials-not-published"
    got = helpers.any_course("gamunex-nz", "70 kg", "2 g/kg", days="2", policy="us-group-health")
    assert helpers.doses(got) == ["70", "70"]
    assert got.sessions[0].vials == ()
