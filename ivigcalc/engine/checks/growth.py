"""The weight of a small child against the charts of the World Health Organization, and pounds taken for kilograms."""

from __future__ import annotations

from collections.abc import Iterator
from math import floor

from ivigcalc.definitions import Range, cite
from ivigcalc.definitions.safety import Growth, GrowthRow
from ivigcalc.engine.case import Case
from ivigcalc.engine.checks.common import weighed_alike
from ivigcalc.engine.plan import Notice
from ivigcalc.exact import Fraction
from ivigcalc.quantity import UNITS, Quantity, figure
from ivigcalc.request.request import Patient

_POUND_KG = UNITS["lb"][1]


def weight_for_age(case: Case) -> Iterator[Notice]:
    """A weight outside the chart; a stop where the same figure in pounds is ordinary. A previous weight settles it."""
    patient, age, growth = case.patient, case.age_months, case.safety.growth
    if growth is None or age is None or age < 0:
        return
    first, last = floor(age), floor(age) + (12 if _in_years(patient) else 1)  # 2 years may be one day less than 3
    if last > growth.rows[-1].months:
        return
    low, high = _ordinary(growth, patient, first, last)
    weight = patient.weight_kg
    if low <= weight <= high or weighed_alike(patient, case.safety):  # control: growth-chart
        return
    pounds = weight > high and low <= weight * _POUND_KG <= high
    hint = f": {figure(weight)} lb would be {figure(weight * _POUND_KG, 1)} kg, which is ordinary" if pounds else ""
    term = ", unless the child was born before term" if weight < low and age < 24 else ""
    yield Notice(
        "weight-implausible" if pounds else "weight-for-age",
        "stop" if pounds else "caution",
        f"{figure(weight, 3)} kg is outside {figure(low)} to {figure(high)} kg, the chart for {_months(patient, age)}"
        f"{hint}: check weight, unit and age{term}; --previous-weight settles it",
        f"{figure(weight, 3)} kg",
        f"{figure(low)}-{figure(high)} kg",
        cite(case.safety, growth),
    )


def _ordinary(growth: Growth, patient: Patient, first: int, last: int) -> tuple[Fraction, Fraction]:
    """The ordinary weights from one month of age to another."""
    ranges = [found for row in growth.rows if first <= row.months <= last for found in _of(row, patient)]
    return min(found.from_.base for found in ranges), max(found.to.base for found in ranges)


def _of(row: GrowthRow, patient: Patient) -> tuple[Range[Quantity], ...]:
    by_sex = {"male": row.male, "female": row.female}
    return (by_sex[patient.sex],) if patient.sex else (row.male, row.female)


def _in_years(patient: Patient) -> bool:
    return patient.age is not None and patient.age.unit == "year"


def _months(patient: Patient, age: Fraction) -> str:
    whom = {"male": "boys of ", "female": "girls of ", None: ""}[patient.sex]
    return f"{whom}{patient.age}" if patient.age else f"{whom}{figure(age)} months"
