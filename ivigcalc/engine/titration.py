"""The rate titration of one infusion: which ladder, which ceilings, and the steps that empty the bag.

Rates are exact until they are set on the pump; volumes come from the set rates; the last step takes what is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from math import floor, lcm
from operator import mul
from typing import Literal

from msgspec import Struct

from ivigcalc.definitions import PrintedRung, Product, RateTable
from ivigcalc.errors import RefusedError
from ivigcalc.exact import Fraction
from ivigcalc.quantity import Quantity, figure
from ivigcalc.request.request import InfusionKind, Risk

Binding = Literal[
    "ladder",
    "ceiling",
    "at-risk",
    "at-risk-elsewhere",
    "indication",
    "policy",
    "policy-first",
    "policy-at-risk",
    "site",
    "pump",
    "time",
    "reaction",
]


#: less than this can show as 0 mL, and no step has 0 mL: it goes with the step before
NOTHING_ML = Fraction(1, 1000)


class Rung(Struct, frozen=True):
    """One step of a ladder in the engine's units; `minutes` is None on the last. `printed`: as the file has it."""

    rate: Fraction
    minutes: Fraction | None
    assumed: bool
    printed: PrintedRung


class Ladder(Struct, frozen=True):
    """A rate table made ready: mL/kg/h (or mL/h where `absolute`), with the ceilings that its source prints."""

    table: RateTable
    rungs: tuple[Rung, ...]
    absolute: bool
    ceiling: Fraction
    at_risk: Fraction | None
    at_risk_absolute: bool
    ml_per_g: Fraction

    @property
    def uses(self) -> str:
        """What the table was published for."""
        return ", ".join(self.table.for_)


class OtherCeiling(Struct, frozen=True):
    """A ceiling printed elsewhere than in the table: mL/kg/h, or mL/h where `absolute`; `printed` as in its file."""

    by: Binding
    rate: Fraction
    absolute: bool
    printed: Quantity

    @classmethod
    def of(cls, by: Binding, product: Product, printed: Quantity) -> OtherCeiling:
        """As it holds for a product."""
        return cls(by, product.comparable_rate(printed), printed.dimension == "rate", printed)

    def ml_per_h(self, weight_kg: Fraction) -> Fraction:
        """For a rate weight in kg."""
        return self.rate * (1 if self.absolute else weight_kg)


class Ceilings(Struct, frozen=True):
    """What else bounds the rate: at-risk patients, the site's pump and house rule in mL/h, and other ceilings.

    `above`: the part of a step by which the pump may run above it. `shown_from`: by which part the two must differ for
    both to be shown. `shortest_min`: a shorter step is not entered. `time_ml_per_h`: where an infusion must stay to
    last as long as it should.
    """

    at_risk: bool
    increment_ml_per_h: Fraction
    pump_ml_per_h: Fraction
    site_ml_per_h: Fraction | None
    above: Fraction
    shown_from: Fraction
    shortest_min: Fraction
    others: tuple[OtherCeiling, ...] = ()
    time_ml_per_h: Fraction | None = None


class Bound(Struct, frozen=True):
    """What a pump rate was held by; `capped` where the ladder itself wanted more, not only its rounding.

    `ceiling_ml_per_h`: the lowest ceiling in force.
    """

    by: Binding
    capped: bool
    ceiling_ml_per_h: Fraction


