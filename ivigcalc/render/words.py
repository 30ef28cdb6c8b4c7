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
    WeightBasis,
)
from ivigcalc.render.catalogue.plans import Plans
from ivigcalc.render.evidence import basis_text
from ivigcalc.render.figures import figure, measured, sentence, shown, signed
from ivigcalc.render.times import duration_text, hours_text
from ivigcalc.request.words import MARKS_PER_LETTER, MAX_TEXT, is_piled
from ivigcalc.text import one_line

#: what a thing is called, and what is said of it
Facts = list[tuple[str, str]]
#: the weight that a dose or a rate rests on
WEIGHTS: dict[WeightBasis, str] = {
    "actual": Plans.actual,
    "ideal": Plans.ideal,
    "adjusted": Plans.adjusted,
    "pre-pregnancy": Plans.pre_pregnancy,
}
#: before what is said of the fact above
_BELOW = "  "
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
        use = source.request.indication or Plans.use_not_given
        return Plans.rates_of.format(product=source.product.value.title, use=use)
    heading = Plans.schedule_of if source.request.command == "schedule" else Plans.dose_of
    protocol = source.regimen.value.protocols[source.protocol]
    what = f"{source.regimen.value.title} ({source.protocol}: {sentence(protocol.title)})"
    return heading.format(what=what)


def treatment(plan: Plan) -> str:
    """What is treated: the regimen's title, or the use that the rates were looked up for."""
    source = plan.computed_from
    if source.regimen is not None:
        return clean(source.regimen.value.title, 80)
    use = source.request.indication
    return Plans.rates_for.format(use=clean(use.replace("-", " "), 80)) if use else Plans.rates_of_one


def patient_text(plan: Plan) -> str:
    """`Margaret Okonkwo, id MRN 004-217`, as far as they were given."""
    patient = plan.computed_from.request.patient
    return who(patient.name, patient.patient_id)


def who(name: str | None, patient_id: str | None) -> str:
    """A patient's name and id, whole, as far as they are known."""
    named = patient_id and Plans.patient_id.format(id=name_text(patient_id))
    return ", ".join(part for part in (name and name_text(name), named) if part)


def product_text(plan: Plan) -> str:
    """`Octagam 10% (octagam-10-us)`, for what is kept."""
    product = plan.computed_from.product.value
    return f"{clean(product.title, 60)} ({clean(product.id, 40)})"


def weight_text(plan: Plan) -> str:
    """The weight that the dose rests on, its basis, and the actual weight beside it, for what is kept."""
    used = plan.dosing_weight
    actual = "" if used.basis == "actual" else Plans.actual_beside.format(kg=figure(used.actual_kg))
    return f"{figure(used.kg)} kg ({WEIGHTS[used.basis]}{actual})"


def when(session: Session) -> str:
    """Which session of a plan."""
    return Plans.course_day.format(course=session.course, day=session.day)


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
    rows = [(Plans.patient, who)] if who else []
    rows += [
        (Plans.dosing_weight, by_order(plan, _weights_text)),
        (Plans.rate_weight, by_order(plan, rate_weight_text)),
        (Plans.product, by_order(plan, _product_on_screen)),  # control: product-named
        (Plans.policy, f"{source.policy.policy.value.id}: {sentence(source.policy.policy.value.title)}"),
    ]
    rows += [(Plans.site, name) for name in site_named(plan)]
    rows += [(Plans.evidence, text) for text in rests_on(plan)]
    times = dict.fromkeys((session.infusion_time, _takes_longer(session)) for session in plan.sessions)
    to_last = [(Plans.to_last, f"{time_words(plan, time)}{longer}") for time, longer in times if time]
    if source.regimen is None:
        dose = f"{figure(plan.course.dose_g)} g = {figure(plan.course.g_per_kg)} g/kg"
        return [*rows, (Plans.dose, dose), *to_last]
    for phase in plan.phases:
        name = Plans.phase if phased(plan) else Plans.course
        if len(plan.segments) > 1:
            name = Plans.phase_from if phased(plan) else Plans.course_from
        name = name.format(phase=phase.phase, course=phase.first_course)
        rows += _course_facts(phase, name, changed=bool(plan.history))
        rows += [(_BELOW + Plans.dose_given, given_text(given)) for given in plan.less_given(phase)]
    rows += to_last
    cost = plan.totals.cost
    if cost:
        rows.append((Plans.cost, Plans.cost_of_vials.format(amount=figure(cost.amount), currency=cost.currency)))
    if plan.last_covered:
        rows.append((Plans.order_covers, Plans.up_to.format(day=plan.last_covered)))
    return [*rows, *changes(plan)]


