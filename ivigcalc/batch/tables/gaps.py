"""Lines that are written once, with marks where they differ from patient to patient.

The marks are bytes that no text in UTF-8 holds: whatever a patient is called, it is not taken for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from operator import eq
from typing import NamedTuple

#: the patient; course, day and date of a session; that date alone; what is said beside (codes, or the day of a notice)
WHO, HEAD, DATE, SAID = b"\xff", b"\xfe", b"\xfd", b"\xfc"
#: a day of a plan as its lines have it: with its course and day before it, and alone
DayText = tuple[bytes, bytes]


def date_after(days: int) -> bytes:
    """The mark of the date that comes so many days after that of the session."""
    return b"\xfb%d;" % days if days else DATE


class Text(NamedTuple):
    """The lines of sessions: `blocks`, the few that are not alike, and for each session which of them are its own and
    the place of its day among all days. `reach`: how many days later a line may name. `one_a_day`: the first session is
    on the first day, the second on the second, and so on."""

    blocks: tuple[bytes, ...]
    order: tuple[int, ...]
    places: tuple[int, ...]
    reach: int
    one_a_day: bool

    def filled(self, who: bytes, said: bytes, days: Sequence[DayText]) -> list[bytes]:
        """The lines of one patient, a text for each session."""
        own = [block.replace(WHO, who).replace(SAID, said) for block in self.blocks]
        if self.reach:
            return [self._on(own[block], place, days) for block, place in zip(self.order, self.places, strict=True)]
        on = days if self.one_a_day else [days[place] for place in self.places]
        # a day more than there are sessions is one that no line of theirs names
        own_on = zip(self.order, on, strict=False)
        return [own[block].replace(DATE, date).replace(HEAD, head) for block, (head, date) in own_on]

    def _on(self, lines: bytes, place: int, days: Sequence[DayText]) -> bytes:
        for later in range(1, self.reach + 1):
            if date_after(later) in lines:
                lines = lines.replace(date_after(later), days[place + later][1])
        return lines.replace(DATE, days[place][1]).replace(HEAD, days[place][0])


def text_of(blocks: Sequence[bytes], order: Sequence[int], places: Sequence[int]) -> Text:
    """Lines of sessions: which of the blocks are those of each, and the place of its day among all days."""
    reach = 0
    while any(date_after(reach + 1) in block for block in blocks):
        reach += 1
    return Text(tuple(blocks), tuple(order), tuple(places), reach, all(map(eq, places, count())))
