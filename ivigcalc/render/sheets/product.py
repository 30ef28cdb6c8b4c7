"""What a product file says: composition, handling, and each titration drawn as bars. Formats only."""

from __future__ import annotations

from collections.abc import Iterator

from ivigcalc.definitions import Ceiling, PrintedRung, Product, RateTable
from ivigcalc.definitions.product import Caution, Composition, Contraindication
from ivigcalc.definitions.source import Said
from ivigcalc.exact import Fraction
from ivigcalc.quantity import decimal_of
from ivigcalc.render.catalogue.sheets import ProductSheet as Words
from ivigcalc.render.catalogue.sheets import Sheet
from ivigcalc.render.figures import figure
from ivigcalc.render.sheets.sheet import Citing, Fact, Grid, Row, Section
from ivigcalc.render.sheets.words import INFUSIONS, age_text, time_text

BAR_WIDTH = 20


def product_sections(product: Product) -> Iterator[Section]:
    """The whole file, in the order in which a pharmacist asks."""
    citing = Citing(product)
    yield Section("", tuple(_head(product, citing)))
    if product.indications:
        yield Section(Words.licensed_for, tuple(Fact(i.id, i.text, citing.of(i)) for i in product.indications))
    for table in product.rates:
        yield Section(table_title(table), tuple(_titration(product, table, citing)))
    if not product.rates:
        why = product.no_rates_because or Words.no_source_prints
        yield Section(Sheet.rates, (Fact(Words.none, Words.no_rates.format(why=why), mark=True),))
    if product.composition is not None:
        yield Section(Words.composition, tuple(_composition(product.composition, citing)))
    yield from _handling(product, citing)
    if product.others:
        yield Section(Words.disagree, tuple(Fact("", other.says, citing.of(other)) for other in product.others))
    if product.notes:
        yield Section(Sheet.notes, tuple(Fact("", note) for note in product.notes))


def _head(product: Product, citing: Citing) -> Iterator[Fact]:
    own = citing.of()
    yield Fact(Words.manufacturer, product.manufacturer or Sheet.not_said, own)
    yield Fact(Words.licensed_in, product.country or Sheet.not_said, own)
    if product.concentration is not None:
        yield Fact(Words.concentration, str(product.concentration), own)
    else:
        yield Fact(Words.concentration, Words.no_concentration, mark=True)
    if product.vials:
        yield Fact(Words.vials, ", ".join(str(vial) for vial in product.vials), own)
    else:
        yield Fact(Words.vials, Words.no_vials, mark=True)
    if product.contraindicated_with:
        yield Fact(Words.refused_with, ", ".join(product.contraindicated_with))


# ---- titrations -----------------------------------------------------------------------------------------------------


def table_title(table: RateTable) -> str:
    """What the table was published for."""
    return Words.rates_for.format(uses=", ".join(filter(None, (*table.for_, INFUSIONS[table.infusion]))))


def _titration(product: Product, table: RateTable, citing: Citing) -> Iterator[Fact | Grid]:
    top = max(product.comparable_rate(part.rate) for _, part in _parts(table) if _drawable(part, table))
    rows = [*_rungs(product, table, citing, top), *_ceilings(product, table, citing, top)]
    headings = (Words.from_min, Words.for_min, rate_unit(table), Words.as_printed, Words.rate)
    yield Grid(headings, tuple(rows), words=(Words.as_printed, Words.rate))
    if any(rung.basis == "assumed" for rung in table.ladder):
        yield Fact("", Words.assumed, mark=True)
    if table.note:
        yield Fact(Sheet.note, table.note, citing.of(table))
    for name, part in _parts(table):
        if part.note:
            yield Fact(name, part.note, citing.of(part, table))
    if table.time is not None:
        yield Fact(Sheet.infusion_lasts, time_text(table.time), citing.of(table.time, table))
    at_risk = table.at_risk_ceiling
    if at_risk is not None and at_risk.risks:
        ceiling = Words.risk_ceiling_less if at_risk.less_than else Words.risk_ceiling
        text = ceiling.format(risks=", ".join(at_risk.risks), rate=at_risk.rate)
        yield Fact(Sheet.at_risk, text, citing.of(at_risk, table))
    elif at_risk is None:
        yield Fact(Sheet.at_risk, Words.no_risk_ceiling)
    for other in table.others:
        yield Fact(Words.disagreement, other.says, citing.of(other, table))


