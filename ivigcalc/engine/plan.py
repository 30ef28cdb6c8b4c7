"""What is answered: frozen records, in the order and with the names of the JSON document `ivigcalc.plan/1`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from math import floor
from typing import Literal, NamedTuple

from msgspec import Struct

from ivigcalc.clock import DAY_MIN
from ivigcalc.definitions import Loaded, LoadedPolicy, Product, ProductClass, Regimen, Safety, Site
from ivigcalc.engine.revision import Revision as Revision
from ivigcalc.engine.revision import Was as Was
from ivigcalc.engine.steps import Infusion as Infusion
from ivigcalc.engine.steps import InfusionStep as InfusionStep
from ivigcalc.engine.steps import Interruption as Interruption
from ivigcalc.exact import Fraction
from ivigcalc.quantity import decimal_not_0, decimal_of, rounded
from ivigcalc.request.request import Request

Level = Literal["info", "caution", "stop"]
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WeightBasis = Literal["actual", "ideal", "adjusted", "pre-pregnancy"]
CHECK_LINE = "Results must be checked by a qualified person before use."  # control: check-line


class Notice(Struct, frozen=True, cache_hash=True):
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


class TraceEntry(Struct, frozen=True):
    """One number, and how to redo it by hand."""

    name: str
    expression: str
    inputs: dict[str, Decimal | str]
    result: Decimal | str | None
    unit: str
    source: str | None = None


class DosingWeight(Struct, frozen=True):
    """The weight that g/kg is multiplied by, with the others beside it (kg to 0.01, BMI to 0.1)."""

    kg: Decimal
    basis: WeightBasis
    actual_kg: Decimal
    ideal_kg: Decimal | None
    adjusted_kg: Decimal | None
    bmi: Decimal | None


class RateWeight(Struct, frozen=True):
    """The weight that mL/kg/h is multiplied by."""

    kg: Decimal
    basis: WeightBasis


class Course(Struct, frozen=True):
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
    basis: Literal["course", "day"] = "course"
    dosing_weight_kg: Decimal | None = None


class Given(Struct, frozen=True):
    """What is given of a course in all, where that is not what was planned."""

    course: int
    dose_g: Decimal
    g_per_kg: Decimal


class VialCount(Struct, frozen=True):
    """How many vials of one size."""

    size_g: Decimal
    count: int


class Titration(Struct, frozen=True):
    """An infusion, and the places of the sessions that give it among those of the plan, counted from 0."""

    infusion: Infusion
    places: tuple[int, ...]


class Step(InfusionStep, frozen=True):
    """A step of one session, with the clock time at which it is set and what is left in the bag after it."""

    remaining_ml: Decimal
    starts_at: str | None


class Bottle(Struct, frozen=True):
    """A bottle of one session: what of it is given, when it is hung and changed, from the start and by the clock."""

    bottle: int
    size_g: Decimal
    volume_ml: Decimal
    from_start_min: Decimal
    to_min: Decimal
    starts_at: str | None
    ends_at: str | None


class InfusionTime(Struct, frozen=True):
    """How long an infusion is to last: at least and at most so many minutes; no source where the order says so."""

    from_min: Decimal | None
    to_min: Decimal | None
    source: str | None


class ClockChange(Struct, frozen=True):
    """Clocks that are changed: so many minutes after the start of an infusion, forward by so many minutes."""

    after_min: int
    by_min: int


class Session(NamedTuple):
    """One infusion visit. `at_min` is the clock time of its start in minutes after midnight.

    `clock_change`: where the clocks of the site are changed between arrival and leaving, or so shortly before or after
    that one of these times comes twice.

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
    infusion_time: InfusionTime | None = None
    clock_change: ClockChange | None = None
    done: bool = False
    product: str = ""

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
        wall_min = self.wall_min(minutes)
        return None if wall_min is None else clock_text(self.on, wall_min)

    def wall_min(self, minutes: int | Decimal) -> int | None:
        """What the clock on the wall shows so many minutes after the start, in minutes after midnight of the day."""
        if self.at_min is None:
            return None
        shown, change = self.at_min + floor(minutes), self.clock_change
        if change is None:
            return shown
        # `at_min` is what the wall shows at the start, so a change before it has been counted in already
        if change.after_min > 0:
            return shown + change.by_min if minutes >= change.after_min else shown  # control: wall-clock
        return shown if minutes >= change.after_min else shown - change.by_min

    def time_that_comes_twice(self, minutes: int | Decimal) -> Literal[1, 2] | None:
        """Whether the wall shows that time the first or the second time, in a night in which clocks are put back."""
        change = self.clock_change
        if change is None or change.by_min >= 0:
            return None
        after_change = floor(minutes) - change.after_min
        if not change.by_min <= after_change < -change.by_min:  # control: which-of-two
            return None
        return 1 if after_change < 0 else 2

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps with their clock times."""
        if self.infusion is None:
            return ()
        total = self.infusion.volume_ml
        return tuple(
            Step(
                s.step,
                s.rate_ml_per_kg_per_h,
                s.rate_mg_per_kg_per_min,
                s.rate_ml_per_h,
                s.duration_min,
                s.volume_ml,
                s.cumulative_ml,
                s.from_start_min,
                s.assumed,
                s.calculated_ml_per_h,
                decimal_of(total - s.cumulative_ml, 3),
                self.clock(s.from_start_min),
            )
            for s in self.infusion.steps
        )

    @property
    def ahead(self) -> tuple[Step, ...]:
        """Those that are still to be set: after an interruption the ones that follow it."""
        many = len(self.infusion.ahead) if self.infusion else 0
        return self.steps[len(self.steps) - many :]

    @property
    def longest_bottle_min(self) -> Fraction:
        """For how many minutes the bottle is open that is open longest, exactly."""
        infusion, ends = self.infusion, [Fraction(0)]
        for _, _, so_far_ml in self.drawn(infusion.ml_per_g, infusion.exact_ml) if infusion else ():
            ends.append(Fraction(*infusion.minute(so_far_ml)) if infusion else Fraction(0))
        return max((end - start for start, end in pairwise(ends)), default=Fraction(0))

    @property
    def bottles(self) -> tuple[Bottle, ...]:
        """The bottles with their clock times."""
        if self.infusion is None:
            return ()
        found: list[Bottle] = []
        start = Decimal(0)
        for size_g, given_ml, so_far_ml in self.drawn(self.infusion.ml_per_g, self.infusion.exact_ml):
            end = rounded(*self.infusion.minute(so_far_ml), 2)
            shown = decimal_of(given_ml, 3)
            found.append(Bottle(len(found) + 1, size_g, shown, start, end, self.clock(start), self.clock(end)))
            start = end
        return tuple(found)

    def drawn(self, ml_per_g: Fraction, whole_ml: Fraction) -> Iterator[tuple[Decimal, Fraction, Fraction]]:
        """Size of each bottle in g, what of it is given, and how much is in when it is empty, in mL."""
        given_ml = Fraction(0)
        for vial in self.vials:
            for _ in range(vial.count):
                of_bottle_ml = min(Fraction(vial.size_g) * ml_per_g, whole_ml - given_ml)
                if not of_bottle_ml:
                    return  # the infusion was stopped before it was hung
                given_ml += of_bottle_ml
                yield vial.size_g, of_bottle_ml, given_ml


def vials_of_all(sessions: Iterable[Session]) -> tuple[VialCount, ...]:
    """The vials of several sessions, larger first."""
    counts: Counter[Decimal] = Counter()
    for session in sessions:
        counts.update({vial.size_g: vial.count for vial in session.vials})
    return tuple(VialCount(size_g, counts[size_g]) for size_g in sorted(counts, reverse=True))


def clock_text(on: date | None, minutes: int) -> str:
    """Minutes after midnight of a day as YYYY-MM-DDTHH:MM, or HH:MM (of whatever day) without one."""
    days, minute = divmod(minutes, DAY_MIN)
    time = f"{minute // 60:02}:{minute % 60:02}"
    return f"{on + timedelta(days=days)}T{time}" if on else time


class Cost(Struct, frozen=True):
    """What the grams cost at the site's own price."""

    amount: Decimal
    currency: str


