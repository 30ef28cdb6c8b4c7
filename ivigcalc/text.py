"""Words for messages: text of other people made harmless, the nearest known words, counted nouns. Stdlib only."""

from __future__ import annotations

from collections.abc import Iterable

#: characters shown of what was typed for a number or a choice, and of a path or a sentence of somebody else
TYPED, LONG = 40, 200
#: words that are named as what may have been meant, and how much of the typed one is compared
_NAMED, _COMPARED = 4, 60


def printable(text: str) -> str:
    """The text on one line, with `?` in place of whatever a terminal would obey or nobody could see."""
    return "".join(c if c.isprintable() else "?" for c in text)  # control: safe-text


def safe(text: str, most: int = 60) -> str:
    """Text of somebody else for a message: harmless, and of at most `most` characters, with `...` where it was cut."""
    return printable(text if len(text) <= most else text[: most - 3] + "...")


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """The known words that come closest to a mistyped one, the likeliest first; none where nothing is like it."""
    import difflib

    return difflib.get_close_matches(word[:_COMPARED], known, n=_NAMED)


def near(word: str, known: Iterable[str]) -> str:
    """`did you mean cidp? `, for the middle of a message; nothing where no known word is like it."""
    found = nearest(word, known)
    return f"did you mean {', '.join(found)}? " if found else ""


def counted(number: int, noun: str) -> str:
    """`1 day`, `2 days`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def dotted(path: Iterable[str | int]) -> str:
    """The key of a place in a file: `rates[1].ladder[2].rate`, counted from 1."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else (f".{part}" if text else str(part))
    return safe(text, LONG)
