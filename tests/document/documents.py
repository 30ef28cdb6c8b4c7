"""Plan documents of every kind that there is, as they are read back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import helpers
from msgspec.structs import replace
from replan import saved

from ivigcalc.document.read import parse
from ivigcalc.document.write import to_json
from ivigcalc.engine.plan import Plan

_SITE = helpers.a_site(
    open={"mon-fri": "08:00-17:00"},
    holidays={"country": "US"},
    closed_days="shift-later",
    visit={"arrival": "15 min", "observation": "30 min"},
    price_per_gram={"octagam-10-us": {"amount": "98.50", "currency": "USD"}},
    stock={"octagam-10-us": {"10 g": "40", "20 g": "12"}},
)
SITE = replace(_SITE, sha256="5" * 64)
DATED = {"start": "2026-12-01", "at": "09:00", "age": "54y"}
TALL = {"height": "170cm", "sex": "male"}


def dermatomyositis(product: str = "octagam-10-us", weight: str = "72kg", **words: Any) -> Plan:
    return helpers.plan("dermatomyositis", product, weight, **words)


PLANS: dict[str, Callable[[], Plan]] = {
    "dose": dermatomyositis,
    "schedule": lambda: dermatomyositis(courses="3", **DATED),
    "date without clock": lambda: dermatomyositis(start="2026-12-01"),
    "phases": lambda: helpers.plan("cidp:us-label-privigen", "privigen-us", "81.4kg", courses="3", **DATED),
    "rates": lambda: helpers.rates("panzyga-us", "primary-immunodeficiency", "70kg", "70g", at="09:00"),
    "absolute rates": lambda: helpers.rates("intragam-p-sg", "itp", "70kg", "30g"),
    "at risk and capped": lambda: helpers.rates("octagam-10-us", "chronic-itp", "140kg", "140g", risk=["renal"]),
    "adjusted weight": lambda: dermatomyositis(weight="120kg", policy="au-lifeblood-2026", **TALL, **DATED),
    "no rates": lambda: dermatomyositis("alyglo-us", **DATED),
    "no vials": lambda: helpers.plan("kawasaki", "gamunex-ca", "9800g", age="14mo", policy="us-group-health"),
    "site": lambda: dermatomyositis(site=SITE, valid_for="6 months", **DATED),
    "override": lambda: dermatomyositis(days="6", override=["days-outside-regimen=frail"], **DATED),
    "infant": lambda: helpers.plan(
        "kawasaki", "privigen-us", "4.2kg", age="5mo", name='Zoë → "quoted"', patient_id="=1+1"
    ),
    "interrupted": lambda: saved.reaction(
        saved.first(), "10:51", "11:21", "1.2 mL/kg/h", by="R. Nurse", reason="chills"
    ),
    "stopped": lambda: saved.reaction(saved.reaction(saved.first(), "10:51", "11:21", "half"), "11:41"),
    "changed orders": lambda: saved.after(
        saved.after(saved.first(), "2026-12-04", product="privigen-us", from_course="3"),
        "2026-12-29",
        missed=("2026-12-29",),
        to="2027-01-04",
        rest="move",
    ),
    "own regimen": lambda: helpers.any_course("octagam-10-us", "72kg", "33.3 g", days="2"),
}


def document(kind: str) -> Any:
    """The document of one of the plans, read back from its text."""
    return parse(to_json(PLANS[kind]()))


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    """What stands at a path of a document."""
    for part in path:
        value = value[part]
    return value
