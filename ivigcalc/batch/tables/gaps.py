"""Lines that are written once, with gaps for what differs from patient to patient."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from operator import itemgetter
from typing import NamedTuple

#: a word as it stands, or the number of what is put in its place: 0 the patient, from 1 on what differs beside
Piece = str | int
_END = 0


class Text(NamedTuple):
    """Lines cut at their gaps, and in which order words and what is put into the gaps follow each other."""

    words: tuple[str, ...]
    order: Callable[[tuple[str, ...]], Iterable[str]]

    def filled(self, values: tuple[str, ...]) -> str:
        """The lines of one patient."""
        return "".join(self.order(self.words + values))


def text_of(pieces: Iterable[Piece]) -> Text:
    """Lines of these pieces, one after the other."""
    words: list[str] = []
    order: list[int] = []
    held: list[str] = []
    for piece in chain(pieces, ("", _END)):
        if isinstance(piece, str):
            held.append(piece)
            continue
        if held:
            order.append(~len(words))
            words.append("".join(held))
            held = []
        order.append(piece)
    del order[-1]
    count = len(words)  # what is put into the gaps comes after the words
    return Text(tuple(words), itemgetter(*[~place if place < 0 else count + place for place in order]))
