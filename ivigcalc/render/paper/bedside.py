"""What a record of an infusion holds beside rates and bottles: drugs before, preparation, observations, reactions."""

from __future__ import annotations

from decimal import Decimal
from itertools import accumulate

from ivigcalc.definitions import Cited, Safety
from ivigcalc.definitions.visit import Observations, Premedication
from ivigcalc.engine.plan import Plan, Session
from ivigcalc.engine.record import observations, pump_volumes_ml
from ivigcalc.quantity import plain
from ivigcalc.render.catalogue.paper import Paper
from ivigcalc.render.figures import fixed, measured, sentence
from ivigcalc.render.times import clock_of, moment
from ivigcalc.render.words import Facts, clean

#: what no clinic orders is written in by hand
_OPEN_PREMEDICATION = 3
#: a source on the page: who printed it
_SHORT_SOURCE = 60


def premedication(plan: Plan, session: Session) -> list[list[str]]:
    """Drugs that are given before: when, which, how much, by which route; lines to write on where the site has none."""
    ordered = sorted(plan.computed_from.site.value.premedication, key=_first_given_first)
    rows = [
        [
            clock_of(
                session, -int(drug.before.base), unknown=Paper.minutes_before.format(minutes=int(drug.before.base))
            )
            if drug.before
            else "",
            clean(drug.drug, 60),
            clean(drug.dose, 40),
            clean(drug.route, 40),
        ]
        for drug in ordered
    ]
    return rows or [["", "", "", ""]] * _OPEN_PREMEDICATION


def _first_given_first(drug: Premedication) -> tuple[bool, int]:
    return drug.before is None, -int(drug.before.base) if drug.before else 0


def preparation(plan: Plan) -> list[str]:
    """Flush, dilution, filter, pooling, as the product's file prints them, and the flush that the site orders."""
    product, site = plan.computed_from.product.value, plan.computed_from.site.value
    flush = site.flush
    lines = []
    if flush:
        volume = f", {measured(flush.volume)}" if flush.volume else ""
        lines.append(Paper.flush_here.format(fluid=f"{clean(flush.fluid, 60)}{volume}"))
    for said in product.handling:  # control: handling-on-sheet
        lines.append(clean(sentence(said.text), 300))
    return lines


def observation_rows(plan: Plan, session: Session) -> list[list[str]]:
    """Number, time and reason of every time at which the patient is looked at."""
    found = observations(session, _rule(plan))
    rows = []
    for number, seen in enumerate(found, start=1):
        at = "" if seen.from_start_min is None else moment(session, seen.from_start_min)
        rows.append([str(number), at, seen.why])
    return rows


def _rule(plan: Plan) -> Observations:
    site, shipped = plan.computed_from.site.value.observe, plan.computed_from.safety.value.observations
    return site or shipped or Observations()


def reaction(plan: Plan) -> Facts:
    """Stop, slow, restart: the site's own words, else those that somebody printed, with who did."""
    own, safety = plan.computed_from.site.value.reaction, plan.computed_from.safety.value
    if own:
        return [
            (Paper.stop, clean(own.stop, 300)),
            (Paper.slow, clean(own.slow, 300)),
            (Paper.restart, clean(own.restart, 300)),
        ]
    printed = safety.reaction
    if printed is None:
        return []
    lines = ((Paper.stop, printed.stop), (Paper.slow, printed.slow), (Paper.restart, printed.restart))
    return [(name, f"{clean(sentence(said.text), 300)} ({_printed_by(safety, said)})") for name, said in lines]


def _printed_by(safety: Safety, part: Cited) -> str:
    """The body that printed it."""
    key = part.source or safety.source
    return clean(safety.sources[key].body, _SHORT_SOURCE) if key else ""


def volumes_to_set(plan: Plan, session: Session) -> list[dict[str, str]]:
    """Of each step the volume and the running volume as this pump shows them, with the decimals of its least volume."""
    least = plan.computed_from.site.value.pump.volume
    places = -min(0, int(Decimal(plain(Decimal(least.value))).as_tuple().exponent))
    volumes = pump_volumes_ml(session, least)
    return [
        {"volume": fixed(volume, places), "running": fixed(running, places)}
        for volume, running in zip(volumes, accumulate(volumes), strict=True)
    ]
