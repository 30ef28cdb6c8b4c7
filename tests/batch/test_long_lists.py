"""Lists with a line for each value, as OMOP, Synthea and FHIR have them: `--survey` says the query that makes patients of them.

All of it is made up; headings, codes and units are those of the three.
"""

import json
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ivigcalc.cli.main import main

from .conftest import ORDER, Done

pytest.importorskip("duckdb")
Batch = Callable[..., Done]
#: two weights of W-1, the newer first; a height alone; a value that is neither
SYNTHEA = """DATE,PATIENT,ENCOUNTER,CATEGORY,CODE,DESCRIPTION,VALUE,UNITS,TYPE
2026-11-20T09:00:00Z,W-1,e1,vital-signs,29463-7,Body Weight,72.0,kg,numeric
2025-11-20T09:00:00Z,W-1,e0,vital-signs,29463-7,Body Weight,65.0,kg,numeric
2025-11-20T09:00:00Z,W-1,e0,vital-signs,8302-2,Body Height,164.0,cm,numeric
2026-11-20T09:00:00Z,W-1,e1,survey,72166-2,Tobacco smoking status,Never smoker,,text
2026-11-21T09:00:00Z,W-2,e2,vital-signs,8302-2,Body Height,170.0,cm,numeric
2026-11-22T09:00:00Z,W-3,e3,vital-signs,29463-7,Body Weight,60.0,kg,numeric
"""
OMOP = """measurement_id,person_id,measurement_concept_id,measurement_date,value_as_number,unit_concept_id,unit_source_value
1,-7,3025315,2026-11-20,72,9529,kg
2,-7,3025315,2025-11-20,65,9529,kg
3,-7,3036277,2025-11-20,164,8582,cm
4,8,3025315,2026-11-20,132,8739,lb
5,8,3004249,2026-11-20,120,8876,mm[Hg]
"""


