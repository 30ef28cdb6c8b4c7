"""Plan -> Markdown, for pasting into a record or a page."""

from __future__ import annotations

from collections.abc import Iterator

from ivigcalc.engine.plan import CHECK_LINE, Infusion, Plan, Session, Step, TraceEntry
from ivigcalc.render.catalogue.plans import Plans
from ivigcalc.render.figures import sentence, shown
from ivigcalc.render.markdown_text import escape, table_lines
from ivigcalc.render.notices import cited_notices
from ivigcalc.render.times import clock_of, duration_text, elapsed_text, if_asked, in_its_customs
from ivigcalc.render.words import (
    facts,
    in_working,
    infusions,
    inputs_text,
    rate_text,
    rates_heading,
    source_numbers,
    title,
    vials_text,
)

_SESSION_HEADINGS = (
    Plans.course,
    Plans.day,
    Plans.date,
    Plans.start,
    Plans.end,
    Plans.dose_column,
    Plans.volume_column,
    Plans.time_column,
    Plans.vials_column,
    Plans.left_column,
)
_STEP_HEADINGS = (
    Plans.step,
    Plans.clock,
    Plans.from_start_column,
    "mL/kg/h",
    "mg/kg/min",
    "mL/h",
    Plans.minutes,
    "mL",
    Plans.running_column,
)


@if_asked
@in_its_customs
def to_markdown(plan: Plan, *, explain: bool = False) -> str:
    """The whole plan."""
    return "\n".join(_lines(plan, explain)) + "\n"


def _lines(plan: Plan, explain: bool) -> Iterator[str]:
    yield f"# {escape(title(plan))}"
    yield ""
    yield from (f"- **{name.strip()}:** {escape(value)}" for name, value in facts(plan))
    yield ""
    yield from _sessions(plan)
    for infusion, sessions in infusions(plan):
        yield from _titration(plan, infusion, sessions)
    yield ""
    yield from (f"- {escape(text)}" for _, text in cited_notices(plan))
    if explain:
        yield from _working(plan)
    yield ""
    yield from (f"{number}. {escape(citation)}" for citation, number in source_numbers(plan).items())
    yield ""
    yield f"**{CHECK_LINE}**"


def _sessions(plan: Plan) -> Iterator[str]:
    totals = plan.totals
    given = shown(totals.dose_g), shown(totals.volume_ml)
    total = (Plans.total, "", "", "", "", *given, "", vials_text(totals.vials), shown(totals.leftover_g))
    if not any(session.done for session in plan.sessions):
        yield from table_lines(_SESSION_HEADINGS, [*map(_session_row, plan.sessions), total])
        return
    rows = [(*_session_row(session), Plans.done if session.done else "") for session in plan.sessions]
    yield from table_lines((*_SESSION_HEADINGS, Plans.given), [*rows, (*total, "")])


def _session_row(session: Session) -> tuple[str, ...]:
    return (
        str(session.course),
        str(session.day),
        session.date or "-",
        clock_of(session, 0),
        clock_of(session, session.duration_min),
        *map(shown, (session.dose_g, session.volume_ml)),
        duration_text(session.duration_min),
        vials_text(session.vials),
        shown(session.leftover_g),
    )


def _titration(plan: Plan, infusion: Infusion, sessions: list[Session]) -> Iterator[str]:
    yield ""
    yield f"## {escape(rates_heading(plan, infusion, sessions))}"
    yield ""
    first = sessions[0]
    if first.ahead:
        yield from table_lines(_STEP_HEADINGS, (_step_row(first, step) for step in first.ahead))


def _step_row(session: Session, step: Step) -> tuple[str, ...]:
    return (
        f"{step.step}{Plans.assumed if step.assumed else ''}",
        clock_of(session, step.from_start_min),
        elapsed_text(step.from_start_min),
        *map(shown, (step.rate_ml_per_kg_per_h, step.rate_mg_per_kg_per_min)),
        rate_text(step),
        *map(shown, (step.duration_min, step.volume_ml, step.cumulative_ml)),
    )


def _working(plan: Plan) -> Iterator[str]:
    yield ""
    yield f"## {Plans.working_heading}"
    yield ""
    yield from table_lines((Plans.number, Plans.expression, Plans.inputs, Plans.result), map(_working_row, plan.trace))


def _working_row(entry: TraceEntry) -> tuple[str, ...]:
    result = f"{in_working(entry.result)} {entry.unit}"
    return tuple(map(escape, (entry.name, sentence(entry.expression), inputs_text(entry), result)))
