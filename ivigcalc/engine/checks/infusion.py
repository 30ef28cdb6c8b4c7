"""The rate tables that were used, when a patient is titrated as at first again, and how long a bottle is open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction

from ivigcalc.definitions import RateTable, Safety, cite
from ivigcalc.engine.checks.common import of_phase
from ivigcalc.engine.course import Dosed
from ivigcalc.engine.draft import Draft
from ivigcalc.engine.infusion import Titrated
from ivigcalc.engine.plan import Notice
from ivigcalc.engine.prescription import Prescription
from ivigcalc.engine.session import Calendar, starts_again
from ivigcalc.engine.titration import OtherCeiling, TableChoice, risk_applies
from ivigcalc.errors import RefusedError
from ivigcalc.quantity import Quantity, figure
from ivigcalc.request.request import InfusionKind, Risk


def no_rates(_rx: Prescription, _dosed: Dosed, titrated: Titrated) -> Iterator[Notice]:
    """Why there are no times."""
    for why in titrated.without:
        yield Notice("rate-not-published", "caution", f"no times or rates: {why}")


def kind_not_said(draft: Draft) -> Iterator[Notice]:
    """That the table of a first infusion was taken because nobody said whether the patient had the product before."""
    if draft.case.order.infusion is not None:
        return
    first, later = (_table_of(draft, kind) for kind in ("first", "subsequent"))
    if first is not None and later is not None and first != later:
        yield Notice(
            "default-used",
            "info",
            "not said whether the patient had this product before: "
            f"the first session takes the rates of a first infusion, {_named(first)}; give --infusion",
        )


def _table_of(draft: Draft, kind: InfusionKind) -> RateTable | None:
    """The table that an infusion of a kind takes; None where nobody prints one."""
    with suppress(RefusedError):
        return draft.prescription.rates(kind, draft.titrated.risks).table.table
    return None


def _named(table: RateTable) -> str:
    """`printed for cidp, from 0.3 mL/kg/h to 4.8 mL/kg/h`."""
    return f"printed for {', '.join(table.for_)}, from {table.ladder[0].rate} to {table.ladder[-1].rate}"


def _as_at_first(draft: Draft) -> str:
    """Which rates an infusion takes that starts as a first one, and that there are no slower ones where that is so."""
    table = _table_of(draft, "first")
    if table is None:
        return "no rates are printed for a first infusion"
    if table == _table_of(draft, "subsequent"):  # control: no-slower-table
        return f"no separate rates are printed for a first infusion; those for every infusion are used, {_named(table)}"
    return f"the rates of a first infusion are used again, {_named(table)}"


def starts_slowly(draft: Draft) -> Iterator[Notice]:
    """Why a patient who had immunoglobulin before is titrated as at first, and with which rates."""
    case = draft.case
    if not draft.titrated.used or not starts_again(case):
        return
    rules, order = case.safety.restart_after, case.order
    why = f"the last infusion was on {order.last_infusion}, more than {rules.after} ago"
    if order.last_product is not None and order.last_product != case.product.id:
        why = f"the product changes from {order.last_product} to {case.product.id}"
    yield Notice(
        "restart-slow",
        "caution",
        f"{why}: {_as_at_first(draft)}",
        str(order.last_infusion or order.last_product),
        str(rules.after),
        cite(case.safety, rules),
        sessions=((draft.calendar.first_course, 1),),
    )


def slow_after_a_gap(draft: Draft) -> Iterator[Notice]:
    """Courses of the plan itself that are so far apart that a later one is titrated as a first one."""
    if draft.titrated.used and draft.calendar.gaps:
        rates = _as_at_first(draft)
        yield from draft.calendar.said.of(
            ("gaps", rates), lambda: tuple(_gaps(draft.case.safety, draft.calendar, rates))
        )


def _gaps(safety: Safety, calendar: Calendar, rates: str) -> Iterator[Notice]:
    rules = safety.restart_after
    for place in sorted(calendar.gaps):
        visit = calendar.visits[place]
        yield Notice(
            "restart-slow",
            "caution",
            f"course {visit.course} comes more than {rules.after} after the one before: {rates}",
            str(visit.on),
            str(rules.after),
            cite(safety, rules),
            sessions=((visit.course, visit.day),),
        )


def tables_used(rx: Prescription, _dosed: Dosed, titrated: Titrated) -> Iterator[Notice]:
    """What the reader must know of each rate table that was used."""
    for used in titrated.used:
        yield from _where_it_is_from(rx, used.choice)
        yield from _risks(rx, titrated.risks, used.choice.table, used.bound_by)
        yield from _elsewhere(rx, used.others, used.bound_by)
        yield from _held_down(rx, used.bound_by)


def risks_without_figure(rx: Prescription, _dosed: Dosed, titrated: Titrated) -> Iterator[Notice]:
    """Risks for which neither the table nor the rest of the product's file prints a lower rate."""
    for used in titrated.used:
        table = used.choice.table
        own = [risk for risk in titrated.risks if risk_applies(table, (risk,))]
        open_risks = [risk for risk in titrated.risks if not any(risk_applies(t, (risk,)) for t in rx.product.rates)]
        if open_risks:  # control: risk-without-figure
            slowed = "is not slowed for it" if own else "is not slowed"
            yield Notice(
                "risk-no-figure",
                "caution",
                f"{' and '.join(open_risks)} risk: no source prints a lower rate for {rx.product.id}; "
                f"the titration {slowed}, so ask the prescriber for the lowest rate practicable",
                ", ".join(open_risks),
                None,
                cite(rx.product, table.ladder[0], table),
            )


