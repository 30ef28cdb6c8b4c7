"""What is answered: frozen records, in the order and with the names of the JSON document `ivigcalc.plan/1`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from math import floor
from typing import Literal, NamedTuple

from ivigcalc.definitions import Loaded, LoadedPolicy, Product, Regimen, Safety, Site
from ivigcalc.quantity import decimal_of
from ivigcalc.request.request import Request

Level = Literal["info", "caution", "stop"]
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WeightBasis = Literal["actual", "ideal", "adjusted", "pre-pregnancy"]
CHECK_LINE = "Results must be checked by a qualified person before use."


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the reader must know. A stop is here only when it was overridden.

    `sessions`: (course, day) of those that it is about; none where it is about the whole plan.
    """

    code: str
    level: Level
    message: str
    value: str | None = None
    limit: str | None = None
    source: str | None = None
    overridden_because: str | None = None
    sessions: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class TraceEntry:
    """One number, and how to redo it by hand."""

    name: str
    expression: str
    inputs: dict[str, Decimal | str]
    result: Decimal | str | None
    unit: str
    source: str | None = None


@dataclass(frozen=True, slots=True)
class DosingWeight:
    """The weight that g/kg is multiplied by, with the others beside it (kg to 0.01, BMI to 0.1)."""

    kg: Decimal
    basis: WeightBasis
    actual_kg: Decimal
    ideal_kg: Decimal | None
    adjusted_kg: Decimal | None
    bmi: Decimal | None


@dataclass(frozen=True, slots=True)
class RateWeight:
    """The weight that mL/kg/h is multiplied by."""

    kg: Decimal
    basis: WeightBasis


@dataclass(frozen=True, slots=True)
class Course:
    """One treatment cycle: prescribed, rounded, and by how much they differ."""

    prescribed_g: Decimal
    dose_g: Decimal
    deviation_percent: Decimal
    g_per_kg: Decimal
    days: int
    interval: str | None
    phase: str = "course"
    first_course: int = 1
    courses: int = 1


@dataclass(frozen=True, slots=True)
class VialCount:
    """How many vials of one size."""

    size_g: Decimal
    count: int


@dataclass(frozen=True, slots=True)
class InfusionStep:
    """One rung as it is set on the pump, whatever the day. Volumes to 0.001 mL, minutes to 0.01."""

    step: int
    rate_ml_per_kg_per_h: Decimal | None
    rate_mg_per_kg_per_min: Decimal | None
    rate_ml_per_h: Decimal
    duration_min: Decimal
    volume_ml: Decimal
    cumulative_ml: Decimal
    from_start_min: Decimal
    assumed: bool


@dataclass(frozen=True, slots=True)
class InfusionBottle:
    """One bottle of an infusion: what of it is given, and when it is opened and empty, in minutes from the start."""

    bottle: int
    size_g: Decimal
    volume_ml: Decimal
    from_start_min: Decimal
    to_min: Decimal


@dataclass(frozen=True)
class Infusion:
    """The titration of one dose, shared by every session that gives it."""

    ladder: str
    minutes: Decimal
    duration_min: int
    volume_ml: Decimal
    steps: tuple[InfusionStep, ...]
    draw: Callable[[], tuple[InfusionBottle, ...]] = field(compare=False, repr=False)
    longest_bottle_min: Callable[[], Fraction] = field(compare=False, repr=False)

    @cached_property
    def bottles(self) -> tuple[InfusionBottle, ...]:
        """What it is drawn from, worked out when somebody asks: a batch of tables does not."""
        return self.draw()


@dataclass(frozen=True, slots=True)
class Step(InfusionStep):
    """A step of one session, with the clock time at which it is set and what is left in the bag after it."""

    remaining_ml: Decimal
    starts_at: str | None


@dataclass(frozen=True, slots=True)
class Bottle(InfusionBottle):
    """A bottle of one session, with the clock times at which it is hung and changed."""

    starts_at: str | None
    ends_at: str | None


