"""Who asks what of which definitions: everything that a plan is made from, as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from ivigcalc.definitions import (
    Formula,
    Loaded,
    LoadedPolicy,
    Policy,
    Product,
    Protocol,
    Regimen,
    Safety,
    Site,
)
from ivigcalc.errors import RequestError
from ivigcalc.request.request import Order, Patient, Request


@dataclass(frozen=True, slots=True)
class Definitions:
    """The definitions that an order names; no regimen where only the rates of a product are asked for.

    `indication`: the shipped file of what is treated, whose rate ceiling holds whatever regimen and product are named.
    """

    product: Loaded[Product]
    policy: LoadedPolicy
    site: Loaded[Site]
    safety: Loaded[Safety]
    regimen: Loaded[Regimen] | None = None
    indication: Loaded[Regimen] | None = None

    @property
    def fingerprint(self) -> tuple[str, ...]:
        """The digests of the files, which tell these definitions from others of the same site."""
        digests = (self.product.sha256, self.policy.policy.sha256, self.safety.sha256)
        others = (self.policy.formula, self.regimen, self.indication)
        return (*digests, *(other.sha256 if other else "" for other in others))


@dataclass(frozen=True)
class Case:
    """One request with its definitions. `protocol_id` is the protocol that is followed, named or not."""

    request: Request
    definitions: Definitions
    protocol_id: str | None = None

    @property
    def patient(self) -> Patient:
        """Who is treated."""
        return self.request.patient

    @property
    def order(self) -> Order:
        """What is ordered."""
        return self.request.order

    @property
    def product(self) -> Product:
        """The product that is given."""
        return self.definitions.product.value

    @property
    def policy(self) -> Policy:
        """The rules of dosing weight and rounding."""
        return self.definitions.policy.policy.value

    @property
    def formula(self) -> Formula | None:
        """The formula of the ideal weight that the policy names."""
        formula = self.definitions.policy.formula
        return formula.value if formula else None

    @property
    def site(self) -> Site:
        """The clinic."""
        return self.definitions.site.value

    @property
    def safety(self) -> Safety:
        """The thresholds of the checks."""
        return self.definitions.safety.value

    @property
    def regimen(self) -> Regimen | None:
        """The regimen; None where only rates are asked for."""
        return self.definitions.regimen.value if self.definitions.regimen else None

    @property
    def protocol(self) -> Protocol | None:
        """The protocol of the regimen that is followed."""
        regimen = self.regimen
        return regimen.protocols[self.protocol_id] if regimen and self.protocol_id else None

    @cached_property
    def age_months(self) -> Fraction | None:
        """The patient's age on the day that ages are judged on, where it is known."""
        return self.patient.age_months(self.request.reference_date)


def case_of(request: Request, definitions: Definitions) -> Case:
    """The case of a request, with the default protocol if none is named. Raises `RequestError` for an unknown one."""
    regimen = definitions.regimen
    return Case(request, definitions, choose_protocol(regimen.value, request.protocol) if regimen else None)


def choose_protocol(regimen: Regimen, name: str | None) -> str:
    """The named protocol, else the first; one of low confidence is never a default."""
    protocols = regimen.protocols
    if name is not None and name not in protocols:
        raise RequestError(
            f"regimen {regimen.id} has no protocol '{name[:40]}'; allowed: {', '.join(protocols)}",
            field="regimen",
            code="unknown-protocol",
        )
    chosen = name or next(iter(protocols))
    if name is None and protocols[chosen].confidence == "low":
        names = ", ".join(f"{regimen.id}:{protocol}" for protocol in protocols)
        raise RequestError(
            f"regimen {regimen.id} has only sources of low confidence, so none is the default; choose one: {names}",
            field="regimen",
        )
    return chosen
