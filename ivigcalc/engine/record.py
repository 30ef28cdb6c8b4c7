"""What the record of an infusion asks for: when the patient is looked at, and which volumes the pump can be set to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from msgspec import Struct

from ivigcalc.definitions.visit import Observations
from ivigcalc.engine.plan import Interruption, Session
from ivigcalc.exact import Fraction
from ivigcalc.quantity import Quantity, decimal_of, rounded


class Observation(Struct, frozen=True):
    """One time at which the patient is looked at: minutes from the start, and what it is for.

    `from_start_min` is None before the start. `why` is empty where it is only that time has passed.
    """

    from_start_min: Decimal | None
    why: str


def observations(session: Session, rule: Observations) -> tuple[Observation, ...]:
    """Every time at which a session's patient is looked at; only before the start where no rate says when it ends."""
    before = Observation(None, "before the start")
    infusion = session.infusion
    if infusion is None:
        return (before,)
    end = Decimal(infusion.duration_min)
    named = dict(_named(session, rule, end))
    if infusion.interruptions:
        return tuple(_from_the_pause(infusion.interruptions[-1], named, end, rule))
    during = [Observation(at, named.get(at, "")) for at in _no_longer_apart(sorted(named), rule)]
    after = [
        Observation(end + _minutes(time), f"{_minutes(time)} min after the end") for time in _in_order(rule.after_end)
    ]
    return (before, *during, *after)


def _from_the_pause(
    pause: Interruption, named: dict[Decimal, str], end: Decimal, rule: Observations
) -> Iterator[Observation]:
    """Those of an infusion that goes on, from the moment at which it does; of one that was stopped, those after it."""
    if pause.resume_min is not None:
        again = Decimal(pause.resume_min)
        yield Observation(again, "before it goes on")
        since = {_minutes(time): f"{_minutes(time)} min after it goes on" for time in rule.after_start}
        since |= {at - again: why for at, why in named.items() if at > again}
        since = {at: why for at, why in since.items() if at <= end - again}
        for at in _no_longer_apart(sorted(since), rule):
            yield Observation(again + at, since.get(at, ""))
    for time in _in_order(rule.after_end):
        yield Observation(end + _minutes(time), f"{_minutes(time)} min after the end")


def _named(session: Session, rule: Observations, end: Decimal) -> Iterator[tuple[Decimal, str]]:
    """Times that have a reason, without the start itself: the last reason of a minute counts."""
    for time in _in_order(rule.after_start):
        if _minutes(time) < end:
            yield _minutes(time), f"{_minutes(time)} min after the start"
    if rule.at_each_rate:
        for step in session.steps[1:]:
            yield step.from_start_min, f"before step {step.step}"
    yield end, "end"


def _no_longer_apart(times: Sequence[Decimal], rule: Observations) -> Iterator[Decimal]:
    """The times, with others between those that are further apart than the rule allows; the first counts from 0."""
    earlier = Decimal(0)
    for time in times:
        while rule.every is not None and time - earlier > _minutes(rule.every):
            earlier += _minutes(rule.every)
            yield earlier
        yield time
        earlier = time


def _in_order(times: Iterable[Quantity]) -> list[Quantity]:
    return sorted(times, key=lambda time: time.base)


def _minutes(time: Quantity) -> Decimal:
    return Decimal(int(time.base))


def bottles_without_rates(session: Session, concentration: Quantity | None) -> Iterator[tuple[Decimal, Decimal | None]]:
    """Size of each bottle in g, and mL of it that are given, to 0.001; None where no source prints a concentration."""
    if concentration is None:
        yield from ((vial.size_g, None) for vial in session.vials for _ in range(vial.count))
        return
    ml_per_g = 1000 / concentration.base
    for size_g, of_bottle_ml, _ in session.drawn(ml_per_g, Fraction(session.dose_g) * ml_per_g):
        yield size_g, decimal_of(of_bottle_ml, 3)


def pump_volumes_ml(session: Session, least: Quantity) -> tuple[Decimal, ...]:
    """The volume of each step as the pump is set: to its own resolution, so that they add up to the whole volume.

    Each is the difference of two running volumes, rounded to the nearest; the last one takes what is left, up to the
    whole volume to the nearest.
    """
    running = [_to_nearest(step.cumulative_ml, least) for step in session.steps]
    return tuple(later - earlier for earlier, later in zip([Decimal(0), *running], running, strict=False))


def _to_nearest(volume_ml: Decimal, least: Quantity) -> Decimal:
    unit = Fraction(least.base)
    times = rounded(*(Fraction(volume_ml) / unit).as_integer_ratio(), 0)
    exact = Fraction(times) * unit
    return rounded(*exact.as_integer_ratio(), 3)
