"""What must be said about a plan: every check, each a coded notice with value, limit, source and remedy.

A stop that the order overrides stays on the plan with its reason; one that it does not ends the run with exit 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from ivigcalc.definitions import Cited, Definition, Limit, Loaded, LoadedPolicy, Phase, Product, Protocol, Range, Regimen, Safety, Site
from ivigcalc.definitions.product import Contraindication
from ivigcalc.dose import CourseDose, amount_g, outside
from ivigcalc.errors import RefusedError, RequestError
from ivigcalc.plan import Notice, Session
from ivigcalc.quantity import Quantity, decimal_of, plain, weight_kg
from ivigcalc.request import Order, Patient, Request
from ivigcalc.schedule import CourseDates, step
from ivigcalc.titration import TableChoice, risk_applies
from ivigcalc.weight import Weights


def cite(definition: Definition | None, *parts: Cited | None) -> str | None:
    """The citation of the first part that names a source, else the file's own."""
    if definition is None:
        return None
    key = next((part.source for part in parts if part is not None and part.source), None) or definition.source
    return definition.sources[key].citation if key else None


def show(value: Fraction, places: int = 2) -> str:
    """A number for a message."""
    return plain(decimal_of(value, places))


@dataclass(frozen=True, slots=True)
class Asked:
    """What the checks of an order look at."""

    request: Request
    regimen: Loaded[Regimen] | None
    protocol: Protocol | None
    product: Loaded[Product]
    safety: Loaded[Safety]
    dosing_kg: Fraction

    @property
    def order(self) -> Order:
        return self.request.order

    @property
    def patient(self) -> Patient:
        return self.request.patient


def settle(notices: list[Notice], order: Order) -> tuple[Notice, ...]:
    """Apply the overrides; raise for the stops that remain, and for overrides of nothing."""
    codes = {notice.code for notice in notices if notice.level == "stop"}
    for code, _ in order.overrides:
        if code not in codes:
            raise RequestError(f"--override {code}: this plan has no stop of that code", field="override")
    settled = [
        replace(n, overridden_because=order.override(n.code)) if n.level == "stop" else n for n in dict.fromkeys(notices)
    ]
    refused = [n for n in settled if n.level == "stop" and n.overridden_because is None]
    if refused:
        raise refusal(refused)
    return tuple(settled)


def refusal(stops: list[Notice]) -> RefusedError:
    """One error for all stops of a plan."""
    first = stops[0]
    text = "\n".join(f"{stop.message}" + (f" [{stop.source}]" if stop.source else "") for stop in stops)
    error = RefusedError(first.code, text, value=first.value or "", limit=first.limit or "", source=first.source or "")
    error.codes = tuple(dict.fromkeys(stop.code for stop in stops))
    return error


def plausibility(patient: Patient, request: Request, safety: Loaded[Safety]) -> Iterator[Notice]:
    """Weight, height and age that cannot be: typing errors are caught before they become doses."""
    rules = safety.value
    weight = patient.weight_kg
    low, high = rules.weight.range.from_.base, rules.weight.range.to.base
    if not low <= weight <= high:
        yield Notice("weight-implausible", "stop", f"a body weight of {show(weight, 3)} kg is outside {show(low)} to {show(high)} kg: check the number and its unit",
                     f"{show(weight, 3)} kg", f"{show(low)}-{show(high)} kg", cite(rules, rules.weight))  # fmt: skip
    height = patient.height_cm
    if height is not None:
        shortest, tallest = rules.height.range.from_.base, rules.height.range.to.base
        if not shortest <= height <= tallest:
            yield Notice("weight-implausible", "stop", f"a height of {show(height)} cm is outside {show(shortest)} to {show(tallest)} cm: check the number and its unit",
                         f"{show(height)} cm", f"{show(shortest)}-{show(tallest)} cm", cite(rules, rules.height))  # fmt: skip
    age = patient.age_months(request.reference_date)
    if age is not None:
        yield from _for_age(patient, age, rules)
    if height is not None and (age is None or age >= rules.bmi.from_age.base):
        yield from _for_bmi(weight, height, age, rules)


def _for_age(patient: Patient, age: Fraction, rules: Safety) -> Iterator[Notice]:
    if age > rules.age.highest.base or age < 0:
        yield Notice("weight-implausible", "stop", f"an age of {show(age / 12, 1)} years is not believable: check it", f"{show(age / 12, 1)} years",
                     str(rules.age.highest), cite(rules, rules.age))  # fmt: skip
    for band in sorted(rules.weight_for_age, key=lambda b: b.up_to.base):
        if age <= band.up_to.base:
            low, high = band.range.from_.base, band.range.to.base
            if not low <= patient.weight_kg <= high:
                yield Notice("weight-implausible", "stop",
                             f"{show(patient.weight_kg, 3)} kg is outside {show(low)} to {show(high)} kg for an age up to {band.up_to}: check weight, unit and age",
                             f"{show(patient.weight_kg, 3)} kg", f"{show(low)}-{show(high)} kg", cite(rules, band))  # fmt: skip
            break


