"""What each key of the plan document holds is said once, for every key and for nothing else."""

from __future__ import annotations

import pytest

from ivigcalc.document import records
from ivigcalc.document.keys import keys
from ivigcalc.document.meanings import ends, of_path, of_plan
from ivigcalc.document.schema import plan_schema

SCHEMA = plan_schema()
BLOCKS = {**SCHEMA["$defs"], "Document": SCHEMA}
#: ends of names that are units, and how a meaning says them
UNITS = {
    "_ml_per_kg_per_h": "mL/kg/h",
    "_mg_per_kg_per_min": "mg/kg/min",
    "_ml_per_h": "mL/h",
    "_g_per_kg": "g/kg",
    "_kg": "kg",
    "_g": "g",
    "_ml": "mL",
    "_percent": "%",
    "_min": "minutes",
}


@pytest.mark.parametrize("record", BLOCKS)
def test_every_key_has_a_meaning_and_no_other_has(record: str) -> None:
    assert sorted(of_plan()[record]) == sorted(keys(getattr(records, record)))
    assert all(of_plan()[record].values())


def test_no_record_is_explained_that_is_none() -> None:
    assert sorted(of_plan()) == sorted(BLOCKS)


@pytest.mark.parametrize("record", BLOCKS)
def test_a_meaning_says_the_unit_that_the_name_ends_in(record: str) -> None:
    for key, meaning in of_plan()[record].items():
        unit = next((said for end, said in UNITS.items() if f"_{key}".endswith(end)), "")
        assert unit in meaning, key


@pytest.mark.parametrize("record", [name for name in BLOCKS if name not in ("Request", "Event")])
def test_a_meaning_says_when_there_is_null(record: str) -> None:
    for key, schema in BLOCKS[record]["properties"].items():
        if {"type": "null"} in schema.get("anyOf", ()):
            assert "null" in of_plan()[record][key], key


def test_the_schema_describes_each_key_by_its_meaning() -> None:
    volume = SCHEMA["$defs"]["Step"]["properties"]["volume_ml"]
    assert volume == {"type": "number", "minimum": 0, "description": "volume given in the step, mL, to 0.001"}


def test_what_was_asked_means_what_the_help_of_its_option_says() -> None:
    assert of_plan()["Request"]["age"] == "as --age: 54y or 7mo"


def test_of_another_document_the_longest_end_of_a_path_is_taken() -> None:
    assert ends("ivigcalc.day/1", "visits[].vials[].count") == [
        "day.visits.vials.count",
        "visits.vials.count",
        "vials.count",
        "count",
    ]
    assert of_path("ivigcalc.day/1", "visits[].dose_g") == "dose of the session, g"
    assert of_path("ivigcalc.day/1", "dose_g") == "dose of all infusions that begin on the day, g"
    assert of_path("ivigcalc.day/1", "no_such_key") is None
