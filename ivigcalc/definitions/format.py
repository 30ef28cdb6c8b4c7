"""The versions of the file format. Every key means in a later one what it meant in an earlier one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel

    from .block import Strict

#: what the shipped files say, and what a site file is that does not say
LATEST = 2

#: Block -> the keys that it had in schema 1. A key of a model that does not stand here, and every key of a block that
#: does not, is new in schema 2, so that a new key is added to its model alone. This table never changes.
SCHEMA_1 = {
    # every file
    "Range": "from to",
    "Source": "title body date url locator checked kind note",
    "Said": "source text",
    # a policy, a formula
    "HeightLine": "at per_inch above",
    "Formula": "schema id version title sources source kind male female notes",
    "ObeseRule": "when use factor",
    "DosingWeight": "source use ideal factor when unless all_when when_obese refuse_when pregnancy assumed note",
    "SmallDoses": "source below to when",
    "Rounding": "source to direction tie small basis note",
    "Policy": "schema id version title sources source kind body country computable missing dosing_weight rounding "
    "rate_weight limits says notes",
    # a product
    "PrintedRung": "source rate for basis note",
    "Ceiling": "source rate risks note",
    "Disagreement": "source says",
    "RateTable": "source for infusion ladder ceiling at_risk_ceiling note others",
    "Composition": "stabiliser iga sodium osmolality ph other",
    "Iga": "source maximum average note",
    "Contraindication": "source text condition",
    "Caution": "source text condition",
    "Licensed": "source text id",
    "OpenBottle": "source within applies_to",
    "Product": "schema id version title sources source kind manufacturer country concentration vials "
    "contraindicated_with indications rates no_rates_because composition storage handling open_bottle "
    "contraindications warnings restart notes others",
    # a regimen
    "AgeBound": "operator age",
    "Population": "source age text",
    "Dose": "source per_course per_day cap cap_per_day note",
    "Days": "source from to consecutive equal note",
    "Every": "source every note",
    "Courses": "source from to note",
    "Limit": "source per max level note",
    "Target": "source trough_igg text",
    "Phase": "source id title dose days interval courses",
    "Protocol": "source title evidence confidence population dose days interval courses phases limits no_dose_because "
    "target review taper weight notes",
    "Regimen": "schema id version title sources source kind category indication synonyms protocols notes",
    # a site
    "Holidays": "country subdivision",
    "Pump": "increment maximum",
    "Visit": "arrival premedication flush observation",
    "Price": "amount currency dated",
    "Defaults": "product policy",
    "Site": "kind schema id title time_zone open holidays closed closed_days window pump rate_maximum stock "
    "price_per_gram visit default",
}

Path = tuple[str | int, ...]


def block_of(model: type[BaseModel] | type[Strict]) -> str:
    """The name under which the keys of a model stand above."""
    return model.__name__.partition("[")[0]


def is_new(block: str, key: str) -> bool:
    """Whether a key of a block is new in schema 2."""
    return key not in SCHEMA_1.get(block, "").split()


def new_keys(value: Any, path: Path = ()) -> Iterator[Path]:
    """The places of the keys in a file that are new in schema 2, by what its model read; what is below one of them is
    not looked at."""
    if hasattr(value, "model_fields_set"):
        for name, info in type(value).model_fields.items():
            key = info.alias or name
            if name not in value.model_fields_set:
                continue
            if is_new(block_of(type(value)), key):
                yield (*path, key)
            else:
                yield from new_keys(getattr(value, name), (*path, key))
    elif isinstance(value, dict):
        for name, child in value.items():
            yield from new_keys(child, (*path, name))
    elif isinstance(value, tuple):
        for place, child in enumerate(value):
            yield from new_keys(child, (*path, place))
