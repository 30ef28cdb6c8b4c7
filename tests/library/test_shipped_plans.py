"""Everything that is shipped plans, or says why not."""

from collections import Counter
from datetime import datetime
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
from msgspec.structs import replace

from ivigcalc import library
from ivigcalc.definitions import NO_SITE_LOADED, Phase, Product
from ivigcalc.engine.case import Definitions, case_of
from ivigcalc.engine.make import make_plan
from ivigcalc.engine.plan import Plan
from ivigcalc.errors import RefusedError, RequestError
from ivigcalc.quantity import Quantity, plain
from ivigcalc.request.form import Form
from ivigcalc.request.read import read_form
from ivigcalc.text import LONG, safe

WEIGHTS = ("3 kg", "20 kg", "72 kg", "140 kg")
WITH_RATES = [
    identifier for identifier in library.shipped("product") if library.load("product", identifier).value.rates
]
TODAY = datetime.now().astimezone().date()


def in_two_courses(stages: tuple[Phase, ...]) -> list[tuple[Phase, int]]:
    """The phases that two courses reach, with how many each has of them."""
    found, left = [], 2
    for phase in stages:
        courses = left if phase is stages[-1] else min(left, phase.courses.from_ if phase.courses else 1)
        left -= courses
        found += [(phase, courses)] if courses else []
    return found


def middle(low: Quantity, high: Quantity) -> str:
    """A dose in the middle of a published range, in its unit."""
    if low.unit != high.unit:
        return str(low)
    return f"{plain((low.value + high.value) / 2)} {low.unit}"


def order_for(stages: tuple[Phase, ...]) -> dict[str, str]:
    """What the protocol leaves open, filled from the middle of what it publishes."""
    words: dict[str, str] = {}
    planned = in_two_courses(stages)
    for phase, courses in planned:
        if phase.dose is None:
            words["dose"] = "1 g/kg/course"  # nobody prints whether a bare one is of a day
        elif phase.dose.published.single is None:
            words["dose"] = middle(phase.dose.published.from_, phase.dose.published.to)
        if phase.days is None or phase.days.from_ is None:
            words["days"] = "2"
        if phase.dose and phase.dose.per_day and phase.days and phase.days.from_ != phase.days.to:
            words["days"] = str(phase.days.from_)  # so many days settle the dose
        repeated = courses > 1 or phase is planned[-1][0]
        if repeated and (phase.interval is None or phase.interval.every.single is None):
            apart = phase.apart and (phase.apart.at_least or phase.apart.at_most)
            words["every"] = str(phase.interval.every.from_ if phase.interval else apart or "4 weeks")
    return words


@cache
def asked(regimen: str, protocol: str, weight: str) -> Any:
    stages = library.load("regimen", regimen).value.protocols[protocol].stages
    form = Form(weight=weight, regimen=f"{regimen}:{protocol}", start="2026-12-01", at="09:00", courses="2")
    for key, value in order_for(stages).items():
        setattr(form, key, value)
    form.height = {"72 kg": "175cm", "140 kg": "217cm"}.get(weight)  # a BMI of up to 30, where Ontario asks for it
    return read_form(form, "schedule", on=TODAY)


def definitions(regimen: str, product: str, policy: str) -> Definitions:
    return Definitions(
        library.load("product", product),
        library.policy(policy),
        NO_SITE_LOADED,
        library.safety(),
        library.load("regimen", regimen),
    )


def attempt(regimen: str, protocol: str, product: str, weight: str) -> Plan | str:
    """The plan, or the code of its refusal. Anything else that is raised is a bug."""
    request = asked(regimen, protocol, weight)
    policy = "actual-weight" if library.load("product", product).value.vials else "us-group-health"  # to 1 g
    try:
        return make_plan(case_of(request, definitions(regimen, product, policy)), with_trace=False)
    except (RefusedError, RequestError) as error:
        return error.code


