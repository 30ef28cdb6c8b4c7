"""Lists as people export them: headings of their own, other separators and encodings, packed, Excel, Arrow, databases."""

import gzip
import io
import json
import os
import sqlite3
import threading
import warnings
from collections.abc import Callable
from datetime import datetime, time
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
import openpyxl
import pyarrow as pa
import pytest

from ivigcalc.batch.rows.headings import plain_name, read_delimiter, read_encoding, read_map
from ivigcalc.batch.run.asked import _spool_pipe
from ivigcalc.cli.main import main
from ivigcalc.errors import RequestError

from .conftest import ORDER, Done

Batch = Callable[..., Done]
#: two patients, of 72 and 60 kg; 2 g/kg in whole vials: 144 and 120 g
PLAIN = "patient_id,weight_kg\nA,72\nB,60\n"
GRAMS = {"A": 144, "B": 120}
NHANES = ("--map", "weight_kg=BMXWT", "--map", "patient_id=SEQN")


def grams(done: Done) -> dict[str, float]:
    found: dict[str, float] = {}
    for row in done.table("sessions"):
        found[row["patient_id"]] = found.get(row["patient_id"], 0) + float(row["dose_g"])
    return found


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("SEQN,BMXWT\nA,72\nB,60\n", NHANES),
        ("BMXWT,RIAGENDR,SEQN\n72,1,A\n60,2,B\n", (*NHANES, "--ignore-unknown")),
        ("seqn,bmxwt\nA,72\nB,60\n", NHANES),
        ("Patient ID,Weight-KG \nA,72\nB,60\n", ()),
        ("patient_id;weight_kg\nA;72\nB;60\n", ("--delimiter", ";")),
        ('patient_id;weight_kg;dose\nA;72;\nB;"60";"2 g/kg"\n', ("--delimiter", ";")),
        ("patient_id\tweight_kg\nA\t72\nB\t60\n", ("--delimiter", "tab")),
        ("patient_id,weight_kg,height_cm,sex\nA,72,NA,.\nB,60,NULL,\n", ("--null", "NA,NULL,.")),
        ("x,patient_id,weight_kg\nNA,A,72\n.,B,60\n", ("--null", "NA,.", "--ignore-unknown")),
    ],
)
def test_a_list_is_read_as_it_is(batch: Batch, text: str, options: tuple[str, ...]) -> None:
    done = batch(text, *options)
    assert (done.code, grams(done)) == (0, GRAMS), done.err


@pytest.mark.parametrize("name", ["in.tsv", "in.tab", "in.TSV.gz"])
def test_tabs_are_told_by_the_name(batch: Batch, name: str) -> None:
    text = PLAIN.replace(",", "\t").encode()
    assert grams(batch(gzip.compress(text) if name.endswith("gz") else text, name=name)) == GRAMS


@pytest.mark.parametrize(
    ("suffix", "pack"), [("gz", gzip.compress), ("zst", lambda data: pa.compress(data, "zstd", asbytes=True))]
)
def test_packed_lists_are_unpacked(batch: Batch, suffix: str, pack: Callable[[bytes], bytes]) -> None:
    assert grams(batch(pack(PLAIN.encode()), name=f"in.csv.{suffix}")) == GRAMS
    lines = '{"patient_id":"A","weight_kg":72}\n{"patient_id":"B","weight_kg":60}\n'
    assert grams(batch(pack(lines.encode()), name=f"in.jsonl.{suffix}", folder="lines")) == GRAMS
    broken = batch(pack(PLAIN.encode())[:-9], name=f"in.csv.{suffix}", folder="broken")
    assert broken.code == 2
    assert "cannot read the input" in broken.err
    assert not broken.folder.exists()


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "utf-16", "utf-8-sig"])
def test_other_encodings_are_read(batch: Batch, encoding: str) -> None:
    done = batch("patient_id,weight_kg\nZoë,72\n".encode(encoding), "--encoding", encoding)
    assert done.patients() == ["Zoë"]


def test_an_encoding_that_it_is_not_is_told(batch: Batch) -> None:
    done = batch(b"patient_id,weight_kg\nZo\x81,72\n", "--encoding", "cp1252")
    assert done.code == 2
    assert "is not cp1252" in done.err


FHIR = {"id": "A", "vitals": {"weight": {"value": 72, "unit": "kg"}}, "component": [{"v": 170}], "other": {"x": 1}}


