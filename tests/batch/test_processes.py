"""Real processes, ended from outside at any moment, two at once, on a full disk: the same command goes on."""

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ivigcalc.batch.run.folder import WORK

from .conftest import ORDER, contents, names, patients, process

FINAL = {"sessions.csv", "steps.csv", "notices.csv", "rows.csv", "errors.csv", "batch.json", "summary.json"}


def arguments(tmp_path: Path, *more: object) -> list[object]:
    return ["batch", tmp_path / "in.csv", "-o", tmp_path / "out", *ORDER, "--courses", "20", *more]


def group_is_gone(group: int, seconds: float = 20) -> bool:
    """Whether every process of a group has ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def wait_for(condition: Callable[[], object], command: "subprocess.Popen[bytes]", seconds: float = 60) -> None:
    """Wait until something is so, or the process has ended."""
    end = time.monotonic() + seconds
    while not condition() and command.poll() is None:
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.002)


def test_what_is_piped_in(tmp_path: Path) -> None:
    content = (patients(20) + "bad,x\n").encode()
    for turn in range(2):
        command = process("batch", "-", "--input-format", "csv", "-o", tmp_path / "out", *ORDER, stdin=subprocess.PIPE)
        out, err = command.communicate(content, timeout=60)
        assert (command.returncode, out) == (5, b"")
        assert (b"nothing to do" in err) is (turn == 1)
    assert set(contents(tmp_path / "out")) == FINAL
    command = process("batch", "-", "-o", tmp_path / "other", *ORDER, stdin=subprocess.PIPE)
    assert b"--input-format" in command.communicate(content, timeout=60)[1]
    assert command.returncode == 2


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--jobs", "2"), ("--format", "parquet", "--jobs", "2")])
def test_killed_twenty_times_at_random_moments(tmp_path: Path, options: tuple[str, ...]) -> None:
    """SIGKILL whenever it may come; the same command again, until it is done; the bytes of an undisturbed run."""
    (tmp_path / "in.csv").write_text(patients(400 if "parquet" in options else 2_000) + "bad,x\n", encoding="utf-8")
    began = time.monotonic()
    whole = process("batch", tmp_path / "in.csv", "-o", tmp_path / "whole", *ORDER, "--courses", "20", *options)
    assert whole.communicate(timeout=120)[1]
    took = time.monotonic() - began
    expected = contents(tmp_path / "whole")
    choose = random.Random(20)
    kills = 0
    while kills < 20:
        command = process(*arguments(tmp_path, *options))
        try:
            command.wait(choose.uniform(0.05, took * 1.1))
        except subprocess.TimeoutExpired:
            command.kill()
            kills += 1
        command.communicate(timeout=60)
        assert group_is_gone(command.pid), "a worker outlived its parent"
        out = tmp_path / "out"
        for name in names(out) - {WORK}:
            assert (out / name).read_bytes() == expected[name], "what has its final name is whole"
        if command.returncode == 5:
            assert contents(out) == expected
            shutil.rmtree(out)
    command = process(*arguments(tmp_path, *options))
    command.communicate(timeout=120)
    assert contents(tmp_path / "out") == expected


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_it_cleanly(tmp_path: Path, jobs: str, number: signal.Signals, code: int) -> None:
    (tmp_path / "in.csv").write_text(patients(20_000), encoding="utf-8")
    command = process(*arguments(tmp_path, "--jobs", jobs))
    wait_for((tmp_path / "out" / WORK / "state.json").exists, command)
    if number == signal.SIGINT:
        os.killpg(command.pid, number)  # Ctrl-C reaches the whole group
    else:
        command.send_signal(number)
    out, err = command.communicate(timeout=60)
    assert (command.returncode, out) == (code, b"")
    assert b"the same command goes on from here" in err
    assert b"Traceback" not in err
    assert group_is_gone(command.pid)
    assert names(tmp_path / "out") == {WORK}
    again = process(*arguments(tmp_path))
    assert b"taken up after" in again.communicate(timeout=120)[1]
    assert again.returncode == 0
    assert set(contents(tmp_path / "out")) == FINAL


@pytest.mark.slow
def test_two_at_once_in_one_folder(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(patients(4_000), encoding="utf-8")
    first = process(*arguments(tmp_path, "--jobs", "2"))
    wait_for((tmp_path / "out" / WORK / "steps.part").exists, first)
    second = process(*arguments(tmp_path))
    assert b"another batch is writing to out" in second.communicate(timeout=60)[1]
    assert second.returncode == 2
    first.communicate(timeout=120)
    assert first.returncode == 0
    assert set(contents(tmp_path / "out")) == FINAL


@pytest.mark.slow
def test_a_worker_that_is_ended_from_outside(tmp_path: Path) -> None:
    """As the system does when memory runs out: the batch stops, says so, and can be taken up."""
    (tmp_path / "in.csv").write_text(patients(4_000), encoding="utf-8")
    command = process(*arguments(tmp_path, "--jobs", "2"))
    part = tmp_path / "out" / WORK / "steps.part"
    wait_for(lambda: part.exists() and part.stat().st_size > 1000, command)
    children = Path(f"/proc/{command.pid}/task/{command.pid}/children").read_text(encoding="utf-8").split()
    os.kill(int(children[0]), signal.SIGKILL)
    err = command.communicate(timeout=60)[1]
    assert command.returncode == 2
    assert b"a worker process was ended from outside" in err
    assert b"Traceback" not in err
    again = process(*arguments(tmp_path, "--jobs", "2"))
    again.communicate(timeout=120)
    assert again.returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_disk_that_really_is_full(tmp_path: Path, jobs: str) -> None:
    """The system refuses to let the file grow: the message is clear, and with room again the run goes on."""
    (tmp_path / "in.csv").write_text(patients(4_000), encoding="utf-8")

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))

    done = subprocess.run(
        [sys.executable, "-m", "ivigcalc", *map(str, arguments(tmp_path, "--jobs", jobs))],
        capture_output=True, preexec_fn=small_files, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert b"cannot write to the output folder: File too large" in done.stderr
    assert names(tmp_path / "out") <= {WORK}
    again = process(*arguments(tmp_path, "--jobs", jobs))
    again.communicate(timeout=120)
    assert again.returncode == 0
    assert set(contents(tmp_path / "out")) == FINAL
