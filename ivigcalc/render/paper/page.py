"""Plan -> the text that the paper templates set: a tree of strings, cleaned, in the order of the page."""

from __future__ import annotations

from decimal import Decimal
from hashlib import sha256
from typing import Any

from ivigcalc.engine.plan import CHECK_LINE, Bottle, Plan, Session, Step
from ivigcalc.quantity import Quantity, decimal_of, plain
from ivigcalc.render.months import Cell, HolidayName, Month, months
from ivigcalc.render.paper.chart import chart_data, moment
from ivigcalc.render.words import (
    LEVELS,
    by_level,
    clean,
    concerns,
    duration_text,
    long_day,
    phased,
    plain_day,
    printed_notice,
    short_day,
    shown,
    signed,
    site_named,
    time_of,
    treatment,
    vials_text,
)
from ivigcalc.request.fields import FIELDS
from ivigcalc.request.form import Words
from ivigcalc.request.request import Request

FINGERPRINT_DIGITS = 12
#: a nurse's sheet shows at most so many cautions of one kind; the first pages of the plan have them all
SAME_KIND_ON_SHEET = 3
Facts = list[tuple[str, str]]


def document(plan: Plan, paper: str, holiday_name: HolidayName) -> dict[str, Any]:
    """Everything that is printed."""
    source = plan.computed_from
    return {
        "paper": "us-letter" if paper == "letter" else "a4",
        "title": f"IVIG infusion plan: {treatment(plan)}, {clean(source.product.value.id, 40)}",
        "made": f"ivigcalc {clean(plan.ivigcalc_version, 20)}",
        "fingerprint": fingerprint(plan),
        "check": CHECK_LINE,
        "patient": patient(plan),
        "treatment": treatment(plan),
        "protocol": protocol(plan),
        "summary": summary(plan),
        "months": [month(found, plan) for found in months(plan, holiday_name)],
        "sessions": [session_row(plan, session) for session in plan.sessions],
        "totals": totals(plan),
        "notices": [printed_notice(found, plan) for found in by_level(plan.notices)],
        "inputs": inputs(plan),
        "sources": [clean(citation, 300) for citation in plan.sources],
        "short_sources": [clean(citation.partition(" <")[0], 110) for citation in plan.sources],
        "sheets": [sheet(plan, session) for session in plan.sessions],
    }


def fingerprint(plan: Plan) -> str:
    """The first digits of the SHA-256 of the plan's JSON: two papers with the same one show the same plan.

    Left out is what does not make it another plan: where a file lay, whose SHA-256 is kept, and the day of asking where a start is given.
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
    born = plain_day(asked.birth_date) if asked.birth_date else None
    return {
        "name": clean(asked.name, 60) if asked.name else None,
        "id": clean(asked.patient_id, 40) if asked.patient_id else None,
        "born": born,
        "age": str(asked.age) if asked.age else None,
    }


def protocol(plan: Plan) -> str:
    """The protocol's title, or nothing for the rates of one infusion."""
    source = plan.computed_from
    return (
        clean(source.regimen.value.protocols[source.protocol].title, 120) if source.regimen and source.protocol else ""
    )


def summary(plan: Plan) -> Facts:
    """The head of the calendar page."""
    found = [("Product", product_text(plan)), ("Dosing weight", weight_text(plan))]
    found += [("Site", clean(name, 60)) for name in site_named(plan)]
    for phase in plan.phases:
        name = f"Phase: {clean(phase.phase, 40)}" if phased(plan) else "Course"
        often = f", every {phase.interval}" if phase.interval and phase.courses > 1 else ""
        days = f"{phase.days} day{'s' if phase.days > 1 else ''}"
        found.append((name, f"{phase.courses} × {plain(phase.dose_g)} g over {days}{often}"))
        exact = f"exact dose {plain(phase.prescribed_g)} g, difference {signed(phase.deviation_percent)} %"
        found.append(("Dose given", f"{plain(phase.g_per_kg)} g/kg ({exact})"))
    if plan.last_covered:
        found.append(("Order covers", f"up to and including {plan.last_covered}"))
    return found