class Climb(Struct, frozen=True):
    """A ladder on one patient's pump, exact in whole numbers: volumes are mL x `per_ml`, times are minutes x `per_min`.

    `full_ml` and `full_min` say how much is in, and when, at the end of each step but the last; `flows` is volume over
    time of each step; `next_ml` how much the rung after it has to give to be entered.
    """

    ladder: Ladder
    weight_kg: Fraction
    limits: Ceilings
    rates: tuple[tuple[Fraction, Rung, Bound], ...]
    per_ml: int
    per_min: int
    flows: tuple[int, ...]
    full_ml: tuple[int, ...]
    full_min: tuple[int, ...]
    next_ml: tuple[int, ...]

    @property
    def bound_by(self) -> frozenset[Binding]:
        """What capped any of its rungs."""
        return frozenset(bound.by for _, _, bound in self.rates if bound.capped)

    def last_rung(self, volume_ml: Fraction) -> int:
        """On which rung an infusion of so much ends: no step has 0 mL, and none is entered for a moment."""
        volume, unit = volume_ml.numerator * self.per_ml, volume_ml.denominator
        for place, (full, least) in enumerate(zip(self.full_ml, self.next_ml, strict=True)):
            if volume < (full + least) * unit:  # control: shortest-step
                return place
        return len(self.full_ml)

    def minute(self, volume_ml: Fraction, last: int) -> tuple[int, int]:
        """The minute at which so much is in, in an infusion that ends on rung `last`, as numerator and denominator."""
        volume, unit = volume_ml.numerator * self.per_ml, volume_ml.denominator
        rung = 0
        while rung < last and volume > self.full_ml[rung] * unit:
            rung += 1
        before_ml, before_min = (self.full_ml[rung - 1], self.full_min[rung - 1]) if rung else (0, 0)
        flow = self.flows[rung] * unit
        return before_min * flow + volume - before_ml * unit, flow * self.per_min

    def place_at(self, minute: Fraction, last: int) -> int:
        """The step that has run up to a minute, of an infusion that ends on step `last`, counted from 0: at a change of
        rate the one before it.
        """
        at = minute * self.per_min
        return next((place for place, full in enumerate(self.full_min[:last]) if at <= full), last)

    def volume_at(self, minute: Fraction, last: int) -> Fraction:
        """What is in at a minute, exactly: every step before it in full, and its own rate since."""
        place = self.place_at(minute, last)
        before_ml, before_min = (self.full_ml[place - 1], self.full_min[place - 1]) if place else (0, 0)
        own_ml = self.flows[place] * (minute * self.per_min - before_min)  # control: volume-in
        return (before_ml + own_ml) / self.per_ml


class TableChoice(Struct, frozen=True):
    """The table that serves, and whether it was published for another use."""

    table: RateTable
    off_label: bool
    restarted: bool = False


def choose_table(
    product: Product, indication: str | None, infusion: InfusionKind, risks: tuple[Risk, ...] = ()
) -> TableChoice:
    """The product's table for this use: named first, then one for any, else its most cautious one (off-label).

    A first infusion never takes a table that was printed for later ones; a later one may take that of a first. Which is
    the most cautious goes by the patient's risks.
    """
    if not product.rates:
        why = product.no_rates_because or "no source prints an infusion rate for it"
        raise RefusedError(
            "rate-not-published", f"{product.id} has no rate table: {why}; choose another --product", overridable=False
        )
    named = [t for t in product.rates if indication in t.for_]  # control: table-for-this-use
    general = [t for t in product.rates if "any" in t.for_]
    if infusion == "first":
        tables = _fitting(named, infusion) or _fitting(general, infusion)  # control: first-table
    else:
        candidates = named or general
        tables = _fitting(candidates, infusion) or candidates
    if tables:
        return TableChoice(tables[0], off_label=False)
    return TableChoice(_most_cautious(product, infusion, risks), off_label=True)


def _fitting(tables: Sequence[RateTable], infusion: InfusionKind) -> list[RateTable]:
    return [t for t in tables if t.infusion in (infusion, "any")]


def _most_cautious(product: Product, infusion: InfusionKind, risks: tuple[Risk, ...]) -> RateTable:
    """Of the tables for other uses. Refuses where none may start a first infusion, and where none can be named."""
    tables = _fitting(product.rates, infusion)
    if not tables and infusion == "first":
        raise RefusedError(
            "rate-not-published",
            f"{product.id} has rates for later infusions only: no source prints how a first one is started; "
            "for a patient who had it before, give --infusion subsequent",
            overridable=False,
        )
    tables = tables or list(product.rates)
    if len({t.ceiling.rate.dimension == "rate" for t in tables}) > 1:  # which is slower depends on the patient's weight
        uses = ", ".join(dict.fromkeys(use for t in tables for use in t.for_))
        raise RefusedError(
            "rate-not-published",
            f"{product.id} has no rates for this use, and its tables for others are printed in mL/h and in mL/kg/h, "
            f"so no most cautious one can be named; give --indication with a use that it has rates for: {uses}",
            overridable=False,
        )
    # `min` takes the first of equals: the order of the file
    return min(tables, key=lambda t: _boldness(product, t, risks))


