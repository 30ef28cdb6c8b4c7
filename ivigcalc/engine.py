"""`make_plan`: composes weight, dose, split, vials, titration, dates and checks. Pure: same inputs, same plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction

from ivigcalc import checks, schedule
from ivigcalc._version import __version__
from ivigcalc.definitions import Limit, Loaded, LoadedPolicy, Phase, Product, Protocol, RateTable, Regimen, Rounding, Safety, Site
from ivigcalc.dose import CourseDose, Prescribed, amount_g, course_grams, dose_grid, plan_course, prescribed_dose, published_interval
from ivigcalc.errors import RefusedError, RequestError
from ivigcalc.infusion import make_infusion
from ivigcalc.plan import (
    ComputedFrom, Cost, Course, DosingWeight, Infusion, Notice, Plan, RateWeight, Session, Totals, TraceEntry, VialCount,
)  # fmt: skip
from ivigcalc.quantity import Quantity, decimal_of
from ivigcalc.request import Infusion as InfusionKind
from ivigcalc.request import Order, Request
from ivigcalc.titration import Ceilings, Ladder, TableChoice, choose_table, make_ladder, pump_rates, risk_applies
from ivigcalc.vials import Choice, choose_from_shelf, vial_set
from ivigcalc.weight import Weights, compare, dosing_weight
from ivigcalc.working import Working, write_working

FOUR_WEEKS_DAYS = 28


@dataclass(frozen=True, slots=True)
class Stretch:
    """Courses in a row that are alike: a phase of the protocol, how often, and what each one gives."""

    phase: Phase
    courses: int
    interval: Quantity | None
    prescribed: Prescribed
    dose: CourseDose
    vials: tuple[Choice, ...]


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
    job = _start(request, regimen, protocol, product, policy, site, safety)
    job.notices += checks.population(job.asked)
    limits = (*protocol.limits, *policy.policy.value.limits)
    orders = _orders_by_phase(protocol, request)
    stretches: list[Stretch] = []
    for phase, order, courses in orders:
        job.notices += _phase_checks(job.asked, phase, order)
        stretches.append(_plan_stretch(job, phase, order, courses, protocol, limits))
    for stretch in stretches:
        job.notices += checks.day_limits(job.asked, stretch.dose, limits)
        job.notices += checks.deviation(stretch.dose.deviation_percent, safety)
    sessions = _all_sessions(job, stretches, regimen.value.id)
    return _finish(job, protocol_id, stretches, sessions, with_trace)


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
    job = _start(request, None, None, product, policy, site, safety)
    dose = request.order.dose
    if dose is None:
        raise RequestError("give the dose of this infusion: --dose 70g", field="dose", code="dose-needed")
    choose_table(product.value, request.indication, "first")  # refuse at once where no rate was published
    grams = amount_g(dose, job.weights.kg)
    course = CourseDose(grams, grams, (grams,), "one infusion", False)
    phase = Phase.model_construct(id="infusion", title=None, dose=None, days=None, interval=None, courses=None, source=None)
    prescribed = Prescribed(dose, True, None, None)
    stretch = Stretch(phase, 1, None, prescribed, course, _choose_vials(job, course.session_doses_g))
    sessions = _all_sessions(job, [stretch], request.indication)
    return _finish(job, None, [stretch], sessions, with_trace)


@dataclass(slots=True)
class _Job:
    """What one run gathers on its way."""

    asked: checks.Asked
    policy: LoadedPolicy
    site: Loaded[Site]
    weights: Weights
    rate_weight_kg: Fraction
    limits: Ceilings
    notices: list[Notice] = field(default_factory=list)
    tables: list[TableChoice] = field(default_factory=list)
    moved: list[schedule.CourseDates] = field(default_factory=list)


def pick_protocol(regimen: Loaded[Regimen], name: str | None) -> tuple[str, Protocol]:
    """The named protocol, else the first; one of low confidence is never a default."""
    protocols = regimen.value.protocols
    if name is not None and name not in protocols:
        raise RequestError(f"regimen {regimen.value.id} has no protocol '{name[:40]}'; allowed: {', '.join(protocols)}", field="regimen", code="unknown-protocol")
    chosen = name or next(iter(protocols))
    if name is None and protocols[chosen].confidence == "low":
        names = ", ".join(f"{regimen.value.id}:{p}" for p in protocols)
        raise RequestError(f"regimen {regimen.value.id} has only sources of low confidence, so none is the default; choose one: {names}", field="regimen")
    return chosen, protocols[chosen]


def _start(
    request: Request, regimen: Loaded[Regimen] | None, protocol: Protocol | None, product: Loaded[Product],
    policy: LoadedPolicy, site: Loaded[Site], safety: Loaded[Safety],
) -> _Job:  # fmt: skip
    rules = policy.policy.value
    if not rules.computable or rules.dosing_weight is None:
        raise RefusedError("policy-incomplete", f"policy {rules.id} cannot be computed: {'; '.join(rules.missing)}", overridable=False)
    patient = request.patient
    implausible = list(checks.plausibility(patient, request, safety))
    age = patient.age_months(request.reference_date)
    formula = policy.formula.value if policy.formula else None
    weights = dosing_weight(patient, age, rules.dosing_weight, formula, rules.id)
    asked = checks.Asked(request, regimen, protocol, product, safety, weights.kg)
    pump = site.value.pump
    limits = Ceilings(
        at_risk=bool(patient.risks),
        increment_ml_per_h=pump.increment.base,
        pump_ml_per_h=pump.maximum.base,
        site_ml_per_h=site.value.rate_maximum.base if site.value.rate_maximum else None,
    )
    rate_weight = weights.kg if rules.rate_weight == "dosing" else weights.actual_kg
    job = _Job(asked, policy, site, weights, rate_weight, limits, implausible)
    job.notices += [Notice("default-used", "info", text) for text in (*request.defaults_used, *weights.assumed)]
    job.notices += checks.contraindications(asked)
    job.notices += checks.stale_weight(asked)
    job.notices += checks.weight_policy(policy, weights)
    return job


def _orders_by_phase(protocol: Protocol, request: Request) -> list[tuple[Phase, Order, int]]:
    """Each phase that has courses, with the part of the order that speaks to it.

    What is ordered fills what the protocol leaves open; where nothing is open, it replaces.
    """
    order = request.order
    stages = protocol.stages[:1] if request.command == "dose" else protocol.stages
    open_dose = [p for p in stages if p.dose is None or p.dose.published.single is None] or list(stages)
    open_days = [p for p in stages if p.days is None] or list(stages)
    open_every = [p for p in stages if p.interval is None or p.interval.every.single is None] or list(stages)
    found = []
    left = 1 if request.command == "dose" else order.courses
    for place, phase in enumerate(stages):
        number = phase.courses.single if phase.courses else None
        number = number or (phase.courses.from_ if phase.courses and place + 1 < len(stages) else 1)
        if left is not None:
            number = left if place + 1 == len(stages) else min(left, number)
            left -= number
        if number:
            part = replace(
                order,
                dose=order.dose if phase in open_dose else None,
                days=order.days if phase in open_days else None,
                every=order.every if phase in open_every else None,
            )
            found.append((phase, part, number))
    return found


def _phase_checks(asked: checks.Asked, phase: Phase, order: Order) -> Iterator[Notice]:
    part = replace(asked, request=replace(asked.request, order=order))
    yield from checks.dose_range(part, phase)
    yield from checks.days_range(part, phase)
    yield from checks.interval_range(part, phase)


def _plan_stretch(job: _Job, phase: Phase, order: Order, courses: int, protocol: Protocol, limits: tuple[Limit, ...]) -> Stretch:
    assert job.asked.regimen is not None and job.policy.policy.value.rounding is not None
    name = f"{job.asked.regimen.value.id} ({protocol.title})"
    prescribed = _scaled(prescribed_dose(order, phase, name, protocol.no_dose_because), phase, order, job)
    if phase.days is None and order.days is None:
        raise RequestError(f"{name} does not print over how many days a course is given: give --days", field="days", code="days-needed")
    interval = published_interval(phase, order)
    if courses > 1 and interval is None:
        published = f"publishes an interval of {phase.interval.every}" if phase.interval else "prints no interval"
        raise RequestError(f'{name} {published}: give --every, e.g. --every "4 weeks"', field="every", code="interval-needed")
    candidates = (order.days,) if order.days else tuple(range(phase.days.from_, phase.days.to + 1)) if phase.days else ()
    rounding = _rounding_for(job, prescribed, candidates)
    grid = dose_grid(job.asked.product.value, rounding, _shelf_sizes(job))
    dose = plan_course(prescribed, candidates, job.weights.kg, grid, rounding, limits, order.days is not None)
    job.notices += _dose_notices(job, phase, prescribed, dose, rounding, order)
    return Stretch(phase, courses, interval, prescribed, dose, _choose_vials(job, dose.session_doses_g))


def _scaled(prescribed: Prescribed, phase: Phase, order: Order, job: _Job) -> Prescribed:
    """A dose per four weeks becomes a dose per interval; doubling by accident is not possible."""
    if order.every is None or checks.interval_fits(phase, order.every):
        if order.dose_basis == "4-weeks" and order.every is not None:
            return _per_interval(prescribed, order.every, job)
        return prescribed
    assert phase.interval is not None
    if order.dose_basis is None:
        raise RequestError(
            f"every {order.every} is not the protocol's interval of {phase.interval.every}: say whether {prescribed.dose} is for each course "
            "or for each four weeks, with --dose-basis course or --dose-basis 4-weeks",
            field="dose_basis", code="dose-basis-needed",
        )  # fmt: skip
    return _per_interval(prescribed, order.every, job) if order.dose_basis == "4-weeks" else prescribed


def _per_interval(prescribed: Prescribed, every: Quantity, job: _Job) -> Prescribed:
    if every.dimension != "days":
        raise RequestError(f"--dose-basis 4-weeks needs an interval in days or weeks, not {every}", field="dose_basis")
    share = every.base / FOUR_WEEKS_DAYS
    value = decimal_of(Fraction(prescribed.dose.value) * share, 6)
    job.notices.append(Notice("dose-basis", "info", f"{prescribed.dose} per 4 weeks is {Quantity(value, prescribed.dose.unit)} for every {every}"))
    return replace(prescribed, dose=Quantity(value, prescribed.dose.unit))


def _dose_notices(job: _Job, phase: Phase, prescribed: Prescribed, dose: CourseDose, rounding: Rounding, order: Order) -> Iterator[Notice]:
    regimen = job.asked.regimen
    definition = regimen.value if regimen else None
    policy = job.policy.policy.value
    if dose.capped and prescribed.cap is not None:
        yield Notice("dose-capped", "caution", f"the course is capped at {prescribed.cap} by the protocol", f"{prescribed.dose}", str(prescribed.cap), checks.cite(definition, phase.dose, phase, job.asked.protocol))  # fmt: skip
    if dose.dose_g != dose.prescribed_g:
        yield Notice("rounded", "info", f"the course of {checks.show(dose.prescribed_g)} g is rounded to {checks.show(dose.dose_g)} g ({rounding})", source=checks.cite(policy, rounding))
    if order.days is None:
        yield Notice("days-chosen", "info", f"{len(dose.session_doses_g)} day{'s' if len(dose.session_doses_g) > 1 else ''}: {dose.days_because}", source=checks.cite(definition, phase.days, phase, job.asked.protocol))
    if order.dose_basis == "course" and order.every is not None and order.every.dimension == "days" and not checks.interval_fits(phase, order.every):
        per_4_weeks = dose.dose_g / job.weights.kg * FOUR_WEEKS_DAYS / order.every.base
        yield Notice("dose-basis", "caution", f"{prescribed.dose} is given for each course every {order.every}: {checks.show(per_4_weeks, 3)} g/kg in 4 weeks")
    limit = Fraction(job.asked.safety.value.deviation.percent.value)
    if dose.smallest and dose.deviation_percent > limit:
        yield Notice("dose-below-vial", "stop", f"the course of {checks.show(dose.prescribed_g)} g is less than the smallest that can be given ({checks.show(dose.dose_g)} g, {checks.show(dose.deviation_percent)} % more); choose a product with smaller vials or a --policy that does not round to vials",
                     f"{checks.show(dose.prescribed_g)} g", f"{checks.show(dose.dose_g)} g")  # fmt: skip


def _rounding_for(job: _Job, prescribed: Prescribed, candidates: tuple[int, ...]) -> Rounding:
    """The policy's rounding, with its finer step where that applies."""
    rounding = job.policy.policy.value.rounding
    assert rounding is not None
    small = rounding.small
    if small is None or course_grams(prescribed, candidates[0], job.weights.kg)[0] >= small.below.base:
        return rounding
    age = job.asked.patient.age_months(job.asked.request.reference_date)
    if small.when and not any(c.subject == "age" and age is not None and compare(c.operator, age, c.operand) for c in small.when):
        return rounding
    return rounding.model_copy(update={"to": small.to})


