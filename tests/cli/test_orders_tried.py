"""Orders that once gave the wrong answer give the right one: `orders-tried.yaml`, a line for each."""

from __future__ import annotations

import ast
import json
import shlex
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

TESTS = Path(__file__).parents[1]
ORDERS = yaml.load((TESTS / "cli" / "orders-tried.yaml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader)["orders"]
ASKED = [order for order in ORDERS if "run" in order]
ELSEWHERE = [order for order in ORDERS if "held_by" in order]
#: what is looked up in the JSON
FIGURES = ("dose_g", "days", "vials", "leftover_g", "highest_ml_per_h", "duration_min", "first_end")
#: a hospital's own product whose last step was written for a minute where the hour is meant (4.8 mL/kg/h)
OWN_PRODUCT = """\
kind: product
schema: 2
id: own
version: 2026-11-28
title: Own
country: US
manufacturer: Own
concentration: 50 mg/mL
vials: [5 g]
source: leaflet
sources:
  leaflet: {title: Leaflet, body: Own, date: 2026-01-01, locator: page 1, checked: 2026-11-28}
rates:
  - for: [primary-immunodeficiency]
    ladder:
      - {rate: 0.6 mL/kg/h, for: 15 min}
      - {rate: 4.8 mL/kg/min}
    ceiling: {rate: 4.8 mL/kg/min}
"""


def named(order: dict[str, Any]) -> str:
    return str(order["id"])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("order", ASKED, ids=named)
def test_an_order_that_was_answered_wrongly_gets_the_right_answer(
    order: dict[str, Any], folder: Path, run: Callable[..., Any]
) -> None:
    if "site" in order:
        site = {"kind": "site", "schema": "2", "id": "st-elsewhere", **order["site"]}
        (folder / "site.yaml").write_text(json.dumps(site), encoding="utf-8")
    if "own_product" in order:
        (folder / "own.yaml").write_text(OWN_PRODUCT, encoding="utf-8")
    words = shlex.split(order["run"])
    planned = order.get("exit", "0") == "0" and words[0] in ("dose", "schedule", "rates", "calendar")
    answer = run(*words, *(["--notes"] if planned else []))
    told = " ".join((answer.out + answer.err).split())
    assert answer.code == int(order.get("exit", "0")), told
    assert [words for words in order.get("says", ()) if words not in told] == []
    assert [words for words in order.get("never", ()) if words in told] == []
    assert [words for words in order.get("once", ()) if told.count(words) != 1] == []
    if answer.code and words[1] != "check":
        assert answer.out == "", "half a result"
    if set(order) & set(FIGURES):
        shown = run(*words, "--format", "json", "--quiet")
        assert shown.code == 0
        look(order, json.loads(shown.out, parse_float=Decimal, parse_int=Decimal))


def look(order: dict[str, Any], document: dict[str, Any]) -> None:
    """The figures of an order against those of its document."""
    sessions = document["sessions"]
    found = {
        "dose_g": [session["dose_g"] for session in sessions],
        "days": [phase["days"] for phase in document["phases"]][:1],
        "leftover_g": document["totals"]["leftover_g"],
        "highest_ml_per_h": max(step["rate_ml_per_h"] for session in sessions for step in session["steps"]),
        "vials": {vial["size_g"]: vial["count"] for vial in document["totals"]["vials"]},
        "first_end": sessions[0]["ends_at"],
    }
    for key in set(order) & set(FIGURES) - {"duration_min"}:
        right: Any = order[key]
        if key == "first_end":
            assert found[key] == right
        elif key == "vials":
            assert found[key] == {Decimal(size): Decimal(count) for size, count in right.items()}
        elif key == "dose_g" and len(right) == 1:
            assert sum(found[key]) == Decimal(right[0]) if len(sessions) > 1 else found[key] == [Decimal(right[0])]
        elif isinstance(right, list):
            assert found[key] == [Decimal(figure) for figure in right]
        else:
            assert found[key] == Decimal(right)
    if "duration_min" in order:
        for session in sessions:
            assert (
                Decimal(order["duration_min"]["from"])
                <= session["duration_min"]
                <= Decimal(order["duration_min"]["to"])
            )


@pytest.mark.parametrize("order", ELSEWHERE, ids=named)
def test_what_is_shown_on_paper_is_held_where_it_is_said_to_be(order: dict[str, Any]) -> None:
    path, name = order["held_by"].split("::")
    tree = ast.parse((TESTS.parent / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
