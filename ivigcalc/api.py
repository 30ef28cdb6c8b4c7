"""Words in, plan out: reads a form, looks up the definitions that it names, and plans."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import date
from functools import partial
from typing import Any

from msgspec.structs import replace

from ivigcalc import library
from ivigcalc.definitions import NO_SITE_LOADED, Loaded, LoadedPolicy, Site
from ivigcalc.engine.case import Case, Definitions, case_of
from ivigcalc.engine.known import Known
from ivigcalc.engine.make import Worked, admit, draft, ordered, say, work_out
from ivigcalc.engine.plan import Plan
from ivigcalc.engine.prescription import Prescription, prescribe
from ivigcalc.errors import RequestError
from ivigcalc.request.form import Command, Form
from ivigcalc.request.read import read_form
from ivigcalc.request.request import Request

DEFAULT_POLICY = "actual-weight"
#: prescriptions that a desk remembers
_PRESCRIPTIONS = 256
#: sets of definitions that a desk remembers
_DEFINITIONS = 256


class Desk:
    """Plans for one site on one day; what is settled without a patient is worked out once for all treated alike.

    `on` is today's date, given by the edge; `policy_as` makes of each policy the one that a what-if takes instead.
    """

    def __init__(
        self,
        site: Loaded[Site] = NO_SITE_LOADED,
        on: date | None = None,
        policy_as: Callable[[LoadedPolicy], LoadedPolicy] | None = None,
    ) -> None:
        self._site = site
        self._on = on
        self._policy_as = policy_as
        self._prescriptions: Known[Hashable, Prescription] = Known(_PRESCRIPTIONS)
        self._definitions: Known[Hashable, tuple[Definitions, str | None]] = Known(_DEFINITIONS)

    def plan(self, form: Form, command: Command, *, with_trace: bool = True) -> Plan:
        """The plan that a form asks for."""
        return self.work_out(form, command).plan(with_trace=with_trace)

    def work_out(self, form: Form, command: Command) -> Worked:
        """The same before its figures are shown, for those who show them in a way of their own."""
        return work_out(self.case(form, command), prescribed=self._prescribed)

    def stages(self, command: Command) -> tuple[Callable[[Any], Any], ...]:
        """The same in stages, each of which takes what the one before it gave, and the first a form: for those who take
        many forms through each."""
        return partial(self.case, command=command), admit, partial(ordered, prescribed=self._prescribed), draft, say

    def case(self, form: Form, command: Command) -> Case:
        """What a form asks, with the definitions that it names."""
        if command != "rates" and form.regimen is None:
            form = replace(form, regimen=form.indication, indication=None)
        named_product, named_policy, defaults = _with_defaults(form, self._site.value)
        request = read_form(form, command, on=self._on, defaults_used=defaults)
        country = request.country or _country_of(self._site.value)
        request = _with_full_ids(request, country)
        asked = (command, named_product, named_policy, form.policy is None, form.regimen, form.indication, country)
        definitions, use = self._definitions.of(
            asked, lambda: self._look_up(form, command, named_product, named_policy, country)
        )
        request = _with_known_conditions(request, definitions)
        return case_of(request if use is None else replace(request, indication=use), definitions)

    def _look_up(
        self, form: Form, command: Command, named_product: str | None, named_policy: str, country: str | None
    ) -> tuple[Definitions, str | None]:
        """The definitions that are named, and the id of the indication where only rates are asked for."""
        product = library.product(_needed(named_product, "product", "octagam-10-us"), country)
        policy, safety, cls = library.policy(named_policy), library.safety(), library.product_class()
        if self._policy_as is not None:
            policy = self._policy_as(policy)
        regimen, use = None, None
        if command == "rates":
            typed = _needed(form.indication, "indication", "primary-immunodeficiency")
            use = library.indication_of(typed, product.value)
        else:
            regimen, _ = library.regimen(_needed(form.regimen, "regimen", "dermatomyositis"))
        formulas, named = library.formulas(regimen, safety), bool(form.policy or self._site.value.default.policy)
        treated = library.regimen_of_use(regimen.value.treats if regimen else use)
        return Definitions(product, policy, self._site, safety, regimen, treated, formulas, named, cls), use

    def _prescribed(self, case: Case) -> Prescription:
        request = case.request
        asked = (request.command, request.order.treatment, request.protocol, case.protocol_id, request.indication)
        return self._prescriptions.of((asked, case.definitions.fingerprint), lambda: prescribe(case))


def plan_form(
    form: Form, command: Command, *, on: date | None, site: Loaded[Site] = NO_SITE_LOADED, with_trace: bool = True
) -> Plan:
    """Plan what a form asks. `on` is today's date, given by the edge."""
    return Desk(site, on).plan(form, command, with_trace=with_trace)


def _needed(reference: str | None, kind: str, example: str) -> str:
    if reference is None:
        listing = "regimens" if kind == "indication" else f"{kind}s"
        message = f"give --{kind}, e.g. --{kind} {example} (`ivigcalc {listing} list` shows all)"
        raise RequestError(message, field=kind, code="missing")
    return reference


def _with_defaults(form: Form, site: Site) -> tuple[str | None, str, tuple[str, ...]]:
    """The product and the policy to use, and what must be said of them where nobody named them."""
    said = []
    product, policy = form.product, form.policy
    if product is None and site.default.product is not None:
        product = site.default.product
        said.append(f"product not given: {product} is the default of site {site.id}")
    if policy is None:
        policy = site.default.policy or DEFAULT_POLICY
        whose = f"the default of site {site.id}" if site.default.policy else "the program's default"
        said.append(f"policy not given: {policy} is {whose}")  # control: default-policy-said
    return product, policy, tuple(said)


def _country_of(site: Site) -> str | None:
    """The country of a clinic, where its holidays say so."""
    return site.holidays.country if site.holidays else None


def _with_full_ids(request: Request, country: str | None) -> Request:
    """The request with the full id of the product of the last infusion, which may be typed without its country."""
    last = request.order.last_product
    if last is None:
        return request
    return replace(request, order=replace(request.order, last_product=library.resolve("product", last, country)))


def _with_known_conditions(request: Request, definitions: Definitions) -> Request:
    """The request with each condition as the files spell it."""
    typed = request.patient.conditions
    if not typed:
        return request
    product, safety, cls = definitions.product.value, definitions.safety.value, library.product_class().value
    known = tuple(dict.fromkeys(library.condition_of(word, product, safety, cls) for word in typed))
    return request if known == typed else replace(request, patient=replace(request.patient, conditions=known))
