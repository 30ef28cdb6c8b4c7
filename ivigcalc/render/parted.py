"""Tables that are wider than a screen, parted between their columns: each part begins with what its rows are called."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate, pairwise

from msgspec import Struct
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from ivigcalc.render.table import new_table

#: blanks between two columns
_BETWEEN = 2


class Shown(Struct, frozen=True):
    """A column as it is shown, a cell for each row.

    `topic`: two of one topic are rather kept together. `of_words`: from the left. `folds`: a cell may go on in a
    second line for the sake of the others.
    """

    heading: str
    cells: tuple[str, ...]
    topic: int = 0
    of_words: bool = False
    folds: bool = False

    @property
    def width(self) -> int:
        """The cells of the screen that it needs, with the blanks before the next column."""
        parts = (text.split() if self.folds else text.split("\n") for text in (self.heading, *self.cells))
        return _BETWEEN + max((cell_len(line) for lines in parts for line in lines), default=0)


def tables(names: list[Shown], figures: list[Shown], room: int, number: str | None = None) -> Iterator[Table]:
    """As few tables as have room for the figures, each after the names of the rows.

    `number`: the heading over numbers of the rows, where names are so long that numbers need fewer tables; then the
    first of them tells the names.
    """
    first, parts = names, _parted(names, figures, room)
    if number is not None:
        numbered = [Shown(number, tuple(str(count) for count, _ in enumerate(names[0].cells, start=1)))]
        by_number = _parted(numbered, [*names, *figures], room)
        if len(by_number) < len(parts):
            first, parts = numbered, by_number
    return (_table([*first, *part]) for part in parts)


def _table(columns: list[Shown]) -> Table:
    of_words = tuple(column.heading for column in columns if column.of_words)
    table = new_table(*(column.heading for column in columns), left=of_words)
    for cells in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*map(Text, cells))
    return table


def _parted(first: list[Shown], others: list[Shown], room: int) -> list[list[Shown]]:
    """The others in as few parts as have room after the first: broken between topics where that will do, and as equal
    in width as can be. A column that has no room anywhere is a part of its own."""
    left = room + _BETWEEN - sum(shown.width for shown in first)
    ends = (0, *accumulate(shown.width for shown in others))
    inside = {place for place, (one, other) in enumerate(pairwise(others), start=1) if one.topic == other.topic}
    # up to each column: how many parts, how many topics broken, the widest part, and where the parts start
    best: list[tuple[int, int, int, tuple[int, ...]]] = [(0, 0, 0, ())]
    for end in range(1, len(ends)):
        ways = (
            (parts + 1, broken + (start in inside), max(widest, ends[end] - ends[start]), (*starts, start))
            for start, (parts, broken, widest, starts) in enumerate(best)
            if ends[end] - ends[start] <= left or end - start == 1
        )
        best.append(min(ways))
    *_, starts = best[-1]
    return [others[start:end] for start, end in pairwise((*starts, len(others)))] or [[]]
