"""Plan -> PDF in parts: calendar, patient's page, a record per session, order. Tagged, A4 or Letter, the same bytes."""

from __future__ import annotations

from collections.abc import Sequence

from ivigcalc.customs import Paper, customs_of
from ivigcalc.engine.plan import Plan, Session
from ivigcalc.engine.schedule import closed_days
from ivigcalc.errors import RequestError
from ivigcalc.render.paper.page import PARTS, Part, document
from ivigcalc.render.paper.typeset import typeset
from ivigcalc.text import safe


def to_pdf(plan: Plan, paper: Paper | None = None, parts: Sequence[Part] = PARTS, session: str | None = None) -> bytes:
    """The parts of a plan for printing, in the order of its pages; of the records only `session`, as `2.1`.

    `paper`: None for that of the site.
    """
    only = _session(plan, session) if session else None
    wanted = ("record",) if only and parts == PARTS else tuple(part for part in PARTS if part in parts)
    site = plan.computed_from.site.value
    closed, paper = closed_days(site, (s.on for s in plan.sessions if s.on)), paper or customs_of(site).paper
    return typeset("plan.typ", document(plan, paper, closed, wanted, only), "pdf", "PDF output")


def _session(plan: Plan, named: str) -> Session:
    """The session of a course and day, as `2.1`."""
    for session in plan.sessions:
        if named.strip() == f"{session.course}.{session.day}":
            return session
    first, last = plan.sessions[0], plan.sessions[-1]
    raise RequestError(
        f"--session: there is no session '{safe(named)}'; "
        f"say course.day, from {first.course}.{first.day} to {last.course}.{last.day}",
        field="session",
    )
