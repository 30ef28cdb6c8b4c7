"""Calendar and order: what is planned and by which rules, month grids, the table of sessions and the totals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ivigcalc.engine.plan import Plan, Session
from ivigcalc.render.catalogue.paper import Paper
from ivigcalc.render.figures import figure, measured, sentence, shown, signed
from ivigcalc.render.months import Cell, Month
from ivigcalc.render.sheets.policy import opened_text, prefer_text, rounding_text
from ivigcalc.render.times import clock_of, duration_text, short_day
from ivigcalc.render.words import (
    WEIGHTS,
    Facts,
    by_order,
    changes,
    clean,
    given_text,
    infusions,
    phased,
    product_text,
    site_named,
    vials_text,
    weight_text,
)

_SPANS = {"day": Paper.a_day, "course": Paper.a_course, "4-weeks": Paper.four_weeks}
_LEVELS = {"caution": Paper.limit_caution, "stop": Paper.limit_stop}


def summary(plan: Plan) -> Facts:
    """The head of the first page."""
    found = [(Paper.product, by_order(plan, _product)), (Paper.dosing_weight, by_order(plan, weight_text))]
    found.append((Paper.weight_for_rates, by_order(plan, _rate_weight)))
    policy = plan.computed_from.policy.policy.value
    found.append((Paper.policy, f"{clean(sentence(policy.title), 100)} ({clean(policy.id, 40)})"))
    if policy.rounding:
        found.append((Paper.rounding, rounding_text(policy.rounding)))
        found += [(Paper.opened_vials, text) for text in [opened_text(policy.rounding)] if text]
    if policy.prefer:
        found.append((Paper.prefers, prefer_text(policy.prefer)))
    found += [(Paper.limit, text) for text in _limits(plan)]
    found += [(Paper.site, clean(name, 60)) for name in site_named(plan)]
    for phase in plan.phases:
        name = Paper.phase_named.format(phase=clean(phase.phase, 40)) if phased(plan) else Paper.course
        often = Paper.often.format(interval=phase.interval) if phase.interval and phase.courses > 1 else ""
        over = Paper.course_over_days if phase.days > 1 else Paper.course_on_a_day
        dose = figure(phase.dose_g)
        found.append((name, over.format(courses=phase.courses, dose=dose, days=phase.days, often=often)))
        exact, difference = figure(phase.prescribed_g), signed(phase.deviation_percent)
        label = Paper.dose_planned if plan.history else Paper.dose_given
        per_kg = Paper.per_kg_exact.format(per_kg=figure(phase.g_per_kg), exact=exact, difference=difference)
        found.append((label, per_kg))
        found += [(Paper.dose_given, given_text(given)) for given in plan.less_given(phase)]
    if plan.last_covered:
        found.append((Paper.order_covers, Paper.up_to.format(day=plan.last_covered)))
    return [*found, *changes(plan)]


def _product(plan: Plan) -> str:
    return f"{product_text(plan)}, {_strength(plan)}"


def _strength(plan: Plan) -> str:
    strength = plan.computed_from.product.value.concentration
    return measured(strength) if strength else Paper.strength_unknown


def _rate_weight(plan: Plan) -> str:
    return f"{figure(plan.rate_weight.kg)} kg ({WEIGHTS[plan.rate_weight.basis]})"


def _limits(plan: Plan) -> Iterator[str]:
    """What the protocol's source bounds, and the fastest rate of each titration."""
    source = plan.computed_from
    protocol = source.regimen.value.protocols[source.protocol] if source.regimen and source.protocol else None
    for limit in protocol.limits if protocol else ():
        yield Paper.limit_of.format(most=measured(limit.max), span=_SPANS[limit.per], level=_LEVELS[limit.level])
    for found, _ in infusions(plan):
        last = found.steps[-1]
        said = {"rate": figure(last.rate_ml_per_h), "use": clean(found.ladder, 120)}
        per_kg = last.rate_ml_per_kg_per_h
        yield (
            Paper.fastest.format(**said)
            if per_kg is None
            else Paper.fastest_per_kg.format(**said, per_kg=figure(per_kg))
        )


def month_grid(month: Month) -> dict[str, Any]:
    """One month grid, and what its marks mean."""
    return {
        "title": month.title,
        "weeks": [[_square(cell) for cell in week] for week in month.weeks],
        "notes": [f"{short_day(on)}: {text}" for on, text in month.notes],
    }


def _square(cell: Cell) -> dict[str, Any]:
    return {
        "day": str(cell.on.day) if cell.on else None,
        "marks": list(cell.marks),
        "sessions": [_in_square(session) for session in cell.sessions],
    }


def _in_square(session: Session) -> dict[str, str]:
    return {
        "label": Paper.course_day.format(course=session.course, day=session.day),
        "short": Paper.course_day_short.format(course=session.course, day=session.day),
        "dose": f"{figure(session.dose_g)} g",
        "time": clock_of(session, 0, unknown=""),
    }


def session_row(plan: Plan, session: Session) -> list[str]:
    """A line of the table of sessions. Empty is what does not apply: a phase, or coming before and staying after."""
    length, before, after = session.duration_min, session.overhead_before_min, session.overhead_after_min
    arrive = -before if before else None
    leave = length + after if length is not None and after else None
    return [
        str(session.course),
        str(session.day),
        clean(session.phase, 40) if phased(plan) else "",
        short_day(session.on),
        *(clock_of(session, minutes, unknown="") for minutes in (arrive, 0, length, leave)),
        duration_text(length),
        figure(session.dose_g),
        shown(session.volume_ml),
        vials_text(session.vials, times="×"),
    ]


def totals(plan: Plan) -> Facts:
    """Sums over all sessions."""
    found = plan.totals
    facts = [
        (Paper.total_courses, str(found.courses)),
        (Paper.total_sessions, str(found.sessions)),
        (Paper.total_dose, f"{figure(found.dose_g)} g"),
        (Paper.total_volume, f"{shown(found.volume_ml)} mL"),
        (Paper.total_vials, vials_text(found.vials, times="×")),
        (Paper.left_over, f"{figure(found.leftover_g)} g"),
    ]
    if found.cost:
        facts.append((Paper.cost, f"{figure(found.cost.amount)} {clean(found.cost.currency, 3)}"))
    return facts
