"""What is remembered by identity is the same as what is worked out."""

from __future__ import annotations

from ivigcalc.memo import remembered, shared


def test_it_is_worked_out_once_for_the_very_same_arguments() -> None:
    asked: list[tuple[int, ...]] = []

    @remembered(8)
    def total(numbers: tuple[int, ...]) -> int:
        asked.append(numbers)
        return sum(numbers)

    one, equal = tuple(range(2)), tuple(range(2))
    assert (total(one), total(one), len(asked)) == (1, 1, 1)
    assert (total(equal), len(asked)) == (1, 2), "equal is not the same: identity is what is compared"


def test_an_argument_that_is_gone_cannot_lend_its_identity_to_another() -> None:
    @remembered(10_000)
    def first(numbers: list[int]) -> int:
        return numbers[0]

    assert [first([number]) for number in range(2000)] == list(range(2000))


def test_it_forgets_rather_than_grows() -> None:
    asked: list[str] = []

    @remembered(2)
    def length(text: str) -> int:
        asked.append(text)
        return len(text)

    texts = ["a", "bb", "ccc"]
    assert [length(text) for text in texts] == [1, 2, 3]
    assert length(texts[0]) == 1
    assert asked == ["a", "bb", "ccc", "a"]


def test_some_first_arguments_can_settle_it() -> None:
    asked: list[str] = []

    @remembered(8, by=1)
    def joined(left: str, right: str) -> str:
        asked.append(right)
        return left + right

    left = "a"
    assert (joined(left, "b"), joined(left, "b"), len(asked)) == ("ab", "ab", 1)


def test_equal_values_are_given_one_identity() -> None:
    one, equal = tuple(range(3)), tuple(range(3))
    assert one is not equal
    assert shared(one) is shared(equal)
    assert shared((1, 0)) == (1, 0)
