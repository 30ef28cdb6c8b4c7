"""Numbers, dates, times and ids as machines write them."""

import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivigcalc import Form, plan_arrow
from ivigcalc.batch.rows.arrow_cells import id_text
from ivigcalc.batch.rows.columns import read_row
from ivigcalc.batch.rows.machine import measure
from ivigcalc.errors import RequestError
from ivigcalc.quantity import QuantityError
from ivigcalc.render.csv import safe_cell, unquoted_cell

from .conftest import Done

Batch = Callable[..., Done]

#: cell, unit, words, rounded
MEASURES = [
    ("72", "kg", "72kg", False),
    ("72.50", "kg", "72.50kg", False),
    ("72,5", "kg", "72.5kg", False),
    ("96.479097099", "kg", "96.479097099kg", False),  # nine decimals may be typed
    ("72.57477920000001", "kg", "72.575kg", True),
    ("109.72399430300001", "kg", "109.724kg", True),
    ("70.33333333333333", "kg", "70.333kg", True),
    ("70.0005000000000001", "kg", "70.001kg", True),
    ("7.2e1", "kg", "72kg", False),
    ("7.2E+01", "kg", "72kg", False),
    ("720e-1", "kg", "72kg", False),
    (".5", "kg", "0.5kg", False),
    ("72.", "kg", "72kg", False),
    ("174.75199999999998", "cm", "174.8cm", True),
    # 158.33333333333334 lb x 0.45359237 = 71.81879..., to 1 g 71.819 kg
    ("158.33333333333334", "lb", "71.819kg", True),
    ("158.4", "lb", "158.4lb", False),
    ("54.32876712328767", "y", "54.328767123y", False),
]
NO_MEASURES = [
    "",
    ".",
    "-72",
    "+72",
    "1,072",
    "1,072.5",
    "072",
    "inf",
    "nan",
    "1e400",
    "7e",
    "e1",
    "0x48",
    "1e10",
    "7 2",
    "72kg",
]


@pytest.mark.parametrize(("cell", "unit", "words", "rounded"), MEASURES)
def test_a_number_of_any_length_is_read(cell: str, unit: str, words: str, rounded: bool) -> None:
    assert measure(cell, unit) == (words, rounded)


@pytest.mark.parametrize("cell", NO_MEASURES)
def test_what_is_no_number_is_refused(cell: str) -> None:
    with pytest.raises(QuantityError):
        measure(cell, "kg")


@given(st.floats(min_value=0.001, max_value=999))
def test_every_float_is_read_to_the_gram(value: float) -> None:
    words = measure(repr(value), "kg").words.removesuffix("kg")
    assert abs(Decimal(words) - Decimal(value)) <= Decimal("0.0005000001")


def cells(**row: str) -> Form:
    return read_row({"patient_id": "A", **row})


def test_a_count_a_day_and_a_time_are_read_as_machines_write_them() -> None:
    form = cells(
        days="2.0", courses="6.00", start="2026-12-01 00:00:00", birth_date="1960-02-29T00:00:00.000", at="09:00:00"
    )
    assert (form.days, form.courses, form.start, form.birth_date, form.at) == (
        "2",
        "6",
        "2026-12-01",
        "1960-02-29",
        "09:00",
    )


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("start", "2026-12-01T09:00:00Z"), ("start", "2026-12-01T00:00:00Z"), ("start", "2026-12-01 00:00:00.5"), ("at", "09:00:30"), ("at", "09:00:00.5"),
    ],
)  # fmt: skip
def test_what_a_day_or_a_time_says_besides_is_never_dropped(column: str, cell: str) -> None:
    with pytest.raises(RequestError, match=cell):
        cells(**{column: cell})


def test_rounded_rows_are_counted_in_the_summary(batch: Batch) -> None:
    done = batch("patient_id,weight_kg,height_cm\nA,72.57477920000001,\nB,72,174.75199999999998\nC,72,175\n")
    assert done.code == 0
    assert "2 of them with a weight or height rounded to 1 g or 1 mm" in done.err


def test_an_age_in_whole_years_is_any_day_of_that_year(batch: Batch) -> None:
    """10.2 kg is ordinary at 11 months; 45 kg is not at any day of the first year."""
    order = ("--regimen", "kawasaki", "--product", "octagam-10-us", "--start", "2026-12-01")
    done = batch("patient_id,weight_kg,age_years\nI1,10.2,0\nI2,9.3,0\nI3,45,0\n", order=order)
    assert done.patients() == ["I1", "I2"]
    assert done.codes() == {"I3": "weight-implausible"}


# ---- ids ----------------------------------------------------------------------------------------------------------

