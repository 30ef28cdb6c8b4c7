"""How many grams one course is: g/kg times the dosing weight, its caps, and rounding to what can be given."""

from __future__ import annotations

from functools import cached_property
from math import ceil
from typing import Literal

from msgspec import Struct

from ivigcalc.definitions import Dose, Limit, Phase, Range, Rounding
from ivigcalc.errors import RefusedError, RequestError
from ivigcalc.exact import Fraction
from ivigcalc.quantity import MONTH_DAYS, Quantity, decimal_of, figure
from ivigcalc.request.request import OrderedDose, Treatment

#: more than this is no dose for anybody: it is refused before any vial is counted
BELIEVABLE_G = 10_000
FOUR_WEEKS_DAYS = 28


Basis = Literal["order", "protocol", "nobody"]


class Prescribed(Struct, frozen=True):
    """What one course should be, exactly, before rounding, and the most that a course and a day of it may be.

    `exact` is the figure of `dose`, in g/kg or g, where that had to be rounded to be written down. `basis` says who
    settled whether it is of a course or of a day: the order, the protocol, or nobody. `least`: what the protocol prints
    as the least of a course.
    """

    dose: Quantity
    per_day: bool
    source: str | None
    cap: Quantity | None
    cap_per_day: Quantity | None = None
    exact: Fraction | None = None
    basis: Basis = "protocol"
    least: Quantity | None = None

    def grams(self, weight_kg: Fraction) -> Fraction:
        """What the dose comes to for a weight: of a course, or of a day of it."""
        base = self.dose.base if self.exact is None else self.exact
        return base * weight_kg if self.dose.dimension == "dose" else base

    def least_g(self, exact_g: Fraction, weight_kg: Fraction) -> Fraction | None:
        """The grams of a course below which rounding does not go; none where the exact dose itself is below them."""
        least_g = amount_g(self.least, weight_kg) if self.least is not None else None
        return least_g if least_g is not None and least_g <= exact_g else None

    def cap_g(self, days: int) -> Fraction | None:
        """The most grams that so many days may come to."""
        caps = [self.cap.base] if self.cap else []
        # control: cap-of-a-day
        return min([*caps, self.cap_per_day.base * days] if self.cap_per_day else caps, default=None)


class CourseDose(Struct, frozen=True, dict=True):
    """One course: the exact grams, the grams given, and the session doses, larger first.

    `smallest`: nothing below could be given, so the dose was rounded up whatever the rule. `rounding`: by which rule,
    where it was rounded. `instead_of_g`: what that rule alone would give, where it is not taken; `day_bound_g` and
    `course_bound_g` are then the most that rounding may reach, `course_least_g` the least. `opened`: drawn from opened
    vials, because whole ones differ too much. `preferred`: the policy's preference chose it, and not the nearness to
    the exact dose.
    """

    prescribed_g: Fraction
    dose_g: Fraction
    session_doses_g: tuple[Fraction, ...]
    days_because: str
    capped: bool
    smallest: bool = False
    rounding: Rounding | None = None
    instead_of_g: Fraction | None = None
    day_bound_g: Fraction | None = None
    course_bound_g: Fraction | None = None
    course_least_g: Fraction | None = None
    opened: bool = False
    preferred: bool = False

    @cached_property
    def deviation_percent(self) -> Fraction:
        """Signed difference of the given from the exact dose."""
        return (self.dose_g - self.prescribed_g) / self.prescribed_g * 100


def prescribed_dose(ordered: Treatment, phase: Phase, protocol_name: str, no_dose_because: str | None) -> Prescribed:
    """The ordered dose, else the protocol's where it publishes one figure; else a request for `--dose`."""
    dose = phase.dose
    if ordered.dose is not None:
        return _as_ordered(ordered.dose, dose)
    if dose is None:
        why = f" ({no_dose_because})" if no_dose_because else ""
        raise RequestError(
            f"{protocol_name} publishes no dose{why}: give --dose, in g/kg or g", field="dose", code="dose-needed"
        )
    published = dose.published
    if published.single is None:
        basis = "per day" if dose.per_day else "per course"
        raise RequestError(
            f"{protocol_name} publishes a range, {published} {basis}: choose within it with --dose",
            field="dose",
            code="dose-needed",
        )
    per_day = dose.per_day is not None
    return Prescribed(published.single, per_day, dose.source, dose.cap, dose.cap_per_day, least=dose.least)