def _product_on_screen(plan: Plan) -> str:
    product = plan.computed_from.product.value
    strength = f", {measured(product.concentration)}" if product.concentration else ""
    return f"{product.title} ({product.id}){strength}"


def rate_weight_text(plan: Plan) -> str:
    """`72 kg, actual`."""
    return f"{figure(plan.rate_weight.kg)} kg, {WEIGHTS[plan.rate_weight.basis]}"


def by_order(plan: Plan, text: Callable[[Plan], str]) -> str:
    """A text of a plan; where the order changed from a course on, what it was and what it is from then."""
    found: list[tuple[int, str]] = []
    for segment in plan.segments or (Segment(1, plan),):
        said = text(segment.plan)
        if not found or found[-1][1] != said:  # control: both-orders-shown
            found.append((segment.first_course, said))
    (_, first), *later = found
    return "; ".join([first, *(Plans.from_course.format(course=course, said=said) for course, said in later)])


def changes(plan: Plan) -> Facts:
    """Every change of a plan, a line each: when, told by whom, what happened, and why."""
    return [(Plans.change.format(number=change.number), _change(change)) for change in plan.history]


def _change(change: Revision) -> str:
    by = Plans.change_by.format(who=clean(change.by, 80)) if change.by else ""
    because = Plans.change_because.format(reason=clean(change.reason, 200)) if change.reason else ""
    return f"{change.at}{by}: {event_text(change)}{because}"


def event_text(change: Revision) -> str:
    """What happened, in a few words."""
    words = change.words
    onward = Plans.onward.format(course=words.from_course)
    match change.kind:
        case "reaction":
            went_on = Plans.went_on.format(time=words.resume_at, rate=words.rate)
            then = went_on if words.resume_at else Plans.stopped
            return Plans.interrupted.format(session=words.session, time=words.reaction_at, then=then)
        case "missed":
            then = Plans.given_from.format(day=words.to, rest=words.rest) if words.to else Plans.not_given
            return Plans.missed.format(days=", ".join(words.missed), then=then)
        case "weight":
            weighed = Plans.weighed_on.format(day=words.weighed_on) if words.weighed_on else ""
            return Plans.new_weight.format(weight=words.new_weight, weighed=weighed, onward=onward)
        case "product":
            return Plans.new_product.format(product=clean(words.product or "", 80), onward=onward)
        case "interval":
            return Plans.new_interval.format(interval=words.every, onward=onward)
        case "dose":
            return Plans.new_dose.format(dose=words.dose, onward=onward)
        case "done":
            return Plans.were_given.format(sessions=", ".join(words.done))


def dose_in_brief(plan: Plan) -> str:
    """`144 g a course (2 g/kg of 72 kg, actual), over 2 days: 72 + 72 g`."""
    course, weight = plan.course, plan.dosing_weight
    days = [figure(session.dose_g) for session in plan.sessions if session.course == 1]
    over = Plans.brief_days if len(days) > 1 else Plans.brief_day
    return Plans.brief.format(
        dose=figure(course.dose_g),
        per_kg=figure(course.g_per_kg),
        weight=figure(weight.kg),
        basis=WEIGHTS[weight.basis],
        over=over.format(count=len(days), doses=" + ".join(days)),
    )


def _weights_text(plan: Plan) -> str:
    weight, weighed_on = plan.dosing_weight, plan.computed_from.request.patient.weighed_on
    named = (
        (Plans.actual, weight.actual_kg),
        (Plans.ideal, weight.ideal_kg),
        (Plans.adjusted, weight.adjusted_kg),
    )
    others = ", ".join(f"{name} {figure(kg)}" for name, kg in named if kg is not None)
    bmi = Plans.body_mass_index.format(bmi=figure(weight.bmi)) if weight.bmi is not None else ""
    weighed = Plans.weighed.format(day=weighed_on) if weighed_on else ""
    return f"{figure(weight.kg)} kg, {WEIGHTS[weight.basis]} ({others} kg{bmi}{weighed})"


