"""Every row counts: what a row says, what it may leave out, and what a clerk is told about one that is wrong."""

import csv
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivigcalc.api import Desk
from ivigcalc.batch.rows import source
from ivigcalc.batch.rows.columns import COLUMNS, Columns
from ivigcalc.batch.rows.csv_lines import cells_of_line
from ivigcalc.batch.rows.outcome import Failed, failed, for_clerk
from ivigcalc.batch.rows.source import Row
from ivigcalc.errors import RefusedError
from ivigcalc.request.form import Form

from .conftest import ORDER, Done, csv_text

Batch = Callable[..., Done]

#: what is wrong with a row -> (column, code, words that the clerk reads)
BROKEN = [
    ("abc", "weight_kg", "bad-request", "not a plain number"),
    ("72,500", "weight_kg", "bad-request", "can be 72.5 kg or 72500 kg"),
    ("-72", "weight_kg", "bad-request", "not a plain number"),
    ("1e", "weight_kg", "bad-request", "not a plain number"),
    ("", "weight_kg", "missing", "weight_kg is blank: fill it in"),
    ("0", "weight_kg", "bad-request", "0 is not possible"),
    ("72.5kg", "weight_kg", "bad-request", "the column states the unit"),
    ("7000", "weight_kg", "weight-implausible", "check the number and its unit"),
]
#: column -> bad cell, the code and the words
BAD_CELLS = [
    ("sex", "woman", "bad-request", "male, female"),
    ("start", "01/12/2026", "bad-request", "YYYY-MM-DD"),
    ("at", "9 o'clock", "bad-request", "at:"),
    ("days", "two", "bad-request", "whole number"),
    ("days", "9", "days-outside-regimen", "2 to 5 days"),
    ("dose", "3 g/kg", "dose-outside-regimen", "2 g/kg per course"),
    ("dose", "2", "bad-request", "no unit"),
    ("every", "biweekly", "bad-request", "means two things"),
    ("regimen", "dermatomyositiss", "unknown-regimen", "did you mean dermatomyositis"),
    ("product", "octagam-10", "bad-request", "octagam-10-us"),
    ("policy", "none", "unknown-policy", "policies list"),
    ("condition", "iga-deficiency-with-antibodies", "product-contraindicated", "contraindicated"),
    ("risk", "renal;heart", "bad-request", "renal, thrombosis, cardiac"),
    ("age_years", "17", "age-outside-regimen", "17 years"),
    ("pregnant", "perhaps", "bad-request", "true or false"),
]


def row(**cells: str) -> str:
    """A file with one good row and one with these cells."""
    columns = ["patient_id", "weight_kg", *(name for name in cells if name != "weight_kg")]
    return csv_text(columns, [["good", "72"], ["bad", *(cells.get(name, "72") for name in columns[1:])]]).replace(
        "good,72\n", "good,72" + "," * (len(columns) - 2) + "\n"
    )


@pytest.mark.parametrize(("cell", "field", "code", "words"), BROKEN)
def test_a_wrong_weight_costs_its_row_only(batch: Batch, cell: str, field: str, code: str, words: str) -> None:
    done = batch(row(weight_kg=cell))
    assert (done.code, done.patients()) == (5, ["good"])
    (error,) = done.table("errors")
    assert (error["row"], error["patient_id"], error["field"], error["code"]) == ("3", "bad", field, code)
    assert words in error["message"]


@pytest.mark.parametrize(("column", "cell", "code", "words"), BAD_CELLS)
def test_a_wrong_cell_is_named(batch: Batch, column: str, cell: str, code: str, words: str) -> None:
    done = batch(row(**{column: cell}))
    assert (done.code, done.patients()) == (5, ["good"])
    (error,) = done.table("errors")
    assert (error["row"], error["patient_id"], error["field"], error["code"]) == ("3", "bad", column, code)
    assert words in error["message"]
    assert "--" not in error["message"], "options are for the command line; a table has columns"
    assert error["message"].isprintable()


