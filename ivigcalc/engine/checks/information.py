"""What the reader is told though nothing is wrong: fluid of a day, live vaccines, and when to weigh again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ivigcalc.definitions import cite
from ivigcalc.definitions.klass import VaccineWait
from ivigcalc.engine.course import Dosed
from ivigcalc.engine.draft import Draft
from ivigcalc.engine.plan import Notice
from ivigcalc.engine.prescription import Prescription
from ivigcalc.engine.schedule import step
from ivigcalc.exact import Fraction
from ivigcalc.quantity import figure


def fluid_load(_rx: Prescription, dosed: Dosed, body_kg: Fraction) -> Iterator[Notice]:
    """Millilitres per kilogram of the fullest day. Nobody prints a limit, so none is applied."""
    volumes = [portion.volume_ml for portion in dosed.portions if portion.volume_ml is not None]
    if not volumes:
        return
    most = Fraction(max(volumes))
    per_kg = f"{figure(most / body_kg, 1)} mL/kg"
    yield Notice(
        "fluid-load",
        "info",
        f"the fullest day is {figure(most)} mL of product, {per_kg} of body weight; "
        "no source on file prints a limit: judge it by heart and kidneys",
        per_kg,
    )


def live_vaccines(rx: Prescription, g_per_kg: Fraction, last: date | None) -> Iterator[Notice]:
    """How long live vaccines wait after the `last` day, by the largest exact course."""
    rules = rx.product_class
    rows = sorted(rules.vaccine_waits, key=lambda row: row.dose.base) if rules else []
    if not rows:
        return
    row = next((row for row in rows if g_per_kg <= row.dose.base), rows[-1])  # control: vaccine-row
    until = f", so not before {step(last, row.wait, 1)}" if last else ""
    yield Notice(
        "live-vaccines",
        "info",
        f"live measles and varicella vaccines wait {row.wait} after the last of these doses"
        f"{until}{_which_row(g_per_kg, row)}",
        f"{figure(g_per_kg, 3)} g/kg",
        str(row.wait),
        cite(rules, row),
    )


def haemolysis(rx: Prescription, dosed: Dosed) -> Iterator[Notice]:
    """From a dose on, that haemolysis is looked for after the infusion."""
    product_class = rx.product_class
    rule = product_class.haemolysis if product_class else None
    per_kg = dosed.most_g_per_kg
    if rule is None or per_kg < rule.dose.base:
        return
    after = f"{figure(rule.after.from_.base / 60)} to {figure(rule.after.to.base / 60)} h"
    yield Notice(
        "haemolysis-check",
        "info",
        f"{figure(per_kg, 3)} g/kg in a course: {rule.text}: {after} after it",
        f"{figure(per_kg, 3)} g/kg",
        f"{rule.dose} and more",
        cite(product_class, rule),
    )


def _which_row(per_kg: Fraction, row: VaccineWait) -> str:
    """How the dose met the table, where it is not one of its rows."""
    if per_kg == row.dose.base:
        return ""
    if per_kg < row.dose.base:
        return f" ({figure(per_kg, 3)} g/kg is taken up to the next dose of the table, {row.dose})"
    return (
        f" ({figure(per_kg, 3)} g/kg is above the table, which ends at {row.dose}: "
        "its longest wait is used, ask whether it is enough)"
    )


def weigh_again(draft: Draft) -> Iterator[Notice]:
    """The first session by which the weight of this plan will be out of date."""
    rules, weighed = draft.case.safety.stale_weight, draft.case.patient.weighed_on
    visits = draft.calendar.visits
    if weighed is None:
        return
    late = [visit for visit in visits if visit.on is not None and step(weighed, rules.after, 1) < visit.on]
    if late and late[0] != visits[0]:
        yield Notice(
            "weigh-again",
            "info",
            f"weigh again before course {late[0].course} on {late[0].on}: more than {rules.after} after {weighed}",
            str(late[0].on),
            str(rules.after),
            cite(draft.case.safety, rules),
        )
