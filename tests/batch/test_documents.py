"""Every command of docs/batch.md is run, in order, on the file that it shows; so are the examples in Python."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from documents import blocks, examples, links

from ivigcalc.cli.main import main

DOCUMENT = "docs/batch.md"


def test_the_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    (rows,) = blocks(DOCUMENT, "csv")
    Path("patients.csv").write_text(rows, encoding="utf-8")
    (fixed,) = blocks(DOCUMENT, r"csv fixed\.csv")
    Path("fixed.csv").write_text(fixed, encoding="utf-8")
    (exported,) = blocks(DOCUMENT, "tsv")
    Path("export.tsv").write_text(exported, encoding="utf-8")
    (measured,) = blocks(DOCUMENT, r"csv measured\.csv")
    Path("measured.csv").write_text(measured, encoding="utf-8")
    assert len(examples(DOCUMENT)) >= 5
    for example in examples(DOCUMENT):
        program, *arguments = shlex.split(example.command)
        if program == "cat":
            printed = Path(*arguments).read_text(encoding="utf-8")
        else:
            assert main(arguments) == example.exit_code, example.command
            captured = capsys.readouterr()
            surveyed = "--survey" in arguments
            assert surveyed or captured.out == "", "a batch prints no result but its files"
            printed = captured.out if surveyed else captured.err
        assert example.is_shown_by(printed), printed


@pytest.mark.parametrize("code", blocks(DOCUMENT, "python"))
def test_the_examples_in_python(code: str) -> None:
    exec(compile(code, DOCUMENT, "exec"), {})


@pytest.mark.parametrize("document", [DOCUMENT, "docs/scale.md"])
def test_links_lead_somewhere(document: str) -> None:
    assert [path for path in links(document) if not path.exists()] == []
