"""Words for messages: whatever somebody wrote, a message about it is one short line that no terminal obeys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivigcalc.text import counted, near, nearest, printable, safe

# ---- text of other people ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text", "plain text"),
        ("", ""),
        ("two  blanks", "two  blanks"),
        ("Zoë Müller 患者 محمد", "Zoë Müller 患者 محمد"),
        ("[bold] <b> {0} %s $(id)", "[bold] <b> {0} %s $(id)"),
        ("\x1b[31mred", "?[31mred"),
        ("\x1b]0;title\x07", "?]0;title?"),
        ("\x9b31m", "?31m"),
        ("a\nb\rc\td\0e\x7ff\x85g", "a?b?c?d?e?f?g"),
        ("a\u2028b\u2029c", "a?b?c"),
        ("\u202eevil\u2066x\u2069\u200f\u061c", "?evil?x???"),
        ("a\u200bb\ufeffc\u00add", "a?b?c?d"),
        ("\u00a072", "?72"),
        ("\ud800 half", "? half"),
        ("r\udce9.yaml", "r?.yaml"),
        ("\U000e0041tag", "?tag"),
        ("\ue000private", "?private"),
    ],
)
def test_nothing_that_a_terminal_obeys_or_nobody_sees_is_shown(text: str, shown: str) -> None:
    assert safe(text) == printable(text) == shown


@pytest.mark.parametrize(
    ("length", "most", "shown"),
    [(60, 60, "x" * 60), (61, 60, "x" * 57 + "..."), (40, 40, "x" * 40), (41, 40, "x" * 37 + "..."), (5, 4, "x...")],
)
def test_a_long_text_is_shown_by_its_beginning(length: int, most: int, shown: str) -> None:
    assert safe("x" * length, most) == shown
    assert printable("x" * length) == "x" * length


def test_sixty_characters_are_shown_where_nothing_else_is_said() -> None:
    assert safe("x" * 60) == "x" * 60
    assert safe("x" * 61) == "x" * 57 + "..."


@given(st.text(max_size=120), st.integers(4, 100))
def test_any_text_becomes_one_short_line(text: str, most: int) -> None:
    shown = safe(text, most)
    assert len(shown) <= most
    assert shown.isprintable()
    assert len(shown.splitlines()) <= 1
    shown.encode("utf-8")
    assert shown == safe(shown, most)


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "S"]), max_size=60))
def test_what_anybody_can_read_is_shown_as_it_is(text: str) -> None:
    assert safe(text) == text


def test_of_a_giant_only_what_is_shown_is_looked_at() -> None:
    """A saved plan may hold a value of 32 MiB, in each of its fields."""

    class Giant(str):
        __slots__ = ()

        def __len__(self) -> int:
            return 1 << 40

        def __iter__(self) -> None:  # type: ignore[override]
            raise AssertionError("all of it is looked at")

    assert safe(Giant("x" * 100)) == "x" * 57 + "..."


# ---- what may have been meant -------------------------------------------------------------------------------------------

KNOWN = ("cidp", "dermatomyositis", "itp", "juvenile-dermatomyositis", "kawasaki-disease")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("cipd", ["cidp"]),
        ("dermatomyositus", ["dermatomyositis", "juvenile-dermatomyositis"]),
        ("kawasaki", ["kawasaki-disease"]),
        ("zzz", []),
        ("", []),
    ],
)
def test_the_nearest_words_are_named_the_likeliest_first(word: str, meant: list[str]) -> None:
    assert nearest(word, KNOWN) == meant


def test_four_words_are_named_at_the_most() -> None:
    assert len(nearest("gammagard", [f"gammagard-{n}" for n in range(9)])) == 4


def test_a_hint_stands_in_the_middle_of_a_message() -> None:
    assert near("cipd", KNOWN) == "did you mean cidp? "
    assert near("dermatomyositus", KNOWN) == "did you mean dermatomyositis, juvenile-dermatomyositis? "
    assert near("zzz", KNOWN) == ""


def test_a_giant_is_no_mistyped_word() -> None:
    assert nearest("itp" + "x" * 10_000_000, KNOWN) == []


# ---- nouns --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 days"), (1, "1 day"), (2, "2 days"), (21, "21 days"), (101, "101 days")]
)
def test_a_counted_noun_has_its_ending(number: int, words: str) -> None:
    assert counted(number, "day") == words
