"""The sessions of a plan: every course on its days, each with its titrated infusion."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from ivigcalc.definitions import Product, Safety, Site
from ivigcalc.engine import checks, schedule
from ivigcalc.engine.case import Job
from ivigcalc.engine.course import Stretch
from ivigcalc.engine.infusion import make_infusion
from ivigcalc.engine.plan import Infusion, Notice, Session, VialCount
from ivigcalc.engine.titration import Ladder, TableChoice, choose_table, climb, make_ladder, risk_applies
from ivigcalc.engine.vials import Choice
from ivigcalc.errors import RefusedError
from ivigcalc.memo import remembered, shared
from ivigcalc.quantity import Quantity, decimal_of
from ivigcalc.request.request import Infusion as InfusionKind
from ivigcalc.request.request import Order


@remembered(256)
def _ladder_for(product: Product, indication: str | None, kind: InfusionKind) -> tuple[TableChoice, Ladder]:
    """The table that serves, and its ladder: one for each use of a product, because infusions are shared by it."""
    chosen = choose_table(product, indication, kind)
    return chosen, make_ladder(product, chosen.table)


class Visit(NamedTuple):
    """When a session is, and how it starts: all of it that does not depend on the dose. `stretch` counts from 0."""

    stretch: int
    course: int
    day: int
    on: date | None
    kind: InfusionKind


def all_sessions(job: Job, stretches: list[Stretch], indication: str | None) -> tuple[Session, ...]:
    """Every course on its days, every day with its infusion."""
    asked, site = job.asked, job.site.value
    shape = shared(tuple((s.interval, s.courses, len(s.dose.session_doses_g)) for s in stretches))
    job.course_dates, visits = _visits(asked.order, asked.safety.value, site, shape, checks.restart(asked))
    before, after = _overheads(site)
    given: dict[tuple[int, InfusionKind], tuple[_Measured, Infusion | None]] = {}
    found: list[Session] = []
    for place, course, day, on, kind in visits:
        stretch = stretches[place]
        choice = stretch.vials[day - 1]
        key = (id(choice), kind)
        if key not in given:  # every day that gives it shares it
            dose_g = stretch.dose.session_doses_g[day - 1]
            measured = _measured(choice, asked.product.value, dose_g)
            given[key] = measured, _infusion(job, indication, dose_g, choice, kind)
        measured, infusion = given[key]
        found.append(Session(course, day, on, asked.order.at, *measured, infusion, stretch.phase.id, before, after))
    return tuple(found)


#: interval, courses and days of a course for each stretch
Shape = tuple[tuple[Quantity | None, int, int], ...]


@remembered(1024)
def _visits(
    order: Order, safety: Safety, site: Site, shape: Shape, again: bool
) -> tuple[tuple[schedule.CourseDates, ...], tuple[Visit, ...]]:
    """The dates of all courses, none without a start, and every visit. `again`: the slow ladder starts again."""
    alike = [(place, days) for place, (_, courses, days) in enumerate(shape) for _ in range(courses)]
    due = (
        schedule.due_dates(order.start, [(interval, courses) for interval, courses, _ in shape]) if order.start else []
    )
    dates = tuple(schedule.place_course(first, days, site) for first, (_, days) in zip(due, alike, strict=False))
    visits: list[Visit] = []
    for number, (place, days) in enumerate(alike, start=1):
        for day in range(1, days + 1):
            on = dates[number - 1].days[day - 1] if dates else None
            kind = _kind_of_infusion(order, safety, again, visits[-1] if visits else None, on)
            visits.append(Visit(place, number, day, on, kind))
    return dates, tuple(visits)


class _Measured(NamedTuple):
    """A dose with its vials as it is shown."""

    dose_g: Decimal
    volume_ml: Decimal | None
    vials: tuple[VialCount, ...]
    leftover_g: Decimal


@remembered(4096, by=2)  # a choice is made for one dose
def _measured(choice: Choice, product: Product, dose_g: Fraction) -> _Measured:
    return _Measured(
        dose_g=decimal_of(dose_g, 3),
        volume_ml=decimal_of(dose_g * 1000 / product.concentration.base, 3) if product.concentration else None,
        vials=tuple(VialCount(decimal_of(size, 3), count) for size, count in choice.vials),
        leftover_g=decimal_of(choice.leftover_g, 3),
    )


def _overheads(site: Site) -> tuple[int, int]:
    visit = site.visit
    before = sum((int(part.base) for part in (visit.arrival, visit.premedication) if part), 0)
    after = sum((int(part.base) for part in (visit.flush, visit.observation) if part), 0)
    return before, after


def _infusion(
    job: Job, indication: str | None, dose_g: Fraction, choice: Choice, kind: InfusionKind
) -> Infusion | None:
    try:
        chosen, ladder = _ladder_for(job.asked.product.value, indication, kind)
    except RefusedError as refused:
        if refused.code != "rate-not-published":
            raise
        job.notices.append(Notice("rate-not-published", "caution", f"no times or rates: {refused}"))
        return None
    table = id(chosen.table)
    if table not in job.climbs:
        at_risk = risk_applies(chosen.table, job.asked.patient.risks)
        limits = replace(job.limits, at_risk=False) if job.limits.at_risk and not at_risk else job.limits
        job.climbs[table] = climb(ladder, job.rate_weight_kg, limits)
        job.tables.append(chosen)
    if (table, id(choice)) not in job.infusions:
        job.infusions[table, id(choice)] = make_infusion(job.climbs[table], dose_g, choice.vials)
    return job.infusions[table, id(choice)]


def _kind_of_infusion(
    order: Order, safety: Safety, again: bool, previous: Visit | None, on: date | None
) -> InfusionKind:
    """A first infusion starts slowly; so does one long after the session before it."""
    if previous is not None:
        gap = previous.on is not None and on is not None and checks.after_a_gap(safety, previous.on, on)
        return "first" if gap else "subsequent"
    return "subsequent" if order.infusion == "subsequent" and not again else "first"


def set_rates(job: Job, chosen: TableChoice) -> tuple[str, ...]:
    """What capped each rung of a table; one and the same object for equal ones, as a key of what is remembered."""
    return shared(tuple(bound.by for _, _, bound in job.climbs[id(chosen.table)].rates if bound.capped))
