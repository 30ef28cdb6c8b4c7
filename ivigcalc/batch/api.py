"""Many requests in one call: `plan_many` over forms or mappings, `plan_arrow` over a record batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from ivigcalc.api import Desk
from ivigcalc.batch.rows.arrow_cells import arrow_text, cells_of, id_text
from ivigcalc.batch.rows.columns import Cell, read_row
from ivigcalc.batch.rows.outcome import Failed, attempt
from ivigcalc.batch.rows.source import Row
from ivigcalc.batch.run.work import Planner, Settings
from ivigcalc.batch.tables.answer import Planned
from ivigcalc.batch.tables.arrow import ArrowTable, errors_to_arrow, need_arrow, to_arrow
from ivigcalc.definitions import NO_SITE_LOADED, Loaded, Site
from ivigcalc.engine.plan import Plan
from ivigcalc.errors import RequestError
from ivigcalc.request.fields import FIELDS, Field
from ivigcalc.request.form import Command, Form
from ivigcalc.text import safe

if TYPE_CHECKING:
    import pyarrow as pa


def plan_many(
    requests: Iterable[Form | Mapping[str, Any]],
    *,
    command: Command = "schedule",
    on: date | None = None,
    site: Loaded[Site] = NO_SITE_LOADED,
    with_trace: bool = False,
) -> Iterator[Plan | Failed]:
    """The plan of each request, or why there is none: exactly one outcome per request, in order, one at a time.

    A request is a `Form` (the words of the command line) or a mapping with the columns of `ivigcalc batch`, as text or
    as numbers, dates, truth values and lists. One that is wrong or refused gives a `Failed` and never stops the rest.
    `on` is today's date where it matters (a start in the past, an age or a weighing without one): the engine has no
    clock.
    """

    desk = Desk(site, on)

    def ask(request: object) -> Plan:
        return desk.plan(_words(request), command, with_trace=with_trace)

    for request in requests:
        yield attempt(ask, request)


def plan_arrow(
    batch: pa.RecordBatch,
    table: ArrowTable = "sessions",
    *,
    defaults: Form | None = None,
    site: Loaded[Site] = NO_SITE_LOADED,
    on: date | None = None,
    first_row: int = 1,
) -> pa.RecordBatch:
    """Plan every row of a record batch with the columns of `ivigcalc batch`; the rows of one output table come back.

    `defaults` says what a blank cell means, `first_row` the number of the batch's first row in the errors. Every row
    ends up either in `sessions` and `steps` or in `errors`. Ids are not compared with those of other batches.
    """
    need_arrow()
    settings = Settings(tuple(batch.schema.names), defaults or Form(), site, on)
    rows = [Row(number, cells) for number, cells in enumerate(cells_of(batch), start=first_row)]
    found = list(Planner(settings).outcomes(rows))
    if table == "errors":
        return errors_to_arrow(
            [(row, patient, outcome) for row, patient, outcome in found if isinstance(outcome, Failed)]
        )
    return to_arrow(table, [outcome for _, _, outcome in found if isinstance(outcome, Planned)])


def _words(request: object) -> Form:
    """A request in words, whatever the values that hold them."""
    if isinstance(request, Form):
        return _in_words(request)
    if not isinstance(request, Mapping):
        raise RequestError(
            f"a request is a Form or a mapping, and this is a {type(request).__name__}: give one of the two"
        )
    row = dict(request)
    if _any_said(row.pop(None, None)):  # where csv.DictReader puts what is after the last column
        raise RequestError(
            "the row has more cells than the heading: leave out what is too many, or quote a cell that holds a comma",
            code="wrong-cells",
        )
    for name in row:
        if not isinstance(name, str):
            why = f"unknown column {safe(ascii(name))}: a column's name is text; write it as text"
            raise RequestError(why, field="columns", code="unknown-column")
    return read_row({name: _text(name, value) for name, value in row.items()})


def _in_words(form: Form) -> Form:
    """A form that was filled with numbers or dates, as it would be typed."""
    said = [(field, getattr(form, field.name)) for field in FIELDS]
    changed: dict[str, Any] = {field.name: _word(field, value) for field, value in said if not field.takes(value)}
    return replace(form, **changed) if changed else form


def _word(field: Field, value: object) -> Any:
    if value is None:
        return field.unsaid
    words = _text(field.name, value)
    if field.holds == "yes":
        raise RequestError(f"{field.name}: give True or False", field=field.name)
    if not field.takes(words):
        kind = "several values in a list" if field.holds == "many" else "one value, and no list"
        raise RequestError(f"{field.name}: give {kind}", field=field.name)
    return words


def _text(name: str, value: object) -> Cell:
    try:
        return id_text(value) if name == "patient_id" else arrow_text(value)
    except RequestError:
        raise
    except Exception:  # a value of somebody else's making may raise anything when it is compared or written out
        raise RequestError(
            f"{name}: a value of type {type(value).__name__} cannot be read; give it as text", field=name
        ) from None


def _any_said(more: object) -> bool:
    return any(str(_text("", cell)).strip() for cell in more) if isinstance(more, list | tuple) else more is not None
