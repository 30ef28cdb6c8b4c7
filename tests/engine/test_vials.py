"""Which vials make up a dose: the least left over, then the fewest, then the larger first."""

from collections.abc import Iterator
from fractions import Fraction
from threading import Event, Thread

import helpers
import pytest

from ivigcalc import library
from ivigcalc.engine.vials import Choice, VialSet, choose_from_shelf, common_unit, vial_set

SIZES = {
    "octagam-10-us": "2 5 10 20 30", "privigen-us": "5 10 20 40", "privigen-eu": "2.5 5 10 20 40", "gamunex-c-us": "1 2.5 5 10 20 40",
    "intragam-p-nz": "0.6 3 12", "flebogamma-dif-5-us": "0.5 2.5 5 10 20", "asceniv-us": "5",
}  # fmt: skip


def grams(text: str) -> tuple[Fraction, ...]:
    return tuple(Fraction(part) for part in text.split())


def sizes(*sizes: str) -> tuple[Fraction, ...]:
    return tuple(Fraction(size) for size in sizes)


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


def test_the_largest_vial_first_is_not_always_the_fewest() -> None:
    """Of 4, 3 and 1 g, 6 g is 3 + 3 and not 4 + 1 + 1: one vial less."""
    assert VialSet(sizes("4", "3", "1")).choose(Fraction(6)).vials == ((3, 2),)
    assert choose_from_shelf(Fraction(6), dict.fromkeys(sizes("4", "3", "1"), 9)) == Choice(
        ((Fraction(3), 2),), Fraction(0)
    )


def test_nothing_is_a_whole_number_of_vials() -> None:
    assert VialSet(sizes("5", "2")).is_whole(0)
    assert not VialSet(sizes("5", "2")).is_whole(1)


@pytest.mark.parametrize(
    ("grams", "days"), [("10", 5), ("7", 2), ("5", 1), ("4", 2), ("2", 1), ("9", 3), ("1", 0), ("3", 0), ("15", 6)]
)
def test_so_many_days_have_a_vial_each(grams: str, days: int) -> None:
    """Of 2 and 5 g: 10 g are five vials of 2 g at the most, 15 g one of 5 and five of 2 g; 1 and 3 g are none."""
    vials = VialSet(sizes("5", "2"))
    assert [vials.fills(int(grams), n) for n in range(1, 9)] == [n <= days for n in range(1, 9)]


def test_a_set_is_its_sizes() -> None:
    assert VialSet(sizes("5", "2")) == VialSet(sizes("2", "5"))
    assert hash(VialSet(sizes("5", "2"))) == hash(VialSet(sizes("2", "5")))
    assert VialSet(sizes("5", "2")) != VialSet(sizes("5"))
    assert VialSet(sizes("5")) != VialSet(sizes("5", "2"))
    assert VialSet(sizes("5")) != "5"


def test_vials_cover_a_dose_that_was_not_rounded_to_them() -> None:
    got = helpers.any_course("octagam-10-us", "61.7 kg", "2 g/kg", days="2", policy="us-noridian-dme-vials")
    for session in got.sessions:
        assert helpers.vials(session) == {Fraction(30): 2, Fraction(2): 1}
        assert str(session.leftover_g) == "0.3"


# ---- from a shelf ----------------------------------------------------------------------------------------------------


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


def test_a_shelf_is_searched_beyond_the_dose_by_its_largest_vial() -> None:
    """1 g from one vial of 10 g and one of 0.5 g: only the large one is enough."""
    assert choose_from_shelf(Fraction(1), {Fraction(10): 1, Fraction(1, 2): 1}) == Choice(
        ((Fraction(10), 1),), Fraction(9)
    )


def test_a_shelf_gives_the_larger_vials_of_as_many_first() -> None:
    """40 g is 30 + 10 as well as 20 + 20: two vials each."""
    shelf = dict(zip(sizes("10", "20", "30"), (1, 2, 1), strict=True))
    chosen = choose_from_shelf(Fraction(40), shelf)
    assert chosen == Choice(((Fraction(30), 1), (Fraction(10), 1)), Fraction(0))


def test_two_vials_of_one_size_are_fewer_than_three_of_three() -> None:
    """8 g is 4 + 4 as well as 5 + 2 + 1."""
    shelf = dict(zip(sizes("5", "4", "2", "1"), (1, 2, 1, 1), strict=True))
    assert choose_from_shelf(Fraction(8), shelf) == Choice(((Fraction(4), 2),), Fraction(0))


def test_nothing_is_taken_that_is_not_on_the_shelf() -> None:
    """One vial of 30 g and three of 20 g: 70 g needs 30 + 20 + 20; without the large one 60 g are all that there is."""
    large, small = sizes("30", "20")
    assert choose_from_shelf(Fraction(70), {large: 1, small: 3}) == Choice(((large, 1), (small, 2)), Fraction(0))
    assert choose_from_shelf(Fraction(60), {large: 0, small: 3}) == Choice(((small, 3),), Fraction(0))
    assert choose_from_shelf(Fraction(61), {large: 0, small: 3}) is None
    assert choose_from_shelf(Fraction(61), {large: 0, small: 0}) is None


# ---- what is remembered ----------------------------------------------------------------------------------------------


class Interrupted:
    """The sizes of a set, which let another thread in at the first look."""

    def __init__(self, units: tuple[int, ...]) -> None:
        self.units, self.looked, self.go_on = units, Event(), Event()

    def __iter__(self) -> Iterator[int]:
        if not self.looked.is_set():
            self.looked.set()
            assert self.go_on.wait(10)
        return iter(self.units)


def test_choices_are_remembered_and_then_forgotten_together() -> None:
    shelf = VialSet(sizes("1"))
    first = shelf.choose(Fraction(1))
    for more in range(2, 1025):
        shelf.choose(Fraction(more))
    assert shelf.choose(Fraction(1)) is first
    shelf.choose(Fraction(1025))
    assert shelf.choose(Fraction(1)) is not first


def test_two_threads_that_grow_one_table_do_not_shift_it() -> None:
    """Of 3 and 2 g: 1 g is no whole number of vials, 2, 3 and 4 g are 1, 1 and 2."""
    shelf = VialSet(sizes("3", "2"))
    shelf._units = units = Interrupted(shelf._units)  # type: ignore[assignment]
    one, other = (Thread(target=shelf.is_whole, args=(4,)) for _ in range(2))
    one.start()
    assert units.looked.wait(10)
    other.start()
    other.join(0.2)  # it must wait for the first one, which is in the middle of it
    units.go_on.set()
    one.join(10)
    other.join(10)
    assert shelf._fewest == [0, -1, 1, 1, 2]
