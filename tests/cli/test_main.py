"""How the app is put together."""

from __future__ import annotations

from typing import Any

import typer

from ivigcalc.cli.main import HOMES, build


def commands(named: str | None = None) -> dict[str, Any]:
    return typer.main.get_command(build(named)).commands  # type: ignore[attr-defined,no-any-return]


def test_a_command_that_is_named_is_the_one_of_the_whole_program() -> None:
    """Only the module of the command is loaded, so every command must be known to be in its module."""
    whole = commands()
    assert set(HOMES) == set(whole)
    for name, command in whole.items():
        alone = commands(name)[name]
        assert [param.name for param in alone.params] == [param.name for param in command.params]
        assert alone.help == command.help


def test_any_other_word_builds_the_whole_program() -> None:
    assert set(commands("--help")) == set(commands("doses")) == set(commands())