def test_a_thousand_rows_with_twenty_broken_ones(batch: Batch) -> None:
    """980 patients, 20 errors that a clerk can act on, exit 5, and a summary that counts the codes."""
    columns = ("patient_id", "weight_kg", "days", "sex", "start")
    rows = [[f"P{n:04}", f"{40 + n % 80}.{n % 10}", "", "", ""] for n in range(1000)]
    wrong = {7: (1, ""), 57: (1, "x"), 107: (2, "9"), 157: (3, "x"), 207: (4, "soon")}  # one of each, four times over
    broken = {}
    for start in (0, 250, 500, 750):
        for place, (cell, value) in wrong.items():
            rows[start + place][cell] = value
            broken[start + place] = columns[cell]
    done = batch(csv_text(columns, rows))
    assert done.code == 5
    assert len(done.patients()) == 980
    errors = done.table("errors")
    assert [int(error["row"]) - 2 for error in errors] == sorted(broken)  # row 1 is the heading
    for error in errors:
        place = int(error["row"]) - 2
        assert error["patient_id"] == f"P{place:04}"
        assert error["field"] == broken[place]
        assert error["code"]
        assert len(error["message"]) > 10
    assert set(done.patients()) | {error["patient_id"] for error in errors} == {f"P{n:04}" for n in range(1000)}
    assert "980 of 1,000 rows planned" in done.err
    assert re.search(r"20 rows failed, see errors.csv: 12 bad-request, 4 days-outside-regimen, 4 missing", done.err)


def test_results_are_in_the_order_of_the_input(batch: Batch) -> None:
    ids = [f"P{(n * 7) % 1000:04}" for n in range(600)]
    assert batch(csv_text(("patient_id", "weight_kg"), [[i, "72"] for i in ids])).patients() == ids


def test_a_blank_cell_falls_back_to_the_option_and_a_filled_one_does_not(batch: Batch) -> None:
    text = "patient_id,weight_kg,days,start\na,72,,\nb,72,4,\nc,72,,2027-01-05\nd,72, , \n"
    done = batch(text, "--courses", "2")
    firsts = {
        row["patient_id"]: row["date"] for row in done.table("sessions") if (row["course"], row["day"]) == ("1", "1")
    }
    assert firsts == {"a": "2026-12-01", "b": "2026-12-01", "c": "2027-01-05", "d": "2026-12-01"}
    days = {p: max(int(row["day"]) for row in done.table("sessions") if row["patient_id"] == p) for p in "abcd"}
    assert days == {"a": 2, "b": 4, "c": 2, "d": 2}


def test_an_age_in_the_row_replaces_the_birth_date_of_the_options(batch: Batch) -> None:
    done = batch("patient_id,weight_kg,age_years\na,72,\nb,72,54\n", "--birth-date", "2015-01-01")
    assert (done.patients(), done.codes()) == (["b"], {"a": "age-outside-regimen"})


@pytest.mark.parametrize(
    ("column", "cell"),
    [("weight_kg", "72.5"), ("weight", "72.5 kg"), ("weight", "72.5kg"), ("weight_lb", "159.8"), ("weight", "72500 g")],
)
def test_a_weight_may_be_given_in_any_of_its_columns(batch: Batch, column: str, cell: str) -> None:
    done = batch(f"patient_id,{column}\na,{cell}\n")
    if cell == "72500 g":  # grams are for infants
        assert done.codes() == {"a": "bad-request"}
    else:
        # 2 g/kg of 72.5 kg is 145 g; of 159.8 lb (72.484 kg) it is 144.97 g: 73 + 72 g are above 1 g/kg, 72 + 72 are not
        assert sum(int(row["dose_g"]) for row in done.table("sessions")) == 144


def test_two_weights_in_a_row_are_not_guessed_between(batch: Batch) -> None:
    done = batch("patient_id,weight_kg,weight_lb\na,72,\nb,,160\nc,72,160\n")
    assert (done.patients(), done.codes()) == (["a", "b"], {"c": "said-twice"})


def test_several_values_are_separated_by_semicolons(batch: Batch) -> None:
    done = batch("patient_id,weight_kg,risk,condition\na,72,renal; cardiac,hyperprolinaemia ;corn-allergy\n")
    assert done.code in (0, 5, 6)
    (session, *_) = done.table("sessions") or [{}]
    assert "risk" in session.get("notices", "") or done.codes()


