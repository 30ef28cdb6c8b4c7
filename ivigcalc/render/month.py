"""Plan -> month grids for the screen, and a list of the sessions. Words carry it, not colour."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ivigcalc.engine.plan import CHECK_LINE, Plan, Session
from ivigcalc.errors import RequestError
from ivigcalc.render.catalogue.paper import Paper
from ivigcalc.render.catalogue.plans import Plans
from ivigcalc.render.figures import figure, shown
from ivigcalc.render.months import Cell, ClosedDays, Month, months
from ivigcalc.render.notices import by_level, folded_text, notice_text, on_screen
from ivigcalc.render.times import clock_of, duration_text, on_its_screen, short_day, span, weekday_names
from ivigcalc.render.words import clean, patient_text, title, vials_text

#: seven columns that hold `C12 D5` and a time, with their rules
NARROWEST_GRID = 57
WIDEST_GRID = 106
_MARK_STYLES = {Paper.holiday: "italic", Paper.closed: "dim", Paper.moved: "bold"}


@on_its_screen
def month_grids(
    plan: Plan, width: int, closed: ClosedDays, *, ascii_only: bool = False, notes: bool = True
) -> RenderableType:
    """One grid per month that has a session, what its marks mean, and the list of sessions."""
    found = months(plan, closed)
    if not found:
        raise RequestError("a calendar needs dates: give --start", field="start")
    parts: list[RenderableType] = [Text(title(plan), style="bold", overflow="fold"), *_whose(plan), Text("")]
    for month in found:
        if width >= NARROWEST_GRID:
            parts += [_grid(month, width, ascii_only), *_notes(month), Text("")]
    legend = Plans.legend if width >= NARROWEST_GRID else Plans.grids_need.format(columns=NARROWEST_GRID)
    parts += [Text(legend, overflow="fold"), Text(""), session_list(plan)]
    texts = [(found, notice_text(found)) for found in by_level(plan.notices)]
    said, folded = (texts, 0) if notes else on_screen(texts)
    parts += [Text(text, overflow="fold") for _, text in said]
    parts += [Text(folded_text(folded))] if folded else []
    parts.append(Text(CHECK_LINE, style="bold", overflow="fold"))
    return Group(*parts)


def _whose(plan: Plan) -> list[Text]:
    product = plan.computed_from.product.value
    lines = (patient_text(plan), clean(f"{product.title} ({product.id})", 160))
    return [Text(line, overflow="fold") for line in lines if line]


def _grid(month: Month, width: int, ascii_only: bool) -> Table:
    lines = box.ASCII2 if ascii_only else box.SQUARE
    table = Table(title=Text(month.title, style="bold"), box=lines, show_lines=True, padding=(0, 0, 0, 1))
    for name in weekday_names():
        table.add_column(Text(name), width=(min(width, WIDEST_GRID) - 8) // 7 - 1)
    for week in month.weeks:
        table.add_row(*(_cell(cell) for cell in week))
    return table


def _cell(cell: Cell) -> Text:
    if cell.on is None:
        return Text("")
    lines = [Text(str(cell.on.day))]
    lines += [Text(mark, style=_MARK_STYLES[mark]) for mark in cell.marks]
    for session in cell.sessions:
        lines.append(Text(Paper.course_day_short.format(course=session.course, day=session.day), style="bold"))
        lines.append(Text(f"{figure(session.dose_g)} g", style="bold"))
        if session.at_min is not None:
            lines.append(Text(clock_of(session, 0), style="bold"))
    return Text("\n").join(lines)


def _notes(month: Month) -> Iterator[Text]:
    for on, note in month.notes:
        yield Text(f"{short_day(on)}: {note}", overflow="fold")


def session_list(plan: Plan) -> Text:
    """Every session in two lines, when and how much, then the vials; and the totals. Folds, but never cuts."""
    rows = [_session_row(session) for session in plan.sessions]
    totals = plan.totals
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    dose, volume = figure(totals.dose_g), shown(totals.volume_ml)
    words = Plans.total_session if totals.sessions == 1 else Plans.total_sessions
    total = words.format(sessions=totals.sessions, dose=dose, volume=volume)
    lines = [Text(Plans.sessions, style="bold")]
    for session, row in zip(plan.sessions, rows, strict=True):
        lines.append(Text("  ".join(part.ljust(width) for part, width in zip(row, widths, strict=True)).rstrip()))
        lines.append(Text(f"{'':{widths[0]}}  {vials_text(session.vials)}"))
    lines += [Text(total, style="bold"), Text(f"{'':{widths[0]}}  {vials_text(totals.vials)}"), Text("")]
    return Text("\n", overflow="fold").join(lines)


def _session_row(session: Session) -> tuple[str, ...]:
    clock = span(session, 0, session.duration_min) if session.at_min is not None else ""
    return (
        Paper.course_day_short.format(course=session.course, day=session.day),
        short_day(session.on),
        clock,
        f"{figure(session.dose_g)} g",
        f"{shown(session.volume_ml)} mL",
        duration_text(session.duration_min),
    )
