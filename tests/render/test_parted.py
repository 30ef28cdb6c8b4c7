"""Wide tables in parts: nothing lost, nothing wider than the screen, and as few as will do."""

from __future__ import annotations

from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Group

from ivigcalc.render.parted import Shown, tables
from ivigcalc.render.table import render

columns = st.lists(st.tuples(st.integers(1, 12), st.integers(0, 2)), max_size=7)


def shown(wide: list[tuple[int, int]]) -> list[Shown]:
    """Columns `a`, `b`, ... of these widths, those of a topic together."""
    ordered = sorted(wide, key=lambda column: column[1])
    return [Shown(chr(97 + place), (str(place) * width,), topic) for place, (width, topic) in enumerate(ordered)]


def headings(parts: list[str]) -> list[list[str]]:
    return [part.splitlines()[0].split() for part in parts]


def in_parts(others: list[Shown], room: int, name: str = "privigen") -> list[str]:
    named = [Shown("Name", (name,), of_words=True)]
    return [render(Group(table), width=room) for table in tables(named, others, room)]


@given(columns, st.integers(24, 60))
def test_every_column_once_in_order_and_none_over_the_edge(wide: list[tuple[int, int]], room: int) -> None:
    others = shown(wide)
    parts = in_parts(others, room)
    assert all(part[0] == "Name" for part in headings(parts))
    assert [heading for part in headings(parts) for heading in part[1:]] == [each.heading for each in others]
    assert max(len(line) for part in parts for line in part.splitlines()) <= room
    for part in parts:
        assert part.splitlines()[2].split()[0] == "privigen"


@given(columns, st.integers(24, 60))
def test_no_fewer_would_do_and_topics_stay_together_where_they_can(wide: list[tuple[int, int]], room: int) -> None:
    """Against every way in which the columns could be parted: `privigen` and each column with two blanks between."""
    others = shown(wide)
    places = range(1, len(others))

    def fits(breaks: tuple[int, ...]) -> bool:
        parts = (others[start:end] for start, end in pairwise((0, *breaks, len(others))))
        return all(8 + sum(2 + len(each.cells[0]) for each in part) <= room for part in parts)

    def broken(breaks: tuple[int, ...]) -> int:
        return sum(others[place - 1].topic == others[place].topic for place in breaks)

    ways = [way for count in range(len(others) + 1) for way in combinations(places, count) if fits(way)]
    made = [len(part) - 1 for part in headings(in_parts(others, room))]
    fewest = min(map(len, ways))
    assert len(made) == fewest + 1
    breaks = tuple(sum(made[:count]) for count in range(1, len(made)))
    assert broken(breaks) == min(broken(way) for way in ways if len(way) == fewest)


def test_two_parts_are_as_equal_as_can_be() -> None:
    """Six columns of 10 in 60: 8 + 4 x 12 and 8 + 2 x 12 would do as well."""
    parts = in_parts(shown([(10, 0)] * 6), 60)
    assert [len(part) for part in headings(parts)] == [4, 4]


def test_a_topic_is_kept_together_where_that_needs_no_more_parts() -> None:
    parts = in_parts(shown([(10, 0), (10, 0), (10, 1), (10, 1), (10, 1), (10, 1)]), 60)
    assert headings(parts) == [["Name", "a", "b"], ["Name", "c", "d", "e", "f"]]


def test_numbers_stand_for_names_that_leave_no_room() -> None:
    names = [Shown("Name", ("a" * 30, "b" * 30), of_words=True)]
    others = [Shown(heading, ("1" * 9, "2" * 9)) for heading in "cdefgh"]
    plain = list(tables(names, others, 45))
    numbered = [render(Group(table), width=45) for table in tables(names, others, 45, "No.")]
    assert len(plain) == 6
    assert headings(numbered) == [["No.", "Name"], ["No.", "c", "d", "e"], ["No.", "f", "g", "h"]]
    assert [line.split()[0] for line in numbered[1].splitlines()[2:]] == ["1", "2"]


def test_a_cell_that_may_fold_needs_its_longest_word_alone() -> None:
    vials = Shown("Vials", ("12x30 12x20 12x10 12x5",), of_words=True, folds=True)
    [part] = in_parts([Shown("Dose", ("1440",)), vials], 24)
    assert {"12x30", "12x20", "12x10", "12x5"} <= set(part.split())


def test_without_a_column_there_are_the_names() -> None:
    assert headings(in_parts([], 80)) == [["Name"]]