def _for_bmi(weight: Fraction, height: Fraction, age: Fraction | None, rules: Safety) -> Iterator[Notice]:
    bmi = weight / (height / 100) ** 2
    low, high = Fraction(rules.bmi.low), Fraction(rules.bmi.high)
    if low <= bmi <= high:
        return
    other = weight * Fraction(45359237, 100_000_000) if bmi > high else weight / Fraction(45359237, 100_000_000)
    other_bmi = other / (height / 100) ** 2
    named = "pounds typed as kilograms" if bmi > high else "kilograms typed as pounds"
    hint = f"; {named} would fit ({show(other, 1)} kg, BMI {show(other_bmi, 1)})" if low <= other_bmi <= high else ""
    yield Notice("weight-implausible", "stop", f"{show(weight, 1)} kg at {show(height, 1)} cm is a BMI of {show(bmi, 1)}, outside {show(low)} to {show(high)}: check weight, height and units{hint}",
                 f"BMI {show(bmi, 1)}", f"{show(low)}-{show(high)}", cite(rules, rules.bmi))  # fmt: skip


def population(asked: Asked) -> Iterator[Notice]:
    """Age against the protocol, and the confidence of its source."""
    protocol, regimen = asked.protocol, asked.regimen
    if protocol is None or regimen is None:
        return
    if protocol.confidence == "low":
        yield Notice("low-confidence-source", "caution", f"protocol '{protocol.title}' rests on a source of low confidence", source=cite(regimen.value, protocol))
    bounds = protocol.population.age if protocol.population else None
    age = asked.patient.age_months(asked.request.reference_date)
    if bounds and age is None:
        yield Notice("default-used", "info", f"no age given: the protocol's age ({' and '.join(map(str, bounds))}) was not checked; give --age or --birth-date")
    for bound in bounds or ():
        if age is not None and not bound.holds(age):
            years = f"{show(age / 12, 1)} years"
            yield Notice("age-outside-regimen", "stop", f"an age of {years} is outside the protocol, published for {bound}", years, str(bound), cite(regimen.value, protocol.population, protocol))  # fmt: skip


def dose_range(asked: Asked, phase: Phase) -> Iterator[Notice]:
    """An ordered dose against what the protocol publishes."""
    dose, ordered = phase.dose, asked.order.dose
    if dose is None or ordered is None or asked.regimen is None:
        return
    published: Range[Quantity] = dose.published
    if outside(published, ordered, asked.dosing_kg):
        basis = "per day" if dose.per_day else "per course"
        grams = f" ({show(amount_g(ordered, asked.dosing_kg) / asked.dosing_kg, 3)} g/kg)" if ordered.dimension == "amount" else ""
        level = "caution" if _within_rounding(published, ordered, asked) else "stop"
        code = "rounding-deviation" if level == "caution" else "dose-outside-regimen"
        yield Notice(code, level, f"the ordered dose of {ordered}{grams} is outside the protocol's {published} {basis}",  # type: ignore[arg-type]
                     str(ordered), f"{published} {basis}", cite(asked.regimen.value, dose, phase, asked.protocol))  # fmt: skip


def _within_rounding(published: Range[Quantity], ordered: Quantity, asked: Asked) -> bool:
    """Whether grams typed by hand differ from the range by no more than vial rounding may."""
    if ordered.dimension != "amount":
        return False
    slack = Fraction(asked.safety.value.deviation.percent.value) / 100
    grams = ordered.base
    low, high = amount_g(published.from_, asked.dosing_kg), amount_g(published.to, asked.dosing_kg)
    return low * (1 - slack) <= grams <= high * (1 + slack)


def days_range(asked: Asked, phase: Phase) -> Iterator[Notice]:
    """Ordered days against the published ones."""
    days, ordered = phase.days, asked.order.days
    if days is None or ordered is None or asked.regimen is None or days.from_ <= ordered <= days.to:
        return
    yield Notice("days-outside-regimen", "stop", f"{ordered} days is outside the protocol's {days} days", f"{ordered} days", f"{days} days",
                 cite(asked.regimen.value, days, phase, asked.protocol))  # fmt: skip


