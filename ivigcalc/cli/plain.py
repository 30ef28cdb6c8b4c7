"""Command lines in their plain form, which are read without typer: it takes as long to load as a plan to make.

Plain is a command of one patient and then options by their whole names, each with its value, and only those of many
values more than once. Whatever else stands in a line is left to typer, so that what it says of it is said in one place.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin

from msgspec import Struct

from ivigcalc.cli.declare import Option
from ivigcalc.cli.homes import HELP, OF_ONE_PATIENT


class Line(Struct, frozen=True):
    """A line that was read: the function of its command, all values for it, and which of them were given."""

    command: Callable[..., Any]
    values: dict[str, Any]
    given: Collection[str]

    def run(self) -> Any:
        """Do what the line says."""
        return self.command(**self.values)


class _Declared(Struct, frozen=True):
    """An option of a command: how one word of it is read; None where that is left to typer."""

    parameter: str
    names: tuple[str, ...]
    default: Any
    holds: type
    read: Callable[[str], Any] | None


def read(arguments: Sequence[str]) -> Line | None:
    """What a line says, where it is a plain one."""
    if not arguments or arguments[0] not in OF_ONE_PATIENT:
        return None
    from ivigcalc.cli import plans

    command = getattr(plans, arguments[0])
    declared = list(_declared(command))
    by_name = {name: option for option in declared for name in option.names}
    given: dict[str, Any] = {}
    words = iter(arguments[1:])
    for word in words:
        name, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
        option = by_name.get(name)
        if option is None or (option.parameter in given and option.holds is str):
            return None
        if option.holds is bool:
            if equals:
                return None
            given[option.parameter] = True
            continue
        if not equals:
            value = next(words, "-")
            if value.startswith("-"):  # missing, or looks as if it were
                return None
        if option.read is None:
            return None
        try:
            found = option.read(value)
        except ValueError:
            return None
        given[option.parameter] = [*given.get(option.parameter, []), found] if option.holds is list else found
    return Line(command, {option.parameter: option.default for option in declared} | given, given)


def options_left(arguments: Sequence[str]) -> list[str]:
    """The names of the options that may follow a plain line."""
    line = read(arguments)
    if line is None:
        return []
    left = (o for o in _declared(line.command) if o.holds is list or o.parameter not in line.given)
    return [*(name for option in left for name in option.names), *HELP]


def _declared(command: Callable[..., Any]) -> Iterator[_Declared]:
    for parameter in inspect.signature(command, eval_str=True).parameters.values():
        kind, option = get_args(parameter.annotation)
        names = option.names or ("--" + parameter.name.replace("_", "-"),)
        yield _Declared(parameter.name, names, parameter.default, *_reading(kind, option))


def _reading(kind: Any, option: Option) -> tuple[type, Callable[[str], Any] | None]:
    """What an option holds, a list, a yes or one word, and how that is read."""
    if kind is bool:
        return bool, None
    holds, one = (list, get_args(kind)[0]) if get_origin(kind) is list else (str, _said(kind))
    if one is str or issubclass(one, Enum) or (one is Path and option.more.get("readable") is False):
        return holds, one
    return holds, None  # a number has its bounds, and a file to be read is looked at: both by typer


def _said(kind: Any) -> type[Any]:
    """The type of a value that is given: of `str | None` the first."""
    return next(iter(get_args(kind)), kind)  # type: ignore[no-any-return]