def _shelf_sizes(job: _Job) -> tuple[Fraction, ...] | None:
    shelf = job.site.value.shelf(job.asked.product.value.id)
    return tuple(size for size, count in shelf.items() if count) or None if shelf is not None else None


def _choose_vials(job: _Job, doses_g: tuple[Fraction, ...]) -> tuple[Choice, ...]:
    """Vials of each session of a course; the sessions share the shelf where the site lists one."""
    product = job.asked.product.value
    shelf = job.site.value.shelf(product.id)
    if not product.vials:
        return tuple(Choice((), Fraction(0)) for _ in doses_g)
    if shelf is None:
        sizes = vial_set(tuple(size.base for size in product.vials))
        return tuple(sizes.choose(dose) for dose in doses_g)
    unknown = [size for size in shelf if size not in {v.base for v in product.vials}]
    if unknown:
        raise RequestError(f"site {job.site.value.id} lists {product.id} vials of {checks.show(unknown[0])} g, which do not exist", field="site")
    found = []
    for day, dose in enumerate(doses_g, start=1):
        choice = choose_from_shelf(dose, shelf)
        if choice is None:
            raise RefusedError(
                "stock-short", f"the shelf of site {job.site.value.id} does not hold the {checks.show(dose)} g of {product.id} for day {day}; restock or choose another product",
                overridable=False,
            )  # fmt: skip
        for size, count in choice.vials:
            shelf[size] -= count
        found.append(choice)
    return tuple(found)


