from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from ivigcalc.render.words import clean


@given(st.text(max_size=300), st.integers(1, 200))
def test_clean_text_is_one_bounded_line_without_control_or_direction(text: str, limit: int) -> None:
    shown = clean(text, limit)
    assert len(shown) <= limit
    assert shown == " ".join(shown.split())
    assert all(unicodedata.category(char)[0] != "C" or char in "\u200c\u200d" for char in shown)
    assert clean(shown, limit) == shown


def test_clean_keeps_what_people_are_called() -> None:
    for name in ("Zoë O'Neil-Świętosławska", "王小明", "محمد", "נועה", "क्षत्रिय", "Nguyễn Thị Hằng"):
        assert clean(name) == name


def test_clean_cuts_with_a_sign_and_stops_piles_of_accents() -> None:
    assert clean("abcdefgh", 5) == "abcd…"
    assert clean("abcde", 5) == "abcde"
    assert clean("abcd efgh", 6) == "abcd…"
    assert clean("q" + "\u0301" * 40) == "q" + "\u0301" * 3
    assert clean("a\r\nb\tc\u2028d\u202ee\ufeff\x1b[0m") == "a b c de[0m"
