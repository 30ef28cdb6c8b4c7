"""The pictures of the README show what the program prints now: run `make pictures` where they do not."""

from __future__ import annotations

import re
from importlib.metadata import version

import build_pictures as pictures
import pytest
from documents import ROOT
from PIL import Image

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_table_says_what_its_command_prints() -> None:
    said = pictures.words_on(pictures.TABLE.read_text(encoding="utf-8"))
    assert [line for line in said if line] == [line for line in pictures.table_lines() if line]
    # by hand: 2 g/kg x 72 kg = 144 g, in two days of 72 g = 720 mL
    assert sum("72     720   4:48  2x30 1x10 1x2" in line for line in said) == 4


def test_the_table_loads_nothing_from_elsewhere() -> None:
    svg = pictures.TABLE.read_text(encoding="utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert "http" not in svg
    assert "@import" not in svg
    assert "url(#" in svg


def test_the_record_is_the_one_that_is_printed_now() -> None:
    page, words = pictures.record()
    assert pictures.WORDS.read_text(encoding="utf-8").splitlines() == words
    with Image.open(pictures.RECORD) as picture:
        made_of = picture.info[pictures.MADE_OF]
    if made_of.split(",")[0] == f"typst {version('typst')}":  # another typesetter may set the same words otherwise
        assert made_of == pictures.digest(page)


def test_the_words_of_the_record_have_the_figures() -> None:
    """By hand: 0.6, 1.2, 2.4 mL/kg/h x 72 kg."""
    words = pictures.WORDS.read_text(encoding="utf-8")
    assert [figure for figure in ("43.2", "86.4", "172.8", "720", "09:00", "13:48") if figure not in words] == []


@pytest.mark.parametrize("name", [pictures.TABLE.name, pictures.RECORD.name])
def test_the_readme_shows_it_and_says_what_it_is(name: str) -> None:
    [words] = re.findall(rf'<img src="docs/pictures/{re.escape(name)}" alt="([^"]+)"', README)
    assert len(words.split()) >= 5, "for those who do not see it"
