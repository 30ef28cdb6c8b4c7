"""Text of other people made fit to print, and days in words. What the paper, calendar and chart faces share."""

from __future__ import annotations

import unicodedata
from datetime import date

from ivigcalc.plan import WEEKDAYS, Notice, Plan, Session

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
#: some languages cannot be written without these two, and they do no harm
_JOINERS = "\u200c\u200d"
#: no language puts more marks than this on one letter; a taller pile would paint over the lines around it
_MARKS_PER_LETTER = 3
#: gravest first
LEVELS = {"stop": "STOP, OVERRIDDEN", "caution": "CAUTION", "info": "Note"}


def clean(text: str, limit: int = 120) -> str:
    """Text from a user or a file as one line without control or direction characters, at most `limit` long."""
    kept: list[str] = []
    marks = 0
    for char in unicodedata.normalize("NFC", text):
        kind = unicodedata.category(char)
        marks = marks + 1 if kind in ("Mn", "Me") else 0
        if char.isspace():
            kept.append(" ")
        elif marks <= _MARKS_PER_LETTER and (kind[0] != "C" or char in _JOINERS):
            kept.append(char)
    line = " ".join("".join(kept).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def short_day(on: date | None) -> str:
    """A day that nobody can misread: Tue 1 Dec 2026. Empty without a date."""
    return f"{WEEKDAYS[on.weekday()][:3]} {plain_day(on)}" if on else ""


def plain_day(on: date) -> str:
    """1 Dec 2026."""
    return f"{on.day} {MONTHS[on.month - 1][:3]} {on.year}"


def long_day(on: date | None) -> str:
    """A day in full: Tuesday 1 December 2026. Empty without a date."""
    return f"{WEEKDAYS[on.weekday()]} {on.day} {MONTHS[on.month - 1]} {on.year}" if on else ""


def treatment(plan: Plan) -> str:
    """What is treated: the regimen's title, or the use that the rates were looked up for."""
    source = plan.computed_from
    if source.regimen is not None:
        return clean(source.regimen.value.title, 80)
    use = source.request.indication
    return f"Rates for {clean(use.replace('-', ' '), 80)}" if use else "Rates of one infusion"


def when(session: Session) -> str:
    """Which session of a plan."""
    return f"course {session.course}, day {session.day}"


def by_level(notices: tuple[Notice, ...]) -> list[Notice]:
    """Gravest first."""
    return sorted(notices, key=lambda found: list(LEVELS).index(found.level))


def printed_notice(found: Notice, plan: Plan) -> dict[str, str]:
    """One notice for the templates: level, code, message with the reason of an override, number of its source."""
    number = plan.sources.index(found.source) + 1 if found.source in plan.sources else 0
    message = clean(found.message, 500).rstrip(".")
    reason = f" Reason given for overriding: {clean(found.overridden_because, 300)}" if found.overridden_because else ""
    return {
        "level": LEVELS[found.level],
        "code": clean(found.code, 40),
        "text": f"{message}.{reason}",
        "source": str(number) if number else "",
    }


def concerns(found: Notice, session: Session) -> bool:
    """Whether a notice has anything to say to one session. What was overridden is said on every sheet."""
    return found.level == "stop" or not found.sessions or (session.course, session.day) in found.sessions
