"""A plan as the tables show it: without the patient, and on any first day where only its dates depend on that day.

Patients of a batch often ask the same: the same order for the same weight. The engine answers each question once; its
figures are put into words once, and whose they are and when is filled in.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache
from math import floor
from operator import itemgetter
from typing import Any, NamedTuple

from ivigcalc.definitions import Site
from ivigcalc.plan import Plan, Session, clock_text
from ivigcalc.render.csv import cell, notice_codes, safe_cell, step_figures
from ivigcalc.render.phrases import vials_text

_DAY_MIN = 24 * 60
#: stands in the shared text of a step for what only the session knows
_HEAD = "\ue000"
#: from this year on every plan is made anew, for it may reach past the last year of the calendar
_FAR = 2100
_DAY_UNITS = ("day", "days", "week", "weeks")


class Text(NamedTuple):
    """Lines with gaps, and what goes into each gap: 0 the patient, from 1 on the days of the answer."""

    lines: str
    gaps: itemgetter[tuple[int, ...]] | None

    def filled(self, values: tuple[str, ...]) -> str:
        """The lines of one patient."""
        return self.lines % self.gaps(values) if self.gaps else ""


@dataclass(eq=False)
class Answer:
    """What the engine answered to one question, whoever asked it."""

    start: date
    sessions: tuple[Session, ...]
    codes: str
    movable: bool

    def on(self, start: date) -> bool:
        """Whether it is also the answer for this first day."""
        return start == self.start or (self.movable and max(start, self.start).year < _FAR)

    @cached_property
    def days(self) -> tuple[int, ...]:
        """Every day that the tables name, counted from the first."""
        found: set[int] = set()
        for session in self.sessions:
            assert session.on is not None
            first = (session.on - self.start).days
            minutes = (
                0
                if session.at_min is None or session.infusion is None
                else session.at_min + session.infusion.duration_min
            )
            found.update(range(first, first + minutes // _DAY_MIN + 1))
        return tuple(sorted(found))

    @cached_property
    def session_text(self) -> Text:
        """`sessions.csv`, as `render.csv.session_rows` has it."""
        lines: list[str] = []
        gaps: list[int] = []
        shared: dict[tuple[int, int], _Shared] = {}
        for session in self.sessions:
            key = id(session.infusion), id(session.vials)
            found = shared.get(key) or shared.setdefault(key, _Shared(session))
            place = self._place(session)
            lines.append(f"%s,{session.course},{session.day},%s,{found.session},{self.codes}\n")
            gaps += (0, place, *[place + later for later in found.session_days])
        return _text(lines, gaps)

    @cached_property
    def step_text(self) -> Text:
        """`steps.csv`, as `render.csv.step_rows` has it."""
        lines: list[str] = []
        gaps: list[int] = []
        shared: dict[int, _Shared] = {}
        for session in self.sessions:
            found = shared.get(id(session.infusion)) or shared.setdefault(id(session.infusion), _Shared(session))
            place = self._place(session)
            lines.append(found.steps.replace(_HEAD, f"%s,{session.course},{session.day},%s"))
            for later in found.step_days:
                gaps += (0, place) if later is None else (0, place, place + later)
        return _text(lines, gaps)

    def _place(self, session: Session) -> int:
        """Where the day of a session is among what goes into the gaps."""
        assert session.on is not None
        return 1 + self.days.index((session.on - self.start).days)


class _Shared:
    """What the sessions of one infusion at one hour have in common, in words; dates are gaps, with the days to add."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @cached_property
    def steps(self) -> str:
        """One line per step, with a mark for patient, course, day and date."""
        s = self._session
        steps = s.infusion.steps if s.infusion else ()
        clocks = [_clock(s, floor(step.from_start_min)) for step in steps]
        return "".join(
            f"{_HEAD},{step.step},{clock},{','.join(map(cell, step_figures(step)))}\n"
            for step, clock in zip(steps, clocks, strict=True)
        )

    @cached_property
    def step_days(self) -> list[int | None]:
        """Days from the session's own to that of each step; None where no time is known."""
        s = self._session
        return [_days_later(s, floor(step.from_start_min)) for step in (s.infusion.steps if s.infusion else ())]

    @cached_property
    def session(self) -> str:
        """Start, end and figures of a session."""
        s = self._session
        duration = s.duration_min
        figures = (s.dose_g, s.volume_ml, duration, vials_text(s.vials), s.leftover_g)
        return ",".join((_clock(s, 0), _clock(s, duration), *map(cell, figures)))

    @cached_property
    def session_days(self) -> list[int]:
        """Days from the session's own to that of its start and end, where they are known."""
        found = (_days_later(self._session, 0), _days_later(self._session, self._session.duration_min))
        return [later for later in found if later is not None]


