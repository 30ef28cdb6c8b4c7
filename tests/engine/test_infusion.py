"""An infusion as it is shown: the steps add up to the volume, and each bottle has its time."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import helpers
import pytest

from ivigcalc.engine.plan import Session

DM, CIDP = "dermatomyositis", "cidp"


def session(product: Any, indication: str | None, weight: str, dose: str, **words: Any) -> Session:
    return helpers.rates(product, indication, weight, dose, **words).sessions[0]


# ---- the steps -------------------------------------------------------------------------------------------------------


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


# ---- the bottles -----------------------------------------------------------------------------------------------------


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