_LADDERS: dict[tuple[str, str, int], Ladder] = {}


def _ladder_of(product: Loaded[Product], table: RateTable) -> Ladder:
    """One ladder per rate table and file, so that the caches of the titration are shared."""
    key = (product.value.id, product.sha256, product.value.rates.index(table))
    if key not in _LADDERS:
        _LADDERS[key] = make_ladder(product.value, table)
    return _LADDERS[key]


def _all_sessions(job: _Job, stretches: list[Stretch], indication: str | None) -> tuple[Session, ...]:
    order, site = job.asked.order, job.site.value
    courses = [stretch for stretch in stretches for _ in range(stretch.courses)]
    starts = schedule.due_dates(order.start, [(s.interval, s.courses) for s in stretches]) if order.start else [None] * len(courses)
    before, after = _overheads(site)
    found: list[Session] = []
    for number, (stretch, due) in enumerate(zip(courses, starts, strict=True), start=1):
        dates = schedule.place_course(due, len(stretch.dose.session_doses_g), site) if due else None
        if dates is not None:
            job.moved.append(dates)
        for day, (dose_g, choice) in enumerate(zip(stretch.dose.session_doses_g, stretch.vials, strict=True), start=1):
            infusion = _infusion(job, indication, dose_g, choice, first_of_plan=not found)
            found.append(_session(job, number, day, stretch, dates.days[day - 1] if dates else None, dose_g, choice, infusion, before, after))
    return tuple(found)


