"""Plans as the bytes of the output tables: CSV, JSON Lines, or Arrow that becomes Parquet.

What one partition gives can be appended to what the partitions before it gave; `headings` come first.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

from ivigcalc.batch.rows.columns import MAX_CELL, Cell
from ivigcalc.batch.rows.outcome import ERROR_COLUMNS, MAX_ID, Failed, for_clerk
from ivigcalc.batch.tables.answer import Planned
from ivigcalc.batch.tables.notices import NOTICE_COLUMNS
from ivigcalc.errors import RequestError
from ivigcalc.quantity import plain
from ivigcalc.render.csv import SESSION_COLUMNS, STEP_COLUMNS, safe_cell
from ivigcalc.text import listed, near, safe

#: row, patient id, what is wrong, and the cells of the row where they could be read
RowErrors = tuple[int, str, Failed, Sequence[Cell]]
Kind = Literal["csv", "jsonl", "parquet"]
Table = Literal["sessions", "steps", "notices"]
TABLES: dict[Table, tuple[str, ...]] = {"sessions": SESSION_COLUMNS, "steps": STEP_COLUMNS, "notices": NOTICE_COLUMNS}
#: what became of each row: how many lines it has in each table, and how many errors
ROWS, ROW_COLUMNS = "rows", ("row", *TABLES, "errors")
#: the saved plans, one on each line, where they are asked for
PLANS = "plans"
Headings = dict[str, bytes]
#: so many columns are named in a message
_NAMED = 12
#: whose a line is: every table has these, so they alone pick no table
_KEYS = frozenset({"patient_id", "course", "day", "date"})


def headings(kind: Kind, columns: Sequence[str], picked: tuple[str, ...] = (), *, plans: bool = False) -> Headings:
    """What each file starts with; errors are CSV whatever the format, and have the columns of the input as well."""
    errors = (*ERROR_COLUMNS, *(name for name in columns if name not in ERROR_COLUMNS))
    tables = {table: _heading(table, kind, picked) for table in tables_of(picked)}
    saved = {PLANS: b""} if plans else {}
    return {**tables, **saved, "errors": _csv_heading(errors), ROWS: _csv_heading(ROW_COLUMNS)}


def _csv_heading(columns: Sequence[str]) -> bytes:
    return (",".join(columns) + "\n").encode()


def _heading(table: Table, kind: Kind, picked: tuple[str, ...]) -> bytes:
    if kind == "csv":
        return _csv_heading(tables_of(picked)[table])
    if kind == "jsonl":
        return b""
    from ivigcalc.batch.tables.arrow import schema_bytes

    return schema_bytes(table, tables_of(picked)[table])


@lru_cache(maxsize=8)
def tables_of(picked: tuple[str, ...]) -> dict[Table, tuple[str, ...]]:
    """Table -> its columns: all of them, or those picked that it has, in the order of the picking. A table of which
    nothing is picked but whose the lines are is not written."""
    if not picked:
        return TABLES
    has = {table: tuple(name for name in picked if name in columns) for table, columns in TABLES.items()}
    only_keys = _KEYS.issuperset(picked)
    return {
        table: columns for table, columns in has.items() if columns and (only_keys or not _KEYS.issuperset(columns))
    }


def read_picked(said: str | None) -> tuple[str, ...]:
    """`patient_id,dose_g` -> its names; raises `RequestError` for one that no table of results has."""
    picked = tuple(name.strip() for name in (said or "").split(",") if name.strip())
    known = list(dict.fromkeys(name for columns in TABLES.values() for name in columns))
    for name in picked:
        if name not in known:
            raise RequestError(
                f"--columns: no table of results has '{safe(name)}'; {near(name, known)}allowed: "
                f"{listed(known, _NAMED)}",
                field="columns",
            )
        if picked.count(name) > 1:
            raise RequestError(f"--columns: '{name}' is given twice: leave out one of them", field="columns")
    if said is not None and not picked:
        raise RequestError("--columns: name at least one column, e.g. patient_id,dose_g", field="columns")
    return picked


def table_bytes(
    table: Table, kind: Kind, plans: Sequence[Planned], *, escape: bool = True, picked: tuple[str, ...] = ()
) -> bytes:
    """The rows of some plans. `escape`: text that a spreadsheet would take for a formula gets a quote in CSV."""
    if kind == "parquet":
        from ivigcalc.batch.tables.arrow import plans_bytes

        return plans_bytes(table, plans, tables_of(picked)[table])
    columns = tables_of(picked)[table]
    if kind == "jsonl":
        return "".join([line for plan in plans for line in _json_lines(plan, table, columns)]).encode("utf-8")
    lines = b"".join([plan.lines(table, escape=escape) for plan in plans])
    return _picked_lines(lines.decode("utf-8"), table, columns).encode("utf-8") if picked else lines


def _json_lines(plan: Planned, table: Table, columns: Sequence[str]) -> Iterator[str]:
    for values in plan.records(table):
        yield _json_line(columns, dict(zip(TABLES[table], values, strict=True)))


def _picked_lines(lines: str, table: Table, columns: Sequence[str]) -> str:
    places = [TABLES[table].index(name) for name in columns]
    stream = io.StringIO()
    rows = csv.reader(io.StringIO(lines, newline=""))
    csv.writer(stream, lineterminator="\n").writerows([row[place] for place in places] for row in rows)
    return stream.getvalue()


def row_line(number: int, outcome: Planned | Failed) -> bytes:
    """The line of `rows.csv` for a row."""
    if isinstance(outcome, Failed):
        return b"%d,0,0,0,%d\n" % (number, len(outcome.each()))
    return b"%d,%d,%d,%d,0\n" % (number, *outcome.line_counts)


def error_bytes(errors: Iterable[RowErrors], columns: Sequence[str], *, escape: bool = True) -> bytes:
    """Lines of errors.csv, one for each thing that is wrong: row, patient id and why; the first line of a row has its
    cells as well. Safe to open in a spreadsheet where it is escaped."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    for number, patient_id, failed, cells in errors:
        who, own = own_cells(patient_id, cells, columns)
        for error in failed.each():
            said = (who, safe(error.field, MAX_ID), error.code, for_clerk(error.message), *own)
            writer.writerow((str(number), *(map(safe_cell, said) if escape else said)))
            own = [""] * len(own)
    return stream.getvalue().encode("utf-8")


def own_cells(patient_id: str, cells: Sequence[Cell], columns: Sequence[str]) -> tuple[str, list[str]]:
    """Whose row it is, and what else it says under its columns, as errors.csv shows them."""
    places = [place for place, name in enumerate(columns) if name not in ERROR_COLUMNS]
    return safe(patient_id, MAX_ID), [_own_cell(cells[place]) if place < len(cells) else "" for place in places]


def _own_cell(cell: Cell) -> str:
    return safe((cell if isinstance(cell, str) else ";".join(cell)).strip(), MAX_CELL)


def _json_line(columns: Sequence[str], values: Mapping[str, Any]) -> str:
    cells = (f'"{name}":{_json_value(values[name])}' for name in columns)
    return "{" + ",".join(cells) + "}\n"


def _json_value(value: Any) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    return json.dumps(value, ensure_ascii=False)
