"""Saved plans to forecast from: each as the command line writes it, made once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import helpers

from ivigcalc.definitions import Site
from ivigcalc.document.write import to_json
from ivigcalc.forecast.forecast import Asked, Forecast, forecast

VISIT = {"arrival": "15 min", "premedication": "30 min", "flush": "10 min", "observation": "30 min"}
PRICES = {
    "octagam-10-us": {"amount": "100", "currency": "USD"},
    "privigen-us": {"amount": "90", "currency": "USD"},
}
#: 45 minutes before an infusion and 40 after it
WARD = helpers.a_site(visit=VISIT).value
NOWHERE = helpers.a_site().value
_MADE: dict[tuple[Any, ...], str] = {}


def saved(weight: str, start: str | None, at: str | None = "09:00", **words: Any) -> str:
    """A plan of dermatomyositis, 2 g/kg, as it is written."""
    key = (weight, start, at, repr(sorted(words.items())))
    if key not in _MADE:
        _MADE[key] = _made(weight, start, at, words)
    return _MADE[key]


def _made(weight: str, start: str | None, at: str | None, words: dict[str, Any]) -> str:
    words = {"age": "54y", "product": "octagam-10-us", "regimen": "dermatomyositis"} | words
    regimen, product = words.pop("regimen"), words.pop("product")
    dates = {"start": start, "at": at, "courses": words.pop("courses", "2")} if start else {}
    return to_json(helpers.plan(regimen, product, weight, **dates, **words))


def a_site(**keys: Any) -> Site:
    return helpers.a_site(**keys).value


def forecast_of(folder: Path, plans: dict[str, str], site: Site = NOWHERE, **asked: Any) -> Forecast:
    """What plans of these names come to, saved in a folder."""
    for name, text in plans.items():
        (folder / name).write_text(text, encoding="utf-8")
    return forecast([folder], site, Asked(**asked))


def sessions_of(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)["sessions"]
    return found
