"""The patient: the protocol's population, contraindications and warnings, and how old the weight is."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from ivigcalc.definitions import LoadedPolicy, Policy, Product, Safety
from ivigcalc.engine.checks.common import Asked, cite, show
from ivigcalc.engine.plan import Notice
from ivigcalc.engine.schedule import step
from ivigcalc.engine.weight import Weights
from ivigcalc.errors import RequestError
from ivigcalc.memo import remembered
from ivigcalc.quantity import weight_kg


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
    """What the patient has, against what the product file says; its other warnings are told to everybody."""
    yield from _contraindications(asked.product.value, asked.patient.conditions, asked.safety.value)


@remembered(256)
def _contraindications(product: Product, conditions: tuple[str, ...], safety: Safety) -> tuple[Notice, ...]:
    return tuple(_all_about(product, conditions, safety))


def _all_about(product: Product, conditions: tuple[str, ...], safety: Safety) -> Iterator[Notice]:
    for condition in conditions:
        yield from _about(condition, product, safety)
    for warning in product.warnings:
        if warning.condition not in conditions:
            yield Notice(
                "product-warning", "info", f"{product.title}: {warning.text}", None, None, cite(product, warning)
            )


def _about(condition: str, product: Product, safety: Safety) -> Iterator[Notice]:
    known = [entry for entry in product.contraindications if entry.condition == condition]
    warnings = [entry for entry in product.warnings if entry.condition == condition]
    named_only = [None] if condition in product.contraindicated_with and not known else []
    for entry in (*known, *named_only):
        words = entry.text if entry else condition.replace("-", " ")
        message = f"{product.title} is contraindicated: {words}"
        yield Notice("product-contraindicated", "stop", message, condition, None, cite(product, entry))
    for warning in warnings:
        message = f"{product.title}: {warning.text}"
        yield Notice("product-warning", "caution", message, condition, None, cite(product, warning))
    if known or warnings or condition in product.contraindicated_with:
        return
    if condition not in safety.conditions:
        allowed = ", ".join(sorted(safety.conditions))
        raise RequestError(f"unknown --condition '{condition[:40]}'; allowed: {allowed}", field="condition")
    words = safety.conditions[condition]
    message = f"the file of {product.id} says nothing about '{condition}' ({words}): check the label"
    yield Notice("condition-not-covered", "caution", message, condition)


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
    yield from _assumed(rules)
    if weights.basis == "actual" and rules.dosing_weight is not None and rules.dosing_weight.use == "actual":
        return
    yield Notice("policy-applied", "info", f"{rules.id} doses on the {weights.basis} weight of {show(weights.kg)} kg: {weights.because}",
                 f"{show(weights.kg)} kg", None, cite(rules, rules.dosing_weight))  # fmt: skip


@remembered(64)
def _assumed(rules: Policy) -> tuple[Notice, ...]:
    """What the document of a policy does not print."""
    texts = rules.dosing_weight.assumed if rules.dosing_weight else ()
    source = cite(rules, rules.dosing_weight)
    found = [Notice("policy-assumed", "caution", f"policy {rules.id}: {text}", source=source) for text in texts]
    if rules.rounding is not None and rules.rounding.basis == "assumed":
        message = f"policy {rules.id}: its source does not print how it rounds; assumed: {rules.rounding}"
        found.append(Notice("policy-assumed", "info", message, source=cite(rules, rules.rounding)))
    return tuple(found)
