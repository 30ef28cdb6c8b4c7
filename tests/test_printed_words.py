"""The field's words are printed (rules.md, "Words that are printed"): no rung, no ladder, no shelf, no face, no tie."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
import yaml

from ivigcalc.cli.app import build
from ivigcalc.cli.main import main
from ivigcalc.codes import codes

ROOT = Path(__file__).parent.parent
#: `shelf life` is the field's own word; key, code and the value in the working are the interface's; months have grids
ALLOWED = re.compile(
    r"shelf[- ]life|`ladder`|ladder\[\]|bounded_by = ladder|^\s*#?\s*ladder:|ladder-assumed|ladder\\-assumed",
    re.IGNORECASE | re.MULTILINE,
)
WRONG = re.compile(r"\b(ladders?|rungs?|shelf|shelves|tied? down|every face|faces)\b", re.IGNORECASE)


def wrong(text: str) -> list[str]:
    return [found.group() for found in WRONG.finditer(ALLOWED.sub("", text))]


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from strings(part)


def commands() -> list[list[str]]:
    top = typer.main.get_command(build())
    found: list[list[str]] = []
    for name, command in top.commands.items():  # type: ignore[attr-defined]
        below = getattr(command, "commands", None)
        found += [[name, part] for part in below] if below else [[name]]
    return found


def test_the_test_knows_a_wrong_word() -> None:
    assert wrong("a slow ladder, its rungs; nearest, tie down; Shelf life") == ["ladder", "rungs", "tie down"]


@pytest.mark.parametrize("path", sorted((ROOT / "regimens").rglob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_texts(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert [word for said in strings(yaml.safe_load(text)) for word in wrong(said)] == []


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_help_pages(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--help"]) == 0
    assert wrong(capsys.readouterr().out) == []


def test_codes() -> None:
    assert [word for code in codes().values() for word in wrong(f"{code.means} {code.remedy}")] == []


@pytest.mark.parametrize("path", sorted((ROOT / "tests" / "golden").glob("*.txt")), ids=lambda path: path.stem)
def test_golden_outputs(path: Path) -> None:
    assert wrong(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        *(f"docs/{name}.md" for name in ("pharmacist", "nurse", "script", "safety-officer", "other-calculators")),
    ],
)
def test_pages_for_people(page: str) -> None:
    assert wrong((ROOT / page).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "reference").glob("*.md")), ids=lambda path: path.stem)
def test_reference(path: Path) -> None:
    assert wrong(path.read_text(encoding="utf-8")) == []
