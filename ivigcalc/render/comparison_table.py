"""Comparison -> tables for a screen: what is the same for all once, above; what differs in as few tables as it needs.

A table that is wider than the screen is parted between columns, and each part begins with what the order is called, so
that no row runs over and none is folded for the sake of one figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

from msgspec import Struct
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ivigcalc.comparison.compare import Comparison, Row
from ivigcalc.engine.plan import CHECK_LINE
from ivigcalc.quantity import plain
from ivigcalc.render.catalogue.lists import Comparison as Words
from ivigcalc.render.catalogue.plans import Plans
from ivigcalc.render.comparison import DOSE, SUPPLY, TIME, Column, asked, heading, read, said
from ivigcalc.render.table import PIPE_WIDTH, in_short_words, new_table, render
from ivigcalc.render.times import if_asked, on_its_screen
from ivigcalc.render.words import clean, vials_short
from ivigcalc.text import LONG

#: a longer name, such as the path of a file, goes on in a second line
_LONGEST_NAME = 40
#: blanks between two columns
_BETWEEN = 2
#: what a table leaves to the line below it
_ELSEWHERE = ("currency",)
#: the topic of what an order is called
_NAME = -1


class _Shown(Struct, frozen=True):
    """A column as it is shown. `topic`: two of one topic are rather kept together."""

    key: str
    heading: str
    cells: tuple[str, ...]
    topic: int
    of_words: bool = False

    @property
    def width(self) -> int:
        """The cells of the screen that the widest line takes, with the blanks before the next column."""
        return _BETWEEN + max(cell_len(line) for text in (self.heading, *self.cells) for line in text.split("\n"))


@if_asked
@on_its_screen
def to_table(
    comparison: Comparison,
    rows: tuple[Row, ...],
    *,
    sort: str | None = None,
    width: int | None = None,
    color: bool = False,
    ascii_only: bool = False,
) -> str:
    """The orders as tables for a screen. `sort`: the column by which the rows are in order, which comes first."""
    figures = [_figures(column, topic, rows) for topic, column in _filled(comparison, rows)]
    same = [shown for shown in figures if len(rows) > 1 and len(set(shown.cells)) == 1]
    differ = sorted((shown for shown in figures if shown not in same), key=lambda shown: shown.key != sort)
    parts: list[RenderableType] = [Text(heading(comparison), style="bold")]
    parts += [Text(f"\n{Words.same}", style="bold"), _once(same)] if same else []
    parts += [Text(f"\n{line}") for line in _in_order(comparison, figures, sort)]
    for table in _tables(_names(comparison, rows), differ, width or PIPE_WIDTH):
        parts += [Text(""), table]
    parts += [Text(line, overflow="fold") for line in ["", *said(comparison, rows)]]
    return render(Group(*parts, Text(CHECK_LINE, style="bold")), width=width, color=color, ascii_only=ascii_only)


# ---- what is shown --------------------------------------------------------------------------------------------------


def _filled(comparison: Comparison, rows: tuple[Row, ...]) -> Iterator[tuple[int, Column]]:
    """Every column that has a figure and does not say what another one says, with the number of its topic."""
    left_out = {*_ELSEWHERE, *comparison.fields}
    if all(row.visit_min == row.infusion_min for row in rows):
        left_out.add("visit_min")
    for topic, columns in enumerate((DOSE, TIME, SUPPLY)):
        for column in columns:
            if column.key not in left_out and any(column.of(row) is not None for row in rows):
                yield topic, column


def _figures(column: Column, topic: int, rows: tuple[Row, ...]) -> _Shown:
    if column.key == "vials":
        return _Shown(column.key, Plans.vials, tuple(vials_short(row.vials) for row in rows), topic, of_words=True)
    cells = tuple(read(column, row) for row in rows)
    return _Shown(column.key, column.heading, cells, topic, of_words=column.key == "phase")


def _names(comparison: Comparison, rows: tuple[Row, ...]) -> list[_Shown]:
    """What tells the orders apart, a column for each thing that varies."""
    lines = ([in_short_words(clean(word, LONG), _LONGEST_NAME) for word in row.words] for row in rows)
    return [
        _Shown(field, named, words, _NAME, of_words=True)
        for field, named, words in zip(comparison.fields, asked(comparison), zip(*lines, strict=True), strict=True)
    ]


def _in_order(comparison: Comparison, figures: Sequence[_Shown], sort: str | None) -> Iterator[str]:
    """By what the rows are in order, where it was asked."""
    if sort in comparison.fields:
        yield Words.sorted_by_name.format(column=sort)
    elif sort is not None:
        named = next((shown.heading for shown in figures if shown.key == sort), sort)
        yield Words.sorted_by.format(column=_in_a_line(named))


def _in_a_line(named: str) -> str:
    return " ".join(named.split())


# ---- how it is set --------------------------------------------------------------------------------------------------


def _once(same: Sequence[_Shown]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for shown in same:
        table.add_row(Text(_in_a_line(shown.heading)), Text(shown.cells[0]))
    return table


def _tables(names: list[_Shown], figures: list[_Shown], room: int) -> Iterator[Table]:
    """As few tables as have room for the figures, each after the names of the orders; where names are so long that
    numbers need fewer tables, each after the number of the order, which the first tells the name of."""
    parts = _parted(names, figures, room)
    numbered = _numbered(names)
    by_number = _parted([numbered], [*names, *figures], room)
    first, parts = ([numbered], by_number) if len(by_number) < len(parts) else (names, parts)
    for part in parts:
        shown = [*first, *part]
        of_words = tuple(each.heading for each in shown if each.of_words)
        table = new_table(*(each.heading for each in shown), left=of_words)
        for cells in zip(*(each.cells for each in shown), strict=True):
            table.add_row(*map(Text, cells))
        yield table


def _numbered(names: list[_Shown]) -> _Shown:
    count = len(names[0].cells)
    return _Shown("number", Words.number, tuple(plain(number) for number in range(1, count + 1)), _NAME)


def _parted(first: list[_Shown], others: list[_Shown], room: int) -> list[list[_Shown]]:
    """The others in as few parts as have room after the first: broken between topics where that will do, and as equal
    in width as can be."""
    left = room + _BETWEEN - sum(shown.width for shown in first)
    least = len(_filled_up(others, left))
    ways = (
        [others[start:end] for start, end in pairwise((0, *breaks, len(others)))]
        for breaks in combinations(range(1, len(others)), least - 1)
    )
    fitting = [way for way in ways if all(len(part) == 1 or _width(part) <= left for part in way)]
    return min(fitting, key=_unlike, default=[others])


def _filled_up(others: list[_Shown], left: int) -> list[list[_Shown]]:
    """Each part as full as it can be, which makes the fewest."""
    parts: list[list[_Shown]] = [[]]
    for shown in others:
        if parts[-1] and _width([*parts[-1], shown]) > left:
            parts.append([])
        parts[-1].append(shown)
    return parts


def _width(part: list[_Shown]) -> int:
    return sum(shown.width for shown in part)


def _unlike(way: list[list[_Shown]]) -> tuple[int, int]:
    """How many topics are broken, and the width of the widest part."""
    broken = sum(before[-1].topic == after[0].topic for before, after in pairwise(way))
    return broken, max(map(_width, way))
