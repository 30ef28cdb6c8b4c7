"""The courses of a plan: which phases it has, what each course gives, on how many days, from which vials."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from ivigcalc.definitions import Limit, Phase, Product, Protocol, Rounding
from ivigcalc.engine import checks
from ivigcalc.engine.case import Job
from ivigcalc.engine.dose import (
    FOUR_WEEKS_DAYS,
    CourseDose,
    Prescribed,
    course_grams,
    dose_grid,
    interval_days,
    plan_course,
    prescribed_dose,
    published_interval,
)
from ivigcalc.engine.plan import Notice
from ivigcalc.engine.vials import Choice, choose_from_shelf, vial_set
from ivigcalc.engine.weight import compare
from ivigcalc.errors import RefusedError, RequestError
from ivigcalc.memo import remembered, shared
from ivigcalc.quantity import Quantity, decimal_of
from ivigcalc.request.request import Order, Request


@dataclass(frozen=True, slots=True)
class Stretch:
    """Courses in a row that are alike: a phase of the protocol, how often, and what each one gives."""

    phase: Phase
    courses: int
    interval: Quantity | None
    prescribed: Prescribed
    dose: CourseDose
    vials: tuple[Choice, ...]
    rounding: Rounding


def orders_by_phase(protocol: Protocol, request: Request) -> tuple[tuple[Phase, Order, int], ...]:
    """Each phase that has courses, with the part of the order that speaks to it.

    What is ordered fills what the protocol leaves open; where nothing is open, it replaces.
    """
    return _orders(protocol, request.order, request.command)


@remembered(1024)
def _orders(protocol: Protocol, order: Order, command: str) -> tuple[tuple[Phase, Order, int], ...]:
    planned = _planned(_stages(protocol, order.phase), 1 if command == "dose" else order.courses, command)
    phases = [phase for phase, _ in planned]
    dosed = [p for p in phases if p.dose is None or p.dose.published.single is None] or phases
    shared_out = _open_days(phases, order.days) or phases
    # one course has no interval of its own; the last phase has one for whoever goes on
    repeated = [phase for phase, courses in planned if courses > 1 or phase is phases[-1]]
    repeated = [p for p in repeated if p.interval is None or p.interval.every.single is None] or repeated
    return tuple(
        (
            phase,
            replace(
                order,
                dose=order.dose if phase in dosed else None,
                days=order.days if phase in shared_out else None,
                every=order.every if phase in repeated else None,
            ),
            courses,
        )
        for phase, courses in planned
    )


def _stages(protocol: Protocol, named: str | None) -> tuple[Phase, ...]:
    """All phases of a protocol, or the one that is named."""
    found = protocol.stages_named(named)
    if named is not None and not found:
        allowed = ", ".join(phase.id for phase in protocol.stages) if protocol.phases else "none, it has no phases"
        raise RequestError(
            f"the protocol ({protocol.title}) has no phase '{named[:40]}'; allowed: {allowed}", field="phase"
        )
    return found


def _planned(stages: tuple[Phase, ...], courses: int | None, command: str) -> list[tuple[Phase, int]]:
    """The phases that are planned, with their courses: as many as are ordered, else as are published."""
    stages = stages[:1] if command == "dose" else stages
    found: list[tuple[Phase, int]] = []
    left = courses
    for place, phase in enumerate(stages):
        number = phase.courses.single if phase.courses else None
        number = number or (phase.courses.from_ if phase.courses and place + 1 < len(stages) else 1)
        if left is not None:
            number = left if place + 1 == len(stages) else min(left, number)
            left -= number
        if number:
            found.append((phase, number))
    return found


def _open_days(phases: list[Phase], days: int | None) -> list[Phase]:
    """The phases that leave the number of days open: those that allow the ordered one, where any do."""
    left_open = [p for p in phases if p.days is None or p.days.single is None]
    return [p for p in left_open if days is None or p.days is None or p.days.from_ <= days <= p.days.to] or left_open


def phase_checks(asked: checks.Asked, phase: Phase, order: Order) -> Iterator[Notice]:
    """What is ordered for one phase against what is published for it."""
    yield from checks.dose_range(asked, _for_one_course(order, phase), phase)
    yield from checks.days_range(asked, order, phase)
    yield from checks.interval_range(asked, order, phase)
    yield from checks.said_of_phase(asked, phase)


def _for_one_course(order: Order, phase: Phase) -> Order:
    """The order with what each course has of a dose of four weeks, where courses come as the protocol prints."""
    if order.dose is None or order.dose_basis != "4-weeks":
        return order
    every = published_interval(phase, order)
    if every is None or every.dimension != "days":
        return order
    return replace(order, dose=_of_four_weeks(order.dose, every)[0]) if checks.interval_fits(phase, every) else order


def plan_stretch(
    job: Job, phase: Phase, order: Order, courses: int, protocol: Protocol, limits: tuple[Limit, ...]
) -> Stretch:
    """The courses of one phase. Raises `RequestError` for what the protocol leaves open and the order does not say."""
    assert job.asked.regimen is not None
    name = f"{job.asked.regimen.value.id} ({protocol.title})"
    prescribed = _scaled(prescribed_dose(order, phase, name, protocol.no_dose_because), phase, order, job)
    if prescribed.per_day and order.days is None and phase.days and phase.days.single is None:
        raise RequestError(
            f"{name} gives {prescribed.dose} on each of {phase.days} days, so that the number of days settles the dose: give --days",
            field="days", code="days-needed",
        )  # fmt: skip
    if phase.days is None and order.days is None:
        raise RequestError(
            f"{name} does not print over how many days a course is given: give --days", field="days", code="days-needed"
        )
    interval = published_interval(phase, order)
    if courses > 1 and interval is None:
        published = f"publishes an interval of {phase.interval.every}" if phase.interval else "prints no interval"
        raise RequestError(
            f'{name} {published}: give --every, e.g. --every "4 weeks"', field="every", code="interval-needed"
        )
    candidates = (
        (order.days,) if order.days else tuple(range(phase.days.from_, phase.days.to + 1)) if phase.days else ()
    )
    rounding = _rounding_for(job, prescribed, candidates)
    grid = dose_grid(job.asked.product.value, rounding, _shelf_sizes(job))
    dose = plan_course(prescribed, candidates, job.weights.kg, grid, rounding, limits, order.days is not None)
    job.notices += _dose_notices(job, phase, prescribed, dose, rounding, order)
    if courses > 1 and job.site.value.shelf(job.asked.product.value.id) is not None:
        text = f"the stock of site {job.site.value.id} is counted for one course: its vials must be there again for each of the {courses}"
        job.notices.append(Notice("stock-per-course", "info", text))
    return Stretch(phase, courses, interval, prescribed, dose, choose_vials(job, dose.session_doses_g), rounding)


def _scaled(prescribed: Prescribed, phase: Phase, order: Order, job: Job) -> Prescribed:
    """A dose per four weeks becomes a dose per interval; doubling by accident is not possible."""
    if order.every is not None and order.dose_basis is None and not checks.interval_fits(phase, order.every):
        assert phase.interval is not None
        raise RequestError(
            f"every {order.every} is not the protocol's interval of {phase.interval.every}: say whether {prescribed.dose} is for each course "
            "or for each four weeks, with --dose-basis course or --dose-basis 4-weeks",
            field="dose_basis", code="dose-basis-needed",
        )  # fmt: skip
    return _per_interval(prescribed, phase, order, job) if order.dose_basis == "4-weeks" else prescribed


def _per_interval(prescribed: Prescribed, phase: Phase, order: Order, job: Job) -> Prescribed:
    every = published_interval(phase, order)
    if every is None or every.dimension != "days":
        shown = f"not {every}" if every else "with --every"
        raise RequestError(f"--dose-basis 4-weeks needs an interval in days or weeks, {shown}", field="dose_basis")
    own = phase.interval.every.single if phase.interval else None
    if order.dose is None and (own is None or str(own) not in ("4 weeks", "28 days", "1 month")):
        raise RequestError(
            f"--dose-basis 4-weeks: the protocol's {prescribed.dose} is not printed for four weeks: give --dose, the dose of four weeks",
            field="dose_basis",
        )
    scaled, exact = _of_four_weeks(prescribed.dose, every)
    text = f"{prescribed.dose} per 4 weeks is {scaled} for each course every {every}"
    job.notices.append(Notice("dose-basis", "info", text, str(prescribed.dose), str(scaled)))
    return replace(prescribed, dose=scaled, exact=exact)


def _of_four_weeks(dose: Quantity, every: Quantity) -> tuple[Quantity, Fraction]:
    """What each course has of a dose of four weeks: to be written down, and exactly, in the base unit."""
    share = every.base / FOUR_WEEKS_DAYS
    return Quantity(decimal_of(Fraction(dose.value) * share, 6), dose.unit), dose.base * share


def _basis_notice(job: Job, phase: Phase, prescribed: Prescribed, dose: CourseDose, order: Order) -> Iterator[Notice]:
    """What a dose per course comes to in four weeks, where the interval is not the protocol's or was asked about."""
    every, fits = order.every, order.every is None or checks.interval_fits(phase, order.every)
    if every is None or order.dose_basis == "4-weeks":
        return
    if fits and phase.interval is not None and order.dose_basis is None:
        return
    per_4_weeks = dose.dose_g / job.weights.kg * FOUR_WEEKS_DAYS / interval_days(every)
    each = f"{prescribed.dose} a day" if prescribed.per_day else f"{prescribed.dose}"
    average = " on average" if every.dimension == "months" else ""
    yield Notice(
        "dose-basis",
        "info" if fits else "caution",
        f"{each} is given for each course every {every}: {checks.show(per_4_weeks, 3)} g/kg in 4 weeks{average}",
        f"{checks.show(per_4_weeks, 3)} g/kg in 4 weeks",
    )


