"""What if everybody had another product, dose, interval or policy: each saved plan, planned again under it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from hashlib import sha256
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ivigcalc import library
from ivigcalc.api import Desk
from ivigcalc.definitions import LoadedPolicy
from ivigcalc.document.read import SavedPlan
from ivigcalc.document.write import document
from ivigcalc.engine.plan import Plan
from ivigcalc.errors import RefusedError, RequestError
from ivigcalc.quantity import Quantity, QuantityError, plain, quantity
from ivigcalc.request.fields import FIELD
from ivigcalc.request.form import Form
from ivigcalc.request.request import OrderedDose
from ivigcalc.text import near, safe

#: key of --scenario -> the stop that it means to pass, if any; `interval` is another word for `every`
KEYS = {
    "product": None,
    "policy": None,
    "dose": "dose-outside-regimen",
    "every": "interval-outside-regimen",
    "days": "days-outside-regimen",
    "tolerance": None,
}
_ALSO = {"interval": "every"}
_PERCENT = re.compile(r"([+-])([0-9]{1,3}(?:\.[0-9]{1,2})?) ?%")
#: the policy whose preference for few vials `tolerance` takes where a plan's own has none
_PREFERRING = "practical-vials"
#: doses are shown to so much
_SHOWN_G = Decimal("0.02")
#: sites and days of asking whose desk is kept
_DESKS = 16


class Scenario(Struct, frozen=True):
    """What is replaced, in words: key -> value, in the order that they were said in.

    `factor`: what the ordered dose is multiplied by, where the dose is given as a change in per cent. `tolerance`:
    within how much of the exact dose a course of fewer vials is taken.
    """

    words: tuple[tuple[str, str], ...]
    factor: Decimal | None = None
    tolerance: Quantity | None = None

    def __str__(self) -> str:
        return ", ".join(f"{key}={value}" for key, value in self.words)


class NotReplannedError(Exception):
    """Why a plan stays as it is under a scenario: a code, and a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def read_scenario(said: Sequence[str]) -> Scenario | None:
    """`product=privigen-us`, `dose=-20%`; None where nothing is said. Raises `RequestError` naming what is wrong."""
    if not said:
        return None
    words: dict[str, str] = {}
    factor, tolerance = None, None
    for text in said:
        key, _, value = text.partition("=")
        key, value = _ALSO.get(key.strip(), key.strip()), value.strip()
        if key not in KEYS:
            raise _wrong(f"'{safe(text)}' is none: {near(key, KEYS)}write KEY=VALUE; allowed: {', '.join(KEYS)}")
        if key in words:
            raise _wrong(f"{key} is given twice: give it once")
        if not value:
            raise _wrong(f"{key} says nothing: write {key}=VALUE")
        if key == "dose" and (percent := _PERCENT.fullmatch(value)):
            factor = _factor(*percent.groups())
        elif key == "tolerance":
            tolerance = _tolerance(value)
            value = str(tolerance)
        else:
            value = _read(key, value)
        words[key] = value
    return Scenario(tuple(words.items()), factor, tolerance)


def _tolerance(value: str) -> Quantity:
    try:
        found = quantity(value, "percent")
    except QuantityError:
        found = None
    if found is None or not 0 < found.value < 100:
        raise _wrong(f"tolerance={safe(value)} is no share of a dose: give per cent above 0 and below 100, such as 10%")
    return found


def _factor(sign: str, percent: str) -> Decimal:
    change = Decimal(percent) / 100
    if not change or (sign == "-" and change >= 1):
        raise _wrong(f"dose={sign}{percent}% leaves no change or no dose: give a change such as -20%")
    return 1 + change if sign == "+" else 1 - change


def _read(key: str, value: str) -> str:
    """The words of a key, once they have been found to be readable."""
    if key == "product":
        found = library.product(value)
        return value if found.is_file else found.value.id
    if key == "policy":
        loaded = library.policy(value).policy
        return value if loaded.is_file else loaded.value.id
    try:
        FIELD[key].exact(value)
    except RequestError as error:  # it names the option of a plan, which a forecast has not
        raise _wrong(f"{key}={safe(value)}: {str(error).removeprefix(f'{FIELD[key].option}: ')}") from None
    return value


def _wrong(why: str) -> RequestError:
    return RequestError(f"--scenario: {why}", field="scenario")


