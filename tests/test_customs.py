"""How a clinic writes: what its site file says, else what CLDR has of its locale, else as ever.

Expected: CLDR's own charts (en-US, en-GB, de-DE, pl-PL, zh-CN, ar-EG, es-MX), and UTS #35, Measurement System Data, for paper and
temperature.
"""

import re
import sys
import tomllib
from datetime import date
from pathlib import Path

import helpers
import pytest
from babel.localedata import locale_identifiers

import ivigcalc
from ivigcalc.customs import NO_CUSTOMS, customs, customs_of, is_known, written_as
from ivigcalc.errors import MissingExtraError, RequestError

ON = date(2026, 12, 1)


def of(**keys: str) -> object:
    found = customs_of(helpers.a_site(**keys).value)
    return (found.first_weekday, found.twelve_hours, found.temperature, found.paper)


MON, SUN, SAT = 0, 6, 5


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("en-US", (SUN, True, "°F", "letter")),
        ("en-GB", (MON, False, "°C", "a4")),
        ("de-DE", (MON, False, "°C", "a4")),
        ("es-MX", (SUN, True, "°C", "letter")),
        ("en-AU", (MON, True, "°C", "a4")),
        ("ar-EG", (SAT, True, "°C", "a4")),
        ("es-PR", (SUN, True, "°F", "letter")),
        ("en-LR", (MON, True, "°C", "a4")),  # Liberia measures as the United States do, but not temperatures
        ("pl", (MON, False, "°C", "a4")),
        ("en", (MON, False, "°C", "a4")),  # a language has no country whose customs could be taken
    ],
)
def test_a_locale_brings_the_customs_of_its_country(locale: str, expected: object) -> None:
    assert of(locale=locale) == expected


def test_what_the_site_says_comes_before_its_country() -> None:
    said = {"week_starts": "mon", "clock": "24-hour", "temperature": "celsius", "paper": "a4"}
    for key, expected in zip(said, (MON, False, "°C", "a4"), strict=True):
        changed = of(locale="en-US", **{key: said[key]})
        place = list(said).index(key)
        assert isinstance(changed, tuple)
        assert changed[place] == expected
        assert [x for i, x in enumerate(changed) if i != place] == [
            x for i, x in enumerate((SUN, True, "°F", "letter")) if i != place
        ]


def test_a_site_that_says_nothing_changes_nothing() -> None:
    assert customs_of(helpers.a_site(holidays={"country": "US", "subdivision": "NY"}).value) == NO_CUSTOMS
    assert customs() == NO_CUSTOMS
    assert (NO_CUSTOMS.day(ON, "long"), NO_CUSTOMS.month(2026, 12), NO_CUSTOMS.weekdays()) == (None, None, None)


@pytest.mark.parametrize(
    ("locale", "plain", "short", "long", "month"),
    [
        ("en-US", "Dec 1, 2026", "Tue, Dec 1, 2026", "Tuesday, December 1, 2026", "December 2026"),
        ("pl-PL", "1 gru 2026", "wt., 1 gru 2026", "wtorek, 1 grudnia 2026", "grudzień 2026"),
        ("zh-CN", "2026年12月1日", "2026年12月1日星期二", "2026年12月1日星期二", "2026年12月"),
        ("ar-EG", "1 ديسمبر 2026", "الثلاثاء، 1 ديسمبر 2026", "الثلاثاء، 1 ديسمبر 2026", "ديسمبر 2026"),
        # CLDR's short form is 1. 12. 2026, which anybody else reads as 12 January: spelt out
        ("cs-CZ", "1. prosince 2026", "úterý 1. prosince 2026", "úterý 1. prosince 2026", "prosinec 2026"),
    ],
)
def test_days_are_in_the_language_of_the_site(locale: str, plain: str, short: str, long: str, month: str) -> None:
    found = customs_of(helpers.a_site(locale=locale).value)
    assert [found.day(ON, "plain"), found.day(ON, "short"), found.day(ON, "long")] == [plain, short, long]
    assert found.month(2026, 12) == month


