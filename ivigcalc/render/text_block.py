"""Plan -> a block of plain text for a record: it lines up in one width of letters, and is read without it too.

Every line says by itself what it is about, so that nothing hangs on columns; no line is longer than `WIDTH`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from ivigcalc.engine.plan import CHECK_LINE, Plan, Session, Step
from ivigcalc.render.catalogue.plans import Plans, Times
from ivigcalc.render.figures import shown
from ivigcalc.render.notices import cited_notices
from ivigcalc.render.times import clock_of, duration_text, if_asked, in_its_customs, span, weekday_short
from ivigcalc.render.words import (
    clean,
    facts,
    infusions,
    rate_text,
    rates_heading,
    source_numbers,
    title,
    vials_text,
)

WIDTH = 80


@if_asked
@in_its_customs
def to_text(plan: Plan) -> str:
    """The whole plan but its working."""
    return "\n".join(_wrapped(_lines(plan))) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    yield title(plan)
    yield from (f"{name.strip()}: {clean(value, 400)}" for name, value in facts(plan))
    order_line = Plans.first_order_line if plan.history else Plans.order_line
    yield order_line.format(order=plan.order_text)
    yield ""
    yield from _aligned(map(_session, plan.sessions))
    totals = plan.totals
    dose, volume = shown(totals.dose_g), shown(totals.volume_ml)
    yield Plans.total_line.format(dose=dose, volume=volume, vials=vials_text(totals.vials))
    for infusion, sessions in infusions(plan):
        yield ""
        yield f"{rates_heading(plan, infusion, sessions)}:"
        yield from _aligned(_step(sessions[0], step) for step in sessions[0].steps)
    yield ""
    yield from (text for _, text in cited_notices(plan))
    yield ""
    yield from (f"[{number}] {clean(citation, 400)}" for citation, number in source_numbers(plan).items())
    yield CHECK_LINE


def _session(session: Session) -> tuple[str, ...]:
    when = Plans.session_line.format(course=session.course, day=session.day)
    date = f"{weekday_short(session.on)} {session.date or ''}".strip()
    start = clock_of(session, 0)
    clock = span(session, 0, session.duration_min) if start.strip("-") else ""
    left = Plans.left_over.format(left=shown(session.leftover_g)) if session.leftover_g else ""
    figures = (f"{shown(session.dose_g)} g", f"{shown(session.volume_ml)} mL", duration_text(session.duration_min))
    return (when, date, clock, *figures, vials_text(session.vials), left)


def _step(session: Session, step: Step) -> tuple[str, ...]:
    clock = clock_of(session, step.from_start_min)
    return (
        Plans.step_line.format(step=step.step) + ("*" if step.assumed else ""),
        Plans.step_from.format(time=clock) if clock.strip("-") else "",
        f"{rate_text(step)} mL/h",
        Times.minutes.format(minutes=shown(step.duration_min)),
        f"{shown(step.volume_ml)} mL",
        Plans.in_all.format(volume=shown(step.cumulative_ml)),
    )


def _aligned(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Rows whose parts stand below each other; what no row has is left out."""
    table = list(rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        parts = [f"{part}; ".ljust(width + 2) for part, width in zip(row, widths, strict=True) if width]
        yield "".join(parts).rstrip(" ;")


def _wrapped(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield from textwrap.wrap(line, WIDTH, subsequent_indent="  ", break_on_hyphens=False) or [""]