def _dose_notices(
    job: Job, phase: Phase, prescribed: Prescribed, dose: CourseDose, rounding: Rounding, order: Order
) -> Iterator[Notice]:
    regimen = job.asked.regimen
    definition = regimen.value if regimen else None
    policy = job.policy.policy.value
    of_phase = checks.of_phase(phase)
    if dose.capped:
        by_course = prescribed.cap is not None and dose.prescribed_g == prescribed.cap.base
        what, cap = ("the course", prescribed.cap) if by_course else ("each day", prescribed.cap_per_day)
        yield Notice("dose-capped", "caution", f"{of_phase}{what} is capped at {cap} by the protocol", f"{prescribed.dose}", str(cap), checks.cite(definition, phase.dose, phase, job.asked.protocol))  # fmt: skip
    if dose.dose_g != dose.prescribed_g:
        yield Notice(
            "rounded",
            "info",
            f"{of_phase}the course of {checks.show(dose.prescribed_g)} g is rounded to {checks.show(dose.dose_g)} g ({rounding})",
            source=checks.cite(policy, rounding),
        )
    if order.days is None:
        yield Notice(
            "days-chosen",
            "info",
            f"{of_phase}{checks.counted(len(dose.session_doses_g), 'day')}: {dose.days_because}",
            source=checks.cite(definition, phase.days, phase, job.asked.protocol),
        )
    if phase.days is not None and phase.days.equal and len(set(dose.session_doses_g)) > 1:
        yield Notice(
            "rounded",
            "info",
            f"{of_phase}the protocol prints equal days; whole amounts make them {' and '.join(checks.show(g) for g in sorted(set(dose.session_doses_g), reverse=True))} g",
            source=checks.cite(definition, phase.days, phase, job.asked.protocol),
        )
    yield from _basis_notice(job, phase, prescribed, dose, order)
    limit = Fraction(job.asked.safety.value.deviation.percent.value)
    if dose.smallest and dose.deviation_percent > limit:
        yield Notice("dose-below-vial", "stop", f"the course of {checks.show(dose.prescribed_g)} g is less than the smallest that can be given ({checks.show(dose.dose_g)} g, {checks.show(dose.deviation_percent)} % more); choose a product with smaller vials or a --policy that does not round to vials",
                     f"{checks.show(dose.prescribed_g)} g", f"{checks.show(dose.dose_g)} g")  # fmt: skip


