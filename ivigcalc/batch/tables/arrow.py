"""The tables of a batch as Arrow record batches and Parquet files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ivigcalc.batch.rows.outcome import MAX_ID, Failed, for_clerk
from ivigcalc.batch.tables.answer import Planned
from ivigcalc.batch.tables.notices import NOTICE_COLUMNS
from ivigcalc.errors import MissingExtraError
from ivigcalc.text import safe

if TYPE_CHECKING:
    import pyarrow as pa

ArrowTable = Literal["sessions", "steps", "notices", "errors"]
#: rows of one row group of a Parquet file
_GROUP_ROWS = 100_000


def arrow_schema(table: ArrowTable) -> pa.Schema:
    """The columns of an output table and their types; figures are exact decimals."""
    arrow = need_arrow()
    text, whole, moment = arrow.string(), arrow.int32(), arrow.timestamp("us")
    amount, rate, minutes = arrow.decimal128(12, 3), arrow.decimal128(12, 4), arrow.decimal128(12, 2)
    who = [("patient_id", text), ("course", whole), ("day", whole), ("date", arrow.date32())]
    columns = {
        "sessions": [
            *who,
            ("starts_at", moment),
            ("ends_at", moment),
            ("dose_g", amount),
            ("volume_ml", amount),
            ("duration_min", whole),
            ("vials", text),
            ("leftover_g", amount),
            ("notices", text),
            *((name, text) for name in ("phase", "regimen", "protocol", "product", "policy")),
            ("dosing_weight_kg", amount),
            ("g_per_kg", amount),
            ("evidence", text),
            ("patients", whole),
            ("reading", text),
        ],
        "steps": [
            *who,
            ("step", whole),
            ("starts_at", moment),
            ("rate_ml_per_kg_per_h", rate),
            ("rate_ml_per_h", rate),
            ("duration_min", minutes),
            ("volume_ml", amount),
            ("cumulative_ml", amount),
        ],
        "notices": [(name, whole if name in ("course", "day") else text) for name in NOTICE_COLUMNS],
        "errors": [("row", arrow.int64()), ("patient_id", text), ("field", text), ("code", text), ("message", text)],
    }
    return arrow.schema(columns[table])


def to_arrow(table: ArrowTable, plans: Sequence[Planned]) -> pa.RecordBatch:
    """The rows of some plans as one record batch."""
    return _record_batch(need_arrow(), table, [values for plan in plans for values in plan.records(table)])


def errors_to_arrow(failures: Sequence[tuple[int, str, Failed]]) -> pa.RecordBatch:
    """The rows that could not be planned (row number, patient id, why) as one record batch."""
    values = [
        (row, safe(patient_id, MAX_ID), error.field, error.code, for_clerk(error.message))
        for row, patient_id, failed in failures
        for error in failed.each()
    ]
    return _record_batch(need_arrow(), "errors", values)


def schema_bytes(table: ArrowTable, columns: Sequence[str]) -> bytes:
    """The head of an Arrow stream of these columns of a table."""
    schema = arrow_schema(table)
    return bytes(need_arrow().schema([schema.field(name) for name in columns]).serialize())


def plans_bytes(table: ArrowTable, plans: Sequence[Planned], columns: Sequence[str]) -> bytes:
    """The next piece of an Arrow stream."""
    return bytes(to_arrow(table, plans).select(list(columns)).serialize()) if plans else b""


def write_parquet(stream: Path, to: Path) -> None:
    """Turn an Arrow stream into a Parquet file, a row group at a time."""
    arrow = need_arrow()
    import pyarrow.parquet as parquet

    with (
        stream.open("rb") as file,
        arrow.ipc.open_stream(file) as batches,
        parquet.ParquetWriter(to, batches.schema) as writer,
    ):
        for group in _groups(batches):
            writer.write_table(arrow.Table.from_batches(group))


def _groups(batches: Any) -> Iterator[list[Any]]:
    group: list[Any] = []
    rows = 0
    for batch in batches:
        group.append(batch)
        rows += batch.num_rows
        if rows >= _GROUP_ROWS:
            yield group
            group, rows = [], 0
    if group:
        yield group


def _record_batch(arrow: Any, table: ArrowTable, values: Sequence[tuple[Any, ...]]) -> Any:
    schema = arrow_schema(table)
    columns: Sequence[Sequence[Any]] = list(zip(*values, strict=True)) if values else [()] * len(schema)
    arrays = [
        arrow.array(map(_typed(field), column), type=field.type) for field, column in zip(schema, columns, strict=True)
    ]
    return arrow.RecordBatch.from_arrays(arrays, schema=schema)


def _typed(field: Any) -> Any:
    """How a value of the other faces becomes one of this column: dates and times are text there."""
    kind = str(field.type)
    if kind == "date32[day]":
        return lambda value: date.fromisoformat(value) if value else None
    if kind == "timestamp[us]":
        return lambda value: datetime.fromisoformat(value) if value else None
    return lambda value: value


def need_arrow() -> Any:
    """The library; an error that names the extra where it is not installed."""
    try:
        import pyarrow
    except ImportError:
        raise MissingExtraError("Arrow and Parquet", "parquet") from None
    return pyarrow
