"""All that is wrong with a row is told at once, with the row's own cells beside it."""

from collections.abc import Callable

import pytest

from .conftest import Done, contents

Batch = Callable[..., Done]
MANY = "patient_id,weight_kg,height_cm,sex,start,at\nA,x,y,Q,28.11.2026,9h\nB,72,,,,\n"


def test_five_bad_cells_are_five_lines(batch: Batch) -> None:
    done = batch(MANY)
    errors = done.table("errors")
    assert [(error["row"], error["patient_id"], error["field"]) for error in errors] == [
        ("2", "A", field) for field in ("weight_kg", "height_cm", "sex", "start", "at")
    ]
    assert (done.code, done.patients()) == (5, ["B"])
    assert "1 row failed" in done.err, "a row is one row, whatever is wrong with it"


def test_the_first_line_of_a_row_has_its_cells(batch: Batch) -> None:
    first, second, *_ = batch(MANY).table("errors")
    own = ("weight_kg", "height_cm", "sex", "start", "at")
    assert [first[name] for name in own] == ["x", "y", "Q", "28.11.2026", "9h"]
    assert [second[name] for name in own] == [""] * 5
    assert list(first) == ["row", "patient_id", "field", "code", "message", *own]


def test_what_is_missing_and_what_is_not_found_are_told_together(batch: Batch) -> None:
    text = "patient_id,weight_kg,regimen,product,start\nA,,dermatomyositiss,octagam-10-uz,\n"
    done = batch(text, order=())
    assert [(error["field"], error["code"]) for error in done.table("errors")] == [
        ("start", "missing"), ("regimen", "unknown-regimen"), ("product", "unknown-product"), ("weight_kg", "missing"),
    ]  # fmt: skip


def test_a_row_of_too_many_cells_is_one_error(batch: Batch) -> None:
    done = batch("patient_id,weight_kg,sex\nA,x,Q,more\nB,72,,\n")
    assert [error["code"] for error in done.table("errors")] == ["wrong-cells"]


def test_a_patient_twice_keeps_his_cells(batch: Batch) -> None:
    done = batch("patient_id,weight_kg\nA,72\nA,73\n")
    (error,) = done.table("errors")
    assert (error["code"], error["weight_kg"]) == ("duplicate-id", "73")


@pytest.mark.parametrize("options", [("--jobs", "2"), ("--format", "jsonl"), ("--format", "parquet")])
def test_errors_are_the_same_however_they_were_found(batch: Batch, options: tuple[str, ...]) -> None:
    text = MANY + "".join(f"P{n},{'x' if n % 7 == 0 else 72},,Q,,\n" for n in range(600))
    expected = contents(batch(text, folder="one").folder)["errors.csv"]
    assert contents(batch(text, *options, folder="other").folder)["errors.csv"] == expected


def test_own_cells_are_no_formulas(batch: Batch) -> None:
    done = batch("patient_id,weight_kg,dose\nA,x,=1+1\n")
    assert done.table("errors")[0]["dose"] == "'=1+1"
    done = batch("patient_id,weight_kg,dose\nA,x,=1+1\n", "--escape", "none", folder="plain")
    assert done.table("errors")[0]["dose"] == "=1+1"


def test_a_clinical_refusal_is_as_it_was(batch: Batch) -> None:
    done = batch("patient_id,weight_kg,dose\nA,72,3 g/kg\n")
    assert [(error["code"], error["dose"]) for error in done.table("errors")] == [("dose-outside-regimen", "3 g/kg")]


def test_the_summary_counts_what_was_planned(batch: Batch) -> None:
    """Two plans of octagam and one of privigen, one of them beyond the dose of its protocol; one row that fails."""
    import json

    text = (
        "patient_id,weight_kg,product,dose,override\n"
        "A,72,,,\nB,72.00000000001,,,\nC,72,privigen-us,3 g/kg,dose-outside-regimen=agreed\nD,x,,,\n"
    )
    order = ("--regimen", "dermatomyositis", "--product", "octagam-10-us", "--start", "2026-12-01")
    done = batch(text, order=order)
    found = json.loads((done.folder / "summary.json").read_text("utf-8"))
    assert {key: found[key] for key in ("rows", "planned", "failed", "rounded")} == {
        "rows": 4,
        "planned": 3,
        "failed": 1,
        "rounded": 1,
    }
    assert found["product"] == {"octagam-10-us": 2, "privigen-us": 1}
    assert found["regimen"] == {"dermatomyositis": 3}
    assert found["errors"] == {"bad-request": 1}
    assert found["overridden"] == {"dose-outside-regimen": 1}
    row = next(row for row in done.table("sessions") if row["patient_id"] == "C")
    assert "dose-outside-regimen" in row["notices"].split("|")[0]
    assert (row["product"], row["dosing_weight_kg"], row["phase"]) == ("privigen-us", "72", "course")
