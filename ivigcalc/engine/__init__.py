"""What computes: pure functions from a case to a plan, with no clock, files, randomness or printing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivigcalc.lazy import hands_on

if TYPE_CHECKING:
    from ivigcalc.engine.make import make_plan as make_plan
    from ivigcalc.engine.plan import Plan as Plan

__getattr__, __dir__ = hands_on(__name__, {"make_plan": "make", "Plan": "plan"})
