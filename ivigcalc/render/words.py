"""The words that the faces share: figures, titles and facts of a plan, and text of other people made fit to print."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import lru_cache

from ivigcalc.definitions import Site
from ivigcalc.engine.plan import (
    ClockChange,
    Course,
    Given,
    Infusion,
    InfusionStep,
    InfusionTime,
    Interruption,
    Plan,
    Revision,
    Segment,
    Session,
    TraceEntry,
    VialCount,
)
from ivigcalc.render.evidence import basis_text
from ivigcalc.render.figures import figure, measured, sentence, shown, signed
from ivigcalc.render.times import duration_text, hours_text
from ivigcalc.request.words import MARKS_PER_LETTER, MAX_TEXT, is_piled
from ivigcalc.text import one_line

#: what a thing is called, and what is said of it
Facts = list[tuple[str, str]]
#: so many sessions are named over a table of rates, the rest are counted
_NAMED_SESSIONS = 6
#: some languages cannot be written without the first two; the others are signs that are seen, though of that class
_KEPT = "\u200c\u200d\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
#: written from the right, or figures that follow what is
_FROM_THE_RIGHT = ("R", "AL", "AN")
_APART, _END_APART = "\u2068", "\u2069"
#: a name may be as long as it can be asked for, and longer by what its letters are taken apart into
_LONGEST_NAME = 3 * MAX_TEXT


# ---- figures and text -----------------------------------------------------------------------------------------------


def vials_text(vials: Sequence[VialCount], times: str = "x") -> str:
    """`2 x 30 g + 1 x 10 g`."""
    return " + ".join(f"{vial.count} {times} {figure(vial.size_g)} g" for vial in vials) or "-"


def vials_short(vials: Sequence[VialCount]) -> str:
    """`2x30 1x10`: short, because a row has to fit 80 columns."""
    return " ".join(f"{vial.count}x{figure(vial.size_g)}" for vial in vials) or "-"


@lru_cache(maxsize=1024)  # the sessions of a plan say the same
def clean(text: str, limit: int = 120) -> str:
    """Text from a user or a file as one line without control or direction characters, at most `limit` long.

    Text from the right is set apart, so that it does not turn round the figures beside it.
    """
    kept: list[str] = []
    marks = 0
    for char in unicodedata.normalize("NFC", text):
        kind = unicodedata.category(char)
        marks = marks + 1 if is_piled(char) else 0
        if char.isspace() or (marks <= MARKS_PER_LETTER and (char in _KEPT or not _is_no_letter(char, kind))):
            kept.append(char)
    line = one_line("".join(kept))
    return _set_apart(line if len(line) <= limit else line[: limit - 1].rstrip() + "…")


def _is_no_letter(char: str, kind: str) -> bool:
    """Controls, halves of letters and what will never be one. A letter newer than this Python's tables is a letter."""
    return kind in ("Cc", "Cf", "Cs") or ord(char) & 0xFFFE == 0xFFFE or "\ufdd0" <= char <= "\ufdef"


def _set_apart(line: str) -> str:
    """Between `555 0123` and a name in Arabic, a screen or page would else put 0123 before 555."""
    turned = any(unicodedata.bidirectional(char) in _FROM_THE_RIGHT for char in line)
    return f"{_APART}{line}{_END_APART}" if turned else line  # control: figures-not-turned


def name_text(text: str) -> str:
    """A patient's name or id, whole."""
    return clean(text, _LONGEST_NAME)


# ---- what a plan is of ----------------------------------------------------------------------------------------------


def title(plan: Plan) -> str:
    """What the plan is, in one line."""
    source = plan.computed_from
    if source.regimen is None or source.protocol is None:
        return f"IVIG rates: {source.product.value.title}, {source.request.indication or 'use not given'}"
    what = "schedule" if source.request.command == "schedule" else "dose"
    protocol = source.regimen.value.protocols[source.protocol]
    return f"IVIG {what}: {source.regimen.value.title} ({source.protocol}: {sentence(protocol.title)})"


def treatment(plan: Plan) -> str:
    """What is treated: the regimen's title, or the use that the rates were looked up for."""
    source = plan.computed_from
    if source.regimen is not None:
        return clean(source.regimen.value.title, 80)
    use = source.request.indication
    return f"Rates for {clean(use.replace('-', ' '), 80)}" if use else "Rates of one infusion"


