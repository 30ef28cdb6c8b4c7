"""`list`: which definitions there are, filtered, as a table that fits 80 columns, or as JSON, CSV or Markdown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ivigcalc import library
from ivigcalc.definitions import Policy, Product, Regimen
from ivigcalc.errors import RequestError

#: headings that would be wider than their column, as a screen shows them
_NARROW = {"Protocols": "Pro-\ntocols", "Confidence": "Confi-\ndence", "Sources": "Sour-\nces"}


@dataclass(frozen=True, slots=True)
class Filters:
    """What `list` was asked for. `None` = not asked."""

    text: str | None = None
    country: str | None = None
    category: str | None = None
    indication: str | None = None
    product: str | None = None
    computable: bool | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One definition: its JSON, and its row under a heading of the table."""

    group: str
    cells: tuple[str, ...]
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Listing:
    """The entries of one kind, and the columns of their table."""

    headings: tuple[str, ...]
    words: tuple[str, ...]
    entries: tuple[Entry, ...] = field(default=())


def listing(kind: str, filters: Filters) -> Listing:
    """Every shipped definition of the kind that passes the filters, in order of group and id."""
    if kind == "regimen":
        found = [_regimen_entry(value) for value in _regimens(filters)]
        columns: tuple[tuple[str, ...], tuple[str, ...]] = (
            ("Id", "Title", "Protocols", "Confidence", "Sources"), ("Id", "Title", "Confidence"),
        )  # fmt: skip
    elif kind == "product":
        found = [_product_entry(value) for value in _products(filters)]
        columns = ("Id", "Title", "mg/mL", "Vials, g", "Rates", "Sources"), ("Id", "Title", "Vials, g", "Rates")
    else:
        found = [_policy_entry(value) for value in _policies(filters)]
        columns = ("Id", "Title", "Rule", "Sources"), ("Id", "Title", "Rule")
    return Listing(*columns, tuple(sorted(found, key=lambda entry: (entry.group, entry.cells[0]))))


# ---- which ----------------------------------------------------------------------------------------------------------


def _regimens(filters: Filters) -> Iterator[Regimen]:
    chosen = library.product(filters.product).value if filters.product else None
    country = _known("country", filters.country, _countries("product"))
    category = _known("category", filters.category, {value.category for value in _values("regimen")})
    indication = _indication(filters.indication)
    makers = [p for p in _values("product") if country in _words(p.country)] if country else []
    for regimen in _values("regimen"):
        names = [regimen.title, *regimen.synonyms, *(p.title for p in regimen.protocols.values())]
        if not _says(filters.text, regimen.id, *names) or category not in (None, regimen.category):
            continue
        if indication not in (None, regimen.id, regimen.treats):
            continue
        if chosen is not None and not serves(chosen, regimen.treats):
            continue
        if country and not any(regimen.treats in {i.id for i in maker.indications} for maker in makers):
            continue
        yield regimen


def _products(filters: Filters) -> Iterator[Product]:
    country = _known("country", filters.country, _countries("product"))
    indication = _indication(filters.indication)
    for product in _values("product"):
        if not _says(filters.text, product.id, product.title, product.manufacturer):
            continue
        if country and country not in _words(product.country):
            continue
        if indication and not uses(product, indication):
            continue
        yield product


def _policies(filters: Filters) -> Iterator[Policy]:
    country = _known("country", filters.country, _countries("policy"))
    for policy in _values("policy"):
        if not _says(filters.text, policy.id, policy.title, policy.body) or filters.computable not in (
            None,
            policy.computable,
        ):
            continue
        if country and country not in _words(policy.country):
            continue
        yield policy


def _values(kind: str) -> Iterator[Any]:
    return (loaded.value for loaded in library.load_all(kind))


def serves(product: Product, indication: str) -> bool:
    """Whether the product has a rate table for the indication, or one for any."""
    return any(table.serves(indication) for table in product.rates)


def uses(product: Product, indication: str) -> bool:
    """Whether the product is licensed for the indication or has a rate table for it."""
    return serves(product, indication) or any(licence.id == indication for licence in product.indications)


def _countries(kind: str) -> set[str]:
    return {word for value in _values(kind) for word in _words(value.country)}


def _words(country: str | None) -> list[str]:
    """`AU and NZ` names two countries; `not stated` names none."""
    return re.findall(r"\b[A-Z]{2}\b", country or "")


def _known(option: str, wanted: str | None, allowed: Iterable[str]) -> str | None:
    """The choice as the definitions spell it; an unknown one is a mistake, not an empty list."""
    if wanted is None:
        return None
    spelt = {name.lower(): name for name in allowed}
    if wanted.lower() not in spelt:
        shown = "".join(c if c.isprintable() else "?" for c in wanted[:40])
        raise RequestError(
            f"--{option}: nothing has '{shown}'; allowed: {', '.join(sorted(spelt.values()))}", field=option
        )
    return spelt[wanted.lower()]