def interval_range(asked: Asked, phase: Phase) -> Iterator[Notice]:
    """An ordered interval against the published one."""
    interval, ordered = phase.interval, asked.order.every
    if interval is None or ordered is None or asked.regimen is None or interval_fits(phase, ordered):
        return
    yield Notice("interval-outside-regimen", "stop", f"every {ordered} is not the protocol's interval of {interval.every}", str(ordered), str(interval.every),
                 cite(asked.regimen.value, interval, phase, asked.protocol))  # fmt: skip


def interval_fits(phase: Phase, ordered: Quantity) -> bool:
    """Whether an ordered interval is the published one, or lies in the published range."""
    if phase.interval is None:
        return True
    low, high = phase.interval.every.from_, phase.interval.every.to
    return ordered.dimension == low.dimension and low.base <= ordered.base <= high.base


def day_limits(asked: Asked, dose: CourseDose, limits: tuple[Limit, ...]) -> Iterator[Notice]:
    """Session and course doses against the published limits.

    A limit that only whole-vial rounding passes is a caution whatever its level: the order itself kept to it.
    """
    day_g, exact_day_g = dose.session_doses_g[0], dose.prescribed_g / len(dose.session_doses_g)
    for limit in limits:
        bound = amount_g(limit.max, asked.dosing_kg)
        if limit.per == "day" and day_g > bound:
            yield _limit_notice(asked, limit, day_g, exact_day_g > bound, "a day", "day-dose-over-limit")
        if limit.per == "course" and dose.dose_g > bound:
            yield _limit_notice(asked, limit, dose.dose_g, dose.prescribed_g > bound, "a course", "course-dose-over-limit")


def _limit_notice(asked: Asked, limit: Limit, grams: Fraction, ordered: bool, what: str, code: str) -> Notice:
    bound = show(amount_g(limit.max, asked.dosing_kg))
    remedy = "more days or a lower dose would meet it" if ordered else "by rounding to whole vials only"
    shown = f"{limit.max} ({bound} g)" if limit.max.dimension == "dose" else f"{limit.max}"
    return Notice(code, limit.level if ordered else "caution", f"{show(grams)} g on {what} is above the limit of {shown}: {remedy}",
                  f"{show(grams)} g", shown, cite(asked.regimen.value if asked.regimen else None, limit, asked.protocol))  # fmt: skip


def contraindications(asked: Asked) -> Iterator[Notice]:
    """What the patient has, against what the product file says."""
    product = asked.product.value
    known = {c.condition: c for c in product.contraindications if c.condition}
    warnings = {w.condition: w for w in product.warnings if w.condition}
    for condition in asked.patient.conditions:
        if condition in known or condition in product.contraindicated_with:
            entry: Contraindication | None = known.get(condition)
            words = entry.text if entry else condition.replace("-", " ")
            yield Notice("product-contraindicated", "stop", f"{product.title} is contraindicated: {words}", condition, None, cite(product, entry))
        elif condition in warnings:
            warning = warnings[condition]
            yield Notice("product-warning", "caution", f"{product.title}: {warning.text}", condition, None, cite(product, warning))
        elif condition in asked.safety.value.conditions:
            words = asked.safety.value.conditions[condition]
            yield Notice("condition-not-covered", "caution", f"the file of {product.id} says nothing about '{condition}' ({words}): check the label", condition)
        else:
            allowed = ", ".join(sorted(asked.safety.value.conditions))
            raise RequestError(f"unknown --condition '{condition[:40]}'; allowed: {allowed}", field="condition")


def stale_weight(asked: Asked) -> Iterator[Notice]:
    """A weight taken long ago, or much changed since the last one."""
    rules, patient, on = asked.safety.value, asked.patient, asked.request.reference_date
    if patient.weighed_on is not None and on is not None:
        if patient.weighed_on > on:
            raise RequestError(f"--weighed-on {patient.weighed_on} is after {on}", field="weighed_on")
        if step(patient.weighed_on, rules.stale_weight.after, 1) < on:
            yield Notice("weight-stale", "caution", f"weighed on {patient.weighed_on}, more than {rules.stale_weight.after} before {on}: weigh again",
                         str(patient.weighed_on), str(rules.stale_weight.after), cite(rules, rules.stale_weight))  # fmt: skip
    if patient.previous_weight is not None:
        before = weight_kg(patient.previous_weight)
        change = abs(patient.weight_kg - before) / before * 100
        if change >= Fraction(rules.weight_change.percent.value):
            yield Notice("weight-stale", "caution", f"the weight changed by {show(change, 1)} % since the last one ({show(before)} kg): tell the prescriber",
                         f"{show(change, 1)} %", str(rules.weight_change.percent), cite(rules, rules.weight_change))  # fmt: skip


