"""The public functions: `plan_many`, and record batch in, record batch out, as Spark and Ray call it."""

import csv
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, get_args

import pyarrow as pa
import pytest

import ivigcalc
from ivigcalc import Form, arrow_schema, plan_arrow, plan_many
from ivigcalc.api import Desk
from ivigcalc.batch.rows.arrow_cells import cells_of
from ivigcalc.batch.rows.outcome import Failed
from ivigcalc.batch.tables.arrow import ArrowTable
from ivigcalc.engine.plan import Plan
from ivigcalc.errors import RequestError

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


GOOD: dict[Any, Any] = {
    "patient_id": "P1", "weight_kg": 72, "regimen": "dermatomyositis", "product": "octagam-10-us", "start": date(2026, 12, 1), "days": 2,
}  # fmt: skip
#: what else a request may hold, and the sum of the grams
NATIVE: list[tuple[dict[Any, Any], int]] = [
    ({}, 144),
    ({"weight_kg": 72.5}, 144),
    ({"weight_kg": Decimal("72.50"), "risk": ["renal"], "condition": []}, 144),
    ({"courses": 2.0, "start": datetime.fromisoformat("2026-12-01"), "at": time(9, 30)}, 288),
    ({"pregnant": True, "sex": "female", "height_cm": None}, 144),
    ({None: ["", " "]}, 144),
]
#: what it may not hold, and the code and field of the outcome
WRONG: list[tuple[Any, str, str]] = [
    ({**GOOD, "weight_kg": Decimal("sNaN")}, "bad-request", "weight_kg"),
    ({**GOOD, "weight_kg": 10**5000}, "bad-request", "weight_kg"),
    ({**GOOD, "weight_kg": b"72"}, "bad-request", "weight_kg"),
    ({**GOOD, "weight_kg": True}, "bad-request", "weight_kg"),
    ({**GOOD, "weight_kg": [72]}, "bad-request", "weight_kg"),
    ({**GOOD, "risk": {"renal"}}, "bad-request", "risk"),
    ({**GOOD, "pregnant": 1}, "bad-request", "pregnant"),
    ({**GOOD, "start": None}, "missing", "start"),
    ({**GOOD, None: ["80"]}, "wrong-cells", ""),
    ({**GOOD, 5: "x"}, "unknown-column", "columns"),
    (None, "bad-request", ""),
    ([("patient_id", "P1")], "bad-request", ""),
    (Form(weight="72kg", pregnant="no"), "bad-request", "pregnant"),  # type: ignore[arg-type]
    (Form(weight="72kg", risk="renal"), "bad-request", "risk"),  # type: ignore[arg-type]
    (Form(weight="72kg", product=["a"]), "bad-request", "product"),  # type: ignore[arg-type]
    (Form(weight=72, start="2026-12-01"), "bad-request", "weight"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("more", "grams"), NATIVE)
def test_plan_many_reads_numbers_dates_and_lists(more: dict[Any, Any], grams: int) -> None:
    (found,) = plan_many([{**GOOD, **more}])
    assert isinstance(found, Plan), found
    assert found.totals.dose_g == grams


@pytest.mark.parametrize(("request_", "code", "field"), WRONG)
def test_plan_many_goes_on_after_what_is_no_request(request_: Any, code: str, field: str) -> None:
    wrong, good = plan_many([request_, GOOD])
    assert isinstance(wrong, Failed)
    assert (wrong.code, wrong.field) == (code, field)
    assert isinstance(good, Plan)


def test_plan_many_reads_a_form_of_numbers_and_dates() -> None:
    form = Form(
        weight="72kg", regimen="dermatomyositis", product="octagam-10-us", start=date(2026, 12, 1), days=2, risk=["renal"], condition=None
    )  # type: ignore[arg-type]  # fmt: skip
    (found,) = plan_many([form])
    assert isinstance(found, Plan)
    assert (found.totals.dose_g, form.days) == (144, 2)


def test_a_value_that_raises_when_it_is_read_costs_its_request() -> None:
    class Awkward:
        def __ne__(self, other: object) -> bool:
            raise ZeroDivisionError

    wrong, good = plan_many([{**GOOD, "weight_kg": Awkward()}, GOOD])
    assert isinstance(wrong, Failed)
    assert (wrong.field, wrong.message) == (
        "weight_kg",
        "weight_kg: a value of type Awkward cannot be read; give it as text",
    )
    assert isinstance(good, Plan)


def test_a_bug_costs_one_request(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Desk.plan

    def broken(desk: Desk, form: Form, *more: Any, **others: Any) -> Plan:
        if form.patient_id == "b":
            raise ZeroDivisionError
        return real(desk, form, *more, **others)

    monkeypatch.setattr(Desk, "plan", broken)
    found = list(plan_many([{**GOOD, "patient_id": who} for who in "abc"]))
    assert [getattr(outcome, "code", "") for outcome in found] == ["", "bug", ""]


def test_rows_of_a_dict_reader(tmp_path: Any) -> None:
    text = "patient_id,weight_kg,regimen,product,start\na,72,dermatomyositis,octagam-10-us,2026-12-01\n"
    rows = csv.DictReader((text + "b,72,dermatomyositis,octagam-10-us,2026-12-01,x\nc,72\n").splitlines())
    first, second, third = plan_many(rows)
    assert isinstance(first, Plan)
    assert [getattr(o, "code", "") for o in (second, third)] == ["wrong-cells", "missing"]


def test_the_public_names_are_listed() -> None:
    assert set(ivigcalc.__all__) <= set(dir(ivigcalc))


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
    sessions, steps, notices, errors = (plan_arrow(given, table, defaults=DEFAULTS) for table in get_args(ArrowTable))
    assert {"default-used", "live-vaccines"} <= set(notices["code"].to_pylist())
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
    assert (
        sum(found.column("dose_g").to_pylist()[:2]) == 144
    )  # 72.5 kg x 2 g/kg = 145 = 73 + 72 g, and 73 g is above 1 g/kg


@pytest.mark.parametrize("kind", [pa.float16(), pa.float32(), pa.float64()])
def test_a_short_float_is_read_with_the_digits_it_can_hold(kind: Any) -> None:
    """72.4 in 32 bits is 72.4000015258789 in 64, and nobody typed that."""
    typed = [72.4, 58.5, 100.0, 64.2, None]
    batch = pa.RecordBatch.from_arrays(
        [pa.array([f"P{n}" for n in range(5)]), pa.array(typed, pa.float64()).cast(kind, safe=False)],
        names=["patient_id", "weight_kg"],
    )
    found = [cells[1] for cells in cells_of(batch)]
    assert found == ["72.4", "58.5", "100", "64.2", ""]
    assert plan_arrow(batch, "errors", defaults=DEFAULTS).column("code").to_pylist() == ["missing"]


def test_a_short_float_that_is_no_number() -> None:
    values = pa.array([float("nan"), float("inf"), 3.4028234663852886e38], pa.float32())
    batch = pa.RecordBatch.from_arrays([pa.array(["a", "b", "c"]), values], names=["patient_id", "weight_kg"])
    assert [cells[1] for cells in cells_of(batch)] == ["", "inf", "34028235" + "0" * 31]
    codes = plan_arrow(batch, "errors", defaults=DEFAULTS).column("code").to_pylist()
    assert codes == ["missing", "bad-request", "bad-request"]


def test_a_float_that_was_divided_is_read_to_the_gram_and_what_is_no_number_is_refused() -> None:
    """Three times 24.1 is 72.30000000000001 in binary: 72.300 kg to the gram."""
    errors = plan_arrow(rows(72.3, 3 * 24.1, float("nan"), float("inf")), "errors", defaults=DEFAULTS)
    assert [(e["row"], e["code"]) for e in errors.to_pylist()] == [
        (3, "missing"),
        (4, "bad-request"),
    ]
    planned = plan_arrow(rows(72.3, 3 * 24.1), "sessions", defaults=DEFAULTS)
    assert planned["dose_g"].to_pylist()[:2] == planned["dose_g"].to_pylist()[2:]


def test_no_rows_have_columns_all_the_same() -> None:
    for table in get_args(ArrowTable):
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


@pytest.mark.parametrize("table", get_args(ArrowTable))
def test_the_types_are_those_that_spark_reads_too(table: ArrowTable) -> None:
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
