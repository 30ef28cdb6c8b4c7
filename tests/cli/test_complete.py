"""What a shell offers next, in bash, zsh, fish and PowerShell: ids, and as typer itself answers, commands and options."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer._completion_classes as typers
from typer import rich_utils
from typer._click.shell_completion import CompletionItem
from typer._completion_shared import get_completion_script

from ivigcalc import codes, library
from ivigcalc.cli.app import made
from ivigcalc.cli.complete import GROUPS, OPTIONS, answer
from ivigcalc.cli.goes_on import TABLE
from ivigcalc.cli.homes import HOMES
from ivigcalc.cli.main import main
from ivigcalc.request.fields import FIELDS
from tests.cli.test_manual import BUILD

APP = made()
TYPERS = {
    "bash": typers.BashComplete,
    "zsh": typers.ZshComplete,
    "fish": typers.FishComplete,
    "powershell": typers.PowerShellComplete,
}
SHELLS = tuple(TYPERS)


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


def walk(name: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield name, command
    for child_name, child in getattr(command, "commands", {}).items():
        yield from walk((*name, child_name), child)


COMMANDS = dict(walk((), APP))


def typers_own(shell: str, line: str, patch: pytest.MonkeyPatch) -> str:
    """What typer answers; a help that is longer than the terminal is wide stays on its line."""
    patch.setattr(rich_utils, "MAX_WIDTH", 1000)
    for name, value in asked(shell, line).items():
        patch.setenv(name, value)
    return str(TYPERS[shell](APP, {}, "ivigcalc", "_IVIGCALC_COMPLETE").complete())


def items(said: str | None) -> list[str]:
    """What is offered, in any order: typer has --help and -h in none."""
    return sorted((said or "").strip("\n").removeprefix("_arguments '*: :((").removesuffix("))'").splitlines())


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
    [
        "ivigcalc dose -r --p",
        "ivigcalc dose --weight -",
        "ivigcalc dose --nothing -",
        "ivigcalc dose -rcidp -",
        "ivigcalc dose -- --p",
        "ivigcalc verify x",
        "ivigcalc doze -",
        "ivigcalc --version do",
        "ivigcalc regimens nothing -",
        "ivigcalc regimens --help li",
    ],
)
@pytest.mark.parametrize("shell", SHELLS)
def test_the_rest_is_left_to_typer(line: str, shell: str) -> None:
    assert answer(f"complete_{shell}", asked(shell, line)) is None


def test_what_is_no_question_is_left_to_typer() -> None:
    assert answer("source_bash", {}) is None
    assert [answer(f"complete_{shell}", {}) for shell in SHELLS] == [None] * len(SHELLS)
    equals = ("ivigcalc dose --pregnant=yes -", "ivigcalc day --format=")  # bash takes them apart
    assert [answer("complete_zsh", asked("zsh", line)) for line in equals] == [None, None]


@pytest.mark.parametrize(
    "line",
    ["ivigcalc dose -r xyzzy", "ivigcalc dose --weight ", "ivigcalc regimens show -o ", "ivigcalc dose --xy"],
)
@pytest.mark.parametrize("shell", SHELLS)
def test_where_nothing_is_known_there_may_be_files(line: str, shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fish is told so by the exit code, and by typer."""
    found = answer(f"complete_{shell}", asked(shell, line))
    assert found == {"bash": "", "zsh": "_files\n", "fish": None, "powershell": ""}[shell]
    assert items(typers_own(shell, line, monkeypatch)) == items(found)


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


@pytest.mark.parametrize("shell", SHELLS)
def test_nothing_is_loaded_for_it(shell: str) -> None:
    """For an id, an option of any command, and a command."""
    script = """
import json, os, sys
from ivigcalc.cli.start import run
for environment in json.load(sys.stdin):
    os.environ.update(environment)
    run()
loaded = {name for name in sys.modules if name.startswith("ivigcalc.")}
assert loaded <= {"ivigcalc._version", "ivigcalc.cli", "ivigcalc.lazy"} | {
    f"ivigcalc.{name}" for name in ("cli.start", "cli.homes", "cli.complete", "cli.goes_on", "library", "library.place")
}, loaded
assert not {"typer", "rich", "msgspec", "pydantic", "yaml"} & sys.modules.keys()
"""
    lines = ["ivigcalc dose -r c", "ivigcalc re", "ivigcalc regimens li", "ivigcalc day -f js", "ivigcalc "]
    lines += [" ".join(["ivigcalc", *name, "-"]) for name in COMMANDS]
    environments = [{**asked(shell, line), "_IVIGCALC_COMPLETE": f"complete_{shell}"} for line in lines]
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=json.dumps(environments),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "cidp" in done.stdout
    assert done.stdout.count("--help") == len(COMMANDS)


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


