"""The working of interruptions: what was in, what was left, how fast it goes on and when it ends, each by hand."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from ivigcalc.engine.draft import Draft
from ivigcalc.engine.plan import Infusion, InfusionStep, Interruption, TraceEntry
from ivigcalc.engine.resume import Resumed
from ivigcalc.engine.working import Inputs, written
from ivigcalc.exact import Fraction
from ivigcalc.quantity import decimal_of, plain, spoken


def write_pauses(draft: Draft) -> Iterator[TraceEntry]:
    """Of each interrupted session four lines for each interruption; two where it was stopped for good."""
    for session, portion in zip(draft.sessions, draft.dosed.portions, strict=True):
        infusion = session.infusion
        if not isinstance(infusion, Resumed):
            continue
        volume = f"volume_ml[{plain(portion.dose_g)} g]"
        for number, pause in enumerate(infusion.interruptions, start=1):
            name = f"c{session.course}d{session.day}.pause_{number}"
            yield _in(name, infusion, pause)
            yield written(f"{name}_left_ml", f"{volume} - {name}_in_ml", {}, pause.left_ml, "mL", None)
            if pause.resume_min is not None:
                yield _rate(name, infusion, pause)
        if infusion.interruptions[-1].resume_min is not None:
            yield _end(f"c{session.course}d{session.day}.pause_{len(infusion.interruptions)}", infusion)


def _in(name: str, infusion: Infusion, pause: Interruption) -> TraceEntry:
    """Every step until then, its rate by its minutes."""
    ran = [step for step in infusion.steps if step.from_start_min < pause.at_min]
    expression = " + ".join(f"rate_{step.step} x min_{step.step} / 60" for step in ran)
    return written(f"{name}_in_ml", expression, _of_steps(ran), pause.in_ml, "mL", None)


def _of_steps(steps: list[InfusionStep]) -> Inputs:
    found: Inputs = {}
    for step in steps:
        found[f"rate_{step.step}"], found[f"min_{step.step}"] = step.rate_ml_per_h, step.duration_min
    return found


def _rate(name: str, infusion: Resumed, pause: Interruption) -> TraceEntry:
    after, increment = pause.rate_after_ml_per_h, infusion.climb.limits.increment_ml_per_h
    assert after is not None
    before: Inputs = {"rate_before": pause.rate_before_ml_per_h}
    steps: Inputs = {"increment_ml_per_h": decimal_of(increment, 6)}
    match pause.rate:
        case "previous":
            expression, inputs = "rate_before", before
        case "half":
            expression, inputs = "round down(rate_before / 2)", before | steps
        case "initial":
            expression, inputs = "min(first_rate, rate_before)", {"first_rate": after, **before}
        case _:
            ordered = spoken(pause.rate or "", "rate per kg", "mass rate per kg", "rate")
            times = "" if ordered.dimension == "rate" else " x rate_kg"
            exact = _exact(infusion, ordered.dimension, ordered.base)
            down = Fraction(after) <= exact - increment / 2
            expression, inputs = f"round{' down' if down else ''}(ordered)", {"ordered": f"{ordered}{times}", **steps}
    return written(f"{name}_rate_ml_per_h", expression, inputs, after, "mL/h", None)


def _exact(infusion: Resumed, dimension: str, rate: Fraction) -> Fraction:
    """An ordered rate in mL/h."""
    if dimension == "rate":
        return rate
    per_kg = rate * 60 * infusion.ml_per_g / 1000 if dimension == "mass rate per kg" else rate
    return per_kg * infusion.climb.weight_kg


def _end(name: str, infusion: Resumed) -> TraceEntry:
    """The minutes of the steps that follow the last interruption, after the minute at which it goes on."""
    resume_min = infusion.interruptions[-1].resume_min
    assert resume_min is not None
    minutes = [f"min_{step.step}" for step in infusion.ahead]
    inputs: Inputs = {"resume_min": Decimal(resume_min)}
    inputs |= {f"min_{step.step}": step.duration_min for step in infusion.ahead}
    return written(f"{name}_end_min", " + ".join(["resume_min", *minutes]), inputs, infusion.minutes, "min", None)
