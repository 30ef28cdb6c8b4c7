"""How the dose of a phase was capped, rounded and shared out, and how far that strays from the exact dose."""

from __future__ import annotations

from collections.abc import Iterator

from ivigcalc.definitions import Prefer, cite
from ivigcalc.engine.checks.common import of_phase
from ivigcalc.engine.course import Dosed, Stretch, is_small
from ivigcalc.engine.dose import CourseDose
from ivigcalc.engine.plan import Notice
from ivigcalc.engine.prescription import Prescription
from ivigcalc.exact import Fraction
from ivigcalc.quantity import Quantity, figure, signed
from ivigcalc.text import counted


def small_doses_without_age(rx: Prescription, dosed: Dosed, stretch: Stretch) -> Iterator[Notice]:
    """A finer rounding that goes by an age which nobody gave."""
    policy, rounding = rx.policy, rx.rounding
    small = rounding.small
    if small is None or not small.when or not dosed.age_unknown:
        return
    if is_small(rounding, stretch.part, dosed.kg):
        ages = " or ".join(map(str, small.when))
        text = f"age not given: the finer rounding of {policy.id} for {ages} was taken not to apply"
        yield Notice("default-used", "info", text)


def capped(rx: Prescription, _dosed: Dosed, stretch: Stretch) -> Iterator[Notice]:
    """A dose that the protocol's own cap cut."""
    prescribed, dose, phase = stretch.part.prescribed, stretch.dose, stretch.part.phase
    if not dose.capped:
        return
    by_course = prescribed.cap is not None and dose.prescribed_g == prescribed.cap.base
    what, cap = ("the course", prescribed.cap) if by_course else ("each day", prescribed.cap_per_day)
    yield Notice(
        "dose-capped",
        "caution",
        f"{of_phase(phase)}{what} is capped at {cap} by the protocol",
        f"{prescribed.dose}",
        str(cap),
        cite(rx.regimen, phase.dose, phase, rx.protocol),
    )


def rounded(rx: Prescription, _dosed: Dosed, stretch: Stretch) -> Iterator[Notice]:
    """To what the exact dose was rounded, by which rule, or that it is drawn from opened vials."""
    dose, rounding = stretch.dose, stretch.rounding
    source = cite(rx.policy, rounding)
    exact = f"{of_phase(stretch.part.phase)}the course of {figure(dose.prescribed_g)} g"
    instead = _preferred(dose, rx.policy.prefer) or _instead(dose, rx.rounding.within)
    if dose.opened:
        how = f"{exact} is drawn from opened vials, {figure(dose.dose_g)} g ({rounding}){instead}"
        sessions = tuple((course, day) for course in stretch.numbers for day in range(1, stretch.days + 1))
        yield Notice("vial-opened", "info", how, source=source, sessions=sessions)
    elif dose.dose_g != dose.prescribed_g:
        how = f"{exact} is rounded to {figure(dose.dose_g)} g ({rounding}){instead}"
        yield Notice("rounded", "info", how, source=source)


def _preferred(dose: CourseDose, prefer: Prefer | None) -> str:
    """That the policy's preference chose other days than those of the nearest, in words; nothing where it did not."""
    grams, exact = dose.instead_of_g, dose.prescribed_g
    if prefer is None or grams is None or not dose.preferred:
        return ""
    rule = f": the fewest vials within {prefer.within} of it, in days that differ by no more than {prefer.spread}"
    if grams == dose.dose_g:  # the nearest as well, in other days
        return rule
    nearest = f"{figure(grams)} g, {signed((grams - exact) / exact * 100)} %" if grams else "none"
    return f"{rule}; the nearest would be {nearest}"


