from __future__ import annotations

import unicodedata
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from ivigcalc.engine.plan import Notice
from ivigcalc.render.words import clean, concerns, long_day, short_day

from . import papers


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


def test_days_cannot_be_misread() -> None:
    assert short_day(date(2026, 12, 1)) == "Tue 1 Dec 2026"
    assert long_day(date(2027, 2, 28)) == "Sunday 28 February 2027"
    assert short_day(None) == long_day(None) == ""


def test_which_notices_concern_a_session() -> None:
    second = papers.dermatomyositis().sessions[1]  # course 1, day 2

    def said(level: str, *sessions: tuple[int, int]) -> bool:
        return concerns(Notice("x", level, "words", sessions=sessions), second)  # type: ignore[arg-type]

    assert said("caution"), "what names no session is about all of them"
    assert said("caution", (1, 2))
    assert said("caution", (1, 1), (1, 2), (2, 1))
    assert not said("caution", (1, 1))
    assert not said("caution", (12, 2), (2, 1))
    assert said("stop", (2, 1)), "what was overridden is said on every sheet"