def rate_unit(table: RateTable) -> str:
    """The unit in which the rungs are compared: per kg, or the same for everybody."""
    return "mL/h" if table.ceiling.rate.dimension == "rate" else "mL/kg/h"


def rate_text(product: Product, part: PrintedRung | Ceiling) -> str:
    """The rate in the unit of `rate_unit`, to four decimals."""
    return figure(decimal_of(product.comparable_rate(part.rate), 4))


def _parts(table: RateTable) -> Iterator[tuple[str, PrintedRung | Ceiling]]:
    """The rungs, then the ceilings, by name."""
    yield from ((Words.at_rate.format(rate=rung.rate), rung) for rung in table.ladder)
    yield Words.ceiling, table.ceiling
    if table.at_risk_ceiling is not None:
        yield Sheet.at_risk, table.at_risk_ceiling


def _drawable(part: PrintedRung | Ceiling, table: RateTable) -> bool:
    """Whether a rate can stand beside the others: per kg beside per kg, absolute beside absolute."""
    return (part.rate.dimension == "rate") == (table.ceiling.rate.dimension == "rate")


def _rungs(product: Product, table: RateTable, citing: Citing, top: Fraction) -> Iterator[Row]:
    start = Fraction(0)
    for rung in table.ladder:
        mark = Words.assumed_mark if rung.basis == "assumed" else ""
        length = Words.to_end if rung.for_ is None else figure(decimal_of(rung.for_.base, 2))
        bar = "#" * bar_length(product.comparable_rate(rung.rate), top)
        cells = (figure(decimal_of(start, 2)), length, rate_text(product, rung), f"{rung.rate}{mark}", bar)
        yield Row(cells, citing.of(rung, table))
        start += rung.for_.base if rung.for_ else 0


def _ceilings(product: Product, table: RateTable, citing: Citing, top: Fraction) -> Iterator[Row]:
    for name, ceiling in ((Words.row_maximum, table.ceiling), (Words.row_at_risk, table.at_risk_ceiling)):
        if ceiling is None:
            continue
        drawn = _drawable(ceiling, table)
        bar = "-" * (bar_length(product.comparable_rate(ceiling.rate), top) - 1) + "|" if drawn else ""
        shown = rate_text(product, ceiling) if drawn else "-"
        yield Row(("", name, shown, str(ceiling.rate), bar), citing.of(ceiling, table))


def bar_length(rate: Fraction, top: Fraction) -> int:
    """How many characters stand for a rate, at least one."""
    return max(1, int(decimal_of(rate * BAR_WIDTH / top, 0)))


# ---- the rest -------------------------------------------------------------------------------------------------------


def _composition(composition: Composition, citing: Citing) -> Iterator[Fact]:
    named: list[tuple[str, Said | None]] = [
        (Words.stabiliser, composition.stabiliser),
        (Words.sodium, composition.sodium),
        (Words.osmolality, composition.osmolality),
        (Words.acidity, composition.ph),
        *((Words.other, other) for other in composition.other),
    ]
    for label, said in named:
        if said is not None:
            yield Fact(label, said.text, citing.of(said))
    iga = composition.iga
    if iga is not None:
        most = Words.at_most.format(most=iga.maximum) if iga.maximum else ""
        mean = Words.on_average.format(mean=iga.average) if iga.average else ""
        yield Fact(Words.iga, "; ".join(part for part in (most, mean, iga.note) if part), citing.of(iga))


def _whom(said: Contraindication | Caution, citing: Citing) -> Fact:
    age = age_text(said.age) if said.age else ""
    return Fact(said.condition or age, said.text, citing.of(said))


def _handling(product: Product, citing: Citing) -> Iterator[Section]:
    opened = product.open_bottle
    handling = [Fact("", said.text, citing.of(said)) for said in product.handling]
    if opened is not None:
        used = Words.pool if opened.applies_to == "pool" else Words.opened
        handling.append(Fact("", used.format(time=opened.within), citing.of(opened)))
    for title, facts in (
        (Words.storage, [Fact("", said.text, citing.of(said)) for said in product.storage]),
        (Words.handling, handling),
        (Words.contraindications, [_whom(c, citing) for c in product.contraindications]),
        (Words.unlike_class, [Fact(u.condition, u.text, citing.of(u)) for u in product.unlike_class]),
        (Words.warnings, [_whom(w, citing) for w in product.warnings]),
        (Words.restart, [Fact("", said.text, citing.of(said)) for said in product.restart]),
    ):
        if facts:
            yield Section(title, tuple(facts))
