"""A page of one table or a few, which stands alone: no script, nothing fetched. The record has templates of its own."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from ivigcalc.engine.plan import CHECK_LINE


def html_page(title: str, style: str, body: Iterable[str]) -> str:
    """The page with its title, the lines of its body, which are markup, and the line that it must be checked."""
    said = escape(title)
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            '<meta charset="utf-8">',
            f"<title>{said}</title>",
            f"<style>{style}</style>",
            f"<h1>{said}</h1>",
            *body,
            html_line(CHECK_LINE, strong=True),
            "</html>\n",
        ]
    )


def html_line(text: str, *, strong: bool = False) -> str:
    """A paragraph of plain text."""
    return f"<p><strong>{escape(text)}</strong></p>" if strong else f"<p>{escape(text)}</p>"


def html_row(tag: str, cells: Iterable[str], last: str = "") -> str:
    """A row of cells of plain text, each a `td` or a `th`; `last`: markup after them."""
    return f"<tr>{''.join(f'<{tag}>{escape(text)}</{tag}>' for text in cells)}{last}</tr>"
