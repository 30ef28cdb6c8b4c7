"""What a site says of days, clock, temperature and paper, where it is seen; and where it is not."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from rich.console import Console
from typer.testing import CliRunner

from ivigcalc.cli.app import build
from ivigcalc.document.write import to_json
from ivigcalc.engine.plan import Plan
from ivigcalc.errors import RequestError
from ivigcalc.render.csv import to_csv
from ivigcalc.render.month import month_grids
from ivigcalc.render.months import months
from ivigcalc.render.paper.page import PARTS, document
from ivigcalc.render.paper.pdf import to_pdf

from . import papers

WHERE = {"title": "St Elsewhere", "address": "1 Long Street, Boston", "phone": "+1 555 0100"}


def american(**keys: Any) -> Plan:
    return papers.dermatomyositis(site=papers.clinic(locale="en-US", **keys))


def on_screen(plan: Plan) -> str:
    console = Console(file=io.StringIO(), width=80, color_system=None)
    console.print(month_grids(plan, 80, papers.closed(plan)))
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_the_record_is_in_the_language_of_the_site() -> None:
    [record, *_] = papers.pages(to_pdf(american(), None, ("record",)))
    for words in ("Tuesday, December 1, 2026", "9:00 AM to 1:48 PM", "8:15 AM", "temp. °F"):
        assert words in record
    assert "13:48" not in record


def test_without_a_word_of_the_site_the_record_is_as_ever() -> None:
    [record, *_] = papers.pages(to_pdf(papers.dermatomyositis(), None, ("record",)))
    for words in ("Tuesday 1 December 2026", "09:00 to 13:48", "temp. °C"):
        assert words in record


def test_the_patient_reads_days_in_the_language_of_the_site() -> None:
    [page] = papers.pages(to_pdf(papers.dermatomyositis(site=papers.clinic(locale="pl-PL")), None, ("patient",)))
    assert "wtorek, 1 grudnia 2026" in page
    assert "08:15" in page


def first_week(plan: Plan) -> list[int | None]:
    return [cell.on.day if cell.on else None for cell in months(plan, {})[0].weeks[0]]


def test_a_week_starts_on_the_day_that_the_site_says() -> None:
    """1 December 2026 is a Tuesday: third from Sunday, fourth from Saturday, second from Monday."""
    for keys, names, before in (
        ({"locale": "en-US"}, ["Sun", "Mon", "Tue"], 2),
        ({"week_starts": "sat"}, ["Sat", "Sun", "Mon"], 3),
        ({"locale": "en-US", "week_starts": "mon"}, ["Mon", "Tue", "Wed"], 1),
        ({}, ["Mon", "Tue", "Wed"], 1),
    ):
        plan = papers.dermatomyositis(site=papers.clinic(**keys))
        shown = document(plan, "a4", {})
        assert shown["weekdays"][:3] == names
        assert [square["day"] for square in shown["months"][0]["weeks"][0]] == [
            *[None] * before,
            *(str(day) for day in range(1, 8 - before)),
        ]
        assert names == [part for part in on_screen(plan).split() if part in names][:3]


def test_the_month_on_screen_has_names_and_clock_of_the_site() -> None:
    shown = on_screen(american())
    for words in ("December 2026", "9:00 AM", "Tue, Dec 1, 2026", "9:00 AM to 1:48 PM"):
        assert words in shown
    assert "grudzień 2026" in on_screen(papers.dermatomyositis(site=papers.clinic(locale="pl-PL")))


def size_of(pdf: bytes) -> tuple[float, float]:
    box = PdfReader(io.BytesIO(pdf)).pages[0].mediabox
    return round(float(box.width)), round(float(box.height))


A4, LETTER = (595, 842), (612, 792)


def test_paper_is_that_of_the_order_else_of_the_site_else_of_its_country_else_a4() -> None:
    part = ("patient",)
    assert size_of(to_pdf(papers.dermatomyositis(), None, part)) == A4
    assert size_of(to_pdf(american(), None, part)) == LETTER
    assert size_of(to_pdf(american(paper="a4"), None, part)) == A4
    assert size_of(to_pdf(american(), "a4", part)) == A4
    assert size_of(to_pdf(papers.dermatomyositis(site=papers.clinic(paper="letter")), None, part)) == LETTER


@pytest.mark.parametrize("write", [to_json, to_csv])
def test_what_machines_read_is_never_localized(write: Callable[[Plan], str]) -> None:
    plain, localized = papers.dermatomyositis(), american(clock="12-hour", week_starts="sun")
    assert write(localized).replace("test-clinic", "") == write(plain).replace("test-clinic", "")


@pytest.mark.parametrize("paper", papers.PAPERS)
def test_every_page_names_the_clinic_with_its_address_and_phone(paper: Any) -> None:
    pdf = to_pdf(papers.dermatomyositis(site=papers.clinic(**WHERE)), paper)
    pages = papers.pages(pdf)
    assert len(pages) >= len(PARTS)
    for text in pages:
        for words in (*WHERE.values(), "Margaret Okonkwo", "Results must be checked"):
            assert words in text, text[-300:]


def test_the_longest_clinic_leaves_room_for_the_patient() -> None:
    long = {
        "title": "Universitätsklinikum " * 3,
        "address": "Straße des 17. Juni 135, 10623 Berlin " * 2,
        "phone": "+49 30 1234567",
    }
    for text in papers.pages(to_pdf(papers.dermatomyositis(site=papers.clinic(**long)), "a4")):
        assert "Margaret Okonkwo" in text


def ask(*words: object) -> Any:
    return CliRunner().invoke(build("calendar"), ["calendar", *map(str, words)])


def test_the_command_takes_the_paper_of_the_site_unless_one_is_typed(tmp_path: Path) -> None:
    site, page = tmp_path / "site.yaml", tmp_path / "page.pdf"
    site.write_text("kind: site\nschema: 2\nid: ward\npaper: letter\n", encoding="utf-8")
    order = (
        "-r",
        "dermatomyositis",
        "-p",
        "octagam-10-us",
        "--weight",
        "72kg",
        "--start",
        "2026-12-01",
        "--part",
        "patient",
    )
    for more, size in (((), LETTER), (("--paper", "a4"), A4)):
        ran = ask(*order, "--site", site, "-f", "pdf", "-o", page, *more)
        assert ran.exit_code == 0, ran.exception
        assert size_of(page.read_bytes()) == size


def test_the_paper_shows_no_other_figures_than_without_customs() -> None:
    """Doses, rates and volumes are the same, digit by digit; days, times and the marks within a figure are not."""
    plain, localized = (document(plan, "a4", {}) for plan in (papers.dermatomyositis(), american()))
    for sheet, other in zip(plain["sheets"], localized["sheets"], strict=True):
        assert [{k: v for k, v in step.items() if k != "at"} for step in sheet["steps"]] == [
            {k: v for k, v in step.items() if k != "at"} for step in other["steps"]
        ]
    assert ["Volume", "2,880 mL"] in [list(row) for row in localized["totals"]]
    assert json.dumps(plain["totals"]) == json.dumps(localized["totals"]).replace("2,880", "2880")


def test_initials_are_for_calendar_files_alone(tmp_path: Path) -> None:
    order = (
        "-r",
        "dermatomyositis",
        "-p",
        "octagam-10-us",
        "--weight",
        "72kg",
        "--start",
        "2026-12-01",
        "--at",
        "09:00",
    )
    named = (*order, "--name", "Margaret Okonkwo", "--initials")
    file = tmp_path / "plan.ics"
    ran = ask(*named, "-f", "ics", "-o", file)
    assert ran.exit_code == 0, ran.exception
    assert b"SUMMARY:M.O. IVIG infusion" in file.read_bytes()
    assert "no time_zone in the site file, so the times of the calendar file float" in ran.stderr
    for words in ((*named, "-f", "pdf"), (*order, "--initials", "-f", "ics")):  # another format; no name
        refused = ask(*words).exception
        assert isinstance(refused, RequestError)
        assert refused.field == "initials"
