"""Whether a patient has been counted before: a plan that is given twice, or an old one beside its renewal."""

from __future__ import annotations

from datetime import date
from hashlib import blake2b

from ivigcalc.errors import RequestError

#: enough that two of a hundred thousand patients are taken for one in fewer than one of a thousand million lists
_KEY_BYTES = 8
_DAYS = 1 << 24


class Seen:
    """The days over which each patient has a plan: one number of 8 bytes for who it is, and one for the days."""

    def __init__(self, *, allow: bool = False) -> None:
        self._spans: dict[int, int | tuple[int, ...]] = {}
        self._allow = allow

    def add(self, who: str, name: str, first: date, last: date, shown: str) -> None:
        """Take note of a plan; raises `RequestError` where the same patient has another one over the same days.

        `who` tells patients apart, `shown` is what a message calls this one, `name` the plan.
        """
        key = int.from_bytes(blake2b(who.encode("utf-8", "surrogatepass"), digest_size=_KEY_BYTES).digest(), "big")
        span = first.toordinal() * _DAYS + last.toordinal()
        held = self._spans.get(key)
        before = (held,) if isinstance(held, int) else held or ()
        if not self._allow and any(_overlap(span, other) for other in before):  # control: counted-once
            raise RequestError(
                f"{name}: {shown} has been counted already over the same days: leave out the plan that is an old one "
                "or given twice, or say --allow-duplicates to count both",
                field="plans",
                code="plan-twice",
            )
        self._spans[key] = (*before, span) if before else span


def _overlap(one: int, other: int) -> bool:
    return one // _DAYS <= other % _DAYS and other // _DAYS <= one % _DAYS
