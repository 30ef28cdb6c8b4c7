"""What an order and the definitions settle before there is any patient: parts, amounts, rates, ceilings.

A batch keeps one for all patients who are treated alike; what was worked out for a weight is kept with it.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from ivigcalc.definitions import (
    CourseTime,
    Limit,
    Phase,
    Prefer,
    Rounding,
    cite,
)
from ivigcalc.definitions.regimen import RateCeiling
from ivigcalc.engine.case import Case, Defined, Definitions
from ivigcalc.engine.dose import (
    Prescribed,
    interval_fits,
    of_four_weeks,
    prescribed_dose,
    published_interval,
)
from ivigcalc.engine.known import Known
from ivigcalc.engine.phases import treatments_by_phase
from ivigcalc.engine.plan import Notice
from ivigcalc.engine.rounding import Steps, make_steps
from ivigcalc.engine.titration import Ceilings, Ladder, TableChoice, choose_table, make_ladder
from ivigcalc.errors import RequestError
from ivigcalc.exact import Fraction
from ivigcalc.quantity import Quantity
from ivigcalc.request.form import Command
from ivigcalc.request.request import InfusionKind, Risk, Treatment

if TYPE_CHECKING:
    from ivigcalc.engine.course import Dosed, Drawn, Given
    from ivigcalc.engine.session import Calendar

#: the one part of a plan that has no protocol: an infusion of just what is ordered
ONE_INFUSION = Phase(id="infusion")
#: weights, doses, starts and answers of checks that a prescription remembers
_WEIGHTS, _DOSES, _STARTS, _SAID, _KINDS = 2048, 512, 1024, 1024, 64


class Part(Struct, frozen=True):
    """Courses in a row that are alike: a phase, what of the order speaks to it, and what each course should be.

    `days`: how many days a course may have, fewest first, and `days_because` why, where it is the patient's risk.
    `four_week_dose`: what `prescribed` is a share of, if any.
    """

    phase: Phase
    ordered: Treatment
    courses: int
    prescribed: Prescribed
    days: tuple[int, ...]
    interval: Quantity | None = None
    four_week_dose: Quantity | None = None
    days_because: str | None = None

    def at_risk(self, risks: tuple[Risk, ...]) -> Part:
        """The same for a patient with these risks: on the days that are printed for one, where none are ordered."""
        printed = self.phase.days.for_risks(risks) if self.phase.days else None
        if printed is None or self.ordered.days is not None:  # control: days-at-risk
            return self
        named = " or ".join(printed.risks)
        return replace(self, days=(printed.days,), days_because=f"printed for patients at {named} risk")


class Rates(Struct, frozen=True):
    """The rate table that serves a kind of infusion, and the same made ready for the arithmetic."""

    table: TableChoice
    ladder: Ladder


class Prescription(Defined, Struct, frozen=True, dict=True):
    """An order under its definitions. `indication` is what the rate tables are looked up under.

    `protocol_named`: the order names its protocol, and does not take the default. `first_course`: the number of its
    first course; `taken`: what the courses before it took of the product, by vial size in g.
    """

    command: Command
    definitions: Definitions
    protocol_id: str | None
    indication: str | None
    parts: tuple[Part, ...]
    protocol_named: bool = True
    first_course: int = 1
    taken: tuple[tuple[Fraction, int], ...] = ()

    @cached_property
    def dosed(self) -> Known[tuple[Fraction, bool | None, tuple[Risk, ...]], Dosed]:
        """Its courses for a weight, whether small doses are rounded finer, and risks."""
        return Known(_WEIGHTS)

    @cached_property
    def drawn(self) -> Known[tuple[Given, ...], Drawn]:
        """The vials of courses, by their doses."""
        return Known(_DOSES)

    @cached_property
    def calendars(self) -> Known[object, Calendar]:
        """Its dates, by what they depend on."""
        return Known(_STARTS)

    @cached_property
    def said(self) -> Known[object, tuple[Notice, ...]]:
        """What checks said that look at it and at little else."""
        return Known(_SAID)

    @cached_property
    def served(self) -> Known[object, Any]:
        """The rates that serve a kind of infusion of who is held to the same."""
        return Known(_KINDS)

    @cached_property
    def _rates(self) -> Known[tuple[InfusionKind, tuple[Risk, ...]], Rates]:
        """The tables for a kind of infusion and risks."""
        return Known(_KINDS)

    @cached_property
    def limits(self) -> tuple[Limit, ...]:
        """The published limits of a dose: the protocol's, then the policy's."""
        return (*self.protocol.limits, *self.policy.limits) if self.protocol else ()

    @cached_property
    def rounding(self) -> Rounding:
        """The policy's rounding."""
        rounding = self.policy.rounding
        assert rounding is not None  # a policy without one is refused before
        return rounding

    @cached_property
    def rounding_of_small_doses(self) -> Rounding:
        """The same with the finer step that the policy has for small doses."""
        small = self.rounding.small
        assert small is not None
        return self.rounding.finer(small.to, small.source)

    @cached_property
    def steps(self) -> Steps:
        """To what courses are rounded."""
        return self._steps(self.rounding, self._sizes_in_stock, self.policy.prefer)

    @cached_property
    def steps_of_small_doses(self) -> Steps:
        """To what small ones are."""
        return self._steps(self.rounding_of_small_doses, self._sizes_in_stock)

    @cached_property
    def steps_of_all_sizes(self) -> Steps | None:
        """Those of `steps` if the site had every size of the product; None where it has, or lists no stock."""
        sizes = tuple(size.base for size in self.product.vials)
        stocked = self._sizes_in_stock
        if stocked is None or set(stocked) == set(sizes) or self.rounding.to != "whole vials":
            return None
        return self._steps(self.rounding, None, self.policy.prefer)

    def _steps(self, rounding: Rounding, sizes: tuple[Fraction, ...] | None, prefer: Prefer | None = None) -> Steps:
        return make_steps(self.product, rounding, sizes, Fraction(self.safety.deviation.percent.value), prefer)

    @property
    def _sizes_in_stock(self) -> tuple[Fraction, ...] | None:
        stock = self.site.shelf(self.product.id)
        return None if stock is None else tuple(size for size, count in stock.items() if count) or None

    @cached_property
    def ceilings(self) -> Ceilings:
        """What bounds the rate beside the table, for a patient who is not at risk."""
        site = self.site
        return Ceilings(
            at_risk=False,
            increment_ml_per_h=site.pump.increment.base,
            pump_ml_per_h=site.pump.maximum.base,
            site_ml_per_h=site.rate_maximum.base if site.rate_maximum else None,
            above=self.safety.pump.above_step.base / 100,
            shown_from=self.safety.pump.shown_from.base / 100,
            shortest_min=site.shortest_step.base,
        )

    @cached_property
    def overheads_min(self) -> tuple[int, int]:
        """Minutes of a visit before and after the infusion."""
        return self.site.visit.before_min, self.site.visit.after_min

    def rates(self, kind: InfusionKind, risks: tuple[Risk, ...]) -> Rates:
        """The rates of a first or a later infusion with these risks. Raises `RefusedError` where nobody prints any."""
        return self._rates.of((kind, risks), lambda: self._rates_for(kind, risks))

    def _rates_for(self, kind: InfusionKind, risks: tuple[Risk, ...]) -> Rates:
        chosen = choose_table(self.product, self.indication, kind, risks)
        return Rates(chosen, make_ladder(self.product, chosen.table))

    @cached_property
    def times_of_others(self) -> tuple[tuple[str, Phase, CourseTime], ...]:
        """The infusion times that the protocols print which are not followed, of the regimen or of what is treated."""
        treated = self.definitions.indication
        file = self.regimen or (treated.value if treated else None)
        return tuple(
            (name, phase, time)
            for name, protocol in (file.protocols.items() if file else ())
            for phase in (protocol.stages if name != self.protocol_id else ())
            if (time := phase.time or protocol.time) is not None
        )

    @cached_property
    def rate_ceiling(self) -> RateCeiling | None:
        """The most that is printed for the indication, whatever the product: the regimen's own, else its file's."""
        treated = self.definitions.indication
        own = self.regimen.rate_ceiling if self.regimen else None
        return own or (treated.value.rate_ceiling if treated else None)

    @property
    def rate_ceiling_source(self) -> str | None:
        """Where it is printed."""
        treated = self.definitions.indication
        owner = self.regimen if self.regimen and self.regimen.rate_ceiling else treated.value if treated else None
        return cite(owner, self.rate_ceiling)


