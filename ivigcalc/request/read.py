"""From words to a request and back: the one reader of what a command line, a CSV row or a saved plan says.

A `Form` holds the words as they were typed; `read_form` makes them exact, by the row of each in `FIELDS`. No definition
is looked up here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from operator import attrgetter
from typing import Any

from ivigcalc.errors import RequestError
from ivigcalc.request.fields import FIELD, FIELDS
from ivigcalc.request.form import Command, Form, Words
from ivigcalc.request.reference import split_protocol
from ivigcalc.request.request import NO_RISK, Order, Patient, Request, Treatment

_ALTERNATIVES = tuple(field for field in FIELDS if field.instead_of)
#: what `--order` says as well
_SAID_IN_ONE_LINE = tuple(FIELD[name] for name in Treatment.__struct_fields__ if name in FIELD)


def read_form(form: Form, command: Command, *, on: date | None, defaults_used: tuple[str, ...] = ()) -> Request:
    """Every word made exact; raises `RequestError` naming the field."""
    order = _order(_ORDER.words(form))
    if command == "dose" and form.order is not None and (order.every or order.courses or order.by_phase):
        raise _more_than_a_course()  # control: one-course-of-a-line
    if command == "schedule" and order.start is None:
        raise _no_first_day()
    first_day = order.start or on
    # control: last-infusion-past
    if order.last_infusion is not None and first_day is not None and order.last_infusion >= first_day:
        raise RequestError(
            f"--last-infusion {order.last_infusion} is not before {first_day}: check both days", field="last_infusion"
        )
    protocol = split_protocol(form.regimen)[1] if form.regimen else None
    country = FIELD["country"].exact(form.country) if form.country is not None else None
    return Request(command, _read_patient(form), order, protocol, form.indication, country, on, defaults_used)


def check_identity(form: Form) -> date:
    """The first day, where the words that say whose a plan is can be read: the rest of the form was read before."""
    if form.start is None:
        raise _no_first_day()
    start = _first_day(form.start)
    if form.name is not None:
        FIELD["name"].exact(form.name)
    if form.patient_id is not None:
        FIELD["patient_id"].exact(form.patient_id)
    return start


@lru_cache(maxsize=4096)
def _first_day(words: str) -> date:
    start: date = FIELD["start"].exact(words)
    return start


def form_of(request: Request, *, regimen: str | None, product: str, policy: str) -> Form:
    """The words that give this request again: what a saved plan stores."""
    said: dict[str, Any] = {field.name: field.words_of(request) for field in FIELDS if field.of != "asked"}
    said |= {"indication": request.indication, "country": request.country}
    return Form(regimen=regimen, product=product, policy=policy, **said)


class _Record:
    """The words of one record of a request, and how each is read."""

    def __init__(self, of: str) -> None:
        rows = [field for field in FIELDS if field.of == of]
        self.words: Callable[[Form], tuple[Words, ...]] = attrgetter(*(field.name for field in rows))
        self._readers = [(field.key, field.exact) for field in rows]

    def exact(self, words: tuple[Words, ...]) -> dict[str, Any]:
        """What was said of it, by the names of the record. An empty word was said too: its reader refuses it."""
        return {key: exact(said) for (key, exact), said in zip(self._readers, words, strict=True) if said or said == ""}


_PATIENT, _ORDER = _Record("patient"), _Record("order")


@lru_cache(maxsize=1024)
def _order(words: tuple[Words, ...]) -> Order:
    """One order for all who are ordered the same. A line that orders one treatment says what its options say."""
    said = _ORDER.exact(words)
    by_phase: tuple[Treatment, ...] = said.pop("by_phase", ())
    line = {field.key for field in _SAID_IN_ONE_LINE for part in by_phase if getattr(part, field.key) is not None}
    twice = [field.option for field in _SAID_IN_ONE_LINE if field.key in said and (field.key in line or by_phase[1:])]
    if twice:  # control: order-said-once
        raise RequestError(f"--order says it as well: leave out {', '.join(twice)}", field="order", code="said-twice")
    if len(by_phase) == 1:
        return Order(**{**{key: getattr(by_phase[0], key) for key in line}, **said})
    return Order(**said, by_phase=by_phase)


def _read_patient(form: Form) -> Patient:
    if form.weight is None:
        raise RequestError("give the body weight with its unit: --weight 72kg", field="weight", code="missing")
    for field in _ALTERNATIVES:
        other = FIELD[field.instead_of]
        if getattr(form, field.name) is not None and getattr(form, other.name) is not None:
            raise RequestError(f"give {other.option} or {field.option}, not both", field=other.name)
    patient = Patient(**_PATIENT.exact(_PATIENT.words(form)))
    _refuse_contradictions(patient)
    return patient


def _refuse_contradictions(patient: Patient) -> None:
    pregnancy = "--pregnant" if patient.pregnant else "--pre-pregnancy-weight"
    if patient.sex == "male" and (patient.pregnant or patient.pre_pregnancy_weight):  # control: contradiction
        raise RequestError(
            f"--sex male and {pregnancy} contradict each other: check both",
            field="pregnant" if patient.pregnant else "pre_pregnancy_weight",
            code="contradiction",
        )
    if NO_RISK in patient.risks and patient.at_risk:  # control: none-and-a-risk
        raise RequestError(
            f"--risk {NO_RISK} and --risk {patient.at_risk[0]} contradict each other: leave out one of them",
            field="risk",
            code="contradiction",
        )


def _more_than_a_course() -> RequestError:
    return RequestError(
        "--order: dose works out one course, without interval, number of courses or a second phase: leave them out, "
        "or give the line to `ivigcalc schedule` with --start",
        field="order",
    )


def _no_first_day() -> RequestError:
    return RequestError("give the first day: --start 2026-12-01", field="start", code="missing")
