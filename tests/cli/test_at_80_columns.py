"""What is shown on a terminal of 80 columns fits it: every command with a table; a pipe has all of it on long lines."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from typing import Any

import pytest

from ivigcalc.cli import output

ORDER = "-r cidp:us-label-privigen -p privigen-us --weight 70kg --height 170cm --sex male --age 40y"
DATED = f"{ORDER} --start 2027-01-04 --at 09:00 --courses 3"
SAVED = f"schedule {DATED} -f json -o a.json"
CHANGED = "replan a.json --session 1.1 --reaction-at 10:30 --stop -f json -o b.json"
COMMANDS = [
    f"dose {ORDER}",
    f"dose {ORDER} --explain --notes",
    f"schedule {DATED}",
    "schedule -r dermatomyositis -p octagam-10-us --weight 102.4kg --age 60y --start 2027-01-04 --at 09:00 --courses 6",
    "rates -p privigen-us --indication cidp --weight 102.4kg --dose 70g --at 21:00",
    f"calendar {DATED}",
    f"compare {ORDER} --days 2..4",
    "replan a.json --session 1.1 --reaction-at 10:30 --stop",
    "forecast a.json",
    "day 2027-01-04 a.json",
    "diff a.json b.json",
    "verify a.json",
    "regimens list",
    "products list",
    "policies list",
    "regimens show cidp",
    "products show privigen-us",
    "policies show us-seton",
    "explain",
    "explain pump-capped",
    "--help",
    "dose --help",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_line_fits(command: str, run: Callable[..., Any], tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(output, "terminal_width", lambda: 80)
    for saved in (SAVED, CHANGED) if ".json" in command else ():
        assert run(*shlex.split(saved), "--quiet").code == 0
    shown = run(*shlex.split(command))
    assert shown.code in (0, 5)
    assert [line for line in shown.out.splitlines() if len(line) > 80] == []


def test_where_the_ids_do_not_fit_a_table_runs_over_and_breaks_none(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It broke `gammagard-liquid-us`, and would have cut the last column instead."""
    monkeypatch.setattr(output, "terminal_width", lambda: 80)
    shown = run(*shlex.split(f"compare {ORDER} --product gammagard-liquid-us --product privigen-us"))
    row = next(line.split() for line in shown.out.splitlines() if line.split()[:1] == ["gammagard-liquid-us"])
    assert row[1:5] == ["loading", "2", "140", "0"]
    assert row[-1] == "0"
    assert any(line.split()[-1:] == ["Left"] for line in shown.out.splitlines())


@pytest.mark.parametrize("kind", ["regimens", "products", "policies"])
def test_no_word_of_a_list_is_broken(kind: str, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """It broke `Dermatomyositi s` in the column of titles, where that of ids left it less than its longest word."""
    monkeypatch.setattr(output, "terminal_width", lambda: 80)
    shown = set(run(kind, "list").out.split())
    titles = [entry["title"] for entry in json.loads(run(kind, "list", "-f", "json").out)]
    assert [word for title in titles for word in title.split() if word not in shown] == []


def test_a_day_breaks_the_name_of_a_plan_at_its_hyphens_and_says_what_its_mark_is(
    run: Callable[..., Any], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(output, "terminal_width", lambda: 80)
    order = f"schedule {DATED} -f json -q"
    assert run(*shlex.split(f"{order} -o ward-a-monday-patient-0000017.json")).code == 0
    assert run(*shlex.split(f"{order} -o b.json --name 'Ada Fitzgerald-Featherstone' --patient-id 7")).code == 0
    shown = run("day", "2027-01-04", ".").out
    lines = [line[7:21].strip() for line in shown.splitlines()]
    assert [line for line in lines if (line and "ward-" in line) or "monday" in line] == ["ward-a-", "monday-"]
    assert {"patient-", "0000017.json", "Fitzgerald-", "Featherstone,"} <= set(lines)
    assert "! the plan has stops or cautions: " in shown
    assert "ladder-assumed" in shown


def test_in_a_pipe_a_sentence_is_one_line(run: Callable[..., Any]) -> None:
    shown = run("explain")
    assert all(": " in line for line in shown.out.splitlines())
