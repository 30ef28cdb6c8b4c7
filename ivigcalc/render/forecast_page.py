"""A forecast for people: a table with bars for a screen, and a page."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from html import escape
from typing import Any

from ivigcalc.engine.plan import CHECK_LINE
from ivigcalc.forecast.forecast import Forecast
from ivigcalc.forecast.total import Amount, Covered, Outlook
from ivigcalc.render.catalogue.lists import Day
from ivigcalc.render.catalogue.lists import Forecast as Words
from ivigcalc.render.catalogue.plans import Plans
from ivigcalc.render.figures import figure, sentence, shown, signed
from ivigcalc.render.forecast import CHANGED, PLANNED, cases, cost_difference
from ivigcalc.render.html_page import html_line, html_page, html_row
from ivigcalc.render.times import elapsed_text, if_asked, in_its_customs, on_its_screen, plain_day
from ivigcalc.render.words import clean

#: parts of the longest bar, and of the longest one where a screen has less room
_BAR, _SHORTEST = 10, 4
#: blanks between two columns
_BETWEEN = 2


def heading(forecast: Forecast) -> str:
    """What the forecast is of."""
    first, last = map(plain_day, forecast.days)
    total = forecast.planned.total
    return Words.heading.format(
        period=forecast.by,
        first=first,
        last=last,
        plans=_counted(forecast.plans, Words.one_plan, Words.many_plans),
        visits=_counted(total.visits, Words.one_visit, Words.many_visits),
        dose=figure(total.dose_g),
    )


def _counted(count: int, one: str, many: str, **words: str) -> str:
    """What is said of one thing, or of many."""
    return one.format(**words) if count == 1 else many.format(count=figure(count), **words)


def cautions(forecast: Forecast, today: date) -> list[str]:
    """What is missing in the sums, or in them and may not belong there."""
    lines = []
    if forecast.failed:
        lines.append(_counted(forecast.failed, Words.one_failed, Words.many_failed))
    if forecast.undated:
        lines.append(_counted(forecast.undated, Words.one_undated, Words.many_undated))
    if forecast.days[0] < today:
        lines.append(Words.before_today.format(day=today))
    for case, outlook in cases(forecast):
        under = Words.under_scenario if case == CHANGED else ""
        if lacking := outlook.total.without_length:
            lines.append(_counted(lacking, Words.one_without_rates, Words.many_without_rates, under=under))
        lines += [_short(covered, under) for covered in outlook.stock if covered.short_on]
    lines += [_left(kind.count, kind.code, kind.example, kind.names) for kind in forecast.as_planned]
    if forecast.other:
        plans = _counted(forecast.other, Words.one_plan, Words.many_plans)
        lines.append(Words.other.format(plans=plans))
    return lines


def _short(covered: Covered, under: str) -> str:
    day = plain_day(covered.short_on) if covered.short_on else "-"
    needed, held, lacking = map(figure, (covered.needed, covered.held, covered.lacking))
    product, size = clean(covered.product, 40), figure(covered.size_g)
    return Words.short.format(
        product=product, size=size, under=under, day=day, needed=needed, held=held, lacking=lacking
    )


def _left(count: int, code: str, example: str, names: list[str]) -> str:
    more = Words.and_more.format(count=figure(count - len(names))) if count > len(names) else ""
    named = ", ".join(clean(name, 60) for name in names)
    why = f"{code}: {sentence(clean(example, 160))}"
    plans = _counted(count, Words.one_plan, Words.many_plans)
    return Words.left.format(plans=plans, why=why, names=f"{named}{more}")


def remarks(forecast: Forecast) -> list[str]:
    """How the figures are to be read."""
    lines = []
    if forecast.outside:
        lines.append(_counted(forecast.outside, Words.one_outside, Words.many_outside))
    total = forecast.planned.total
    if total.cost is not None:
        lines.append(Words.cost.format(currency=total.currency))
    elif any(amount.cost is not None for _, amount in forecast.planned.products):
        lines.append(Words.no_cost)
    if forecast.planned.stock:
        lines.append(Words.stock_from.format(day=plain_day(forecast.days[0])))
        listed = {covered.product for _, outlook in cases(forecast) for covered in outlook.stock}
        used = dict.fromkeys(product for _, outlook in cases(forecast) for product, _ in outlook.products)
        if others := [clean(product, 40) for product in used if product not in listed]:
            lines.append(Words.no_stock.format(products=", ".join(others)))
    if forecast.scenario and any(key in ("dose", "every", "days") for key, _ in forecast.scenario.words):
        lines.append(Words.no_order)
    lines.append(Day.as_saved)
    return lines


@if_asked
@on_its_screen
def to_table(
    forecast: Forecast, today: date, *, width: int | None = None, color: bool = False, ascii_only: bool = False
) -> str:
    """The forecast as tables for a screen, with a bar for the grams of each row."""
    from rich.console import Group, RenderableType
    from rich.text import Text

    from ivigcalc.render.table import PIPE_WIDTH, new_table, render

    parts: list[RenderableType] = [Text(heading(forecast), style="bold")]
    bar = "#" if ascii_only else "\u2588"
    for case, outlook in cases(forecast):
        if case == CHANGED:
            parts.append(
                Text("\n" + Words.scenario_of.format(scenario=clean(str(forecast.scenario), 120)), style="bold")
            )
        names, rows = _table(outlook)
        table = new_table(*names, "", left=(names[0], Words.product, Plans.vials, ""))
        for column in table.columns[:2]:
            column.no_wrap = True  # neither a week nor the id of a product is broken
        room = (width or PIPE_WIDTH) - _least_width(names, rows)
        for row, part in rows:
            table.add_row(*map(Text, row), Text(bar * _shortened(part, room)))
        parts.append(table)
    if forecast.changed:
        parts += [
            Text(f"\n{Words.difference}", style="bold"),
            _rich(new_table, _DIFFERENCE, _difference_rows(forecast)),
        ]
    if stock := _stock_rows(forecast):
        parts += [Text(f"\n{Words.stock}", style="bold"), _rich(new_table, _STOCK, stock)]
    parts += [Text(line, overflow="fold", style="bold yellow") for line in cautions(forecast, today)]
    parts += [Text(line, overflow="fold") for line in remarks(forecast)]
    return render(Group(*parts, Text(CHECK_LINE, style="bold")), width=width, color=color, ascii_only=ascii_only)


def _least_width(names: tuple[str, ...], rows: list[tuple[tuple[str, ...], int]]) -> int:
    """What a screen needs for all but the bars, where the vials of a row go on in further lines."""
    columns = zip(names, *(row for row, _ in rows), strict=True)
    return sum(_BETWEEN + max(_widest(cell, folds=column[0] == Plans.vials) for cell in column) for column in columns)


def _widest(cell: str, *, folds: bool) -> int:
    return max(map(len, cell.split() if folds else cell.split("\n")), default=0)


def _shortened(part: int, room: int) -> int:
    """A bar where there is less room than for the longest; none where it would say nothing."""
    if room >= _BAR or not part:
        return part
    return max(1, part * room // _BAR) if room >= _SHORTEST else 0


def _rich(new_table: Any, headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> Any:
    from rich.text import Text

    table = new_table(*headings, left=headings[:1])
    for row in rows:
        table.add_row(*map(Text, row))
    return table


_STOCK = (Words.product, Words.vial_g, Words.needed, Words.held, Words.lacking, Words.short_from)
_DIFFERENCE = ("", Words.planned, Words.scenario, Words.difference)


def _table(outlook: Outlook) -> tuple[tuple[str, ...], list[tuple[tuple[str, ...], int]]]:
    """Headings and rows, each with the length of its bar: a row for each product of a period, then those of the sum."""
    several, priced = len(outlook.products) > 1, any(amount.cost is not None for _, amount in outlook.products)
    most = max((amount.dose_g for period in outlook.periods for _, amount in period.products), default=Decimal(0))

    def row(when: tuple[str, ...], product: str, amount: Amount, vials: str | None = None) -> tuple[str, ...]:
        return (
            *when,
            *([clean(product, 40)] if several else []),
            figure(amount.visits),
            figure(amount.dose_g),
            vials or _vials(amount),
            elapsed_text(amount.chair_min) + ("+" if amount.without_length else ""),
            *([shown(amount.cost)] if priced else []),
        )

    empty = ("",) if several else ("", "")
    in_all = (Words.in_all, "")[: len(empty)]
    rows: list[tuple[tuple[str, ...], int]] = []
    for period in outlook.periods:
        when = (period.name, plain_day(period.first))[: len(empty)]
        for place, (product, amount) in enumerate(period.products or (("-", period.total),)):
            rows.append((row(empty if place else when, product, amount), _length(amount.dose_g, most)))
    for place, (product, amount) in enumerate(outlook.products):
        rows.append((row(empty if place else in_all, product, amount), 0))
    if several:  # vials of two products are not added: 10 g of one is not 10 g of the other
        rows.append((row(empty, Words.all_products, outlook.total, "-"), 0))
    headings = (
        Words.period,
        *([Words.product] if several else [Words.first_day]),
        Words.visits,
        Plans.dose_g,
        Plans.vials,
        Words.chair,
        *([Words.price] if priced else []),
    )
    return headings, rows


def _vials(amount: Amount) -> str:
    """`2x30 1x2.5`."""
    return " ".join(f"{figure(count)}x{figure(size_g)}" for size_g, count in amount.vials) or "-"


def _length(dose_g: Decimal, most_g: Decimal) -> int:
    """So many parts of the longest bar, to the nearest; what is not nothing has one."""
    if not dose_g or not most_g:
        return 0
    return max(1, int(dose_g * _BAR / most_g + Decimal("0.5")))


def _difference_rows(forecast: Forecast) -> list[tuple[str, ...]]:
    if forecast.changed is None:
        return []
    planned, changed = forecast.planned.total, forecast.changed.total
    more_visits = signed(Decimal(changed.visits - planned.visits))
    rows: list[tuple[str, ...]] = [
        (Words.visits, figure(planned.visits), figure(changed.visits), more_visits),
        (Words.dose_row, figure(planned.dose_g), figure(changed.dose_g), signed(changed.dose_g - planned.dose_g)),
        (
            Words.left_row,
            figure(planned.leftover_g),
            figure(changed.leftover_g),
            signed(changed.leftover_g - planned.leftover_g),
        ),
        (
            Words.chair_row,
            elapsed_text(planned.chair_min),
            elapsed_text(changed.chair_min),
            _minutes(changed.chair_min - planned.chair_min),
        ),
    ]
    cost = cost_difference(planned, changed)
    if planned.cost is not None or changed.cost is not None:
        rows.append((Words.price, shown(planned.cost), shown(changed.cost), "-" if cost is None else signed(cost)))
    return rows


def _minutes(minutes: int) -> str:
    return f"{'-' if minutes < 0 else '+' if minutes else ''}{elapsed_text(abs(minutes))}"


def _stock_rows(forecast: Forecast) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for case, outlook in cases(forecast):
        for covered in outlook.stock:
            product = clean(covered.product, 40)
            named = Words.of_scenario.format(product=product) if case == CHANGED else product
            short = plain_day(covered.short_on) if covered.short_on else Words.not_short
            counts = (figure(covered.needed), figure(covered.held), figure(covered.lacking))
            rows.append((named, figure(covered.size_g), *counts, short))
    return rows


_STYLE = """body{font:11pt/1.4 sans-serif;margin:2em}table{border-collapse:collapse;margin:1em 0}
th,td{border:1px solid #777;padding:.25em .6em;text-align:right;vertical-align:top}th{vertical-align:bottom}
td:first-child,th:first-child{text-align:left}meter{width:8em}@media print{body{margin:0}}"""


@in_its_customs
def to_html(forecast: Forecast, today: date) -> str:
    """A page that stands alone: no script, nothing fetched."""
    lines: list[str] = []
    for case, outlook in cases(forecast):
        scenario = Words.scenario_of.format(scenario=clean(str(forecast.scenario), 120))
        named = Words.as_planned if case == PLANNED else scenario
        headings, rows = _table(outlook)
        lines += [f"<h2>{escape(named)}</h2>", "<table>", _html_row("th", (*headings, Words.grams))]
        lines += [_html_row("td", row, part) for row, part in rows]
        lines.append("</table>")
    for name, headings, found in (
        (Words.difference, _DIFFERENCE, _difference_rows(forecast)),
        (Words.stock, _STOCK, _stock_rows(forecast)),
    ):
        if found:
            lines += [f"<h2>{escape(name)}</h2>", "<table>", _html_row("th", headings)]
            lines += [_html_row("td", row) for row in found]
            lines.append("</table>")
    lines += [html_line(line, strong=True) for line in cautions(forecast, today)]
    return html_page(heading(forecast), _STYLE, [*lines, *map(html_line, remarks(forecast))])


def _html_row(tag: str, cells: tuple[str, ...], part: int | None = None) -> str:
    bar = "" if part is None else f'<td><meter max="{_BAR}" value="{part}">{part}</meter></td>'
    return html_row(tag, (text.replace("\n", " ") for text in cells), bar)