def prescribe(case: Case) -> Prescription:
    """What is settled without the patient. Raises `RequestError` for what both protocol and order leave open."""
    request, regimen, protocol = case.request, case.regimen, case.protocol
    treatment = request.order.treatment
    if regimen is None or protocol is None:
        parts: tuple[Part, ...] = (_one_infusion(treatment),)
        indication = request.indication
    else:
        name = f"{regimen.id} ({protocol.title})"
        parts = tuple(
            _part(phase, ordered, courses, name, protocol.no_dose_because)
            for phase, ordered, courses in treatments_by_phase(protocol, treatment, request.command)
        )
        indication = regimen.treats
    return Prescription(
        request.command,
        case.definitions,
        case.protocol_id,
        indication,
        cut_at(parts, case.since.first_course),
        request.protocol is not None,
        case.since.first_course,
        case.since.taken,
    )


def cut_at(parts: tuple[Part, ...], first_course: int) -> tuple[Part, ...]:
    """The parts from a course on, counted from 1: those before are gone, and the one that holds it is shorter."""
    found: list[Part] = []
    before = first_course - 1
    for part in parts:
        skipped = min(before, part.courses)
        before -= skipped
        if skipped < part.courses:
            found.append(replace(part, courses=part.courses - skipped) if skipped else part)
    return tuple(found)


