"""The records of the dose core cannot be changed by a slip."""

import dataclasses
from functools import cached_property
from types import ModuleType
from typing import Any

import pytest

from ivigcalc import quantity
from ivigcalc.engine import dose, schedule, split, titration, vials, weight

CORE = (quantity, vials, split, dose, titration, weight, schedule)


def records(module: ModuleType) -> list[Any]:
    """The dataclasses of a module."""
    return [
        item
        for item in vars(module).values()
        if isinstance(item, type) and dataclasses.is_dataclass(item) and item.__module__ == module.__name__
    ]


@pytest.mark.parametrize("module", CORE, ids=lambda module: module.__name__)
def test_records_of_the_core_are_slotted(module: ModuleType) -> None:
    """A batch holds many; and a slip of the pen in an attribute is an error."""
    for record in records(module):
        remembers = any(isinstance(value, cached_property) for value in vars(record).values())  # which needs a __dict__
        assert ("__slots__" in vars(record)) != remembers, record


@pytest.mark.parametrize(
    "record",
    [r for module in CORE for r in records(module) if r is not weight.Facts],
    ids=lambda record: record.__name__,
)
def test_records_of_the_core_are_frozen(record: Any) -> None:
    """All but the notebook in which the rules of a policy write what they assumed."""
    assert record.__dataclass_params__.frozen
