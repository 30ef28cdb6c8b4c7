"""Lines that are written once, with marks where they differ from patient to patient.

The marks are bytes that no text in UTF-8 holds: whatever a patient is called, it is not taken for one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

#: the patient; course, day and date of a session; that date alone; what is said beside (codes, or the day of a notice)
WHO, HEAD, DATE, SAID = b"\xff", b"\xfe", b"\xfd", b"\xfc"
_DAY = re.compile(rb"(\xfe|\xfd|\xfb\d+;)")
#: a day of a plan as its lines have it: with its course and day before it, and alone
DayText = tuple[bytes, bytes]
#: what is missing in a line: how many days after the session's own a day is, and which of its two texts
Gap = tuple[int, int]


def date_after(days: int) -> bytes:
    """The mark of the date that comes so many days after that of the session."""
    return b"\xfb%d;" % days if days else DATE


class Shape(NamedTuple):
    """What is missing in the lines of sessions: of each the block that is its own and the place of its day among all
    days, and of each block the gaps, in order."""

    order: tuple[int, ...]
    places: tuple[int, ...]
    gaps: tuple[tuple[Gap, ...], ...]

    def filling(self, days: Sequence[DayText]) -> list[bytes]:
        """What goes into all gaps where these are the days of the plan."""
        sessions = zip(self.order, self.places, strict=True)
        return [days[place + later][which] for block, place in sessions for later, which in self.gaps[block]]


class Text(NamedTuple):
    """The lines of sessions, cut at the gaps for days: the mark of the patient of the first line, a gap with nothing in
    it, a piece, a gap and so on. The last piece ends with the mark of the patient of a line that does not come.
    """

    pieces: tuple[bytes, ...]
    shape: Shape

    def filled(self, who: bytes, said: bytes, days: Sequence[bytes]) -> bytes:
        """The lines of one patient; `days` are what goes into the gaps of its shape."""
        pieces = list(self.pieces)
        pieces[1::2] = days
        pieces[-1] = pieces[-1][: -len(WHO)]
        return b"".join(pieces).replace(WHO, who).replace(SAID, said)


def text_of(blocks: Sequence[bytes], order: tuple[int, ...], places: tuple[int, ...]) -> Text:
    """Lines of sessions: which of the blocks are those of each, and the place of its day among all days. Each line of a
    block begins with the patient and the head of the session; a block may be empty."""
    cut = [_cut(block) for block in blocks]
    pieces = [WHO]
    for block in order:
        pieces += cut[block][0]
    return Text(tuple(pieces), Shape(order, places, tuple([gaps for _, gaps in cut])))


def _cut(block: bytes) -> tuple[tuple[bytes, ...], tuple[Gap, ...]]:
    """A block in pieces, and its gaps."""
    if not block:
        return (), ()
    _, *pieces = _DAY.split(block[len(WHO) :] + WHO)
    marks = pieces[::2]
    pieces[::2] = [b""] * len(marks)
    return tuple(pieces), tuple([(0, 0) if mark == HEAD else (_later(mark), 1) for mark in marks])


def _later(mark: bytes) -> int:
    return 0 if mark == DATE else int(mark[1:-1])