class Totals(Struct, frozen=True):
    """Sums over all sessions."""

    courses: int
    sessions: int
    dose_g: Decimal
    volume_ml: Decimal | None
    vials: tuple[VialCount, ...]
    leftover_g: Decimal
    cost: Cost | None


class ComputedFrom(Struct, frozen=True):
    """Everything the plan was computed from: enough to compute it again."""

    request: Request
    regimen: Loaded[Regimen] | None
    protocol: str | None
    product: Loaded[Product]
    policy: LoadedPolicy
    site: Loaded[Site]
    safety: Loaded[Safety]
    product_class: Loaded[ProductClass] | None = None
    defaults_used: tuple[str, ...] = ()


class Segment(Struct, frozen=True):
    """The plan from a course on, under the order that is in force from then."""

    first_course: int
    plan: Plan


class Plan(Struct, frozen=True):
    """Everything computed for one patient.

    Of a plan that was changed, `history` holds the changes and `segments` the plans that it is joined from;
    `computed_from` is what was asked at first, the weights are those that are in force at the end.
    """

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
    titrations: tuple[Titration, ...] = ()
    #: the order in one line, with all that the protocol filled in; `--order` reads it
    order_text: str = ""
    history: tuple[Revision, ...] = ()
    segments: tuple[Segment, ...] = ()

    @property
    def revision(self) -> Revision | None:
        """The last change; None in a first plan."""
        return self.history[-1] if self.history else None

    @property
    def left_out(self) -> tuple[Was, ...]:
        """The sessions that changes have left out, as they were last."""
        there = {(session.course, session.day) for session in self.sessions}
        gone = {(was.course, was.day): was for change in self.history for was in change.before}
        return tuple(was for place, was in gone.items() if place not in there)

    def of(self, session: Session) -> Plan:
        """The plan that a session was worked out in, with the product and the weight that are its own."""
        own = [segment.plan for segment in self.segments if segment.first_course <= session.course]
        return own[-1] if own else self  # control: own-product

    def less_given(self, planned: Course) -> Iterator[Given]:
        """The courses of `planned` of which another dose is given than was planned: stopped, or a day is left out."""
        for course in range(planned.first_course, planned.first_course + planned.courses):
            sessions = [session for session in self.sessions if session.course == course]
            grams = sum((session.dose_g for session in sessions), Decimal(0))
            if grams != planned.dose_g:
                kg = self.of(sessions[0]).dosing_weight.kg if sessions else self.dosing_weight.kg
                yield Given(course, grams, decimal_not_0(Fraction(grams) / Fraction(kg), 3))