def test_nested_keys_are_found_by_their_path(batch: Batch) -> None:
    lines = json.dumps(FHIR) + "\n" + json.dumps({"id": "B", "vitals": {}, "component": []}) + "\n"
    paths = ("--map", "patient_id=id", "--map", "weight_kg=vitals.weight.value", "--map", "height_cm=component.0.v")
    done = batch(lines, *paths, "--ignore-unknown", name="in.jsonl")
    assert (done.patients(), done.codes()) == (["A"], {"B": "missing"})
    refused = batch(lines, *paths, name="in.jsonl", folder="strict")
    assert refused.codes() == {"A": "unknown-column", "B": "missing"}


def test_a_map_may_be_a_file(batch: Batch, tmp_path: Path) -> None:
    for name, text in {
        "map.json": '{"weight_kg": "BMXWT", "patient_id": "SEQN"}',
        "map.csv": "column,heading\nweight_kg,BMXWT\npatient_id,SEQN\n",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert grams(batch("SEQN,BMXWT\nA,72\nB,60\n", "--map", str(tmp_path / name), folder=name[-4:])) == GRAMS


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("SEQN,BMXWT\nA,72\n", ("--map", "weight_kg=BMXWTT", "--map", "patient_id=SEQN"), "did you mean BMXWT"),
        ("SEQN,BMXWT\nA,72\n", ("--map", "weigt_kg=BMXWT"), "did you mean weight_kg"),
        ("SEQN,BMXWT,weight_kg\nA,72,72\n", NHANES, "rename one of them"),
        ("SEQN,BMXWT\nA,72\n", ("--map", "weight_kg=BMXWT", "--map", "height_cm=BMXWT"), "two columns"),
        ("Weight kg,weight_kg,patient_id\n1,2,A\n", (), "there twice"),
        ("SEQN,BMXWT\nA,72\n", ("--map", "nothing.json"), "neither COLUMN=HEADING nor a file"),
        (PLAIN, ("--delimiter", "ab"), "one character"),
        (PLAIN, ("--encoding", "klingon"), "no encoding"),
    ],
)
def test_a_map_that_does_not_fit_is_told(batch: Batch, text: str, options: tuple[str, ...], words: str) -> None:
    done = batch(text, *options)
    assert done.code == 2
    assert words in done.err


def test_a_row_of_another_width_is_an_error_where_columns_are_passed_over(batch: Batch) -> None:
    done = batch("x,patient_id,weight_kg\n1,A,72\n1,B\n1,C,72,9\n1,D,72,\n", "--ignore-unknown")
    assert (done.patients(), done.codes()) == (["A", "D"], {"B": "wrong-cells", "C": "wrong-cells"})


def workbook(*rows: tuple[Any, ...], sheet: str = "Sheet1") -> bytes:
    warnings.simplefilter("ignore", EncodingWarning)  # of openpyxl where it writes, which the batch never asks of it
    book = openpyxl.Workbook()
    book.active.title = "Sheet1"
    page = book["Sheet1"] if sheet == "Sheet1" else book.create_sheet(sheet)
    for row in rows:
        page.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_a_workbook_is_read(batch: Batch) -> None:
    head = ("patient_id", "Weight KG", "start", "at", "days")
    day = datetime.fromisoformat("2026-12-01")
    rows = [
        (1001, 72, day, time(9), 2),
        (None,) * 5,
        ("=A", 70 + 1 / 3, day, time(9, 0, 30), 2.0),
        (-5, 60, None, None, None),
    ]
    done = batch(workbook(head, *rows), name="in.xlsx", order=ORDER[:6])
    assert done.patients() == ["1001", "-5"]
    (error,) = done.table("errors")
    assert (error["row"], error["field"]) == ("4", "at"), "rows are counted as the sheet counts them"


def test_a_sheet_is_picked_by_its_name(batch: Batch) -> None:
    content = workbook(("patient_id", "weight_kg"), ("A", 72), ("B", 60), sheet="List")
    assert grams(batch(content, "--sheet", "List", name="in.xlsx")) == GRAMS
    assert "the sheet is empty" in batch(content, name="in.xlsx", folder="first").err
    assert "the workbook has Sheet1, List" in batch(content, "--sheet", "Lits", name="in.xlsx", folder="no").err
    assert "no .xlsx workbook" in batch(b"PK\x03\x04rubbish", name="in.xlsx", folder="bad").err


@pytest.mark.parametrize("kind", ["file", "stream"])
def test_arrow_is_read(batch: Batch, kind: str) -> None:
    table = pa.table({"SEQN": pa.array([b"A", b"B"]), "weight_kg": [72.0, 60]})
    stream = io.BytesIO()
    make = pa.ipc.new_file if kind == "file" else pa.ipc.new_stream
    with make(stream, table.schema) as writer:
        writer.write_table(table)
    assert grams(batch(stream.getvalue(), "--map", "patient_id=SEQN", name="in.arrow")) == GRAMS
    assert batch(b"ARROW1 rubbish", name="in.arrow", folder="bad").code == 2


