"""Rates as a label prints them, in mL/kg/h: by mass or by volume, by the minute or by the hour."""

from fractions import Fraction

from ivigcalc.definitions import ml_per_kg_per_h
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
