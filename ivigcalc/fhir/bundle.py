"""A FHIR Bundle read: bounded, of one patient, each resource that is looked at validated. Nothing is interpreted here.

A bundle is hostile until it has passed: size, encoding, depth, repeated keys, numbers that nobody writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ivigcalc.document.read import parse
from ivigcalc.errors import MissingExtraError, RequestError
from ivigcalc.files import UnreadableError, read_regular
from ivigcalc.text import LONG, safe

if TYPE_CHECKING:
    from pydantic import BaseModel

MAX_BYTES = 32 * 1024 * 1024
MAX_DEPTH = 64
#: a number with more digits than this before or behind its point is none that was measured
MAX_DIGITS = 30
#: the resources that are about the patient, and the key that says about whom
_ABOUT = {"Observation": "subject", "Condition": "subject"}


class Record(Struct, frozen=True):
    """One patient: `patient` is None where the bundle has only observations of him, all of one and the same."""

    name: str
    patient: Any | None
    observations: tuple[dict[str, Any], ...]
    conditions: tuple[dict[str, Any], ...]


def read_bundle(path: Path) -> Record:
    """The record that a file holds. Raises `RequestError` for what is no Bundle, or one of several patients."""
    name = safe(path.name, LONG)
    try:
        data = read_regular(path, MAX_BYTES)
    except UnreadableError as error:
        raise refusal(f"{name} {error}", "give a file with a FHIR R4 Bundle in JSON") from None
    return record_of(data, name)


def record_of(data: bytes, name: str) -> Record:
    """The same from bytes that were read already."""
    entries = list(_entries(_parsed(data, name), name))
    patients = [(found, address) for found, address in entries if found["resourceType"] == "Patient"]
    if len(patients) > 1:  # control: one-patient
        raise refusal(f"{name} is of {len(patients)} patients", "give a bundle of one")
    patient = checked("Patient", patients[0][0], name) if patients else None
    if patient is not None and (patient.deceasedBoolean or patient.deceasedDateTime):
        raise refusal(f"{name} is of a patient who has died", "give the bundle of the patient who is treated")
    about = [found for found, _ in entries if found["resourceType"] in _ABOUT]
    _all_about_one(about, _names(*patients[0]) if patients else set(), name)
    observations, conditions = (
        tuple(found for found in about if found["resourceType"] == kind) for kind in ("Observation", "Condition")
    )
    return Record(name, patient, observations, conditions)


def refusal(
    message: str, remedy: str = "mend the record, or leave it out and give its values as options"
) -> RequestError:
    """What is said of a bundle that is not taken."""
    return RequestError(f"--from-fhir: {message}; {remedy}", field="from_fhir", code="record-not-taken")


def checked(kind: str, resource: dict[str, Any], name: str) -> Any:
    """A resource as its model in `fhir.resources` reads it. Raises `RequestError` where it does not fit."""
    from pydantic import ValidationError

    try:
        model: Any = _model(kind).model_validate(resource)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        why = " ".join(str(first["msg"]).split())
        raise refusal(f"{name}: {label(resource)} is not valid FHIR R4: {safe(f'{place}: {why}', 80)}") from None
    if model.modifierExtension or model.implicitRules:  # control: unknown-modifier
        raise refusal(f"{name}: {label(resource)} carries a modifier that is not known here")
    return model


def label(resource: dict[str, Any]) -> str:
    """`Observation w1`, for messages."""
    return safe(f"{resource['resourceType']} {resource.get('id') or 'without id'}")


# ---- text -> resources ----------------------------------------------------------------------------------------------


def _model(kind: str) -> type[BaseModel]:
    try:
        from fhir.resources.R4B import get_fhir_model_class
    except ImportError:
        raise MissingExtraError("reading a FHIR bundle", "fhir") from None
    model: type[BaseModel] = get_fhir_model_class(kind)
    return model


def _parsed(data: bytes, name: str) -> Any:
    try:
        found = parse(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise refusal(f"{name} is not UTF-8 text", "give a file with a FHIR R4 Bundle in JSON") from None
    except RecursionError:
        raise refusal(f"{name} is nested too deep") from None
    except (ValueError, ArithmeticError) as error:
        raise refusal(
            f"{name} is not JSON: {safe(' '.join(str(error).split()), 80)}", "give a file with a FHIR R4 Bundle in JSON"
        ) from None
    _bound(found, name)
    return found


def _bound(found: Any, name: str) -> None:
    """Refuse what is deeper than any record, and numbers of more digits than are written."""
    layer = [found]
    for _ in range(MAX_DEPTH):
        inside: list[Any] = []
        for value in layer:
            if isinstance(value, dict):
                inside += value.values()
            elif isinstance(value, list):
                inside += value
            elif isinstance(value, int | Decimal) and _is_endless(value):  # control: bundle-numbers
                raise refusal(f"{name} has a number that nobody measures: {safe(f'{value}', 40)}")
        if not inside:
            return
        layer = inside
    raise refusal(f"{name} is nested too deep")


def _is_endless(value: int | Decimal) -> bool:
    number = Decimal(value)
    return not number.is_finite() or abs(number.adjusted()) > MAX_DIGITS or len(number.as_tuple().digits) > MAX_DIGITS


def _entries(found: Any, name: str) -> Iterator[tuple[dict[str, Any], Any]]:
    """Each resource, with the address that its entry gives it."""
    if not isinstance(found, dict) or found.get("resourceType") != "Bundle":
        says = safe(str(found.get("resourceType"))) if isinstance(found, dict) else "nothing"
        raise refusal(
            f"{name} is no FHIR Bundle: its resourceType must be Bundle, and it says {says}",
            "give a file with a FHIR R4 Bundle in JSON",
        )
    entries = found.get("entry", [])
    if not isinstance(entries, list):
        raise refusal(f"{name}: its entry is no list")
    for number, entry in enumerate(entries, start=1):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if resource is None:
            continue
        if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
            raise refusal(f"{name}: entry {number} holds no resource")
        yield resource, entry.get("fullUrl")


# ---- whose ----------------------------------------------------------------------------------------------------------


def _all_about_one(about: list[dict[str, Any]], named: set[tuple[str, ...]], name: str) -> None:
    """Refuse a value that is another patient's, or nobody's. `named`: how the patient of the bundle may be named."""
    if not named and not about:
        raise refusal(f"{name} holds no patient, observation or condition")
    for found in about:
        subject = _subject(found)
        if subject is None:
            raise refusal(f"{name}: {label(found)} does not say whose it is")
        named = named or {subject}
        if subject not in named:  # control: another-patient
            whose = f"{_words(subject)}, and the bundle is of {_words(min(named))}"
            raise refusal(f"{name}: {label(found)} is of {whose}", "give a bundle of one patient")


def _subject(found: dict[str, Any]) -> tuple[str, ...] | None:
    """Whom a resource is about: a reference, or an identifier with its system."""
    subject = found.get(_ABOUT[found["resourceType"]])
    if not isinstance(subject, dict):
        return None
    reference, identifier = subject.get("reference"), subject.get("identifier")
    if isinstance(reference, str) and reference:
        return (reference.partition("/_history/")[0],)
    return _identifier(identifier)


def _names(patient: dict[str, Any], address: Any) -> set[tuple[str, ...]]:
    """Every way in which others may name this patient."""
    named: set[tuple[str, ...]] = set()
    if isinstance(patient.get("id"), str):
        named.add((f"Patient/{patient['id']}",))
    if isinstance(address, str):
        named.add((address.partition("/_history/")[0],))
    identifiers = patient.get("identifier")
    found = map(_identifier, identifiers) if isinstance(identifiers, list) else ()
    named |= {identifier for identifier in found if identifier}
    return named or {("the patient without id",)}


def _identifier(found: Any) -> tuple[str, str] | None:
    if not isinstance(found, dict) or not isinstance(found.get("value"), str):
        return None
    return (str(found.get("system") or ""), found["value"])


def _words(whom: tuple[str, ...]) -> str:
    return safe(" ".join(filter(None, whom)))
