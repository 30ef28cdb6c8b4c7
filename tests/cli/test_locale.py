"""`--locale`: days, months, the clock and figures as a language and its country write them, in all that people read.

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


def test_figures_have_the_mark_of_the_language_in_notices_too(run: RunIt) -> None:
    """A page with two kinds of decimal marks could be misread. What was typed is said as it was read."""
    german = page(run, "--locale", "de-DE").partition("What was asked")[0]
    assert "72,5 kg" in german
    assert "the course of 145 g is rounded to 144 g" in german
    assert "would put more than 72,5 g on a day" in german
    assert "72.5" not in german
    assert "72.5 kg" in page(run)


RATES = "--indication dermatomyositis -p octagam-10-us --weight 72.5kg --dose 144g"
NO_DATES = ORDER.partition(" --start")[0]


@pytest.mark.parametrize(
    "words", [f"dose {NO_DATES}", f"schedule {ORDER}", f"rates {RATES}", f"calendar {ORDER}"], ids=lambda said: said[:8]
)
def test_every_command_of_a_plan_has_it_on_screen(words: str, run: RunIt) -> None:
    """144 g of a 10 % solution are 1440 mL."""
    shown = run(*shlex.split(words), "--locale", "de-DE", "--quiet")
    assert shown.code == 0, shown.err
    assert "1\u00a0440" in shown.out
    assert "1440" not in shown.out


def test_the_days_of_a_table_are_named_in_the_language_and_keep_their_order(run: RunIt) -> None:
    shown = run("schedule", *shlex.split(ORDER), "--locale", "fr-FR", "--quiet")
    assert "lun. 2027-01-04" in shown.out


def test_it_comes_before_the_locale_of_the_site(run: RunIt, tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text("kind: site\nschema: 2\nid: here\nlocale: pl-PL\n", encoding="utf-8")
    assert "Januar 2027" in page(run, "--site", str(site), "--locale", "de-DE")
    assert "Januar 2027" not in page(run, "--site", str(site))


@pytest.mark.parametrize("format", ["json", "csv", "fhir"])
def test_what_machines_read_has_no_locale(format: str, refuses: Callable[..., str]) -> None:
    said = refuses(2, "schedule", *shlex.split(ORDER), "-f", format, "--locale", "de-DE")
    assert f"--locale is for what people read, and {format} is for machines" in said


@pytest.mark.parametrize("locale", ["xx-QQ", "de_DE.UTF-8", "Deutsch", "", "\x1b[2J"])
def test_a_locale_that_there_is_not_is_refused(locale: str, refuses: Callable[..., str]) -> None:
    said = refuses(2, "calendar", *shlex.split(ORDER), "-f", "html", "--locale", locale)
    assert "--locale: there is no locale '" in said
    assert "such as de-DE" in said


def test_the_month_on_screen_has_it_too(run: RunIt) -> None:
    shown = run("calendar", *shlex.split(ORDER), "--locale", "de-DE")
    assert shown.code == 0
    assert "Januar 2027" in shown.out
