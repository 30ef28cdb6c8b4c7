"""Edges of the choice of vials that nothing else looks at: found by changing the code and seeing that no test noticed."""

from collections.abc import Iterator
from fractions import Fraction
from threading import Event, Thread

from ivigcalc.engine import vials


def grams(*sizes: str) -> tuple[Fraction, ...]:
    return tuple(Fraction(size) for size in sizes)


def test_the_largest_vial_first_is_not_always_the_fewest() -> None:
    """Of 4, 3 and 1 g, 6 g is 3 + 3 and not 4 + 1 + 1: one vial less."""
    assert vials.VialSet(grams("4", "3", "1")).choose(Fraction(6)).vials == ((3, 2),)
    assert vials.choose_from_shelf(Fraction(6), dict.fromkeys(grams("4", "3", "1"), 9)) == vials.Choice(
        ((Fraction(3), 2),), Fraction(0)
    )


def test_nothing_is_a_whole_number_of_vials() -> None:
    assert vials.VialSet(grams("5", "2")).is_whole(0)
    assert not vials.VialSet(grams("5", "2")).is_whole(1)


def test_a_shelf_is_searched_beyond_the_dose_by_its_largest_vial() -> None:
    """1 g from one vial of 10 g and one of 0.5 g: only the large one is enough."""
    assert vials.choose_from_shelf(Fraction(1), {Fraction(10): 1, Fraction(1, 2): 1}) == vials.Choice(
        ((Fraction(10), 1),), Fraction(9)
    )


def test_a_shelf_gives_the_larger_vials_of_as_many_first() -> None:
    """40 g is 30 + 10 as well as 20 + 20: two vials each."""
    shelf = dict(zip(grams("10", "20", "30"), (1, 2, 1), strict=True))
    chosen = vials.choose_from_shelf(Fraction(40), shelf)
    assert chosen == vials.Choice(((Fraction(30), 1), (Fraction(10), 1)), Fraction(0))


def test_two_vials_of_one_size_are_fewer_than_three_of_three() -> None:
    """8 g is 4 + 4 as well as 5 + 2 + 1."""
    shelf = dict(zip(grams("5", "4", "2", "1"), (1, 2, 1, 1), strict=True))
    assert vials.choose_from_shelf(Fraction(8), shelf) == vials.Choice(((Fraction(4), 2),), Fraction(0))


def test_nothing_is_taken_that_is_not_on_the_shelf() -> None:
    """One vial of 30 g and three of 20 g: 70 g needs 30 + 20 + 20; without the large one 60 g are all that there is."""
    large, small = grams("30", "20")
    assert vials.choose_from_shelf(Fraction(70), {large: 1, small: 3}) == vials.Choice(
        ((large, 1), (small, 2)), Fraction(0)
    )
    assert vials.choose_from_shelf(Fraction(60), {large: 0, small: 3}) == vials.Choice(((small, 3),), Fraction(0))
    assert vials.choose_from_shelf(Fraction(61), {large: 0, small: 3}) is None
    assert vials.choose_from_shelf(Fraction(61), {large: 0, small: 0}) is None


def test_choices_are_remembered_and_then_forgotten_together() -> None:
    shelf = vials.VialSet(grams("1"))
    first = shelf.choose(Fraction(1))
    for more in range(2, 1025):
        shelf.choose(Fraction(more))
    assert shelf.choose(Fraction(1)) is first
    shelf.choose(Fraction(1025))
    assert shelf.choose(Fraction(1)) is not first


class Interrupted:
    """The sizes of a set, which let another thread in at the first look."""

    def __init__(self, units: tuple[int, ...]) -> None:
        self.units, self.looked, self.go_on = units, Event(), Event()

    def __iter__(self) -> Iterator[int]:
        if not self.looked.is_set():
            self.looked.set()
            assert self.go_on.wait(10)
        return iter(self.units)


def test_two_threads_that_grow_one_table_do_not_shift_it() -> None:
    """Of 3 and 2 g: 1 g is no whole number of vials, 2, 3 and 4 g are 1, 1 and 2."""
    shelf = vials.VialSet(grams("3", "2"))
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
