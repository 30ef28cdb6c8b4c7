"""One infusion as it is shown: the exact titration turned into decimals once, and the bottles it is drawn from."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache, partial

from ivigcalc.engine.plan import Infusion, InfusionBottle, InfusionStep
from ivigcalc.engine.titration import Climb, Ladder, shown_per_kg
from ivigcalc.memo import remembered
from ivigcalc.quantity import decimal_of, rounded

#: decimals shown of rates per kg, volumes and minutes
RATE_PLACES, VOLUME_PLACES, MINUTE_PLACES = 4, 3, 2


def make_infusion(on: Climb, dose_g: Fraction, vials: tuple[tuple[Fraction, int], ...]) -> Infusion:
    """Titrate a dose: the ladder is run until the volume is in, and the last step takes what is left."""
    volume_ml = dose_g * on.ladder.ml_per_g
    last = on.last_rung(volume_ml)
    minutes, per_min = on.minute(volume_ml, last)
    steps = _full_steps(on)[:last]
    return Infusion(
        ladder=on.ladder.uses,
        minutes=rounded(minutes, per_min, MINUTE_PLACES),
        duration_min=-(-minutes // per_min),
        volume_ml=decimal_of(volume_ml, VOLUME_PLACES),
        steps=(*steps, _last_step(on, last, volume_ml, minutes, per_min, steps)),
        draw=partial(_bottles, on, last, volume_ml, vials),
        longest_bottle_min=partial(_longest_bottle_min, on, last, volume_ml, vials),
    )


@lru_cache(maxsize=64)
def _full_steps(on: Climb) -> tuple[InfusionStep, ...]:
    """Every rung but the last at its full length, whatever the dose."""
    found: list[InfusionStep] = []
    shown_before = Decimal(0)
    from_min = 0
    for place, (volume, to_min) in enumerate(zip(on.full_ml, on.full_min, strict=True)):
        cumulative = rounded(volume, on.per_ml, VOLUME_PLACES)
        minutes = rounded(to_min - from_min, on.per_min, MINUTE_PLACES)
        start = rounded(from_min, on.per_min, MINUTE_PLACES)
        found.append(_step(on, place, minutes, cumulative - shown_before, cumulative, start))
        shown_before, from_min = cumulative, to_min
    return tuple(found)


def _last_step(
    on: Climb, last: int, volume_ml: Fraction, minutes: int, per_min: int, before: tuple[InfusionStep, ...]
) -> InfusionStep:
    start = on.full_min[last - 1] if last else 0
    length = rounded(minutes * on.per_min - start * per_min, per_min * on.per_min, MINUTE_PLACES)
    total = decimal_of(volume_ml, VOLUME_PLACES)
    volume = total - before[-1].cumulative_ml if before else total
    return _step(on, last, length, volume, total, rounded(start, on.per_min, MINUTE_PLACES))


def _step(
    on: Climb, place: int, minutes: Decimal, volume_ml: Decimal, cumulative_ml: Decimal, start: Decimal
) -> InfusionStep:
    """Cumulative volumes are rounded, and each step is the difference: what is shown sums exactly."""
    rate, rung, _ = on.rates[place]
    per_kg, per_kg_mg = _per_kg(on.ladder, shown_per_kg(on, place))
    return InfusionStep(
        step=place + 1,
        rate_ml_per_kg_per_h=per_kg,
        rate_mg_per_kg_per_min=per_kg_mg,
        rate_ml_per_h=decimal_of(rate, RATE_PLACES),
        duration_min=minutes,
        volume_ml=decimal_of(volume_ml, VOLUME_PLACES),
        cumulative_ml=cumulative_ml,
        from_start_min=start,
        assumed=rung.assumed,
    )


@remembered(1024)
def _per_kg(ladder: Ladder, rate: Fraction | None) -> tuple[Decimal | None, Decimal | None]:
    """A rate in mL/kg/h and in mg/kg/min."""
    if rate is None:
        return None, None
    return decimal_of(rate, RATE_PLACES), decimal_of(rate * 1000 / ladder.ml_per_g / 60, RATE_PLACES)


def _longest_bottle_min(on: Climb, last: int, volume_ml: Fraction, vials: tuple[tuple[Fraction, int], ...]) -> Fraction:
    """That of the first bottle: none is larger, and the rate never falls."""
    return Fraction(*on.minute(min(vials[0][0] * on.ladder.ml_per_g, volume_ml), last)) if vials else Fraction(0)


def _bottles(
    on: Climb, last: int, volume_ml: Fraction, vials: tuple[tuple[Fraction, int], ...]
) -> tuple[InfusionBottle, ...]:
    found: list[InfusionBottle] = []
    given = Fraction(0)
    start = decimal_of(0, MINUTE_PLACES)
    for size_g, count in vials:
        for _ in range(count):
            volume = min(size_g * on.ladder.ml_per_g, volume_ml - given)
            given += volume
            end = rounded(*on.minute(given, last), MINUTE_PLACES)
            size, shown = decimal_of(size_g, 3), decimal_of(volume, VOLUME_PLACES)
            found.append(InfusionBottle(len(found) + 1, size, shown, start, end))
            start = end
    return tuple(found)