class Replanner:
    """Plans saved plans again under one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._desks: dict[Any, Desk] = {}

    def again(self, saved: SavedPlan) -> dict[str, Any]:
        """The document of the plan under the scenario; raises `NotReplannedError` where there is none."""
        if saved.document.get("history"):  # control: changed-plan-as-it-is
            raise NotReplannedError("changed-plan", "it was changed since it was made, and is not planned again")
        form = self._form(saved)
        try:
            found = document(self._planned(saved, form))
        except RequestError as error:
            raise NotReplannedError(error.code, str(error)) from None
        except RefusedError as error:
            raise NotReplannedError(",".join(error.codes), str(error)) from None
        if not self._is_scaled(saved.document, found):
            raise NotReplannedError("dose-of-a-phase", "a phase has a printed dose that the order does not replace")
        return found

    def _planned(self, saved: SavedPlan, form: Form) -> Plan:
        """With the overrides that it needs: those of the plan itself, and of what the scenario asks on purpose."""
        desk, reasons = self._desk(saved), self._reasons(saved)
        lifted: dict[str, str] = {}
        while True:
            said = replace(form, override=tuple(f"{code}={reason}" for code, reason in lifted.items()))
            try:
                return desk.plan(said, saved.command, with_trace=False)
            except RefusedError as error:
                more = {code: reasons[code] for code in error.codes if code in reasons and code not in lifted}
                if len(more) < len(error.codes):  # control: scenario-stop-kept
                    raise
                lifted |= more

    def _reasons(self, saved: SavedPlan) -> dict[str, str]:
        """Code -> why it may be passed."""
        asked = [key for key, _ in self._scenario.words]
        own = dict(FIELD["override"].exact(saved.form.override)) if saved.form.override else {}
        return {code: f"scenario {self._scenario}" for key, code in KEYS.items() if code and key in asked} | own

    def _desk(self, saved: SavedPlan) -> Desk:
        key = (saved.site.name, saved.site.sha256, saved.on)
        if key not in self._desks:
            if len(self._desks) >= _DESKS:
                self._desks.pop(next(iter(self._desks)))
            self._desks[key] = Desk(saved.site, saved.on, self._policy_as if self._scenario.tolerance else None)
        return self._desks[key]

    def _policy_as(self, loaded: LoadedPolicy) -> LoadedPolicy:
        """A policy with the tolerance of the scenario, under a fingerprint of its own."""
        policy, tolerance = loaded.policy.value, self._scenario.tolerance
        if policy.rounding is None or policy.rounding.to != "whole vials":  # control: tolerance-of-whole-vials
            raise NotReplannedError("not-to-whole-vials", f"{policy.id} does not round to whole vials")
        prefer = policy.prefer or library.policy(_PREFERRING).policy.value.prefer
        assert prefer is not None
        value = policy.model_copy(update={"prefer": prefer.model_copy(update={"within": tolerance})})
        changed = sha256(f"{loaded.policy.sha256} within {tolerance}".encode()).hexdigest()
        return replace(loaded, policy=replace(loaded.policy, value=value, sha256=changed))

    def _form(self, saved: SavedPlan) -> Form:
        form, words = saved.form, {key: value for key, value in self._scenario.words if key != "tolerance"}
        if form.order is not None and words.keys() & {"dose", "every", "days"}:
            raise NotReplannedError("order-of-phases", "its order speaks to each phase by itself")
        if self._scenario.factor is not None:
            words["dose"] = _scaled(saved, self._scenario)
        before = saved.document["computed_from"]["product"]["id"]
        if words.get("product", before) != before and form.infusion == "subsequent":
            words["infusion"] = "first"  # control: scenario-other-brand
        if "every" in words and form.dose_basis is None:
            words["dose_basis"] = "course"
        return replace(form, **words)

    def _is_scaled(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
        """Whether every phase has the dose that was asked for, where it can be said: not on another weight."""
        factor = self._scenario.factor
        if factor is None or any(key == "policy" for key, _ in self._scenario.words):
            return True
        pairs = zip(before["phases"], after["phases"], strict=False)
        return all(abs(new["prescribed_g"] - old["prescribed_g"] * factor) <= _SHOWN_G for old, new in pairs)


def _scaled(saved: SavedPlan, scenario: Scenario) -> str:
    """The dose of a plan, changed by so many per cent, in words."""
    assert scenario.factor is not None
    if saved.form.dose is not None:
        ordered: OrderedDose = FIELD["dose"].exact(saved.form.dose)
        amount = replace(ordered.amount, value=ordered.amount.value * scenario.factor)
        return str(replace(ordered, amount=amount))
    exact = {phase["prescribed_g"] for phase in saved.document["phases"]}
    if len(exact) > 1 or any(key == "policy" for key, _ in scenario.words):
        raise NotReplannedError("dose-of-a-phase", "its dose is printed by the protocol and not one for all phases")
    return f"{plain(exact.pop() * scenario.factor)} g/course"