SQL = [
    "CREATE TABLE people (patient_id BIGINT, kg DOUBLE)",
    "INSERT INTO people VALUES (-1234567890123456789, 72), (7, 60)",
]


def database(kind: str, path: Path, more: str | None = None) -> bytes:
    connection: Any = sqlite3.connect(path) if kind == "sqlite" else duckdb.connect(str(path))
    for statement in [*SQL, *([more] if more else [])]:
        connection.execute(statement)
    if kind == "sqlite":
        connection.commit()
    connection.close()
    return path.read_bytes()


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_a_database_is_read(batch: Batch, kind: str, tmp_path: Path) -> None:
    content = database(kind, tmp_path / f"made.{kind}")
    expected = {"-1234567890123456789": 144, "7": 120}
    for place, options in enumerate(((), ("--query", "people"))):
        assert (
            grams(batch(content, *options, "--map", "weight_kg=kg", name=f"in.{kind}", folder=f"{place}")) == expected
        )
    query = "SELECT patient_id, kg AS weight_kg FROM people WHERE kg > 60"
    assert list(grams(batch(content, "--query", query, name=f"in.{kind}", folder="query"))) == ["-1234567890123456789"]


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_a_query_can_read_its_database_and_nothing_else(batch: Batch, kind: str, tmp_path: Path) -> None:
    content = database(kind, tmp_path / f"made.{kind}", "CREATE TABLE other (x INTEGER)")
    assert "the database has other, people" in batch(content, name=f"in.{kind}", folder="two").err
    (tmp_path / "secret.csv").write_text(PLAIN, encoding="utf-8")
    queries = ["DROP TABLE people", "SELECT nonsense", f"SELECT * FROM read_csv('{tmp_path / 'secret.csv'}')", ""]
    for place, query in enumerate(queries):
        done = batch(content, "--query", query, name=f"in.{kind}", folder=f"{place}")
        assert done.code == 2, query
    assert (tmp_path / f"in.{kind}").read_bytes() == content


def test_a_pipe_with_a_name_is_read(batch: Batch, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "list.csv")
    writer = threading.Thread(target=lambda: (tmp_path / "list.csv").write_bytes(PLAIN.encode()))
    writer.start()
    assert main(["batch", str(tmp_path / "list.csv"), "-o", str(tmp_path / "out"), *ORDER]) == 0
    writer.join()
    assert grams(Done(0, "", tmp_path / "out")) == GRAMS


def test_another_map_is_another_batch(batch: Batch) -> None:
    text = "SEQN,BMXWT,kg\nA,72,70\n"
    assert batch(text, *NHANES, "--ignore-unknown").code == 0
    other = batch(text, "--map", "weight_kg=kg", "--map", "patient_id=SEQN", "--ignore-unknown")
    assert other.code == 2
    assert "another batch" in other.err


def test_names_are_spelt_in_many_ways() -> None:
    assert {plain_name(name) for name in ("weight_kg", "Weight KG", " WEIGHT-kg ", "weight  kg")} == {"weight_kg"}
    assert read_delimiter("\\t") == "\t"
    assert read_encoding("UTF8") == "utf-8"
    with pytest.raises(RequestError, match="given twice"):
        read_map(["sex=a", "sex=b"])


def test_a_named_pipe_that_nobody_writes_into_is_waited_for_and_said(tmp_path: Path) -> None:
    """It is told once, after a few seconds, and the rows are planned when they come."""
    pipe, told = tmp_path / "rows.csv", threading.Event()
    os.mkfifo(pipe)
    with mock.patch("ivigcalc.batch.run.asked._TOLD_AFTER_SECONDS", 0.05):

        def write() -> None:
            assert told.wait(20)
            pipe.write_text("patient_id,weight_kg\na,70\n", encoding="utf-8")

        writer = threading.Thread(target=write)
        writer.start()
        _spool_pipe(pipe, tmp_path / "kept", lambda path: told.set() if path == pipe else None)
        writer.join()
    assert (tmp_path / "kept").read_text(encoding="utf-8") == "patient_id,weight_kg\na,70\n"


def test_of_a_named_pipe_with_a_writer_nothing_is_said(tmp_path: Path) -> None:
    pipe, told = tmp_path / "rows.csv", threading.Event()
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("a\n", "utf-8"))
    writer.start()
    _spool_pipe(pipe, tmp_path / "kept", lambda _path: told.set())
    writer.join()
    assert not told.is_set()
