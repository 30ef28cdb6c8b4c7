"""From the draft to the finished plan: every figure rounded once, with totals, working and sources."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from ivigcalc._version import __version__
from ivigcalc.definitions import cite
from ivigcalc.engine.checks.protocol import default_protocol
from ivigcalc.engine.draft import Draft
from ivigcalc.engine.plan import (
    ComputedFrom,
    DosingWeight,
    Notice,
    Plan,
    RateWeight,
    TraceEntry,
)
from ivigcalc.engine.schedule import step
from ivigcalc.engine.weight import Weights
from ivigcalc.exact import Fraction
from ivigcalc.quantity import decimal_of
from ivigcalc.request.request import Order, OrderedDose, Per, Treatment
from ivigcalc.request.written import write_order


def shown(draft: Draft, notices: tuple[Notice, ...], trace: tuple[TraceEntry, ...]) -> Plan:
    """The plan of a draft, with what is said of it and how it was worked out."""
    case, dosed = draft.case, draft.dosed
    return Plan(
        ivigcalc_version=__version__,
        computed_from=computed_from(draft),
        dosing_weight=_shown_weight(draft.weights),
        rate_weight=RateWeight(
            decimal_of(draft.rate_kg, 2), draft.weights.basis if case.policy.rate_weight.use == "dosing" else "actual"
        ),
        course=dosed.courses[0],
        sessions=draft.sessions,
        totals=dosed.totals,
        notices=notices,
        trace=trace,
        phases=dosed.courses,
        sources=tuple(_sources(draft, notices, trace)),
        last_covered=_last_covered(case.order),
        titrations=draft.titrated.titrations,
        order_text=write_order(tuple(_treatments(draft))),
    )


def _treatments(draft: Draft) -> Iterator[Treatment]:
    """What is given in each phase, as it would be ordered if the protocol said nothing."""
    rx = draft.prescription
    for stretch in draft.dosed.stretches:
        part, prescribed, ordered = stretch.part, stretch.part.prescribed, stretch.part.ordered
        if rx.protocol is None:
            yield Treatment(dose=OrderedDose(prescribed.dose), over=ordered.over)
            continue
        share = part.four_week_dose
        per: Per = "day" if prescribed.per_day else "course"
        yield Treatment(
            phase=part.phase.id if rx.protocol.phases else None,
            dose=OrderedDose(share) if share else OrderedDose(prescribed.dose, per),
            days=stretch.days,
            over=ordered.over,
            every=part.interval if part.courses > 1 else None,
            dose_basis=ordered.dose_basis,
            courses=part.courses if rx.command == "schedule" else None,
        )


def computed_from(draft: Draft) -> ComputedFrom:
    """What a plan of a draft is computed from."""
    request, definitions = draft.case.request, draft.case.definitions
    taken = tuple(notice.message for notice in default_protocol(draft.prescription, draft.case.age_months))
    return ComputedFrom(
        request,
        definitions.regimen,
        draft.case.protocol_id,
        definitions.product,
        definitions.policy,
        definitions.site,
        definitions.safety,
        definitions.product_class,
        (*request.defaults_used, *taken),
    )


def _shown_weight(weights: Weights) -> DosingWeight:
    def kg(value: Fraction | None) -> Decimal | None:
        return None if value is None else decimal_of(value, 2)

    return DosingWeight(
        kg=decimal_of(weights.kg, 2),
        basis=weights.basis,
        actual_kg=decimal_of(weights.actual_kg, 2),
        ideal_kg=kg(weights.ideal_kg),
        adjusted_kg=kg(weights.adjusted_kg),
        bmi=None if weights.bmi is None else decimal_of(weights.bmi, 1),
    )


def _last_covered(order: Order) -> str | None:
    if order.valid_for is None or order.start is None:
        return None
    return (step(order.start, order.valid_for, 1) - timedelta(days=1)).isoformat()


def _sources(draft: Draft, notices: tuple[Notice, ...], trace: tuple[TraceEntry, ...]) -> Iterator[str]:
    """Every citation of the plan once, in order of appearance."""
    of_times = [time.source for time in draft.titrated.times if time]
    assumed = any(step.assumed for used in draft.titrated.used for step in used.climb.ladder.rungs)
    general = draft.case.safety.assumed_steps
    of_steps = [cite(draft.case.safety, general)] if assumed and general else []
    of_notices = (notice.source for notice in notices)
    seen = dict.fromkeys([*(entry.source for entry in trace), *of_notices, *of_times, *of_steps])
    yield from (source for source in seen if source)
