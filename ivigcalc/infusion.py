"""One infusion as it is shown: the exact titration turned into decimals once, and the bottles it is drawn from."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache, partial

from ivigcalc.plan import Infusion, InfusionBottle, InfusionStep
from ivigcalc.quantity import decimal_of
from ivigcalc.titration import Ceilings, Ladder, SetStep, Titration, full_steps, titrate

#: decimals shown of rates per kg, volumes and minutes
RATE_PLACES, VOLUME_PLACES, MINUTE_PLACES = 4, 3, 2


@lru_cache(maxsize=8192)
def make_infusion(
    ladder: Ladder, weight_kg: Fraction, limits: Ceilings, dose_g: Fraction, vials: tuple[tuple[Fraction, int], ...]
) -> Infusion:
    """Titrate a dose. Cached: the courses of a plan share their infusions."""
    volume_ml = dose_g * ladder.ml_per_g
    titration = titrate(ladder, weight_kg, limits, volume_ml)
    steps = _full_steps(ladder, weight_kg, limits)[: len(titration.steps) - 1]
    return Infusion(
        ladder=", ".join(ladder.table.for_),
        minutes=decimal_of(titration.minutes, MINUTE_PLACES),
        duration_min=titration.duration_min,
        volume_ml=decimal_of(volume_ml, VOLUME_PLACES),
        steps=(*steps, _shown(ladder, len(steps) + 1, titration.steps[-1], steps[-1] if steps else None)),
        draw=partial(_bottles, titration, ladder, volume_ml, vials),
    )


@lru_cache(maxsize=4096)
def _full_steps(ladder: Ladder, weight_kg: Fraction, limits: Ceilings) -> tuple[InfusionStep, ...]:
    """The full steps of a patient's ladder as they are shown, whatever the dose."""
    found: list[InfusionStep] = []
    for number, step in enumerate(full_steps(ladder, weight_kg, limits), start=1):
        found.append(_shown(ladder, number, step, found[-1] if found else None))
    return tuple(found)


def _shown(ladder: Ladder, number: int, step: SetStep, before: InfusionStep | None) -> InfusionStep:
    """Cumulative volumes are rounded, and each step is the difference: what is shown sums exactly."""
    cumulative = decimal_of(step.cumulative_ml, VOLUME_PLACES)
    per_kg = step.rate_ml_per_kg_per_h
    return InfusionStep(
        step=number,
        rate_ml_per_kg_per_h=None if per_kg is None else decimal_of(per_kg, RATE_PLACES),
        rate_mg_per_kg_per_min=None if per_kg is None else decimal_of(per_kg * 1000 / ladder.ml_per_g / 60, RATE_PLACES),
        rate_ml_per_h=decimal_of(step.rate_ml_per_h, RATE_PLACES),
        duration_min=decimal_of(step.minutes, MINUTE_PLACES),
        volume_ml=decimal_of(cumulative - before.cumulative_ml, VOLUME_PLACES) if before else cumulative,
        cumulative_ml=cumulative,
        from_start_min=decimal_of(step.from_min, MINUTE_PLACES),
        assumed=step.assumed,
    )


def _bottles(
    titration: Titration, ladder: Ladder, volume_ml: Fraction, vials: tuple[tuple[Fraction, int], ...]
) -> tuple[InfusionBottle, ...]:
    found: list[InfusionBottle] = []
    given = Fraction(0)
    for size_g, count in vials:
        for _ in range(count):
            volume = min(size_g * ladder.ml_per_g, volume_ml - given)
            found.append(
                InfusionBottle(
                    bottle=len(found) + 1,
                    size_g=decimal_of(size_g, 3),
                    volume_ml=decimal_of(volume, VOLUME_PLACES),
                    from_start_min=decimal_of(_minute_of(titration, given), MINUTE_PLACES),
                    to_min=decimal_of(_minute_of(titration, given + volume), MINUTE_PLACES),
                )
            )
            given += volume
    return tuple(found)


def _minute_of(titration: Titration, volume_ml: Fraction) -> Fraction:
    """The minute at which so many mL are in."""
    for step in titration.steps:
        if volume_ml <= step.cumulative_ml:
            return step.from_min + (volume_ml - (step.cumulative_ml - step.volume_ml)) * 60 / step.rate_ml_per_h
    return titration.minutes
