"""An order in one line, as it is spoken: `2 g/kg over d1-2 q28d x6`, `loading 2 g/kg d1-5, then 1 g/kg d1 q21d x8`.

Each word says one thing: dose, days, interval, number of courses, how long an infusion lasts, what the dose is for.
`then` begins the next phase of the protocol. A word that is not understood is a `ValueError` that points at it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ivigcalc.request import words
from ivigcalc.request.request import Treatment
from ivigcalc.request.written import write_order
from ivigcalc.text import printable

MOST_CHARACTERS, MOST_PHASES = 400, 10
_THEN = re.compile(r"(?:[,;]\s*)?\bthen\b|;", re.IGNORECASE)
_WORD = re.compile(r"\S+")
_PHASE = re.compile(r"([a-z][a-z0-9-]*)(?=\s|$)")
_AMOUNT = re.compile(r"(?:[0-9]+,)?[0-9.]+\s*[a-z]+(?:/kg)?(?:\s*/\s*[a-z]+)?(?=[\s,]|$)", re.IGNORECASE)
#: a hyphen, and the dashes that a word processor makes of it; likewise of an x
_DASH, _TIMES = "[-\u2010-\u2013\u2212]", "[x\u00d7]"
_DAYS = re.compile(rf"(?:(?:over|on)\s+)?d([0-9]+)(?:{_DASH}d?([0-9]+))?(?=[\s,]|$)", re.IGNORECASE)
_DAYS_IN_WORDS = re.compile(r"(?:over|for)\s+([0-9]+)\s*days?(?=[\s,]|$)", re.IGNORECASE)
_TIME = re.compile(r"over\s+((?:[0-9]+,)?[0-9.]+\s*(?:h|hours?|min|minutes?))(?=[\s,]|$)", re.IGNORECASE)
_INTERVAL = re.compile(
    r"(?:q\s?[0-9]+\s?[a-z]+|every\s+(?:[0-9]+\s*|other\s+)?[a-z]+|(?:bi-?)?(?:week|month)ly|(?:fortnight|year)ly)"
    r"(?=[\s,]|$)",
    re.IGNORECASE,
)
_COURSES = re.compile(rf"{_TIMES}\s?([0-9]+)(?=[\s,]|$)|([0-9]+)\s+courses?(?=[\s,]|$)", re.IGNORECASE)
_BASIS = re.compile(r"per\s+(course|4[\s-]weeks)(?=[\s,]|$)", re.IGNORECASE)
_HELP = (
    "write a dose as 2 g/kg or 0.4 g/kg/day, days as d1-5, an interval as q28d, courses as x6, "
    'an infusion time as over 12 h, and "then" before the next phase'
)


class _Kind(NamedTuple):
    """One thing that a word can say: the field of a treatment, what it is called, and how it is found and read."""

    field: str
    called: str
    pattern: re.Pattern[str]
    read: Callable[[re.Match[str]], Any]


def _days(match: re.Match[str]) -> int:
    first, last = match[1], match[2] or match[1]
    if first != "1":
        raise ValueError("a course begins on day 1: write d1-5")
    return words.count(31)(last)


#: in the order in which they are tried
_KINDS = (
    _Kind("days", "number of days", _DAYS, _days),
    _Kind("days", "number of days", _DAYS_IN_WORDS, lambda match: words.count(31)(match[1])),
    _Kind("over", "infusion time", _TIME, lambda match: words.infusion_time(match[1])),
    _Kind("every", "interval", _INTERVAL, lambda match: words.interval(match[0])),
    _Kind("courses", "number of courses", _COURSES, lambda match: words.count(200)(match[1] or match[2])),
    _Kind("dose_basis", "basis", _BASIS, lambda match: "-".join(match[1].lower().split())),
    _Kind("dose", "dose", _AMOUNT, lambda match: words.dose(match[0])),
)


def read_order(text: str) -> tuple[Treatment, ...]:
    """What is ordered for each phase that is named or follows, in that order; one treatment where there are no phases.

    Raises `ValueError` with the line and a mark below the word that is not understood.
    """
    _refuse_long(text)
    found: list[Treatment] = []
    for begin, end in _phases(text):
        found.append(_treatment(text, begin, end))
    if len(found) > MOST_PHASES:
        raise ValueError(f"more than {MOST_PHASES} phases; plan the rest by itself")
    _refuse_long(write_order(found))  # as a saved plan has it, which is read again
    return tuple(found)


def _refuse_long(line: str) -> None:
    if len(line) > MOST_CHARACTERS:
        raise ValueError(f"longer than {MOST_CHARACTERS} characters; leave out what is too many")


def _phases(text: str) -> Iterator[tuple[int, int]]:
    """Where the words of each phase begin and end."""
    begin = 0
    for between in _THEN.finditer(text):
        yield begin, between.start()
        begin = between.end()
    yield begin, len(text)


def _treatment(text: str, begin: int, end: int) -> Treatment:
    said: dict[str, Any] = {}
    place = _skip(text, begin, end)
    if place == end:
        raise ValueError(f"nothing is ordered{' before or after a then' if text.strip() else ''}: {_HELP}")
    while place < end:
        kind, match = _next(text, place, end, said)
        if kind.field in said:
            raise _pointed(text, place, match.end() - place, f"a second {kind.called}", "say each thing once")
        try:
            said[kind.field] = kind.read(match)
        except ValueError as error:
            raise _pointed(text, place, match.end() - place, f"no {kind.called}", str(error)) from None
        place = _skip(text, match.end(), end)
    return Treatment(**said)


def _next(text: str, place: int, end: int, said: dict[str, Any]) -> tuple[_Kind, re.Match[str]]:
    for kind in _KINDS:
        match = kind.pattern.match(text, place, end)
        if match:
            return kind, match
    match = _PHASE.match(text, place, end)
    if match and not said and _skip(text, match.end(), end) < end:
        return _Kind("phase", "phase", _PHASE, lambda match: match[1]), match
    word = _WORD.match(text, place, end)
    assert word is not None  # what stands here is no blank
    raise _pointed(text, place, word.end() - place, "not understood", _HELP)


def _skip(text: str, place: int, end: int) -> int:
    """The place of the next word; a comma between words says nothing."""
    while place < end and (text[place].isspace() or text[place] == ","):
        place += 1
    return place


def _pointed(text: str, place: int, length: int, what: str, remedy: str) -> ValueError:
    """An error with the line, and carets below the place."""
    line = printable(text)
    return ValueError(f"'{line[place : place + length]}' is {what}: {remedy}\n  {line}\n  {' ' * place}{'^' * length}")
