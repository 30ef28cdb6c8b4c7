"""Lines that are written once, with gaps for what differs from patient to patient."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import NamedTuple

#: the gaps: the patient; what is said beside (codes, or the day that a notice names); the head of a block
WHO, SAID, HEAD = -1, -2, -3
_DAY = -4
#: how many values come before the days
BEFORE_DAYS = 2

#: words as they stand, or a gap
Piece = str | int


def day(later: int) -> int:
    """The gap of the day that comes so many days after that of the block."""
    return _DAY - later


class Block(NamedTuple):
    """Lines that come several times: words, and in which order these (by place) and gaps follow each other."""

    words: tuple[bytes, ...]
    order: tuple[int, ...]


class Text(NamedTuple):
    """Lines cut at their gaps, and in which order words and what is put into the gaps follow each other."""

    words: tuple[bytes, ...]
    order: Callable[[tuple[bytes, ...]], tuple[bytes, ...]]

    def filled(self, values: tuple[bytes, ...]) -> tuple[bytes, ...]:
        """The lines of one patient, still in pieces. `values`: the patient, what is said beside, and the days."""
        return self.order(self.words + values)


def block_of(pieces: Iterable[Piece]) -> Block:
    """Lines of these pieces."""
    words: list[str] = []
    order: list[int] = []
    for piece in pieces:
        if isinstance(piece, int):
            order.append(piece)
        elif order and order[-1] >= 0:
            words[-1] += piece
        else:
            order.append(len(words))
            words.append(piece)
    return Block(tuple([word.encode("utf-8") for word in words]), tuple(order))


def text_of(parts: Sequence[tuple[Block, str, int]]) -> Text:
    """Blocks one after the other, each with its head and with the place of its day among the days."""
    words: list[bytes] = []
    begins: dict[int, int] = {}
    for block in {id(block): block for block, _, _ in parts}.values():
        begins[id(block)] = len(words)
        words += block.words
    first_head = len(words)
    words += [head.encode("ascii") for _, head, _ in parts]
    count = len(words)  # what is put into the gaps comes after the words
    order: list[int] = []
    for head, (block, _, place) in enumerate(parts, start=first_head):
        begin, today = begins[id(block)], count + BEFORE_DAYS + place + _DAY
        order += [
            begin + p if p >= 0 else head if p == HEAD else count + WHO - p if p > HEAD else today - p
            for p in block.order
        ]
    return Text(tuple(words), itemgetter(*order) if len(order) > 1 else itemgetter(slice(0)))  # a line has its gaps
