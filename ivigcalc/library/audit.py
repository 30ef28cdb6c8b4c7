"""Contradictions that the models cannot see: between the parts of one file, its name, and the library around it.

What the models do see (a rung above its ceiling, a source that is cited nowhere) is reported while a file is loaded.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from math import ceil
from typing import Any

from msgspec import Struct

from ivigcalc.customs import is_known
from ivigcalc.definitions import (
    Condition,
    Definition,
    DosingWeight,
    Phase,
    Policy,
    Product,
    Protocol,
    RateTable,
    Regimen,
    Site,
    Strict,
)
from ivigcalc.definitions.site import Holidays
from ivigcalc.engine.bounds import implausible
from ivigcalc.engine.dose import per_four_weeks
from ivigcalc.engine.public_holidays import mistaken, some_of, unlike_subdivisions
from ivigcalc.errors import DefinitionError, MissingExtraError
from ivigcalc.exact import Fraction
from ivigcalc.library import find
from ivigcalc.library.prose import unmarked
from ivigcalc.quantity import Quantity, QuantityError, quantity
from ivigcalc.text import counted, near, nearest, safe

Key = tuple[str | int, ...]
_PLACEHOLDER = re.compile(r"<.*>")
_LIMITED = {"day": "a day", "course": "a course", "4-weeks": "4 weeks"}
_WEIGHT_CONDITIONS = ("when", "unless", "all_when", "refuse_when")


class Finding(Struct, frozen=True):
    """One contradiction, or (`info`) something that its author should know. `allowed` says what would do."""

    key: Key
    message: str
    allowed: str = ""
    info: bool = False


class Known(Struct, frozen=True):
    """What a file is compared with: the day, and what the library has."""

    today: date
    regimens: frozenset[str]
    products: frozenset[str]
    vials: Mapping[str, tuple[Quantity, ...]]
    policies: frozenset[str]
    formulas: frozenset[str]
    served: frozenset[str]
    conditions: frozenset[str]


def known_library(today: date) -> Known:
    """The shipped definitions; one that cannot be read is left out here and reported where it is checked."""
    products = list(_readable("product"))
    return Known(
        today,
        regimens=frozenset(find.shipped("regimen")),
        products=frozenset(find.shipped("product")),
        vials={product.id: product.vials for product in products},
        policies=frozenset(find.shipped("policy")),
        formulas=frozenset(find.shipped("formula")),
        served=frozenset(use for product in products for table in product.rates for use in table.for_),
        conditions=frozenset(word for safety in _readable("safety") for word in safety.conditions),
    )


def _readable(kind: str) -> Iterator[Any]:
    for identifier in find.shipped(kind):
        try:
            yield find.load(kind, identifier).value
        except DefinitionError:
            continue


def audit(value: Definition | Site, stem: str, known: Known) -> Iterator[Finding]:
    """Everything that contradicts itself in a definition from a file called `stem`.yaml."""
    yield from _placeholders(value, ())
    if isinstance(value, Site):
        yield from _site(value, known)
        return
    if value.id != stem:
        yield Finding(("id",), f"is '{value.id}', but the file is called {stem}.yaml", f"{value.id}.yaml")
    yield from _dates(value, known.today)
    yield from _words_or_data(value)
    if isinstance(value, Regimen | Product | Policy):
        yield from _far_outside(value)
    if isinstance(value, Regimen):
        yield from _regimen(value, known)
    elif isinstance(value, Product):
        yield from _product(value, known)
    elif isinstance(value, Policy):
        yield from _policy(value, known)


def _placeholders(value: Any, key: Key) -> Iterator[Finding]:
    """Text that a skeleton left for the author to fill in."""
    if isinstance(value, str) and _PLACEHOLDER.fullmatch(value):
        yield Finding(key, f"'{safe(value)}' is still to be filled in")
    elif isinstance(value, Strict):
        for name, info in type(value).model_fields.items():
            yield from _placeholders(getattr(value, name), (*key, info.alias or name))
    elif isinstance(value, dict):
        for name, child in value.items():
            yield from _placeholders(child, (*key, name))
    elif isinstance(value, tuple):
        for place, child in enumerate(value):
            yield from _placeholders(child, (*key, place))


def _dates(definition: Definition, today: date) -> Iterator[Finding]:
    if definition.version > today:
        yield Finding(("version",), f"{definition.version} is in the future", f"up to {today}")
    for name, source in definition.sources.items():
        if source.checked > definition.version:
            yield Finding(
                ("sources", name, "checked"),
                f"{source.checked} is after the file's version of {definition.version}: a new reading is a new version",
                f"up to {definition.version}",
            )


def _words_or_data(definition: Definition) -> Iterator[Finding]:
    """Sentences with a figure: a limit that stands in words alone is obeyed by nobody."""
    for found in unmarked(definition):
        message = f"'{safe(found.figure)}' stands in words: is it data? Give it its key, or say words_because"
        yield Finding(found.place, message, info=True)


def _far_outside(value: Regimen | Product | Policy) -> Iterator[Finding]:
    """Figures beyond those of the shipped library: so far that no plan is made with them, or only to be looked at."""
    for found in implausible(value, find.safety().value):
        yield Finding(found.figure.place, found.message, found.limit, info=not found.stop)


# ---- regimens -----------------------------------------------------------------------------------------------------


def _regimen(regimen: Regimen, known: Known) -> Iterator[Finding]:
    if all(protocol.confidence == "low" for protocol in regimen.protocols.values()):
        message = "every protocol is of low confidence, so none is the default: an order has to name one"
        yield Finding(("protocols",), message, info=True)
    if not known.served & {regimen.treats, "any"}:
        message = (
            "no shipped product has a rate table for it: the rates will be those of another use, marked rate-off-label"
        )
        yield Finding(("id",), message, info=True)
    elif regimen.indication is not None and regimen.indication not in known.regimens | known.served:
        yield Finding(("indication",), _unknown_indication(regimen.indication, known), info=True)
    for name, protocol in regimen.protocols.items():
        if protocol.dosing_weight is not None:
            yield from _weight_rule(protocol.dosing_weight, known, ("protocols", name))
        for place, phase in enumerate(protocol.stages):
            key: Key = ("protocols", name, *(("phases", place) if protocol.phases else ()))
            yield from _above_limits(protocol, phase, key)
            yield from _overlap(phase, key)


def _unknown_indication(indication: str, known: Known) -> str:
    return (
        f"'{indication}' is no shipped regimen, and no shipped product has a rate table for it; "
        f"{near(indication, known.regimens | known.served)}"
        "else only tables for any use, or of a product file of your own, are found"
    )


def _above_limits(protocol: Protocol, phase: Phase, key: Key) -> Iterator[Finding]:
    """A limit that even the lowest published dose passes on the fewest published days."""
    lowest = _lowest_doses(phase)
    for limit in protocol.limits:
        dose = lowest.get(limit.per)
        if dose is None or dose[0] != limit.max.dimension or dose[1] <= limit.max.base:
            continue
        message = f"{dose[2]} is above the protocol's limit of {limit.max} in {_LIMITED[limit.per]}"
        per_course = phase.dose.per_course if phase.dose else None
        if limit.per == "day" and per_course is not None:
            yield Finding((*key, "days", "from"), message, f"{ceil(per_course.from_.base / limit.max.base)} or more")
        else:
            yield Finding((*key, "dose"), message, f"up to {limit.max}")


def _lowest_doses(phase: Phase) -> dict[str, tuple[str, Fraction, str]]:
    """Per day, course and 4 weeks: the dimension, amount and wording of the least that the phase lets be given."""
    if phase.dose is None:
        return {}
    least = phase.dose.published.from_
    kind, days = least.dimension, phase.days.from_ if phase.days else None
    found: dict[str, tuple[str, Fraction, str]] = {}
    if phase.dose.per_day is not None:
        found["day"] = (kind, least.base, f"{least} a day")
        if days is not None:
            found["course"] = (kind, least.base * days, f"{least} on each of {days} days")
    else:
        found["course"] = (kind, least.base, f"{least}")
        if days is not None:
            found["day"] = (kind, least.base / days, f"{least} on {counted(days, 'day')}")
    every = phase.interval.every.to if phase.interval else None
    if "course" in found:
        _, amount, words = found["course"]
        most = Fraction(phase.courses.to) if phase.courses and phase.courses.to else None
        times = per_four_weeks(every) if most is None else min(most, per_four_weeks(every))
        found["4-weeks"] = (kind, amount * times, f"{words}, every {every}," if every else words)
    return found


def _overlap(phase: Phase, key: Key) -> Iterator[Finding]:
    every = phase.interval.every.to if phase.interval else None
    if every is None or phase.days is None or every.dimension != "days" or phase.days.fewest <= every.base:
        return
    message = f"a course of {phase.days} days does not end before the next begins, {every} later"
    yield Finding((*key, "interval", "every"), message, f"{phase.days.fewest} days or more")


# ---- products -----------------------------------------------------------------------------------------------------


def _product(product: Product, known: Known) -> Iterator[Finding]:
    yield from _shadowed(product)
    for place, table in enumerate(product.rates):
        yield from _restated(product, table, ("rates", place))
        yield from _unknown_uses(table, known, ("rates", place, "for"))
    for place, licence in enumerate(product.indications):
        if licence.id not in known.regimens:
            yield Finding(("indications", place, "id"), _no_regimen(licence.id), info=True)
    for place, unlike in enumerate(product.unlike_class):
        yield from _unknown_condition(unlike.condition, known, ("unlike_class", place, "condition"))
    said = {entry.condition for entry in product.contraindications if entry.condition}
    for place, condition in enumerate(product.contraindicated_with):
        yield from _unknown_condition(condition, known, ("contraindicated_with", place))
        if condition in known.conditions and condition not in said:
            message = f"no entry of contraindications has 'condition: {condition}', so a refusal has no words for it"
            yield Finding(("contraindicated_with", place), message, info=True)


def _unknown_condition(condition: str, known: Known, key: Key) -> Iterator[Finding]:
    if condition not in known.conditions:
        message = f"'{condition}' is no condition of the shipped thresholds, so check how it is spelt"
        yield Finding(key, message, ", ".join(sorted(known.conditions)), info=True)


def _shadowed(product: Product) -> Iterator[Finding]:
    """A table that can never be used, because an earlier one serves the same use and the same kind of infusion."""
    seen: dict[tuple[str, str], int] = {}
    for place, table in enumerate(product.rates):
        kinds = ("first", "subsequent") if table.infusion == "any" else (table.infusion,)
        for use in table.for_:
            taken = {seen[use, kind] + 1 for kind in kinds if (use, kind) in seen}
            if taken:
                earlier = f"'{use}' ({table.infusion} infusion) already has table {min(taken)}"
                yield Finding(("rates", place, "for"), f"{earlier}, so this one is never used for it")
            seen.update({(use, kind): place for kind in kinds if (use, kind) not in seen})


def _unknown_uses(table: RateTable, known: Known, key: Key) -> Iterator[Finding]:
    for place, use in enumerate(table.for_):
        if use != "any" and use not in known.regimens:
            yield Finding((*key, place), _no_regimen(use), info=True)


def _no_regimen(identifier: str) -> str:
    return f"there is no shipped regimen '{identifier}', so only a file of your own or `rates --indication` finds it"


def _restated(product: Product, table: RateTable, key: Key) -> Iterator[Finding]:
    """A note that gives the same rate in another unit must give the same rate."""
    rungs: list[tuple[Key, Any]] = [((*key, "ladder", place), rung) for place, rung in enumerate(table.ladder)]
    rungs += [((*key, name), getattr(table, name)) for name in ("ceiling", "at_risk_ceiling")]
    for where, rung in rungs:
        if rung is None or rung.note is None:
            continue
        for other in _rates_in(rung.note):
            if not same_rate(product, rung.rate, other):
                message = f"the note says {other}, which is not {rung.rate} at {product.concentration}"
                yield Finding((*where, "note"), message)


def _rates_in(note: str) -> list[Quantity]:
    """The rates that a note begins with, e.g. `0.08 mL/kg/min, 4.8 mL/kg/h; ...`; none where it begins with words."""
    found = []
    for part in note.partition(";")[0].split(","):
        try:
            found.append(quantity(part, "rate per kg", "mass rate per kg", "rate"))
        except QuantityError:
            return []
    return found


def same_rate(product: Product, rate: Quantity, restated: Quantity) -> bool:
    """Whether two rates are one, to the last figure that the restated one prints."""
    if product.concentration is None and rate.dimension != restated.dimension:
        return True
    if (rate.dimension == "rate") != (restated.dimension == "rate"):
        return False
    last_figure = Quantity(Decimal(1).scaleb(int(restated.value.as_tuple().exponent)), restated.unit)
    difference = abs(product.comparable_rate(rate) - product.comparable_rate(restated))
    return difference <= product.comparable_rate(last_figure) / 2


# ---- policies and sites -------------------------------------------------------------------------------------------


def _policy(policy: Policy, known: Known) -> Iterator[Finding]:
    if policy.dosing_weight is not None:
        yield from _weight_rule(policy.dosing_weight, known, ())
    most, at_risk = policy.rate_ceiling, policy.at_risk_ceiling
    for key, ceiling in policy.ceilings.items():
        if most is not None and ceiling.rate.dimension != most.rate.dimension:
            message = (
                f"{ceiling.rate} cannot be compared with the rate_ceiling {most.rate} here: each plan keeps the lower"
            )
            yield Finding((key, "rate"), message, info=True)
    for place, condition in enumerate(at_risk.conditions if at_risk else ()):
        yield from _unknown_condition(condition, known, ("at_risk_ceiling", "conditions", place))


def _weight_rule(rule: DosingWeight, known: Known, around: Key) -> Iterator[Finding]:
    """Its formula is shipped, and a condition on the adjusted weight has its factor."""
    if rule.ideal is not None and rule.ideal not in known.formulas:
        allowed = ", ".join(sorted(known.formulas))
        yield Finding((*around, "dosing_weight", "ideal"), find.no_formula(rule.ideal), allowed)
    if rule.factor is not None:
        return
    named: list[tuple[Key, tuple[Condition, ...]]] = [((name,), getattr(rule, name)) for name in _WEIGHT_CONDITIONS]
    named += [(("when_obese", "when"), rule.when_obese.when)] if rule.when_obese else []
    for key, conditions in named:
        for place, condition in enumerate(conditions):
            if condition.weight == "adjusted":
                yield Finding((*around, "dosing_weight", *key, place), f"'{condition}' needs 'factor'")


def _site(site: Site, known: Known) -> Iterator[Finding]:
    for kind, shipped in (("product", known.products), ("policy", known.policies)):
        chosen = getattr(site.default, kind)
        if chosen is not None and chosen not in shipped:
            yield Finding(("default", kind), f"there is no shipped {kind} '{chosen}'")
    for key in ("stock", "price_per_gram"):
        for product in getattr(site, key):
            if product not in known.products:
                yield Finding(
                    (key, product),
                    f"there is no shipped product '{product}', so only a file of your own uses it",
                    info=True,
                )
    yield from _sizes(site, known)
    if site.time_zone is not None:
        yield from _time_zone(site.time_zone)
    if site.holidays is not None:
        yield from _holidays(site.holidays, known.today)
    if site.locale is not None and _is_unknown(site.locale):
        yield Finding(("locale",), *find.no_locale(site.locale))


def _sizes(site: Site, known: Known) -> Iterator[Finding]:
    """Vials on the shelf that do not exist; nothing is said where nobody printed the sizes."""
    for product, shelf in site.stock.items():
        vials = known.vials.get(product, ())
        for size in shelf if vials else ():
            if quantity(size, "amount").base not in {vial.base for vial in vials}:
                yield Finding(("stock", product, size), f"{product} has no vial of {size}", ", ".join(map(str, vials)))


def _time_zone(name: str) -> Iterator[Finding]:
    zones = zoneinfo.available_timezones()
    if zones and name not in zones:  # none: this computer has no list of them
        allowed = nearest(name, zones) or ["Europe/London", "America/New_York"]
        yield Finding(("time_zone",), f"'{safe(name)}' is not a known time zone", ", ".join(allowed))


def _is_unknown(locale: str) -> bool:
    try:
        return not is_known(locale)
    except MissingExtraError:  # an optional library; what is written in its language then says that it is missing
        return False


def _holidays(chosen: Holidays, today: date) -> Iterator[Finding]:
    try:
        mistake = mistaken(chosen.country, chosen.subdivision)
    except MissingExtraError:  # an optional library; a plan with dates then says that it is missing
        return
    if mistake is not None:
        yield Finding(("holidays", mistake.key), mistake.message, mistake.allowed)
        return
    unlike = unlike_subdivisions(chosen.country, (today.year, today.year + 1)) if chosen.subdivision is None else ()
    if unlike:
        message = f"the holidays of {chosen.country} differ by subdivision, and none is named: plans carry a caution"
        yield Finding(("holidays", "subdivision"), message, some_of(unlike), info=True)