def days_at_risk(rx: Prescription, dosed: Dosed, titrated: Titrated) -> Iterator[Notice]:
    """With a risk, what a day holds for each number of days that the protocol allows and nobody ordered."""
    for stretch in dosed.stretches if titrated.risks else ():
        part = stretch.part
        if part.ordered.days is not None or len(part.days) == 1 or part.prescribed.per_day:
            continue
        dose_g = stretch.dose.prescribed_g
        each = "; ".join(f"{days} days: {figure(dose_g / days)} g{_ml(rx, dose_g / days)} a day" for days in part.days)
        text = f"{of_phase(part.phase)}{' and '.join(titrated.risks)} risk, and the days are open: {each}"
        yield Notice("risk-days", "info", text, source=cite(rx.regimen, part.phase.days, part.phase, rx.protocol))


def _ml(rx: Prescription, grams: Fraction) -> str:
    concentration = rx.product.concentration
    return f" = {figure(grams * 1000 / concentration.base)} mL" if concentration else ""


def indication_ceiling_lifted(draft: Draft) -> Iterator[Notice]:
    """That the order lifts the ceiling of the indication, where a rate goes above it: a stop with its reason."""
    rx = draft.prescription
    ceiling = rx.rate_ceiling
    if ceiling is None or draft.case.order.override("indication-ceiling") is None:
        return
    most = rx.product.comparable_rate(ceiling.rate) * draft.rate_kg if draft.titrated.used else Fraction(0)
    rates = [rate for made in draft.titrated.titrations for rate, _, _ in made.infusion.climb.rates]
    if any(rate > most for rate in rates):
        message = f"up to {figure(max(rates))} mL/h is above the {ceiling.rate} printed for {rx.indication}"
        source = rx.rate_ceiling_source
        yield Notice("indication-ceiling", "stop", message, f"{figure(max(rates))} mL/h", str(ceiling.rate), source)


def _where_it_is_from(rx: Prescription, chosen: TableChoice) -> Iterator[Notice]:
    product, table = rx.product, chosen.table
    uses, source = ", ".join(table.for_), cite(product, table.ladder[0], table)
    if chosen.off_label:  # control: off-label-said
        yield Notice(
            "rate-off-label",
            "caution",
            f"{product.id} prints no rates for this use: its most cautious table is used, published for {uses}",
            uses,
            str(table.ceiling.rate),
            source,
        )
    licensed = {licence.id for licence in product.indications}
    use = rx.indication or "this use"
    if not chosen.off_label and rx.indication not in (*table.for_, *licensed):  # control: any-table-off-label
        yield Notice(
            "rate-off-label",
            "caution",
            f"{product.id} is not on file as licensed for {use}: its table for any use is taken",
            uses,
            str(table.ceiling.rate),
            source,
        )
    general = rx.safety.assumed_steps
    if any(rung.basis == "assumed" for rung in table.ladder):
        yield Notice(
            "ladder-assumed",
            "caution",
            f"the source prints where the titration for {uses} starts and ends, not every step: "
            f"those marked * are assumed{f', {general.text}' if general else ''}",
            source=source,
        )


