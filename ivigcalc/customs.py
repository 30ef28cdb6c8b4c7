"""How a clinic writes days, times, figures and temperatures, and on which paper: as its site says, else as its country
does.

Names of days and months, the first day of the week, the clock and the marks within a figure come from CLDR by way of
babel; paper and thermometers from `territories.toml`. A site that says nothing is written in English, Monday first, 24
hours, a decimal point and no mark of thousands, degrees Celsius, A4.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from ivigcalc.clock import DAY_MIN
from ivigcalc.definitions import Site
from ivigcalc.definitions.site import WEEKDAYS
from ivigcalc.errors import MissingExtraError, RequestError
from ivigcalc.text import TYPED, safe

if TYPE_CHECKING:
    from babel import Locale

Paper = Literal["a4", "letter"]
Length = Literal["plain", "short", "long"]
#: CLDR's names for a day without its weekday, and with it in short
_SKELETONS = {"plain": "yMMMd", "short": "yMMMEd"}
_SPELT_OUT = {"plain": "long", "short": "full", "long": "full"}
#: a space that no line is broken at; what stands for it within a figure until rich, which knows none, has set its lines
NO_BREAK, HELD = "\u00a0", "\ue000"
#: spaces that no line is broken at, which not every font and screen has
_NARROW_SPACES = str.maketrans({"\u202f": " ", "\u00a0": " ", "\u2009": " "})


class Customs(Struct, frozen=True):
    """How one clinic writes. `locale`: None for English as this program writes it. `first_weekday`: 0 = Monday.

    `space`: what stands between the thousands of a figure where a space does.
    """

    locale: str | None = None
    first_weekday: int = 0
    twelve_hours: bool = False
    fahrenheit: bool = False
    paper: Paper = "a4"
    space: str = NO_BREAK

    @property
    def temperature(self) -> str:
        """The unit of a temperature."""
        return "°F" if self.fahrenheit else "°C"

    def day(self, on: date, length: Length) -> str | None:
        """A day in the clinic's language, its month never as a bare figure; None where the site names no language."""
        return None if self.locale is None else _day(self.locale, on, length)

    def month(self, year: int, month: int) -> str | None:
        """`December 2026` in the clinic's language; None where the site names none."""
        return None if self.locale is None else _month(self.locale, year, month)

    def weekdays(self) -> tuple[str, ...] | None:
        """Short names of the days of a week, Monday first; None where the site names no language."""
        return None if self.locale is None else _weekdays(self.locale)

    @property
    def decimal(self) -> str:
        """What stands before the decimals of a figure."""
        return "." if self.locale is None else _marks(self.locale)[0]

    def figure(self, digits: str) -> str:
        """A plain decimal, `1440.50`, with the same digits and the marks of the locale; without one as it is."""
        if self.locale is None:
            return digits
        decimal, thousands = _marks(self.locale)
        whole, _, part = digits.partition(".")
        grouped = f"{int(whole.lstrip('-')):,}".replace(",", self.space if thousands == NO_BREAK else thousands)
        sign = "-" if whole.startswith("-") else ""
        return f"{sign}{grouped}{decimal}{part}" if part else f"{sign}{grouped}"

    def clock(self, minutes: int) -> str:
        """Minutes after midnight, of whatever day, as `09:00`, or as `9:00 AM` where twelve hours are counted."""
        hour, minute = divmod(minutes % DAY_MIN, 60)
        return _of_twelve(self.locale or "en", hour, minute) if self.twelve_hours else f"{hour:02}:{minute:02}"


NO_CUSTOMS = Customs()
_IN_USE: ContextVar[Customs] = ContextVar("customs", default=NO_CUSTOMS)
_ASKED: ContextVar[str | None] = ContextVar("locale", default=None)


def customs() -> Customs:
    """Those of the page that is being written."""
    return _IN_USE.get()


@contextmanager
def written_as(site: Site, *, on_screen: bool = False) -> Iterator[None]:
    """What is written within is written as this site does; `on_screen`: `HELD` for the spaces within its figures."""
    own = customs_of(site)
    space = HELD if on_screen else customs().space  # control: no-figure-broken
    before = _IN_USE.set(replace(own, space=space))
    try:
        yield
    finally:
        _IN_USE.reset(before)


@contextmanager
def in_locale(name: str | None) -> Iterator[None]:
    """What is written within is written in this locale, whatever the site's; None: in the site's.

    Raises `RequestError` for a locale that CLDR does not have, `MissingExtraError` where babel is missing.
    """
    if name is not None and not is_known(name):
        shown = safe(name, TYPED)
        raise RequestError(
            f"--locale: there is no locale '{shown}'; "
            "allowed: a language and its country, such as de-DE, or a language alone",
            field="locale",
        )
    before = _ASKED.set(name)
    try:
        yield
    finally:
        _ASKED.reset(before)