def _session(
    job: _Job, course: int, day: int, stretch: Stretch, on: date | None, dose_g: Fraction, choice: Choice, infusion: Infusion | None,
    before: int, after: int,
) -> Session:  # fmt: skip
    concentration = job.asked.product.value.concentration
    return Session(
        course=course, day=day, on=on, at_min=job.asked.order.at,
        dose_g=decimal_of(dose_g, 3),
        volume_ml=decimal_of(dose_g * 1000 / concentration.base, 3) if concentration else None,
        vials=tuple(VialCount(decimal_of(size, 3), count) for size, count in choice.vials),
        leftover_g=decimal_of(choice.leftover_g, 3),
        infusion=infusion, phase=stretch.phase.id, overhead_before_min=before, overhead_after_min=after,
    )  # fmt: skip


def _overheads(site: Site) -> tuple[int, int]:
    visit = site.visit
    before = sum((int(part.base) for part in (visit.arrival, visit.premedication) if part), 0)
    after = sum((int(part.base) for part in (visit.flush, visit.observation) if part), 0)
    return before, after


def _infusion(job: _Job, indication: str | None, dose_g: Fraction, choice: Choice, *, first_of_plan: bool) -> Infusion | None:
    product = job.asked.product
    kind = _kind_of_infusion(job, first_of_plan)
    try:
        chosen = choose_table(product.value, indication, kind)
    except RefusedError as refused:
        job.notices.append(Notice("rate-not-published", "caution", f"no times or rates: {refused}"))
        return None
    ladder = _ladder_of(product, chosen.table)
    if chosen not in job.tables:
        job.tables.append(chosen)
    limits = job.limits if risk_applies(chosen.table, job.asked.patient.risks) else replace(job.limits, at_risk=False)
    return make_infusion(ladder, job.rate_weight_kg, limits, dose_g, choice.vials)


