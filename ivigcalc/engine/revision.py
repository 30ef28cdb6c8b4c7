"""What a plan keeps of its changes: what happened, why, by whom and when, and what was before."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from ivigcalc.definitions import Loaded, Product
from ivigcalc.request.event import EventWords, Kind


class Was(Struct, frozen=True):
    """A session as it was before a revision that changed it."""

    course: int
    day: int
    date: str | None
    starts_at: str | None
    ends_at: str | None
    dose_g: Decimal
    volume_ml: Decimal | None
    duration_min: int | None
    product: str


class Revision(Struct, frozen=True):
    """One change of a plan: what happened, why, by whom and when, and what was before.

    `previous_sha256`: of the plan before, as it is written. `changed`: course and day of the sessions that are not as
    they were. `to_product`: the product that is given from then on, where it changes.
    """

    number: int
    kind: Kind
    words: EventWords
    reason: str | None
    by: str | None
    at: str
    previous_sha256: str
    changed: tuple[tuple[int, int], ...] = ()
    before: tuple[Was, ...] = ()
    to_product: Loaded[Product] | None = None
