"""Every command of the README is run, and must print what the README shows.

A block starts with `$ command`; `[exit N]` names another exit code than 0; `...` stands for the rest of the output.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from ivigcalc.cli.main import main

README = Path(__file__).parent.parent / "README.md"
TEXT = README.read_text(encoding="utf-8")


def _runs() -> list[tuple[str, int, list[str]]]:
    runs = []
    for block in re.findall(r"```console\n(.*?)```", TEXT, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *shown = part.rstrip().split("\n")
            exit_code = 0
            if shown and (marked := re.fullmatch(r"\[exit ([0-9])\]", shown[0])):
                exit_code, shown = int(marked[1]), shown[1:]
            runs.append((command, exit_code, shown))
    return runs


def test_there_are_examples() -> None:
    assert len(_runs()) >= 5


@pytest.mark.parametrize(
    ("command", "exit_code", "shown"), _runs(), ids=lambda value: value[:60] if isinstance(value, str) else ""
)
def test_example(command: str, exit_code: int, shown: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    program, *arguments = shlex.split(command)
    assert program == "ivigcalc"
    assert main(arguments) == exit_code
    captured = capsys.readouterr()
    printed = (captured.err if exit_code else captured.out).rstrip("\n").split("\n")
    if exit_code:
        assert captured.out == ""
    if shown and shown[-1] == "...":
        shown = shown[:-1]
        printed = printed[: len(shown)]
    assert [line.rstrip() for line in printed] == [line.rstrip() for line in shown]


def test_python_example() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    exec(compile(code, "README.md", "exec"), {})


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert target.startswith("http") or (README.parent / target).exists(), target


def test_says_early_that_it_must_be_checked() -> None:
    assert "must be\n> checked by a qualified person before use" in "\n".join(TEXT.split("\n")[:10])
