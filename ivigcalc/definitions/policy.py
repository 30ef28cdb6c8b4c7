"""What a policy file may say: which weight is dosed on, how the dose is rounded, as one named body published it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from ivigcalc.quantity import Quantity, QuantityError, quantity
from ivigcalc.text import TYPED, safe

from .condition import AgeCondition
from .fields import Amount, Bool, Text, refuse
from .regimen import Limit
from .source import Cited, Definition, Said
from .weight import DosingWeight
from .words import Sentence


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
    note: Sentence | None = None

    def __str__(self) -> str:
        tie = f", tie {self.tie}" if self.direction == "nearest" else ""
        return f"to {self.to}, {self.direction}{tie}"


class RateWeight(Cited):
    """The weight that rates are multiplied by; one word for what the program took because the body prints nothing."""

    use: Literal["actual", "dosing"]
    basis: Literal["printed", "assumed"] = "printed"

    @model_validator(mode="before")
    @classmethod
    def _one_word_is_assumed(cls, value: Any) -> Any:
        return {"use": value, "basis": "assumed"} if isinstance(value, str) else value


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
    rate_weight: RateWeight = RateWeight(use="actual", basis="assumed")
    limits: tuple[Limit, ...] = ()
    says: tuple[Said, ...] = ()
    notes: tuple[Sentence, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Policy:
        if self.computable and (self.dosing_weight is None or self.rounding is None):
            refuse([((), _INCOMPLETE)])
        if self.dosing_weight is not None and self.dosing_weight.missing:
            refuse([(("dosing_weight", "missing"), "is for a protocol; a policy says it under 'missing' at its top")])
        if not self.computable and not self.missing:
            raise ValueError("computable: false needs 'missing': what nobody printed")
        return self
