"""Plan -> PDF: the patient's calendar, then one nurse's sheet per session. Tagged, A4 or Letter, the same bytes every time."""

from __future__ import annotations

from functools import partial
from typing import Literal

from ivigcalc.engine.plan import Plan
from ivigcalc.engine.schedule import holiday_name as site_holiday_name
from ivigcalc.render.months import HolidayName
from ivigcalc.render.paper.page import document
from ivigcalc.render.paper.typeset import typeset

Paper = Literal["a4", "letter"]


def to_pdf(plan: Plan, paper: Paper, holiday_name: HolidayName | None = None) -> bytes:
    """The whole plan for printing; `holiday_name` defaults to the holidays of the plan's own site."""
    named = holiday_name or partial(site_holiday_name, plan.computed_from.site.value)
    return typeset("plan.typ", document(plan, paper, named), "pdf", "PDF output")
