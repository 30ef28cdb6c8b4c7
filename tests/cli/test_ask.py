"""`ask`, driven as a person drives it: through a real terminal, line by line."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from ivigcalc.cli import ask
from ivigcalc.cli.ask import DATED, QUESTIONS, command_line
from ivigcalc.definitions import NO_SITE_LOADED
from ivigcalc.request.fields import FIELD
from ivigcalc.request.form import Form

pexpect = pytest.importorskip("pexpect")
SKIP = ""


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Callable[..., tuple[str, int]]]:
    """Answers every prompt in order and gives all that was on the screen, and the exit code."""
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    environment.pop("IVIGCALC_SITE", None)
    open_terminals = []

    def answer(answers: Sequence[str], *options: str) -> tuple[str, int]:
        child = pexpect.spawn(
            sys.executable, ["-m", "ivigcalc", "ask", *options], env=environment, encoding="utf-8", timeout=30, dimensions=(60, 120)
        )  # fmt: skip
        open_terminals.append(child)
        seen = ""
        for said in answers:
            child.expect(r": $")
            seen += child.before + child.after
            if said == "^C":
                child.sendintr()
            else:
                child.sendline(said)
        child.expect(pexpect.EOF)
        child.close()
        return (seen + child.before).replace("\r\n", "\n"), child.exitstatus

    yield answer
    for child in open_terminals:
        child.close(force=True)


def test_a_run_ends_with_the_plan_and_the_command_that_gives_it_again(
    talk: Callable[..., tuple[str, int]], run: Callable[..., Any]
) -> None:
    """72 kg of 2 g/kg over 2 days: 144 g, 72 g a day."""
    answers = ["dermatomyositis", "octagam-10-us", "72kg", "54y", *[SKIP] * 5, SKIP, "2026-12-01", "09:00", "2"]
    seen, code = talk(answers)
    assert code == 0
    assert "So far: 144 g a course (2 g/kg of 72 kg, actual), over 2 days: 72 + 72 g" in seen
    assert "(Enter: as the protocol prints, 2 g/kg/course d1-2)" in seen
    *_, line = seen.strip().splitlines()
    words = shlex.split(line)
    assert words[:2] == ["ivigcalc", "schedule"]
    again = run(*words[1:])
    assert again.code == 0
    assert again.out.splitlines()[0] in seen
    assert "Tue 2026-12-01  09:00  13:48" in seen


def test_what_cannot_be_read_is_asked_again_and_a_question_is_explained(talk: Callable[..., tuple[str, int]]) -> None:
    seen, code = talk(["cidp", "octagam", "privigen-us", "72", "?", SKIP, "72kg", "old", "40y", *[SKIP] * 7])
    assert code == 0
    assert "it could be 72 kg, or 72 lb" in seen
    assert "Body weight with its unit: 72kg, 4500g, 158lb, 11st4lb." in seen
    assert "This has to be said." in seen
    assert seen.count("Age, as 54y") == 2


def test_the_one_before_can_be_taken_back(talk: Callable[..., tuple[str, int]]) -> None:
    """100 kg typed for 10: asked once more, and the plan is of the second answer."""
    seen, code = talk(["cidp", "privigen-us", "100kg", "<", "72kg", *[SKIP] * 8])
    assert code == 0
    assert "--weight 72kg" in seen.splitlines()[-1]


def test_what_the_protocol_leaves_open_is_asked_for(talk: Callable[..., tuple[str, int]]) -> None:
    """A source that prints neither dose nor days: both are asked for, in the words of the refusal. 0.4 x 60 x 5 is 120 g."""
    answers = ["mixed-connective-tissue-disease", "privigen-us", "60kg", "50y", *[SKIP] * 7, "0.4 g/kg/day", "5"]
    seen, code = talk(answers)
    assert code == 0
    assert "publishes no dose" in seen
    assert "So far: 120 g a course" in seen
    assert seen.splitlines()[-1].endswith("--dose '0.4 g/kg/day' --days 5")


def test_a_stop_needs_a_reason_or_another_answer(talk: Callable[..., tuple[str, int]]) -> None:
    order = ["dermatomyositis", "octagam-10-us", "72kg", "54y", *[SKIP] * 5, "3 g/kg d1-5", SKIP]
    seen, code = talk([*order, SKIP, SKIP])
    assert (code, "dose-outside-regimen" in seen) == (4, True)
    assert "The same as a command" not in seen
    seen, code = talk([*order, SKIP, "agreed by the team"])
    assert code == 0
    assert "dose-outside-regimen=agreed by the team" in seen.splitlines()[-1]
    seen, code = talk([*order, "order", "2 g/kg d1-5"])
    assert code == 0
    assert "--order '2 g/kg d1-5'" in seen.splitlines()[-1]


def test_an_answer_that_cannot_be_right_is_said_at_once(talk: Callable[..., tuple[str, int]]) -> None:
    """740 kg typed for 74: said before the next question, and taken back; 2 g/kg are 148 g."""
    seen, code = talk(["dermatomyositis", "octagam-10-us", "740kg", "<", "74kg", *[SKIP] * 8])
    assert code == 0
    before, after = seen.split("[4 of 11] Age", 1)
    assert "So far: refused (weight-implausible): " in before
    assert "So far: 148 g a course" in after


def test_an_answer_that_only_the_plan_can_judge_is_asked_again_at_once(talk: Callable[..., tuple[str, int]]) -> None:
    """A condition that is none: said at its own question, not at the end, and not kept."""
    order = ["dermatomyositis", "octagam-10-us", "72kg", "54y", *[SKIP] * 3]
    seen, code = talk([*order, "no such thing", "hyperprolinaemia", *[SKIP] * 3])
    assert code == 0
    before, after = seen.split("[9 of 11]", 1)
    assert "unknown --condition 'no such thing'" in before
    assert "unknown --condition" not in after
    assert " --condition hyperprolinaemia " in seen.splitlines()[-1]


def test_an_answer_that_turns_out_wrong_at_the_end_can_be_taken_back() -> None:
    """What was given and may be left out is not asked for as if it were needed; what was not given is."""
    interview = ask.Interview(NO_SITE_LOADED)
    interview.words = {"condition": ("no such thing",)}
    assert interview._again("condition").skipped == "none"
    assert interview._again("age").skipped is None


def test_it_can_be_left_at_any_time(talk: Callable[..., tuple[str, int]]) -> None:
    seen, code = talk(["cidp", "^C"])
    assert code == 130
    assert "Traceback" not in seen


def test_it_never_waits_where_nobody_can_answer() -> None:
    for stdin in (subprocess.DEVNULL, subprocess.PIPE):
        done = subprocess.run(
            [sys.executable, "-m", "ivigcalc", "ask"], stdin=stdin, capture_output=True, text=True, timeout=30, encoding="utf-8",
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (2, "")
        assert "ask needs a terminal" in done.stderr


def test_every_question_is_of_a_field_and_says_a_unit_or_an_example() -> None:
    for question in (*QUESTIONS, *DATED):
        assert question.field in FIELD
        assert question.text[0].isupper()


def test_the_command_line_keeps_every_answer() -> None:
    form = Form(
        weight="72kg", regimen="cidp", product="privigen-us", risk=("renal", "cardiac"), name="O'Neil", pregnant=True
    )
    words = shlex.split(command_line(form, "dose", "my site.yaml"))
    assert words == [
        "ivigcalc", "dose", "--weight", "72kg", "--pregnant", "--risk", "renal", "--risk", "cardiac", "--name", "O'Neil",
        "--regimen", "cidp", "--product", "privigen-us", "--site", "my site.yaml",
    ]  # fmt: skip
