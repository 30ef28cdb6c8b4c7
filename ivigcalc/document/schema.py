"""The JSON Schema of the plan document, from its records: every key present and none other, each within its bounds.

What a key holds is said in its description, as `meanings.toml` has it.
"""

from __future__ import annotations

from decimal import Decimal
from inspect import getdoc
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, is_typeddict

from ivigcalc.document.keys import keys
from ivigcalc.document.meanings import of_plan
from ivigcalc.document.records import SCHEMA, Bound, Document, FilledWith
from ivigcalc.library.schema import DIALECT

TITLE = f"A plan of ivigcalc, as --format json prints it ({SCHEMA})"
_TYPES = {str: "string", bool: "boolean", int: "integer", Decimal: "number", NoneType: "null"}


def plan_schema() -> dict[str, Any]:
    """The JSON Schema of `ivigcalc.plan/1`."""
    parts = sorted(_within(Document), key=lambda record: record.__name__)
    return {
        "$schema": DIALECT,
        "$defs": {record.__name__: _block(record) for record in parts},
        **_block(Document),
        "title": TITLE,
    }


def _within(record: type) -> set[type]:
    held = {key.record for key in keys(record).values() if key.record}
    return held.union(*map(_within, held))


def _block(record: type) -> dict[str, Any]:
    meanings = of_plan()[record.__name__]
    return {
        "additionalProperties": False,
        "description": getdoc(record),
        "properties": {name: {"description": meanings[name], **_value(key.kind)} for name, key in keys(record).items()},
        "required": list(keys(record)),
        "title": record.__name__,
        "type": "object",
        **_filled(record),
    }


def _filled(record: type) -> dict[str, Any]:
    for name, key in keys(record).items():
        for note in get_args(key.kind):
            if isinstance(note, FilledWith):
                given = {"properties": {note.key: {"type": "string"}}}
                return {"if": given, "then": {"properties": {name: {"minItems": 1}}}}
    return {}


def _value(kind: Any) -> dict[str, Any]:
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        bounds = {note.keyword: note.limit for note in parts[1:] if isinstance(note, Bound)}
        return {**bounds, **_value(parts[0])}
    if origin in (Union, UnionType):
        return {"anyOf": [_value(part) for part in parts]}
    if origin is Literal:
        return {**({"enum": list(parts)} if len(parts) > 1 else {"const": parts[0]}), "type": "string"}
    if origin is list or Ellipsis in parts:
        return {"items": _value(parts[0]), "type": "array"}
    if origin is tuple:
        items = [_value(part) for part in parts]
        return {"maxItems": len(items), "minItems": len(items), "prefixItems": items, "type": "array"}
    if origin is dict:
        return {"additionalProperties": _value(parts[1]), "type": "object"}
    return {"$ref": f"#/$defs/{kind.__name__}"} if is_typeddict(kind) else {"type": _TYPES[kind]}