def lines_of(name: tuple[str, ...], command: Any) -> list[str]:
    """A command; then with an argument, with all of its options, and with every other one."""
    options = [p for p in command.params if p.param_type_name == "option" and name]
    said = [p.opts[-1] if p.is_flag else f"{p.opts[0]} x" for p in options]
    said += [f"{p.opts[0]}=y" for p in options if not p.is_flag and p.opts[0].startswith("--")][::3]
    arguments = [[], ["x"], ["-"], ["y", *said], said[::2], ["-o", "-", *said[1::2]]]
    plain = arguments[:1] if hasattr(command, "commands") else arguments
    return [" ".join(["ivigcalc", *name, *more]) for more in plain if "-o" not in more or "--output" in str(said)]


@pytest.mark.parametrize("name", COMMANDS, ids=" ".join)
def test_commands_and_options_are_offered_as_typer_offers_them(
    name: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = COMMANDS[name]
    for line in lines_of(name, command):
        for word in ("-", "--he") if line.endswith("x") else ("-", "--", "--p", "--he", "-h", "-q"):
            for shell in SHELLS:
                found = answer(f"complete_{shell}", asked(shell, f"{line} {word}"))
                own = typers_own(shell, f"{line} {word}", monkeypatch)
                assert items(found) == items(own), (line, word, shell)
                assert found is not None or (shell == "fish" and not own), (line, word, shell)


@pytest.mark.parametrize("begun", ["", "re", "s", "xyzzy", "regimens ", "regimens s", "sites ", "policies l"])
@pytest.mark.parametrize("shell", SHELLS)
def test_names_of_commands_are_offered_as_typer_offers_them(
    begun: str, shell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = f"ivigcalc {begun}"
    found = answer(f"complete_{shell}", asked(shell, line))
    assert (found or "").rstrip("\n") == typers_own(shell, line, monkeypatch)
    assert found is not None or (shell, begun) == ("fish", "xyzzy")


CHOICES = [
    (" ".join(["ivigcalc", *name, option.opts[0], ""]))
    for name, command in COMMANDS.items()
    for option in command.params
    if option.param_type_name == "option" and option.type_descriptor.is_choice
]


@pytest.mark.parametrize("shell", SHELLS)
def test_the_values_of_an_option_are_offered_as_typer_offers_them(shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(CHOICES) > 20
    for line in CHOICES:
        for more in ("", "t", "j"):
            found = answer(f"complete_{shell}", asked(shell, line + more))
            own = typers_own(shell, line + more, monkeypatch)
            assert (found or "").rstrip("\n") == own, line + more
            assert found is not None or (shell == "fish" and not own), line + more


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ivigcalc dose --sex ", ["male", "female"]),
        ("ivigcalc dose --risk ", ["renal", "thrombosis", "cardiac", "none"]),
        ("ivigcalc schedule --dose-basis ", ["course", "4-weeks"]),
        ("ivigcalc rates --infusion s", ["subsequent"]),
        ("ivigcalc replan plan.json --rest ", ["move", "keep"]),
        ("ivigcalc calendar --part r", ["record"]),
        ("ivigcalc calendar --paper ", ["a4", "letter"]),
        ("ivigcalc dose --condition hyper", ["hyperprolinaemia"]),
        ("ivigcalc compare --sort dose", ["dose_g"]),
        ("ivigcalc explain dose-nee", ["dose-needed"]),
    ],
)
def test_few_words_are_offered_where_an_option_takes_no_others(line: str, words: list[str]) -> None:
    for shell in ("bash", "fish"):
        assert [said.partition("\t")[0] for said in offered(line, shell) or []] == words


@pytest.mark.parametrize(
    ("line", "option"),
    [
        ("dose -r cidp -p privigen-us --weight 70kg", "--risk"),
        ("dose -r cidp -p privigen-us --weight 70kg", "--infusion"),
        ("dose -r cidp -p privigen-us --weight 70kg", "--condition"),
        ("schedule -r cidp -p privigen-us --weight 70kg --start 2026-12-01", "--dose-basis"),
        ("calendar -r cidp -p privigen-us --weight 70kg --start 2026-12-01 -f html", "--part"),
        ("calendar -r cidp -p privigen-us --weight 70kg --start 2026-12-01 -f html", "--paper"),
        ("compare -r cidp -p privigen-us --weight 70kg --days 2..3", "--sort"),
    ],
)
def test_they_are_the_words_that_are_allowed(line: str, option: str, refuses: Callable[..., str]) -> None:
    said = refuses(2, *line.split(), option, "xyzzy").splitlines()[0]
    allowed = said.partition("allowed: ")[2].split(", ")
    assert sorted(offered(f"ivigcalc {line} {option} ") or []) == sorted(allowed)


def test_every_code_is_offered() -> None:
    assert offered("ivigcalc explain ") == list(codes.codes())


def test_the_table_is_what_would_be_generated() -> None:
    assert TABLE.read_text(encoding="utf-8") == BUILD.table(), "run: make docs"


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
