"""The site is built without a warning or a dead link, loads nothing from anywhere, and is searched from a disk."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from documents import ROOT

webdriver = pytest.importorskip("selenium.webdriver")
pytest.importorskip("material")
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking")
SECONDS = 30
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make site` builds it."""
    folder = tmp_path_factory.mktemp("site")
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONWARNDEFAULTENCODING": ""}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


def pages(site: Path) -> list[Path]:
    return sorted(path for path in site.rglob("*.html") if path.name != "404.html")


def named(page: str, attribute: str) -> list[str]:
    return [unescape(value) for value in re.findall(rf'\s{attribute}="?([^"\s>]+)', page)]


def test_every_document_is_a_page(site: Path) -> None:
    documents = {
        path.relative_to(ROOT / "docs").with_suffix(".html").as_posix() for path in (ROOT / "docs").rglob("*.md")
    }
    made = {path.relative_to(site).as_posix() for path in pages(site)}
    assert documents | {"index.html", "SAFETY.html", "CHANGELOG.html", "CONTRIBUTING.html"} <= made


def test_every_link_leads_to_a_page_and_to_a_place_on_it(site: Path) -> None:
    """Also those of the theme and those in HTML, which mkdocs does not look at."""
    texts = {page: page.read_text(encoding="utf-8") for page in pages(site)}
    ids = {page: {unquote(found) for found in named(text, "id")} for page, text in texts.items()}
    dead = []
    for page, text in texts.items():
        for target in {*named(text, "href"), *named(text, "src")}:
            parts = urlsplit(target)
            if parts.scheme in ("http", "https", "data", "mailto"):
                continue
            there = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            if not there.is_file() or (parts.fragment and there in ids and unquote(parts.fragment) not in ids[there]):
                dead.append((page.name, target))
    assert dead == []


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for page in pages(site):
        text = page.read_text(encoding="utf-8")
        assert [source for source in named(text, "src") if "//" in source] == [], page
        sheets = re.findall(r"<link[^>]*rel=\"?(?:stylesheet|preconnect|preload)[^>]*>", text)
        assert [sheet for sheet in sheets if "//" in sheet] == [], page


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    if not (CHROMIUM and DRIVER) and "IVIGCALC_NEEDS_BROWSER" not in os.environ:
        pytest.skip("no chromium with its driver on this machine")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    driver.set_page_load_timeout(SECONDS)
    yield driver
    driver.quit()


def test_it_is_searched_from_a_disk_without_a_network(site: Path, browser: Any) -> None:
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    )
    browser.get((site / "index.html").as_uri())
    typed = """const field = document.querySelector('.md-search__input'); field.focus(); field.value = 'hyperprolinaemia';
        field.dispatchEvent(new Event('input', {bubbles: true})); field.dispatchEvent(new Event('keyup', {bubbles: true}));"""
    found: list[str] = []
    last = time.monotonic() + SECONDS
    while not found and time.monotonic() < last:
        browser.execute_script(typed)
        time.sleep(0.3)
        found = browser.execute_script(
            "return [...document.querySelectorAll('.md-search-result__link')].map(link => link.href)"
        )
    assert any("fhir.html" in link for link in found), found
    asked = [entry["message"] for entry in browser.get_log("performance") if "requestWillBeSent" in entry["message"]]
    assert [message for message in asked if re.search(r'"url":"https?:', message)] == []


@pytest.mark.parametrize("width", [1280, 360])
def test_no_page_is_wider_than_the_screen(site: Path, browser: Any, width: int) -> None:
    """Tables and blocks scroll in themselves, so that the page does not."""
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    wide = []
    for name in ("index", "pharmacist", "nurse", "script", "safety-officer", "other-calculators", "calendars"):
        browser.get((site / f"{name}.html").as_uri())
        if (got := browser.execute_script("return document.documentElement.scrollWidth")) > width:
            wide.append((name, got))
    assert wide == []
