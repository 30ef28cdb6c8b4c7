"""One session as FHIR resources: what is done (ServiceRequest), what is given (MedicationRequest), the Appointment."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from msgspec import Struct

from ivigcalc.engine.plan import CHECK_LINE, Plan, Session, Step
from ivigcalc.engine.revision import Was
from ivigcalc.quantity import plain
from ivigcalc.render.fhir.times import instant, local_day, local_time
from ivigcalc.render.notices import printed_notice, warnings
from ivigcalc.render.times import duration_text, span
from ivigcalc.render.words import clean, product_text, rate_text, title, treatment, vials_text, weight_text, when

UCUM = "http://unitsofmeasure.org"
_PRODUCTS = "urn:ivigcalc:product"
_INFUSION = "Infusion of intravenous immunoglobulin"
_DRAFT = {"status": "draft", "intent": "plan"}  # control: draft-only
_NO_ZONE = "no time zone is on file for the site, so that the day is given and no instant"


class Ids(Struct, frozen=True):
    """The id of the patient, and by kind those of the resources of one session, and of those that they replace."""

    patient: str
    own: dict[str, str]
    before: dict[str, str]

    def head(self, kind: str) -> dict[str, Any]:
        """How a resource begins."""
        return {"resourceType": kind, "id": self.own[kind]}

    @property
    def subject(self) -> dict[str, str]:
        """Whose it is."""
        return _reference("Patient", self.patient)


def service_request(plan: Plan, session: Session, ids: Ids, group: dict[str, str]) -> dict[str, Any]:
    """The infusion of one session: how many grams, on which day, in place of which request before."""
    before = ids.before.get("ServiceRequest")
    return {
        **ids.head("ServiceRequest"),
        **({"replaces": [_reference("ServiceRequest", before)]} if before else {}),
        "requisition": group,
        **_DRAFT,
        "code": {"text": _INFUSION},
        "quantityQuantity": _quantity(session.dose_g, "g"),
        "subject": ids.subject,
        **_occurrence(plan, session),
        **_authored(plan),
        "reasonCode": [{"text": treatment(plan)}],
        "note": _notes(plan, session),
    }


def medication_request(plan: Plan, session: Session, ids: Ids, group: dict[str, str]) -> dict[str, Any]:
    """What is infused in one session, a dosage for each step."""
    product, before = plan.computed_from.product.value, ids.before.get("MedicationRequest")
    named = {"system": _PRODUCTS, "code": clean(product.id, 60), "display": clean(product.title, 60)}
    return {
        **ids.head("MedicationRequest"),
        **_DRAFT,
        "medicationCodeableConcept": {"coding": [named], "text": product_text(plan)},
        "subject": ids.subject,
        **_authored(plan),
        "reasonCode": [{"text": treatment(plan)}],
        "basedOn": [_reference("ServiceRequest", ids.own["ServiceRequest"])],
        "groupIdentifier": group,
        "note": _notes(plan, session),
        "dosageInstruction": [_dosage(plan, session, step) for step in session.steps] or [_bare_dosage(plan, session)],
        **({"priorPrescription": _reference("MedicationRequest", before)} if before else {}),
    }


def appointment(plan: Plan, session: Session, ids: Ids) -> dict[str, Any]:
    """The visit, from arrival to leaving, proposed: instants where the site has a time zone, else the day."""
    length_min = session.duration_min
    visit = {} if length_min is None else {"minutesDuration": _visit_min(session, length_min)}
    comment = [f"{clean(found)}" for found in _clock_words(plan, session)]
    return {
        **ids.head("Appointment"),
        "status": "proposed",
        "reasonCode": [{"text": treatment(plan)}],
        "description": f"IVIG infusion {plain(session.dose_g)} g ({when(session)})",
        **_visit(plan, session),
        **visit,
        "comment": "; ".join([*comment, CHECK_LINE]),
        "basedOn": [_reference("ServiceRequest", ids.own["ServiceRequest"])],
        "participant": [{"actor": ids.subject, "status": "needs-action"}],
    }


def revoked(plan: Plan, was: Was, ids: Ids, group: dict[str, str]) -> Iterator[dict[str, Any]]:
    """A session that a change has left out, so that whoever has its request and its appointment takes them back."""
    before = ids.before.get("ServiceRequest")
    said = f"course {was.course}, day {was.day}: not given"
    yield {
        **ids.head("ServiceRequest"),
        **({"replaces": [_reference("ServiceRequest", before)]} if before else {}),
        "requisition": group,
        "status": "revoked",
        "intent": "plan",
        "code": {"text": _INFUSION},
        "subject": ids.subject,
        **({"occurrenceDateTime": was.date} if was.date else {}),
        **_authored(plan),
        "reasonCode": [{"text": treatment(plan)}],
        "note": [{"text": said}, {"text": CHECK_LINE}],
    }
    if was.date:
        yield {
            **ids.head("Appointment"),
            "status": "cancelled",
            "cancelationReason": {"text": said},
            "reasonCode": [{"text": treatment(plan)}],
            "description": f"IVIG infusion ({said})",
            "requestedPeriod": [{"start": was.date, "end": was.date}],
            "comment": CHECK_LINE,
            "basedOn": [_reference("ServiceRequest", ids.own["ServiceRequest"])],
            "participant": [{"actor": ids.subject, "status": "declined"}],
        }


# ---- dosage ---------------------------------------------------------------------------------------------------------


def _dosage(plan: Plan, session: Session, step: Step) -> dict[str, Any]:
    assumed = {"additionalInstruction": [{"text": "No source prints this step"}]} if step.assumed else {}
    rate = {"numerator": _quantity(step.rate_ml_per_h, "mL"), "denominator": _quantity(Decimal(1), "h")}
    given = f"{rate_text(step)} mL/h for {plain(step.duration_min)} min: {plain(step.volume_ml)} mL"
    return {
        "sequence": step.step,
        "text": f"Step {step.step}: {given}",
        **assumed,
        "timing": _timing(plan, session, step),
        "route": {"text": "intravenous"},
        "doseAndRate": [{"doseQuantity": _quantity(step.volume_ml, "mL"), "rateRatio": rate}],
        "maxDosePerAdministration": _quantity(session.dose_g, "g"),
    }


def _bare_dosage(plan: Plan, session: Session) -> dict[str, Any]:
    """Of a product whose rates nobody printed."""
    timing = _timing(plan, session, None)
    return {
        "sequence": 1,
        "text": f"{plain(session.dose_g)} g; no rates are on file for this product",
        **({"timing": timing} if timing else {}),
        "route": {"text": "intravenous"},
        "doseAndRate": [{"doseQuantity": _quantity(session.dose_g, "g")}],
    }


def _timing(plan: Plan, session: Session, step: Step | None) -> dict[str, Any]:
    """When a step is set and how long it runs. A time of day alone needs no zone; an instant does."""
    from_min = step.from_start_min if step else Decimal(0)
    lasts = {"duration": _number(step.duration_min), "durationUnit": "min"} if step else {}
    moment, day, time = (
        instant(plan, session, from_min),
        local_day(session, from_min),
        local_time(session, from_min),
    )
    if moment:
        return {"event": [moment], **({"repeat": {"count": 1, **lasts}} if lasts else {})}
    once = {"count": 1} if day or time or lasts else {}
    bounds = {"boundsPeriod": {"start": day, "end": day}} if day else {}
    repeat = {**bounds, **once, **lasts, **({"timeOfDay": [time]} if time else {})}
    return {"repeat": repeat} if repeat else {}


# ---- when -----------------------------------------------------------------------------------------------------------


def _occurrence(plan: Plan, session: Session) -> dict[str, Any]:
    start, length_min = instant(plan, session, Decimal(0)), session.duration_min
    if start and length_min is not None:
        return {"occurrencePeriod": {"start": start, "end": instant(plan, session, Decimal(length_min))}}
    day = start or session.date
    return {"occurrenceDateTime": day} if day else {}


def _visit(plan: Plan, session: Session) -> dict[str, Any]:
    """Start and end, or the days asked for: an appointment has both instants or neither."""
    from_min = Decimal(-session.overhead_before_min)
    to_min = _to_min(session)
    start = instant(plan, session, from_min)
    end = None if to_min is None else instant(plan, session, to_min)
    if start and end:
        return {"start": start, "end": end}
    last = local_day(session, to_min if to_min is not None else Decimal(0))
    return {"requestedPeriod": [{"start": local_day(session, from_min), "end": last}]}


def _to_min(session: Session) -> Decimal | None:
    return None if session.duration_min is None else Decimal(session.duration_min + session.overhead_after_min)


def _visit_min(session: Session, length_min: int) -> int:
    return session.overhead_before_min + length_min + session.overhead_after_min


def _clock_words(plan: Plan, session: Session) -> Iterator[str]:
    """What an appointment says of its clock times, in words."""
    if session.at_min is None:
        yield "no time of day was ordered"
        return
    to_min = _to_min(session)
    if to_min is not None:
        yield f"by the clock of the site {span(session, -session.overhead_before_min, int(to_min))}"
    if instant(plan, session, Decimal(0)) is None:
        yield _NO_ZONE


# ---- parts ----------------------------------------------------------------------------------------------------------


def _notes(plan: Plan, session: Session) -> list[dict[str, str]]:
    """What whoever reads the request must know: the dose, what it rests on, what must be said of it."""
    volume = f" in {plain(session.volume_ml)} mL" if session.volume_ml is not None else ""
    length = f" over {duration_text(session.duration_min)}" if session.duration_min is not None else ""
    lines = [
        clean(title(plan), 300),
        f"{when(session)}: {plain(session.dose_g)} g{volume}{length}; vials: {vials_text(session.vials)}",
        f"Dosing weight {weight_text(plan)}",
    ]
    for found in warnings(plan, session):
        said = printed_notice(found, plan)
        lines.append(f"{said['level']} {said['code']}: {said['text']}")  # control: cautions-handed-over
    return [{"text": line} for line in (*lines, CHECK_LINE)]


def _authored(plan: Plan) -> dict[str, str]:
    on = plan.computed_from.request.on
    return {"authoredOn": on.isoformat()} if on else {}


def _reference(kind: str, id_: str) -> dict[str, str]:
    return {"reference": f"urn:uuid:{id_}", "type": kind}


def _quantity(value: Decimal, unit: str) -> dict[str, Any]:
    return {"value": _number(value), "unit": unit, "system": UCUM, "code": unit}


def _number(value: Decimal) -> Decimal:
    """The same without exponent or trailing zeros: what stands in the file is what a face prints."""
    return Decimal(plain(value))
