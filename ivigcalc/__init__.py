"""IVIG doses, vials, rates and dates from a weight and a published regimen.

The public names, loaded when they are first used, so that `import ivigcalc` stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ivigcalc._version import __version__

if TYPE_CHECKING:
    from ivigcalc.ask import Form, plan_form
    from ivigcalc.engine import make_plan, make_rates
    from ivigcalc.errors import DefinitionError, IvigcalcError, RefusedError, RequestError
    from ivigcalc.plan import Plan
    from ivigcalc.render.json import to_json
    from ivigcalc.request import Order, Patient, Request

_HOMES = {
    "Form": "ask", "plan_form": "ask", "make_plan": "engine", "make_rates": "engine", "DefinitionError": "errors",
    "IvigcalcError": "errors", "RefusedError": "errors", "RequestError": "errors", "Plan": "plan", "to_json": "render.json",
    "Order": "request", "Patient": "request", "Request": "request",
}  # fmt: skip

__all__ = [
    "DefinitionError", "Form", "IvigcalcError", "Order", "Patient", "Plan", "RefusedError", "Request", "RequestError",
    "__version__", "make_plan", "make_rates", "plan_form", "to_json",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'ivigcalc' has no attribute {name!r}")
    return getattr(import_module(f"ivigcalc.{_HOMES[name]}"), name)
