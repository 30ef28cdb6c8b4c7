"""Exit codes that a script can branch on, and what is on which stream."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ivigcalc.cli.main import main

from .conftest import ORDER, Done, contents, patients

Batch = Callable[..., Done]
HEAD = "patient_id,weight_kg\n"


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        (HEAD + "A,72\n", (), 0),
        (HEAD + "A,72\nB,x\n", (), 5),
        (HEAD + "A,x\nB,x\n", (), 6),
        (HEAD, (), 0),
        (HEAD, ("--require-rows",), 6),
        (HEAD + ",\n,\n", ("--require-rows",), 6),
        (HEAD + "A,72\n", ("--require-rows",), 0),
        (HEAD + "A,72\nB,x\n", ("--fail-fast",), 7),
        (HEAD + "A,72\nB,x\nC,y\n", ("--max-errors", "1"), 7),
        (HEAD + "A,72\nB,x\n", ("--max-errors", "1"), 5),
    ],
)
def test_each_end_has_its_own_exit_code(batch: Batch, text: str, options: tuple[str, ...], code: int) -> None:
    done = batch(text, *options)
    assert done.code == code
    assert done.folder.exists() is (code != 7)
    again = batch(text, *options)
    assert again.code == code, "a finished batch ends as it did"


def test_a_list_without_rows_is_told(batch: Batch) -> None:
    assert "no rows" in batch(HEAD).err


def test_rows_of_commas_alone_are_blank(batch: Batch) -> None:
    done = batch(HEAD + "A,72\n,\n , \n")
    assert (done.code, done.patients(), done.table("errors")) == (0, ["A"], [])


def test_two_kinds_of_files_are_both_made(batch: Batch) -> None:
    done = batch(HEAD + "A,72\n", "--each", "json", "--each", "ics")
    assert [name for name in contents(done.folder) if name.startswith("each/")] == [
        "each/A_row2.ics",
        "each/A_row2.json",
    ]
    plan = done.folder / "each" / "A_row2.json"
    assert json.loads(plan.read_text("utf-8"))["totals"]["dose_g"] == 144
    assert main(["verify", str(plan), "--quiet"]) == 0


def streamed(tmp_path: Path, text: str, *options: str) -> int:
    (tmp_path / "in.csv").write_text(text, encoding="utf-8")
    return main(["batch", str(tmp_path / "in.csv"), "-o", "-", *ORDER, *options])


def test_one_table_to_stdout(tmp_path: Path, capsys: pytest.CaptureFixture[str], batch: Batch) -> None:
    text = patients(5)
    expected = contents(batch(text).folder)
    for table in ("sessions", "steps"):
        assert streamed(tmp_path, text, "--table", table) == 0
        assert capsys.readouterr().out == expected[f"{table}.csv"].decode("utf-8")
    assert {path.name for path in tmp_path.iterdir()} == {"in.csv", "out"}


def test_errors_of_a_stream_are_told_on_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert streamed(tmp_path, HEAD + "A,72\nB,x\n", "--quiet") == 5
    said = capsys.readouterr()
    assert {row["patient_id"] for row in csv.DictReader(io.StringIO(said.out))} == {"A"}
    assert [row["patient_id"] for row in csv.DictReader(io.StringIO(said.err.split("\n", 1)[1]))] == ["B"]
    assert said.err.startswith("1 row failed, as follows: 1 bad-request\n")


def test_a_stream_that_is_stopped_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert streamed(tmp_path, HEAD + "A,72\nB,x\n", "--fail-fast") == 7
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("options", [("--each", "ics"), ("--restart",)])
def test_a_stream_has_no_folder(tmp_path: Path, options: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert streamed(tmp_path, HEAD + "A,72\n", *options) == 2
    assert "give a folder" in capsys.readouterr().err


def test_a_run_goes_on_where_stderr_is_closed(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(HEAD + "A,72\nB,x\n", encoding="utf-8")
    command = [sys.executable, "-m", "ivigcalc", "batch", str(tmp_path / "in.csv"), "-o", str(tmp_path / "out"), *ORDER]
    done = subprocess.run(["sh", "-c", 'exec "$@" 2>&-', "sh", *command], check=False, stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout) == (5, b"")
    assert b"A,1,1," in (tmp_path / "out" / "sessions.csv").read_bytes()