def test_every_word_of_the_command_line_is_a_column() -> None:
    asked = set(Form.__struct_fields__)
    assert asked <= set(COLUMNS)
    assert set(COLUMNS) - asked == {"weight_kg", "weight_lb", "height_cm", "age_years"}


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("patient_id,wieght_kg", "did you mean weight_kg"),
        ("patient_id;weight_kg", "separated by commas"),
        ("patient_id,weight_kg,weight_kg", "there twice"),
        ("weight_kg", "no column 'patient_id'"),
        ("", "empty"),
        ("patient_id,ladder", "unknown column 'ladder'"),
    ],
)
def test_a_wrong_heading_stops_before_the_first_row(batch: Batch, heading: str, words: str) -> None:
    done = batch(f"{heading}\na,72\n" if heading else "")
    assert done.code == 2
    assert words in done.err
    assert not done.folder.exists()


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--dose", "2"), 2, "no unit"),
        (("--regimen", "dermatomyositiss"), 2, "did you mean"),
        (("--product", "nothing"), 2, "no product"),
        (("--policy", "nothing"), 2, "no policy"),
        (("--each", "docx"), 2, "pdf, ics"),
        (("--each", "ics", "--part", "record"), 2, "give --each pdf"),
        (("--session", "1.1"), 2, "give --each pdf"),
        (("--each", "pdf", "--part", "recrod"), 2, "did you mean record?"),
        (("--each", "pdf", "--session", "1.1", "--part", "calendar"), 2, "add --part record"),
        (("--each", "pdf", "--session", ""), 2, "say course.day, as 2.1"),
        (("--delimiter", ""), 2, "give one character"),
        (("--each", "pdf", "--session", "2"), 2, "say course.day, as 2.1"),
        (("--each", "pdf", "--session", "0.1"), 2, "say course.day, as 2.1"),
        (("-o", ""), 2, "names no folder"),
        (("--jobs", "0"), 2, "--jobs"),
        (("--jobs", "2", "--cluster", "tcp://127.0.0.1:1"), 2, "not both"),
    ],
)
def test_a_wrong_option_stops_before_the_first_row(
    batch: Batch, options: tuple[str, ...], code: int, words: str
) -> None:
    done = batch("patient_id,weight_kg\na,72\n", *options)
    assert done.code == code
    assert words in done.err
    assert not done.folder.exists()


