"""One infusion as it is given: its steps, its interruptions, and the exact titration behind them."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from ivigcalc.exact import Fraction

if TYPE_CHECKING:
    from ivigcalc.engine.titration import Climb


class InfusionStep(Struct, frozen=True):
    """One rung as it is set on the pump, whatever the day. Volumes to 0.001 mL, minutes to 0.01.

    `calculated_ml_per_h`: what the rung comes to, where the pump cannot be set to it.
    """

    step: int
    rate_ml_per_kg_per_h: Decimal | None
    rate_mg_per_kg_per_min: Decimal | None
    rate_ml_per_h: Decimal
    duration_min: Decimal
    volume_ml: Decimal
    cumulative_ml: Decimal
    from_start_min: Decimal
    assumed: bool
    calculated_ml_per_h: Decimal | None


class Interruption(Struct, frozen=True):
    """A pause of an infusion, in minutes from its start; `resume_min` is None where it was stopped for good.

    `rate`: as it was ordered to go on.
    """

    at_min: int
    resume_min: int | None
    in_ml: Decimal
    left_ml: Decimal
    rate_before_ml_per_h: Decimal
    rate_after_ml_per_h: Decimal | None
    rate: str | None


@dataclass(frozen=True, slots=True)
class Infusion:
    """The titration of one dose, shared by every session that gives it. `climb`: the same, exact."""

    ladder: str
    minutes: Decimal
    duration_min: int
    volume_ml: Decimal
    steps: tuple[InfusionStep, ...]
    exact_ml: Fraction = field(compare=False, repr=False)
    climb: Climb = field(compare=False, repr=False)
    interruptions: tuple[Interruption, ...] = field(default=(), kw_only=True)

    @property
    def ahead(self) -> tuple[InfusionStep, ...]:
        """The steps that are still to be set: after an interruption those that follow it."""
        if not self.interruptions:
            return self.steps
        resume_min = self.interruptions[-1].resume_min
        return tuple(s for s in self.steps if resume_min is not None and s.from_start_min >= resume_min)

    def minute(self, volume_ml: Fraction) -> tuple[int, int]:
        """The minute at which so much is in, exactly, as numerator and denominator."""
        return self.climb.minute(volume_ml, len(self.steps) - 1)

    @property
    def ml_per_g(self) -> Fraction:
        """Volume of one gram."""
        return self.climb.ladder.ml_per_g
