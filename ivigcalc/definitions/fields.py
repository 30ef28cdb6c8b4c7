"""The field types of definition files: every scalar arrives as text and leaves as an exact, unit-typed value."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar

from ivigcalc.clock import iso_date
from ivigcalc.quantity import UNITS, Quantity, QuantityError, number, plain, quantity

from .block import BeforeValidator, Field, Mark, PlainSerializer, Strict, WithJsonSchema, model_validator

# compiled when a file is read: what was prepared needs none
_CONTROL = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]"


Place = tuple[str | int, ...]


class ContradictionError(ValueError):
    """What does not fit together in one block: (place below the block, message) for each."""

    def __init__(self, found: Iterable[tuple[Place, str]]) -> None:
        self.found = tuple(found)
        super().__init__("; ".join(message for _, message in self.found))


def refuse(found: Iterable[tuple[Place, str]]) -> None:
    """Raise `ContradictionError` where there are any."""
    contradictions = ContradictionError(found)
    if contradictions.found:
        raise contradictions


def as_text(value: Any) -> str:
    """One line of printable text, its spaces tidied."""
    if not isinstance(value, str):
        raise ValueError("must be text")
    stripped = " ".join(value.split())
    if not stripped:
        raise ValueError("must not be empty")
    if re.search(_CONTROL, stripped):
        raise ValueError("must not contain control or text-direction characters")
    return stripped


def _identifier(value: Any) -> str:
    text = as_text(value)
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,59}", text):
        raise ValueError("must be lower-case letters, digits and hyphens, at most 60")
    return text


def _bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value not in ("true", "false"):
        raise ValueError("must be true or false")
    return bool(value == "true")


def _count(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"0|[1-9][0-9]{0,4}", value):
        raise ValueError("must be a whole number")
    return int(value)


def _decimal(value: Any) -> Decimal:
    if isinstance(value, Decimal):
        return value
    return number(value)


def _quantity_of(*dimensions: str) -> Callable[[Any], Quantity]:
    def read(value: Any) -> Quantity:
        if isinstance(value, Quantity):
            return value
        try:
            found = quantity(value, *dimensions)
        except QuantityError as error:
            raise ValueError(str(error)) from None
        if found.value == 0:
            raise ValueError("must be above 0")
        return found

    return read


def _units(*dimensions: str) -> str:
    return "|".join(
        re.escape(u) + ("s?" if d in ("days", "months") else "") for u, (d, _) in UNITS.items() if d in dimensions
    )


def _schema(*dimensions: str) -> Mark:
    return WithJsonSchema({"type": "string", "pattern": rf"^[0-9]+(\.[0-9]+)? ({_units(*dimensions)})$"})


_AS_TEXT = PlainSerializer(str, return_type=str)

Text = Annotated[str, BeforeValidator(as_text), WithJsonSchema({"type": "string", "minLength": 1})]
Identifier = Annotated[
    str, BeforeValidator(_identifier), WithJsonSchema({"type": "string", "pattern": "^[a-z0-9][a-z0-9-]*$"})
]
Bool = Annotated[bool, BeforeValidator(_bool)]
Count = Annotated[int, BeforeValidator(_count), Field(ge=0)]
Number = Annotated[
    Decimal,
    BeforeValidator(_decimal),
    PlainSerializer(plain, return_type=str),
    WithJsonSchema({"type": ["number", "string"]}),
]
Date = Annotated[date, BeforeValidator(iso_date), WithJsonSchema({"type": "string", "format": "date"})]

DoseQuantity = Annotated[Quantity, BeforeValidator(_quantity_of("dose", "amount")), _AS_TEXT, _schema("dose", "amount")]
# control: class-dose-per-kg
DosePerKg = Annotated[Quantity, BeforeValidator(_quantity_of("dose")), _AS_TEXT, _schema("dose")]
Amount = Annotated[Quantity, BeforeValidator(_quantity_of("amount")), _AS_TEXT, _schema("amount")]
Concentration = Annotated[Quantity, BeforeValidator(_quantity_of("concentration")), _AS_TEXT, _schema("concentration")]
_RATE_DIMENSIONS = ("rate per kg", "mass rate per kg", "rate")
Rate = Annotated[Quantity, BeforeValidator(_quantity_of(*_RATE_DIMENSIONS)), _AS_TEXT, _schema(*_RATE_DIMENSIONS)]
_PER_KG = ("rate per kg", "mass rate per kg")
RatePerKg = Annotated[Quantity, BeforeValidator(_quantity_of(*_PER_KG)), _AS_TEXT, _schema(*_PER_KG)]
FlowRate = Annotated[Quantity, BeforeValidator(_quantity_of("rate")), _AS_TEXT, _schema("rate")]
Minutes = Annotated[Quantity, BeforeValidator(_quantity_of("time")), _AS_TEXT, _schema("time")]
Interval = Annotated[Quantity, BeforeValidator(_quantity_of("days", "months")), _AS_TEXT, _schema("days", "months")]
DaySpan = Annotated[Quantity, BeforeValidator(_quantity_of("days")), _AS_TEXT, _schema("days")]
Height = Annotated[Quantity, BeforeValidator(_quantity_of("height")), _AS_TEXT, _schema("height")]
BodyWeight = Annotated[Quantity, BeforeValidator(_quantity_of("weight")), _AS_TEXT, _schema("weight")]
Percent = Annotated[Quantity, BeforeValidator(_quantity_of("percent")), _AS_TEXT, _schema("percent")]
IgaContent = Annotated[Quantity, BeforeValidator(_quantity_of("iga")), _AS_TEXT, _schema("iga")]
IgGLevel = Annotated[Quantity, BeforeValidator(_quantity_of("igg")), _AS_TEXT, _schema("igg")]

_T = TypeVar("_T")


class Range(Strict, Generic[_T]):
    """A published value, or a published range of it: `2 g/kg` or `{from: 1 g/kg, to: 2 g/kg}`."""

    from_: _T = Field(alias="from")
    to: _T

    @model_validator(mode="before")
    @classmethod
    def _one_value_is_both_ends(cls, value: Any) -> Any:
        return {"from": value, "to": value} if isinstance(value, str | Quantity | int) else value

    @model_validator(mode="after")
    def _ordered(self) -> Range[_T]:
        low, high = (end.base if isinstance(end, Quantity) else end for end in (self.from_, self.to))
        if (
            isinstance(self.from_, Quantity)
            and isinstance(self.to, Quantity)
            and self.from_.dimension != self.to.dimension
        ):
            raise ValueError("'from' and 'to' must be the same kind of quantity")
        if low > high:  # type: ignore[operator]
            raise ValueError(f"'from' must not be above 'to'; {self.from_} is above {self.to}")
        return self

    @property
    def single(self) -> _T | None:
        """The value where only one was published, else None."""
        return self.from_ if self.from_ == self.to else None

    def __str__(self) -> str:
        return str(self.from_) if self.single is not None else f"{self.from_} to {self.to}"
