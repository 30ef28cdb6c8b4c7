"""`make_plan`: from a case to a plan, stage by stage. Pure: same case, same plan."""

from __future__ import annotations

from collections.abc import Callable

from ivigcalc.engine.assemble import shown
from ivigcalc.engine.case import Case
from ivigcalc.engine.checks import BEFORE, CHECKS, found, settle, stop_now
from ivigcalc.engine.course import dose_courses, finer_for_age
from ivigcalc.engine.draft import Draft
from ivigcalc.engine.infusion import titrate
from ivigcalc.engine.plan import Plan
from ivigcalc.engine.prescription import Prescription, prescribe
from ivigcalc.engine.session import set_dates
from ivigcalc.engine.weight import rate_weight_kg, weigh
from ivigcalc.engine.working import write_working
from ivigcalc.engine.working_pauses import write_pauses


def make_plan(case: Case, *, prescribed: Callable[[Case], Prescription] = prescribe, with_trace: bool = True) -> Plan:
    """Everything for one case: a plan of courses, or of one infusion where only rates are asked for.

    `prescribed` gives the prescription of the case: worked out here, or kept by whoever plans for many. Raises
    `RequestError` for what the order leaves open, `RefusedError` for stops that were not overridden.
    """
    before = stop_now(found(BEFORE, case), case.order)  # what is implausible is not worked out
    weights = weigh(case)
    rate_kg = rate_weight_kg(case.policy, weights)
    prescription = prescribed(case)
    dosed = dose_courses(prescription, weights.kg, finer_for_age(case))
    calendar = set_dates(case, prescription, dosed.shape)
    lifted = case.order.override("indication-ceiling") is not None
    titrated = titrate(prescription, dosed, rate_kg, case.patient.at_risk, calendar.kinds, lifted)
    draft = Draft(case, prescription, weights, rate_kg, dosed, calendar, titrated)
    notices = settle((*before, *found(CHECKS, draft)), case.order, case.since.replanned)
    return shown(draft, notices, (*write_working(draft), *write_pauses(draft)) if with_trace else ())
