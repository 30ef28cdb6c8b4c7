"""`--survey`: the whole list is looked at, nothing is planned, and its own suggestion reads the list."""

import gzip
import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from ivigcalc.cli.main import main

from .conftest import ORDER

#: as NHANES publishes it, with a doubled id, a weight that is none, and two words for nothing
NHANES = "SEQN,BMXWT,BMXHT,RIAGENDR,RIDAGEYR\n1,72.3,170,1,54\n2,.,165.2,2,61\n3,58.1x,NA,2,30\n2,80,,1,40\n"
Look = Callable[..., str]


@pytest.fixture
def look(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Look:
    def call(content: str | bytes, *options: str, name: str = "in.csv") -> str:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        assert main(["batch", str(path), "--survey", *options]) == 0
        assert {found.name for found in tmp_path.iterdir()} == {name}, "nothing is written"
        return capsys.readouterr().out

    return call


def suggestion(said: str) -> list[str]:
    return shlex.split(said.rpartition("suggested: ")[2])


def test_a_survey_says_what_is_in_each_column(look: Look) -> None:
    said = look(NHANES, *ORDER)
    assert "4 rows, 5 columns\n" in said
    assert "1 row has a patient_id that an earlier row has" in said
    assert "BMXHT: read as height_cm; 2 filled, 1 x NA; numbers, 165.2 to 170\n" in said
    assert "RIAGENDR: not read; 4 filled; numbers, 1 to 2\n" in said


def test_a_survey_counts_what_would_fail(look: Look) -> None:
    said = look(NHANES, *ORDER)
    assert "weight_kg: missing, 1 row, first row 3:" in said
    assert "weight_kg: bad-request, 1 row, first row 4: weight_kg: '58.1x' is not a plain number" in said
    assert "regimen: missing, 4 rows" in look(NHANES)


def test_its_own_suggestion_reads_the_list(look: Look, tmp_path: Path) -> None:
    options = suggestion(look(NHANES, *ORDER))
    assert main(["batch", str(tmp_path / "in.csv"), "-o", str(tmp_path / "out"), *ORDER, *options]) == 5
    sessions = (tmp_path / "out" / "sessions.csv").read_text("utf-8")
    assert sessions.count("\n1,1,1,") == 1
    errors = (tmp_path / "out" / "errors.csv").read_text("utf-8").splitlines()
    assert [line.split(",")[0] for line in errors[1:]] == ["3", "4", "5"], "two weights and the id that came before"


def test_numbers_without_a_unit_are_told_where_to_say_it(look: Look, tmp_path: Path) -> None:
    """As the NHANES of a package for R is: nothing says kg or cm, so nothing is suggested; who knows it says it."""
    content = "ID,Gender,Age,Weight,Height\n1,female,54,72,164\n"
    said = look(content, *ORDER)
    assert "Weight: read as weight, for which its numbers need a unit: map it to weight_kg or weight_lb;" in said
    assert "Age: read as age, for which its numbers need a unit: map it to age_years;" in said
    units = ("--map", "weight_kg=Weight", "--map", "height_cm=Height", "--map", "age_years=Age")
    options = suggestion(look(content, *ORDER, *units))
    assert main(["batch", str(tmp_path / "in.csv"), "-o", str(tmp_path / "out"), *ORDER, *options]) == 0


def test_nested_keys_are_shown_by_their_paths(look: Look) -> None:
    line = json.dumps({"id": "A", "vitals": {"weight": {"value": 72}}, "gender": "male"}) + "\n"
    said = look(line, *ORDER, name="in.jsonl")
    assert "vitals.weight.value: not read; 1 filled; numbers, 72 to 72\n" in said
    assert suggestion(said) == ["--map", "patient_id=id", "--map", "sex=gender", "--ignore-unknown"]
    mapped = look(line, "--map", "weight_kg=vitals.weight.value", *ORDER, name="in.jsonl")
    assert "every row can be read" in mapped


def test_a_unit_is_never_guessed(look: Look) -> None:
    said = look("patient_id,weight\nA,158\n", *ORDER)
    assert "--map weight_" not in said
    assert "not a number with its unit" in said or "has no unit" in said
    said = look("patient_id,wt\nA,158\n", *ORDER)
    assert "its unit is not told: map it to weight_kg or weight_lb" in said


def test_a_list_that_can_be_read_needs_nothing(look: Look) -> None:
    said = look(gzip.compress(b"patient_id,weight_kg\nA,72\n"), *ORDER, name="in.csv.gz")
    assert "suggested: nothing: the list can be read as it is\n" in said


def test_a_list_without_ids_says_so(look: Look) -> None:
    assert "name it with --map patient_id=HEADING" in look("weight_kg\n72\n", *ORDER)


def test_a_batch_still_needs_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in.csv").write_text("patient_id,weight_kg\nA,72\n", encoding="utf-8")
    assert main(["batch", str(tmp_path / "in.csv"), *ORDER]) == 2
    assert "-o names no folder" in capsys.readouterr().err
