"""The infusions of a plan: the exact titration turned into decimals once, each worked out once for all that give it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ivigcalc.engine.ceilings import Held, other_ceilings
from ivigcalc.engine.course import Dosed, Portion, first_places, sorts_of
from ivigcalc.engine.infusion_time import TimeInForce, plateau_ml_per_h, time_in_force
from ivigcalc.engine.known import Known
from ivigcalc.engine.plan import Infusion, InfusionStep, Notice, Titration
from ivigcalc.engine.prescription import Prescription, Rates
from ivigcalc.engine.titration import (
    Binding,
    Climb,
    OtherCeiling,
    TableChoice,
    climb,
    risk_applies,
    shown_beside,
    shown_per_kg,
)
from ivigcalc.errors import RefusedError
from ivigcalc.exact import Fraction
from ivigcalc.quantity import decimal_of, rounded
from ivigcalc.request.request import InfusionKind, Risk

#: decimals shown of rates per kg, volumes and minutes
RATE_PLACES, VOLUME_PLACES, MINUTE_PLACES = 4, 3, 2
#: answers of checks that a set of rates remembers
_SAID = 64
#: plans that a set of rates remembers as they were shown: there are few ways to differ that are neither dose nor rate
_SHOWN = 16


class UsedTable(Struct, frozen=True):
    """A table that was used: for which kind of infusion, as it is climbed on this patient's pump, the ceilings that are
    printed elsewhere, and what bound the rate of any of its infusions.
    """

    kind: InfusionKind
    choice: TableChoice
    climb: Climb
    others: tuple[OtherCeiling, ...]
    bound_by: frozenset[Binding]


class Titrated(Struct, frozen=True, dict=True):
    """The rates of a plan: the tables that were used, in that order, and the infusion of each session.

    `times`: how long each session is to last. `held`: what the patient is held to. `without`: why some sessions have no
    infusion, in words. `longest_bottles_min`: of each session, for how many minutes the bottle runs that runs longest.
    `sorts`: which sessions are alike but for their days: the sort of each, numbered as they are first met.
    """

    used: tuple[UsedTable, ...]
    infusions: tuple[Infusion | None, ...]
    times: tuple[TimeInForce | None, ...]
    titrations: tuple[Titration, ...]
    without: tuple[str, ...]
    longest_bottles_min: tuple[Fraction, ...]
    sorts: tuple[int, ...]
    held: Held

    @cached_property
    def said(self) -> Known[object, tuple[tuple[int, Notice], ...]]:
        """What checks said that look at the infusions and at little else."""
        return Known(_SAID)

    @cached_property
    def shown(self) -> Known[object, Any]:
        """What those who show its plans remember of them."""
        return Known(_SHOWN)

    @property
    def risks(self) -> tuple[Risk, ...]:
        """The patient's risks."""
        return self.held.risks

    @cached_property
    def longest_min(self) -> int:
        """Minutes of the longest infusion; no bottle is open longer."""
        return max((titration.infusion.duration_min for titration in self.titrations), default=0)


def titrate(
    prescription: Prescription,
    dosed: Dosed,
    rate_kg: Fraction,
    held: Held,
    kinds: tuple[InfusionKind, ...],
) -> Titrated:
    """The infusions of all sessions for a rate weight in kg; `kinds`: how each session's starts.

    Raises `RefusedError` where rates are asked for and no source prints any; a plan of doses goes on without.
    """
    key = (rate_kg, held, kinds)
    return dosed.titrated.of(key, lambda: _titrate(prescription, dosed, rate_kg, held, kinds))


def _titrate(
    prescription: Prescription,
    dosed: Dosed,
    rate_kg: Fraction,
    held: Held,
    kinds: tuple[InfusionKind, ...],
) -> Titrated:
    served = {kind: _served(prescription, kind, held) for kind in dict.fromkeys(kinds)}
    climbs = _Climbs(prescription, rate_kg, held.risks)
    sessions = tuple(zip(dosed.drawn.sorts, kinds, strict=True))
    given = {
        (drawn, kind): _given(prescription, dosed, sessions.index((drawn, kind)), kind, served[kind], climbs)
        for drawn, kind in dict.fromkeys(sessions)
    }
    alike = sorts_of((drawn, made) for (drawn, _), made in given.items())
    sort_of = dict(zip(given, alike, strict=True))
    of_each = tuple([sort_of[session] for session in sessions])
    firsts = first_places(of_each)
    times = [given[sessions[place]].time for place in firsts]
    numbers = [given[sessions[place]].made for place in firsts]
    infusions = [None if number is None else climbs.made[number] for number in numbers]
    longest = [_longest_bottle_min(dosed.portions[place], made) for place, made in zip(firsts, infusions, strict=True)]
    return Titrated(
        climbs.used(),
        tuple([infusions[sort] for sort in of_each]),
        tuple([times[sort] for sort in of_each]),
        tuple(
            Titration(made, tuple([place for place, sort in enumerate(of_each) if infusions[sort] is made]))
            for made in climbs.made
        ),
        tuple(dict.fromkeys(why for why in served.values() if isinstance(why, str))),
        tuple([longest[sort] for sort in of_each]),
        of_each,
        held,
    )


