"""The public functions: `plan_many`, and record batch in, record batch out, as Spark and Ray call it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, get_args

import pyarrow as pa
import pytest

import ivigcalc
from ivigcalc import Form, arrow_schema, plan_arrow, plan_many
from ivigcalc.batch.arrow import Table
from ivigcalc.batch.outcome import Failed
from ivigcalc.errors import RequestError
from ivigcalc.plan import Plan

from .conftest import Done, patients

Batch = Callable[..., Done]
DEFAULTS = Form(regimen="dermatomyositis", product="octagam-10-us", start="2026-12-01", at="09:00", days="2")


def rows(*weights: Any) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(
        {"patient_id": [f"P{n}" for n in range(len(weights))], "weight_kg": list(weights)}
    )


def test_plan_many_gives_one_outcome_for_each_request_in_order() -> None:
    good = {
        "patient_id": "P1",
        "weight_kg": "72",
        "regimen": "dermatomyositis",
        "product": "octagam-10-us",
        "start": "2026-12-01",
    }
    asked: list[Any] = [
        good,
        {**good, "weight_kg": "x"},
        Form(weight="72kg"),
        {**good, "dose": "3 g/kg"},
        {**good, "wieght": "1"},
        good,
    ]
    found = list(plan_many(asked))
    assert [o.code if isinstance(o, Failed) else o.totals.dose_g for o in found] == [
        Decimal(144), "bad-request", "missing", "dose-outside-regimen", "unknown-column", Decimal(144),
    ]  # fmt: skip
    assert [o.field for o in found if isinstance(o, Failed)] == ["weight_kg", "start", "dose", "columns"]


def test_plan_many_takes_and_gives_one_at_a_time() -> None:
    taken = []

    def requests() -> Iterator[Form]:
        for number in range(1000):
            taken.append(number)
            yield Form(weight="72kg", regimen="dermatomyositis", product="octagam-10-us")

    found = plan_many(requests(), command="dose")
    assert isinstance(next(found), Plan)
    assert taken == [0]


def test_a_record_batch_becomes_record_batches(batch: Batch) -> None:
    given = rows("72", "80.5", None, "x")
    sessions, steps, errors = (plan_arrow(given, table, defaults=DEFAULTS) for table in get_args(Table))
    assert sessions.schema == arrow_schema("sessions")
    assert steps.schema == arrow_schema("steps")
    assert list(dict.fromkeys(sessions.column("patient_id").to_pylist())) == ["P0", "P1"]
    assert sum(sessions.column("dose_g").to_pylist()[:2]) == 144
    assert sum(steps.column("volume_ml").to_pylist()) == sum(sessions.column("volume_ml").to_pylist())
    assert [(e["row"], e["patient_id"], e["code"]) for e in errors.to_pylist()] == [
        (3, "P2", "missing"),
        (4, "P3", "bad-request"),
    ]
    done = batch(patients(30))
    again = plan_arrow(
        pa.RecordBatch.from_pylist(
            [
                {"patient_id": line.split(",")[0], "weight_kg": line.split(",")[1]}
                for line in patients(30).splitlines()[1:]
            ]
        ),
        defaults=DEFAULTS,
    )
    assert [str(int(v)) for v in again.column("dose_g").to_pylist()] == [
        row["dose_g"] for row in done.table("sessions")
    ]


def test_the_columns_may_have_types() -> None:
    weights = [Decimal("72.50"), None]
    typed = pa.RecordBatch.from_arrays(
        [pa.array(["a", "b"]), pa.array(weights, pa.decimal128(5, 2)), pa.array([None, 72.5], pa.float64())],
        names=["patient_id", "weight_kg", "weight_lb"],
    )
    found = plan_arrow(typed, defaults=DEFAULTS)
    assert sum(found.column("dose_g").to_pylist()[:2]) == 145  # 72.5 kg x 2 g/kg


def test_a_float_that_is_no_plain_number_is_refused_not_rounded() -> None:
    """Three times 24.1 is 72.30000000000001 in binary, which nobody typed."""
    errors = plan_arrow(rows(72.3, 3 * 24.1, float("nan"), float("inf")), "errors", defaults=DEFAULTS)
    assert [(e["row"], e["code"]) for e in errors.to_pylist()] == [
        (2, "bad-request"),
        (3, "missing"),
        (4, "bad-request"),
    ]


def test_no_rows_have_columns_all_the_same() -> None:
    for table in get_args(Table):
        empty = plan_arrow(
            rows().cast(pa.schema([("patient_id", pa.string()), ("weight_kg", pa.string())])), table, defaults=DEFAULTS
        )
        assert (empty.num_rows, empty.schema) == (0, arrow_schema(table))


def test_an_unknown_column_is_an_error_of_the_caller() -> None:
    with pytest.raises(RequestError, match="did you mean weight_kg"):
        plan_arrow(pa.RecordBatch.from_pydict({"patient_id": ["a"], "wieght_kg": ["72"]}), defaults=DEFAULTS)


def test_the_one_liners_of_the_manual() -> None:
    """Spark's mapInArrow gives a function an iterator of batches; Ray gives it a table. Both get the same rows."""
    batches = [rows("72", "80"), rows("64.5")]
    in_spark = lambda batches: (ivigcalc.plan_arrow(batch, "steps", defaults=DEFAULTS) for batch in batches)  # noqa: E731
    in_ray = lambda table: pa.Table.from_batches(  # noqa: E731
        [ivigcalc.plan_arrow(b, "steps", defaults=DEFAULTS) for b in table.to_batches()]
    )
    spark = pa.Table.from_batches(in_spark(iter(batches)))
    ray = in_ray(pa.Table.from_batches(batches))
    assert spark == ray
    assert spark.num_rows == sum(plan_arrow(batch, "steps", defaults=DEFAULTS).num_rows for batch in batches) > 10


def test_the_function_can_be_sent_to_another_process() -> None:
    import pickle

    again = pickle.loads(pickle.dumps((plan_arrow, DEFAULTS)))
    assert again[0](rows("72"), defaults=again[1]).num_rows == 2


def test_import_ivigcalc_stays_light() -> None:
    """The public names load what they need when they are used, not before."""
    code = "import sys, ivigcalc; before = set(sys.modules); ivigcalc.plan_many; print(len({'pydantic', 'pyarrow', 'typer', 'yaml'} & before), 'pyarrow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, encoding="utf-8")
    assert done.stdout.split() == ["0", "False"]


@pytest.mark.parametrize("table", get_args(Table))
def test_the_types_are_those_that_spark_reads_too(table: Table) -> None:
    """Spark has no times in seconds: its own are microseconds."""
    kinds = {str(field.type) for field in arrow_schema(table)}
    assert kinds <= {
        "string",
        "int32",
        "int64",
        "date32[day]",
        "timestamp[us]",
        "decimal128(12, 2)",
        "decimal128(12, 3)",
        "decimal128(12, 4)",
    }
