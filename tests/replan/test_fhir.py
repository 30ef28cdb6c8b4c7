"""A changed plan as FHIR: its requests take the place of those of the plan before, and each is of its own product."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

ORDER = "schedule -r dermatomyositis -p octagam-10-us --weight 72kg --age 54y --start 2026-12-01 --at 09:00 --courses 3 --patient-id A1"


def requests(text: str) -> dict[str, dict[str, Any]]:
    return {
        entry["resource"]["id"]: entry["resource"]
        for entry in json.loads(text)["entry"]
        if entry["resource"]["resourceType"] in ("ServiceRequest", "MedicationRequest")
    }


def test_the_requests_of_the_plan_before_are_replaced_one_by_one(run: Callable[..., Any], tmp_path: Path) -> None:
    first = tmp_path / "plan.json"
    assert run(*ORDER.split(), "-f", "json", "-o", str(first)).code == 0
    before = requests(run(*ORDER.split(), "-f", "fhir").out)
    changed = run("replan", str(first), "--product", "privigen-us", "--from-course", "2", "-f", "fhir")
    assert changed.code == 0
    after = requests(changed.out)
    assert len(before) == len(after) == 12  # two requests for each of six sessions
    assert not set(before) & set(after)
    replaced = [found["replaces"][0]["reference"] for found in after.values() if "replaces" in found]
    prior = [found["priorPrescription"]["reference"] for found in after.values() if "priorPrescription" in found]
    assert sorted(reference.removeprefix("urn:uuid:") for reference in (*replaced, *prior)) == sorted(before)


def test_each_session_is_of_the_product_that_it_is_given(run: Callable[..., Any], tmp_path: Path) -> None:
    first = tmp_path / "plan.json"
    assert run(*ORDER.split(), "-f", "json", "-o", str(first)).code == 0
    changed = run("replan", str(first), "--product", "privigen-us", "--from-course", "2", "-f", "fhir")
    given = [found for found in requests(changed.out).values() if found["resourceType"] == "MedicationRequest"]
    named = [json.dumps(found["medicationCodeableConcept"]) for found in given]
    assert ["privigen-us" in text for text in named] == [False, False, True, True, True, True]
    assert ["octagam-10-us" in text for text in named] == [True, True, False, False, False, False]


def resources(text: str, kind: str, status: str) -> dict[str, dict[str, Any]]:
    found = [entry["resource"] for entry in json.loads(text)["entry"]]
    return {each["id"]: each for each in found if each["resourceType"] == kind and each.get("status") == status}


def test_a_session_that_is_left_out_is_revoked_and_its_appointment_cancelled(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    """Day 2 of course 2, 30 December: in the plan it is no more, and whoever has its request must hear of it."""
    first, second = tmp_path / "plan.json", tmp_path / "without.json"
    assert run(*ORDER.split(), "-f", "json", "-o", str(first)).code == 0
    before = resources(run(*ORDER.split(), "-f", "fhir").out, "ServiceRequest", "draft")
    [was] = [id_ for id_, found in before.items() if found["occurrenceDateTime"] == "2026-12-30"]
    left_out = ("--missed", "2026-12-30", "--rest", "keep")
    text = run("replan", str(first), *left_out, "-f", "fhir").out
    [revoked] = resources(text, "ServiceRequest", "revoked").values()
    assert revoked["replaces"] == [{"reference": f"urn:uuid:{was}", "type": "ServiceRequest"}]
    assert revoked["occurrenceDateTime"] == "2026-12-30"
    assert revoked["note"][0]["text"] == "course 2, day 2: not given"
    [cancelled] = resources(text, "Appointment", "cancelled").values()
    assert cancelled["basedOn"][0]["reference"] == f"urn:uuid:{revoked['id']}"
    assert cancelled["requestedPeriod"] == [{"start": "2026-12-30", "end": "2026-12-30"}]
    assert len(resources(text, "ServiceRequest", "draft")) == len(resources(text, "MedicationRequest", "draft")) == 5
    # and again after a later change, in place of what was said before
    assert run("replan", str(first), *left_out, "-f", "json", "-o", str(second)).code == 0
    text = run("replan", str(second), "--new-weight", "68kg", "--from-course", "3", "-f", "fhir").out
    [again] = resources(text, "ServiceRequest", "revoked").values()
    assert again["replaces"] == [{"reference": f"urn:uuid:{revoked['id']}", "type": "ServiceRequest"}]
    assert len(resources(text, "Appointment", "cancelled")) == 1
