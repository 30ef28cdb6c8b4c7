"""Plan -> Markdown, for pasting into a record or a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ivigcalc.engine.plan import CHECK_LINE, Plan, Session
from ivigcalc.render.notices import cited_notices
from ivigcalc.render.times import clock_of, duration_text, elapsed_text
from ivigcalc.render.words import facts, infusions, rates_heading, shown, source_numbers, title, vials_text

_SPECIAL = "\\`*_{}[]<>()#+-.!|~&"


def escape(text: str) -> str:
    """Text from outside as plain words: nothing in it is markup."""
    return "".join(f"\\{c}" if c in _SPECIAL else c for c in " ".join(text.split()))


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
        yield ""
        yield f"## {escape(rates_heading(plan, infusion, sessions))}"
        yield ""
        yield from _steps(sessions[0])
    yield ""
    yield from (f"- {escape(text)}" for _, text in cited_notices(plan))
    if explain:
        yield from _working(plan)
    yield ""
    yield from (f"{number}. {escape(citation)}" for citation, number in source_numbers(plan).items())
    yield ""
    yield f"**{CHECK_LINE}**"


def _sessions(plan: Plan) -> Iterator[str]:
    rows = [
        (shown(s.course), shown(s.day), shown(s.date), clock_of(s, 0), clock_of(s, s.duration_min), shown(s.dose_g), shown(s.volume_ml),
         duration_text(s.duration_min), vials_text(s.vials), shown(s.leftover_g))
        for s in plan.sessions
    ]  # fmt: skip
    totals = plan.totals
    rows.append(
        (
            "Total",
            "",
            "",
            "",
            "",
            shown(totals.dose_g),
            shown(totals.volume_ml),
            "",
            vials_text(totals.vials),
            shown(totals.leftover_g),
        )
    )
    yield from _table(("Course", "Day", "Date", "Start", "End", "Dose g", "Volume mL", "Time", "Vials", "Left g"), rows)


def _steps(session: Session) -> Iterator[str]:
    rows = (
        (f"{s.step}{' (assumed)' if s.assumed else ''}", clock_of(session, s.from_start_min), elapsed_text(s.from_start_min), shown(s.rate_ml_per_kg_per_h),
         shown(s.rate_mg_per_kg_per_min), shown(s.rate_ml_per_h), shown(s.duration_min), shown(s.volume_ml), shown(s.cumulative_ml))
        for s in session.steps
    )  # fmt: skip
    headings = ("Step", "Clock", "From start h:min", "mL/kg/h", "mg/kg/min", "mL/h", "Minutes", "mL", "Running mL")
    yield from _table(headings, rows)


def _working(plan: Plan) -> Iterator[str]:
    yield ""
    yield "## Working"
    yield ""
    rows = (
        (escape(e.name), escape(e.expression), escape(", ".join(f"{k} = {shown(v)}" for k, v in e.inputs.items())), escape(f"{shown(e.result)} {e.unit}"))
        for e in plan.trace
    )  # fmt: skip
    yield from _table(("Number", "Expression", "With", "Result"), rows)


def _table(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield "| " + " | ".join(headings) + " |"
    yield "|" + " --- |" * len(headings)
    for row in rows:
        yield "| " + " | ".join(row) + " |"
