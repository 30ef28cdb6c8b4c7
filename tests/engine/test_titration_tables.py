"""Which of a product's rate tables is run: the one for this use and this infusion, else the most cautious."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import helpers
import pytest

from ivigcalc import library
from ivigcalc.definitions import Product, RateTable
from ivigcalc.engine.plan import Session
from ivigcalc.engine.titration import Ladder, choose_table, make_ladder
from ivigcalc.errors import RefusedError

DM, ITP, CIDP, PI = "dermatomyositis", "chronic-itp", "cidp", "primary-immunodeficiency"


#: 10, 20 and 40 mL/h for 10 kg: 5 mL in 30 minutes, then 20/3 mL in 20
STEPS = (("1 mL/kg/h", "30 min"), ("2 mL/kg/h", "20 min"), ("4 mL/kg/h", None))


def table_of(product: str, indication: str | None, infusion: Any = "first") -> tuple[tuple[str, ...], str, bool]:
    chosen = choose_table(library.product(product).value, indication, infusion)
    return chosen.table.for_, chosen.table.infusion, chosen.off_label


def session(product: Any, indication: str | None, weight: str, dose: str, **words: Any) -> Session:
    return helpers.rates(product, indication, weight, dose, **words).sessions[0]


def ladder(rungs: Sequence[tuple[str, str | None]] = STEPS, **words: Any) -> Ladder:
    own = product(rungs, **words)
    return make_ladder(own, own.rates[0])


def product(ladder: Sequence[tuple[str, str | None]] = STEPS, **words: Any) -> Product:
    return helpers.own_product(ladder=ladder, **words).value


def table(for_: str, infusion: str = "any", *, top: str = "4", ceiling: str = "5") -> RateTable:
    made = product([("1 mL/kg/h", "30 min"), (f"{top} mL/kg/h", None)], ceiling=f"{ceiling} mL/kg/h").rates[0]
    return made.model_copy(update={"for_": (for_,), "infusion": infusion})


FIRST, LATER, ANY, MMN = table("cidp", "first"), table("cidp", "subsequent"), table("any"), table("mmn", "first")


def with_tables(*tables: RateTable) -> Product:
    return product().model_copy(update={"rates": tables})


# ---- for this use ----------------------------------------------------------------------------------------------------


OCTAGAM_72_KG = ("octagam-10-us", "dermatomyositis", "72kg", "72g")


def test_the_ladder_is_the_one_printed_for_this_use() -> None:
    """Octagam 10 %: up to 0.04 mL/kg/min in dermatomyositis, 0.12 in chronic ITP. 72 kg x 60 x 0.04 = 172.8 mL/h, x 0.12 = 518.4."""
    assert helpers.pump_rates(helpers.rates(*OCTAGAM_72_KG).sessions[0])[-1] == "172.8"
    assert helpers.pump_rates(helpers.rates("octagam-10-us", "chronic-itp", "72kg", "72g").sessions[0])[-1] == "518.4"


def test_the_table_of_the_use_comes_first() -> None:
    assert table_of("octagam-10-us", ITP) == (("chronic-itp",), "any", False)
    assert table_of("octagam-10-us", DM) == (("dermatomyositis",), "any", False)
    assert table_of("gammaplex-10-us", ITP) == (("any",), "any", False)


def test_a_table_of_the_use_comes_before_one_for_any_use_wherever_it_stands() -> None:
    own = ["  - for: [cidp]", "    source: house", "    ladder: [{rate: 2 mL/kg/h}]", "    ceiling: {rate: 2 mL/kg/h}"]
    product = helpers.own_product(ladder=[("1 mL/kg/h", None)], more=own)  # the first table is for any use
    assert helpers.pump_rates(session(product, CIDP, "70 kg", "35 g")) == ["140"]
    assert helpers.pump_rates(session(product, "gbs", "70 kg", "35 g")) == ["70"]
    # a table for any use is no licence
    assert "rate-off-label" in helpers.codes(helpers.rates(product, "gbs", "70 kg", "35 g"))
    assert "rate-off-label" not in helpers.codes(helpers.rates(product, CIDP, "70 kg", "35 g"))


@pytest.mark.parametrize(
    ("indication", "infusion", "expected"),
    [("cidp", "first", FIRST), ("cidp", "subsequent", LATER), ("gbs", "first", ANY), ("gbs", "subsequent", ANY), (None, "first", ANY), ("mmn", "subsequent", MMN)],
)  # fmt: skip
def test_the_table_is_the_one_for_this_use_and_this_infusion(
    indication: str | None, infusion: Any, expected: RateTable
) -> None:
    """The only table for mmn is for first infusions: it serves later ones too, because it is for this use."""
    chosen = choose_table(with_tables(MMN, LATER, FIRST, ANY), indication, infusion)
    assert chosen.table is expected
    assert (chosen.off_label, chosen.restarted) == (False, False)


def test_of_two_that_fit_the_first_of_the_file_is_taken() -> None:
    one, two = table("cidp", top="4"), table("cidp", top="3")
    assert choose_table(with_tables(one, two), "cidp", "first").table is one
    assert choose_table(with_tables(two, one), "cidp", "first").table is two


# ---- for another use -------------------------------------------------------------------------------------------------


def by_the_hour(for_: str, infusion: str = "any") -> RateTable:
    made = product([("30 mL/h", "30 min"), ("60 mL/h", None)], ceiling="90 mL/h").rates[0]
    return made.model_copy(update={"for_": (for_,), "infusion": infusion})


def test_without_a_table_for_the_use_the_most_cautious_is_taken_and_said() -> None:
    assert table_of("octagam-10-us", "gbs") == (("dermatomyositis",), "any", True)
    assert table_of("privigen-us", "gbs") == (("chronic-itp",), "any", True)
    got = helpers.rates("privigen-us", "gbs", "70 kg", "28 g")
    assert helpers.pump_rates(got.sessions[0])[-1] == "168"  # 4 mg/kg/min, not 8
    assert "rate-off-label" in helpers.codes(got)
    assert "rate-off-label" not in helpers.codes(helpers.rates("privigen-us", CIDP, "70 kg", "28 g"))


def test_off_label_the_lowest_ceiling_is_taken_and_of_equal_ones_the_slowest_ladder() -> None:
    bold, slow, low = table("cidp"), table("mmn", top="3"), table("itp", top="3.5", ceiling="4.5")
    assert choose_table(with_tables(bold, slow, low), "gbs", "first").table is low
    assert choose_table(with_tables(bold, slow), "gbs", "first").table is slow
    assert choose_table(with_tables(slow, bold), "gbs", "first").table is slow
    assert choose_table(with_tables(bold, slow), None, "first").off_label


def test_off_label_a_table_for_this_infusion_is_taken_if_there_is_one() -> None:
    later = table("mmn", "subsequent", ceiling="4.5")
    assert choose_table(with_tables(later, FIRST), "gbs", "first").table is FIRST
    assert choose_table(with_tables(later, FIRST), "gbs", "subsequent").table is later
    assert choose_table(with_tables(later), "gbs", "subsequent").table is later
    assert choose_table(with_tables(FIRST), "gbs", "subsequent").table is FIRST


def test_mlh_and_mlkgh_are_not_compared_as_if_they_were_one() -> None:
    """90 mL/h is slower than 5 mL/kg/h for whoever weighs more than 18 kg, and 90 is not below 5."""
    per_kg, per_hour = table("mmn"), by_the_hour("itp")
    with pytest.raises(
        RefusedError, match=r"printed in mL/h and in mL/kg/h, .* give --indication .*: mmn, itp"
    ) as caught:
        choose_table(with_tables(per_kg, per_hour), "gbs", "first")
    assert (caught.value.code, caught.value.overridable) == ("rate-not-published", False)
    assert choose_table(with_tables(per_kg, per_hour), "itp", "first").table is per_hour  # its own
    slower = by_the_hour("pi").model_copy(update={"ladder": per_hour.ladder[:1]})
    assert choose_table(with_tables(per_hour, slower), "gbs", "first").off_label  # of one kind: as ever
    # of those that may start an infusion all are per kg
    assert choose_table(with_tables(per_kg, by_the_hour("itp", "subsequent")), "gbs", "first").table is per_kg


# ---- first and later infusions ---------------------------------------------------------------------------------------


def test_first_and_later_infusions_have_their_own_table() -> None:
    assert table_of("qivigy-us", PI, "first")[1] == "first"
    assert table_of("qivigy-us", PI, "subsequent")[1] == "subsequent"


def test_rates_for_later_infusions_only_are_for_whoever_had_it_before() -> None:
    product = helpers.own_product(ladder=[("1 mL/kg/h", None)], more=["    infusion: subsequent"])
    assert helpers.pump_rates(session(product, CIDP, "70 kg", "35 g", infusion="subsequent")) == ["70"]
    for words in ({}, {"infusion": "first"}, {"infusion": "subsequent", "last_product": "privigen-us"}):
        with pytest.raises(RefusedError, match="has rates for later infusions only") as caught:
            helpers.rates(product, CIDP, "70 kg", "35 g", **words)
        assert caught.value.code == "rate-not-published"


def test_a_first_infusion_never_takes_a_table_for_later_ones() -> None:
    """cidp has rates for later infusions only: a first one is started by the table for any use, though it is not cidp's."""
    start = table("any", "first")
    for tables in ((LATER, start), (start, LATER), (LATER, ANY)):
        chosen = choose_table(with_tables(*tables), "cidp", "first")
        assert (chosen.table.for_, chosen.off_label) == (("any",), False)
        assert choose_table(with_tables(*tables), "cidp", "subsequent").table is LATER


