"""The terminal face in narrow terminals: every figure stands whole, whatever the width; a table rather runs over the edge."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import helpers
import pytest

from ivigcalc.document.write import to_json
from ivigcalc.engine.plan import Plan
from ivigcalc.render.table import new_table, render, to_table

STEP = ("rate_ml_per_kg_per_h", "rate_mg_per_kg_per_min", "rate_ml_per_h", "duration_min", "volume_ml", "cumulative_ml")


def past_midnight() -> Plan:
    """`Running 120.533` was printed as `120.53` at 80 columns."""
    return helpers.rates("bivigam-us", "primary-immunodeficiency", "92kg", "185g", start="2026-12-05", at="22:45")


def long_minutes() -> Plan:
    return helpers.rates("bivigam-us", "primary-immunodeficiency", "92.3kg", "75g", at="09:15")


def three_sizes() -> Plan:
    """`2x40 1x20 1x2.5`: the column that vanished."""
    return helpers.plan("dermatomyositis", "privigen-eu", "102.4kg", start="2026-12-14", at="21:10", courses="1", days="2")  # fmt: skip


def figures(plan: Plan) -> Iterator[str]:
    """Every figure of the sessions in the JSON document, as it is written there; vials as the table writes them."""
    sessions: list[dict[str, Any]] = json.loads(to_json(plan), parse_float=str, parse_int=str)["sessions"]
    for session in sessions:
        yield from (str(session[key]) for key in ("dose_g", "volume_ml", "leftover_g"))
        yield from (f"{vial['count']}x{vial['size_g']}" for vial in session["vials"])
        yield from (step[key] for step in session["steps"] for key in STEP)
        yield from (clock[-5:] for clock in (session["starts_at"], session["ends_at"], *clocks(session)) if clock)


def clocks(session: dict[str, Any]) -> list[str]:
    return [step["starts_at"] for step in session["steps"]]


@pytest.mark.parametrize("make", [past_midnight, long_minutes, three_sizes])
@pytest.mark.parametrize("width", range(60, 101))
def test_every_figure_of_the_json_stands_whole(make: Any, width: int) -> None:
    plan = make()
    text = to_table(plan, width=width)
    assert set(figures(plan)) <= set(text.split())
    assert text.count("+1 d") == to_table(plan).count("+1 d")


@pytest.mark.parametrize("width", [60, 70, 78, 79, 80, 81])
def test_sentences_fold_at_the_terminal_even_where_a_table_runs_over(width: int) -> None:
    text = to_table(three_sizes(), width=width)
    sentences = text[text.index("Rates, ") :].splitlines()
    assert max(len(line) for line in sentences if not re.match(r"^ *(\d|Step|From|─)", line)) <= width


def test_a_column_that_folds_breaks_between_words_only() -> None:
    table = new_table("Step\nmL", "Vials", left=("Vials",))
    table.add_row("1 234.567", "12x2.5 1x10")
    assert re.findall(r"[^\s─]+", render(table, width=1)) == ["Step", "mL", "Vials", "1", "234.567", "12x2.5", "1x10"]


def test_an_infusion_past_midnight_is_marked_without_a_date_too() -> None:
    # 22:45 and 6 h 39 min: the end is at 05:24 of the next day; six steps of ten start before midnight or at 00:15 and later
    plan = helpers.rates("bivigam-us", "primary-immunodeficiency", "92kg", "185g", at="22:45")
    text = to_table(plan)
    assert "05:24 +1 d" in text
    assert re.findall(r"(\d\d:\d\d) \+1 d", text) == ["05:24", "00:15", "00:35", "00:55"]
