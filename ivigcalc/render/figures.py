"""Figures as the page in hand writes them: the one place through which what people read gets its numbers.

Decimal mark and thousands are those of its locale, where it has one; without one a figure is as machines read it. Every
digit is that of the exact decimal: nothing is rounded or cut here. What machines read (CSV, JSON, FHIR, the coordinates
of a chart) takes `quantity.plain`.
"""

from __future__ import annotations

import re
from decimal import Decimal

from ivigcalc.customs import customs
from ivigcalc.quantity import Quantity, plain

#: a decimal or thousands of a unit: no part of an id, a day, an address, a version, or of what is typed without a space
_FIGURE = (  # compiled where there is a locale
    r"(?<![\w.,:/])(?<![A-Za-z]-)(?<!session )(?<!sections )(?<!version )"
    r"(?:[0-9]+\.[0-9]+(?![\w:/]|-[A-Za-z]|[.,][0-9])|[0-9]{4,}(?= (?:g|mg|kg|mL|min|h)\b))"
)
#: from here on a sentence says what to type
_OPTION = r"--[a-z]|$"


def figure(value: Decimal | int) -> str:
    """`1440.5`, or `1,440.5` in English, `1 440,5` in German."""
    return customs().figure(plain(value))


def fixed(value: Decimal, places: int) -> str:
    """The same with so many decimals, as a pump that shows them all."""
    return customs().figure(f"{value:.{places}f}")


def shown(value: Decimal | int | str | None, unknown: str = "-") -> str:
    """A figure or a word as it is printed, or `unknown` where there is none."""
    if value is None:
        return unknown
    return value if isinstance(value, str) else figure(value)


def signed(value: Decimal) -> str:
    """`+0.69` or `0`."""
    return f"+{figure(value)}" if value > 0 else figure(value)


def measured(value: Quantity) -> str:
    """A figure with its unit: `16.5 mg/mL`."""
    return figure(value.value) + str(value).removeprefix(plain(value.value))


def sentence(text: str) -> str:
    """The same for the figures of a sentence, so that a page has one decimal mark; what is to be typed stays."""
    if customs().locale is None:
        return text
    typed_from = re.search(_OPTION, text).start()  # type: ignore[union-attr]  # the end is found, if nothing else
    said = re.sub(_FIGURE, lambda found: customs().figure(found[0]), text[:typed_from])  # control: one-decimal-mark
    return said + text[typed_from:]