@pytest.mark.parametrize(
    ("infusion", "settings"), [("first", ["42", "84", "168", "336"]), ("subsequent", ["42", "168", "336", "588"])]
)
def test_a_chart_for_experienced_patients_is_theirs_alone(infusion: str, settings: list[str]) -> None:
    """70 kg x 60 x 0.01, 0.02, 0.04, 0.08 mL/kg/min; the chart: 0.01, 0.04, 0.08, 0.14."""
    made = helpers.rates("panzyga-us", "primary-immunodeficiency", "70 kg", "70 g", infusion=infusion)
    assert helpers.pump_rates(made.sessions[0]) == settings
    assert ("ladder-assumed" in helpers.codes(made)) is (infusion == "first")


def test_else_by_the_most_cautious_of_those_that_may_start_one() -> None:
    bold, slow, later = table("itp", "first"), table("mmn", ceiling="4.5"), table("pi", "subsequent", ceiling="4")
    chosen = choose_table(with_tables(LATER, bold, slow, later), "cidp", "first")
    assert (chosen.table, chosen.off_label) == (slow, True)
    # a table for any use that is for later infusions does not start one either
    any_later = table("any", "subsequent", ceiling="4")
    assert choose_table(with_tables(any_later, bold, slow), "cidp", "first") == chosen
    assert choose_table(with_tables(any_later, bold, slow), "cidp", "subsequent").table is any_later


