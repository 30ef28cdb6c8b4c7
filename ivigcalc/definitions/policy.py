"""What a policy file may say: which weight is dosed on, how the dose is rounded, as one named body published it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from ivigcalc.quantity import Quantity, QuantityError, plain, quantity
from ivigcalc.text import TYPED, safe

from .condition import AgeCondition, ConditionText
from .fields import Amount, BodyWeight, Bool, Height, Identifier, Number, Place, Strict, Text, refuse
from .regimen import Limit
from .source import Cited, Definition, Said


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
