"""Plans as the bytes of the output tables: CSV, JSON Lines, or Arrow that becomes Parquet.

What one partition gives can be appended to what the partitions before it gave; `heading` comes first.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, Literal

from ivigcalc.batch.lines import session_lines, step_lines
from ivigcalc.batch.outcome import ERROR_COLUMNS, MAX_ID, Failed, for_clerk, printable
from ivigcalc.plan import Plan
from ivigcalc.quantity import plain
from ivigcalc.render.csv import SESSION_COLUMNS, STEP_COLUMNS, notice_codes, safe_cell
from ivigcalc.render.phrases import vials_text

Kind = Literal["csv", "jsonl", "parquet"]
TABLES: dict[str, tuple[str, ...]] = {"sessions": SESSION_COLUMNS, "steps": STEP_COLUMNS}


def heading(table: str, kind: Kind) -> bytes:
    """What a table starts with."""
    if table == "errors":
        return (",".join(ERROR_COLUMNS) + "\n").encode()
    if kind == "csv":
        return (",".join(TABLES[table]) + "\n").encode()
    if kind == "jsonl":
        return b""
    from ivigcalc.batch.arrow import schema_bytes

    return schema_bytes(table)


def table_bytes(table: str, kind: Kind, plans: Sequence[Plan]) -> bytes:
    """The rows of some plans."""
    if kind == "csv":
        lines: Callable[[Plan], str] = step_lines if table == "steps" else session_lines
        return "".join(map(lines, plans)).encode("utf-8")
    if kind == "jsonl":
        return "".join(_json_line(TABLES[table], values) for plan in plans for values in records(table, plan)).encode("utf-8")
    from ivigcalc.batch.arrow import plans_bytes

    return plans_bytes(table, plans)


def error_bytes(errors: Iterable[tuple[int, str, Failed]]) -> bytes:
    """Lines of errors.csv: row, patient id and what is wrong, safe to open in a spreadsheet."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    for number, patient_id, error in errors:
        cells = (printable(patient_id, MAX_ID), printable(error.field, MAX_ID), error.code, for_clerk(error.message))
        writer.writerow((str(number), *map(safe_cell, cells)))
    return stream.getvalue().encode("utf-8")


def records(table: str, plan: Plan) -> Iterable[tuple[Any, ...]]:
    """The rows of a plan as values, in the order of the columns."""
    patient_id = plan.computed_from.request.patient.patient_id
    codes = notice_codes(plan)
    for s in plan.sessions:
        if table == "sessions":
            figures = (s.dose_g, s.volume_ml, s.duration_min, vials_text(s.vials), s.leftover_g)
            yield (patient_id, s.course, s.day, s.date, s.starts_at, s.ends_at, *figures, codes)
            continue
        for step in s.steps:
            rates = (step.rate_ml_per_kg_per_h, step.rate_ml_per_h)
            yield (patient_id, s.course, s.day, s.date, step.step, step.starts_at, *rates, step.duration_min, step.volume_ml, step.cumulative_ml)


def _json_line(columns: Sequence[str], values: Sequence[Any]) -> str:
    cells = (f'"{name}":{_json_value(value)}' for name, value in zip(columns, values, strict=True))
    return "{" + ",".join(cells) + "}\n"


def _json_value(value: Any) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    return json.dumps(value, ensure_ascii=False)
