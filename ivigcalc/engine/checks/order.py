"""The order against what is published: dose, days, interval, number of courses, and what four weeks come to."""

from __future__ import annotations

from collections.abc import Iterator

from ivigcalc.definitions import Phase, Range, cite
from ivigcalc.engine.checks.common import of_phase
from ivigcalc.engine.course import Dosed, Stretch
from ivigcalc.engine.dose import (
    amount_g,
    interval_fits,
    of_four_weeks,
    outside,
    share_of_published,
)
from ivigcalc.engine.plan import Level, Notice
from ivigcalc.engine.prescription import Part, Prescription
from ivigcalc.exact import Fraction
from ivigcalc.quantity import Quantity, figure
from ivigcalc.text import counted


def dose_range(rx: Prescription, dosed: Dosed, stretch: Stretch) -> Iterator[Notice]:
    """An ordered dose against what the protocol publishes."""
    part, kg = stretch.part, dosed.kg
    phase, ordered = part.phase, dose_of_one_course(part)
    if phase.dose is None or ordered is None:
        return
    share = share_of_published(phase.dose, part.prescribed.per_day, stretch.days)
    published = phase.dose.published
    if not outside(published, ordered, kg, share):  # control: dose-range
        return
    basis = "per day" if phase.dose.per_day else "per course"
    each = "" if share == 1 else f" {'on each day' if part.prescribed.per_day else 'a course'}"
    excused = _within_rounding(published, ordered, rx, kg, share)
    others = _other_phases(rx, phase)
    alone = f", or plan {' or '.join(others)} alone with --phase" if others else ""
    level: Level = "caution" if excused else "stop"
    yield Notice(
        "rounding-deviation" if excused else "dose-outside-regimen",
        level,
        f"the ordered dose of {ordered}{each}{per_kg(ordered, kg)} is outside the protocol's {published} {basis}"
        f"{_of(phase)}: order within it, or name another protocol{alone}",
        str(ordered),
        f"{published} {basis}",
        cite(rx.regimen, phase.dose, phase, rx.protocol),
    )


def basis_read(_rx: Prescription, _dosed: Dosed, stretch: Stretch) -> Iterator[Notice]:
    """That a bare dose was taken as the protocol prints its own, with what it comes to the other way."""
    ordered, prescribed, days = stretch.part.ordered.dose, stretch.part.prescribed, stretch.days
    whole = stretch.part.four_week_dose
    if ordered is None or prescribed.basis != "protocol" or days == 1 or whole is not None:
        return
    stated = Fraction(ordered.amount.value)
    unit = ordered.amount.unit
    if prescribed.per_day:
        basis, other = "day", f"{figure(stated * days, 3)} {unit} in all"
    else:
        basis, other = "course", f"{figure(stated / days, 3)} {unit} on each of {days} days"
    text = f"{of_phase(stretch.part.phase)}{ordered} read as per {basis}, as the protocol prints; {other}"
    yield Notice("dose-basis", "info", text, str(ordered))  # control: dose-basis-said


def dose_of_one_course(part: Part) -> Quantity | None:
    """The ordered dose; of one for four weeks its share, where courses come as the protocol prints."""
    ordered = part.ordered.dose.amount if part.ordered.dose else None
    every = part.interval
    if ordered is None or part.ordered.dose_basis != "4-weeks" or every is None or every.dimension != "days":
        return ordered
    # control: four-weeks-in-range
    return of_four_weeks(ordered, every)[0] if interval_fits(part.phase, every) else ordered


def per_kg(ordered: Quantity, kg: Fraction) -> str:
    """Behind grams, in brackets, what they are per kilogram."""
    return f" ({figure(amount_g(ordered, kg) / kg, 3)} g/kg)" if ordered.dimension == "amount" else ""


def _of(phase: Phase) -> str:
    return "" if phase.id == "course" else f" of {phase.id}"


def _other_phases(rx: Prescription, phase: Phase) -> list[str]:
    """The other phases of the protocol."""
    return [other.id for other in rx.protocol.stages if other.id != phase.id] if rx.protocol else []


