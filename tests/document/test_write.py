"""A plan as its document: every declared key in its place, and nothing else."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import helpers
import pytest

from ivigcalc import library
from ivigcalc.api import plan_form
from ivigcalc.document.keys import keys
from ivigcalc.document.records import Document
from ivigcalc.document.write import document, to_json
from ivigcalc.request.form import Form

from . import documents

FORM = (
    "weight weighed_on height sex age birth_date pregnant pre_pregnancy_weight previous_weight risk condition name"
    " patient_id regimen indication product country policy order phase dose dose_basis days over every courses start at"
    " infusion last_infusion last_product valid_for override"
)
#: block -> its keys in the order in which scripts find them
ORDER = {
    (): "schema ivigcalc_version computed_from dosing_weight rate_weight course sessions totals notices trace phases"
    " sources last_covered check revision history",
    ("computed_from",): "request regimen product policy site safety product_class defaults_used order",
    ("computed_from", "request"): f"command on {FORM}",
    ("computed_from", "regimen"): "id protocol version sha256 evidence patients reading",
    ("computed_from", "product"): "id version sha256",
    ("computed_from", "policy"): "id version sha256 formula",
    ("computed_from", "site"): "id sha256 file",
    ("course",): "prescribed_g dose_g deviation_percent g_per_kg days interval phase first_course courses basis"
    " dosing_weight_kg",
    (
        "sessions",
        0,
    ): "course day date weekday starts_at ends_at dose_g volume_ml duration_min vials leftover_g steps phase"
    " ladder bottles visit_from visit_to infusion_time done product pauses",
    ("sessions", 0, "steps", 0): "step rate_ml_per_kg_per_h rate_mg_per_kg_per_min rate_ml_per_h starts_at duration_min"
    " volume_ml cumulative_ml from_start_min remaining_ml assumed calculated_ml_per_h",
    ("sessions", 0, "bottles", 0): "bottle size_g volume_ml from_start_min to_min starts_at ends_at",
    ("notices", 0): "code level message value limit source overridden_because sessions audience count",
}


@pytest.mark.parametrize("path", ORDER, ids=lambda path: ".".join(map(str, path)) or "document")
def test_keys_stand_in_the_order_of_the_interface_and_then_of_what_was_added(path: tuple[str | int, ...]) -> None:
    assert list(documents.at(documents.document("site"), path)) == ORDER[path].split()


@pytest.mark.parametrize("kind", documents.PLANS)
def test_every_block_has_what_is_declared_and_nothing_else(kind: str) -> None:
    def check(block: Any, record: type) -> None:
        assert list(block) == list(keys(record))
        for name, key in keys(record).items():
            held = block[name]
            assert isinstance(held, list) or not key.many
            for item in held if key.many else [held]:
                if key.record and item is not None:
                    check(item, key.record)

    check(documents.document(kind), Document)


def test_what_a_plan_has_not_by_that_name_is_made_from_it() -> None:
    found = documents.document("schedule")
    assert found["schema"] == "ivigcalc.plan/1"
    assert found["check"] == "Results must be checked by a qualified person before use."
    assert found["sessions"][0]["ladder"] == "dermatomyositis"
    source = found["computed_from"]
    assert source["request"]["command"] == "schedule"
    assert source["request"]["weight"] == "72 kg"
    assert source["request"]["regimen"] == "dermatomyositis:us-label"
    assert source["regimen"]["protocol"] == "us-label"
    assert source["policy"]["id"] == "actual-weight"
    assert source["site"] is None


def test_the_formula_and_the_site_are_named_where_they_were_used() -> None:
    assert documents.document("adjusted weight")["computed_from"]["policy"]["formula"]["id"] == "devine-inches"
    assert documents.document("no vials")["computed_from"]["policy"]["formula"] is None
    site = documents.document("site")["computed_from"]["site"]
    assert site == {"id": "test-clinic", "sha256": "5" * 64, "file": "test-clinic.yaml"}


def test_rates_of_one_infusion_have_no_regimen() -> None:
    source = documents.document("rates")["computed_from"]
    assert (source["regimen"], source["request"]["regimen"]) == (None, None)
    assert source["request"]["indication"] == "primary-immunodeficiency"


def test_a_hospitals_own_file_is_named_by_its_path(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_bytes(library.shipped("regimen")["dermatomyositis"].read_bytes())
    source = document(helpers.plan(str(own), "octagam-10-us", "72kg"))["computed_from"]
    assert source["request"]["regimen"] == f"{own}:us-label"
    assert source["regimen"]["id"] == "dermatomyositis"


def test_the_day_of_asking_is_a_date_or_nothing() -> None:
    assert documents.document("dose")["computed_from"]["request"]["on"] is None
    form = Form(weight="72kg", regimen="dermatomyositis", product="octagam-10-us")
    asked = document(plan_form(form, "dose", on=date(2026, 11, 22)))
    assert asked["computed_from"]["request"]["on"] == "2026-11-22"


def test_decimals_are_plain_whole_ones_without_a_point() -> None:
    text = to_json(documents.PLANS["dose"]())
    assert '"dose_g": 72,' in text
    assert '"rate_ml_per_h": 43.2,' in text
    numbers: list[str] = []
    json.loads(text, parse_float=lambda number: numbers.append(number) or Decimal(number))
    assert numbers
    assert all(not number.endswith("0") and "e" not in number.lower() for number in numbers)
