"""What every Markdown face is put together from: text of other people that stays text, links, and tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ivigcalc.text import one_line

#: what can be markup inside a line
_IN_A_LINE = "\\`*_[]<>|~&"
#: and what can be so at the start of a line or beside a bracket
_ANYWHERE = _IN_A_LINE + "{}()#+-.!"


def escape(text: str, special: str = _ANYWHERE) -> str:
    """Text from outside as plain words: nothing in it is markup, wherever it is put."""
    return "".join(f"\\{c}" if c in special else c for c in one_line(text))  # control: no-markup


def inline(text: str) -> str:
    """Text of a definition inside a line, a cell or a heading: as plain, and as readable before it is set."""
    return escape(text, _IN_A_LINE)


def linked(text: str, url: str | None) -> str:
    """Text that leads to an address, where there is one of the web."""
    if url is None or not url.startswith(("https://", "http://")):
        return inline(text)
    address = "".join(c if c not in "<> \\" else f"%{ord(c):02X}" for c in url)
    return f"[{inline(text.replace(f' <{url}>', ''))}](<{address}>)"


def table_lines(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Lines of a table; the cells are Markdown already."""
    yield "| " + " | ".join(" ".join(heading.split()) for heading in headings) + " |"
    yield "|" + " --- |" * len(headings)
    for row in rows:
        yield "| " + " | ".join(row) + " |"
