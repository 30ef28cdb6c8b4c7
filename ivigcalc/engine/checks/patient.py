"""The patient: population, contraindications and warnings, which weight is dosed on and how old it is."""

from __future__ import annotations

from collections.abc import Iterator

from ivigcalc.definitions import Product, ProductClass, Safety, cite
from ivigcalc.engine.case import Case, is_for
from ivigcalc.engine.checks.common import Alike, in_years
from ivigcalc.engine.draft import Draft
from ivigcalc.engine.plan import Notice
from ivigcalc.engine.prescription import Prescription
from ivigcalc.engine.schedule import step
from ivigcalc.errors import RefusedError, RequestError
from ivigcalc.exact import Fraction
from ivigcalc.quantity import (
    Quantity,
    decimal_of,
    figure,
    in_months,
    plain,
)
from ivigcalc.request.request import NO_RISK
from ivigcalc.text import LONG, TYPED, listed, near, safe

#: so many protocols that would fit are named
_NAMED = 3


def policy_is_whole(case: Case) -> Iterator[Notice]:
    """Refuses a policy that cannot be computed."""
    policy = case.policy
    if not policy.computable or policy.dosing_weight is None:
        missing = "; ".join(policy.missing)
        raise RefusedError(
            "policy-incomplete",
            f"policy {policy.id} cannot be computed: {safe(missing, LONG)}; choose another --policy",
            overridable=False,
        )
    yield from ()


def known_conditions(case: Case) -> Iterator[Notice]:
    """Refuses to read a condition that no file knows."""
    product, safety, at_risk = case.product, case.safety, case.policy.at_risk_ceiling
    for condition in case.patient.conditions:
        covered = _is_covered(condition, product, case.product_class)
        covered = covered or (at_risk is not None and condition in at_risk.conditions)
        if not covered and condition not in safety.conditions:  # control: unknown-condition
            allowed = ", ".join(sorted(safety.conditions))
            raise RequestError(
                f"unknown --condition '{safe(condition, TYPED)}'; {near(condition, safety.conditions)}"
                f"allowed: {allowed}",
                field="condition",
            )
    yield from ()


def weighed_before(case: Case) -> Iterator[Notice]:
    """Refuses to read a weighing after the day that the order is for."""
    weighed_on, on = case.patient.weighed_on, case.request.reference_date
    if weighed_on is not None and on is not None and weighed_on > on:
        raise RequestError(
            f"--weighed-on {weighed_on} is after {on}, the first day of the plan: check both", field="weighed_on"
        )
    yield from ()


def defaults_used(draft: Draft) -> Iterator[Notice]:
    """What was taken because nobody said it."""
    for text in (*draft.case.request.defaults_used, *draft.weights.assumed):
        yield Notice("default-used", "info", text)


def measures_rounded(draft: Draft) -> Iterator[Notice]:
    """A weight or a height with more decimals than anybody types, which was rounded."""
    patient = draft.case.patient
    for name in ("weight", "pre_pregnancy_weight", "previous_weight", "height"):
        measure: Quantity | None = getattr(patient, name)
        if measure is None or not measure.is_longer_than_measured:
            continue
        if name == "height":
            taken, to = f"{plain(decimal_of(measure.body_cm, 1))} cm", "1 mm"
        else:
            taken, to = f"{plain(decimal_of(measure.body_kg, 3))} kg", "1 g"
        words = name.replace("_", " ")
        yield Notice("measure-rounded", "info", f"the {words} {measure} is rounded to {to}: {taken}", str(measure), to)


def contraindications(rx: Prescription, patient: Alike) -> Iterator[Notice]:
    """What the patient has, against what the product file says; its other warnings are told to everybody."""
    product, conditions = rx.product, patient.conditions
    for condition in conditions:
        yield from _about(condition, product, rx.product_class, rx.safety)
    for warning in product.warnings:
        if warning.age is None and warning.condition not in conditions:  # control: warnings-for-all
            text = f"{product.title}: {warning.text}"
            yield Notice("product-warning", "info", text, source=cite(product, warning))


