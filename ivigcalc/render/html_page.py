"""A page of one table or a few, which stands alone: no script, nothing fetched. The record has templates of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from ivigcalc.customs import NO_BREAK
from ivigcalc.engine.plan import CHECK_LINE

#: on paper the headings stand on every page, and no row is parted
_PRINTED = "tr{break-inside:avoid}@media print{body{font-size:9pt}}"
#: a blank within a figure and its unit, or within so many vials of a size
_WITHIN = re.compile(r"(?<=[0-9]) (?=x [0-9]|%|(?:g|mg|kg|mL|min|h)\b)|(?<=[0-9] x) (?=[0-9])")


def html_page(title: str, style: str, body: Iterable[str]) -> str:
    """The page with its title, the lines of its body, which are markup, and the line that it must be checked."""
    said = escape(title)
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            '<meta charset="utf-8">',
            f"<title>{said}</title>",
            f"<style>{style}{_PRINTED}</style>",
            f"<h1>{said}</h1>",
            *body,
            html_line(CHECK_LINE, strong=True),
            "</html>\n",
        ]
    )


def html_line(text: str, *, strong: bool = False) -> str:
    """A paragraph of plain text."""
    return f"<p><strong>{html_text(text)}</strong></p>" if strong else f"<p>{html_text(text)}</p>"


def html_row(tag: str, cells: Iterable[str], last: str = "") -> str:
    """A row of cells of plain text, each a `td` or a `th`; `last`: markup after them."""
    row = f"<tr>{''.join(f'<{tag}>{html_text(text)}</{tag}>' for text in cells)}{last}</tr>"
    return f"<thead>{row}</thead>" if tag == "th" else row


def html_text(text: str) -> str:
    """Plain text as markup; a line is broken beside a figure with its unit, never within."""
    return escape(_WITHIN.sub(NO_BREAK, text))
