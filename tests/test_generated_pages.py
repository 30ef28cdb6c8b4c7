"""The pages that are made from real output, and the figures that are counted, are as they would be made now: `make docs`."""

from __future__ import annotations

import build_counts
import build_formats
import pytest
import yaml
from documents import ROOT

from ivigcalc.document.meanings import ends, of_others

DOCS = ROOT / "docs"
PAGES = ("reference/tables.md", "reference/json.md")


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return build_formats.pages()


@pytest.mark.parametrize("page", PAGES)
def test_the_page_is_up_to_date(page: str, made: dict[str, str]) -> None:
    assert (DOCS / page).read_text(encoding="utf-8") == made[page], "run: make docs"


def test_no_column_is_explained_that_is_not_printed(made: dict[str, str]) -> None:
    printed = {column for columns in build_formats.headings().values() for column in columns}
    assert sorted(set(build_formats.meanings()) - printed) == []


@pytest.mark.parametrize("name", build_formats.DOCUMENTS)
def test_no_key_of_a_document_is_explained_that_is_not_printed(name: str, made: dict[str, str]) -> None:
    """That each that is printed is explained, the page itself asks."""
    paths = build_formats.leaves(build_formats.documents()[name])
    said = of_others()[name]
    used = {next((end for end in ends(name, path) if end in said), "") for path in paths}
    assert sorted(set(said) - used) == []


def test_a_key_without_a_meaning_stops_the_making_of_the_page() -> None:
    with pytest.raises(KeyError, match="has no meaning"):
        build_formats.meaning_of("ivigcalc.day/1", "visits[].no_such_key")


def test_columns_and_keys_by_hand(made: dict[str, str]) -> None:
    tables, documents = made["reference/tables.md"], made["reference/json.md"]
    assert "| `rate_ml_per_h` | decimal128(12, 4) | what is set on the pump |" in tables
    assert "| `weight_lb` | `--weight` | " in tables
    assert "| `rate_ml_per_h` \\* | number | what is set on the pump, mL/h |" in documents
    assert "| `planned.stock[].short_on` | text | first day for which the stock does not suffice; null: " in documents


def test_the_figures_of_the_safety_officer_are_counted() -> None:
    page = (DOCS / build_counts.PAGE).read_text(encoding="utf-8")
    assert build_counts.filled(page) == page, "run: make docs"
    controls = yaml.safe_load((ROOT / "tests" / "safety" / "controls.yaml").read_text(encoding="utf-8"))
    assert f" hazards | {len(controls)} |" in page
