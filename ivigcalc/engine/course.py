"""The courses of a plan for one dosing weight: what each gives, on how many days, from which vials."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from decimal import Decimal
from functools import cached_property
from itertools import groupby, takewhile
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ivigcalc.definitions import Product, Rounding
from ivigcalc.engine.case import Case
from ivigcalc.engine.dose import (
    FOUR_WEEKS_DAYS,
    CourseDose,
    both_readings,
    course_grams,
    courses_in_four_weeks,
    interval_days,
)
from ivigcalc.engine.known import Known
from ivigcalc.engine.plan import Cost, Course, Notice, Totals, VialCount
from ivigcalc.engine.prescription import Part, Prescription
from ivigcalc.engine.rounding import Steps, plan_course
from ivigcalc.engine.stock import CourseVials, choose_vials, vials_of
from ivigcalc.engine.vials import Choice
from ivigcalc.exact import Fraction
from ivigcalc.quantity import Quantity, decimal_not_0, decimal_of
from ivigcalc.request.request import Risk

if TYPE_CHECKING:
    from ivigcalc.engine.infusion import Titrated

#: sets of rates, and answers of checks, that the courses of one weight remember
_TITRATED, _SAID = 64, 64


class Portion(Struct, frozen=True):
    """What one session gives: a dose with its vials, exact and as shown (g and mL to 0.001)."""

    exact_g: Fraction
    choice: Choice
    dose_g: Decimal
    volume_ml: Decimal | None
    vials: tuple[VialCount, ...]
    leftover_g: Decimal


class Stretch(Struct, frozen=True):
    """Courses in a row that are alike: a part of the prescription, with what each course gives.

    `portions`: of each course, those of its days. They differ between courses only where the stock made them.
    `with_all_sizes`: what each course would be if the stock had every size, where it is another dose.
    """

    part: Part
    first_course: int
    dose: CourseDose
    rounding: Rounding
    portions: tuple[tuple[Portion, ...], ...]
    with_all_sizes: CourseDose | None = None

    @property
    def days(self) -> int:
        """How many days each course has."""
        return len(self.dose.session_doses_g)

    @property
    def numbers(self) -> range:
        """The numbers of its courses, counted through the plan."""
        return range(self.first_course, self.first_course + self.part.courses)


class FourWeeks(Struct, frozen=True):
    """What the courses of a plan that begin within four weeks come to, given and exact, with their numbers."""

    given_g: Fraction
    exact_g: Fraction
    courses: tuple[int, ...]


#: interval, courses and days of a course for each stretch: all of a plan that its dates depend on
Shape = tuple[tuple[Quantity | None, int, int], ...]


class Dosed(Struct, frozen=True, dict=True):
    """All courses of a prescription for one dosing weight, exact in `stretches`, as shown in `courses`.

    `age_unknown`: small doses would be rounded finer for some ages, and nobody said the age.
    """

    kg: Fraction
    stretches: tuple[Stretch, ...]
    courses: tuple[Course, ...]
    drawn: Drawn
    age_unknown: bool = False

    @property
    def totals(self) -> Totals:
        """What all sessions come to."""
        return self.drawn.totals

    @property
    def restocked_from(self) -> int | None:
        """The first course that the stock did not reach."""
        return self.drawn.restocked_from

    @cached_property
    def titrated(self) -> Known[object, Titrated]:
        """Their infusions, by weight, what the patient is held to, and kinds."""
        return Known(_TITRATED)

    @cached_property
    def said(self) -> Known[object, tuple[Notice, ...]]:
        """What checks said that look at the doses and at little else."""
        return Known(_SAID)

    @cached_property
    def shape(self) -> Shape:
        """What the dates depend on."""
        return tuple((s.part.interval, s.part.courses, s.days) for s in self.stretches)

    @cached_property
    def most_g_per_kg(self) -> Fraction:
        """The largest course before rounding, per kilogram of dosing weight."""
        return max(stretch.dose.prescribed_g for stretch in self.stretches) / self.kg

    @cached_property
    def four_weeks(self) -> tuple[FourWeeks, ...]:
        """Of each course, what it and those that follow within four weeks come to; nothing but the plan counts."""
        begins: list[tuple[Fraction, CourseDose, int]] = []
        for stretch in self.stretches:
            every = interval_days(stretch.part.interval) if stretch.part.interval else Fraction(0)
            for number in stretch.numbers:
                begins.append((begins[-1][0] + every if begins else Fraction(0), stretch.dose, number))
        found: list[FourWeeks] = []
        for place, (first, _, _) in enumerate(begins):
            within = list(takewhile(lambda course, end=first + FOUR_WEEKS_DAYS: course[0] < end, begins[place:]))  # type: ignore[misc]
            doses = [dose for _, dose, _ in within]
            given_g = sum((dose.dose_g for dose in doses), Fraction(0))
            exact_g = sum((dose.prescribed_g for dose in doses), Fraction(0))
            found.append(FourWeeks(given_g, exact_g, tuple(number for _, _, number in within)))
        return tuple(found)

    @cached_property
    def places(self) -> tuple[tuple[int, int], ...]:
        """Course and day of each session, in order."""
        return tuple((course, day) for s in self.stretches for course in s.numbers for day in range(1, s.days + 1))

    @property
    def portions(self) -> tuple[Portion, ...]:
        """What each session of the plan gives, in order."""
        return self.drawn.of_sessions


#: the doses in g of the days of a course, and of how many courses
Given = tuple[tuple[Fraction, ...], int]


class Drawn(Struct, frozen=True, dict=True):
    """The portions of each course of each part of a plan, and what they come to: the same for every weight that is
    given the same. `restocked_from`: the first course that the stock did not reach."""

    portions: tuple[tuple[tuple[Portion, ...], ...], ...]
    totals: Totals
    restocked_from: int | None

    @cached_property
    def of_sessions(self) -> tuple[Portion, ...]:
        """The portion of each session, in order."""
        return tuple(portion for part in self.portions for course in part for portion in course)

    @cached_property
    def parts_of_sessions(self) -> tuple[int, ...]:
        """The number of the part that each session is of, from 0."""
        return tuple(number for number, part in enumerate(self.portions) for course in part for _ in course)

    @cached_property
    def sorts(self) -> tuple[int, ...]:
        """Which sessions give the same portion of the same part: the sort of each, numbered as they are first met."""
        return sorts_of(zip(self.parts_of_sessions, self.of_sessions, strict=True))


def sorts_of(values: Iterable[Hashable]) -> tuple[int, ...]:
    """Of each value its sort, that of all equal ones, numbered as they are first met."""
    known: dict[Hashable, int] = {}
    return tuple([known.setdefault(value, len(known)) for value in values])


def first_places(sorts: tuple[int, ...]) -> list[int]:
    """Where each sort is first met."""
    return [sorts.index(sort) for sort in range(max(sorts) + 1)]


def finer_for_age(case: Case) -> bool | None:
    """Whether the patient's age allows the policy's finer rounding of small doses; None where it is not known."""
    small = case.policy.rounding.small if case.policy.rounding else None
    if small is None or not small.when:
        return small is not None
    age = case.age_months
    return None if age is None else any(condition.holds(age) for condition in small.when)


def dose_courses(prescription: Prescription, kg: Fraction, finer: bool | None, risks: tuple[Risk, ...] = ()) -> Dosed:
    """All courses for a weight in kg. `finer`: small doses are rounded finer; None: that goes by an unknown age.

    `risks`: the patient's, for which a protocol may print its own number of days.
    """
    return prescription.dosed.of((kg, finer, risks), lambda: _dose_courses(prescription, kg, finer, risks))


def _dose_courses(prescription: Prescription, kg: Fraction, finer: bool | None, risks: tuple[Risk, ...]) -> Dosed:
    parts = [part.at_risk(risks) for part in prescription.parts]
    doses = [_dose(prescription, part, kg, bool(finer)) for part in parts]
    given = tuple([(dose.session_doses_g, part.courses) for (_, dose), part in zip(doses, parts, strict=True)])
    drawn = prescription.drawn.of(given, lambda: _drawn(prescription, given))
    stretches: list[Stretch] = []
    first = prescription.first_course
    for part, (rounding, dose), portions in zip(parts, doses, drawn.portions, strict=True):
        stretches.append(Stretch(part, first, dose, rounding, portions, _with_all_sizes(prescription, part, kg, dose)))
        first += part.courses
    courses = tuple([shown_course(stretch, kg) for stretch in stretches])
    return Dosed(kg, tuple(stretches), courses, drawn, finer is None)


def _drawn(prescription: Prescription, given: tuple[Given, ...]) -> Drawn:
    """From which vials courses of these doses are drawn, and what they come to."""
    days = [session_doses_g for session_doses_g, courses in given for _ in range(courses)]
    choices, restocked = choose_vials(prescription.product, prescription.site, days, dict(prescription.taken))
    portions: list[tuple[tuple[Portion, ...], ...]] = []
    before = 0
    for session_doses_g, courses in given:
        portions.append(_portions(prescription.product, session_doses_g, choices[before : before + courses]))
        before += courses
    every = [portion for part in portions for course in part for portion in course]
    restocked_from = restocked + prescription.first_course - 1 if restocked else None
    return Drawn(tuple(portions), sum_up(prescription, every, before), restocked_from)


def _portions(
    product: Product, session_doses_g: tuple[Fraction, ...], drawn: Sequence[CourseVials]
) -> tuple[tuple[Portion, ...], ...]:
    """The portions of each course: of the same doses, but each drawn from vials of its own."""
    found: list[tuple[Portion, ...]] = []
    for vials, alike in groupby(drawn):
        days: list[Portion] = []
        for given, same in groupby(zip(session_doses_g, vials, strict=True)):
            days += [portion(product, *given)] * len(list(same))
        found += [tuple(days)] * len(list(alike))
    return tuple(found)


def _dose(prescription: Prescription, part: Part, kg: Fraction, finer: bool) -> tuple[Rounding, CourseDose]:
    """The dose of each course of a part, and how it was rounded; an infusion that is ordered by itself is not."""
    ordered, days = part.prescribed, part.days
    if prescription.protocol is None:
        grams, _ = course_grams(ordered, days[0], kg)
        return prescription.rounding, CourseDose(grams, grams, (grams,), "one infusion", False)
    if part.prescribed.basis == "nobody" and days[-1] > 1:  # control: dose-basis-open
        raise both_readings(ordered.dose, days[-1], kg)
    fine = finer and is_small(prescription.rounding, part, kg)
    steps = prescription.steps_of_small_doses if fine else prescription.steps
    dose = _course(prescription, part, kg, steps)
    return dose.rounding or steps.rounding, dose


def _course(prescription: Prescription, part: Part, kg: Fraction, steps: Steps) -> CourseDose:
    as_ordered, in_four_weeks = part.ordered.days is not None, courses_in_four_weeks(part.interval, part.courses)
    dose = plan_course(part.prescribed, part.days, kg, steps, prescription.limits, as_ordered, in_four_weeks)
    return replace(dose, days_because=part.days_because) if part.days_because else dose


def _with_all_sizes(prescription: Prescription, part: Part, kg: Fraction, dose: CourseDose) -> CourseDose | None:
    """What a course would be if the stock had every size; None where it would be the same."""
    steps = prescription.steps_of_all_sizes if prescription.protocol else None
    if steps is None or not (dose.opened or dose.rounding == prescription.rounding):
        return None
    found = _course(prescription, part, kg, steps)
    return None if found.session_doses_g == dose.session_doses_g else found


def is_small(rounding: Rounding, part: Part, kg: Fraction) -> bool:
    """Whether a course is below what a rounding rule calls a small dose."""
    small = rounding.small
    return small is not None and course_grams(part.prescribed, part.days[0], kg)[0] < small.below.base


def portion(product: Product, grams: Fraction, choice: Choice) -> Portion:
    """A dose with its vials as it is shown."""
    return Portion(
        exact_g=grams,
        choice=choice,
        dose_g=decimal_not_0(grams, 3),
        volume_ml=decimal_not_0(grams * 1000 / product.concentration.base, 3) if product.concentration else None,
        vials=tuple(VialCount(decimal_of(size, 3), count) for size, count in choice.vials),
        leftover_g=decimal_of(choice.leftover_g, 3),
    )


def shown_course(stretch: Stretch, kg: Fraction) -> Course:
    """What each course of a stretch comes to, rounded once."""
    dose, part = stretch.dose, stretch.part
    return Course(
        prescribed_g=decimal_not_0(dose.prescribed_g, 2),
        dose_g=decimal_not_0(dose.dose_g, 3),
        deviation_percent=decimal_of(dose.deviation_percent, 2),
        g_per_kg=decimal_not_0(dose.dose_g / kg, 3),
        days=stretch.days,
        interval=str(part.interval) if part.interval else None,
        phase=part.phase.id,
        first_course=stretch.first_course,
        courses=part.courses,
        basis="day" if part.prescribed.per_day else "course",
        dosing_weight_kg=decimal_of(kg, 2),
    )


def sum_up(prescription: Prescription, portions: Sequence[Portion], courses: int) -> Totals:
    """Sums over all sessions; cost at the site's price."""
    price = prescription.site.price_per_gram.get(prescription.product.id)
    vials = vials_of([portion.choice for portion in portions])
    volumes = [portion.volume_ml for portion in portions if portion.volume_ml is not None]
    dose_g, leftover_g = sum(portion.dose_g for portion in portions), sum(portion.leftover_g for portion in portions)
    return Totals(
        courses=courses,
        sessions=len(portions),
        dose_g=decimal_of(dose_g, 3),
        volume_ml=decimal_of(sum(volumes), 3) if volumes else None,
        vials=tuple(VialCount(decimal_of(size, 3), count) for size, count in vials.items()),
        leftover_g=decimal_of(leftover_g, 3),
        cost=Cost(decimal_of(Fraction(dose_g + leftover_g) * Fraction(price.amount), 2), price.currency)
        if price
        else None,
    )
