"""Notices in words: how their levels are called, which come first, and which are about a session."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ivigcalc.engine.plan import Level, Notice, Plan, Session
from ivigcalc.render.words import clean, source_numbers


class LevelWords(NamedTuple):
    """How one level is called."""

    at_once: str
    kept: str


#: gravest first. What is shown at once is read beside the order that overrides a stop; what is kept (paper, calendar)
#: is read by people who never saw the order, so it says that it was a stop
LEVELS: dict[Level, LevelWords] = {
    "stop": LevelWords("OVERRIDDEN", "STOP, OVERRIDDEN"),
    "caution": LevelWords("CAUTION", "CAUTION"),
    "info": LevelWords("note", "Note"),
}

#: what says that a course was moved off the day on which it was due, from where and why
MOVED = "date-shifted"


def by_level(notices: Iterable[Notice]) -> list[Notice]:
    """Gravest first."""
    return sorted(notices, key=lambda found: list(LEVELS).index(found.level))


def concerns(found: Notice, session: Session) -> bool:
    """Whether a notice has anything to say to one session. What was overridden is said on every sheet."""
    return found.level == "stop" or not found.sessions or (session.course, session.day) in found.sessions


def warnings(plan: Plan, session: Session) -> list[Notice]:
    """The stops, cautions and moves that concern one session, gravest first."""
    return [found for found in by_level(plan.notices) if is_said(found) and concerns(found, session)]


def is_said(found: Notice) -> bool:
    """Whether it stands beside a session or a calendar: stops, cautions, and that a course was moved, at any level."""
    return found.level != "info" or found.code == MOVED  # control: move-said


def moved_sessions(plan: Plan) -> set[tuple[int, int]]:
    """Course and day of every session that is not on the day on which it was due."""
    return {place for found in plan.notices if found.code == MOVED for place in found.sessions}


def notice_text(notice: Notice, source_number: int | None = None) -> str:
    """`CAUTION pump-capped: ...`."""
    # control: override-shown
    because = f" Overridden because: {notice.overridden_because}." if notice.overridden_because else ""
    cited = f" [{source_number}]" if source_number else ""
    return f"{LEVELS[notice.level].at_once} {notice.code}: {notice.message.rstrip('.')}.{because}{cited}"


def cited_notices(plan: Plan) -> list[tuple[Notice, str]]:
    """Every notice with its text and the number of its source, gravest first."""
    numbers = source_numbers(plan)
    return [(found, notice_text(found, numbers.get(found.source or ""))) for found in by_level(plan.notices)]


def printed_notice(found: Notice, plan: Plan) -> dict[str, str]:
    """One notice for the templates: level, code, message with the reason of an override, number of its source."""
    message = clean(found.message, 500).rstrip(".")
    reason = f" Reason given for overriding: {clean(found.overridden_because, 300)}" if found.overridden_because else ""
    return {
        "level": LEVELS[found.level].kept,
        "code": clean(found.code, 40),
        "text": f"{message}.{reason}",
        "source": str(source_numbers(plan).get(found.source or "", "")),
    }