def _one_infusion(ordered: Treatment) -> Part:
    if ordered.dose is None:
        raise RequestError("give the dose of this infusion: --dose 70g", field="dose", code="dose-needed")
    if ordered.dose.per is not None:
        raise RequestError(
            f"--dose {ordered.dose}: one infusion has neither days nor courses; give its dose alone", field="dose"
        )
    return Part(ONE_INFUSION, ordered, 1, Prescribed(ordered.dose.amount, False, None, None), (1,))


# ---- what one phase gives -------------------------------------------------------------------------------------------


def _part(phase: Phase, ordered: Treatment, courses: int, name: str, no_dose_because: str | None) -> Part:
    prescribed, four_week_dose = _scaled(prescribed_dose(ordered, phase, name, no_dose_because), phase, ordered)
    return Part(
        phase,
        ordered,
        courses,
        prescribed,
        _days(prescribed, phase, ordered, name),
        _interval(phase, ordered, courses, name),
        four_week_dose,
    )


def _days(prescribed: Prescribed, phase: Phase, ordered: Treatment, name: str) -> tuple[int, ...]:
    """How many days a course may have: as ordered, else as published."""
    if ordered.days is not None:
        return (ordered.days,)
    if phase.days is None:
        raise RequestError(
            f"{name} does not print over how many days a course is given: give --days", field="days", code="days-needed"
        )
    if phase.days.from_ is None:  # control: fewest-days-not-printed
        raise RequestError(
            f"{name} prints {phase.days} days for a course, and not how few: give --days",
            field="days",
            code="days-needed",
        )
    if prescribed.per_day and phase.days.single is None:  # control: days-settle-dose
        raise RequestError(
            f"{name} gives {prescribed.dose} on each of {phase.days} days, "
            "so that the number of days settles the dose: give --days",
            field="days",
            code="days-needed",
        )
    return tuple(range(phase.days.fewest, phase.days.to + 1))


def _interval(phase: Phase, ordered: Treatment, courses: int, name: str) -> Quantity | None:
    """From course to course; needed where there is more than one."""
    interval = published_interval(phase, ordered)
    if courses > 1 and interval is None:
        printed = phase.interval.every if phase.interval else phase.apart
        published = f"publishes an interval of {printed}" if printed else "prints no interval"
        raise RequestError(
            f'{name} {published}: give --every, e.g. --every "4 weeks"', field="every", code="interval-needed"
        )
    return interval


def _scaled(prescribed: Prescribed, phase: Phase, ordered: Treatment) -> tuple[Prescribed, Quantity | None]:
    """A dose per four weeks becomes a dose per interval; doubling by accident is not possible."""
    every, printed = ordered.every, phase.interval
    # control: dose-basis-asked
    if every is not None and printed is not None and ordered.dose_basis is None and not interval_fits(phase, every):
        raise RequestError(
            f"every {every} is not the protocol's interval of {printed.every}: "
            f"say whether {prescribed.dose} is for each course or for each four weeks, "
            "with --dose-basis course or --dose-basis 4-weeks",
            field="dose_basis",
            code="dose-basis-needed",
        )
    if ordered.dose_basis != "4-weeks":
        return prescribed, None
    if ordered.dose is not None and ordered.dose.per is not None:
        raise RequestError(
            f"--dose {ordered.dose} is for a {ordered.dose.per}, --dose-basis 4-weeks for four weeks: say one of them",
            field="dose_basis",
        )
    scaled, exact = of_four_weeks(prescribed.dose, _interval_of_share(prescribed, phase, ordered))
    return replace(prescribed, dose=scaled, exact=exact), prescribed.dose  # control: four-weeks-scaled


def _interval_of_share(prescribed: Prescribed, phase: Phase, ordered: Treatment) -> Quantity:
    """The interval that has its share of a dose of four weeks."""
    every = published_interval(phase, ordered)
    if every is None or every.dimension != "days":
        shown = f"not {every}" if every else "with --every"
        raise RequestError(
            f'--dose-basis 4-weeks needs an interval in days or weeks, {shown}: give --every "4 weeks"',
            field="dose_basis",
        )
    own = phase.interval.every.single if phase.interval else None
    # control: published-for-four-weeks
    if ordered.dose is None and (own is None or str(own) not in ("4 weeks", "28 days", "1 month")):
        raise RequestError(
            f"--dose-basis 4-weeks: the protocol's {prescribed.dose} is not printed for four weeks: "
            "give --dose, the dose of four weeks",
            field="dose_basis",
        )
    return every
