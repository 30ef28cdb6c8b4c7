"""Plan -> one HTML page that stands alone, from the pages that the paper has: no script, nothing fetched."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Any

from ivigcalc.customs import Paper
from ivigcalc.engine.plan import Plan
from ivigcalc.errors import MissingExtraError
from ivigcalc.render.catalogue import words_of
from ivigcalc.render.catalogue.paper import Paper as Words
from ivigcalc.render.paper.page import Part, prepared

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
#: millimetres between the margins of a page, which leave room for the foot
_PRINTED_MM = {"a4": 268, "us-letter": 250}
#: letters of a line over the whole page, over half of it, and of a box among eight beside each other
_WIDE, _HALF, _BOX = 120, 56, 12
#: a line of small print, a row to write in, a row of the pump, a row of a bottle: in ems
_LINE, _ROW, _STEP, _BOTTLE = Decimal("1.3"), Decimal(2), Decimal("2.95"), Decimal("1.95")
#: rows to write in where there are no rates; bottles that stand in two tables
_ROWS_WITHOUT_RATES, _SIDE_BY_SIDE = 8, 4
#: heads of the page and of its tables, signatures, foot and what lies between them; then the least of blank rows
_FIXED, _BLANK_ROWS = Decimal(31), 4


def to_html(plan: Plan, paper: Paper | None = None, parts: Sequence[Part] = (), session: str | None = None) -> str:
    """The parts of a plan as a page for a screen, which prints as the PDF does; of the records only `session`.

    `paper`: None for that of the site.
    """
    pages = prepared(plan, paper, parts, session)
    return (
        _environment()
        .get_template("plan.html")
        .render(
            plan=pages,
            printed_mm=_PRINTED_MM[pages["paper"]],
            page_of=css_page_of(Words.page_of),
            running=css_text(", ".join(said for said in (pages["patient"]["name"], pages["patient"]["id"]) if said)),
            ems=[_ems(pages, sheet) for sheet in pages["sheets"]],
            tops=[_top(sheet) for sheet in pages["sheets"]],
        )
    )


def css_text(text: str) -> str:
    """Text from outside for a string of a style sheet: letters and digits of ASCII, the rest by its number."""
    plain = (c if c.isascii() and c.isalnum() else f"\\{ord(c):06x}" for c in text)
    return f'"{"".join(plain)}"'  # control: no-markup-in-style


def css_page_of(words: str) -> str:
    """`page {page} of {pages}` for a style sheet, which counts the pages itself."""
    counters = {"page": "counter(page)", "pages": "counter(pages)"}
    parts = ((css_words(text), counters.get(name or "")) for text, name, _, _ in Formatter().parse(words))
    return " ".join(part for pair in parts for part in pair if part)


def css_words(text: str) -> str:
    """Words of the catalogue for a string of a style sheet; nothing for none."""
    return f'"{text}"' if text else ""


def _ems(pages: dict[str, Any], sheet: dict[str, Any]) -> Decimal:
    """About how high a record is, in its own letters: no figure of the plan, only how small its page is to be set."""
    head = [pages["patient"]["name"] or "", pages["patient"]["id"] or "", f"{pages['treatment']}{pages['protocol']}"]
    beside_drugs = sum(_folded(text, _HALF) for text in sheet["preparation"])
    lines = sum(_folded(found["text"], _WIDE) for found in sheet["notices"])
    lines += sum(_folded(text, _HALF) for text in head)
    lines += max(_folded(value, _BOX) for _, value in sheet["facts"])
    lines += max(beside_drugs, 2 * len(sheet["premedication"]))
    lines += sum(_folded(words, _HALF) for _, words in sheet["reaction"])
    rows = len(sheet["before"]) + len(sheet["after"]) + len(sheet["observations"]) + _BLANK_ROWS
    steps = _STEP * len(sheet["steps"]) or _ROW * _ROWS_WITHOUT_RATES
    bottles = len(sheet["bottles"]) if len(sheet["bottles"]) < _SIDE_BY_SIDE else (len(sheet["bottles"]) + 1) // 2
    return _FIXED + _LINE * lines + _ROW * rows + steps + _BOTTLE * bottles


def _top(sheet: dict[str, Any]) -> dict[str, str]:
    """The step of the highest rate that ran, before a pause too, up to which the chart of a record is drawn."""
    drawn = sheet["chart"]["steps"] if sheet["chart"] else []
    return max(drawn, key=lambda step: Decimal(step["rate"]), default={})


def _folded(text: str, width: int) -> int:
    return -(-len(text) // width)


def _environment() -> Environment:
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
        from markupsafe import Markup
    except ImportError:
        raise MissingExtraError("HTML output", "html") from None
    environment = Environment(  # control: no-markup-in-html
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    # what fills their gaps is escaped by them
    texts = {name: Markup.escape(words) for name, words in words_of(Words).items()}
    environment.globals["texts"] = texts
    return environment
