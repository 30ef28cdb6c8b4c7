"""The page for a browser: the same words and figures as the paper, well-formed, alone, and readable without eyes."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest
from msgspec.structs import replace

from ivigcalc.engine.plan import Notice, Plan
from ivigcalc.engine.record import pump_volumes_ml
from ivigcalc.errors import MissingExtraError, RequestError
from ivigcalc.quantity import plain, quantity
from ivigcalc.render.paper.page import prepared
from ivigcalc.render.web.html import css_text, to_html

from . import papers
from .papers import CHECK

HOSTILE = """</style></title><script>alert(1)</script><img src="http://evil.example/x"> & "q" 'x' {{ 7*7 }} {% raw %}"""
plans = pytest.mark.parametrize("make", papers.ALL, ids=lambda make: make.__name__)


@cache
def shown(make: Callable[[], Plan]) -> tuple[Plan, str, Element]:
    plan = make()
    page = to_html(plan, "a4")
    return plan, page, parsed(page)


def parsed(page: str) -> Element:
    """The page as a strict reader has it: what is not well-formed fails."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)


def words(node: Element) -> str:
    """What it says, with single spaces."""
    return re.sub(r"\s+", " ", "".join(node.itertext())).strip()


def section(root: Element, name: str) -> Element:
    [found] = [node for node in root.iter("section") if node.get("id") == name]
    return found


def table(node: Element, kind: str) -> list[list[str]]:
    """The rows of the body of a table, as words."""
    [found] = [t for t in node.iter("table") if kind in (t.get("class") or "").split()]
    return [[words(cell) for cell in row] for row in found.iterfind(".//tbody/tr")]


# ---- the same content as the paper ----------------------------------------------------------------------------------


@plans
def test_everything_that_the_paper_says_is_on_the_page(make: Callable[[], Plan]) -> None:
    """Every text that the paper's templates are given, but for what only draws."""
    plan, _, root = shown(make)
    said = words(root)
    pages = prepared(plan, "a4")
    for key in ("parts", "paper", *(() if pages["months"] else ("weekdays",))):
        del pages[key]
    for sheet in pages["sheets"]:
        del sheet["chart"]
    texts = {text for text in leaves(pages) if text}
    assert len(texts) > 60
    assert {text for text in texts if not (text in said or text.lower() in said)} == set()


def leaves(tree: Any) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict | list | tuple):
        for part in tree.values() if isinstance(tree, dict) else tree:
            yield from leaves(part)


@plans
def test_every_figure_of_the_plan_is_in_its_row_of_the_record(make: Callable[[], Plan]) -> None:
    plan, _, root = shown(make)
    for number, session in enumerate(plan.sessions, start=1):
        record = section(root, f"record-{number}")
        facts = {words(pair[0]): words(pair[1]) for pair in record.iterfind(".//dl[@class='facts']/div")}
        assert facts["Dose"] == f"{plain(session.dose_g)} g"
        rows = [row for row in table(record, "steps") if len(row) == 10 and row[1]]
        running = Decimal(0)
        to_set = pump_volumes_ml(session, quantity("0.1 mL", "volume"))
        for step, row, volume in zip(session.steps, rows, to_set, strict=True):
            running += volume
            at = step.starts_at[-5:] if step.starts_at else row[0]
            rate = f"{plain(step.rate_ml_per_h)} mL/h"
            assert (row[0][:5], row[1].rstrip("*"), row[4].split(" (")[0]) == (at[:5], str(step.step), rate)
            assert row[6:8] == [f"{volume:.1f}", f"{running:.1f}"]
            per_kg = step.rate_ml_per_kg_per_h
            assert row[3] == ("–" if per_kg is None else plain(per_kg))
        bottles = [
            row for t in record.iter("table") if t.get("class") == "bottles" for row in t.iterfind(".//tbody/tr")
        ]
        assert len(bottles) == sum(vial.count for vial in session.vials)
    [total] = [d for d in section(root, "order").iterfind(".//dl[@class='facts']/div") if words(d[0]) == "Dose"]
    assert words(total[1]) == f"{plain(plan.totals.dose_g)} g"


