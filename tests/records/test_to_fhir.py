"""`--format fhir`: what stands in the bundle is the plan, read back by somebody who knows FHIR and not this program."""

from __future__ import annotations

import builtins
import hashlib
import json
from decimal import Decimal
from typing import Any

import fhirkit
import helpers
import pytest
from fhir.resources.R4B.bundle import Bundle

from ivigcalc.document.write import to_json
from ivigcalc.engine.plan import Plan
from ivigcalc.errors import MissingExtraError
from ivigcalc.render.fhir.bundle import digest_of, ids_of, to_fhir

NEW_YORK = "America/New_York"
VISIT = {"arrival": "15 min", "premedication": "30 min", "flush": "10 min", "observation": "30 min"}
LOADING = ("cidp:us-label-privigen", "privigen-us", "81.4kg")


def dermatomyositis(**words: Any) -> Plan:
    """72 kg, 2 g/kg over 2 days: 72 g a day, from which 4 h 48 min follow at the label's rates."""
    return helpers.plan("dermatomyositis", "octagam-10-us", "72kg", **{"age": "54y", **words})


def dated(zone: str | None = None, start: str = "2026-12-01", at: str | None = "09:00", **words: Any) -> Plan:
    keys: dict[str, Any] = {"visit": VISIT, **({"time_zone": zone} if zone else {})}
    return dermatomyositis(start=start, site=helpers.a_site(**keys), **({"at": at} if at else {}), **words)


def no_rates(product: str, **words: Any) -> Plan:
    """Of such a product nobody printed the rates."""
    return helpers.any_course(product, "72kg", "1 g/kg/course", days="2", start="2026-12-01", at="09:00", **words)


def read(text: str, kind: str | None = None) -> list[dict[str, Any]]:
    """The resources of a bundle, or those of one kind, with exact numbers."""
    entries = json.loads(text, parse_float=Decimal)["entry"]
    return [entry["resource"] for entry in entries if kind in (None, entry["resource"]["resourceType"])]


PLANS = {
    "dose": lambda: dermatomyositis(),
    "dated": lambda: dated(courses="3"),
    "day-only": lambda: dated(at=None),
    "zone": lambda: dated(NEW_YORK, courses="2"),
    "phases": lambda: helpers.plan(*LOADING, age="61y", start="2026-12-01", at="21:30", courses="3", days="3", patient_id="MRN 1"),
    "rates": lambda: helpers.rates("octagam-10-us", "dermatomyositis", "72kg", "72g", at="22:00"),
    "rates-undated": lambda: helpers.rates("panzyga-us", "primary-immunodeficiency", "70kg", "70g"),
    "infant": lambda: helpers.plan("kawasaki", "gammagard-liquid-us", "8.7kg", age="11mo", dose="2 g/kg", start="2026-12-01", at="09:00"),
    "no-rates": lambda: no_rates("intratect-10-eu"),
    "no-rates-no-vials": lambda: no_rates("gammagard-liquid-ca", policy="nz-nzbs"),
}  # fmt: skip


@pytest.fixture(params=PLANS)
def plan(request: pytest.FixtureRequest) -> Plan:
    made: Plan = PLANS[request.param]()
    return made


# ---- read back ------------------------------------------------------------------------------------------------------


def test_doses_volumes_and_rates_are_those_of_the_json_document(plan: Plan) -> None:
    """Summed from the steps as FHIR has them, without a look at the plan."""
    sessions = json.loads(to_json(plan), parse_float=Decimal)["sessions"]
    text = to_fhir(plan)
    requests, services = read(text, "MedicationRequest"), read(text, "ServiceRequest")
    assert len(requests) == len(services) == len(sessions)
    for session, request, service in zip(sessions, requests, services, strict=True):
        assert service["quantityQuantity"] == {
            "value": session["dose_g"],
            "unit": "g",
            "system": "http://unitsofmeasure.org",
            "code": "g",
        }
        given = request["dosageInstruction"]
        assert [dosage["sequence"] for dosage in given] == list(range(1, len(given) + 1))
        amounts = [dosage["doseAndRate"][0]["doseQuantity"] for dosage in given]
        if not session["steps"]:
            assert [(amount["value"], amount["code"]) for amount in amounts] == [(session["dose_g"], "g")]
            continue
        assert {amount["code"] for amount in amounts} == {"mL"}
        assert sum(amount["value"] for amount in amounts) == session["volume_ml"]
        for dosage, step in zip(given, session["steps"], strict=True):
            ratio = dosage["doseAndRate"][0]["rateRatio"]
            assert (ratio["numerator"]["code"], ratio["denominator"]["value"], ratio["denominator"]["code"]) == (
                "mL",
                1,
                "h",
            )
            assert ratio["numerator"]["value"] == step["rate_ml_per_h"]
            assert (dosage["timing"]["repeat"]["duration"], dosage["timing"]["repeat"]["durationUnit"]) == (
                step["duration_min"],
                "min",
            )
            assert dosage["maxDosePerAdministration"]["value"] == session["dose_g"]


