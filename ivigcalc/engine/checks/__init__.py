"""What must be said about a plan: a list of checks, each a function that looks at a part of the draft.

To add a notice: declare its code in `codes.toml`, write its check in the module of its topic, and put it into `CHECKS`
(or `PHASE_CHECKS`) where it is to be read. The order of the lists is the order of the notices.

A check takes no more than what it looks at; where that is a part that patients share (`of_dosed`: of one weight, say),
it is asked once for all of them. Its answer is kept by all of that part, so that nobody gets what is said of another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from operator import itemgetter
from typing import Any

from msgspec import Struct

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
from ivigcalc.engine.checks.common import Alike, settle, stop_now
from ivigcalc.engine.course import Dosed, Stretch
from ivigcalc.engine.draft import Draft
from ivigcalc.engine.infusion import Titrated
from ivigcalc.engine.known import Known
from ivigcalc.engine.plan import Notice
from ivigcalc.engine.prescription import Prescription
from ivigcalc.engine.session import Calendar
from ivigcalc.engine.since import NOTHING
from ivigcalc.exact import Fraction

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
        yield from rounding.below_least(rx, dosed, stretch)
        yield from rounding.deviation(rx, dosed, stretch)
    yield from doses.four_weeks(rx, dosed)


# ---- what a check looks at ------------------------------------------------------------------------------------------


class Part(Struct, frozen=True, cache_hash=True):
    """A part of a draft that patients share: where its answers are kept, and what tells it from others there."""

    said: Callable[[Draft], Known[object, Any]]
    value: Callable[[Draft], object]


class Shared(Struct, frozen=True):
    """A check of a part that patients share: asked once for all of them, with the others of that part."""

    part: Part
    check: Check


#: what one dosing weight gives, at one set of rates
_TITRATED = Part(lambda draft: draft.titrated.said, lambda _: None)
#: what one dosing weight gives to a body of so many kg
_DOSED_BODY = Part(lambda draft: draft.dosed.said, lambda draft: draft.weights.actual_kg.as_integer_ratio())
#: what is settled without a patient, and who is alike
_ALIKE = Part(lambda draft: draft.prescription.said, lambda draft: _alike(draft))
#: the largest exact course in g/kg, and the last day of all
_DOSE_UNTIL = Part(
    lambda draft: draft.prescription.said,
    lambda draft: (draft.dosed.most_g_per_kg.as_integer_ratio(), draft.calendar.visits[-1].on),
)
#: the dates
_CALENDAR = Part(lambda draft: draft.calendar.said, lambda _: None)


def of_prescription(check: Callable[[Prescription], Iterable[Notice]]) -> Shared:
    """Of what is settled without a patient."""
    return Shared(_ALIKE, lambda draft: check(draft.prescription))


def of_dosed(check: Callable[[Prescription, Dosed], Iterable[Notice]]) -> Shared:
    """Of what one dosing weight gives."""
    return Shared(_TITRATED, lambda draft: check(draft.prescription, draft.dosed))


def of_titrated(check: Callable[[Prescription, Dosed, Titrated], Iterable[Notice]]) -> Shared:
    """Of the rates."""
    return Shared(_TITRATED, lambda draft: check(draft.prescription, draft.dosed, draft.titrated))


def of_alike(check: Callable[[Prescription, Alike], Iterable[Notice]]) -> Shared:
    """Of what is settled without a patient, and of the age, risks and conditions of one."""
    return Shared(_ALIKE, lambda draft: check(draft.prescription, _alike(draft)))


def _alike(draft: Draft) -> Alike:
    patient = draft.case.patient
    return Alike(draft.case.age_months, patient.risks, patient.conditions, draft.titrated.held)


def of_dosed_body(check: Callable[[Prescription, Dosed, Fraction], Iterable[Notice]]) -> Shared:
    """Of what one dosing weight gives to a body of so many kg."""
    return Shared(_DOSED_BODY, lambda draft: check(draft.prescription, draft.dosed, draft.weights.actual_kg))


def of_dose_until(check: Callable[[Prescription, Fraction, date | None], Iterable[Notice]]) -> Shared:
    """Of the largest exact course in g/kg, and the last day of all."""
    return Shared(
        _DOSE_UNTIL,
        lambda draft: check(draft.prescription, draft.dosed.most_g_per_kg, draft.calendar.visits[-1].on),
    )


def of_calendar(check: Callable[[Prescription, Calendar], Iterable[Notice]]) -> Shared:
    """Of the dates."""
    return Shared(_CALENDAR, lambda draft: check(draft.prescription, draft.calendar))


def of_change(check: Check) -> Check:
    """Of what has happened since the plan was first made: there is nothing to ask of a first one."""
    return lambda draft: () if draft.case.since is NOTHING else check(draft)


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
    of_alike(patient.contraindications),
    of_alike(patient.for_ages),
    of_alike(patient.risk_of_age),  # control: risk-of-age
    patient.stale_weight,
    weight.rule_assumed,
    of_prescription(weight.rounding_assumed),
    weight.rule_applied,
    weight.rule_differs,
    weight.obese_on_actual_weight,  # control: obese-on-actual-weight
    weight.rate_weight_assumed,
    plausibility.dosing_weight,  # control: pre-pregnancy-bounds
    of_alike(lambda rx, alike: protocol.default_protocol(rx, alike.age_months)),  # control: default-protocol-said
    of_alike(patient.population),
    of_prescription(protocol.said_of_protocol),
    of_prescription(protocol.said_of_policy),
    of_dosed(phases),
    of_dosed(low.dose_low),  # control: dose-low
    of_dosed(low.day_above_indication),  # control: day-above-indication
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
    of_change(since.interrupted),  # control: interruption-said
    of_change(since.raised),
    of_change(since.bottles),
    of_change(since.restart_printed),
    of_change(since.moved),  # control: moved-session-said
    dates.start_in_past,  # control: start-in-past
    of_calendar(dates.holidays_of_a_part),  # control: holidays-of-a-part
    of_calendar(dates.courses_moved),
    of_calendar(dates.courses_overlap),
    of_calendar(dates.courses_close),
    dates.close_to_the_last,
    dates.into_the_next,
    dates.chair_time,  # control: chair-time
    dates.clocks_changed,
    dates.clocks_not_checked,  # control: clocks-not-checked
    dates.not_covered,
    of_dosed_body(information.fluid_load),  # control: fluid-of-a-day
    of_dosed(information.haemolysis),  # control: haemolysis-looked-for
    of_dose_until(information.live_vaccines),
    information.weigh_again,  # control: weigh-again
)


_OWN = tuple((place, check) for place, check in enumerate(CHECKS) if not isinstance(check, Shared))
_SHARED = tuple(
    (part, tuple((place, c.check) for place, c in enumerate(CHECKS) if isinstance(c, Shared) and c.part is part))
    for part in (_TITRATED, _DOSED_BODY, _ALIKE, _DOSE_UNTIL, _CALENDAR)
)


def said_before(case: Case) -> Iterator[Notice]:
    """What must be said of a case before it is worked out."""
    for check in BEFORE:
        yield from check(case)


def said_of(draft: Draft) -> list[Notice]:
    """All notices of a draft, in the order of `CHECKS`."""
    found = [(place, notice) for place, check in _OWN for notice in check(draft)]
    for part, checks in _SHARED:
        found += _said_of_part(part, checks, draft)
    found.sort(key=itemgetter(0))
    return [notice for _, notice in found]


def _said_of_part(part: Part, checks: Sequence[tuple[int, Check]], draft: Draft) -> Sequence[tuple[int, Notice]]:
    """What is said of a part, each notice with the place of its check."""
    said: Sequence[tuple[int, Notice]] = part.said(draft).of(
        (part, part.value(draft)), lambda: tuple((place, n) for place, check in checks for n in check(draft))
    )
    return said
