"""compare: the same order side by side."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ivigcalc.cli.declare import in_panel
from ivigcalc.cli.lean import add_command
from ivigcalc.cli.options import takes_form
from ivigcalc.cli.show import LocaleOption, NoColorOption, OutputOption, QuietOption, SiteOption, for_people
from ivigcalc.cli.today import today
from ivigcalc.errors import RequestError
from ivigcalc.request.form import COMPARED, Form
from ivigcalc.text import counted

if TYPE_CHECKING:
    from ivigcalc.cli.output import Screen
    from ivigcalc.comparison.compare import Comparison, Row


class Format(StrEnum):
    """How a comparison can be written."""

    table = "table"
    csv = "csv"
    json = "json"
    markdown = "markdown"
    html = "html"


_compared, _output = in_panel("Compared; repeat them"), in_panel("Output")
Products = Annotated[list[str], _compared("Product id or file, or all.", "--product", "-p", metavar="ID|FILE|all")]
Policies = Annotated[list[str], _compared("Dosing-weight and rounding policy, or all.", metavar="ID|FILE|all")]
Weights = Annotated[list[str], _compared("Body weight with its unit.", metavar="WEIGHT")]
Doses = Annotated[list[str], _compared('"2 g/kg/course", "30 g/day".', metavar="DOSE")]
Days = Annotated[list[str], _compared("Infusion days of one course: 3, or 2..5.", metavar="N|A..B")]
Intervals = Annotated[list[str], _compared('From course to course: "4 weeks".', metavar="INTERVAL")]
FormatOption = Annotated[
    Format, _output("table, csv, json, markdown or html.", "--format", "-f", metavar="FORMAT", show_default=True)
]
SortOption = Annotated[str | None, _output("By which column, e.g. cost_per_year or dose_g.", metavar="COLUMN")]


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    add_command(
        app, "compare", compare, "compare -r dermatomyositis -p octagam-10-us --weight 72kg --age 54y --days 2..5"
    )


@takes_form("schedule", without=(*COMPARED, "start", "at", "courses", "valid_for"))
def compare(
    form: Form,
    product: Products = [],  # noqa: B006 - typer wants a list, and nobody changes it
    policy: Policies = [],  # noqa: B006
    weight: Weights = [],  # noqa: B006
    dose: Doses = [],  # noqa: B006
    days: Days = [],  # noqa: B006
    every: Intervals = [],  # noqa: B006
    site: SiteOption = None,
    sort: SortOption = None,
    format: FormatOption = Format.table,
    output: OutputOption = None,
    locale: LocaleOption = None,
    quiet: QuietOption = False,
    no_color: NoColorOption = False,
) -> None:
    """The same order side by side: by days, products, policies, weights, doses or intervals, or two of them crossed."""
    from ivigcalc.cli import output as out
    from ivigcalc.cli.sites import find_site
    from ivigcalc.comparison.axes import read_orders
    from ivigcalc.comparison.compare import compare as side_by_side
    from ivigcalc.render.comparison import sorted_by

    asked = for_people(locale, format)
    if weight and form.weight is not None:
        raise RequestError("--weight and --from-fhir both give a weight: leave one out", field="weight")
    said = {"product": product, "policy": policy, "weight": weight, "dose": dose, "days": days, "every": every}
    compared = side_by_side(form, read_orders(said), on=today(), site=find_site(site))
    rows = sorted_by(compared, sort)
    with asked:
        text = _written(format, compared, rows, sort, out.screen(output, no_color))
    machine, missing = format is not Format.table, len(compared.not_planned)
    said_of = "could not be planned, and {} listed at the end"
    beside = [counted(missing, "order", said_of.format("is"), said_of.format("are"))] if missing and machine else []
    out.emit(text, output, machine=machine, beside=beside, quiet=quiet)


def _written(format: Format, compared: Comparison, rows: tuple[Row, ...], sort: str | None, screen: Screen) -> str:
    from ivigcalc.render import comparison as faces

    match format:
        case Format.table:
            from ivigcalc.render.comparison_table import to_table

            return to_table(compared, rows, sort=sort, **screen._asdict())
        case Format.csv:
            return faces.to_csv(compared, rows)
        case Format.json:
            return faces.to_json(compared, rows)
        case Format.markdown:
            return faces.to_markdown(compared, rows)
        case Format.html:
            return faces.to_html(compared, rows)
