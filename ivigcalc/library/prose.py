"""Sentences that hold a figure: what limits a dose, a rate, a time, a day, a weight or an age is data, not words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from ivigcalc.definitions import Definition, Strict

_NUMBER = r"\d+(?:\.\d+)?"
_WORD = "one|two|three|four|five|six|seven|eight|nine|ten|a|an"
_SPAN = r"hours?|min(?:utes?)?|days?|weeks?|months?|years?"
_UNIT = (
    r"g/kg(?:/\w+)?|mg/kg(?:/\w+)?|mL/kg(?:/\w+)?|mL/h|mL/min|mL|L|g/L|mg/dL|g|mg|kg|cm|h|"
    rf"{_SPAN}|courses?|infusions?"
)
_FIGURE = re.compile(
    rf"\b{_NUMBER}(?:\s*(?:-|to|or|and)\s*{_NUMBER})*\s?-?(?:{_UNIT})(?![\w/])|\b(?:{_WORD})\s+(?:{_SPAN})\b"
)
_BARE = re.compile(
    rf"\b(?:BMI|aged?|over|above|below|under|hours?|days?|weeks?|months?)\s+(?:of\s+|[<>=]+\s*|-)?{_NUMBER}"
)
#: words that are a figure without a number: how old, how often, how much of another one
_SPOKEN = re.compile(
    r"\b(?:newborns?|fortnight(?:ly)?|alternate days|consecutive days|every (?:other |second )?(?:day|week|month)|"
    r"(?:half|twice|double|a third of|a quarter of) (?:of )?the (?:\w+ )?(?:dose|rate|weight|time|interval))\b",
    re.IGNORECASE,
)
#: keys whose words are not asked about (docs/definitions.md): the head, what is elsewhere, what every plan says
_HEAD = frozenset(
    {"sources", "source", "id", "title", "body", "synonyms", "missing", "no_dose_because", "no_rates_because"}
)
_ELSEWHERE = frozenset({"indications", "composition", "storage", "ladder", "assumed", "per", "group"})
_ON_THE_PLAN = {("dose", "note"), ("days", "note"), ("interval", "note"), ("weight", "text")}
#: what every plan says is asked about all the same where it bounds the figure that it stands beside
_BOUNDING = re.compile(
    r"\b(?:at (?:least|most)|up to|(?:no|not) (?:more|less|above|below)|never|minimum|maximum)\b", re.IGNORECASE
)


class Found(NamedTuple):
    """A sentence with a figure that nobody has marked: its place, and the figure as it stands there."""

    place: tuple[str | int, ...]
    figure: str
    text: str


def unmarked(definition: Definition) -> Iterator[Found]:
    """The sentences of a definition that hold a figure and do not say why it is kept as words."""
    for place, text in _sentences(definition, ()):
        if place[-2:] in _ON_THE_PLAN and (place[-1] == "text" or not _BOUNDING.search(text)):
            continue
        figure = _FIGURE.search(text) or _BARE.search(text) or _SPOKEN.search(text)
        if figure:
            yield Found(place, figure[0], text)


def _sentences(value: Any, place: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        if getattr(value, "words_because", None) is None:
            yield place, value
    elif isinstance(value, Strict):
        if getattr(value, "words_because", None) is not None:
            return
        for name, info in type(value).model_fields.items():
            key = info.alias or name
            if key not in _HEAD | _ELSEWHERE and key != "words_because":
                yield from _sentences(getattr(value, name), (*place, key))
    elif isinstance(value, dict):
        for name, child in value.items():
            yield from _sentences(child, (*place, name))
    elif isinstance(value, tuple):
        for index, child in enumerate(value):
            yield from _sentences(child, (*place, index))