class _Given(Struct, frozen=True):
    """How long a session is to last, and the number of its infusion among those that are made."""

    time: TimeInForce | None
    made: int | None


def _given(
    prescription: Prescription, dosed: Dosed, place: int, kind: InfusionKind, serves: _Serves | str, climbs: _Climbs
) -> _Given:
    """What the session at a place of the plan is given; no infusion where there are words that say why not."""
    stretch = dosed.stretches[dosed.drawn.parts_of_sessions[place]]
    if isinstance(serves, str):
        return _Given(time_in_force(prescription, stretch, None), None)
    time = time_in_force(prescription, stretch, serves.rates.table.table)
    return _Given(time, climbs.make(kind, serves, dosed.portions[place].exact_g, time))


def _longest_bottle_min(portion: Portion, infusion: Infusion | None) -> Fraction:
    """That of the first bottle of a session: none is larger, and the rate never falls."""
    if infusion is None or not portion.choice.vials:
        return Fraction(0)
    first_ml = portion.choice.vials[0][0] * infusion.ml_per_g
    return Fraction(*infusion.minute(min(first_ml, infusion.exact_ml)))


class _Serves(Struct, frozen=True):
    """The rates that serve a kind of infusion, the place of their table in its file, and the ceilings beside it."""

    rates: Rates
    number: int
    others: tuple[OtherCeiling, ...]


def _served(prescription: Prescription, kind: InfusionKind, held: Held) -> _Serves | str:
    """The rates of a kind of infusion, or why there are none."""
    found: _Serves | str = prescription.served.of((kind, held), lambda: _serves(prescription, kind, held))
    return found


def _serves(prescription: Prescription, kind: InfusionKind, held: Held) -> _Serves | str:
    try:
        rates = prescription.rates(kind, held.risks)
    except RefusedError as refused:
        if refused.code != "rate-not-published" or prescription.protocol is None:
            raise
        return str(refused)
    table = rates.table.table
    number = prescription.product.rates.index(table)
    return _Serves(rates, number, other_ceilings(prescription, table, kind, held))


class _Climbed(Struct, frozen=True):
    """A table on one patient's pump, with its full steps."""

    kind: InfusionKind
    number: int
    table: TableChoice
    climb: Climb
    others: tuple[OtherCeiling, ...]
    full_steps: tuple[InfusionStep, ...]

    @classmethod
    def of(
        cls, prescription: Prescription, kind: InfusionKind, serves: _Serves, rate_kg: Fraction, risks: tuple[Risk, ...]
    ) -> _Climbed:
        rates, others = serves.rates, serves.others
        at_risk = risk_applies(rates.table.table, risks)  # control: at-risk-rate
        on = climb(rates.ladder, rate_kg, replace(prescription.ceilings, at_risk=at_risk, others=others))
        return cls(kind, serves.number, rates.table, on, others, full_steps(on))

    def is_alike(self, serves: _Serves) -> bool:
        """Whether these rates climb as it does: the same table of the file, bounded alike from elsewhere."""
        return self.number == serves.number and self.others == serves.others

    def used(self, made: Iterable[Infusion]) -> UsedTable:
        """With these infusions."""
        bound_by = frozenset(by for infusion in made for by in infusion.climb.bound_by)
        return UsedTable(self.kind, self.table, self.climb, self.others, bound_by)

    def infusion(self, dose_g: Fraction, time: TimeInForce | None) -> Infusion:
        """Of a dose that has to last so long."""
        if time is not None and time.from_min is not None:
            limit = plateau_ml_per_h(self.climb, dose_g * self.climb.ladder.ml_per_g, time.from_min)
            if limit is not None:  # control: published-time
                limits = replace(self.climb.limits, time_ml_per_h=limit)
                on = climb(self.climb.ladder, self.climb.weight_kg, limits)
                return make_infusion(on, full_steps(on), dose_g)
        return make_infusion(self.climb, self.full_steps, dose_g)


