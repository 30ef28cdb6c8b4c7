"""Every command of the README is run, and must print what the README shows."""

from __future__ import annotations

import shlex

import pytest
from documents import ROOT, Example, blocks, examples, links

from ivigcalc.cli.main import main


def test_there_are_examples() -> None:
    assert len(examples("README.md")) >= 5


@pytest.mark.parametrize("example", examples("README.md"), ids=lambda example: example.command[:60])
def test_example(example: Example, capsys: pytest.CaptureFixture[str]) -> None:
    program, *arguments = shlex.split(example.command)
    assert program == "ivigcalc"
    assert main(arguments) == example.exit_code
    captured = capsys.readouterr()
    printed = captured.err if example.exit_code else captured.out
    if example.exit_code:
        assert captured.out == ""
    assert example.is_shown_by(printed), printed


def test_python_example() -> None:
    (code,) = blocks("README.md", "python")
    exec(compile(code, "README.md", "exec"), {})


def test_links_lead_somewhere() -> None:
    assert [path for path in links("README.md") if not path.exists()] == []


def test_says_early_that_it_must_be_checked() -> None:
    first_lines = (ROOT / "README.md").read_text(encoding="utf-8").split("\n")[:10]
    assert "must be\n> checked by a qualified person before use" in "\n".join(first_lines)
