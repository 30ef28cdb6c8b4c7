"""dose, schedule, rates, calendar: one patient, one plan."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from ivigcalc.cli.options import takes_form
from ivigcalc.cli.show import (
    ExplainOption,
    Format,
    FormatOption,
    Look,
    NoColorOption,
    OutputOption,
    PaperOption,
    QuietOption,
    SiteOption,
    show,
)
from ivigcalc.engine.plan import Plan
from ivigcalc.errors import RequestError
from ivigcalc.request.form import Command, Form


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command, example in (
        (dose, "dose --regimen dermatomyositis --product octagam-10-us --weight 72kg"),
        (schedule, "schedule -r dermatomyositis -p octagam-10-us --weight 72kg --start 2026-12-01 --at 09:00 --courses 6"),
        (rates, "rates --product panzyga-us --indication primary-immunodeficiency --weight 70kg --dose 70g --at 09:00"),
        (calendar, "calendar -r dermatomyositis -p octagam-10-us --weight 72kg --start 2026-12-01 --at 09:00 --courses 6 --format pdf -o plan.pdf"),
    ):  # fmt: skip
        app.command(name=command.__name__, epilog=f"Example: ivigcalc {example}")(command)


@takes_form("indication", "start", "at", "every", "dose_basis", "courses", "valid_for")
def dose(
    form: Form, site: SiteOption = None, format: FormatOption = Format.table, output: OutputOption = None, explain: ExplainOption = False,
    quiet: QuietOption = False, no_color: NoColorOption = False,
) -> None:  # fmt: skip
    """Dosing weight, course dose, split into sessions, vials and duration, without dates."""
    _refuse_dates(format, "dose")
    show(compute(form, "dose", site), Look(format, output, explain, quiet, no_color))


@takes_form("indication")
def schedule(
    form: Form, site: SiteOption = None, format: FormatOption = Format.table, output: OutputOption = None, explain: ExplainOption = False,
    paper: PaperOption = "a4", quiet: QuietOption = False, no_color: NoColorOption = False,
) -> None:  # fmt: skip
    """The dated plan: courses and sessions with start and finish times, doses, vials and rates."""
    show(compute(form, "schedule", site), Look(format, output, explain, quiet, no_color, paper))


@takes_form("regimen", "phase", "days", "every", "dose_basis", "courses", "valid_for")
def rates(
    form: Form, site: SiteOption = None, format: FormatOption = Format.table, output: OutputOption = None, explain: ExplainOption = False,
    plot: Annotated[bool, typer.Option("--plot", help="Draw the titration.", rich_help_panel="Output")] = False,
    quiet: QuietOption = False, no_color: NoColorOption = False,
) -> None:  # fmt: skip
    """The titration of one infusion of exactly this dose: step, clock time, rates, minutes, mL."""
    _refuse_dates(format, "rates")
    show(compute(form, "rates", site), Look(format, output, explain, quiet, no_color, plot=plot))


@takes_form("indication")
def calendar(
    form: Form, site: SiteOption = None, format: FormatOption = Format.table, output: OutputOption = None, paper: PaperOption = "a4",
    previous: Annotated[
        Path | None,
        typer.Option(help="The .ics exported before: what changed is updated, what is gone is cancelled.", metavar="FILE", rich_help_panel="Output", show_default=False),
    ] = None,
    alarm: Annotated[int | None, typer.Option(help="Minutes before each session, for .ics.", min=1, max=20160, metavar="MINUTES", rich_help_panel="Output", show_default=False)] = None,
    quiet: QuietOption = False, no_color: NoColorOption = False,
) -> None:  # fmt: skip
    """The month grid on screen, a printable PDF with a sheet for each session, or an .ics file."""
    plan = compute(form, "schedule", site)
    look = Look(format, output, quiet=quiet, no_color=no_color, paper=paper, previous=previous, alarm_min=alarm)
    if format is Format.table:
        _show_month_grids(plan, look)
    else:
        show(plan, look)


def _refuse_dates(format: Format, command: Command) -> None:
    if format is Format.ics:
        raise RequestError(
            f"{command} has no dates to put in a calendar: use `ivigcalc schedule` or `ivigcalc calendar`, with --start and --at",
            field="format",
        )


def compute(form: Form, command: Command, site: str | None) -> Plan:
    """Plan a form, with today's date from the clock: the one place where it is read."""
    from ivigcalc.api import plan_form
    from ivigcalc.cli.sites import find_site

    return plan_form(form, command, on=datetime.now().astimezone().date(), site=find_site(site))


def _show_month_grids(plan: Plan, look: Look) -> None:
    from ivigcalc.cli import output as out
    from ivigcalc.engine.schedule import closed_days
    from ivigcalc.render.month import month_grids
    from ivigcalc.render.table import render

    plain = out.ascii_only(look.to)
    width = (out.terminal_width() if look.to is None else None) or 80
    closed = closed_days(plan.computed_from.site.value, (s.on for s in plan.sessions if s.on))
    grids = month_grids(plan, width, closed, ascii_only=plain)
    out.emit(render(grids, width=width, color=out.wants_color(look.no_color, look.to), ascii_only=plain), look.to)
