"""What a day, a course and four weeks come to: published limits, what nobody gives, and what the stock holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from msgspec import Struct

from ivigcalc.definitions import Cited, Definition, Limit, Site, cite
from ivigcalc.engine.checks.common import of_phase
from ivigcalc.engine.course import Dosed, Stretch
from ivigcalc.engine.dose import CourseDose, amount_g, outside, share_of_published
from ivigcalc.engine.plan import Notice
from ivigcalc.engine.prescription import Prescription
from ivigcalc.engine.stock import vials_of
from ivigcalc.exact import Fraction
from ivigcalc.quantity import figure

_LIMITED = {
    "day": ("day-dose-over-limit", "a day", "order a lower dose, or the same one over more days"),
    "course": ("course-dose-over-limit", "a course", "order a lower dose"),
    "4-weeks": ("four-week-dose-over-limit", "four weeks", "order a lower dose or a longer interval"),
}


def protocol_limits(rx: Prescription, dosed: Dosed, stretch: Stretch) -> Iterator[Notice]:
    """The doses against the limits of the protocol."""
    regimen, protocol = rx.regimen, rx.protocol
    if regimen is not None and protocol is not None:
        yield from _over_limits(dosed, stretch, protocol.limits, regimen, protocol)


def policy_limits(rx: Prescription, dosed: Dosed, stretch: Stretch) -> Iterator[Notice]:
    """The doses against the limits of the policy."""
    if rx.protocol is not None:
        yield from _over_limits(dosed, stretch, rx.policy.limits, rx.policy, None)


def _over_limits(
    dosed: Dosed, stretch: Stretch, limits: tuple[Limit, ...], owner: Definition, block: Cited | None
) -> Iterator[Notice]:
    """Doses of a day and a course against the limits that `owner` publishes, in a `block` of it.

    A limit that only rounding passes is a caution whatever its level: the order itself kept to it.
    """
    dose = stretch.dose
    given: dict[str, tuple[Fraction, Fraction]] = {
        "day": (dose.session_doses_g[0], dose.prescribed_g / stretch.days),
        "course": (dose.dose_g, dose.prescribed_g),  # control: course-limit
    }
    for limit in limits:
        if limit.per not in given:
            continue
        bound_g = amount_g(limit.max, dosed.kg)
        grams, exact = given[limit.per]
        if grams > bound_g:  # control: day-limit
            source = cite(owner, limit, block)
            yield _limit_notice(limit, source, grams, bound_g, exact > bound_g, _sessions_over(limit, stretch, bound_g))


def four_weeks(rx: Prescription, dosed: Dosed) -> Iterator[Notice]:
    """What the courses of the plan come to in four weeks, against the limits of the protocol and of the policy."""
    regimen, protocol = rx.regimen, rx.protocol
    if regimen is None or protocol is None:
        return
    for limits, owner, block in ((protocol.limits, regimen, protocol), (rx.policy.limits, rx.policy, None)):
        for limit in limits:
            if limit.per != "4-weeks":
                continue
            bound_g = amount_g(limit.max, dosed.kg)
            over = [four for four in dosed.four_weeks if four.given_g > bound_g]  # control: four-week-limit
            if not over:
                continue
            most = max(over, key=lambda four: four.given_g)
            courses = {course for four in over for course in four.courses}
            sessions = tuple(place for place in dosed.places if place[0] in courses)
            ordered = any(four.exact_g > bound_g for four in over)
            yield _limit_notice(limit, cite(owner, limit, block), most.given_g, bound_g, ordered, sessions)


class Begun(Struct, frozen=True):
    """A course as it is dated: its number, its first day, what it gives and what exactly was prescribed, in g."""

    course: int
    on: date
    given_g: Fraction
    exact_g: Fraction


def four_weeks_by_date(rx: Prescription, kg: Fraction, within: Sequence[Begun]) -> Iterator[Notice]:
    """Courses that begin within four weeks, against the limits of one order: for a plan of which the dates, or the
    orders of the courses, are no longer those that one order counts.
    """
    if rx.regimen is None or rx.protocol is None:
        return
    given_g = sum((course.given_g for course in within), Fraction(0))
    exact_g = sum((course.exact_g for course in within), Fraction(0))
    for limits, owner, block in ((rx.protocol.limits, rx.regimen, rx.protocol), (rx.policy.limits, rx.policy, None)):
        for limit in limits:
            bound_g = amount_g(limit.max, kg)
            if limit.per == "4-weeks" and given_g > bound_g:  # control: four-weeks-across-orders
                sessions = tuple((course.course, 1) for course in within)
                yield _limit_notice(limit, cite(owner, limit, block), given_g, bound_g, exact_g > bound_g, sessions)


def _sessions_over(limit: Limit, stretch: Stretch, bound_g: Fraction) -> tuple[tuple[int, int], ...]:
    """Which sessions a limit is about: the days above it, or the whole course."""
    grams = enumerate(stretch.dose.session_doses_g, start=1)
    days = [day for day, day_g in grams if limit.per != "day" or day_g > bound_g]
    return tuple((course, day) for course in stretch.numbers for day in days)  # control: sessions-over-limit


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
    remedy = remedy if ordered else "by rounding only"
    shown = f"{limit.max} ({figure(bound_g)} g)" if limit.max.dimension == "dose" else f"{limit.max}"
    message = f"{figure(grams)} g in {what} is above the limit of {shown}: {remedy}"
    level = limit.level if ordered else "caution"
    return Notice(code, level, message, f"{figure(grams)} g", shown, source, sessions=sessions)


def highest_dose(rx: Prescription, dosed: Dosed, stretch: Stretch, body_kg: Fraction) -> Iterator[Notice]:
    """A day or a course above everything that any source prints: a slip of unit or decimal point, most likely.

    Not asked where the dose lies within what a shipped protocol publishes. Grams that were rounded have their slack.
    """
    if _is_published(rx, dosed, stretch):
        return
    dose, rules = stretch.dose, rx.safety
    slack = 1 + Fraction(rules.deviation.percent.value) / 100
    kg = min(dosed.kg, body_kg)  # a dosing weight above the body's hides what the body gets
    for code, what, grams, highest in (
        ("day-dose-over-limit", "a day", dose.prescribed_g / stretch.days, rules.highest_day_dose),
        ("course-dose-over-limit", "a course", dose.prescribed_g, rules.highest_course_dose),
    ):
        if grams <= amount_g(highest.dose, kg) * slack:
            continue
        # `rates` times the bag that is there, whoever ordered it; only what is above a whole course is stopped
        bag = rx.command == "rates" and code == "day-dose-over-limit"
        yield Notice(
            code,
            "caution" if bag else "stop",
            f"{figure(grams)} g in {what} is {figure(grams / kg)} g/kg; the highest that any source on file prints "
            f"is {highest.dose}: check the number and its unit",
            f"{figure(grams / kg)} g/kg",
            str(highest.dose),
            cite(rules, highest),
        )


def _is_published(rx: Prescription, dosed: Dosed, stretch: Stretch) -> bool:
    """Whether the dose lies within what a shipped protocol publishes."""
    regimen, phase = rx.definitions.regimen, stretch.part.phase
    if regimen is None or regimen.is_file or phase.dose is None:  # control: own-file-dose
        return False
    ordered = stretch.part.ordered.dose
    if ordered is None:
        return True
    share = share_of_published(phase.dose, stretch.part.prescribed.per_day, stretch.days)
    return not outside(phase.dose.published, ordered.amount, dosed.kg, share)


def stock_changes_dose(rx: Prescription, dosed: Dosed) -> Iterator[Notice]:
    """A dose that is another one because the site has not every size of the product."""
    held = [size for size, count in sorted((rx.site.shelf(rx.product.id) or {}).items()) if count]
    sizes = ", ".join(f"{figure(size)} g" for size in held)
    for stretch in dosed.stretches:
        other = stretch.with_all_sizes
        if other is None:
            continue
        yield Notice(
            "stock-changed-dose",
            "caution",
            f"{of_phase(stretch.part.phase)}the stock of site {rx.site.id} has {rx.product.id} in {sizes} only: "
            f"the course is {_shared(stretch.dose)}; with every size it would be {_shared(other)}",
            f"{figure(stretch.dose.dose_g)} g",
            f"{figure(other.dose_g)} g",
            sessions=tuple((course, day) for course in stretch.numbers for day in range(1, stretch.days + 1)),
        )


def _shared(dose: CourseDose) -> str:
    """Grams of a course, and of its days where there are several."""
    days = " + ".join(figure(grams) for grams in dose.session_doses_g)
    return f"{figure(dose.dose_g)} g ({days} g)" if len(dose.session_doses_g) > 1 else f"{figure(dose.dose_g)} g"


def stock(rx: Prescription, dosed: Dosed) -> Iterator[Notice]:
    """What the whole plan takes from the stock, and what the site has."""
    from_course = dosed.restocked_from
    if from_course is None:
        return
    needed = Counter(dict(rx.taken)) + Counter(vials_of([portion.choice for portion in dosed.portions]))
    places = tuple((course, day) for course, day in dosed.places if course >= from_course)
    yield from stock_short(rx.site, rx.product.id, needed, places)


def stock_short(
    site: Site, product: str, needed: Mapping[Fraction, int], places: tuple[tuple[int, int], ...]
) -> Iterator[Notice]:
    """What is needed of a product, by vial size in g, is more than the site has. `places`: the sessions from the
    first course on that the stock does not reach.
    """
    held, from_course = site.shelf(product) or {}, places[0][0]
    short = [size for size, count in sorted(needed.items(), reverse=True) if count > held.get(size, 0)]
    if not short:
        return
    sizes = "; ".join(f"{needed[size]} of {figure(size)} g needed, {held.get(size, 0)} held" for size in short)
    yield Notice(
        "stock-short",
        "caution",
        f"the stock of site {site.id} reaches to course {from_course - 1}, not for the whole plan: {sizes}; "
        f"it must be filled up before course {from_course}",
        ", ".join(f"{needed[size]} x {figure(size)} g" for size in short),
        ", ".join(f"{held.get(size, 0)} x {figure(size)} g" for size in short),
        sessions=places,
    )
