"""Plan -> the JSON document `ivigcalc.plan/1`: fixed key order, plain decimals, absent = null."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any

import simplejson

from ivigcalc.definitions import Loaded
from ivigcalc.engine.plan import CHECK_LINE, Plan, Session
from ivigcalc.quantity import plain
from ivigcalc.request.read import form_of

SCHEMA = "ivigcalc.plan/1"


class _Plain(Decimal):
    """A decimal that prints itself without exponent or trailing zeros."""

    def __str__(self) -> str:
        return plain(self)


def to_json(plan: Plan) -> str:
    """One document, ending in a newline."""
    return text_of(document(plan))


def text_of(found: dict[str, Any]) -> str:
    """Plain data as it is written."""
    return str(simplejson.dumps(found, use_decimal=True, ensure_ascii=False, indent=2)) + "\n"


def document(plan: Plan) -> dict[str, Any]:
    """The plan as plain data, keys in the order of the interface."""
    return {
        "schema": SCHEMA,
        "ivigcalc_version": plan.ivigcalc_version,
        "computed_from": _computed_from(plan),
        **{name: _plain(getattr(plan, name)) for name in ("dosing_weight", "rate_weight", "course")},
        "sessions": [_session(session) for session in plan.sessions],
        **{
            name: _plain(getattr(plan, name))
            for name in ("totals", "notices", "trace", "phases", "sources", "last_covered")
        },
        "check": CHECK_LINE,
    }


def _computed_from(plan: Plan) -> dict[str, Any]:
    source = plan.computed_from
    regimen = None
    reference = None
    if source.regimen is not None:
        regimen = {"id": source.regimen.value.id, "protocol": source.protocol, **_fingerprint(source.regimen)}
        reference = f"{_reference(source.regimen)}:{source.protocol}"
    policy = source.policy.policy
    form = form_of(source.request, regimen=reference, product=_reference(source.product), policy=_reference(policy))
    request = {"command": source.request.command, "on": _plain(source.request.on), **_plain(form)}
    formula = source.policy.formula
    return {
        "request": request,
        "regimen": regimen,
        "product": {"id": source.product.value.id, **_fingerprint(source.product)},
        "policy": {
            "id": policy.value.id,
            **_fingerprint(policy),
            "formula": {"id": formula.value.id, **_fingerprint(formula)} if formula else None,
        },
        "site": {"id": source.site.value.id, "sha256": source.site.sha256, "file": source.site.name}
        if source.site.sha256
        else None,
        "safety": {"id": source.safety.value.id, **_fingerprint(source.safety)},
        "defaults_used": list(source.defaults_used),
    }


def _fingerprint(loaded: Loaded[Any]) -> dict[str, str]:
    return {"version": loaded.value.version.isoformat(), "sha256": loaded.sha256}


def _reference(loaded: Loaded[Any]) -> str:
    """The id of a shipped definition, the path of a hospital's own."""
    return loaded.name if loaded.is_file else str(loaded.value.id)


def _session(session: Session) -> dict[str, Any]:
    return {
        **{name: _plain(getattr(session, name)) for name in
           ("course", "day", "date", "weekday", "starts_at", "ends_at", "dose_g", "volume_ml", "duration_min", "vials", "leftover_g")},
        "steps": [
            {name: _plain(getattr(step, name)) for name in
             ("step", "rate_ml_per_kg_per_h", "rate_mg_per_kg_per_min", "rate_ml_per_h", "starts_at", "duration_min", "volume_ml",
              "cumulative_ml", "from_start_min", "remaining_ml", "assumed")}
            for step in session.steps
        ],
        "phase": session.phase,
        "ladder": session.infusion.ladder if session.infusion else None,
        "bottles": _plain(session.bottles),
        "visit_from": session.visit_from,
        "visit_to": session.visit_to,
    }  # fmt: skip


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else _Plain(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "__dataclass_fields__"):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return value
