"""A dose far from everything published for its use: too low is as wrong as too high."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from ivigcalc.definitions import Phase, Protocol, Range, Regimen, cite
from ivigcalc.engine.checks.common import of_phase
from ivigcalc.engine.checks.order import dose_of_one_course, per_kg
from ivigcalc.engine.course import Dosed, Stretch
from ivigcalc.engine.dose import amount_g, share_of_published
from ivigcalc.engine.plan import Notice
from ivigcalc.engine.prescription import Prescription
from ivigcalc.exact import Fraction
from ivigcalc.quantity import Quantity, figure

#: what may have been meant by a unit that makes the dose too small
_MEANT = {"mg": ("g", "mg/kg"), "mg/kg": ("g/kg",), "g": ("g/kg",)}


class _Published(Struct, frozen=True):
    """What is printed for a course, or an infusion: from and to in grams, in words, and where."""

    low_g: Fraction
    high_g: Fraction
    words: str
    source: str | None


def dose_low(rx: Prescription, dosed: Dosed) -> Iterator[Notice]:
    """An ordered dose below half the lowest that the protocol prints, else any of its indication, else the library."""
    for stretch in dosed.stretches:
        ordered = dose_of_one_course(stretch.part)
        if ordered is None:
            continue
        times = _times(stretch)
        grams, found = amount_g(ordered, dosed.kg) * times, list(_published(rx, stretch, dosed.kg))
        lowest = min(found, key=lambda published: published.low_g)
        if grams * 2 >= lowest.low_g:
            continue
        high_g = max(published.high_g for published in found)
        meant = _meant(ordered, dosed.kg, times, lowest.low_g, high_g)
        phase = of_phase(stretch.part.phase) if rx.protocol else ""
        dose = f"{ordered}{'' if times == 1 else ' a day'}{per_kg(ordered, dosed.kg)}"
        yield Notice(
            "dose-low",
            "caution",
            f"{phase}{dose} is less than half of the lowest dose on file, {lowest.words}: "
            f"check the number and its unit{meant}",
            f"{figure(grams / dosed.kg, 3)} g/kg",
            lowest.words,
            lowest.source,
        )


def day_above_indication(rx: Prescription, dosed: Dosed) -> Iterator[Notice]:
    """One infusion, ordered by itself, that is more than any protocol of its indication prints for a day.

    What is above everything on file is said by `doses.highest_dose`. Grams that were rounded have their slack.
    """
    if rx.protocol is not None or rx.definitions.indication is None:
        return
    treated, [stretch] = rx.definitions.indication.value, dosed.stretches
    grams, slack = stretch.dose.prescribed_g, 1 + rx.safety.deviation.percent.base / 100
    if grams > amount_g(rx.safety.highest_day_dose.dose, dosed.kg) * slack:
        return
    most = max(_of_indication(treated, None, dosed.kg), key=lambda published: published.high_g, default=None)
    if most is None or grams <= most.high_g * slack:
        return
    high = f"{figure(most.high_g / dosed.kg)} g/kg"
    yield Notice(
        "day-dose-over-limit",
        "caution",
        f"{figure(grams)} g in a day is {figure(grams / dosed.kg)} g/kg; the most that a protocol of {treated.id} on "
        f"file prints for a day is {high}: check the number and its unit",
        f"{figure(grams / dosed.kg)} g/kg",
        high,
        most.source,
    )


def _times(stretch: Stretch) -> int:
    """How often the ordered dose is given in a course."""
    return stretch.days if stretch.part.prescribed.per_day else 1


def _published(rx: Prescription, stretch: Stretch, kg: Fraction) -> Iterator[_Published]:
    """The doses to hold an order against, as those of its course; of one infusion, as those of a day."""
    phase, regimen, protocol = stretch.part.phase, rx.regimen, rx.protocol
    if phase.dose is not None:
        yield _of_course(regimen, protocol, phase, stretch.days, kg)
        return
    treated = regimen or (rx.definitions.indication.value if rx.definitions.indication else None)
    found = list(_of_indication(treated, stretch.days if protocol else None, kg)) if treated else []
    yield from found or [_of_library(rx, bool(protocol), kg)]


def _of_indication(regimen: Regimen, days: int | None, kg: Fraction) -> Iterator[_Published]:
    for protocol in regimen.protocols.values():
        for phase in protocol.stages:
            if phase.dose is None:
                continue
            if days is not None:
                yield _of_course(regimen, protocol, phase, days, kg)
            elif phase.dose.per_day is not None or phase.days is not None:
                yield _of_day(regimen, protocol, phase, kg)


def _of_course(regimen: Regimen | None, protocol: Protocol | None, phase: Phase, days: int, kg: Fraction) -> _Published:
    dose = phase.dose
    assert dose is not None
    times = share_of_published(dose, per_day=False, days=days)
    words = f"{dose.published} a {'day' if dose.per_day is not None else 'course'}"
    return _range(dose.published, 1 / times, words, cite(regimen, dose, phase, protocol), kg)


def _of_day(regimen: Regimen, protocol: Protocol, phase: Phase, kg: Fraction) -> _Published:
    """What is printed for one day; of a course over several the least and the most that a day may have."""
    dose, days, source = phase.dose, phase.days, cite(regimen, phase.dose, phase, protocol)
    assert dose is not None
    if dose.per_day is not None or days is None:
        return _range(dose.published, Fraction(1), f"{dose.published} a day", source, kg)
    low_g, high_g = amount_g(dose.published.from_, kg) / days.to, amount_g(dose.published.to, kg) / days.fewest
    over = f" over {days} days" if days.to > 1 else ""
    return _Published(low_g, high_g, f"{dose.published} a course{over}", source)


def _of_library(rx: Prescription, of_course: bool, kg: Fraction) -> _Published:
    """The lowest and highest of all that is shipped."""
    own = rx.safety.own_files
    doses, what = (own.course_dose, "course") if of_course else (own.day_dose, "day")
    return _range(doses, Fraction(1), f"{doses} a {what} in the shipped library", cite(rx.safety, own), kg)


def _range(published: Range[Quantity], times: Fraction, words: str, source: str | None, kg: Fraction) -> _Published:
    return _Published(amount_g(published.from_, kg) * times, amount_g(published.to, kg) * times, words, source)


def _meant(ordered: Quantity, kg: Fraction, times: int, low_g: Fraction, high_g: Fraction) -> str:
    """The same figure in the unit that would make it an ordinary dose, as a question."""
    for unit in _MEANT.get(ordered.unit, ()):
        other = replace(ordered, unit=unit)
        if low_g <= amount_g(other, kg) * times <= high_g:
            return f" (was {other} meant?)"
    return ""
