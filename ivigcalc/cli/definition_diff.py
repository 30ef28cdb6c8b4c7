"""regimens, products, policies diff: two states of one definition, and whose saved plans move."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ivigcalc.cli.declare import in_panel
from ivigcalc.cli.diff import EXIT_DIFFERENT
from ivigcalc.cli.show import NoColorOption, OutputOption


class Format(StrEnum):
    """How it can be written."""

    table = "table"
    json = "json"
    markdown = "markdown"


FormatOption = Annotated[
    Format,
    in_panel("Output")("table, json or markdown.", "--format", "-f", metavar="FORMAT", show_default=True),
]
OldArgument = Annotated[
    str, typer.Argument(metavar="OLD", help="Its id, or the YAML file as it was.", show_default=False)
]
NewArgument = Annotated[
    str, typer.Argument(metavar="NEW", help="The YAML file as it is now, or its id.", show_default=False)
]
SavedPlansArgument = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[PLANS]...",
        help="Saved plans, folders of them, or a batch: each is planned under both, and named if it moves.",
        show_default=False,
    ),
]


def diff_of(kind: str) -> Callable[..., None]:
    """The command for one kind of definition."""

    def diff(
        old: OldArgument,
        new: NewArgument,
        plans: SavedPlansArgument = None,
        format: FormatOption = Format.table,
        output: OutputOption = None,
        no_color: NoColorOption = False,
    ) -> None:
        from ivigcalc.changes.definitions import keys_changed, state_of
        from ivigcalc.changes.moved import plans_moved
        from ivigcalc.cli.output import emit, screen
        from ivigcalc.render import definition_changes as faces

        was, now = state_of(kind, old), state_of(kind, new)
        changed = keys_changed(was, now)
        found = faces.Compared(was, now, changed, plans_moved(kind, was, now, plans) if plans else None)
        match format:
            case Format.table:
                emit(faces.to_table(found, **screen(output, no_color)._asdict()), output)
            case Format.json:
                emit(faces.to_json(found), output, machine=True)
            case Format.markdown:
                emit(faces.to_markdown(found), output, machine=True)
        if not found.same:
            raise typer.Exit(EXIT_DIFFERENT)

    diff.__doc__ = (
        f"What changed between two states of one {kind}, and whose saved plans move; exit 0 where nothing did, 5 where "
        "something did."
    )
    return diff