def product_text(plan: Plan) -> str:
    """The product as its label names it, its id and strength."""
    product = plan.computed_from.product.value
    strength = f", {product.concentration}" if product.concentration else ", strength not published"
    return f"{clean(product.title, 60)} ({clean(product.id, 40)}){strength}"


def weight_text(plan: Plan) -> str:
    """The weight that the dose rests on, its basis, and the actual weight beside it."""
    used = plan.dosing_weight
    actual = "" if used.basis == "actual" else f"; actual {plain(used.actual_kg)} kg"
    return f"{plain(used.kg)} kg ({used.basis}{actual})"


def month(found: Month, plan: Plan) -> dict[str, Any]:
    """One month grid, and what its marks mean."""
    site = plan.computed_from.site.value
    return {
        "title": found.title,
        "weeks": [[_cell(cell) for cell in week] for week in found.weeks],
        "notes": [f"{short_day(on)}: {text}" for on, text in found.notes(site)],
    }


def _cell(cell: Cell) -> dict[str, Any]:
    marks = ["holiday"] if cell.holiday else []
    marks += ["closed"] if cell.closed else []
    return {
        "day": str(cell.on.day) if cell.on else None,
        "marks": marks,
        "sessions": [
            {"label": f"Course {s.course}, day {s.day}", "short": f"C{s.course} D{s.day}", "dose": f"{plain(s.dose_g)} g", "time": time_of(s.starts_at) if s.starts_at else ""}
            for s in cell.sessions
        ],
    }  # fmt: skip


def session_row(plan: Plan, session: Session) -> list[str]:
    """A line of the course table. Empty is what does not apply: a phase, or coming before and staying after the infusion."""
    length, before, after = session.duration_min, session.overhead_before_min, session.overhead_after_min
    return [
        str(session.course), str(session.day), clean(session.phase, 40) if phased(plan) else "", short_day(session.on),
        _time(session, -before if before else None), _time(session, 0), _time(session, length),
        _time(session, length + after if length is not None and after else None),
        duration_text(session.duration_min), plain(session.dose_g), shown(session.volume_ml), paper_vials(session.vials),
    ]  # fmt: skip


def _time(session: Session, from_start_min: int | None) -> str:
    """The clock so many minutes after the start; empty where none is known."""
    return "" if session.at_min is None or from_start_min is None else moment(session, from_start_min)


def totals(plan: Plan) -> Facts:
    """Sums over all sessions."""
    found = plan.totals
    facts = [("Courses", str(found.courses)), ("Sessions", str(found.sessions)), ("Dose", f"{plain(found.dose_g)} g"),
             ("Volume", f"{shown(found.volume_ml)} mL"), ("Vials", paper_vials(found.vials)), ("Left over", f"{plain(found.leftover_g)} g")]  # fmt: skip
    if found.cost:
        facts.append(("Cost", f"{plain(found.cost.amount)} {clean(found.cost.currency, 3)}"))
    return facts


def paper_vials(counts: Any) -> str:
    """Vials with a proper multiplication sign."""
    return vials_text(counts).replace(" x ", " × ")


def sheet_notices(plan: Plan, session: Session) -> list[dict[str, str]]:
    """The stops and cautions that concern one session. What another course's dates say stays on the plan's first pages."""
    kept: list[dict[str, str]] = []
    seen: dict[str, int] = {}
    for found in by_level(plan.notices):
        if found.level == "info" or not concerns(found, session):
            continue
        seen[found.code] = seen.get(found.code, 0) + 1
        if found.level == "stop" or seen[found.code] <= SAME_KIND_ON_SHEET:
            kept.append(printed_notice(found, plan))
    for code, count in seen.items():
        more = count - SAME_KIND_ON_SHEET
        if more > 0 and any(n.code == code and n.level == "caution" for n in plan.notices):
            kept.append(
                {
                    "level": LEVELS["caution"],
                    "code": code,
                    "text": f"{more} more of this kind: see the first pages of this plan.",
                    "source": "",
                }
            )
    return kept


