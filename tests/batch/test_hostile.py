"""Text from outside is an enemy: formulas, paths, control characters, giants, NUL, broken bytes. One row each, never more."""

import csv
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pypdf import PdfReader

from ivigcalc import library
from ivigcalc.batch.tables.patient_files import file_name

from .conftest import ORDER, Done, contents, csv_text

Batch = Callable[..., Done]

#: ids that are text like any other, and what the tables hold
KEPT = {
    "=1+1": "'=1+1",
    "+1+1": "'+1+1",
    "-1-1": "'-1-1",
    "-1": "-1",
    "@SUM(A1)": "'@SUM(A1)",
    '=HYPERLINK("http://x";"y")': '\'=HYPERLINK("http://x";"y")',
    "../../etc/passwd": "../../etc/passwd",
    "C:\\Windows\\x": "C:\\Windows\\x",
    "a,b": "a,b",
    'a"b': 'a"b',
    "Zoë Müller": "Zoë Müller",
    "患者": "患者",
    "%s%d{0}": "%s%d{0}",
    "x" * 200: "x" * 200,
}
#: ids that nothing may print
REFUSED = ["a\x00b", "a\x1b[31mb", "a\rb", "a\u202eb", "a\u2028b", "x" * 201, "y" * 1_000_000, "\x7f1"]


def test_ids_that_look_like_formulas_paths_or_cells(batch: Batch) -> None:
    done = batch(csv_text(("patient_id", "weight_kg"), [[i, "72"] for i in KEPT]))
    assert done.code == 0
    assert done.patients() == list(KEPT.values())
    assert list(dict.fromkeys(row["patient_id"] for row in done.table("steps"))) == list(KEPT.values())