def for_ages(rx: Prescription, patient: Alike) -> Iterator[Notice]:
    """What the product file says of patients of an age. Where none was given, everybody is told."""
    product, age = rx.product, patient.age_months
    for kind, entries in (("contraindicated", product.contraindications), ("warned", product.warnings)):
        for entry in entries:
            if entry.age is None or (age is not None and not entry.holds(age)):
                continue
            text, printed, source = entry.text, " and ".join(map(str, entry.age)), cite(product, entry)
            if age is None:
                words = f"{product.title}: {text} (printed for an age {printed}; no age was given)"
                yield Notice("product-warning", "info", words, source=source)
                continue
            years = in_years(age)
            if kind == "contraindicated":
                words = (
                    f"{product.title} is contraindicated at an age of {years}: {_as_part(text)}; choose another product"
                )
                # control: contraindicated-age
                yield Notice("age-contraindicated", "stop", words, years, printed, source)
            else:
                words = f"{product.title}: {text}"
                yield Notice("product-warning", "caution", words, years, printed, source)  # control: warned-age


def _about(condition: str, product: Product, product_class: ProductClass | None, safety: Safety) -> Iterator[Notice]:
    known = [entry for entry in product.contraindications if entry.condition == condition]
    named_only = [None] if condition in product.contraindicated_with and not known else []
    for entry in (*known, *named_only):
        words = entry.text if entry else condition.replace("-", " ")
        message = f"{product.title} is contraindicated: {_as_part(words)}; choose another product"
        # control: contraindication-stops
        yield Notice("product-contraindicated", "stop", message, condition, source=cite(product, entry))
    if not known and not named_only:
        yield from _of_the_class(condition, product, product_class)
    for warning in product.warnings:
        if warning.condition == condition:
            message = f"{product.title}: {warning.text}"
            yield Notice("product-warning", "caution", message, condition, source=cite(product, warning))
    if not _is_covered(condition, product, product_class):
        words = safety.conditions.get(condition, condition.replace("-", " "))
        message = f"the file of {product.id} says nothing about '{condition}' ({words}): check the label"
        yield Notice("condition-not-covered", "caution", message, condition)  # control: condition-unmentioned


def _of_the_class(condition: str, product: Product, product_class: ProductClass | None) -> Iterator[Notice]:
    """What is printed for the class holds for a product, unless its file says otherwise."""
    for unlike in product.unlike_class:
        if unlike.condition == condition:
            message = f"{product.title} is not contraindicated as others of its class are: {unlike.text}"
            yield Notice("product-warning", "caution", message, condition, source=cite(product, unlike))
            return
    for entry in product_class.contraindications if product_class else ():
        if entry.condition == condition:  # control: class-contraindication
            message = (
                f"{product.title} is contraindicated, as every product of its class: {_as_part(entry.text)}; "
                "ask the prescriber"
            )
            yield Notice("product-contraindicated", "stop", message, condition, source=cite(product_class, entry))


def _is_covered(condition: str, product: Product, product_class: ProductClass | None) -> bool:
    """Whether the product's file, or that of its class, says anything of a condition."""
    parts = (product.contraindications, product.warnings, product.unlike_class)
    of_class = product_class.contraindications if product_class else ()
    said = {part.condition for several in (*parts, of_class) for part in several}
    return condition in said or condition in product.contraindicated_with


def risk_of_age(rx: Prescription, patient: Alike) -> Iterator[Notice]:
    """Above an age that is itself a risk: that nobody said whether the patient has others."""
    product_class, age, held = rx.product_class, patient.age_months, patient.held
    rule, policy = product_class.age_risk if product_class else None, rx.policy
    if rule is None or age is None or patient.risks or age <= in_months(rule.above):
        return
    by_policy = held.of_policy and "policy-ceiling" not in held.lifted
    lowered = f"were lowered as policy {policy.id} prints alone" if by_policy else "were not lowered"
    years, ask = in_years(age), ", ".join(f"--risk {risk}" for risk in rule.risks)
    yield Notice(
        "age-risk",
        "caution",
        f"{years}: {rule.text}, and no risk was given, so that rates {lowered}: give {ask} or --risk {NO_RISK}",
        years,
        f"above {rule.above}",
        cite(product_class, rule),
    )


