"""Plan -> a FHIR R4 Bundle: the patient by identifier, and for each session what is given, when, and the appointment.

Everything in it is a draft: what a program works out is no order until somebody who may order has signed it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from ivigcalc.document.write import text_of, to_json
from ivigcalc.engine.plan import Plan, Session
from ivigcalc.errors import MissingExtraError
from ivigcalc.render.fhir.sessions import Ids, appointment, medication_request, revoked, service_request

#: kind of a resource, course and day -> its id
Replaced = Mapping[tuple[str, int, int], str]
_PLAN = "urn:ivigcalc:plan-sha256"
_KINDS = ("ServiceRequest", "MedicationRequest", "Appointment")


def to_fhir(plan: Plan, replaces: Replaced | None = None) -> str:
    """A Bundle of type collection, validated by `fhir.resources`, as JSON that ends in a newline.

    Ids are made from the SHA-256 of the JSON document of the plan: the same plan has the same ids.
    `replaces`: the requests of the plan before, as `ids_of` gives them; those of the same session are replaced. A plan
    that was changed knows them itself.
    """
    try:
        from fhir.resources.R4B.bundle import Bundle
    except ImportError:
        raise MissingExtraError("FHIR output", "fhir") from None
    found = {"resourceType": "Bundle", **_bundle(plan, digest_of(plan), replaces or _of_the_plan_before(plan))}
    Bundle.model_validate(found)
    return text_of(found)


def digest_of(plan: Plan) -> str:
    """The SHA-256 of the plan as `--format json` writes it."""
    return sha256(to_json(plan).encode("utf-8")).hexdigest()


def _of_the_plan_before(plan: Plan) -> Replaced:
    """The requests of the plan before the last change: of its sessions, whether they are still there or not."""
    change = plan.revision
    if change is None:
        return {}
    now, before = ((s.course, s.day) for s in plan.sessions), ((was.course, was.day) for was in change.before)
    gone = ((was.course, was.day) for was in plan.left_out)
    return ids_of(change.previous_sha256, [*(place for place in now if place not in change.changed), *before, *gone])


def ids_of(digest: str, sessions: Iterable[tuple[int, int]]) -> Replaced:
    """The ids that the bundle of a plan has, from its digest and the (course, day) of its sessions."""
    return {(kind, *place): _id(digest, kind, *place) for place in sessions for kind in _KINDS}


def _bundle(plan: Plan, digest: str, replaces: Replaced) -> dict[str, Any]:
    group = {"system": _PLAN, "value": digest}
    patient = _id(digest, "Patient")
    resources = [_patient(plan, patient)]
    for session in plan.sessions:
        ids = _ids(digest, (session.course, session.day), patient, replaces)
        resources += _of_session(plan.of(session), session, ids, group)
    for was in plan.left_out:  # control: left-out-handed-over
        resources += revoked(plan, was, _ids(digest, (was.course, was.day), patient, replaces), group)
    return {
        "id": _id(digest, "Bundle"),
        "identifier": group,
        "type": "collection",
        "entry": [{"fullUrl": f"urn:uuid:{found['id']}", "resource": found} for found in resources],
    }


def _patient(plan: Plan, id_: str) -> dict[str, Any]:
    """The identifier and nothing else, whatever else was typed: the record that is told knows the rest."""
    number = plan.computed_from.request.patient.patient_id
    identifier = {"identifier": [{"value": " ".join(number.split())}]} if number else {}
    return {"resourceType": "Patient", "id": id_, **identifier}  # control: identifier-only


def _of_session(plan: Plan, session: Session, ids: Ids, group: dict[str, str]) -> Iterator[dict[str, Any]]:
    yield service_request(plan, session, ids, group)
    yield medication_request(plan, session, ids, group)
    if session.on is not None:
        yield appointment(plan, session, ids)


def _ids(digest: str, place: tuple[int, int], patient: str, replaces: Replaced) -> Ids:
    own = {kind: _id(digest, kind, *place) for kind in _KINDS}
    before = {kind: replaces[kind, *place] for kind in _KINDS if (kind, *place) in replaces}
    return Ids(patient, own, before)


def _id(digest: str, kind: str, *place: int) -> str:
    return str(uuid5(NAMESPACE_URL, "/".join(("urn:ivigcalc", digest, kind, *map(str, place)))))
