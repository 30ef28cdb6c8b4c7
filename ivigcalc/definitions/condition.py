"""Tests of a patient that a definition may name: `age < 18 years`, `BMI > 30`, `actual > 120 % ideal`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Literal

from msgspec import Struct

from ivigcalc.exact import Fraction
from ivigcalc.quantity import Quantity, QuantityError, in_months, number, quantity
from ivigcalc.text import safe

from .block import AfterValidator, BeforeValidator, PlainSerializer, Strict, WithJsonSchema

_OPERATORS: dict[str, Callable[[Fraction, Fraction], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compare(sign: str, left: Fraction, right: Fraction) -> bool:
    """`left < right` and its like."""
    return _OPERATORS[sign](left, right)


_AGE = r"(>=|>|<=|<)\s*(.+)"


class AgeBound(Strict):
    """One side of an age range, e.g. `>= 18 years`."""

    operator: Literal[">=", ">", "<=", "<"]
    age: Quantity

    def holds(self, age_months: Fraction) -> bool:
        """Whether an age in months is inside the bound."""
        return compare(self.operator, age_months, in_months(self.age))

    def __str__(self) -> str:
        return f"{self.operator} {self.age}"


def _age_bounds(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return tuple(_age_bound(part.strip()) for part in value.split(" and "))


def _age_bound(text: str) -> dict[str, Any]:
    match = re.fullmatch(_AGE, text)
    if not match:
        raise ValueError("must be like '>= 18 years' or '>= 2 years and < 18 years'")
    try:
        age = quantity(match[2], "months", "days")
    except QuantityError as error:
        raise ValueError(str(error)) from None
    return {"operator": match[1], "age": age}


def _is_empty(start: Fraction, end: Fraction, both_hold: bool) -> bool:
    """Whether nothing lies from one bound to another. `both_hold`: where the two are one, it is within both."""
    return start > end or (start == end and not both_hold)


def _of_somebody(bounds: tuple[AgeBound, ...]) -> tuple[AgeBound, ...]:
    """Ages that are above one bound and below another, unless the two leave nobody."""
    for low in bounds:
        for high in bounds:
            if low.operator[0] == ">" and high.operator[0] == "<":
                start, end = in_months(low.age), in_months(high.age)
                if _is_empty(start, end, low.holds(start) and high.holds(end)):
                    raise ValueError(f"nobody is both {low} and {high}")
    return bounds


AgeRange = Annotated[
    tuple[AgeBound, ...],
    BeforeValidator(_age_bounds),
    AfterValidator(_of_somebody),
    PlainSerializer(lambda bounds: " and ".join(map(str, bounds)), return_type=str),
    WithJsonSchema({"type": "string", "examples": [">= 18 years", ">= 2 years and < 18 years"]}),
]


Subject = Literal["age", "height", "bmi", "actual", "pregnant"]
_CONDITION = r"(age|height|BMI|actual)\s*(>=|<=|>|<)\s*(.+)"
_TIMES = r"([0-9.]+)\s*%\s*(?:of\s+)?(ideal|adjusted)"
_ALLOWED = (
    "age < 18 years, height < 152 cm, BMI > 30, actual < adjusted, actual > 120 % ideal, actual < 50 kg, pregnant"
)


class Condition(Struct, frozen=True):
    """One test of a patient, e.g. `actual > 120 % ideal`. `percent` of the named weight; `operand` else."""

    text: str
    subject: Subject
    operator: Literal["<", "<=", ">", ">=", "is"]
    operand: Quantity | Decimal | None = None
    weight: Literal["ideal", "adjusted"] | None = None
    percent: Decimal = Decimal(100)

    def holds(self, left: Fraction, right: Fraction | None = None) -> bool:
        """Whether `left` meets it, in base units; `right` stands for the weight that it names, where it names one."""
        if right is None:
            assert self.operand is not None
            right = self.operand.base if isinstance(self.operand, Quantity) else Fraction(self.operand)
        return compare(self.operator, left, right)

    def __str__(self) -> str:
        return self.text


class _Bound(Struct, frozen=True):
    """Of what a condition speaks, the number at which it begins or ends to hold, and whether it holds there."""

    subject: Subject
    at: Fraction
    holds_there: bool


def _bound(condition: Condition) -> _Bound | None:
    """None where it names no number, but another weight or nothing at all."""
    operand = condition.operand
    if operand is None:
        return None
    at = Fraction(operand) if not isinstance(operand, Quantity) else operand.base
    return _Bound(condition.subject, at, condition.operator in (">=", "<="))


def exclude(one: Condition, other: Condition) -> bool:
    """Whether nobody meets both."""
    lower, upper = (one, other) if one.operator[0] == ">" else (other, one)
    low, high = _bound(lower), _bound(upper)
    if low is None or high is None or low.subject != high.subject or lower.operator[0] == upper.operator[0]:
        return False
    return _is_empty(low.at, high.at, low.holds_there and high.holds_there)


def takes_in(wide: Condition, narrow: Condition) -> bool:
    """Whether whoever meets the narrow one meets the wide one."""
    if wide.text == narrow.text:
        return True
    outer, inner = _bound(wide), _bound(narrow)
    if outer is None or inner is None or outer.subject != inner.subject or wide.operator[0] != narrow.operator[0]:
        return False
    further = outer.at < inner.at if wide.operator[0] == ">" else outer.at > inner.at
    return further or (outer.at == inner.at and (outer.holds_there or not inner.holds_there))


def parse_condition(value: Any) -> Condition:
    """Read one condition of `when` or `unless`."""
    if isinstance(value, Condition):
        return value
    if not isinstance(value, str):
        raise ValueError("must be text")
    text = " ".join(value.split())
    if text == "pregnant":
        return Condition(text, "pregnant", "is")
    match = re.fullmatch(_CONDITION, text)
    if not match:
        raise ValueError(f"'{safe(text)}' is not a condition; allowed: {_ALLOWED}")
    try:
        return _condition(text, match[1].lower(), match[2], match[3])
    except QuantityError as error:
        raise ValueError(f"'{safe(text)}': {error}") from None


def _condition(text: str, subject: str, operator: Any, operand: Any) -> Condition:
    """A condition of `actual` compares with another weight, with a part of it, or with a number of kg."""
    if subject == "bmi":
        return Condition(text, "bmi", operator, number(operand))
    if subject == "age":
        return Condition(text, "age", operator, quantity(operand, "months"))
    if subject == "height":
        return Condition(text, "height", operator, quantity(operand, "height"))
    if operand in ("ideal", "adjusted"):
        return Condition(text, "actual", operator, weight=operand)
    part: Any = re.fullmatch(_TIMES, operand)
    if part:
        return Condition(text, "actual", operator, weight=part[2], percent=number(part[1]))
    return Condition(text, "actual", operator, quantity(operand, "weight"))


ConditionText = Annotated[
    Condition,
    BeforeValidator(parse_condition),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "examples": _ALLOWED.split(", ")}),
]


def _parse_age_condition(value: Any) -> Condition:
    condition = parse_condition(value)
    if condition.subject != "age":  # the dose is rounded after the weight is chosen, by the age alone
        raise ValueError(f"'{condition}' is not a condition of the age; allowed: age < 1 year, age <= 12 months")
    return condition


AgeCondition = Annotated[
    Condition,
    BeforeValidator(_parse_age_condition),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": "^\\s*age\\b", "examples": ["age < 1 year", "age <= 12 months"]}),
]
