"""The JSON Schemas of the definition files, generated from their models.

The schema of a file accepts it both as an editor reads it (2 is a number) and as the strict reader does ("2" is text).
"""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from ivigcalc.definitions import Range
from ivigcalc.definitions.format import LATEST
from ivigcalc.definitions.policy import RateWeight
from ivigcalc.definitions.reading import model_of
from ivigcalc.library.reader import KINDS
from ivigcalc.quantity import Quantity

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(kind: str) -> dict[str, Any]:
    """The JSON Schema of a kind of definition file."""
    found = model_of(KINDS[kind]).model_json_schema(mode="validation", schema_generator=_FileSchema)
    found = _tidied(found, _readable_names(found.get("$defs", {})))
    return {"$schema": DIALECT, **found, "title": f"A {kind} file of ivigcalc (schema {LATEST})"}


class Untitled(GenerateJsonSchema):
    """A key is its own title."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        """Never."""
        return False


class _FileSchema(Untitled):
    """Numbers and truth values also as text, and what may be said in one word also as that word."""

    def int_schema(self, schema: core_schema.IntSchema) -> JsonSchemaValue:  # noqa: ARG002
        return _whole_number(0, None)

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if schema.get("default") is None:  # an absent key is absent, never null
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def encode_default(self, dft: Any) -> Any:
        """A quantity as a file says it."""
        return str(dft) if isinstance(dft, Quantity) else super().encode_default(dft)

    def bool_schema(self, schema: core_schema.BoolSchema) -> JsonSchemaValue:  # noqa: ARG002
        return {"enum": [True, False, "true", "false"]}

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        found = super().model_schema(schema)
        if issubclass(schema["cls"], model_of(Range)):
            found.pop("title")
            return {"anyOf": [found["properties"]["from"], found]}
        if issubclass(schema["cls"], model_of(RateWeight)):
            return {"anyOf": [found["properties"]["use"], found]}
        return found


def _whole_number(low: int, high: int | None) -> dict[str, Any]:
    number = {"type": "integer", "minimum": low, **({} if high is None else {"maximum": high})}
    if high is not None:
        return {"anyOf": [number, {"enum": [str(value) for value in range(low, high + 1)]}]}
    return {"anyOf": [number, {"type": "string", "pattern": "^[1-9][0-9]{0,4}$" if low else "^(0|[1-9][0-9]{0,4})$"}]}


def _tidied(value: Any, names: dict[str, str]) -> Any:
    """Bounds that the generator left beside a whole number are put into it; ranges get names that can be read."""
    if isinstance(value, list):
        return [_tidied(item, names) for item in value]
    if not isinstance(value, dict):
        return names.get(value, value) if isinstance(value, str) else value
    if "anyOf" in value and value.keys() & {"ge", "le"}:
        rest = {key: item for key, item in value.items() if key not in ("anyOf", "ge", "le")}
        return {**rest, **_whole_number(value.get("ge", 0), value.get("le"))}
    found = {names.get(key, key): _tidied(item, names) for key, item in value.items()}
    return {**found, "additionalProperties": False} if "patternProperties" in found else found


def _readable_names(definitions: dict[str, Any]) -> dict[str, str]:
    """Old name -> new, for definitions and for the references to them."""
    ranges = [name for name in definitions if "Range_" in name]
    found = {name: f"Range{number}" for number, name in enumerate(ranges, start=1)}
    return found | {f"#/$defs/{old}": f"#/$defs/{new}" for old, new in found.items()}