def holds_together(plan: Plan, product: Product, weight_kg: Fraction) -> None:
    """The sums and ceilings of a plan, with plain fractions."""
    for session in plan.sessions:
        given = sum((Fraction(vial.size_g) * vial.count for vial in session.vials), Fraction(0))
        assert not session.vials or given == Fraction(session.dose_g) + Fraction(session.leftover_g)
        if session.infusion is None or session.volume_ml is None:
            continue
        steps = session.infusion.steps
        assert (
            sum((Fraction(step.volume_ml) for step in steps), Fraction(0))
            == Fraction(session.volume_ml)
            == Fraction(steps[-1].cumulative_ml)
        )
        assert all(step.volume_ml > 0 for step in steps)
        tops = [
            product.comparable_rate(t.ceiling.rate) * (1 if t.ceiling.rate.dimension == "rate" else weight_kg)
            for t in product.rates
        ]
        assert max(Fraction(step.rate_ml_per_h) for step in steps) <= min(max(tops), Fraction(999))
    for phase in plan.phases:
        for course in range(phase.first_course, phase.first_course + phase.courses):
            assert sum((Fraction(s.dose_g) for s in plan.sessions if s.course == course), Fraction(0)) == Fraction(
                phase.dose_g
            )


def reasons(product: str, weight: str) -> set[str]:
    """Why a course of the middle dose can be refused for a weight that is possible."""
    if library.load("product", product).value.concentration is None:
        return {"concentration-not-published"}
    return {"dose-below-vial"} if weight in WEIGHTS[:2] else set()


def outcomes(weight: str, regimens: dict[str, list[str]]) -> Counter[str]:
    """How often each protocol with each product is planned, or refused for which reason."""
    found: Counter[str] = Counter()
    for regimen, protocols in regimens.items():
        for protocol in protocols:
            for product in WITH_RATES:
                plan = attempt(regimen, protocol, product, weight)
                if isinstance(plan, str):
                    assert plan in reasons(product, weight), (regimen, protocol, product, plan)
                    found[plan] += 1
                else:
                    holds_together(plan, library.load("product", product).value, Fraction(weight.split()[0]))
                    found["planned"] += 1
    return found


def values(kind: str) -> list[Any]:
    return [loaded.value for loaded in library.load_all(kind)]


@pytest.mark.parametrize("weight", WEIGHTS)
def test_every_default_protocol_plans_with_every_product_that_has_rates(weight: str) -> None:
    found = outcomes(weight, {value.id: [next(iter(value.protocols))] for value in values("regimen")})
    assert found.total() == len(library.shipped("regimen")) * len(WITH_RATES)
    assert found["planned"] > found.total() // (3 if weight == "3 kg" else 2)


@pytest.mark.slow
@pytest.mark.parametrize("weight", WEIGHTS)
def test_every_protocol_plans_with_every_product_that_has_rates(weight: str) -> None:
    found = outcomes(weight, {value.id: list(value.protocols) for value in values("regimen")})
    assert found.total() == sum(len(value.protocols) for value in values("regimen")) * len(WITH_RATES)
    assert found["planned"] > found.total() // (3 if weight == "3 kg" else 2)


@pytest.mark.parametrize("product", list(library.shipped("product")))
def test_every_product_gives_a_plan_or_a_reason(product: str) -> None:
    plan = attempt("dermatomyositis", "us-label", product, "72 kg")
    if isinstance(plan, str):
        assert plan in reasons(product, "72 kg")
    elif product not in WITH_RATES:
        assert "rate-not-published" in {notice.code for notice in plan.notices}
        assert all(session.infusion is None for session in plan.sessions)


@pytest.mark.parametrize("policy", list(library.shipped("policy")))
def test_every_policy_gives_a_plan_or_a_reason(policy: str) -> None:
    request = asked("dermatomyositis", "us-label", "140 kg")
    tall = read_form(Form(weight="140 kg", height="170cm", sex="male", age="54y"), "dose", on=TODAY).patient
    definition = library.policy(policy).policy.value

    def plan() -> Plan:
        return make_plan(case_of(replace(request, patient=tall), definitions("dermatomyositis", "privigen-us", policy)))

    if definition.computable:
        assert plan().course.dose_g > 0
        return
    with pytest.raises(RefusedError) as refused:
        plan()
    assert refused.value.code == "policy-incomplete"
    assert safe("; ".join(definition.missing), LONG) in str(refused.value)
