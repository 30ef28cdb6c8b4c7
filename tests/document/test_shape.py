"""A saved plan that is read and not computed again: it has the shape of a plan, or it is refused."""

import copy
from collections.abc import Iterator
from typing import Any

import helpers
import pytest

from ivigcalc.document.keys import Path, along
from ivigcalc.document.read import parse
from ivigcalc.document.records import Mark
from ivigcalc.document.shape import misshapen
from ivigcalc.document.write import to_json


def a_document() -> dict[str, Any]:
    plan = helpers.plan("dermatomyositis", "octagam-10-us", "72 kg", age="54y", start="2026-12-01", at="09:00")
    found: dict[str, Any] = parse(to_json(plan))
    return found


DOCUMENT = a_document()


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every place in the document, but those inside the request, which is read as words."""
    if path:
        yield path
    if path[:2] == ("computed_from", "request"):
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*path, key))
    elif isinstance(value, list) and value:
        yield from places(value[0], (*path, 0))


def changed(path: Path, value: Any) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    block: Any = document
    for part in path[:-1]:
        block = block[part]
    if value is ...:
        del block[path[-1]]
    else:
        block[path[-1]] = value
    return document


def is_promised(path: Path) -> bool:
    keys = along(path)
    return isinstance(path[-1], str) and bool(keys) and keys[-1].name == path[-1] and Mark.PROMISED in keys[-1].marks


def test_a_plan_has_the_shape_of_one() -> None:
    assert misshapen(DOCUMENT) is None


@pytest.mark.parametrize("path", [p for p in places(DOCUMENT) if is_promised(p)], ids=lambda p: ".".join(map(str, p)))
def test_what_is_promised_must_be_there(path: Path) -> None:
    named = misshapen(changed(path, ...))
    assert named is not None
    assert named.endswith(str(path[-1]))


class Nothing:
    """What no key of any plan can be."""


@pytest.mark.parametrize(
    "path",
    [
        p
        for p in places(DOCUMENT)
        if not any(mark in along(p)[-1].marks for mark in (Mark.REWORDED,)) and "inputs" not in p
    ],
    ids=lambda p: ".".join(map(str, p)),
)
def test_what_is_there_must_be_of_its_kind(path: Path) -> None:
    assert misshapen(changed(path, Nothing())) is not None


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("sessions",), [], "sessions"),
        (("sessions", 0, "dose_g"), "72", "sessions[1].dose_g"),
        (("sessions", 0, "dose_g"), True, "sessions[1].dose_g"),
        (("sessions", 1, "steps", 2, "rate_ml_per_h"), None, "sessions[2].steps[3].rate_ml_per_h"),
        (("notices", 0, "level"), "grave", "notices[1].level"),
    ],
)
def test_the_place_is_named_as_on_the_page(path: Path, value: Any, named: str) -> None:
    assert misshapen(changed(path, value)) == named


def test_what_another_version_may_leave_out_may_be_absent() -> None:
    assert misshapen(changed(("sessions", 0, "visit_from"), ...)) is None
