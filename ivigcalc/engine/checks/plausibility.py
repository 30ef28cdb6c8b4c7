"""Weight, height and age that cannot be, or that a slip of unit explains: caught before they become doses."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from ivigcalc.definitions import Safety, cite
from ivigcalc.definitions.fields import Range
from ivigcalc.definitions.safety import UnitSlip, WeightForAge
from ivigcalc.engine.case import Case
from ivigcalc.engine.checks.common import in_years, weighed_alike
from ivigcalc.engine.draft import Draft
from ivigcalc.engine.plan import Notice
from ivigcalc.errors import RequestError
from ivigcalc.exact import Fraction
from ivigcalc.quantity import UNITS, Quantity, figure
from ivigcalc.request.request import Patient, Sex

_POUND_KG, _INCH_CM = UNITS["lb"][1], UNITS["in"][1]


def plausible(case: Case) -> Iterator[Notice]:
    """Weight, height and age that cannot be: typing errors are caught before they become doses."""
    rules, patient, on = case.safety, case.patient, case.request.reference_date
    weight, height, age = patient.weight_kg, patient.height_cm, case.age_months
    yield from _weight_bounds("body weight", weight, "", "the number and its unit", rules)
    at = None if height is None else _at(case, height)
    if at is not None:
        yield from at.said
    if patient.birth_date and on and patient.birth_date > on:
        raise RequestError(
            f"--birth-date {patient.birth_date} is after {on}, the first day of the plan: check both",
            field="birth_date",
        )
    if age is not None:
        yield from _for_age(weight, age, case)  # control: weight-for-age
    if at is not None and (age is None or age >= rules.bmi.from_age.base):
        yield from _for_height(case, at)


def dosing_weight(draft: Draft) -> Iterator[Notice]:
    """The weight that is dosed on, where it is not the actual one: by the same bounds, and against the actual one."""
    weights, patient, rules, age = draft.weights, draft.case.patient, draft.case.safety, draft.case.age_months
    if weights.kg == weights.actual_kg:
        if patient.pre_pregnancy_weight is not None and weights.basis != "pre-pregnancy":
            message = "the weight before pregnancy is not used: this policy doses on the actual weight"
            yield Notice("default-used", "info", message)
        return
    basis = f" ({weights.basis})"
    yield from _weight_bounds("dosing weight", weights.kg, basis, "weight, height, units and the policy", rules)
    if weights.basis == "pre-pregnancy" and age is not None:
        yield from _for_age(weights.kg, age, draft.case)
    if weights.kg > weights.actual_kg:  # control: dosing-above-body
        yield Notice(
            "dosing-weight-above-actual",
            "caution",
            f"the dosing weight of {figure(weights.kg)} kg ({weights.basis}) is above the actual weight of "
            f"{figure(weights.actual_kg)} kg: ask whether the policy is meant for this patient",
            f"{figure(weights.kg)} kg",
            f"{figure(weights.actual_kg)} kg",
        )


def _weight_bounds(what: str, kg: Fraction, basis: str, to_check: str, rules: Safety) -> Iterator[Notice]:
    low, high = rules.weight.range.from_.base, rules.weight.range.to.base
    if not low <= kg <= high:
        yield _implausible(
            f"a {what} of {figure(kg, 3)} kg{basis} is outside {figure(low)} to {figure(high)} kg: check {to_check}",
            f"{figure(kg, 3)} kg",
            f"{figure(low)}-{figure(high)} kg",
            cite(rules, rules.weight),
        )


def _implausible(message: str, value: str, limit: str, source: str | None) -> Notice:
    return Notice("weight-implausible", "stop", message, value, limit, source)


class _BoundsForAge(Struct, frozen=True):
    """What a weight has to be within at an age: from the lowest to the highest of the bands that it may be in."""

    low: Fraction
    high: Fraction
    band: WeightForAge


class _AtAge(Struct, frozen=True):
    """What must be said of an age, and the bounds of a weight at it, if there are any."""

    said: tuple[Notice, ...]
    bounds: _BoundsForAge | None


def _for_age(weight: Fraction, age: Fraction, case: Case) -> Iterator[Notice]:
    rules, patient = case.safety, case.patient
    whole_year = patient.age is not None and patient.age.unit == "year" and patient.age.value % 1 == 0
    at: _AtAge = case.definitions.follows.of(
        ("bounds", age, whole_year),
        lambda: _AtAge(tuple(_age_bounds(age, rules)), _bounds_for_age(age, whole_year, rules)),
    )
    yield from at.said
    if at.bounds is None:
        return
    low, high, band = at.bounds.low, at.bounds.high, at.bounds.band
    if not low <= weight <= high:
        yield _implausible(
            f"{figure(weight, 3)} kg is outside {figure(low)} to {figure(high)} kg for an age up to {band.up_to}: "
            "check weight, unit and age",
            f"{figure(weight, 3)} kg",
            f"{figure(low)}-{figure(high)} kg",
            cite(rules, band),
        )


def _age_bounds(age: Fraction, rules: Safety) -> Iterator[Notice]:
    if age > rules.age.highest.base or age < 0:
        years = in_years(age)
        yield _implausible(
            f"an age of {years} is not believable: check it", years, str(rules.age.highest), cite(rules, rules.age)
        )


def _bounds_for_age(age: Fraction, whole_year: bool, rules: Safety) -> _BoundsForAge | None:
    reached = _bands_of(age, whole_year, rules)
    if not reached:
        return None
    low, high = min(b.range.from_.base for b in reached), max(b.range.to.base for b in reached)
    return _BoundsForAge(low, high, reached[-1])


def _bands_of(age: Fraction, whole_year: bool, rules: Safety) -> list[WeightForAge]:
    """The bounds that an age may be in. A whole number of years is any day of that year: 0 years is not only a
    newborn. Where a band ends on the first day of it, the next one counts only where the chart looks closer."""
    latest = age + 12 if whole_year else age
    charted = rules.growth is not None and latest <= rules.growth.rows[-1].months
    bands = sorted(rules.weight_for_age, key=lambda band: band.up_to.base)
    begins = [Fraction(-1), *(band.up_to.base for band in bands)]
    return [
        band
        for band, after in zip(bands, begins, strict=False)
        if age <= band.up_to.base and (after < age or age < after < latest or (whole_year and charted and after == age))
    ]


class _AtHeight(Struct, frozen=True):
    """What must be said of a height in cm; the weights at it that the bounds of the BMI allow, and those that are
    ordinary, in kg."""

    height: Fraction
    said: tuple[Notice, ...]
    low: Fraction
    high: Fraction
    ordinary_low: Fraction
    ordinary_high: Fraction


def _at(case: Case, height: Fraction) -> _AtHeight:
    sex = case.patient.sex
    found: _AtHeight = case.definitions.follows.of(("at", height, sex), lambda: _at_height(height, sex, case.safety))
    return found


def _height_bounds(height: Fraction, rules: Safety) -> Iterator[Notice]:
    shortest, tallest = rules.height.range.from_.base, rules.height.range.to.base
    if not shortest <= height <= tallest:
        bounds = f"{figure(shortest)} to {figure(tallest)} cm"
        yield _implausible(
            f"a height of {figure(height)} cm is outside {bounds}: check the number and its unit",
            f"{figure(height)} cm",
            f"{figure(shortest)}-{figure(tallest)} cm",
            cite(rules, rules.height),
        )


def _at_height(height: Fraction, sex: Sex | None, rules: Safety) -> _AtHeight:
    squared, slip = (height / 100) ** 2, rules.unit_slip
    expected = _expected_kg(height, sex, slip)
    return _AtHeight(
        height,
        tuple(_height_bounds(height, rules)),
        Fraction(rules.bmi.low) * squared,
        Fraction(rules.bmi.high) * squared,
        expected * slip.ordinary.from_.base / 100,
        expected * slip.ordinary.to.base / 100,
    )


def _for_height(case: Case, at: _AtHeight) -> Iterator[Notice]:
    patient, rules = case.patient, case.safety
    weight, height = patient.weight_kg, at.height
    if at.low <= weight <= at.high:  # control: bmi-bounds
        yield from _doubtful_unit(patient, weight, height, at, rules)  # control: weight-of-the-other-unit
        return
    bmi, low, high = _bmi(weight, height), Fraction(rules.bmi.low), Fraction(rules.bmi.high)
    hint = _slip(weight, height, patient.sex, rules)
    yield _implausible(
        f"{figure(weight, 1)} kg at {figure(height, 1)} cm is a BMI of {figure(bmi, 1)}, "
        f"outside {figure(low)} to {figure(high)}: check weight, height and units{hint}",
        f"BMI {figure(bmi, 1)}",
        f"{figure(low)}-{figure(high)}",
        cite(rules, rules.bmi),
    )


def _bmi(weight: Fraction, height: Fraction) -> Fraction:
    return weight / (height / 100) ** 2


def _slip(weight: Fraction, height: Fraction, sex: Sex | None, rules: Safety) -> str:
    """Which slip of unit would make weight and height belong together, in words; the first that does."""
    readings = (
        ("pounds typed as kilograms", weight * _POUND_KG, height),
        ("kilograms typed as pounds", weight / _POUND_KG, height),
        ("inches typed as centimetres", weight, height * _INCH_CM),
        ("centimetres typed as inches", weight, height / _INCH_CM),
        ("weight and height exchanged", height, weight),
    )
    tall = rules.height.range
    for words, kilograms, centimetres in readings:
        share = kilograms / _expected_kg(centimetres, sex, rules.unit_slip)
        if tall.from_.base <= centimetres <= tall.to.base and _within(share, rules.unit_slip.ordinary):
            fitting = (
                f"{figure(kilograms, 1)} kg"
                if centimetres == height
                else f"{figure(kilograms, 1)} kg at {figure(centimetres, 1)} cm"
            )
            return f"; {words} would fit ({fitting}, BMI {figure(_bmi(kilograms, centimetres), 1)})"
    return ""


def _expected_kg(height: Fraction, sex: Sex | None, slip: UnitSlip) -> Fraction:
    if height < slip.child_below.base:
        bmi = slip.child_bmi
    else:
        bmi = {"male": slip.male_bmi, "female": slip.female_bmi, None: slip.either_bmi}[sex]
    return Fraction(bmi) * (height / 100) ** 2


def _within(share: Fraction, percent: Range[Quantity]) -> bool:
    return percent.from_.base <= share * 100 <= percent.to.base


def _doubtful_unit(
    patient: Patient, weight: Fraction, height: Fraction, at: _AtHeight, rules: Safety
) -> Iterator[Notice]:
    """A weight that is possible but not ordinary, of which the same figure in the other unit would be ordinary.

    A previous weight that agrees is a second witness, and settles the doubt.
    """
    if at.ordinary_low <= weight <= at.ordinary_high:
        return
    slip = rules.unit_slip
    expected = _expected_kg(height, patient.sex, slip)
    heavy = weight > at.ordinary_high
    other = weight * _POUND_KG if heavy else weight / _POUND_KG
    if not _within(other / expected, slip.likely) or weighed_alike(patient, rules):
        return
    words = "pounds were not typed as kilograms" if heavy else "kilograms were not typed as pounds"
    bmi = _bmi(weight, height)
    certain = bmi > slip.stop_above_bmi  # control: doubtful-weight-stops
    whom = f"for a {patient.sex} patient" if patient.sex else "for a patient"
    yield Notice(
        "weight-implausible" if certain else "weight-unit-doubtful",
        "stop" if certain else "caution",
        f"{figure(weight, 1)} kg is {figure(weight / expected, 1)} times what is usual {whom} of "
        f"{figure(height, 1)} cm (BMI {figure(bmi, 1)}), and {figure(other, 1)} kg would be ordinary: "
        f"check that {words}; --previous-weight settles it",
        f"{figure(weight, 1)} kg",
        f"{figure(at.ordinary_low, 1)}-{figure(at.ordinary_high, 1)} kg",
        cite(rules, slip),
    )
