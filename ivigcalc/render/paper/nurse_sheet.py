"""One nurse's sheet: everything of one infusion on one page, its facts, steps, bottles, visit and notices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from ivigcalc.definitions import cite
from ivigcalc.engine.plan import Bottle, Plan, Session, Step
from ivigcalc.quantity import plain
from ivigcalc.render.notices import LEVELS, for_sheet, printed_notice
from ivigcalc.render.paper.chart import chart_data
from ivigcalc.render.times import clock_of, duration_text, long_day, moment, plain_day, span
from ivigcalc.render.words import Facts, clean, phased, product_text, shown, vials_text, weight_text

#: a nurse's sheet shows at most so many cautions of one kind; the first pages of the plan have them all
SAME_KIND_ON_SHEET = 3


def nurse_sheet(plan: Plan, session: Session) -> dict[str, Any]:
    """The sheet of one session."""
    length = session.duration_min
    return {
        "when": _which(plan, session),
        "date": long_day(session.on),
        "facts": [*_facts(plan, session), *_infusion_facts(session), *_left_over(session)],
        "timed": session.at_min is not None,
        "steps": list(_steps(session)),
        "before": list(_visit_before(plan, session)),
        "after": list(_visit_after(plan, session)),
        "end": {
            "at": "" if length is None else moment(session, length),
            "volume": shown(session.volume_ml, unknown=""),
        },
        "bottles": list(_bottles(session)) or list(_bottles_without_rates(session)),
        "chart": chart_data(session),
        "assumed": any(step.assumed for step in session.steps),
        "notices": _notices(plan, session),
        "handling": _handling(plan),
    }


def _which(plan: Plan, session: Session) -> str:
    if plan.computed_from.regimen is None:
        return "One infusion"
    days = max(s.day for s in plan.sessions if s.course == session.course)
    phase = f", phase {clean(session.phase, 40)}" if phased(plan) else ""
    return f"Course {session.course} of {plan.totals.courses}, day {session.day} of {days}{phase}"


# ---- facts ----------------------------------------------------------------------------------------------------------


def _facts(plan: Plan, session: Session) -> Iterator[tuple[str, str]]:
    weighed, strength = plan.computed_from.request.patient.weighed_on, plan.computed_from.product.value.concentration
    yield "Product", product_text(plan)
    yield "Strength", str(strength) if strength else "not published"
    yield "Dose", f"{plain(session.dose_g)} g"
    yield "Vials", vials_text(session.vials, times="×")
    yield "Volume", f"{shown(session.volume_ml)} mL"
    yield "Weight used", weight_text(plan)
    yield "Weighed on", plain_day(weighed) if weighed else ""
    rate = plan.rate_weight
    if (rate.kg, rate.basis) != (plan.dosing_weight.kg, plan.dosing_weight.basis):
        yield "Weight for rates", f"{plain(rate.kg)} kg ({rate.basis})"


def _infusion_facts(session: Session) -> Iterator[tuple[str, str]]:
    """What the ladder was published for, and how long it takes; nothing where no rates are published."""
    if session.infusion is None:
        return
    length, before, after = session.infusion.duration_min, session.overhead_before_min, session.overhead_after_min
    yield "Ladder", clean(session.infusion.ladder, 120)
    yield "Infusion lasts", duration_text(length)
    if session.at_min is None:
        return
    yield "Infusion", span(session, 0, length)
    if before or after:
        yield "Visit", span(session, -before, length + after)


def _left_over(session: Session) -> Facts:
    return [("Left over", f"{plain(session.leftover_g)} g")] if session.leftover_g else []


# ---- steps and bottles ----------------------------------------------------------------------------------------------


def _steps(session: Session) -> Iterator[dict[str, str]]:
    """A row for each step, with the bottles that are hung before the next."""
    steps, bottles = session.steps, session.bottles
    for step, following in zip_longest(steps, steps[1:]):
        hung = [bottle for bottle in bottles if step.from_start_min <= bottle.from_start_min]
        if following is not None:
            hung = [bottle for bottle in hung if bottle.from_start_min < following.from_start_min]
        yield _step(session, step, hung)


def _step(session: Session, step: Step, hung: list[Bottle]) -> dict[str, str]:
    return {
        "step": f"{step.step}{'*' if step.assumed else ''}",
        "at": moment(session, step.from_start_min),
        "bottles": _numbers(hung),
        "per_kg": shown(step.rate_ml_per_kg_per_h, unknown="–"),
        "rate": plain(step.rate_ml_per_h),
        "minutes": plain(step.duration_min),
        "volume": plain(step.volume_ml),
        "running": plain(step.cumulative_ml),
        "remaining": plain(step.remaining_ml),
    }


def _numbers(hung: list[Bottle]) -> str:
    if len(hung) < 3:
        return ", ".join(str(bottle.bottle) for bottle in hung)
    return f"{hung[0].bottle}–{hung[-1].bottle}"


def _bottles(session: Session) -> Iterator[dict[str, str]]:
    bottles = session.bottles
    for bottle in bottles:
        # the last one is empty when the infusion ends, rounded up as its end is
        to_min = session.duration_min or 0 if bottle.bottle == len(bottles) else bottle.to_min
        yield {
            "bottle": str(bottle.bottle),
            "size": plain(bottle.size_g),
            "volume": plain(bottle.volume_ml),
            "hang": moment(session, bottle.from_start_min),
            "empty": moment(session, to_min),
        }


def _bottles_without_rates(session: Session) -> Iterator[dict[str, str]]:
    """A row for each bottle where no rate says when it is hung, so that its lot and expiry can be written down."""
    sizes = [vial.size_g for vial in session.vials for _ in range(vial.count)]
    for number, size_g in enumerate(sizes, start=1):
        yield {"bottle": str(number), "size": plain(size_g), "volume": "", "hang": "", "empty": ""}


# ---- the visit around the infusion ----------------------------------------------------------------------------------


def _visit_before(plan: Plan, session: Session) -> Iterator[tuple[str, str]]:
    """Rows before the first step: only what the site's file gives."""
    visit = plan.computed_from.site.value.visit
    begins = -session.overhead_before_min
    for name, length in (("Arrival", visit.arrival), ("Premedication", visit.premedication)):
        if length:
            yield clock_of(session, begins, unknown=""), f"{name}, {length.base} min"
            begins += int(length.base)


