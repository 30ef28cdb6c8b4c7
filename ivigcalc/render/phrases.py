"""The sentences that the text faces share: title, facts, notices, vials. Formats only; nothing is computed here."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import floor

from ivigcalc.plan import Infusion, Notice, Plan, Session, VialCount
from ivigcalc.quantity import plain

CHECK_LINE = "Results must be checked by a qualified person before use."
DAY_MIN = 24 * 60
#: so many sessions are named over a table of rates, the rest are counted
_NAMED_SESSIONS = 6
LEVEL_WORDS = {"info": "note", "caution": "CAUTION", "stop": "OVERRIDDEN"}


def shown(value: Decimal | int | str | None) -> str:
    """A number as it is printed, or a dash where there is none."""
    if value is None:
        return "-"
    return value if isinstance(value, str) else plain(value)


def vials_text(vials: Sequence[VialCount]) -> str:
    """`2 x 30 g + 1 x 10 g`."""
    return " + ".join(f"{vial.count} x {plain(vial.size_g)} g" for vial in vials) or "-"


def duration_text(minutes: int | None) -> str:
    """`4 h 48 min`."""
    if minutes is None:
        return "-"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest:02} min" if hours else f"{rest} min"


def elapsed_text(minutes: Decimal | int) -> str:
    """Minutes from the start as `1:30`; seconds are cut, as a clock does."""
    hours, rest = divmod(int(minutes), 60)
    return f"{hours}:{rest:02}"


def time_of(clock: str | None) -> str:
    """`09:00` of `2026-12-01T09:00`."""
    return "-" if clock is None else clock[-5:]


def days_later(session: Session, minutes: Decimal | int | None) -> str:
    """` +1 d` where so many minutes after the start fall on a day after it, ` -1 d` before it; with a date or without."""
    if session.at_min is None or minutes is None:
        return ""
    days = (session.at_min + floor(minutes)) // DAY_MIN
    return f" {days:+} d" if days else ""


def clock_of(session: Session, minutes: Decimal | int | None) -> str:
    """`02:48 +1 d`: the clock so many minutes after the start, or a dash where it is not known."""
    return "-" if minutes is None else f"{time_of(session.clock(minutes))}{days_later(session, minutes)}"


def notice_text(notice: Notice, source_number: int | None = None) -> str:
    """`CAUTION pump-capped: ...`."""
    because = f" Overridden because: {notice.overridden_because}." if notice.overridden_because else ""
    cited = f" [{source_number}]" if source_number else ""
    return f"{LEVEL_WORDS[notice.level]} {notice.code}: {notice.message.rstrip('.')}.{because}{cited}"


def source_numbers(plan: Plan) -> dict[str, int]:
    """Citation -> its number at the foot of the page."""
    return {citation: number for number, citation in enumerate(plan.sources, start=1)}


def signed(value: Decimal) -> str:
    """`+0.69` or `0`."""
    return f"+{plain(value)}" if value > 0 else plain(value)


def title(plan: Plan) -> str:
    """What the plan is, in one line."""
    source = plan.computed_from
    if source.regimen is None or source.protocol is None:
        return f"IVIG rates: {source.product.value.title}, {source.request.indication or 'use not given'}"
    what = "schedule" if source.request.command == "schedule" else "dose"
    protocol = source.regimen.value.protocols[source.protocol]
    return f"IVIG {what}: {source.regimen.value.title} ({source.protocol}: {protocol.title})"


def phased(plan: Plan) -> bool:
    """Whether the protocol has phases, so that each course must say which it is of, even where one phase only is planned."""
    source = plan.computed_from
    return bool(source.regimen and source.protocol and len(source.regimen.value.protocols[source.protocol].stages) > 1)


def site_named(plan: Plan) -> list[str]:
    """The site whose file is in force; nothing for the built-in one."""
    site = plan.computed_from.site
    return [site.value.id] if site.sha256 else []


def facts(plan: Plan) -> list[tuple[str, str]]:
    """The head of every face: who, what, and the weights and doses it rests on."""
    source, weight, course = plan.computed_from, plan.dosing_weight, plan.course
    patient, product = source.request.patient, source.product.value
    who = ", ".join(part for part in (patient.name, patient.patient_id and f"id {patient.patient_id}") if part)
    others = [f"actual {plain(weight.actual_kg)}"]
    others += [f"ideal {plain(weight.ideal_kg)}"] if weight.ideal_kg is not None else []
    others += [f"adjusted {plain(weight.adjusted_kg)}"] if weight.adjusted_kg is not None else []
    bmi = f"; BMI {plain(weight.bmi)}" if weight.bmi is not None else ""
    weighed = f"; weighed {patient.weighed_on}" if patient.weighed_on else ""
    strength = f", {product.concentration}" if product.concentration else ""
    rows = [("Patient", who)] if who else []
    rows += [
        ("Dosing weight", f"{plain(weight.kg)} kg, {weight.basis} ({', '.join(others)} kg{bmi}{weighed})"),
        ("Rate weight", f"{plain(plan.rate_weight.kg)} kg, {plan.rate_weight.basis}"),
        ("Product", f"{product.title} ({product.id}){strength}"),
        ("Policy", f"{source.policy.policy.value.id}: {source.policy.policy.value.title}"),
    ]
    rows += [("Site", name) for name in site_named(plan)]
    if source.regimen is None:
        return [*rows, ("Dose", f"{plain(course.dose_g)} g = {plain(course.g_per_kg)} g/kg")]
    for phase in plan.phases:
        name = f"Phase {phase.phase}" if phased(plan) else "Course"
        rows.append((name, _course_text(phase.courses, phase.days, phase.interval)))
        rows.append(("  exact dose", f"{plain(phase.prescribed_g)} g"))
        rows.append(
            (
                "  dose given",
                f"{plain(phase.dose_g)} g = {plain(phase.g_per_kg)} g/kg ({signed(phase.deviation_percent)} %)",
            )
        )
    cost = plan.totals.cost
    if cost:
        rows.append(("Cost", f"{plain(cost.amount)} {cost.currency} for all vials, at the site's price per gram"))
    if plan.last_covered:
        rows.append(("Order covers", f"up to and including {plan.last_covered}"))
    return rows


def _course_text(courses: int, days: int, interval: str | None) -> str:
    many = f"{courses} courses" if courses > 1 else "1 course"
    over = f"over {days} days" if days > 1 else "on 1 day"
    return f"{many} {over}" + (f", every {interval}" if interval and courses > 1 else "")


def infusions(plan: Plan) -> list[tuple[Infusion, list[Session]]]:
    """Each titration once, with the sessions that give it."""
    found: list[tuple[Infusion, list[Session]]] = []
    for session in plan.sessions:
        if session.infusion is None:
            continue
        for infusion, sessions in found:
            if infusion == session.infusion:
                sessions.append(session)
                break
        else:
            found.append((session.infusion, [session]))
    return found


def rates_heading(plan: Plan, infusion: Infusion, sessions: Sequence[Session]) -> str:
    """Over a table of rates: which sessions it is for, how much in what time, and for what the ladder was published."""
    first = sessions[0]
    if len(plan.sessions) == len(sessions):
        where = f"{plain(first.dose_g)} g" if len(sessions) == 1 else f"every session: {plain(first.dose_g)} g"
    else:
        where = ", ".join(f"course {s.course} day {s.day}" for s in sessions[:_NAMED_SESSIONS])
        more = len(sessions) - _NAMED_SESSIONS
        where += (f" and {more} more" if more > 0 else "") + f": {plain(first.dose_g)} g"
    return f"Rates, {where}, {shown(first.volume_ml)} mL in {duration_text(infusion.duration_min)} (ladder for {infusion.ladder})"