def test_the_volumes_come_to_the_grams_of_the_course_by_hand() -> None:
    """2 g/kg at 72 kg are 144 g; at 100 mg/mL that is 1440 mL: 21.6 mL in 30 min at 43.2 mL/h first."""
    requests = read(to_fhir(dermatomyositis()), "MedicationRequest")
    volumes = [
        dosage["doseAndRate"][0]["doseQuantity"]["value"]
        for request in requests
        for dosage in request["dosageInstruction"]
    ]
    assert sum(volumes) * Decimal("0.1") == 144
    first = requests[0]["dosageInstruction"][0]
    assert first["text"] == "Step 1: 43.2 mL/h for 30 min: 21.6 mL"
    assert requests[0]["medicationCodeableConcept"]["coding"][0]["code"] == "octagam-10-us"


def test_a_step_that_no_source_prints_says_so() -> None:
    steps = read(to_fhir(dermatomyositis()), "MedicationRequest")[0]["dosageInstruction"]
    assert [[i["text"] for i in step.get("additionalInstruction", [])] for step in steps] == [
        [],
        ["No source prints this step"],
        [],
    ]


def test_cautions_overrides_and_the_check_line_stand_in_every_request() -> None:
    made = dermatomyositis(days="1", override=["days-outside-regimen=Dr Roe, by telephone"])
    for request in (*read(to_fhir(made), "MedicationRequest"), *read(to_fhir(made), "ServiceRequest")):
        said = [note["text"] for note in request["note"]]
        assert said[-1] == "Results must be checked by a qualified person before use."
        assert any("STOP, OVERRIDDEN days-outside-regimen" in line and "Dr Roe, by telephone" in line for line in said)
        assert (request["status"], request["intent"]) == ("draft", "plan")


# ---- valid ----------------------------------------------------------------------------------------------------------


def test_it_is_valid_r4_by_two_libraries(plan: Plan) -> None:
    """`fhir.resources` (R4B) and `fhirkit`, which is made from the definitions of R4 4.0.1."""
    text = to_fhir(plan)
    assert Bundle.model_validate_json(text).type == "collection"
    assert fhirkit.validate(text) == []


def test_the_second_library_would_tell() -> None:
    bundle = json.loads(to_fhir(dermatomyositis()))
    del bundle["entry"][2]["resource"]["medicationCodeableConcept"]
    assert "medication[x]: required element missing" in str(fhirkit.validate(json.dumps(bundle))[0])


def test_every_reference_leads_to_an_entry(plan: Plan) -> None:
    bundle = json.loads(to_fhir(plan))
    here = {entry["fullUrl"] for entry in bundle["entry"]}
    assert len(here) == len(bundle["entry"])
    assert {entry["fullUrl"] for entry in bundle["entry"]} == {
        f"urn:uuid:{entry['resource']['id']}" for entry in bundle["entry"]
    }
    pointed = {ref for entry in bundle["entry"] for ref in references(entry["resource"])}
    assert pointed
    assert pointed <= here


def references(found: Any) -> list[str]:
    if isinstance(found, list):
        return [ref for inner in found for ref in references(inner)]
    if not isinstance(found, dict):
        return []
    own = [found["reference"]] if isinstance(found.get("reference"), str) else []
    return own + [ref for inner in found.values() for ref in references(inner)]


# ---- whose ----------------------------------------------------------------------------------------------------------


def test_the_patient_is_an_identifier_and_nothing_else() -> None:
    text = to_fhir(
        dermatomyositis(
            name="Margaret Okonkwo", patient_id="MRN 004-217", age=None, birth_date="1972-03-04", sex="female"
        )
    )
    [patient] = read(text, "Patient")
    assert set(patient) == {"resourceType", "id", "identifier"}
    assert patient["identifier"] == [{"value": "MRN 004-217"}]
    for private in ("Margaret", "Okonkwo", "1972-03-04", "female"):
        assert private not in text
    assert read(to_fhir(dermatomyositis()), "Patient") == [
        {"resourceType": "Patient", "id": read(to_fhir(dermatomyositis()), "Patient")[0]["id"]}
    ]


@pytest.mark.parametrize(
    "hostile", ['"}],"x":[{"', "<script>alert(1)</script>", "\u200dzero width\u200d", "a" * 200, " padded  twice "]
)
def test_an_identifier_is_text_and_stays_valid(hostile: str) -> None:
    text = to_fhir(dermatomyositis(patient_id=hostile))
    assert fhirkit.validate(text) == []
    assert read(text, "Patient")[0]["identifier"][0]["value"] == " ".join(hostile.split())


# ---- when -----------------------------------------------------------------------------------------------------------


def test_with_a_time_zone_the_visit_has_instants() -> None:
    """09:00 in New York in December is 14:00 UTC. 45 min before it, 4 h 48 min of infusion, 40 min after it: 373 min."""
    text = to_fhir(dated(NEW_YORK))
    first = read(text, "Appointment")[0]
    assert (first["start"], first["end"], first["minutesDuration"]) == (
        "2026-12-01T08:15:00-05:00",
        "2026-12-01T14:28:00-05:00",
        373,
    )
    assert "requestedPeriod" not in first
    assert read(text, "ServiceRequest")[0]["occurrencePeriod"] == {
        "start": "2026-12-01T09:00:00-05:00",
        "end": "2026-12-01T13:48:00-05:00",
    }
    steps = read(text, "MedicationRequest")[0]["dosageInstruction"]
    assert [step["timing"]["event"] for step in steps] == [
        ["2026-12-01T09:00:00-05:00"],
        ["2026-12-01T09:30:00-05:00"],
        ["2026-12-01T10:00:00-05:00"],
    ]


