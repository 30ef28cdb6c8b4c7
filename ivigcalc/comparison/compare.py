"""Plans every order of a comparison and keeps of each what is put side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from ivigcalc.api import Desk
from ivigcalc.comparison.axes import Orders
from ivigcalc.definitions import NO_SITE_LOADED, Loaded, Phase, Site
from ivigcalc.engine.plan import Course, Plan, Session, VialCount, vials_of_all
from ivigcalc.errors import RefusedError, RequestError
from ivigcalc.exact import Fraction
from ivigcalc.quantity import decimal_of
from ivigcalc.request.form import Command, Form
from ivigcalc.request.words import interval

_DAYS_A_YEAR, _MONTHS_A_YEAR = 365, 12
#: an interval shows only between courses
_COURSES_TO_SEE_AN_INTERVAL = "2"


class Money(Struct, frozen=True):
    """What one course and one year cost at the site's own prices: vials, and hours in a chair where they have one."""

    per_course: Decimal
    per_year: Decimal | None
    currency: str


class Row(Struct, frozen=True):
    """One order, or one phase of it: the figures of its first course.

    `words`: one for each thing that varies. `own_codes`: the codes of notices that not every order has. A year has
    365 days or 12 months; without an interval there is no figure of a year.
    """

    words: tuple[str, ...]
    phase: str | None
    dosing_weight_kg: Decimal
    days: int
    prescribed_g: Decimal
    dose_g: Decimal
    deviation_percent: Decimal
    g_per_kg: Decimal
    most_g_a_day: Decimal
    most_ml_a_day: Decimal | None
    infusion_min: int | None
    visit_min: int | None
    highest_ml_per_h: Decimal | None
    visits_a_year: Decimal | None
    vials: tuple[VialCount, ...]
    vial_count: int
    leftover_g: Decimal
    cost: Money | None
    codes: tuple[str, ...]
    own_codes: tuple[str, ...] = ()


class NotPlanned(Struct, frozen=True):
    """An order that was refused, and why."""

    words: tuple[str, ...]
    code: str
    message: str


class Comparison(Struct, frozen=True):
    """Every order once: planned, or not. `example`: one of the plans, for what all of them have in common."""

    fields: tuple[str, ...]
    example: Plan
    rows: tuple[Row, ...]
    not_planned: tuple[NotPlanned, ...]
    common_codes: tuple[str, ...]

    @property
    def site(self) -> Site:
        """The site of all orders."""
        return self.example.computed_from.site.value


def compare(form: Form, orders: Orders, *, on: date | None, site: Loaded[Site] = NO_SITE_LOADED) -> Comparison:
    """Plan every order; raises what the first was refused for where none can be planned.

    An order that somebody named and that cannot be read is an error; one of `all` is left out with its reason.
    """
    desk = Desk(site, on)
    command, base = _with_interval(replace(form, **orders.common), orders, on)
    plans: list[tuple[tuple[str, ...], Plan]] = []
    not_planned: list[NotPlanned] = []
    first_refusal: RequestError | RefusedError | None = None
    lenient = any(axis.everything for axis in orders.axes)
    for words in orders.each():
        asked = replace(base, **{axis.field: word for axis, word in zip(orders.axes, words, strict=True)})
        try:
            plans.append((words, desk.plan(asked, command, with_trace=False)))
        except (RequestError, RefusedError) as refused:
            if isinstance(refused, RequestError) and not lenient:
                raise
            first_refusal = first_refusal or refused
            not_planned.append(NotPlanned(words, refused.code, str(refused)))
    if not plans:
        assert first_refusal is not None
        raise first_refusal
    rows = [row for words, plan in plans for row in _rows(words, plan)]
    common = _common(row.codes for row in rows)
    return Comparison(
        tuple(axis.field for axis in orders.axes),
        plans[0][1],
        tuple(replace(row, own_codes=tuple(c for c in row.codes if c not in common)) for row in rows),
        tuple(not_planned),
        common,
    )


