"""JSON Schemas: of the definition files, generated from their models, and of the document `ivigcalc.plan/1`.

The schema of a file accepts it both as an editor reads it (2 is a number) and as the strict reader does ("2" is text).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from ivigcalc.definitions import Range
from ivigcalc.engine.plan import Bottle, Course, DosingWeight, Notice, RateWeight, Step, Totals, TraceEntry, VialCount
from ivigcalc.library.reader import KINDS
from ivigcalc.request.form import Command, Form

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PLAN = "plan"


def kinds() -> tuple[str, ...]:
    """Everything that has a schema."""
    return (PLAN, *KINDS)


def schema_of(kind: str) -> dict[str, Any]:
    """The JSON Schema of a kind of definition file, or of `plan`."""
    if kind == PLAN:
        found = TypeAdapter(Document).json_schema(mode="serialization", schema_generator=_PlanSchema)
        title = "A plan of ivigcalc, as --format json prints it (ivigcalc.plan/1)"
    else:
        found = KINDS[kind].model_json_schema(mode="validation", schema_generator=_FileSchema)
        found = _tidied(found, _readable_names(found.get("$defs", {})))
        title = f"A {kind} file of ivigcalc (schema 1)"
    return {"$schema": DIALECT, **found, "title": title}


# ---- definition files ---------------------------------------------------------------------------------------------


class _Untitled(GenerateJsonSchema):
    """A key is its own title."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False


class _FileSchema(_Untitled):
    """Numbers and truth values also as text, and a range also as its one value."""

    def int_schema(self, schema: core_schema.IntSchema) -> JsonSchemaValue:  # noqa: ARG002
        return _whole_number(0, None)

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if schema.get("default") is None:  # an absent key is absent, never null
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def bool_schema(self, schema: core_schema.BoolSchema) -> JsonSchemaValue:  # noqa: ARG002
        return {"enum": [True, False, "true", "false"]}

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        found = super().model_schema(schema)
        if issubclass(schema["cls"], Range):
            found.pop("title")
            return {"anyOf": [found["properties"]["from"], found]}
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


# ---- the plan document --------------------------------------------------------------------------------------------


class _PlanSchema(_Untitled):
    """Every key present, none other, and a decimal is a plain JSON number."""

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:  # noqa: ARG002
        return {"type": "number"}

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
        found = super().dataclass_schema(schema)
        return {**found, "required": list(found["properties"]), "additionalProperties": False}

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


_Date = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
_Clock = Annotated[str, Field(pattern=r"^(\d{4}-\d{2}-\d{2}T)?\d{2}:\d{2}$")]
_Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Fingerprint(_Closed):
    """Which definition, in which version, from which bytes."""

    id: str
    version: _Date
    sha256: _Hash


class _Regimen(_Closed):
    """The regimen, and the protocol in it that was followed."""

    id: str
    protocol: str
    version: _Date
    sha256: _Hash


class _Policy(_Fingerprint):
    """The policy, and the weight formula that it names."""

    formula: _Fingerprint | None


class _Site(_Closed):
    """The site file that was in force."""

    id: str
    sha256: _Hash
    file: str


@dataclass(kw_only=True)
class _Request(Form):
    """What was asked, in the words of the command line."""

    command: Command
    on: _Date | None


class _ComputedFrom(_Closed):
    """Everything that the plan was computed from: enough to compute it again."""

    request: _Request
    regimen: _Regimen | None
    product: _Fingerprint
    policy: _Policy
    site: _Site | None
    safety: _Fingerprint
    defaults_used: list[str]


class _Session(_Closed):
    """One infusion visit."""

    course: int
    day: int
    date: _Date | None
    weekday: str | None
    starts_at: _Clock | None
    ends_at: _Clock | None
    dose_g: Decimal
    volume_ml: Decimal | None
    duration_min: int | None
    vials: list[VialCount]
    leftover_g: Decimal
    steps: list[Step]
    phase: str
    ladder: str | None
    bottles: list[Bottle]
    visit_from: _Clock | None
    visit_to: _Clock | None


class Document(_Closed):
    """Everything computed for one patient."""

    schema_: Literal["ivigcalc.plan/1"] = Field(alias="schema")
    ivigcalc_version: str
    computed_from: _ComputedFrom
    dosing_weight: DosingWeight
    rate_weight: RateWeight
    course: Course
    sessions: list[_Session]
    totals: Totals
    notices: list[Notice]
    trace: list[TraceEntry]
    phases: list[Course]
    sources: list[str]
    last_covered: _Date | None
    check: str
