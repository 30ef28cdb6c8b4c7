"""What a policy file may say: which weight is dosed on, how the dose is rounded, as one named body published it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, Literal

from ivigcalc.exact import Fraction
from ivigcalc.quantity import Quantity, QuantityError, quantity
from ivigcalc.text import TYPED, safe

from .block import BeforeValidator, Field, model_validator
from .condition import AgeCondition
from .fields import Amount, Bool, Identifier, Percent, Place, Rate, Text, refuse
from .product import RiskName
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


#: of the exact dose: a rounded one that may differ by so much may be nothing at all
_WHOLE = 100


def _part_of_the_dose(within: Quantity | None, place: Place) -> Iterator[tuple[Place, str]]:
    if within is not None and within.value >= _WHOLE:
        yield place, f"a dose that may differ by {within} may be nothing; allowed: below {_WHOLE} %"


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
        refuse(_part_of_the_dose(within, ("within",)))
        if otherwise.base < MEASURED_STEP_G:  # control: otherwise-measurable
            measured = f"{MEASURED_STEP_G.numerator / Decimal(MEASURED_STEP_G.denominator)} g"
            refuse([(("otherwise",), f"{otherwise} is finer than {measured}, the least that is measured of a vial")])
        return self

    @model_validator(mode="after")
    def _small_is_finer(self) -> Rounding:
        """A step for small doses that is none for them: above the doses that it is for, or above the usual step."""
        small, usual = self.small, self.to
        if small is not None and small.to.base >= small.below.base:
            text = f"a step of {small.to} is not below the doses that it is for, below {small.below}"
            refuse([(("small", "to"), text)])
        if small is not None and isinstance(usual, Quantity) and small.to.base >= usual.base:
            refuse([(("small", "to"), f"a step of {small.to} is not finer than the usual step of {usual}")])
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


class PolicyCeiling(Cited):
    """A rate that the body does not pass, whatever the product: per kg, or the same for everybody."""

    rate: Rate
    note: Sentence | None = None


class CeilingAtRisk(PolicyCeiling):
    """The same for whoever has one of these risks or conditions, or is of one of these ages."""

    risks: tuple[RiskName, ...] = ()
    conditions: tuple[Identifier, ...] = Field(default=(), description="words of `--condition`")
    when: tuple[AgeCondition, ...] = Field(default=(), description="ages only")

    @model_validator(mode="after")
    def _for_somebody(self) -> CeilingAtRisk:
        if not (self.risks or self.conditions or self.when):
            refuse([((), "for whom? Give 'risks', 'conditions' or 'when'")])
        return self

    def __str__(self) -> str:
        """For whom: `renal risk, diabetes, age > 65 years`."""
        words = [condition.replace("-", " ") for condition in self.conditions]
        return ", ".join([*(f"{risk} risk" for risk in self.risks), *words, *map(str, self.when)])


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
    rate_ceiling: PolicyCeiling | None = Field(default=None, description="the most of any infusion")
    first_rate_ceiling: PolicyCeiling | None = Field(default=None, description="the most of a first infusion")
    at_risk_ceiling: CeilingAtRisk | None = Field(default=None, description="the most for patients at risk")
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
        refuse(self._preferred_too_far())
        if self.dosing_weight is not None and self.dosing_weight.missing:
            refuse([(("dosing_weight", "missing"), "is for a protocol; a policy says it under 'missing' at its top")])
        if not self.computable and not self.missing:
            raise ValueError("computable: false needs 'missing': give what nobody printed")
        refuse(self._above_the_ceiling())
        return self

    def _preferred_too_far(self) -> Iterator[tuple[Place, str]]:
        """A course that is preferred although its rounding, or nobody, would give it."""
        within, near = (rule.within if rule else None for rule in (self.prefer, self.rounding))
        yield from _part_of_the_dose(within, ("prefer", "within"))
        if within is not None and near is not None and within.value > near.value:
            text = f"{within} is above the {near} of rounding, beyond which no whole vials are given"
            yield ("prefer", "within"), text

    @cached_property
    def ceilings(self) -> dict[str, PolicyCeiling]:
        """The rates that are not passed, under their keys."""
        found = {key: getattr(self, key) for key in ("rate_ceiling", "first_rate_ceiling", "at_risk_ceiling")}
        return {key: ceiling for key, ceiling in found.items() if ceiling is not None}

    def _above_the_ceiling(self) -> Iterator[tuple[Place, str]]:
        """A ceiling of some that is above that of all; in other units the two are compared where a product is given."""
        most = self.rate_ceiling
        for key, ceiling in self.ceilings.items():
            same_kind = most is not None and ceiling.rate.dimension == most.rate.dimension
            if most is not None and same_kind and ceiling.rate.base > most.rate.base:
                yield (key, "rate"), f"{key} {ceiling.rate} is above the rate_ceiling {most.rate}"
