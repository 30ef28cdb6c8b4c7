"""The whole program as typer has it: every command, or the one that is named."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

import typer

from ivigcalc._version import __version__
from ivigcalc.cli.homes import HELP, HOMES
from ivigcalc.cli.lean import group
from ivigcalc.cli.output import emit

_VERSION = "--version"
_EPILOG = (
    "Exit codes: 0 done, 1 a bug, 2 the command line is wrong, 3 a definition file is wrong, "
    "4 refused for a clinical reason, 5 a batch finished with failed rows or two plans differ, "
    "6 no row of a batch could be planned, 7 a batch stopped by --max-errors. "
    "Results must be checked by a qualified person before use."
)


def build(command: str | None = None) -> typer.Typer:
    """The whole app; where a command is named, only the module that has it, which starts sooner."""
    homes = [HOMES[command]] if command in HOMES else dict.fromkeys(HOMES.values())
    if command == _VERSION:
        homes = []
    app = group(
        "ivigcalc",
        "IVIG doses, vials, infusion rates and dates from a body weight and a published regimen.",
        epilog=_EPILOG,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": list(HELP)},
    )
    app.callback()(_root)
    for home in homes:
        import_module(f"ivigcalc.cli.{home}").register(app)
    return app


def made(command: str | None = None) -> Any:
    """The app as typer runs it."""
    return typer.main.get_command(build(command))


def command_of(name: str) -> Any:
    """A command as typer has it; of several under one name, those."""
    return made(name).commands[name]


def _version(wanted: bool) -> None:
    if wanted:
        emit(f"ivigcalc {__version__}\n", None)
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option(_VERSION, callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """IVIG doses, vials, infusion rates and dates from a body weight and a published regimen."""