def _boldness(product: Product, table: RateTable, risks: tuple[Risk, ...]) -> tuple[Fraction, ...]:
    """Order of tables of one kind from cautious to bold: lowest ceiling in force first, then the slowest ladder."""
    rates = [product.comparable_rate(rung.rate) for rung in table.ladder]
    ceilings = [table.ceiling]
    at_risk = product.at_risk(table)
    if at_risk is not None and risk_applies(table, risks) and at_risk.rate.dimension != "rate":
        ceilings.append(at_risk)
    return (min(product.comparable_rate(ceiling.rate) for ceiling in ceilings), *rates)


def make_ladder(product: Product, table: RateTable) -> Ladder:
    """Convert a rate table to the engine's units."""
    concentration = product.concentration
    if concentration is None:
        raise RefusedError(
            "concentration-not-published",
            f"no source prints the concentration of {product.id}: choose another --product",
            overridable=False,
        )
    rungs = tuple(
        # control: assumed-steps
        Rung(product.comparable_rate(r.rate), r.for_.base if r.for_ else None, r.basis == "assumed", r)
        for r in table.ladder
    )
    at_risk = product.at_risk(table)
    return Ladder(
        table=table,
        rungs=rungs,
        absolute=table.ceiling.rate.dimension == "rate",
        ceiling=product.comparable_rate(table.ceiling.rate),
        at_risk=None if at_risk is None else product.comparable_rate(at_risk.rate),
        at_risk_absolute=at_risk is not None and at_risk.rate.dimension == "rate",
        ml_per_g=1000 / concentration.base,
    )


def risk_applies(table: RateTable, risks: tuple[Risk, ...]) -> bool:
    """Whether the table prints a lower ceiling for one of these risks."""
    ceiling = table.at_risk_ceiling
    return ceiling is not None and any(not ceiling.risks or risk in ceiling.risks for risk in risks)


def at_risk_elsewhere(product: Product, table: RateTable, risks: tuple[Risk, ...]) -> tuple[OtherCeiling, ...]:
    """The ceilings of other tables of the product for risks of which this one prints none: the lowest of each kind."""
    open_risks = tuple(risk for risk in risks if not risk_applies(table, (risk,)))
    found: dict[bool, OtherCeiling] = {}
    for other in product.rates:
        printed = product.at_risk(other)
        if printed is None or not risk_applies(other, open_risks):
            continue
        ceiling = OtherCeiling.of("at-risk-elsewhere", product, printed.rate)
        lowest = found.get(ceiling.absolute)
        if lowest is None or ceiling.rate < lowest.rate:
            found[ceiling.absolute] = ceiling
    return tuple(found.values())


def lowest_ceiling(ladder: Ladder, weight_kg: Fraction, limits: Ceilings) -> tuple[Fraction, Binding]:
    """The lowest ceiling in force, in mL/h, and which it is."""
    per_kg = Fraction(1) if ladder.absolute else weight_kg
    # control: pump-maximum
    bounds: list[tuple[Fraction, Binding]] = [(ladder.ceiling * per_kg, "ceiling"), (limits.pump_ml_per_h, "pump")]
    if limits.site_ml_per_h is not None:
        bounds.append((limits.site_ml_per_h, "site"))
    if limits.at_risk and ladder.at_risk is not None:
        bounds.append((ladder.at_risk * (1 if ladder.at_risk_absolute else weight_kg), "at-risk"))
    bounds += [(other.ml_per_h(weight_kg), other.by) for other in limits.others]
    if limits.time_ml_per_h is not None:
        bounds.append((limits.time_ml_per_h, "time"))
    return min(bounds, key=lambda bound: bound[0])


def pump_rates(ladder: Ladder, weight_kg: Fraction, limits: Ceilings) -> tuple[tuple[Fraction, Rung, Bound], ...]:
    """Each rung as (mL/h set on the pump, rung, what bounded it).

    Nearest pump increment, ties up, but rounded down where that is too far above the rung, or above the lowest ceiling.
    Rungs that come out at one and the same setting are one step, because nothing changes on the pump.
    """
    increment = limits.increment_ml_per_h
    per_kg = Fraction(1) if ladder.absolute else weight_kg
    ceiling, binding = lowest_ceiling(ladder, weight_kg, limits)
    most = floor(ceiling / increment)  # the highest setting, in pump steps
    found: list[tuple[Fraction, Rung, Bound]] = []
    before = 0
    for rung in ladder.rungs:
        # mL/h wanted is numerator / denominator; whole numbers, because this is run for every patient of a batch
        numerator, denominator = rung.rate.numerator * per_kg.numerator, rung.rate.denominator * per_kg.denominator
        if numerator * ceiling.denominator > ceiling.numerator * denominator:
            units, bound = most, Bound(binding, True, ceiling)
        else:
            numerator, denominator = numerator * increment.denominator, denominator * increment.numerator
            units, bound = _nearest(numerator, denominator, limits.above), Bound("ladder", False, ceiling)
            if units > most:  # control: ceiling-not-rounded-up
                units, bound = most, Bound(binding, False, ceiling)
        if units == 0:
            raise _too_coarse(min(rung.rate * per_kg, ceiling), limits)
        if units == before:
            found[-1] = (found[-1][0], _joined(found[-1][1], rung), bound)
        else:
            found.append((units * increment, rung, bound))
        before = units
    return tuple(found)


