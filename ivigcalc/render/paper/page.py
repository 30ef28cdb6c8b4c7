"""Plan -> the text that the paper templates set: a tree of strings, cleaned, in the order of the pages."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Literal, get_args

from ivigcalc.customs import Paper, customs, customs_of
from ivigcalc.engine.plan import CHECK_LINE, Plan, Session
from ivigcalc.engine.schedule import closed_days
from ivigcalc.errors import RequestError
from ivigcalc.render.catalogue.paper import Paper as Words
from ivigcalc.render.figures import measured, sentence
from ivigcalc.render.months import ClosedDays, months
from ivigcalc.render.notices import by_level, printed_notice
from ivigcalc.render.paper.asked import inputs
from ivigcalc.render.paper.calendar import month_grid, session_row, summary, totals
from ivigcalc.render.paper.nurse_sheet import nurse_sheet
from ivigcalc.render.paper.patient_page import home
from ivigcalc.render.times import in_its_customs, plain_day, weekday_names
from ivigcalc.render.words import by_order, clean, clinic, name_text, treatment
from ivigcalc.text import safe

FINGERPRINT_DIGITS = 12
#: what can be printed alone, in the order of the pages
Part = Literal["calendar", "patient", "record", "order"]
PARTS: tuple[Part, ...] = get_args(Part)


def prepared(plan: Plan, paper: Paper | None, parts: Sequence[Part] = (), session: str | None = None) -> dict[str, Any]:
    """What is printed of the parts that are asked for, in the order of the pages, all where none is; of the records
    only `session`, which alone is its record alone. `paper`: None for that of the site.
    """
    only = None if session is None else _session(plan, session)
    wanted = parts or (("record",) if only else PARTS)
    site = plan.computed_from.site.value
    closed = closed_days(site, (s.on for s in plan.sessions if s.on))
    return document(plan, paper or customs_of(site).paper, closed, [part for part in PARTS if part in wanted], only)


def _session(plan: Plan, named: str) -> Session:
    """The session of a course and day, as `2.1`."""
    for session in plan.sessions:
        if named.strip() == f"{session.course}.{session.day}":
            return session
    first, last = plan.sessions[0], plan.sessions[-1]
    raise RequestError(
        f"there is no session '{safe(named)}'; give --session as course.day, "
        f"from {first.course}.{first.day} to {last.course}.{last.day}",
        field="session",
    )


@in_its_customs
def document(
    plan: Plan, paper: str, closed: ClosedDays, parts: Sequence[Part] = PARTS, only: Session | None = None
) -> dict[str, Any]:
    """Everything that is printed of the parts; of the records only that of one session where one is named."""
    said: dict[str, Any] = {
        "parts": list(parts),
        "clinic": clinic(plan.computed_from.site.value),
        "paper": "us-letter" if paper == "letter" else "a4",
        "title": Words.plan_title.format(treatment=treatment(plan), product=by_order(plan, _product_id)),
        "check": CHECK_LINE,
        "patient": patient(plan),
        "treatment": treatment(plan),
        "protocol": protocol(plan),
        "temperature": customs().temperature,
        "decimal": customs().decimal,
        "sheets": [],
    }
    if "calendar" in parts:
        said["weekdays"] = list(weekday_names())
        said["months"] = [month_grid(month) for month in months(plan, closed)]
        said["sessions"] = [session_row(plan, session) for session in plan.sessions]
    if "patient" in parts:
        said["home"] = home(plan)
    if "record" in parts:
        sessions = enumerate(plan.sessions, start=1)
        said["sheets"] = [nurse_sheet(plan, one, number) for number, one in sessions if only in (None, one)]
    if "order" in parts:
        said |= _order(plan)
    return said


def _order(plan: Plan) -> dict[str, Any]:
    """What the order page has: what the plan rests on, all that is said of it, and its number."""
    return {
        "made": f"ivigcalc {clean(plan.ivigcalc_version, 20)}",
        "fingerprint": fingerprint(plan),
        "summary": summary(plan),
        "totals": totals(plan),
        "notices": [printed_notice(found, plan) for found in by_level(plan.notices)],
        "inputs": inputs(plan),
        "sources": [clean(citation, 300) for citation in plan.sources],
    }


def _product_id(plan: Plan) -> str:
    return clean(plan.computed_from.product.value.id, 40)


def fingerprint(plan: Plan) -> str:
    """The first digits of the SHA-256 of the plan's JSON: two papers with the same one show the same plan.

    Left out is what does not make it another plan: where a file lay, whose SHA-256 is kept, and the day of asking
    where a start is given.
    """
    from ivigcalc.document.write import document as plan_document
    from ivigcalc.document.write import text_of

    said = plan_document(plan)
    source = said["computed_from"]
    unsaid = {"regimen", "product", "policy"} | ({"on"} if plan.computed_from.request.order.start else set())
    source["request"] = {name: value for name, value in source["request"].items() if name not in unsaid}
    if source["site"]:
        source["site"] = {name: value for name, value in source["site"].items() if name != "file"}
    return sha256(text_of(said).encode("utf-8")).hexdigest()[:FINGERPRINT_DIGITS]


def patient(plan: Plan) -> dict[str, str | None]:
    """Who it is; what was not given is left open for a pen or a label."""
    asked = plan.computed_from.request.patient
    return {
        "name": name_text(asked.name) if asked.name else None,
        "id": name_text(asked.patient_id) if asked.patient_id else None,
        "born": plain_day(asked.birth_date) if asked.birth_date else None,
        "age": measured(asked.age) if asked.age else None,
    }


def protocol(plan: Plan) -> str:
    """The protocol's title, or nothing for the rates of one infusion."""
    source = plan.computed_from
    if source.regimen is None or source.protocol is None:
        return ""
    return clean(sentence(source.regimen.value.protocols[source.protocol].title), 120)