def test_the_chart_is_drawn_with_the_figures_of_the_plan() -> None:
    """Minutes across and mL/h up, 72 kg x 0.6, 1.2 and 2.4 mL/kg/h over 287.5 min; in words beside it."""
    _, _, root = shown(papers.dermatomyositis)
    drawing = next(root.iter("{http://www.w3.org/2000/svg}svg"))
    [path] = drawing
    assert drawing.get("viewBox") == "0 0 287.5 172.8"
    assert path.get("d") == "M0 0H0V43.2H30V86.4H60V172.8H287.5V0Z"
    assert "09:00: 43.2 mL/h; 09:30: 86.4 mL/h; 10:00: 172.8 mL/h; 13:48: end." in (drawing.get("aria-label") or "")


def test_every_session_is_in_the_calendar_and_in_the_table() -> None:
    plan, _, root = shown(papers.dermatomyositis)
    calendar = section(root, "calendar")
    squares = [words(cell) for cell in calendar.iter("td") if cell.get("class") == "infusion"]
    assert squares[0] == "1 Course 1, day 1C1 D1 72 g 09:00"
    assert len(squares) == len(plan.sessions)
    rows = table(calendar, "sessions")
    assert rows[0] == ["1", "1", "Tue 1 Dec 2026", "08:15", "09:00", "13:48", "14:28", "4 h 48 min", "72", "720", "2 × 30 g + 1 × 10 g + 1 × 2 g"]  # fmt: skip


def test_a_patient_sees_when_to_arrive_and_never_when_the_infusion_starts() -> None:
    _, _, root = shown(papers.dermatomyositis)
    home = section(root, "patient")
    assert table(home, "visits")[0] == ["Tuesday 1 December 2026", "08:15", "6 h 13 min"]
    assert "09:00" not in words(home)


def test_codes_and_hashes_stand_in_the_order_only() -> None:
    plan, _page, root = shown(papers.dermatomyositis)
    order = words(section(root, "order"))
    others = words(root).replace(order, "")
    for text in ("ladder-assumed", plan.computed_from.product.sha256[:8], "--regimen"):
        assert text in order
        assert text not in others


def test_parts_and_sessions_are_chosen_as_for_the_paper() -> None:
    plan = papers.planned_once()
    ids = [s.get("id") for s in parsed(to_html(plan, "a4", ("order", "patient"))).iter("section")]
    assert ids == ["patient", "order"]
    [only] = parsed(to_html(plan, "a4", session="2.1")).iter("section")
    assert "session 3 of 4 Tuesday 29 December 2026" in words(only)
    with pytest.raises(RequestError, match=r"no session '9\.1'; give --session as course\.day"):
        to_html(plan, "a4", session="9.1")


def test_an_overridden_stop_and_its_reason_are_on_every_record() -> None:
    plan, _, root = shown(papers.twelve_rungs)
    for number in range(1, len(plan.sessions) + 1):
        said = words(section(root, f"record-{number}"))
        assert "STOP, OVERRIDDEN an age of 17 years is outside" in said
        assert "Reason given for overriding: Dr A. Example" in said


# ---- hostile text, and nothing fetched ------------------------------------------------------------------------------


def test_no_text_is_markup_style_or_template() -> None:
    plan = papers.with_patient(papers.dermatomyositis(), name=HOSTILE, patient_id=HOSTILE[:40])
    plan = replace(plan, notices=(Notice("x", "stop", HOSTILE, overridden_because=HOSTILE),), sources=(HOSTILE,))
    page = to_html(plan, "a4")
    root = parsed(page)
    assert not list(root.iter("script"))
    assert not list(root.iter("img"))
    assert len(list(root.iter("style"))) == 1
    assert words(root).count("<script>alert(1)</script>") > 10
    assert "{{ 7*7 }}" in words(root)


