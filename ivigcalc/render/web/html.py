"""Plan -> one HTML page that stands alone, from the pages that the paper has: no script, nothing fetched."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from ivigcalc.engine.plan import WEEKDAYS, Plan
from ivigcalc.errors import MissingExtraError
from ivigcalc.render.paper.page import PARTS, Paper, Part, prepared

TEMPLATES = Path(__file__).parent / "templates"
#: millimetres between the margins of a page, which leave room for the foot
_PRINTED_MM = {"a4": 268, "us-letter": 250}
#: a record of more lines than these is set smaller, so that it stays one page
_LINES_OF_A_PAGE = 64
#: letters of a line over the whole page, and over half of it
_WIDE, _HALF = 125, 60


def to_html(plan: Plan, paper: Paper, parts: Sequence[Part] = PARTS, session: str | None = None) -> str:
    """The parts of a plan as a page for a screen, which prints as the PDF does; of the records only `session`."""
    pages = prepared(plan, paper, parts, session)
    return _environment().get_template("plan.html").render(  # type: ignore[no-any-return]
        plan=pages,
        day_names=[name[:3] for name in WEEKDAYS],
        printed_mm=_PRINTED_MM[pages["paper"]],
        foot=css_text(", ".join(said for said in (pages["patient"]["name"], pages["patient"]["id"]) if said)),
        lines=[max(_lines(sheet), _LINES_OF_A_PAGE) for sheet in pages["sheets"]],
        tops=[_top(sheet) for sheet in pages["sheets"]],
    )


def css_text(text: str) -> str:
    """Text from outside for a string of a style sheet: letters and digits of ASCII, the rest by its number."""
    plain = (c if c.isascii() and c.isalnum() else f"\\{ord(c):06x}" for c in text)
    return f'"{"".join(plain)}"'  # control: no-markup-in-style


def _lines(sheet: dict[str, Any]) -> int:
    """About how many lines of small print a record takes: not a figure of the plan, only how small it is to be set."""
    said = [found["text"] for found in sheet["notices"]]
    beside = sum(_folded(text, _HALF) for text in sheet["preparation"])
    reaction = sum(_folded(words, _HALF) for _, words in sheet["reaction"])
    rows = 2 * len(sheet["steps"] or range(8)) + len(sheet["before"]) + len(sheet["after"]) + 1
    bottles = len(sheet["bottles"]) if len(sheet["bottles"]) < 4 else (len(sheet["bottles"]) + 1) // 2
    before = max(beside, 1.4 * len(sheet["premedication"]))
    tables = 1.35 * (rows + bottles + len(sheet["observations"]) + 3)
    heads = 20
    return round(sum(_folded(text, _WIDE) for text in said) + before + reaction + tables + heads)


def _top(sheet: dict[str, Any]) -> str:
    """The highest rate of a record, up to which its chart is drawn."""
    return str(max((step["rate"] for step in sheet["steps"]), key=Decimal, default=""))


def _folded(text: str, width: int) -> int:
    return -(-len(text) // width)


def _environment() -> Any:
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
    except ImportError:
        raise MissingExtraError("HTML output", "html") from None
    return Environment(  # control: no-markup-in-html
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
