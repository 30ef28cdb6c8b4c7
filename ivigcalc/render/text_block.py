"""Plan -> a block of plain text for a record: it lines up in one width of letters, and is read without it too.

Every line says by itself what it is about, so that nothing hangs on columns; no line is longer than `WIDTH`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from ivigcalc.engine.plan import CHECK_LINE, Plan, Session, Step
from ivigcalc.render.notices import cited_notices
from ivigcalc.render.times import clock_of, duration_text
from ivigcalc.render.words import (
    clean,
    facts,
    infusions,
    rate_text,
    rates_heading,
    shown,
    source_numbers,
    title,
    vials_text,
)

WIDTH = 80


def to_text(plan: Plan) -> str:
    """The whole plan but its working."""
    return "\n".join(_wrapped(_lines(plan))) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    yield title(plan)
    yield from (f"{name.strip()}: {clean(value, 400)}" for name, value in facts(plan))
    yield f"Order{' at first' if plan.history else ''}: {plan.order_text}"
    yield ""
    yield from _aligned(map(_session, plan.sessions))
    totals = plan.totals
    yield f"Total: {shown(totals.dose_g)} g; {shown(totals.volume_ml)} mL; {vials_text(totals.vials)}"
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
    when = f"Course {session.course} day {session.day}"
    date = f"{(session.weekday or '')[:3]} {session.date or ''}".strip()
    start = clock_of(session, 0)
    clock = f"{start} to {clock_of(session, session.duration_min)}" if start.strip("-") else ""
    left = f"{shown(session.leftover_g)} g left" if session.leftover_g else ""
    figures = (f"{shown(session.dose_g)} g", f"{shown(session.volume_ml)} mL", duration_text(session.duration_min))
    return (when, date, clock, *figures, vials_text(session.vials), left)


def _step(session: Session, step: Step) -> tuple[str, ...]:
    clock = clock_of(session, step.from_start_min)
    return (
        f"Step {step.step}{'*' if step.assumed else ''}",
        f"from {clock}" if clock.strip("-") else "",
        f"{rate_text(step)} mL/h",
        f"{shown(step.duration_min)} min",
        f"{shown(step.volume_ml)} mL",
        f"{shown(step.cumulative_ml)} mL in all",
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
