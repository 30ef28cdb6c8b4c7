"""What the plan document is declared to be: its promises, its bounds, and the JSON Schema that follows from them."""

from __future__ import annotations

import copy
import operator
from typing import Any

import jsonschema
import pytest

from ivigcalc.document.keys import Key, along, keys, promised
from ivigcalc.document.records import Document, Mark
from ivigcalc.document.schema import plan_schema

from . import documents

VALIDATOR = jsonschema.Draft202012Validator(plan_schema())

# ---- what is promised -----------------------------------------------------------------------------------------------

FINGERPRINT = "id version sha256"
#: the interface: block -> the keys in it that no version drops, in their order
INTERFACE = {
    "": "schema ivigcalc_version computed_from dosing_weight rate_weight course sessions totals notices trace",
    "computed_from": "request regimen product policy site",
    "computed_from.regimen": "id protocol version sha256",
    "computed_from.product": FINGERPRINT,
    "computed_from.policy": FINGERPRINT,
    "computed_from.site": "id sha256",
    "dosing_weight": "kg basis actual_kg ideal_kg adjusted_kg bmi",
    "rate_weight": "kg basis",
    "course": "prescribed_g dose_g deviation_percent g_per_kg days interval",
    "sessions": "course day date weekday starts_at ends_at dose_g volume_ml duration_min vials leftover_g steps",
    "sessions.vials": "size_g count",
    "sessions.steps": "step rate_ml_per_kg_per_h rate_mg_per_kg_per_min rate_ml_per_h starts_at duration_min volume_ml"
    " cumulative_ml",
    "totals": "courses sessions dose_g volume_ml vials leftover_g cost",
    "totals.vials": "size_g count",
    "totals.cost": "amount currency",
    "notices": "code level message value limit source overridden_because",
    "trace": "name expression inputs result unit source",
}
#: blocks that the interface does not speak of, and what is promised in them all the same: it stands elsewhere too
BEYOND = {
    "computed_from.request": "",
    "sessions.bottles": "",
    "phases": INTERFACE["course"],
    "computed_from.safety": FINGERPRINT,
    "computed_from.product_class": FINGERPRINT,
    "sessions.pauses": "",
    "revision": "",
    "revision.event": "",
    "history": "",
    "history.event": "",
    "history.before": "",
    "history.to_product": FINGERPRINT,
}


def path_of(block: str) -> tuple[str, ...]:
    return tuple(block.split(".")) if block else ()


def keys_of(block: str) -> dict[str, Key]:
    record = along(path_of(block))[-1].record if block else Document
    assert record is not None
    return keys(record)


@pytest.mark.parametrize("block", [*INTERFACE, *BEYOND])
def test_what_the_interface_promises_is_declared_to_be_promised_in_its_order(block: str) -> None:
    found = [name for name, key in keys_of(block).items() if Mark.PROMISED in key.marks]
    assert found == {**INTERFACE, **BEYOND}[block].split()


def test_a_promised_name_is_known_wherever_it_stands_but_in_lines_of_text() -> None:
    figures = " ".join(names for block, names in INTERFACE.items() if block not in ("notices", "trace"))
    assert promised() == set(figures.split())


def test_a_path_is_followed_as_far_as_it_is_declared() -> None:
    def names(*path: str | int) -> list[str]:
        return [key.name for key in along(path)]

    assert names("sessions", 3, "steps", 0, "rate_ml_per_h") == ["sessions", "steps", "rate_ml_per_h"]
    assert names("computed_from", "request", "weight") == ["computed_from", "request", "weight"]
    assert names("sessions", 0, "chair") == ["sessions"]
    assert names("trace", 0, "inputs", "weight") == ["trace", "inputs"]
    assert names("chair", "sessions") == []


# ---- what the schema lets through -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", documents.PLANS)
def test_a_plan_of_every_kind_fits_the_schema(kind: str) -> None:
    assert [f"{e.json_path}: {e.message}" for e in VALIDATOR.iter_errors(documents.document(kind))] == []


def test_the_plans_have_every_block_and_every_list_that_there_is() -> None:
    """Else the tests of what does not fit would miss some."""
    seen = {path for kind in documents.PLANS for path in blocks(documents.document(kind))}
    declared = {path_of(block) for block in {**INTERFACE, **BEYOND, "computed_from.policy.formula": ""}}
    assert {tuple(part for part in path if isinstance(part, str)) for path in seen} == declared


# ---- what it refuses ------------------------------------------------------------------------------------------------


