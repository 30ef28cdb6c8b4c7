"""A record and a form put together: what nobody typed is taken from the record, and what contradicts it is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from operator import attrgetter
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ivigcalc.clock import iso_date
from ivigcalc.definitions.safety import Coded, Safety
from ivigcalc.exact import Fraction
from ivigcalc.fhir.bundle import Record, checked, label, refusal
from ivigcalc.fhir.measures import Chosen, choose, codes_of
from ivigcalc.quantity import Quantity
from ivigcalc.request.fields import FIELD
from ivigcalc.request.form import Form
from ivigcalc.text import TYPED, counted, safe

_SEXES = ("male", "female")
_ACTIVE = ("active", "recurrence", "relapse")
_OVER = ("inactive", "remission", "resolved")


class Taken(Struct, frozen=True):
    """The form with what the record says, and what is to be said of it, line by line."""

    form: Form
    said: tuple[str, ...]


def with_record(form: Form, record: Record, safety: Safety, on: date) -> Taken:
    """Fill a form from a record. `on` is today. Raises `RequestError` for what is ambiguous or contradicts the form."""
    words, said = dict[str, Any](), list[str]()
    for part in (_weight, _height, _birth, _sex, _identifier, _conditions):
        for name, value, line in part(form, record, safety, on):
            said += [line] if line else []
            if name:
                words[name] = value
    return Taken(replace(form, **words), tuple(said))


#: a field and its words, and what is to be said: no field where nothing is taken, no line where another says it
Found = Iterator[tuple[str, Any, str]]


# ---- measured -------------------------------------------------------------------------------------------------------


def _weight(form: Form, record: Record, safety: Safety, on: date) -> Found:
    found = choose(record, "weight", safety.coded, FIELD["weight"].read, attrgetter("body_kg"))
    yield from _passed_over(found)
    typed_on = _exact(form, "weighed_on")
    if form.weight is not None and typed_on and found.newest and typed_on > found.newest:
        yield "", None, f"weight as typed, weighed on {typed_on}: the newest of the record is of {found.newest}"
        return
    yield from _measured(form, "weight", found, attrgetter("body_kg"), on)
    if found.measured is None:
        return
    if typed_on and typed_on != found.measured.on:
        raise _contradiction("weighed_on", f"{found.measured.on}")
    yield "weighed_on", found.measured.on.isoformat(), ""  # control: day-of-weighing


def _height(form: Form, record: Record, safety: Safety, on: date) -> Found:
    found = choose(record, "height", safety.coded, FIELD["height"].read, attrgetter("body_cm"))
    yield from _passed_over(found)
    yield from _measured(form, "height", found, attrgetter("body_cm"), on)


def _measured(form: Form, name: str, found: Chosen, size: Callable[[Quantity], Fraction], on: date) -> Found:
    if found.doubt:
        newer = " and a later --weighed-on" if name == "weight" else " in place of --from-fhir"
        raise refusal(f"which {name}? {found.doubt}", f"settle it in the record, or type --{name}{newer}")
    if found.measured is None:
        yield "", None, f"no {name} in the record"
        return
    if found.measured.on > on:  # control: measured-in-future
        raise refusal(f"the {name} of the record was measured on {found.measured.on}, which is after today, {on}")
    typed = _exact(form, name)
    if typed is not None and size(typed) != found.measured.exact:  # control: typed-against-record
        raise _contradiction(name, f"{found.measured.words}, measured on {found.measured.on}")
    measured = f"{name} {found.measured.words}, measured on {found.measured.on}{_age(found.measured.on, on)}"
    yield name, getattr(form, name) or found.measured.words, measured


def _age(day: date, on: date) -> str:
    return f", {counted((on - day).days, 'day')} ago"


def _passed_over(found: Chosen) -> Found:
    for line in found.passed_over:
        yield "", None, f"passed over: {line}"


# ---- of the patient -------------------------------------------------------------------------------------------------


def _birth(form: Form, record: Record, _safety: Safety, on: date) -> Found:
    said = getattr(record.patient, "birthDate", None)
    if said is None:
        yield "", None, "no date of birth in the record"
        return
    try:
        born = iso_date(said)
    except ValueError:
        yield "", None, f"the date of birth {safe(str(said), TYPED)} has no day and is not taken: give --age"
        return
    typed = _exact(form, "birth_date")
    if typed is not None and typed != born:
        raise _contradiction("birth_date", f"{born}")
    age = _exact(form, "age")
    if age is None:
        yield "birth_date", born.isoformat(), f"born on {born}"
        return
    reference = _exact(form, "start") or on
    if _lived(age.unit, born, reference) != age.value:
        raise _contradiction("age", f"born on {born}, {_lived(age.unit, born, reference)} {age.unit} on {reference}")
    yield "", None, f"born on {born}, which agrees with --age"


def _lived(unit: str, born: date, on: date) -> int:
    """Completed years, months, weeks or days."""
    from dateutil.relativedelta import relativedelta

    lived = relativedelta(on, born)
    days = (on - born).days
    return {"year": lived.years, "month": lived.years * 12 + lived.months, "week": days // 7, "day": days}[unit]


def _sex(form: Form, record: Record, _safety: Safety, _on: date) -> Found:
    said = getattr(record.patient, "gender", None)
    if said not in _SEXES:
        yield "", None, f"no sex that is read in the record ({safe(str(said or 'none'), TYPED)})"
        return
    typed = _exact(form, "sex")
    if typed is not None and typed != said:
        raise _contradiction("sex", f"{said} (administrative gender)")
    yield "sex", said, f"sex {said} (the administrative gender of the record)"


def _identifier(form: Form, record: Record, _safety: Safety, _on: date) -> Found:
    rows = getattr(record.patient, "identifier", None) or []
    known = list(dict.fromkeys(row.value for row in rows if row.value and row.use != "old"))
    if form.patient_id is not None:
        if known and form.patient_id not in known:  # control: typed-patient
            raise _contradiction("patient_id", ", ".join(known))
        if not known:
            yield "", None, "the record has no identifier to hold --patient-id against"
        return
    if len(known) == 1:
        yield "patient_id", known[0], f"patient id {safe(known[0])}"
    elif known:
        yield "", None, f"the patient has {len(known)} identifiers, none of which is taken: give --patient-id"


# ---- conditions -----------------------------------------------------------------------------------------------------


def _conditions(form: Form, record: Record, safety: Safety, _on: date) -> Found:
    rows = {(row.system, row.code): row for row in safety.coded if row.says in ("condition", "pregnant")}
    taken, unread = list(form.condition), 0
    for found in record.conditions:
        meant = [rows[code] for code in sorted(codes_of(found)) if code in rows]
        if not meant:
            unread += 1
            continue
        model = checked("Condition", found, record.name)
        for row in meant:
            why = _not_taken(model, row)
            if row.ask and not why:  # control: asked-not-taken
                yield "", None, f"{row.name}: ask {row.ask}; if so, give --condition {row.condition}"
            elif why:
                yield "", None, f"{row.name}: {label(found)} is {why}, and is not taken"
            elif row.says == "pregnant":
                yield "pregnant", True, f"pregnant ({label(found)})"
            else:
                taken.append(str(row.condition))
                yield "condition", tuple(dict.fromkeys(taken)), f"condition {row.condition} ({label(found)})"
    if unread:
        yield "", None, f"{counted(unread, 'condition')} of the record with a code that says nothing here"


def _not_taken(model: Any, row: Coded) -> str:
    """Why a condition does not hold, in a word; raises `RequestError` where the record leaves it open."""
    verified = _status(model.verificationStatus)
    if verified in ("refuted", "entered-in-error"):
        return verified
    clinical = _status(model.clinicalStatus)
    doubtful = [verified] if verified not in ("confirmed", "") else []
    doubtful += [clinical] if clinical not in (*_ACTIVE, *_OVER, "") else []
    if doubtful:  # control: condition-in-doubt
        raise refusal(f"does {row.name} hold? The record says {safe(doubtful[0])}", "settle it in the record")
    return clinical if clinical in _OVER else ""


def _status(concept: Any) -> str:
    codings = getattr(concept, "coding", None) or []
    return next((str(coding.code) for coding in codings if coding.code), "")


# ---- what was typed -------------------------------------------------------------------------------------------------


def _exact(form: Form, name: str) -> Any:
    """What was typed of a field, made exact; None where nothing was."""
    said = getattr(form, name)
    return None if said is None else FIELD[name].exact(said)


def _contradiction(name: str, record: str) -> Exception:
    option = FIELD[name].option
    return refusal(
        f"{option} contradicts the record, which says {safe(record, 120)}", f"leave {option} out, or --from-fhir"
    )
