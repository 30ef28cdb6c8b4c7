"""What must be said about a plan: every check, each a coded notice with value, limit, source and remedy.

A stop that the order overrides stays on the plan with its reason; one that it does not ends the run with exit 4.
"""

from .common import Asked, cite, counted, of_phase, refusal, settle, show, stop_now
from .dates import dates
from .information import information
from .infusion import after_a_gap, rates, restart
from .order import (
    courses_range,
    day_limits,
    days_range,
    deviation,
    dose_range,
    highest_dose,
    interval_fits,
    interval_range,
)
from .patient import contraindications, population, stale_weight, weight_policy
from .plausibility import dosing_weight, plausibility
from .protocol import default_protocol, said_of_phase, said_of_protocol

__all__ = [
    "Asked",
    "after_a_gap",
    "cite",
    "contraindications",
    "counted",
    "courses_range",
    "dates",
    "day_limits",
    "days_range",
    "default_protocol",
    "deviation",
    "dose_range",
    "dosing_weight",
    "highest_dose",
    "information",
    "interval_fits",
    "interval_range",
    "of_phase",
    "plausibility",
    "population",
    "rates",
    "refusal",
    "restart",
    "said_of_phase",
    "said_of_protocol",
    "settle",
    "show",
    "stale_weight",
    "stop_now",
    "weight_policy",
]  # fmt: skip
