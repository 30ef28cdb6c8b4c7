"""One nurse's sheet: everything of one infusion on one page, its facts, steps, bottles, visit and notices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from msgspec.structs import replace

from ivigcalc.engine.plan import Bottle, Plan, Session, Step
from ivigcalc.engine.record import bottles_without_rates
from ivigcalc.render.catalogue.paper import Paper
from ivigcalc.render.figures import figure, measured, shown
from ivigcalc.render.notices import LEVELS, for_sheet, printed_notice, without_options
from ivigcalc.render.paper.bedside import (
    observation_rows,
    premedication,
    preparation,
    reaction,
    volumes_to_set,
)
from ivigcalc.render.paper.chart import chart_data
from ivigcalc.render.times import clock_of, duration_text, elapsed_text, long_day, moment, plain_day, span
from ivigcalc.render.words import WEIGHTS, Facts, clean, phased, time_on_sheet, vials_text, weight_text

#: a nurse's sheet shows at most so many cautions of one kind; the order page of the plan has them all
SAME_KIND_ON_SHEET = 3
#: letters of a product's name, which ends in its strength
_PRODUCT = 160


def nurse_sheet(plan: Plan, session: Session, number: int) -> dict[str, Any]:
    """The sheet of one session, which is the one of this number; of an interrupted one it begins where it stopped."""
    length, own = session.duration_min, plan.of(session)
    return {
        "number": Paper.session_of.format(number=number, count=len(plan.sessions)),
        "when": _which(plan, session),
        "date": long_day(session.on),
        "facts": [*_facts(own, session), *_infusion_facts(session), *_so_far(session), *_left_over(session)],
        "timed": session.at_min is not None,
        "product": _product(own),
        "vials": vials_text(session.vials, times="×"),
        "steps": list(_steps(plan, session)),
        "before": list(_visit_before(plan, session)),
        "after": list(_visit_after(plan, session)),
        "stopped": is_stopped(session),
        "end": {
            "at": "" if length is None else moment(session, length),
            "volume": shown(session.volume_ml, unknown=""),
        },
        "bottles": list(_bottles(session)) or list(_bottles_without_rates(own, session)),
        "chart": chart_data(session),
        "premedication": premedication(plan, session),
        "preparation": preparation(own),
        "observations": observation_rows(plan, session),
        "reaction": reaction(plan),
        "assumed": any(step.assumed for step in session.ahead),
        "notices": _notices(plan, session),
    }


def _which(plan: Plan, session: Session) -> str:
    if plan.computed_from.regimen is None:
        return Paper.one_infusion
    days = max(s.day for s in plan.sessions if s.course == session.course)
    phase = Paper.in_phase.format(phase=clean(session.phase, 40)) if phased(plan) else ""
    courses = plan.totals.courses
    return Paper.course_of.format(course=session.course, courses=courses, day=session.day, days=days) + phase


# ---- facts ----------------------------------------------------------------------------------------------------------


def _product(plan: Plan) -> str:
    """The product with its strength, as it stands on the bottle."""
    product = plan.computed_from.product.value
    strength = measured(product.concentration) if product.concentration else Paper.strength_unknown
    return f"{clean(product.title, _PRODUCT)}, {strength}"


def _facts(plan: Plan, session: Session) -> Iterator[tuple[str, str]]:
    weighed = plan.computed_from.request.patient.weighed_on
    yield Paper.dose, f"{figure(session.dose_g)} g"
    yield Paper.volume, f"{shown(session.volume_ml)} mL"
    yield Paper.weight_used, weight_text(plan)
    yield Paper.weighed_on, plain_day(weighed) if weighed else ""
    rate = plan.rate_weight
    if (rate.kg, rate.basis) != (plan.dosing_weight.kg, plan.dosing_weight.basis):
        yield Paper.weight_for_rates, f"{figure(rate.kg)} kg ({WEIGHTS[rate.basis]})"


def _infusion_facts(session: Session) -> Iterator[tuple[str, str]]:
    """How long it has to last and does, and from when to when; without rates only when it begins."""
    if session.infusion_time is not None:
        yield Paper.to_last, time_on_sheet(session.infusion_time)
    if session.infusion is None:
        if session.at_min is not None:
            yield Paper.infusion, Paper.from_time.format(time=clock_of(session, 0))
        return
    length, before, after = session.infusion.duration_min, session.overhead_before_min, session.overhead_after_min
    yield Paper.infusion_lasts, duration_text(length)
    if session.at_min is None:
        return
    yield Paper.infusion, span(session, 0, length)
    if before or after:
        yield Paper.visit, span(session, -before, length + after)


def _so_far(session: Session) -> Facts:
    """What was in at the last interruption, and what of it is left to give."""
    if session.infusion is None or not session.infusion.interruptions:
        return []
    pause = session.infusion.interruptions[-1]
    if pause.resume_min is None:
        return [(Paper.in_stopped.format(time=clock_of(session, pause.at_min)), f"{figure(pause.in_ml)} mL")]
    found = [(Paper.in_at.format(time=clock_of(session, pause.at_min)), f"{figure(pause.in_ml)} mL")]
    return [*found, (Paper.left_from.format(time=clock_of(session, pause.resume_min)), f"{figure(pause.left_ml)} mL")]


def _left_over(session: Session) -> Facts:
    return [(Paper.left_over, f"{figure(session.leftover_g)} g")] if session.leftover_g else []


# ---- steps and bottles ----------------------------------------------------------------------------------------------


def _steps(plan: Plan, session: Session) -> Iterator[dict[str, str]]:
    """A row for each step, with the bottles that are hung before the next, and the volume that the pump is set to.

    The first names the bottle that hangs already as well, where the infusion was interrupted.
    """
    steps, bottles = session.ahead, session.bottles
    # control: sheet-from-the-pause
    volumes = volumes_to_set(plan, session)[len(session.steps) - len(steps) :]
    for step, following, to_set in zip_longest(steps, steps[1:], volumes):
        if step is steps[0]:
            hung = [bottle for bottle in bottles if step.from_start_min < bottle.to_min]
        else:
            hung = [bottle for bottle in bottles if step.from_start_min <= bottle.from_start_min]
        if following is not None:
            hung = [bottle for bottle in hung if bottle.from_start_min < following.from_start_min]
        # from clock to clock, as the times in front of it; the last one ends when the infusion does, rounded up
        ends_min = following.from_start_min if following else session.duration_min or 0
        lasts = elapsed_text(int(ends_min) - int(step.from_start_min))
        yield _step(session, step, hung) | to_set | {"lasts": lasts}


def _step(session: Session, step: Step, hung: list[Bottle]) -> dict[str, str]:
    return {
        "step": f"{step.step}{'*' if step.assumed else ''}",
        "at": moment(session, step.from_start_min),
        "bottles": _numbers(hung),
        "per_kg": shown(step.rate_ml_per_kg_per_h, unknown="–"),
        "rate": figure(step.rate_ml_per_h),
        "calculated": shown(step.calculated_ml_per_h, unknown=""),
    }


def _numbers(hung: list[Bottle]) -> str:
    if len(hung) < 3:
        return ", ".join(str(bottle.bottle) for bottle in hung)
    return f"{hung[0].bottle}–{hung[-1].bottle}"


def _bottles(session: Session) -> Iterator[dict[str, str]]:
    bottles = session.bottles
    for bottle in bottles:
        if bottle.to_min <= _goes_on_min(session):
            continue  # it was empty before the pause
        # the last one is empty when the infusion ends, rounded up as its end is
        to_min = session.duration_min or 0 if bottle.bottle == len(bottles) else bottle.to_min
        yield {
            "bottle": str(bottle.bottle),
            "size": figure(bottle.size_g),
            "volume": figure(bottle.volume_ml),
            "hang": moment(session, bottle.from_start_min),
            "empty": moment(session, to_min),
        }


def is_stopped(session: Session) -> bool:
    """Whether its infusion was stopped for good."""
    pauses = session.infusion.interruptions if session.infusion else ()
    return bool(pauses) and pauses[-1].resume_min is None


def _goes_on_min(session: Session) -> int:
    """The minute from which something is still to be given; of what was stopped, each bottle that hung is shown."""
    pauses = session.infusion.interruptions if session.infusion else ()
    return (pauses[-1].resume_min or -1) if pauses else -1


def _bottles_without_rates(plan: Plan, session: Session) -> Iterator[dict[str, str]]:
    """A row for each bottle where no rate says when it is hung, so that its lot and expiry can be written down."""
    bottles = bottles_without_rates(session, plan.computed_from.product.value.concentration)
    for number, (size_g, volume_ml) in enumerate(bottles, start=1):
        volume = shown(volume_ml, unknown="")
        yield {"bottle": str(number), "size": figure(size_g), "volume": volume, "hang": "", "empty": ""}


# ---- the visit around the infusion ----------------------------------------------------------------------------------


def _visit_before(plan: Plan, session: Session) -> Iterator[tuple[str, str]]:
    """Rows before the first step: only what the site's file gives."""
    if session.infusion is not None and session.infusion.interruptions:
        return  # that was before it was interrupted
    visit = plan.computed_from.site.value.visit
    begins = -session.overhead_before_min
    for name, length in ((Paper.arrival, visit.arrival), (Paper.premedication_time, visit.premedication)):
        if length:
            yield clock_of(session, begins, unknown=""), name.format(minutes=length.base)
            begins += int(length.base)


