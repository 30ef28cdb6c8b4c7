"""A plan as the tables show it: without the patient, and on any first day where only its dates depend on that day.

Patients of a batch often get the same: the same doses at the same rates, with the same notices. Its figures are put
into words once, and whose they are and when is filled in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property, lru_cache
from math import floor
from typing import Any, NamedTuple

from msgspec import Struct

from ivigcalc.batch.tables.first_day import Dates, Day, Filling, Movable, has_own_dates, in_bytes, movable
from ivigcalc.batch.tables.gaps import HEAD, SAID, WHO, Text, date_after, text_of
from ivigcalc.batch.tables.notices import Told, told
from ivigcalc.clock import DAY_MIN
from ivigcalc.engine.course import first_places
from ivigcalc.engine.known import Known
from ivigcalc.engine.make import Worked
from ivigcalc.engine.plan import Notice, Session, clock_text
from ivigcalc.quantity import decimal_of
from ivigcalc.render.csv import (
    Treatment,
    cell,
    notice_codes,
    quoted,
    safe_cell,
    session_figures,
    session_words,
    step_figures,
    treatment,
)

#: how the summary counts a plan whose weight or height was rounded
ROUNDED = "rows/rounded"


class Figures(Struct, frozen=True, dict=True):
    """The doses and rates of a plan, whatever is said of it. `sorts`: which sessions are alike but for their days.
    `movable` where they are the same from another first day on. What goes into the gaps of its text: the patient, the
    codes of the notices, and the days.
    """

    sessions: tuple[Session, ...]
    sorts: tuple[int, ...]
    treatment: Treatment
    movable: Movable | None

    @cached_property
    def _firsts(self) -> list[Session]:
        """The first session of each sort."""
        return [self.sessions[place] for place in first_places(self.sorts)]

    @cached_property
    def _own_days(self) -> tuple[Day, ...]:
        """The day of each session. The days of a course follow each other, so they are counted from its first."""
        return tuple([(session.course, session.day - 1) for session in self.sessions])

    @cached_property
    def _placed(self) -> tuple[tuple[Day, ...], tuple[int, ...]]:
        """Every day that the tables name, in order: those of the sessions, and those that an infusion reaches into; and
        where the day of each session is among them. Those of one infusion follow each other."""
        own = self._own_days
        reach = [0 if one.duration_min is None else _days_later(one, one.duration_min) or 0 for one in self._firsts]
        if not any(reach):
            return own, tuple(range(len(own)))
        found = set(own)
        for (course, later), sort in zip(own, self.sorts, strict=True):
            found.update((course, later + more) for more in range(1, reach[sort] + 1))
        days = tuple(sorted(found))
        place_of = {day: place for place, day in enumerate(days)}
        return days, tuple([place_of[day] for day in own])

    def lines(self, table: str, who: bytes, said: bytes, start: date) -> bytes:
        """Its lines in the table of sessions or of steps, for this patient and first day."""
        text, filling = self._steps if table == "steps" else self._sessions
        if filling is not None:
            return text.filled(who, said, filling.of(start))
        days, _ = self._placed
        return text.filled(who, said, text.shape.filling(in_bytes(days, self._own_dates(days))))

    def on_days(self, start: date) -> tuple[date, ...]:
        """The date of each session, for this first day."""
        days = self._own_days
        return self.movable.dates_of(days).dates(start) if self.movable is not None else self._own_dates(days)

    def last_day(self, start: date) -> date:
        """The date of the last session, for this first day."""
        if self._last_date is not None:
            return self._last_date.dates(start)[0]
        return self._own_dates(self._own_days[-1:])[0]

    @cached_property
    def _dates(self) -> Dates | None:
        """When its days are; None where it cannot be moved."""
        return self.movable.dates_of(self._placed[0]) if self.movable is not None else None

    @cached_property
    def _last_date(self) -> Dates | None:
        """When its last session is; None where it cannot be moved."""
        return self.movable.dates_of(self._own_days[-1:]) if self.movable is not None else None

    def _own_dates(self, days: tuple[Day, ...]) -> tuple[date, ...]:
        firsts = {
            session.course: session.on for session in self.sessions if session.on is not None and session.day == 1
        }
        return tuple(firsts[course] + timedelta(days=later) for course, later in days)

    @cached_property
    def _sessions(self) -> tuple[Text, Filling | None]:
        """`sessions.csv`, as `render.csv.session_rows` has it, and what goes into its gaps."""
        return self._with_gaps([_session_line(first, self.treatment) for first in self._firsts])

    @cached_property
    def _steps(self) -> tuple[Text, Filling | None]:
        """`steps.csv`, as `render.csv.step_rows` has it, and what goes into its gaps."""
        return self._with_gaps([_step_lines(first) for first in self._firsts])

    def _with_gaps(self, blocks: Sequence[bytes]) -> tuple[Text, Filling | None]:
        text = text_of(blocks, self.sorts, self._placed[1])
        return text, None if self._dates is None else self._dates.filling(text.shape)

    @cached_property
    def line_counts(self) -> tuple[int, int]:
        """How many lines it has in the tables of sessions and steps."""
        steps = [len(first.infusion.steps) if first.infusion else 0 for first in self._firsts]
        return len(self.sorts), sum([steps[sort] for sort in self.sorts])


class Answer(NamedTuple):
    """What a plan shows, whoever asked for it: its figures and the codes of its notices. `kinds`: what the summary
    counts it as."""

    figures: Figures
    codes: str
    kinds: tuple[str, ...] = ()


def _step_lines(session: Session) -> bytes:
    """A line for each step: its number, start and figures."""
    return b"".join(
        [
            b"%b%b,%d,%b,%b\n"
            % (WHO, HEAD, step.step, _clock(session, floor(step.from_start_min)), _cells(step_figures(step)))
            for step in (session.infusion.steps if session.infusion else ())
        ]
    )


def _session_line(session: Session, treatment: Treatment) -> bytes:
    """Start, end and figures of a session, with a gap for the codes."""
    begin, end = _clock(session, 0), _clock(session, session.duration_min)
    figures, words = _cells(session_figures(session)), _cells(session_words(session, treatment))
    return b"%b%b,%b,%b,%b,%b,%b\n" % (WHO, HEAD, begin, end, figures, SAID, words)


def _cells(values: Iterable[Decimal | int | str | None]) -> bytes:
    return ",".join(map(cell, values)).encode("utf-8")


def _clock(session: Session, minutes: int | None) -> bytes:
    """A time of a session with its day; nothing where none is known."""
    wall_min = None if minutes is None else session.wall_min(minutes)
    return b"" if wall_min is None else date_after(wall_min // DAY_MIN) + b"T" + clock_text(None, wall_min).encode()


def _days_later(session: Session, minutes: int | None) -> int | None:
    """Days from a session's own to the one that it reaches after so many minutes; None where no time is known."""
    wall_min = None if minutes is None else session.wall_min(minutes)
    return None if wall_min is None else wall_min // DAY_MIN


