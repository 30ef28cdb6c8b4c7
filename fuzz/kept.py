"""What must hold of a plan, worked out from its files and its order and not by the engine."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from choices import WrongError

from ivigcalc.definitions import Loaded, LoadedPolicy, Product, ProductClass, RateTable, Regimen, Safety, Site
from ivigcalc.engine.plan import Plan, Session
from ivigcalc.quantity import Quantity
from ivigcalc.request.form import Form


@dataclass(frozen=True)
class Files:
    """What an order is planned with."""

    product: Loaded[Product]
    regimen: Loaded[Regimen]
    policy: LoadedPolicy
    safety: Loaded[Safety]
    product_class: Loaded[ProductClass]
    site: Loaded[Site]


def keeps_its_files(plan: Plan, form: Form, given: Files) -> None:
    """Raise where a plan does not."""
    for check in (_sums, _doses, _days, _rates, _times, _said_of_the_class):
        check(plan, form, given)


def _wrong(what: str, plan: Plan, form: Form) -> WrongError:
    return WrongError(
        f"{what}: {form}\n{[(s.course, s.day, s.dose_g, s.duration_min) for s in plan.sessions]}\n{_codes(plan)}"
    )


def _codes(plan: Plan) -> set[str]:
    return {notice.code for notice in plan.notices}


def _sums(plan: Plan, form: Form, _given: Files) -> None:
    """Sessions add up to courses, steps to sessions, vials to the dose and what is left over."""
    for part in plan.phases:
        for number in range(part.first_course, part.first_course + part.courses):
            doses = [session.dose_g for session in plan.sessions if session.course == number]
            if sum(doses) != part.dose_g and abs(sum(doses) - part.dose_g) * 2000 > len(doses) + 1:
                raise _wrong(f"the days of course {number} come to {sum(doses)} g, not {part.dose_g}", plan, form)
            if len(doses) != part.days or min(doses) <= 0 or doses != sorted(doses, reverse=True):
                raise _wrong(f"the days of course {number}", plan, form)
    for session in plan.sessions:
        held = sum(vial.size_g * vial.count for vial in session.vials)
        if session.vials and abs(held - session.dose_g - session.leftover_g) > Fraction(1, 500):
            raise _wrong("vials do not come to the dose and what is left over", plan, form)
        if session.steps and sum(step.volume_ml for step in session.steps) != session.volume_ml:
            raise _wrong("the steps do not come to the volume", plan, form)


def _doses(plan: Plan, form: Form, given: Files) -> None:
    """The exact dose is what the order or the protocol says of a course or a day; rounding keeps to its rule."""
    kg, rules = Fraction(plan.dosing_weight.kg), plan.computed_from.policy.policy.value.rounding
    stages = {stage.id: stage for stage in given.regimen.value.protocols["only"].stages}
    assert rules is not None
    for part in plan.phases:
        dose = stages[part.phase].dose
        exact = Fraction(part.prescribed_g)
        caps = [
            cap
            for cap in (
                (dose.cap.base if dose and dose.cap else None),
                dose.cap_per_day.base * part.days if dose and dose.cap_per_day else None,
            )
            if cap
        ]
        if len(stages) == 1 and form.dose is not None:
            amount = form.dose.partition("/day")[0]
            figure, unit = amount.removesuffix("/course").split()
            per_day = form.dose.endswith("/day") or (
                not form.dose.endswith("/course") and dose is not None and dose.per_day is not None
            )
            grams = (
                Fraction(figure)
                / (1000 if unit.startswith("mg") else 1)
                * (kg if unit.endswith("/kg") else 1)
                * (part.days if per_day else 1)
            )
            slack = Fraction(1, 100) + grams / (100 * kg)  # the weight is shown to 0.01 kg, the dose to 0.01 g
            if abs(min([grams, *caps]) - exact) > slack:
                raise _wrong(f"{form.dose} is {float(grams)} g, and {part.prescribed_g} g are prescribed", plan, form)
        if caps and (exact > min(caps) + Fraction(1, 100) or Fraction(part.dose_g) > min(caps) + Fraction(1, 1000)):
            raise _wrong("above the cap", plan, form)
        if isinstance(rules.otherwise, Quantity) and isinstance(rules.within, Quantity):
            _otherwise(plan, form, Fraction(part.dose_g), exact, rules.within.base / 100, rules.otherwise.base)


def _otherwise(plan: Plan, form: Form, dose_g: Fraction, exact: Fraction, within: Fraction, step_g: Fraction) -> None:
    """Whole vials within so much of the exact dose, or the exact one to a step."""
    off = abs(dose_g - exact)
    prefers = plan.computed_from.policy.policy.value.prefer
    widest = max(within, Fraction(prefers.within.value) / 100) if prefers else within
    limited = _limited(plan)
    said = "dose-below-vial" in _codes(plan)  # the least that the days can have
    if off > exact * widest + step_g + Fraction(1, 50) and not limited and not said:
        raise _wrong(f"{float(dose_g)} g for {float(exact)} g", plan, form)


def _limited(plan: Plan) -> bool:
    """Whether some limit may have held a dose down."""
    found = plan.computed_from
    protocols = found.regimen.value.protocols.values() if found.regimen else ()
    capped = any(
        stage.dose and (stage.dose.cap or stage.dose.cap_per_day) for protocol in protocols for stage in protocol.stages
    )
    return capped or bool(found.policy.policy.value.limits) or any(protocol.limits for protocol in protocols)


def _days(plan: Plan, form: Form, given: Files) -> None:
    """Days are among those that are printed, or as ordered; no day passes a printed limit unsaid."""
    protocol, kg = given.regimen.value.protocols["only"], Fraction(plan.dosing_weight.kg)
    stages = {stage.id: stage for stage in protocol.stages}
    for part in plan.phases:
        days = stages[part.phase].days
        if days and not days.from_ <= part.days <= days.to and "days-outside-regimen" not in _codes(plan):
            raise _wrong(f"{part.days} days", plan, form)
    for limit in (*protocol.limits, *plan.computed_from.policy.policy.value.limits):
        most = limit.max.base * (kg if limit.max.dimension == "dose" else 1)
        slack = limit.max.base / 100 if limit.max.dimension == "dose" else 0
        given_g = (
            [Fraction(s.dose_g) for s in plan.sessions]
            if limit.per == "day"
            else [Fraction(p.dose_g) for p in plan.phases]
        )
        said = {
            "day": "day-dose-over-limit",
            "course": "course-dose-over-limit",
            "4-weeks": "four-week-dose-over-limit",
        }[limit.per]
        if max(given_g) > most + slack + Fraction(1, 1000) and said not in _codes(plan):
            raise _wrong(f"{float(max(given_g))} g a {limit.per} above {limit.max} is not said", plan, form)


def _ml_per_h(rate: Quantity, kg: Fraction, mg_per_ml: Fraction) -> Fraction:
    amount, *per = rate.unit.split("/")
    value = Fraction(rate.value) * (kg if "kg" in per else 1) * (60 if per[-1] == "min" else 1)
    return value / mg_per_ml if amount == "mg" else value


def _table_of(session: Session) -> RateTable:
    assert session.infusion is not None
    return session.infusion.climb.ladder.table


def _rates(plan: Plan, form: Form, given: Files) -> None:
    """No rate is above any ceiling in force, 5 % above its step, or below the one before."""
    product, kg = given.product.value, Fraction(plan.rate_weight.kg)
    pump, ceiling = given.site.value.pump, given.regimen.value.rate_ceiling
    for session in plan.sessions:
        if session.infusion is None or product.concentration is None:
            continue
        table, mg_per_ml = _table_of(session), product.concentration.base
        slack = 1 + Fraction(1, 100) / kg  # the weight is shown to 0.01 kg
        bounds = [_ml_per_h(table.ceiling.rate, kg, mg_per_ml), pump.maximum.base]
        bounds += [given.site.value.rate_maximum.base] if given.site.value.rate_maximum else []
        if ceiling and not any(word.startswith("indication-ceiling") for word in form.override):
            bounds.append(_ml_per_h(ceiling.rate, kg, mg_per_ml))
        bounds += _at_risk(product, table, set(form.risk) - {"none"}, kg, mg_per_ml)
        rates = [Fraction(step.rate_ml_per_h) for step in session.steps]
        if max(rates) > min(bounds) * slack:
            raise _wrong(f"{float(max(rates))} mL/h above {float(min(bounds))}", plan, form)
        if rates != sorted(set(rates)):
            raise _wrong(f"rates that do not rise: {rates}", plan, form)
        fastest = [_ml_per_h(rung.rate, kg, mg_per_ml) for rung in table.ladder]
        if any(rate > fastest[-1] * Fraction(105, 100) * slack for rate in rates):
            raise _wrong("above the last step by more than 5 %", plan, form)
        if any(rate % pump.increment.base for rate in rates):
            raise _wrong("between two settings of the pump", plan, form)


def _at_risk(
    product: Product, table: RateTable, risks: set[str], kg: Fraction, mg_per_ml: Fraction
) -> Iterator[Fraction]:
    """The table's own ceiling at risk; of the product's others, where it has none for the risk."""
    own = table.at_risk_ceiling
    has = {risk for risk in risks if own and (not own.risks or risk in own.risks)}
    for other in product.rates:
        printed = other.at_risk_ceiling
        meant = has if other is table else risks - has
        if printed is None or not any(not printed.risks or risk in printed.risks for risk in meant):
            continue
        most = _ml_per_h(printed.rate, kg, mg_per_ml)
        steps = [_ml_per_h(rung.rate, kg, mg_per_ml) for rung in other.ladder]
        yield max(step for step in steps if step < most) if printed.less_than else most


def _times(plan: Plan, form: Form, given: Files) -> None:
    """No infusion is shorter than is printed or ordered; one that is longer says so; a shorter order is insisted on."""
    over = None if form.over is None else Fraction(form.over.split()[0]) * (60 if form.over.endswith("h") else 1)
    protocol = given.regimen.value.protocols["only"]
    stages = {stage.id: stage for stage in protocol.stages}
    for session in plan.sessions:
        if session.infusion is None or session.duration_min is None:
            continue
        days = sum(other.course == session.course for other in plan.sessions)
        of_course = stages[session.phase].time or protocol.time
        printed = [of_course] if of_course and of_course.of_days in (None, days) else []
        printed += [time] if (time := _table_of(session).time) else []
        least = max((time.from_.base for time in printed if time.from_), default=Fraction(0))
        most = min((time.to.base for time in printed if time.to), default=None)
        if session.duration_min < math.ceil(over if over is not None else least):
            raise _wrong(f"{session.duration_min} min, shorter than {float(over or least)}", plan, form)
        if (
            over is not None
            and over < least
            and not any(word.startswith("time-outside-regimen") for word in form.override)
        ):
            raise _wrong("a time below the printed one is not stopped", plan, form)
        longest = over if over is not None else most
        if (
            longest is not None
            and session.duration_min > longest * Fraction(105, 100) + 1
            and "longer-than-published" not in _codes(plan)
        ):
            raise _wrong(f"{session.duration_min} min, longer than {float(longest)}, and nobody says so", plan, form)


def _said_of_the_class(plan: Plan, form: Form, given: Files) -> None:
    """What is printed for all products holds for this one, unless its file says otherwise."""
    rules, unlike = given.product_class.value, {unlike.condition for unlike in given.product.value.unlike_class}
    for printed in rules.contraindications:
        if (
            printed.condition in form.condition
            and printed.condition not in unlike
            and "product-contraindicated" not in _codes(plan)
        ):
            raise _wrong(f"{printed.condition} is passed over", plan, form)
    if rules.haemolysis is None:
        return
    kg = Fraction(plan.dosing_weight.kg)
    dose = rules.haemolysis.dose
    from_g = dose.base * (kg if dose.dimension == "dose" else 1)
    most = max(Fraction(part.prescribed_g) for part in plan.phases)
    slack = Fraction(1, 50) + most / (50 * kg)
    if abs(most - from_g) > slack and (most > from_g) != ("haemolysis-check" in _codes(plan)):
        raise _wrong(f"haemolysis from {dose}", plan, form)
