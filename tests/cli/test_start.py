"""What a start costs: help, version, completion and a wrong command line load nothing that only a plan needs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from ivigcalc.cli.app import build

#: what a plan needs, and nobody else
HEAVY = {"pydantic", "yaml", "dateutil", "simplejson"} | {
    f"ivigcalc.{room}" for room in ("api", "batch", "definitions", "document", "engine", "library", "render")
}
#: each case in a process of its own that begins where typer and the program are loaded, and nothing was asked yet
SCRIPT = """
import json, os, sys, tempfile
import ivigcalc.cli.app
from ivigcalc.cli.main import main

told = os.dup(1)
for arguments, environment in json.load(sys.stdin):
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        continue
    os.environ.update(environment)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        try:
            code = main(arguments)
        except SystemExit as stop:
            code = stop.code
        sys.stdout.flush()
        file.seek(0)
        said = file.read().decode()
    os.write(told, json.dumps([code, said, sorted(sys.modules)]).encode() + b"\\n")
    os._exit(0)
"""


def walk(name: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield name, command
    for child_name, child in getattr(command, "commands", {}).items():
        yield from walk((*name, child_name), child)


COMMANDS = dict(walk((), typer.main.get_command(build())))
NEEDY = [name for name, command in COMMANDS.items() if any(option.required for option in command.params)]


def completing(line: str) -> dict[str, str]:
    """The environment in which bash asks what comes next."""
    return {"_IVIGCALC_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - 1)}


Case = tuple[tuple[str, ...], dict[str, str]]
#: what is asked, its exit code, and words of what is said
CASES: list[tuple[Case, int, str]] = [
    ((("--version",), {}), 0, "ivigcalc "),
    ((("doze",), {}), 2, "No such command"),
    ((("explain",), {}), 0, "pump-capped: "),
    ((("explain", "pump-capped"), {}), 0, "What to do: "),
    ((("explain", "pump-caped"), {}), 2, "did you mean pump-capped"),
    ((("dose", "--weight"), {}), 2, "requires an argument"),
    *((((*name, "--help"), {}), 0, "Usage") for name in COMMANDS),
    *((((*name, "--wieght", "72kg"), {}), 2, "No such option") for name in COMMANDS),
    *(((name, {}), 2, "Missing argument") for name in NEEDY),
    *((((), completing(" ".join(("ivigcalc", *name, "--he")))), 0, "--help") for name in COMMANDS),
    (((), completing("ivigcalc dose --product octagam-10-us --weig")), 0, "--weight"),
    (((), completing("ivigcalc do")), 0, "dose"),
]
#: by a file of one's own, which is read and checked
OWN = str(Path(__file__).parent.parent / "own" / "whole-vials.yaml")
PLAN: Case = (("dose", "-r", "dermatomyositis", "-p", "octagam-10-us", "--weight", "72kg", "--policy", OWN), {})


def named(case: Case) -> str:
    arguments, environment = case
    return " ".join(arguments) or environment["COMP_WORDS"]


@pytest.fixture(scope="module")
def starts() -> dict[str, tuple[int, str, set[str]]]:
    """Case -> exit code, what was said, and every module that was loaded."""
    cases = [*(case for case, *_ in CASES), PLAN]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], input=json.dumps(cases), capture_output=True, encoding="utf-8", check=True
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == len(cases), done.stderr
    return {str(case): (code, said, set(modules)) for case, (code, said, modules) in zip(cases, found, strict=True)}


@pytest.mark.parametrize(
    ("case", "code", "words"), CASES, ids=lambda value: named(value) if isinstance(value, tuple) else ""
)
def test_a_start_loads_nothing_that_only_a_plan_needs(case: Case, code: int, words: str, starts: Any) -> None:
    found, said, modules = starts[str(case)]
    assert (found, words in said) == (code, True), said
    assert not modules & HEAVY
    assert words == "Usage" or "rich" not in modules


def test_a_plan_needs_all_of_it(starts: Any) -> None:
    """Where the start above looks, a plan by a file of one's own is seen to load it."""
    code, said, modules = starts[str(PLAN)]
    assert code == 0, said
    assert {"pydantic", "yaml", "ivigcalc.definitions", "ivigcalc.engine", "ivigcalc.library", "rich"} <= modules