def blocks(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every block with fixed keys; of lists, the first item stands for all."""
    if isinstance(value, list):
        return blocks(value[0], (*path, 0)) if value else []
    if not isinstance(value, dict) or path[-1:] == ("inputs",):
        return []
    return [path, *(found for key, item in value.items() for found in blocks(item, (*path, key)))]


@pytest.mark.parametrize("kind", ["site", "adjusted weight", "changed orders", "stopped"])
def test_every_key_must_be_there_none_other_may_be_and_each_has_its_type(kind: str) -> None:
    document = documents.document(kind)
    for path in blocks(document):
        broken = copy.deepcopy(document)
        documents.at(broken, path)["surplus"] = 1
        assert not VALIDATOR.is_valid(broken), path
        for key, value in documents.at(document, path).items():
            broken = copy.deepcopy(document)
            documents.at(broken, path)[key] = {"no": "such block"} if isinstance(value, list) else ["no such list"]
            assert not VALIDATOR.is_valid(broken), (*path, key)
            del documents.at(broken, path)[key]
            assert not VALIDATOR.is_valid(broken), (*path, key)


SESSION, STEP, BOTTLE = ("sessions", 0), ("sessions", 0, "steps", 0), ("sessions", 0, "bottles", 0)
VIAL = (*SESSION, "vials", 0)
OUT_OF_BOUNDS: list[tuple[tuple[str | int, ...], Any]] = [
    ((*SESSION, "dose_g"), -72),
    ((*SESSION, "dose_g"), 0),
    ((*SESSION, "dose_g"), "72"),
    (("course", "dose_g"), 0),
    (("phases", 0, "dose_g"), -1),
    (("totals", "dose_g"), 0),
    (("course", "prescribed_g"), -144),
    (("course", "g_per_kg"), -2),
    (("course", "days"), 0),
    (("course", "days"), 2.5),
    (("course", "courses"), 0),
    (("course", "first_course"), 0),
    (("dosing_weight", "kg"), 0),
    (("dosing_weight", "actual_kg"), 0),
    (("dosing_weight", "ideal_kg"), 0),
    (("dosing_weight", "adjusted_kg"), 0),
    (("dosing_weight", "bmi"), 0),
    (("dosing_weight", "basis"), "lean"),
    (("rate_weight", "kg"), 0),
    (("sessions",), []),
    (("phases",), []),
    ((*SESSION, "steps"), []),
    ((*SESSION, "course"), 0),
    ((*SESSION, "day"), 0),
    ((*SESSION, "volume_ml"), -0.001),
    ((*SESSION, "leftover_g"), -1),
    ((*SESSION, "duration_min"), -1),
    ((*SESSION, "duration_min"), 90.5),
    ((*VIAL, "count"), 0),
    ((*VIAL, "size_g"), 0),
    (("totals", "vials", 0, "count"), -1),
    ((*STEP, "step"), 0),
    ((*STEP, "rate_ml_per_h"), -43.2),
    ((*STEP, "rate_ml_per_kg_per_h"), -0.6),
    ((*STEP, "rate_mg_per_kg_per_min"), -1),
    ((*STEP, "duration_min"), -30),
    ((*STEP, "volume_ml"), -21.6),
    ((*STEP, "cumulative_ml"), -21.6),
    ((*STEP, "from_start_min"), -1),
    ((*STEP, "remaining_ml"), -1),
    ((*STEP, "assumed"), 1),
    ((*BOTTLE, "bottle"), 0),
    ((*BOTTLE, "size_g"), 0),
    ((*BOTTLE, "volume_ml"), -1),
    ((*BOTTLE, "from_start_min"), -1),
    ((*BOTTLE, "to_min"), -1),
    (("totals", "courses"), 0),
    (("totals", "sessions"), 0),
    (("totals", "volume_ml"), -1),
    (("totals", "leftover_g"), -1),
    (("totals", "cost", "amount"), -1),
    (("notices", 0, "level"), "warning"),
    (("notices", 0, "sessions"), [[1, 0]]),
    (("notices", 0, "sessions"), [[1, 1, 1]]),
    (("notices", 0, "sessions"), [[1]]),
    (("schema",), "ivigcalc.plan/2"),
    (("computed_from", "request", "command"), "verify"),
    (("last_covered",), "2026-13-01"),
    ((*SESSION, "date"), "2026-12-32"),
    ((*SESSION, "date"), "1 December 2026"),
    ((*SESSION, "starts_at"), "24:00"),
    ((*SESSION, "ends_at"), "2026-12-01T9:00"),
    ((*STEP, "starts_at"), "2026-12-01 09:00"),
    ((*BOTTLE, "starts_at"), "09:60"),
    ((*BOTTLE, "ends_at"), ""),
    ((*SESSION, "visit_from"), "early"),
    ((*SESSION, "visit_to"), "2026-00-01T09:00"),
    (("computed_from", "request", "on"), "today"),
    (("computed_from", "product", "version"), "1.0"),
    (("computed_from", "product", "sha256"), "0" * 63),
    (("computed_from", "safety", "sha256"), "Z" * 64),
    (("computed_from", "regimen", "version"), "26-11-22"),
    (("computed_from", "regimen", "sha256"), ""),
    (("computed_from", "site", "sha256"), "f" * 65),
]


@pytest.mark.parametrize(("path", "value"), OUT_OF_BOUNDS, ids=str)
def test_a_figure_out_of_its_bounds_does_not_fit_the_schema(path: tuple[str | int, ...], value: Any) -> None:
    document = documents.document("site")
    *above, last = path
    assert last in documents.at(document, tuple(above))
    documents.at(document, tuple(above))[last] = value
    [error] = VALIDATOR.iter_errors(document)
    assert error.absolute_path
    assert all(map(operator.eq, error.absolute_path, path))


def test_steps_may_be_missing_only_where_no_rates_were_published() -> None:
    document = documents.document("no rates")
    assert (document["sessions"][0]["ladder"], document["sessions"][0]["steps"]) == (None, [])
    assert VALIDATOR.is_valid(document)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("course", "deviation_percent"), -2.78),
        ((*SESSION, "leftover_g"), 0),
        ((*SESSION, "starts_at"), "00:00"),
        ((*SESSION, "ends_at"), "2027-02-28T23:59"),
        ((*STEP, "remaining_ml"), 0),
        ((*VIAL, "size_g"), 0.5),
    ],
    ids=str,
)
def test_a_figure_at_its_bound_fits_the_schema(path: tuple[str | int, ...], value: Any) -> None:
    document = documents.document("site")
    documents.at(document, path[:-1])[path[-1]] = value
    assert VALIDATOR.is_valid(document)
