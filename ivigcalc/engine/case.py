"""Who asks what of which definitions: everything that a plan is made from, as one frozen value."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from msgspec import Struct

from ivigcalc.country import markets
from ivigcalc.definitions import (
    Formula,
    Loaded,
    LoadedPolicy,
    Policy,
    Product,
    ProductClass,
    Protocol,
    Regimen,
    Safety,
    Site,
)
from ivigcalc.engine.known import Known
from ivigcalc.engine.since import NOTHING, Since
from ivigcalc.errors import RequestError
from ivigcalc.exact import Fraction
from ivigcalc.quantity import in_months
from ivigcalc.request.request import Order, Patient, Request
from ivigcalc.text import TYPED, listed, near, safe

#: so many protocols are named in a message
_NAMED = 6
#: answers that a set of definitions remembers
_FOLLOWS = 4096


class Definitions(Struct, frozen=True, dict=True):
    """The definitions that an order names; no regimen where only the rates of a product are asked for.

    `indication`: the shipped file of what is treated, whose rate ceiling holds whatever regimen and product are named.
    `formulas`: those of ideal weights that other definitions than the policy name. `policy_named`: the order or the
    site names its policy, and does not take the program's.
    """

    product: Loaded[Product]
    policy: LoadedPolicy
    site: Loaded[Site]
    safety: Loaded[Safety]
    regimen: Loaded[Regimen] | None = None
    indication: Loaded[Regimen] | None = None
    formulas: tuple[Loaded[Formula], ...] = ()
    policy_named: bool = True
    product_class: Loaded[ProductClass] | None = None

    @cached_property
    def follows(self) -> Known[object, Any]:
        """What follows from them for an age, say, and for nothing else of a patient."""
        return Known(_FOLLOWS)

    @cached_property
    def fingerprint(self) -> tuple[str, ...]:
        """The digests of the files, which tell these definitions from others of the same site."""
        formula, regimen = self.policy.formula, self.regimen
        others = (formula, regimen, self.indication, self.product_class)
        digests = (self.product.sha256, self.policy.policy.sha256, self.safety.sha256)
        return (*digests, *(other.sha256 if other else "" for other in others))


class Defined:
    """What was asked under definitions, and the values of those."""

    definitions: Definitions
    protocol_id: str | None

    @property
    def product(self) -> Product:
        """The product that is given."""
        return self.definitions.product.value

    @property
    def policy(self) -> Policy:
        """The rules of dosing weight and rounding."""
        return self.definitions.policy.policy.value

    @property
    def site(self) -> Site:
        """The clinic."""
        return self.definitions.site.value

    @property
    def safety(self) -> Safety:
        """The thresholds of the checks."""
        return self.definitions.safety.value

    @property
    def product_class(self) -> ProductClass | None:
        """What is printed for all products of the class."""
        return self.definitions.product_class.value if self.definitions.product_class else None

    @property
    def regimen(self) -> Regimen | None:
        """The regimen; None where only rates are asked for."""
        return self.definitions.regimen.value if self.definitions.regimen else None

    @cached_property
    def protocol(self) -> Protocol | None:
        """The protocol of the regimen that is followed."""
        return self.regimen.protocols[self.protocol_id] if self.regimen and self.protocol_id else None


class Case(Defined, Struct, frozen=True, dict=True):
    """One request with its definitions. `protocol_id` is the protocol that is followed, named or not.

    `since`: what has happened since the plan was first made.
    """

    request: Request
    definitions: Definitions
    protocol_id: str | None = None
    since: Since = NOTHING

    @property
    def patient(self) -> Patient:
        """Who is treated."""
        return self.request.patient

    @property
    def order(self) -> Order:
        """What is ordered."""
        return self.request.order

    @property
    def formula(self) -> Formula | None:
        """The formula of the ideal weight that the policy names."""
        formula = self.definitions.policy.formula
        return formula.value if formula else None

    def formula_named(self, name: str | None) -> Formula | None:
        """The formula of an ideal weight by its id, if it is at hand."""
        return next((found.value for found in self.definitions.formulas if found.value.id == name), None)

    @cached_property
    def age_months(self) -> Fraction | None:
        """The patient's age on the day that ages are judged on, where it is known."""
        return self.patient.age_months(self.request.reference_date)


def case_of(request: Request, definitions: Definitions) -> Case:
    """The case of a request, with the default protocol if none is named. Raises `RequestError` for an unknown one."""
    case, regimen = Case(request, definitions), definitions.regimen
    if regimen is None:
        return case
    age = None if request.protocol else request.patient.age_months(request.reference_date)
    asked = ("protocol", request.protocol, age, request.country)
    chosen = definitions.follows.of(asked, lambda: choose_protocol(regimen.value, request.protocol, case))
    return Case(request, definitions, chosen)


def is_for(protocol: Protocol, age_months: Fraction, safety: Safety) -> bool:
    """Whether a protocol is for patients of an age: inside the bounds it prints, else of the group it was read for."""
    population = protocol.population
    if population is None:
        return True
    inside = all(bound.holds(age_months) for bound in population.age or ())
    if population.group == "newborn":  # control: newborns-only
        return inside and age_months < in_months(safety.newborn.below_age)
    if population.group is not None:
        return (age_months >= in_months(safety.adult.from_age)) == (population.group == "adult")
    return inside


def choose_protocol(regimen: Regimen, name: str | None, case: Case | None = None) -> str:
    """The named protocol, else the one that suits the case; one of low confidence is never a default."""
    protocols = regimen.protocols
    if name is not None:
        named = {protocol.casefold(): protocol for protocol in protocols}.get(name.casefold())
        if named is not None:
            return named
        raise _no_protocol(regimen, name)
    chosen = next(_suitable(regimen, case), next(iter(protocols))) if case else next(iter(protocols))
    if protocols[chosen].confidence == "low":
        names = listed([f"{regimen.id}:{protocol}" for protocol in protocols], _NAMED)
        raise RequestError(
            f"regimen {regimen.id} has only sources of low confidence, so none is the default; choose one: {names}",
            field="regimen",
        )
    return chosen


def _no_protocol(regimen: Regimen, name: str) -> RequestError:
    """What is said of a protocol that a regimen does not have; one of its phases is asked for in another way."""
    phases = {phase.id for protocol in regimen.protocols.values() for phase in protocol.stages}
    remedy = (
        f"it is a phase: give --phase {name}"
        if name in phases
        else f"{near(name, regimen.protocols)}allowed: {listed(list(regimen.protocols), _NAMED)}"
    )
    message = f"regimen {regimen.id} has no protocol '{safe(name, TYPED)}'; {remedy}"
    return RequestError(message, field="regimen", code="unknown-protocol")


def _suitable(regimen: Regimen, case: Case) -> Iterator[str]:
    """Labels and guidelines for a patient of this age: the product's own, those of its country that are of no other
    product, then any."""
    product, age = case.product, case.age_months
    where = markets(case.request.country or product.country)
    fit = {
        name: protocol
        for name, protocol in regimen.protocols.items()
        if protocol.evidence in ("label", "guideline") and protocol.confidence != "low"
        if age is None or is_for(protocol, age, case.safety)
    }
    yield from (name for name, protocol in fit.items() if product.id in protocol.products)
    yield from (name for name, protocol in fit.items() if protocol.country in where and not protocol.products)
    yield from fit
