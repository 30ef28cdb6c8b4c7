"""The patient: figures that cannot be, the protocol's population, contraindications, and how old the weight is."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from ivigcalc.checks.common import Asked, cite, show
from ivigcalc.definitions import Loaded, LoadedPolicy, Safety
from ivigcalc.definitions.product import Contraindication
from ivigcalc.errors import RequestError
from ivigcalc.plan import Notice
from ivigcalc.quantity import UNITS, weight_kg
from ivigcalc.request import Patient, Request
from ivigcalc.schedule import step
from ivigcalc.weight import Weights


def plausibility(patient: Patient, request: Request, safety: Loaded[Safety]) -> Iterator[Notice]:
    """Weight, height and age that cannot be: typing errors are caught before they become doses."""
    rules = safety.value
    weight = patient.weight_kg
    low, high = rules.weight.range.from_.base, rules.weight.range.to.base
    if not low <= weight <= high:
        yield Notice("weight-implausible", "stop", f"a body weight of {show(weight, 3)} kg is outside {show(low)} to {show(high)} kg: check the number and its unit",
                     f"{show(weight, 3)} kg", f"{show(low)}-{show(high)} kg", cite(rules, rules.weight))  # fmt: skip
    height = patient.height_cm
    if height is not None:
        shortest, tallest = rules.height.range.from_.base, rules.height.range.to.base
        if not shortest <= height <= tallest:
            yield Notice("weight-implausible", "stop", f"a height of {show(height)} cm is outside {show(shortest)} to {show(tallest)} cm: check the number and its unit",
                         f"{show(height)} cm", f"{show(shortest)}-{show(tallest)} cm", cite(rules, rules.height))  # fmt: skip
    age = patient.age_months(request.reference_date)
    if age is not None:
        yield from _for_age(patient, age, rules)
    if height is not None and (age is None or age >= rules.bmi.from_age.base):
        yield from _for_bmi(weight, height, rules)


def _for_age(patient: Patient, age: Fraction, rules: Safety) -> Iterator[Notice]:
    if age > rules.age.highest.base or age < 0:
        yield Notice("weight-implausible", "stop", f"an age of {show(age / 12, 1)} years is not believable: check it", f"{show(age / 12, 1)} years",
                     str(rules.age.highest), cite(rules, rules.age))  # fmt: skip
    for band in sorted(rules.weight_for_age, key=lambda b: b.up_to.base):
        if age <= band.up_to.base:
            low, high = band.range.from_.base, band.range.to.base
            if not low <= patient.weight_kg <= high:
                yield Notice("weight-implausible", "stop",
                             f"{show(patient.weight_kg, 3)} kg is outside {show(low)} to {show(high)} kg for an age up to {band.up_to}: check weight, unit and age",
                             f"{show(patient.weight_kg, 3)} kg", f"{show(low)}-{show(high)} kg", cite(rules, band))  # fmt: skip
            break


def _for_bmi(weight: Fraction, height: Fraction, rules: Safety) -> Iterator[Notice]:
    bmi = weight / (height / 100) ** 2
    low, high = Fraction(rules.bmi.low), Fraction(rules.bmi.high)
    if low <= bmi <= high:
        return
    pound_kg = UNITS["lb"][1]
    other = weight * pound_kg if bmi > high else weight / pound_kg
    other_bmi = other / (height / 100) ** 2
    named = "pounds typed as kilograms" if bmi > high else "kilograms typed as pounds"
    hint = f"; {named} would fit ({show(other, 1)} kg, BMI {show(other_bmi, 1)})" if low <= other_bmi <= high else ""
    yield Notice("weight-implausible", "stop", f"{show(weight, 1)} kg at {show(height, 1)} cm is a BMI of {show(bmi, 1)}, outside {show(low)} to {show(high)}: check weight, height and units{hint}",
                 f"BMI {show(bmi, 1)}", f"{show(low)}-{show(high)}", cite(rules, rules.bmi))  # fmt: skip


def population(asked: Asked) -> Iterator[Notice]:
    """Age against the protocol, and the confidence of its source."""
    protocol, regimen = asked.protocol, asked.regimen
    if protocol is None or regimen is None:
        return
    if protocol.confidence == "low":
        yield Notice(
            "low-confidence-source",
            "caution",
            f"protocol '{protocol.title}' rests on a source of low confidence",
            source=cite(regimen.value, protocol),
        )
    bounds = protocol.population.age if protocol.population else None
    age = asked.patient.age_months(asked.request.reference_date)
    if bounds and age is None:
        yield Notice(
            "default-used",
            "info",
            f"no age given: the protocol's age ({' and '.join(map(str, bounds))}) was not checked; give --age or --birth-date",
        )
    for bound in bounds or ():
        if age is not None and not bound.holds(age):
            years = f"{show(age / 12, 1)} years"
            yield Notice("age-outside-regimen", "stop", f"an age of {years} is outside the protocol, published for {bound}", years, str(bound), cite(regimen.value, protocol.population, protocol))  # fmt: skip


def contraindications(asked: Asked) -> Iterator[Notice]:
    """What the patient has, against what the product file says."""
    product = asked.product.value
    known = {c.condition: c for c in product.contraindications if c.condition}
    warnings = {w.condition: w for w in product.warnings if w.condition}
    for condition in asked.patient.conditions:
        if condition in known or condition in product.contraindicated_with:
            entry: Contraindication | None = known.get(condition)
            words = entry.text if entry else condition.replace("-", " ")
            yield Notice(
                "product-contraindicated",
                "stop",
                f"{product.title} is contraindicated: {words}",
                condition,
                None,
                cite(product, entry),
            )
        elif condition in warnings:
            warning = warnings[condition]
            yield Notice(
                "product-warning",
                "caution",
                f"{product.title}: {warning.text}",
                condition,
                None,
                cite(product, warning),
            )
        elif condition in asked.safety.value.conditions:
            words = asked.safety.value.conditions[condition]
            yield Notice(
                "condition-not-covered",
                "caution",
                f"the file of {product.id} says nothing about '{condition}' ({words}): check the label",
                condition,
            )
        else:
            allowed = ", ".join(sorted(asked.safety.value.conditions))
            raise RequestError(f"unknown --condition '{condition[:40]}'; allowed: {allowed}", field="condition")


def stale_weight(asked: Asked) -> Iterator[Notice]:
    """A weight taken long ago, or much changed since the last one."""
    rules, patient, on = asked.safety.value, asked.patient, asked.request.reference_date
    if patient.weighed_on is not None and on is not None:
        if patient.weighed_on > on:
            raise RequestError(f"--weighed-on {patient.weighed_on} is after {on}", field="weighed_on")
        if step(patient.weighed_on, rules.stale_weight.after, 1) < on:
            yield Notice("weight-stale", "caution", f"weighed on {patient.weighed_on}, more than {rules.stale_weight.after} before {on}: weigh again",
                         str(patient.weighed_on), str(rules.stale_weight.after), cite(rules, rules.stale_weight))  # fmt: skip
    if patient.previous_weight is not None:
        before = weight_kg(patient.previous_weight)
        change = abs(patient.weight_kg - before) / before * 100
        if change >= Fraction(rules.weight_change.percent.value):
            yield Notice("weight-stale", "caution", f"the weight changed by {show(change, 1)} % since the last one ({show(before)} kg): tell the prescriber",
                         f"{show(change, 1)} %", str(rules.weight_change.percent), cite(rules, rules.weight_change))  # fmt: skip


def weight_policy(policy: LoadedPolicy, weights: Weights) -> Iterator[Notice]:
    """Which weight the policy picked and why, and what in it nobody printed."""
    rules = policy.policy.value
    for text in rules.dosing_weight.assumed if rules.dosing_weight else ():
        yield Notice("policy-assumed", "caution", f"policy {rules.id}: {text}", source=cite(rules, rules.dosing_weight))
    if weights.basis == "actual" and rules.dosing_weight is not None and rules.dosing_weight.use == "actual":
        return
    yield Notice("policy-applied", "info", f"{rules.id} doses on the {weights.basis} weight of {show(weights.kg)} kg: {weights.because}",
                 f"{show(weights.kg)} kg", None, cite(rules, rules.dosing_weight))  # fmt: skip
