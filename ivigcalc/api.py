"""Words in, plan out: reads a form, looks up the definitions that it names, and plans."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from ivigcalc import engine, library
from ivigcalc.definitions import NO_SITE_LOADED, Loaded, Site
from ivigcalc.engine.plan import Plan
from ivigcalc.errors import RequestError
from ivigcalc.request.form import Command, Form
from ivigcalc.request.read import read_form
from ivigcalc.request.request import Request

DEFAULT_POLICY = "actual-weight"


def plan_form(
    form: Form, command: Command, *, on: date | None, site: Loaded[Site] = NO_SITE_LOADED, with_trace: bool = True
) -> Plan:
    """Plan what a form asks. `on` is today's date, given by the edge."""
    named_product, named_policy, defaults = _with_defaults(form, site.value)
    request = _with_full_ids(read_form(form, command, on=on, defaults_used=defaults))
    product = library.product(_needed(named_product, "product", "octagam-10-us"))
    policy = library.policy(named_policy)
    safety = library.safety()
    if command == "rates":
        library.check_indication(_needed(form.indication, "indication", "primary-immunodeficiency"), product.value)
        return engine.make_rates(request, product, policy, site, safety=safety, with_trace=with_trace)
    regimen, _ = library.regimen(_needed(form.regimen, "regimen", "dermatomyositis"))
    return engine.make_plan(request, regimen, product, policy, site, safety=safety, with_trace=with_trace)


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
        said.append(f"policy not given: {policy} is {whose}")
    return product, policy, tuple(said)


def _with_full_ids(request: Request) -> Request:
    """The request with the full id of the product of the last infusion, which may be typed without its country."""
    last = request.order.last_product
    if last is None:
        return request
    return replace(request, order=replace(request.order, last_product=library.resolve("product", last)))
