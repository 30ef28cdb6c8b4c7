"""What the reader is told though nothing is wrong: fluid of a day, live vaccines, and when to weigh again."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from ivigcalc.definitions.safety import Safety, VaccineWait
from ivigcalc.engine.checks.common import Asked, cite, show
from ivigcalc.engine.plan import Notice, Session
from ivigcalc.engine.schedule import step
from ivigcalc.memo import remembered


def information(asked: Asked, course_g: Fraction, sessions: tuple[Session, ...]) -> Iterator[Notice]:
    """`course_g`: the largest exact course of the plan, in grams."""
    yield from _fluid_load(asked, sessions)
    yield from _live_vaccines(asked, course_g, sessions)
    yield from _weigh_again(asked, sessions)


def _fluid_load(asked: Asked, sessions: tuple[Session, ...]) -> Iterator[Notice]:
    """Millilitres per kilogram of the fullest day. Nobody prints a limit, so none is applied."""
    volumes = [session.volume_ml for session in sessions if session.volume_ml is not None]
    if not volumes:
        return
    most = Fraction(max(volumes))
    per_kg = f"{show(most / asked.patient.weight_kg, 1)} mL/kg"
    yield Notice(
        "fluid-load",
        "info",
        f"the fullest day is {show(most)} mL of product, {per_kg} of body weight; no source on file prints a limit: judge it by heart and kidneys",
        per_kg,
    )


def _live_vaccines(asked: Asked, course_g: Fraction, sessions: tuple[Session, ...]) -> Iterator[Notice]:
    rows = _by_dose(asked.safety.value)
    if not rows:
        return
    per_kg = course_g / asked.dosing_kg
    row = next((row for row in rows if per_kg <= row.dose.base), rows[-1])
    last = sessions[-1].on
    until = f", so not before {step(last, row.wait, 1)}" if last else ""
    yield Notice(
        "live-vaccines",
        "info",
        f"live measles and varicella vaccines wait {row.wait} after the last of these doses{until}{_which_row(per_kg, row)}",
        f"{show(per_kg, 3)} g/kg",
        str(row.wait),
        cite(asked.safety.value, row),
    )


@remembered(8)
def _by_dose(rules: Safety) -> tuple[VaccineWait, ...]:
    return tuple(sorted(rules.vaccine_waits, key=lambda row: row.dose.base))


def _which_row(per_kg: Fraction, row: VaccineWait) -> str:
    """How the dose met the table, where it is not one of its rows."""
    if per_kg == row.dose.base:
        return ""
    if per_kg < row.dose.base:
        return f" ({show(per_kg, 3)} g/kg is taken up to the next dose of the table, {row.dose})"
    return f" ({show(per_kg, 3)} g/kg is above the table, which ends at {row.dose}: its longest wait is used, ask whether it is enough)"


def _weigh_again(asked: Asked, sessions: tuple[Session, ...]) -> Iterator[Notice]:
    """The first session by which the weight of this plan will be out of date."""
    rules, weighed = asked.safety.value.stale_weight, asked.patient.weighed_on
    if weighed is None:
        return
    late = [session for session in sessions if session.on is not None and step(weighed, rules.after, 1) < session.on]
    if late and late[0] is not sessions[0]:
        yield Notice(
            "weigh-again",
            "info",
            f"weigh again before course {late[0].course} on {late[0].date}: more than {rules.after} after {weighed}",
            late[0].date,
            str(rules.after),
            cite(asked.safety.value, rules),
        )
