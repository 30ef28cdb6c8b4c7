from __future__ import annotations

import re

import helpers
import pytest
from msgspec.structs import replace

from ivigcalc.engine.plan import Level, Notice
from ivigcalc.render.notices import (
    by_level,
    cited_notices,
    concerns,
    folded_text,
    for_sheet,
    notice_text,
    on_screen,
    printed_notice,
    without_options,
)
from ivigcalc.render.paper.page import document

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
        "grave": True,
        "code": "x",
        "text": "too much. Reason given for overriding: Dr A",
        "source": "2",
    }
    assert printed_notice(SAID, plan)["source"] == ""


def test_which_notices_concern_a_session() -> None:
    second = papers.dermatomyositis().sessions[1]  # course 1, day 2

    def told(level: str, *sessions: tuple[int, int]) -> bool:
        return concerns(Notice("x", level, "words", sessions=sessions), second)  # type: ignore[arg-type]

    assert told("caution"), "what names no session is about all of them"
    assert told("caution", (1, 2))
    assert told("caution", (1, 1), (1, 2), (2, 1))
    assert not told("caution", (1, 1))
    assert not told("caution", (12, 2), (2, 1))
    assert told("stop", (2, 1)), "what was overridden is said on every sheet"


#: audit, bedside, order
THREE = ("default-used", "fluid-load", "rounded")


def test_each_reader_has_his_own_first_and_gravity_before_all() -> None:
    found = [Notice(code, "info", "words") for code in THREE]
    assert [notice.code for notice in by_level(found)] == ["rounded", "fluid-load", "default-used"]
    assert [notice.code for notice in by_level(found, "bedside")] == ["fluid-load", "rounded", "default-used"]
    assert [notice.code for notice in by_level(found, "audit")] == ["default-used", "rounded", "fluid-load"]
    grave = Notice("low-confidence-source", "caution", "words")
    assert by_level([*found, grave], "bedside")[0] is grave


def said(level: Level, lines: int = 1) -> tuple[Notice, str]:
    """A notice whose text takes so many lines of 80 columns."""
    return Notice("rounded", level, "words"), " ".join(["x" * 79] * lines)


@pytest.mark.parametrize(
    ("found", "kept", "folded"),
    [
        ([said("info")] * 4, 4, 0),  # all fit
        ([said("info")] * 5, 3, 2),  # three, and the line that counts the others
        ([said("info", 2), said("info", 3)], 1, 1),
        ([said("caution", 2), said("info"), said("info"), said("info")], 2, 2),
        ([said("caution", 3), said("info"), said("info")], 1, 2),
        ([said("info", 5)], 0, 1),
    ],
)
def test_notes_have_four_lines_of_a_screen(found: list[tuple[Notice, str]], kept: int, folded: int) -> None:
    shown, left = on_screen(found)
    assert (len(shown), left) == (kept, folded)


def test_no_caution_and_no_overridden_stop_is_ever_folded() -> None:
    found = [said("stop", 3), *[said("caution", 2)] * 9, said("info"), said("info")]
    shown, left = on_screen(found)
    assert [notice.level for notice, _ in shown] == ["stop", *["caution"] * 9]
    assert left == 2


def test_the_line_for_folded_notes() -> None:
    assert folded_text(1) == "1 note: --notes shows it"
    assert folded_text(7) == "7 notes: --notes shows them"


def test_sheet_has_warnings_and_the_notes_for_the_bedside() -> None:
    plan = papers.dermatomyositis()
    notes = [found.code for found in for_sheet(plan, plan.sessions[0]) if found.level == "info"]
    assert notes == ["product-warning", "fluid-load", "haemolysis-check"]
    assert [found.code for found in for_sheet(plan, plan.sessions[0])][: -len(notes)] == ["ladder-assumed"]


def test_note_of_another_session_is_not_on_the_sheet() -> None:
    plan = papers.dermatomyositis()
    plan = replace(plan, notices=(Notice("date-shifted", "info", "moved", sessions=((2, 1),)),))
    assert [len(for_sheet(plan, session)) for session in plan.sessions] == [0, 0, 1, 0]


# ---- what names an option of the command line -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("check that pounds were not typed as kilograms; --previous-weight settles it", "check that pounds were not typed as kilograms"),
        ("48 kg instead: ask whether it is meant, and name a --policy that doses on it", "48 kg instead: ask whether it is meant"),
        ("78 years: a risk, and no risk was given: give --risk renal, --risk cardiac or --risk none", "78 years: a risk, and no risk was given"),
        ("it ends at 17:30: start by 09:00", "it ends at 17:30: start by 09:00"),
        ("a dose of 2 -- 3 g/kg", "a dose of 2 -- 3 g/kg"),
        ("--start was not given", "--start was not given"),
    ],
)  # fmt: skip
def test_at_the_bedside_no_remedy_names_an_option(said: str, kept: str) -> None:
    assert without_options(said) == kept


def test_no_option_of_the_command_line_stands_on_a_record_and_every_one_on_the_order_page() -> None:
    """An obese patient of 78 years whose infusion runs over midnight, with cautions whose remedies are options."""
    plan = helpers.plan(
        "cidp", "privigen-us", "130kg", height="165cm", sex="female", age="78y", start="2026-12-01", at="22:00"
    )
    page = document(plan, "a4", {})
    beside = [notice["text"] for sheet in page["sheets"] for notice in sheet["notices"]]
    assert {"obese-actual-weight", "age-risk", "clock-not-checked"} <= {
        notice["code"] for notice in page["sheets"][0]["notices"]
    }
    assert [text for text in beside if re.search(r"--[a-z]", text)] == []
    assert len([text for text in (notice["text"] for notice in page["notices"]) if re.search(r"--[a-z]", text)]) >= 3
