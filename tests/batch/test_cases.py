"""Lists as they came from databases, spreadsheets and scripts: what each kind gives, by hand."""

import gzip
import io
import json
import warnings
from collections.abc import Callable
from datetime import time

import openpyxl
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from .conftest import Done

Batch = Callable[..., Done]
ORDER = ("--regimen", "dermatomyositis", "--product", "octagam-10-us", "--days", "2", "--start", "2026-12-01")


def parquet_bytes(**columns: pa.Array) -> bytes:
    stream = io.BytesIO()
    parquet.write_table(pa.table(columns), stream)
    return stream.getvalue()


def grams(done: Done) -> dict[str, float]:
    """Grams of each patient's course; 2 g/kg in whole vials of Octagam are even grams of a whole kilogram."""
    found: dict[str, float] = {}
    for row in done.table("sessions"):
        found[row["patient_id"]] = found.get(row["patient_id"], 0) + float(row["dose_g"])
    return found


def test_an_id_of_either_sign_comes_back(batch: Batch) -> None:
    done = batch("patient_id,weight_kg\n-1234567890123456789,70\n1234567890123456780,70\n", order=ORDER)
    assert grams(done) == {"-1234567890123456789": 140, "1234567890123456780": 140}
    assert {row["patient_id"] for row in done.table("notices")} == set(grams(done))


def test_two_ids_stay_two(batch: Batch) -> None:
    assert grams(batch("patient_id,weight_kg\n-5,72\n'-5,60\n", order=ORDER)) == {"-5": 144, "'-5": 120}


def test_seconds_of_a_typed_time_fail_their_row(batch: Batch) -> None:
    times = pa.array([time(9, 0), time(9, 0, 30)], pa.time64("us"))
    data = parquet_bytes(patient_id=pa.array(["Q0", "Q1"]), weight_kg=pa.array([72.0, 72.0]), at=times)
    done = batch(data, name="in.parquet", order=ORDER)
    assert (done.patients(), done.codes()) == (["Q0"], {"Q1": "bad-request"})
    assert "09:00:30" in done.table("errors")[0]["message"]


def test_what_a_program_divided_is_rounded_once_and_counted(batch: Batch) -> None:
    done = batch("patient_id,weight_kg,height_cm\n0,109.72399430300001,187.452\n2,96.479097099,188.214\n", order=ORDER)
    assert (done.code, len(done.patients())) == (0, 2)
    assert "1 of them with a weight or height rounded" in done.err
    assert {row["dosing_weight_kg"] for row in done.table("sessions")} == {"109.72", "96.48"}


def test_numbers_of_json_are_read_as_they_are(batch: Batch) -> None:
    lines = '{"patient_id":"J1","weight_kg":72.57477920000001}\n{"patient_id":"J2","weight_kg":7.2e1}\n'
    done = batch(lines, name="in.jsonl", order=ORDER)
    assert (done.code, done.patients()) == (0, ["J1", "J2"])
    assert [row["dosing_weight_kg"] for row in done.table("sessions")][::2] == ["72.58", "72"]


def test_doubles_of_a_database_are_read(batch: Batch) -> None:
    data = parquet_bytes(patient_id=pa.array(["Q0", "Q1"]), weight_kg=pa.array([211 / 3, 72.0], pa.float64()))
    done = batch(data, name="in.parquet", order=ORDER)
    assert (done.code, done.patients()) == (0, ["Q0", "Q1"])


def test_an_age_of_0_years_is_a_year_of_ages(batch: Batch) -> None:
    """10.2 kg is no newborn, and may be an infant of eleven months; kawasaki is for children."""
    order = ("--regimen", "kawasaki", "--product", "octagam-10-us", "--start", "2026-12-01")
    done = batch("patient_id,weight_kg,age_years\nI1,10.2,0\nI2,9.3,0\n", order=order)
    assert (done.code, done.patients()) == (0, ["I1", "I2"]), done.codes()


def test_letters_for_the_sex_are_read(batch: Batch) -> None:
    assert grams(batch("patient_id,weight_kg,sex\nA,72,M\nB,60,F\n", order=ORDER)) == {"A": 144, "B": 120}


