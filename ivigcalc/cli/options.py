"""The options that every command with a patient takes, written once and given to each command's signature."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import fields
from typing import Annotated, Any

import typer

from ivigcalc.request.form import Form

_PATIENT, _ORDER = "Patient", "Order"


def _option(text: str, panel: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=text, rich_help_panel=panel, show_default=False, **more)


def _patient(text: str, *names: str, **more: Any) -> Any:
    return _option(text, _PATIENT, *names, **more)


def _order(text: str, *names: str, **more: Any) -> Any:
    return _option(text, _ORDER, *names, **more)


_Text = str | None
_Many = list[str]

#: the fields of a form as options, in the order of the help page
OPTIONS: dict[str, Any] = {
    "weight": Annotated[_Text, _patient("Body weight with its unit: 72kg, 4500g, 158lb, 11st.", metavar="WEIGHT")],
    "weighed_on": Annotated[_Text, _patient("When it was weighed.", metavar="DATE")],
    "height": Annotated[_Text, _patient("175cm, 1.75m, 69in or 5ft9in.", metavar="HEIGHT")],
    "sex": Annotated[_Text, _patient("male or female (for the ideal weight).", metavar="SEX")],
    "age": Annotated[_Text, _patient("54y or 7mo.", metavar="AGE")],
    "birth_date": Annotated[_Text, _patient("Instead of --age.", metavar="DATE")],
    "pregnant": Annotated[bool, _patient("The patient is pregnant.", "--pregnant")],
    "pre_pregnancy_weight": Annotated[_Text, _patient("Weight before the pregnancy, with its unit.", metavar="WEIGHT")],
    "previous_weight": Annotated[
        _Text, _patient("The weight dosed on last time, to see how much it changed.", metavar="WEIGHT")
    ],
    "risk": Annotated[_Many, _patient("renal, thrombosis or cardiac; repeat for more than one.", metavar="RISK")],
    "condition": Annotated[
        _Many, _patient("e.g. iga-deficiency-with-antibodies, hyperprolinaemia; repeatable.", metavar="CONDITION")
    ],
    "name": Annotated[_Text, _patient("Printed only.", metavar="TEXT")],
    "patient_id": Annotated[_Text, _patient("Printed only.", metavar="TEXT")],
    "regimen": Annotated[
        _Text, _order("Regimen id, id:protocol, or a YAML file.", "--regimen", "-r", metavar="ID[:PROTOCOL]|FILE")
    ],
    "indication": Annotated[_Text, _order("Indication id, to find the product's ladder.", metavar="ID")],
    "product": Annotated[_Text, _order("Product id or a YAML file.", "--product", "-p", metavar="ID|FILE")],
    "policy": Annotated[
        _Text, _order("Dosing-weight and rounding policy; actual-weight if not given.", metavar="ID|FILE")
    ],
    "phase": Annotated[
        _Text, _order("Only this phase of the protocol, e.g. maintenance; all of them if not given.", metavar="ID")
    ],
    "dose": Annotated[
        _Text, _order('"2 g/kg", "400 mg/kg" or 70g; needed where the protocol prints a range.', metavar="DOSE")
    ],
    "dose_basis": Annotated[
        _Text,
        _order(
            "Whether the dose is for each course or for each four weeks; needed when --every is not the protocol's.",
            metavar="course|4-weeks",
        ),
    ],
    "days": Annotated[
        _Text, _order("Infusion days of one course; the fewest that meet every limit if not given.", metavar="N")
    ],
    "every": Annotated[_Text, _order('From course to course: "4 weeks", "2 weeks", "1 month".', metavar="INTERVAL")],
    "courses": Annotated[_Text, _order("How many courses; the protocol's number, else 1.", metavar="N")],
    "start": Annotated[_Text, _order("First day, as 2026-12-01.", metavar="DATE")],
    "at": Annotated[_Text, _order("When the infusion starts, as 09:00.", metavar="HH:MM")],
    "infusion": Annotated[
        _Text, _order("first or subsequent: did the patient have this product before?", metavar="WHICH")
    ],
    "last_infusion": Annotated[
        _Text, _order("Day of the last infusion: a long gap restarts the slow ladder.", metavar="DATE")
    ],
    "last_product": Annotated[
        _Text, _order("Product of the last infusion: another brand restarts the slow ladder.", metavar="ID")
    ],
    "valid_for": Annotated[_Text, _order('How long the order is valid: "6 months".', metavar="TIME")],
    "override": Annotated[
        _Many,
        _order('Go on in spite of a stop: CODE="reason". Printed on every face of the plan.', metavar="CODE=REASON"),
    ],
}
assert set(OPTIONS) == {field.name for field in fields(Form)}


def takes_form(*without: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the form's options; it receives them as one `form`. `without` names fields it does not take."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(command, eval_str=True)
        own = [p.replace(kind=p.KEYWORD_ONLY) for name, p in signature.parameters.items() if name != "form"]
        shared = [_parameter(name) for name in OPTIONS if name not in without]

        @functools.wraps(command)
        def call(**values: Any) -> Any:
            said = {name: _said(values.pop(name)) for name in OPTIONS if name in values}
            return command(form=Form(**said), **values)

        call.__signature__ = inspect.Signature([*shared, *own])  # type: ignore[attr-defined]
        return call

    return decorate


def _parameter(name: str) -> inspect.Parameter:
    default: Any = False if name == "pregnant" else [] if name in ("risk", "condition", "override") else None
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=OPTIONS[name])


def _said(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
