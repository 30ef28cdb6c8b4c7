"""day: one day of a clinic, from saved plans."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from ivigcalc.cli.declare import in_panel
from ivigcalc.cli.lean import add_command
from ivigcalc.cli.show import (
    InitialsOption,
    LocaleOption,
    NoColorOption,
    OutputOption,
    PaperOption,
    QuietOption,
    SiteOption,
)


class Format(StrEnum):
    """How a day can be written."""

    table = "table"
    csv = "csv"
    json = "json"
    pdf = "pdf"
    ics = "ics"


_output = in_panel("Output")
DateArgument = Annotated[str, typer.Argument(help="The day, as 2026-12-01.", metavar="DATE")]
PlansArgument = Annotated[
    list[Path],
    typer.Argument(help="Plans saved with --format json -o FILE, or folders of them.", metavar="PLANS..."),
]
FormatOption = Annotated[
    Format, _output("table, csv, json, pdf or ics.", "--format", "-f", metavar="FORMAT", show_default=True)
]


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    add_command(app, "day", day, "day 2026-12-01 plans/")


def day(
    date: DateArgument,
    plans: PlansArgument,
    site: SiteOption = None,
    format: FormatOption = Format.table,
    output: OutputOption = None,
    paper: PaperOption = None,
    locale: LocaleOption = None,
    initials: InitialsOption = False,
    quiet: QuietOption = False,
    no_color: NoColorOption = False,
) -> None:
    """One day of a clinic from saved plans: who comes when, to which chair, with which vials."""
    from ivigcalc.cli import output as out
    from ivigcalc.cli.show import FLOATING_NOTE, for_people, paper_of
    from ivigcalc.cli.sites import find_site
    from ivigcalc.clinic.day import clinic_day
    from ivigcalc.document.many import read_all
    from ivigcalc.errors import RequestError
    from ivigcalc.render import day as faces
    from ivigcalc.request import words

    if initials and format is not Format.ics:
        raise RequestError("--initials names patients in a calendar file: give --format ics", field="initials")
    asked = for_people(locale, format)
    try:
        on = words.day(date)
    except ValueError as error:
        raise RequestError(f"DATE: {error}", field="date") from None
    kept = ((plan.name, plan.document) for plan in read_all(plans))
    found = clinic_day(on, kept, find_site(site).value)
    beside = [] if format is Format.table else list(faces.cautions(found))
    write = partial(out.emit, to=output, machine=format not in (Format.table, Format.pdf), quiet=quiet)
    match format:
        case Format.table:
            with asked:
                table = faces.to_table(found, **out.screen(output, no_color)._asdict())
            write(table)
        case Format.csv:
            write(faces.to_csv(found), beside=beside)
        case Format.json:
            write(faces.to_json(found), beside=beside)
        case Format.pdf:
            from ivigcalc.render.paper.typeset import typeset

            with asked:
                page = faces.paper(found, paper_of(paper))
            write(typeset("day.typ", page, "pdf", "PDF output"), beside=beside)
        case Format.ics:
            from ivigcalc.render import day_ics

            beside += [FLOATING_NOTE] if day_ics.times_float(found) else []
            with asked:
                events = day_ics.to_ics(found, with_initials=initials)
            write(events, beside=beside)
