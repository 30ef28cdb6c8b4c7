"""IVIG doses, vials, rates and dates from a weight and a published regimen.

The public names, loaded when they are first used, so that `import ivigcalc` stays light.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivigcalc._version import __version__
from ivigcalc.lazy import hands_on

if TYPE_CHECKING:
    from ivigcalc.api import plan_form
    from ivigcalc.batch.api import plan_arrow, plan_many
    from ivigcalc.batch.rows.outcome import Failed
    from ivigcalc.batch.tables.arrow import arrow_schema
    from ivigcalc.document.write import to_json
    from ivigcalc.engine.make import make_plan
    from ivigcalc.engine.plan import Plan
    from ivigcalc.errors import DefinitionError, IvigcalcError, RefusedError, RequestError
    from ivigcalc.request.form import Form
    from ivigcalc.request.request import Order, Patient, Request

_HOMES = {
    "plan_form": "api",
    "plan_many": "batch.api",
    "plan_arrow": "batch.api",
    "Failed": "batch.rows.outcome",
    "arrow_schema": "batch.tables.arrow",
    "to_json": "document.write",
    "make_plan": "engine.make",
    "Plan": "engine.plan",
    "DefinitionError": "errors",
    "IvigcalcError": "errors",
    "RefusedError": "errors",
    "RequestError": "errors",
    "Form": "request.form",
    "Order": "request.request",
    "Patient": "request.request",
    "Request": "request.request",
}

__getattr__, __dir__ = hands_on(__name__, _HOMES)

__all__ = [
    "DefinitionError",
    "Failed",
    "Form",
    "IvigcalcError",
    "Order",
    "Patient",
    "Plan",
    "RefusedError",
    "Request",
    "RequestError",
    "__version__",
    "arrow_schema",
    "make_plan",
    "plan_arrow",
    "plan_form",
    "plan_many",
    "to_json",
]
