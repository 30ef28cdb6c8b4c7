"""Plan -> CSV rows, with the columns of the interface. The batch writes the same rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from decimal import Decimal

from ivigcalc.engine.plan import InfusionStep, Plan, Session
from ivigcalc.render.words import shown, vials_text

SESSION_COLUMNS = (
    "patient_id",
    "course",
    "day",
    "date",
    "starts_at",
    "ends_at",
    "dose_g",
    "volume_ml",
    "duration_min",
    "vials",
    "leftover_g",
    "notices",
    "evidence",
    "patients",
    "reading",
)
STEP_COLUMNS = (
    "patient_id",
    "course",
    "day",
    "date",
    "step",
    "starts_at",
    "rate_ml_per_kg_per_h",
    "rate_ml_per_h",
    "duration_min",
    "volume_ml",
    "cumulative_ml",
)
#: the full-width signs too: some spreadsheets take them for the others
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def safe_cell(text: str | None) -> str:
    """Text from outside: a spreadsheet must not take it for a formula, so such text gets a leading quote."""
    if text is None:
        return ""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text  # control: formula-cells


def cell(value: Decimal | int | str | None) -> str:
    """A figure or word as its cell; empty where there is none."""
    return shown(value, unknown="")


def notice_codes(plan: Plan) -> str:
    """The codes of all notices, in order, once each."""
    return ";".join(dict.fromkeys(notice.code for notice in plan.notices))  # control: override-in-csv


def basis_figures(plan: Plan) -> tuple[str | None, int | None, str | None]:
    """What stands behind the protocol, how many patients, and what of it was read."""
    source = plan.computed_from
    if source.regimen is None or source.protocol is None:
        return None, None, None
    protocol = source.regimen.value.protocols[source.protocol]
    return protocol.evidence, protocol.patients, protocol.reading


def session_rows(plan: Plan) -> Iterator[tuple[str, ...]]:
    """One row per session."""
    patient_id = safe_cell(plan.computed_from.request.patient.patient_id)
    codes = notice_codes(plan)
    for s in plan.sessions:
        when = (s.date, s.starts_at, s.ends_at)
        figures = map(cell, (*when, *session_figures(s)))
        yield (patient_id, str(s.course), str(s.day), *figures, codes, *map(cell, basis_figures(plan)))


def step_rows(plan: Plan) -> Iterator[tuple[str, ...]]:
    """One row per step of every session."""
    patient_id = safe_cell(plan.computed_from.request.patient.patient_id)
    for session in plan.sessions:
        head = (patient_id, str(session.course), str(session.day), session.date or "")
        for step in session.steps:
            yield (*head, str(step.step), step.starts_at or "", *map(cell, step_figures(step)))


def session_figures(session: Session) -> tuple[Decimal | int | str | None, ...]:
    """The cells of a session that depend neither on the patient nor on the day."""
    return (session.dose_g, session.volume_ml, session.duration_min, vials_text(session.vials), session.leftover_g)


def step_figures(step: InfusionStep) -> tuple[Decimal | None, ...]:
    """Those of a step."""
    return (step.rate_ml_per_kg_per_h, step.rate_ml_per_h, step.duration_min, step.volume_ml, step.cumulative_ml)


def to_csv(plan: Plan) -> str:
    """Steps for `rates`, sessions for everything else."""
    if plan.computed_from.request.command == "rates":
        return write_rows(STEP_COLUMNS, step_rows(plan))
    return write_rows(SESSION_COLUMNS, session_rows(plan))


def write_rows(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A CSV text with its heading."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return stream.getvalue()
