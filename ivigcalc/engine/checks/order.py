"""The order against what is published: dose, days, interval, daily limits, and how far rounding strays."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from ivigcalc.definitions import Cited, Definition, Limit, Loaded, Phase, Range, Safety
from ivigcalc.engine.checks.common import Asked, cite, counted, show
from ivigcalc.engine.dose import CourseDose, amount_g, outside, per_four_weeks
from ivigcalc.engine.plan import Notice
from ivigcalc.quantity import Quantity
from ivigcalc.request.request import Order


def dose_range(asked: Asked, order: Order, phase: Phase) -> Iterator[Notice]:
    """An ordered dose against what the protocol publishes."""
    dose, ordered = phase.dose, order.dose
    if dose is None or ordered is None or asked.regimen is None:
        return
    published: Range[Quantity] = dose.published
    if outside(published, ordered, asked.dosing_kg):
        basis = "per day" if dose.per_day else "per course"
        grams = (
            f" ({show(amount_g(ordered, asked.dosing_kg) / asked.dosing_kg, 3)} g/kg)"
            if ordered.dimension == "amount"
            else ""
        )
        level = "caution" if _within_rounding(published, ordered, asked) else "stop"
        code = "rounding-deviation" if level == "caution" else "dose-outside-regimen"
        alone = f", or plan {' or '.join(others)} alone with --phase" if (others := _others(asked, phase)) else ""
        yield Notice(code, level, f"the ordered dose of {ordered}{grams} is outside the protocol's {published} {basis}{_of(phase)}: order within it, or name another protocol{alone}",  # type: ignore[arg-type]
                     str(ordered), f"{published} {basis}", cite(asked.regimen.value, dose, phase, asked.protocol))  # fmt: skip


def _of(phase: Phase) -> str:
    return "" if phase.id == "course" else f" of {phase.id}"


def _others(asked: Asked, phase: Phase) -> list[str]:
    """The other phases of the protocol."""
    return [other.id for other in asked.protocol.stages if other is not phase] if asked.protocol else []


def _within_rounding(published: Range[Quantity], ordered: Quantity, asked: Asked) -> bool:
    """Whether grams typed by hand differ from the range by no more than vial rounding may."""
    if ordered.dimension != "amount":
        return False
    slack = Fraction(asked.safety.value.deviation.percent.value) / 100
    grams = ordered.base
    low, high = amount_g(published.from_, asked.dosing_kg), amount_g(published.to, asked.dosing_kg)
    return low * (1 - slack) <= grams <= high * (1 + slack)


def days_range(asked: Asked, order: Order, phase: Phase) -> Iterator[Notice]:
    """Ordered days against the published ones."""
    days, ordered = phase.days, order.days
    if days is None or ordered is None or asked.regimen is None or days.from_ <= ordered <= days.to:
        return
    yield Notice("days-outside-regimen", "stop", f"{counted(ordered, 'day')} is outside the protocol's {days} days: choose --days within it, or another protocol", f"{ordered} days", f"{days} days",
                 cite(asked.regimen.value, days, phase, asked.protocol))  # fmt: skip


def interval_range(asked: Asked, order: Order, phase: Phase) -> Iterator[Notice]:
    """An ordered interval against the published one."""
    interval, ordered = phase.interval, order.every
    if interval is None or ordered is None or asked.regimen is None or interval_fits(phase, ordered):
        return
    yield Notice("interval-outside-regimen", "stop", f"every {ordered} is not the protocol's interval of {interval.every}: keep to it, or name another protocol", str(ordered), str(interval.every),
                 cite(asked.regimen.value, interval, phase, asked.protocol))  # fmt: skip


def courses_range(asked: Asked, phase: Phase, courses: int) -> Iterator[Notice]:
    """More courses than the protocol prints. Fewer are the rest of a treatment, or its beginning."""
    published = phase.courses
    if published is not None and published.to is not None and courses > published.to and asked.regimen is not None:
        printed = counted(published.to, "course")
        yield Notice("courses-outside-regimen", "caution", f"{counted(courses, 'course')}{_of(phase)} are more than the protocol's {printed}: ask the prescriber, or name another protocol",
                     f"{courses}", f"{published.to}", cite(asked.regimen.value, published, phase, asked.protocol))  # fmt: skip


def interval_fits(phase: Phase, ordered: Quantity) -> bool:
    """Whether an ordered interval is the published one, or lies in the published range."""
    if phase.interval is None:
        return True
    low, high = phase.interval.every.from_, phase.interval.every.to
    return ordered.dimension == low.dimension and low.base <= ordered.base <= high.base


def day_limits(
    asked: Asked,
    dose: CourseDose,
    limits: tuple[Limit, ...],
    owner: Definition,
    block: Cited | None = None,
    interval: Quantity | None = None,
    courses: range = range(0),
) -> Iterator[Notice]:
    """Doses of a day, a course and four weeks against the limits that `owner` publishes, in a `block` of it.

    A limit that only whole-vial rounding passes is a caution whatever its level: the order itself kept to it.
    `courses`: the numbers of those that give this dose.
    """
    if not limits:
        return
    days = len(dose.session_doses_g)
    share = per_four_weeks(interval)
    given: dict[str, tuple[Fraction, Fraction]] = {
        "day": (dose.session_doses_g[0], dose.prescribed_g / days),
        "course": (dose.dose_g, dose.prescribed_g),
        "4-weeks": (dose.dose_g * share, dose.prescribed_g * share),
    }
    for limit in limits:
        bound_g = amount_g(limit.max, asked.dosing_kg)
        grams, exact = given[limit.per]
        if grams > bound_g:
            days_over = [
                d for d, day_g in enumerate(dose.session_doses_g, start=1) if limit.per != "day" or day_g > bound_g
            ]
            sessions = tuple((course, day) for course in courses for day in days_over)
            yield _limit_notice(limit, cite(owner, limit, block), grams, bound_g, exact > bound_g, sessions)


_LIMITED = {
    "day": ("day-dose-over-limit", "a day", "a lower dose, or the same one over more days, would meet it"),
    "course": ("course-dose-over-limit", "a course", "a lower dose would meet it"),
    "4-weeks": ("four-week-dose-over-limit", "four weeks", "a lower dose or a longer interval would meet it"),
}


def _limit_notice(
    limit: Limit,
    source: str | None,
    grams: Fraction,
    bound_g: Fraction,
    ordered: bool,
    sessions: tuple[tuple[int, int], ...],
) -> Notice:
    """`ordered`: the exact dose passes the limit, not only its rounding."""
    code, what, remedy = _LIMITED[limit.per]
    remedy = remedy if ordered else "by rounding to whole vials only"
    shown = f"{limit.max} ({show(bound_g)} g)" if limit.max.dimension == "dose" else f"{limit.max}"
    message = f"{show(grams)} g in {what} is above the limit of {shown}: {remedy}"
    level = limit.level if ordered else "caution"
    return Notice(code, level, message, f"{show(grams)} g", shown, source, sessions=sessions)


def highest_dose(asked: Asked, dose: CourseDose, published: Range[Quantity] | None = None) -> Iterator[Notice]:
    """A day or a course above everything that any source prints: a slip of unit or decimal point, most likely.

    Not asked where the dose lies within what a shipped protocol publishes. Grams that were rounded have their slack.
    """
    own_file = asked.regimen is None or asked.regimen.is_file
    ordered = asked.order.dose
    if published and not own_file and (ordered is None or not outside(published, ordered, asked.dosing_kg)):
        return
    rules = asked.safety.value
    slack = 1 + Fraction(rules.deviation.percent.value) / 100
    days = len(dose.session_doses_g)
    for code, what, grams, highest in (
        ("day-dose-over-limit", "a day", dose.prescribed_g / days, rules.highest_day_dose),
        ("course-dose-over-limit", "a course", dose.prescribed_g, rules.highest_course_dose),
    ):
        kg = min(asked.dosing_kg, asked.patient.weight_kg)  # a dosing weight above the body's hides what the body gets
        if grams > amount_g(highest.dose, kg) * slack:
            per_kg = f"{show(grams / kg)} g/kg"
            message = f"{show(grams)} g in {what} is {per_kg}; the highest that any source on file prints is {highest.dose}: check the number and its unit"
            # `rates` times the bag that is there, whoever ordered it; only what is above a whole course is stopped
            bag = asked.request.command == "rates" and code == "day-dose-over-limit"
            yield Notice(code, "caution" if bag else "stop", message, per_kg, str(highest.dose), cite(rules, highest))


def deviation(deviation_percent: Fraction, safety: Loaded[Safety]) -> Iterator[Notice]:
    """By how much whole vials differ from the exact dose."""
    limit = safety.value.deviation
    if abs(deviation_percent) > limit.percent.base:
        shown = f"{'+' if deviation_percent > 0 else ''}{show(deviation_percent)} %"
        yield Notice("rounding-deviation", "caution", f"the rounded course differs by {shown} from the exact dose, more than {limit.percent}: consider other vials or another rounding",
                     shown, str(limit.percent), cite(safety.value, limit))  # fmt: skip