def _rounding_for(job: Job, prescribed: Prescribed, candidates: tuple[int, ...]) -> Rounding:
    """The policy's rounding, with its finer step where that applies."""
    rounding = job.policy.policy.value.rounding
    assert rounding is not None
    small = rounding.small
    if small is None or course_grams(prescribed, candidates[0], job.weights.kg)[0] >= small.below.base:
        return rounding
    age = job.asked.patient.age_months(job.asked.request.reference_date)
    if small.when and age is None:
        text = f"age not given: the finer rounding of {job.policy.policy.value.id} for {' or '.join(map(str, small.when))} was taken not to apply"
        job.notices.append(Notice("default-used", "info", text))
    if small.when and not any(
        c.subject == "age" and age is not None and compare(c.operator, age, c.operand) for c in small.when
    ):
        return rounding
    return _for_small_doses(rounding)


@remembered(64)
def _for_small_doses(rounding: Rounding) -> Rounding:
    small = rounding.small
    assert small is not None
    return rounding.model_copy(update={"to": small.to, "source": small.source or rounding.source})


def _shelf_sizes(job: Job) -> tuple[Fraction, ...] | None:
    shelf = job.site.value.shelf(job.asked.product.value.id)
    return tuple(size for size, count in shelf.items() if count) or None if shelf is not None else None


def choose_vials(job: Job, doses_g: tuple[Fraction, ...]) -> tuple[Choice, ...]:
    """Vials of each session of a course; the sessions share the shelf where the site lists one."""
    product = job.asked.product.value
    shelf = job.site.value.shelf(product.id)
    if not product.vials:
        return tuple(_for_dose(dose, Choice((), Fraction(0))) for dose in doses_g)
    if shelf is None:
        return _whole_vials(product, doses_g)
    unknown = [size for size in shelf if size not in {v.base for v in product.vials}]
    if unknown:
        raise RequestError(
            f"site {job.site.value.id} lists {product.id} vials of {checks.show(unknown[0])} g, which do not exist",
            field="site",
        )
    found = []
    for day, dose in enumerate(doses_g, start=1):
        choice = choose_from_shelf(dose, shelf)
        if choice is None:
            raise RefusedError(
                "stock-short", f"the shelf of site {job.site.value.id} does not hold the {checks.show(dose)} g of {product.id} for day {day}; restock or choose another product",
                overridable=False,
            )  # fmt: skip
        for size, count in choice.vials:
            shelf[size] -= count
        found.append(_for_dose(dose, choice))
    return tuple(found)


@remembered(1024)
def _whole_vials(product: Product, doses_g: tuple[Fraction, ...]) -> tuple[Choice, ...]:
    sizes = vial_set(tuple(size.base for size in product.vials))
    return tuple(sizes.choose(dose) for dose in doses_g)


def _for_dose(dose_g: Fraction, choice: Choice) -> Choice:
    """One object for equal vials of equal doses, as `VialSet.choose` gives it: what shares it shares its infusion."""
    return shared((dose_g, choice))[1]
