"""From the state of a plan to the plan: each order planned from its first course on, with what was taken before it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise, zip_longest

from msgspec.structs import replace

from ivigcalc.engine.case import Case
from ivigcalc.engine.checks.common import settle
from ivigcalc.engine.checks.dates import too_close
from ivigcalc.engine.checks.doses import Begun, four_weeks_by_date
from ivigcalc.engine.dose import FOUR_WEEKS_DAYS
from ivigcalc.engine.make import make_plan
from ivigcalc.engine.plan import Notice, Plan, Segment, Session, vials_of_all
from ivigcalc.engine.prescription import prescribe
from ivigcalc.engine.since import Since
from ivigcalc.engine.weight import weigh
from ivigcalc.exact import Fraction
from ivigcalc.replan.join import join, windows_of
from ivigcalc.replan.state import Ordered, State
from ivigcalc.replan.timetable import Due, due_dates_of


def built(state: State) -> Plan:
    """The plan of a state: a function of what was asked, the definitions and the events, and of nothing else."""
    due = due_dates_of(state)
    left_out = {found.place for found in state.moved if found.to is None}
    segments: list[Segment] = []
    cases: list[Case] = []
    given: list[Session] = []
    ends = [ordered.first_course for ordered in state.orders[1:]]
    for ordered, end in zip_longest(state.orders, ends):
        case = _case(state, ordered, due, given)
        plan = make_plan(case, prescribed=prescribe)
        cases.append(case)
        segments.append(Segment(ordered.first_course, plan))
        given += [
            session
            for session in plan.sessions
            if (end is None or session.course < end) and (session.course, session.day) not in left_out
        ]
    said = settle(_in_four_weeks(state, cases, segments, given), case.order, replanned=True)
    close = _too_close(state, segments, given, due)
    return join(state.first, segments, left_out, (*state.said, *said), close)


def _too_close(state: State, segments: list[Segment], given: list[Session], due: Due | None) -> Iterator[Notice]:
    """Courses that come nearer to each other than they are ordered, whatever the order of each.

    A day that is left out counts as the one on which it was due; a whole course that is left out does not count.
    """
    days: dict[int, list[date]] = {session.course: [] for session in given}
    for segment, end in windows_of(segments):
        for session in segment.plan.sessions:
            if session.on is not None and session.course in days and session.course < end:
                days[session.course].append(session.on)
    if due is not None:
        apart = [sum(due.apart[earlier - 1 : later - 1]) for earlier, later in pairwise(days)]
        yield from too_close(state.site.value, {course: sorted(days[course]) for course in days}, apart)


def _in_four_weeks(state: State, cases: list[Case], segments: list[Segment], given: list[Session]) -> Iterator[Notice]:
    """What the courses of several orders, or on days that were moved, come to in four weeks."""
    begun = _begun(segments, given)
    moved = {found.place[0] for found in state.moved if found.to != found.missed}
    for place, first in enumerate(begun):
        within = [course for course in begun[place:] if (course.on - first.on).days < FOUR_WEEKS_DAYS]
        orders = {state.order_of(course.course).first_course for course in within}
        if len(orders) > 1 or moved & {course.course for course in within}:
            for case, ordered in zip(cases, state.orders, strict=True):
                if ordered.first_course in orders:
                    yield from four_weeks_by_date(prescribe(case), weigh(case).kg, within)


def _begun(segments: list[Segment], given: list[Session]) -> list[Begun]:
    """The courses in the order of their first days; none where the plan has no dates."""
    exact = {
        number: Fraction(phase.prescribed_g)
        for segment in segments
        for phase in segment.plan.phases
        for number in range(phase.first_course, phase.first_course + phase.courses)
    }
    found: list[Begun] = []
    for number in dict.fromkeys(session.course for session in given):
        sessions = [session for session in given if session.course == number]
        days = [session.on for session in sessions if session.on]
        if days:
            grams = sum((Fraction(session.dose_g) for session in sessions), Fraction(0))
            found.append(Begun(number, min(days), grams, min(grams, exact[number])))
    return sorted(found, key=lambda course: course.on)


def _case(state: State, ordered: Ordered, due: Due | None, given: list[Session]) -> Case:
    """An order as it is asked of its own courses: what was given before it, when it is due, what is taken."""
    first = ordered.first_course
    form = state.form_of(ordered)
    own = due.days[first - 1 :] if due else None
    before = given[-1] if given else None
    if before is not None:
        form = replace(
            form,
            start=own[0].isoformat() if own else form.start,
            infusion="subsequent",
            last_infusion=None,
            last_product=before.product,  # control: change-of-brand
            valid_for=None,
        )
    form = replace(form, override=tuple(dict.fromkeys((*form.override, *state.overrides))))
    case = state.desk.case(form, state.command)
    since = Since(
        first_course=first,
        after=max((session.on for session in given if session.on), default=None),
        due=own,
        moved=tuple(found for found in state.moved if found.place[0] >= first),
        pauses=tuple(pause for pause in state.pauses if state.order_of(pause.place[0]) == ordered),
        done=state.done,
        taken=_taken(given, case.product.id),
        replanned=True,
    )
    return replace(case, since=since)


def _taken(given: list[Session], product: str) -> tuple[tuple[Fraction, int], ...]:
    """The vials of a product that the sessions before take, by size in g."""
    of_product = [session for session in given if session.product == product]
    return tuple(sorted((Fraction(vial.size_g), vial.count) for vial in vials_of_all(of_product)))
