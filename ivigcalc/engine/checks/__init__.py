"""What must be said about a plan: a list of checks, each a function that looks at a part of the draft.

To add a notice: declare its code in `codes.toml`, write its check in the module of its topic, and put it into `CHECKS`
(or `PHASE_CHECKS`) where it is to be read. The order of the lists is the order of the notices.

A check takes no more than what it looks at; where that is a part that patients share (`of_dosed`: of one weight, say),
it is asked once for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from operator import itemgetter

from ivigcalc.engine.case import Case
from ivigcalc.engine.checks import (
    ceilings,
    dates,
    doses,
    growth,
    information,
    infusion,
    infusion_time,
    low,
    order,
    own_files,
    patient,
    plausibility,
    protocol,
    rounding,
    since,
    weight,
)
from ivigcalc.engine.checks.common import settle, stop_now
from ivigcalc.engine.course import Dosed, Stretch
from ivigcalc.engine.draft import Draft
from ivigcalc.engine.infusion import Titrated
from ivigcalc.engine.plan import Notice
from ivigcalc.engine.prescription import Prescription
from ivigcalc.engine.session import Calendar

__all__ = ["BEFORE", "CHECKS", "said_before", "said_of", "settle", "stop_now"]

Check = Callable[[Draft], Iterable[Notice]]
PhaseCheck = Callable[[Prescription, Dosed, Stretch], Iterable[Notice]]

#: what the order of a phase has to answer for
PHASE_CHECKS: tuple[PhaseCheck, ...] = (
    order.dose_range,
    order.basis_read,
    order.days_range,
    order.interval_range,
    protocol.said_of_phase,
    order.share_of_four_weeks,
    rounding.small_doses_without_age,
    rounding.capped,
    rounding.rounded,
    rounding.days_chosen,
    rounding.unequal_days,
    order.dose_in_four_weeks,  # control: four-weeks-said
    rounding.below_vial,
)


def phases(rx: Prescription, dosed: Dosed) -> Iterator[Notice]:
    """Phase by phase, what its order has to answer for; an infusion that is ordered by itself follows no protocol."""
    for stretch in dosed.stretches if rx.protocol else ():
        for check in PHASE_CHECKS:
            yield from check(rx, dosed, stretch)


def amounts(rx: Prescription, dosed: Dosed, body_kg: Fraction) -> Iterator[Notice]:
    """Phase by phase, what its doses come to."""
    for stretch in dosed.stretches:
        yield from doses.protocol_limits(rx, dosed, stretch)
        yield from doses.policy_limits(rx, dosed, stretch)
        yield from doses.highest_dose(rx, dosed, stretch, body_kg)  # control: highest-dose
        yield from rounding.deviation(rx, dosed, stretch)
    yield from doses.four_weeks(rx, dosed)


# ---- what a check looks at ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shared:
    """A check of what patients share who are treated alike at the same rates: asked once for all of them."""

    check: Callable[[Draft], Iterable[Notice]]


def of_prescription(check: Callable[[Prescription], Iterable[Notice]]) -> Shared:
    """Of what is settled without a patient."""
    name = name_of(check)
    return Shared(lambda draft: draft.prescription.said.of(name, lambda: tuple(check(draft.prescription))))


def of_dosed(check: Callable[[Prescription, Dosed], Iterable[Notice]]) -> Shared:
    """Of what one dosing weight gives."""
    return Shared(lambda draft: check(draft.prescription, draft.dosed))


def of_titrated(check: Callable[[Prescription, Dosed, Titrated], Iterable[Notice]]) -> Shared:
    """Of the rates."""
    return Shared(lambda draft: check(draft.prescription, draft.dosed, draft.titrated))


def of_conditions(check: Callable[[Prescription, tuple[str, ...]], Iterable[Notice]]) -> Check:
    """Of what is settled without a patient, and the patient's conditions."""
    name = name_of(check)

    def run(draft: Draft) -> Iterable[Notice]:
        has = draft.case.patient.conditions
        return draft.prescription.said.of((name, has), lambda: tuple(check(draft.prescription, has)))

    return run


def of_dosed_body(check: Callable[[Prescription, Dosed, Fraction], Iterable[Notice]]) -> Check:
    """Of what one dosing weight gives to a body of so many kg."""
    name = name_of(check)

    def run(draft: Draft) -> Iterable[Notice]:
        kg = draft.weights.actual_kg
        return draft.dosed.said.of((name, kg), lambda: tuple(check(draft.prescription, draft.dosed, kg)))

    return run


