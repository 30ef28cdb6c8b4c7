"""One partition of a batch: rows in, bytes of every table out. The same function on every worker, near or far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from ivigcalc.ask import NO_SITE_LOADED, Form
from ivigcalc.batch.columns import Columns
from ivigcalc.batch.many import plan_many
from ivigcalc.batch.outcome import Failed, failed
from ivigcalc.batch.source import Row
from ivigcalc.batch.tables import Kind, error_bytes, table_bytes
from ivigcalc.definitions import Loaded, Site
from ivigcalc.errors import IvigcalcError, MissingExtraError, RequestError
from ivigcalc.plan import Plan

#: rows of one partition; part of the layout of the output, so the same for any number of workers
PARTITION_ROWS = 250


@dataclass(frozen=True, slots=True)
class Settings:
    """What all rows of a batch have in common. Everything in it can be sent to another process."""

    columns: tuple[str, ...]
    defaults: Form
    site: Loaded[Site] = NO_SITE_LOADED
    on: date | None = None
    kind: Kind = "csv"
    each: tuple[str, ...] = ()
    paper: str = "a4"


@dataclass(slots=True)
class Done:
    """What became of one partition."""

    planned: int
    errors: Counter[str]
    tables: dict[str, bytes]
    each: list[tuple[str, bytes]] = field(default_factory=list)
    first_errors: tuple[tuple[int, str, Failed], ...] = ()


Outcome = tuple[int, str, Plan | Failed]
_SHOWN_ERRORS = 5


def do_partition(settings: Settings, rows: Sequence[Row]) -> Done:
    """Plan the rows and write their tables. Every row counts, as planned or as an error."""
    plans: list[Plan] = []
    failures: list[tuple[int, str, Failed]] = []
    each: list[tuple[str, bytes]] = []
    for number, patient_id, outcome in outcomes(settings, Columns(settings.columns, settings.defaults), rows):
        if isinstance(outcome, Plan) and settings.each:
            outcome = _with_files(settings, number, outcome, each)
        if isinstance(outcome, Plan):
            plans.append(outcome)
        else:
            failures.append((number, patient_id, outcome))
    tables = {table: table_bytes(table, settings.kind, plans) for table in ("sessions", "steps")}
    tables["errors"] = error_bytes(failures)
    codes = Counter(error.code for _, _, error in failures)
    return Done(len(plans), codes, tables, each, tuple(failures[:_SHOWN_ERRORS]))


def outcomes(settings: Settings, columns: Columns, rows: Sequence[Row]) -> Iterator[Outcome]:
    """Row number, patient id and outcome of every row, in order."""
    for row in rows:
        cells = row.cells
        if isinstance(cells, Failed):
            yield row.number, row.patient_id, cells
            continue
        try:
            form = columns.form(cells)
            outcome = next(plan_many((form,), on=settings.on, site=settings.site, with_trace=bool(settings.each)))
        except RequestError as error:
            outcome = failed(error)
        except (MissingExtraError, MemoryError):
            raise
        except Exception as error:  # a bug costs one row, and says so
            outcome = Failed("bug", "", f"a bug in ivigcalc ({type(error).__name__}): please report this row")
        if isinstance(outcome, Failed):
            outcome = Failed(outcome.code, columns.column_of(outcome.field, cells), outcome.message)
        yield row.number, columns.patient_id(cells), outcome


def _with_files(settings: Settings, row: int, plan: Plan, each: list[tuple[str, bytes]]) -> Plan | Failed:
    """Add the patient's own files; a plan that cannot be shown so (a calendar without times) is an error of the row."""
    from ivigcalc.batch.each import patient_files

    try:
        each.extend(patient_files(plan, row, settings.each, settings.paper))
    except IvigcalcError as error:
        return failed(error)
    return plan
