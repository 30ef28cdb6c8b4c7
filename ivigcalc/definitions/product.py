"""What a product file may say: concentration, vials, rate tables with their ceilings, handling and warnings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Literal

from ivigcalc.clock import DAY_MIN
from ivigcalc.exact import Fraction
from ivigcalc.quantity import Quantity, figure

from .block import Field, Strict, model_validator
from .condition import AgeRange
from .fields import Amount, Bool, Concentration, Identifier, IgaContent, Minutes, Place, Rate, Text, refuse
from .infusion_time import InfusionTime
from .source import Cited, Definition, Said
from .words import Reason, Sentence

RiskName = Literal["renal", "thrombosis", "cardiac"]
Basis = Literal["printed", "assumed"]


def ml_per_kg_per_h(rate: Quantity, concentration: Quantity) -> Fraction:
    """A per-kg rate as mL/kg/h; mass rates (mg/kg/min) are divided by the concentration."""
    if rate.dimension == "mass rate per kg":
        return rate.base * 60 / concentration.base
    return rate.base


class PrintedRung(Cited):
    """One step of a ladder: its rate, and for how long before the next (absent on the last: to the end)."""

    rate: Rate
    for_: Minutes | None = Field(default=None, alias="for")
    basis: Basis = "printed"
    note: Sentence | None = None


class Ceiling(Cited):
    """A rate that must not be passed."""

    rate: Rate
    risks: tuple[RiskName, ...] = ()
    less_than: Bool = Field(
        default=False,
        description="of at_risk_ceiling: printed as less than `rate`, so the last step below it is the most",
    )
    note: Sentence | None = None


class Disagreement(Cited):
    """What another source says, kept on file; the lower figure is the one in force."""

    says: Text
    words_because: Reason | None = None


class RateTable(Cited):
    """One ladder with its ceilings, for the indications and the kind of infusion it was published for."""

    for_: tuple[Identifier, ...] = Field(alias="for", min_length=1, description="indication ids, or `any`")
    infusion: Literal["any", "first", "subsequent"] = "any"
    ladder: tuple[PrintedRung, ...] = Field(min_length=1)
    ceiling: Ceiling
    at_risk_ceiling: Ceiling | None = None
    time: InfusionTime | None = Field(default=None, description="how long the infusion lasts, as printed")
    note: Sentence | None = None
    others: tuple[Disagreement, ...] = ()

    def serves(self, indication: str) -> bool:
        """Whether the table was published for this indication (or for any)."""
        return indication in self.for_ or "any" in self.for_

    @property
    def stated_rates(self) -> list[tuple[Place, Quantity]]:
        """Every rate of the table with its place in it: the rungs, then the ceilings."""
        rungs: list[tuple[Place, Quantity]] = [(("ladder", i, "rate"), rung.rate) for i, rung in enumerate(self.ladder)]
        ceilings: list[tuple[Place, Quantity]] = [(("ceiling", "rate"), self.ceiling.rate)]
        if self.at_risk_ceiling:
            ceilings.append((("at_risk_ceiling", "rate"), self.at_risk_ceiling.rate))
        return rungs + ceilings

    @model_validator(mode="after")
    def _holds_together(self) -> RateTable:
        refuse(self._contradictions())
        return self

    def _contradictions(self) -> Iterator[tuple[Place, str]]:
        last = len(self.ladder) - 1
        for i, rung in enumerate(self.ladder):
            if i < last and rung.for_ is None:
                yield ("ladder", i), "only the last step may leave out 'for'"
            if i == last and rung.for_ is not None:
                yield ("ladder", i), "the last step runs to the end, so it has no 'for'"
        for key in ("less_than", "risks"):  # a ceiling holds for everybody, whatever is said of it
            if getattr(self.ceiling, key):
                yield ("ceiling", key), "is for at_risk_ceiling"
        main = [rate for place, rate in self.stated_rates if place[0] != "at_risk_ceiling"]
        if len({rate.dimension == "rate" for rate in main}) > 1:
            yield (), "mixes rates per kg with absolute rates"
        elif len({rate.dimension for _, rate in self.stated_rates} - {"rate"}) <= 1:
            yield from self.out_of_order(lambda rate: rate.base)
        yield from self._out_of_time()

    def _out_of_time(self) -> Iterator[tuple[Place, str]]:
        """A time that is over before the last step, which then no infusion ever reaches."""
        steps_min = sum((rung.for_.base for rung in self.ladder if rung.for_ is not None), Fraction(0))
        if steps_min >= DAY_MIN:
            text = f"an infusion is of one day; the steps before the last take {figure(steps_min)} min, 24 h or more"
            yield ("ladder",), text
        if self.time is not None and self.time.to is not None and self.time.to.base <= steps_min:
            text = f"no step allows it: the steps before the last take {figure(steps_min)} min, at most {self.time.to}"
            yield ("time", "to"), f"{text} is allowed"

    def _no_step_below(self, comparable: Callable[[Quantity], Fraction]) -> Iterator[tuple[Place, str]]:
        """`less_than` names a step of the titration, so there has to be one below it, in a unit of the same kind."""
        printed, first = self.at_risk_ceiling, self.ladder[0].rate
        if printed is None or not printed.less_than:
            return
        if (first.dimension == "rate") != (printed.rate.dimension == "rate"):
            yield ("at_risk_ceiling", "less_than"), f"needs a rate of the same kind as the steps, not {printed.rate}"
        elif comparable(first) >= comparable(printed.rate):
            yield ("at_risk_ceiling", "less_than"), f"no step is below {printed.rate}: the first is {first}"

    def out_of_order(self, comparable: Callable[[Quantity], Fraction]) -> Iterator[tuple[Place, str]]:
        """Rungs that are not faster than the one before, or above the ceiling; needs rates of comparable kinds."""
        yield from self._no_step_below(comparable)
        first, ceiling = self.ladder[0].rate, self.ceiling.rate
        for (_, earlier), (place, later) in pairwise(self.stated_rates[: len(self.ladder)]):
            if comparable(later) <= comparable(earlier):
                yield place, f"each step must be faster than the one before; {later} follows {earlier}"
        for place, rate in self.stated_rates:
            if place[0] == "ladder" and comparable(rate) > comparable(ceiling):
                yield place, f"step {rate} is above the ceiling {ceiling}"
            same_kind = (rate.dimension == "rate") == (ceiling.dimension == "rate")
            if place[0] == "at_risk_ceiling" and same_kind and comparable(rate) > comparable(ceiling):
                yield place, f"at_risk_ceiling {rate} is above the ceiling {ceiling}"
            if place[0] == "at_risk_ceiling" and same_kind and comparable(rate) < comparable(first):
                yield place, f"at_risk_ceiling {rate} is below the first step {first}"


class Composition(Strict):
    """What else is in the bottle."""

    stabiliser: Said | None = None
    iga: Iga | None = None
    sodium: Said | None = None
    osmolality: Said | None = None
    ph: Said | None = None
    other: tuple[Said, ...] = ()


class Iga(Cited):
    """IgA content, as printed: a maximum, an average, or both."""

    maximum: IgaContent | None = None
    average: IgaContent | None = None
    note: Sentence | None = None


class _Whom(Said):
    """Whom a sentence of the label is about: those with a condition (a word of `--condition`), or of an age."""

    condition: Identifier | None = None
    age: AgeRange | None = None

    def holds(self, age_months: Fraction) -> bool:
        """Whether it is about patients of this age."""
        return self.age is not None and all(bound.holds(age_months) for bound in self.age)

    @model_validator(mode="after")
    def _one_of_both(self) -> _Whom:
        if self.condition is not None and self.age is not None:
            refuse([(("age",), "is for a sentence of its own: one with a 'condition' is for patients of every age")])
        return self


class Contraindication(_Whom):
    """Who must not have it."""


class UnlikeClass(Said):
    """That what is printed for the class does not hold for this product: of which condition, and what is printed."""

    condition: Identifier


class Caution(_Whom):
    """Something to mind: a caution for whom it is about. With an `age` it is not told to those who are outside it."""


class Licensed(Said):
    """One licensed indication with the label's dose in words; the computable dose is in the regimen."""

    id: Identifier


