"""Lists of definitions: one row each, as a table that fits 80 columns, or as JSON, CSV or Markdown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any

from msgspec import Struct, field

from ivigcalc.definitions import Policy, Product, Protocol, Regimen
from ivigcalc.render.catalogue.sheets import Lists
from ivigcalc.render.csv import safe_cell, write_rows
from ivigcalc.render.evidence import basis_text
from ivigcalc.render.markdown_text import inline, table_lines
from ivigcalc.render.sheets.policy import step_text

#: headings that would be wider than their column, as a screen shows them
_NARROW = {
    Lists.protocols: Lists.protocols_narrow,
    Lists.confidence: Lists.confidence_narrow,
    Lists.sources: Lists.sources_narrow,
}
_MARKED = {Lists.low: "bold yellow", Lists.incomplete: "bold yellow"}
_CONFIDENCE = {"high": Lists.high, "medium": Lists.medium, "low": Lists.low}
_WEIGHTS = {
    "actual": Lists.actual,
    "ideal": Lists.ideal,
    "adjusted": Lists.adjusted,
    "lower-of-actual-and-ideal": Lists.lower,
}


class Entry(Struct, frozen=True):
    """One definition: its JSON, and its row under a heading of the table."""

    group: str
    cells: tuple[str, ...]
    data: dict[str, Any]


class Listing(Struct, frozen=True):
    """The entries of one kind, and the columns of their table."""

    headings: tuple[str, ...]
    words: tuple[str, ...]
    entries: tuple[Entry, ...] = field(default=())


# ---- what of each ---------------------------------------------------------------------------------------------------


def _regimen_entry(regimen: Regimen) -> Entry:
    first_name, first = next(iter(regimen.protocols.items()))
    low = first.confidence == "low"
    protocols = [{"id": name, "title": p.title, **_basis(p)} for name, p in regimen.protocols.items()]
    data = {
        "id": regimen.id,
        "title": regimen.title,
        "category": regimen.category,
        "synonyms": list(regimen.synonyms),
        "version": regimen.version.isoformat(),
        "default": None if low else first_name,
        **_basis(first),
        "protocols": protocols,
        "sources": len(regimen.sources),
    }
    cells = (regimen.id, regimen.title, basis_text(first), _CONFIDENCE[first.confidence], str(len(protocols)))
    return Entry(regimen.category, cells, data)


def _basis(protocol: Protocol) -> dict[str, Any]:
    return {
        "evidence": protocol.evidence,
        "patients": protocol.patients,
        "reading": protocol.reading,
        "confidence": protocol.confidence,
    }


def _product_entry(product: Product) -> Entry:
    tables = [
        {"for": list(t.for_), "infusion": t.infusion, "assumed": any(rung.basis == "assumed" for rung in t.ladder)}
        for t in product.rates
    ]
    data = {
        "id": product.id,
        "title": product.title,
        "country": product.country,
        "manufacturer": product.manufacturer,
        "version": product.version.isoformat(),
        "concentration": str(product.concentration) if product.concentration else None,
        "vials": [str(vial) for vial in product.vials],
        "indications": [i.id for i in product.indications],
        "rates": tables,
        "sources": len(product.sources),
    }
    sizes = " ".join(str(vial).removesuffix(" g") for vial in product.vials) or "-"
    strength = str(product.concentration).removesuffix(" mg/mL") if product.concentration else "-"
    assumed = sum(bool(table["assumed"]) for table in tables)
    rates = str(len(tables) or Lists.no_rates)
    rates = Lists.rates_assumed.format(count=rates, assumed=assumed) if assumed else rates
    cells = (product.id, product.title, strength, sizes, rates, str(len(product.sources)))
    return Entry(product.country or "-", cells, data)


def _policy_entry(policy: Policy) -> Entry:
    weight, rounding = policy.dosing_weight, policy.rounding
    data = {
        "id": policy.id,
        "title": policy.title,
        "country": policy.country,
        "body": policy.body,
        "version": policy.version.isoformat(),
        "computable": policy.computable,
        "missing": list(policy.missing),
        "dosing_weight": weight.use if weight else None,
        "rounding": str(rounding) if rounding else None,
        "rate_weight": policy.rate_weight.use if policy.computable else None,
        "sources": len(policy.sources),
    }
    rule = Lists.incomplete
    if policy.computable and weight and rounding:
        to = Lists.not_rounded if rounding.to == "nothing" else Lists.rounded_to.format(to=step_text(rounding))
        rule = Lists.rule_of.format(weight=_WEIGHTS[weight.use], rounding=to)
    cells = (policy.id, policy.title, rule, str(len(policy.sources)))
    return Entry(policy.country or "-", cells, data)


#: kind -> its rows, their headings, and which of these are words
_KINDS: dict[str, tuple[Callable[[Any], Entry], tuple[str, ...], tuple[str, ...]]] = {
    "regimen": (
        _regimen_entry,
        (Lists.id, Lists.title, Lists.evidence, Lists.confidence, Lists.protocols),
        (Lists.id, Lists.title, Lists.evidence, Lists.confidence),
    ),
    "product": (
        _product_entry,
        (Lists.id, Lists.title, Lists.strength, Lists.vials, Lists.rates, Lists.sources),
        (Lists.id, Lists.title, Lists.vials, Lists.rates),
    ),
    "policy": (
        _policy_entry,
        (Lists.id, Lists.title, Lists.rule, Lists.sources),
        (Lists.id, Lists.title, Lists.rule),
    ),
}


def listing(kind: str, definitions: Iterable[Any]) -> Listing:
    """The definitions of one kind, in order of group and id."""
    entry_of, headings, words = _KINDS[kind]
    found = sorted(map(entry_of, definitions), key=lambda entry: (entry.group, entry.cells[0]))
    return Listing(headings, words, tuple(found))


# ---- faces ----------------------------------------------------------------------------------------------------------


def to_json(found: Listing) -> str:
    """A list of objects."""
    return json.dumps([entry.data for entry in found.entries], ensure_ascii=False, indent=2) + "\n"


def to_csv(found: Listing) -> str:
    """One row each; lists are joined with semicolons."""
    columns = list(found.entries[0].data) if found.entries else ["id"]
    return write_rows(columns, ([_csv_cell(entry.data[name]) for name in columns] for entry in found.entries))


def _csv_cell(value: Any) -> str:
    if isinstance(value, list):
        return safe_cell(";".join(_csv_item(item) for item in value))
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    return safe_cell(str(value))


def _csv_item(item: Any) -> str:
    if not isinstance(item, dict):
        return str(item)
    return str(item["id"]) if "id" in item else "+".join(item["for"])


def to_markdown(found: Listing) -> str:
    """A table, with the group as its first column."""
    rows = (tuple(map(inline, (entry.group, *entry.cells))) for entry in found.entries)
    return "\n".join(table_lines((Lists.group, *found.headings), rows)) + "\n"


def to_table(found: Listing, *, width: int | None, color: bool, ascii_only: bool) -> str:
    """A table with a heading for each group."""
    from rich.text import Text

    from ivigcalc.render.table import new_table, render

    headings = {name: _NARROW.get(name, name) for name in found.headings}
    table = new_table(*headings.values(), left=tuple(headings[name] for name in found.words))
    table.columns[0].no_wrap = True
    for group, entries in groupby(found.entries, key=lambda entry: entry.group):
        table.add_row(Text(group, style="bold"))
        for entry in entries:
            table.add_row(*(Text(cell, style=_MARKED.get(cell, "")) for cell in entry.cells))
        table.add_section()
    return render(table, width=width, color=color, ascii_only=ascii_only)
