"""From the parts to the finished plan: last checks, overrides, totals, working and sources."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction

from ivigcalc._version import __version__
from ivigcalc.engine import checks, schedule
from ivigcalc.engine.case import Job
from ivigcalc.engine.course import Stretch
from ivigcalc.engine.plan import (
    ComputedFrom,
    Cost,
    Course,
    DosingWeight,
    Notice,
    Plan,
    RateWeight,
    Session,
    Totals,
    TraceEntry,
    VialCount,
)
from ivigcalc.engine.session import set_rates
from ivigcalc.engine.weight import Weights
from ivigcalc.engine.working import Working, write_working
from ivigcalc.quantity import decimal_of
from ivigcalc.request.request import Order


def assemble(
    job: Job, protocol_id: str | None, stretches: list[Stretch], sessions: tuple[Session, ...], with_trace: bool
) -> Plan:
    """The last checks and overrides, then the finished plan."""
    asked = job.asked
    bounds = [(table, set_rates(job, table)) for table in job.tables]
    job.notices += checks.rates(asked, job.site.value, bounds, job.course_dates, sessions)
    job.notices += checks.dates(asked, job.site.value, job.course_dates, sessions)
    job.notices += checks.information(asked, max(s.dose.prescribed_g for s in stretches), sessions)
    notices = checks.settle(job.notices, asked.order)
    phases = tuple(_course(job, stretches, place) for place in range(len(stretches)))
    trace: tuple[TraceEntry, ...] = ()
    if with_trace:
        trace = write_working(
            Working(
                asked,
                job.policy,
                job.site,
                job.weights,
                job.rate_weight_kg,
                tuple(stretches),
                tuple(job.climbs[id(table.table)] for table in job.tables),
                job.limits,
                sessions,
            )
        )
    return Plan(
        ivigcalc_version=__version__,
        computed_from=ComputedFrom(asked.request, asked.regimen, protocol_id, asked.product, job.policy, job.site, asked.safety, job.defaults_used),
        dosing_weight=_shown_weight(job.weights),
        rate_weight=RateWeight(decimal_of(job.rate_weight_kg, 2), job.weights.basis if job.policy.policy.value.rate_weight == "dosing" else "actual"),
        course=phases[0],
        sessions=sessions,
        totals=_totals(job, sessions),
        notices=notices,
        trace=trace,
        phases=phases,
        sources=tuple(_sources(notices, trace)),
        last_covered=_last_covered(asked.order),
    )  # fmt: skip


def _shown_weight(weights: Weights) -> DosingWeight:
    def shown(value: Fraction | None) -> object:
        return None if value is None else decimal_of(value, 2)

    return DosingWeight(
        kg=decimal_of(weights.kg, 2), basis=weights.basis, actual_kg=decimal_of(weights.actual_kg, 2),
        ideal_kg=shown(weights.ideal_kg), adjusted_kg=shown(weights.adjusted_kg),  # type: ignore[arg-type]
        bmi=None if weights.bmi is None else decimal_of(weights.bmi, 1),
    )  # fmt: skip


def _course(job: Job, stretches: list[Stretch], place: int) -> Course:
    stretch = stretches[place]
    dose = stretch.dose
    return Course(
        prescribed_g=decimal_of(dose.prescribed_g, 2), dose_g=decimal_of(dose.dose_g, 3),
        deviation_percent=decimal_of(dose.deviation_percent, 2), g_per_kg=decimal_of(dose.dose_g / job.weights.kg, 3),
        days=len(dose.session_doses_g), interval=str(stretch.interval) if stretch.interval else None, phase=stretch.phase.id,
        first_course=1 + sum(s.courses for s in stretches[:place]), courses=stretch.courses,
    )  # fmt: skip


def _totals(job: Job, sessions: tuple[Session, ...]) -> Totals:
    vials: dict[object, int] = {}
    for session in sessions:
        for vial in session.vials:
            vials[vial.size_g] = vials.get(vial.size_g, 0) + vial.count
    volumes = [s.volume_ml for s in sessions]
    price = job.site.value.price_per_gram.get(job.asked.product.value.id)
    return Totals(
        courses=sessions[-1].course, sessions=len(sessions), dose_g=decimal_of(sum(s.dose_g for s in sessions), 3),
        volume_ml=None if None in volumes else decimal_of(sum(v for v in volumes if v is not None), 3),
        vials=tuple(VialCount(size, vials[size]) for size in sorted(vials, reverse=True)),  # type: ignore[arg-type,type-var]
        leftover_g=decimal_of(sum(s.leftover_g for s in sessions), 3),
        cost=Cost(decimal_of(_paid_g(sessions) * Fraction(price.amount), 2), price.currency) if price else None,
    )  # fmt: skip


def _paid_g(sessions: tuple[Session, ...]) -> Fraction:
    return sum((Fraction(s.dose_g) + Fraction(s.leftover_g) for s in sessions), Fraction(0))


def _last_covered(order: Order) -> str | None:
    if order.valid_for is None or order.start is None:
        return None
    return (schedule.step(order.start, order.valid_for, 1) - timedelta(days=1)).isoformat()


def _sources(notices: tuple[Notice, ...], trace: tuple[TraceEntry, ...]) -> Iterator[str]:
    """Every citation of the plan once, in order of appearance."""
    seen = dict.fromkeys([*(entry.source for entry in trace), *(notice.source for notice in notices)])
    yield from (source for source in seen if source)
