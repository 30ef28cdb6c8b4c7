"""Where the command begins: a shell that asks for the ids of an option is answered before anything is loaded."""

from __future__ import annotations

import gc
import os
import sys

from ivigcalc.cli.homes import ASKED


def run() -> None:
    """Entry point of the `ivigcalc` command."""
    gc.disable()  # plans hold no cycles: looking for them among all that is remembered only costs time
    if ASKED in os.environ and _completed(os.environ[ASKED]):
        return
    from ivigcalc.cli.main import run as go_on

    go_on()


def _completed(instruction: str) -> bool:
    from ivigcalc.cli.complete import answer

    said = answer(instruction, os.environ)
    if said is not None and sys.stdout is not None:
        try:
            sys.stdout.buffer.write(said.encode("utf-8", "surrogateescape"))
            sys.stdout.buffer.flush()
        except OSError:  # the shell does not listen any more: there is nobody to complain to
            from ivigcalc.cli.output import let_go

            let_go(sys.stdout)
    return said is not None