def _visit_after(plan: Plan, session: Session) -> Iterator[tuple[str, str]]:
    """Rows after the last step. Flush volume is not drug volume, so it has a row of its own.

    Where no rate says when the infusion ends, a row has no time.
    """
    visit = plan.computed_from.site.value.visit
    begins = session.duration_min
    for name, length in ((Paper.flush_time, visit.flush), (Paper.observation_time, visit.observation)):
        if length:
            ends = None if begins is None else begins + int(length.base)
            until = clock_of(session, ends, unknown="")
            said = name.format(minutes=length.base)
            yield clock_of(session, begins, unknown=""), Paper.until.format(said=said, time=until) if until else said
            begins = ends


# ---- notices --------------------------------------------------------------------------------------------------------


def _notices(plan: Plan, session: Session) -> list[dict[str, Any]]:
    """What a nurse must know of it, his own first. The rest, such as another course's dates, is on the order page."""
    seen: Counter[str] = Counter()
    kept: list[dict[str, Any]] = []
    for found in for_sheet(plan, session):
        seen[found.code] += found.level == "caution"
        if found.level != "caution" or seen[found.code] <= SAME_KIND_ON_SHEET:
            kept.append(printed_notice(replace(found, message=without_options(found.message)), plan))
    more = {code: count - SAME_KIND_ON_SHEET for code, count in seen.items()}
    return kept + [_more(code, count) for code, count in more.items() if count > 0]


def _more(code: str, count: int) -> dict[str, Any]:
    return {
        "level": LEVELS["caution"].kept,
        "grave": True,
        "code": code,
        "text": Paper.more_cautions.format(count=count),
        "source": "",
    }
