"""The titration of one infusion as a chart of rate against time: SVG and PNG by the drawing code of the PDF, and a plot for terminals."""

from __future__ import annotations

from itertools import pairwise
from typing import Any
from xml.sax.saxutils import escape

from ivigcalc.engine.plan import CHECK_LINE, Plan, Session
from ivigcalc.errors import MissingExtraError, RequestError
from ivigcalc.quantity import plain
from ivigcalc.render.notices import printed_notice
from ivigcalc.render.paper.typeset import typeset
from ivigcalc.render.times import moment
from ivigcalc.render.words import clean, treatment, when

PLOT_ROWS = 16
#: title, frame and clock times
FRAME_ROWS = 4
NARROWEST_PLOT, WIDEST_PLOT = 40, 160
#: what plotext draws its frame with, and what stands in for it where only ASCII can be shown
_ASCII_FRAME = str.maketrans(
    {"─": "-", "│": "|", "┌": "+", "┐": "+", "└": "+", "┘": "+", "┤": "+", "├": "+", "┬": "+", "┴": "+", "┼": "+"}
)


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


def chart_page(plan: Plan, session_index: int) -> dict[str, Any]:
    """What the template of a chart alone needs."""
    session = _session(plan, session_index)
    product = clean(plan.computed_from.product.value.title, 60)
    title = f"{treatment(plan)}, {when(session)}: {plain(session.dose_g)} g {product}, {plain(plan.rate_weight.kg)} kg"
    stops = [printed_notice(found, plan) for found in plan.notices if found.level == "stop"]
    return {"title": title, "chart": chart_data(session), "stops": stops, "check": CHECK_LINE}


def chart_data(session: Session) -> dict[str, Any] | None:
    """The steps and bottles of a session, for drawing; None where there are no rates."""
    infusion = session.infusion
    if infusion is None:
        return None
    return {
        "minutes": plain(infusion.minutes),
        "end": moment(session, infusion.duration_min),
        "steps": [
            {"from": plain(s.from_start_min), "minutes": plain(s.duration_min), "rate": plain(s.rate_ml_per_h), "at": moment(session, s.from_start_min)}
            for s in session.steps
        ],
        "bottles": [{"bottle": str(b.bottle), "from": plain(b.from_start_min)} for b in session.bottles],
        "words": f"Rate in mL/h against time. {in_words(session)}",
    }  # fmt: skip


def in_words(session: Session) -> str:
    """The chart for those who cannot see it."""
    parts = [f"{moment(session, s.from_start_min)}: {plain(s.rate_ml_per_h)} mL/h" for s in session.steps]
    end = moment(session, session.duration_min or 0)
    return f"{'; '.join(parts)}; {end}: end."


def _session(plan: Plan, session_index: int) -> Session:
    if not 0 <= session_index < len(plan.sessions):
        raise RequestError(f"the plan has {len(plan.sessions)} sessions, not {session_index + 1}", field="session")
    session = plan.sessions[session_index]
    if session.infusion is None:
        raise RequestError("this plan has no rates to draw: no source prints them for its product", field="product")
    return session


def plot_text(plan: Plan, width: int, session_index: int = 0, *, ascii_only: bool = False) -> str:
    """The chart as plain characters, without colour."""
    session = _session(plan, session_index)
    try:
        import plotext
    except ImportError:
        raise MissingExtraError("the plot", "plot") from None
    steps = session.steps
    # drawn in whole hundredths of a minute and ten-thousandths of a mL/h; the figures printed are the plan's own text
    last = int(session.infusion.minutes * 100) if session.infusion else 0
    starts = [int(step.from_start_min * 100) for step in steps]
    rates = [int(step.rate_ml_per_h * 10_000) for step in steps]
    columns = max(NARROWEST_PLOT, min(width, WIDEST_PLOT))
    labels = [moment(session, step.from_start_min) for step in steps]
    labels.append(moment(session, session.duration_min or 0))
    figure = plotext.figure  # the one figure that plotext has: cleared before and after
    figure.clear.all()
    figure.plot_size(columns, PLOT_ROWS)
    figure.theme("colorless")
    line = figure.signal(
        [minute for start, end in pairwise([*starts, last]) for minute in (start, start, end)] + [last],
        [level for before, rate in pairwise([0, *rates]) for level in (before, rate, rate)] + [0],
        marker="#",
    )
    line.lines(True)
    figure.draw(line)
    label_width = (max(map(len, labels)) + 1) * last // (columns - 10)
    marks = _apart([*starts, last], label_width)
    figure.ruler("x").ticks([[*starts, last][mark] for mark in marks], [labels[mark] for mark in marks])
    words = {0: "0", **{rate: plain(step.rate_ml_per_h) for rate, step in zip(rates, steps, strict=True)}}
    heights = [sorted(words)[mark] for mark in _apart(sorted(words), max(rates) * 3 // (2 * (PLOT_ROWS - FRAME_ROWS)))]
    figure.ruler("y").lim(0, max(rates) * 11 // 10)
    figure.ruler("y").ticks(heights, [words[height] for height in heights])
    figure.title(f"Rate, mL/h: {when(session)}, {plain(session.dose_g)} g")
    text = plotext.uncolorize(figure.build().string())
    figure.clear.all()
    text = "\n".join(row.rstrip() for row in text.splitlines()) + "\n"
    return text.translate(_ASCII_FRAME) if ascii_only else text


def _apart(places: list[int], least: int) -> list[int]:
    """Which marks can be labelled so that no two labels touch; the last one always is."""
    kept: list[int] = []
    for number, place in enumerate(places[:-1]):
        if (not kept or place - places[kept[-1]] >= least) and places[-1] - place >= least:
            kept.append(number)
    return [*kept, len(places) - 1]
