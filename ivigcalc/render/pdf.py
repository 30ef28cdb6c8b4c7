"""Plan -> PDF: the patient's calendar, then one nurse's sheet per session. Tagged, A4 or Letter, the same bytes every time."""

from __future__ import annotations

from functools import partial
from typing import Literal

from ivigcalc.plan import Plan
from ivigcalc.render.month import HolidayName
from ivigcalc.render.printed import document
from ivigcalc.render.typeset import typeset
from ivigcalc.schedule import holiday_name as site_holiday_name

Paper = Literal["a4", "letter"]


def to_pdf(plan: Plan, paper: Paper, holiday_name: HolidayName | None = None) -> bytes:
    """The whole plan for printing; `holiday_name` defaults to the holidays of the plan's own site."""
    named = holiday_name or partial(site_holiday_name, plan.computed_from.site.value)
    return typeset("plan.typ", document(plan, paper, named), "pdf", "PDF output")
