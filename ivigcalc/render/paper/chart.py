"""The titration of one infusion as a chart of rate against time: SVG and PNG by the drawing code of the PDF."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

from ivigcalc.engine.plan import CHECK_LINE, Plan, Session
from ivigcalc.errors import RequestError
from ivigcalc.quantity import plain
from ivigcalc.render.catalogue.paper import Paper
from ivigcalc.render.figures import figure
from ivigcalc.render.notices import printed_notice
from ivigcalc.render.paper.typeset import typeset
from ivigcalc.render.times import if_asked, in_its_customs, moment
from ivigcalc.render.words import clean, rate_text, treatment, when


def to_svg(plan: Plan, session_index: int = 0) -> bytes:
    """The chart of one session as SVG; its letters are shapes, so it looks the same everywhere."""
    page = chart_page(plan, session_index)
    drawn = typeset("chart-only.typ", page, "svg", "SVG output")
    # read aloud by a screen reader: the letters of the drawing itself are shapes
    words = f"<title>{escape(page['title'])}</title><desc>{escape(page['chart']['words'])}</desc>"
    return drawn.replace(b">", b' role="img">' + words.encode("utf-8"), 1)


def to_png(plan: Plan, session_index: int = 0) -> bytes:
    """The chart of one session as PNG."""
    return typeset("chart-only.typ", chart_page(plan, session_index), "png", "PNG output")


@if_asked
@in_its_customs
def chart_page(plan: Plan, session_index: int) -> dict[str, Any]:
    """What the template of a chart alone needs."""
    session = session_to_draw(plan, session_index)
    own = plan.of(session)
    product = clean(own.computed_from.product.value.title, 60)
    title = f"{treatment(plan)}, {when(session)}: {figure(session.dose_g)} g {product}, {figure(own.rate_weight.kg)} kg"
    stops = [printed_notice(found, plan) for found in plan.notices if found.level == "stop"]
    return {"title": title, "chart": chart_data(session), "stops": stops, "check": CHECK_LINE}


def session_to_draw(plan: Plan, session_index: int) -> Session:
    """One session of a plan, which has to have rates."""
    if not 0 <= session_index < len(plan.sessions):
        raise RequestError(
            f"the plan has {len(plan.sessions)} sessions, not {session_index + 1}: choose one of them", field="session"
        )
    session = plan.sessions[session_index]
    if session.infusion is None:
        raise RequestError(
            "this plan has no rates to draw: no source prints them for its product; choose another --product",
            field="product",
        )
    return session


def chart_data(session: Session) -> dict[str, Any] | None:
    """The steps and bottles of a session, for drawing; None where there are no rates."""
    infusion = session.infusion
    if infusion is None:
        return None
    steps = [
        {
            "from": plain(step.from_start_min),
            "minutes": plain(step.duration_min),
            "rate": plain(step.rate_ml_per_h),
            "label": figure(step.rate_ml_per_h),
            "at": moment(session, step.from_start_min),
        }
        for step in session.steps
    ]
    steps = sorted([*steps, *_pauses(session)], key=lambda step: Decimal(step["from"]))
    return {
        "minutes": plain(infusion.minutes),
        "end": moment(session, infusion.duration_min),
        "steps": steps,
        "bottles": [{"bottle": str(b.bottle), "from": plain(b.from_start_min)} for b in session.bottles],
        "words": Paper.rate_against_time.format(steps=in_words(session)),
    }


def _pauses(session: Session) -> list[dict[str, str]]:
    """The minutes in which nothing ran."""
    found = session.infusion.interruptions if session.infusion else ()
    return [
        {
            "from": str(pause.at_min),
            "minutes": str(pause.resume_min - pause.at_min),
            "rate": "0",
            "label": figure(0),
            "at": moment(session, pause.at_min),
        }
        for pause in found
        if pause.resume_min is not None and pause.resume_min > pause.at_min
    ]


def in_words(session: Session) -> str:
    """The chart for those who cannot see it."""
    steps = [(s.from_start_min, f"{moment(session, s.from_start_min)}: {rate_text(s)} mL/h") for s in session.steps]
    steps += [(Decimal(pause["from"]), Paper.interrupted.format(time=pause["at"])) for pause in _pauses(session)]
    parts = [words for _, words in sorted(steps)]
    end = moment(session, session.duration_min or 0)
    return f"{'; '.join(parts)}; {Paper.ends.format(time=end)}"
