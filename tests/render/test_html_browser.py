"""The page in a real browser without a screen: phone and desktop, light and dark, and what its printer makes of it."""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from PIL import Image
from pypdf import PdfReader

from ivigcalc.engine.plan import Plan
from ivigcalc.render.paper.page import Paper
from ivigcalc.render.web.html import to_html

from . import papers

webdriver = pytest.importorskip("selenium.webdriver")
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (CHROMIUM and DRIVER) and "IVIGCALC_NEEDS_BROWSER" not in os.environ,
        reason="no chromium with its driver on this machine",
    ),
]
#: millimetres in dots of the screen, as a browser counts them
DOTS_PER_MM = 96 / 25.4
SECONDS = 30


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One browser for all tests, with an empty profile; it and its driver end with the tests."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    driver.set_page_load_timeout(SECONDS)
    driver.set_script_timeout(SECONDS)
    driver.get("about:blank")
    yield driver
    driver.quit()


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Callable[..., str]:
    """Open a page of this width and scheme; gives its address."""

    def opened(page: str, width: int = 1280, scheme: str = "light", media: str = "screen") -> str:
        file = tmp_path / "plan.html"
        file.write_text(page, encoding="utf-8")
        for log in ("browser", "performance"):
            browser.get_log(log)
        screen = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        wanted = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": wanted})
        browser.get(file.as_uri())
        return file.as_uri()

    return opened


@cache
def planned(make: Callable[[], Plan]) -> Plan:
    return make()


