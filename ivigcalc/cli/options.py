"""The options that every command with a patient takes: those of its form, each from its row of `FIELDS`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Annotated, Any

import typer

from ivigcalc.request.fields import FIELDS, Field
from ivigcalc.request.form import Command, Form


def in_panel(panel: str) -> Callable[..., Any]:
    """Options that stand together on the help page: each is given its help, then its names."""

    def option(text: str, *names: str, show_default: bool = False, **more: Any) -> Any:
        return typer.Option(*names, help=text, rich_help_panel=panel, show_default=show_default, **more)

    return option


_RECORD = inspect.Parameter(
    "from_fhir",
    inspect.Parameter.KEYWORD_ONLY,
    default=None,
    annotation=Annotated[
        Path | None,
        in_panel("Patient")("Weight, height, age, sex, conditions from a FHIR R4 Bundle.", metavar="BUNDLE"),
    ],
)


def takes_form(
    command: Command, *, without: Collection[str] = ()
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a function the options of `command`, but for those `without`; it receives them as one `form`.

    Where they are of one patient, `--from-fhir` comes with them, which fills in what a record says.
    """
    own_record = [] if "patient_id" in without else [_RECORD]
    asked = [field for field in FIELDS if command in field.commands and field.name not in without]

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(function, eval_str=True)
        own = [p.replace(kind=p.KEYWORD_ONLY) for name, p in signature.parameters.items() if name != "form"]

        @functools.wraps(function)
        def call(**values: Any) -> Any:
            form = Form(**{field.name: _said(values.pop(field.name)) for field in asked})
            record: Path | None = values.pop(_RECORD.name, None)
            if record is not None:
                from ivigcalc.cli.records import filled

                form = filled(form, record, quiet=values.get("quiet", False))
            return function(form=form, **values)

        call.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [*own_record, *map(_parameter, asked), *own]
        )
        return call

    return decorate


def _parameter(field: Field) -> inspect.Parameter:
    default = list(field.unsaid) if isinstance(field.unsaid, tuple) else field.unsaid
    return inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=_option(field))


def _option(field: Field) -> Any:
    names = [field.option, field.short] if field.short else [field.option]
    panel = in_panel("Patient" if field.of == "patient" else "Order")
    option = panel(field.help, *names, metavar=field.metavar or None)
    match field.holds:
        case "one":
            return Annotated[str | None, option]
        case "many":
            return Annotated[list[str], option]
        case "yes":
            return Annotated[bool, option]


def _said(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
