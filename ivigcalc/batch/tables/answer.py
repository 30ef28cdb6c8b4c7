"""A plan as the tables show it: without the patient, and on any first day where only its dates depend on that day.

Patients of a batch often get the same: the same doses at the same rates, with the same notices. Its figures are put
into words once, and whose they are and when is filled in.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cached_property
from math import floor
from typing import Any, NamedTuple

from msgspec import Struct

from ivigcalc.batch.tables.first_day import Day, Movable, has_own_dates, movable
from ivigcalc.batch.tables.gaps import Text, text_of
from ivigcalc.batch.tables.notices import Told, told
from ivigcalc.clock import DAY_MIN
from ivigcalc.engine.assemble import computed_from
from ivigcalc.engine.known import Known
from ivigcalc.engine.make import Worked
from ivigcalc.engine.plan import Infusion, Notice, Session, Titration, clock_text
from ivigcalc.quantity import decimal_of
from ivigcalc.render.csv import (
    Treatment,
    cell,
    notice_codes,
    safe_cell,
    session_figures,
    session_words,
    step_figures,
    treatment,
)

#: how the summary counts a plan whose weight or height was rounded
ROUNDED = "rows/rounded"
#: the place of the first day among what goes into the gaps of a text
_FIRST_DAY = 2


class Figures(Struct, frozen=True, dict=True):
    """The doses and rates of a plan, whatever is said of it. `movable` where they are the same from another first day
    on. What goes into the gaps of its text: the patient, the codes of the notices, and the days from `_FIRST_DAY` on.
    """

    sessions: tuple[Session, ...]
    titrations: tuple[Titration, ...]
    treatment: Treatment
    movable: Movable | None

    @cached_property
    def days(self) -> tuple[Day, ...]:
        """Every day that the tables name, in order: those of the sessions, and those that an infusion reaches into."""
        found = {_day_of(session) for session in self.sessions}
        for session in self.sessions:
            later = 0 if session.duration_min is None else _days_later(session, session.duration_min)
            if later:
                found.update((session.course, session.day - 1 + more) for more in range(1, later + 1))
        return tuple(sorted(found))

    def dates(self, start: date) -> tuple[str, ...]:
        """The dates of its days, for this first day."""
        if self.movable is not None:
            return self.movable.texts(start, self.days)
        return tuple(day.isoformat() for day in self._own_dates(self.days))

    def on_days(self, start: date) -> tuple[date, ...]:
        """The date of each session, for this first day."""
        days = tuple(map(_day_of, self.sessions))
        return self.movable.dates(start, days) if self.movable is not None else self._own_dates(days)

    def last_day(self, start: date) -> date:
        """The date of the last session, for this first day."""
        last = (_day_of(self.sessions[-1]),)
        return (self.movable.dates(start, last) if self.movable is not None else self._own_dates(last))[0]

    def _own_dates(self, days: tuple[Day, ...]) -> tuple[date, ...]:
        firsts = {
            session.course: session.on for session in self.sessions if session.on is not None and session.day == 1
        }
        return tuple(firsts[course] + timedelta(days=later) for course, later in days)

    @cached_property
    def _infusion_of(self) -> dict[int, int]:
        """Place of a session -> place of its titration, for those that have one."""
        return {place: number for number, titration in enumerate(self.titrations) for place in titration.places}

    @cached_property
    def session_text(self) -> Text:
        """`sessions.csv`, as `render.csv.session_rows` has it."""
        lines: list[str] = []
        gaps: list[int] = []
        places = self._places()
        alike: dict[tuple[object, ...], tuple[str, list[int]]] = {}
        for number, session in enumerate(self.sessions):
            shows = (
                self._infusion_of.get(number),
                session.dose_g,
                session.leftover_g,
                id(session.vials),  # of a session in hand
                session.phase,
                session.clock_change,
            )
            if shows not in alike:
                alike[shows] = _session_cells(session, self.treatment)
            cells, days_later = alike[shows]
            place = places[_day_of(session)]
            lines.append(f"%s,{session.course},{session.day},%s,{cells}\n")
            gaps += (0, place, *[place + later for later in days_later], 1)
        return text_of(lines, gaps)

    @cached_property
    def step_text(self) -> Text:
        """`steps.csv`, as `render.csv.step_rows` has it."""
        lines: list[str] = []
        gaps: list[int] = []
        places = self._places()
        alike: dict[tuple[object, ...], list[tuple[str, int | None]]] = {}
        for number, session in enumerate(self.sessions):
            infusion = self._infusion_of.get(number)
            if infusion is None:
                continue
            place, shows = places[_day_of(session)], (infusion, session.clock_change)
            if shows not in alike:
                alike[shows] = _step_cells(session, self.titrations[infusion].infusion)
            for cells, later in alike[shows]:
                lines.append(f"%s,{session.course},{session.day},%s,{cells}\n")
                gaps += (0, place) if later is None else (0, place, place + later)
        return text_of(lines, gaps)

    @cached_property
    def line_counts(self) -> tuple[int, int]:
        """How many lines it has in the tables of sessions and steps."""
        return len(self.sessions), sum(len(session.infusion.steps) for session in self.sessions if session.infusion)

    def _places(self) -> dict[Day, int]:
        """Where each day is among what goes into the gaps; the days of one infusion follow each other."""
        return {day: place for place, day in enumerate(self.days, start=_FIRST_DAY)}


class Answer(NamedTuple):
    """What a plan shows, whoever asked for it: its figures and the codes of its notices. `kinds`: what the summary
    counts it as."""

    figures: Figures
    codes: str
    kinds: tuple[str, ...] = ()


def _day_of(session: Session) -> Day:
    """The days of a course follow each other, so they are counted from its first."""
    return session.course, session.day - 1


def _step_cells(session: Session, infusion: Infusion) -> list[tuple[str, int | None]]:
    """Number, start and figures of each step, and the days from the session's own to that of its start, where known."""
    found: list[tuple[str, int | None]] = []
    for step in infusion.steps:
        minutes = floor(step.from_start_min)
        figures = ",".join(map(cell, step_figures(step)))
        found.append((f"{step.step},{_clock(session, minutes)},{figures}", _days_later(session, minutes)))
    return found


