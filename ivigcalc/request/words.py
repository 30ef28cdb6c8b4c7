"""The words of one thing that was asked, made exact. What cannot be read is a `ValueError` that says why.

What is read again and again, row after row, is remembered by its words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from decimal import Decimal
from functools import lru_cache

from msgspec import Struct

from ivigcalc.clock import DAY_MIN, clock_minutes, iso_date
from ivigcalc.country import markets
from ivigcalc.quantity import Quantity, QuantityError, parse_height, parse_weight, spoken
from ivigcalc.request.request import LAST_YEAR, OrderedDose, Per, Sex
from ivigcalc.text import TYPED, near, safe

FIRST_YEAR = 1900
MAX_TEXT = 200
#: no language puts more marks than this on one letter; a taller pile would paint over the lines around it
MARKS_PER_LETTER = 3
LONGEST_INFUSION_MIN = DAY_MIN
#: compiled when there is free text to look at, which takes a while
_UNPRINTABLE = (
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f\ufdd0-\ufdef"
    + "".join(f"{chr(plane * 0x10000 + 0xFFFE)}{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(17))
    + "]"
)
_PER: dict[str, Per] = {"day": "day", "d": "day", "course": "course"}
_SEXES: dict[str, Sex] = {"m": "male", "male": "male", "f": "female", "female": "female"}
#: q4w, q28d
_Q = re.compile(r"q ?([1-9][0-9]{0,2} ?[a-z]+)")
_EACH = re.compile(r"every (other )?(day|week|fortnight|month|year)")
_ADVERBS = {"weekly": "week", "fortnightly": "fortnight", "monthly": "month", "yearly": "year"}
_TWO_MEANINGS = ("biweekly", "bi-weekly", "bimonthly", "bi-monthly")
_CODE = re.compile(r"[a-z][a-z-]{1,40}")
_COUNTRY = re.compile(r"[A-Z]{2}")
#: what is short of the end of some month
_LIKE_A_DAY = re.compile(r"((?:19|20|21)[0-9]{2})-([0-9]{2})-(?:29|30|31)")
_COUNT = re.compile(r"[1-9][0-9]{0,3}")


@lru_cache(maxsize=4096)
def weight(text: str) -> Quantity:
    """Read a body weight with its unit."""
    return parse_weight(text)


@lru_cache(maxsize=1024)
def height(text: str) -> Quantity:
    """Read a height with its unit."""
    return parse_height(text)


@lru_cache(maxsize=1024)
def age(text: str) -> Quantity:
    """Read an age in days, weeks, months or years."""
    return spoken(text, "months", "days", any_length=True)


@lru_cache(maxsize=1024)
def dose(text: str) -> OrderedDose:
    """Read a dose, per kg or in all; `/day` or `/course` after it says of what."""
    amount, slash, per = text.rpartition("/")
    said = _PER.get(per.strip().lower()) if slash else None
    found = spoken(amount if said else text, "dose", "amount")
    if found.value == 0:
        raise QuantityError("a dose of 0 is no dose; give one above it")
    return OrderedDose(found, said)


@lru_cache(maxsize=1024)
def interval(text: str) -> Quantity:
    """Read a whole number of days, weeks or months: `4 weeks`, `every month`, `monthly`, `q4w`."""
    lowered = " ".join(text.lower().split())
    if lowered in _TWO_MEANINGS:  # control: two-meanings
        raise QuantityError(f'\'{lowered}\' means two things; write "2 weeks", "2 months", or twice in that time')
    if lowered in _ADVERBS:
        lowered = f"every {_ADVERBS[lowered]}"
    each, short = _EACH.fullmatch(lowered), _Q.fullmatch(lowered)
    if each:
        return _each(each[2], 2 if each[1] else 1)
    return span(short[1] if short else lowered)


def _each(what: str, times: int) -> Quantity:
    return Quantity(Decimal(2 * times), "week") if what == "fortnight" else Quantity(Decimal(times), what)


@lru_cache(maxsize=1024)
def span(text: str) -> Quantity:
    """Read a whole number of days, weeks or months, with or without `every`."""
    lowered = " ".join(text.lower().split())
    found = spoken(lowered.removeprefix("every "), "days", "months")
    if found.value == 0 or found.base.denominator != 1:
        raise QuantityError(
            f'{_short(text)} is not a whole number of days, weeks or months above 0; write it as "4 weeks"'
        )
    return found


@lru_cache(maxsize=1024)
def infusion_time(text: str) -> Quantity:
    """Read how long an infusion lasts, in hours or minutes, up to a day."""
    found = spoken(text, "time")
    if found.value == 0 or found.base > LONGEST_INFUSION_MIN:
        raise QuantityError(f"{_short(text)} is not how long an infusion lasts: give more than 0, and at most 24 h")
    return found


@lru_cache(maxsize=8192)
def day(text: str) -> date:
    """Read a date that a patient or a plan can have."""
    found: date | None = None
    with suppress(ValueError):
        found = iso_date(text)
    if found is None and (like := _LIKE_A_DAY.fullmatch(text)) and 1 <= int(like[2]) <= 12:
        raise ValueError(f"{_short(text)} is no day of the calendar: check how many days the month has in {like[1]}")
    if found is None or not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValueError(
            f"{_short(text)} is not a date as YYYY-MM-DD from {FIRST_YEAR} to {LAST_YEAR}; write year, month and day "
            "in this order, as 1 December is 2026-12-01"
        )
    return found


def clock(text: str) -> int:
    """HH:MM as minutes after midnight."""
    with suppress(ValueError):
        return clock_minutes(text)
    raise ValueError(
        f"{_short(text)} is not a clock time as HH:MM; write hours and minutes of 24 hours, as 09:00, 21:00"
    )


def count(most: int) -> Callable[[str], int]:
    """A reader of whole numbers from 1 to `most`."""

    def read(text: str) -> int:
        if not _COUNT.fullmatch(text) or int(text) > most:
            why = "too small" if text == "0" else "too many" if _COUNT.fullmatch(text) else "not a whole number"
            raise ValueError(f"{_short(text)} is {why}; allowed: 1 to {most}")
        return int(text)

    return read


class OneOf(Struct, frozen=True):
    """A reader of one of these words, in any case."""

    allowed: tuple[str, ...]

    def __call__(self, text: str) -> str:
        """The word, as it is written here."""
        word, known = text.strip().lower(), self.allowed
        if word not in known:
            several = re.split(r"[\s,;+/&]+(?:and\s+)?", word)
            if several[1:] and set(several) <= set(known):
                raise ValueError(f"{_short(text)} are several: give each by itself; allowed: {', '.join(known)}")
            like = "" if several[1:] and set(several) & set(known) else word
            raise ValueError(
                f"{_short(text)} is not one of the choices; {near(like, known)}allowed: {', '.join(known)}"
            )
        return word


def one_of(*allowed: str) -> OneOf:
    """A reader of one of these words."""
    return OneOf(allowed)


def sex(text: str) -> Sex:
    """Read male or female, or the first letter of it."""
    found = _SEXES.get(text.strip().lower())
    if found is None:
        raise ValueError(f"{_short(text)} is not one of the choices; allowed: male, female, M, F")
    return found


def country(text: str) -> str:
    """Read a country as two letters (GB and UK are one)."""
    found = next(iter(markets(text)))
    if not _COUNTRY.fullmatch(found):
        raise ValueError(f"{_short(text)} is not a country: write it as two letters, such as US, UK, DE")
    return found


def printable(text: str) -> str:
    """Read text that is printed and never interpreted: whatever no page can show is refused."""
    if len(text) > MAX_TEXT:
        raise ValueError(f"is longer than {MAX_TEXT} characters; leave out what is too many")
    if found := re.search(_UNPRINTABLE, text):  # control: direction-characters
        raise ValueError(
            f"has U+{ord(found[0]):04X} as character {found.start() + 1}, which cannot be printed; leave it out"
        )
    _check_marks(text)
    if not text.strip():
        raise ValueError("is empty; give it, or leave out the option")
    return text


def is_piled(char: str) -> bool:
    """Whether a character is a mark that is put above, below or around the letter before it."""
    return unicodedata.combining(char) != 0 or unicodedata.category(char) == "Me"


def _check_marks(text: str) -> None:
    """Composed as it is printed: a letter and its mark may be typed as two."""
    marks = 0
    for char in unicodedata.normalize("NFC", text) if not text.isascii() else "":
        marks = marks + 1 if is_piled(char) else 0
        if marks > MARKS_PER_LETTER:
            raise ValueError(
                f"has U+{ord(char):04X} as mark {marks} of one letter, which cannot be printed; leave it out"
            )


def override(text: str) -> tuple[str, str]:
    """Read `CODE=reason`: which stop is overridden, and why."""
    code, equals, reason = text.partition("=")
    if not equals or not _CODE.fullmatch(code.strip()) or not reason.strip():  # control: override-with-reason
        raise ValueError(f'{_short(text)} is no code with its reason: write --override CODE="reason"')
    # blanks and quotation marks around it are not part of the reason: it is read the same from a saved plan
    plain = " ".join(printable(reason).split()).strip('" ')
    return code.strip(), printable(plain)


def _short(text: str) -> str:
    return f"'{safe(text, TYPED)}'"
