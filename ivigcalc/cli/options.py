"""The options that every command with a patient takes: those of its form, each from its row of `FIELDS`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Annotated, Any

from ivigcalc.cli.declare import in_panel
from ivigcalc.request.fields import FIELDS, Field
from ivigcalc.request.form import Command, Form

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
    return lambda function: _TakesForm(function, asked, own_record)


class _TakesForm:
    """A function with the options of a form; their signature is made when it is looked at: a run needs one of many."""

    def __init__(
        self, function: Callable[..., Any], asked: Sequence[Field], record: Sequence[inspect.Parameter]
    ) -> None:
        functools.update_wrapper(self, function)
        self._function, self._asked, self._record = function, asked, record

    @functools.cached_property
    def __signature__(self) -> inspect.Signature:
        signature = inspect.signature(self._function, eval_str=True)
        own = [p.replace(kind=p.KEYWORD_ONLY) for name, p in signature.parameters.items() if name != "form"]
        return inspect.Signature([*self._record, *map(_parameter, self._asked), *own])

    def __call__(self, **values: Any) -> Any:
        form = Form(**{field.name: _said(values.pop(field.name)) for field in self._asked})
        record: Path | None = values.pop(_RECORD.name, None)
        if record is not None:
            from ivigcalc.cli.records import filled

            form = filled(form, record, quiet=values.get("quiet", False))
        return self._function(form=form, **values)


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