def stale_weight(draft: Draft) -> Iterator[Notice]:
    """A weight taken long ago, or much changed since the last one."""
    rules, patient, on = draft.case.safety, draft.case.patient, draft.case.request.reference_date
    longest = rules.stale_weight.after
    # control: old-weight
    if patient.weighed_on is not None and on is not None and step(patient.weighed_on, longest, 1) < on:
        yield Notice(
            "weight-stale",
            "caution",
            f"weighed on {patient.weighed_on}, more than {longest} before {on}: weigh again",
            str(patient.weighed_on),
            str(longest),
            cite(rules, rules.stale_weight),
        )
    if patient.previous_weight is None:
        return
    before = patient.previous_weight.body_kg
    change = abs(patient.weight_kg - before) / before * 100
    if change >= Fraction(rules.weight_change.percent.value):  # control: changed-weight
        yield Notice(
            "weight-stale",
            "caution",
            f"the weight changed by {figure(change, 1)} % since the last one ({figure(before)} kg): "
            "tell the prescriber",
            f"{figure(change, 1)} %",
            str(rules.weight_change.percent),
            cite(rules, rules.weight_change),
        )


def population(rx: Prescription, patient: Alike) -> Iterator[Notice]:
    """Age against the protocol, and the confidence of its source."""
    protocol, regimen, age = rx.protocol, rx.regimen, patient.age_months
    if protocol is None or regimen is None:
        return
    if protocol.confidence == "low":
        message = f"protocol '{protocol.title}' rests on a source of low confidence"
        yield Notice("low-confidence-source", "caution", message, source=cite(regimen, protocol))
    if protocol.population is not None and protocol.population.group is not None and age is not None:
        yield from _of_another_group(rx, age, protocol.population.group)
    bounds = (protocol.population.age if protocol.population else None) or ()
    if bounds and age is None:
        printed = " and ".join(map(str, bounds))
        message = f"no age given: the protocol's age ({printed}) was not checked; give --age or --birth-date"
        yield Notice("default-used", "info", message)
    for bound in bounds:
        if age is not None and not bound.holds(age):  # control: age-of-protocol
            years = in_years(age)
            yield Notice(
                "age-outside-regimen",
                "stop",
                f"an age of {years} is outside the protocol, published for {bound}: {_that_fit(rx, age)}",
                years,
                str(bound),
                cite(regimen, protocol.population, protocol),
            )


def _of_another_group(rx: Prescription, age: Fraction, group: str) -> Iterator[Notice]:
    regimen, protocol = rx.regimen, rx.protocol
    if regimen is None or protocol is None or is_for(protocol, age, rx.safety):  # control: age-group
        return
    years, adult = in_years(age), rx.safety.adult.from_age
    whom = {
        "adult": f"adults, from {adult}",
        "paediatric": f"children, under {adult}",
        "newborn": f"newborns, under {rx.safety.newborn.below_age}",
    }[group]
    yield Notice(
        "age-not-printed",
        "caution",
        f"the source prints no age, and was read as one for {whom}; the patient is {years}: {_that_fit(rx, age)}",
        years,
        whom,
        cite(regimen, protocol.population, protocol),
    )


def _that_fit(rx: Prescription, age: Fraction) -> str:
    """Which other protocols of the regimen are for the patient."""
    regimen = rx.regimen
    if regimen is None:
        return ""
    fit = [name for name, protocol in regimen.protocols.items() if is_for(protocol, age, rx.safety)]
    body = (rx.protocol_id or "").partition("-")[0]
    fit.sort(key=lambda name: name.partition("-")[0] != body)  # of the same body first
    if not fit:
        return f"no protocol of {regimen.id} on file is for this age; ask the prescriber"
    return f"choose another: {listed([f'{regimen.id}:{name}' for name in fit], _NAMED)} would fit"


def _as_part(cited: str) -> str:
    """Words of a file inside a sentence of ours."""
    return cited.rstrip(" .")