class OpenBottle(Cited):
    """For how long an opened bottle, or bottles pooled in a bag, may run."""

    within: Minutes
    applies_to: Literal["bottle", "pool"] = "bottle"


class Product(Definition):
    """One immunoglobulin product as licensed in one country."""

    kind: Literal["product"]
    manufacturer: Text | None = None
    country: Text | None = Field(default=None, description="country of licence: US, EU, UK, AU, CA, NZ, ...")
    concentration: Concentration | None = None
    vials: tuple[Amount, ...] = ()
    contraindicated_with: tuple[Identifier, ...] = ()
    indications: tuple[Licensed, ...] = ()
    rates: tuple[RateTable, ...] = ()
    no_rates_because: Text | None = Field(default=None, description="why there is no rate table, for the refusal")
    composition: Composition | None = None
    storage: tuple[Said, ...] = ()
    handling: tuple[Said, ...] = ()
    open_bottle: OpenBottle | None = None
    contraindications: tuple[Contraindication, ...] = ()
    unlike_class: tuple[UnlikeClass, ...] = ()
    warnings: tuple[Caution, ...] = ()
    restart: tuple[Said, ...] = ()
    notes: tuple[Sentence, ...] = ()
    others: tuple[Disagreement, ...] = ()

    @model_validator(mode="after")
    def _holds_together(self) -> Product:
        refuse(self._contradictions())
        return self

    def _contradictions(self) -> Iterator[tuple[Place, str]]:
        sizes = [vial.base for vial in self.vials]
        for index, vial in enumerate(self.vials):
            if vial.base in sizes[:index]:
                yield ("vials", index), f"{vial}: a size is listed twice"
        for index, unlike in enumerate(self.unlike_class):
            if unlike.condition in self.contraindicated_with:
                text = f"'{unlike.condition}' is under contraindicated_with as well"
                yield ("unlike_class", index, "condition"), text
        for index, table in enumerate(self.rates):
            kinds = {rate.dimension for _, rate in table.stated_rates}
            by_mass = [place for place, rate in table.stated_rates if rate.dimension == "mass rate per kg"]
            if by_mass and self.concentration is None:
                yield ("rates", index, *by_mass[0]), "mg/kg/min needs the concentration of the product"
            elif by_mass and len(kinds - {"rate"}) > 1:
                for place, message in table.out_of_order(self.comparable_rate):
                    yield ("rates", index, *place), message

    def at_risk(self, table: RateTable) -> Ceiling | None:
        """A table's ceiling at risk as it is kept: of one printed as `less than`, the last step below it."""
        printed = table.at_risk_ceiling
        if printed is None or not printed.less_than:
            return printed
        most = self.comparable_rate(printed.rate)
        below = [
            rung.rate for rung in table.ladder if self.comparable_rate(rung.rate) < most
        ]  # control: less-than-at-risk
        return printed.model_copy(update={"rate": below[-1], "less_than": False})

    def comparable_rate(self, rate: Quantity) -> Fraction:
        """mL/kg/h of a per-kg rate, mL/h of an absolute one."""
        if rate.dimension == "mass rate per kg":
            assert self.concentration is not None
            return ml_per_kg_per_h(rate, self.concentration)
        return rate.base
