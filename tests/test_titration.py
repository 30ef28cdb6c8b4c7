"""Rates, ceilings and step volumes: hand values."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import helpers
import pytest

from ivigcalc import library
from ivigcalc.engine.plan import Session
from ivigcalc.engine.titration import choose_table
from ivigcalc.errors import RefusedError

DM, ITP, CIDP, PI = "dermatomyositis", "chronic-itp", "cidp", "primary-immunodeficiency"


def session(product: Any, indication: str | None, weight: str, dose: str, **words: Any) -> Session:
    return helpers.rates(product, indication, weight, dose, **words).sessions[0]


def columns(got: Session) -> list[tuple[str, str, str, str]]:
    """mL/h, minutes, mL, running mL of each step, as shown."""
    return [
        tuple(f"{Decimal(v).normalize():f}" for v in (s.rate_ml_per_h, s.duration_min, s.volume_ml, s.cumulative_ml))
        for s in got.steps
    ]


def test_one_infusion_worked_by_hand() -> None:
    """72 kg, 72 g of a 10 % product in dermatomyositis: 0.01, 0.02, 0.04 mL/kg/min."""
    got = session("octagam-10-us", DM, "72 kg", "72 g")
    assert columns(got) == [
        ("43.2", "30", "21.6", "21.6"),
        ("86.4", "30", "43.2", "64.8"),
        ("172.8", "227.5", "655.2", "720"),
    ]
    assert got.duration_min == 288
    assert [str(s.rate_ml_per_kg_per_h) for s in got.steps] == ["0.6", "1.2", "2.4"]
    assert [str(s.rate_mg_per_kg_per_min) for s in got.steps] == ["1", "2", "4"]
    assert [str(s.from_start_min) for s in got.steps] == ["0", "30", "60"]
    assert [Fraction(s.remaining_ml) for s in got.steps] == [Fraction("698.4"), Fraction("655.2"), 0]
    assert [s.assumed for s in got.steps] == [False, True, False]


def test_thirds_of_a_millilitre_still_add_up() -> None:
    """20-minute steps of 0.1 mL/h give thirds: the running volume is rounded, and each step is the difference."""
    product = helpers.own_product(ladder=[("0.1 mL/kg/h", "20 min"), ("0.2 mL/kg/h", "20 min"), ("1 mL/kg/h", None)])
    assert columns(session(product, CIDP, "10 kg", "1 g")) == [
        ("1", "20", "0.333", "0.333"),
        ("2", "20", "0.667", "1"),
        ("10", "54", "9", "10"),
    ]


def test_a_dose_that_ends_within_a_rung_ends_there() -> None:
    got = session("octagam-10-us", DM, "72 kg", "3 g")
    assert columns(got) == [("43.2", "30", "21.6", "21.6"), ("86.4", "5.83", "8.4", "30")]
    assert got.duration_min == 36  # 35.83...


def test_a_dose_that_ends_exactly_on_a_rung_has_no_step_of_0_ml() -> None:
    assert columns(session("octagam-10-us", DM, "72 kg", "6.48 g"))[-1] == ("86.4", "30", "43.2", "64.8")


@pytest.mark.parametrize("dose", ["4.50001 g", "4.500001 g", "4.50004 g"])
def test_less_than_can_be_shown_is_not_a_step(dose: str) -> None:
    got = session("privigen-us", CIDP, "20 kg", dose)
    assert len(got.steps) == 4
    assert all(step.volume_ml > 0 for step in got.steps)


# ---- the pump -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("increment", "expected"),
    [
        ("0.1 mL/h", ["16.7", "33.3", "66.6", "133.2"]),
        ("1 mL/h", ["17", "33", "67", "133"]),  # 16.65, 33.3, 66.6; 133.2 is the ceiling
        ("5 mL/h", ["15", "35", "65", "130"]),
        ("0.01 mL/h", ["16.65", "33.3", "66.6", "133.2"]),
    ],
)
def test_rates_go_to_the_pumps_increment(increment: str, expected: list[str]) -> None:
    site = helpers.a_site(pump={"increment": increment, "maximum": "999 mL/h"})
    assert helpers.pump_rates(session("privigen-us", ITP, "55.5 kg", "55 g", site=site)) == expected


@pytest.mark.parametrize(
    ("weight", "top"),
    [("70 kg", "336"), ("70.1 kg", "336.4"), ("70.2 kg", "336.9"), ("70.3 kg", "337.4"), ("70.16 kg", "336.7")],
    # 4.8 x 70.1 = 336.48, x 70.2 = 336.96, x 70.3 = 337.44, x 70.16 = 336.768: rounded down, because 4.8 is the maximum
)
def test_at_the_maximum_a_rate_is_rounded_down(weight: str, top: str) -> None:
    assert helpers.pump_rates(session("privigen-us", CIDP, weight, "70 g"))[-1] == top


def test_below_the_maximum_it_may_be_rounded_up() -> None:
    assert helpers.pump_rates(session("privigen-us", CIDP, "70.16 kg", "70 g"))[1] == "42.1"  # 42.096


def test_a_step_above_the_pump_is_capped_and_timed_anew() -> None:
    got = helpers.rates("panzyga-us", PI, "120 kg", "120 g")
    assert columns(got.sessions[0])[-1] == (
        "999",
        "43.96",
        "732",
        "1200",
    )  # 0.14 x 60 x 120 = 1008; 36 + 144 + 288 = 468 before
    assert "pump-capped" in helpers.codes(got)
    assert "pump-capped" not in helpers.codes(helpers.rates("panzyga-us", PI, "118 kg", "120 g"))  # 991.2


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


def test_a_site_may_have_a_house_maximum() -> None:
    got = helpers.rates("privigen-us", CIDP, "70 kg", "35 g", site=helpers.a_site(rate_maximum="240 mL/h"))
    assert helpers.pump_rates(got.sessions[0]) == ["21", "42", "84", "168", "240"]
    assert "site-rate-applied" in helpers.codes(got)


def test_a_rate_that_the_pump_cannot_run_is_refused() -> None:
    site = helpers.a_site(pump={"increment": "1 mL/h", "maximum": "999 mL/h"})
    with pytest.raises(RefusedError, match="cannot be set on a pump") as caught:
        helpers.rates("privigen-us", CIDP, "1.5 kg", "2 g", site=site)  # 0.45 mL/h
    assert caught.value.code == "rate-below-pump"


# ---- ceilings -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("product", "indication", "risks", "top", "notice"),
    [
        ("octagam-10-us", DM, [], "168", None),
        ("octagam-10-us", DM, ["renal"], "126", "risk-ceiling-applied"),
        ("octagam-10-us", DM, ["thrombosis", "renal"], "126", "risk-ceiling-applied"),
        ("octagam-10-us", ITP, ["renal"], "126", "risk-ceiling-applied"),
        ("octagam-10-us", DM, ["cardiac"], "168", "risk-no-figure"),  # nobody printed a rate for the heart
        ("privigen-us", CIDP, ["renal"], "336", "risk-no-figure"),
        ("bivigam-us", PI, ["thrombosis"], "84", "risk-ceiling-applied"),  # 2 mg/kg/min = 1.2 mL/kg/h
        ("bivigam-us", PI, ["renal"], "252", "risk-no-figure"),  # printed for thrombosis only
        ("gammagard-liquid-us", "mmn", ["renal"], "138.6", "risk-ceiling-applied"),  # 3.3 mg/kg/min = 1.98 mL/kg/h
    ],
)
def test_the_ceiling_at_risk_is_in_force_where_it_was_printed(
    product: str, indication: str, risks: list[str], top: str, notice: str | None
) -> None:
    got = helpers.rates(product, indication, "70 kg", "70 g", risk=risks)
    assert helpers.pump_rates(got.sessions[0])[-1] == top
    assert helpers.codes(got) & {"risk-ceiling-applied", "risk-no-figure"} == ({notice} if notice else set())


def test_the_ceiling_at_risk_holds_only_what_is_above_it() -> None:
    """0.03 mL/kg/min: 0.01 and 0.02 stay, 0.04 comes down, and the infusion takes longer."""
    got = session("octagam-10-us", DM, "70 kg", "70 g", risk=["renal"])
    assert columns(got) == [("42", "30", "21", "21"), ("84", "30", "42", "63"), ("126", "303.33", "637", "700")]
    assert [str(s.rate_ml_per_kg_per_h) for s in got.steps] == ["0.6", "1.2", "1.8"]


def test_rungs_above_the_ceiling_at_risk_become_one_step() -> None:
    got = session("octagam-10-us", ITP, "70 kg", "70 g", risk=["thrombosis"])
    assert helpers.pump_rates(got) == ["42", "84", "126"]  # 0.04, 0.08 and 0.12 are all held at 0.03


def test_an_absolute_ladder_does_not_look_at_the_weight() -> None:
    rates = [helpers.pump_rates(session("intragam-p-sg", PI, weight, "30 g")) for weight in ("50 kg", "90 kg")]
    assert rates[0] == rates[1] == ["60", "120", "180"]
    assert session("intragam-p-sg", PI, "50 kg", "30 g").steps[0].rate_ml_per_kg_per_h is None


def test_the_pump_rounding_does_not_change_the_rate_that_was_printed() -> None:
    """3.5 mL/h is 4 on a pump of whole mL/h, above the ceiling of 3.675, so 3 is set; the rung is 0.2 all the same, not 0.21."""
    product = helpers.own_product(ladder=[("0.2 mL/kg/h", None)], ceiling="0.21 mL/kg/h")
    site = helpers.a_site(pump={"increment": "1 mL/h", "maximum": "999 mL/h"})
    [step] = session(product, CIDP, "17.5 kg", "5 g", site=site).steps
    assert str(step.rate_ml_per_h) == "3"
    assert str(step.rate_ml_per_kg_per_h) == "0.2"


# ---- which table --------------------------------------------------------------------------------------------------------


def table(product: str, indication: str | None, infusion: Any = "first") -> tuple[tuple[str, ...], str, bool]:
    chosen = choose_table(library.product(product).value, indication, infusion)
    return chosen.table.for_, chosen.table.infusion, chosen.off_label


def test_the_table_of_the_use_comes_first() -> None:
    assert table("octagam-10-us", ITP) == (("chronic-itp",), "any", False)
    assert table("octagam-10-us", DM) == (("dermatomyositis",), "any", False)
    assert table("gammaplex-10-us", ITP) == (("any",), "any", False)


def test_a_table_of_the_use_comes_before_one_for_any_use_wherever_it_stands() -> None:
    own = ["  - for: [cidp]", "    source: house", "    ladder: [{rate: 2 mL/kg/h}]", "    ceiling: {rate: 2 mL/kg/h}"]
    product = helpers.own_product(ladder=[("1 mL/kg/h", None)], more=own)  # the first table is for any use
    assert helpers.pump_rates(session(product, CIDP, "70 kg", "35 g")) == ["140"]
    assert helpers.pump_rates(session(product, "gbs", "70 kg", "35 g")) == ["70"]
    assert "rate-off-label" not in helpers.codes(helpers.rates(product, "gbs", "70 kg", "35 g"))


def test_without_a_table_for_the_use_the_most_cautious_is_taken_and_said() -> None:
    assert table("octagam-10-us", "gbs") == (("dermatomyositis",), "any", True)
    assert table("privigen-us", "gbs") == (("chronic-itp",), "any", True)
    got = helpers.rates("privigen-us", "gbs", "70 kg", "28 g")
    assert helpers.pump_rates(got.sessions[0])[-1] == "168"  # 4 mg/kg/min, not 8
    assert "rate-off-label" in helpers.codes(got)
    assert "rate-off-label" not in helpers.codes(helpers.rates("privigen-us", CIDP, "70 kg", "28 g"))


def test_first_and_later_infusions_have_their_own_table() -> None:
    assert table("qivigy-us", PI, "first")[1] == "first"
    assert table("qivigy-us", PI, "subsequent")[1] == "subsequent"


def test_rates_for_later_infusions_only_are_for_whoever_had_it_before() -> None:
    product = helpers.own_product(ladder=[("1 mL/kg/h", None)], more=["    infusion: subsequent"])
    assert helpers.pump_rates(session(product, CIDP, "70 kg", "35 g", infusion="subsequent")) == ["70"]
    for words in ({}, {"infusion": "first"}, {"infusion": "subsequent", "last_product": "privigen-us"}):
        with pytest.raises(RefusedError, match="has rates for later infusions only") as caught:
            helpers.rates(product, CIDP, "70 kg", "35 g", **words)
        assert caught.value.code == "rate-not-published"


def test_not_said_is_the_first_infusion_and_is_said() -> None:
    got = helpers.rates("qivigy-us", PI, "70 kg", "28 g")
    assert got.sessions[0].duration_min == 122
    assert "default-used" in helpers.codes(got)


@pytest.mark.parametrize("product", [p for p in library.shipped("product") if not library.product(p).value.rates])
def test_a_product_without_a_printed_rate_is_refused(product: str) -> None:
    with pytest.raises(RefusedError) as caught:
        helpers.rates(product, PI, "70 kg", "30 g")
    assert caught.value.code == "rate-not-published"


def test_but_its_doses_and_vials_can_be_planned() -> None:
    got = helpers.any_course("gammagard-sd-us", "70 kg", "30 g", days="1")
    assert helpers.vials(got.sessions[0]) == {Fraction(10): 3}
    assert got.sessions[0].infusion is None
    assert got.sessions[0].duration_min is None
    assert "rate-not-published" in helpers.codes(got)


# ---- bottles ------------------------------------------------------------------------------------------------------------


def test_when_each_bottle_is_hung_and_changed() -> None:
    """72 g at 72 kg: 30 + 30 + 10 + 2 g, that is 300, 600, 700 and 720 mL; 64.8 mL are in after 60 min, then 172.8 mL/h."""
    got = session("octagam-10-us", DM, "72 kg", "72 g", at="09:00")
    assert [(str(b.size_g), str(b.from_start_min), str(b.to_min)) for b in got.bottles] == [
        ("30", "0", "141.67"),  # 60 + 235.2 / 172.8 x 60
        ("30", "141.67", "245.83"),
        ("10", "245.83", "280.56"),
        ("2", "280.56", "287.5"),
    ]
    assert [b.starts_at for b in got.bottles] == ["09:00", "11:21", "13:05", "13:40"]


def test_what_is_left_in_the_last_bottle_is_not_infused() -> None:
    got = session("octagam-10-us", DM, "72 kg", "71.5 g")
    assert sum(b.volume_ml for b in got.bottles) == got.volume_ml == 715
    assert [str(b.volume_ml) for b in got.bottles] == ["300", "300", "100", "15"]


@pytest.mark.parametrize("dose", ["69 g", "100.4 g", "140 g"])
def test_bottles_follow_one_another_to_the_end(dose: str) -> None:
    got = session("privigen-us", CIDP, "70 kg", dose)
    for before, after in zip(got.bottles, got.bottles[1:], strict=False):
        assert after.from_start_min == before.to_min
    assert got.bottles[0].from_start_min == 0
    assert got.bottles[-1].to_min == got.infusion.minutes