def test_a_wrong_definition_file_is_told_by_its_line(batch: Batch, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("kind: regimen\nschema: 1\n", encoding="utf-8")
    done = batch("patient_id,weight_kg\na,72\n", "--regimen", str(bad))
    assert done.code == 3
    assert "bad.yaml:1" in done.err
    done = batch(f"patient_id,weight_kg,regimen\na,72,{bad}\nb,72,\n")
    assert (done.patients(), done.codes()) == (["b"], {"a": "bad-definition"})


def test_no_rows_are_a_batch_as_well(batch: Batch) -> None:
    done = batch("patient_id,weight_kg\n")
    assert (done.code, done.table("sessions"), done.table("steps"), done.table("errors")) == (0, [], [], [])


def test_blank_lines_are_no_rows_but_are_counted_as_a_spreadsheet_does(batch: Batch) -> None:
    done = batch("patient_id,weight_kg\n\na,72\n\n\nb,x\n")
    assert done.patients() == ["a"]
    assert [error["row"] for error in done.table("errors")] == ["6"]


def test_rows_with_too_many_or_too_few_cells(batch: Batch) -> None:
    done = batch("patient_id,weight_kg\na,72\nb\nc,72,5\nd,72,,\n")
    assert (done.patients(), done.codes()) == (["a", "d"], {"b": "wrong-cells", "c": "wrong-cells"})


def test_a_patient_id_is_needed(batch: Batch) -> None:
    done = batch("patient_id,weight_kg\n,72\n  ,72\na,72\n")
    assert done.patients() == ["a"]
    assert [(error["row"], error["field"], error["code"]) for error in done.table("errors")] == [
        ("2", "patient_id", "missing"), ("3", "patient_id", "missing"),
    ]  # fmt: skip


def test_the_second_row_of_a_patient_is_an_error_unless_allowed(batch: Batch) -> None:
    text = "patient_id,weight_kg\na,72\nb,72\na,80\n a ,81\n"
    done = batch(text)
    assert (done.code, done.patients()) == (5, ["a", "b"])
    assert [(error["row"], error["code"]) for error in done.table("errors")] == [
        ("4", "duplicate-id"),
        ("5", "duplicate-id"),
    ]
    assert all("row 2" in error["message"] for error in done.table("errors"))
    allowed = batch(text, "--allow-duplicates", folder="allowed")
    assert allowed.code == 0
    assert len(allowed.table("sessions")) == 8


def test_ids_that_only_look_as_if_they_were_there_twice(monkeypatch: pytest.MonkeyPatch, batch: Batch) -> None:
    """With a single bit for all ids every one is suspected, and none is accused."""
    monkeypatch.setattr("ivigcalc.batch.rows.survey._BITS", 8)
    done = batch(csv_text(("patient_id", "weight_kg"), [[f"P{n}", "72"] for n in range(300)]))
    assert (done.code, len(done.patients())) == (0, 300)


def test_fail_fast_and_max_errors(batch: Batch) -> None:
    rows = [[f"P{n}", "x" if n in (3, 9, 700) else "72"] for n in range(900)]
    text = csv_text(("patient_id", "weight_kg"), rows)
    for options, code in ((("--fail-fast",), 7), (("--max-errors", "2"), 7), (("--max-errors", "3"), 5)):
        done = batch(text, *options, folder="-".join(options))
        assert done.code == code
        stopped = options != ("--max-errors", "3")
        assert ("nothing was written" in done.err) is stopped
        assert (done.folder / "errors.csv").exists() is not stopped
        if stopped:
            assert "row 5, P3: bad-request: weight_kg:" in done.err or "row 702, P700" in done.err
    assert not (batch(text, "--fail-fast", folder="again").folder).exists()


def test_a_bug_in_one_row_costs_that_row(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Desk.case

    def broken(desk: Desk, form: Form, *more: Any, **named: Any) -> Any:
        if form.patient_id == "b":
            raise ZeroDivisionError("secret inner workings")
        return real(desk, form, *more, **named)

    monkeypatch.setattr(Desk, "case", broken)
    done = batch("patient_id,weight_kg\na,72\nb,73\nc,74\n")
    assert (done.code, done.patients(), done.codes()) == (5, ["a", "c"], {"b": "bug"})


def test_a_cell_longer_than_any_word_is_refused_unread(batch: Batch) -> None:
    done = batch(f"patient_id,weight_kg,regimen\na,72,{'x' * 20_000}\nb,72,\n")
    assert (done.patients(), done.codes()) == (["b"], {"a": "too-long"})
    assert len(done.table("errors")[0]["message"]) < 200


def test_columns_read_the_same_words_as_the_command_line() -> None:
    columns = Columns(("patient_id", "height_cm", "age_years", "pregnant", "override"), Form(regimen="dermatomyositis"))
    form = columns.form(["a", "175", "54", "yes", 'dose-outside-regimen="asked; twice"'])
    assert (form.height, form.age, form.pregnant, form.regimen) == ("175cm", "54y", True, "dermatomyositis")
    assert ORDER[1] == form.regimen


def test_rows_with_extra_blank_cells_get_their_own_answers(batch: Batch) -> None:
    """A spreadsheet leaves empty cells after the last column: the row is read as if they were not there."""
    done = batch("patient_id,weight_kg\na,60,,\nb,90,,\nc,60\nd,90,\n")
    volumes = {row["patient_id"]: row["volume_ml"] for row in done.table("sessions") if row["day"] == "1"}
    assert volumes == {"a": "600", "b": "900", "c": "600", "d": "900"}  # 1 g/kg a day of 10 % solution


def test_what_is_wrong_with_the_start_is_told_even_where_the_rest_is_known(batch: Batch) -> None:
    done = batch("patient_id,weight_kg,start\na,60,2026-12-01\nb,60,soon\n,60,2026-12-01\n\x07,60,2026-12-01\n")
    assert done.patients() == ["a"]
    assert [(error["field"], error["code"]) for error in done.table("errors")] == [
        ("start", "bad-request"),
        ("patient_id", "missing"),
        ("patient_id", "bad-request"),
    ]


def test_an_earlier_infusion_may_be_an_option(batch: Batch) -> None:
    """The rows say from when: each is compared with its own first day, and no first day is made up before that."""
    rows = "patient_id,weight_kg,start\na,72,2026-12-01\nb,72,2026-10-01\n"
    done = batch(rows, "--last-infusion", "2026-11-01", order=ORDER[:4])
    assert (done.code, done.patients()) == (5, ["a"])
    (error,) = done.table("errors")
    assert (error["field"], error["code"]) == ("last_infusion", "bad-request")


@pytest.mark.parametrize(
    ("columns", "cells", "field"),
    [
        ("birth_date", "2015-01-01", "birth_date"),
        ("age_years,birth_date", ",2015-01-01", "birth_date"),
        ("age,birth_date", " ,2015-01-01", "birth_date"),
        ("birth_date,age_years", ",11", "age_years"),
    ],
)
def test_an_age_that_is_refused_is_told_of_the_column_that_says_it(
    batch: Batch, columns: str, cells: str, field: str
) -> None:
    done = batch(f"patient_id,weight_kg,{columns}\na,40,{cells}\n")
    (error,) = done.table("errors")
    assert (error["field"], error["code"]) == (field, "age-outside-regimen")


def test_only_options_that_are_columns_are_told_as_columns(batch: Batch) -> None:
    done = batch("patient_id,weight_kg\na,72\na,72\n")
    assert done.table("errors")[0]["message"].endswith("or allow it with --allow-duplicates")
    assert for_clerk("give --pre-pregnancy-weight or --restart") == "give pre_pregnancy_weight or --restart"


def test_a_mark_below_a_word_says_nothing_in_one_line() -> None:
    assert for_clerk("'y6' is not understood\n  2 g/kg y6\n         ^^") == "'y6' is not understood; 2 g/kg y6"


REFUSALS = {
    "dose-implausible": "dose", "four-week-dose-over-limit": "dose", "course-dose-over-limit": "dose", "courses-close": "start",
    "day-dose-over-limit": "days", "no-open-days": "start",
}  # fmt: skip


@pytest.mark.parametrize(("code", "field"), REFUSALS.items())
def test_a_refusal_names_the_column_to_look_at_first(code: str, field: str) -> None:
    assert failed(RefusedError(code, "because")) == Failed(code, field, "because")
    assert field in COLUMNS


def test_a_dose_that_nobody_gives_is_told_of_its_column(batch: Batch) -> None:
    done = batch("patient_id,weight_kg,dose\na,72,\nb,72,900 g/kg\n")
    (error,) = done.table("errors")
    assert (error["patient_id"], error["field"]) == ("b", "dose")


@given(st.text(st.sampled_from('ab", \t\r\n\0;\u00e9')))
def test_a_line_is_read_as_the_csv_module_reads_it(line: str) -> None:
    """With and without quotes. A blank line is no row."""

    def plainly() -> list[str] | None:
        try:
            rows = list(csv.reader((line,), strict=True))
        except csv.Error:
            return None
        return rows[0] if rows else []

    try:
        found = cells_of_line(line)
    except csv.Error:
        found = None
    assert found == plainly()


@given(st.text(st.sampled_from('ab", \t\r\n\0;\u00e9\ufeff\udcff'), max_size=60), st.integers(0, 12))
def test_a_list_is_read_alike_in_blocks_and_line_by_line(text: str, block: int) -> None:
    """Wherever a block ends: inside quotes, in a line, in an empty one."""

    def read(*, by_blocks: bool) -> list[Row]:
        with pytest.MonkeyPatch.context() as patched, tempfile.TemporaryDirectory() as folder:
            patched.setattr(source, "_BLOCK", block)
            if not by_blocks:
                patched.setattr(source, "plain_lines", lambda block: None if block else [])
            path = Path(folder) / "list.csv"
            path.write_bytes(b"patient_id,weight_kg\n" + text.encode("utf-8", "surrogateescape"))
            opened = source.Source(path, "csv")
            try:
                return list(opened.rows())
            finally:
                opened.close()

    rows = read(by_blocks=True)
    assert rows == read(by_blocks=False)
    assert [row.number for row in rows] == sorted({row.number for row in rows})
