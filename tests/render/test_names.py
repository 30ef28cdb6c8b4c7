"""What people are called, in any script and of any length: whole on every face, or refused with the letter."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest

from ivigcalc.engine.plan import Plan
from ivigcalc.errors import RequestError
from ivigcalc.render.csv import to_csv
from ivigcalc.render.ics import to_ics
from ivigcalc.render.markdown import to_markdown
from ivigcalc.render.month import month_grids
from ivigcalc.render.paper.chart import to_png
from ivigcalc.render.paper.page import document
from ivigcalc.render.paper.pdf import to_pdf
from ivigcalc.render.table import render, to_table
from ivigcalc.render.web.html import to_html

from . import papers

NAMES = {
    "Polish": "Świętosława Żółć-Łąkowska",
    "Vietnamese, typed as letters and marks": unicodedata.normalize("NFD", "Nguyễn Thị Hằng"),
    "Arabic": "محمد بن عبد الله",
    "Hebrew": "שרה כהן",
    "Chinese": "王小明",
    "Chinese, a letter that came in 2022": "李\U000323af",
    "Devanagari": "क्षत्रिय शर्मा",
    "Tibetan": "བསྒྲུབས་",
    "emoji": "Zoe 🙂👩‍⚕️",
    "long, without a blank": "Wolfeschlegelsteinhausenbergerdorff" * 5,
}
every = pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)


def named(name: str, **words: Any) -> Plan:
    return papers.dermatomyositis(name=name, patient_id=name, courses="1", **words)


def told(text: str) -> str:
    """Without what only sets it apart, and without the folds of a long line."""
    return re.sub(r"[\s\u2068\u2069]+", "", text)


@every
@pytest.mark.parametrize("width", [40, 80, None])
def test_a_name_is_whole_on_a_screen(name: str, width: int | None) -> None:
    plan = named(name)
    whole = told(unicodedata.normalize("NFC", f"{name}, id {name}"))
    assert whole in told(to_table(plan, width=width))
    assert whole in told(render(month_grids(plan, width or 80, {}), width=width or 80))


@every
def test_a_name_is_whole_in_what_is_kept(name: str) -> None:
    plan = named(name)
    whole = told(unicodedata.normalize("NFC", name))
    assert told(to_markdown(plan).replace("\\", "")).count(whole) == 2
    page = to_html(plan, "a4")
    assert told(page).count(f'<bdidir="ltr">{whole}</bdi>') >= 10, "at the head of the page and of each part"
    assert {row["patient_id"] for row in csv.DictReader(io.StringIO(to_csv(plan)))} == {name}
    to_ics(plan)


@every
def test_a_name_is_whole_on_paper_or_its_letter_is_refused(name: str) -> None:
    """Never an empty box, and never a name that was cut."""
    plan = named(name)
    pages = document(plan, "a4", {})
    assert told(pages["patient"]["name"]) == told(unicodedata.normalize("NFC", name)) == told(pages["patient"]["id"])
    try:
        pdf = to_pdf(plan, "a4", ("record",))
    except RequestError as error:
        [letter] = re.findall(r"no font on this machine can print '(.+)' \(U\+[0-9A-F]{4,6}\)", str(error))
        assert letter[0] in name
    else:
        assert len(papers.sheets(pdf)) == len(plan.sessions)


def test_the_letter_is_refused_in_a_picture_as_well() -> None:
    """Only of a PDF does typst say that no font has it: a PNG would have shown an empty box."""
    plan = papers.dermatomyositis()
    source = plan.computed_from
    value = source.product.value.model_copy(update={"title": "\U0001bc02 10 %"})
    from msgspec.structs import replace

    plan = replace(plan, computed_from=replace(source, product=replace(source.product, value=value)))
    with pytest.raises(RequestError, match=r"\(U\+1BC02\)"):
        to_png(plan)


def test_figures_beside_a_name_from_the_right_are_not_turned_round() -> None:
    """On the page each stands where it stands beside a Latin name: 555 to the left of 0123."""
    site = papers.clinic(title="مستشفى", address="شارع النيل", phone="555 0123")
    places: list[tuple[float, str]] = []

    def note(text: str, cm: list[float], tm: list[float], _font: Any, _size: float) -> None:
        places.append((tm[4] * cm[0] + cm[4], text))

    from pypdf import PdfReader

    try:
        pdf = to_pdf(papers.dermatomyositis(courses="1", site=site), "a4", ("record",))
    except RequestError:
        pytest.skip("no font on this machine has Arabic")
    PdfReader(io.BytesIO(pdf)).pages[0].extract_text(visitor_text=note)
    assert [text.strip() for _, text in places if "0123" in text] == ["555 0123"]


def test_a_clinic_in_arabic_has_its_own_place_in_each_line(run: Callable[..., Any]) -> None:
    site = papers.clinic(title="مستشفى", address="12 Hill Road", phone="555 0123")
    assert (
        document(papers.dermatomyositis(site=site), "a4", {})["clinic"] == "\u2068مستشفى\u2069, 12 Hill Road, 555 0123"
    )