LUMINANCE = """
const shade = colour => { const [r, g, b] = colour.match(/[0-9.]+/g).map(Number).map(
    x => x / 255 <= 0.04045 ? x / 255 / 12.92 : ((x / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b };
const behind = node => { for (; node; node = node.parentElement) { const c = getComputedStyle(node).backgroundColor;
    if (!c.startsWith('rgba(0, 0, 0, 0')) return c } return 'rgb(255, 255, 255)' };
return [...document.querySelectorAll('body *')].filter(n => n.offsetParent && [...n.childNodes].some(
    t => t.nodeType === 3 && t.data.trim())).map(n => { const [a, b] = [getComputedStyle(n).color, behind(n)].map(shade);
    return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), n.className || n.tagName] })
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("make", [papers.dermatomyositis, papers.twelve_rungs], ids=lambda make: make.__name__)
def test_it_fits_the_screen_is_readable_and_asks_for_nothing(
    browser: Any, opened: Callable[..., str], make: Callable[[], Plan], width: int, scheme: str
) -> None:
    plan = planned(make)
    address = opened(to_html(plan, "a4"), width, scheme)
    # nothing to be pushed sideways, and no box of its own that would have to be
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    wide = (
        "return [...document.querySelectorAll('main *')].filter(n => n.getBoundingClientRect().right > innerWidth + 1"
    )
    assert browser.execute_script(f"{wide} && !n.closest('.unseen, thead')).map(n => n.outerHTML)") == []
    # the figures that matter are seen, the rate as the largest of the record
    rates = browser.execute_script(
        "return [...document.querySelectorAll('#record-1 .rate strong')].filter(n => n.checkVisibility()).map("
        "n => [n.textContent, parseFloat(getComputedStyle(n).fontSize)])"
    )
    assert [text for text, _ in rates] == [str(step.rate_ml_per_h) for step in plan.sessions[0].steps]
    others = browser.execute_script(
        "return [...document.querySelectorAll('#record-1 *:not(.rate *)')].filter(n => n.checkVisibility()).map("
        "n => parseFloat(getComputedStyle(n).fontSize))"
    )
    assert max(others) < min(size for _, size in rates)
    # every text stands out from what is behind it: 4.5 to 1 is what WCAG asks for
    contrasts = browser.execute_script(LUMINANCE)
    assert len(contrasts) > 100
    assert [found for found in contrasts if found[0] < 4.5] == []
    ground = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (int(ground[4:].split(",")[0]) < 64) == (scheme == "dark")
    # nothing is said to the console, nothing is asked for but the page itself
    assert browser.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    assert [url for url in asked if not url.startswith("chrome://")] == [address]


@pytest.mark.parametrize(
    ("make", "paper"),
    [*((make, "letter") for make in papers.ALL), (papers.dermatomyositis, "a4"), (papers.twelve_rungs, "a4")],
    ids=lambda said: said if isinstance(said, str) else said.__name__,
)
def test_each_record_prints_on_one_page(
    browser: Any, opened: Callable[..., str], make: Callable[[], Plan], paper: Paper
) -> None:
    """Whole, with the patient at its head and at its foot. Letter is the lower paper."""
    plan = planned(make)
    opened(to_html(plan, paper, ("record",)))
    pages = printed(browser)
    assert len(pages) == len(plan.sessions)
    for number, (page, session) in enumerate(zip(pages, plan.sessions, strict=True), start=1):
        assert f"session {number} of {len(plan.sessions)}" in page
        assert f"page {number} of {len(plan.sessions)}" in page
        assert papers.CHECK in page
        assert "administered by: name, signature, date" in page
        assert all(str(step.rate_ml_per_h) in page for step in session.steps)
        name = plan.computed_from.request.patient.name
        assert name is None or page.count(name) == 2, "at the head and at the foot"


def printed(browser: Any) -> list[str]:
    """What its printer makes of the page: the text of each sheet."""
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    made = browser.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
    pages = PdfReader(io.BytesIO(base64.b64decode(made["data"]))).pages
    # NFKC: letters that are set as one, such as `fi`, are two again
    return [" ".join(normalize("NFKC", page.extract_text()).split()) for page in pages]


def test_the_whole_plan_prints_as_the_paper_does(browser: Any, opened: Callable[..., str]) -> None:
    """Calendar, patient's page, a record for each session, order; nothing of the screen's head."""
    opened(to_html(planned(papers.dermatomyositis), "a4"), scheme="dark")
    pages = printed(browser)
    heads = ["Infusion calendar", "Your infusions", *["Infusion record, session"] * 4, "Order"]
    found = [next((head for head in heads if head in page), "") for page in pages]
    assert [head for head in found if head] == heads
    assert not any("Parts of this plan" in page or "IVIG infusion plan:" in page for page in pages)


def test_six_months_are_printed_on_a_page_each_page_with_its_head(browser: Any, opened: Callable[..., str]) -> None:
    plan = papers.dermatomyositis(courses="12", days="5")
    opened(to_html(plan, "letter", ("calendar",)))
    first, second, table, *_ = printed(browser)
    assert "December 2026" in first
    assert "May 2027" in first
    assert "Infusion calendar, 2 of 2" in second
    assert "June 2027" in second
    assert "October 2027" in second
    assert "Sessions" in table
    assert all("Margaret Okonkwo ID MRN 004-217" in page for page in (first, second, table))


@pytest.mark.parametrize("paper", papers.PAPERS)
def test_a_record_fills_its_page_with_rows_to_write_in(browser: Any, opened: Callable[..., str], paper: Paper) -> None:
    """At least two whole rows, 4 mm high, numbered after the last one; letters of 6 points at least."""
    for make in (papers.dermatomyositis, papers.without_rates, papers.undated):
        opened(to_html(planned(make), paper, ("record",)), round(186 * DOTS_PER_MM), media="print")
        rows, size = browser.execute_script(
            "const box = document.querySelector('.more-rows').getBoundingClientRect();"
            "return [[...document.querySelectorAll('.record:first-child .more-rows > div')].map(n => n.getBoundingClientRect())"
            ".filter(r => r.left < box.right - 1).map(r => [r.top - box.top, r.bottom - box.bottom, r.height]),"
            "parseFloat(getComputedStyle(document.querySelector('.record')).fontSize)]"
        )
        assert len(rows) >= 2
        assert all(top >= -1 and bottom <= 1 and height >= 4 * DOTS_PER_MM for top, bottom, height in rows)
        assert size * 72 / 96 >= 6


def test_a_phone_number_after_a_clinic_in_arabic_is_not_turned_round(browser: Any, opened: Callable[..., str]) -> None:
    """Beside what is written from the right a browser would put 0123 to the left of 555."""
    site = papers.clinic(title="مستشفى الأمل", address="شارع النيل", phone="555 0123")
    opened(to_html(papers.dermatomyositis(site=site, courses="1"), "a4", ("patient",)))
    places = browser.execute_script(
        "const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];"
        "const left = (node, text) => { const range = document.createRange(), at = node.data.indexOf(text);"
        " range.setStart(node, at); range.setEnd(node, at + text.length); return range.getBoundingClientRect().left };"
        "while (walk.nextNode()) { const node = walk.currentNode;"
        " if (node.data.includes('555 0123')) found.push([left(node, 'مستشفى'), left(node, '555'), left(node, '0123')]) }"
        "return found"
    )
    assert len(places) == 3
    assert all(name < first < second for name, first, second in places)


def test_paper_is_black_on_white_whatever_the_screen(browser: Any, opened: Callable[..., str]) -> None:
    opened(to_html(papers.planned_once(), "a4", ("record",)), 703, "dark", media="print")
    shot = Image.open(io.BytesIO(base64.b64decode(browser.get_screenshot_as_base64()))).convert("RGB")
    counted = shot.getcolors(1 << 24) or []
    assert all(max(shade) - min(shade) <= 8 for _, shade in counted), "greys of the edges of letters only"
    assert max(counted)[1] == (255, 255, 255)
    dark = sum(count for count, shade in counted if shade[0] < 250)
    assert dark / (shot.width * shot.height) < 0.2, "no box is filled"
