"""`-o FILE`: the result is there whole, or the error says why not; the file stays what it was (`tests/test_files.py`)."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ivigcalc import files
from ivigcalc.cli.main import main

DOSE = ("dose", "-r", "dermatomyositis", "-p", "octagam-10-us", "--weight", "72kg", "-f", "json", "--quiet", "-o")
#: said after a refusal of the command line
HELP = "all that it takes: ivigcalc dose --help\n"


@pytest.fixture(autouse=True)
def nobody_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nonexistent")


def refused(path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert main([*DOSE, str(path)]) == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("before", ["the plan of yesterday", None])
def test_a_plan_takes_the_place_of_the_old_one(before: str | None, tmp_path: Path) -> None:
    plan, link = tmp_path / "plan.json", tmp_path / "link.json"
    if before is not None:
        plan.write_text(before, encoding="utf-8")
        plan.chmod(0o640)
    link.symlink_to("plan.json")
    assert main([*DOSE, str(link)]) == 0
    assert link.is_symlink()
    assert plan.read_text(encoding="utf-8").startswith("{")
    if before is not None:
        assert stat.S_IMODE(plan.stat().st_mode) == 0o640


def test_a_disk_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    disk = tmp_path / "disk"
    try:
        os.mknod(disk, 0o600 | stat.S_IFBLK, os.makedev(0, 0))
    except OSError:
        pytest.skip("only root makes devices, and not everywhere")
    assert refused(disk, capsys) == f"error: cannot write to {disk}: it is a disk; choose another file for -o\n{HELP}"


def test_a_folder_is_not_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "it is a folder; choose another file for -o" in refused(tmp_path, capsys)


def test_a_link_in_a_circle_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    link = tmp_path / "link.json"
    link.symlink_to("link.json")
    assert "cannot write to" in refused(link, capsys)
    assert link.is_symlink()


def test_a_write_protected_file_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text("the plan that was signed", encoding="utf-8")
    plan.chmod(0o400)
    if os.geteuid() == 0:  # root may write everywhere
        monkeypatch.setattr(files.os, "access", lambda *_: False)
    assert "it is write-protected; choose another file for -o" in refused(plan, capsys)
    assert plan.read_text(encoding="utf-8") == "the plan that was signed"
    assert list(tmp_path.iterdir()) == [plan]


# ---- all or nothing --------------------------------------------------------------------------------------------------


DM = ("-r", "dermatomyositis", "-p", "octagam-10-us", "--weight", "71.3kg", "--age", "54y")
SCHEDULE = ("schedule", *DM, "--start", "2026-12-01", "--at", "09:00", "--courses", "2")


def test_a_write_that_fails_leaves_the_old_file_whole(
    run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "plan.json"
    target.write_text("the plan of yesterday", encoding="utf-8")

    def full_disk(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full_disk)
    done = run(*SCHEDULE, "-f", "json", "-o", target)
    assert (done.code, done.out) == (2, "")
    assert "No space left on device" in done.err
    assert target.read_text(encoding="utf-8") == "the plan of yesterday"
    assert list(tmp_path.iterdir()) == [target]


def test_a_refused_plan_writes_no_file(run: Callable[..., Any], tmp_path: Path) -> None:
    assert run(*SCHEDULE, "--dose", "3 g/kg", "-f", "json", "-o", tmp_path / "plan.json").code == 4
    assert list(tmp_path.iterdir()) == []


def test_a_written_plan_is_an_ordinary_file(run: Callable[..., Any], tmp_path: Path) -> None:
    run(*SCHEDULE, "-f", "json", "-o", tmp_path / "plan.json")
    mode = (tmp_path / "plan.json").stat().st_mode
    assert stat.S_ISREG(mode)
    assert mode & 0o002 == 0


# ---- letters that a stream has not ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "plainly"),
    [
        ({"LC_ALL": "C"}, True),
        ({"LC_ALL": "POSIX"}, True),
        ({"PYTHONIOENCODING": "ascii"}, True),
        ({"LC_ALL": "C.UTF-8"}, False),
        ({"LC_ALL": "C", "PYTHONUTF8": "1"}, False),
        ({}, False),
    ],
)
def test_a_table_is_drawn_with_what_the_stream_has(environment: dict[str, str], plainly: bool) -> None:
    """Python takes `LC_ALL=C` for UTF-8; somebody who says it wants none of it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHONUTF8"))}
    order = "-r dermatomyositis -p octagam-10-us --weight 72kg --start 2026-12-01 --at 09:00"
    for command in ("schedule", "calendar"):
        done = subprocess.run(
            [sys.executable, "-m", "ivigcalc", command, *order.split()],
            env={**kept, **environment},
            capture_output=True,
            check=True,
        )
        assert done.stdout.isascii() is plainly
        assert b"2 x" in done.stdout or b"2x30" in done.stdout
