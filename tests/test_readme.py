"""What the README owes whoever sees it first. Its commands are run by `test_examples_in_documents.py`."""

from __future__ import annotations

import build_pictures
from build_examples import words
from documents import ROOT, links


def test_links_lead_somewhere() -> None:
    assert [path for path in links("README.md") if not path.exists()] == []


def test_says_early_that_it_must_be_checked() -> None:
    first_lines = (ROOT / "README.md").read_text(encoding="utf-8").split("\n")[:10]
    assert "must be\n> checked by a qualified person before use" in "\n".join(first_lines)


def test_the_demo_is_the_main_job_of_the_pictures() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    [demo] = [line for line in makefile.splitlines() if line.startswith("\t$(BIN)/ivigcalc ")]
    assert words(demo.replace("$(BIN)/", "").strip()) == words(build_pictures.command())


def test_it_begins_with_what_is_read_in_half_a_minute() -> None:
    """Words of prose before the first chapter, at 200 a minute; code and pictures apart."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    opening = text[: text.index("<img")]
    assert len(opening.split()) <= 110
    for needed in (
        "intravenous immunoglobulin",
        "pharmacist",
        "nurse",
        "script",
        "Not a medical device",
        "make demo",
        "make test",
    ):
        assert needed in opening
