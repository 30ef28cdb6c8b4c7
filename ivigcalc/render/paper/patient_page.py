"""The page that the patient takes home, in plain words."""

from __future__ import annotations

from typing import Any

from ivigcalc.engine.plan import Plan, Session
from ivigcalc.render.figures import sentence
from ivigcalc.render.times import clock_of, duration_text, long_day
from ivigcalc.render.words import by_order, clean


def home(plan: Plan) -> dict[str, Any]:
    """When to come and for how long, what to bring and what to report: the site's words, else those on file."""
    site, safety = plan.computed_from.site.value, plan.computed_from.safety.value
    report = site.for_patient.report or tuple(sentence(said.text) for said in safety.report)
    return {
        "product": by_order(plan, _product),
        "visits": [_visit(session) for session in plan.sessions],
        "bring": [clean(text, 200) for text in site.for_patient.bring],
        "report": [clean(text, 200) for text in report],
    }


def _product(plan: Plan) -> str:
    return clean(plan.computed_from.product.value.title, 60)


def _visit(session: Session) -> list[str]:
    """Day, arrival, length of stay. Without a time to arrive in the site's file there is none: it is not the start."""
    before, after, length = session.overhead_before_min, session.overhead_after_min, session.duration_min
    arrive = clock_of(session, -before, unknown="") if before else ""
    stays = "" if length is None else duration_text(before + length + after)
    return [long_day(session.on), arrive, stays]
