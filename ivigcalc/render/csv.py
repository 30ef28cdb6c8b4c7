"""Plan -> CSV rows, with the columns of the interface. The batch writes the same rows."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

from ivigcalc.definitions import Regimen
from ivigcalc.engine.plan import Course, InfusionStep, Level, Notice, Plan, Session
from ivigcalc.quantity import plain
from ivigcalc.render.words import vials_text

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
    "phase",
    "regimen",
    "protocol",
    "product",
    "policy",
    "dosing_weight_kg",
    "g_per_kg",
    "evidence",
    "patients",
    "reading",
)
_LEVELS: tuple[Level, ...] = ("stop", "caution", "info")
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
#: a plain number is no formula, whatever its sign
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def safe_cell(text: str | None) -> str:
    """Text from outside: a spreadsheet must not take it for a formula, so such text gets a leading quote.

    Text that has one already gets another, so that no two texts become one.
    """
    if text is None:
        return ""
    return f"'{text}" if _is_formula(text.lstrip("'")) else text  # control: formula-cells


def unquoted_cell(cell: str) -> str:
    """The text of which `safe_cell` made this cell."""
    return cell[1:] if cell.startswith("'") and _is_formula(cell.lstrip("'")) else cell


def _is_formula(text: str) -> bool:
    return text.startswith(_FORMULA_STARTS) and not _NUMBER.fullmatch(text)


def cell(value: Decimal | int | str | None) -> str:
    """A figure or word as its cell; empty where there is none."""
    if value is None:
        return ""
    return value if isinstance(value, str) else plain(value)


def notice_codes(notices: Iterable[Notice]) -> str:
    """The codes of all notices, once each, by level: `stops|cautions|infos`; a stop that is there was overridden."""
    by_level: dict[Level, dict[str, None]] = {level: {} for level in _LEVELS}
    for notice in notices:
        by_level[notice.level][notice.code] = None
    return "|".join(";".join(codes) for codes in by_level.values())  # control: override-in-csv


def basis_figures(regimen: Regimen | None, protocol: str | None) -> tuple[str | None, int | None, str | None]:
    """What stands behind a protocol, how many patients, and what of it was read."""
    if regimen is None or protocol is None:
        return None, None, None
    of_it = regimen.protocols[protocol]
    return of_it.evidence, of_it.patients, of_it.reading


def session_rows(plan: Plan) -> Iterator[tuple[str, ...]]:
    """One row per session."""
    patient_id = safe_cell(plan.computed_from.request.patient.patient_id)
    codes = notice_codes(plan.notices)
    given = {found.course: found.g_per_kg for phase in plan.phases for found in plan.less_given(phase)}
    for s in plan.sessions:
        treatment = treatment_of(plan.of(s))
        if s.course in given:
            treatment = treatment._replace(g_per_kg=((s.phase, given[s.course]),))
        when = (s.date, s.starts_at, s.ends_at)
        words = session_words(s, treatment)
        yield (patient_id, str(s.course), str(s.day), *map(cell, (*when, *session_figures(s), codes, *words)))


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


class Treatment(NamedTuple):
    """By what a plan was made, and for which weight: what all of its sessions have in common."""

    regimen: str | None
    protocol: str | None
    product: str
    policy: str
    dosing_weight_kg: Decimal
    #: phase -> g/kg of one of its courses
    g_per_kg: tuple[tuple[str, Decimal], ...]
    #: what stands behind the protocol
    basis: tuple[str | int | None, ...]


def treatment_of(plan: Plan) -> Treatment:
    """The definitions that a plan was made by, by their ids, and the weight that it doses on."""
    source = plan.computed_from
    regimen = source.regimen.value if source.regimen else None
    ids = (source.protocol, source.product.value.id, source.policy.policy.value.id)
    return treatment(regimen, *ids, plan.dosing_weight.kg, plan.phases)


def treatment(
    regimen: Regimen | None,
    protocol: str | None,
    product: str,
    policy: str,
    dosing_weight_kg: Decimal,
    phases: Iterable[Course],
) -> Treatment:
    """The same of what a plan is made of: the regimen, the ids of the others, and what a course of each phase is."""
    per_kg = tuple([(phase.phase, phase.g_per_kg) for phase in phases])
    ids = (regimen.id if regimen else None, protocol, product, policy)
    return Treatment(*ids, dosing_weight_kg, per_kg, basis_figures(regimen, protocol))


def session_words(session: Session, treatment: Treatment) -> tuple[str | Decimal | int | None, ...]:
    """The cells of a session after its notices: phase, treatment, and g/kg of the course."""
    *words, per_kg, basis = treatment
    return (session.phase, *words, dict(per_kg)[session.phase], *basis)


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


def quoted(text: str) -> str:
    """One CSV cell, quoted where it must be."""
    if "," not in text and '"' not in text and text.isprintable():
        return text
    stream = io.StringIO()
    csv.writer(stream, lineterminator="").writerow([text])
    return stream.getvalue()
