"""Public holidays as the library `holidays` knows them: asked only by names that it lists itself.

The library is an optional extra and heavy, so it is loaded by the first question.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date
from functools import cache, lru_cache
from typing import Any

from msgspec import Struct

from ivigcalc.errors import MissingExtraError, RequestError
from ivigcalc.text import nearest, safe


class Mistake(Struct, frozen=True):
    """What is wrong with a name: the key that holds it, why, and what would do."""

    key: str
    message: str
    allowed: str


@lru_cache(maxsize=128)
def holidays_of(country: str, subdivision: str | None) -> Callable[[date], str | None]:
    """Names the holiday of a day. Raises `RequestError` for a name that the library does not list."""
    mistake = mistaken(country, subdivision)
    if mistake is not None:
        raise RequestError(f"{mistake.message}; allowed: {mistake.allowed}", field="site")
    known = _table(country, subdivision, language="en_US")

    def name_of(day: date) -> str | None:
        found = known.get(day)
        return str(found) if found else None

    return name_of


def mistaken(country: str, subdivision: str | None) -> Mistake | None:
    """What is wrong with a country and its subdivision, if anything. Raises `MissingExtraError` without the library."""
    _library()
    if country not in _listed():  # control: holiday-name
        message = f"no public holidays are known for '{safe(country)}'"
        return Mistake("country", message, ", ".join(_nearest_countries(country)) or "a code such as US, GB, DE")
    whole = _table(country)
    if subdivision is not None and subdivision not in {*whole.subdivisions, *whole.subdivisions_aliases}:
        message = f"'{safe(subdivision)}' is no subdivision of {country} whose holidays are known"
        return Mistake("subdivision", message, ", ".join(whole.subdivisions) or "none: leave the key out")
    return None


@lru_cache(maxsize=64)
def unlike_subdivisions(country: str, years: Collection[int]) -> tuple[str, ...]:
    """The subdivisions of a country, where one of them has other holidays in these years than the whole has."""
    whole = _table(country, years=years)
    parts = tuple(whole.subdivisions)
    return parts if any(set(_table(country, part, years=years)) != set(whole) for part in parts) else ()


def some_of(subdivisions: Collection[str]) -> str:
    """The names of subdivisions for a message: all of a few, else the first."""
    most = 20
    shown = ", ".join(list(subdivisions)[:most])
    return shown if len(subdivisions) <= most else f"{shown} and {len(subdivisions) - most} more"


def _library() -> Any:
    try:
        import holidays
    except ImportError:
        raise MissingExtraError("public holidays", "calendar") from None
    return holidays


@cache
def _listed() -> dict[str, bool]:
    """Every name that the library lists, and whether it is a market's."""
    countries = dict.fromkeys(_library().list_supported_countries(include_aliases=True), False)
    return dict.fromkeys(_library().list_supported_financial(include_aliases=True), True) | countries


def _table(country: str, subdivision: str | None = None, **more: Any) -> Any:
    # the library finds a class of its own by this very name: no name may come here that is not listed
    ask = _library().financial_holidays if _listed()[country] else _library().country_holidays
    return ask(country, subdiv=subdivision, **more)


def _nearest_countries(typed: str) -> list[str]:
    """Codes like the typed one, or of a country with a name like it."""
    from holidays.registry import COUNTRIES

    codes = {name.replace("_", " "): rows[1] for name, rows in COUNTRIES.items()}
    codes |= {code.lower(): code for code in _listed()}
    return list(dict.fromkeys(codes[name] for name in nearest(typed.lower(), codes)))
