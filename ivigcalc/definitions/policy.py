"""What a policy file may say: which weight is dosed on, how the dose is rounded, as one named body published it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from ivigcalc.quantity import Quantity, QuantityError, quantity
from ivigcalc.text import TYPED, safe

from .condition import AgeCondition
from .fields import Amount, Bool, Percent, Text, refuse
from .regimen import Limit
from .source import Cited, Definition, Said
from .weight import DosingWeight
from .words import Sentence

#: grams are measured no finer than this: what is rounded to where a policy rounds to nothing
MEASURED_STEP_G = Fraction(1, 100)


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
    within: Percent | None = None
    otherwise: Amount | None = None
    basis: Literal["printed", "assumed"] = "printed"
    note: Sentence | None = None

    def __str__(self) -> str:
        tie = f", halves {self.tie}" if self.direction == "nearest" else ""
        return f"to {self.to}, {self.direction}{tie}"

    @model_validator(mode="after")
    def _otherwise_can_be_measured(self) -> Rounding:
        """Exact doses from opened vials: within how much not, and to what then."""
        within, otherwise = self.within, self.otherwise
        if (within is None) != (otherwise is None):
            key, other = ("within", "otherwise") if otherwise is None else ("otherwise", "within")
            refuse(
                [((key,), f"needs '{other}' beside it: whole vials within so much, otherwise the exact dose to a step")]
            )
        if otherwise is None or within is None:
            return self
        if self.to != "whole vials":
            refuse([(("otherwise",), f"is for 'to: whole vials', not for 'to: {self.to}'")])
        if otherwise.base < MEASURED_STEP_G:  # control: otherwise-measurable
            measured = f"{MEASURED_STEP_G.numerator / Decimal(MEASURED_STEP_G.denominator)} g"
            refuse([(("otherwise",), f"{otherwise} is finer than {measured}, the least that is measured of a vial")])
        return self

    def finer(self, to: Quantity, source: str | None) -> Rounding:
        """The same rule with a finer step, which needs no opened vial beside it."""
        update = {"to": to, "source": source or self.source, "within": None, "otherwise": None}
        return self.model_copy(update=update)


class Prefer(Cited):
    """Which course is taken before the nearest one: of those within so much of the exact dose, the one with the fewest
    vials. `spread`: by how much its days may differ.
    """

    fewest: Literal["vials"]
    within: Percent
    spread: Amount


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
    prefer: Prefer | None = None
    rate_weight: RateWeight = RateWeight(use="actual", basis="assumed")
    limits: tuple[Limit, ...] = ()
    says: tuple[Said, ...] = ()
    notes: tuple[Sentence, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Policy:
        if self.computable and (self.dosing_weight is None or self.rounding is None):
            refuse([((), _INCOMPLETE)])
        if self.prefer is not None and (self.rounding is None or self.rounding.to != "whole vials"):
            to = self.rounding.to if self.rounding else "nothing"
            refuse([(("prefer",), f"the fewest vials are of a rounding to whole vials, not to {to}")])
        if self.dosing_weight is not None and self.dosing_weight.missing:
            refuse([(("dosing_weight", "missing"), "is for a protocol; a policy says it under 'missing' at its top")])
        if not self.computable and not self.missing:
            raise ValueError("computable: false needs 'missing': what nobody printed")
        return self
