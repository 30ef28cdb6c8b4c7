"""`make_plan`: from a case to a plan, stage by stage. Pure: same case, same plan."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from msgspec import Struct

from ivigcalc.engine.assemble import shown
from ivigcalc.engine.case import Case
from ivigcalc.engine.ceilings import held_to
from ivigcalc.engine.checks import said_before, said_of, settle, stop_now
from ivigcalc.engine.course import Dosed, dose_courses, finer_for_age
from ivigcalc.engine.draft import Draft
from ivigcalc.engine.infusion import titrate
from ivigcalc.engine.plan import Notice, Plan
from ivigcalc.engine.prescription import Prescription, prescribe
from ivigcalc.engine.session import set_dates
from ivigcalc.engine.weight import Weights, rate_weight_kg, weigh
from ivigcalc.engine.working import write_working
from ivigcalc.engine.working_pauses import write_pauses


class Worked(Struct, frozen=True):
    """A case worked out exactly, and what must be said of it."""

    draft: Draft
    notices: tuple[Notice, ...]

    def plan(self, *, with_trace: bool = True) -> Plan:
        """The same as it is shown, with its working if asked for."""
        return shown(
            self.draft, self.notices, (*write_working(self.draft), *write_pauses(self.draft)) if with_trace else ()
        )


def make_plan(case: Case, *, prescribed: Callable[[Case], Prescription] = prescribe, with_trace: bool = True) -> Plan:
    """Everything for one case: a plan of courses, or of one infusion where only rates are asked for.

    Raises as `work_out` does.
    """
    return work_out(case, prescribed=prescribed).plan(with_trace=with_trace)


def work_out(case: Case, *, prescribed: Callable[[Case], Prescription] = prescribe) -> Worked:
    """All stages of a case but the last, in which its figures are shown.

    `prescribed` gives the prescription of the case: worked out here, or kept by whoever plans for many. Raises
    `RequestError` for what the order leaves open, `RefusedError` for stops that were not overridden.
    """
    return say(draft(ordered(admit(case), prescribed)))


# ---- one after the other, for those who take many cases through each -------------------------------------------------


class Admitted(NamedTuple):
    """A case that may be worked out, and what was said of it before."""

    case: Case
    said: tuple[Notice, ...]


class Ordered(NamedTuple):
    """A case with its doses and days, and what was said of it before."""

    case: Case
    said: tuple[Notice, ...]
    prescription: Prescription
    weights: Weights
    dosed: Dosed


class Drafted(NamedTuple):
    """A case worked out, and what was said of it before."""

    draft: Draft
    said: tuple[Notice, ...]


def admit(case: Case) -> Admitted:
    """What is implausible is not worked out."""
    return Admitted(case, stop_now(said_before(case), case.order))


def ordered(admitted: Admitted, prescribed: Callable[[Case], Prescription]) -> Ordered:
    """Weight and doses of a case."""
    case, said = admitted
    weights, prescription = weigh(case), prescribed(case)
    dosed = dose_courses(prescription, weights.kg, finer_for_age(case), case.patient.at_risk)
    return Ordered(case, said, prescription, weights, dosed)


def draft(order: Ordered) -> Drafted:
    """Days and rates of a case."""
    case, said, prescription, weights, dosed = order
    rate_kg = rate_weight_kg(case.policy, weights)
    calendar = set_dates(case, prescription, dosed.shape)
    titrated = titrate(prescription, dosed, rate_kg, held_to(case), calendar.kinds)
    return Drafted(Draft(case, prescription, weights, rate_kg, dosed, calendar, titrated), said)


def say(drafted: Drafted) -> Worked:
    """What must be said of a draft."""
    draft, said = drafted
    return Worked(draft, settle((*said, *said_of(draft)), draft.case.order, draft.case.since.replanned))
