"""An infusion that was interrupted: what was in by then, what is left, and the steps with which it goes on.

What was in is the sum of rate x minutes of every step that ran, exact; what is left is the rest, so that nothing is
lost and nothing given twice. After a reaction the rate is never raised by itself above the one at which it came.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from math import floor

from msgspec import Struct
from msgspec.structs import replace

from ivigcalc.clock import DAY_MIN
from ivigcalc.definitions import Product
from ivigcalc.engine.infusion import MINUTE_PLACES, RATE_PLACES, VOLUME_PLACES, step_of
from ivigcalc.engine.plan import Infusion, InfusionStep, Interruption, Session, clock_text
from ivigcalc.engine.since import Pause
from ivigcalc.engine.titration import NOTHING_ML, Climb, OtherCeiling, Rung, climb, lowest_ceiling
from ivigcalc.errors import RefusedError, RequestError
from ivigcalc.exact import Fraction
from ivigcalc.quantity import Quantity, decimal_not_0, decimal_of, figure

#: a clock time is read as the next one within half a day: what comes later than that was before
_HALF_A_DAY_MIN = DAY_MIN // 2


class Run(Struct, frozen=True):
    """A stretch of an infusion without a pause: from which whole minute, how much was in before, how much it gives.

    `last`: the step of its titration on which it ends, counted from 0.
    """

    climb: Climb
    from_min: int
    before_ml: Fraction
    ml: Fraction
    last: int

    @property
    def end_min(self) -> Fraction:
        """The minute at which it ends, from the start of the infusion."""
        return self.minute(self.before_ml + self.ml)

    def minute(self, volume_ml: Fraction) -> Fraction:
        """The minute at which so much of the whole infusion is in."""
        return self.from_min + Fraction(*self.climb.minute(volume_ml - self.before_ml, self.last))


@dataclass(frozen=True, slots=True)
class Resumed(Infusion):
    """An infusion with one interruption or more, the last of which may have ended it."""

    runs: tuple[Run, ...] = field(compare=False, repr=False)

    def minute(self, volume_ml: Fraction) -> tuple[int, int]:
        """The minute at which so much is in, exactly, as numerator and denominator; the earlier one of a pause."""
        run = next(run for run in self.runs if volume_ml <= run.before_ml + run.ml)
        return run.minute(volume_ml).as_integer_ratio()


def interrupted(session: Session, pause: Pause, product: Product) -> Session:
    """The session as it goes on after a pause, or as it ended. Raises for what cannot have been."""
    infusion, name = session.infusion, f"session {session.course}.{session.day}"
    if infusion is None or session.at_min is None:
        lacks = "rates" if infusion is None else "start time"
        raise RequestError(
            f"{name} has no {lacks}, so nobody can say how much was in by "
            f"{clock_text(None, pause.reaction_clock_min)}; "
            "plan with --at and a product that has rates",
            field="session",
            code="not-in-session",
        )
    runs = _runs(infusion)
    now = runs[-1]
    at_min = _reaction_min(session, infusion, now, pause, name)
    on, since_min = now.climb, Fraction(at_min - now.from_min)
    place, in_run_ml = on.place_at(since_min, now.last), on.volume_at(since_min, now.last)
    in_ml = now.before_ml + in_run_ml
    left_ml = infusion.exact_ml - in_ml  # control: nothing-lost
    if left_ml < NOTHING_ML:
        raise _over(session, infusion, pause, name)
    ran = (*runs[:-1], Run(on, now.from_min, now.before_ml, in_run_ml, place))
    before = on.rates[place][0]
    if pause.resume_clock_min is None:
        end = _interruption(pause, at_min, None, in_ml, left_ml, before, None)
        return _with(session, _made(infusion, ran, in_ml, end))
    resume_min = _resume_min(session, at_min, pause, name)
    again = _restarted(runs[0].climb, on, place, pause, product)
    goes_on = Run(again, resume_min, in_ml, left_ml, again.last_rung(left_ml))
    after = again.rates[0][0]
    pauses = _interruption(pause, at_min, resume_min, in_ml, left_ml, before, after)
    return _with(session, _made(infusion, (*ran, goes_on), infusion.exact_ml, pauses))


def _runs(infusion: Infusion) -> tuple[Run, ...]:
    if isinstance(infusion, Resumed):
        return infusion.runs
    return (Run(infusion.climb, 0, Fraction(0), infusion.exact_ml, len(infusion.steps) - 1),)


# ---- the clock on the wall ------------------------------------------------------------------------------------------


def _reaction_min(session: Session, infusion: Infusion, now: Run, pause: Pause, name: str) -> int:
    """Whole minutes from the start of the infusion to the reaction."""
    if infusion.interruptions and infusion.interruptions[-1].resume_min is None:
        raise RequestError(
            f"{name} was stopped for good before, and nothing runs that could react: check --session",
            field="reaction_at",
        )
    found = [minute for minute in range(infusion.duration_min) if _shows(session, minute, pause.reaction_clock_min)]
    inside = [minute for minute in found if now.from_min < minute < now.end_min]  # control: inside-session
    match inside:
        case [minute]:
            return minute
        case []:
            _refuse_skipped(session, pause.reaction_clock_min, "reaction_at", name)
            raise _over(session, infusion, pause, name)
        case _:
            raise _twice(
                pause.reaction_clock_min, "reaction_at", f"while {name} runs, so it does not say how much was in"
            )


def _over(session: Session, infusion: Infusion, pause: Pause, name: str) -> RequestError:
    begins, ends = session.clock(_runs(infusion)[-1].from_min), session.clock(infusion.duration_min)
    again = " again" if infusion.interruptions else ""
    return RequestError(
        f"--reaction-at {clock_text(None, pause.reaction_clock_min)} is not while {name} runs: it runs{again} "
        f"from {begins} to {ends}; give a time in between",
        field="reaction_at",
        code="not-in-session",
    )


def _resume_min(session: Session, at_min: int, pause: Pause, name: str) -> int:
    """Whole minutes from the start to the resumption: the next such time on the wall, within half a day."""
    assert pause.resume_clock_min is not None
    ahead = range(at_min, at_min + _HALF_A_DAY_MIN + 1)  # control: resume-after-pause
    found = [minute for minute in ahead if _shows(session, minute, pause.resume_clock_min)]
    if found[1:]:  # control: resume-not-twice
        raise _twice(
            pause.resume_clock_min, "resume_at", f"after the pause of {name}, so it does not say how long it was"
        )
    if found:
        return found[0]
    _refuse_skipped(session, pause.resume_clock_min, "resume_at", name)
    raise RequestError(
        f"--resume-at {clock_text(None, pause.resume_clock_min)} is before the pause at "
        f"{clock_text(None, pause.reaction_clock_min)} of {name}, or more than 12 h after it: check both, or give "
        "--stop",
        field="resume_at",
        code="not-in-session",
    )


def _twice(clock_min: int, field: str, what: str) -> RequestError:
    return RequestError(
        f"{clock_text(None, clock_min)} comes twice {what}; give the minute before or after",
        field=field,
        code="not-in-session",
    )


def _refuse_skipped(session: Session, clock_min: int, field: str, name: str) -> None:
    """Raise for a time over which the clocks go forward while a session lasts."""
    minutes = range((session.duration_min or 0) + _HALF_A_DAY_MIN + 1)
    walls = [wall for minute in minutes if (wall := session.wall_min(minute)) is not None]
    over = (range(before + 1, after) for before, after in pairwise(walls))
    if any(wall % DAY_MIN == clock_min for hour in over for wall in hour):
        raise RequestError(
            f"there is no {clock_text(None, clock_min)} in the night of {name}, for the clocks go forward over it: "
            "give the time that the clock showed",
            field=field,
            code="not-in-session",
        )


def _shows(session: Session, minute: int, clock_min: int) -> bool:
    wall_min = session.wall_min(minute)
    return wall_min is not None and wall_min % DAY_MIN == clock_min


# ---- how it goes on -------------------------------------------------------------------------------------------------


def _restarted(first: Climb, on: Climb, place: int, pause: Pause, product: Product) -> Climb:
    """The titration after a pause. `first`: that of the start; `on`, `place`: that of the pause, and its step."""
    set_ml_per_h, rung, _ = on.rates[place]
    match pause.rate:
        case "previous":
            return _at_one_rate(on, replace(rung, minutes=None))
        case "half":
            increment = on.limits.increment_ml_per_h
            half = floor(set_ml_per_h / 2 / increment) * increment or set_ml_per_h / 2  # control: half-is-at-most-half
            return _at_one_rate(on, _rung(on, half, rung))
        case "initial":
            as_shown = Quantity(decimal_of(set_ml_per_h, RATE_PLACES), "mL/h")
            highest = OtherCeiling("reaction", set_ml_per_h, True, as_shown)  # control: not-above-reaction
            limits = replace(first.limits, others=(*first.limits.others, highest))
            return climb(first.ladder, first.weight_kg, limits)
        case Quantity() as ordered:
            return _at_one_rate(on, _rung(on, _within_ceiling(on, _ml_per_h(on, ordered, product), ordered), rung))
        case None:
            raise RequestError("say at which rate it goes on: --rate", field="rate", code="missing")


def _at_one_rate(on: Climb, rung: Rung) -> Climb:
    return climb(replace(on.ladder, rungs=(rung,)), on.weight_kg, on.limits)


def _rung(on: Climb, ml_per_h: Fraction, like: Rung) -> Rung:
    """A step of a rate on the pump, in the units of the titration."""
    rate = ml_per_h if on.ladder.absolute else ml_per_h / on.weight_kg
    return Rung(rate, None, False, like.printed)


def _ml_per_h(on: Climb, ordered: Quantity, product: Product) -> Fraction:
    rate = product.comparable_rate(ordered)
    return rate if ordered.dimension == "rate" else rate * on.weight_kg


def _within_ceiling(on: Climb, ml_per_h: Fraction, ordered: Quantity) -> Fraction:
    ceiling, by = lowest_ceiling(on.ladder, on.weight_kg, on.limits)
    if ml_per_h > ceiling:  # control: resume-below-ceiling
        raise RefusedError(
            "rate-above-ceiling",
            f"--rate {ordered} is {figure(ml_per_h, 3)} mL/h, above the {figure(ceiling, 3)} mL/h in force "
            f"({_CEILINGS.get(by, by)}): give a lower rate",
            value=f"{figure(ml_per_h, 3)} mL/h",
            limit=f"{figure(ceiling, 3)} mL/h",
            overridable=False,
        )
    return ml_per_h


_CEILINGS = {
    "ceiling": "the highest that is printed with this titration",
    "at-risk": "the highest that is printed for this patient's risk",
    "at-risk-elsewhere": "the highest that is printed for this patient's risk",
    "indication": "the highest that is printed for the indication",
    "reaction": "the rate at which the reaction came",
    "site": "the site's highest",
    "pump": "the pump's highest",
    "time": "the infusion has to last its published time",
}


# ---- as it is shown -------------------------------------------------------------------------------------------------


def _interruption(
    pause: Pause,
    at_min: int,
    resume_min: int | None,
    in_ml: Fraction,
    left_ml: Fraction,
    before: Fraction,
    after: Fraction | None,
) -> Interruption:
    return Interruption(
        at_min=at_min,
        resume_min=resume_min,
        in_ml=decimal_of(in_ml, VOLUME_PLACES),
        left_ml=decimal_of(in_ml + left_ml, VOLUME_PLACES) - decimal_of(in_ml, VOLUME_PLACES),
        rate_before_ml_per_h=decimal_of(before, RATE_PLACES),
        rate_after_ml_per_h=None if after is None else decimal_of(after, RATE_PLACES),
        rate=None if pause.rate is None else str(pause.rate),
    )


def _made(infusion: Infusion, runs: tuple[Run, ...], exact_ml: Fraction, last: Interruption) -> Resumed:
    end_min = runs[-1].end_min
    return Resumed(
        ladder=infusion.ladder,
        minutes=decimal_of(end_min, MINUTE_PLACES),
        duration_min=-(-end_min.numerator // end_min.denominator),
        volume_ml=decimal_of(exact_ml, VOLUME_PLACES),
        steps=tuple(_steps(runs)),
        exact_ml=exact_ml,
        climb=runs[-1].climb,
        interruptions=(*infusion.interruptions, last),
        runs=runs,
    )


def _steps(runs: tuple[Run, ...]) -> Iterator[InfusionStep]:
    """The steps of all runs, counted on; volumes are differences of rounded running volumes, so that they sum up."""
    number, shown_before = 0, Decimal(0)
    for run in runs:
        on = run.climb
        start = Fraction(run.from_min)
        for place in range(run.last + 1):
            full = place < run.last
            running = run.before_ml + (Fraction(on.full_ml[place], on.per_ml) if full else run.ml)
            end = run.from_min + Fraction(on.full_min[place], on.per_min) if full else run.end_min
            cumulative, number = decimal_of(running, VOLUME_PLACES), number + 1
            length, begins = decimal_of(end - start, MINUTE_PLACES), decimal_of(start, MINUTE_PLACES)
            made = step_of(on, place, length, cumulative - shown_before, cumulative, begins)
            yield replace(made, step=number)
            shown_before, start = cumulative, end


def _with(session: Session, infusion: Resumed) -> Session:
    """The session with what is given of it; where it was stopped that is less, and the rest is left over."""
    if infusion.interruptions[-1].resume_min is not None:
        return session._replace(infusion=infusion)
    given_g = decimal_not_0(infusion.exact_ml / infusion.ml_per_g, 3)
    left_g = session.leftover_g + session.dose_g - given_g  # control: stopped-is-left-over
    return session._replace(infusion=infusion, dose_g=given_g, volume_ml=infusion.volume_ml, leftover_g=left_g)
