"""What a product file may say: concentration, vials, rate tables with their ceilings, handling and warnings."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Literal

from pydantic import Field, model_validator

from ivigcalc.quantity import Quantity

from .fields import Amount, Concentration, Identifier, IgaContent, Minutes, Rate, Strict, Text
from .source import Cited, Definition, Said

RiskName = Literal["renal", "thrombosis", "cardiac"]
Basis = Literal["printed", "assumed"]


def ml_per_kg_per_h(rate: Quantity, concentration: Quantity) -> Fraction:
    """A per-kg rate as mL/kg/h; mass rates (mg/kg/min) are divided by the concentration."""
    if rate.dimension == "mass rate per kg":
        return rate.base * 60 / concentration.base
    return rate.base


class Rung(Cited):
    """One step of a ladder: its rate, and for how long before the next (absent on the last: to the end)."""

    rate: Rate
    for_: Minutes | None = Field(default=None, alias="for")
    basis: Basis = "printed"
    note: Text | None = None


class Ceiling(Cited):
    """A rate that must not be passed."""

    rate: Rate
    risks: tuple[RiskName, ...] = ()
    note: Text | None = None


class Disagreement(Cited):
    """What another source says, kept on file; the lower figure is the one in force."""

    says: Text


class RateTable(Cited):
    """One ladder with its ceilings, for the indications and the kind of infusion it was published for."""

    for_: tuple[Identifier, ...] = Field(alias="for", min_length=1, description="indication ids, or `any`")
    infusion: Literal["any", "first", "subsequent"] = "any"
    ladder: tuple[Rung, ...] = Field(min_length=1)
    ceiling: Ceiling
    at_risk_ceiling: Ceiling | None = None
    note: Text | None = None
    others: tuple[Disagreement, ...] = ()

    def serves(self, indication: str) -> bool:
        """Whether the table was published for this indication (or for any)."""
        return indication in self.for_ or "any" in self.for_


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
    note: Text | None = None


class Contraindication(Said):
    """Who must not have it; `condition` is the word that `--condition` takes."""

    condition: Identifier | None = None


class Caution(Said):
    """Something to mind; with a `condition`, printed when the patient has it, else on every plan."""

    condition: Identifier | None = None


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
    warnings: tuple[Caution, ...] = ()
    restart: tuple[Said, ...] = ()
    notes: tuple[Text, ...] = ()
    others: tuple[Disagreement, ...] = ()

    @model_validator(mode="after")
    def _ladders_hold(self) -> Product:
        problems = list(self._contradictions())
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _contradictions(self) -> Iterator[str]:
        if len(set(self.vials)) != len(self.vials):
            yield "vials: a size is listed twice"
        for place, table in enumerate(self.rates, start=1):
            name = f"rates {place} ({', '.join(table.for_)})"
            if any(rung.for_ is None for rung in table.ladder[:-1]):
                yield f"{name}: only the last rung may leave out 'for'"
            if table.ladder[-1].for_ is not None:
                yield f"{name}: the last rung runs to the end, so it has no 'for'"
            rates = [rung.rate for rung in table.ladder]
            if len({rate.dimension == "rate" for rate in [*rates, table.ceiling.rate]}) > 1:
                yield f"{name}: mixes rates per kg with absolute rates"
                continue
            if self.concentration is None and any(
                r.dimension == "mass rate per kg" for r in [*rates, table.ceiling.rate]
            ):
                yield f"{name}: mg/kg/min needs the concentration"
                continue
            yield from self._out_of_order(name, table)

    def _out_of_order(self, name: str, table: RateTable) -> Iterator[str]:
        comparable = [self.comparable_rate(rung.rate) for rung in table.ladder]
        if any(later <= earlier for earlier, later in pairwise(comparable)):
            yield f"{name}: each rung must be faster than the one before"
        ceiling = self.comparable_rate(table.ceiling.rate)
        for rung, rate in zip(table.ladder, comparable, strict=True):
            if rate > ceiling:
                yield f"{name}: rung {rung.rate} is above the ceiling {table.ceiling.rate}"
        at_risk = table.at_risk_ceiling
        if at_risk and at_risk.rate.dimension != "rate" and self.comparable_rate(at_risk.rate) > ceiling:
            yield f"{name}: at_risk_ceiling {at_risk.rate} is above the ceiling {table.ceiling.rate}"

    def comparable_rate(self, rate: Quantity) -> Fraction:
        """mL/kg/h of a per-kg rate, mL/h of an absolute one."""
        if rate.dimension == "mass rate per kg":
            assert self.concentration is not None
            return ml_per_kg_per_h(rate, self.concentration)
        return rate.base
