"""forecast: what saved plans use by week or month."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ivigcalc.cli.declare import in_panel
from ivigcalc.cli.lean import add_command
from ivigcalc.cli.show import LocaleOption, NoColorOption, OutputOption, QuietOption, SiteOption, for_people
from ivigcalc.cli.today import today

if TYPE_CHECKING:
    from datetime import date


class Format(StrEnum):
    """How a forecast can be written."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"
    html = "html"


class By(StrEnum):
    """The periods of a forecast."""

    week = "week"
    month = "month"


_output, _counted = in_panel("Output"), in_panel("Counted")
PlansArgument = Annotated[
    list[Path],
    typer.Argument(
        help="Plans saved with --format json -o FILE, folders of them, or the folder of a batch.", metavar="PLANS..."
    ),
]
ByOption = Annotated[By, _counted("week (Monday to Sunday) or month.", metavar="week|month", show_default=True)]
FromOption = Annotated[str | None, _counted("First day that counts.", "--from", metavar="DATE")]
ToOption = Annotated[str | None, _counted("Last day that counts.", "--to", metavar="DATE")]
ScenarioOption = Annotated[
    list[str],
    _counted(
        "What if: product=ID, policy=ID, dose=-20% or dose='1 g/kg', every='5 weeks', days=2, "
        "tolerance=10%; repeat to change several at once.",
        metavar="KEY=VALUE",
    ),
]
DuplicatesOption = Annotated[
    bool, _counted("Count a patient who has several plans over the same days.", "--allow-duplicates")
]
FormatOption = Annotated[
    Format, _output("table, csv, json, parquet or html.", "--format", "-f", metavar="FORMAT", show_default=True)
]


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    add_command(app, "forecast", forecast, "forecast plans/ --by month --site my-clinic.yaml --scenario dose=-20%")


def forecast(
    plans: PlansArgument,
    by: ByOption = By.week,
    since: FromOption = None,
    until: ToOption = None,
    scenario: ScenarioOption = [],  # noqa: B006 - typer wants a list, and nobody changes it
    allow_duplicates: DuplicatesOption = False,
    site: SiteOption = None,
    format: FormatOption = Format.table,
    output: OutputOption = None,
    locale: LocaleOption = None,
    quiet: QuietOption = False,
    no_color: NoColorOption = False,
) -> None:
    """What saved plans use by week or month: grams, vials, visits, chair hours, cost, and how far the stock goes."""
    from ivigcalc.cli import output as out
    from ivigcalc.cli.sites import find_site
    from ivigcalc.errors import RequestError
    from ivigcalc.forecast.forecast import Asked
    from ivigcalc.forecast.forecast import forecast as look_ahead
    from ivigcalc.forecast.scenario import read_scenario
    from ivigcalc.render import forecast as tables
    from ivigcalc.render import forecast_page as faces

    in_locale = for_people(locale, format)
    first, last = _day("from", since), _day("to", until)
    if first is not None and last is not None and last < first:
        raise RequestError(f"--to {last} is before --from {first}: give a later day", field="to")
    asked = Asked(by.value, first, last, read_scenario(scenario), allow_duplicates)
    found = look_ahead(plans, find_site(site).value, asked)
    write = partial(out.emit, to=output, machine=True, beside=list(faces.cautions(found, today())), quiet=quiet)
    match format:
        case Format.table:
            with in_locale:
                table = faces.to_table(found, today(), **out.screen(output, no_color)._asdict())
            out.emit(table, output)
        case Format.csv:
            write(tables.to_csv(found))
        case Format.json:
            write(tables.to_json(found))
        case Format.parquet:
            write(tables.to_parquet(found))
        case Format.html:
            with in_locale:
                page = faces.to_html(found, today())
            write(page)


def _day(option: str, text: str | None) -> date | None:
    from ivigcalc.errors import RequestError
    from ivigcalc.request import words

    try:
        return None if text is None else words.day(text)
    except ValueError as error:
        raise RequestError(f"--{option}: {error}", field=option) from None