IDS = ["-1234567890123456789", "1234567890123456780", "-5", "'-5", "+5", "-1.5e3", "=A", "'=A", "''=A", "'A", "A"]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_ids_come_back_unchanged(batch: Batch, kind: str) -> None:
    text = "patient_id,weight_kg\n" + "".join(f"{name},72\n" for name in IDS)
    done = batch(text, "--format", kind, "--escape", "none")
    path = done.folder / f"sessions.{kind}"
    if kind == "csv":
        found = [row["patient_id"] for row in done.table("sessions")]
    elif kind == "jsonl":
        import json

        found = [json.loads(line)["patient_id"] for line in path.read_text("utf-8").splitlines()]
    else:
        found = pq.read_table(path)["patient_id"].to_pylist()
    assert list(dict.fromkeys(found)) == IDS


def test_a_formula_is_escaped_so_that_two_ids_never_become_one(batch: Batch) -> None:
    done = batch("patient_id,weight_kg\n" + "".join(f"{name},72\n" for name in IDS))
    escaped = ["'=A", "''=A", "'''=A"]
    assert done.patients() == [*IDS[:6], *escaped, *IDS[9:]]
    assert [unquoted_cell(name) for name in done.patients()] == IDS


def test_ids_of_rows_that_failed_come_back_as_well(batch: Batch) -> None:
    long = "x" * 150
    done = batch(f"patient_id,weight_kg\n-5,\n'-5,\n{long},\n")
    assert [row["patient_id"] for row in done.table("errors")] == ["-5", "'-5", long]


@given(st.text(alphabet="'=+-@15eE.A\t", max_size=8))
def test_no_two_texts_have_the_same_cell(text: str) -> None:
    assert unquoted_cell(safe_cell(text)) == text


TYPED_IDS: list[tuple[Any, list[str]]] = [
    (pa.array([b"P-1", b"P-2"], pa.binary()), ["P-1", "P-2"]),
    (pa.array([-5, 2**62], pa.int64()), ["-5", str(2**62)]),
    (pa.array([1001.0, 1002.0], pa.float64()), ["1001", "1002"]),
    (pa.array([1001.0, 1002.5], pa.float32()), ["1001", "1002.5"]),
    (pa.array(["a", "b"]).dictionary_encode(), ["a", "b"]),
    (pa.array([7, 8], pa.int32()).dictionary_encode(), ["7", "8"]),
    (pa.array([Decimal("7"), Decimal("8")], pa.decimal128(18, 0)), ["7", "8"]),
    (pa.array([Decimal("5.10"), Decimal("5.20")]), ["5.10", "5.20"]),
]


@pytest.mark.parametrize(("ids", "texts"), TYPED_IDS)
def test_a_typed_id_is_text_as_its_writer_meant_it(ids: pa.Array, texts: list[str], batch: Batch) -> None:
    stream = io.BytesIO()
    pq.write_table(pa.table({"patient_id": ids, "weight_kg": [72, 72]}), stream)
    assert batch(stream.getvalue(), name="in.parquet").patients() == texts


@pytest.mark.parametrize("value", [b"\xff\xfe", True, [1], {"a": 1}, 2.0**53, -(2.0**60), float("inf"), float("-inf")])
def test_an_id_that_does_not_tell_is_refused(value: Any) -> None:
    with pytest.raises(RequestError, match="patient_id"):
        id_text(value)


def test_an_id_of_a_uuid_is_its_text() -> None:
    assert id_text(UUID(int=5)) == "00000000-0000-0000-0000-000000000005"


def test_a_short_float_that_may_be_two_ids_is_refused() -> None:
    ids = pa.array([16777216.0, 5.0], pa.float32())
    batch = pa.RecordBatch.from_pydict({"patient_id": ids, "weight_kg": [72, 72]})
    order = Form(regimen="dermatomyositis", product="octagam-10-us", start="2026-12-01")
    assert plan_arrow(batch, "sessions", defaults=order)["patient_id"].unique().to_pylist() == ["5"]
    assert plan_arrow(batch, "errors", defaults=order)["field"].to_pylist() == ["patient_id"]


def test_seconds_of_a_parquet_time_are_refused(batch: Batch) -> None:
    from datetime import time

    stream = io.BytesIO()
    pq.write_table(pa.table({"patient_id": ["A", "B"], "weight_kg": [72, 72], "at": [time(9), time(9, 0, 30)]}), stream)
    done = batch(
        stream.getvalue(),
        name="in.parquet",
        order=("--regimen", "dermatomyositis", "--product", "octagam-10-us", "--start", "2026-12-01"),
    )
    assert (done.patients(), list(done.codes())) == (["A"], ["B"])