class Asked(NamedTuple):
    """The answer to a question, and from which first day on. `of_a_day`: for another day it is another question."""

    answer: Answer
    told: Told
    start: date
    of_a_day: bool

    def holds(self, start: date) -> bool:
        """Whether it is also the answer for this first day."""
        if start == self.start:
            return True
        dates, moves = self.answer.figures.movable, self.told.moves and not self.of_a_day
        return moves and dates is not None and dates.holds_also(start, self.start)


class Planned(NamedTuple):
    """An answer with what is said to the patient whose it is, and the first day that was asked for."""

    answer: Answer
    told: Told
    patient_id: str
    start: date

    @property
    def line_counts(self) -> tuple[int, int, int]:
        """How many lines it has in the tables of sessions, steps and notices."""
        return *self.answer.figures.line_counts, self.told.count

    def lines(self, table: str, *, escape: bool = True) -> bytes:
        """The CSV lines of a table."""
        who = _who(self.patient_id, escape)
        if table == "notices":
            return self.told.text(escape=escape).replace(WHO, who).replace(SAID, self._until.encode("ascii"))
        return self.answer.figures.lines(table, who, self.answer.codes.encode("ascii"), self.start)

    @property
    def _until(self) -> str:
        """The day that a notice names."""
        if self.told.wait is None:
            return ""
        return self.told.until_after(self.answer.figures.last_day(self.start))

    def records(self, table: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a table as values, in the order of the columns."""
        if table == "notices":
            yield from ((self.patient_id, *words) for words in self.told.records(self._until))
            return
        figures = self.answer.figures
        for s, on in zip(figures.sessions, figures.on_days(self.start), strict=True):
            head = (self.patient_id, s.course, s.day, on.isoformat())
            if table == "sessions":
                when = (_moment(s, on, 0), _moment(s, on, s.duration_min))
                words = session_words(s, figures.treatment)
                yield (*head, *when, *session_figures(s), self.answer.codes, *words)
                continue
            for step in s.infusion.steps if s.infusion else ():
                yield (*head, step.step, _moment(s, on, floor(step.from_start_min)), *step_figures(step))


def planned(worked: Worked, known: Known[Movable, Movable], *, rounded: bool = False) -> Planned:
    """What was just worked out, as it is shown; the same for all whose doses, rates and notices are the same.

    `known`: what settles the dates of others, which remembers them. `rounded`: the weight or height of the row was.
    """
    draft, request = worked.draft, worked.draft.case.request
    start = request.order.start
    assert start is not None
    own_start = start if has_own_dates(draft) else None
    figures: Figures = draft.titrated.shown.of((request.order.at, own_start), lambda: _figures(worked, known))
    codes = notice_codes(worked.notices)
    answer: Answer = draft.titrated.shown.of(
        (codes, request.order.at, rounded, own_start),
        lambda: Answer(figures, codes, _kinds(figures.treatment, worked.notices, rounded)),
    )
    notices = told(worked.notices, draft.calendar.visits[-1].on)
    return Planned(answer, notices, request.patient.patient_id or "", start)


def _figures(worked: Worked, known: Known[Movable, Movable]) -> Figures:
    draft, dosed = worked.draft, worked.draft.dosed
    dates = None if has_own_dates(draft) else _of_all(movable(draft), known)
    case = draft.case
    by = treatment(
        case.regimen, case.protocol_id, case.product.id, case.policy.id, decimal_of(dosed.kg, 2), dosed.courses
    )
    return Figures(draft.sessions, draft.sorts, by, dates)


def _kinds(treatment: Treatment, notices: tuple[Notice, ...], rounded: bool) -> tuple[str, ...]:
    """What the summary counts a plan as, each as `group/name`."""
    named = {"regimen": treatment.regimen, "product": treatment.product, "policy": treatment.policy}
    found = [_kind(group, name) for group, name in named.items() if name]
    found += [_kind(notice.level, notice.code) for notice in notices]
    found += [_kind("overridden", notice.code) for notice in notices if notice.overridden_because]
    return (*dict.fromkeys(found), *((ROUNDED,) if rounded else ()))


@lru_cache(maxsize=1024)
def _kind(group: str, name: str) -> str:
    return f"{group}/{name}"


def _of_all(mine: Movable, known: Known[Movable, Movable]) -> Movable:
    """Of all that settle the same dates the first, which remembers more."""
    return known.of(mine, lambda: mine)


@lru_cache(maxsize=1024)  # a patient is in every table
def _who(patient_id: str, escape: bool) -> bytes:
    return quoted(safe_cell(patient_id) if escape else patient_id).encode("utf-8")


def _moment(session: Session, on: date, minutes: int | None) -> str | None:
    wall_min = None if minutes is None else session.wall_min(minutes)
    return None if wall_min is None else clock_text(on, wall_min)
