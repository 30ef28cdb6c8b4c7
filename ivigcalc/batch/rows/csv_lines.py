"""CSV, one line at a time: a row is a line, so a quote that is left open can swallow no other row.

Where a quoted cell does hold line breaks, none of its lines is a row: what stands between the quotes is no patient.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

#: what `csv` says, when it is strict, of a quote that is open at the end
_OPEN = "unexpected end of data"


class OpenQuoteError(csv.Error):
    """A line that opens a quote and does not close it."""


def cells_of_line(line: str, delimiter: str = ",") -> list[str]:
    """The cells of one line, none where it is blank. Raises `csv.Error` for one that is no row by itself."""
    plain = line.rstrip("\r\n")
    # as most lines are, and a reader for each costs time
    if '"' not in plain and "\r" not in plain and "\n" not in plain and "\0" not in plain:
        return plain.split(delimiter) if plain else []
    try:
        return next(csv.reader((line,), strict=True, delimiter=delimiter), [])
    except csv.Error as error:
        raise OpenQuoteError(str(error)) if str(error) == _OPEN else error from None


def plain_lines(block: bytes) -> list[str] | None:
    """The lines of a block, where each has only to be cut at its delimiters; None where one may need more. So most
    lists are read, and line by line they would take three times as long."""
    text = block.decode("utf-8", "surrogateescape").replace("\r\n", "\n")
    if '"' in text or "\r" in text or "\0" in text:
        return None
    *lines, last = text.split("\n")
    return [*lines, last] if last else lines


def cells_before_the_quote(line: str, delimiter: str = ",") -> list[str]:
    """The cells that are whole in a line with an open quote."""
    return next(csv.reader((line,), delimiter=delimiter), [])[:-1]


def look_ahead(following: Iterable[str], delimiter: str = ",") -> tuple[int, bool]:
    """How many of the lines after one that opened a quote it takes to know whether a cell of several lines ends there,
    and whether it does. It does not where the quotes are not those of CSV, or at the end: that is a quote too many.
    """
    count = 0
    for line in following:
        count += 1
        try:
            cells_of_line('"' + line, delimiter)  # as it is read from within a quote
        except OpenQuoteError:
            continue
        except csv.Error:
            return count, False
        return count, True
    return count, False


def decoded(lines: Iterable[bytes]) -> Iterator[str]:
    """As text; a byte that is none stays, to be told of where it stands."""
    return (line.decode("utf-8", "surrogateescape") for line in lines)
