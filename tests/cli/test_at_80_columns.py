"""What is shown fits 80 columns, on a terminal of so many and in a pipe alike: every command with a table."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ivigcalc.cli import output

ORDER = "-r cidp:us-label-privigen -p privigen-us --weight 70kg --height 170cm --sex male --age 40y"
OTHERS = "-r dermatomyositis -p gammagard-liquid-us --weight 84.5kg --height 175cm --sex M --age 54y"
DATED = f"{ORDER} --start 2027-01-04 --at 09:00 --courses 3"
SAVED = f"schedule {DATED} -f json -o a.json"
OTHER = f"schedule {OTHERS} --policy us-chi-franciscan-multicalc --start 2027-02-04 --courses 2 -f json -o c.json"
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
    "diff a.json c.json",
    "compare -r dermatomyositis --weight 72kg --age 54y --product all",
    f"compare {OTHERS} --policy all",
    "regimens diff cidp cidp.yaml a.json",
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

#: in a pipe a sentence of it is one line, to be searched
ON_A_TERMINAL_ALONE = ("explain", "explain pump-capped")


@pytest.mark.parametrize(
    ("command", "width"),
    [*((command, 80) for command in COMMANDS), *((each, None) for each in COMMANDS if each not in ON_A_TERMINAL_ALONE)],
)
def test_every_line_fits(
    command: str, width: int | None, run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(output, "terminal_width", lambda: width)
    shipped = Path(__file__).parents[2] / "regimens" / "indications" / "neurology" / "cidp.yaml"
    changed = shipped.read_text(encoding="utf-8").replace("2 g/kg", "1.5 g/kg")
    (tmp_path / "cidp.yaml").write_text(changed, encoding="utf-8")
    for saved in (SAVED, CHANGED, OTHER) if ".json" in command else ():
        assert run(*shlex.split(saved), "--quiet").code == 0
    shown = run(*shlex.split(command))
    assert shown.code in (0, 5)
    assert [line for line in shown.out.splitlines() if len(line) > 80] == []


def test_no_id_and_no_code_of_a_difference_is_in_two_pieces(
    run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It broke `us-chi-franciscan-multi calc` and `indication-ceiling-appl ied`, and was 104 wide."""
    monkeypatch.chdir(tmp_path)
    for saved in (SAVED, OTHER):
        assert run(*shlex.split(saved), "--quiet").code == 0
    words = set(run("diff", "a.json", "c.json").out.split())
    codes = {found["code"] for found in json.loads((tmp_path / "c.json").read_text(encoding="utf-8"))["notices"]}
    assert {"us-chi-franciscan-multicalc", "gammagard-liquid-us", "indication-ceiling-applied"} <= words
    assert len(codes & words) > 3


def test_where_the_ids_leave_too_little_room_a_table_is_parted_and_breaks_none(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It broke `gammagard-liquid-us`, and would have cut the last column instead; then it ran over the edge."""
    monkeypatch.setattr(output, "terminal_width", lambda: 80)
    shown = run(*shlex.split(f"compare {ORDER} --product gammagard-liquid-us --product privigen-us")).out
    rows = [line.split() for line in shown.splitlines() if line.split()[:1] == ["gammagard-liquid-us"]]
    assert rows[0][1:] == ["6:46", "378", "4x30", "2x10"]
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize("kind", ["regimens", "products", "policies"])
def test_no_word_of_a_list_is_broken(kind: str, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """It broke `Dermatomyositi s` in the column of titles, where that of ids left it less than its longest word."""
    monkeypatch.setattr(output, "terminal_width", lambda: 80)
    shown = set(run(kind, "list").out.split())
    titles = [entry["title"] for entry in json.loads(run(kind, "list", "-f", "json").out)]
    assert [word for title in titles for word in title.split() if word not in shown] == []


def test_a_day_whose_rows_are_too_long_says_when_and_then_what(
    run: Callable[..., Any], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was 102 wide: each row is there once with its times, and once with its vials."""
    monkeypatch.chdir(tmp_path)
    order = ORDER.replace("-p privigen-us", "-p gammagard-liquid-us")
    late = f"schedule {order} --start 2027-01-04 --at 21:30 --courses 1 -f json -q -o a.json"
    assert run(*shlex.split(late), "--name", "Margaret Okonkwo-Featherstonehaugh").code == 0
    shown = run("day", "2027-01-04", "a.json").out
    when, what = [line.split() for line in shown.splitlines() if line.split()[:3] == ["1", "Margaret", "Okonkwo-"]]
    assert when[3:5] == ["21:30", "21:30"]
    assert when[-2:] == ["+1", "d"]
    assert what[3:5] == ["gammagard-liquid-us", "1.1"]
    assert max(map(len, shown.splitlines())) <= 80


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
