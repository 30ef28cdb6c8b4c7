"""IVIG doses, vials, rates and dates from a weight and a published regimen.

The public names, loaded when they are first used, so that `import ivigcalc` stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ivigcalc._version import __version__

if TYPE_CHECKING:
    from ivigcalc.ask import plan_form
    from ivigcalc.batch.arrow import arrow_schema, plan_arrow
    from ivigcalc.batch.many import plan_many
    from ivigcalc.batch.outcome import Failed
    from ivigcalc.engine import make_plan, make_rates
    from ivigcalc.errors import DefinitionError, IvigcalcError, RefusedError, RequestError
    from ivigcalc.form import Form
    from ivigcalc.plan import Plan
    from ivigcalc.render.json import to_json
    from ivigcalc.request import Order, Patient, Request

_HOMES = {
    "Form": "form", "plan_form": "ask", "arrow_schema": "batch.arrow", "plan_arrow": "batch.arrow", "plan_many": "batch.many",
    "Failed": "batch.outcome", "make_plan": "engine", "make_rates": "engine", "DefinitionError": "errors",
    "IvigcalcError": "errors", "RefusedError": "errors", "RequestError": "errors", "Plan": "plan", "to_json": "render.json",
    "Order": "request", "Patient": "request", "Request": "request",
}  # fmt: skip

__all__ = [
    "DefinitionError", "Failed", "Form", "IvigcalcError", "Order", "Patient", "Plan", "RefusedError", "Request", "RequestError",
    "__version__", "arrow_schema", "make_plan", "make_rates", "plan_arrow", "plan_form", "plan_many", "to_json",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'ivigcalc' has no attribute {name!r}")
    return getattr(import_module(f"ivigcalc.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