def inputs(plan: Plan) -> list[str]:
    """What was asked and by which definitions it was answered, for whoever calculates it again."""
    source = plan.computed_from
    site = source.site.value
    files = [
        f"{kind} {clean(d.value.id, 60)}{f':{source.protocol}' if kind == 'regimen' else ''} of {d.value.version} ({d.sha256[:8]})"
        for kind, d in (("regimen", source.regimen), ("product", source.product), ("policy", source.policy.policy)) if d
    ]  # fmt: skip
    files.append(
        f"site {clean(site.id, 60)} ({source.site.sha256[:8]})" if source.site.sha256 else f"site {clean(site.id, 60)}"
    )
    files.append(f"pump {site.pump.increment} steps up to {site.pump.maximum}")
    return [
        f"Patient: {_said_of('patient', source.request)}",
        f"Order: {_said_of('order', source.request) or 'as the protocol says'}",
        f"Definitions: {'; '.join(files)}",
    ]


def _said_of(record: str, request: Request) -> str:
    """What was said of the patient or of the order, in words, but for what has its place elsewhere on the page."""
    said = [
        (field.label, field.words_of(request)) for field in FIELDS if field.of == record and field.printed is not None
    ]
    return "; ".join(f"{label} {clean(_in_text(words), 120)}" for label, words in said if words)


def _in_text(words: Words) -> str:
    if isinstance(words, tuple):
        return ", ".join(words)
    return "yes" if words is True else str(words)


def sheet(plan: Plan, session: Session) -> dict[str, Any]:
    """One nurse's sheet."""
    timed = session.at_min is not None
    bottles, steps = session.bottles, session.steps
    return {
        "when": _which(plan, session),
        "date": long_day(session.on),
        "facts": _sheet_facts(plan, session),
        "timed": timed,
        "steps": [_step(session, place) for place in range(len(steps))],
        "before": _visit_before(plan, session),
        "after": _visit_after(plan, session),
        "end": {
            "at": "" if session.duration_min is None else moment(session, session.duration_min),
            "volume": "" if session.volume_ml is None else plain(session.volume_ml),
        },
        "bottles": [_bottle(session, bottle) for bottle in bottles] or _bottles_without_rates(session),
        "chart": chart_data(session),
        "assumed": any(step.assumed for step in steps),
        "notices": sheet_notices(plan, session),
    }


def _which(plan: Plan, session: Session) -> str:
    if plan.computed_from.regimen is None:
        return "One infusion"
    days = max(s.day for s in plan.sessions if s.course == session.course)
    phase = f", phase {clean(session.phase, 40)}" if phased(plan) else ""
    return f"Course {session.course} of {plan.totals.courses}, day {session.day} of {days}{phase}"


def _sheet_facts(plan: Plan, session: Session) -> Facts:
    weighed = plan.computed_from.request.patient.weighed_on
    rate = plan.rate_weight
    product = plan.computed_from.product.value
    facts = [
        ("Product", f"{clean(product.title, 60)} ({clean(product.id, 40)})"),
        ("Strength", str(product.concentration) if product.concentration else "not published"),
        ("Dose", f"{plain(session.dose_g)} g"),
        ("Vials", paper_vials(session.vials)),
        ("Volume", f"{shown(session.volume_ml)} mL"),
        ("Weight used", weight_text(plan)),
        ("Weighed on", plain_day(weighed) if weighed else ""),
    ]
    if (rate.kg, rate.basis) != (plan.dosing_weight.kg, plan.dosing_weight.basis):
        facts.append(("Weight for rates", f"{plain(rate.kg)} kg ({rate.basis})"))
    facts += _infusion_facts(session)
    if session.leftover_g:
        facts.append(("Left over", f"{plain(session.leftover_g)} g"))
    return facts


