"""The words that the faces share: title, facts, notices, vials, days, and text of other people made fit to print."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from math import floor

from ivigcalc.engine.plan import WEEKDAYS, Infusion, Notice, Plan, Session, VialCount
from ivigcalc.quantity import plain

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
    found: list[tuple[Infusion, list[int]]] = []
    for titration in plan.titrations:
        alike = next((places for infusion, places in found if infusion == titration.infusion), None)
        if alike is None:
            found.append((titration.infusion, list(titration.places)))
        else:
            alike += titration.places
    return [(infusion, [plan.sessions[place] for place in sorted(places)]) for infusion, places in found]


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


MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
#: some languages cannot be written without these two, and they do no harm
_JOINERS = "\u200c\u200d"
#: no language puts more marks than this on one letter; a taller pile would paint over the lines around it
_MARKS_PER_LETTER = 3
#: gravest first, as the paper names them
LEVELS = {"stop": "STOP, OVERRIDDEN", "caution": "CAUTION", "info": "Note"}


def clean(text: str, limit: int = 120) -> str:
    """Text from a user or a file as one line without control or direction characters, at most `limit` long."""
    kept: list[str] = []
    marks = 0
    for char in unicodedata.normalize("NFC", text):
        kind = unicodedata.category(char)
        marks = marks + 1 if kind in ("Mn", "Me") else 0
        if char.isspace():
            kept.append(" ")
        elif marks <= _MARKS_PER_LETTER and (kind[0] != "C" or char in _JOINERS):
            kept.append(char)
    line = " ".join("".join(kept).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def short_day(on: date | None) -> str:
    """A day that nobody can misread: Tue 1 Dec 2026. Empty without a date."""
    return f"{WEEKDAYS[on.weekday()][:3]} {plain_day(on)}" if on else ""


def plain_day(on: date) -> str:
    """1 Dec 2026."""
    return f"{on.day} {MONTHS[on.month - 1][:3]} {on.year}"


def long_day(on: date | None) -> str:
    """A day in full: Tuesday 1 December 2026. Empty without a date."""
    return f"{WEEKDAYS[on.weekday()]} {on.day} {MONTHS[on.month - 1]} {on.year}" if on else ""


def treatment(plan: Plan) -> str:
    """What is treated: the regimen's title, or the use that the rates were looked up for."""
    source = plan.computed_from
    if source.regimen is not None:
        return clean(source.regimen.value.title, 80)
    use = source.request.indication
    return f"Rates for {clean(use.replace('-', ' '), 80)}" if use else "Rates of one infusion"


def when(session: Session) -> str:
    """Which session of a plan."""
    return f"course {session.course}, day {session.day}"


def by_level(notices: tuple[Notice, ...]) -> list[Notice]:
    """Gravest first."""
    return sorted(notices, key=lambda found: list(LEVELS).index(found.level))


def printed_notice(found: Notice, plan: Plan) -> dict[str, str]:
    """One notice for the templates: level, code, message with the reason of an override, number of its source."""
    number = plan.sources.index(found.source) + 1 if found.source in plan.sources else 0
    message = clean(found.message, 500).rstrip(".")
    reason = f" Reason given for overriding: {clean(found.overridden_because, 300)}" if found.overridden_because else ""
    return {
        "level": LEVELS[found.level],
        "code": clean(found.code, 40),
        "text": f"{message}.{reason}",
        "source": str(number) if number else "",
    }


def concerns(found: Notice, session: Session) -> bool:
    """Whether a notice has anything to say to one session. What was overridden is said on every sheet."""
    return found.level == "stop" or not found.sessions or (session.course, session.day) in found.sessions
