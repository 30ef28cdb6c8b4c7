from __future__ import annotations

from dataclasses import replace

import pytest

from ivigcalc.engine.plan import Level, Notice
from ivigcalc.render.notices import by_level, cited_notices, concerns, notice_text, printed_notice

from . import papers

SAID = Notice("x", "caution", "words.")


@pytest.mark.parametrize(
    ("level", "at_once", "kept"),
    [("info", "note", "Note"), ("caution", "CAUTION", "CAUTION"), ("stop", "OVERRIDDEN", "STOP, OVERRIDDEN")],
)
def test_each_level_has_its_words_on_screen_and_on_paper(level: Level, at_once: str, kept: str) -> None:
    found = replace(SAID, level=level)
    assert notice_text(found) == f"{at_once} x: words."
    assert printed_notice(found, papers.undated())["level"] == kept


def test_gravest_come_first_and_the_rest_keep_their_order() -> None:
    found = [Notice(code, level, "words") for code, level in NAMED]
    assert [notice.code for notice in by_level(found)] == ["b", "e", "c", "a", "d"]


NAMED: tuple[tuple[str, Level], ...] = (("a", "info"), ("b", "stop"), ("c", "caution"), ("d", "info"), ("e", "stop"))


def test_reason_and_source_stand_behind_the_message() -> None:
    found = Notice("x", "stop", "too much", source="B", overridden_because="Dr A")
    plan = replace(papers.undated(), notices=(found,), sources=("A", "B"))
    assert cited_notices(plan) == [(found, "OVERRIDDEN x: too much. Overridden because: Dr A. [2]")]
    assert printed_notice(found, plan) == {
        "level": "STOP, OVERRIDDEN",
        "code": "x",
        "text": "too much. Reason given for overriding: Dr A",
        "source": "2",
    }
    assert printed_notice(SAID, plan)["source"] == ""


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