def _with_interval(form: Form, orders: Orders, on: date | None) -> tuple[Command, Form]:
    """The command that asks for an interval, where one is said; its dates are of no account, so any day will do."""
    if form.every is None and form.dose_basis is None and all(axis.field != "every" for axis in orders.axes):
        return "dose", form
    start = on.isoformat() if on else None
    return "schedule", replace(form, start=form.start or start, courses=form.courses or _COURSES_TO_SEE_AN_INTERVAL)


def _rows(words: tuple[str, ...], plan: Plan) -> Iterator[Row]:
    codes = tuple(dict.fromkeys(notice.code for notice in plan.notices))
    for course in plan.phases:
        sessions = [session for session in plan.sessions if session.course == course.first_course]
        a_year = _courses_a_year(plan, course)
        yield Row(
            words,
            course.phase if len(_stages(plan)) > 1 else None,
            plan.dosing_weight.kg,
            course.days,
            course.prescribed_g,
            course.dose_g,
            course.deviation_percent,
            course.g_per_kg,
            max(session.dose_g for session in sessions),
            _most(session.volume_ml for session in sessions),
            _sum(session.duration_min for session in sessions),
            _sum(map(_visit_min, sessions)),
            _most(step.rate_ml_per_h for session in sessions for step in session.steps),
            None if a_year is None else decimal_of(a_year * course.days, 1),
            vials_of_all(sessions),
            sum(vial.count for session in sessions for vial in session.vials),
            sum((session.leftover_g for session in sessions), Decimal(0)),
            _cost(plan, sessions, a_year),
            codes,
        )


def _most(values: Iterable[Decimal | None]) -> Decimal | None:
    return max((value for value in values if value is not None), default=None)


def _sum(values: Iterable[int | None]) -> int | None:
    known = list(values)
    return None if None in known else sum(value for value in known if value is not None)


def _visit_min(session: Session) -> int | None:
    if session.duration_min is None:
        return None
    return session.overhead_before_min + session.duration_min + session.overhead_after_min


def _courses_a_year(plan: Plan, course: Course) -> Fraction | None:
    """How many courses a year has at this interval, but no more than the protocol prints."""
    if course.interval is None:
        return None
    every = interval(course.interval)
    a_year = Fraction(_MONTHS_A_YEAR if every.dimension == "months" else _DAYS_A_YEAR) / every.base
    most = _courses_printed(plan, course.phase)
    return a_year if most is None else min(a_year, Fraction(most))


def _courses_printed(plan: Plan, phase: str) -> int | None:
    return next((stage.courses.to for stage in _stages(plan) if stage.id == phase and stage.courses), None)


def _stages(plan: Plan) -> tuple[Phase, ...]:
    source = plan.computed_from
    if source.regimen is None or source.protocol is None:
        return ()
    return source.regimen.value.protocols[source.protocol].stages


def _cost(plan: Plan, sessions: Sequence[Session], courses_a_year: Fraction | None) -> Money | None:
    """At the site's prices, exact; nothing where it has no price for the product."""
    site, product = plan.computed_from.site.value, plan.computed_from.product.value
    price = site.price_per_gram.get(product.id)
    if price is None:
        return None
    grams = sum((session.dose_g + session.leftover_g for session in sessions), Decimal(0))
    exact = Fraction(grams) * Fraction(price.amount)
    chair_min = _sum(map(_visit_min, sessions))
    if site.chair_hour is not None and chair_min is not None:
        exact += Fraction(chair_min, 60) * Fraction(site.chair_hour.amount)
    per_year = None if courses_a_year is None else decimal_of(exact * courses_a_year, 2)
    return Money(decimal_of(exact, 2), per_year, price.currency)


def _common(codes: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    first, *others = codes
    return tuple(code for code in first if all(code in other for other in others))