def _kind_of_infusion(job: _Job, first_of_plan: bool) -> InfusionKind:
    if not first_of_plan:
        return "subsequent"
    if job.asked.order.infusion == "subsequent" and not checks.restart(job.asked):
        return "subsequent"
    return "first"


def _finish(job: _Job, protocol_id: str | None, stretches: list[Stretch], sessions: tuple[Session, ...], with_trace: bool) -> Plan:
    asked = job.asked
    job.notices += checks.rates(asked, job.site.value, job.tables, [(t, _set_rates(job, t)) for t in job.tables], sessions)
    job.notices += checks.dates(asked, job.site.value, job.moved, sessions)
    notices = checks.settle(job.notices, asked.order)
    phases = tuple(_course(job, stretches, place) for place in range(len(stretches)))
    trace: tuple[TraceEntry, ...] = ()
    if with_trace:
        trace = write_working(Working(asked, job.policy, job.site, job.weights, job.rate_weight_kg, tuple(stretches), tuple(job.tables), job.limits, sessions))
    return Plan(
        ivigcalc_version=__version__,
        computed_from=ComputedFrom(asked.request, asked.regimen, protocol_id, asked.product, job.policy, job.site, asked.safety),
        dosing_weight=_shown_weight(job.weights),
        rate_weight=RateWeight(decimal_of(job.rate_weight_kg, 2), job.weights.basis if job.policy.policy.value.rate_weight == "dosing" else "actual"),
        course=phases[0],
        sessions=sessions,
        totals=_totals(job, sessions),
        notices=notices,
        trace=trace,
        phases=phases,
        sources=tuple(_sources(job, notices, trace)),
        last_covered=_last_covered(asked.order),
    )  # fmt: skip


