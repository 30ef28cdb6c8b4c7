"""How the tests ask: in the words that a user types, so that reading them exactly is tested as well."""

from fractions import Fraction
from typing import Any

from ivigcalc.ask import Form, plan_form
from ivigcalc.definitions import Loaded, Site
from ivigcalc.plan import Plan, Session


def plan(regimen: str, product: str, weight: str, **words: Any) -> Plan:
    """The plan of a regimen: with dates where a start is given, else one course."""
    command = words.pop("command", "schedule" if "start" in words else "dose")
    return _ask(command, weight, regimen=regimen, product=product, **words)


def rates(product: str, indication: str | None, weight: str, dose: str, **words: Any) -> Plan:
    """The titration of one infusion of exactly this dose."""
    return _ask("rates", weight, product=product, indication=indication, dose=dose, **words)


def _ask(command: Any, weight: str, *, site: Loaded[Site] | None = None, **words: Any) -> Plan:
    said = {key: tuple(value) if isinstance(value, list) else value for key, value in words.items() if value is not None}
    form = Form(weight=weight, **said)
    return plan_form(form, command, on=None) if site is None else plan_form(form, command, on=None, site=site)


def a_site(**keys: Any) -> Loaded[Site]:
    """A clinic with these settings, as its file would give them."""
    return Loaded(Site.model_validate({"kind": "site", "id": "test-clinic", **keys}), "", "test-clinic.yaml")


def pump_rates(session: Session) -> list[str]:
    """mL/h of each step, as text."""
    return [str(step.rate_ml_per_h) for step in session.steps]


def vials(session: Session) -> dict[Fraction, int]:
    """Vial size in g -> count."""
    return {Fraction(vial.size_g): vial.count for vial in session.vials}


def doses(answer: Plan) -> list[str]:
    """Grams of each session of the first course, as text."""
    return [str(session.dose_g) for session in answer.sessions if session.course == 1]


def codes(answer: Plan) -> set[str]:
    """The codes of all notices."""
    return {notice.code for notice in answer.notices}
