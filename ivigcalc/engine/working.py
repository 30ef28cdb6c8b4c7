"""The working: every number of a plan as a line that can be redone by hand, with its source.

Expressions are plain arithmetic over named inputs (`x` times, `/` divided by). An input that is itself a result of an
earlier line carries that line's name, and stands for its exact value, not for the rounded one that is shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from ivigcalc.definitions import HeightLine, Loaded, LoadedPolicy, RateTable, Rounding, Site
from ivigcalc.engine.checks import Asked, cite
from ivigcalc.engine.dose import FOUR_WEEKS_DAYS, UNROUNDED_STEP_G, Prescribed
from ivigcalc.engine.plan import Infusion, Session, TraceEntry
from ivigcalc.engine.titration import Ceilings, Climb
from ivigcalc.engine.weight import Weights
from ivigcalc.quantity import Quantity, decimal_of, plain

if TYPE_CHECKING:
    from ivigcalc.engine.course import Stretch

Inputs = dict[str, Decimal | str]
#: to what grams are rounded where a policy rounds to nothing
_UNROUNDED = f"{plain(decimal_of(UNROUNDED_STEP_G, 6))} g"


@dataclass(frozen=True, slots=True)
class Working:
    """What the working is written from: the exact values that the engine held."""

    asked: Asked
    policy: LoadedPolicy
    site: Loaded[Site]
    weights: Weights
    rate_weight_kg: Fraction
    stretches: tuple[Stretch, ...]
    climbs: tuple[Climb, ...]
    limits: Ceilings
    sessions: tuple[Session, ...]


def write_working(work: Working) -> tuple[TraceEntry, ...]:
    """All lines, in the order in which a person would work."""
    return (*_weights(work), *_courses(work), *_volumes(work), *_rates(work), *_steps(work))


def _line(
    name: str,
    expression: str,
    inputs: Inputs,
    result: Fraction | Decimal | str,
    unit: str,
    source: str | None,
    places: int = 4,
) -> TraceEntry:
    shown = decimal_of(result, places) if isinstance(result, Fraction) else result
    return TraceEntry(name, expression, inputs, shown, unit, source)


def _number(quantity: Quantity) -> Decimal:
    return quantity.value


def _weights(work: Working) -> Iterator[TraceEntry]:
    weights, patient = work.weights, work.asked.patient
    policy = work.policy.policy.value
    rule = policy.dosing_weight
    yield _converted("actual_kg", patient.weight, weights.actual_kg, "kg")
    if patient.height is not None:
        yield _converted("height_cm", patient.height, patient.height.base, "cm")
    if weights.bmi is not None:
        yield _line("bmi", "actual_kg / (height_cm / 100) / (height_cm / 100)", {}, weights.bmi, "kg/m2", None)
    formula = work.policy.formula.value if work.policy.formula else None
    if weights.ideal_kg is not None and formula is not None and patient.sex is not None:
        line: HeightLine = formula.male if patient.sex == "male" else formula.female
        inputs: Inputs = {
            "at_kg": _number(line.at),
            "per_inch_kg": _number(line.per_inch),
            "above_in": _number(line.above),
        }
        yield _line(
            "ideal_kg",
            "at_kg + per_inch_kg x (height_cm / 2.54 - above_in)",
            inputs,
            weights.ideal_kg,
            "kg",
            cite(formula),
        )
    if weights.adjusted_kg is not None and weights.factor is not None:
        yield _line(
            "adjusted_kg",
            "ideal_kg + factor x (actual_kg - ideal_kg)",
            {"factor": weights.factor},
            weights.adjusted_kg,
            "kg",
            cite(policy, rule),
        )
    yield _dosing(work)
    if work.rate_weight_kg == weights.actual_kg:
        yield _line("rate_kg", "actual_kg", {}, work.rate_weight_kg, "kg", None)
    else:
        yield _line("rate_kg", "dosing_kg", {}, work.rate_weight_kg, "kg", cite(policy, rule))


def _dosing(work: Working) -> TraceEntry:
    weights, patient = work.weights, work.asked.patient
    policy = work.policy.policy.value
    source = cite(policy, policy.dosing_weight)
    why: Inputs = {"because": weights.because}
    if weights.basis == "pre-pregnancy" and patient.pre_pregnancy_weight is not None:
        given = patient.pre_pregnancy_weight
        factor, divisor = _factor(given.unit)
        return _line(
            "dosing_kg",
            _conversion_text(factor, divisor),
            {"given": given.value, **_conversion_inputs(factor, divisor), **why},
            weights.kg,
            "kg",
            source,
        )
    return _line("dosing_kg", f"{weights.basis}_kg", why, weights.kg, "kg", source)


def _converted(name: str, given: Quantity, exact: Fraction, unit: str) -> TraceEntry:
    factor, divisor = _factor(given.unit)
    return _line(
        name,
        _conversion_text(factor, divisor),
        {"given": given.value, "given_unit": given.unit, **_conversion_inputs(factor, divisor)},
        exact,
        unit,
        None,
    )


def _factor(unit: str) -> tuple[Decimal | None, Decimal | None]:
    """What a typed figure is multiplied with, or divided by, to reach kg or cm."""
    multiply = {"lb": "0.45359237", "st": "6.35029318", "m": "100", "in": "2.54"}
    if unit in multiply:
        return Decimal(multiply[unit]), None
    return (None, Decimal(1000)) if unit == "g" else (None, None)


def _conversion_text(factor: Decimal | None, divisor: Decimal | None) -> str:
    return "given x factor" if factor else "given / divisor" if divisor else "given"


def _conversion_inputs(factor: Decimal | None, divisor: Decimal | None) -> Inputs:
    return {"factor": factor} if factor else {"divisor": divisor} if divisor else {}


def _name(stretches: tuple[Stretch, ...], stretch: Stretch, what: str) -> str:
    return what if len(stretches) == 1 else f"{stretch.phase.id}.{what}".replace("-", "_")


def _courses(work: Working) -> Iterator[TraceEntry]:
    regimen = work.asked.regimen.value if work.asked.regimen else None
    policy = work.policy.policy.value
    for stretch in work.stretches:
        prescribed, dose = stretch.prescribed, stretch.dose
        source = (
            cite(regimen, stretch.phase.dose, stretch.phase, work.asked.protocol)
            if work.asked.order.dose is None
            else None
        )

        def named(what: str, stretch: Stretch = stretch) -> str:
            return _name(work.stretches, stretch, what)

        days = len(dose.session_doses_g)
        per_day = prescribed.per_day and stretch.phase.id != "infusion"
        expression, inputs = _dose_expression(prescribed, stretch.interval, days if per_day else None)
        if dose.capped:
            expression, inputs = _capped(expression, inputs, prescribed, days)
        yield _line(named("prescribed_g"), expression, inputs, dose.prescribed_g, "g", source)
        if work.asked.request.command == "rates":
            yield _line(named("dose_g"), named("prescribed_g"), {}, dose.dose_g, "g", None)
        else:
            cap = f"; no day above {prescribed.cap_per_day}" if prescribed.cap_per_day else ""
            yield _line(
                named("dose_g"),
                f"round({named('prescribed_g')})",
                {"rule": _rule(stretch.rounding) + cap},
                dose.dose_g,
                "g",
                cite(policy, stretch.rounding),
            )
        yield _line(
            named("deviation_percent"),
            f"({named('dose_g')} - {named('prescribed_g')}) / {named('prescribed_g')} x 100",
            {},
            dose.deviation_percent,
            "%",
            None,
            2,
        )
        yield _line(
            named("g_per_kg"), f"{named('dose_g')} / dosing_kg", {}, dose.dose_g / work.weights.kg, "g/kg", None, 3
        )
        if days > 1:
            for day, (grams, choice) in enumerate(zip(dose.session_doses_g, stretch.vials, strict=True), start=1):
                counted: Inputs = {"days": Decimal(days), "day": Decimal(day), "because": dose.days_because}
                share = f"share of {named('dose_g')} / days, {_portions(stretch.rounding)}, larger first"
                yield _line(named(f"day_{day}_g"), share, counted, grams, "g", None, 3)
                yield from _vial_line(named(f"day_{day}_vials"), named(f"day_{day}_g"), choice.vials, choice.leftover_g)
        else:
            yield from _vial_line(named("vials"), named("dose_g"), stretch.vials[0].vials, stretch.vials[0].leftover_g)


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


def _vial_line(
    name: str, dose: str, vials: tuple[tuple[Fraction, int], ...], leftover_g: Fraction
) -> Iterator[TraceEntry]:
    if vials:
        text = " + ".join(f"{count} x {decimal_of(size, 3)} g" for size, count in vials)
        inputs: Inputs = {
            "rule": "least left over, then fewest vials, then larger first",
            "leftover_g": decimal_of(leftover_g, 3),
        }
        yield _line(name, f"vials for {dose}", inputs, text, "vials", None)


def _volumes(work: Working) -> Iterator[TraceEntry]:
    product = work.asked.product.value
    if product.concentration is None:
        return
    source = cite(product)
    inputs: Inputs = {"mg_per_ml": product.concentration.value}
    for grams in _distinct_doses(work):
        yield _line(
            f"volume_ml[{plain(decimal_of(grams, 3))} g]",
            "session_g x 1000 / mg_per_ml",
            {"session_g": decimal_of(grams, 3), **inputs},
            grams * 1000 / product.concentration.base,
            "mL",
            source,
            3,
        )


def _distinct_doses(work: Working) -> list[Fraction]:
    return list(dict.fromkeys(grams for stretch in work.stretches for grams in stretch.dose.session_doses_g))


def _rates(work: Working) -> Iterator[TraceEntry]:
    product = work.asked.product.value
    for on in work.climbs:
        table = on.ladder.table
        label = "" if len(work.climbs) == 1 else f"{table.infusion} "
        for number, (rate, rung, bound) in enumerate(on.rates, start=1):
            inputs: Inputs = {
                "ladder_rate": decimal_of(rung.rate, 6),
                "increment_ml_per_h": decimal_of(work.limits.increment_ml_per_h, 6),
                "bounded_by": bound.by,
            }
            expression = "round(ladder_rate)" if on.ladder.absolute else "round(ladder_rate x rate_kg)"
            if bound.by != "ladder":
                inputs["ceiling_ml_per_h"] = _ceiling_text(table, work.site.value, bound.by)
                expression = "round down(ceiling_ml_per_h)"
            source = cite(product, rung.printed, table)
            yield _line(f"{label}rate_{number}_ml_per_h", expression, inputs, rate, "mL/h", source)


def _ceiling_text(table: RateTable, site: Site, bound: str) -> str:
    if bound not in ("at-risk", "ceiling"):
        return str(site.pump.maximum if bound == "pump" else site.rate_maximum)
    printed = table.at_risk_ceiling if bound == "at-risk" and table.at_risk_ceiling else table.ceiling
    return str(printed.rate) if printed.rate.dimension == "rate" else f"{printed.rate} x rate_kg"


def _steps(work: Working) -> Iterator[TraceEntry]:
    seen: set[int] = set()
    for session in work.sessions:
        infusion = session.infusion
        if infusion is None or id(infusion) in seen:
            continue
        seen.add(id(infusion))
        place = f"c{session.course}d{session.day}"
        yield from _infusion_steps(place, f"volume_ml[{plain(session.dose_g)} g]", infusion)


def _infusion_steps(place: str, volume: str, infusion: Infusion) -> Iterator[TraceEntry]:
    """Running volumes are exact; what is shown of a step is the difference of two rounded running volumes."""
    before = ""
    for step in infusion.steps:
        running, minutes = f"{place}.running_{step.step}_ml", f"{place}.step_{step.step}_min"
        rate: Inputs = {"rate_ml_per_h": step.rate_ml_per_h}
        if step is infusion.steps[-1]:
            left = f"({volume} - {before})" if before else volume
            yield _line(minutes, f"{left} / rate_ml_per_h x 60", rate, step.duration_min, "min", None)
            yield _line(running, volume, {}, step.cumulative_ml, "mL", None)
        else:
            yield _line(minutes, "minutes", {"minutes": step.duration_min}, step.duration_min, "min", None)
            so_far = f"{before} + " if before else ""
            yield _line(running, f"{so_far}rate_ml_per_h x {minutes} / 60", rate, step.cumulative_ml, "mL", None)
        shown_before = f" - round({before})" if before else ""
        yield _line(
            f"{place}.step_{step.step}_ml",
            f"round({running}){shown_before}",
            {"rule": "to 0.001 mL"},
            step.volume_ml,
            "mL",
            None,
        )
        before = running
    total = " + ".join(f"{place}.step_{step.step}_min" for step in infusion.steps)
    yield _line(f"{place}.duration_min", f"round up({total})", {}, Decimal(infusion.duration_min), "min", None)