def test_json_lines_hold_the_id_as_it_was_given(batch: Batch) -> None:
    done = batch(csv_text(("patient_id", "weight_kg"), [[i, "72"] for i in KEPT]), "--format", "jsonl")
    found = [
        json.loads(line)["patient_id"]
        for line in (done.folder / "sessions.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert list(dict.fromkeys(found)) == list(KEPT)


def test_ids_that_nothing_may_print_cost_their_row(batch: Batch) -> None:
    rows = [["good", "72"], *([i, "72"] for i in REFUSED), ["also good", "72"]]
    done = batch(csv_text(("patient_id", "weight_kg"), rows))
    assert (done.code, done.patients()) == (5, ["good", "also good"])
    errors = done.table("errors")
    assert [error["row"] for error in errors] == [str(n + 3) for n in range(len(REFUSED))]
    for error in errors:
        assert all(cell.isprintable() for cell in error.values())
        assert len(error["patient_id"]) <= 201
        assert not error["patient_id"].startswith(("=", "+", "-", "@"))


def test_errors_are_safe_to_open_in_a_spreadsheet(batch: Batch) -> None:
    done = batch(
        csv_text(
            ("patient_id", "weight_kg", "regimen"),
            [["=cmd|' /C calc'!A0", "x", ""], ["b", "72", "=1+1"], ["+c", "72", "@x"]],
        )
    )
    for row in csv.reader((done.folder / "errors.csv").read_text(encoding="utf-8").splitlines()):
        assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize(
    "column", ["weight_kg", "regimen", "product", "policy", "condition", "name", "start", "override", "dose"]
)
@pytest.mark.parametrize(
    "cell", ["\x00", "=1+1", "/etc/passwd", "../x.yaml", "\x1b]0;x\x07", "z" * 1_000_000, "{0.__class__}", "%n%n"]
)
def test_a_hostile_cell_costs_its_row_at_most(batch: Batch, column: str, cell: str) -> None:
    columns = ("patient_id", "weight_kg") if column == "weight_kg" else ("patient_id", "weight_kg", column)
    rows = [["good", "72", ""], ["bad", "72", cell]] if column != "weight_kg" else [["good", "72"], ["bad", cell]]
    done = batch(csv_text(columns, rows))
    assert "good" in done.patients()
    assert len(done.patients()) + len(done.codes()) == 2
    assert done.codes().get("bad") != "bug"
    for error in done.table("errors"):
        assert error["message"].isprintable()
        assert len(error["message"]) <= 501
        assert "root:" not in error["message"], "no file's content may leak into the errors"


def errors_of(done: Done) -> list[tuple[str, str, str]]:
    """Row, patient and code of every error."""
    return [(error["row"], error["patient_id"], error["code"]) for error in done.table("errors")]


def test_a_quote_that_is_never_closed_costs_one_row(batch: Batch) -> None:
    good = "".join(f"P{n},72\n" for n in range(50))
    done = batch(f'patient_id,weight_kg\n{good}bad,"72\nkept,72\n')
    assert (done.code, done.patients()[-2:], len(done.patients())) == (5, ["P49", "kept"], 51)
    assert errors_of(done) == [("52", "bad", "unreadable-row")]
    assert "a quote is opened in this row and not closed" in done.table("errors")[0]["message"]


def test_no_row_is_lost_behind_an_open_quote_in_a_long_file(batch: Batch) -> None:
    """More than the longest cell there may be: nothing of it is swallowed, and nothing is held in memory."""
    good = "".join(f"P{n},72\n" for n in range(50))
    filler = f"{'y' * 80}\n" * 60_000
    done = batch(f'patient_id,weight_kg\nfirst,72\n"bad,72\n{filler}{good}')
    assert done.patients() == ["first", *(f"P{n}" for n in range(50))]
    assert [error["row"] for error in done.table("errors")] == [str(row) for row in range(3, 60_004)]
    assert (done.table("errors")[0]["code"], done.table("errors")[1]["code"]) == ("unreadable-row", "wrong-cells")


def test_a_quote_too_many_before_rows_with_quotes(batch: Batch) -> None:
    """The quotes of later rows do not close it: they are those of their own cells."""
    done = batch('patient_id,weight_kg,risk\na,72,\nbad,"72,\nc,"73","renal;cardiac"\nd,74,""\n"e",75,\n')
    assert (done.patients(), errors_of(done)) == (["a", "c", "d", "e"], [("3", "bad", "unreadable-row")])


def test_every_line_of_a_cell_of_several_lines_is_an_error(batch: Batch) -> None:
    """What stands inside the quotes is no patient, though it looks like one."""
    text = 'patient_id,weight_kg,name\na,72,\nb,72,"one\nghost,80,\nthree"\nc,73,\n"x\ny",74,\nd,75,\n'
    done = batch(text)
    assert (done.code, done.patients()) == (5, ["a", "c", "d"])
    assert errors_of(done) == [
        ("3", "b", "unreadable-row"), ("4", "", "unreadable-row"), ("5", "", "unreadable-row"),
        ("7", "", "unreadable-row"), ("8", "", "unreadable-row"),
    ]  # fmt: skip
    assert {error["message"].split(":")[0] for error in done.table("errors")[:3]} == {
        "a quote is opened in row 3 and closed in row 5"
    }
    assert "3 of 8 rows planned" in done.err


@pytest.mark.parametrize("line", ['a,"72"kg', '"a"b,72', '"7"2,72'])
def test_quotes_that_are_not_those_of_csv(batch: Batch, line: str) -> None:
    """Somebody's `"7"2` is not guessed to be 72."""
    done = batch(f"patient_id,weight_kg\n{line}\nb,72\n")
    assert (done.patients(), [code for _, _, code in errors_of(done)]) == (["b"], ["unreadable-row"])


def test_the_same_id_inside_and_behind_an_open_quote(batch: Batch) -> None:
    """A row that could not be read is no earlier row of its patient."""
    done = batch('patient_id,weight_kg\na,"72\na,73\nb,74\nb,75\n')
    assert (done.patients(), errors_of(done)) == (
        ["a", "b"],
        [("2", "a", "unreadable-row"), ("5", "b", "duplicate-id")],
    )


def test_a_heading_with_an_open_quote(batch: Batch) -> None:
    done = batch('patient_id,"weight_kg\na,72\n')
    assert done.code == 2
    assert "a quote is opened and not closed in the first line" in done.err


def test_open_quotes_do_not_make_the_file_slow(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that leave a quote open whether they begin inside quotes or outside are looked at twice, not once for each."""
    from ivigcalc.batch.rows import csv_lines as quotes

    real, looked = quotes.cells_of_line, 0

    def counting(line: str, delimiter: str = ",") -> list[str]:
        nonlocal looked
        looked += 1
        return real(line, delimiter)

    monkeypatch.setattr(quotes, "cells_of_line", counting)
    done = batch("patient_id,weight_kg\n" + 'a"",b"",c","72\n' * 500)
    assert len(done.table("errors")) == 500
    assert looked < 2_000


def test_a_line_without_end_costs_its_row_and_no_memory(batch: Batch) -> None:
    done = batch(b"patient_id,weight_kg\na,72\n" + b"b" * 30_000_000 + b",72\nc,72\n")
    assert (done.patients(), [error["code"] for error in done.table("errors")]) == (["a", "c"], ["too-long"])


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_bytes_that_are_no_text(batch: Batch, kind: str) -> None:
    rows = {
        "csv": b"patient_id,weight_kg\na,72\nZo\xeb,72\n\xff\xfe,72\nb,72\n",
        "jsonl": b'{"patient_id":"a","weight_kg":72}\n{"patient_id":"Zo\xeb","weight_kg":72}\n\xff\xfe\n{"patient_id":"b","weight_kg":72}\n',
    }
    done = batch(rows[kind], name=f"in.{kind}")
    assert (done.code, done.patients(), len(done.table("errors"))) == (5, ["a", "b"], 2)


PATHS = [b"r\xe9.yaml", b"octagam 10 %/\xf6", b"\xff\\x"]


@pytest.mark.parametrize("column", ["regimen", "product", "policy"])
@pytest.mark.parametrize("cell", PATHS)
def test_a_path_with_a_broken_byte_costs_its_row(batch: Batch, column: str, cell: bytes) -> None:
    done = batch(f"patient_id,weight_kg,{column}\na,72,\nbad,72,".encode() + cell + b"\nb,73,\n")
    assert (done.code, done.patients(), list(done.codes())) == (5, ["a", "b"], ["bad"])


def test_half_a_character_of_json_in_a_path_costs_its_row(batch: Batch) -> None:
    lines = '{"patient_id":"a","weight_kg":72}\n{"patient_id":"bad","weight_kg":72,"regimen":"\\ud800.yaml"}\n'
    done = batch(lines + '{"patient_id":"b","weight_kg":72}\n', name="in.jsonl")
    assert (done.code, done.patients(), list(done.codes())) == (5, ["a", "b"], ["bad"])


def test_a_file_whose_name_has_a_broken_byte_is_used_as_any_other(batch: Batch, tmp_path: Path) -> None:
    """Its name is in `batch.json` as well, and found there again."""
    own = tmp_path / "r\udce9.yaml"
    shutil.copy(library.shipped("regimen")["dermatomyositis"], own)
    for words in ("1 of 1 rows planned", "nothing to do"):
        done = batch("patient_id,weight_kg\na,72\n", "--regimen", str(own))
        assert done.code == 0, done.err
        assert words in done.err


@pytest.mark.parametrize("column", ["patient_id", "name", "condition", "regimen"])
def test_a_letter_of_windows_is_told_as_such(batch: Batch, column: str) -> None:
    cells = {"patient_id": b"bad", "weight_kg": b"72", column: b"M\xfcller"}
    done = batch(",".join(cells).encode() + b"\n" + b",".join(cells.values()) + b"\n")
    (error,) = done.table("errors")
    assert error["field"] == column
    assert "not UTF-8" in error["message"]
    assert "save it as CSV UTF-8" in error["message"]


def test_a_file_of_another_encoding_is_named_as_such(batch: Batch) -> None:
    done = batch("patient_id,weight_kg\na,72\n".encode("utf-16"))
    assert done.code == 2
    assert "UTF-8" in done.err
    assert batch("\ufeffpatient_id,weight_kg\r\na,72\r\n".encode(), folder="bom").patients() == ["a"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{", "unreadable-row"),
        ("[1]", "unreadable-row"),
        ("null", "unreadable-row"),
        ('{"patient_id": "x", "weight_kg": {"a": 1}}', "unreadable-row"),
        ('{"patient_id": "x", "weight_kg": [72]}', "bad-request"),
        ('{"patient_id": "x", "weight_kg": ["72"]}', "bad-request"),
        ('{"patient_id": "x", "weight_kg": NaN}', "bad-request"),
        ('{"patient_id": "x", "weight_kg": 1e400}', "bad-request"),
        ('{"patient_id": "x", "weight_kg": 72, "weight_kg": 80}', "unreadable-row"),
        ('{"patient_id": "x", "weight_kg": 72, "wieght": 80}', "unknown-column"),
        ("[" * 100_000, "unreadable-row"),
        ('{"patient_id": "x", "weight_kg": ' + "9" * 10_000 + "}", "bad-request"),
        ('{"patient_id": "x", "weight_kg": true}', "bad-request"),
        ('{"weight_kg": 72}', "missing"),
    ],
)
def test_a_hostile_line_of_json(batch: Batch, line: str, code: str) -> None:
    good = '{{"patient_id": "{}", "weight_kg": 72}}\n'
    done = batch(good.format("a") + line + "\n" + good.format("b"), name="in.jsonl")
    assert (done.code, done.patients()) == (5, ["a", "b"])
    assert [(error["row"], error["code"]) for error in done.table("errors")] == [("2", code)]


@pytest.mark.parametrize("place", [0, 1])
def test_an_unknown_key_costs_its_row_in_the_first_line_as_in_the_last(batch: Batch, place: int) -> None:
    lines = ['{"patient_id": "b", "weight_kg": 72}', '{"patient_id": "c", "weight_kg": 72}']
    lines.insert(place, '{"patient_id": "a", "wieght_kg": 72}')
    done = batch("\n".join(lines), name="in.jsonl")
    assert (done.code, done.patients()) == (5, ["b", "c"])
    assert done.codes() == {"a": "unknown-column"}
    assert "did you mean weight_kg" in done.table("errors")[0]["message"]


def test_what_is_no_parquet_at_all(batch: Batch) -> None:
    for content in (b"", b"PAR1", b"patient_id,weight_kg\n", b"PAR1" + b"\0" * 100 + b"PAR1"):
        done = batch(content, name="in.parquet", folder=f"f{len(content)}")
        assert done.code == 2
        assert "Parquet" in done.err


def test_the_format_must_be_known(batch: Batch) -> None:
    done = batch("patient_id,weight_kg\na,72\n", name="in.txt")
    assert done.code == 2
    assert "--input-format" in done.err
    assert batch("patient_id,weight_kg\na,72\n", "--input-format", "csv", name="in.txt").code == 0


def test_an_input_that_is_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from ivigcalc.cli.main import main

    (tmp_path / "folder.csv").mkdir()
    for name in ("folder.csv", "absent.csv", "a\0b.csv", "x" * 5000 + ".csv"):
        assert main(["batch", str(tmp_path / name), "-o", str(tmp_path / "out"), *ORDER]) == 2
        captured = capsys.readouterr()
        assert captured.err.startswith("error: ")
        assert len(captured.err) < 400
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("each", ["ics", "pdf"])
def test_one_file_per_patient_has_a_name_that_is_safe(batch: Batch, each: str) -> None:
    ids = ["../../etc/passwd", "CON", "a/b\\c", "P 1", "p1", "P1", "=1+1", ".hidden", "患者", "x" * 200, "a\x00b"]
    done = batch(
        csv_text(("patient_id", "weight_kg"), [[i, "72"] for i in (ids if each == "ics" else ids[:2])]), "--each", each
    )
    names = [name for name in contents(done.folder) if name.startswith("each/")]
    assert len(names) == len({name.lower() for name in names}) == len(done.patients())
    for name in names:
        assert name.removeprefix("each/").rpartition("_row")[0].replace("_", "").replace("-", "").isalnum()
        assert len(name) < 100
    assert sorted(path.name for path in done.folder.parent.iterdir() if path.name != "no-config") == ["in.csv", "out"]


def test_the_pages_that_are_named_are_printed_alone(batch: Batch) -> None:
    """As `calendar` prints them; a plan without the session that is named is an error of its row."""
    rows = "patient_id,weight_kg,courses\na,72,2\nb,80,1\n"
    alone = batch(rows, "--each", "pdf", "--session", "2.1")
    assert (alone.code, alone.codes()) == (5, {"b": "bad-request"})
    (record,) = PdfReader(alone.folder / "each" / "a_row2.pdf").pages
    assert record.extract_text().startswith("Infusion record, session 3 of 4")
    assert alone.table("errors")[0]["message"].startswith("there is no session '2.1'; give --session as course.day")
    printed = batch(rows, "--each", "pdf", "--part", "patient", "--part", "calendar", "--restart")
    pages = PdfReader(printed.folder / "each" / "a_row2.pdf").pages
    assert [page.extract_text().splitlines()[0] for page in pages] == ["Infusion calendar", "Your infusions"]


def test_the_names_of_files_keep_patients_apart() -> None:
    assert file_name("P/1", 2, "pdf") == "P-1_row2.pdf"
    assert file_name("///", 3, "ics") == "patient_row3.ics"
    assert len({file_name(i, row, "pdf") for row, i in enumerate(["a", "A", "a/", "/a", "a" * 300, "a" * 301])}) == 6


def test_a_calendar_without_a_time_is_an_error_of_its_row(batch: Batch) -> None:
    done = batch("patient_id,weight_kg,at\na,72,09:00\nb,72,\n", "--each", "ics", order=ORDER[:6])
    assert (done.code, done.patients(), done.codes()) == (5, ["a"], {"b": "bad-request"})
    assert [name for name in contents(done.folder) if name.startswith("each/")] == ["each/a_row2.ics"]


def peak_kib(count: int, folder: Path, *options: str) -> int:
    """The most memory that the command held at a time, by its own account: `ru_maxrss` counts who started it, too."""
    path = folder / f"{count}.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("patient_id,weight_kg\n")
        for number in range(count):
            weight = 400 + number * 337 % 801
            file.write(f"patient-{number:09},{weight // 10}.{weight % 10}\n")
    script = "import atexit; atexit.register(lambda: print(open('/proc/self/status').read())); from ivigcalc.cli.main import run; run()"
    done = subprocess.run(
        [sys.executable, "-c", script, "batch", str(path), "-o", str(folder / f"out{count}"), *ORDER, "--quiet", *options],
        capture_output=True, check=True, encoding="utf-8",
    )  # fmt: skip
    found = re.search(r"VmHWM:\s+(\d+) kB", done.stdout)
    assert found
    return int(found[1])


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_rows(tmp_path: Path) -> None:
    """Twenty times the rows, at most 15 % more memory at its peak."""
    fewer, more = (peak_kib(count, tmp_path) for count in (5_000, 100_000))
    assert more <= fewer * 115 // 100, (fewer, more)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_pdfs(tmp_path: Path) -> None:
    """What typst worked out for one patient is gone with the next but one."""
    fewer, more = (peak_kib(count, tmp_path, "--each", "pdf", "--courses", "6") for count in (5, 50))
    assert more <= fewer * 150 // 100, (fewer, more)