def _clock(session: Session, minutes: int | None) -> str:
    """A time of a session, with a gap for its date."""
    if session.at_min is None or minutes is None:
        return ""
    return f"%sT{clock_text(None, session.at_min + minutes)}"


def _days_later(session: Session, minutes: int | None) -> int | None:
    if session.at_min is None or minutes is None:
        return None
    return (session.at_min + minutes) // _DAY_MIN


class Planned(NamedTuple):
    """An answer with the patient whose it is and the first day that was asked for."""

    answer: Answer
    patient_id: str
    start: date

    def lines(self, table: str) -> str:
        """The CSV lines of a table."""
        text = self.answer.step_text if table == "steps" else self.answer.session_text
        return text.filled((quoted(safe_cell(self.patient_id)), *_dates(self.start, self.answer.days)))

    def records(self, table: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a table as values, in the order of the columns."""
        moved = self.start - self.answer.start
        for s in self.answer.sessions:
            assert s.on is not None
            on = s.on + moved
            head = (self.patient_id, s.course, s.day, on.isoformat())
            if table == "sessions":
                duration = None if s.infusion is None else s.infusion.duration_min
                yield (
                    *head,
                    _moment(s, on, 0),
                    _moment(s, on, duration),
                    s.dose_g,
                    s.volume_ml,
                    duration,
                    vials_text(s.vials),
                    s.leftover_g,
                    self.answer.codes,
                )
                continue
            for step in s.infusion.steps if s.infusion else ():
                yield (*head, step.step, _moment(s, on, floor(step.from_start_min)), *step_figures(step))


def planned(plan: Plan) -> Planned:
    """A plan that the engine just made."""
    request = plan.computed_from.request
    start = request.order.start
    assert start is not None
    answer = Answer(start, plan.sessions, notice_codes(plan), _is_movable(plan))
    return Planned(answer, request.patient.patient_id or "", start)


def _is_movable(plan: Plan) -> bool:
    """Whether moving the start moves every date and nothing else: no date of birth, weighing or earlier infusion is in play,
    no calendar of the site, and no interval in months, which are not all of one length."""
    request, site = plan.computed_from.request, plan.computed_from.site.value
    patient, order = request.patient, request.order
    dated = (patient.birth_date, patient.weighed_on, order.last_infusion, order.valid_for)
    intervals = [phase.interval for phase in plan.phases if phase.interval]
    intervals.append(str(plan.computed_from.safety.value.restart_after.after))
    return not any(dated) and not _has_calendar(site) and all(text.endswith(_DAY_UNITS) for text in intervals)


def _has_calendar(site: Site) -> bool:
    return bool(site.open or site.closed or site.holidays)


def _text(lines: list[str], gaps: list[int]) -> Text:
    return Text("".join(lines), itemgetter(*gaps) if gaps else None)


def quoted(text: str) -> str:
    """One CSV cell, quoted where it must be."""
    if "," not in text and '"' not in text and text.isprintable():
        return text
    stream = io.StringIO()
    csv.writer(stream, lineterminator="").writerow([text])
    return stream.getvalue()


@lru_cache(maxsize=4096)
def _dates(start: date, days: tuple[int, ...]) -> tuple[str, ...]:
    return tuple((start + timedelta(days=day)).isoformat() for day in days)


def _moment(session: Session, on: date, minutes: int | None) -> str | None:
    if session.at_min is None or minutes is None:
        return None
    return clock_text(on, session.at_min + minutes)