class _Climbs:
    """The tables that one patient's plan is climbed by, as they are met, and the infusions `made`, each once."""

    def __init__(self, prescription: Prescription, rate_kg: Fraction, risks: tuple[Risk, ...]) -> None:
        self._prescription, self._rate_kg, self._risks = prescription, rate_kg, risks
        self._climbs: list[_Climbed] = []
        self._numbers: dict[tuple[int, Fraction, TimeInForce | None], int] = {}
        self.made: list[Infusion] = []

    def make(self, kind: InfusionKind, serves: _Serves, dose_g: Fraction, time: TimeInForce | None) -> int:
        """The number of the infusion of a dose that has to last so long."""
        at = next((at for at, climbed in enumerate(self._climbs) if climbed.is_alike(serves)), len(self._climbs))
        if at == len(self._climbs):
            self._climbs.append(_Climbed.of(self._prescription, kind, serves, self._rate_kg, self._risks))
        number = self._numbers.setdefault((at, dose_g, time), len(self.made))
        if number == len(self.made):
            self.made.append(self._climbs[at].infusion(dose_g, time))
        return number

    def used(self) -> tuple[UsedTable, ...]:
        """Each table with what bound its infusions."""
        made = [
            [self.made[number] for key, number in self._numbers.items() if key[0] == at]
            for at in range(len(self._climbs))
        ]
        return tuple(climbed.used(of_it) for climbed, of_it in zip(self._climbs, made, strict=True))


def make_infusion(on: Climb, full_steps: tuple[InfusionStep, ...], dose_g: Fraction) -> Infusion:
    """Titrate a dose: the ladder is run until the volume is in, and the last step takes what is left."""
    volume_ml = dose_g * on.ladder.ml_per_g
    last = on.last_rung(volume_ml)
    minutes, per_min = on.minute(volume_ml, last)
    steps = full_steps[:last]
    return Infusion(
        ladder=on.ladder.uses,
        minutes=rounded(minutes, per_min, MINUTE_PLACES),
        duration_min=-(-minutes // per_min),
        volume_ml=decimal_of(volume_ml, VOLUME_PLACES),
        steps=(*steps, _last_step(on, last, volume_ml, minutes, per_min, steps)),
        exact_ml=volume_ml,
        climb=on,
    )


def full_steps(on: Climb) -> tuple[InfusionStep, ...]:
    """Every rung but the last at its full length, whatever the dose."""
    found: list[InfusionStep] = []
    shown_before = Decimal(0)
    from_min = 0
    for place, (volume, to_min) in enumerate(zip(on.full_ml, on.full_min, strict=True)):
        cumulative = rounded(volume, on.per_ml, VOLUME_PLACES)
        minutes = rounded(to_min - from_min, on.per_min, MINUTE_PLACES)
        start = rounded(from_min, on.per_min, MINUTE_PLACES)
        found.append(step_of(on, place, minutes, cumulative - shown_before, cumulative, start))
        shown_before, from_min = cumulative, to_min
    return tuple(found)


def _last_step(
    on: Climb, last: int, volume_ml: Fraction, minutes: int, per_min: int, before: tuple[InfusionStep, ...]
) -> InfusionStep:
    start = on.full_min[last - 1] if last else 0
    length = rounded(minutes * on.per_min - start * per_min, per_min * on.per_min, MINUTE_PLACES)
    total = decimal_of(volume_ml, VOLUME_PLACES)
    volume = total - before[-1].cumulative_ml if before else total
    return step_of(on, last, length, volume, total, rounded(start, on.per_min, MINUTE_PLACES))


def step_of(
    on: Climb, place: int, minutes: Decimal, volume_ml: Decimal, cumulative_ml: Decimal, start: Decimal
) -> InfusionStep:
    """Cumulative volumes are rounded, and each step is the difference: what is shown sums exactly."""
    (rate, rung, _), beside = on.rates[place], shown_beside(on, place)
    of_body = shown_per_kg(on, place)
    per_kg, per_kg_mg = (None, None) if of_body is None else _per_kg(on.ladder.ml_per_g, of_body)
    return InfusionStep(
        step=place + 1,
        rate_ml_per_kg_per_h=per_kg,
        rate_mg_per_kg_per_min=per_kg_mg,
        rate_ml_per_h=decimal_of(rate, RATE_PLACES),
        duration_min=minutes,
        volume_ml=decimal_of(volume_ml, VOLUME_PLACES),
        cumulative_ml=cumulative_ml,
        from_start_min=start,
        assumed=rung.assumed,
        calculated_ml_per_h=None if beside is None else decimal_of(beside, RATE_PLACES),
    )


@lru_cache(maxsize=1024)  # few are set, and those of a ladder for every patient
def _per_kg(ml_per_g: Fraction, rate: Fraction) -> tuple[Decimal, Decimal]:
    """A rate in mL/kg/h and in mg/kg/min."""
    return decimal_of(rate, RATE_PLACES), decimal_of(rate * 1000 / ml_per_g / 60, RATE_PLACES)
