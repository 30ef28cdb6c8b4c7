"""The working: every number of a plan as a line that can be redone by hand, with its source.

Expressions are plain arithmetic over named inputs (`x` times, `/` divided by). An input that is itself a result of an
earlier line carries that line's name, and stands for its exact value, not for the rounded one that is shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from ivigcalc.definitions import MEASURED_STEP_G, HeightLine, Product, RateTable, Rounding, Site, cite
from ivigcalc.engine.course import Stretch
from ivigcalc.engine.dose import FOUR_WEEKS_DAYS, Prescribed
from ivigcalc.engine.draft import Draft
from ivigcalc.engine.infusion_time import TimeInForce
from ivigcalc.engine.plan import Infusion, InfusionStep, TraceEntry
from ivigcalc.engine.titration import OtherCeiling, exact_ml_per_h
from ivigcalc.engine.vials import Choice
from ivigcalc.exact import Fraction
from ivigcalc.quantity import (
    TO_1_G,
    TO_1_MM,
    UNITS,
    Quantity,
    decimal_not_0,
    decimal_of,
    figure,
    plain,
)

Inputs = dict[str, Decimal | str]
#: units of weight and height whose figures are multiplied to reach kg or cm; all of their sizes end within 12 decimals
_MULTIPLIED = ("lb", "st", "oz", "m", "in", "ft")
#: to what grams are rounded where a policy rounds to nothing
_UNROUNDED = f"{plain(decimal_of(MEASURED_STEP_G, 6))} g"


def write_working(draft: Draft) -> tuple[TraceEntry, ...]:
    """All lines, in the order in which a person would work."""
    return (*_weights(draft), *_courses(draft), *_volumes(draft), *_rates(draft), *_steps(draft))


def written(
    name: str,
    expression: str,
    inputs: Inputs,
    result: Fraction | Decimal | str,
    unit: str,
    source: str | None,
    places: int = 4,
) -> TraceEntry:
    """One line of the working; an exact result is rounded as it is shown."""
    shown_as = decimal_not_0 if unit in ("g", "g/kg") else decimal_of
    shown = shown_as(result, places) if isinstance(result, Fraction) else result
    return TraceEntry(name, expression, inputs, shown, unit, source)


def _weights(draft: Draft) -> Iterator[TraceEntry]:
    weights, patient, policy = draft.weights, draft.case.patient, draft.case.policy
    source = weights.ruled.source if weights.ruled else None
    yield _converted("actual_kg", patient.weight, weights.actual_kg, "kg")
    if patient.height is not None:
        yield _converted("height_cm", patient.height, patient.height.body_cm, "cm")
    if weights.bmi is not None:
        yield written("bmi", "actual_kg / (height_cm / 100) / (height_cm / 100)", {}, weights.bmi, "kg/m2", None)
    yield from _ideal(draft)
    if weights.adjusted_kg is not None and weights.factor is not None:
        expression = "ideal_kg + factor x (actual_kg - ideal_kg)"
        yield written("adjusted_kg", expression, {"factor": weights.factor}, weights.adjusted_kg, "kg", source)
    yield _dosing(draft)
    by = policy.rate_weight
    said = cite(policy, by) if by.basis == "printed" else None
    name = "dosing_kg" if by.use == "dosing" else "actual_kg"
    yield written("rate_kg", name, {} if said else {"basis": "assumed"}, draft.rate_kg, "kg", said)


def _ideal(draft: Draft) -> Iterator[TraceEntry]:
    """The ideal weight, where the rule names a formula and height and sex are known."""
    ideal_kg, ruled, sex = draft.weights.ideal_kg, draft.weights.ruled, draft.case.patient.sex
    formula = ruled.formula if ruled else None
    if ideal_kg is None or formula is None or sex is None:
        return
    line: HeightLine = formula.male if sex == "male" else formula.female
    inputs: Inputs = {"at_kg": line.at.value, "per_inch_kg": line.per_inch.value, "above_in": line.above.value}
    expression = "at_kg + per_inch_kg x (height_cm / 2.54 - above_in)"
    yield written("ideal_kg", expression, inputs, ideal_kg, "kg", cite(formula))


def _dosing(draft: Draft) -> TraceEntry:
    weights, patient = draft.weights, draft.case.patient
    source = weights.ruled.source if weights.ruled else None
    why: Inputs = {"because": weights.because}
    if weights.basis == "pre-pregnancy" and patient.pre_pregnancy_weight is not None:
        expression, inputs = _conversion(patient.pre_pregnancy_weight, "kg")
        return written("dosing_kg", expression, {**inputs, **why}, weights.kg, "kg", source)
    return written("dosing_kg", f"{weights.basis}_kg", why, weights.kg, "kg", source)


def _converted(name: str, given: Quantity, exact: Fraction, unit: str) -> TraceEntry:
    expression, inputs = _conversion(given, unit)
    said: Inputs = {"given": given.value, "given_unit": given.unit}
    return written(name, expression, said | inputs, exact, unit, None)


def _conversion(given: Quantity, unit: str) -> tuple[str, Inputs]:
    """How a typed figure becomes kg or cm, and with what; one that a program has divided is rounded."""
    inputs: Inputs = {"given": given.value}
    expression = "given"
    if given.unit == "g":
        expression, inputs["divisor"] = "given / divisor", Decimal(1000)
    elif given.unit in _MULTIPLIED:
        expression, inputs["factor"] = "given x factor", decimal_of(UNITS[given.unit][1], 12)
    if given.is_longer_than_measured:
        rule = TO_1_G if unit == "kg" else TO_1_MM
        expression, inputs["rule"] = f"round({expression})", f"to {plain(decimal_of(rule.increment, 3))} {unit}"
    return expression, inputs


def _courses(draft: Draft) -> Iterator[TraceEntry]:
    stretches = draft.dosed.stretches
    for stretch in stretches:
        # the names of a line say its phase where there are several
        phase = "" if len(stretches) == 1 else f"{stretch.part.phase.id}.".replace("-", "_")
        yield _prescribed(draft, stretch, phase)
        yield _given(draft, stretch, phase)
        yield from _compared(draft, stretch, phase)
        yield from _days(stretch, phase)


def _prescribed(draft: Draft, stretch: Stretch, phase: str) -> TraceEntry:
    """The exact course: dose times weight, its days and caps."""
    part, dose = stretch.part, stretch.dose
    source = cite(draft.case.regimen, part.phase.dose, part.phase, draft.case.protocol)
    days = stretch.days if part.prescribed.per_day else None
    expression, inputs = _dose_expression(part.prescribed, part.interval, days)
    if dose.capped:
        expression, inputs = _capped(expression, inputs, part.prescribed, stretch.days)
    cited = source if draft.case.order.dose is None else None
    return written(f"{phase}prescribed_g", expression, inputs, dose.prescribed_g, "g", cited)


def _given(draft: Draft, stretch: Stretch, phase: str) -> TraceEntry:
    """The rounded course."""
    given_g, exact = stretch.dose.dose_g, f"{phase}prescribed_g"
    if draft.case.request.command == "rates":
        return written(f"{phase}dose_g", exact, {}, given_g, "g", None)
    cap = stretch.part.prescribed.cap_per_day
    inputs: Inputs = {"rule": _rule(stretch.rounding) + (f"; no day above {cap}" if cap else "")}
    source = cite(draft.case.policy, stretch.rounding)
    return written(f"{phase}dose_g", f"round({exact})", {**inputs, **_not_taken(draft, stretch)}, given_g, "g", source)


def _not_taken(draft: Draft, stretch: Stretch) -> Inputs:
    """What the rule alone would give, where it is not taken, and what bounds the dose instead."""
    dose = stretch.dose
    if dose.instead_of_g is None:
        return {}
    prefer = draft.case.policy.prefer
    inputs: Inputs = {"whole_vials_g" if dose.opened else "instead_of_g": decimal_of(dose.instead_of_g, 3)}
    for name, bound in (
        ("least_of_a_course_g", dose.course_least_g),
        ("most_of_a_day_g", dose.day_bound_g),
        ("most_of_a_course_g", dose.course_bound_g),
    ):
        inputs |= {name: decimal_of(bound, 12)} if bound is not None else {}
    if dose.preferred and prefer is not None:
        near = f"fewest vials within {prefer.within}, then nearest"
        inputs["preferred"] = f"{near}, days that differ by no more than {prefer.spread} and then least"
    within = draft.prescription.rounding.within
    return {**inputs, "within": str(within)} if dose.opened and within else inputs


def _compared(draft: Draft, stretch: Stretch, phase: str) -> Iterator[TraceEntry]:
    """The rounded course against the exact one, and against the weight."""
    given, exact = f"{phase}dose_g", f"{phase}prescribed_g"
    percent, per_kg = stretch.dose.deviation_percent, stretch.dose.dose_g / draft.weights.kg
    yield written(f"{phase}deviation_percent", f"({given} - {exact}) / {exact} x 100", {}, percent, "%", None, 2)
    yield written(f"{phase}g_per_kg", f"{given} / dosing_kg", {}, per_kg, "g/kg", None, 3)


def _days(stretch: Stretch, phase: str) -> Iterator[TraceEntry]:
    """The share of each day, and the vials that it is drawn from."""
    portions = stretch.portions[0]
    if len(portions) == 1:
        yield from _vial_line(f"{phase}vials", f"{phase}dose_g", portions[0].choice)
        return
    share = f"share of {phase}dose_g / days, {_portions(stretch.rounding)}, larger first"
    for day, portion in enumerate(portions, start=1):
        because = stretch.dose.days_because
        counted: Inputs = {"days": Decimal(len(portions)), "day": Decimal(day), "because": because}
        yield written(f"{phase}day_{day}_g", share, counted, portion.exact_g, "g", None, 3)
        yield from _vial_line(f"{phase}day_{day}_vials", f"{phase}day_{day}_g", portion.choice)


def _dose_expression(prescribed: Prescribed, interval: Quantity | None, days: int | None) -> tuple[str, Inputs]:
    """Grams of a course before its caps; `days` where the dose is one of a day."""
    dose, inputs = prescribed.dose, Inputs()
    if prescribed.exact is not None and interval is not None:  # what was ordered for four weeks, in g/kg or g
        ordered = prescribed.exact * FOUR_WEEKS_DAYS / interval.base
        expression = f"dose x interval_days / {FOUR_WEEKS_DAYS}"
        inputs = {"dose": decimal_of(ordered, 12), "interval_days": decimal_of(Fraction(interval.base), 12)}
    else:
        expression = "dose / 1000" if dose.unit in ("mg/kg", "mg") else "dose"
        inputs = {"dose": dose.value}
    if dose.dimension == "dose":
        expression += " x dosing_kg"
    if days is not None:
        expression, inputs["days"] = expression + " x days", Decimal(days)
    return expression, inputs


def _capped(expression: str, inputs: Inputs, prescribed: Prescribed, days: int) -> tuple[str, Inputs]:
    if prescribed.cap is not None:
        expression, inputs = expression + ", cap_g", {**inputs, "cap_g": prescribed.cap.value}
    if prescribed.cap_per_day is not None:
        day: Inputs = {"cap_per_day_g": prescribed.cap_per_day.value, "days": Decimal(days)}
        expression, inputs = expression + ", cap_per_day_g x days", {**inputs, **day}
    return f"min({expression})", inputs


def _rule(rounding: Rounding) -> str:
    """The rule in force, in words that can be followed: grams have no more decimals than are weighed."""
    if rounding.to != "nothing":
        return str(rounding)
    return str(rounding).replace("nothing", _UNROUNDED, 1) + " (the policy rounds to nothing)"


def _portions(rounding: Rounding) -> str:
    if isinstance(rounding.to, Quantity):
        return f"multiples of {rounding.to}"
    return f"multiples of {_UNROUNDED}" if rounding.to == "nothing" else rounding.to


def _vial_line(name: str, dose: str, choice: Choice) -> Iterator[TraceEntry]:
    if choice.vials:
        text = " + ".join(f"{count} x {decimal_of(size, 3)} g" for size, count in choice.vials)
        inputs: Inputs = {
            "rule": "least left over, then fewest vials, then larger first",
            "leftover_g": decimal_of(choice.leftover_g, 3),
        }
        yield written(name, f"vials for {dose}", inputs, text, "vials", None)


def _volumes(draft: Draft) -> Iterator[TraceEntry]:
    product = draft.case.product
    if product.concentration is None:
        return
    source = cite(product)
    inputs: Inputs = {"mg_per_ml": product.concentration.value}
    for grams in _distinct_doses(draft):
        yield written(
            f"volume_ml[{plain(decimal_of(grams, 3))} g]",
            "session_g x 1000 / mg_per_ml",
            {"session_g": decimal_of(grams, 3), **inputs},
            grams * 1000 / product.concentration.base,
            "mL",
            source,
            3,
        )


def _distinct_doses(draft: Draft) -> list[Fraction]:
    return list(dict.fromkeys(grams for stretch in draft.dosed.stretches for grams in stretch.dose.session_doses_g))


def _rates(draft: Draft) -> Iterator[TraceEntry]:
    product = draft.case.product
    for used in draft.titrated.used:
        on, table = used.climb, used.climb.ladder.table
        label = "" if len(draft.titrated.used) == 1 else f"{used.kind} "
        for number, (rate, rung, bound) in enumerate(on.rates, start=1):
            inputs: Inputs = {
                "ladder_rate": decimal_of(rung.rate, 6),
                "increment_ml_per_h": decimal_of(draft.prescription.ceilings.increment_ml_per_h, 6),
                "bounded_by": bound.by,
            }
            wanted = "ladder_rate" if on.ladder.absolute else "ladder_rate x rate_kg"
            expression = f"round({wanted})"
            if bound.by != "ladder":
                inputs["ceiling_ml_per_h"] = _ceiling_text(
                    product, table, draft.case.site, bound.by, used.others, draft.rate_kg
                )
                expression = "round down(ceiling_ml_per_h)"
            elif rate < exact_ml_per_h(on, number - 1) - on.limits.increment_ml_per_h / 2:
                inputs["because"] = f"rounded up it would be more than {figure(on.limits.above * 100)} % above"
                expression = f"round down({wanted})"
            source = cite(product, rung.printed, table)
            yield written(f"{label}rate_{number}_ml_per_h", expression, inputs, rate, "mL/h", source)


def _ceiling_text(
    product: Product, table: RateTable, site: Site, bound: str, others: tuple[OtherCeiling, ...], rate_kg: Fraction
) -> str:
    if bound in ("pump", "site"):
        return str(site.pump.maximum if bound == "pump" else site.rate_maximum)
    found = min((o for o in others if o.by == bound), key=lambda other: other.ml_per_h(rate_kg), default=None)
    at_risk = product.at_risk(table) if bound == "at-risk" else None
    printed = found.printed if found else (at_risk or table.ceiling).rate
    return str(printed) if printed.dimension == "rate" else f"{printed} x rate_kg"


def _steps(draft: Draft) -> Iterator[TraceEntry]:
    """The steps of each infusion once, under the name of the first session that gives it."""
    for titration in draft.titrated.titrations:
        session = draft.sessions[titration.places[0]]
        planned = draft.dosed.portions[titration.places[0]]  # the session may have been stopped
        place = f"c{session.course}d{session.day}"
        time = draft.titrated.times[titration.places[0]]
        yield from _infusion_steps(place, f"volume_ml[{plain(planned.dose_g)} g]", titration.infusion, time)


def _plateau(place: str, step: InfusionStep, left: str, time: TimeInForce, infusion: Infusion) -> TraceEntry:
    """The rate at which what is left lasts what is left of the time."""
    minutes = "".join(f" - {place}.step_{number}_min" for number in range(1, step.step))
    assert time.from_min is not None
    inputs: Inputs = {
        "least_min": decimal_of(time.from_min, 6),
        "increment_ml_per_h": decimal_of(infusion.climb.limits.increment_ml_per_h, 6),
    }
    expression = f"round down(({left}) / (least_min{minutes}) x 60)"
    return written(f"{place}.rate_to_last", expression, inputs, step.rate_ml_per_h, "mL/h", time.source)


def _infusion_steps(place: str, volume: str, infusion: Infusion, time: TimeInForce | None) -> Iterator[TraceEntry]:
    """Running volumes are exact; what is shown of a step is the difference of two rounded running volumes."""
    before = ""
    for step in infusion.steps:
        running, minutes = f"{place}.running_{step.step}_ml", f"{place}.step_{step.step}_min"
        if time is not None and infusion.climb.rates[step.step - 1][2].by == "time":
            yield _plateau(place, step, f"{volume} - {before}" if before else volume, time, infusion)
        rate: Inputs = {"rate_ml_per_h": step.rate_ml_per_h}
        if step.step == len(infusion.steps):
            left = f"({volume} - {before})" if before else volume
            yield written(minutes, f"{left} / rate_ml_per_h x 60", rate, step.duration_min, "min", None)
            yield written(running, volume, {}, step.cumulative_ml, "mL", None)
        else:
            yield written(minutes, "minutes", {"minutes": step.duration_min}, step.duration_min, "min", None)
            so_far = f"{before} + " if before else ""
            yield written(running, f"{so_far}rate_ml_per_h x {minutes} / 60", rate, step.cumulative_ml, "mL", None)
        shown_before = f" - round({before})" if before else ""
        yield written(
            f"{place}.step_{step.step}_ml",
            f"round({running}){shown_before}",
            {"rule": "to 0.001 mL"},
            step.volume_ml,
            "mL",
            None,
        )
        before = running
    total = " + ".join(f"{place}.step_{step.step}_min" for step in infusion.steps)
    yield written(f"{place}.duration_min", f"round up({total})", {}, Decimal(infusion.duration_min), "min", None)