def _risks(rx: Prescription, risks: tuple[Risk, ...], table: RateTable, bound_by: frozenset[str]) -> Iterator[Notice]:
    """The patient's risks against the lower ceiling that the table prints, if it does."""
    product, at_risk = rx.product, table.at_risk
    covered = [risk for risk in risks if risk_applies(table, (risk,))]
    if covered and at_risk is not None and "at-risk" in bound_by:
        yield Notice(
            "risk-ceiling-applied",
            "caution",
            f"{' and '.join(covered)} risk: the rate stays at or below {at_risk.rate}{_less_than(table)}",
            ", ".join(covered),
            str(at_risk.rate),
            cite(product, at_risk, table),
        )


def _less_than(table: RateTable) -> str:
    """Where the source prints no rate to be kept but one to stay below: which, and that the step below it is taken."""
    printed = table.at_risk_ceiling
    return f", the last step below the printed {printed.rate}" if printed and printed.less_than else ""


def _elsewhere(rx: Prescription, others: tuple[OtherCeiling, ...], bound_by: frozenset[str]) -> Iterator[Notice]:
    """Ceilings that are printed elsewhere than in the table, and bound a step."""
    for other in others:
        if other.by not in bound_by:
            continue
        if other.by == "indication":
            text = f"the rate stays at or below {other.printed}, the most that is printed for {rx.indication}"
            source = rx.rate_ceiling_source
            yield Notice("indication-ceiling-applied", "caution", text, None, str(other.printed), source)
            continue
        tables = [t for t in rx.product.rates if t.at_risk and t.at_risk.rate == other.printed]
        uses = ", ".join(tables[0].for_)
        text = f"the rate stays at or below {other.printed}, printed for patients at risk in the table for {uses}"
        source = cite(rx.product, tables[0].at_risk_ceiling, tables[0])
        yield Notice("risk-ceiling-applied", "caution", text, None, str(other.printed), source)


def _held_down(rx: Prescription, bound_by: frozenset[str]) -> Iterator[Notice]:
    """What of the clinic's own capped a step."""
    site = rx.site
    for binding, code, whose, most in (
        ("pump", "pump-capped", "pump", site.pump.maximum),
        ("site", "site-rate-applied", "site", site.rate_maximum),
    ):
        if binding in bound_by:
            message = f"a step above the {whose}'s {most} is capped there and the infusion takes longer"
            yield Notice(code, "caution", message, None, str(most))


def bottles(rx: Prescription, dosed: Dosed, titrated: Titrated) -> Iterator[Notice]:
    """How long a bottle is open; where the label speaks of a pool of bottles, how long the infusion is."""
    for pooled, limit, source in limits_of_open_bottles(rx):
        if pooled:
            open_min = [Fraction(infusion.duration_min if infusion else 0) for infusion in titrated.infusions]
            what, remedy = "a pool of its bottles would be open for", "do not pool them, or ask for a faster titration"
        else:
            open_min = list(titrated.longest_bottles_min)
            what, remedy = "one bottle runs for", "use smaller vials or ask for a faster titration"
        yield from _open_too_long(dosed, titrated, open_min, limit, what, remedy, source)


def limits_of_open_bottles(rx: Prescription) -> list[tuple[bool, Quantity, str | None]]:
    """For how long what is opened may run, whether that is said of a pool of bottles, and its source."""
    product, printed, general = rx.product, rx.product.open_bottle, rx.safety.opened_bottle
    if printed and printed.applies_to == "bottle":
        return [(False, printed.within, cite(product, printed))]
    of_one = (False, general.within, cite(rx.safety, general))
    return [(True, printed.within, cite(product, printed)), of_one] if printed else [of_one]


def _open_too_long(
    dosed: Dosed,
    titrated: Titrated,
    open_min: list[Fraction],
    limit: Quantity,
    what: str,
    remedy: str,
    source: str | None,
) -> Iterator[Notice]:
    """`open_min`: of each session."""
    if titrated.longest_min <= limit.base:
        return
    longest = max(open_min)
    if longest > limit.base:
        yield Notice(
            "bottle-open-too-long",
            "caution",
            f"{what} {figure(longest)} min, longer than {limit}: {remedy}",
            f"{figure(longest)} min",
            str(limit),
            source,
            sessions=tuple(
                place for place, minutes in zip(dosed.places, open_min, strict=True) if minutes > limit.base
            ),
        )
