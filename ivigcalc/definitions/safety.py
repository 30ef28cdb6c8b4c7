"""What a safety file may say: the thresholds that the checks compare with, each with its source."""

from __future__ import annotations

from typing import Literal

from .block import Field, Strict, model_validator
from .fields import (
    Amount,
    BodyWeight,
    Concentration,
    Count,
    DoseQuantity,
    FlowRate,
    Height,
    Identifier,
    Interval,
    Minutes,
    Number,
    Percent,
    Range,
    Rate,
    Text,
    refuse,
)
from .source import Cited, Definition, Said
from .visit import CitedObservations
from .weight import Factor
from .words import Sentence


class WeightRange(Cited):
    """Body weights outside which a typing error is taken for granted."""

    range: Range[BodyWeight]


class HeightRange(Cited):
    """Heights outside which a typing error is taken for granted."""

    range: Range[Height]


class BmiRange(Cited):
    """Body mass indices (kg/m2) outside which weight and height do not belong together."""

    from_age: Interval
    low: Number
    high: Number


class UnitSlip(Cited):
    """When a weight is doubtful because the same figure in pounds (or kilograms) would be ordinary for the height and
    sex.

    `ordinary` and `likely` are percentages of the weight at the expected BMI; above `stop_above_bmi` the doubt is a
    stop.
    """

    male_bmi: Number
    female_bmi: Number
    either_bmi: Number
    child_bmi: Number
    child_below: Height
    ordinary: Range[Percent]
    likely: Range[Percent]
    stop_above_bmi: Number


class ObeseWeight(Cited):
    """From which BMI on an adult's actual weight is questioned, and the adjusted weight that is shown beside it."""

    from_bmi: Number
    ideal: Identifier
    factor: Factor


class OwnFiles(Cited):
    """Lowest and highest of each kind of figure in the shipped library: what a file of one's own is held against.

    Beyond `caution` times the highest (or below the lowest divided by it) is a caution, beyond `stop` times a stop.
    """

    caution: Number
    stop: Number
    rate_per_kg: Range[Rate]
    rate: Range[FlowRate]
    concentration: Range[Concentration]
    vial: Range[Amount]
    course_dose: Range[DoseQuantity]
    day_dose: Range[DoseQuantity]
    dose: Range[Amount]
    interval: Range[Interval]


class AdultAge(Cited):
    """From which age on a patient counts as an adult, where a source says adult and prints no age."""

    from_age: Interval


class NewbornAge(Cited):
    """Below which age a patient counts as a newborn, where a source says newborn and prints no age."""

    below_age: Interval


class AgeLimit(Cited):
    """The highest believable age."""

    highest: Interval


class WeightForAge(Cited):
    """Believable weights up to an age."""

    up_to: Interval
    range: Range[BodyWeight]


class GrowthRow(Strict):
    """Ordinary weights of one completed month of age."""

    months: Count
    male: Range[BodyWeight]
    female: Range[BodyWeight]


class Growth(Cited):
    """Ordinary weights for age, month by month."""

    rows: tuple[GrowthRow, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _every_month(self) -> Growth:
        refuse(
            (("rows", place, "months"), f"the row of a month is missing, or out of order; allowed: {place}")
            for place, row in enumerate(self.rows)
            if row.months != place
        )
        return self


class Threshold(Cited):
    """A time after which something must be looked at again."""

    after: Interval


class WeightChange(Cited):
    """A change of weight at which the prescriber is told."""

    percent: Percent


class TooClose(Cited):
    """The part of the interval that must have passed since the last infusion; less is a stop."""

    percent: Percent


class OpenTime(Cited):
    """For how long an opened bottle may run where the product's label says nothing."""

    within: Minutes


class HighestDose(Cited):
    """The highest dose that a source on file prints, whatever the disease: more is taken for a slip."""

    dose: DoseQuantity


class Deviation(Cited):
    """By how much the rounded dose may differ from the exact one."""

    percent: Percent


class PumpSteps(Cited):
    """By how much the pump may run above a step, and from which difference on both rates are shown."""

    above_step: Percent
    shown_from: Percent


class CitedReaction(Strict):
    """What to do on a reaction, as somebody printed it."""

    stop: Said
    slow: Said
    restart: Said


class Coded(Cited):
    """What one code of a patient record says of a patient.

    `ask`: what the code leaves open; then it is only asked about, and never taken.
    """

    system: Literal["loinc", "snomed-ct"]
    code: Text
    name: Text
    says: Literal["weight", "height", "pregnant", "condition"]
    condition: Identifier | None = None
    ask: Text | None = None

    @model_validator(mode="after")
    def _names_its_condition(self) -> Coded:
        if (self.condition is None) == (self.says == "condition"):
            raise ValueError("condition: must be given where it says `condition`, and only there")
        return self


class Safety(Definition):
    """The thresholds of the checks."""

    kind: Literal["safety"]
    weight: WeightRange
    height: HeightRange
    bmi: BmiRange
    unit_slip: UnitSlip
    obese_weight: ObeseWeight | None = None
    adult: AdultAge
    newborn: NewbornAge
    own_files: OwnFiles
    age: AgeLimit
    weight_for_age: tuple[WeightForAge, ...] = ()
    growth: Growth | None = None
    highest_day_dose: HighestDose
    highest_course_dose: HighestDose
    deviation: Deviation
    stale_weight: Threshold
    weight_change: WeightChange
    restart_after: Threshold
    too_close: TooClose
    opened_bottle: OpenTime
    pump: PumpSteps
    assumed_steps: Said | None = Field(
        default=None, description="what is printed in general for the steps that a product's source does not print"
    )
    observations: CitedObservations | None = None
    reaction: CitedReaction | None = None
    report: tuple[Said, ...] = Field(default=(), description="what a patient is asked to report, in plain words")
    conditions: dict[Identifier, Text] = Field(default_factory=dict)
    coded: tuple[Coded, ...] = Field(default=(), description="which codes of a patient record say what is asked")
    notes: tuple[Sentence, ...] = ()
