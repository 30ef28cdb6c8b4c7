"""What was asked, in words: as they were typed, and as a plan gives them again."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Command = Literal["dose", "schedule", "rates"]
#: what was said of one thing: a word, several, or yes
Words = str | tuple[str, ...] | bool | None

#: what a comparison may have several of, in the order of its columns
COMPARED = ("product", "policy", "weight", "dose", "days", "every")


class Form(Struct):
    """What was asked, in words. `None` = not said."""

    weight: str | None = None
    weighed_on: str | None = None
    height: str | None = None
    sex: str | None = None
    age: str | None = None
    birth_date: str | None = None
    pregnant: bool = False
    pre_pregnancy_weight: str | None = None
    previous_weight: str | None = None
    risk: tuple[str, ...] = ()
    condition: tuple[str, ...] = ()
    name: str | None = None
    patient_id: str | None = None
    regimen: str | None = None
    indication: str | None = None
    product: str | None = None
    country: str | None = None
    policy: str | None = None
    order: str | None = None
    phase: str | None = None
    dose: str | None = None
    dose_basis: str | None = None
    days: str | None = None
    over: str | None = None
    every: str | None = None
    courses: str | None = None
    start: str | None = None
    at: str | None = None
    infusion: str | None = None
    last_infusion: str | None = None
    last_product: str | None = None
    valid_for: str | None = None
    override: tuple[str, ...] = ()
