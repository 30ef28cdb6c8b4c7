"""Rates as a label prints them, in mL/kg/h: by mass or by volume, by the minute or by the hour."""

from fractions import Fraction

import helpers
import pytest

from ivigcalc.definitions import Product, ml_per_kg_per_h
from ivigcalc.errors import DefinitionError
from ivigcalc.quantity import quantity


def test_conversions_compose() -> None:
    """By two ways to the same unit: a factor the wrong way up would pass a round trip, but not this."""
    strength = quantity("100 mg/mL", "concentration")
    by_mass = ml_per_kg_per_h(quantity("0.5 mg/kg/min", "mass rate per kg"), strength)
    by_hour = ml_per_kg_per_h(quantity("30 mg/kg/h", "mass rate per kg"), strength)
    by_volume = ml_per_kg_per_h(quantity("0.005 mL/kg/min", "rate per kg"), strength)
    assert by_mass == by_hour == by_volume == quantity("0.3 mL/kg/h", "rate per kg").base == Fraction("0.3")


def test_a_weaker_solution_runs_faster_for_the_same_mass() -> None:
    rate = quantity("3.3 mg/kg/min", "mass rate per kg")
    assert ml_per_kg_per_h(rate, quantity("100 mg/mL", "concentration")) == Fraction("1.98")
    assert ml_per_kg_per_h(rate, quantity("50 mg/mL", "concentration")) == Fraction("3.96")


# ---- a rate at risk that is printed in another unit than the steps ---------------------------------------------------


def with_risk(at_risk: str) -> Product:
    """Steps of 1, 2 and 4 mL/kg/h of a 10 % product."""
    steps = (("1 mL/kg/h", "30 min"), ("2 mL/kg/h", "30 min"), ("4 mL/kg/h", None))
    return helpers.own_product(ladder=steps, ceiling="4 mL/kg/h", at_risk=at_risk).value


def test_a_rate_at_risk_by_mass_is_compared_by_the_concentration() -> None:
    """5 mg/kg/min are 3 mL/kg/h, so not above a maximum of 4 mL/kg/h; 7 mg/kg/min are 4.2."""
    product = with_risk("5 mg/kg/min")
    kept = product.at_risk(product.rates[0])
    assert kept is not None
    assert str(kept.rate) == "5 mg/kg/min"
    with pytest.raises(DefinitionError, match="at_risk_ceiling 7 mg/kg/min is above the ceiling 4 mL/kg/h"):
        with_risk("7 mg/kg/min")


@pytest.mark.parametrize(("printed", "kept"), [("3.3 mg/kg/min", "1 mL/kg/h"), ("3.4 mg/kg/min", "2 mL/kg/h")])
def test_less_than_a_rate_by_mass_is_the_last_step_below_it(printed: str, kept: str) -> None:
    """3.3 mg/kg/min are 1.98 mL/kg/h, 3.4 are 2.04."""
    product = with_risk(f"{printed}, less_than: true")
    ceiling = product.at_risk(product.rates[0])
    assert ceiling is not None
    assert str(ceiling.rate) == kept


def test_and_there_has_to_be_one() -> None:
    """1.6 mg/kg/min are 0.96 mL/kg/h."""
    with pytest.raises(DefinitionError, match=r"no step is below 1\.6 mg/kg/min: the first is 1 mL/kg/h"):
        with_risk("1.6 mg/kg/min, less_than: true")
