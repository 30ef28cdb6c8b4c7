"""Plan -> tables for people. Complete at any width and in a pipe: a cell may fold, a figure is never cut."""

from __future__ import annotations

import io

from rich import box
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from ivigcalc.engine.plan import CHECK_LINE, Infusion, Plan, Session, VialCount
from ivigcalc.quantity import plain
from ivigcalc.render.notices import cited_notices
from ivigcalc.render.times import clock_of, elapsed_text
from ivigcalc.render.words import facts, infusions, inputs_text, rates_heading, shown, source_numbers, title

#: a table that is not shown on a terminal is given the width it needs, up to this
PIPE_WIDTH = 200
_STYLES = {"info": "dim", "caution": "bold yellow", "stop": "bold red"}


def to_table(
    plan: Plan, *, width: int | None = None, color: bool = False, ascii_only: bool = False, explain: bool = False
) -> str:
    """The whole plan as text; `width` None = as wide as it needs."""
    parts: list[RenderableType] = [Text(title(plan), style="bold"), _facts_table(plan)]
    parts += [_heading("Sessions"), _sessions_table(plan)]
    for infusion, sessions in infusions(plan):
        parts += [_heading(rates_heading(plan, infusion, sessions)), _steps_table(infusion, sessions)]
    parts += _notices(plan)
    if explain:
        parts += _working(plan)
    parts += _foot(plan)
    return render(Group(*parts), width=width, color=color, ascii_only=ascii_only)


def render(content: RenderableType, *, width: int | None = None, color: bool = False, ascii_only: bool = False) -> str:
    """Any rich content as text, without trailing blanks."""
    stream = _AsciiIO() if ascii_only else io.StringIO()
    console = Console(
        file=stream, width=width or PIPE_WIDTH, force_terminal=color, no_color=not color, highlight=False, markup=False,
        emoji=False, legacy_windows=False, color_system="standard" if color else None,
    )  # fmt: skip
    room = console.width
    for part in content.renderables if isinstance(content, Group) else [content]:
        console.width = room
        _print_whole(part, console)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


def _print_whole(content: RenderableType, console: Console) -> None:
    # never cut a figure: where a table needs more than there is, let its lines run over
    console.width = max(console.width, _least_width(content, console))
    console.print(content)


def _least_width(content: RenderableType, console: Console) -> int:
    """The width at which a table has to cut no figure, and to break no word of a cell that folds; a text folds anywhere."""
    if not isinstance(content, Table):
        return 1
    unbounded = console.options.update(width=10_000)
    for column in content.columns:
        if column.no_wrap:  # rich itself would count the longest word only, and crop the rest: `02:48 +1 d` is three
            texts = [column.header, *column.cells]
            column.min_width = max(Measurement.get(console, unbounded, text).maximum for text in texts)
    return Measurement.get(console, unbounded, content).minimum


class _AsciiIO(io.StringIO):
    """Tells rich that only ASCII can be shown, so that it draws tables with + - |."""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "ascii"


