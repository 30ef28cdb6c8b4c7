"""Plan -> the text that the paper templates set: a tree of strings, cleaned, in the order of the pages."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Literal, get_args

from ivigcalc.definitions import Site
from ivigcalc.engine.plan import CHECK_LINE, Plan, Session
from ivigcalc.render.months import ClosedDays, months
from ivigcalc.render.notices import by_level, printed_notice
from ivigcalc.render.paper.asked import inputs
from ivigcalc.render.paper.calendar import month_grid, session_row, summary, totals
from ivigcalc.render.paper.nurse_sheet import nurse_sheet
from ivigcalc.render.paper.patient_page import home
from ivigcalc.render.times import plain_day
from ivigcalc.render.words import by_order, clean, treatment

FINGERPRINT_DIGITS = 12
#: what can be printed alone, in the order of the pages
Part = Literal["calendar", "patient", "record", "order"]
PARTS: tuple[Part, ...] = get_args(Part)


def document(
    plan: Plan, paper: str, closed: ClosedDays, parts: Sequence[Part] = PARTS, only: Session | None = None
) -> dict[str, Any]:
    """Everything that is printed: the parts, and of the records only that of one session where one is named."""
    return {
        "parts": list(parts),
        "clinic": clinic(plan.computed_from.site.value),
        "home": home(plan),
        "paper": "us-letter" if paper == "letter" else "a4",
        "title": f"IVIG infusion plan: {treatment(plan)}, {by_order(plan, _product_id)}",
        "made": f"ivigcalc {clean(plan.ivigcalc_version, 20)}",
        "fingerprint": fingerprint(plan),
        "check": CHECK_LINE,
        "patient": patient(plan),
        "treatment": treatment(plan),
        "protocol": protocol(plan),
        "summary": summary(plan),
        "months": [month_grid(month) for month in months(plan, closed)],
        "sessions": [session_row(plan, session) for session in plan.sessions],
        "totals": totals(plan),
        "notices": [printed_notice(found, plan) for found in by_level(plan.notices)],
        "inputs": inputs(plan),
        "sources": [clean(citation, 300) for citation in plan.sources],
        "sheets": [nurse_sheet(plan, session) for session in plan.sessions if only in (None, session)],
    }


def _product_id(plan: Plan) -> str:
    return clean(plan.computed_from.product.value.id, 40)


def clinic(site: Site) -> str:
    """The clinic's name, address and phone, as far as its file has them."""
    return clean(", ".join(part for part in (site.title, site.address, site.phone) if part), 160)


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
        "name": clean(asked.name, 60) if asked.name else None,
        "id": clean(asked.patient_id, 40) if asked.patient_id else None,
        "born": plain_day(asked.birth_date) if asked.birth_date else None,
        "age": str(asked.age) if asked.age else None,
    }


def protocol(plan: Plan) -> str:
    """The protocol's title, or nothing for the rates of one infusion."""
    source = plan.computed_from
    if source.regimen is None or source.protocol is None:
        return ""
    return clean(source.regimen.value.protocols[source.protocol].title, 120)