class Session(NamedTuple):
    """One infusion visit. `at_min` is the clock time of its start in minutes after midnight.

    A tuple and no dataclass, because a batch makes so many of them.
    """

    course: int
    day: int
    on: date | None
    at_min: int | None
    dose_g: Decimal
    volume_ml: Decimal | None
    vials: tuple[VialCount, ...]
    leftover_g: Decimal
    infusion: Infusion | None
    phase: str = "course"
    overhead_before_min: int = 0
    overhead_after_min: int = 0

    @property
    def date(self) -> str | None:
        """The day, as YYYY-MM-DD."""
        return self.on.isoformat() if self.on else None

    @property
    def weekday(self) -> str | None:
        """The day of the week, in English whatever the locale."""
        return WEEKDAYS[self.on.weekday()] if self.on else None

    @property
    def starts_at(self) -> str | None:
        """When the infusion starts."""
        return self.clock(0)

    @property
    def ends_at(self) -> str | None:
        """When the infusion ends, by the exact length rounded up to a minute."""
        return self.clock(self.infusion.duration_min) if self.infusion else None

    @property
    def duration_min(self) -> int | None:
        """Whole minutes, the exact total rounded up once."""
        return self.infusion.duration_min if self.infusion else None

    @property
    def visit_from(self) -> str | None:
        """When the patient must arrive, for the site's arrival and premedication times."""
        return self.clock(-self.overhead_before_min)

    @property
    def visit_to(self) -> str | None:
        """When the patient may leave, after flush and observation."""
        return self.clock(self.infusion.duration_min + self.overhead_after_min) if self.infusion else None

    def clock(self, minutes: int | Decimal) -> str | None:
        """Local time so many minutes after the start: with its date where there is one, else HH:MM."""
        if self.at_min is None:
            return None
        return clock_text(self.on, self.at_min + floor(minutes))

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps with their clock times."""
        if self.infusion is None:
            return ()
        total = self.infusion.volume_ml
        return tuple(
            Step(s.step, s.rate_ml_per_kg_per_h, s.rate_mg_per_kg_per_min, s.rate_ml_per_h, s.duration_min, s.volume_ml, s.cumulative_ml,
                 s.from_start_min, s.assumed, decimal_of(total - s.cumulative_ml, 3), self.clock(s.from_start_min))
            for s in self.infusion.steps
        )  # fmt: skip

    @property
    def bottles(self) -> tuple[Bottle, ...]:
        """The bottles with their clock times."""
        shared = self.infusion.bottles if self.infusion else ()
        return tuple(
            Bottle(
                b.bottle,
                b.size_g,
                b.volume_ml,
                b.from_start_min,
                b.to_min,
                self.clock(b.from_start_min),
                self.clock(b.to_min),
            )
            for b in shared
        )


def clock_text(on: date | None, minutes: int) -> str:
    """Minutes after midnight of a day as YYYY-MM-DDTHH:MM, or HH:MM (of whatever day) without one."""
    days, minute = divmod(minutes, 24 * 60)
    time = f"{minute // 60:02}:{minute % 60:02}"
    return f"{on + timedelta(days=days)}T{time}" if on else time


@dataclass(frozen=True, slots=True)
class Cost:
    """What the grams cost at the site's own price."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over all sessions."""

    courses: int
    sessions: int
    dose_g: Decimal
    volume_ml: Decimal | None
    vials: tuple[VialCount, ...]
    leftover_g: Decimal
    cost: Cost | None


@dataclass(frozen=True, slots=True)
class ComputedFrom:
    """Everything the plan was computed from: enough to compute it again."""

    request: Request
    regimen: Loaded[Regimen] | None
    protocol: str | None
    product: Loaded[Product]
    policy: LoadedPolicy
    site: Loaded[Site]
    safety: Loaded[Safety]
    defaults_used: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything computed for one patient."""

    ivigcalc_version: str
    computed_from: ComputedFrom
    dosing_weight: DosingWeight
    rate_weight: RateWeight
    course: Course
    sessions: tuple[Session, ...]
    totals: Totals
    notices: tuple[Notice, ...]
    trace: tuple[TraceEntry, ...]
    phases: tuple[Course, ...]
    sources: tuple[str, ...]
    last_covered: str | None = None
