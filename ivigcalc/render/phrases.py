"""The sentences that the text faces share: title, facts, notices, vials. Formats only; nothing is computed here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from ivigcalc.plan import Notice, Plan, VialCount
from ivigcalc.quantity import plain

CHECK_LINE = "Results must be checked by a qualified person before use."
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


def days_later(start: str | None, clock: str | None) -> str:
    """` +1 d` where a time falls on a day after the start."""
    if start is None or clock is None or len(clock) < 16 or clock[:10] == start[:10]:
        return ""
    return f" +{(date.fromisoformat(clock[:10]) - date.fromisoformat(start[:10])).days} d"


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
    if source.regimen is None:
        return [*rows, ("Dose", f"{plain(course.dose_g)} g = {plain(course.g_per_kg)} g/kg")]
    for phase in plan.phases:
        name = "Course" if len(plan.phases) == 1 else f"Phase {phase.phase}"
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
