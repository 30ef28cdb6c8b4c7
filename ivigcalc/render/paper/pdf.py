"""Plan -> PDF in parts: calendar, patient's page, a record per session, order. Tagged, A4 or Letter, the same bytes."""

from __future__ import annotations

from collections.abc import Sequence

from ivigcalc.customs import Paper
from ivigcalc.engine.plan import Plan
from ivigcalc.render.paper.page import PARTS, Part, prepared
from ivigcalc.render.paper.typeset import typeset


def to_pdf(plan: Plan, paper: Paper | None = None, parts: Sequence[Part] = PARTS, session: str | None = None) -> bytes:
    """The parts of a plan for printing, in the order of its pages; of the records only `session`, as `2.1`.

    `paper`: None for that of the site.
    """
    return typeset("plan.typ", prepared(plan, paper, parts, session), "pdf", "PDF output")
