"""The records of the dose core cannot be changed by a slip."""

from functools import cached_property
from types import ModuleType
from typing import Any

import pytest
from msgspec import Struct

from ivigcalc import quantity
from ivigcalc.engine import dose, schedule, split, titration, vials, weight

CORE = (quantity, vials, split, dose, titration, weight, schedule)


def records(module: ModuleType) -> list[Any]:
    """The records of a module."""
    return [
        item
        for item in vars(module).values()
        if isinstance(item, type) and issubclass(item, Struct) and item.__module__ == module.__name__
    ]


RECORDS = [record for module in CORE for record in records(module)]


def test_the_core_has_records() -> None:
    assert len(RECORDS) > len(CORE)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_records_of_the_core_are_slotted(record: Any) -> None:
    """A batch holds many; and a slip of the pen in an attribute is an error."""
    remembers = any(isinstance(value, cached_property) for value in vars(record).values())  # which needs a __dict__
    assert record.__struct_config__.dict == remembers


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_records_of_the_core_are_frozen(record: Any) -> None:
    assert record.__struct_config__.frozen
