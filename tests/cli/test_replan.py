"""`ivigcalc replan`: a saved plan in, a changed one out; what is refused writes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

Run = Callable[..., Any]
ORDER = (
    "schedule -r dermatomyositis -p octagam-10-us --weight 72kg --age 54y --days 4 --courses 6 "
    "--start 2026-12-01 --at 09:00 -q --format json -o"
)
REACTION = ("--session", "1.1", "--reaction-at", "10:51", "--resume-at", "11:21", "--rate", "half")


@pytest.fixture
def plan(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plan of November that is told of on the first of December."""
    monkeypatch.setattr("ivigcalc.cli.replan.today", lambda: date(2026, 12, 1))
    file = tmp_path / "plan.json"
    run(*ORDER.split(), file)
    return file


def test_a_reaction_from_the_command_line(run: Run, plan: Path) -> None:
    done = run("replan", plan, *REACTION)
    assert done.code == 0
    out = " ".join(done.out.split())
    assert "interrupted at 10:51 with 211.68 mL in, goes on at 11:21: 148.32 mL left" in out
    assert "13:04" in out


def test_one_after_the_other_and_verified(run: Run, plan: Path, tmp_path: Path) -> None:
    once, twice = tmp_path / "once.json", tmp_path / "twice.json"
    told = ("--by", "R. Nurse", "--reason", "chills", "-q", "--format", "json")
    assert run("replan", plan, *REACTION, *told, "-o", once).code == 0
    more = ("--new-weight", "68kg", "--from-course", "2", "-q", "--format", "json")
    assert run("replan", once, *more, "-o", twice).code == 0
    for file in (plan, once, twice):
        assert run("verify", file).code == 0
    said = json.loads(twice.read_text(encoding="utf-8"))
    assert [(c["number"], c["by"], c["reason"], c["at"]) for c in said["history"]] == [
        (1, "R. Nurse", "chills", "2026-12-01"),
        (2, None, None, "2026-12-01"),
    ]
    assert said["revision"]["number"] == 2


def test_without_an_event_it_is_the_same_plan(run: Run, plan: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.json"
    assert run("replan", plan, "-q", "--format", "json", "-o", again).code == 0
    assert again.read_bytes() == plan.read_bytes()


def test_what_changes_no_session_says_so(run: Run, plan: Path) -> None:
    same = run("replan", plan, "--new-weight", "72kg", "--from-course", "2")
    assert "note: this changes no session" in same.err
    other = run("replan", plan, "--new-weight", "68kg", "--from-course", "2")
    assert "changes no session" not in other.err
    done = run("replan", plan, "--done", "1.1")
    assert "changes no session" not in done.err


@pytest.mark.parametrize("format", ["table", "markdown", "csv", "json", "ics"])
def test_every_format_of_text(run: Run, plan: Path, tmp_path: Path, format: str) -> None:
    to = tmp_path / "out"
    assert run("replan", plan, *REACTION, "-q", "--format", format, "-o", to).code == 0
    assert to.stat().st_size > 500


@pytest.mark.slow
def test_a_pdf(run: Run, plan: Path, tmp_path: Path) -> None:
    to = tmp_path / "out.pdf"
    assert run("replan", plan, *REACTION, "-q", "--format", "pdf", "-o", to).code == 0
    assert to.read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("code", "words", "said"),
    [
        (2, (*REACTION, "--done", "1.1"), "are 2 events"),
        (2, ("--new-weight", "68kg"), "give --from-course"),
        (2, ("--session", "1.1", "--reaction-at", "08:00", "--stop"), "it runs from 2026-12-01T09:00 to"),
        (2, ("--session", "1.1", "--reaction-at", "10:40", "--resume-at", "10:39", "--rate", "half"), "before the pause"),
        (4, (*REACTION[:-1], "3 mL/kg/h"), "refused (rate-above-ceiling)"),
        (4, ("--missed", "2026-12-29", "--to", "2027-01-25", "--rest", "keep"), "refused (move-onto-course)"),
        (4, ("--new-weight", "68kg", "--from-course", "3", "--override", "course-overlap=x"), "no stop of that code"),
        (4, ("--done", "1.2"), "refused (session-to-come)"),
        (2, ("--reason", "because"), "belong to an event"),
        (2, ("--session", "1.1", "--session", "1.2", "--reaction-at", "10:00", "--stop"), "--session is given twice"),
        (2, ("--rate", "fast"), "says not what happened"),
    ],
)  # fmt: skip
def test_what_is_refused_writes_nothing(
    refuses: Callable[..., str], plan: Path, tmp_path: Path, code: int, words: tuple[str, ...], said: str
) -> None:
    to = tmp_path / "never.json"
    code = 2 if "no stop" in said else code
    assert said in refuses(code, "replan", plan, *words, "--format", "json", "-o", to)
    assert not to.exists()


def test_an_edited_plan_is_refused_with_what_differs(refuses: Callable[..., str], plan: Path) -> None:
    text = plan.read_text(encoding="utf-8")
    plan.write_text(text.replace('"dose_g": 36', '"dose_g": 35', 1), encoding="utf-8")
    said = refuses(4, "replan", plan, *REACTION)
    assert "sessions[course 1, day 1].dose_g: saved 35, recomputed 36" in said
    assert "nothing was changed" in said


def test_a_plan_of_another_version_is_refused(refuses: Callable[..., str], plan: Path) -> None:
    text = plan.read_text(encoding="utf-8")
    plan.write_text(text.replace('"ivigcalc_version": "', '"ivigcalc_version": "9'), encoding="utf-8")
    assert "changed by the version that made it" in refuses(4, "replan", plan, *REACTION)


@pytest.mark.parametrize(("name", "why"), [("none.json", "cannot be read: No such"), (".", "is not a regular file")])
def test_what_is_no_plan(refuses: Callable[..., str], tmp_path: Path, plan: Path, name: str, why: str) -> None:
    said = refuses(2, "replan", tmp_path / name, *REACTION)
    assert why in said
    assert "give a file as --format json -o FILE wrote it" in said


@pytest.mark.parametrize(("option", "width_pt"), [((), 612), (("--paper", "a4"), 595)])
def test_a_changed_plan_is_printed_on_the_paper_of_the_site(
    run: Run, tmp_path: Path, option: tuple[str, ...], width_pt: int
) -> None:
    """Letter is 8.5 in of 72 pt, A4 is 210 mm; what is typed beats the site."""
    site, saved, pdf = (tmp_path / name for name in ("site.yaml", "plan.json", "plan.pdf"))
    site.write_text("kind: site\nschema: 2\nid: st-elsewhere\npaper: letter\n", encoding="utf-8")
    assert run(*ORDER.split(), saved, "--site", site).code == 0
    assert run("replan", saved, "-f", "pdf", "-o", pdf, *option).code == 0
    assert round(PdfReader(pdf).pages[0].mediabox.width) == width_pt
