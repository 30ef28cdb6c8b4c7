"""Plans as the bytes of the output tables: CSV, JSON Lines, or Arrow that becomes Parquet.

What one partition gives can be appended to what the partitions before it gave; `headings` come first.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Literal

from ivigcalc.batch.rows.columns import MAX_CELL, Cell
from ivigcalc.batch.rows.outcome import ERROR_COLUMNS, MAX_ID, Failed, for_clerk
from ivigcalc.batch.tables.answer import Planned
from ivigcalc.quantity import plain
from ivigcalc.render.csv import SESSION_COLUMNS, STEP_COLUMNS, safe_cell
from ivigcalc.text import safe

#: row, patient id, what is wrong, and the cells of the row where they could be read
RowErrors = tuple[int, str, Failed, Sequence[Cell]]
Kind = Literal["csv", "jsonl", "parquet"]
Table = Literal["sessions", "steps"]
TABLES: dict[Table, tuple[str, ...]] = {"sessions": SESSION_COLUMNS, "steps": STEP_COLUMNS}


def headings(kind: Kind, columns: Sequence[str]) -> dict[str, bytes]:
    """What each table starts with; errors are CSV whatever the format, and have the columns of the input as well."""
    errors = (*ERROR_COLUMNS, *(name for name in columns if name not in ERROR_COLUMNS))
    return {**{table: _heading(table, kind) for table in TABLES}, "errors": (",".join(errors) + "\n").encode()}


def _heading(table: Table, kind: Kind) -> bytes:
    if kind == "csv":
        return (",".join(TABLES[table]) + "\n").encode()
    if kind == "jsonl":
        return b""
    from ivigcalc.batch.tables.arrow import schema_bytes

    return schema_bytes(table)


def table_bytes(table: Table, kind: Kind, plans: Sequence[Planned], *, escape: bool = True) -> bytes:
    """The rows of some plans. `escape`: text that a spreadsheet would take for a formula gets a quote in CSV."""
    if kind == "csv":
        return "".join([plan.lines(table, escape=escape) for plan in plans]).encode("utf-8")
    if kind == "jsonl":
        return "".join(_json_line(TABLES[table], values) for plan in plans for values in plan.records(table)).encode(
            "utf-8"
        )
    from ivigcalc.batch.tables.arrow import plans_bytes

    return plans_bytes(table, plans)


def error_bytes(errors: Iterable[RowErrors], columns: Sequence[str], *, escape: bool = True) -> bytes:
    """Lines of errors.csv, one for each thing that is wrong: row, patient id and why; the first line of a row has its
    cells as well. Safe to open in a spreadsheet where it is escaped."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    places = [place for place, name in enumerate(columns) if name not in ERROR_COLUMNS]
    for number, patient_id, failed, cells in errors:
        own = [_own_cell(cells[place]) if place < len(cells) else "" for place in places]
        for error in failed.each():
            said = (safe(patient_id, MAX_ID), safe(error.field, MAX_ID), error.code, for_clerk(error.message), *own)
            writer.writerow((str(number), *(map(safe_cell, said) if escape else said)))
            own = [""] * len(places)
    return stream.getvalue().encode("utf-8")


def _own_cell(cell: Cell) -> str:
    return safe((cell if isinstance(cell, str) else ";".join(cell)).strip(), MAX_CELL)


def _json_line(columns: Sequence[str], values: Sequence[Any]) -> str:
    cells = (f'"{name}":{_json_value(value)}' for name, value in zip(columns, values, strict=True))
    return "{" + ",".join(cells) + "}\n"


def _json_value(value: Any) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    return json.dumps(value, ensure_ascii=False)