def patient_text(plan: Plan) -> str:
    """`Margaret Okonkwo, id MRN 004-217`, as far as they were given."""
    patient = plan.computed_from.request.patient
    return who(patient.name, patient.patient_id)


def who(name: str | None, patient_id: str | None) -> str:
    """A patient's name and id, whole, as far as they are known."""
    return ", ".join(part for part in (name and name_text(name), patient_id and f"id {name_text(patient_id)}") if part)


def product_text(plan: Plan) -> str:
    """`Octagam 10% (octagam-10-us)`, for what is kept."""
    product = plan.computed_from.product.value
    return f"{clean(product.title, 60)} ({clean(product.id, 40)})"


def weight_text(plan: Plan) -> str:
    """The weight that the dose rests on, its basis, and the actual weight beside it, for what is kept."""
    used = plan.dosing_weight
    actual = "" if used.basis == "actual" else f"; actual {figure(used.actual_kg)} kg"
    return f"{figure(used.kg)} kg ({used.basis}{actual})"


def when(session: Session) -> str:
    """Which session of a plan."""
    return f"course {session.course}, day {session.day}"


def phased(plan: Plan) -> bool:
    """Whether the protocol has phases: then each course says which it is of, even where one phase only is planned."""
    source = plan.computed_from
    return bool(source.regimen and source.protocol and len(source.regimen.value.protocols[source.protocol].stages) > 1)


def clinic(site: Site) -> str:
    """The clinic's name, address and phone, as far as its file has them."""
    return ", ".join(clean(part, 160) for part in (site.title, site.address, site.phone) if part)


def site_named(plan: Plan) -> list[str]:
    """The site whose file is in force; nothing for the built-in one."""
    site = plan.computed_from.site
    return [site.value.id] if site.sha256 else []


def rests_on(plan: Plan) -> list[str]:
    """What stands behind the protocol that is followed, and what of it was read; nothing where none is."""
    source = plan.computed_from
    if source.regimen is None or source.protocol is None:
        return []
    return [basis_text(source.regimen.value.protocols[source.protocol])]


def source_numbers(plan: Plan) -> dict[str, int]:
    """Citation -> its number at the foot of the page."""
    return {citation: number for number, citation in enumerate(plan.sources, start=1)}


# ---- what it rests on -----------------------------------------------------------------------------------------------


def facts(plan: Plan) -> Facts:
    """The head of every face: who, what, and the weights and doses it rests on."""
    source, who = plan.computed_from, patient_text(plan)
    rows = [("Patient", who)] if who else []
    rows += [
        ("Dosing weight", by_order(plan, _weights_text)),
        ("Rate weight", by_order(plan, rate_weight_text)),
        ("Product", by_order(plan, _product_on_screen)),  # control: product-named
        ("Policy", f"{source.policy.policy.value.id}: {sentence(source.policy.policy.value.title)}"),
    ]
    rows += [("Site", name) for name in site_named(plan)]
    rows += [("Evidence", text) for text in rests_on(plan)]
    times = dict.fromkeys((session.infusion_time, _takes_longer(session)) for session in plan.sessions)
    to_last = [("To last", f"{time_words(plan, time)}{longer}") for time, longer in times if time]
    if source.regimen is None:
        dose = f"{figure(plan.course.dose_g)} g = {figure(plan.course.g_per_kg)} g/kg"
        return [*rows, ("Dose", dose), *to_last]
    for phase in plan.phases:
        name = f"Phase {phase.phase}" if phased(plan) else "Course"
        if len(plan.segments) > 1:
            name = f"{name}, from {phase.first_course}" if phased(plan) else f"From course {phase.first_course}"
        rows += _course_facts(phase, name, changed=bool(plan.history))
        rows += [("  dose given", given_text(given)) for given in plan.less_given(phase)]
    rows += to_last
    cost = plan.totals.cost
    if cost:
        rows.append(("Cost", f"{figure(cost.amount)} {cost.currency} for all vials, at the site's price per gram"))
    if plan.last_covered:
        rows.append(("Order covers", f"up to and including {plan.last_covered}"))
    return [*rows, *changes(plan)]


