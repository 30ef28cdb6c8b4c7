"""Generated cases for the properties: weights, doses, vials, risks, starts, and every rate table that is shipped."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction

import oracle
from hypothesis import strategies as st

from ivigcalc import library
from ivigcalc.engine.plan import Plan
from ivigcalc.errors import RefusedError

SIZES = [Fraction(s) for s in ("0.5", "0.6", "1", "2", "2.5", "3", "5", "6", "10", "12", "20", "25", "30", "40")]
WITH_VIALS = [
    "octagam-10-us",
    "privigen-us",
    "gamunex-c-us",
    "panzyga-us",
    "octagam-5-us",
    "privigen-eu",
    "intragam-p-nz",
    "bivigam-us",
]
tenths_of_kg = st.integers(30, 1500).map(lambda n: Decimal(n) / 10)
hundredths_of_kg = st.integers(1500, 15000).map(lambda n: Decimal(n) / 100)
tenths_of_a_gram = st.integers(5, 2000).map(lambda n: Decimal(n) / 10)
some_risks = st.lists(st.sampled_from(["renal", "thrombosis", "cardiac"]), unique=True, max_size=2)
some_starts = st.dates(date(2020, 1, 1), date(2060, 12, 31))


def shipped_tables() -> list[tuple[str, str, str]]:
    """(product, indication, first or subsequent) of every shipped rate table that can be run."""
    found = []
    for identifier in library.shipped("product"):
        content = oracle.read("products", identifier)
        for table in content.get("rates", []) if "concentration" in content else []:
            use = table["for"][0] if table["for"] != ["any"] else "primary-immunodeficiency"
            found.append((identifier, use, table.get("infusion", "first")))
    return found


TABLES = shipped_tables()
some_vials = st.lists(st.sampled_from(SIZES), min_size=1, max_size=4, unique=True)


def plain(value: Fraction) -> str:
    """A fraction with an end, as text."""
    return f"{Decimal(value.numerator) / Decimal(value.denominator):f}"


def in_grams(sizes: list[Fraction]) -> list[str]:
    return [f"{plain(size)} g" for size in sizes]


def attempt(ask: Callable[[], Plan]) -> Plan | set[str]:
    """The plan, or the codes of its refusal."""
    try:
        return ask()
    except RefusedError as refused:
        return set(refused.codes)