def of_dose_until(check: Callable[[Prescription, Fraction, date | None], Iterable[Notice]]) -> Check:
    """Of the largest exact course in g/kg, and the last day of all."""
    name = name_of(check)

    def run(draft: Draft) -> Iterable[Notice]:
        rx, g_per_kg, last = draft.prescription, draft.dosed.most_g_per_kg, draft.calendar.visits[-1].on
        return rx.said.of((name, g_per_kg, last), lambda: tuple(check(rx, g_per_kg, last)))

    return run


def of_calendar(check: Callable[[Prescription, Calendar], Iterable[Notice]]) -> Check:
    """Of the dates."""
    name = name_of(check)
    return lambda draft: draft.calendar.said.of(name, lambda: tuple(check(draft.prescription, draft.calendar)))


def name_of(check: Callable[..., object]) -> str:
    """What tells a check from others."""
    return f"{check.__module__}.{check.__qualname__}"


# ---- all of them ----------------------------------------------------------------------------------------------------

#: before anything is worked out: a slip of the keyboard is told, not computed
BEFORE: tuple[Callable[[Case], Iterable[Notice]], ...] = (
    patient.policy_is_whole,
    own_files.own_files,
    plausibility.plausible,
    growth.weight_for_age,
    patient.known_conditions,
    patient.weighed_before,
)

CHECKS: tuple[Check | Shared, ...] = (
    of_titrated(infusion.risks_without_figure),
    patient.defaults_used,
    patient.measures_rounded,  # control: long-measure-said
    of_conditions(patient.contraindications),
    patient.for_ages,
    patient.risk_of_age,  # control: risk-of-age
    patient.stale_weight,
    weight.rule_assumed,
    weight.rule_applied,
    weight.rule_differs,
    weight.obese_on_actual_weight,  # control: obese-on-actual-weight
    weight.rate_weight_assumed,
    plausibility.dosing_weight,  # control: pre-pregnancy-bounds
    protocol.default_protocol,  # control: default-protocol-said
    patient.population,
    of_prescription(protocol.said_of_protocol),
    of_prescription(protocol.said_of_policy),
    of_dosed(phases),
    of_dosed(low.dose_low),  # control: dose-low
    of_prescription(order.courses_range),  # control: more-courses
    of_dosed_body(amounts),
    of_dosed(doses.stock),  # control: stock-short
    of_dosed(doses.stock_changes_dose),  # control: stock-changed-dose
    of_titrated(infusion.no_rates),
    infusion.kind_not_said,
    infusion.starts_slowly,
    infusion.slow_after_a_gap,
    ceilings.lifted,
    ceilings.policy_risks_open,  # control: policy-risk-open
    of_titrated(infusion.tables_used),
    of_titrated(infusion_time.times_ordered),
    of_titrated(infusion_time.times_kept),
    of_titrated(infusion.days_of_risk),  # control: other-days-at-risk
    infusion_time.printed_elsewhere,
    of_titrated(infusion.days_at_risk),
    of_titrated(infusion.bottles),  # control: open-bottle
    since.interrupted,  # control: interruption-said
    since.raised,
    since.bottles,
    since.restart_printed,
    since.moved,  # control: moved-session-said
    dates.start_in_past,  # control: start-in-past
    of_calendar(dates.holidays_of_a_part),  # control: holidays-of-a-part
    of_calendar(dates.courses_moved),
    of_calendar(dates.courses_overlap),
    of_calendar(dates.courses_close),
    dates.close_to_the_last,
    dates.chair_time,  # control: chair-time
    dates.clocks_changed,
    dates.clocks_not_checked,  # control: clocks-not-checked
    dates.not_covered,
    of_dosed_body(information.fluid_load),  # control: fluid-of-a-day
    of_dosed(information.haemolysis),  # control: haemolysis-looked-for
    of_dose_until(information.live_vaccines),
    information.weigh_again,  # control: weigh-again
)


_SHARED = tuple((place, check.check) for place, check in enumerate(CHECKS) if isinstance(check, Shared))
_OWN = tuple((place, check) for place, check in enumerate(CHECKS) if not isinstance(check, Shared))


def said_before(case: Case) -> Iterator[Notice]:
    """What must be said of a case before it is worked out."""
    for check in BEFORE:
        yield from check(case)


def said_of(draft: Draft) -> list[Notice]:
    """All notices of a draft, in the order of `CHECKS`."""
    shared = draft.titrated.said.of("shared", lambda: tuple(_asked(_SHARED, draft)))
    return [notice for _, notice in sorted((*shared, *_asked(_OWN, draft)), key=itemgetter(0))]


def _asked(checks: Iterable[tuple[int, Check]], draft: Draft) -> Iterator[tuple[int, Notice]]:
    """Each notice with the place of its check."""
    return ((place, notice) for place, check in checks for notice in check(draft))