def _instead(dose: CourseDose, within: Quantity | None) -> str:
    """What is not given, and why, in words."""
    grams = dose.instead_of_g
    if grams is None:
        return ""
    if not grams:
        return ": whole vials cannot fill it"
    percent = (grams - dose.prescribed_g) / dose.prescribed_g * 100
    if dose.opened and within is not None and abs(percent) > within.base:
        return f": whole vials would be {figure(grams)} g, {signed(percent)} %, more than {within} from it"
    if dose.course_least_g is not None and grams < dose.course_least_g:
        return f": {figure(grams)} g would be less than the {figure(dose.course_least_g)} g printed as the least"
    if dose.course_bound_g is not None and grams > dose.course_bound_g:
        return f": {figure(grams)} g would be more than the {figure(dose.course_bound_g)} g of a course"
    bound = f"{figure(dose.day_bound_g)} g" if dose.day_bound_g is not None else "its limit"
    return f": {figure(grams)} g would put more than {bound} on a day"


def days_chosen(rx: Prescription, _dosed: Dosed, stretch: Stretch) -> Iterator[Notice]:
    """On how many days, and why, where the order does not say."""
    phase = stretch.part.phase
    if stretch.part.ordered.days is None:
        yield Notice(
            "days-chosen",
            "info",
            f"{of_phase(phase)}{counted(stretch.days, 'day')}: {stretch.dose.days_because}",
            source=cite(rx.regimen, phase.days, phase, rx.protocol),
        )


def unequal_days(rx: Prescription, _dosed: Dosed, stretch: Stretch) -> Iterator[Notice]:
    """Days that rounding made unequal where equal ones are printed."""
    phase, amounts = stretch.part.phase, sorted(set(stretch.dose.session_doses_g), reverse=True)
    if phase.days is not None and phase.days.equal and len(amounts) > 1:
        yield Notice(
            "rounded",
            "info",
            f"{of_phase(phase)}the protocol prints equal days; "
            f"whole amounts make them {' and '.join(map(figure, amounts))} g",
            source=cite(rx.regimen, phase.days, phase, rx.protocol),
        )


def below_vial(rx: Prescription, _dosed: Dosed, stretch: Stretch) -> Iterator[Notice]:
    """A dose that is less than the smallest amount that can be given."""
    dose, limit = stretch.dose, Fraction(rx.safety.deviation.percent.value)
    if dose.smallest and dose.deviation_percent > limit:  # control: smallest-vial
        yield Notice(
            "dose-below-vial",
            "stop",
            f"the course of {figure(dose.prescribed_g)} g is less than the smallest that can be given "
            f"({figure(dose.dose_g)} g, {figure(dose.deviation_percent)} % more); "
            "choose a product with smaller vials or a --policy that does not round to vials",
            f"{figure(dose.prescribed_g)} g",
            f"{figure(dose.dose_g)} g",
        )


def below_least(rx: Prescription, dosed: Dosed, stretch: Stretch) -> Iterator[Notice]:
    """A dose that rounding left below what the protocol prints as the least of a course."""
    prescribed, dose, phase = stretch.part.prescribed, stretch.dose, stretch.part.phase
    least_g = prescribed.least_g(dose.prescribed_g, dosed.kg)
    if least_g is not None and dose.dose_g < least_g:  # control: below-the-least
        shown = f"{prescribed.least} ({figure(least_g)} g)"
        yield Notice(
            "dose-low",
            "caution",
            f"{of_phase(phase)}{figure(dose.dose_g)} g in a course is below {shown}, which the protocol prints as the "
            "least: by rounding only; choose other vials or another rounding",
            f"{figure(dose.dose_g)} g",
            shown,
            cite(rx.regimen, phase.dose, phase, rx.protocol),
        )


def deviation(rx: Prescription, _dosed: Dosed, stretch: Stretch) -> Iterator[Notice]:
    """By how much whole vials differ from the exact dose."""
    percent, limit = stretch.dose.deviation_percent, rx.safety.deviation
    if abs(percent) > limit.percent.base:  # control: rounding-strays
        shown = f"{signed(percent)} %"
        yield Notice(
            "rounding-deviation",
            "caution",
            f"the rounded course differs by {shown} from the exact dose, more than {limit.percent}: "
            "consider other vials or another rounding",
            shown,
            str(limit.percent),
            cite(rx.safety, limit),
        )