def _infusion_facts(session: Session) -> Facts:
    """What the ladder was published for, and how long it takes; nothing where no rates are published."""
    if session.infusion is None:
        return []
    length, before, after = session.infusion.duration_min, session.overhead_before_min, session.overhead_after_min
    facts = [("Ladder", clean(session.infusion.ladder, 120)), ("Infusion lasts", duration_text(length))]
    if session.at_min is not None:
        facts.append(("Infusion", f"{moment(session, 0)} to {moment(session, length)}"))
        if before or after:
            facts.append(("Visit", f"{moment(session, -before)} to {moment(session, length + after)}"))
    return facts


def _step(session: Session, place: int) -> dict[str, str]:
    steps = session.steps
    step: Step = steps[place]
    until = steps[place + 1].from_start_min if place + 1 < len(steps) else None
    hung = [
        b
        for b in session.bottles
        if b.from_start_min >= step.from_start_min and (until is None or b.from_start_min < until)
    ]
    return {
        "step": f"{step.step}{'*' if step.assumed else ''}", "at": moment(session, step.from_start_min),
        "bottles": _span(hung), "per_kg": "–" if step.rate_ml_per_kg_per_h is None else plain(step.rate_ml_per_kg_per_h),
        "rate": plain(step.rate_ml_per_h), "minutes": plain(step.duration_min), "volume": plain(step.volume_ml),
        "running": plain(step.cumulative_ml), "remaining": plain(step.remaining_ml),
    }  # fmt: skip


def _span(hung: list[Bottle]) -> str:
    if len(hung) < 3:
        return ", ".join(str(bottle.bottle) for bottle in hung)
    return f"{hung[0].bottle}–{hung[-1].bottle}"


def _bottle(session: Session, bottle: Bottle) -> dict[str, str]:
    last = bottle.bottle == len(
        session.bottles
    )  # the last one is empty when the infusion ends, rounded up as its end is
    to_min = session.duration_min or 0 if last else bottle.to_min
    return {
        "bottle": str(bottle.bottle), "size": plain(bottle.size_g), "volume": plain(bottle.volume_ml),
        "hang": moment(session, bottle.from_start_min), "empty": moment(session, to_min),
    }  # fmt: skip


def _bottles_without_rates(session: Session) -> list[dict[str, str]]:
    """A row for each bottle where no rate says when it is hung, so that its lot and expiry can be written down."""
    sizes = [vial.size_g for vial in session.vials for _ in range(vial.count)]
    return [
        {"bottle": str(n), "size": plain(size), "volume": "", "hang": "", "empty": ""}
        for n, size in enumerate(sizes, start=1)
    ]


def _visit_before(plan: Plan, session: Session) -> list[tuple[str, str]]:
    """Rows before the first step: only what the site's file gives."""
    visit = plan.computed_from.site.value.visit
    rows, from_start = [], -session.overhead_before_min
    for name, length in (("Arrival", visit.arrival), ("Premedication", visit.premedication)):
        if length:
            rows.append((_time(session, from_start), f"{name}, {_minutes(length)}"))
            from_start += int(length.base)
    return rows


def _visit_after(plan: Plan, session: Session) -> list[tuple[str, str]]:
    """Rows after the last step. Flush volume is not drug volume, so it has a row of its own.

    Where no rate says when the infusion ends, a row has no time.
    """
    visit = plan.computed_from.site.value.visit
    rows: list[tuple[str, str]] = []
    begins = session.duration_min
    for name, length in (("Flush (not part of the dose)", visit.flush), ("Observation", visit.observation)):
        if length:
            ends = None if begins is None else begins + int(length.base)
            until = _time(session, ends)
            rows.append((_time(session, begins), f"{name}, {_minutes(length)}" + (f", until {until}" if until else "")))
            begins = ends
    return rows


def _minutes(length: Quantity) -> str:
    return f"{plain(decimal_of(length.base, 2) + Decimal(0))} min"