def restart(asked: Asked) -> bool:
    """Whether the slow ladder starts again: a long gap since the last infusion, or another brand."""
    order = asked.order
    if order.last_product is not None and order.last_product != asked.product.value.id:
        return True
    if order.last_infusion is None or order.start is None:
        return False
    return step(order.last_infusion, asked.safety.value.restart_after.after, 1) < order.start


def restart_notice(asked: Asked) -> Notice:
    """Why the slow ladder starts again."""
    rules = asked.safety.value
    why = f"the last infusion was on {asked.order.last_infusion}, more than {rules.restart_after.after} ago"
    if asked.order.last_product is not None and asked.order.last_product != asked.product.value.id:
        why = f"the product changes from {asked.order.last_product} to {asked.product.value.id}"
    return Notice("restart-slow", "caution", f"{why}: start again with the slow ladder of a first infusion", str(asked.order.last_infusion or asked.order.last_product),
                  str(rules.restart_after.after), cite(rules, rules.restart_after))  # fmt: skip


def deviation(deviation_percent: Fraction, safety: Loaded[Safety]) -> Iterator[Notice]:
    """By how much whole vials differ from the exact dose."""
    limit = safety.value.deviation
    shown = f"{'+' if deviation_percent > 0 else ''}{show(deviation_percent)} %"
    if abs(deviation_percent) > Fraction(limit.percent.value):
        yield Notice("rounding-deviation", "caution", f"the rounded course differs by {shown} from the exact dose, more than {limit.percent}: consider other vials or another rounding",
                     shown, str(limit.percent), cite(safety.value, limit))  # fmt: skip


def weight_policy(policy: LoadedPolicy, weights: Weights) -> Iterator[Notice]:
    """Which weight the policy picked and why, and what in it nobody printed."""
    rules = policy.policy.value
    for text in rules.dosing_weight.assumed if rules.dosing_weight else ():
        yield Notice("policy-assumed", "caution", f"policy {rules.id}: {text}", source=cite(rules, rules.dosing_weight))
    if weights.basis == "actual" and rules.dosing_weight is not None and rules.dosing_weight.use == "actual":
        return
    yield Notice("policy-applied", "info", f"{rules.id} doses on the {weights.basis} weight of {show(weights.kg)} kg: {weights.because}",
                 f"{show(weights.kg)} kg", None, cite(rules, rules.dosing_weight))  # fmt: skip


def rates(
    asked: Asked, site: Site, tables: list[TableChoice], bounds: list[tuple[TableChoice, tuple[str, ...]]], sessions: tuple[Session, ...]
) -> Iterator[Notice]:
    """What the reader must know of the ladders that were used."""
    product = asked.product.value
    distinct = len({table.infusion for table in product.rates}) > 1
    if tables and distinct and asked.order.infusion is None:
        yield Notice("default-used", "info", "not said whether the patient had this product before: the first session takes the slower ladder of a first infusion; give --infusion")
    if tables and restart(asked):
        yield restart_notice(asked)
    for chosen, bound_by in bounds:
        yield from _ladder_notices(asked, chosen, bound_by, site)
    yield from _bottle_notices(asked, sessions)


def _ladder_notices(asked: Asked, chosen: TableChoice, bound_by: tuple[str, ...], site: Site) -> Iterator[Notice]:
    product, table = asked.product.value, chosen.table
    uses = ", ".join(table.for_)
    source = cite(product, table.ladder[0], table)
    if chosen.off_label:
        yield Notice("rate-off-label", "caution", f"{product.id} prints no rates for this use: its most cautious table is used, published for {uses}", uses, str(table.ceiling.rate), source)
    if any(rung.basis == "assumed" for rung in table.ladder):
        yield Notice("ladder-assumed", "caution", f"the source prints where the ladder for {uses} starts and ends, but not every rung: those marked * are assumed", source=source)
    risks = asked.patient.risks
    if risk_applies(table, risks) and table.at_risk_ceiling is not None:
        if "at-risk" in bound_by:
            at_risk = table.at_risk_ceiling
            yield Notice("risk-ceiling-applied", "caution", f"{' and '.join(risks)} risk: the rate stays at or below {at_risk.rate}", ", ".join(risks), str(at_risk.rate), cite(product, at_risk, table))
    elif risks:
        yield Notice("risk-no-figure", "caution", f"{' and '.join(risks)} risk: no source prints a lower rate for {product.id}; the ladder is not slowed, so ask the prescriber for the lowest rate practicable",
                     ", ".join(risks), None, source)  # fmt: skip
    if "pump" in bound_by:
        yield Notice("pump-capped", "caution", f"a step above the pump's {site.pump.maximum} is capped there and the infusion takes longer", None, str(site.pump.maximum))
    if "site" in bound_by:
        yield Notice("site-rate-applied", "caution", f"a step above the site's {site.rate_maximum} is capped there and the infusion takes longer", None, str(site.rate_maximum))


