"""What a class file may say: what is printed for intravenous immunoglobulins as such, whichever the product."""

from __future__ import annotations

from typing import Literal

from .block import Field
from .fields import DosePerKg, Identifier, Interval, Minutes, Range
from .product import RiskName
from .source import Cited, Definition, Said
from .words import Sentence


class ClassContraindication(Said):
    """Who must not have any product of the class; a product may differ by saying so."""

    condition: Identifier


class AgeRisk(Said):
    """The age above which age itself is a risk, and the risks that have to be asked for."""

    above: Interval
    risks: tuple[RiskName, ...] = Field(min_length=1)


class Haemolysis(Said):
    """From which dose of a course haemolysis is looked for, and how long after the infusion."""

    dose: DosePerKg
    after: Range[Minutes]


class VaccineWait(Cited):
    """How long live measles and varicella vaccines wait after a dose of this size."""

    dose: DosePerKg
    wait: Interval
    note: Sentence | None = None


class ProductClass(Definition):
    """All products of one kind."""

    kind: Literal["class"]
    contraindications: tuple[ClassContraindication, ...] = ()
    age_risk: AgeRisk | None = None
    haemolysis: Haemolysis | None = None
    vaccine_waits: tuple[VaccineWait, ...] = ()
    notes: tuple[Sentence, ...] = ()
