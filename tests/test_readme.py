"""What the README owes whoever sees it first. Its commands are run by `test_examples_in_documents.py`."""

from __future__ import annotations

from documents import ROOT, links


def test_links_lead_somewhere() -> None:
    assert [path for path in links("README.md") if not path.exists()] == []


def test_says_early_that_it_must_be_checked() -> None:
    first_lines = (ROOT / "README.md").read_text(encoding="utf-8").split("\n")[:10]
    assert "must be\n> checked by a qualified person before use" in "\n".join(first_lines)
