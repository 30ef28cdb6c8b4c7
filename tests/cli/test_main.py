"""How the app is put together."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from ivigcalc.cli import main as edge
from ivigcalc.cli import sites
from ivigcalc.cli.app import build
from ivigcalc.cli.homes import HOMES
from ivigcalc.cli.main import main

DOSE = ("dose", "-r", "dermatomyositis", "-p", "octagam-10-us", "--weight", "72kg")


def commands(named: str | None = None) -> dict[str, Any]:
    return typer.main.get_command(build(named)).commands  # type: ignore[attr-defined,no-any-return]


def test_a_command_that_is_named_is_the_one_of_the_whole_program() -> None:
    """Only the module of the command is loaded, so every command must be known to be in its module."""
    whole = commands()
    assert set(HOMES) == set(whole)
    for name, command in whole.items():
        alone = commands(name)[name]
        assert [param.name for param in alone.params] == [param.name for param in command.params]
        assert alone.help == command.help


def test_any_other_word_builds_the_whole_program() -> None:
    assert set(commands("--help")) == set(commands("doses")) == set(commands())


# ---- the streams ------------------------------------------------------------------------------------------------------


def ivigcalc(*arguments: str, **more: Any) -> subprocess.CompletedProcess[bytes]:
    """The program as a process, with no site of the machine's own."""
    environment = {
        **os.environ,
        "XDG_CONFIG_HOME": "/nonexistent",
        "PYTHONDONTWRITEBYTECODE": "1",
        **more.pop("env", {}),
    }
    command = [sys.executable, "-m", "ivigcalc", *arguments]
    return subprocess.run(command, env=environment, check=False, **{"stderr": subprocess.PIPE, **more})


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "arguments",
    [(*DOSE, "--quiet"), (*DOSE, "--quiet", "-f", "json"), ("--help",), ("dose", "--help"), ("--version",), ("products", "list"), ("schema", "plan")],
    ids=" ".join,
)  # fmt: skip
def test_a_reader_that_has_seen_enough_is_no_error(arguments: tuple[str, ...], unbuffered: str) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = ivigcalc(*arguments, stdout=write, env={"PYTHONUNBUFFERED": unbuffered})
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_result_is_written_though_nobody_hears_the_cautions() -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = ivigcalc(*DOSE, "-f", "json", stdout=subprocess.PIPE, stderr=write)
        refused = ivigcalc("dose", stdout=subprocess.PIPE, stderr=write)
    finally:
        os.close(write)
    assert done.returncode == 0
    assert json.loads(done.stdout)["notices"]
    assert (refused.returncode, refused.stdout) == (2, b"")


@pytest.mark.parametrize(
    ("arguments", "unbuffered"),
    [((*DOSE, "--quiet"), ""), ((*DOSE, "--quiet"), "1"), (("products", "list", "-f", "json"), "1"), (("--help",), "")],
)
def test_a_full_disk_is_said_and_is_no_bug(arguments: tuple[str, ...], unbuffered: str, tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as out:
        done = ivigcalc(
            *arguments,
            stdout=out,
            env={"PYTHONUNBUFFERED": unbuffered},
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)),
        )
    assert done.returncode == 2
    assert b"File too large" in done.stderr
    assert b"bug" not in done.stderr
    assert b"Exception ignored" not in done.stderr


