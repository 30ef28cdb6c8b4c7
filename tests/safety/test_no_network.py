"""A run opens no socket, starts no program, and writes about the patient nowhere but into the output asked for.

The program runs in an interpreter of its own with an audit hook, which Python calls for every file, socket and process.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HOOK = """
import os, sys
_log = os.open(os.environ["AUDIT_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
_writes = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
_alarming = ("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "urllib.", "http.", "ftplib.", "smtplib.",
             "webbrowser.", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate", "shutil.", "sqlite3.", "syslog.")
def _hook(event, args):
    if event == "open" and isinstance(args[2], int) and args[2] & _writes or event.startswith(_alarming):
        os.write(_log, (repr((event, [repr(a) for a in args])) + "\\n").encode())
sys.addaudithook(_hook)
"""
DM = ("-r", "dermatomyositis", "-p", "octagam-10-us", "--weight", "72kg", "--name", "Zoe Roe", "--patient-id", "4711")
PLAN = ("schedule", *DM, "--start", "2026-12-01", "--at", "09:00")
SITE = "kind: site\nschema: 1\nid: clinic\nholidays: {country: US, subdivision: NY}\nopen: {mon-fri: '08:00-17:00'}\nclosed_days: shift-later\n"
COMMANDS = [
    ("dose", *DM), ("dose", *DM, "-f", "json"), PLAN, (*PLAN, "-f", "csv"), (*PLAN, "-f", "markdown", "--explain"), (*PLAN, "--site", "SITE", "-f", "json"),
    ("rates", "-p", "octagam-10-us", "--indication", "dermatomyositis", "--weight", "72kg", "--dose", "72g", "--plot"), ("calendar", *PLAN[1:]),
    ("verify", "PLAN"), ("regimens", "list"), ("products", "show", "octagam-10-us"), ("dose", *DM, "--dose", "9 g/kg"), ("dose", "--weight", "72"), ("--help",), ("--version",),
]  # fmt: skip
WRITTEN = [(*PLAN, "-f", face, "-o", f"TARGET/plan.{face}") for face in ("json", "csv", "pdf", "ics", "svg")]


@pytest.fixture
def audited(tmp_path: Path) -> "Audit":
    return Audit(tmp_path)


class Audit:
    """Runs a command under the hook, in a folder of its own, and keeps what the hook saw."""

    def __init__(self, folder: Path) -> None:
        self.hooks, self.home, self.target, self.log = (
            folder / "hooks",
            folder / "home",
            folder / "target",
            folder / "audit.log",
        )
        for made in (self.hooks, self.home, self.target):
            made.mkdir()
        (self.hooks / "sitecustomize.py").write_text(HOOK, encoding="utf-8")
        (folder / "site.yaml").write_text(SITE, encoding="utf-8")
        self.names = {"SITE": str(folder / "site.yaml"), "PLAN": str(folder / "plan.json")}

    def run(self, *arguments: str) -> list[tuple[str, list[str]]]:
        words = [self.names.get(word, word.replace("TARGET", str(self.target))) for word in arguments]
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.home), "AUDIT_LOG": str(self.log), "PYTHONPATH": os.pathsep.join([str(self.hooks), *map(str, sys.path)]),
            "PYTHONDONTWRITEBYTECODE": "1", "IVIGCALC_DEBUG": "1",
        }  # fmt: skip
        self.log.unlink(missing_ok=True)
        done = subprocess.run(
            [sys.executable, "-m", "ivigcalc", *words],
            cwd=self.home,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert self.log.exists(), "the hook was not installed"
        if "PLAN" in self.names and not Path(self.names["PLAN"]).exists() and arguments[-2:] == ("-f", "json"):
            Path(self.names["PLAN"]).write_text(done.stdout, encoding="utf-8")
        return [eval(line) for line in self.log.read_text(encoding="utf-8").splitlines()]


def harmless(event: str, arguments: list[str]) -> bool:
    """The null device, and a handle whose opening was seen before."""
    return event == "open" and (arguments[0] in ("'/dev/null'", "b'/dev/null'") or arguments[0].isdigit())


@pytest.mark.slow
def test_a_run_opens_no_socket_and_writes_nothing(audited: Audit) -> None:
    audited.run("dose", *DM, "-f", "json")
    for command in COMMANDS:
        seen = [event for event in audited.run(*command) if not harmless(*event)]
        assert seen == [], command
    assert list(audited.home.rglob("*")) == list(audited.target.rglob("*")) == []


@pytest.mark.slow
def test_what_is_asked_for_is_all_that_is_written(audited: Audit) -> None:
    for command in WRITTEN:
        seen = [event for event in audited.run(*command) if not harmless(*event)]
        target = command[-1].replace("TARGET", str(audited.target))
        assert seen, command
        assert all(event in ("open", "os.rename") for event, _ in seen), (command, seen)
        elsewhere = [(event, arguments) for event, arguments in seen if str(audited.target) not in arguments[0]]
        assert elsewhere == []
        assert Path(target).stat().st_size > 0
    assert list(audited.home.rglob("*")) == []
    assert len(list(audited.target.iterdir())) == len(WRITTEN)


def test_the_hook_would_see_a_socket_and_a_file(tmp_path: Path) -> None:
    """The hook itself, tried on what it must see."""
    (tmp_path / "sitecustomize.py").write_text(HOOK, encoding="utf-8")
    code = "import socket, os; socket.socket().close(); open('x', 'w').close(); os.close(os.open('y', os.O_RDWR | os.O_CREAT)); os.system('true')"
    environment = {**os.environ, "AUDIT_LOG": str(tmp_path / "log"), "PYTHONPATH": str(tmp_path)}
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=tmp_path, env=environment, check=True)
    seen = [eval(line)[0] for line in (tmp_path / "log").read_text(encoding="utf-8").splitlines()]
    assert seen.count("open") == 2
    assert "socket.__new__" in seen
    assert "os.system" in seen


def test_nothing_that_reaches_the_network_is_imported() -> None:
    code = "import sys, json; from ivigcalc.cli.main import main; main(sys.argv[1:]); sys.stderr.write(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code, *PLAN, "--quiet"], capture_output=True, encoding="utf-8", check=True
    )
    loaded = set(json.loads(done.stderr))
    assert "ivigcalc.engine.make" in loaded
    assert not loaded & {"ssl", "urllib.request", "http.client", "requests", "httpx", "asyncio"}
