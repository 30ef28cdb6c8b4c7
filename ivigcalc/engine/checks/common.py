"""What all checks share: who is asked about, how a source is cited, and what becomes of a stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from ivigcalc.definitions import Cited, Definition, Loaded, Phase, Product, Protocol, Regimen, Safety
from ivigcalc.engine.plan import Notice
from ivigcalc.errors import RefusedError, RequestError
from ivigcalc.memo import remembered
from ivigcalc.quantity import decimal_of, plain
from ivigcalc.request.request import Order, Patient, Request


@remembered(4096)
def cite(definition: Definition | None, *parts: Cited | None) -> str | None:
    """The citation of the first part that names a source, else the file's own."""
    if definition is None:
        return None
    key = next((part.source for part in parts if part is not None and part.source), None) or definition.source
    return definition.sources[key].citation if key else None


def show(value: Fraction, places: int = 2) -> str:
    """A number for a message."""
    return plain(decimal_of(value, places))


def counted(number: int, noun: str) -> str:
    """`1 day`, `2 days`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def of_phase(phase: Phase) -> str:
    """`loading: ` before what is said of a phase; nothing where the protocol has none."""
    return "" if phase.id == "course" else f"{phase.id}: "


@dataclass(frozen=True, slots=True)
class Asked:
    """What the checks of an order look at."""

    request: Request
    regimen: Loaded[Regimen] | None
    protocol: Protocol | None
    product: Loaded[Product]
    safety: Loaded[Safety]
    dosing_kg: Fraction

    @property
    def order(self) -> Order:
        """The order of the request."""
        return self.request.order

    @property
    def patient(self) -> Patient:
        """The patient of the request."""
        return self.request.patient


def settle(notices: list[Notice], order: Order) -> tuple[Notice, ...]:
    """Apply the overrides; raise for the stops that remain, and for overrides of nothing."""
    codes = {notice.code for notice in notices if notice.level == "stop"}
    for code, _ in order.overrides:
        if code not in codes:
            raise RequestError(f"--override {code}: this plan has no stop of that code", field="override")
    settled = [
        replace(n, overridden_because=order.override(n.code)) if n.level == "stop" else n
        for n in dict.fromkeys(notices)
    ]
    stop_now(settled, order)
    return tuple(settled)


def stop_now(notices: Sequence[Notice], order: Order) -> None:
    """Raise for the stops among these that the order does not override."""
    refused = [n for n in notices if n.level == "stop" and order.override(n.code) is None]
    if refused:
        raise refusal(refused)


def refusal(stops: list[Notice]) -> RefusedError:
    """One error for all stops of a plan."""
    first = stops[0]
    text = "\n".join(f"{stop.message}" + (f" [{stop.source}]" if stop.source else "") for stop in stops)
    error = RefusedError(first.code, text, value=first.value or "", limit=first.limit or "", source=first.source or "")
    error.codes = tuple(dict.fromkeys(stop.code for stop in stops))
    return error
