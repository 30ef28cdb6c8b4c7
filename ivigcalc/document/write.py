"""Plan -> the JSON document `ivigcalc.plan/1`: fixed key order, plain decimals, absent = null."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import simplejson
from msgspec.structs import asdict

from ivigcalc.codes import audience_of
from ivigcalc.definitions import Loaded
from ivigcalc.document import records
from ivigcalc.document.keys import Key, keys
from ivigcalc.document.records import SCHEMA, Document
from ivigcalc.engine.plan import CHECK_LINE, ComputedFrom, Plan, Revision, Session
from ivigcalc.quantity import plain
from ivigcalc.request.read import form_of


class _Plain(Decimal):
    """A decimal that prints itself without exponent or trailing zeros."""

    def __str__(self) -> str:
        return plain(Decimal(self))  # which has the words of any Decimal


def to_json(plan: Plan) -> str:
    """One document, ending in a newline."""
    return text_of(document(plan))


def to_json_line(plan: Plan) -> str:
    """The same document on one line."""
    return str(simplejson.dumps(document(plan), use_decimal=True, ensure_ascii=False, separators=(",", ":"))) + "\n"


def text_of(found: dict[str, Any]) -> str:
    """Plain data as it is written."""
    return str(simplejson.dumps(found, use_decimal=True, ensure_ascii=False, indent=2)) + "\n"


def document(plan: Plan) -> dict[str, Any]:
    """The plan as plain data: what the records declare, taken from the plan by its name."""
    return _block(Document, plan)


def _block(record: type, source: Any) -> dict[str, Any]:
    return {
        name: _MADE[record, name](source) if (record, name) in _MADE else _value(key, getattr(source, name))
        for name, key in keys(record).items()
    }


def _value(key: Key, value: Any) -> Any:
    if key.record is None or value is None:
        return _plain(value)
    if key.many:
        return [_block(key.record, item) for item in value]
    return _block(key.record, value)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else _Plain(value)  # control: exact-json
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


# ---- what the document has and the plan has not by that name --------------------------------------------------------


def _schema(_: Plan) -> str:
    return SCHEMA


def _check(_: Plan) -> str:
    return CHECK_LINE


def _ladder(session: Session) -> str | None:
    return session.infusion.ladder if session.infusion else None


def _pauses(session: Session) -> list[dict[str, Any]]:
    found = session.infusion.interruptions if session.infusion else ()
    return [
        {
            "reaction_at": session.clock(pause.at_min),
            "resume_at": None if pause.resume_min is None else session.clock(pause.resume_min),
            **_plain(asdict(pause)),
        }
        for pause in found
    ]


def _event(change: Revision) -> dict[str, Any]:
    return {"kind": change.kind, **_plain(asdict(change.words))}


def _computed_from(plan: Plan) -> records.ComputedFrom:
    source = plan.computed_from
    formula = source.policy.formula
    return {
        "request": _request(source),
        "regimen": _regimen(source),
        "product": _fingerprint(source.product),
        "policy": {**_fingerprint(source.policy.policy), "formula": _fingerprint(formula) if formula else None},
        "site": _site(source),
        "safety": _fingerprint(source.safety),
        "product_class": _fingerprint(source.product_class) if source.product_class else None,
        "defaults_used": list(source.defaults_used),
        "order": plan.order_text,
    }


def _request(source: ComputedFrom) -> Any:
    regimen = f"{_reference(source.regimen)}:{source.protocol}" if source.regimen else None
    product, policy = _reference(source.product), _reference(source.policy.policy)
    form = form_of(source.request, regimen=regimen, product=product, policy=policy)
    on = source.request.on
    return {"command": source.request.command, "on": on.isoformat() if on else None, **_plain(asdict(form))}


def _regimen(source: ComputedFrom) -> records.Regimen | None:
    if source.regimen is None:
        return None
    assert source.protocol is not None
    found = _fingerprint(source.regimen)
    protocol = source.regimen.value.protocols[source.protocol]
    return {
        "id": found["id"],
        "protocol": source.protocol,
        "version": found["version"],
        "sha256": found["sha256"],
        "evidence": protocol.evidence,
        "patients": protocol.patients,
        "reading": protocol.reading,
    }


def _site(source: ComputedFrom) -> records.Site | None:
    site = source.site
    return {"id": site.value.id, "sha256": site.sha256, "file": site.name} if site.sha256 else None


def _fingerprint(loaded: Loaded[Any]) -> records.Fingerprint:
    return {"id": loaded.value.id, "version": loaded.value.version.isoformat(), "sha256": loaded.sha256}


def _reference(loaded: Loaded[Any]) -> str:
    """The id of a shipped definition, the path of a hospital's own."""
    return loaded.name if loaded.is_file else str(loaded.value.id)


_MADE: dict[tuple[type, str], Callable[[Any], Any]] = {
    (Document, "schema"): _schema,
    (Document, "computed_from"): _computed_from,
    (Document, "check"): _check,
    (records.Session, "ladder"): _ladder,
    (records.Session, "pauses"): _pauses,
    (records.Revision, "event"): _event,
    (records.Revised, "event"): _event,
    (records.Revised, "to_product"): lambda change: _fingerprint(change.to_product) if change.to_product else None,
    (records.Notice, "audience"): lambda notice: audience_of(notice.code),
    (records.Notice, "count"): lambda notice: max(1, len(notice.sessions)),
}
