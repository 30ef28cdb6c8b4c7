"""How the tests ask: in the words that a user types, so that reading them exactly is tested as well."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from ivigcalc import library
from ivigcalc.api import plan_form
from ivigcalc.definitions import NO_SITE_LOADED, Loaded, Product, Site
from ivigcalc.engine.case import Definitions, case_of
from ivigcalc.engine.make import make_plan
from ivigcalc.engine.plan import Notice, Plan, Session
from ivigcalc.errors import RefusedError
from ivigcalc.library.reader import load_bytes
from ivigcalc.request.form import Form
from ivigcalc.request.read import read_form

ANY_COURSE = str(Path(__file__).parent / "own" / "any-course.yaml")
#: a policy that knows whole vials and nothing else
WHOLE_VIALS = str(Path(__file__).parent / "own" / "whole-vials.yaml")


def plan(regimen: str, product: str | Loaded[Product], weight: str, **words: Any) -> Plan:
    """The plan of a regimen: with dates where a start is given, else one course."""
    command = words.pop("command", "schedule" if "start" in words else "dose")
    return _ask(command, product, Form(weight=weight, regimen=regimen), words)


def any_course(product: str | Loaded[Product], weight: str, dose: str, *, protocol: str = "open", **words: Any) -> Plan:
    """A course under a regimen that leaves everything to the order."""
    return plan(f"{ANY_COURSE}:{protocol}", product, weight, dose=dose, **words)


def rates(product: str | Loaded[Product], indication: str | None, weight: str, dose: str, **words: Any) -> Plan:
    """The titration of one infusion of exactly this dose."""
    return _ask("rates", product, Form(weight=weight, indication=indication, dose=dose), words)


def anyway(ask: Callable[..., Plan], *what: Any, **words: Any) -> Plan:
    """The plan, insisted on where doses stop it: the arithmetic has to hold for them as well."""
    try:
        return ask(*what, **words)
    except RefusedError as refused:
        if not set(refused.codes) <= {"day-dose-over-limit", "course-dose-over-limit", "weight-implausible"}:
            raise
        return ask(*what, **words, override=[f"{code}=a test of the arithmetic" for code in refused.codes])


def insisted(ask: Callable[..., Plan], *what: Any, **words: Any) -> Plan:
    """The plan, with every stop overridden: what holds for it has to hold then as well."""
    while True:
        try:
            return ask(*what, **words)
        except RefusedError as refused:
            if not refused.overridable:
                raise
            more = [f"{code}=a test of the arithmetic" for code in refused.codes]
            words = words | {"override": [*words.get("override", []), *more]}


def _ask(command: Any, product: str | Loaded[Product], form: Form, words: dict[str, Any]) -> Plan:
    site: Loaded[Site] = words.pop("site", NO_SITE_LOADED)
    for key, value in words.items():
        setattr(form, key, tuple(value) if isinstance(value, list) else value)
    if isinstance(product, str):
        form.product = product
        return plan_form(form, command, on=None, site=site)
    request = read_form(form, command, on=None)
    policy, safety = library.policy(form.policy or "actual-weight"), library.safety()
    regimen = None if command == "rates" else library.regimen(form.regimen or "")[0]
    use = library.regimen_of_use(regimen.value.treats if regimen else request.indication)
    given = Definitions(product, policy, site, safety, regimen, use, product_class=library.product_class())
    return make_plan(case_of(request, given))


def a_site(**keys: Any) -> Loaded[Site]:
    """A clinic with these settings, as its file would give them."""
    return Loaded(Site.model_validate({"kind": "site", "id": "test-clinic", **keys}), "", "test-clinic.yaml")


def own_product(
    vials: Sequence[str] = ("5 g", "10 g", "20 g"),
    ladder: Sequence[tuple[str, str | None]] = (("1 mL/kg/h", None),),
    ceiling: str = "10 mL/kg/h",
    *,
    at_risk: str | None = None,
    concentration: str = "100 mg/mL",
    more: Sequence[str] = (),
) -> Loaded[Product]:
    """A hospital's own product file with these figures (and `more` lines), read by the one reader of files."""
    rungs = [f"      - {{rate: {rate}{f', for: {lasts}' if lasts else ''}}}" for rate, lasts in ladder]
    risk = [f"    at_risk_ceiling: {{rate: {at_risk}, risks: [renal]}}"] if at_risk else []
    lines = [
        "kind: product", "schema: 2", "id: own-product", "version: 2026-11-22", "title: Own product",
        "sources:", "  house: {title: Product for tests, body: ivigcalc, locator: here, checked: 2026-11-22, kind: house}",
        "source: house", "manufacturer: nobody", "country: US", f"concentration: {concentration}", f"vials: [{', '.join(vials)}]",
        "rates:", "  - for: [any]", "    source: house", "    ladder:", *rungs, f"    ceiling: {{rate: {ceiling}}}", *risk, *more,
    ]  # fmt: skip
    return load_bytes("\n".join(lines).encode(), "own-product.yaml", "product")


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


def dm(weight: str = "70 kg", **words: Any) -> Plan:
    """Dermatomyositis with Octagam 10 %: the order that most rules are tried on."""
    return plan("dermatomyositis", "octagam-10-us", weight, **words)


def adult(weight: str = "72kg", **words: Any) -> Plan:
    """The same for a patient of 54 years; regimen, product and age may be said otherwise."""
    words = {"regimen": "dermatomyositis", "product": "octagam-10-us", "age": "54y"} | words
    return plan(words.pop("regimen"), words.pop("product"), weight, **words)


def refusal(ask: Callable[..., Plan], *what: Any, **words: Any) -> RefusedError:
    """The stop that answers instead of a plan."""
    with pytest.raises(RefusedError) as caught:
        ask(*what, **words)
    assert caught.value.exit_code == 4
    return caught.value


def notices(answer: Plan, code: str) -> list[Notice]:
    """All notices of a code, in order."""
    return [notice for notice in answer.notices if notice.code == code]


def notice(answer: Plan, code: str) -> Notice:
    """The one notice of a code."""
    [found] = notices(answer, code)
    return found


def own_regimen(folder: Path, body: str) -> str:
    """The path of a hospital's own regimen file with one protocol, of which `body` is the rest."""
    path = folder / "own.yaml"
    head = (
        "kind: regimen\nschema: 2\nid: own\nversion: 2026-11-22\ntitle: Own\ncategory: other\nsources:\n"
        "  house: {title: House, body: house, locator: here, checked: 2026-11-22, kind: house}\n"
        "protocols:\n  only:\n    title: Only\n    evidence: guideline\n    confidence: high\n    source: house\n"
    )
    path.write_text(head + body, encoding="utf-8")
    return str(path)
