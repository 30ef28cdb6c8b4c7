"""dose, schedule, rates: one patient, one plan."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from ivigcalc.ask import Command, Form
from ivigcalc.cli.options import takes_form
from ivigcalc.plan import Plan

_OUTPUT = "Output"


class Format(StrEnum):
    """The faces of a plan."""

    table = "table"
    json = "json"
    csv = "csv"
    markdown = "markdown"


SiteOption = Annotated[
    str | None,
    typer.Option(
        help="Site file: hours, holidays, pump, stock, prices.",
        metavar="FILE",
        rich_help_panel="Order",
        show_default=False,
    ),
]
FormatOption = Annotated[
    Format, typer.Option("--format", "-f", help="How to show the result.", rich_help_panel=_OUTPUT)
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="Write to a file instead of stdout.",
        metavar="FILE",
        rich_help_panel=_OUTPUT,
        show_default=False,
    ),
]
ExplainOption = Annotated[
    bool, typer.Option("--explain", help="Show the working of every number, with sources.", rich_help_panel=_OUTPUT)
]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="Nothing on stderr but errors.", rich_help_panel=_OUTPUT)
]
NoColorOption = Annotated[bool, typer.Option("--no-color", help="No colour.", rich_help_panel=_OUTPUT)]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(name="dose", epilog=_example("dose --regimen dermatomyositis --product octagam-10-us --weight 72kg"))(
        dose
    )
    app.command(
        name="schedule",
        epilog=_example(
            "schedule -r dermatomyositis -p octagam-10-us --weight 72kg --start 2026-12-01 --at 09:00 --courses 6"
        ),
    )(schedule)
    app.command(
        name="rates",
        epilog=_example(
            "rates --product panzyga-us --indication primary-immunodeficiency --weight 70kg --dose 70g --at 09:00"
        ),
    )(rates)


def _example(command: str) -> str:
    return f"Example: ivigcalc {command}"


@takes_form("indication", "start", "at", "every", "dose_basis", "courses", "valid_for")
def dose(
    form: Form, site: SiteOption = None, format: FormatOption = Format.table, output: OutputOption = None, explain: ExplainOption = False,
    quiet: QuietOption = False, no_color: NoColorOption = False,
) -> None:  # fmt: skip
    """Dosing weight, course dose, split into sessions, vials and duration, without dates."""
    show(compute(form, "dose", site), format, output, explain=explain, quiet=quiet, no_color=no_color)


@takes_form("indication")
def schedule(
    form: Form, site: SiteOption = None, format: FormatOption = Format.table, output: OutputOption = None, explain: ExplainOption = False,
    quiet: QuietOption = False, no_color: NoColorOption = False,
) -> None:  # fmt: skip
    """The dated plan: courses and sessions with start and finish times, doses, vials and rates."""
    show(compute(form, "schedule", site), format, output, explain=explain, quiet=quiet, no_color=no_color)


@takes_form("regimen", "days", "every", "dose_basis", "courses", "valid_for")
def rates(
    form: Form, site: SiteOption = None, format: FormatOption = Format.table, output: OutputOption = None, explain: ExplainOption = False,
    plot: Annotated[bool, typer.Option("--plot", help="Draw the titration.", rich_help_panel=_OUTPUT)] = False,
    quiet: QuietOption = False, no_color: NoColorOption = False,
) -> None:  # fmt: skip
    """The titration of one infusion of exactly this dose: step, clock time, rates, minutes, mL."""
    plan = compute(form, "rates", site)
    show(plan, format, output, explain=explain, quiet=quiet, no_color=no_color, plot=plot)


def compute(form: Form, command: Command, site: str | None) -> Plan:
    """Plan a form, with today's date from the clock: the one place where it is read."""
    from ivigcalc.ask import plan_form
    from ivigcalc.cli.sites import find_site

    return plan_form(form, command, on=datetime.now().astimezone().date(), site=find_site(site))


def show(
    plan: Plan, format: Format, output: Path | None, *, explain: bool, quiet: bool, no_color: bool, **more: Any
) -> None:
    """Render a plan and write it; a face without notices of its own has them on stderr."""
    from ivigcalc.cli.output import emit, say

    if format in (Format.json, Format.csv):
        from ivigcalc.render.phrases import notice_text

        for notice in plan.notices:
            if notice.level != "info":
                say(notice_text(notice), quiet=quiet)
    emit(rendered(plan, format, output, explain=explain, no_color=no_color, **more), output)


def rendered(
    plan: Plan, format: Format, output: Path | None, *, explain: bool, no_color: bool, plot: bool = False
) -> str:
    """The plan as text."""
    if format is Format.json:
        from ivigcalc.render.json import to_json

        return to_json(plan)
    if format is Format.csv:
        from ivigcalc.render.csv import to_csv

        return to_csv(plan)
    if format is Format.markdown:
        from ivigcalc.render.markdown import to_markdown

        return to_markdown(plan, explain=explain)
    from ivigcalc.cli.output import ascii_only, terminal_width, wants_color
    from ivigcalc.render.table import to_table

    width = terminal_width() if output is None else None
    text = to_table(
        plan, width=width, color=wants_color(no_color, output), ascii_only=ascii_only(output), explain=explain
    )
    if plot:
        from ivigcalc.render.chart import plot_text

        text = plot_text(plan, min(width or 80, 100)) + "\n" + text
    return text
