"""What is asked: one patient, one order. Built at the edge, read by the engine; nothing is looked up later."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Literal

from msgspec import Struct, field

from ivigcalc.exact import Fraction
from ivigcalc.quantity import Quantity, in_months
from ivigcalc.request.form import Command

Sex = Literal["male", "female"]
Risk = Literal["renal", "thrombosis", "cardiac"]
#: what is said of a patient who was asked and has none of them
NO_RISK: Literal["none"] = "none"
InfusionKind = Literal["first", "subsequent"]
#: no schedule is believable beyond this
LAST_YEAR = 2199


class Patient(Struct, frozen=True):
    """Who is treated. `name` and `patient_id` are printed, never interpreted."""

    weight: Quantity
    weighed_on: date | None = None
    height: Quantity | None = None
    sex: Sex | None = None
    age: Quantity | None = None
    birth_date: date | None = None
    pregnant: bool = False
    pre_pregnancy_weight: Quantity | None = None
    previous_weight: Quantity | None = None
    risks: tuple[Risk | Literal["none"], ...] = ()
    conditions: tuple[str, ...] = ()
    name: str | None = None
    patient_id: str | None = None

    @property
    def weight_kg(self) -> Fraction:
        """Actual body weight, exact, in kg."""
        return self.weight.body_kg

    @property
    def at_risk(self) -> tuple[Risk, ...]:
        """The risks that the patient has; none of them where it was said that there are none."""
        return tuple(risk for risk in self.risks if risk != "none")

    @property
    def height_cm(self) -> Fraction | None:
        """Height, exact, in cm."""
        return self.height.body_cm if self.height else None

    def age_months(self, on: date | None) -> Fraction | None:
        """Age in months on a day; completed months where it comes from a birth date."""
        if self.age is not None:
            return in_months(self.age)
        if self.birth_date is None or on is None:
            return None
        from dateutil.relativedelta import relativedelta  # only here, where a start on a slow machine would feel it

        lived = relativedelta(on, self.birth_date)
        return Fraction(lived.years * 12 + lived.months)


Per = Literal["course", "day"]


class OrderedDose(Struct, frozen=True):
    """A dose as it is ordered. `per`: whether of a course or of each of its days, where the order says so."""

    amount: Quantity
    per: Per | None = None

    def __str__(self) -> str:
        return f"{self.amount}/{self.per}" if self.per else str(self.amount)


class Treatment(Struct, frozen=True):
    """The part of an order that is the same for everybody who is treated alike: how much, how often, how many times.

    `phase` is planned alone. `by_phase`: what is ordered for one phase after the other, where it is said of each.
    """

    phase: str | None = None
    dose: OrderedDose | None = None
    days: int | None = None
    over: Quantity | None = None
    every: Quantity | None = None
    dose_basis: Literal["course", "4-weeks"] | None = None
    courses: int | None = None
    by_phase: tuple[Treatment, ...] = ()


class Order(Treatment, frozen=True, dict=True):
    """What is ordered: a treatment, and when."""

    start: date | None = None
    at: int | None = None
    infusion: InfusionKind | None = None
    last_infusion: date | None = None
    last_product: str | None = None
    valid_for: Quantity | None = None
    overrides: tuple[tuple[str, str], ...] = ()

    @cached_property
    def treatment(self) -> Treatment:
        """The part that does not say when."""
        return Treatment(**{name: getattr(self, name) for name in Treatment.__struct_fields__})

    def override(self, code: str) -> str | None:
        """The reason given for overriding a stop, if any."""
        for given, reason in self.overrides:
            if given == code:
                return reason
        return None


class Request(Struct, frozen=True):
    """One question. `on` is the day it is asked, set at the edge: the engine has no clock."""

    command: Command
    patient: Patient
    order: Order = field(default_factory=Order)
    protocol: str | None = None
    indication: str | None = None
    country: str | None = None
    on: date | None = None
    defaults_used: tuple[str, ...] = ()

    @property
    def reference_date(self) -> date | None:
        """The day that ages and weighings are judged on: the start, else the day of asking."""
        return self.order.start or self.on
