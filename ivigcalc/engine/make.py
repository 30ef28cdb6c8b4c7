"""`make_plan`: composes weight, dose, split, vials, titration, dates and checks. Pure: same inputs, same plan."""

from __future__ import annotations

from ivigcalc.definitions import Loaded, LoadedPolicy, Phase, Product, Protocol, Regimen, Safety, Site
from ivigcalc.engine import checks
from ivigcalc.engine.assemble import assemble
from ivigcalc.engine.case import start_job
from ivigcalc.engine.course import Stretch, choose_vials, orders_by_phase, phase_checks, plan_stretch
from ivigcalc.engine.dose import CourseDose, Prescribed, amount_g, believable
from ivigcalc.engine.plan import Plan
from ivigcalc.engine.session import all_sessions
from ivigcalc.engine.titration import choose_table
from ivigcalc.errors import RequestError
from ivigcalc.request.request import Request


def make_plan(
    request: Request,
    regimen: Loaded[Regimen],
    product: Loaded[Product],
    policy: LoadedPolicy,
    site: Loaded[Site],
    *,
    safety: Loaded[Safety],
    with_trace: bool = True,
) -> Plan:
    """Everything for one patient under one protocol. Raises `RefusedError` for stops that were not overridden."""
    protocol_id, protocol = pick_protocol(regimen, request.protocol)
    job = start_job(request, regimen, protocol, product, policy, site, safety)
    if request.protocol is None:
        chosen = checks.default_protocol(regimen.value, protocol_id, product.value)
        job.notices += chosen
        job.defaults_used += tuple(notice.message for notice in chosen)
    job.notices += checks.population(job.asked)
    job.notices += checks.said_of_protocol(job.asked)
    limits = (*protocol.limits, *policy.policy.value.limits)
    orders = orders_by_phase(protocol, request)
    stretches: list[Stretch] = []
    for phase, order, courses in orders:
        job.notices += phase_checks(job.asked, phase, order)
        stretches.append(plan_stretch(job, phase, order, courses, protocol, limits))
    job.notices += checks.courses_range(job.asked, stretches[-1].phase, stretches[-1].courses)
    first = 1
    for stretch in stretches:
        every = stretch.interval if stretch.courses > 1 else None
        rules, numbers = policy.policy.value, range(first, first + stretch.courses)
        first += stretch.courses
        job.notices += checks.day_limits(
            job.asked, stretch.dose, protocol.limits, regimen.value, protocol, every, numbers
        )
        job.notices += checks.day_limits(job.asked, stretch.dose, rules.limits, rules, None, every, numbers)
        job.notices += checks.highest_dose(
            job.asked, stretch.dose, stretch.phase.dose.published if stretch.phase.dose else None
        )
        job.notices += checks.deviation(stretch.dose.deviation_percent, safety)
    sessions = all_sessions(job, stretches, regimen.value.treats)
    return assemble(job, protocol_id, stretches, sessions, with_trace)


def make_rates(
    request: Request,
    product: Loaded[Product],
    policy: LoadedPolicy,
    site: Loaded[Site],
    *,
    safety: Loaded[Safety],
    with_trace: bool = True,
) -> Plan:
    """The titration of one infusion of exactly the ordered dose, which is not rounded."""
    job = start_job(request, None, None, product, policy, site, safety)
    dose = request.order.dose
    if dose is None:
        raise RequestError("give the dose of this infusion: --dose 70g", field="dose", code="dose-needed")
    later = request.order.infusion == "subsequent" and not checks.restart(job.asked)
    # refuse at once where no rate was published
    choose_table(product.value, request.indication, "subsequent" if later else "first")
    grams = believable(amount_g(dose, job.weights.kg))
    course = CourseDose(grams, grams, (grams,), "one infusion", False)
    phase = Phase.model_construct(
        id="infusion", title=None, dose=None, days=None, interval=None, courses=None, source=None
    )
    prescribed = Prescribed(dose, True, None, None)
    rounding = policy.policy.value.rounding
    assert rounding is not None  # the job has refused a policy without one
    stretch = Stretch(phase, 1, None, prescribed, course, choose_vials(job, course.session_doses_g), rounding)
    job.notices += checks.highest_dose(job.asked, course)
    sessions = all_sessions(job, [stretch], request.indication)
    return assemble(job, None, [stretch], sessions, with_trace)


def pick_protocol(regimen: Loaded[Regimen], name: str | None) -> tuple[str, Protocol]:
    """The named protocol, else the first; one of low confidence is never a default."""
    protocols = regimen.value.protocols
    if name is not None and name not in protocols:
        raise RequestError(
            f"regimen {regimen.value.id} has no protocol '{name[:40]}'; allowed: {', '.join(protocols)}",
            field="regimen",
            code="unknown-protocol",
        )
    chosen = name or next(iter(protocols))
    if name is None and protocols[chosen].confidence == "low":
        names = ", ".join(f"{regimen.value.id}:{p}" for p in protocols)
        raise RequestError(
            f"regimen {regimen.value.id} has only sources of low confidence, so none is the default; choose one: {names}",
            field="regimen",
        )
    return chosen, protocols[chosen]
