"""A forecast for machines: CSV, JSON and Parquet. One list of columns says what a row holds."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from msgspec import Struct

from ivigcalc.document.write import text_of
from ivigcalc.engine.plan import CHECK_LINE
from ivigcalc.errors import MissingExtraError
from ivigcalc.forecast.forecast import Forecast
from ivigcalc.forecast.total import Amount, Covered, Outlook, Period
from ivigcalc.quantity import plain
from ivigcalc.render.csv import cell, safe_cell, write_rows

SCHEMA = "ivigcalc.forecast/1"
PLANNED, CHANGED = "planned", "scenario"
_COLUMNS = (
    "case",
    "period",
    "first_day",
    "last_day",
    "product",
    "visits",
    "dose_g",
    "leftover_g",
    "volume_ml",
    "vials",
    "chair_min",
    "visits_without_length",
    "cost",
    "currency",
)


class Row(Struct, frozen=True):
    """What one product comes to in one period; `case` says whether as planned or under the scenario."""

    case: str
    period: Period
    product: str
    amount: Amount


def _rows(forecast: Forecast) -> Iterator[Row]:
    for case, outlook in cases(forecast):
        for period in outlook.periods:
            for product, amount in period.products:
                yield Row(case, period, product, amount)


def cases(forecast: Forecast) -> list[tuple[str, Outlook]]:
    """As planned, and under the scenario where there is one."""
    changed = [(CHANGED, forecast.changed)] if forecast.changed else []
    return [(PLANNED, forecast.planned), *changed]


def _vials(amount: Amount) -> str:
    """`2 x 30 g + 1 x 10 g`."""
    return " + ".join(f"{count} x {plain(size_g)} g" for size_g, count in amount.vials) or "-"


def _cells(row: Row) -> tuple[Any, ...]:
    """The figures of a row, in the order of the columns."""
    found = row.amount
    return (
        row.case,
        row.period.name,
        row.period.first,
        row.period.last,
        row.product,
        found.visits,
        found.dose_g,
        found.leftover_g,
        found.volume_ml,
        _vials(found),
        found.chair_min,
        found.without_length,
        found.cost,
        found.currency,
    )


# ---- for machines ---------------------------------------------------------------------------------------------------


def to_csv(forecast: Forecast) -> str:
    """A row for each product of each period."""
    return write_rows(_COLUMNS, (map(_csv_cell, _cells(row)) for row in _rows(forecast)))


def _csv_cell(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    return safe_cell(value) if isinstance(value, str) else cell(value)


def to_parquet(forecast: Forecast) -> bytes:
    """The same rows; figures are exact decimals, days are dates."""
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError:
        raise MissingExtraError("Arrow and Parquet", "parquet") from None
    text, whole, day = arrow.string(), arrow.int64(), arrow.date32()
    amount, money = arrow.decimal128(24, 6), arrow.decimal128(18, 2)
    kinds = (text, text, day, day, text, whole, amount, amount, amount, text, whole, whole, money, text)
    schema = arrow.schema(list(zip(_COLUMNS, kinds, strict=True)))
    columns = zip(*map(_cells, _rows(forecast)), strict=True)
    arrays = [arrow.array(list(column), type=kind) for column, kind in zip(columns, kinds, strict=True)]
    stream = io.BytesIO()
    parquet.write_table(arrow.Table.from_arrays(arrays, schema=schema), stream)
    return stream.getvalue()


def to_json(forecast: Forecast) -> str:
    """One document: periods, totals, stock; under a scenario the same once more, and the differences."""
    found: dict[str, Any] = {
        "schema": SCHEMA,
        "by": forecast.by,
        "first_day": forecast.days[0].isoformat(),
        "last_day": forecast.days[1].isoformat(),
        "plans": forecast.plans,
        "sessions_without_a_date": forecast.undated,
        "sessions_outside": forecast.outside,
        "rows_not_planned": forecast.failed,
        PLANNED: _outlook_data(forecast.planned),
        CHANGED: None,
    }
    if forecast.changed is not None:
        found[CHANGED] = {
            "words": dict(forecast.scenario.words) if forecast.scenario else {},
            **_outlook_data(forecast.changed),
            "difference": _difference_data(forecast.planned.total, forecast.changed.total),
            "as_planned": [
                {"code": kind.code, "plans": kind.count, "example": kind.example, "named": kind.names}
                for kind in forecast.as_planned
            ],
            "plans_of_other_definitions": forecast.other,
        }
    return text_of({**found, "check": CHECK_LINE})


def _outlook_data(outlook: Outlook) -> dict[str, Any]:
    periods = [
        {
            "period": period.name,
            "first_day": period.first.isoformat(),
            "last_day": period.last.isoformat(),
            **_total_data(period.total),
            "products": [_amount_data(product, amount) for product, amount in period.products],
        }
        for period in outlook.periods
    ]
    return {
        "periods": periods,
        "total": {
            **_total_data(outlook.total),
            "products": [_amount_data(product, amount) for product, amount in outlook.products],
        },
        "stock": [_stock_data(covered) for covered in outlook.stock],
    }


def _total_data(amount: Amount) -> dict[str, Any]:
    return {
        "visits": amount.visits,
        "dose_g": amount.dose_g,
        "leftover_g": amount.leftover_g,
        "volume_ml": amount.volume_ml,
        "chair_min": amount.chair_min,
        "visits_without_length": amount.without_length,
        "cost": None if amount.cost is None else {"amount": amount.cost, "currency": amount.currency},
    }


def _amount_data(product: str, amount: Amount) -> dict[str, Any]:
    vials = [{"size_g": size_g, "count": count} for size_g, count in amount.vials]
    return {"product": product, **_total_data(amount), "vials": vials}


def _stock_data(covered: Covered) -> dict[str, Any]:
    return {
        "product": covered.product,
        "size_g": covered.size_g,
        "needed": covered.needed,
        "held": covered.held,
        "lacking": covered.lacking,
        "short_on": covered.short_on.isoformat() if covered.short_on else None,
    }


def _difference_data(planned: Amount, changed: Amount) -> dict[str, Any]:
    return {
        "visits": changed.visits - planned.visits,
        "dose_g": changed.dose_g - planned.dose_g,
        "leftover_g": changed.leftover_g - planned.leftover_g,
        "chair_min": changed.chair_min - planned.chair_min,
        "cost": cost_difference(planned, changed),
    }


def cost_difference(planned: Amount, changed: Amount) -> Decimal | None:
    """What the scenario costs more; None where one of the costs is not known."""
    if planned.cost is None or changed.cost is None or planned.currency != changed.currency:
        return None
    return changed.cost - planned.cost