def _product_on_screen(plan: Plan) -> str:
    product = plan.computed_from.product.value
    strength = f", {measured(product.concentration)}" if product.concentration else ""
    return f"{product.title} ({product.id}){strength}"


def rate_weight_text(plan: Plan) -> str:
    """`72 kg, actual`."""
    return f"{figure(plan.rate_weight.kg)} kg, {plan.rate_weight.basis}"


def by_order(plan: Plan, text: Callable[[Plan], str]) -> str:
    """A text of a plan; where the order changed from a course on, what it was and what it is from then."""
    found: list[tuple[int, str]] = []
    for segment in plan.segments or (Segment(1, plan),):
        said = text(segment.plan)
        if not found or found[-1][1] != said:  # control: both-orders-shown
            found.append((segment.first_course, said))
    (_, first), *later = found
    return "; ".join([first, *(f"from course {course}: {said}" for course, said in later)])


def changes(plan: Plan) -> Facts:
    """Every change of a plan, a line each: when, told by whom, what happened, and why."""
    return [(f"Change {change.number}", _change(change)) for change in plan.history]


def _change(change: Revision) -> str:
    by = f", {clean(change.by, 80)}" if change.by else ""
    because = f"; reason: {clean(change.reason, 200)}" if change.reason else ""
    return f"{change.at}{by}: {event_text(change)}{because}"


def event_text(change: Revision) -> str:
    """What happened, in a few words."""
    words = change.words
    onward = f" from course {words.from_course} on"
    match change.kind:
        case "reaction":
            then = f"went on at {words.resume_at} ({words.rate})" if words.resume_at else "stopped for good"
            return f"session {words.session} interrupted at {words.reaction_at}, {then}"
        case "missed":
            then = f"given from {words.to} on; later courses {words.rest}" if words.to else "not given"
            return f"missed {', '.join(words.missed)}, {then}"
        case "weight":
            weighed = f", weighed {words.weighed_on}" if words.weighed_on else ""
            return f"weight {words.new_weight}{weighed},{onward}"
        case "product":
            return f"product {clean(words.product or '', 80)}{onward}"
        case "interval":
            return f"every {words.every}{onward}"
        case "dose":
            return f"dose {words.dose}{onward}"
        case "done":
            return f"given: {', '.join(words.done)}"


def dose_in_brief(plan: Plan) -> str:
    """`144 g a course (2 g/kg of 72 kg, actual), over 2 days: 72 + 72 g`."""
    course, weight = plan.course, plan.dosing_weight
    days = [figure(session.dose_g) for session in plan.sessions if session.course == 1]
    over = f"over {len(days)} days: {' + '.join(days)} g" if len(days) > 1 else "on one day"
    per_kg = f"{figure(course.g_per_kg)} g/kg of {figure(weight.kg)} kg, {weight.basis}"
    return f"{figure(course.dose_g)} g a course ({per_kg}), {over}"


def _weights_text(plan: Plan) -> str:
    weight, weighed_on = plan.dosing_weight, plan.computed_from.request.patient.weighed_on
    named = (("actual", weight.actual_kg), ("ideal", weight.ideal_kg), ("adjusted", weight.adjusted_kg))
    others = ", ".join(f"{name} {figure(kg)}" for name, kg in named if kg is not None)
    bmi = f"; BMI {figure(weight.bmi)}" if weight.bmi is not None else ""
    weighed = f"; weighed {weighed_on}" if weighed_on else ""
    return f"{figure(weight.kg)} kg, {weight.basis} ({others} kg{bmi}{weighed})"


def _course_facts(course: Course, name: str, *, changed: bool) -> Iterator[tuple[str, str]]:
    """`changed`: something happened to the plan, so that what is given may be less than was planned."""
    many = f"{course.courses} courses" if course.courses > 1 else "1 course"
    over = f"over {course.days} days" if course.days > 1 else "on 1 day"
    often = f", every {course.interval}" if course.interval and course.courses > 1 else ""
    yield name, f"{many} {over}{often}"
    yield "  exact dose", f"{figure(course.prescribed_g)} g"  # control: exact-beside-rounded
    given = f"{figure(course.dose_g)} g = {figure(course.g_per_kg)} g/kg"
    yield "  dose planned" if changed else "  dose given", f"{given} ({signed(course.deviation_percent)} %)"


