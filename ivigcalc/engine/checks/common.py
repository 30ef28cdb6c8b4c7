"""What all checks share: whom they speak to, and what becomes of a stop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ivigcalc.definitions import Phase, Safety
from ivigcalc.engine.ceilings import Held
from ivigcalc.engine.plan import Notice
from ivigcalc.errors import RefusedError, RequestError
from ivigcalc.exact import Fraction
from ivigcalc.quantity import figure
from ivigcalc.request.request import Order, Patient, Risk


class Alike(Struct, frozen=True):
    """What a check may look at of a patient whom others are like: age in months, risks as they were said, conditions,
    and what follows from them for the rates."""

    age_months: Fraction | None
    risks: tuple[Risk | Literal["none"], ...]
    conditions: tuple[str, ...]
    held: Held


def of_phase(phase: Phase) -> str:
    """`loading: ` before what is said of a phase; nothing where the protocol has none."""
    return "" if phase.id == "course" else f"{phase.id}: "


def in_years(age_months: Fraction) -> str:
    """`1 year`, `17.9 years`."""
    years = figure(age_months / 12, 1)
    return f"{years} year" if years == "1" else f"{years} years"


def weighed_alike(patient: Patient, rules: Safety) -> bool:
    """Whether a previous weight agrees: a second witness."""
    if patient.previous_weight is None:
        return False
    before = patient.previous_weight.body_kg
    return abs(patient.weight_kg - before) / before * 100 < rules.weight_change.percent.base


def settle(notices: Iterable[Notice], order: Order, replanned: bool = False) -> tuple[Notice, ...]:
    """Each notice once, with the overrides; raises for the stops that remain, and for overrides of nothing.

    `replanned`: what was overridden when the order was new may be none of it any more.
    """
    said = tuple(dict.fromkeys(notices))
    codes = {notice.code for notice in said if notice.level == "stop"}
    if not codes and not order.overrides:
        return said
    for code, _ in order.overrides:
        if code not in codes and not replanned:  # control: override-of-nothing
            raise RequestError(f"--override {code}: this plan has no stop of that code; leave it out", field="override")
    settled = tuple(replace(n, overridden_because=order.override(n.code)) if n.level == "stop" else n for n in said)
    return stop_now(settled, order)


def stop_now(notices: Iterable[Notice], order: Order) -> tuple[Notice, ...]:
    """The notices; raises for the stops among them that the order does not override."""
    said = tuple(notices)
    refused = [n for n in said if n.level == "stop" and order.override(n.code) is None]
    if refused:
        raise refusal(refused)  # control: stops-stop
    return said


def refusal(stops: list[Notice]) -> RefusedError:
    """One error for all stops of a plan."""
    first = stops[0]
    text = "\n".join(f"{stop.message}" + (f" [{stop.source}]" if stop.source else "") for stop in stops)
    error = RefusedError(first.code, text, value=first.value or "", limit=first.limit or "", source=first.source or "")
    error.codes = tuple(dict.fromkeys(stop.code for stop in stops))
    return error
