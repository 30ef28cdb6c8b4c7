"""`notices.csv`: every notice of a plan in full, on a line for each session that it is about, or on one for all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import cached_property, lru_cache

from msgspec import Struct

from ivigcalc.batch.tables.gaps import SAID, WHO
from ivigcalc.codes import audience_of
from ivigcalc.engine.plan import Notice
from ivigcalc.engine.schedule import step
from ivigcalc.quantity import Quantity, quantity
from ivigcalc.render.csv import quoted, safe_cell

NOTICE_COLUMNS = (
    "patient_id",
    "course",
    "day",
    "code",
    "level",
    "audience",
    "message",
    "value",
    "limit",
    "source",
    "overridden_because",
)
#: notices whose words are remembered; most patients share most of theirs
_REMEMBERED = 2048
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

#: course, day, and the words of a notice
Record = tuple[int | None, int | None, *tuple[str | None, ...]]


class Told(Struct, frozen=True, dict=True):
    """The notices of a plan. `until`: the day that they name, and how long after the last session that is.

    `moves`: they are the same for another first day, but for that day.
    """

    notices: tuple[Notice, ...]
    lines: tuple[bytes, ...]
    until: str | None = None
    wait: Quantity | None = None
    moves: bool = True

    @cached_property
    def count(self) -> int:
        """Lines in the table."""
        return self._safe.count(WHO)

    def until_after(self, last: date) -> str:
        """The day that they name where this is the day of the last session."""
        return _after(last, self.wait) if self.wait is not None else ""

    def records(self, until: str) -> Iterator[Record]:
        """The cells after the patient; no course and day where a notice is about the whole plan."""
        for notice in self.notices:
            words = tuple(word and self._moved(word, until) for word in _words(notice))
            for course, day in notice.sessions or ((None, None),):
                yield (course, day, *words)

    def _moved(self, word: str, until: str) -> str:
        return word.replace(self.until, until) if self.until else word

    def text(self, *, escape: bool) -> bytes:
        """The lines in CSV; what goes into their gaps is the patient and the day that a notice names."""
        return self._safe if escape else b"".join([_lines(notice, self.until, False) for notice in self.notices])

    @cached_property
    def _safe(self) -> bytes:
        return b"".join(self.lines)


def told(notices: tuple[Notice, ...], last: date | None) -> Told:
    """The notices of a plan whose last session is on this day; they move where they name no day but one after it."""
    until = wait = None
    lines: list[bytes] = []
    for notice in notices:
        shown, days = _looked_up(notice)
        if days:
            wait = _wait(notice.limit) if notice.code == "live-vaccines" and notice.limit else None
            until = _after(last, wait) if wait is not None and last is not None else None
            if days != {until}:  # control: notice-of-its-start
                return Told(notices, tuple([_looked_up(notice)[0] for notice in notices]), moves=False)
            shown = _with_its_day(notice, until)
        lines.append(shown)
    return Told(notices, tuple(lines), until, wait)


@lru_cache(maxsize=64)
def _wait(limit: str) -> Quantity:
    """How long after the last session the day is that a notice of this limit names."""
    return quantity(limit, "days", "months")


@lru_cache(maxsize=_REMEMBERED)
def _after(last: date, wait: Quantity) -> str:
    return step(last, wait, 1).isoformat()


def _words(notice: Notice) -> tuple[str | None, ...]:
    said = (notice.message, notice.value, notice.limit, notice.source, notice.overridden_because)
    return notice.code, notice.level, audience_of(notice.code), *said


@lru_cache(maxsize=_REMEMBERED)
def _looked_up(notice: Notice) -> tuple[bytes, frozenset[str]]:
    """Its lines, escaped, and the days that its words name."""
    said = (notice.message, notice.value, notice.limit, notice.overridden_because)
    days = frozenset(day for text in said if text for day in _DAY.findall(text))
    return _lines(notice, None, True), days


@lru_cache(maxsize=_REMEMBERED)
def _with_its_day(notice: Notice, until: str | None) -> bytes:
    return _lines(notice, until, True)


def _lines(notice: Notice, until: str | None, escape: bool) -> bytes:
    """Its lines, of which each is one whatever its words hold, with gaps also for this day."""
    words = [" ".join((word or "").splitlines()) for word in _words(notice)]
    cells = f"{','.join(map(quoted, map(safe_cell, words) if escape else words))}\n".encode()
    if until:
        cells = cells.replace(until.encode("ascii"), SAID)
    if not notice.sessions:
        return WHO + b",,," + cells
    return b"".join([b"%b,%d,%d,%b" % (WHO, course, day, cells) for course, day in notice.sessions])
