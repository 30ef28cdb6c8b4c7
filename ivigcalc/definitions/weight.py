"""Which body weight a dose is multiplied by, as a policy or a protocol says it, and the formulas behind it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal

from ivigcalc.quantity import plain

from .block import AfterValidator, Field, Strict, WithJsonSchema, model_validator
from .condition import Condition, ConditionText, exclude, takes_in
from .fields import BodyWeight, Height, Identifier, Number, Place, Text, refuse
from .source import Cited, Definition
from .words import Sentence


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
    notes: tuple[Sentence, ...] = ()


class ObeseRule(Strict):
    """A second weight for the obese, e.g. ideal for most and adjusted above a BMI of 30."""

    when: tuple[ConditionText, ...] = Field(min_length=1)
    use: Literal["ideal", "adjusted"]
    factor: Factor | None = None

    @model_validator(mode="after")
    def _whole(self) -> ObeseRule:
        if self.use == "adjusted" and self.factor is None:
            raise ValueError("use: adjusted needs 'factor': give it, such as 0.4")
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
    missing: tuple[Text, ...] = Field(
        default=(), description="of a protocol: what its source does not print, so that a policy has to be named for it"
    )
    note: Sentence | None = None

    @model_validator(mode="after")
    def _whole(self) -> DosingWeight:
        refuse(self._contradictions())
        return self

    def _contradictions(self) -> Iterator[tuple[Place, str]]:
        if self.use == "actual":  # the engine asks nothing further then, so a condition would be passed over in silence
            for key in _CONDITIONAL:
                if getattr(self, key):
                    yield (key,), f"has no effect beside 'use: actual'; allowed: {_WITH_CONDITIONS}"
        elif self.ideal is None and not self.missing:
            yield (), f"use: {self.use} needs 'ideal', the id of a formula"
        if self.use == "adjusted" and self.factor is None and not self.missing:
            yield (), "use: adjusted needs 'factor': give it, such as 0.4"
        yield from self._of_nobody()  # control: weight-rule-of-somebody

    def _of_nobody(self) -> Iterator[tuple[Place, str]]:
        """Conditions of which one undoes another, so that the rule does not do what one of its sentences says."""
        for key, together in (("all_when", self.all_when), ("refuse_when", self.refuse_when)):
            for index, condition in enumerate(together):
                for earlier in together[:index]:
                    if exclude(earlier, condition):
                        yield (key, index), f"nobody meets both '{earlier}' and '{condition}'"
        for index, condition in enumerate(self.when):
            for needed in self.all_when:
                if exclude(needed, condition):
                    yield ("when", index), f"nobody meets both '{condition}' and '{needed}' of all_when"
        for index, excepted in enumerate(self.unless):
            for key, condition in self._meant:
                if takes_in(excepted, condition):
                    yield ("unless", index), f"whoever meets '{condition}' of {key} meets '{excepted}' as well"
        obese = self.when_obese.when if self.when_obese else ()
        if self.when and all(any(takes_in(wide, condition) for wide in obese) for condition in self.when):
            words = " or ".join(map(str, self.when))
            yield ("when_obese", "when"), f"takes in whoever meets '{words}' of when, so that {self.use} is never used"

    @property
    def _meant(self) -> list[tuple[str, Condition]]:
        """Whom the rule is meant for, with the key that says so."""
        return [*(("when", condition) for condition in self.when), *(("all_when", one) for one in self.all_when)]
