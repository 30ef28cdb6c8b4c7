"""Plan -> PDF in parts: calendar, patient's page, a record per session, order. Tagged, A4 or Letter, the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ivigcalc.customs import Paper
from ivigcalc.engine.plan import Plan
from ivigcalc.render.paper.page import Part, prepared
from ivigcalc.render.paper.typeset import typeset

#: what differs between the records of one course and the next
_HEAD = ("number", "when", "date")


def to_pdf(plan: Plan, paper: Paper | None = None, parts: Sequence[Part] = (), session: str | None = None) -> bytes:
    """The parts of a plan for printing, in the order of its pages; of the records only `session`, as `2.1`.

    `paper`: None for that of the site.
    """
    return typeset("plan.typ", to_typeset(prepared(plan, paper, parts, session)), "pdf", "PDF output")


def to_typeset(pages: dict[str, Any]) -> dict[str, Any]:
    """What is printed with the records apart: of each its head, and which of the `looks` it has below that.

    Records that look alike are fitted to their page once.
    """
    heads: list[dict[str, Any]] = []
    looks: list[dict[str, Any]] = []
    for sheet in pages["sheets"]:
        look = {name: value for name, value in sheet.items() if name not in _HEAD}
        if look not in looks:
            looks.append(look)
        heads.append({name: sheet[name] for name in _HEAD} | {"look": looks.index(look)})
    return pages | {"sheets": heads, "looks": looks}
