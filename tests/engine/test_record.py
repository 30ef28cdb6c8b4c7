"""When the patient is looked at, and which volumes the pump is set to."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import helpers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivigcalc import library
from ivigcalc.definitions.visit import Observations
from ivigcalc.engine.plan import Session
from ivigcalc.engine.record import observations, pump_volumes_ml
from ivigcalc.quantity import quantity

#: Octagam 10 %, 72 g: steps at 0, 30 and 60 min, 288 min long
LONG = helpers.plan("dermatomyositis", "octagam-10-us", "72kg", age="54y", start="2026-12-01", at="09:00").sessions[0]


def rule(**keys: Any) -> Observations:
    return Observations.model_validate(keys)


def times(session: Session, **keys: Any) -> list[tuple[int | None, str]]:
    found = observations(session, rule(**keys))
    return [(None if o.from_start_min is None else int(o.from_start_min), o.why) for o in found]


def test_before_at_each_rate_and_at_the_end_at_least() -> None:
    assert times(LONG) == [(None, "before the start"), (30, "before step 2"), (60, "before step 3"), (288, "end")]


def test_no_longer_than_the_rule_says_between_two() -> None:
    found = [minute for minute, _ in times(LONG, every="60 min")]
    assert found == [None, 30, 60, 120, 180, 240, 288]


def test_the_first_time_is_as_far_from_the_start_as_the_rule_allows() -> None:
    found = [minute for minute, _ in times(LONG, every="30 min")]
    assert found == [None, *range(30, 271, 30), 288]


def test_a_time_after_the_start_that_the_infusion_does_not_reach_is_left_out() -> None:
    """It takes 288 min; what is looked at at its end is the end."""
    said = times(LONG, at_each_rate="false", after_start=["287 min", "288 min", "289 min"])
    assert said[1:] == [(287, "287 min after the start"), (288, "end")]


def test_times_after_start_and_end_are_those_of_the_rule() -> None:
    assert times(LONG, at_each_rate="false", after_start=["15 min"], after_end=["60 min", "30 min"]) == [
        (None, "before the start"),
        (15, "15 min after the start"),
        (288, "end"),
        (318, "30 min after the end"),
        (348, "60 min after the end"),
    ]


def test_one_minute_is_looked_at_once() -> None:
    assert [minute for minute, _ in times(LONG, after_start=["30 min"])] == [None, 30, 60, 288]


def test_without_rates_only_the_time_before_is_known() -> None:
    none = helpers.plan("dermatomyositis", "alyglo-us", "72kg", age="54y").sessions[0]
    assert times(none, every="60 min", after_end=["30 min"]) == [(None, "before the start")]


def test_the_shipped_rule_is_the_newfoundland_minimum_and_hourly() -> None:
    shipped = library.safety().value.observations
    assert shipped is not None
    found = [o.from_start_min for o in observations(LONG, shipped)]
    assert found == [None, 15, 30, 60, 120, 180, 240, 288, 318]


@given(every=st.integers(5, 240), first=st.integers(1, 400))
def test_two_are_never_further_apart_than_the_rule_and_none_comes_twice(every: int, first: int) -> None:
    found = observations(LONG, rule(every=f"{every} min", after_start=[f"{first} min"]))
    minutes = [Decimal(0), *(o.from_start_min for o in found if o.from_start_min is not None)]
    assert all(0 < later - earlier <= every for earlier, later in pairwise(minutes))


# ---- the pump's own volumes -----------------------------------------------------------------------------------------


def test_volumes_are_set_as_the_pump_can_and_add_up() -> None:
    # 43.2 mL/h for 30 min 21.6, 86.4 mL/h for 30 min 43.2, the rest of 720
    assert pump_volumes_ml(LONG, quantity("0.1 mL", "volume")) == (Decimal("21.6"), Decimal("43.2"), Decimal("655.2"))
    # running 21.6, 64.8, 720 to the nearest: 22, 65, 720
    assert pump_volumes_ml(LONG, quantity("1 mL", "volume")) == (22, 43, 655)
    # 0.9213 g are 9.213 mL: a pump of 0.001 mL is set to that, one of 0.05 mL to 9.2
    small = helpers.anyway(helpers.rates, "octagam-10-us", "chronic-itp", "70kg", "0.9213 g").sessions[0]
    assert pump_volumes_ml(small, quantity("0.001 mL", "volume")) == (Decimal("9.213"),)
    assert pump_volumes_ml(small, quantity("0.05 mL", "volume")) == (Decimal("9.2"),)


@given(weight=st.integers(30, 1500), least=st.sampled_from(["0.1 mL", "0.5 mL", "1 mL", "0.01 mL"]))
def test_they_add_up_to_the_volume_whatever_the_pump(weight: int, least: str) -> None:
    unit = quantity(least, "volume")
    kg = Decimal(weight) / 10
    plan = helpers.anyway(helpers.rates, "octagam-10-us", "chronic-itp", f"{kg}kg", f"{kg}g")
    session = plan.sessions[0]
    found = pump_volumes_ml(session, unit)
    assert all(Fraction(volume) % unit.base == 0 for volume in found)
    assert abs(Fraction(sum(found)) - Fraction(session.volume_ml or 0)) * 2 <= unit.base
    for volume, step in zip(found, session.steps, strict=True):
        assert abs(Fraction(volume) - Fraction(step.volume_ml)) <= unit.base


@pytest.mark.parametrize("wrong", ["0 mL", "0.1 mL/h", "0.1"])
def test_a_volume_of_the_pump_is_a_volume(wrong: str) -> None:
    with pytest.raises(ValueError, match="pump"):
        helpers.a_site(pump={"volume": wrong})