def _nearest(numerator: int, denominator: int, above: Fraction) -> int:
    """The nearest whole number, ties up; the one below where that is more than `above` of the figure above it."""
    units = (2 * numerator + denominator) // (2 * denominator)
    # control: pump-above-step
    too_high = units * denominator * above.denominator > numerator * (above.denominator + above.numerator)
    return numerator // denominator if too_high else units


def _too_coarse(wanted: Fraction, limits: Ceilings) -> RefusedError:
    steps, percent = figure(limits.increment_ml_per_h, 3), figure(limits.above * 100)
    return RefusedError(
        "pump-too-coarse",
        f"a rate of {figure(wanted, 3)} mL/h cannot be set on a pump with steps of {steps} mL/h, "
        f"which may not run more than {percent} % above it; give a --site with a finer pump",
        overridable=False,
    )


def _joined(first: Rung, second: Rung) -> Rung:
    minutes = None if second.minutes is None or first.minutes is None else first.minutes + second.minutes
    return Rung(first.rate, minutes, first.assumed and second.assumed, first.printed)


def climb(ladder: Ladder, weight_kg: Fraction, limits: Ceilings) -> Climb:
    """What the pump is set to, and how far each full rung goes."""
    rates = pump_rates(ladder, weight_kg, limits)
    spans = [rung.minutes for _, rung, _ in rates[:-1] if rung.minutes is not None]
    shortest = limits.shortest_min
    per_hour = limits.increment_ml_per_h.denominator  # every rate is a whole number of 1/per_hour mL/h
    per_min = lcm(shortest.denominator, NOTHING_ML.denominator, *(span.denominator for span in spans))
    flows = tuple(rate.numerator * (per_hour // rate.denominator) for rate, _, _ in rates)
    times = [span.numerator * (per_min // span.denominator) for span in spans]
    per_ml = 60 * per_hour * per_min
    least_min, least_ml = int(shortest * per_min), int(NOTHING_ML * per_ml)
    return Climb(
        ladder=ladder,
        weight_kg=weight_kg,
        limits=limits,
        rates=rates,
        per_ml=per_ml,
        per_min=per_min,
        flows=flows,
        full_ml=tuple(accumulate(map(mul, flows, times))),
        full_min=tuple(accumulate(times)),
        next_ml=tuple(max(flow * least_min, least_ml) for flow in flows[1:]),
    )


def exact_ml_per_h(on: Climb, place: int) -> Fraction:
    """What a step wants, before it is set on the pump: the rung, or the ceiling that is below it."""
    _, rung, bound = on.rates[place]
    return bound.ceiling_ml_per_h if bound.capped else rung.rate * (1 if on.ladder.absolute else on.weight_kg)


def shown_beside(on: Climb, place: int) -> Fraction | None:
    """What a step wants in mL/h, where the pump is set to something else."""
    exact, (rate, _, _) = exact_ml_per_h(on, place), on.rates[place]
    return exact if abs(exact - rate) > exact * on.limits.shown_from else None  # control: both-rates


def shown_per_kg(on: Climb, place: int) -> Fraction | None:
    """The per-kg rate that a step is shown with: the rung's, the printed ceiling's, else what the pump really gives."""
    ladder, (rate, rung, bound) = on.ladder, on.rates[place]
    if ladder.absolute:
        return None
    if not bound.capped:
        return rung.rate
    if bound.by == "ceiling":
        return ladder.ceiling
    if bound.by == "at-risk" and ladder.at_risk is not None and not ladder.at_risk_absolute:
        return ladder.at_risk
    return rate / on.weight_kg
