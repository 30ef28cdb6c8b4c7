"""Figures of a file of one's own against the lowest and highest of their kind in the shipped library.

A slip of the keyboard (a rate per minute for one per hour, 10 for 100 mg/mL, grams for milligrams) lies far outside.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from ivigcalc.definitions import Phase, Policy, Product, Protocol, Range, Regimen, Safety, ml_per_kg_per_h
from ivigcalc.exact import Fraction
from ivigcalc.quantity import Quantity, in_months

Key = tuple[str | int, ...]
#: kind of figure -> (factor that undoes a slip, what was then written and meant)
_SLIPS: dict[str, tuple[tuple[Fraction, str], ...]] = {
    "rate_per_kg": (
        (Fraction(1, 60), "a rate per minute for one per hour"),
        (Fraction(60), "one per hour for one per minute"),
    ),
    "rate": (
        (Fraction(1, 60), "a rate per minute for one per hour"),
        (Fraction(60), "one per hour for one per minute"),
    ),
    "concentration": ((Fraction(10), "a tenth of the figure"), (Fraction(1, 10), "ten times the figure")),
    "interval": ((Fraction(7), "days for weeks"), (Fraction(1, 7), "weeks for days")),
}
_GRAMS = ((Fraction(1, 1000), "grams for milligrams"), (Fraction(1000), "milligrams for grams"))
_WORDS = {
    "rate_per_kg": "rate",
    "rate": "rate",
    "concentration": "concentration",
    "vial": "vial",
    "course_dose": "dose of a course",
    "day_dose": "dose of a day",
    "dose": "dose",
    "interval": "interval",
}


class Figure(Struct, frozen=True):
    """A figure of a file: its kind, where it stands, as written, and in the unit in which its kind is compared."""

    kind: str
    place: Key
    written: Quantity
    exact: Fraction


class Implausible(Struct, frozen=True):
    """A figure far outside the library. `stop`: so far that nothing is planned with it."""

    figure: Figure
    message: str
    limit: str
    stop: bool


def implausible(definition: Regimen | Product | Policy, rules: Safety) -> Iterator[Implausible]:
    """The figures of a file that lie far outside the shipped library."""
    own = rules.own_files
    for figure in figures_of(definition, rules):
        known: Range[Quantity] = getattr(own, figure.kind)
        low, high = (_comparable(figure.kind, end) for end in (known.from_, known.to))
        times = max(figure.exact / high, low / figure.exact)
        if times <= own.caution:  # control: own-file-bounds
            continue
        side = "above the highest" if figure.exact > high else "below the lowest"
        bound = known.to if figure.exact > high else known.from_
        message = (
            f"a {_WORDS[figure.kind]} of {figure.written} is {_times(times)} {side} of the shipped library ({bound})"
            f"{_slip(figure, low, high)} check it against its source"
        )
        yield Implausible(figure, message, str(known), times > own.stop)


def figures_of(definition: Regimen | Product | Policy, rules: Safety) -> Iterator[Figure]:
    """Every figure of a file that has its like in the library."""
    if isinstance(definition, Product):
        yield from _of_product(definition)
        return
    if isinstance(definition, Policy):
        for name, ceiling in definition.ceilings.items():
            yield _of_any_product(ceiling.rate, (name, "rate"), rules)
        return
    if definition.rate_ceiling is not None:
        yield _of_any_product(definition.rate_ceiling.rate, ("rate_ceiling", "rate"), rules)
    for name, protocol in definition.protocols.items():
        for place, phase in enumerate(protocol.stages):
            key: Key = ("protocols", name, *(("phases", place) if protocol.phases else ()))
            yield from _of_phase(phase, key)
        yield from _of_limits(protocol, ("protocols", name))


def _of_product(product: Product) -> Iterator[Figure]:
    if product.concentration is not None:
        yield Figure("concentration", ("concentration",), product.concentration, product.concentration.base)
    for place, vial in enumerate(product.vials):
        yield Figure("vial", ("vials", place), vial, vial.base)
    for place, table in enumerate(product.rates):
        for below, rate in table.stated_rates:
            kind = "rate" if rate.dimension == "rate" else "rate_per_kg"
            yield Figure(kind, ("rates", place, *below), rate, product.comparable_rate(rate))


def _of_any_product(rate: Quantity, place: Key, rules: Safety) -> Figure:
    """A rate for every product; one in mg is taken at the concentration of the library that makes it most ordinary."""
    if rate.dimension != "mass rate per kg":
        return Figure("rate" if rate.dimension == "rate" else "rate_per_kg", place, rate, rate.base)
    own = rules.own_files
    fast, slow = (ml_per_kg_per_h(rate, end) for end in (own.concentration.from_, own.concentration.to))
    return Figure("rate_per_kg", place, rate, max(slow, min(fast, own.rate_per_kg.from_.base)))


def _of_phase(phase: Phase, key: Key) -> Iterator[Figure]:
    if phase.dose is not None:
        per = "course" if phase.dose.per_course is not None else "day"
        for dose in _ends(phase.dose.published):
            yield _dose(per, (*key, "dose", f"per_{per}"), dose)
    for every in _ends(phase.interval.every) if phase.interval is not None else ():
        yield Figure("interval", (*key, "interval", "every"), every, in_months(every))


def _of_limits(protocol: Protocol, key: Key) -> Iterator[Figure]:
    for place, limit in enumerate(protocol.limits):
        if limit.per != "4-weeks":
            yield _dose(limit.per, (*key, "limits", place, "max"), limit.max)


def _dose(per: str, place: Key, dose: Quantity) -> Figure:
    return Figure(f"{per}_dose" if dose.dimension == "dose" else "dose", place, dose, dose.base)


def _ends(published: Range[Quantity]) -> tuple[Quantity, ...]:
    return tuple(dict.fromkeys((published.from_, published.to)))


def _comparable(kind: str, bound: Quantity) -> Fraction:
    return in_months(bound) if kind == "interval" else bound.base


def _times(times: Fraction) -> str:
    return f"{times.numerator // times.denominator} times"


def _slip(figure: Figure, low: Fraction, high: Fraction) -> str:
    """Which slip would make it an ordinary figure, in words."""
    for factor, words in _SLIPS.get(figure.kind, _GRAMS):
        if low <= figure.exact * factor <= high:
            return f": was {words} written?"
    return ";"