THREE_FIGURES = re.compile(r"\b[0-9]{1,4}\b[./ -]+\b[0-9]{1,2}\b[./ -]+\b[0-9]{1,4}\b")


def test_no_month_is_a_bare_figure_in_any_language() -> None:
    """3. 4. 2026 is in March or in April; 3 thg 4, 2026 and 2026年4月3日 say which figure is the month."""
    assert THREE_FIGURES.search("3. 4. 2026")
    assert THREE_FIGURES.search("2026-04-03")
    for language in (name for name in locale_identifiers() if "_" not in name and name != "root"):
        found = customs_of(helpers.a_site(locale=language).value)
        for length in ("plain", "short", "long"):
            assert not THREE_FIGURES.search(found.day(date(2026, 4, 3), length) or "3. 4. 2026"), language


@pytest.mark.parametrize(
    ("keys", "minutes", "expected"),
    [
        ({}, 9 * 60, "09:00"),
        ({"clock": "12-hour"}, 9 * 60, "9:00 AM"),
        ({"clock": "12-hour"}, 0, "12:00 AM"),
        ({"clock": "12-hour"}, 12 * 60 + 5, "12:05 PM"),
        ({"locale": "en-US"}, 24 * 60 + 2, "12:02 AM"),
        ({"locale": "en-GB", "clock": "12-hour"}, 23 * 60 + 59, "11:59 pm"),
        ({"locale": "de-DE"}, 23 * 60 + 59, "23:59"),
        ({"locale": "zh-CN", "clock": "12-hour"}, 9 * 60, "上午9:00"),
    ],
)
def test_the_clock_counts_as_the_site_does(keys: dict[str, str], minutes: int, expected: str) -> None:
    assert customs_of(helpers.a_site(**keys).value).clock(minutes) == expected


def test_of_twelve_hours_no_two_times_of_a_day_look_alike() -> None:
    found = customs_of(helpers.a_site(clock="12-hour").value)
    assert len({found.clock(minute) for minute in range(24 * 60)}) == 24 * 60


def test_customs_hold_within_the_page_and_not_beyond_it() -> None:
    with written_as(helpers.a_site(locale="en-US").value):
        assert customs().paper == "letter"
        with written_as(helpers.a_site().value):
            assert customs() == NO_CUSTOMS
        assert customs().paper == "letter"
    assert customs() == NO_CUSTOMS


@pytest.mark.parametrize("locale", ["xx-US", "en-XX", "pl-US", "en-Cyrl-US"])
def test_a_locale_that_there_is_not_is_refused(locale: str) -> None:
    assert not is_known(locale)
    with pytest.raises(RequestError, match="is not known; write one like en-US"):
        customs_of(helpers.a_site(locale=locale).value)


def test_without_the_library_only_who_needs_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from ivigcalc import customs as module

    for remembered in (module._usual, module._locale):
        remembered.cache_clear()
    monkeypatch.setitem(sys.modules, "babel", None)
    for keys in ({"locale": "en-US"}, {"clock": "12-hour"}):
        with pytest.raises(MissingExtraError, match=r"pip install 'ivigcalc\[locale\]'"):
            customs_of(helpers.a_site(**keys).value)
    assert (
        customs_of(helpers.a_site(week_starts="sun", paper="letter", temperature="fahrenheit").value).paper == "letter"
    )


def test_the_facts_of_countries_name_their_source() -> None:
    text = (Path(ivigcalc.__file__).parent / "territories.toml").read_text(encoding="utf-8")
    found = tomllib.loads(text)
    assert set(found) == {"source", "letter", "fahrenheit"}
    assert {"title", "body", "url", "locator", "checked"} == set(found["source"])
    # as UTS #35 prints them
    assert found["letter"]["territories"] == [
        "BZ",
        "CA",
        "CL",
        "CO",
        "CR",
        "GT",
        "MX",
        "NI",
        "PA",
        "PH",
        "PR",
        "SV",
        "US",
        "VE",
    ]
    assert sorted(found["fahrenheit"]["territories"]) == sorted(["US", "BS", "BZ", "KY", "PR", "PW"])
