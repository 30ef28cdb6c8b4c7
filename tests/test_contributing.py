"""CONTRIBUTING.md leads to what is there: every path, every name in a file, every target of make."""

from __future__ import annotations

import re

import pytest
from documents import ROOT, links

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PROSE = " ".join(TEXT.split())
PATHS = sorted(set(re.findall(r"`([\w.-]*/[\w./-]*)`", TEXT)))
#: "`Form` of `ivigcalc/request/form.py`", "`READ` and `REFUSED` of `tests/request/test_read.py`"
NAMED = [
    (name, path)
    for names, path in re.findall(r"((?:`\w+`(?: and )?)+) (?:in|of) `([\w./-]+\.\w+)`", PROSE)
    for name in re.findall(r"\w+(?=`)", names)
]


def test_it_was_read() -> None:
    assert len(PATHS) > 20
    assert {("Form", "ivigcalc/request/form.py"), ("READ", "tests/request/test_read.py")} <= set(NAMED)


@pytest.mark.parametrize("path", PATHS)
def test_every_path_is_there(path: str) -> None:
    assert (ROOT / path).exists()


def test_links_lead_somewhere() -> None:
    assert [path for path in links("CONTRIBUTING.md") if not path.exists()] == []


@pytest.mark.parametrize(("name", "path"), NAMED)
def test_every_name_stands_in_its_file(name: str, path: str) -> None:
    assert re.search(rf"\b{name}\b", (ROOT / path).read_text(encoding="utf-8"))


def test_every_target_of_make_is_there() -> None:
    targets = {word for line in re.findall(r"(?:`|    )make ([a-z]+(?: [a-z]+)*)", TEXT) for word in line.split()}
    assert {"check", "lint", "type", "docs"} <= targets
    assert targets <= set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