def suggested(path: Path, capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    assert main(["batch", str(path), "--survey", *options]) == 0
    return shlex.split(capsys.readouterr().out.rpartition("suggested: ")[2])


@pytest.fixture
def as_suggested(tmp_path: Path, capsys: pytest.CaptureFixture[str], batch: Batch) -> Batch:
    """The batch of a list, with what its survey suggests."""

    def call(content: str | bytes, name: str = "in.csv") -> Done:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return batch(content, *suggested(path, capsys), name=name)

    return call


def doses(done: Done) -> dict[str, list[str]]:
    """Grams of the days of each patient."""
    found: dict[str, list[str]] = {}
    for row in done.table("sessions"):
        found.setdefault(row["patient_id"], []).append(row["dose_g"])
    return found


def test_the_survey_says_what_it_is_and_what_it_lacks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in.csv").write_text(OMOP, "utf-8")
    assert main(["batch", str(tmp_path / "in.csv"), "--survey"]) == 0
    said = capsys.readouterr().out
    assert "a line for each value, not for each patient" in said
    assert "what a protocol prints of ages is not looked at" in said


def test_the_newest_weight_of_each_patient_is_planned_and_nobody_is_lost(as_suggested: Batch) -> None:
    """72 kg x 2 g/kg are 144 g on two days, not the 130 of the year before; 60 kg are 120."""
    done = as_suggested(SYNTHEA)
    assert doses(done) == {"W-1": ["72", "72"], "W-3": ["60", "60"]}
    assert [(row["patient_id"], row["code"]) for row in done.table("errors")] == [("W-2", "missing")]


def test_a_weight_comes_with_its_unit_and_an_id_as_it_was(as_suggested: Batch) -> None:
    """132 lb x 0.45359237 are 59.874 kg: the whole grams up to 1 g/kg on a day are 59."""
    assert doses(as_suggested(OMOP)) == {"-7": ["72", "72"], "8": ["59", "59"]}


def test_a_table_of_typed_values_is_asked_too(as_suggested: Batch, tmp_path: Path) -> None:
    arrow, parquet = pytest.importorskip("pyarrow.csv"), pytest.importorskip("pyarrow.parquet")
    (tmp_path / "made.csv").write_text(OMOP, "utf-8")
    parquet.write_table(arrow.read_csv(tmp_path / "made.csv"), tmp_path / "made.parquet")
    done = as_suggested((tmp_path / "made.parquet").read_bytes(), "in.parquet")
    assert doses(done) == {"-7": ["72", "72"], "8": ["59", "59"]}


def test_two_weights_of_one_day_are_both_in_the_cell_and_refused(as_suggested: Batch) -> None:
    again = "2026-11-20T17:00:00Z,W-1,e1,vital-signs,29463-7,Body Weight,27.0,kg,numeric\n"
    done = as_suggested(SYNTHEA + again)
    assert list(doses(done)) == ["W-3"]
    [wrong] = [row for row in done.table("errors") if row["patient_id"] == "W-1"]
    assert (wrong["field"], wrong["weight"]) == ("weight", "27.0 kg and 72.0 kg")


def test_a_newest_weight_without_a_value_is_missed_and_no_older_one_taken(as_suggested: Batch) -> None:
    done = as_suggested(SYNTHEA + "2026-11-21T09:00:00Z,W-1,e4,vital-signs,29463-7,Body Weight,,kg,numeric\n")
    assert list(doses(done)) == ["W-3"]


def observation(patient: str, day: str, code: str, value: float, unit: str, status: str = "final") -> str:
    coding = [{"system": "http://loinc.org", "code": code}]
    quantity = {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    said = {"resourceType": "Observation", "status": status, "code": {"coding": coding}}
    whose = {"subject": {"reference": f"Patient/{patient}"}, "effectiveDateTime": f"{day}T09:00:00+01:00"}
    return json.dumps({**said, **whose, "valueQuantity": quantity}) + "\n"


def test_what_is_not_final_is_refused_and_what_was_withdrawn_is_passed_over(as_suggested: Batch) -> None:
    lines = [
        observation("a", "2026-11-20", "29463-7", 72, "kg"),
        observation("a", "2026-11-21", "29463-7", 172, "kg", "entered-in-error"),
        observation("a", "2026-11-20", "8302-2", 164, "cm"),
        observation("b", "2026-11-20", "29463-7", 60, "kg"),
        observation("b", "2026-11-21", "29463-7", 61, "kg", "preliminary"),
    ]
    done = as_suggested("".join(lines), "Observation.ndjson")
    assert doses(done) == {"Patient/a": ["72", "72"]}
    [wrong] = done.table("errors")
    assert (wrong["patient_id"], wrong["field"], wrong["weight"]) == ("Patient/b", "weight", "61 kg preliminary")


@pytest.mark.parametrize("name", ["list[1].csv", "a*.csv", "what?.csv"])
def test_a_name_is_a_name_and_no_pattern(as_suggested: Batch, name: str, tmp_path: Path) -> None:
    (tmp_path / "a2.csv").write_text(SYNTHEA.replace("W-", "X-"), "utf-8")
    assert list(doses(as_suggested(SYNTHEA, name))) == ["W-1", "W-3"]


def test_the_query_of_a_list_reads_nothing_else(batch: Batch, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("patient_id,weight_kg\nA,72\n", "utf-8")
    for place, query in enumerate((f"SELECT * FROM read_csv('{tmp_path / 'secret.csv'}')", "DROP TABLE list", " ")):
        done = batch(SYNTHEA, "--query", query, folder=f"{place}")
        assert (done.code, "A" in done.err.split()) == (2, False), query


def test_a_query_picks_rows_of_a_plain_list(batch: Batch) -> None:
    """Cells are the text that they are; other delimiters and encodings hold."""
    content = "patient_id;weight_kg;ward\nÄ1;72;7 Süd\n2;60;8\n".encode("cp1252")
    query = ("--query", "SELECT patient_id, weight_kg FROM list WHERE ward = '7 Süd'")
    assert doses(batch(content, *query, "--delimiter", ";", "--encoding", "cp1252")) == {"Ä1": ["72", "72"]}


@pytest.mark.parametrize(
    "heading",
    ["patient_id,code,value,units", "CODE,VALUE,UNITS,DATE", "patient,code,value,units,date"],
    ids=["no day", "no patient", "no weight"],
)
def test_any_other_list_is_surveyed_as_it_is(heading: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = "29463-7" if "patient," not in heading else "8480-6"
    cells: Sequence[str] = [{"code": code, "value": "72"}.get(name.lower(), "x") for name in heading.split(",")]
    (tmp_path / "in.csv").write_text(f"{heading}\n{','.join(cells)}\n", "utf-8")
    assert "--query" not in suggested(tmp_path / "in.csv", capsys, *ORDER)