def is_asked() -> bool:
    """Whether a locale is asked for, and not only that of the site."""
    return _ASKED.get() is not None


def customs_of(site: Site) -> Customs:
    """What the site says, else what CLDR has of the locale asked for or of the site, else what this program does.

    Raises `RequestError` for a locale that CLDR does not have, `MissingExtraError` where babel is needed and missing.
    """
    locale = _ASKED.get() or site.locale
    usual = _usual(locale) if locale else NO_CUSTOMS
    own = Customs(
        locale=usual.locale,
        first_weekday=WEEKDAYS.index(site.week_starts) if site.week_starts else usual.first_weekday,
        twelve_hours=site.clock == "12-hour" if site.clock else usual.twelve_hours,
        fahrenheit=site.temperature == "fahrenheit" if site.temperature else usual.fahrenheit,
        paper=site.paper or usual.paper,
    )
    if own.twelve_hours:
        _locale(own.locale or "en")  # so that what is missing is said before anything is written
    return own


def is_known(locale: str) -> bool:
    """Whether CLDR has a locale as it is written. Raises `MissingExtraError` without babel."""
    _needs_babel()
    from babel import UnknownLocaleError

    try:
        found = _locale(locale)
    except (UnknownLocaleError, ValueError):
        return False
    return set(locale.split("-")) <= set(str(found).split("_"))  # babel drops a script or country that it does not know


# ---- from CLDR ------------------------------------------------------------------------------------------------------


@cache
def _usual(name: str) -> Customs:
    """What CLDR has of a language and, where it is named, of its country."""
    if not is_known(name):
        raise RequestError(f"the site's locale '{name}' is not known; write one like en-US or pl-PL", field="site")
    found = _locale(name)
    if found.territory is None:  # a language alone has names, and no country whose ways could be taken
        return Customs(locale=name)
    facts = _territories()
    return Customs(
        locale=name,
        first_weekday=found.first_week_day,
        twelve_hours=_counts_twelve(found.time_formats["short"].pattern),
        fahrenheit=found.territory in facts["fahrenheit"],
        paper="letter" if found.territory in facts["letter"] else "a4",
    )


def _needs_babel() -> None:
    try:
        import babel  # noqa: F401
    except ImportError:
        raise MissingExtraError("the locale or the 12-hour clock of a site file", "locale") from None


@cache
def _locale(name: str) -> Locale:
    _needs_babel()
    from babel import Locale

    return Locale.parse(name, sep="-")


@cache
def _territories() -> dict[str, frozenset[str]]:
    import tomllib

    text = (Path(__file__).parent / "territories.toml").read_text(encoding="utf-8")
    found = tomllib.loads(text)
    return {key: frozenset(found[key]["territories"]) for key in ("letter", "fahrenheit")}


def _counts_twelve(pattern: str) -> bool:
    return not {"h", "K"}.isdisjoint(_fields(pattern))


def _fields(pattern: str) -> str:
    """A pattern without the words that are quoted in it."""
    return "".join(pattern.split("'")[::2])


def _day(name: str, on: date, length: Length) -> str:
    from babel.dates import format_date

    locale = _locale(name)
    pattern = _SPELT_OUT[length]
    if length in _SKELETONS:
        short = str(locale.datetime_skeletons.get(_SKELETONS[length], ""))
        # a month that is a bare figure is misread beyond the country: there the day is spelt out
        pattern = short if "MMM" in short or "LLL" in short else pattern
    return format_date(on, pattern, locale=locale).translate(_NARROW_SPACES)


def _month(name: str, year: int, month: int) -> str:
    from babel.dates import format_skeleton

    return format_skeleton("yMMMM", date(year, month, 1), locale=_locale(name)).translate(_NARROW_SPACES)


def _weekdays(name: str) -> tuple[str, ...]:
    from babel.dates import get_day_names

    names = get_day_names("abbreviated", context="stand-alone", locale=_locale(name))
    return tuple(names[number] for number in range(7))


@cache
def _marks(name: str) -> tuple[str, str]:
    """The decimal mark and that of thousands. Beside a comma for decimals, a point for thousands would be read as one
    for decimals in the English words around it: there they are set apart by a space, as the SI has it."""
    symbols = _locale(name).number_symbols
    found = symbols.get("latn", symbols)  # digits are those of the plan, whatever the script
    decimal, thousands = str(found["decimal"]), str(found["group"]).translate(_NARROW_SPACES)
    return decimal, NO_BREAK if thousands in (" ", ".") else thousands  # control: no-point-of-thousands


def _of_twelve(name: str, hour: int, minute: int) -> str:
    from babel.dates import format_time

    locale = _locale(name)
    pattern = str(locale.datetime_skeletons["hm"])
    return format_time(time(hour, minute), pattern, locale=locale).translate(_NARROW_SPACES)
