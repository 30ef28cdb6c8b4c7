"""What every test may use: the two ways to ask, and the rules for generated cases."""

from collections.abc import Callable

import helpers
import pytest
from hypothesis import HealthCheck, settings

from ivigcalc.engine.plan import Plan

# No deadline: the machine that runs the tests may be busy. Derandomised: a red run is red for everybody, every time.
settings.register_profile(
    "ivigcalc", deadline=None, derandomize=True, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ivigcalc")


@pytest.fixture(scope="session")
def plan() -> Callable[..., Plan]:
    """`plan(regimen, product, weight, **words)`: see helpers.plan."""
    return helpers.plan


@pytest.fixture(scope="session")
def rates() -> Callable[..., Plan]:
    """`rates(product, indication, weight, dose, **words)`: see helpers.rates."""
    return helpers.rates
