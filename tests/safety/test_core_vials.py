"""Edges of the choice of vials that nothing else looks at: found by changing the code and seeing that no test noticed."""

from fractions import Fraction

from ivigcalc import vials


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


def test_choices_are_remembered_and_then_forgotten_together() -> None:
    shelf = vials.VialSet(grams("1"))
    first = shelf.choose(Fraction(1))
    for more in range(2, 1025):
        shelf.choose(Fraction(more))
    assert shelf.choose(Fraction(1)) is first
    shelf.choose(Fraction(1025))
    assert shelf.choose(Fraction(1)) is not first
