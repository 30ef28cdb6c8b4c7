"""The rate tables that were used, when a patient is titrated as at first again, and how long a bottle is open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from ivigcalc.definitions import Product, RateTable, Safety, cite
from ivigcalc.engine.checks.ceilings import elsewhere, less_than
from ivigcalc.engine.checks.common import of_phase
from ivigcalc.engine.course import Dosed
from ivigcalc.engine.draft import Draft
from ivigcalc.engine.infusion import Titrated
from ivigcalc.engine.plan import Notice
from ivigcalc.engine.prescription import Prescription
from ivigcalc.engine.session import Calendar, starts_again
from ivigcalc.engine.titration import TableChoice, risk_applies
from ivigcalc.errors import RefusedError
from ivigcalc.exact import Fraction
from ivigcalc.quantity import Quantity, figure
from ivigcalc.request.request import InfusionKind, Risk
from ivigcalc.text import counted


def no_rates(_rx: Prescription, _dosed: Dosed, titrated: Titrated) -> Iterator[Notice]:
    """Why there are no times."""
    for why in titrated.without:
        yield Notice("rate-not-published", "caution", f"no times or rates: {why}")


def kind_not_said(draft: Draft) -> Iterator[Notice]:
    """That the table of a first infusion was taken because nobody said whether the patient had the product before."""
    if draft.case.order.infusion is not None:
        return
    yield from draft.prescription.said.of(("kind", draft.titrated.risks), lambda: tuple(_two_tables(draft)))


def _two_tables(draft: Draft) -> Iterator[Notice]:
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
        yield from elsewhere(rx, titrated.held, used)
        yield from _held_down(rx, used.bound_by)


def risks_without_figure(rx: Prescription, _dosed: Dosed, titrated: Titrated) -> Iterator[Notice]:
    """Risks for which neither the table, nor the rest of the product's file, nor the policy prints a lower rate."""
    policy = rx.policy.at_risk_ceiling
    printed = policy.risks if policy else ()  # control: policy-prints-a-figure
    for used in titrated.used:
        table = used.choice.table
        own = [risk for risk in titrated.risks if risk_applies(table, (risk,))]
        others = [risk for risk in titrated.risks if risk not in printed]
        open_risks = [risk for risk in others if not any(risk_applies(t, (risk,)) for t in rx.product.rates)]
        if open_risks:  # control: risk-without-figure
            slowed = "is not slowed for it" if own else "is not slowed"
            none = _for_others(rx.product) or f"no source prints a lower rate for {rx.product.id}"
            yield Notice(
                "risk-no-figure",
                "caution",
                f"{' and '.join(open_risks)} risk: {none}; "
                f"the titration {slowed}, so ask the prescriber for the lowest rate practicable",
                ", ".join(open_risks),
                None,
                cite(rx.product, table.ladder[0], table),
            )


def _for_others(product: Product) -> str:
    """That a lower rate is printed for other risks than those of the patient, in words; nothing where none is."""
    printed = [ceiling for table in product.rates if (ceiling := table.at_risk_ceiling) is not None]
    rates = dict.fromkeys(
        f"{'less than ' if at.less_than else ''}{at.rate} for {' and '.join(at.risks)} risk" for at in printed
    )
    return f"{product.id} prints a lower rate for another risk alone ({', '.join(rates)})" if rates else ""


def days_of_risk(rx: Prescription, dosed: Dosed, titrated: Titrated) -> Iterator[Notice]:
    """An ordered number of days that is not the one that is printed for the patient's risk."""
    for stretch in dosed.stretches if titrated.risks else ():
        phase, ordered = stretch.part.phase, stretch.part.ordered.days
        days = phase.days
        printed = days.for_risks(titrated.risks) if days else None
        if days is None or printed is None or ordered in (None, printed.days):
            continue
        yield Notice(
            "days-outside-regimen",
            "stop",
            f"{of_phase(phase)}for a patient at {' or '.join(printed.risks)} risk the protocol prints "
            f"{counted(printed.days, 'day')}, not {ordered}: order them, or name another protocol",
            f"{ordered} days",
            f"{printed.days} days",
            cite(rx.regimen, printed, days, phase, rx.protocol),
        )


def days_at_risk(rx: Prescription, dosed: Dosed, titrated: Titrated) -> Iterator[Notice]:
    """With a risk, what a day holds for each number of days that the protocol allows and nobody ordered."""
    for stretch in dosed.stretches if titrated.risks else ():
        part = stretch.part
        if part.ordered.days is not None or len(part.days) == 1 or part.prescribed.per_day:
            continue
        dose_g = stretch.dose.prescribed_g
        each = "; ".join(
            f"{counted(days, 'day')}: {figure(dose_g / days)} g{_ml(rx, dose_g / days)} a day" for days in part.days
        )
        text = f"{of_phase(part.phase)}{' and '.join(titrated.risks)} risk, and the days are open: {each}"
        yield Notice("risk-days", "info", text, source=cite(rx.regimen, part.phase.days, part.phase, rx.protocol))


def _ml(rx: Prescription, grams: Fraction) -> str:
    concentration = rx.product.concentration
    return f" = {figure(grams * 1000 / concentration.base)} mL" if concentration else ""


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
    product, at_risk = rx.product, rx.product.at_risk(table)
    covered = [risk for risk in risks if risk_applies(table, (risk,))]
    if covered and at_risk is not None and "at-risk" in bound_by:
        yield Notice(
            "risk-ceiling-applied",
            "caution",
            f"{' and '.join(covered)} risk: the rate stays at or below {at_risk.rate}{less_than(table)}",
            ", ".join(covered),
            str(at_risk.rate),
            cite(product, at_risk, table),
        )


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
