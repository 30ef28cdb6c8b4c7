from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from ivigcalc.render.words import clean, name_text, who

APART = "\u2068\u2069"


@given(st.text(max_size=300), st.integers(1, 200))
def test_clean_text_is_one_bounded_line_without_control_or_direction(text: str, limit: int) -> None:
    shown = clean(text, limit)
    assert len(shown.strip(APART)) <= limit
    assert shown == " ".join(shown.split())
    controls = [char for char in shown.strip(APART) if unicodedata.category(char) in ("Cc", "Cf", "Cs")]
    assert all(
        char == "\u200c" or char == "\u200d" or unicodedata.bidirectional(char) in ("AN", "AL", "L")
        for char in controls
    )
    assert not set(shown.strip(APART)) & set("\u200e\u200f\u061c\u202a\u202e\u2066\u2067\u2068\u2069")
    assert clean(shown, limit) == shown


def test_clean_keeps_what_people_are_called() -> None:
    for name in ("Zoë O'Neil-Świętosławska", "王小明", "क्षत्रिय", "Nguyễn Thị Hằng", "Zoe 🙂", "བསྒྲུབས་", "\U000323b0李"):
        assert clean(name) == name


def test_what_is_written_from_the_right_is_set_apart_from_the_figures_beside_it() -> None:
    """Else `مستشفى, 12 Hill Road` is shown with 12 before the name, and `555 0123` after one as `0123 555`."""
    for name in ("محمد", "נועה", "مستشفى 12"):
        assert clean(name) == f"\u2068{name}\u2069"
        assert clean(clean(name)) == clean(name)
    assert who("محمد", "004-217") == "\u2068محمد\u2069, id 004-217"


def test_a_name_is_whole_however_long() -> None:
    assert name_text("W" * 200) == "W" * 200
    assert who("W" * 200, "9" * 200) == f"{'W' * 200}, id {'9' * 200}"


def test_clean_cuts_with_a_sign_and_stops_piles_of_accents() -> None:
    assert clean("abcdefgh", 5) == "abcd…"
    assert clean("abcde", 5) == "abcde"
    assert clean("abcd efgh", 6) == "abcd…"
    assert clean("q" + "\u0301" * 40) == "q" + "\u0301" * 3
    assert clean("a\r\nb\tc\u2028d\u202ee\ufeff\x1b[0m") == "a b c de[0m"
