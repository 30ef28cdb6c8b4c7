"""Plan -> PDF: a patient's calendar, then a nurse's sheet per session. Tagged, A4 or Letter, always the same bytes."""

from __future__ import annotations

from typing import Literal

from ivigcalc.engine.plan import Plan
from ivigcalc.engine.schedule import closed_days
from ivigcalc.render.paper.page import document
from ivigcalc.render.paper.typeset import typeset

Paper = Literal["a4", "letter"]


def to_pdf(plan: Plan, paper: Paper) -> bytes:
    """The whole plan for printing."""
    closed = closed_days(plan.computed_from.site.value, (s.on for s in plan.sessions if s.on))
    return typeset("plan.typ", document(plan, paper, closed), "pdf", "PDF output")
