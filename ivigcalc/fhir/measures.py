"""Which weight and which height a record has: the newest, where nothing leaves room for doubt."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from ivigcalc.clock import iso_date
from ivigcalc.definitions.safety import Coded
from ivigcalc.exact import Fraction
from ivigcalc.fhir.bundle import Record, checked, label, refusal
from ivigcalc.quantity import Quantity, QuantityError, plain
from ivigcalc.text import safe

#: systems of codes, by the address that FHIR gives them
SYSTEMS = {"http://loinc.org": "loinc", "http://snomed.info/sct": "snomed-ct"}
UCUM = "http://unitsofmeasure.org"
#: UCUM codes, and what an option calls the unit
UNITS = {
    "weight": {"kg": "kg", "g": "g", "[lb_av]": "lb"},
    "height": {"cm": "cm", "m": "m", "[in_i]": "in"},
}
_FINISHED = ("final", "amended", "corrected")
_WITHDRAWN = ("entered-in-error", "cancelled")


class Measured(Struct, frozen=True):
    """A value as an option says it, exactly, and the day on which it was measured."""

    words: str
    exact: Fraction
    on: date


class Chosen(Struct, frozen=True):
    """What was found of one measure: the newest, if any, else why it is not to be taken; and what was passed over."""

    measured: Measured | None = None
    newest: date | None = None
    doubt: str = ""
    passed_over: tuple[str, ...] = ()


def codes_of(resource: dict[str, Any]) -> set[tuple[str, str]]:
    """The codes of a resource in the systems that are known, as (system, code)."""
    code = resource.get("code")
    codings = code.get("coding") if isinstance(code, dict) else None
    found = [coding for coding in codings if isinstance(coding, dict)] if isinstance(codings, list) else []
    return {
        (SYSTEMS[str(coding.get("system"))], str(coding.get("code")))
        for coding in found
        if str(coding.get("system")) in SYSTEMS
    }


def choose(
    record: Record, says: str, coded: Iterable[Coded], read: Callable[[str], Quantity], size: Callable[..., Fraction]
) -> Chosen:
    """The newest `weight` or `height`. Of two measured on one day that differ, and of one that is not final, neither;
    nor where the day is the newest and by another time zone the hour is not.

    `read` reads the words of an option, `size` gives what they come to. Raises `RequestError` for a value without a
    day, or one that is not valid.
    """
    codes = {(row.system, row.code) for row in coded if row.says == says}
    rows = [found for found in record.observations if codes & codes_of(found)]
    resources = [(found, checked("Observation", found, record.name)) for found in rows]
    kept = [(found, model) for found, model in resources if model.status not in _WITHDRAWN and _has_value(model)]
    passed_over = tuple(_why(found, model) for found, model in resources if (found, model) not in kept)
    days = [(_day(found, record.name), found, model) for found, model in kept]
    if not days:
        return Chosen(passed_over=passed_over)
    newest = max(day for day, _, _ in days)
    latest = [(found, model) for day, found, model in days if day == newest]
    since = min(filter(None, (_instant(found) for found, _ in latest)), default=None)
    elsewhere = [(found, model) for day, found, model in days if day != newest and _is_after(_instant(found), since)]
    latest += elsewhere  # control: newest-by-the-hour
    for found, model in latest:
        if model.status not in _FINISHED:  # control: final-only
            doubt = f"{label(found)} is {safe(str(model.status))}, which is not final"
            return Chosen(newest=newest, doubt=doubt, passed_over=passed_over)
    found_on_day = {}
    for found, model in latest:
        words = _in_words(found, model, says, record.name)
        try:
            exact = size(read(words))
        except QuantityError as error:
            raise refusal(f"{record.name}: {label(found)}: {error}") from None
        _refuse_two_units(model, words, exact, lambda said: size(read(said)), f"{record.name}: {label(found)}")
        found_on_day[exact] = words
    if len(found_on_day) > 1:  # control: two-of-one-day
        both = " and ".join(found_on_day.values())
        zones = "in different time zones, the later one with the earlier date: the newest is dated"
        doubt = f"{both} were both measured {zones if elsewhere else 'on'} {newest}"
        return Chosen(newest=newest, doubt=doubt, passed_over=passed_over)
    exact, words = next(iter(found_on_day.items()))
    return Chosen(Measured(words, exact, newest), newest, passed_over=passed_over)


def _has_value(model: Any) -> bool:
    return any(value is not None for key, value in model if key.startswith("value"))


def _why(found: dict[str, Any], model: Any) -> str:
    return (
        f"{label(found)} is {safe(str(model.status))}" if model.status in _WITHDRAWN else f"{label(found)} has no value"
    )


def _day(found: dict[str, Any], name: str) -> date:
    """The day on which it was measured, as it was written down."""
    said = found.get("effectiveDateTime") or found.get("effectiveInstant")
    try:
        return iso_date(str(said)[:10])
    except ValueError:
        raise refusal(f"{name}: {label(found)} does not say on which day it was measured") from None


def _instant(found: dict[str, Any]) -> datetime | None:
    """When it was measured, where that is said with its hour and time zone."""
    said = str(found.get("effectiveDateTime") or found.get("effectiveInstant"))
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _is_after(moment: datetime | None, since: datetime | None) -> bool:
    return moment is not None and since is not None and moment > since


def _in_words(found: dict[str, Any], model: Any, says: str, name: str) -> str:
    """`72.3 kg`: the value with its unit, as an option has it."""
    quantity, known = model.valueQuantity, UNITS[says]
    if model.dataAbsentReason is not None:  # control: value-or-reason
        raise refusal(f"{name}: {label(found)} has a value, and a reason why it has none")
    if quantity is None or quantity.value is None or quantity.comparator:
        raise refusal(f"{name}: {label(found)} has no plain value as a {says}")
    if quantity.system != UCUM or quantity.code not in known:  # control: known-unit
        unit = safe(f"{quantity.code or quantity.unit or 'none'}")
        of = "" if quantity.system == UCUM else " without the system of UCUM"
        raise refusal(
            f"{name}: {label(found)}: a {says} in the unit {unit}{of} is not read", f"allowed: UCUM {', '.join(known)}"
        )
    return f"{plain(quantity.value)} {known[quantity.code]}"


def _refuse_two_units(model: Any, words: str, exact: Fraction, sized: Callable[[str], Fraction], where: str) -> None:
    """Raise where the unit that people are shown is another one than the code says: 20 `lb` coded as 20 kg. A name of
    a unit that no option has says nothing.
    """
    shown_unit = model.valueQuantity.unit
    if not shown_unit:
        return
    said = f"{plain(model.valueQuantity.value)} {shown_unit}"
    try:
        differs = sized(said) != exact
    except QuantityError:
        return
    if differs:  # control: one-unit
        raise refusal(f"{where}: it shows {safe(said)}, and its code says {words}")