def new_table(*headings: str, left: tuple[str, ...] = ()) -> Table:
    """A table whose figures are right-aligned; `left` names the columns of words."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in headings:
        words = heading in left
        table.add_column(
            Text(heading), justify="left" if words else "right", overflow="fold", no_wrap=not words, vertical="top"
        )
    return table


def _facts_table(plan: Plan) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts(plan):
        table.add_row(Text(name), Text(value))
    return table


def _sessions_table(plan: Plan) -> Table:
    dated = any(session.on for session in plan.sessions)
    timed = any(session.starts_at for session in plan.sessions)
    headings = [
        "Course",
        "Day",
        *(["Date"] if dated else []),
        *(["Start", "End"] if timed else []),
        "Dose\ng",
        "Volume\nmL",
        "Time\nh:min",
        "Vials\nn x g",
        "Left\ng",
    ]
    table = new_table(*headings, left=("Vials\nn x g",))
    course = 0
    for session in plan.sessions:
        if session.course != course and course:
            table.add_section()
        course = session.course
        date = [Text(f"{(session.weekday or '')[:3]} {session.date}")] if dated else []
        clock = [Text(clock_of(session, 0)), Text(clock_of(session, session.duration_min))] if timed else []
        table.add_row(
            shown(session.course), shown(session.day), *date, *clock, Text(shown(session.dose_g), style="bold"), shown(session.volume_ml),
            "-" if session.duration_min is None else elapsed_text(session.duration_min), _vials(session.vials), shown(session.leftover_g),
        )  # fmt: skip
    totals = plan.totals
    table.add_section()
    blank = [""] * ((1 if dated else 0) + (2 if timed else 0) + 1)
    table.add_row(
        "Total",
        *blank,
        shown(totals.dose_g),
        shown(totals.volume_ml),
        "",
        _vials(totals.vials),
        shown(totals.leftover_g),
        style="bold",
    )
    return table


def _vials(vials: tuple[VialCount, ...]) -> str:
    """`2x30 1x10`: short, because a row has to fit 80 columns."""
    return " ".join(f"{vial.count}x{plain(vial.size_g)}" for vial in vials) or "-"


def _heading(text: str) -> Text:
    return Text(f"\n{text}", style="bold")


def _steps_table(infusion: Infusion, sessions: list[Session]) -> Table:
    first = sessions[0]
    timed = first.at_min is not None
    headings = [
        "Step",
        *(["Clock"] if timed else []),
        "From\nh:min",
        "Rate\nmL/kg/h",
        "Rate\nmg/kg/min",
        "Set pump\nmL/h",
        "For\nmin",
        "Step\nmL",
        "Running\nmL",
    ]
    table = new_table(*headings)
    for step in infusion.steps:
        mark = "*" if step.assumed else ""
        table.add_row(
            f"{step.step}{mark}", *([clock_of(first, step.from_start_min)] if timed else []), elapsed_text(step.from_start_min),
            shown(step.rate_ml_per_kg_per_h), shown(step.rate_mg_per_kg_per_min), Text(shown(step.rate_ml_per_h), style="bold"),
            shown(step.duration_min), shown(step.volume_ml), shown(step.cumulative_ml),
        )  # fmt: skip
    return table


def _notices(plan: Plan) -> list[RenderableType]:
    said = [Text(text, style=_STYLES[found.level], overflow="fold") for found, text in cited_notices(plan)]
    return [Text(""), *said]


def _working(plan: Plan) -> list[RenderableType]:
    """Two lines a number: how it is made, and what it comes to."""
    numbers = source_numbers(plan)
    lines: list[RenderableType] = [
        Text("\nWorking (a name stands for the exact value of its line above)", style="bold")
    ]
    for entry in plan.trace:
        inputs = inputs_text(entry)
        cited = f"  [{numbers[entry.source]}]" if entry.source in numbers else ""
        lines.append(Text(f"{entry.name} = {entry.expression}" + (f"   where {inputs}" if inputs else "")))
        lines.append(Text(f"    = {shown(entry.result)} {entry.unit}{cited}", style="bold"))
    return lines


def _foot(plan: Plan) -> list[RenderableType]:
    lines: list[RenderableType] = [Text(""), Text("Sources", style="bold")]
    lines += [Text(f"[{number}] {citation}", overflow="fold") for citation, number in source_numbers(plan).items()]
    source = plan.computed_from
    parts = [
        f"{d.value.id} {d.value.version} {d.sha256[:8]}"
        for d in (source.regimen, source.product, source.policy.policy)
        if d
    ]
    lines.append(
        Text(f"ivigcalc {plan.ivigcalc_version}; definitions: {'; '.join(parts)}", style="dim", overflow="fold")
    )
    lines.append(Text(CHECK_LINE, style="bold"))
    return lines