def _set_rates(job: _Job, chosen: TableChoice) -> tuple[str, ...]:
    limits = job.limits if risk_applies(chosen.table, job.asked.patient.risks) else replace(job.limits, at_risk=False)
    return tuple(bound for _, _, bound in pump_rates(_ladder_of(job.asked.product, chosen.table), job.rate_weight_kg, limits))


def _shown_weight(weights: Weights) -> DosingWeight:
    def shown(value: Fraction | None) -> object:
        return None if value is None else decimal_of(value, 2)

    return DosingWeight(
        kg=decimal_of(weights.kg, 2), basis=weights.basis, actual_kg=decimal_of(weights.actual_kg, 2),
        ideal_kg=shown(weights.ideal_kg), adjusted_kg=shown(weights.adjusted_kg),  # type: ignore[arg-type]
        bmi=None if weights.bmi is None else decimal_of(weights.bmi, 1),
    )  # fmt: skip


def _course(job: _Job, stretches: list[Stretch], place: int) -> Course:
    stretch = stretches[place]
    dose = stretch.dose
    return Course(
        prescribed_g=decimal_of(dose.prescribed_g, 2), dose_g=decimal_of(dose.dose_g, 3),
        deviation_percent=decimal_of(dose.deviation_percent, 2), g_per_kg=decimal_of(dose.dose_g / job.weights.kg, 3),
        days=len(dose.session_doses_g), interval=str(stretch.interval) if stretch.interval else None, phase=stretch.phase.id,
        first_course=1 + sum(s.courses for s in stretches[:place]), courses=stretch.courses,
    )  # fmt: skip


def _totals(job: _Job, sessions: tuple[Session, ...]) -> Totals:
    vials: dict[object, int] = {}
    for session in sessions:
        for vial in session.vials:
            vials[vial.size_g] = vials.get(vial.size_g, 0) + vial.count
    dose_g = sum((Fraction(s.dose_g) for s in sessions), Fraction(0))
    volumes = [s.volume_ml for s in sessions]
    price = job.site.value.price_per_gram.get(job.asked.product.value.id)
    return Totals(
        courses=sessions[-1].course, sessions=len(sessions), dose_g=decimal_of(dose_g, 3),
        volume_ml=None if None in volumes else decimal_of(sum((Fraction(v) for v in volumes if v is not None), Fraction(0)), 3),
        vials=tuple(VialCount(size, vials[size]) for size in sorted(vials, reverse=True)),  # type: ignore[arg-type,type-var]
        leftover_g=decimal_of(sum((Fraction(s.leftover_g) for s in sessions), Fraction(0)), 3),
        cost=Cost(decimal_of(_paid_g(sessions) * Fraction(price.amount), 2), price.currency) if price else None,
    )  # fmt: skip


def _paid_g(sessions: tuple[Session, ...]) -> Fraction:
    return sum((Fraction(s.dose_g) + Fraction(s.leftover_g) for s in sessions), Fraction(0))


def _last_covered(order: Order) -> str | None:
    if order.valid_for is None or order.start is None:
        return None
    return (schedule.step(order.start, order.valid_for, 1) - timedelta(days=1)).isoformat()


def _sources(job: _Job, notices: tuple[Notice, ...], trace: tuple[TraceEntry, ...]) -> Iterator[str]:
    """Every citation of the plan once, in order of appearance."""
    seen = dict.fromkeys([*(entry.source for entry in trace), *(notice.source for notice in notices)])
    yield from (source for source in seen if source)

