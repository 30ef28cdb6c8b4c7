"""diff: what changed between two saved plans."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from ivigcalc.cli.declare import in_panel
from ivigcalc.cli.lean import add_command
from ivigcalc.cli.show import LocaleOption, NoColorOption, OutputOption, QuietOption, for_people

#: that two plans, or two files, are not the same
EXIT_DIFFERENT = 5


class Format(StrEnum):
    """How a difference can be written."""

    table = "table"
    json = "json"
    markdown = "markdown"
    html = "html"


_output = in_panel("Output")
OldArgument = Annotated[Path, typer.Argument(help="A plan saved with --format json -o FILE.", metavar="A")]
NewArgument = Annotated[Path, typer.Argument(help="The plan that it is held against.", metavar="B")]
FormatOption = Annotated[
    Format, _output("table, json, markdown or html.", "--format", "-f", metavar="FORMAT", show_default=True)
]


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    add_command(app, "diff", diff, "diff january.json february.json -f html -o changes.html")


def diff(
    old: OldArgument,
    new: NewArgument,
    format: FormatOption = Format.table,
    output: OutputOption = None,
    locale: LocaleOption = None,
    quiet: QuietOption = False,
    no_color: NoColorOption = False,
) -> None:
    """What changed from plan A to plan B, in words, to sign; exit 0 where nothing did, 5 where something did."""
    from ivigcalc.changes.plans import changes_of
    from ivigcalc.cli import output as out
    from ivigcalc.document.many import read_file
    from ivigcalc.render import difference as faces

    asked = _written_in(locale, format)
    found = changes_of(read_file(old), read_file(new))
    write = partial(out.emit, to=output, machine=True, beside=list(faces.cautions(found)), quiet=quiet)
    with asked:
        match format:
            case Format.table:
                out.emit(faces.to_table(found, **out.screen(output, no_color)._asdict()), output)
            case Format.json:
                write(faces.to_json(found))
            case Format.markdown:
                write(faces.to_markdown(found))
            case Format.html:
                write(faces.to_html(found))
    if not found.same:
        raise typer.Exit(EXIT_DIFFERENT)


@contextmanager
def _written_in(locale: str | None, format: Format) -> Iterator[None]:
    """Figures as the locale has them, where one is asked for; two plans are of no one site."""
    from ivigcalc.customs import written_as
    from ivigcalc.definitions import NO_SITE

    with for_people(locale, format), written_as(NO_SITE, on_screen=format is Format.table):
        yield
