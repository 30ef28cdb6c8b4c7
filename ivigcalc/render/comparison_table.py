"""Comparison -> tables for a screen: what is the same for all once, above; what differs in as few tables as it needs.

A table that is wider than the screen is parted between columns, and each part begins with what the order is called, so
that no row runs over and none is folded for the sake of one figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ivigcalc.comparison.compare import Comparison, Row
from ivigcalc.engine.plan import CHECK_LINE
from ivigcalc.render.catalogue.lists import Comparison as Words
from ivigcalc.render.catalogue.plans import Plans
from ivigcalc.render.comparison import DOSE, SUPPLY, TIME, Column, asked, heading, read, said
from ivigcalc.render.parted import Shown, tables
from ivigcalc.render.table import PIPE_WIDTH, in_short_words, render
from ivigcalc.render.times import if_asked, on_its_screen
from ivigcalc.render.words import clean, vials_short
from ivigcalc.text import LONG

#: a longer name, such as the path of a file, goes on in a second line
_LONGEST_NAME = 40
#: what a table leaves to the line below it
_ELSEWHERE = ("currency",)
#: the topic of what an order is called
_NAME = -1


class _Figures(Struct, frozen=True):
    """A column of the comparison by its key, and as it is shown."""

    key: str
    shown: Shown


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
    same = [each.shown for each in figures if len(rows) > 1 and len(set(each.shown.cells)) == 1]
    differ = [each.shown for each in sorted(figures, key=lambda each: each.key != sort) if each.shown not in same]
    parts: list[RenderableType] = [Text(heading(comparison), style="bold")]
    parts += [Text(f"\n{Words.same}", style="bold"), _once(same)] if same else []
    parts += [Text(f"\n{line}") for line in _in_order(comparison, figures, sort)]
    for table in tables(_names(comparison, rows), differ, width or PIPE_WIDTH, Words.number):
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


def _figures(column: Column, topic: int, rows: tuple[Row, ...]) -> _Figures:
    if column.key == "vials":
        vials = tuple(vials_short(row.vials) for row in rows)
        return _Figures(column.key, Shown(Plans.vials, vials, topic, of_words=True))
    cells = tuple(read(column, row) for row in rows)
    return _Figures(column.key, Shown(column.heading, cells, topic, of_words=column.key == "phase"))


def _names(comparison: Comparison, rows: tuple[Row, ...]) -> list[Shown]:
    """What tells the orders apart, a column for each thing that varies."""
    lines = ([in_short_words(clean(word, LONG), _LONGEST_NAME) for word in row.words] for row in rows)
    return [
        Shown(named, words, _NAME, of_words=True)
        for named, words in zip(asked(comparison), zip(*lines, strict=True), strict=True)
    ]


def _in_order(comparison: Comparison, figures: Sequence[_Figures], sort: str | None) -> Iterator[str]:
    """By what the rows are in order, where it was asked."""
    if sort in comparison.fields:
        yield Words.sorted_by_name.format(column=sort)
    elif sort is not None:
        named = next((each.shown.heading for each in figures if each.key == sort), sort)
        yield Words.sorted_by.format(column=_in_a_line(named))


def _in_a_line(named: str) -> str:
    return " ".join(named.split())


# ---- how it is set --------------------------------------------------------------------------------------------------


def _once(same: Sequence[Shown]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for shown in same:
        table.add_row(Text(_in_a_line(shown.heading)), Text(shown.cells[0]))
    return table
