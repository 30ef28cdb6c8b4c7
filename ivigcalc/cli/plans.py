"""dose, schedule, rates, calendar: one patient, one plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ivigcalc.cli.declare import in_panel
from ivigcalc.cli.options import takes_form
from ivigcalc.cli.show import (
    ExplainOption,
    Format,
    FormatOption,
    InitialsOption,
    LocaleOption,
    Look,
    NoColorOption,
    NotesOption,
    OutputOption,
    PaperOption,
    PartOption,
    QuietOption,
    SessionOption,
    SiteOption,
    named_otherwise,
    parts_named,
    show,
)
from ivigcalc.cli.today import today
from ivigcalc.errors import RequestError
from ivigcalc.request.form import Command, Form

if TYPE_CHECKING:
    import typer

    from ivigcalc.engine.plan import Plan

_output = in_panel("Output")
PlotOption = Annotated[bool, _output("Draw the titration.", "--plot")]
PreviousOption = Annotated[
    Path | None,
    _output("The .ics exported before: what changed is updated, what is gone is cancelled.", metavar="FILE"),
]
AlarmOption = Annotated[
    int | None, _output("Minutes before each session, for .ics.", min=1, max=20160, metavar="MINUTES")
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    from ivigcalc.cli.lean import add_command  # brings typer, which a plain line does without

    order = "-r dermatomyositis -p octagam-10-us --weight 72kg --start 2026-12-01 --at 09:00 --courses 6"
    infusion = "--product panzyga-us --indication primary-immunodeficiency --weight 70kg --dose 70g --at 09:00"
    for command, example in (
        (dose, "--regimen dermatomyositis --product octagam-10-us --weight 72kg"),
        (schedule, order),
        (rates, infusion),
        (calendar, f"{order} --format pdf -o plan.pdf"),
    ):
        name = command.__name__
        add_command(app, name, command, f"{name} {example}")


@takes_form("dose")
def dose(
    form: Form,
    site: SiteOption = None,
    format: FormatOption = Format.table,
    output: OutputOption = None,
    explain: ExplainOption = False,
    notes: NotesOption = False,
    locale: LocaleOption = None,
    quiet: QuietOption = False,
    no_color: NoColorOption = False,
) -> None:
    """Dosing weight, course dose, split into sessions, vials and duration, without dates."""
    _refuse_dates(format, "dose")
    show(compute(form, "dose", site), Look(format, output, explain, quiet, no_color, notes=notes, locale=locale))


@takes_form("schedule")
def schedule(
    form: Form,
    site: SiteOption = None,
    format: FormatOption = Format.table,
    output: OutputOption = None,
    explain: ExplainOption = False,
    notes: NotesOption = False,
    paper: PaperOption = None,
    locale: LocaleOption = None,
    quiet: QuietOption = False,
    no_color: NoColorOption = False,
) -> None:
    """The dated plan: courses and sessions with start and finish times, doses, vials and rates."""
    show(
        compute(form, "schedule", site),
        Look(format, output, explain, quiet, no_color, paper, notes=notes, locale=locale),
    )


@takes_form("rates")
def rates(
    form: Form,
    site: SiteOption = None,
    format: FormatOption = Format.table,
    output: OutputOption = None,
    explain: ExplainOption = False,
    notes: NotesOption = False,
    plot: PlotOption = False,
    locale: LocaleOption = None,
    quiet: QuietOption = False,
    no_color: NoColorOption = False,
) -> None:
    """The titration of one infusion of exactly this dose: step, clock time, rates, minutes, mL."""
    _refuse_dates(format, "rates")
    look = Look(format, output, explain, quiet, no_color, plot=plot, notes=notes, locale=locale)
    show(compute(form, "rates", site), look)


@takes_form("schedule")
def calendar(
    form: Form,
    site: SiteOption = None,
    format: FormatOption = Format.table,
    output: OutputOption = None,
    notes: NotesOption = False,
    paper: PaperOption = None,
    locale: LocaleOption = None,
    part: PartOption = [],  # noqa: B006 - typer wants a list, and nobody changes it
    session: SessionOption = None,
    previous: PreviousOption = None,
    alarm: AlarmOption = None,
    initials: InitialsOption = False,
    quiet: QuietOption = False,
    no_color: NoColorOption = False,
) -> None:
    """The month grid on screen, a printable PDF or HTML page with a sheet for each session, or an .ics file."""
    if (part or session is not None) and format not in (Format.pdf, Format.html):
        raise RequestError(
            f"--part and --session choose pages, and {format} has none: give --format pdf or html", field="part"
        )
    if initials and format is not Format.ics:
        raise RequestError("--initials names the patient in a calendar file: give --format ics", field="initials")
    plan = compute(form, "schedule", site)
    look = Look(
        format,
        output,
        quiet=quiet,
        no_color=no_color,
        paper=paper,
        previous=previous,
        alarm_min=alarm,
        initials=initials,
        parts=parts_named(tuple(part), session),
        session=session,
        notes=notes,
        locale=locale,
    )
    if format is Format.table:
        _show_month_grids(plan, look)
    else:
        show(plan, look)


def _refuse_dates(format: Format, command: Command) -> None:
    if format is Format.ics:
        raise RequestError(
            f"{command} has no dates to put in a calendar: "
            "use `ivigcalc schedule` or `ivigcalc calendar`, with --start and --at",
            field="format",
        )


def compute(form: Form, command: Command, site: str | None) -> Plan:
    """Plan a form on today's date, which the plan keeps."""
    from ivigcalc.api import plan_form
    from ivigcalc.cli.sites import find_site

    return plan_form(form, command, on=today(), site=find_site(site))


def _show_month_grids(plan: Plan, look: Look) -> None:
    from ivigcalc.cli import output as out
    from ivigcalc.customs import in_locale
    from ivigcalc.engine.schedule import closed_days
    from ivigcalc.render.month import month_grids
    from ivigcalc.render.table import render

    shown = out.screen(look.to, look.no_color)
    width, plain = shown.width or 80, shown.ascii_only
    closed = closed_days(plan.computed_from.site.value, (s.on for s in plan.sessions if s.on))
    with in_locale(look.locale):
        grids = month_grids(plan, width, closed, ascii_only=plain, notes=look.all_notes)
    text = render(grids, width=width, color=shown.color, ascii_only=plain)
    out.emit(text, look.to, beside=list(named_otherwise(look)), quiet=look.quiet)