def _bottle_notices(asked: Asked, sessions: tuple[Session, ...]) -> Iterator[Notice]:
    product, general = asked.product.value, asked.safety.value.opened_bottle
    own = product.open_bottle if product.open_bottle and product.open_bottle.applies_to == "bottle" else None
    limit = own.within if own else general.within
    longest = max((b.to_min - b.from_start_min for s in sessions if s.infusion for b in s.infusion.bottles), default=None)
    if longest is not None and longest > limit.value * (60 if limit.unit == "h" else 1):
        source = cite(product, own) if own else cite(asked.safety.value, general)
        yield Notice("bottle-open-too-long", "caution", f"one bottle runs for {plain(longest)} min, longer than {limit}: use smaller vials or ask for a faster ladder", f"{plain(longest)} min", str(limit), source)


def dates(asked: Asked, site: Site, moved: list[CourseDates], sessions: tuple[Session, ...]) -> Iterator[Notice]:
    """Moved courses, closed days, overlaps, and the last day that the order covers."""
    window = site.window.base if site.window else None
    for number, course in enumerate(moved, start=1):
        if course.moved_because:
            far = window is not None and abs(course.moved_days) > window
            level = "caution" if far or window is None else "info"
            where = "later" if course.moved_days > 0 else "earlier"
            beyond = f", beyond the site's window of {site.window}" if far else ""
            yield Notice("date-shifted", level, f"course {number}, due {course.due}, starts {course.days[0]}, {abs(course.moved_days)} days {where}{beyond} ({course.moved_because})",  # type: ignore[arg-type]
                         str(course.days[0]), str(site.window) if site.window else None)  # fmt: skip
        for day in course.on_closed_days:
            yield Notice("on-closed-day", "caution", f"course {number} keeps {day}, when the clinic is closed", str(day))
    for number, (earlier, later) in enumerate(zip(moved, moved[1:], strict=False), start=1):
        if later.days[0] <= earlier.days[-1]:
            yield Notice("course-overlap", "stop", f"course {number + 1} starts on {later.days[0]}, before course {number} ends on {earlier.days[-1]}: choose a longer --every or fewer --days",
                         str(later.days[0]), str(earlier.days[-1]))  # fmt: skip
    yield from _chair_time(site, sessions)
    order = asked.order
    if order.valid_for is not None and order.start is not None:
        end = step(order.start, order.valid_for, 1)
        uncovered = [s for s in sessions if s.on is not None and s.on >= end]
        if uncovered:
            yield Notice("order-expired", "caution", f"the order covers {order.valid_for} from {order.start}: {len(uncovered)} sessions from {uncovered[0].date} need a new one",
                         uncovered[0].date, str(order.valid_for))  # fmt: skip


def _chair_time(site: Site, sessions: tuple[Session, ...]) -> Iterator[Notice]:
    """Arrival to leaving, against the opening hours of the day."""
    for session in sessions:
        if session.on is None or session.at_min is None or session.infusion is None or not site.open:
            continue
        hours = site.hours_on(session.on.weekday())
        if hours is None:
            continue
        arrives = session.at_min - session.overhead_before_min
        leaves = session.at_min + session.infusion.duration_min + session.overhead_after_min
        place = f"course {session.course} day {session.day}, {session.date}"
        if leaves > hours[1]:
            latest = hours[1] - (leaves - session.at_min)
            fits = latest - session.overhead_before_min >= hours[0]
            remedy = f"start by {latest // 60:02}:{latest % 60:02}" if fits else "give the course over more days"
            yield Notice("past-closing", "caution", f"{place}: the visit ends at {session.visit_to}, after closing at {hours[1] // 60:02}:{hours[1] % 60:02}: {remedy}", session.visit_to, f"{hours[1] // 60:02}:{hours[1] % 60:02}")
        if arrives < hours[0]:
            first = hours[0] + session.overhead_before_min
            yield Notice("past-closing", "caution", f"{place}: the visit begins at {session.visit_from}, before opening at {hours[0] // 60:02}:{hours[0] % 60:02}: start at {first // 60:02}:{first % 60:02} or later", session.visit_from, f"{hours[0] // 60:02}:{hours[0] % 60:02}")
