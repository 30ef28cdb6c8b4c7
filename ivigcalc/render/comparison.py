"""Comparison -> CSV, JSON, Markdown or a page. One list of columns says what stands where.

`comparison_table` sets it on a screen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any

from msgspec import Struct

from ivigcalc.comparison.compare import Comparison, Row
from ivigcalc.document.write import text_of
from ivigcalc.engine.plan import CHECK_LINE
from ivigcalc.errors import RequestError
from ivigcalc.render.catalogue.lists import Comparison as Words
from ivigcalc.render.csv import safe_cell, write_rows
from ivigcalc.render.figures import sentence, shown, signed
from ivigcalc.render.html_page import html_line, html_page, html_text
from ivigcalc.render.markdown_text import escape, table_lines
from ivigcalc.render.times import elapsed_text, if_asked, in_its_customs
from ivigcalc.render.words import clean, treatment, vials_text
from ivigcalc.text import near, safe

SCHEMA = "ivigcalc.comparison/1"


class Column(Struct, frozen=True):
    """One column: its key for machines, its heading for people, its figure, and the figure as people read it."""

    key: str
    heading: str
    of: Callable[[Row], Any]
    read: Callable[[Any], str] = shown


def _per_course(row: Row) -> Decimal | None:
    return row.cost.per_course if row.cost else None


def _per_year(row: Row) -> Decimal | None:
    return row.cost.per_year if row.cost else None


def _currency(row: Row) -> str | None:
    return row.cost.currency if row.cost else None


#: how much of what, how long, and out of which vials: a table that is parted is parted between these
DOSE = (
    Column("phase", Words.phase, lambda row: row.phase),
    Column("dosing_weight_kg", Words.weight, lambda row: row.dosing_weight_kg),
    Column("days", Words.days, lambda row: row.days),
    Column("prescribed_g", Words.exact, lambda row: row.prescribed_g),
    Column("dose_g", Words.dose, lambda row: row.dose_g),
    Column("deviation_percent", Words.off, lambda row: row.deviation_percent, signed),
    Column("g_per_kg", "g/kg", lambda row: row.g_per_kg),
    Column("most_g_a_day", Words.most_g, lambda row: row.most_g_a_day),
    Column("most_ml_a_day", Words.most_ml, lambda row: row.most_ml_a_day),
)
TIME = (
    Column("infusion_min", Words.infusion, lambda row: row.infusion_min, elapsed_text),
    Column("visit_min", Words.chair, lambda row: row.visit_min, elapsed_text),
    Column("highest_ml_per_h", Words.highest, lambda row: row.highest_ml_per_h),
    Column("visits_a_year", Words.visits, lambda row: row.visits_a_year),
)
SUPPLY = (
    Column("vials", Words.vials, lambda row: row.vials, vials_text),
    Column("vial_count", Words.vial_count, lambda row: row.vial_count),
    Column("leftover_g", Words.left, lambda row: row.leftover_g),
    Column("cost_per_course", Words.cost_course, _per_course),
    Column("cost_per_year", Words.cost_year, _per_year),
    Column("currency", Words.currency, _currency),
)
_COLUMNS = (*DOSE, *TIME, *SUPPLY)
#: what a page leaves to the other columns: it stands on a screen, in CSV and JSON
_NOT_ON_PAGE = ("prescribed_g", "g_per_kg", "vial_count", "currency")


#: what is sorted as words, where it is varied
_BY_NAME = ("product", "policy")


def sortable() -> tuple[str, ...]:
    """The columns of figures, by which rows can be put in order."""
    return tuple(found.key for found in _COLUMNS if found.key not in ("vials", "phase", "currency"))


def sorted_by(comparison: Comparison, column: str | None) -> tuple[Row, ...]:
    """The rows in ascending order of a column, those without a figure last; as they were asked where none is named."""
    if column is None:
        return comparison.rows
    if column in _BY_NAME and column in comparison.fields:
        place = comparison.fields.index(column)
        return tuple(sorted(comparison.rows, key=lambda row: row.words[place]))
    by_key = {found.key: found for found in _COLUMNS}
    known = {key: by_key[key] for key in sortable()}
    if column not in known:
        raise RequestError(
            f"--sort: there is no column '{safe(column)}'; {near(column, known)}allowed: {', '.join(known)}",
            field="sort",
        )
    of = known[column].of
    return tuple(sorted(comparison.rows, key=lambda row: (of(row) is None, of(row) if of(row) is not None else 0)))


# ---- for machines ---------------------------------------------------------------------------------------------------


def to_json(comparison: Comparison, rows: Iterable[Row]) -> str:
    """One document: what varies, a row for each order, and the orders that were refused."""
    return text_of(
        {
            "schema": SCHEMA,
            "varied": list(comparison.fields),
            "rows": [_data(comparison, row) for row in rows],
            "not_planned": [
                {**_words(comparison, refused.words), "code": refused.code, "message": refused.message}
                for refused in comparison.not_planned
            ],
            "notices_of_all": list(comparison.common_codes),
            "check": CHECK_LINE,
        }
    )


def _data(comparison: Comparison, row: Row) -> dict[str, Any]:
    figures = {column.key: column.of(row) for column in _COLUMNS}
    figures["vials"] = [{"size_g": vial.size_g, "count": vial.count} for vial in row.vials]
    return {**_words(comparison, row.words), **figures, "notices": list(row.own_codes)}


def _words(comparison: Comparison, words: tuple[str, ...]) -> dict[str, str]:
    return {f"asked_{field}": word for field, word in zip(comparison.fields, words, strict=True)}


def to_csv(comparison: Comparison, rows: Iterable[Row]) -> str:
    """A row for each order that was planned or refused; the last columns say why."""
    asked_for = [f"asked_{field}" for field in comparison.fields]
    headings = [*asked_for, *(column.key for column in _COLUMNS), "notices", "refused"]
    planned = [
        [*map(safe_cell, row.words), *(_csv_cell(column, row) for column in _COLUMNS), ";".join(row.own_codes), ""]
        for row in rows
    ]
    empty = [""] * (len(_COLUMNS) + 1)
    refused = [[*map(safe_cell, found.words), *empty, found.code] for found in comparison.not_planned]
    return write_rows(headings, [*planned, *refused])


def _csv_cell(column: Column, row: Row) -> str:
    return vials_text(row.vials) if column.key == "vials" else shown(column.of(row), "")


# ---- for people -----------------------------------------------------------------------------------------------------


def _columns(comparison: Comparison) -> list[Column]:
    """What a page has room for: no column that is empty or that says what another one says."""
    left_out = {*_NOT_ON_PAGE, *comparison.fields}
    if all(row.visit_min == row.infusion_min for row in comparison.rows):
        left_out.add("visit_min")
    if len({row.dosing_weight_kg for row in comparison.rows}) == 1:
        left_out.add("dosing_weight_kg")
    filled = [column for column in _COLUMNS if any(column.of(row) is not None for row in comparison.rows)]
    return [column for column in filled if column.key not in left_out]


def read(column: Column, row: Row) -> str:
    """The figure of a row as people read it."""
    value = column.of(row)
    return "-" if value is None else column.read(value)


def heading(comparison: Comparison) -> str:
    """What is put side by side, and by what it varies."""
    plan = comparison.example
    dosed = plan.computed_from.product.value.title
    varied = Words.and_.join(comparison.fields)
    words = Words.heading if "product" in comparison.fields else Words.heading_of
    return words.format(treatment=treatment(plan), product=clean(dosed, 60), varied=varied)


def asked(comparison: Comparison) -> tuple[str, ...]:
    """The headings of what varies."""
    return tuple(field.capitalize() for field in comparison.fields)


def said(comparison: Comparison, rows: tuple[Row, ...]) -> list[str]:
    """What stands under the table: what the figures are of, notices that only some have, and what was refused."""
    lines = []
    if any(row.visits_a_year is not None for row in rows):
        lines.append(Words.a_year)
    if currency := next((row.cost.currency for row in rows if row.cost), None):
        hours = comparison.site.chair_hour
        lines.append((Words.cost_with_hours if hours else Words.cost_of_vials).format(currency=currency))
    lines += _own_notices(rows)
    if comparison.common_codes:
        lines.append(Words.all_of_them.format(codes=", ".join(comparison.common_codes)))
    reasons: dict[str, list[str]] = {}
    for refused in comparison.not_planned:
        reasons.setdefault(refused.code, []).append(clean(", ".join(refused.words), 80))
    lines += [Words.not_planned.format(code=code, orders="; ".join(words)) for code, words in reasons.items()]
    lines += _why_refused(comparison)
    return lines


def _own_notices(rows: tuple[Row, ...]) -> Iterator[str]:
    """Each notice that not every order has, with those that have it, or those that have not, whichever are fewer."""
    everyone = dict.fromkeys(clean(", ".join(row.words), 80) for row in rows)
    for code in dict.fromkeys(code for row in rows for code in row.own_codes):
        having = dict.fromkeys(clean(", ".join(row.words), 80) for row in rows if code in row.own_codes)
        others = [named for named in everyone if named not in having]
        few = len(having) <= len(others)
        listed = Words.only.format(orders="; ".join(having)) if few else Words.all_but.format(orders="; ".join(others))
        yield f"{code}: {listed}"


def _why_refused(comparison: Comparison) -> list[str]:
    """The whole reason where there are few; where there are many, how to see each."""
    few = 3
    if 0 < len(comparison.not_planned) <= few:
        return [
            f"{clean(', '.join(found.words), 80)}: {sentence(clean(found.message, 400))}"
            for found in comparison.not_planned
        ]
    if comparison.not_planned:
        return [Words.reasons]
    return []


@if_asked
@in_its_customs
def to_markdown(comparison: Comparison, rows: tuple[Row, ...]) -> str:
    """The orders as a table of Markdown."""
    columns = _columns(comparison)
    lines = [f"# {escape(heading(comparison))}", ""]
    cells = [(*map(escape, row.words), *(escape(read(column, row)) for column in columns)) for row in rows]
    lines += table_lines((*asked(comparison), *(column.heading for column in columns)), cells)
    lines += ["", *(f"- {escape(line)}" for line in said(comparison, rows)), "", f"**{CHECK_LINE}**"]
    return "\n".join(lines) + "\n"


_STYLE = """body{font:11pt/1.4 sans-serif;margin:2em}table{border-collapse:collapse}
th,td{border:1px solid #777;padding:.25em .6em;text-align:right;vertical-align:top}
th{vertical-align:bottom}.word{text-align:left}@media print{body{margin:0}}"""


@in_its_customs
def to_html(comparison: Comparison, rows: tuple[Row, ...]) -> str:
    """The orders as a page that stands alone: no script, nothing fetched."""
    columns = _columns(comparison)
    head = [("word", field) for field in asked(comparison)]
    head += [("word" if c.key in ("phase", "vials") else "", c.heading.replace("\n", " ")) for c in columns]
    lines = ["<table>", "<thead><tr>"]
    lines += [_html_cell("th", kind, text) for kind, text in head]
    lines.append("</tr></thead>")
    for row in rows:
        cells = [clean(word, 80) for word in row.words] + [read(column, row) for column in columns]
        made = [_html_cell("td", kind, text) for (kind, _), text in zip(head, cells, strict=True)]
        lines.append(f"<tr>{''.join(made)}</tr>")
    lines.append("</table>")
    return html_page(heading(comparison), _STYLE, [*lines, *map(html_line, said(comparison, rows))])


def _html_cell(tag: str, kind: str, text: str) -> str:
    named = f' class="{kind}"' if kind else ""
    return f"<{tag}{named}>{html_text(text)}</{tag}>"