def _visit_after(plan: Plan, session: Session) -> Iterator[tuple[str, str]]:
    """Rows after the last step. Flush volume is not drug volume, so it has a row of its own.

    Where no rate says when the infusion ends, a row has no time.
    """
    visit = plan.computed_from.site.value.visit
    begins = session.duration_min
    for name, length in (("Flush (not part of the dose)", visit.flush), ("Observation", visit.observation)):
        if length:
            ends = None if begins is None else begins + int(length.base)
            until = clock_of(session, ends, unknown="")
            said = f"{name}, {length.base} min{f', until {until}' if until else ''}"
            yield clock_of(session, begins, unknown=""), said
            begins = ends


# ---- notices --------------------------------------------------------------------------------------------------------


def _notices(plan: Plan, session: Session) -> list[dict[str, str]]:
    """What a nurse must know of it, his own first. The rest, such as another course's dates, is on the first pages."""
    seen: Counter[str] = Counter()
    kept: list[dict[str, str]] = []
    for found in for_sheet(plan, session):
        seen[found.code] += found.level == "caution"
        if found.level != "caution" or seen[found.code] <= SAME_KIND_ON_SHEET:
            kept.append(printed_notice(found, plan))
    more = {code: count - SAME_KIND_ON_SHEET for code, count in seen.items()}
    return kept + [_more(code, count) for code, count in more.items() if count > 0]


def _handling(plan: Plan) -> list[str]:
    """What the product's file says of its handling: dilution, flush fluid, filter; each with its source."""
    product = plan.computed_from.product.value
    lines: list[str] = []
    for said in product.handling:  # control: handling-on-sheet
        source = (cite(product, said) or "").partition(" <")[0]
        lines.append(clean(said.text, 300).rstrip(".") + (f" [{clean(source, 110)}]" if source else ""))
    return lines


def _more(code: str, count: int) -> dict[str, str]:
    return {
        "level": LEVELS["caution"].kept,
        "code": code,
        "text": f"{count} more of this kind: see the first pages of this plan.",
        "source": "",
    }
