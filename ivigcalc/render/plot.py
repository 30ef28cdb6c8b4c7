"""The titration of one infusion as a plot of plain characters, for terminals."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from ivigcalc.engine.plan import Plan, Session
from ivigcalc.errors import MissingExtraError
from ivigcalc.render.catalogue.plans import Plans
from ivigcalc.render.figures import figure
from ivigcalc.render.paper.chart import session_to_draw
from ivigcalc.render.times import if_asked, in_its_customs, moment
from ivigcalc.render.words import when

PLOT_ROWS = 16
#: title, frame and clock times
FRAME_ROWS = 4
NARROWEST_PLOT, WIDEST_PLOT = 40, 160
#: what plotext draws its frame with, and what stands in for it where only ASCII can be shown
_ASCII_FRAME = str.maketrans("─│┌┐└┘┤├┬┴┼", "-|+++++++++")
#: plotext is given whole numbers: hundredths of a minute, ten-thousandths of a mL/h
_PER_MINUTE, _PER_ML_PER_H = 100, 10_000


@if_asked
@in_its_customs
def plot_text(plan: Plan, width: int, session_index: int = 0, *, ascii_only: bool = False) -> str:
    """The chart as plain characters, without colour."""
    session = session_to_draw(plan, session_index)
    try:
        import plotext
    except ImportError:
        raise MissingExtraError("the plot", "plot") from None
    columns = max(NARROWEST_PLOT, min(width, WIDEST_PLOT))
    drawing = plotext.figure  # the one figure that plotext has: cleared before and after
    drawing.clear.all()
    drawing.plot_size(columns, PLOT_ROWS)
    drawing.theme("colorless")
    _draw(drawing, session, columns)
    drawing.title(Plans.plot.format(session=when(session), dose=figure(session.dose_g)))
    text = plotext.uncolorize(drawing.build().string())
    drawing.clear.all()
    text = "\n".join(row.rstrip() for row in text.splitlines()) + "\n"
    return text.translate(_ASCII_FRAME) if ascii_only else text


def _draw(drawing: Any, session: Session, columns: int) -> None:
    """The line of the rates, and the two rulers beside it. The figures printed are the plan's own text."""
    starts = [int(step.from_start_min * _PER_MINUTE) for step in session.steps]
    starts.append(int(session.infusion.minutes * _PER_MINUTE) if session.infusion else 0)
    rates = [int(step.rate_ml_per_h * _PER_ML_PER_H) for step in session.steps]
    line = drawing.signal(
        [minute for start, end in pairwise(starts) for minute in (start, start, end)] + [starts[-1]],
        [level for before, rate in pairwise([0, *rates]) for level in (before, rate, rate)] + [0],
        marker="#",
    )
    line.lines(True)
    drawing.draw(line)
    _rule_times(drawing, session, starts, columns)
    words = (figure(step.rate_ml_per_h) for step in session.steps)
    _rule_rates(drawing, {0: "0", **dict(zip(rates, words, strict=True))})


def _rule_times(drawing: Any, session: Session, starts: list[int], columns: int) -> None:
    labels = [moment(session, step.from_start_min) for step in session.steps]
    labels.append(moment(session, session.duration_min or 0))
    label_width = (max(map(len, labels)) + 1) * starts[-1] // (columns - 10)
    marks = _apart(starts, label_width)
    drawing.ruler("x").ticks([starts[mark] for mark in marks], [labels[mark] for mark in marks])


def _rule_rates(drawing: Any, words: dict[int, str]) -> None:
    highest = max(words)
    places = sorted(words)
    heights = [places[mark] for mark in _apart(places, highest * 3 // (2 * (PLOT_ROWS - FRAME_ROWS)))]
    drawing.ruler("y").lim(0, highest * 11 // 10)
    drawing.ruler("y").ticks(heights, [words[height] for height in heights])


def _apart(places: list[int], least: int) -> list[int]:
    """Which marks can be labelled so that no two labels touch; the last one always is."""
    kept: list[int] = []
    for number, place in enumerate(places[:-1]):
        if (not kept or place - places[kept[-1]] >= least) and places[-1] - place >= least:
            kept.append(number)
    return [*kept, len(places) - 1]
