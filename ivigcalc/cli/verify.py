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
    plan: Annotated[Path, typer.Argument(help="A plan saved with --format json -o FILE.", metavar="PLAN")],
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing if the plan stands.")] = False,
) -> None:
    """Recompute a saved plan from its own inputs; any difference is an error (exit 4)."""
    from ivigcalc.cli.output import emit, say
    from ivigcalc.document.read import read_saved
    from ivigcalc.document.verify import verify as compute_again
    from ivigcalc.errors import MismatchError

    verdict = compute_again(read_saved(plan))
    first, *more = verdict.lines()
    if not verdict.agrees:
        raise MismatchError("\n".join((first, *more)))
    for line in more:
        say(line, quiet=quiet)
    if not quiet:
        emit(first + "\n", None)
