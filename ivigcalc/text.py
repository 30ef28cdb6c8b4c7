"""Words for messages: text of other people made harmless, the nearest known words, counted nouns. Stdlib only."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: characters shown of what was typed for a number or a choice, and of a path or a sentence of somebody else
TYPED, LONG = 40, 200
#: words that are named as what may have been meant, and how much of the typed one is compared
_NAMED, _COMPARED = 4, 60
#: a part of a word, such as `ceiling` of `rate-above-ceiling`, that says something by itself
_LONG_PART = 4


#: whitespace, but not the space that keeps the thousands of a figure on one line
_SPACES = re.compile(r"(?:(?!(?<=[0-9])\u00a0(?=[0-9]))\s)+")


def one_line(text: str) -> str:
    """The text on one line, with one space for each run of them."""
    return _SPACES.sub(" ", text).strip()


def printable(text: str) -> str:
    """The text on one line, with `?` in place of whatever a terminal would obey or nobody could see."""
    return "".join(c if c.isprintable() else "?" for c in text)  # control: safe-text


def safe(text: str, most: int = 60) -> str:
    """Text of somebody else for a message: harmless, and of at most `most` characters, with `...` where it was cut."""
    return printable(text if len(text) <= most else text[: most - 3] + "...")


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """The known words that come closest to a mistyped one, the likeliest first: those that hold all of its parts, those
    spelt alike, else those that hold one of its longer parts; none where nothing is like it."""
    import difflib

    among, parts = list(known), _parts(word[:_COMPARED])
    whole = [one for one in among if parts and parts <= _parts(one)]
    whole.sort(key=lambda one: -difflib.SequenceMatcher(None, one, word).ratio())
    spelt = difflib.get_close_matches(word[:_COMPARED], among, n=_NAMED)
    longer = {part for part in parts if len(part) >= _LONG_PART}
    partly = [] if whole or spelt else [one for one in among if longer & _parts(one)]
    return list(dict.fromkeys((*whole, *spelt, *partly)))[:_NAMED]


def _parts(word: str) -> set[str]:
    return set("".join(c if c.isalnum() else " " for c in word.lower()).split())


def near(word: str, known: Iterable[str]) -> str:
    """`did you mean cidp? `, for the middle of a message; nothing where no known word is like it."""
    found = nearest(word, known)
    return f"did you mean {', '.join(found)}? " if found else ""


def listed(words: list[str], most: int) -> str:
    """`a, b, c`; of more than `most` the first of them, and how many there are besides."""
    more = len(words) - most
    return ", ".join(words[:most]) + (f" and {more} more" if more > 0 else "")


def counted(number: int, noun: str, one: str = "", many: str = "") -> str:
    """`1 day`, `2 days`; with what is said of one and of many: `1 field differs`, `2 fields differ`."""
    return f"{number} {noun} {one}".rstrip() if number == 1 else f"{number} {noun}s {many}".rstrip()


def dotted(path: Iterable[str | int]) -> str:
    """The key of a place in a file: `rates[1].ladder[2].rate`, counted from 1."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else (f".{part}" if text else str(part))
    return safe(text, LONG)
