"""What a policy file may say: which weight is dosed on, how the dose is rounded, as one named body published it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from ivigcalc.quantity import Quantity, QuantityError, number, plain, quantity
from ivigcalc.text import TYPED, safe

from .fields import Amount, BodyWeight, Bool, Height, Identifier, Number, Place, Strict, Text, refuse
from .regimen import Limit
from .source import Cited, Definition, Said

Subject = Literal["age", "height", "bmi", "actual", "pregnant"]
_CONDITION = re.compile(r"(age|height|BMI|actual)\s*(>=|<=|>|<)\s*(.+)")
_TIMES = re.compile(r"([0-9.]+)\s*%\s*(?:of\s+)?(ideal|adjusted)")
_ALLOWED = (
    "age < 18 years, height < 152 cm, BMI > 30, actual < adjusted, actual > 120 % ideal, actual < 50 kg, pregnant"
)


@dataclass(frozen=True, slots=True)
class Condition:
    """One test of a patient, e.g. `actual > 120 % ideal`. `percent` of the named weight; `operand` else."""

    text: str
    subject: Subject
    operator: Literal["<", "<=", ">", ">=", "is"]
    operand: Quantity | Decimal | None = None
    weight: Literal["ideal", "adjusted"] | None = None
    percent: Decimal = Decimal(100)

    def __str__(self) -> str:
        return self.text


def parse_condition(value: Any) -> Condition:
    """Read one condition of `when` or `unless`."""
    if isinstance(value, Condition):
        return value
    if not isinstance(value, str):
        raise ValueError("must be text")
    text = " ".join(value.split())
    if text == "pregnant":
        return Condition(text, "pregnant", "is")
    match = _CONDITION.fullmatch(text)
    if not match:
        raise ValueError(f"'{safe(text)}' is not a condition; allowed: {_ALLOWED}")
    try:
        return _condition(text, match[1].lower(), match[2], match[3])
    except QuantityError as error:
        raise ValueError(f"'{safe(text)}': {error}") from None


def _condition(text: str, subject: str, operator: Any, operand: Any) -> Condition:
    """A condition of `actual` compares with another weight, with a part of it, or with a number of kg."""
    if subject == "bmi":
        return Condition(text, "bmi", operator, number(operand))
    if subject == "age":
        return Condition(text, "age", operator, quantity(operand, "months"))
    if subject == "height":
        return Condition(text, "height", operator, quantity(operand, "height"))
    if operand in ("ideal", "adjusted"):
        return Condition(text, "actual", operator, weight=operand)
    part: Any = _TIMES.fullmatch(operand)
    if part:
        return Condition(text, "actual", operator, weight=part[2], percent=number(part[1]))
    return Condition(text, "actual", operator, quantity(operand, "weight"))


ConditionText = Annotated[
    Condition,
    BeforeValidator(parse_condition),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "examples": _ALLOWED.split(", ")}),
]


def _parse_age_condition(value: Any) -> Condition:
    condition = parse_condition(value)
    if condition.subject != "age":  # the dose is rounded after the weight is chosen, by the age alone
        raise ValueError(f"'{condition}' is not a condition of the age; allowed: age < 1 year, age <= 12 months")
    return condition


AgeCondition = Annotated[
    Condition,
    BeforeValidator(_parse_age_condition),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": "^\\s*age\\b", "examples": ["age < 1 year", "age <= 12 months"]}),
]


def _part(value: Decimal) -> Decimal:
    if not 0 < value <= 1:  # 40 for 0.4 would dose on the weight of a giant
        shown = plain(value)
        raise ValueError(f"{shown} is not a part of the excess weight; allowed: above 0 and at most 1, such as 0.4")
    return value


Factor = Annotated[
    Number,
    AfterValidator(_part),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
                {"type": "string", "pattern": r"^(0\.[0-9]*[1-9][0-9]*|1(\.0+)?)$"},
            ]
        }
    ),
]


class HeightLine(Strict):
    """A straight line over height: `at` + `per_inch` for each inch above `above`."""

    at: BodyWeight
    per_inch: BodyWeight
    above: Height


class Formula(Definition):
    """A formula for the ideal body weight."""

    kind: Literal["formula"]
    male: HeightLine
    female: HeightLine
    notes: tuple[Text, ...] = ()


class ObeseRule(Strict):
    """A second weight for the obese, e.g. ideal for most and adjusted above a BMI of 30."""

    when: tuple[ConditionText, ...] = Field(min_length=1)
    use: Literal["ideal", "adjusted"]
    factor: Factor | None = None

    @model_validator(mode="after")
    def _whole(self) -> ObeseRule:
        if self.use == "adjusted" and self.factor is None:
            raise ValueError("use: adjusted needs 'factor'")
        return self


_CONDITIONAL = ("when", "all_when", "unless", "when_obese", "refuse_when")
_WITH_CONDITIONS = "use: adjusted, use: ideal, use: lower-of-actual-and-ideal"


class DosingWeight(Cited):
    """Which weight the g/kg is multiplied by."""

    use: Literal["actual", "ideal", "adjusted", "lower-of-actual-and-ideal"]
    ideal: Identifier | None = Field(default=None, description="id of a formula file")
    factor: Factor | None = None
    when: tuple[ConditionText, ...] = Field(
        default=(), description="any of these; absent = always. Else the actual weight"
    )
    unless: tuple[ConditionText, ...] = Field(default=(), description="any of these: then the actual weight")
    all_when: tuple[ConditionText, ...] = Field(default=(), description="all of these must hold as well")
    when_obese: ObeseRule | None = None
    refuse_when: tuple[ConditionText, ...] = Field(
        default=(), description="where all of these hold the body leaves it open: refused"
    )
    pregnancy: Literal["pre-pregnancy", "actual"] | None = None
    assumed: tuple[Text, ...] = Field(default=(), description="what the document does not print; said on every plan")
    note: Text | None = None

    @model_validator(mode="after")
    def _whole(self) -> DosingWeight:
        refuse(self._contradictions())
        return self

    def _contradictions(self) -> Iterator[tuple[Place, str]]:
        if self.use == "actual":  # the engine asks nothing further then, so a condition would be passed over in silence
            for key in _CONDITIONAL:
                if getattr(self, key):
                    yield (key,), f"has no effect beside 'use: actual'; allowed: {_WITH_CONDITIONS}"
        elif self.ideal is None:
            yield (), f"use: {self.use} needs 'ideal', the id of a formula"
        if self.use == "adjusted" and self.factor is None:
            yield (), "use: adjusted needs 'factor'"


class SmallDoses(Cited):
    """A finer step for small doses, e.g. of infants."""

    below: Amount
    to: Amount
    when: tuple[AgeCondition, ...] = Field(default=(), description="any of these; ages only")


def _step(value: Any) -> Any:
    """Told as one mistake, not as one of each kind that the value might have been."""
    if isinstance(value, Quantity) or value in ("whole vials", "nothing"):
        return value
    try:
        if quantity(value, "amount").value > 0:
            return value
    except QuantityError:
        pass
    shown = f"'{safe(value, TYPED)}'" if isinstance(value, str) else "this"
    raise ValueError(f"{shown} is nothing to round to; allowed: whole vials, nothing, a step such as 5 g")


class Rounding(Cited):
    """To what the course dose is rounded."""

    to: Annotated[Literal["whole vials", "nothing"] | Amount, BeforeValidator(_step)]
    direction: Literal["nearest", "down", "up"] = "nearest"
    tie: Literal["down", "up"] = "down"
    small: SmallDoses | None = None
    basis: Literal["printed", "assumed"] = "printed"
    note: Text | None = None

    def __str__(self) -> str:
        tie = f", tie {self.tie}" if self.direction == "nearest" else ""
        return f"to {self.to}, {self.direction}{tie}"


_INCOMPLETE = "a computable policy needs dosing_weight and rounding; else say computable: false and what is missing"


class Policy(Definition):
    """The rules of one body. `computable: false` = on file as known, with what is missing."""

    kind: Literal["policy"]
    body: Text | None = None
    country: Text | None = None
    computable: Bool = True
    missing: tuple[Text, ...] = ()
    dosing_weight: DosingWeight | None = None
    rounding: Rounding | None = None
    rate_weight: Literal["actual", "dosing"] = "actual"
    limits: tuple[Limit, ...] = ()
    says: tuple[Said, ...] = ()
    notes: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Policy:
        if self.computable and (self.dosing_weight is None or self.rounding is None):
            refuse([((), _INCOMPLETE)])
        if not self.computable and not self.missing:
            raise ValueError("computable: false needs 'missing': what nobody printed")
        return self
