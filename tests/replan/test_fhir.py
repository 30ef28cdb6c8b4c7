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