def _session_cells(session: Session, treatment: Treatment) -> tuple[str, list[int]]:
    """Start, end and figures of a session with a gap for the codes, and the days from its own to that of its start and
    end, where known."""
    duration = session.duration_min
    figures, words = map(cell, session_figures(session)), map(cell, session_words(session, treatment))
    cells = ",".join((_clock(session, 0), _clock(session, duration), *figures, "%s", *words))
    found = (_days_later(session, 0), _days_later(session, duration))
    return cells, [later for later in found if later is not None]


def _clock(session: Session, minutes: int | None) -> str:
    """A time of a session, with a gap for its date."""
    wall_min = None if minutes is None else session.wall_min(minutes)
    return "" if wall_min is None else f"%sT{clock_text(None, wall_min)}"


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

    def lines(self, table: str, *, escape: bool = True) -> str:
        """The CSV lines of a table."""
        who = quoted(safe_cell(self.patient_id) if escape else self.patient_id)
        if table == "notices":
            return self.told.text(escape=escape).filled((who, self._until))
        figures = self.answer.figures
        text = figures.step_text if table == "steps" else figures.session_text
        return text.filled((who, self.answer.codes, *figures.dates(self.start)))

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
    said = tuple([(n.level, n.code, n.overridden_because is not None) for n in worked.notices])
    answer: Answer = draft.titrated.shown.of(
        (said, request.order.at, rounded, own_start), lambda: _answer(figures, worked.notices, rounded)
    )
    notices = told(worked.notices, draft.calendar.visits[-1].on)
    return Planned(answer, notices, request.patient.patient_id or "", start)


def _figures(worked: Worked, known: Known[Movable, Movable]) -> Figures:
    draft, dosed = worked.draft, worked.draft.dosed
    dates = None if has_own_dates(draft) else _of_all(movable(draft), known)
    by = treatment(computed_from(draft), decimal_of(dosed.kg, 2), dosed.courses)
    return Figures(draft.sessions, draft.titrated.titrations, by, dates)


def _answer(figures: Figures, notices: tuple[Notice, ...], rounded: bool) -> Answer:
    return Answer(figures, notice_codes(notices), _kinds(figures.treatment, notices, rounded))


def _kinds(treatment: Treatment, notices: tuple[Notice, ...], rounded: bool) -> tuple[str, ...]:
    """What the summary counts a plan as, each as `group/name`."""
    named = {"regimen": treatment.regimen, "product": treatment.product, "policy": treatment.policy}
    found = [f"{group}/{name}" for group, name in named.items() if name]
    found += [f"{notice.level}/{notice.code}" for notice in notices]
    found += [f"overridden/{notice.code}" for notice in notices if notice.overridden_because]
    return (*dict.fromkeys(found), *((ROUNDED,) if rounded else ()))


def _of_all(mine: Movable, known: Known[Movable, Movable]) -> Movable:
    """Of all that settle the same dates the first, which remembers more."""
    return known.of(mine, lambda: mine)


def quoted(text: str) -> str:
    """One CSV cell, quoted where it must be."""
    if "," not in text and '"' not in text and text.isprintable():
        return text
    stream = io.StringIO()
    csv.writer(stream, lineterminator="").writerow([text])
    return stream.getvalue()


def _moment(session: Session, on: date, minutes: int | None) -> str | None:
    wall_min = None if minutes is None else session.wall_min(minutes)
    return None if wall_min is None else clock_text(on, wall_min)
