"""The sessions of a plan: every course on its days, each with its titrated infusion."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from ivigcalc import checks, schedule
from ivigcalc.courses import Stretch
from ivigcalc.definitions import Loaded, Product, RateTable, Site
from ivigcalc.errors import RefusedError
from ivigcalc.infusion import make_infusion
from ivigcalc.job import Job
from ivigcalc.plan import Infusion, Notice, Session, VialCount
from ivigcalc.quantity import decimal_of
from ivigcalc.request import Infusion as InfusionKind
from ivigcalc.titration import Ladder, TableChoice, choose_table, make_ladder, pump_rates, risk_applies
from ivigcalc.vials import Choice

_LADDERS: dict[tuple[str, str, int], Ladder] = {}


def _ladder_of(product: Loaded[Product], table: RateTable) -> Ladder:
    """One ladder per rate table and file, so that the caches of the titration are shared."""
    key = (product.value.id, product.sha256, product.value.rates.index(table))
    if key not in _LADDERS:
        _LADDERS[key] = make_ladder(product.value, table)
    return _LADDERS[key]


def all_sessions(job: Job, stretches: list[Stretch], indication: str | None) -> tuple[Session, ...]:
    """Every course on its days, every day with its infusion."""
    order, site = job.asked.order, job.site.value
    courses = [stretch for stretch in stretches for _ in range(stretch.courses)]
    starts = (
        schedule.due_dates(order.start, [(s.interval, s.courses) for s in stretches])
        if order.start
        else [None] * len(courses)
    )
    before, after = _overheads(site)
    given: dict[tuple[str, int, InfusionKind], _Given] = {}
    found: list[Session] = []
    for number, (stretch, due) in enumerate(zip(courses, starts, strict=True), start=1):
        doses = stretch.dose.session_doses_g
        dates = schedule.place_course(due, len(doses), site) if due else None
        if dates is not None:
            job.moved.append(dates)
        for day in range(1, len(doses) + 1):
            on = dates.days[day - 1] if dates else None
            kind = "subsequent" if day > 1 else _kind_of_infusion(job, found[-1] if found else None, on)
            key = (stretch.phase.id, day, kind)
            if key not in given:
                given[key] = _given(job, indication, doses[day - 1], stretch.vials[day - 1], kind)
            found.append(Session(number, day, on, order.at, *given[key], stretch.phase.id, before, after))
    return tuple(found)


class _Given(NamedTuple):
    """What one day of a course gives: the same in every course, so worked out once."""

    dose_g: Decimal
    volume_ml: Decimal | None
    vials: tuple[VialCount, ...]
    leftover_g: Decimal
    infusion: Infusion | None


def _given(job: Job, indication: str | None, dose_g: Fraction, choice: Choice, kind: InfusionKind) -> _Given:
    concentration = job.asked.product.value.concentration
    return _Given(
        dose_g=decimal_of(dose_g, 3),
        volume_ml=decimal_of(dose_g * 1000 / concentration.base, 3) if concentration else None,
        vials=tuple(VialCount(decimal_of(size, 3), count) for size, count in choice.vials),
        leftover_g=decimal_of(choice.leftover_g, 3),
        infusion=_infusion(job, indication, dose_g, choice, kind),
    )


def _overheads(site: Site) -> tuple[int, int]:
    visit = site.visit
    before = sum((int(part.base) for part in (visit.arrival, visit.premedication) if part), 0)
    after = sum((int(part.base) for part in (visit.flush, visit.observation) if part), 0)
    return before, after


def _infusion(
    job: Job, indication: str | None, dose_g: Fraction, choice: Choice, kind: InfusionKind
) -> Infusion | None:
    product = job.asked.product
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


def _kind_of_infusion(job: Job, previous: Session | None, on: date | None) -> InfusionKind:
    """A first infusion starts slowly; so does one long after the session before it."""
    if previous is not None:
        gap = previous.on is not None and on is not None and checks.after_a_gap(job.asked, previous.on, on)
        return "first" if gap else "subsequent"
    if job.asked.order.infusion == "subsequent" and not checks.restart(job.asked):
        return "subsequent"
    return "first"


def set_rates(job: Job, chosen: TableChoice) -> tuple[str, ...]:
    """What capped each rung of a table."""
    limits = job.limits if risk_applies(chosen.table, job.asked.patient.risks) else replace(job.limits, at_risk=False)
    return tuple(
        bound.by
        for _, _, bound in pump_rates(_ladder_of(job.asked.product, chosen.table), job.rate_weight_kg, limits)
        if bound.capped
    )
