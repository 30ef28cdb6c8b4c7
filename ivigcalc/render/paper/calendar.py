"""Calendar and order: what is planned and by which rules, month grids, the table of sessions and the totals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ivigcalc.engine.plan import Plan, Session
from ivigcalc.render.figures import figure, measured, sentence, shown, signed
from ivigcalc.render.months import Cell, Month
from ivigcalc.render.sheets.policy import opened_text, prefer_text, rounding_text
from ivigcalc.render.times import clock_of, duration_text, short_day
from ivigcalc.render.words import (
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


def summary(plan: Plan) -> Facts:
    """The head of the first page."""
    found = [("Product", by_order(plan, _product)), ("Dosing weight", by_order(plan, weight_text))]
    found.append(("Weight for rates", by_order(plan, _rate_weight)))
    policy = plan.computed_from.policy.policy.value
    found.append(("Policy", f"{clean(sentence(policy.title), 100)} ({clean(policy.id, 40)})"))
    if policy.rounding:
        found.append(("Rounding", rounding_text(policy.rounding)))
        found += [("Opened vials", text) for text in [opened_text(policy.rounding)] if text]
    if policy.prefer:
        found.append(("Prefers", prefer_text(policy.prefer)))
    found += [("Limit", text) for text in _limits(plan)]
    found += [("Site", clean(name, 60)) for name in site_named(plan)]
    for phase in plan.phases:
        name = f"Phase: {clean(phase.phase, 40)}" if phased(plan) else "Course"
        often = f", every {phase.interval}" if phase.interval and phase.courses > 1 else ""
        days = f"{phase.days} day{'s' if phase.days > 1 else ''}"
        found.append((name, f"{phase.courses} × {figure(phase.dose_g)} g over {days}{often}"))
        exact = f"exact dose {figure(phase.prescribed_g)} g, difference {signed(phase.deviation_percent)} %"
        label = "Dose planned" if plan.history else "Dose given"
        found.append((label, f"{figure(phase.g_per_kg)} g/kg ({exact})"))
        found += [("Dose given", given_text(given)) for given in plan.less_given(phase)]
    if plan.last_covered:
        found.append(("Order covers", f"up to and including {plan.last_covered}"))
    return [*found, *changes(plan)]


def _product(plan: Plan) -> str:
    return f"{product_text(plan)}, {_strength(plan)}"


def _strength(plan: Plan) -> str:
    strength = plan.computed_from.product.value.concentration
    return measured(strength) if strength else "strength not published"


def _rate_weight(plan: Plan) -> str:
    return f"{figure(plan.rate_weight.kg)} kg ({plan.rate_weight.basis})"


def _limits(plan: Plan) -> Iterator[str]:
    """What the protocol's source bounds, and the fastest rate of each titration."""
    source = plan.computed_from
    protocol = source.regimen.value.protocols[source.protocol] if source.regimen and source.protocol else None
    for limit in protocol.limits if protocol else ():
        yield f"{measured(limit.max)} per {limit.per.replace('4-weeks', 'four weeks')} ({limit.level})"
    for found, _ in infusions(plan):
        last = found.steps[-1]
        per_kg = f" = {figure(last.rate_ml_per_kg_per_h)} mL/kg/h" if last.rate_ml_per_kg_per_h is not None else ""
        yield f"fastest {figure(last.rate_ml_per_h)} mL/h{per_kg}, titration for {clean(found.ladder, 120)}"


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
        "label": f"Course {session.course}, day {session.day}",
        "short": f"C{session.course} D{session.day}",
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
        ("Courses", str(found.courses)),
        ("Sessions", str(found.sessions)),
        ("Dose", f"{figure(found.dose_g)} g"),
        ("Volume", f"{shown(found.volume_ml)} mL"),
        ("Vials", vials_text(found.vials, times="×")),
        ("Left over", f"{figure(found.leftover_g)} g"),
    ]
    if found.cost:
        facts.append(("Cost", f"{figure(found.cost.amount)} {clean(found.cost.currency, 3)}"))
    return facts
