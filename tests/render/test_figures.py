"""Figures as a locale writes them: the marks of CLDR, the digits of the plan, one decimal mark on a page.

Expected: CLDR's charts of number symbols; a decimal comma has spaces between its thousands, as the SI brochure (5.4.4) has them.
"""

from __future__ import annotations

import ast
import io
import os
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import helpers
import pytest
from babel.localedata import locale_identifiers
from pypdf import PdfReader

from ivigcalc.customs import NO_BREAK, customs, in_locale, written_as
from ivigcalc.document.write import to_json
from ivigcalc.engine.plan import Plan
from ivigcalc.render import figures
from ivigcalc.render.csv import to_csv
from ivigcalc.render.fhir.bundle import to_fhir
from ivigcalc.render.markdown import to_markdown
from ivigcalc.render.paper.chart import to_svg
from ivigcalc.render.paper.page import document
from ivigcalc.render.paper.pdf import to_pdf
from ivigcalc.render.table import to_table
from ivigcalc.render.text_block import to_text
from ivigcalc.render.web.html import to_html

from . import papers

GOLDEN = Path(__file__).parent / "golden"
_ = NO_BREAK


def heavy() -> Plan:
    """A weight, doses and rates with decimals, volumes above 1,000 mL, and what they cost."""
    prices = {"octagam-10-us": {"amount": "98.50", "currency": "USD"}}
    return helpers.plan(
        "dermatomyositis",
        "octagam-10-us",
        "113.4kg",
        age="54y",
        start="2026-12-08",
        at="09:00",
        courses="2",
        order=None,
        site=papers.clinic(price_per_gram=prices, visit={}),
    )


# ---- one figure -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("en-US", ["1,440.5", "999.5", "12,345,678", "-0.55", "0"]),
        ("en-GB", ["1,440.5", "999.5", "12,345,678", "-0.55", "0"]),
        ("de-DE", [f"1{_}440,5", "999,5", f"12{_}345{_}678", "-0,55", "0"]),
        ("fr-FR", [f"1{_}440,5", "999,5", f"12{_}345{_}678", "-0,55", "0"]),
        ("es-ES", [f"1{_}440,5", "999,5", f"12{_}345{_}678", "-0,55", "0"]),
        ("pl-PL", [f"1{_}440,5", "999,5", f"12{_}345{_}678", "-0,55", "0"]),
        ("en-ZA", [f"1{_}440,5", "999,5", f"12{_}345{_}678", "-0,55", "0"]),
        ("de-CH", ["1'440.5", "999.5", "12'345'678", "-0.55", "0"]),
        ("ar-EG", ["1,440.5", "999.5", "12,345,678", "-0.55", "0"]),
        (None, ["1440.5", "999.5", "12345678", "-0.55", "0"]),
    ],
)
def test_a_figure_has_the_marks_of_its_locale(locale: str | None, expected: list[str]) -> None:
    values = [Decimal(text) for text in ("1440.50", "999.5", "12345678", "-0.55", "-0.00")]
    keys = {} if locale is None else {"locale": locale}
    with written_as(helpers.a_site(**keys).value):
        assert [figures.figure(value) for value in values] == expected
        assert figures.signed(Decimal("1440.5")) == f"+{expected[0]}"
        assert figures.fixed(Decimal("1440.5"), 2) == f"{expected[0]}0"
        assert figures.shown(None, "?") == "?"


ALL_LOCALES = sorted(name.replace("_", "-") for name in locale_identifiers() if name.count("_") == 1 and len(name) == 5)


def test_no_locale_has_a_figure_with_two_readings() -> None:
    """A point never stands between thousands where a comma is for decimals, and no mark is for both."""
    assert len(ALL_LOCALES) > 200
    for locale in ALL_LOCALES:
        with written_as(helpers.a_site(locale=locale).value):
            shown, mark = figures.figure(Decimal("1234567.125")), customs().decimal
        assert mark in ".,\u066b", locale
        assert shown.count(mark) == 1, locale
        assert "." not in shown.replace(mark, ""), locale
        assert re.sub(r"[^0-9]", "", shown) == "1234567125", locale


# ---- in a sentence --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "in_german"),
    [
        ("the course of 144.8 g is rounded: 145.5 g would be more than 72.4 g on a day", "the course of 144,8 g is rounded: 145,5 g would be more than 72,4 g on a day"),
        ("1130 mL; filter 0.2-200 micron; 0.5-1.5 g", f"1{_}130 mL; filter 0,2-200 micron; 0,5-1,5 g"),
        ("0.01, 0.02, 0.04 mL/kg/min (2.4 mL/kg/h).", "0,01, 0,02, 0,04 mL/kg/min (2,4 mL/kg/h)."),
        ("not before 2027-12-06; version 3.0; session 1.2; 2.16.1; octagam-10.5; v4.0", None),
        ("0.5 g/kg is more: give --dose 0.4 g/kg, or 0.3 g/kg", "0,5 g/kg is more: give --dose 0.4 g/kg, or 0.3 g/kg"),
        ("write 72.5kg or 72.5lb; doi 10.1186/s13075-023; https://a.example/1.5", None),
    ],
)  # fmt: skip
def test_a_sentence_has_the_same_mark_and_what_is_typed_stays(said: str, in_german: str | None) -> None:
    with written_as(helpers.a_site(locale="de-DE").value):
        assert figures.sentence(said) == (in_german or said)
    assert figures.sentence(said) == said


# ---- a whole page ---------------------------------------------------------------------------------------------------