@pytest.mark.parametrize(("at", "starts"), [("09:00:00", "2026-12-01T09:00"), ("9:00", "2026-12-01T09:00")])
def test_a_time_as_sql_writes_it(batch: Batch, at: str, starts: str) -> None:
    done = batch(f"patient_id,weight_kg,at\nA,72,{at}\n", order=ORDER)
    assert done.table("sessions")[0]["starts_at"] == starts


def test_midnight_is_a_day_and_another_time_is_not(batch: Batch) -> None:
    text = "patient_id,weight_kg,start\nA,72,2026-12-01 00:00:00\nB,72,2026-12-01T09:00:00Z\n"
    done = batch(text, order=ORDER)
    assert (done.patients(), done.codes()) == (["A"], {"B": "bad-request"})


def test_words_for_nothing_are_blank_where_they_are_named(batch: Batch) -> None:
    text = "patient_id,weight_kg,height_cm\nA,72,NA\nB,72,NULL\nC,72,\n"
    assert set(batch(text, order=ORDER).codes()) == {"A", "B"}
    assert batch(text, "--null", "NA,NULL", order=ORDER, folder="named").patients() == ["A", "B", "C"]


def test_five_bad_cells_are_told_with_what_they_say(batch: Batch) -> None:
    done = batch("patient_id,weight_kg,height_cm,sex,start,at\nA,x,y,Q,28.11.2026,9h\n", order=ORDER)
    told = {row["field"]: row["message"] for row in done.table("errors")}
    said = {"weight_kg": "'x'", "height_cm": "'y'", "sex": "'Q'", "start": "'28.11.2026'", "at": "'9h'"}
    assert {field: said[field] in message for field, message in told.items()} == dict.fromkeys(said, True)


@pytest.mark.parametrize(("text", "ids"), [("A,72\n,\n,\n", ["A"]), ("", [])])
def test_blank_rows_are_none(batch: Batch, text: str, ids: list[str]) -> None:
    done = batch("patient_id,weight_kg\n" + text, order=ORDER)
    assert (done.code, done.patients(), done.table("errors")) == (0, ids, [])
    assert ("no rows" in done.err) is not ids


def test_packed_and_excel(batch: Batch) -> None:
    packed = gzip.compress(b"patient_id,weight_kg\nA1,72\nA2,60\n")
    assert grams(batch(packed, name="list.csv.gz", order=ORDER)) == {"A1": 144, "A2": 120}
    book = openpyxl.Workbook()
    for row in (("patient_id", "weight_kg"), ("A1", 72)):
        book.active.append(row)
    stream = io.BytesIO()
    warnings.simplefilter("ignore", EncodingWarning)  # of openpyxl where it writes
    book.save(stream)
    assert grams(batch(stream.getvalue(), name="list.xlsx", order=ORDER, folder="excel")) == {"A1": 144}


@pytest.mark.parametrize("place", [0, 1])
def test_an_unknown_key_costs_its_row_wherever_it_stands(batch: Batch, place: int) -> None:
    rows = [{"patient_id": name, "weight_kg": 72} for name in "ab"]
    rows[place]["mrn"] = 1
    done = batch("".join(json.dumps(row) + "\n" for row in rows), name="in.jsonl", order=ORDER)
    assert (done.code, done.codes()) == (5, {"ab"[place]: "unknown-column"})


def test_days_left_open_come_from_the_exact_dose(batch: Batch) -> None:
    """2 g/kg of 72 kg are 144 g, on 2 days at most 1 g/kg: 70 g each in vials of 5 g; 158 lb are 71.67 kg, and alike."""
    order = ("--regimen", "dermatomyositis", "--product", "privigen-us", "--start", "2026-12-01")
    done = batch("patient_id,weight_kg,weight_lb,days\nA,72,,\nB,,158,\nC,72,,5\n", order=order)
    found = [(row["patient_id"], row["dose_g"]) for row in done.table("sessions")]
    assert found == [("A", "70"), ("A", "70"), ("B", "70"), ("B", "70"), *[("C", "30")] * 4, ("C", "25")]
    chosen = {row["patient_id"] for row in done.table("notices") if row["code"] == "days-chosen"}
    assert chosen == {"A", "B"}
