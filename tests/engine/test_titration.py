"""Rates and times of an infusion: what the pump is set to, rung by rung, and where the infusion ends."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import helpers
import pytest
from msgspec.structs import replace

from ivigcalc.definitions import Product
from ivigcalc.engine.plan import Session
from ivigcalc.engine.titration import Ceilings, Climb, Ladder, climb, make_ladder, pump_rates, shown_per_kg
from ivigcalc.errors import RefusedError

TEN_KG = Fraction(10)


#: 10, 20 and 40 mL/h for 10 kg: 5 mL in 30 minutes, then 20/3 mL in 20
STEPS = (("1 mL/kg/h", "30 min"), ("2 mL/kg/h", "20 min"), ("4 mL/kg/h", None))
ITP, CIDP, PI = "chronic-itp", "cidp", "primary-immunodeficiency"
FREE = ("ladder", False)
#: shorter than anything that a pump can give
MOMENT = "0.0001"


def product(ladder: Sequence[tuple[str, str | None]] = STEPS, **words: Any) -> Product:
    return helpers.own_product(ladder=ladder, **words).value


def ladder(rungs: Sequence[tuple[str, str | None]] = STEPS, **words: Any) -> Ladder:
    own = product(rungs, **words)
    return make_ladder(own, own.rates[0])


def limits(
    *, at_risk: bool = False, increment: str = "0.1", pump: str = "999", site: str | None = None, shortest: str = "1"
) -> Ceilings:
    house = Fraction(site) if site else None
    return Ceilings(
        at_risk, Fraction(increment), Fraction(pump), house, Fraction("0.05"), Fraction("0.01"), Fraction(shortest)
    )


def on_pump(of: Ladder | None = None, weight: Fraction = TEN_KG, **words: Any) -> Climb:
    return climb(of or ladder(), weight, limits(**words))


def settings(on: Climb) -> list[Fraction]:
    return [rate for rate, _, _ in on.rates]


def session(product: Any, indication: str | None, weight: str, dose: str, **words: Any) -> Session:
    return helpers.rates(product, indication, weight, dose, **words).sessions[0]


def bounds(on: Climb) -> list[tuple[str, bool]]:
    return [(bound.by, bound.capped) for _, _, bound in on.rates]


# ---- where an infusion ends ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("volume", "rung"),
    [
        ("0.001", 0), ("4.9", 0), ("5", 0), ("5.0009", 0), ("5.0009995", 0), ("5.000999999999999999", 0), ("5.001", 1), ("5.0011", 1), ("5.5", 1),
        ("35/3", 1), ("35/3+0.0009", 1), ("35/3+0.001", 2), ("1000", 2),
    ],
)  # fmt: skip
def test_a_thousandth_of_a_millilitre_is_a_step_and_less_is_not(volume: str, rung: int) -> None:
    assert on_pump(shortest=MOMENT).last_rung(sum(map(Fraction, volume.split("+")), Fraction(0))) == rung


@pytest.mark.parametrize(
    ("volume", "shortest", "rung"),
    [
        # 20 mL/h is 1/3 mL in a minute, 40 mL/h is 2/3
        ("5", "1", 0), ("5.333", "1", 0), ("5+1/3", "1", 1), ("35/3+0.66", "1", 1), ("35/3+2/3", "1", 2),
        ("6", "5", 0), ("6.666", "5", 0), ("5+5/3", "5", 1), ("5.333", "0.5", 1), ("5.16", "0.5", 0), ("1000", "60", 2),
        # a rung that is shorter by its table is entered all the same: only the end of an infusion is no time for a new one
        ("35/3", "25", 0), ("40", "25", 2),
    ],
)  # fmt: skip
def test_a_rung_is_not_entered_for_a_moment(volume: str, shortest: str, rung: int) -> None:
    assert on_pump(shortest=shortest).last_rung(sum(map(Fraction, volume.split("+")), Fraction(0))) == rung


def test_what_is_left_then_runs_at_the_rate_before() -> None:
    """5.3 mL: 5 mL in 30 minutes, and 0.3 mL at 10 mL/h is 1.8 minutes more, not 0.9 at 20 mL/h."""
    assert Fraction(*on_pump().minute(Fraction("5.3"), on_pump().last_rung(Fraction("5.3")))) == Fraction("31.8")


@pytest.mark.parametrize(
    ("volume", "last", "minutes"),
    [
        ("0", 0, "0"), ("2.5", 0, "15"), ("2.5", 2, "15"), ("4.9", 2, "29.4"), ("5", 2, "30"), ("5.0005", 0, "30.003"), ("6", 1, "33"),
        ("35/3", 2, "50"), ("12", 1, "51"), ("12", 2, "50.5"), ("95/3", 2, "80"),
    ],
)  # fmt: skip
def test_the_minute_at_which_so_much_is_in(volume: str, last: int, minutes: str) -> None:
    """5 mL at 10 mL/h, to 35/3 mL at 20 mL/h, then 40 mL/h; on the last step of the infusion it stays at that rate."""
    assert Fraction(*on_pump().minute(Fraction(volume), last)) == Fraction(minutes)


def test_parts_of_minutes_and_of_the_pump_stay_exact() -> None:
    """For 10.05 kg: 10.05 mL/h for 7.5 min is 1.25625 mL; 20.1 mL/h for 2.25 min is 0.75375 mL; then 40.2 mL/h."""
    rungs = (("1 mL/kg/h", "7.5 min"), ("2 mL/kg/h", "2.25 min"), ("4 mL/kg/h", None))
    on = on_pump(ladder(rungs), Fraction("10.05"), increment="0.05", shortest=MOMENT)
    assert settings(on) == [Fraction("10.05"), Fraction("20.1"), Fraction("40.2")]
    for volume, minutes in (("1.25625", "7.5"), ("2.01", "9.75"), ("42.21", "69.75")):
        assert Fraction(*on.minute(Fraction(volume), on.last_rung(Fraction(volume)))) == Fraction(minutes)
    assert on.last_rung(Fraction("2.01")) == 1
    assert on.last_rung(Fraction("2.011")) == 2


def test_a_ladder_of_one_rung_has_one_step() -> None:
    on = on_pump(ladder([("3 mL/kg/h", None)]))
    assert on.last_rung(Fraction(500)) == 0
    assert Fraction(*on.minute(Fraction(15), 0)) == 30


# ---- the steps of the pump -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("increment", "expected"),
    [
        ("0.1 mL/h", ["16.7", "33.3", "66.6", "133.2"]),
        ("1 mL/h", ["17", "33", "67", "133"]),  # 16.65, 33.3, 66.6; 133.2 is the ceiling
        ("5 mL/h", ["15", "30", "65", "130"]),  # 35 is 5.1 % above 33.3
        ("0.01 mL/h", ["16.65", "33.3", "66.6", "133.2"]),
    ],
)
def test_rates_go_to_the_pumps_increment(increment: str, expected: list[str]) -> None:
    site = helpers.a_site(pump={"increment": increment, "maximum": "999 mL/h"})
    assert helpers.pump_rates(session("privigen-us", ITP, "55.5 kg", "55 g", site=site)) == expected


@pytest.mark.parametrize(
    ("weight", "increment", "rate"),
    [
        ("40", "42", "42"),
        ("40", "42.01", None),
        ("9", "2", "8"),
        ("10", "3", "9"),
        ("100", "105", "105"),
        ("55", "9", "54"),
    ],
)  # 1 mL/kg/h: 42 is 5 % above 40, 105 above 100; 10 is 11 % above 9; 9 is nearest to 10, 54 to 55
def test_the_pump_never_runs_more_than_5_percent_above_the_step(weight: str, increment: str, rate: str | None) -> None:
    one_step = ladder([("1 mL/kg/h", None)])
    if rate is None:
        with pytest.raises(RefusedError, match="may not run more than 5 % above") as caught:
            on_pump(one_step, Fraction(weight), increment=increment)
        assert caught.value.code == "pump-too-coarse"
    else:
        assert settings(on_pump(one_step, Fraction(weight), increment=increment)) == [Fraction(rate)]


@pytest.mark.parametrize(("weight", "rate"), [("10.24", "10"), ("10.25", "10.5"), ("10.26", "10.5"), ("9.75", "10")])
def test_half_a_step_of_the_pump_goes_up(weight: str, rate: str) -> None:
    assert settings(on_pump(weight=Fraction(weight), increment="0.5"))[0] == Fraction(rate)


@pytest.mark.parametrize(
    ("weight", "top"),
    [("70 kg", "336"), ("70.1 kg", "336.4"), ("70.2 kg", "336.9"), ("70.3 kg", "337.4"), ("70.16 kg", "336.7")],
    # 4.8 x 70.1 = 336.48, x 70.2 = 336.96, x 70.3 = 337.44, x 70.16 = 336.768: rounded down, because 4.8 is the maximum
)
def test_at_the_maximum_a_rate_is_rounded_down(weight: str, top: str) -> None:
    assert helpers.pump_rates(session("privigen-us", CIDP, weight, "70 g"))[-1] == top


def test_below_the_maximum_it_may_be_rounded_up() -> None:
    assert helpers.pump_rates(session("privigen-us", CIDP, "70.16 kg", "70 g"))[1] == "42.1"  # 42.096


def test_a_rate_that_only_its_rounding_takes_above_a_ceiling_is_not_capped() -> None:
    """For 10.4 kg, on a pump of 5 mL/h steps: 41.6 mL/h is at most 43.68, which is 40; 10.4 is 10; 20.8 is 20."""
    on = on_pump(ladder(ceiling="4.2 mL/kg/h"), Fraction("10.4"), increment="5")
    assert (settings(on), bounds(on)) == ([10, 20, 40], [FREE] * 3)
    on = on_pump(ladder(ceiling="4.1 mL/kg/h"), Fraction("10.75"), increment="5")  # 43 is nearer to 45, above 44.075
    assert (settings(on), bounds(on)) == ([10, 20, 40], [FREE, FREE, ("ceiling", False)])


def test_a_rate_that_the_pump_cannot_run_is_refused() -> None:
    site = helpers.a_site(pump={"increment": "1 mL/h", "maximum": "999 mL/h"})
    with pytest.raises(RefusedError, match="cannot be set on a pump") as caught:
        helpers.rates("privigen-us", CIDP, "1.5 kg", "2 g", site=site)  # 0.45 mL/h
    assert caught.value.code == "pump-too-coarse"


def test_a_rate_below_the_pump_is_refused_whatever_is_overridden() -> None:
    """1 mL/kg/h for 0.095 kg is 0.095 mL/h, of which 0.1 is 5.3 % too much; of 0.096 it is 4.2 %."""
    with pytest.raises(RefusedError, match=r"a rate of 0\.095 mL/h .* steps of 0\.1 mL/h") as caught:
        on_pump(weight=Fraction("0.095"))
    assert not caught.value.overridable
    assert settings(on_pump(weight=Fraction("0.096")))[0] == Fraction("0.1")
    with pytest.raises(RefusedError, match=r"a rate of 1\.235 mL/h"):
        on_pump(weight=Fraction("1.2345"), increment="5")


# ---- rungs at one setting --------------------------------------------------------------------------------------------


def columns(got: Session) -> list[tuple[str, str, str, str]]:
    """mL/h, minutes, mL, running mL of each step, as shown."""
    return [
        tuple(f"{Decimal(v).normalize():f}" for v in (s.rate_ml_per_h, s.duration_min, s.volume_ml, s.cumulative_ml))
        for s in got.steps
    ]


def test_steps_that_the_pump_cannot_tell_apart_are_one() -> None:
    site = helpers.a_site(pump={"increment": "0.1 mL/h", "maximum": "100 mL/h"})
    got = helpers.rates("privigen-us", CIDP, "70 kg", "35 g", site=site)
    assert columns(got.sessions[0]) == [
        ("21", "30", "10.5", "10.5"),
        ("42", "30", "21", "31.5"),
        ("84", "30", "42", "73.5"),
        ("100", "165.9", "276.5", "350"),  # 168 and 336 are both 100
    ]
    assert "pump-capped" in helpers.codes(got)


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


# ---- the rate per kilogram -------------------------------------------------------------------------------------------


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


def test_the_pump_rounding_does_not_change_the_rate_that_was_printed() -> None:
    """3.5 mL/h is 4 on a pump of whole mL/h, above the ceiling of 3.675, so 3 is set; the rung is 0.2 all the same, not 0.21."""
    product = helpers.own_product(ladder=[("0.2 mL/kg/h", None)], ceiling="0.21 mL/kg/h")
    site = helpers.a_site(pump={"increment": "1 mL/h", "maximum": "999 mL/h"})
    [step] = session(product, CIDP, "17.5 kg", "5 g", site=site).steps
    assert str(step.rate_ml_per_h) == "3"
    assert str(step.rate_ml_per_kg_per_h) == "0.2"


# ---- a ladder made ready ---------------------------------------------------------------------------------------------


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


def test_an_absolute_ladder_does_not_look_at_the_weight() -> None:
    rates = [helpers.pump_rates(session("intragam-p-sg", PI, weight, "30 g")) for weight in ("50 kg", "90 kg")]
    assert rates[0] == rates[1] == ["60", "120", "180"]
    assert session("intragam-p-sg", PI, "50 kg", "30 g").steps[0].rate_ml_per_kg_per_h is None
