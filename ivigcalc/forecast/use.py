"""What one infusion uses: grams, vials, and time in a chair; read from a saved plan or from a row of a batch."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from msgspec import Struct

from ivigcalc.definitions import Site
from ivigcalc.request.request import LAST_YEAR

_VIALS = re.compile(r"([0-9]{1,6}) x ([0-9]{1,6}(?:\.[0-9]{1,6})?) g")
#: no session has so many grams, millilitres, minutes or vials, or a figure with more decimals
_TOO_MUCH, _PLACES = 1_000_000, 6
_FIRST_YEAR = 1980
_NUMBER = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,12})?")


class Use(Struct, frozen=True):
    """One session: its day, its product, and what it takes.

    `leftover_g`: what of its vials is not given. `volume_ml`: None where the product prints no concentration.
    `chair_min`: minutes from arrival to leaving, None where no rate says how long the infusion lasts.
    """

    on: date
    product: str
    dose_g: Decimal
    leftover_g: Decimal
    volume_ml: Decimal | None
    vials: tuple[tuple[Decimal, int], ...]
    chair_min: int | None

    @classmethod
    def believable(cls, on: date, product: str, *figures: Any) -> Use:
        """A use with figures that a session can have; raises `ValueError` for others, which no sum could hold."""
        found = cls(on, product, *figures)
        amounts = (found.dose_g, found.leftover_g, found.volume_ml or Decimal(0), *(size for size, _ in found.vials))
        counts = (found.chair_min or 0, *(count for _, count in found.vials))
        if not _FIRST_YEAR <= on.year <= LAST_YEAR:
            raise ValueError(f"holds a session in the year {on.year}, which is in no forecast")
        if not all(0 <= amount < _TOO_MUCH and amount == round(amount, _PLACES) for amount in amounts):
            raise ValueError("holds a dose, a volume or a vial that no session has")
        if not all(0 <= count < _TOO_MUCH for count in counts):
            raise ValueError("holds a length of time or a number of vials that no session has")
        return found


def uses_of(document: Mapping[str, Any], site: Site) -> Iterator[Use | None]:
    """Each session of a saved plan; None for one without a date.

    `site` says how long a visit lasts around its infusion, where the plan has no times of day.
    """
    of_plan = document["computed_from"]["product"]["id"]
    for session in document["sessions"]:
        if session["date"] is None:
            yield None
            continue
        yield Use.believable(
            date.fromisoformat(session["date"]),
            session.get("product") or of_plan,  # control: product-of-the-session
            Decimal(session["dose_g"]),
            Decimal(session["leftover_g"]),
            None if session["volume_ml"] is None else Decimal(session["volume_ml"]),
            tuple((Decimal(vial["size_g"]), vial["count"]) for vial in session["vials"]),
            _chair_min(session, site),
        )


def _chair_min(session: Mapping[str, Any], site: Site) -> int | None:
    """From arrival to leaving. Each part is short, so that no change of clocks lies in it but in the infusion's own
    length, which is not taken from the clock."""
    lasts_min = session["duration_min"]
    if lasts_min is None:
        return None
    before_min, after_min = site.visit.before_min, site.visit.after_min
    starts, arrives = session["starts_at"], session.get("visit_from")
    ends, leaves = session["ends_at"], session.get("visit_to")
    if starts and arrives:
        before_min = _between(arrives, starts)
    if ends and leaves:
        after_min = _between(ends, leaves)
    return int(before_min + lasts_min + after_min)


def _between(earlier: str, later: str) -> int:
    minutes = int((_moment(later) - _moment(earlier)).total_seconds()) // 60
    return minutes if minutes >= 0 else 0


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


# ---- a row of sessions.csv ------------------------------------------------------------------------------------------


def use_of_row(row: Mapping[str, Any], site: Site) -> Use | None:
    """A row of the sessions of a batch; None where it has no date. Raises `ValueError` for what is no such row."""
    if not row["date"]:
        return None
    lasts_min = _whole(row["duration_min"])
    return Use.believable(
        row["date"] if isinstance(row["date"], date) else date.fromisoformat(row["date"]),
        str(row["product"]),
        _amount(row["dose_g"]),
        _amount(row["leftover_g"]),
        None if row["volume_ml"] in (None, "") else _amount(row["volume_ml"]),
        _vials(str(row["vials"])),
        None if lasts_min is None else site.visit.before_min + lasts_min + site.visit.after_min,
    )


def _amount(cell: Any) -> Decimal:
    text = str(cell)
    if not _NUMBER.fullmatch(text):
        raise ValueError("holds no plain number where a figure belongs")
    try:
        return Decimal(text)
    except InvalidOperation:  # pragma: no cover - the pattern lets none through
        raise ValueError("holds no number") from None


def _whole(cell: Any) -> int | None:
    if cell in (None, ""):
        return None
    found = _amount(cell)
    if found % 1:
        raise ValueError("holds a part of a minute")
    return int(found)


def _vials(text: str) -> tuple[tuple[Decimal, int], ...]:
    if text in ("", "-"):
        return ()
    found = []
    for part in text.split(" + "):
        match = _VIALS.fullmatch(part)
        if not match:
            raise ValueError("holds no vials such as 2 x 10 g + 1 x 5 g")
        found.append((Decimal(match[2]), int(match[1])))
    return tuple(found)
