"""Commands of typer that ask pydantic only about a value that has to become another type.

Typer asks it about every option, also about those that nobody gave, and loading it takes as long as the rest of a
start.
Most options here are text and stay text, for `ivigcalc.request` to read.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from typing import Annotated, Any, get_args, get_origin

import typer
from typer import Typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from ivigcalc.cli.declare import Option
from ivigcalc.errors import RequestError
from ivigcalc.text import TYPED, safe

#: what an option looks like, and nothing that is measured does
_OPTION = re.compile(r"--?[A-Za-z]")


def add_command(app: Typer, name: str, function: Callable[..., Any], example: str) -> None:
    """Add a command, with an example of it at the end of its help."""
    app.command(name=name, cls=_Command, epilog=f"Example: ivigcalc {example}")(_for_typer(function))


def _for_typer(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with each `Option` that it declares as typer has it."""
    declared = inspect.signature(function, eval_str=True)

    @functools.wraps(function)
    def call(**values: Any) -> Any:
        return function(**values)

    parameters = [p.replace(annotation=_told(p.annotation)) for p in declared.parameters.values()]
    call.__signature__ = declared.replace(parameters=parameters)  # type: ignore[attr-defined]
    return call


def _told(annotation: Any) -> Any:
    kind, *said = get_args(annotation) if get_origin(annotation) is Annotated else (annotation,)
    options = [one for one in said if isinstance(one, Option)]
    if not options:
        return annotation
    [option] = options
    more = {"show_default": False, **option.more}
    return Annotated[kind, typer.Option(*option.names, help=option.help, rich_help_panel=option.panel, **more)]


def group(name: str, text: str, **more: Any) -> Typer:
    """Commands under one name."""
    return Typer(name=name, help=text, cls=_Group, no_args_is_help=True, **more)


class _Command(TyperCommand):
    def get_params(self, ctx: Any) -> list[Any]:
        return _lean(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not ctx.resilient_parsing:
            values, _, given = self.make_parser(ctx).parse_args(args=list(args))
            _refuse_options_as_values(given, values, args)
            _refuse_twice(given)
        return super().parse_args(ctx, args)


class _Group(TyperGroup):
    def get_params(self, ctx: Any) -> list[Any]:
        return _lean(super().get_params(ctx))


def _refuse_options_as_values(given: list[Any], values: dict[str, Any], args: list[str]) -> None:
    """Refuse an option whose value is left out, where the next option would be taken for it: `--name --pregnant`, as a
    script says with a variable that is empty, would be another patient. What stands behind `=` is meant."""
    for option in given:
        if not isinstance(option, TyperOption) or option.is_flag:
            continue
        said = values.get(str(option.name))
        for value in said if isinstance(said, list) else [said]:
            meant = any(f"{name}={value}" in args for name in option.opts)
            if isinstance(value, str) and _OPTION.match(value) and not meant:  # control: option-as-value
                name, shown = option.opts[0], safe(value, TYPED)
                message = f"{name} has no value: '{shown}' stands in its place; give it, or write {name}={shown}"
                raise RequestError(message, field=str(option.name))


def _refuse_twice(given: list[Any]) -> None:
    """Refuse an option that has one value and was given two: one of them would be passed over without a word."""
    seen: set[str] = set()
    for option in given:
        if option.name in seen and _has_one_value(option):  # control: said-twice
            raise RequestError(f"{option.opts[0]} is given twice: give it once", field=option.name, code="said-twice")
        seen.add(option.name)


def _has_one_value(option: Any) -> bool:
    """Whether it holds one word, or is switched on by one name and off by another."""
    return isinstance(option, TyperOption) and not option.multiple and bool(not option.is_flag or option.secondary_opts)


def _lean(options: list[Any]) -> list[Any]:
    for option in options:
        option.get_runtime_param = _Lean
    return options


class _Lean:
    """What typer calls to turn what was typed into its type."""

    def coerce(self, value: Any, *, param: Any, ctx: Any) -> Any:
        """The value as it is, where it is what it should be."""
        if value is None or _is_of(param.type_descriptor.annotation, value):
            return value
        return type(param).get_runtime_param(param).coerce(value, param=param, ctx=ctx)


def _is_of(annotation: Any, value: Any) -> bool:
    if get_origin(annotation) is list:
        return all(_is_of(get_args(annotation)[0], item) for item in value)
    return isinstance(annotation, type) and isinstance(value, annotation)
