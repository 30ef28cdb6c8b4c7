"""Notices in words: how their levels are called, which come first, which are about a session or stand on a screen."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from ivigcalc.codes import Audience, audience_of, codes
from ivigcalc.engine.plan import Level, Notice, Plan, Session
from ivigcalc.render.catalogue.plans import Notices
from ivigcalc.render.figures import sentence
from ivigcalc.render.words import clean, source_numbers


class LevelWords(Struct, frozen=True):
    """How one level is called."""

    at_once: str
    kept: str


#: gravest first. What is shown at once is read beside the order that overrides a stop; what is kept (paper, calendar)
#: is read by people who never saw the order, so it says that it was a stop
LEVELS: dict[Level, LevelWords] = {
    "stop": LevelWords(Notices.overridden, Notices.overridden_kept),
    "caution": LevelWords(Notices.caution, Notices.caution_kept),
    "info": LevelWords(Notices.note, Notices.note_kept),
}
#: who reads what next, after what is for himself
_THEN: dict[Audience, tuple[Audience, ...]] = {
    "bedside": ("bedside", "order", "audit"),
    "order": ("order", "bedside", "audit"),
    "audit": ("audit", "order", "bedside"),
}
#: what notes may take up on a screen together with the stops and cautions, which are never left out
LINES_ON_SCREEN = 4
#: the screen whose lines are counted: a wider window shows no other notices
COLUMNS_ON_SCREEN = 80

_OPTION = re.compile(r"--[a-z]")
#: what stands between what is the matter and what to do
_BEFORE_REMEDY = ("; ", ": ", ", and ")
#: what says that a course was moved off the day on which it was due, from where and why
MOVED = "date-shifted"


def by_level(notices: Iterable[Notice], reader: Audience = "order") -> list[Notice]:
    """Gravest first; of one level those for the `reader` first."""
    levels, then = list(LEVELS), _THEN[reader]
    return sorted(notices, key=lambda found: (levels.index(found.level), then.index(audience_of(found.code))))


def concerns(found: Notice, session: Session) -> bool:
    """Whether a notice has anything to say to one session. What was overridden is said on every sheet."""
    return found.level == "stop" or not found.sessions or (session.course, session.day) in found.sessions


def warnings(plan: Plan, session: Session) -> list[Notice]:
    """The stops, cautions and moves that concern one session, gravest first."""
    return [found for found in by_level(plan.notices) if is_said(found) and concerns(found, session)]


def is_said(found: Notice) -> bool:
    """Whether it is never left out: stops, cautions, and the notes whose code says so, as that a course was moved."""
    code = codes().get(found.code)
    return found.level != "info" or bool(code and code.always)  # control: move-said


def moved_sessions(plan: Plan) -> set[tuple[int, int]]:
    """Course and day of every session that is not on the day on which it was due."""
    return {place for found in plan.notices if found.code == MOVED for place in found.sessions}


def for_sheet(plan: Plan, session: Session) -> list[Notice]:
    """What a nurse must know of one session: its stops and cautions, and the notes for the bedside."""
    bedside = [found for found in plan.notices if not is_said(found) and audience_of(found.code) == "bedside"]
    # control: bedside-notes
    said = [*warnings(plan, session), *(found for found in bedside if concerns(found, session))]
    return by_level(said, "bedside")


def on_screen(texts: Sequence[tuple[Notice, str]]) -> tuple[Sequence[tuple[Notice, str]], int]:
    """What stands on a screen, gravest first, and how many do not: never a stop, a caution or a move."""
    if sum(_lines(text) for _, text in texts) <= LINES_ON_SCREEN:
        return texts, 0
    kept = [said for said in texts if is_said(said[0])]  # control: only-notes-folded
    notes = [said for said in texts if not is_said(said[0])]
    room = LINES_ON_SCREEN - 1 - sum(_lines(text) for _, text in kept)  # one for the line that counts the rest
    while notes and (room := room - _lines(notes[0][1])) >= 0:
        kept.append(notes.pop(0))
    return kept, len(notes)


def folded_text(count: int) -> str:
    """The one line for notes that are not on the screen."""
    return Notices.one_folded if count == 1 else Notices.many_folded.format(count=count)


def _lines(text: str) -> int:
    return len(textwrap.wrap(text, COLUMNS_ON_SCREEN, break_on_hyphens=False))


def notice_text(notice: Notice, source_number: int | None = None) -> str:
    """`CAUTION pump-capped: ...`."""
    # control: override-shown
    because = Notices.because.format(reason=notice.overridden_because) if notice.overridden_because else ""
    cited = f" [{source_number}]" if source_number else ""
    return f"{LEVELS[notice.level].at_once} {notice.code}: {sentence(notice.message).rstrip('.')}.{because}{cited}"


def cited_notices(plan: Plan) -> list[tuple[Notice, str]]:
    """Every notice with its text and the number of its source, gravest first and then as an order is read."""
    numbers = source_numbers(plan)
    return [(found, notice_text(found, numbers.get(found.source or ""))) for found in by_level(plan.notices)]


def without_options(message: str) -> str:
    """A message without its remedy, where that names an option of the command line: nobody types beside a bed."""
    option = _OPTION.search(message)
    if option is None:
        return message
    ends = max(message.rfind(mark, 0, option.start()) for mark in _BEFORE_REMEDY)
    return message[:ends] if ends > 0 else message


def printed_notice(found: Notice, plan: Plan) -> dict[str, Any]:
    """One notice for the templates: level, code, message with the reason of an override, number of its source.

    `grave`: it is more than a note.
    """
    message = clean(sentence(found.message), 500).rstrip(".")
    reason = ""
    if found.overridden_because:
        reason = Notices.because_kept.format(reason=clean(found.overridden_because, 300))
    return {
        "level": LEVELS[found.level].kept,
        "grave": found.level != "info",
        "code": clean(found.code, 40),
        "text": f"{message}.{reason}",
        "source": str(source_numbers(plan).get(found.source or "", "")),
    }
