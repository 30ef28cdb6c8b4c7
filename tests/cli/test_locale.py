"""`--locale`: days, months and the clock of printed pages as a language and its country write them; never a figure.

Expected: CLDR's charts of German in Germany and English in the United States.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ORDER = "-r dermatomyositis -p octagam-10-us --weight 72.5kg --age 54y --start 2027-01-04 --at 14:00 --days 2"
RunIt = Callable[..., Any]


def page(run: RunIt, *more: str) -> str:
    shown = run("calendar", *shlex.split(ORDER), "-f", "html", "--quiet", *more)
    assert shown.code == 0, shown.err
    return str(shown.out)


def test_days_and_months_are_those_of_the_language(run: RunIt) -> None:
    ours, german = page(run), page(run, "--locale", "de-DE")
    assert "January 2027" in ours
    assert "Januar 2027" in german
    assert "January" not in german


def test_the_clock_is_that_of_the_country(run: RunIt) -> None:
    assert "2:00 PM" in page(run, "--locale", "en-US")
    assert "2:00 PM" not in page(run, "--locale", "en-GB")


def test_figures_keep_their_point(run: RunIt) -> None:
    """A page with two kinds of decimal marks could be misread: its notices have the point as well."""
    assert "72.5 kg" in page(run, "--locale", "de-DE")
    assert "72,5 kg" not in page(run, "--locale", "de-DE")


def test_it_comes_before_the_locale_of_the_site(run: RunIt, tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text("kind: site\nschema: 2\nid: here\nlocale: pl-PL\n", encoding="utf-8")
    assert "Januar 2027" in page(run, "--site", str(site), "--locale", "de-DE")
    assert "Januar 2027" not in page(run, "--site", str(site))


@pytest.mark.parametrize("format", ["json", "csv", "fhir", "table", "markdown"])
def test_what_machines_read_has_no_locale(format: str, refuses: Callable[..., str]) -> None:
    said = refuses(2, "schedule", *shlex.split(ORDER), "-f", format, "--locale", "de-DE")
    assert f"and {format} is none: give --format pdf, html or ics" in said


@pytest.mark.parametrize("locale", ["xx-QQ", "de_DE.UTF-8", "Deutsch", "", "\x1b[2J"])
def test_a_locale_that_there_is_not_is_refused(locale: str, refuses: Callable[..., str]) -> None:
    said = refuses(2, "calendar", *shlex.split(ORDER), "-f", "html", "--locale", locale)
    assert "--locale: there is no locale '" in said
    assert "such as de-DE" in said


def test_the_month_on_screen_has_it_too(run: RunIt) -> None:
    shown = run("calendar", *shlex.split(ORDER), "--locale", "de-DE")
    assert shown.code == 0
    assert "Januar 2027" in shown.out
