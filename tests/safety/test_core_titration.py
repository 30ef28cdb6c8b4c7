"""Edges of the titration that nothing else looks at: found by changing the code and seeing that no test noticed."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import helpers
import pytest

from ivigcalc.definitions import Product, RateTable
from ivigcalc.engine.titration import (
    Ceilings,
    Climb,
    Ladder,
    choose_table,
    climb,
    make_ladder,
    pump_rates,
    risk_applies,
    shown_per_kg,
)
from ivigcalc.errors import RefusedError

TEN_KG = Fraction(10)
#: 10, 20 and 40 mL/h for 10 kg: 5 mL in 30 minutes, then 20/3 mL in 20
STEPS = (("1 mL/kg/h", "30 min"), ("2 mL/kg/h", "20 min"), ("4 mL/kg/h", None))


def product(ladder: Sequence[tuple[str, str | None]] = STEPS, **words: Any) -> Product:
    return helpers.own_product(ladder=ladder, **words).value


def ladder(rungs: Sequence[tuple[str, str | None]] = STEPS, **words: Any) -> Ladder:
    own = product(rungs, **words)
    return make_ladder(own, own.rates[0])


def limits(*, at_risk: bool = False, increment: str = "0.1", pump: str = "999", site: str | None = None) -> Ceilings:
    return Ceilings(at_risk, Fraction(increment), Fraction(pump), Fraction(site) if site else None)


def on_pump(of: Ladder | None = None, weight: Fraction = TEN_KG, **words: Any) -> Climb:
    return climb(of or ladder(), weight, limits(**words))


def settings(on: Climb) -> list[Fraction]:
    return [rate for rate, _, _ in on.rates]


# ---- where an infusion ends ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("volume", "rung"),
    [
        ("0.001", 0), ("4.9", 0), ("5", 0), ("5.0009", 0), ("5.0009995", 0), ("5.000999999999999999", 0), ("5.001", 1), ("5.0011", 1), ("5.5", 1),
        ("35/3", 1), ("35/3+0.0009", 1), ("35/3+0.001", 2), ("1000", 2),
    ],
)  # fmt: skip
def test_a_thousandth_of_a_millilitre_is_a_step_and_less_is_not(volume: str, rung: int) -> None:
    assert on_pump().last_rung(sum(map(Fraction, volume.split("+")), Fraction(0))) == rung


@pytest.mark.parametrize(
    ("volume", "last", "minutes"),
    [
        ("0", 0, "0"), ("2.5", 0, "15"), ("2.5", 2, "15"), ("4.9", 2, "29.4"), ("5", 2, "30"), ("5.0005", 0, "30.003"), ("6", 1, "33"),
        ("35/3", 2, "50"), ("12", 1, "51"), ("12", 2, "50.5"), ("95/3", 2, "80"),
    ],
)  # fmt: skip
def test_the_minute_at_which_so_much_is_in(volume: str, last: int, minutes: str) -> None:
    """5 mL at 10 mL/h, to 35/3 mL at 20 mL/h, then 40 mL/h; on the last rung of the infusion it stays at that rate."""
    assert Fraction(*on_pump().minute(Fraction(volume), last)) == Fraction(minutes)


def test_parts_of_minutes_and_of_the_pump_stay_exact() -> None:
    """For 10.05 kg: 10.05 mL/h for 7.5 min is 1.25625 mL; 20.1 mL/h for 2.25 min is 0.75375 mL; then 40.2 mL/h."""
    rungs = (("1 mL/kg/h", "7.5 min"), ("2 mL/kg/h", "2.25 min"), ("4 mL/kg/h", None))
    on = on_pump(ladder(rungs), Fraction("10.05"), increment="0.05")
    assert settings(on) == [Fraction("10.05"), Fraction("20.1"), Fraction("40.2")]
    for volume, minutes in (("1.25625", "7.5"), ("2.01", "9.75"), ("42.21", "69.75")):
        assert Fraction(*on.minute(Fraction(volume), on.last_rung(Fraction(volume)))) == Fraction(minutes)
    assert on.last_rung(Fraction("2.01")) == 1
    assert on.last_rung(Fraction("2.011")) == 2


def test_a_ladder_of_one_rung_has_one_step() -> None:
    on = on_pump(ladder([("3 mL/kg/h", None)]))
    assert on.last_rung(Fraction(500)) == 0
    assert Fraction(*on.minute(Fraction(15), 0)) == 30


# ---- what the pump is set to -----------------------------------------------------------------------------------------------


def bounds(on: Climb) -> list[tuple[str, bool]]:
    return [(bound.by, bound.capped) for _, _, bound in on.rates]


FREE = ("ladder", False)
AT_RISK = {"of": ladder(at_risk="3.5 mL/kg/h"), "at_risk": True}


@pytest.mark.parametrize(
    ("words", "by", "top"),
    [
        ({}, FREE, "40"),
        ({"pump": "40", "site": "40"}, FREE, "40"),
        ({"pump": "35"}, ("pump", True), "35"),
        ({"site": "35"}, ("site", True), "35"),
        ({"site": "33", "pump": "35"}, ("site", True), "33"),
        ({"site": "35", "pump": "33"}, ("pump", True), "33"),
        ({"site": "35", "pump": "35"}, ("pump", True), "35"),
        (AT_RISK, ("at-risk", True), "35"),
        ({**AT_RISK, "at_risk": False}, FREE, "40"),
        ({**AT_RISK, "pump": "33"}, ("pump", True), "33"),
        ({**AT_RISK, "pump": "35"}, ("pump", True), "35"),
        ({**AT_RISK, "of": ladder()}, FREE, "40"),
        ({**AT_RISK, "of": ladder(at_risk="35 mL/h")}, ("at-risk", True), "35"),
    ],
)
def test_the_lowest_ceiling_holds_and_is_named(words: dict[str, Any], by: tuple[str, bool], top: str) -> None:
    """40 mL/h is wanted at the top; of equal ceilings the one is named that is printed, or the machine's, before the house's."""
    on = on_pump(**words)
    assert bounds(on) == [FREE, FREE, by]
    assert settings(on) == [10, 20, Fraction(top)]


def test_a_rate_that_only_its_rounding_takes_above_a_ceiling_is_not_capped() -> None:
    """For 10.4 kg, on a pump of 5 mL/h steps: 41.6 mL/h is at most 43.68, which is 40; 10.4 is 10; 20.8 is 20."""
    on = on_pump(ladder(ceiling="4.2 mL/kg/h"), Fraction("10.4"), increment="5")
    assert (settings(on), bounds(on)) == ([10, 20, 40], [FREE] * 3)
    on = on_pump(ladder(ceiling="4.2 mL/kg/h"), Fraction("10.7"), increment="5")  # 42.8 is nearer to 45, above 44.94
    assert (settings(on), bounds(on)) == ([10, 20, 40], [FREE, FREE, ("ceiling", False)])


@pytest.mark.parametrize(("weight", "rate"), [("10.24", "10"), ("10.25", "10.5"), ("10.26", "10.5"), ("9.75", "10")])
def test_half_a_step_of_the_pump_goes_up(weight: str, rate: str) -> None:
    assert settings(on_pump(weight=Fraction(weight), increment="0.5"))[0] == Fraction(rate)


def test_a_rate_below_the_pump_is_refused_whatever_is_overridden() -> None:
    """1 mL/kg/h for 0.049 kg is 0.049 mL/h, nearer to 0 than to 0.1; for 0.05 kg it is 0.1."""
    with pytest.raises(RefusedError, match=r"a rate of 0\.049 mL/h .* steps of 0\.1 mL/h") as caught:
        on_pump(weight=Fraction("0.049"))
    assert not caught.value.overridable
    assert settings(on_pump(weight=Fraction("0.05")))[0] == Fraction("0.1")
    with pytest.raises(RefusedError, match=r"a rate of 1\.235 mL/h"):
        on_pump(weight=Fraction("1.2345"), increment="5")


def test_rungs_at_one_setting_are_one_step_with_their_time_together() -> None:
    """A pump of 15 mL/h at most: 20 and 40 mL/h are one step, which has no end; at 5 mL/h all three are one."""
    on = on_pump(pump="15")
    assert [(rate, rung.rate, rung.minutes) for rate, rung, _ in on.rates] == [(10, 1, 30), (15, 2, None)]
    on = on_pump(pump="5")
    assert [(rate, rung.rate, rung.minutes) for rate, rung, _ in on.rates] == [(5, 1, None)]
    four = ladder([("1 mL/kg/h", "30 min"), ("1.01 mL/kg/h", "20 min"), ("2 mL/kg/h", "10 min"), ("3 mL/kg/h", None)])
    on = on_pump(four, increment="1")
    assert [(rate, rung.rate, rung.minutes) for rate, rung, _ in on.rates] == [(10, 1, 50), (20, 2, 10), (30, 3, None)]
    assert bounds(on) == [FREE] * 3


@pytest.mark.parametrize(
    ("assumed", "together"),
    [((True, True), True), ((True, False), False), ((False, True), False), ((False, False), False)],
)
def test_a_step_is_assumed_only_if_all_of_it_is(assumed: tuple[bool, bool], together: bool) -> None:
    made = ladder()
    rungs = tuple(replace(rung, assumed=flag) for rung, flag in zip(made.rungs, (False, *assumed), strict=True))
    [_, (_, rung, _)] = pump_rates(replace(made, rungs=rungs), TEN_KG, limits(pump="15"))
    assert rung.assumed is together


def test_an_absolute_ladder_has_absolute_ceilings() -> None:
    """mL/h whatever the weight: 30, 60, and 90 at the most; per kg it is shown by nobody."""
    rungs = [("30 mL/h", "30 min"), ("60 mL/h", "30 min"), ("90 mL/h", None)]
    made = ladder(rungs, ceiling="90 mL/h")
    assert (made.absolute, made.ceiling, made.at_risk, made.at_risk_absolute) == (True, 90, None, False)
    assert settings(on_pump(made)) == [30, 60, 90]
    assert [shown_per_kg(on_pump(made), place) for place in range(3)] == [None] * 3
    per_kg = ladder(rungs, ceiling="90 mL/h", at_risk="8 mL/kg/h")  # 80 mL/h for 10 kg
    assert settings(on_pump(per_kg, at_risk=True)) == [30, 60, 80]


def test_the_rate_per_kilogram_is_the_printed_one_wherever_one_holds() -> None:
    assert [shown_per_kg(on_pump(), place) for place in range(3)] == [1, 2, 4]
    assert shown_per_kg(on_pump(pump="35"), 2) == Fraction("3.5")  # 35 mL/h for 10 kg: what the pump gives
    assert shown_per_kg(on_pump(site="35"), 2) == Fraction("3.5")
    # 3.53 mL/kg/h for 10 kg is 35.3 mL/h, which the pump gives as 35: shown is what was printed
    made = ladder(at_risk="3.53 mL/kg/h")
    assert shown_per_kg(on_pump(made, at_risk=True, increment="1"), 2) == Fraction("3.53")
    # printed as 35.3 mL/h it is no rate per kg: shown is what the pump gives
    made = ladder(at_risk="35.3 mL/h")
    assert shown_per_kg(on_pump(made, at_risk=True, increment="1"), 2) == Fraction("3.5")
    made = replace(ladder(), ceiling=Fraction("3.53"))
    assert shown_per_kg(on_pump(made, increment="1"), 2) == Fraction("3.53")
    assert shown_per_kg(on_pump(made, increment="1"), 1) == 2


def test_a_climb_says_what_capped_its_rungs() -> None:
    made = ladder(at_risk="3.5 mL/kg/h")
    assert climb(made, TEN_KG, limits(at_risk=True)).bound_by == {"at-risk"}
    assert climb(made, TEN_KG, limits()).bound_by == frozenset()


# ---- a table made ready ----------------------------------------------------------------------------------------------------


def test_a_ladder_by_mass_is_one_by_volume() -> None:
    """Of 50 mg/mL: 0.5 mg/kg/min is 30 mg/kg/h, which is 0.6 mL/kg/h; 1 g is 20 mL."""
    made = ladder(
        [("0.5 mg/kg/min", "30 min"), ("1 mg/kg/min", None)],
        ceiling="2 mg/kg/min", at_risk="1.5 mg/kg/min", concentration="50 mg/mL",
    )  # fmt: skip
    assert [(rung.rate, rung.minutes) for rung in made.rungs] == [(Fraction("0.6"), 30), (Fraction("1.2"), None)]
    assert (made.ceiling, made.at_risk, made.at_risk_absolute) == (Fraction("2.4"), Fraction("1.8"), False)
    assert (made.absolute, made.ml_per_g, made.uses) == (False, 20, "any")
    assert ladder(concentration="160 mg/mL").ml_per_g == Fraction("6.25")


def test_without_a_concentration_there_is_no_ladder() -> None:
    own = product().model_copy(update={"concentration": None})
    with pytest.raises(RefusedError, match="no source prints the concentration") as caught:
        make_ladder(own, own.rates[0])
    assert not caught.value.overridable


def test_a_lower_ceiling_is_for_its_risks_or_for_all() -> None:
    table = product(at_risk="3 mL/kg/h").rates[0]
    assert risk_applies(table, ("renal",))
    assert risk_applies(table, ("cardiac", "renal"))
    assert not risk_applies(table, ("cardiac",))
    assert not risk_applies(table, ())
    assert not risk_applies(product().rates[0], ("renal",))
    assert table.at_risk_ceiling is not None
    for_all = table.model_copy(update={"at_risk_ceiling": table.at_risk_ceiling.model_copy(update={"risks": ()})})
    assert risk_applies(for_all, ("cardiac",))
    assert not risk_applies(for_all, ())


# ---- which table -----------------------------------------------------------------------------------------------------------


def table(for_: str, infusion: str = "any", *, top: str = "4", ceiling: str = "5") -> RateTable:
    made = product([("1 mL/kg/h", "30 min"), (f"{top} mL/kg/h", None)], ceiling=f"{ceiling} mL/kg/h").rates[0]
    return made.model_copy(update={"for_": (for_,), "infusion": infusion})


def with_tables(*tables: RateTable) -> Product:
    return product().model_copy(update={"rates": tables})


FIRST, LATER, ANY, MMN = table("cidp", "first"), table("cidp", "subsequent"), table("any"), table("mmn", "first")


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


def test_a_first_infusion_never_takes_a_table_for_later_ones() -> None:
    """cidp has rates for later infusions only: a first one is started by the table for any use, though it is not cidp's."""
    start = table("any", "first")
    for tables in ((LATER, start), (start, LATER), (LATER, ANY)):
        chosen = choose_table(with_tables(*tables), "cidp", "first")
        assert (chosen.table.for_, chosen.off_label) == (("any",), False)
        assert choose_table(with_tables(*tables), "cidp", "subsequent").table is LATER


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


def by_the_hour(for_: str, infusion: str = "any") -> RateTable:
    made = product([("30 mL/h", "30 min"), ("60 mL/h", None)], ceiling="90 mL/h").rates[0]
    return made.model_copy(update={"for_": (for_,), "infusion": infusion})


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


@pytest.mark.parametrize("why", [None, "the leaflet could not be read"])
def test_a_product_without_a_table_is_refused_with_the_reason(why: str | None) -> None:
    own = with_tables().model_copy(update={"no_rates_because": why})
    with pytest.raises(RefusedError, match=why or "no source prints an infusion rate for it") as caught:
        choose_table(own, "cidp", "first")
    assert not caught.value.overridable