@pytest.mark.parametrize("indication", ["cidp", "gbs", None])
def test_a_product_with_tables_for_later_infusions_only_starts_none(indication: str | None) -> None:
    own = with_tables(LATER, table("any", "subsequent"))
    with pytest.raises(RefusedError, match="has rates for later infusions only") as caught:
        choose_table(own, indication, "first")
    assert (caught.value.code, caught.value.overridable) == ("rate-not-published", False)
    assert choose_table(own, indication, "subsequent").table in own.rates


# ---- what nobody printed ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("product", [p for p in library.shipped("product") if not library.product(p).value.rates])
def test_a_product_without_a_printed_rate_is_refused(product: str) -> None:
    with pytest.raises(RefusedError) as caught:
        helpers.rates(product, PI, "70 kg", "30 g")
    assert caught.value.code == "rate-not-published"


def test_a_product_whose_rates_nobody_printed_gets_none() -> None:
    with pytest.raises(RefusedError) as caught:
        helpers.rates("yimmugo-us", "primary-immunodeficiency", "72kg", "30g")
    assert caught.value.codes == ("rate-not-published",)


@pytest.mark.parametrize("why", [None, "the leaflet could not be read"])
def test_a_product_without_a_table_is_refused_with_the_reason(why: str | None) -> None:
    own = with_tables().model_copy(update={"no_rates_because": why})
    with pytest.raises(RefusedError, match=why or "no source prints an infusion rate for it") as caught:
        choose_table(own, "cidp", "first")
    assert not caught.value.overridable


def test_but_its_doses_and_vials_can_be_planned() -> None:
    got = helpers.any_course("gammagard-sd-us", "70 kg", "30 g", days="1")
    assert helpers.vials(got.sessions[0]) == {Fraction(10): 3}
    assert got.sessions[0].infusion is None
    assert got.sessions[0].duration_min is None
    assert "rate-not-published" in helpers.codes(got)
