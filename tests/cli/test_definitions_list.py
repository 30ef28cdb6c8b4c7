"""`list`: every definition, filtered, in each face."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ivigcalc import library
from ivigcalc.cli.main import main
from ivigcalc.library.query import Filters, matching
from ivigcalc.render.sheets import listing

GROUPS = {"regimen": "regimens", "product": "products", "policy": "policies"}
Ids = Callable[..., list[str]]


@pytest.fixture
def ids(capfd: pytest.CaptureFixture[str]) -> Ids:
    """The ids that a list prints."""

    def ask(*arguments: str) -> list[str]:
        assert main([*arguments, "--format", "json"]) == 0
        return [entry["id"] for entry in json.loads(capfd.readouterr().out)]

    return ask


@pytest.mark.parametrize(("kind", "group"), GROUPS.items())
def test_everything_shipped_is_listed(kind: str, group: str, ids: Ids) -> None:
    files = {path.stem for path in (library.root() / library.FOLDERS[kind]).rglob("*.yaml")}
    assert set(ids(group, "list")) == files
    assert len(files) > 40


def entry(capfd: pytest.CaptureFixture[str], group: str, identifier: str) -> dict[str, Any]:
    assert main([group, "list", "--format", "json"]) == 0
    return next(found for found in json.loads(capfd.readouterr().out) if found["id"] == identifier)


def test_json_of_a_regimen(capfd: pytest.CaptureFixture[str]) -> None:
    found = entry(capfd, "regimens", "dermatomyositis")
    assert {
        "title": "Dermatomyositis",
        "category": "connective-tissue",
        "confidence": "high",
        "default": "us-label",
    }.items() <= found.items()
    assert found["protocols"][0] == {
        "id": "us-label",
        "title": "US label, Octagam 10% (dermatomyositis in adults)",
        "evidence": "label",
        "patients": None,
        "reading": "copy",
        "confidence": "high",
    }
    proderm = next(protocol for protocol in found["protocols"] if protocol["id"] == "proderm")
    assert (proderm["evidence"], proderm["patients"], proderm["reading"]) == ("randomised-trial", 95, "secondary")
    assert found["sources"] == (library.shipped("regimen")["dermatomyositis"]).read_text(encoding="utf-8").count(
        "\n    checked: "
    )


def test_a_regimen_of_low_confidence_has_no_default(capfd: pytest.CaptureFixture[str]) -> None:
    found = entry(capfd, "regimens", "antisynthetase-syndrome")
    assert (found["default"], found["confidence"]) == (None, "low")
    assert main(["regimens", "list", "--text", "antisynthetase"]) == 0
    assert "LOW" in capfd.readouterr().out


def test_a_list_says_in_words_what_the_default_rests_on(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["regimens", "list", "--text", "scleromyxedema", "--format", "markdown"]) == 0
    assert "| case series, 8 patients; abstract read | medium |" in capfd.readouterr().out
    assert main(["regimens", "list", "--text", "stiff", "--format", "csv"]) == 0
    heading, row = capfd.readouterr().out.splitlines()
    cells = dict(zip(heading.split(","), row.split(","), strict=True))
    assert (cells["evidence"], cells["patients"], cells["reading"]) == ("randomised-trial", "16", "secondary")


def test_json_of_a_product(capfd: pytest.CaptureFixture[str]) -> None:
    found = entry(capfd, "products", "octagam-10-us")
    assert found["country"] == "US"
    assert found["concentration"] == "100 mg/mL"
    assert found["vials"] == ["2 g", "5 g", "10 g", "20 g", "30 g"]
    assert found["rates"] == [
        {"for": ["dermatomyositis"], "infusion": "any", "assumed": True},
        {"for": ["chronic-itp"], "infusion": "any", "assumed": False},
    ]


def test_json_of_policies(capfd: pytest.CaptureFixture[str]) -> None:
    found = entry(capfd, "policies", "au-lifeblood-2026")
    assert {"country": "AU", "computable": True, "missing": [], "dosing_weight": "adjusted"}.items() <= found.items()
    found = entry(capfd, "policies", "us-toledo")
    assert found["computable"] is False
    assert found["missing"][0] == "the formula of the ideal weight"


def test_filters_of_regimens(ids: Ids) -> None:
    neurology = {path.stem for path in (library.root() / "indications" / "neurology").glob("*.yaml")}
    assert set(ids("regimens", "list", "--category", "neurology")) == neurology
    assert set(ids("regimens", "list", "--category", "NEUROLOGY")) == neurology
    # the tables of panzyga-us are for these three uses, and for no other
    assert ids("regimens", "list", "--product", "panzyga-us") == ["chronic-itp", "primary-immunodeficiency", "cidp"]
    assert ids("regimens", "list", "--indication", "mmn") == ["mmn"]
    assert ids("regimens", "list", "--text", "DM dermatomyositis adults label") == ["dermatomyositis"]
    # Singapore's only product names no licensed use
    assert ids("regimens", "list", "--country", "SG") == []
    assert "kawasaki" in ids("regimens", "list", "--country", "eu")


def test_filters_of_products_and_policies(ids: Ids) -> None:
    american = {path.stem for path in (library.root() / "products" / "us").glob("*.yaml")}
    assert set(ids("products", "list", "--country", "us")) == american
    assert ids("products", "list", "--country", "us", "--indication", "dermatomyositis", "--text", "octagam") == [
        "octagam-10-us"
    ]
    assert "kiovig-eu" in ids("products", "list", "--indication", "gbs")
    assert "octagam-10-us" not in ids("products", "list", "--indication", "gbs")
    both = ids("policies", "list", "--country", "NZ")
    assert both == ["au-nz-ascia", "nz-nzbs", "nz-starship"]
    usable, not_usable = ids("policies", "list", "--computable"), ids("policies", "list", "--incomplete")
    assert "au-lifeblood-2026" in usable
    assert "us-toledo" in not_usable
    assert len(usable) + len(not_usable) == len(ids("policies", "list"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["regimens", "list", "--category", "cardiology"], "allowed: connective-tissue, dermatology"),
        (["products", "list", "--country", "ZZ"], "allowed: AT, AU"),
        (["products", "list", "--indication", "cdip"], "did you mean cidp"),
        (["regimens", "list", "--product", "octagam-10"], "octagam-10-eu, octagam-10-us"),
    ],
)
def test_a_filter_that_nothing_can_have_is_a_mistake(
    arguments: list[str], words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert words in err


def test_nothing_found_says_so(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["regimens", "list", "--text", "no such words", "--format", "json"]) == 0
    out, err = capfd.readouterr()
    assert json.loads(out) == []
    assert "shows all" in err
    assert main(["regimens", "list", "--text", "no such words", "--quiet"]) == 0
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("kind", GROUPS)
def test_the_table_fits_80_columns_and_cuts_nothing(kind: str) -> None:
    found = listing.listing(kind, matching(kind, Filters()))
    narrow = listing.to_table(found, width=80, color=False, ascii_only=False)
    assert max(map(len, narrow.splitlines())) <= 80
    assert all(entry.cells[0] in narrow for entry in found.entries)
    piped = listing.to_table(found, width=None, color=False, ascii_only=False)
    for text in (narrow, piped):
        assert "\u2026" not in text
    wide = listing.to_table(found, width=200, color=False, ascii_only=False)
    assert all(" ".join(entry.data["title"].split()) in wide for entry in found.entries)
    listing.to_table(found, width=80, color=False, ascii_only=True).replace("\u2019", "'").encode("ascii", "strict")


def test_csv_has_a_row_for_each_and_no_formula(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["regimens", "list", "--category", "paediatric", "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capfd.readouterr().out)))
    assert [row["id"] for row in rows] == ["kawasaki", "mis-c"]
    protocols = library.load("regimen", "mis-c").value.protocols
    assert rows[1]["protocols"].split(";") == list(protocols)
    assert main(["products", "list", "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capfd.readouterr().out)))
    assert (
        next(row for row in rows if row["id"] == "gamunex-c-us")["rates"]
        == "primary-immunodeficiency+itp+chronic-itp;cidp"
    )
    assert all(not cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


def test_markdown_and_output_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "list.md"
    assert main(["policies", "list", "--country", "AU", "--format", "markdown", "-o", str(target)]) == 0
    lines = target.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "| Group | Id | Title | Rule | Sources |"
    assert any("au-lifeblood-2026" in line and "adjusted" in line for line in lines)
    assert len(lines) == 2 + 5
    assert capfd.readouterr().out == ""
