"""The order against what is published: dose, days, interval, daily limits, and how far rounding strays."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from ivigcalc.checks.common import Asked, cite, show
from ivigcalc.definitions import Cited, Definition, Limit, Loaded, Phase, Range, Safety
from ivigcalc.dose import CourseDose, amount_g, outside
from ivigcalc.plan import Notice
from ivigcalc.quantity import Quantity


def dose_range(asked: Asked, phase: Phase) -> Iterator[Notice]:
    """An ordered dose against what the protocol publishes."""
    dose, ordered = phase.dose, asked.order.dose
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
        yield Notice(code, level, f"the ordered dose of {ordered}{grams} is outside the protocol's {published} {basis}",  # type: ignore[arg-type]
                     str(ordered), f"{published} {basis}", cite(asked.regimen.value, dose, phase, asked.protocol))  # fmt: skip


def _within_rounding(published: Range[Quantity], ordered: Quantity, asked: Asked) -> bool:
    """Whether grams typed by hand differ from the range by no more than vial rounding may."""
    if ordered.dimension != "amount":
        return False
    slack = Fraction(asked.safety.value.deviation.percent.value) / 100
    grams = ordered.base
    low, high = amount_g(published.from_, asked.dosing_kg), amount_g(published.to, asked.dosing_kg)
    return low * (1 - slack) <= grams <= high * (1 + slack)


def days_range(asked: Asked, phase: Phase) -> Iterator[Notice]:
    """Ordered days against the published ones."""
    days, ordered = phase.days, asked.order.days
    if days is None or ordered is None or asked.regimen is None or days.from_ <= ordered <= days.to:
        return
    yield Notice("days-outside-regimen", "stop", f"{ordered} days is outside the protocol's {days} days", f"{ordered} days", f"{days} days",
                 cite(asked.regimen.value, days, phase, asked.protocol))  # fmt: skip


def interval_range(asked: Asked, phase: Phase) -> Iterator[Notice]:
    """An ordered interval against the published one."""
    interval, ordered = phase.interval, asked.order.every
    if interval is None or ordered is None or asked.regimen is None or interval_fits(phase, ordered):
        return
    yield Notice("interval-outside-regimen", "stop", f"every {ordered} is not the protocol's interval of {interval.every}", str(ordered), str(interval.every),
                 cite(asked.regimen.value, interval, phase, asked.protocol))  # fmt: skip


def interval_fits(phase: Phase, ordered: Quantity) -> bool:
    """Whether an ordered interval is the published one, or lies in the published range."""
    if phase.interval is None:
        return True
    low, high = phase.interval.every.from_, phase.interval.every.to
    return ordered.dimension == low.dimension and low.base <= ordered.base <= high.base


def day_limits(
    asked: Asked, dose: CourseDose, limits: tuple[Limit, ...], owner: Definition, block: Cited | None = None
) -> Iterator[Notice]:
    """Session and course doses against the limits that `owner` publishes, in a `block` of it.

    A limit that only whole-vial rounding passes is a caution whatever its level: the order itself kept to it.
    """
    day_g, exact_day_g = dose.session_doses_g[0], dose.prescribed_g / len(dose.session_doses_g)
    for limit in limits:
        bound_g = amount_g(limit.max, asked.dosing_kg)
        if limit.per == "day" and day_g > bound_g:
            yield _limit_notice(
                limit, cite(owner, limit, block), "day-dose-over-limit", day_g, bound_g, ordered=exact_day_g > bound_g
            )
        if limit.per == "course" and dose.dose_g > bound_g:
            over = dose.prescribed_g > bound_g
            yield _limit_notice(
                limit, cite(owner, limit, block), "course-dose-over-limit", dose.dose_g, bound_g, ordered=over
            )


def _limit_notice(
    limit: Limit, source: str | None, code: str, grams: Fraction, bound_g: Fraction, *, ordered: bool
) -> Notice:
    remedy = "more days or a lower dose would meet it" if ordered else "by rounding to whole vials only"
    shown = f"{limit.max} ({show(bound_g)} g)" if limit.max.dimension == "dose" else f"{limit.max}"
    return Notice(
        code,
        limit.level if ordered else "caution",
        f"{show(grams)} g on a {limit.per} is above the limit of {shown}: {remedy}",
        f"{show(grams)} g",
        shown,
        source,
    )


def deviation(deviation_percent: Fraction, safety: Loaded[Safety]) -> Iterator[Notice]:
    """By how much whole vials differ from the exact dose."""
    limit = safety.value.deviation
    shown = f"{'+' if deviation_percent > 0 else ''}{show(deviation_percent)} %"
    if abs(deviation_percent) > Fraction(limit.percent.value):
        yield Notice("rounding-deviation", "caution", f"the rounded course differs by {shown} from the exact dose, more than {limit.percent}: consider other vials or another rounding",
                     shown, str(limit.percent), cite(safety.value, limit))  # fmt: skip