def given_text(given: Given) -> str:
    """`course 1: 77.35 g = 1.105 g/kg`."""
    return f"course {given.course}: {figure(given.dose_g)} g = {figure(given.g_per_kg)} g/kg"


def time_words(plan: Plan, time: InfusionTime) -> str:
    """How long an infusion is to last: `10 h to 12 h (published) [3]`."""
    number = source_numbers(plan).get(time.source or "")
    cited = f" [{number}]" if number else ""
    return f"{_between(time)} ({'published' if time.source else 'ordered'}){cited}"


def _takes_longer(session: Session) -> str:
    """Said beside a time that the infusion does not keep."""
    time, length_min = session.infusion_time, session.duration_min
    if time is None or time.to_min is None or length_min is None or length_min <= time.to_min:
        return ""
    return f"; it takes {duration_text(length_min)}"


def time_on_sheet(time: InfusionTime) -> str:
    """The same for a page without a list of sources: `10 h to 12 h (eTG: Kawasaki disease)`."""
    title = (time.source or "ordered").partition(", ")[0]
    return f"{_between(time)} ({clean(title, 60)})"


def _between(time: InfusionTime) -> str:
    least, most = (None if end is None else hours_text(end) for end in (time.from_min, time.to_min))
    if least is None or most is None:
        return f"at most {most}" if least is None else f"at least {least}"
    return f"{least} to {most}" if least != most else least


def inputs_text(entry: TraceEntry) -> str:
    """What one line of the working is made of: `weight = 72, dose = 2`."""
    return ", ".join(f"{name} = {in_working(value)}" for name, value in entry.inputs.items())


def in_working(value: Decimal | str | None) -> str:
    """A figure or words of the working."""
    return sentence(value) if isinstance(value, str) else shown(value)


# ---- its titrations -------------------------------------------------------------------------------------------------


def rate_text(step: InfusionStep) -> str:
    """`2`, or `2 (calculated 2.52)` where the pump cannot be set to what the step comes to."""
    beside = step.calculated_ml_per_h
    return figure(step.rate_ml_per_h) + (f" (calculated {figure(beside)})" if beside is not None else "")


def infusions(plan: Plan) -> list[tuple[Infusion, list[Session]]]:
    """Each titration once, with the sessions that give it by the same clock."""
    found: dict[tuple[Infusion, ClockChange | None], list[Session]] = {}
    for session in plan.sessions:
        if session.infusion is not None:
            found.setdefault((session.infusion, session.clock_change), []).append(session)
    return [(infusion, sessions) for (infusion, _), sessions in found.items()]


def rates_heading(plan: Plan, infusion: Infusion, sessions: Sequence[Session]) -> str:
    """Over a table of rates: which sessions it is for, how much in what time, and for what the ladder was published."""
    dose_g, volume_ml = sessions[0].dose_g, sessions[0].volume_ml
    if infusion.interruptions:
        return f"Rates, {_sessions_named(plan, sessions)}{_since(sessions[0], infusion.interruptions[-1])}"
    time = duration_text(infusion.duration_min)
    given = f"{figure(dose_g)} g, {shown(volume_ml)} mL in {time} (titration for {infusion.ladder})"
    return f"Rates, {_sessions_named(plan, sessions)}{given}"


def _since(session: Session, pause: Interruption) -> str:
    """How an interrupted infusion stands: its steps begin where it was interrupted."""
    at, in_ml = (session.clock(pause.at_min) or "")[-5:], figure(pause.in_ml)
    if pause.resume_min is None:
        return f"stopped at {at} with {in_ml} mL in; nothing more is given"
    again = (session.clock(pause.resume_min) or "")[-5:]
    return f"interrupted at {at} with {in_ml} mL in, goes on at {again}: {figure(pause.left_ml)} mL left"


def _sessions_named(plan: Plan, sessions: Sequence[Session]) -> str:
    """`course 1 day 1, course 1 day 2: `; nothing where there is no other session."""
    if len(plan.sessions) == len(sessions):
        return "every session: " if len(sessions) > 1 else ""
    named = ", ".join(f"course {s.course} day {s.day}" for s in sessions[:_NAMED_SESSIONS])
    more = len(sessions) - _NAMED_SESSIONS
    return f"{named}{f' and {more} more' if more > 0 else ''}: "
