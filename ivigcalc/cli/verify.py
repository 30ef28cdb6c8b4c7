"""verify: a saved plan, computed again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ivigcalc.cli.lean import add_command


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    add_command(app, "verify", verify, "verify plan.json")


def verify(
    plans: Annotated[
        list[Path],
        typer.Argument(
            help="Plans saved with --format json -o FILE, or folders of them, as a batch with --plans makes.",
            metavar="PLAN...",
        ),
    ],
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing if the plans stand.")] = False,
) -> None:
    """Recompute saved plans from their own inputs; any difference is an error (exit 4)."""
    from ivigcalc.cli.output import emit, say
    from ivigcalc.document.many import each_saved
    from ivigcalc.document.read import saved_plan
    from ivigcalc.document.verify import Tally
    from ivigcalc.errors import MismatchError

    tally = Tally()
    for name, data in each_saved(plans):
        tally.take(saved_plan(data, name))
    if tally.wrong:
        raise MismatchError("\n".join(tally.complaints()))
    first, *more = tally.lines()
    for line in more:
        say(line, quiet=quiet)
    if not quiet:
        emit(first + "\n", None)
