"""Lines that are written once, with gaps for what differs from patient to patient."""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from typing import NamedTuple


class Text(NamedTuple):
    """Lines with gaps, and what goes into each gap: 0 the patient, from 1 on the days."""

    lines: str
    gaps: itemgetter[tuple[int, ...]] | None

    def filled(self, values: tuple[str, ...]) -> str:
        """The lines of one patient."""
        return self.lines % self.gaps(values) if self.gaps else ""


def text_of(lines: Iterable[str], gaps: list[int]) -> Text:
    """The lines, and the number of what goes into each of their gaps, in order."""
    return Text("".join(lines), itemgetter(*gaps) if gaps else None)
