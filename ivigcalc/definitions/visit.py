"""What may be said of a visit around the infusion: times, drugs before, flush, observations, reactions."""

from __future__ import annotations

from typing import Annotated

from ivigcalc.quantity import Quantity, quantity

from .block import AfterValidator, BeforeValidator, Field, PlainSerializer, Strict, WithJsonSchema
from .fields import Bool, Minutes, Text
from .source import Cited


def _whole(time: Quantity) -> Quantity:
    if time.base.denominator != 1:
        raise ValueError(f"{time} is not a whole number of minutes; allowed: whole minutes such as 45 min")
    return time


def _volume(value: object) -> Quantity:
    found = value if isinstance(value, Quantity) else quantity(value, "volume")  # type: ignore[arg-type]
    if found.value == 0:
        raise ValueError("must be above 0")
    return found


WholeMinutes = Annotated[Minutes, AfterValidator(_whole)]
Volume = Annotated[
    Quantity,
    BeforeValidator(_volume),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)? mL$"}),
]


class Visit(Strict):
    """What a visit takes besides the infusion."""

    arrival: WholeMinutes | None = None
    premedication: WholeMinutes | None = None
    flush: WholeMinutes | None = None
    observation: WholeMinutes | None = None

    @property
    def before_min(self) -> int:
        """Minutes from arrival to the start of the infusion."""
        return _sum(self.arrival, self.premedication)

    @property
    def after_min(self) -> int:
        """Minutes from its end to leaving."""
        return _sum(self.flush, self.observation)


def _sum(*times: Quantity | None) -> int:
    return sum(int(time.base) for time in times if time)


class Premedication(Strict):
    """One drug that is given before, as the clinic's own order has it; none is shipped."""

    drug: Text
    dose: Text
    route: Text
    before: WholeMinutes | None = Field(default=None, description="how long before the infusion starts")


class Flush(Strict):
    """With what the line is flushed; its volume is not part of the dose."""

    fluid: Text
    volume: Volume | None = None


class Observations(Strict):
    """When the patient is looked at: before the start and at the end always, and at these times."""

    after_start: tuple[WholeMinutes, ...] = ()
    at_each_rate: Bool = True
    every: WholeMinutes | None = Field(default=None, description="no longer than this between two of them")
    after_end: tuple[WholeMinutes, ...] = ()


class CitedObservations(Observations, Cited):
    """The same, as somebody printed it."""


class Reaction(Strict):
    """What to do on a reaction, a line each, in the clinic's own words."""

    stop: Text
    slow: Text
    restart: Text


class ForPatient(Strict):
    """What the page for the patient says, in plain words."""

    bring: tuple[Text, ...] = ()
    report: tuple[Text, ...] = ()
