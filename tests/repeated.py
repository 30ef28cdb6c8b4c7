"""The figures of a sentence, and the quantities of a definition file, both as (dimension, amount in its base unit)."""

import re
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any

from ivigcalc.definitions import Days, Phase, Protocol, Strict
from ivigcalc.definitions.condition import AgeBound, Condition
from ivigcalc.definitions.regimen import Courses
from ivigcalc.quantity import UNITS, Quantity

Figure = tuple[str, Fraction]
Place = tuple[str | int, ...]

_TO_TEN = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
WORDS = {word: number for number, word in enumerate(_TO_TEN, start=1)}
NAMES = {
    "hour": "h", "hours": "h", "minute": "min", "minutes": "min", "days": "day", "weeks": "week", "months": "month",
    "years": "year", "inch": "in", "inches": "in", "courses": "course", "cycles": "course", "infusions": "course",
}  # fmt: skip
#: units that only sentences use
SPOKEN = {"mg/dL": ("igg", Fraction(1, 100)), "course": ("courses", Fraction(1)), "mL/kg": ("mL/kg", Fraction(1))}
NUMBER = r"\d+(?:\.\d+)?"
NUMBERS = rf"(?:{NUMBER}|\b(?:{'|'.join(WORDS)})\b)(?:(?: ?- ?| to | or | and |, ){NUMBER})*"
UNIT = "|".join(sorted(map(re.escape, {*UNITS, *NAMES, *SPOKEN}), key=len, reverse=True))
WITH_UNIT = re.compile(rf"(?<![\w./])({NUMBERS})[ -]?({UNIT})(?![\w/])")
BARE = re.compile(rf"\b(BMI|under|days?|weeks?|months?) (?:of |[<>=]+ )?({NUMBER})(?![\d.])(?! ?(?:{UNIT})(?![\w/]))")


def figures(text: str) -> Iterator[tuple[str, Figure, int]]:
    """Each figure of a sentence as it stands there, what it is, and how many decimals it is printed with."""
    for found in WITH_UNIT.finditer(text):
        unit = NAMES.get(found[2], found[2])
        dimension, factor = SPOKEN.get(unit) or UNITS[unit]
        for said in re.findall(rf"{NUMBER}|[a-z]{{3,}}", found[1]):
            number = Fraction(WORDS.get(said, said)) if said in WORDS or said[0].isdigit() else None
            if number is not None:
                yield f"{said} {found[2]}", (dimension, number * factor), len(said.partition(".")[2])
    for found in BARE.finditer(text):
        name = found[1].rstrip("s")
        dimension, factor = {"BMI": ("bmi", Fraction(1)), "under": UNITS["year"]}.get(name) or UNITS[name]
        yield found[0], (dimension, Fraction(found[2]) * factor), len(found[2].partition(".")[2])
    if "fortnight" in text:
        yield "fortnight", ("days", Fraction(14)), 0


def quantities(value: Any, concentration: Fraction | None = None) -> set[Figure]:
    """Everything that the keys below a value say, and what follows from them by multiplying or by another unit."""
    found = set(_said(value))
    if concentration:
        found.add(("percent", concentration / 10))
    for dimension, amount in list(found):
        if dimension == "rate per kg" and concentration:
            found.add(("mass rate per kg", amount * concentration / 60))
        if dimension == "mass rate per kg" and concentration:
            found.add(("rate per kg", amount * 60 / concentration))
        if dimension == "days" and amount % 28 == 0:  # as everywhere: four weeks are a month
            found.add(("months", amount / 28))
    return found


def _said(value: Any) -> Iterator[Figure]:
    if isinstance(value, Quantity):
        yield value.dimension, Fraction(value.base)
    elif isinstance(value, AgeBound):
        yield value.age.dimension, Fraction(value.age.base)
    elif isinstance(value, Condition):
        if isinstance(value.operand, Quantity):
            yield value.operand.dimension, Fraction(value.operand.base)
        elif isinstance(value.operand, Decimal):
            yield "bmi", Fraction(value.operand)
        yield "percent", Fraction(value.percent)
    elif isinstance(value, Strict):
        yield from _counted(value)
        for name in type(value).model_fields:
            yield from _said(getattr(value, name))
    elif isinstance(value, dict):
        for child in value.values():
            yield from _said(child)
    elif isinstance(value, tuple):
        for child in value:
            yield from _said(child)


def _counted(value: Strict) -> Iterator[Figure]:
    if isinstance(value, Days):
        yield from (("days", Fraction(days)) for days in (value.from_, value.to) if days)
    elif isinstance(value, Courses):
        yield from (("courses", Fraction(courses)) for courses in (value.from_, value.to) if courses)
    elif isinstance(value, Phase):
        yield from _of_phase(value)
    elif isinstance(value, Protocol) and not value.phases:
        yield from _of_phase(value.stages[0])


def _of_phase(phase: Phase) -> Iterator[Figure]:
    """How long the courses last together, and what they come to."""
    if phase.courses is None:
        return
    counts = [count for count in (phase.courses.from_, phase.courses.to) if count]
    every = [phase.interval.every.from_, phase.interval.every.to] if phase.interval else []
    dose = phase.dose.per_course if phase.dose else None
    for count, each in product(counts, [*every, *((dose.from_, dose.to) if dose else ())]):
        yield each.dimension, count * Fraction(each.base)
