from __future__ import annotations

import pytest

from ivigcalc.render.markdown_text import escape, inline, linked, table_lines


def test_outside_text_is_plain_wherever_it_is_put() -> None:
    assert escape("# 2.5 g\n- {x}!") == "\\# 2\\.5 g \\- \\{x\\}\\!"


def test_text_inside_a_line_keeps_its_points_and_dashes() -> None:
    assert inline("2.5 g (first) - a|b <b>*x*</b>") == "2.5 g (first) - a\\|b \\<b\\>\\*x\\*\\</b\\>"


def test_link_has_its_words_without_the_address_behind_them() -> None:
    assert linked("Label_2 <https://a/b>", "https://a/b") == "[Label\\_2](<https://a/b>)"
    assert linked("Label", "https://a/b <c>") == "[Label](<https://a/b%20%3Cc%3E>)"


@pytest.mark.parametrize("url", [None, "", "javascript:alert(1)", "file:///etc/passwd"])
def test_only_addresses_of_the_web_are_links(url: str | None) -> None:
    assert linked("Label [1]", url) == "Label \\[1\\]"


def test_table_has_one_line_for_each_row() -> None:
    lines = table_lines(("From\nmin", "Rate"), [("0", "1"), ("30", "2")])
    assert list(lines) == ["| From min | Rate |", "| --- | --- |", "| 0 | 1 |", "| 30 | 2 |"]