@pytest.mark.parametrize(("closing", "said"), [(">&-", "stdout is closed"), ("2>&-", ""), (">&- 2>&-", "")])
def test_a_closed_stream_is_refused(closing: str, said: str) -> None:
    command = f"exec {sys.executable} -m ivigcalc {' '.join(DOSE)} {closing}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_batch_from_a_closed_stdin_is_refused(tmp_path: Path) -> None:
    command = f"exec {sys.executable} -m ivigcalc batch - --input-format csv -o {tmp_path}/out <&-"
    done = subprocess.run(["bash", "-c", command], capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "stdin is closed" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
@pytest.mark.parametrize("face", ["json", "markdown"])
def test_what_machines_read_is_utf_8_in_every_locale(face: str, encoding: str) -> None:
    done = ivigcalc(
        *DOSE, "--name", "Zo\u00eb \u674e", "-f", face, stdout=subprocess.PIPE, env={"PYTHONIOENCODING": encoding}
    )
    assert "Zo\u00eb \u674e" in done.stdout.decode("utf-8")


def test_a_table_says_in_ascii_what_the_stream_cannot_show() -> None:
    done = ivigcalc(*DOSE, "--name", "Zo\u00eb", stdout=subprocess.PIPE, env={"PYTHONIOENCODING": "ascii"})
    assert b"Zo\\xeb" in done.stdout
    assert b"\\xeb and the like are numbers of letters that this screen cannot show" in done.stdout
    whole = ivigcalc(*DOSE, "--name", "Zoe", stdout=subprocess.PIPE, env={"PYTHONIOENCODING": "ascii"})
    assert b"cannot show" not in whole.stdout


# ---- trouble of the machine, and of the person ------------------------------------------------------------------------


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """What a command says that must end with 2 and print nothing."""
    assert main([str(argument) for argument in arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "bug" not in err
    return err


def test_an_error_of_the_system_names_its_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: object) -> int:
        raise PermissionError(13, "Permission denied", "/etc/\x1b[31mred")

    monkeypatch.setattr(edge, "_dispatch", fails)
    assert "error: /etc/?[31mred: Permission denied; check the path" in refused(capsys, "dose")


def test_a_configuration_folder_that_cannot_be_looked_into_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(sites.VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", "/" + "x" * 300)
    said = refused(capsys, *DOSE)
    assert "File name too long; name one with --site, or mend HOME or XDG_CONFIG_HOME" in said


def test_names_of_300_characters_are_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for arguments in ((*DOSE, "-o"), ("products", "new", "my-product", "-o"), ("products", "check")):
        assert "File name too long" in refused(capsys, *arguments, tmp_path / ("x" * 300))


@pytest.mark.parametrize(("module", "line"), [("inspect", DOSE), ("typer", ("dose", "--help")), ("hashlib", DOSE)])
def test_ctrl_c_while_it_loads_is_quiet(module: str, line: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / f"{module}.py").write_text("raise KeyboardInterrupt", encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), *sys.path])
    done = ivigcalc(*line, stdout=subprocess.PIPE, env={"PYTHONPATH": path})
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


def test_ctrl_c_on_the_way_out_is_quiet() -> None:
    script = "from ivigcalc.cli import main as m; import signal; m.gc.freeze = lambda: signal.raise_signal(signal.SIGINT); m.run()"
    done = subprocess.run([sys.executable, "-c", script, "--version"], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (130, b"")


@pytest.mark.parametrize("option", ["--policy", "--site"])
@pytest.mark.parametrize("to_file", [False, True])
def test_a_path_that_is_not_utf_8_is_never_written(
    option: str, to_file: bool, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from ivigcalc import library

    own = tmp_path / os.fsdecode(b"own-\xff.yaml")
    site = "kind: site\nschema: 1\nid: x\n"
    own.write_text(
        site if option == "--site" else library.shipped("policy")["actual-weight"].read_text("utf-8"), "utf-8"
    )
    to = tmp_path / "plan.json"
    said = refused(capsys, *DOSE, option, own, "-f", "json", *(("-o", to) if to_file else ()))
    assert "not UTF-8" in said
    assert "rename the file" in said
    assert not to.exists()


def test_choices_stand_in_the_sentence_and_not_behind_question_marks(capsys: pytest.CaptureFixture[str]) -> None:
    assert "'KIND', one of plan, regimen, " in refused(capsys, "schema")


def test_a_calendar_file_of_a_plan_without_dates_is_refused_with_what_to_use(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for command in (
        DOSE,
        ("rates", "-p", "octagam-10-us", "--indication", "cidp", "--weight", "72kg", "--dose", "70g"),
    ):
        assert f"{command[0]} has no dates to put in a calendar: use `ivigcalc schedule`" in refused(
            capsys, *command, "-f", "ics"
        )


def test_working_that_a_face_cannot_show_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    said: Callable[[str], str] = lambda face: (main([*DOSE, "--explain", "-f", face]), capsys.readouterr().err)[1]  # noqa: E731
    assert "note: csv has no room for --explain" in said("csv")
    assert "--explain" not in said("json")
    assert "--explain" not in said("markdown")
    assert main([*DOSE, "--explain", "-f", "csv", "--quiet"]) == 0
    assert capsys.readouterr().err == ""