def _course_facts(course: Course, name: str, *, changed: bool) -> Iterator[tuple[str, str]]:
    """`changed`: something happened to the plan, so that what is given may be less than was planned."""
    many = Plans.many_courses.format(count=course.courses) if course.courses > 1 else Plans.one_course
    over = Plans.over_days.format(count=course.days) if course.days > 1 else Plans.on_one_day
    often = Plans.often.format(interval=course.interval) if course.interval and course.courses > 1 else ""
    yield name, f"{many} {over}{often}"
    yield _BELOW + Plans.exact_dose, f"{figure(course.prescribed_g)} g"  # control: exact-beside-rounded
    given = f"{figure(course.dose_g)} g = {figure(course.g_per_kg)} g/kg"
    yield (
        _BELOW + (Plans.dose_planned if changed else Plans.dose_given),
        f"{given} ({signed(course.deviation_percent)} %)",
    )


def given_text(given: Given) -> str:
    """`course 1: 77.35 g = 1.105 g/kg`."""
    dose, per_kg = figure(given.dose_g), figure(given.g_per_kg)
    return Plans.given_of_course.format(course=given.course, dose=dose, per_kg=per_kg)


def time_words(plan: Plan, time: InfusionTime) -> str:
    """How long an infusion is to last: `10 h to 12 h (published) [3]`."""
    number = source_numbers(plan).get(time.source or "")
    cited = f" [{number}]" if number else ""
    return f"{_between(time)} ({Plans.published if time.source else Plans.ordered}){cited}"


def _takes_longer(session: Session) -> str:
    """Said beside a time that the infusion does not keep."""
    time, length_min = session.infusion_time, session.duration_min
    if time is None or time.to_min is None or length_min is None or length_min <= time.to_min:
        return ""
    return Plans.takes.format(time=duration_text(length_min))


def time_on_sheet(time: InfusionTime) -> str:
    """The same for a page without a list of sources: `10 h to 12 h (eTG: Kawasaki disease)`."""
    title = (time.source or Plans.ordered).partition(", ")[0]
    return f"{_between(time)} ({clean(title, 60)})"


def _between(time: InfusionTime) -> str:
    least, most = (None if end is None else hours_text(end) for end in (time.from_min, time.to_min))
    if least is None or most is None:
        return Plans.at_most.format(most=most) if least is None else Plans.at_least.format(least=least)
    return Plans.from_to.format(least=least, most=most) if least != most else least


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
    return figure(step.rate_ml_per_h) + ("" if beside is None else Plans.calculated.format(rate=figure(beside)))


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
        given = _since(sessions[0], infusion.interruptions[-1])
    else:
        time, use = duration_text(infusion.duration_min), infusion.ladder
        given = Plans.rates_given.format(dose=figure(dose_g), volume=shown(volume_ml), time=time, use=use)
    return Plans.rates.format(sessions=_sessions_named(plan, sessions), given=given)


def _since(session: Session, pause: Interruption) -> str:
    """How an interrupted infusion stands: its steps begin where it was interrupted."""
    at, in_ml = (session.clock(pause.at_min) or "")[-5:], figure(pause.in_ml)
    if pause.resume_min is None:
        return Plans.stopped_at.format(time=at, volume=in_ml)
    again = (session.clock(pause.resume_min) or "")[-5:]
    return Plans.interrupted_at.format(time=at, volume=in_ml, again=again, left=figure(pause.left_ml))


def _sessions_named(plan: Plan, sessions: Sequence[Session]) -> str:
    """`course 1 day 1, course 1 day 2: `; nothing where there is no other session."""
    if len(plan.sessions) == len(sessions):
        return Plans.every_session if len(sessions) > 1 else ""
    named = ", ".join(Plans.named_session.format(course=s.course, day=s.day) for s in sessions[:_NAMED_SESSIONS])
    more = len(sessions) - _NAMED_SESSIONS
    return f"{named}{Plans.and_more.format(count=more) if more > 0 else ''}: "
