"""The ladders that were used, when the slow one starts again, and how long a bottle is open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from itertools import pairwise

from ivigcalc.definitions import Product, Safety, Site
from ivigcalc.engine.checks.common import Asked, cite, show
from ivigcalc.engine.plan import Notice, Session
from ivigcalc.engine.schedule import CourseDates, step
from ivigcalc.engine.titration import TableChoice, risk_applies
from ivigcalc.memo import remembered, shared
from ivigcalc.quantity import Quantity
from ivigcalc.request.request import Risk


def restart(asked: Asked) -> bool:
    """Whether the slow ladder starts again: a long gap since the last infusion, or another brand."""
    order, on = asked.order, asked.request.reference_date
    if order.last_product is not None and order.last_product != asked.product.value.id:
        return True
    if order.last_infusion is None or on is None:
        return False
    return after_a_gap(asked.safety.value, order.last_infusion, on)


def after_a_gap(safety: Safety, before: date, on: date) -> bool:
    """Whether two infusions are so far apart that the slow ladder starts again."""
    return step(before, safety.restart_after.after, 1) < on


@remembered(1024)
def _gap_notices(safety: Safety, courses: tuple[CourseDates, ...]) -> tuple[Notice, ...]:
    """Courses of the plan itself that are so far apart."""
    rules = safety.restart_after
    found: list[Notice] = []
    for number, (earlier, later) in enumerate(pairwise(courses), start=2):
        if after_a_gap(safety, earlier.days[-1], later.days[0]):
            message = f"course {number} comes more than {rules.after} after the one before: the slow ladder of a first infusion starts again"
            source = cite(safety, rules)
            limit = str(rules.after)
            found.append(
                Notice("restart-slow", "caution", message, str(later.days[0]), limit, source, sessions=((number, 1),))
            )
    return tuple(found)


def restart_notice(asked: Asked) -> Notice:
    """Why the slow ladder starts again."""
    rules = asked.safety.value
    why = f"the last infusion was on {asked.order.last_infusion}, more than {rules.restart_after.after} ago"
    if asked.order.last_product is not None and asked.order.last_product != asked.product.value.id:
        why = f"the product changes from {asked.order.last_product} to {asked.product.value.id}"
    return Notice("restart-slow", "caution", f"{why}: start again with the slow ladder of a first infusion", str(asked.order.last_infusion or asked.order.last_product),
                  str(rules.restart_after.after), cite(rules, rules.restart_after), sessions=((1, 1),))  # fmt: skip


def rates(
    asked: Asked,
    site: Site,
    bounds: list[tuple[TableChoice, tuple[str, ...]]],
    courses: tuple[CourseDates, ...],
    sessions: tuple[Session, ...],
) -> Iterator[Notice]:
    """What the reader must know of the ladders that were used; `bounds` has each with what capped its rungs."""
    product = asked.product.value
    distinct = len({table.infusion for table in product.rates}) > 1
    if bounds and distinct and asked.order.infusion is None:
        yield Notice(
            "default-used",
            "info",
            "not said whether the patient had this product before: the first session takes the slower ladder of a first infusion; give --infusion",
        )
    if bounds and restart(asked):
        yield restart_notice(asked)
    if bounds:
        yield from _gap_notices(asked.safety.value, courses)
    for chosen, bound_by in bounds:
        yield from _ladder_notices(product, chosen, bound_by, shared(asked.patient.risks), site)
    yield from _bottle_notices(asked, sessions)


@remembered(256)
def _ladder_notices(
    product: Product, chosen: TableChoice, bound_by: tuple[str, ...], risks: tuple[Risk, ...], site: Site
) -> tuple[Notice, ...]:
    return tuple(_about_ladder(product, chosen, bound_by, risks, site))


def _about_ladder(
    product: Product, chosen: TableChoice, bound_by: tuple[str, ...], risks: tuple[Risk, ...], site: Site
) -> Iterator[Notice]:
    table = chosen.table
    uses = ", ".join(table.for_)
    source = cite(product, table.ladder[0], table)
    if chosen.off_label:
        yield Notice(
            "rate-off-label",
            "caution",
            f"{product.id} prints no rates for this use: its most cautious table is used, published for {uses}",
            uses,
            str(table.ceiling.rate),
            source,
        )
    if any(rung.basis == "assumed" for rung in table.ladder):
        yield Notice(
            "ladder-assumed",
            "caution",
            f"the source prints where the ladder for {uses} starts and ends, but not every rung: those marked * are assumed",
            source=source,
        )
    covered = tuple(risk for risk in risks if risk_applies(table, (risk,)))
    uncovered = [risk for risk in risks if risk not in covered]
    at_risk = table.at_risk_ceiling
    if covered and at_risk is not None and "at-risk" in bound_by:
        yield Notice(
            "risk-ceiling-applied",
            "caution",
            f"{' and '.join(covered)} risk: the rate stays at or below {at_risk.rate}",
            ", ".join(covered),
            str(at_risk.rate),
            cite(product, at_risk, table),
        )
    if uncovered:
        slowed = "is not slowed for it" if covered else "is not slowed"
        yield Notice("risk-no-figure", "caution", f"{' and '.join(uncovered)} risk: no source prints a lower rate for {product.id}; the ladder {slowed}, so ask the prescriber for the lowest rate practicable",
                     ", ".join(uncovered), None, source)  # fmt: skip
    if "pump" in bound_by:
        yield Notice(
            "pump-capped",
            "caution",
            f"a step above the pump's {site.pump.maximum} is capped there and the infusion takes longer",
            None,
            str(site.pump.maximum),
        )
    if "site" in bound_by:
        yield Notice(
            "site-rate-applied",
            "caution",
            f"a step above the site's {site.rate_maximum} is capped there and the infusion takes longer",
            None,
            str(site.rate_maximum),
        )


def _bottle_notices(asked: Asked, sessions: tuple[Session, ...]) -> Iterator[Notice]:
    """How long a bottle is open; where the label speaks of a pool of bottles, how long the infusion is."""
    product, general = asked.product.value, asked.safety.value.opened_bottle
    printed = product.open_bottle
    if printed and printed.applies_to == "pool":
        longest = printed.within.base
        long = {
            id(s.infusion): Fraction(s.infusion.duration_min)
            for s in sessions
            if s.infusion and s.infusion.duration_min > longest
        }
        yield from _open_too_long(
            sessions, long, printed.within, "a pool of its bottles would be open for",
            "do not pool them, or ask for a faster ladder", cite(product, printed),
        )  # fmt: skip
    own = printed if printed and printed.applies_to == "bottle" else None
    limit = own.within if own else general.within
    infusions = {id(s.infusion): s.infusion for s in sessions if s.infusion and s.infusion.duration_min > limit.base}
    yield from _open_too_long(
        sessions, {i: infusion.longest_bottle_min() for i, infusion in infusions.items()}, limit, "one bottle runs for",
        "use smaller vials or ask for a faster ladder", cite(product, own) if own else cite(asked.safety.value, general),
    )  # fmt: skip


def _open_too_long(
    sessions: tuple[Session, ...],
    minutes: dict[int, Fraction],
    limit: Quantity,
    what: str,
    remedy: str,
    source: str | None,
) -> Iterator[Notice]:
    """`minutes`: by the identity of the infusion, as sessions share it."""
    longest = max(minutes.values(), default=None)
    if longest is not None and longest > limit.base:
        yield Notice(
            "bottle-open-too-long",
            "caution",
            f"{what} {show(longest)} min, longer than {limit}: {remedy}",
            f"{show(longest)} min",
            str(limit),
            source,
            sessions=tuple((s.course, s.day) for s in sessions if minutes.get(id(s.infusion), limit.base) > limit.base),
        )
