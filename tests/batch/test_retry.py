"""`--retry`: failed rows, corrected and planned again, give the folder that the corrected list would have given."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ivigcalc.cli.main import main

from .conftest import ORDER, Done, contents, dying_at_rename, patients

Batch = Callable[..., Done]
HEAD = "patient_id,weight_kg,courses,product\n"
#: rows 3, 5 and 8 are wrong in several ways; =B is an id that a spreadsheet would take for a formula
WRONG = (
    HEAD
    + "A,72,2,\n=B,x,zero,\nC,60,,privigen-us\nD,,2,\nE,81.4,3,octagam-10-us\n,,,\nA,55,1,\nF,5 5,,\nG,100,,\nH,77,12,\n"
)
RIGHT = (
    HEAD
    + "A,72,2,\n=B,80,2,\nC,60,,privigen-us\nD,,2,\nE,81.4,3,octagam-10-us\n,,,\nA2,55,1,\nF,55,,\nG,100,,\nH,77,12,\n"
)
CORRECTED = {"3": {"weight_kg": "80", "courses": "2"}, "8": {"patient_id": "A2"}, "9": {"weight_kg": "55"}}


def correct(errors: Path, corrections: dict[str, dict[str, str]], to: Path) -> Path:
    """What a clerk does with errors.csv."""
    with errors.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for number, cells in corrections.items():
        next(row for row in rows if row["row"] == number).update(cells)
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    to.write_text(stream.getvalue(), encoding="utf-8")
    return to


def results(folder: Path) -> dict[str, bytes]:
    """Everything that a batch says of its rows; batch.json says of which list."""
    found = contents(folder)
    return {name: data for name, data in found.items() if name not in ("batch.json", "corrected.csv")}


OPTIONS = [
    (),
    ("--jobs", "2"),
    ("--format", "jsonl", "--columns", "dose_g,patient_id"),
    ("--format", "parquet"),
    ("--each", "ics", "--plans"),
    ("--escape", "none"),
]


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_corrected_rows_take_their_place(batch: Batch, tmp_path: Path, options: tuple[str, ...]) -> None:
    done = batch(WRONG, *options)
    assert done.code == 5
    fixed = correct(done.folder / "errors.csv", CORRECTED, tmp_path / "fixed.csv")
    again = batch(WRONG, "--retry", str(fixed), *options)
    assert again.code == 5
    assert again.codes() == {"D": "missing"}
    assert results(again.folder) == results(batch(RIGHT, *options, folder="whole").folder)


def test_a_list_of_many_partitions(batch: Batch, tmp_path: Path) -> None:
    lines = patients(600).splitlines(keepends=True)
    wrong = [line if place % 97 != 5 else line.replace(",", ",x") for place, line in enumerate(lines)]
    for options in ((), ("--format", "parquet")):
        done = batch("".join(wrong), *options, folder=f"out{len(options)}")
        fixes = {
            row["row"]: {"weight_kg": row["weight_kg"].removeprefix("x")}
            for row in done.table("errors")
            if row["weight_kg"]
        }
        fixed = correct(done.folder / "errors.csv", fixes, tmp_path / "fixed.csv")
        again = batch("".join(wrong), "--retry", str(fixed), *options, folder=done.folder.name)
        assert (again.code, len(fixes)) == (0, 7)
        whole = batch("".join(lines), *options, folder=f"whole{len(options)}")
        assert results(again.folder) == results(whole.folder)


def test_errors_csv_may_be_corrected_where_it_is_and_once_more(batch: Batch) -> None:
    folder = batch(WRONG, "--plans").folder
    correct(folder / "errors.csv", {"3": CORRECTED["3"]}, folder / "errors.csv")
    retry = ("--plans", "--retry", str(folder / "errors.csv"))
    first = batch(WRONG, *retry)
    assert first.codes() == {"D": "missing", "A": "duplicate-id", "F": "bad-request"}
    correct(folder / "errors.csv", {number: CORRECTED[number] for number in ("8", "9")}, folder / "errors.csv")
    batch(WRONG, *retry)
    assert results(folder) == results(batch(RIGHT, "--plans", folder="whole").folder)
    rows = list(csv.DictReader(io.StringIO((folder / "corrected.csv").read_text("utf-8"))))
    assert [row["row"] for row in rows] == ["3", "8", "9"], "what was corrected stays in the folder"


def test_the_same_correction_again_changes_nothing(batch: Batch, tmp_path: Path) -> None:
    fixed = correct(batch(WRONG).folder / "errors.csv", CORRECTED, tmp_path / "fixed.csv")
    before = contents(batch(WRONG, "--retry", str(fixed)).folder)
    assert contents(batch(WRONG, "--retry", str(fixed)).folder) == before


def test_a_correction_that_makes_two_ids_one(batch: Batch, tmp_path: Path) -> None:
    """Row 2 becomes E: of the corrected list, row 6 is then the second E, though it was planned."""
    wrong = WRONG.replace("A,72,2,", ",72,2,", 1)
    fixed = correct(batch(wrong, "--each", "ics").folder / "errors.csv", {"2": {"patient_id": "E"}}, tmp_path / "f.csv")
    again = batch(wrong, "--each", "ics", "--retry", str(fixed))
    assert again.codes()["E"] == "duplicate-id"
    whole = batch(WRONG.replace("A,72,2,", "E,72,2,", 1), "--each", "ics", folder="whole")
    assert results(again.folder) == results(whole.folder)


def test_a_row_that_is_emptied_is_gone(batch: Batch, tmp_path: Path) -> None:
    empty = {"patient_id": "", "weight_kg": "", "courses": ""}
    fixed = correct(batch(WRONG).folder / "errors.csv", {"3": empty}, tmp_path / "fixed.csv")
    again = batch(WRONG, "--retry", str(fixed))
    assert results(again.folder) == results(batch(WRONG.replace("=B,x,zero,", ",,,"), folder="whole").folder)


def test_json_lines_are_corrected_as_well(batch: Batch, tmp_path: Path) -> None:
    lines = '{"patient_id":"A","weight_kg":72}\n{"patient_id":"B","weight_kg":"x","risk":["renal"]}\n'
    done = batch(lines, name="in.jsonl")
    fixed = correct(done.folder / "errors.csv", {"2": {"weight_kg": "60"}}, tmp_path / "fixed.csv")
    again = batch(lines, "--retry", str(fixed), name="in.jsonl")
    whole = batch(lines.replace('"x"', "60"), name="in.jsonl", folder="whole")
    assert (again.code, results(again.folder)) == (0, results(whole.folder))


@pytest.mark.parametrize("place", range(1, 16))
def test_a_retry_that_was_killed_between_two_renames_goes_on(batch: Batch, tmp_path: Path, place: int) -> None:
    """At any moment the same command leads to the same end, also where errors.csv itself was corrected."""
    folder = batch(WRONG, "--each", "ics").folder
    correct(folder / "errors.csv", CORRECTED, folder / "errors.csv")
    retry = ("--each", "ics", "--retry", str(folder / "errors.csv"))
    with dying_at_rename(place):
        batch(WRONG, *retry)
    assert batch(WRONG, *retry).code == 5
    assert results(folder) == results(batch(RIGHT, "--each", "ics", folder="whole").folder)


def test_a_full_disk_leaves_the_results_as_they_were(
    batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = batch(WRONG)
    before = contents(done.folder)
    fixed = correct(done.folder / "errors.csv", CORRECTED, tmp_path / "fixed.csv")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("ivigcalc.batch.run.merge.write_all", full)
        assert "No space left" in batch(WRONG, "--retry", str(fixed)).err
    assert {name: data for name, data in contents(done.folder).items() if not name.startswith(".")} == before
    assert batch(WRONG, "--retry", str(fixed)).codes() == {"D": "missing"}


@pytest.mark.parametrize(
    ("corrections", "words"),
    [
        ("row,patient_id,weight_kg,courses,product\n2,A,80,2,\n", "row 2 did not fail"),
        ("row,patient_id,weight_kg,courses,product\n99,A,80,2,\n", "the list has no row 99"),
        ("row,patient_id,weight_kg,courses,product\nx,A,80,2,\n", "line 2: 'x' is no row number"),
        ("row,patient_id,weight_kg,courses,product\n3,B,80,2,\n3,B,81,2,\n", "row 3 is there twice"),
        ("row,patient_id,weight_kg,courses\n3,B,80,2\n", "has no column 'product'"),
        ("row,patient_id,weight,courses,product\n3,B,80,2,\n", "unknown column 'weight'"),
        ("", "has no column 'row'"),
        (None, "No such file"),
    ],
)
def test_corrections_that_do_not_fit_are_told(
    batch: Batch, tmp_path: Path, corrections: str | None, words: str
) -> None:
    before = contents(batch(WRONG).folder)
    path = tmp_path / "fixed.csv"
    if corrections is not None:
        path.write_text(corrections, encoding="utf-8")
    done = batch(WRONG, "--retry", str(path))
    assert done.code == 2
    assert words in done.err
    assert contents(done.folder) == before


def test_there_must_be_something_to_correct(batch: Batch, tmp_path: Path) -> None:
    fixed = tmp_path / "fixed.csv"
    fixed.write_text("row,patient_id,weight_kg,courses,product\n", encoding="utf-8")
    assert "no finished batch" in batch(WRONG, "--retry", str(fixed)).err
    done = batch(WRONG)
    for other in (WRONG + "I,80,,\n", WRONG):
        options = ("--days", "3") if other == WRONG else ()
        said = batch(other, "--retry", str(fixed), *options)
        assert (said.code, "another batch" in said.err) == (2, True)
    correct(done.folder / "errors.csv", CORRECTED, fixed)
    batch(WRONG, "--retry", str(fixed))
    assert "different: corrected" in batch(WRONG).err, "a run of the list alone would lose the corrections"
    (done.folder / "rows.csv").write_text("row,sessions,steps,notices,errors\n" + "9" * 40, encoding="utf-8")
    assert batch(WRONG, "--retry", str(fixed)).code == 2


@pytest.mark.parametrize("options", [("-o", "-"), ("--restart",)])
def test_what_does_not_go_with_it(tmp_path: Path, options: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in.csv").write_text(WRONG, encoding="utf-8")
    folder = () if "-o" in options else ("-o", str(tmp_path / "out"))
    assert main(["batch", str(tmp_path / "in.csv"), *ORDER, "--retry", "errors.csv", *folder, *options]) == 2
    assert "--retry" in capsys.readouterr().err


def test_rows_csv_says_what_became_of_each_row(batch: Batch) -> None:
    done = batch(WRONG)
    tables = {name: done.table(name) for name in ("sessions", "steps", "notices", "errors")}
    rows = done.table("rows")
    assert [row["row"] for row in rows] == ["2", "3", "4", "5", "6", "8", "9", "10", "11"]
    for name, lines in tables.items():
        assert sum(int(row[name]) for row in rows) == len(lines)
    assert [bool(int(row["sessions"])) for row in rows] == [not int(row["errors"]) for row in rows]
    assert json.loads((done.folder / "summary.json").read_text("utf-8"))["rows"] == len(rows)
