"""The pages that are made from real output, and the figures that are counted, are as they would be made now: `make docs`."""

from __future__ import annotations

import build_counts
import build_formats
import pytest
import yaml
from documents import ROOT

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


def test_columns_and_keys_by_hand(made: dict[str, str]) -> None:
    tables, documents = made["reference/tables.md"], made["reference/json.md"]
    assert "| `rate_ml_per_h` | decimal128(12, 4) | what is set on the pump |" in tables
    assert "| `weight_lb` | `--weight` | " in tables
    assert "| `rate_ml_per_h` \\* | number |" in documents
    assert "| `planned.stock[].short_on` | text |" in documents


def test_the_figures_of_the_safety_officer_are_counted() -> None:
    page = (DOCS / build_counts.PAGE).read_text(encoding="utf-8")
    assert build_counts.filled(page) == page, "run: make docs"
    controls = yaml.safe_load((ROOT / "tests" / "safety" / "controls.yaml").read_text(encoding="utf-8"))
    assert f" hazards | {len(controls)} |" in page