def test_a_night_in_which_the_clocks_go_forward_changes_the_offset() -> None:
    """22:00 on 2027-03-13 in New York and 288 min: 02:48 by the old clock, which is 03:48 by the new one."""
    first = read(to_fhir(dated(NEW_YORK, "2027-03-13", "22:00")), "ServiceRequest")[0]
    assert first["occurrencePeriod"] == {"start": "2027-03-13T22:00:00-05:00", "end": "2027-03-14T03:48:00-04:00"}


def test_without_a_time_zone_there_are_days_and_local_times_and_no_instant() -> None:
    """An instant of FHIR needs an offset, which nobody gave: an appointment then asks for the day."""
    text = to_fhir(dated(at="22:00"))
    first = read(text, "Appointment")[0]
    assert not {"start", "end"} & set(first)
    assert first["requestedPeriod"] == [{"start": "2026-12-01", "end": "2026-12-02"}]  # 22:00, 288 + 40 min: 03:28
    assert "no time zone is on file" in first["comment"]
    assert "21:15 to 03:28 +1 d" in first["comment"]
    steps = [step["timing"] for step in read(text, "MedicationRequest")[0]["dosageInstruction"]]
    assert not any("event" in step for step in steps)
    assert [step["repeat"]["timeOfDay"] for step in steps] == [["22:00:00"], ["22:30:00"], ["23:00:00"]]
    assert {step["repeat"]["boundsPeriod"]["start"] for step in steps} == {"2026-12-01"}
    assert read(text, "ServiceRequest")[0]["occurrenceDateTime"] == "2026-12-01"


def test_a_step_after_midnight_is_of_the_next_day() -> None:
    steps = read(to_fhir(dated(at="23:15")), "MedicationRequest")[0]["dosageInstruction"]
    assert [(s["timing"]["repeat"]["boundsPeriod"]["start"], s["timing"]["repeat"]["timeOfDay"]) for s in steps] == [
        ("2026-12-01", ["23:15:00"]), ("2026-12-01", ["23:45:00"]), ("2026-12-02", ["00:15:00"]),
    ]  # fmt: skip


def test_a_day_without_a_time_is_a_day() -> None:
    text = to_fhir(dated(at=None))
    assert read(text, "Appointment")[0]["requestedPeriod"] == [{"start": "2026-12-01", "end": "2026-12-01"}]
    assert "no time of day was ordered" in read(text, "Appointment")[0]["comment"]
    assert "timeOfDay" not in text


def test_a_plan_without_days_proposes_no_appointment() -> None:
    text = to_fhir(dermatomyositis())
    assert read(text, "Appointment") == []
    assert not any("occurrenceDateTime" in found or "occurrencePeriod" in found for found in read(text))


# ---- which ----------------------------------------------------------------------------------------------------------


def test_the_bundle_names_the_json_document_that_it_is_of() -> None:
    made = dermatomyositis()
    bundle = json.loads(to_fhir(made))
    assert bundle["identifier"]["value"] == hashlib.sha256(to_json(made).encode()).hexdigest()
    assert {found.get("groupIdentifier", bundle["identifier"])["value"] for found in read(to_fhir(made))} == {
        bundle["identifier"]["value"]
    }


def test_one_plan_has_one_set_of_ids_and_another_plan_others() -> None:
    one, again, other = to_fhir(dated()), to_fhir(dated()), to_fhir(dated(start="2026-12-02"))
    assert one == again
    assert not {found["id"] for found in read(one)} & {found["id"] for found in read(other)}


def test_a_renewed_plan_replaces_the_requests_of_the_same_sessions() -> None:
    before, after = dated(courses="2"), dated(courses="3", start="2026-12-02")
    places = [(session.course, session.day) for session in before.sessions]
    text = to_fhir(after, ids_of(digest_of(before), places))
    old = to_fhir(before)
    for kind, key in (("ServiceRequest", "replaces"), ("MedicationRequest", "priorPrescription")):
        pointed = [found.get(key) for found in read(text, kind)]
        pointed = [ref[0] if isinstance(ref, list) else ref for ref in pointed]
        wanted = [{"reference": f"urn:uuid:{found['id']}", "type": kind} for found in read(old, kind)]
        assert pointed == [*wanted, *[None] * (len(pointed) - len(wanted))]
        assert len(pointed) == 6
        assert len(wanted) == 4
    assert fhirkit.validate(text) == []
    assert "priorPrescription" not in to_fhir(after)


def test_the_missing_library_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    made, whole = dermatomyositis(), builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("fhir"):
            raise ImportError(name)
        return whole(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"FHIR output needs an extra: pip install 'ivigcalc\[fhir\]'"):
        to_fhir(made)
