"""explain: what a code means and what to do about it."""

from __future__ import annotations

from typing import Annotated

import typer

from ivigcalc.cli.lean import add_command


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    add_command(app, "explain", explain, "explain pump-capped")


def explain(
    code: Annotated[
        str | None,
        typer.Argument(
            help="A code of a notice or refusal; all of them if not given.", metavar="CODE", show_default=False
        ),
    ] = None,
) -> None:
    """What a notice or refusal means, how grave it is, and what to do."""
    from ivigcalc.cli.output import emit
    from ivigcalc.codes import AUDIENCE_WORDS, KIND_WORDS, codes
    from ivigcalc.errors import RequestError
    from ivigcalc.text import near, safe

    known = codes()
    if code is None:
        emit(_folded([f"{found.code}: {found.means}" for found in known.values()]), None)
        return
    found = known.get(code.strip().lower())
    if found is None:
        raise RequestError(
            f"there is no code '{safe(code)}'; {near(code, known)}`ivigcalc explain` shows all", field="code"
        )
    lines = [found.code, f"  {found.means}", f"  What to do: {found.remedy}"]
    lines += [f"  It is {KIND_WORDS[kind]}." for kind in found.kinds]
    lines.append(f"  For: {AUDIENCE_WORDS[found.audience]}.")
    emit(_folded(lines), None)


def _folded(lines: list[str]) -> str:
    """The lines folded at the terminal, further in after the first; in a pipe as they are."""
    from textwrap import wrap

    from ivigcalc.cli.output import terminal_width

    width = terminal_width()
    folded = (wrap(line, width, subsequent_indent="    ") if width else [line] for line in lines)
    return "".join(f"{line}\n" for several in folded for line in several)