def _as_ordered(ordered: OrderedDose, published: Dose | None) -> Prescribed:
    """An ordered dose: of what the order says it is, else of what the protocol prints its own for."""
    if published is None:
        basis: Basis = "order" if ordered.per else "nobody"
        return Prescribed(ordered.amount, ordered.per == "day", None, None, basis=basis)
    per_day = ordered.per == "day" if ordered.per else published.per_day is not None
    basis = "order" if ordered.per else "protocol"
    caps = published.cap, published.cap_per_day
    return Prescribed(ordered.amount, per_day, None, *caps, basis=basis, least=published.least)


def both_readings(dose: Quantity, days: int, weight_kg: Fraction) -> RequestError:
    """The refusal of a dose of which nobody says whether it is of a course or of each of its days."""
    grams = amount_g(dose, weight_kg)
    return RequestError(
        f"--dose {dose} may be {dose} in all = {figure(grams)} g, or on each of {days} days = {figure(grams * days)} g:"
        f" write {dose.unit}/course or {dose.unit}/day",
        field="dose",
        code="dose-basis-needed",
    )


def course_grams(prescribed: Prescribed, days: int, weight_kg: Fraction) -> tuple[Fraction, bool]:
    """Exact grams of one course of so many days, and whether a cap of the protocol was binding."""
    grams = believable(prescribed.grams(weight_kg) * (days if prescribed.per_day else 1))
    cap_g = prescribed.cap_g(days)
    return (cap_g, True) if cap_g is not None and grams > cap_g else (grams, False)


def believable(grams: Fraction) -> Fraction:
    """The same grams; refused where no body could take them, so that a slip of the keyboard costs no time or memory."""
    if grams > BELIEVABLE_G:
        raise RefusedError(
            "dose-implausible",
            f"{figure(grams)} g is no dose of immunoglobulin: check weight, dose and units",
            overridable=False,
        )
    return grams


def amount_g(dose: Quantity, weight_kg: Fraction) -> Fraction:
    """Grams of a dose: per kg times the weight, or flat."""
    return dose.base * weight_kg if dose.dimension == "dose" else dose.base


def published_interval(phase: Phase, ordered: Treatment) -> Quantity | None:
    """The ordered interval, else the published one where it is one figure."""
    if ordered.every is not None:
        return ordered.every
    return phase.interval.every.single if phase.interval else None


def interval_days(interval: Quantity) -> Fraction:
    """Days from course to course; a month counts as its average."""
    return interval.base * (MONTH_DAYS if interval.dimension == "months" else 1)


def interval_fits(phase: Phase, ordered: Quantity) -> bool:
    """Whether an ordered interval is the published one, or lies in the published range."""
    if phase.interval is None:
        return phase.apart is None or phase.apart.allows(ordered)  # control: courses-apart
    low, high = phase.interval.every.from_, phase.interval.every.to
    return ordered.dimension == low.dimension and low.base <= ordered.base <= high.base


def of_four_weeks(dose: Quantity, every: Quantity) -> tuple[Quantity, Fraction]:
    """What each course has of a dose of four weeks: to be written down, and exactly, in the base unit."""
    share = every.base / FOUR_WEEKS_DAYS
    return Quantity(decimal_of(Fraction(dose.value) * share, 6), dose.unit), dose.base * share


def share_of_published(published: Dose, per_day: bool, days: int) -> Fraction:
    """How much of what a dose is published for (a course or a day) a dose of a day, or of a course, is."""
    if per_day == (published.per_day is not None):
        return Fraction(1)
    return Fraction(days) if per_day else Fraction(1, days)


def per_four_weeks(interval: Quantity | None) -> Fraction:
    """How many courses four weeks hold at this interval: at least the one that is given."""
    return max(Fraction(1), FOUR_WEEKS_DAYS / interval_days(interval)) if interval else Fraction(1)


def courses_in_four_weeks(interval: Quantity | None, courses: int) -> int:
    """How many of so many courses at this interval begin within four weeks."""
    return min(courses, ceil(FOUR_WEEKS_DAYS / interval_days(interval))) if interval else 1


def outside(published: Range[Quantity], dose: Quantity, weight_kg: Fraction, share: Fraction = Fraction(1)) -> bool:
    """Whether an ordered dose lies outside a published range, compared in grams.

    `share`: how much of what the range is for one such dose is: 5 for a dose of a day against a range of 5-day courses.
    """
    grams = amount_g(dose, weight_kg) * share
    return not amount_g(published.from_, weight_kg) <= grams <= amount_g(published.to, weight_kg)


def over_limit(day_dose_g: Fraction, limits: tuple[Limit, ...], weight_kg: Fraction) -> Limit | None:
    """The first daily limit that a day's dose passes."""
    return next((limit for limit in limits if limit.per == "day" and day_dose_g > amount_g(limit.max, weight_kg)), None)