def _indication(wanted: str | None) -> str | None:
    """An indication that a regimen or a product names; else the error shows the nearest."""
    if wanted is None or any(wanted in {use for t in p.rates for use in t.for_} for p in _values("product")):
        return wanted
    return library.resolve("regimen", wanted)


def _says(wanted: str | None, *texts: str | None) -> bool:
    everything = " ".join(text for text in texts if text).casefold()
    return all(word in everything for word in (wanted or "").casefold().split())


# ---- what of each ---------------------------------------------------------------------------------------------------


def _regimen_entry(regimen: Regimen) -> Entry:
    first_name, first = next(iter(regimen.protocols.items()))
    low = first.confidence == "low"
    protocols = [
        {"id": name, "title": p.title, "evidence": p.evidence, "confidence": p.confidence}
        for name, p in regimen.protocols.items()
    ]
    data = {
        "id": regimen.id, "title": regimen.title, "category": regimen.category, "synonyms": list(regimen.synonyms),
        "version": regimen.version.isoformat(), "default": None if low else first_name, "confidence": first.confidence,
        "evidence": first.evidence, "protocols": protocols, "sources": len(regimen.sources),
    }  # fmt: skip
    confidence = "LOW" if low else first.confidence
    cells = (regimen.id, regimen.title, str(len(protocols)), confidence, str(len(regimen.sources)))
    return Entry(regimen.category, cells, data)


def _product_entry(product: Product) -> Entry:
    tables = [
        {"for": list(t.for_), "infusion": t.infusion, "assumed": any(rung.basis == "assumed" for rung in t.ladder)}
        for t in product.rates
    ]
    data = {
        "id": product.id, "title": product.title, "country": product.country, "manufacturer": product.manufacturer,
        "version": product.version.isoformat(), "concentration": str(product.concentration) if product.concentration else None,
        "vials": [str(vial) for vial in product.vials], "indications": [i.id for i in product.indications], "rates": tables,
        "sources": len(product.sources),
    }  # fmt: skip
    sizes = " ".join(str(vial).removesuffix(" g") for vial in product.vials) or "-"
    strength = str(product.concentration).removesuffix(" mg/mL") if product.concentration else "-"
    assumed = sum(bool(table["assumed"]) for table in tables)
    rates = f"{len(tables)}, {assumed} assumed" if assumed else str(len(tables) or "none")
    cells = (product.id, product.title, strength, sizes, rates, str(len(product.sources)))
    return Entry(product.country or "-", cells, data)


def _policy_entry(policy: Policy) -> Entry:
    weight, rounding = policy.dosing_weight, policy.rounding
    data = {
        "id": policy.id, "title": policy.title, "country": policy.country, "body": policy.body,
        "version": policy.version.isoformat(), "computable": policy.computable, "missing": list(policy.missing),
        "dosing_weight": weight.use if weight else None, "rounding": str(rounding) if rounding else None,
        "rate_weight": policy.rate_weight if policy.computable else None, "sources": len(policy.sources),
    }  # fmt: skip
    rule = "INCOMPLETE"
    if policy.computable and weight and rounding:
        to = "not rounded" if rounding.to == "nothing" else f"to {rounding.to}"
        rule = f"{weight.use.replace('-', ' ')} weight, {to}"
    cells = (policy.id, policy.title, rule, str(len(policy.sources)))
    return Entry(policy.country or "-", cells, data)


# ---- faces ----------------------------------------------------------------------------------------------------------


def to_json(found: Listing) -> str:
    """A list of objects."""
    return json.dumps([entry.data for entry in found.entries], ensure_ascii=False, indent=2) + "\n"


def to_csv(found: Listing) -> str:
    """One row each; lists are joined with semicolons."""
    from ivigcalc.render.csv import write_rows

    columns = list(found.entries[0].data) if found.entries else ["id"]
    return write_rows(columns, ([_csv_cell(entry.data[name]) for name in columns] for entry in found.entries))


def _csv_cell(value: Any) -> str:
    from ivigcalc.render.csv import safe_cell

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
    from ivigcalc.render.sheets import escape, markdown_table

    rows = (tuple(escape(cell) for cell in (entry.group, *entry.cells)) for entry in found.entries)
    return "\n".join(markdown_table(("Group", *found.headings), rows)) + "\n"


def to_table(found: Listing, *, width: int | None, color: bool, ascii_only: bool) -> str:
    """A table with a heading for each group."""
    from rich.text import Text

    from ivigcalc.render.table import new_table, render

    headings = {name: _NARROW.get(name, name) for name in found.headings}
    table = new_table(*headings.values(), left=tuple(headings[name] for name in found.words))
    table.columns[0].no_wrap = True
    group = None
    for entry in found.entries:
        if entry.group != group:
            if group is not None:
                table.add_section()
            group = entry.group
            table.add_row(Text(group, style="bold"))
        table.add_row(
            *(Text(cell, style="bold yellow" if cell in ("LOW", "INCOMPLETE") else "") for cell in entry.cells)
        )
    return render(table, width=width, color=color, ascii_only=ascii_only)
