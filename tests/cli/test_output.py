"""`-o FILE`: a file is replaced whole and keeps what it was; a link, a pipe and a device stay what they are."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from ivigcalc.cli import output
from ivigcalc.cli.main import main

DOSE = ("dose", "-r", "dermatomyositis", "-p", "octagam-10-us", "--weight", "72kg", "-f", "json", "--quiet", "-o")


@pytest.fixture(autouse=True)
def nobody_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nonexistent")


def test_a_pipe_is_written_through(tmp_path: Path) -> None:
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    assert main([*DOSE, str(pipe)]) == 0
    reader.join(10)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert read[0].startswith(b"{")
    assert list(tmp_path.iterdir()) == [pipe]


def test_a_device_stays_a_device(tmp_path: Path) -> None:
    null = tmp_path / "null"
    try:
        os.mknod(null, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        null.write_bytes(b"")
    except OSError:
        pytest.skip("only root makes devices, and not everywhere")
    assert main([*DOSE, str(null)]) == 0
    assert stat.S_ISCHR(null.stat().st_mode)


def test_a_disk_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    disk = tmp_path / "disk"
    try:
        os.mknod(disk, 0o600 | stat.S_IFBLK, os.makedev(0, 0))
    except OSError:
        pytest.skip("only root makes devices, and not everywhere")
    assert main([*DOSE, str(disk)]) == 2
    assert "is a disk: name a file" in capsys.readouterr().err


@pytest.mark.parametrize("before", ["the plan of yesterday", None])
def test_a_link_stays_and_its_target_is_written(before: str | None, tmp_path: Path) -> None:
    (tmp_path / "plans").mkdir()
    target, link = tmp_path / "plans" / "plan.json", tmp_path / "link.json"
    if before is not None:
        target.write_text(before, encoding="utf-8")
    link.symlink_to("plans/plan.json")
    assert main([*DOSE, str(link)]) == 0
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8").startswith("{")


def test_a_link_in_a_circle_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    link = tmp_path / "link.json"
    link.symlink_to("link.json")
    assert main([*DOSE, str(link)]) == 2
    assert "cannot write to" in capsys.readouterr().err
    assert link.is_symlink()


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666])
def test_a_file_keeps_its_mode(mode: int, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text("old", encoding="utf-8")
    plan.chmod(mode)
    assert main([*DOSE, str(plan)]) == 0
    assert stat.S_IMODE(plan.stat().st_mode) == mode
    assert plan.read_text(encoding="utf-8").startswith("{")


def test_a_file_keeps_its_owner(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text("old", encoding="utf-8")
    try:
        os.chown(plan, 12345, 12345)
    except OSError:
        pytest.skip("only root gives a file away")
    assert main([*DOSE, str(plan)]) == 0
    assert plan.stat().st_uid == 12345


def test_a_write_protected_file_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text("the plan that was signed", encoding="utf-8")
    plan.chmod(0o400)
    if os.geteuid() == 0:  # root may write everywhere
        monkeypatch.setattr(output.os, "access", lambda *_: False)
    assert main([*DOSE, str(plan)]) == 2
    assert "it is write-protected; choose another file for -o" in capsys.readouterr().err
    assert plan.read_text(encoding="utf-8") == "the plan that was signed"
    assert list(tmp_path.iterdir()) == [plan]
