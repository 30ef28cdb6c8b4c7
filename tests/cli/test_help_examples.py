"""The example of every help page, as docs/cli.md shows it, does what the command is for; those of definitions are in `test_definitions_docs.py`."""

from __future__ import annotations

import os
import pty
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import build_reference
import pytest

from ivigcalc.cli.main import main

COMMANDS = build_reference.commands()
GROUPS = ("regimens", "products", "policies", "sites", "schema")
#: `ask` is a conversation: tests/cli/test_ask.py
RUN = [name for name in COMMANDS if name.split()[1] not in (*GROUPS, "ask")]
ORDER = [
    "schedule",
    "-r",
    "dermatomyositis",
    "-p",
    "octagam-10-us",
    "--age",
    "54y",
    "--start",
    "2026-12-01",
    "--at",
    "09:00",
    "-q",
]
SITE = "kind: site\nschema: 2\nid: my-clinic\nprice_per_gram: {octagam-10-us: {amount: 98.50, currency: USD}}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the examples name."""
    monkeypatch.chdir(tmp_path)
    Path("plans").mkdir()
    for file, weight in (("plan", "72kg"), ("january", "72kg"), ("february", "77kg"), ("plans/one", "72kg")):
        assert main([*ORDER, "--weight", weight, "--format", "json", "-o", f"{file}.json"]) == 0
    Path("patients.csv").write_text("patient_id,weight_kg,product\nW-101,72,octagam-10-us\n", encoding="utf-8")
    Path("my-clinic.yaml").write_text(SITE, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("name", RUN)
def test_the_example_does_what_the_command_is_for(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = shlex.split(COMMANDS[name].epilog.removeprefix("Example: "))[1:]
    if arguments[0] == "batch":
        shutil.rmtree("plans")
    assert main(arguments) == (5 if arguments[0] == "diff" else 0)
    captured = capsys.readouterr()
    written = arguments[arguments.index("-o") + 1] if "-o" in arguments else None
    if arguments[0] == "batch":
        assert "1 of 1 rows planned" in captured.err
    elif written:
        assert Path(written).stat().st_size > 1000
    else:
        assert len(captured.out) > 70


def test_the_rows_of_a_comparison_are_in_the_order_of_a_column(run: Callable[..., Any]) -> None:
    """By hand: 144 g in 2, 3, 4 and 5 days are 72, 48, 36 and at most 29 g a day; the fewest grams first."""
    asked = ("compare", *ORDER[1:7], "--weight", "72kg", "--days", "2..5", "--format", "csv")
    first = [line.split(",")[0] for line in run(*asked, "--sort", "most_g_a_day").out.splitlines()[1:]]
    assert first == ["5", "4", "3", "2"]


@pytest.mark.parametrize(("options", "coloured"), [((), True), (("--no-color",), False)])
def test_no_color_is_for_a_terminal(options: tuple[str, ...], coloured: bool) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "ivigcalc", "dose", *ORDER[1:7], "--weight", "72kg", *options]
    environment = {**os.environ, "TERM": "xterm"}
    environment.pop("NO_COLOR", None)
    with subprocess.Popen(command, stdout=theirs, stderr=subprocess.DEVNULL, env=environment) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # a terminal that is closed ends so
                break
            if not piece:
                break
            shown += piece
    os.close(ours)
    assert process.returncode == 0
    assert b"IVIG dose" in shown
    assert (b"\x1b[" in shown) is coloured