def test_text_in_the_style_sheet_cannot_leave_its_string() -> None:
    assert css_text('A"; } é\n</style>') == (
        '"A\\000022\\00003b\\000020\\00007d\\000020\\0000e9\\00000a\\00003c\\00002fstyle\\00003e"'
    )


@plans
def test_the_page_stands_alone(make: Callable[[], Plan]) -> None:
    """No script, no address that a browser would load, and a policy that would stop it."""
    _, page, root = shown(make)
    for node in root.iter():
        assert node.tag not in ("script", "link", "img", "iframe", "object", "embed", "form", "base", "audio", "video")
        for name, value in node.attrib.items():
            assert name not in ("src", "srcset", "data", "action", "poster", "background"), node.tag
            assert not name.startswith("on")
            assert name != "href" or value.startswith("#"), value
    [style] = root.iter("style")
    assert not re.search(r"url\(|@import|image-set|expression", style.text or "")
    assert "default-src 'none'" in page


# ---- read aloud -----------------------------------------------------------------------------------------------------


@plans
def test_a_screen_reader_finds_language_headings_and_tables(make: Callable[[], Plan]) -> None:
    _, _, root = shown(make)
    html = next(root.iter("html"))
    assert html.get("lang") == "en-GB"
    assert words(next(root.iter("title"))).startswith("IVIG infusion plan: ")
    levels = [int(node.tag[1]) for node in root.iter() if node.tag in ("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(lower - upper <= 1 for upper, lower in pairwise(levels))
    for node in root.iter("table"):
        caption = node.find("caption")
        assert node.get("aria-label") or (caption is not None and words(caption))
        assert all(head.get("scope") in ("col", "row") for head in node.iter("th"))
        assert list(node.iter("th"))
    ids = [node.get("id") for node in root.iter() if node.get("id")]
    assert len(ids) == len(set(ids))
    for node in root.iter():
        assert node.get("aria-labelledby") is None or node.get("aria-labelledby") in ids
        assert node.tag != "a" or (node.get("href") or "")[1:] in ids


@plans
def test_every_part_says_that_it_must_be_checked(make: Callable[[], Plan]) -> None:
    _, _, root = shown(make)
    for part in root.iter("section"):
        assert CHECK in words(part)


def test_the_title_of_the_file_does_not_name_the_patient() -> None:
    assert "Okonkwo" not in words(next(shown(papers.dermatomyositis)[2].iter("title")))


# ---- as a command ---------------------------------------------------------------------------------------------------

ORDER = ("-r", "dermatomyositis", "-p", "octagam-10-us", "--weight", "72kg", "--start", "2026-12-01", "--at", "09:00")


@pytest.mark.parametrize("command", ["schedule", "calendar"])
def test_it_is_a_format_of_the_commands(command: str, run: Callable[..., Any]) -> None:
    root = parsed(run(command, *ORDER, "-f", "html").out)
    assert [words(section(root, f"record-{n}")).count("172.8 mL/h") for n in (1, 2)] == [1, 1]


def test_the_calendar_command_takes_parts_and_a_session(run: Callable[..., Any], refuses: Callable[..., str]) -> None:
    [home] = parsed(run("calendar", *ORDER, "-f", "html", "--part", "patient").out).iter("section")
    assert home.get("id") == "patient"
    page = run("calendar", *ORDER, "-f", "html", "--session", "1.2", "--paper", "letter").out
    assert "session 2 of 2" in page
    assert "size: letter" in page
    assert "give --format pdf or html" in refuses(2, "calendar", *ORDER, "--part", "patient")


def test_missing_jinja_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(MissingExtraError, match=r"HTML output needs an extra: pip install 'ivigcalc\[html\]'"):
        to_html(papers.planned_once(), "a4")