def text_of_record(plan: Plan) -> str:
    """What the record of the first session says, line by line."""
    page = PdfReader(io.BytesIO(to_pdf(plan, "a4", ("record",), "1.1"))).pages[0]
    lines = (re.sub(r"[^\S\u00a0]+", " ", line).strip() for line in page.extract_text().splitlines())
    return "\n".join(line for line in lines if line) + "\n"


PAGES: dict[str, Callable[[Plan], str]] = {
    "table.txt": lambda plan: to_table(plan, width=80),
    "markdown.md": to_markdown,
    "record.txt": text_of_record,
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("locale", ["de-DE", "fr-FR"])
def test_golden(page: str, locale: str) -> None:
    """`IVIGCALC_WRITE_GOLDEN=1` writes them anew."""
    with in_locale(locale):
        said = re.sub(r"\b[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9a-f]{8}\b|ivigcalc [0-9][0-9.a-z]+", "#", PAGES[page](heavy()))
    path = GOLDEN / f"{locale}-{page}"
    if os.environ.get("IVIGCALC_WRITE_GOLDEN"):
        path.write_text(said, encoding="utf-8")
    assert said == path.read_text(encoding="utf-8")


def figures_of(page: str) -> list[str]:
    """Every run of digits with the marks in it, as it would be without a locale."""
    found = re.findall(r"[0-9]+(?:[\u00a0.,'][0-9]+)*", page.replace("\\", ""))
    return [re.sub(r"\u00a0", "", text).replace(",", ".") for text in found]


FACES: dict[str, Callable[[Plan], str]] = {
    **PAGES,
    "table.txt": lambda plan: to_table(plan, width=120),  # wide enough for each row to be one line
    "text": to_text,
    "working": lambda plan: to_markdown(plan, explain=True),
    "html": lambda plan: re.sub(
        r"<style>.*?</style>", "", to_html(plan, "a4", ("calendar", "record", "order")), flags=re.DOTALL
    ),
}


@pytest.mark.parametrize("face", FACES)
def test_every_figure_is_there_digit_by_digit(face: str) -> None:
    """Nothing is rounded again and nothing cut: the figures of a page are those of the page without a locale."""
    plan = heavy()
    ours = figures_of(FACES[face](plan))
    with in_locale("fr-FR"):
        french = figures_of(FACES[face](plan))
    assert french == ours


@pytest.mark.parametrize("face", [face for face in FACES if face != "html"])
def test_a_page_has_one_decimal_mark(face: str) -> None:
    """But what was typed, and what is to be typed; places (`1.2`), days and documents have points of their own."""
    with in_locale("de-DE"):
        page = FACES[face](heavy())
    body = re.split(r"\nSources\n|\n1\. |\n\[1\]", page)[0]
    kept = re.sub(r"^ +[12]\.[12] .*?[0-9]{4}-|^Order:.*$|--[a-z].*?$", "", body, flags=re.MULTILINE)
    assert re.findall(r"[0-9]\.[0-9]+(?! in all)", kept.replace("\\", "")) == []


def test_thousands_are_never_parted_at_the_end_of_a_line() -> None:
    """44 522 USD of vials: however narrow the screen, its two halves stand beside each other."""
    with in_locale("de-DE"):
        for width in range(20, 100):
            assert f"44{_}522" in to_table(heavy(), width=width), width
            assert f"1{_}130 mL" in to_table(heavy(), width=width).replace(f"{_}mL", " mL").replace("\nmL", " mL"), (
                width
            )
        assert "\ue000" not in to_table(heavy(), width=30)
        assert "1 130 mL in 4 h" in to_table(heavy(), width=80, ascii_only=True)


def test_the_columns_of_the_record_stand_under_their_decimal_mark() -> None:
    with in_locale("de-DE"):
        shown = document(heavy(), "a4", {})
    assert shown["decimal"] == ","
    assert {step["rate"] for sheet in shown["sheets"] for step in sheet["steps"]} == {"68", "136,1", "272,1"}


def test_the_chart_is_drawn_from_the_plan_and_labelled_as_its_locale_writes() -> None:
    with in_locale("de-DE"):
        [*_, last] = document(heavy(), "a4", {})["sheets"][0]["chart"]["steps"]
        assert (last["rate"], last["label"]) == ("272.1", "272,1")
        assert b"272,1 mL/h" in to_svg(heavy())
    assert b"272.1 mL/h" in to_svg(heavy())


@pytest.mark.parametrize("write", [to_json, to_csv, to_fhir])
def test_what_machines_read_is_the_same_in_every_locale(write: Callable[[Plan], Any]) -> None:
    ours = write(heavy())
    with in_locale("de-DE"):
        assert write(heavy()) == ours


@pytest.mark.parametrize("face", ["table.txt", "markdown.md", "text"])
def test_on_screen_the_locale_of_the_site_changes_nothing(face: str) -> None:
    plan = papers.dermatomyositis(site=papers.clinic(locale="de-DE"))
    assert FACES[face](plan) == FACES[face](papers.dermatomyositis())


# ---- one place ------------------------------------------------------------------------------------------------------

#: these write for machines: files, and the coordinates of a drawing
FOR_MACHINES = {
    "csv",
    "forecast",
    "figures",
    "fhir/sessions",
    "fhir/times",
    "fhir/bundle",
    "paper/chart",
    "paper/bedside",
}


def test_what_people_read_gets_its_figures_from_one_place() -> None:
    """No renderer writes a number by `quantity` itself, but those for machines."""
    root = Path(figures.__file__).parent
    takers = {
        path.relative_to(root).with_suffix("").as_posix()
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "ivigcalc.quantity"
        if {name.name for name in node.names} & {"plain", "figure", "signed"}
    }
    assert takers <= FOR_MACHINES, takers - FOR_MACHINES
