"""What a shell offers after an option that takes an id, in bash, zsh, fish and PowerShell."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
import typer._completion_classes as typers
from typer._click.shell_completion import CompletionItem
from typer._completion_shared import get_completion_script

from ivigcalc import library
from ivigcalc.cli.app import build, made
from ivigcalc.cli.complete import GROUPS, OPTIONS, answer
from ivigcalc.cli.homes import HOMES, OF_ONE_PATIENT
from ivigcalc.cli.main import main
from ivigcalc.request.fields import FIELDS

APP = made()
SHELLS = ("bash", "zsh", "fish", "powershell")


def asked(shell: str, line: str) -> dict[str, str]:
    """The environment in which a shell asks what comes at the end of a line."""
    word = "" if line.endswith(" ") else line.split()[-1]
    if shell == "bash":
        words = line.replace(":", " : ").replace("=", " = ").split() + ([""] if line.endswith((" ", ":")) else [])
        words = words[:-1] if line.endswith(":") else words
        return {"COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    return {
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_WORD_TO_COMPLETE": word,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }


def offered(line: str, shell: str = "fish") -> list[str] | None:
    said = answer(f"complete_{shell}", asked(shell, line))
    return None if said is None else said.splitlines()


@pytest.mark.parametrize(
    ("line", "ids"),
    [
        ("ivigcalc dose -r cid", ["cidp"]),
        ("ivigcalc schedule --weight 72kg --regimen dermatomyos", ["dermatomyositis"]),
        ("ivigcalc rates --indication CID", ["cidp"]),
        ("ivigcalc batch list.csv --product octagam-10", ["octagam-10-eu", "octagam-10-us"]),
        ("ivigcalc dose --policy practical", ["practical-vials"]),
        ("ivigcalc schedule -r mmn --phase l", ["loading"]),
        ("ivigcalc products show alyg", ["alyglo-us"]),
        ("ivigcalc regimens check cid", ["cidp"]),
    ],
)
def test_ids_that_begin_so(line: str, ids: list[str]) -> None:
    known = {*library.shipped("regimen"), *library.shipped("product"), *library.shipped("policy"), "loading"}
    if not set(ids) <= known:
        pytest.skip("another library")
    for shell in ("bash", "fish"):
        assert offered(line, shell) == ids


@pytest.mark.parametrize(
    "line",
    ["ivigcalc do", "ivigcalc dose --reg", "ivigcalc dose -r xyzzy", "ivigcalc dose -r --p", "ivigcalc day -", ""],
)
@pytest.mark.parametrize("shell", ["bash", "fish", "powershell"])
def test_the_rest_is_left_to_typer(line: str, shell: str) -> None:
    if shell != "bash" or " -r" in line or "day" in line:  # bash wants no more than the names
        assert answer(f"complete_{shell}", asked(shell, line or "x ")) is None
    assert answer("source_bash", {}) is None
    assert answer(f"complete_{shell}", {}) is None


@pytest.mark.parametrize("regimen", library.shipped("regimen"))
def test_protocols_and_phases_are_those_of_the_file(regimen: str) -> None:
    definition = library.regimen(regimen)[0].value
    found = [name.partition(":")[2] for name in offered(f"ivigcalc dose -r {regimen}:") or []]
    assert found == list(definition.protocols)
    for name, protocol in definition.protocols.items():
        phases = [phase.id for phase in getattr(protocol, "phases", None) or () if phase.id != "course"]
        assert (offered(f"ivigcalc dose -r {regimen}:{name} --phase ") or []) == phases, name


def test_bash_takes_a_word_apart_at_colons() -> None:
    whole = [name.partition(":")[2] for name in offered("ivigcalc dose -r cidp:us") or []]
    assert whole
    assert offered("ivigcalc dose -r cidp:us", "bash") == whole
    assert set(whole) < set(offered("ivigcalc dose -r cidp:", "bash") or [])


def test_sites_are_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ward.yaml").write_text("kind: site\nschema: 2\nid: ward\n", encoding="utf-8")
    (tmp_path / "web.yaml").write_text("kind: product\n", encoding="utf-8")
    (tmp_path / "more").mkdir()
    os.mkfifo(tmp_path / "pipe.yaml")
    monkeypatch.chdir(tmp_path)
    assert offered("ivigcalc dose --site ") == ["more/", "ward.yaml"]
    assert offered("ivigcalc dose --site w", "bash") == ["ward.yaml"]
    assert offered(f"ivigcalc dose --site {tmp_path}/wa") == [f"{tmp_path}/ward.yaml"]


@pytest.mark.parametrize(
    ("shell", "made"),
    [("zsh", typers.ZshComplete), ("fish", typers.FishComplete), ("powershell", typers.PowerShellComplete)],
)
def test_each_shell_is_answered_as_typer_answers_it(shell: str, made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    line = "ivigcalc dose -r cidp:us"
    environment = asked(shell, line)
    ids = offered(line) or []

    class Its(made):  # type: ignore[misc]
        def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
            assert (args[-1], incomplete) == ("-r", "cidp:us")
            return [CompletionItem(name) for name in ids]

    with monkeypatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        expected = Its(None, {}, "ivigcalc", "_IVIGCALC_COMPLETE").complete()
    assert (answer(f"complete_{shell}", environment) or "").rstrip("\n") == expected.rstrip("\n")


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_in_a_real_bash(tmp_path: Path) -> None:
    """Typer's own script, sourced; the command is this interpreter's."""
    command = tmp_path / "ivigcalc"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ivigcalc "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    script = get_completion_script(prog_name="ivigcalc", complete_var="_IVIGCALC_COMPLETE", shell="bash")
    ask = 'COMP_WORDS=(ivigcalc dose -r cid); COMP_CWORD=3; _ivigcalc_completion ivigcalc; echo "${COMPREPLY[@]}"'
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "--norc", "-c", f"{script}\n{ask}"], env=environment, capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout == "cidp\n"


def test_every_option_that_takes_an_id_is_completed() -> None:
    ids = {field.option for field in FIELDS if "ID" in field.metavar}
    assert ids | {"--phase", "--site", "-r", "-p"} == set(OPTIONS)
    assert {name for name, home in HOMES.items() if home == "definitions"} - {"schema"} == set(GROUPS)


def test_nothing_is_loaded_for_it() -> None:
    script = (
        "import os, sys; os.environ.update(_IVIGCALC_COMPLETE='complete_bash', COMP_WORDS='ivigcalc dose -r c', "
        "COMP_CWORD='3'); from ivigcalc.cli.start import run; run(); "
        "sys.exit(any(name in sys.modules for name in ('typer', 'pydantic', 'yaml', 'ivigcalc.definitions')))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, "cidp" in done.stdout) == (0, True)


@pytest.mark.parametrize("stdout", ["closed", "full"])
def test_what_the_shell_cannot_hear_is_not_complained_of(stdout: str) -> None:
    to = ">&-" if stdout == "closed" else ">/dev/full"
    done = subprocess.run(
        ["sh", "-c", f'"$0" -m ivigcalc {to}', sys.executable],
        env={**os.environ, "_IVIGCALC_COMPLETE": "complete_bash", **asked("bash", "ivigcalc dose -r c")},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_bash_is_told_the_commands_that_typer_has() -> None:
    """It sorts them itself; the other shells show what each is for, which typer says."""
    commands = typer.main.get_command(build()).commands  # type: ignore[attr-defined]
    assert sorted(offered("ivigcalc ", "bash") or ()) == sorted(commands)
    assert sorted(offered("ivigcalc re", "bash") or ()) == ["regimens", "replan"]
    assert [offered("ivigcalc re", shell) for shell in ("fish", "powershell")] == [None, None]
    assert offered("ivigcalc --ver", "bash") is None


@pytest.mark.parametrize(
    "typed",
    ["", "--weight 72kg", "-p x --risk renal -q", "--product=x --pregnant -f json", "--weight", "--nothing", "x"],
)
@pytest.mark.parametrize("word", ["-", "--", "--p", "--weight", "--he", "-h", "-q"])
def test_bash_is_told_the_options_that_typer_has(typed: str, word: str) -> None:
    """Those that were not given, and those that may be given again; or it is left to typer."""
    for command in OF_ONE_PATIENT:
        line = [command, *typed.split()]
        own = typers.BashComplete(APP, {}, "ivigcalc", "_IVIGCALC_COMPLETE").get_completions(line, word)
        found = answer(
            "complete_bash",
            {"COMP_WORDS": " ".join(["ivigcalc", *line, word]), "COMP_CWORD": str(len(line) + 1)},
        )
        assert sorted((found or "").split()) in ([], sorted(item.value for item in own))  # bash sorts them itself
        assert found or typed in ("--weight", "--nothing", "x") or not own


@pytest.mark.parametrize(("words", "number"), [(None, None), ("ivigcalc dose", "x")])
def test_a_question_of_a_shell_that_cannot_be_read_is_no_bug(
    words: str | None, number: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_IVIGCALC_COMPLETE", "complete_bash")
    for name, value in (("COMP_WORDS", words), ("COMP_CWORD", number)):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    assert main([]) == 2
    said = capsys.readouterr().err
    assert "bug" not in said
    assert "_IVIGCALC_COMPLETE cannot be read" in said
