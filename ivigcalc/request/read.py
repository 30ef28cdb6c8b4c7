"""From words to a request: the one reader of what a command line, a CSV row or a saved plan says.

A `Form` holds the words as they were typed; `read_form` makes them exact. No definition is looked up here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from operator import attrgetter
from typing import TypeVar, get_args

from ivigcalc.clock import clock_minutes, clock_text, iso_date
from ivigcalc.errors import RequestError
from ivigcalc.quantity import Quantity, QuantityError, parse_height, parse_weight, quantity
from ivigcalc.request.form import Command, Form
from ivigcalc.request.reference import split_protocol
from ivigcalc.request.request import LAST_YEAR, Infusion, Order, Patient, Request, Risk, Sex

MAX_TEXT = 200
_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_TWO_MEANINGS = ("biweekly", "bi-weekly", "bimonthly", "bi-monthly")
_CODE = re.compile(r"[a-z][a-z-]{1,40}")
_T = TypeVar("_T")


def read_form(form: Form, command: Command, *, on: date | None, defaults_used: tuple[str, ...] = ()) -> Request:
    """Every word made exact; raises `RequestError` naming the field."""
    order = _read_order(form)
    if command == "schedule" and order.start is None:
        raise RequestError("give the first day: --start 2026-12-01", field="start", code="missing")
    first_day = order.start or on
    if order.last_infusion is not None and first_day is not None and order.last_infusion >= first_day:
        raise RequestError(f"--last-infusion {order.last_infusion} is not before {first_day}", field="last_infusion")
    protocol = split_protocol(form.regimen)[1] if form.regimen else None
    return Request(command, _read_patient(form), order, protocol, form.indication, on, defaults_used)


def check_identity(form: Form) -> date:
    """Check the words that say whose a plan is, as `read_form` does, and give its first day: the rest was read before."""
    start = _date("start", form.start)
    if start is None:
        raise RequestError("give the first day: --start 2026-12-01", field="start", code="missing")
    for field, text in (("name", form.name), ("patient_id", form.patient_id)):
        if text is not None:
            _printable(field, text)
    return start


def _read_patient(form: Form) -> Patient:
    if form.weight is None:
        raise RequestError("give the body weight with its unit: --weight 72kg", field="weight", code="missing")
    if form.age is not None and form.birth_date is not None:
        raise RequestError("give --age or --birth-date, not both", field="age")
    return Patient(
        weight=_weight("weight", form.weight),
        weighed_on=_date("weighed_on", form.weighed_on),
        height=_parsed("height", form.height, parse_height),
        sex=_choice("sex", form.sex, get_args(Sex)),
        age=_parsed("age", form.age, lambda text: quantity(text, "months", "days")),
        birth_date=_date("birth_date", form.birth_date),
        pregnant=form.pregnant,
        pre_pregnancy_weight=_weight("pre_pregnancy_weight", form.pre_pregnancy_weight)
        if form.pre_pregnancy_weight
        else None,
        previous_weight=_weight("previous_weight", form.previous_weight) if form.previous_weight else None,
        risks=tuple(dict.fromkeys(_choice("risk", risk, get_args(Risk)) for risk in form.risk)),  # type: ignore[misc]
        conditions=tuple(dict.fromkeys(_printable("condition", text) for text in form.condition)),
        name=_printable("name", form.name) if form.name is not None else None,
        patient_id=_printable("patient_id", form.patient_id) if form.patient_id is not None else None,
    )


_ORDER_WORDS = attrgetter(
    "phase", "dose", "days", "every", "dose_basis", "courses", "start", "at", "infusion", "last_infusion", "last_product", "valid_for", "override"
)  # fmt: skip


def _read_order(form: Form) -> Order:
    return _order(*_ORDER_WORDS(form))


@lru_cache(maxsize=1024)
def _order(
    phase: str | None, dose: str | None, days: str | None, every: str | None, dose_basis: str | None, courses: str | None, start: str | None,
    at: str | None, infusion: str | None, last_infusion: str | None, last_product: str | None, valid_for: str | None,
    override: tuple[str, ...],
) -> Order:  # fmt: skip
    return Order(
        phase=phase,
        dose=_parsed("dose", dose, _dose),
        days=_count("days", days, 31),
        every=_parsed("every", every, _interval),
        dose_basis=_choice("dose_basis", dose_basis, ("course", "4-weeks")),
        courses=_count("courses", courses, 200),
        start=_date("start", start),
        at=_parsed("at", at, clock_minutes),
        infusion=_choice("infusion", infusion, get_args(Infusion)),
        last_infusion=_date("last_infusion", last_infusion),
        last_product=last_product,
        valid_for=_parsed("valid_for", valid_for, _interval),
        overrides=tuple(_override(text) for text in override),
    )


def option(field: str) -> str:
    """`pre_pregnancy_weight` -> `--pre-pregnancy-weight`."""
    return "--" + field.replace("_", "-")


def _parsed(field: str, text: str | None, parse: Callable[[str], _T]) -> _T | None:
    if text is None:
        return None
    try:
        return parse(text)
    except (QuantityError, ValueError) as error:
        raise RequestError(f"{option(field)}: {error}", field=field) from None


def _weight(field: str, text: str) -> Quantity:
    found = _parsed(field, text, _cached_weight)
    assert found is not None
    return found


@lru_cache(maxsize=4096)
def _cached_weight(text: str) -> Quantity:
    return parse_weight(text)


@lru_cache(maxsize=1024)
def _dose(text: str) -> Quantity:
    found = quantity(text, "dose", "amount")
    if found.value == 0:
        raise QuantityError("a dose of 0 is no dose")
    return found


@lru_cache(maxsize=1024)
def _interval(text: str) -> Quantity:
    lowered = " ".join(text.lower().split())
    if lowered in _TWO_MEANINGS:
        raise QuantityError(f'\'{lowered}\' means two things; write "2 weeks", "2 months", or twice in that time')
    found = quantity(lowered.removeprefix("every "), "days", "months")
    if found.value == 0 or found.base.denominator != 1:
        raise QuantityError("an interval is a whole number of days, weeks or months")
    return found


@lru_cache(maxsize=8192)
def _cached_date(text: str) -> date:
    found = iso_date(text)
    if not 1900 <= found.year <= LAST_YEAR:
        raise ValueError
    return found


def _date(field: str, text: str | None) -> date | None:
    try:
        return _parsed(field, text, _cached_date)
    except RequestError:
        raise RequestError(
            f"{option(field)}: {_short(text or '')} is not a date as YYYY-MM-DD from 1900 to {LAST_YEAR}", field=field
        ) from None


def _count(field: str, text: str | None, most: int) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,3}", text) or int(text) > most:
        raise RequestError(f"{option(field)}: {_short(text)} is not a whole number from 1 to {most}", field=field)
    return int(text)


def _choice(field: str, text: str | None, allowed: tuple[str, ...]) -> _T | None:
    if text is None:
        return None
    if text not in allowed:
        raise RequestError(f"{option(field)}: {_short(text)} is not one of {', '.join(allowed)}", field=field)
    return text  # type: ignore[return-value]


def _printable(field: str, text: str) -> str:
    if len(text) > MAX_TEXT:
        raise RequestError(f"{option(field)}: longer than {MAX_TEXT} characters", field=field)
    if _UNPRINTABLE.search(text):
        raise RequestError(f"{option(field)}: contains characters that cannot be printed", field=field)
    if not text.strip():
        raise RequestError(f"{option(field)}: is empty", field=field)
    return text


def _override(text: str) -> tuple[str, str]:
    code, equals, reason = text.partition("=")
    if not equals or not _CODE.fullmatch(code.strip()) or not reason.strip():
        raise RequestError(f'--override {_short(text)}: write --override CODE="reason"', field="override")
    # blanks and quotation marks around it are not part of the reason: it is read the same from a saved plan
    plain = " ".join(_printable("override", reason).split()).strip('" ')
    return code.strip(), _printable("override", plain)


def _short(text: str) -> str:
    shown = "".join(c if c.isprintable() else "?" for c in text[:40])
    return f"'{shown}...'" if len(text) > 40 else f"'{shown}'"


def form_of(request: Request, *, regimen: str | None, product: str, policy: str) -> Form:
    """The words that give this request again: what a saved plan stores."""
    patient, order = request.patient, request.order

    def text(value: object) -> str | None:
        return None if value is None else str(value)

    return Form(
        weight=str(patient.weight), weighed_on=text(patient.weighed_on), height=text(patient.height), sex=patient.sex, age=text(patient.age),
        birth_date=text(patient.birth_date), pregnant=patient.pregnant, pre_pregnancy_weight=text(patient.pre_pregnancy_weight),
        previous_weight=text(patient.previous_weight), risk=patient.risks, condition=patient.conditions, name=patient.name,
        patient_id=patient.patient_id, regimen=regimen, indication=request.indication, product=product, policy=policy,
        phase=order.phase, dose=text(order.dose), dose_basis=order.dose_basis, days=text(order.days), every=text(order.every), courses=text(order.courses),
        start=text(order.start), at=None if order.at is None else clock_text(order.at), infusion=order.infusion,
        last_infusion=text(order.last_infusion), last_product=order.last_product, valid_for=text(order.valid_for),
        override=tuple(f"{code}={reason}" for code, reason in order.overrides),
    )  # fmt: skip
