"""Which shipped definitions there are, filtered as `list` asks for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from ivigcalc.definitions import Policy, Product, Regimen
from ivigcalc.errors import RequestError
from ivigcalc.library import find
from ivigcalc.text import TYPED, safe


class Filters(Struct, frozen=True):
    """What `list` was asked for. `None` = not asked."""

    text: str | None = None
    country: str | None = None
    category: str | None = None
    indication: str | None = None
    product: str | None = None
    computable: bool | None = None


def matching(kind: str, filters: Filters) -> tuple[Any, ...]:
    """Every shipped definition of the kind that passes the filters, in order of id."""
    chosen = {"regimen": _regimens, "product": _products, "policy": _policies}[kind]
    return tuple(chosen(filters))


def _regimens(filters: Filters) -> Iterator[Regimen]:
    chosen = find.product(filters.product).value if filters.product else None
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
    return (loaded.value for loaded in find.load_all(kind))


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
        allowed = ", ".join(sorted(spelt.values()))
        raise RequestError(f"--{option}: nothing has '{safe(wanted, TYPED)}'; allowed: {allowed}", field=option)
    return spelt[wanted.lower()]


def _indication(wanted: str | None) -> str | None:
    """An indication that a regimen or a product names; else the error shows the nearest."""
    if wanted is None or any(wanted in {use for t in p.rates for use in t.for_} for p in _values("product")):
        return wanted
    return find.resolve("regimen", wanted)


def _says(wanted: str | None, *texts: str | None) -> bool:
    everything = " ".join(text for text in texts if text).casefold()
    return all(word in everything for word in (wanted or "").casefold().split())
