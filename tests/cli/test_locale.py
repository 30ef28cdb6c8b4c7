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


# ---- orders side by side, and forecasts -----------------------------------------------------------------------------

SIDE_BY_SIDE = "compare -r dermatomyositis -p octagam-10-us --weight 72.5kg --age 54y --days 2..3"


@pytest.mark.parametrize("format", ["table", "markdown", "html"])
def test_orders_side_by_side_have_it(format: str, run: RunIt) -> None:
    """2 x 365 / 28 visits are 26.1 a year; 72.5 kg are typed once and read once."""
    ours, german = (run(*shlex.split(SIDE_BY_SIDE), "-f", format, *more) for more in ((), ("--locale", "de-DE")))
    assert (ours.code, german.code) == (0, 0), german.err
    assert "26.1" in ours.out.replace("\\", "")
    assert "26,1" in german.out.replace("\\", "")
    assert "26.1" not in german.out.replace("\\", "")


def test_what_was_typed_of_an_order_stays_as_it_was(run: RunIt) -> None:
    shown = run(*shlex.split(SIDE_BY_SIDE.replace("--days 2..3", "--weight 80kg")), "--locale", "de-DE")
    assert next(line.split()[:2] for line in shown.out.splitlines() if line.startswith("72.5kg")) == ["72.5kg", "72,5"]


@pytest.fixture
def saved(run: RunIt, tmp_path: Path) -> Path:
    path = tmp_path / "plan.json"
    assert run("schedule", *shlex.split(ORDER), "--courses", "6", "-f", "json", "-o", path, "--quiet").code == 0
    return path


@pytest.mark.parametrize("format", ["table", "html"])
def test_a_forecast_has_it(format: str, run: RunIt, saved: Path, tmp_path: Path) -> None:
    """6 courses of 144 g at 100.50 USD a gram are 86832 USD, one is 14472; the first of them is in January."""
    site = tmp_path / "site.yaml"
    site.write_text(
        "kind: site\nschema: 2\nid: here\nprice_per_gram: {octagam-10-us: {amount: 100.50, currency: USD}}\n",
        encoding="utf-8",
    )
    words = ("forecast", saved, "--site", site, "-f", format, "--by", "month")
    ours, german = run(*words), run(*words, "--locale", "de-DE")
    assert (ours.code, german.code) == (0, 0), german.err
    assert "86832" in ours.out
    assert "86\u00a0832" in german.out
    assert "86832" not in german.out
    assert "1. Jan. 2027" in german.out
    assert "1 Jan 2027" in ours.out


def test_vials_of_a_forecast_have_one_decimal_mark(run: RunIt, tmp_path: Path) -> None:
    """2.5 g is a size of Gammagard Liquid; 84.5 g need one."""
    path = tmp_path / "plan.json"
    order = ORDER.replace("octagam-10-us", "gammagard-liquid-us").replace("72.5kg", "84.5kg")
    assert run("schedule", *shlex.split(order), "--courses", "1", "-f", "json", "-o", path, "--quiet").code == 0
    assert "x2.5 " in run("forecast", path).out
    german = run("forecast", path, "--locale", "de-DE").out
    assert "x2,5 " in german
    assert "2.5" not in german


@pytest.mark.parametrize("format", ["table", "markdown", "html"])
def test_what_changed_between_two_plans_has_it(format: str, run: RunIt, saved: Path, tmp_path: Path) -> None:
    """83.5 kg x 2.4 mL/kg/h is 200.4 mL/h; twelve sessions of 72 g and of 83 g are 8640 mL and 9960 mL."""
    heavier, order = tmp_path / "heavier.json", ORDER.replace("72.5kg", "83.5kg")
    for path, words in ((saved, ORDER), (heavier, order)):
        run("schedule", *shlex.split(words), "--courses", "6", "-f", "json", "-o", path, "--quiet")
    ours, german = (run("diff", saved, heavier, "-f", format, *more) for more in ((), ("--locale", "de-DE")))
    assert (ours.code, german.code) == (5, 5), german.err
    assert {"200.4", "9960", "+1320"} <= set(ours.out.replace("\\", "").replace("<", " ").replace(">", " ").split())
    said = german.out.replace("\\", "").replace("\u00a0", " ")
    assert [figure for figure in ("83,5 kg", "200,4 mL/h", "9 960 mL", "+1 320 (") if figure not in said] == []
    assert [figure for figure in ("83.5", "200.4", "9960", "1320") if figure in said] == []


@pytest.mark.parametrize("words", [SIDE_BY_SIDE, "forecast PLAN --by month"], ids=["compare", "forecast"])
def test_the_locale_of_the_site_is_that_of_a_page_and_of_no_table(
    words: str, run: RunIt, saved: Path, tmp_path: Path
) -> None:
    site = tmp_path / "site.yaml"
    site.write_text("kind: site\nschema: 2\nid: here\nlocale: pl-PL\n", encoding="utf-8")
    asked = [str(saved) if word == "PLAN" else word for word in shlex.split(words)]
    own, polish = run(*asked, "-f", "html").out, run(*asked, "-f", "html", "--site", site).out
    assert own != polish
    assert run(*asked).out == run(*asked, "--site", site).out
    assert run(*asked, "-f", "json").out == run(*asked, "-f", "json", "--site", site).out
    german = run(*asked, "-f", "html", "--site", site, "--locale", "de-DE").out
    assert german == run(*asked, "-f", "html", "--locale", "de-DE").out


@pytest.mark.parametrize(
    ("words", "format"),
    [
        (SIDE_BY_SIDE, "csv"),
        (SIDE_BY_SIDE, "json"),
        *(("forecast PLAN", each) for each in ("csv", "json", "parquet")),
        ("diff PLAN PLAN", "json"),
    ],
)
def test_what_machines_read_of_several_plans_has_no_locale(
    words: str, format: str, refuses: Callable[..., str], saved: Path, tmp_path: Path
) -> None:
    asked = [str(saved) if word == "PLAN" else word for word in shlex.split(words)]
    said = refuses(2, *asked, "-f", format, "-o", tmp_path / "written", "--locale", "de-DE")
    assert f"--locale is for what people read, and {format} is for machines" in said
    assert not (tmp_path / "written").exists()


def test_the_month_on_screen_has_it_too(run: RunIt) -> None:
    shown = run("calendar", *shlex.split(ORDER), "--locale", "de-DE")
    assert shown.code == 0
    assert "Januar 2027" in shown.out
