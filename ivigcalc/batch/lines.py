"""The CSV rows of `render.csv`, as text: what sessions share is put into words once, and the rest is filled in.

Most sessions of a batch give an infusion that another session gives too; only patient, course, day and date differ.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from math import floor

from ivigcalc.plan import Infusion, Plan, Session, VialCount, clock_text
from ivigcalc.render.csv import cell, notice_codes, safe_cell, step_figures
from ivigcalc.render.phrases import vials_text

#: stand in the shared text for the cells that differ: who and when, and the date so many days after the session's own
_HEAD = "\ue000"
_DAYS = "".join(chr(0xE001 + days) for days in range(64))
_REMEMBERED = 4096


@dataclass(slots=True)
class _Shared:
    """What all sessions of one infusion at one hour have in common. Holds its key's objects, so that ids stay theirs."""

    infusion: Infusion
    vials: tuple[VialCount, ...]
    steps: str
    figures: str
    days: int


_SHARED: dict[tuple[int, int, int | None, bool], _Shared] = {}


def step_lines(plan: Plan) -> str:
    """One line per step of every session, as `step_rows` has them."""
    patient_id = quoted(safe_cell(plan.computed_from.request.patient.patient_id))
    found: list[str] = []
    for session in plan.sessions:
        if session.infusion is not None:
            shared = _shared(session, session.infusion)
            text = shared.steps
            if session.at_min is not None:
                text = _dated(text, session.on, shared.days)
            found.append(text.replace(_HEAD, f"{patient_id},{session.course},{session.day},{_iso(session.on)}"))
    return "".join(found)


def session_lines(plan: Plan) -> str:
    """One line per session, as `session_rows` has them."""
    patient_id = quoted(safe_cell(plan.computed_from.request.patient.patient_id))
    codes = notice_codes(plan)
    found: list[str] = []
    for session in plan.sessions:
        figures = _figures(session) if session.infusion is None else _shared(session, session.infusion).figures
        day = _iso(session.on)
        starts, ends = _iso_clock(session.on, session.at_min), ""
        if session.at_min is not None and session.infusion is not None:
            ends = _iso_clock(session.on, session.at_min + session.infusion.duration_min)
        found.append(f"{patient_id},{session.course},{session.day},{day},{starts},{ends},{figures},{codes}\n")
    return "".join(found)


def quoted(text: str) -> str:
    """One CSV cell, quoted where it must be."""
    if "," not in text and '"' not in text and text.isprintable():
        return text
    stream = io.StringIO()
    csv.writer(stream, lineterminator="").writerow([text])
    return stream.getvalue()


@lru_cache(maxsize=_REMEMBERED)
def _iso(on: date | None) -> str:
    return on.isoformat() if on else ""


@lru_cache(maxsize=_REMEMBERED)
def _iso_clock(on: date | None, minutes: int | None) -> str:
    return "" if minutes is None else clock_text(on, minutes)


def _dated(text: str, on: date | None, days: int) -> str:
    for later in range(days + 1):
        text = text.replace(_DAYS[later], _iso(on + timedelta(days=later)) if on else "")
    return text


def _shared(session: Session, infusion: Infusion) -> _Shared:
    key = (id(infusion), id(session.vials), session.at_min, session.on is None)
    found = _SHARED.get(key)
    if found is None:
        if len(_SHARED) >= _REMEMBERED:
            _SHARED.clear()
        found = _SHARED[key] = _put_in_words(session, infusion)
    return found


def _put_in_words(session: Session, infusion: Infusion) -> _Shared:
    steps: list[str] = []
    days = 0
    for step in infusion.steps:
        starts = ""
        if session.at_min is not None:
            minutes = session.at_min + floor(step.from_start_min)
            days = minutes // (24 * 60)
            starts = (f"{_DAYS[days]}T" if session.on else "") + clock_text(None, minutes)
        steps.append(f"{_HEAD},{step.step},{starts},{','.join(map(cell, step_figures(step)))}\n")
    return _Shared(infusion, session.vials, "".join(steps), _figures(session), days)


def _figures(session: Session) -> str:
    cells = (session.dose_g, session.volume_ml, session.duration_min, vials_text(session.vials), session.leftover_g)
    return ",".join(map(cell, cells))