def _within_rounding(
    published: Range[Quantity], ordered: Quantity, rx: Prescription, kg: Fraction, share: Fraction
) -> bool:
    """Whether grams typed by hand differ from the range by no more than vial rounding may."""
    if ordered.dimension != "amount":
        return False
    slack = Fraction(rx.safety.deviation.percent.value) / 100
    low, high = amount_g(published.from_, kg), amount_g(published.to, kg)
    return low * (1 - slack) <= ordered.base * share <= high * (1 + slack)


def days_range(rx: Prescription, _dosed: Dosed, stretch: Stretch) -> Iterator[Notice]:
    """Ordered days against the published ones."""
    phase, ordered = stretch.part.phase, stretch.part.ordered.days
    days = phase.days
    if days is None or ordered is None or days.allow(ordered):
        return
    yield Notice(
        "days-outside-regimen",
        "stop",
        f"{counted(ordered, 'day')} is outside the protocol's {days} days: "
        "choose --days within it, or another protocol",
        f"{ordered} days",
        f"{days} days",
        cite(rx.regimen, days, phase, rx.protocol),
    )


def interval_range(rx: Prescription, _dosed: Dosed, stretch: Stretch) -> Iterator[Notice]:
    """An ordered interval against the published one, or against how close and how far courses may be."""
    phase, ordered = stretch.part.phase, stretch.part.ordered.every
    part = phase.interval or phase.apart
    if part is None or ordered is None or interval_fits(phase, ordered):
        return
    published = str(phase.interval.every if phase.interval else phase.apart)
    yield Notice(
        "interval-outside-regimen",
        "stop",
        f"every {ordered} is not the protocol's interval of {published}: keep to it, or name another protocol",
        str(ordered),
        published,
        cite(rx.regimen, part, phase, rx.protocol),
    )


def courses_range(rx: Prescription) -> Iterator[Notice]:
    """More courses than the protocol prints. Fewer are the rest of a treatment, or its beginning."""
    part = rx.parts[-1]
    phase, published = part.phase, part.phase.courses
    if published is None or published.to is None or part.courses <= published.to:
        return
    yield Notice(
        "courses-outside-regimen",
        "caution",
        f"{counted(part.courses, 'course')}{_of(phase)} are more than the protocol's "
        f"{counted(published.to, 'course')}: ask the prescriber, or name another protocol",
        f"{part.courses}",
        f"{published.to}",
        cite(rx.regimen, published, phase, rx.protocol),
    )


def share_of_four_weeks(_rx: Prescription, _dosed: Dosed, stretch: Stretch) -> Iterator[Notice]:
    """What each course has of a dose that is for four weeks."""
    whole, share = stretch.part.four_week_dose, stretch.part.prescribed.dose
    if whole is not None:
        text = f"{whole} per 4 weeks is {share} for each course every {stretch.part.interval}"
        yield Notice("dose-basis", "info", text, str(whole), str(share))


def dose_in_four_weeks(_rx: Prescription, dosed: Dosed, stretch: Stretch) -> Iterator[Notice]:
    """What a dose per course comes to in four weeks, where the interval is not the protocol's or was asked about."""
    part, ordered = stretch.part, stretch.part.ordered
    every = ordered.every
    if every is None or ordered.dose_basis == "4-weeks":
        return
    fits = interval_fits(part.phase, every)
    if fits and part.phase.interval is not None and ordered.dose_basis is None:
        return
    most = max((f for f in dosed.four_weeks if set(f.courses) & set(stretch.numbers)), key=lambda f: f.given_g)
    per_4_weeks = most.given_g / dosed.kg  # control: four-weeks-added-up
    each = f"{part.prescribed.dose} a day" if part.prescribed.per_day else f"{part.prescribed.dose}"
    alone = " (one course is planned)" if len(dosed.four_weeks) == 1 else ""
    yield Notice(
        "dose-basis",
        "info" if fits else "caution",
        f"{each} is given for each course every {every}: {figure(per_4_weeks, 3)} g/kg in 4 weeks{alone}",
        f"{figure(per_4_weeks, 3)} g/kg in 4 weeks",
    )
