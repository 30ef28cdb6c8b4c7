"""What the person who waits is told: a line now and then, with the rate and the time left, or nothing."""

import io
import os
import pty
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ivigcalc.batch.run.progress import Lines

from .conftest import ORDER, Done, patients

Batch = Callable[..., Done]


def test_a_line_per_interval_with_rate_and_time_left() -> None:
    now = 0.0
    stream = io.StringIO()
    lines = Lines(stream, lambda: now)
    for done in range(0, 10_001, 500):
        lines(done, 10_000)
        now += 4  # 500 rows in 4 seconds are 125 rows/s
    assert stream.getvalue().splitlines()[0] == "1,500 of 10,000 rows, 125 rows/s, 1 min 08 s left"
    assert stream.getvalue().splitlines()[1] == "3,000 of 10,000 rows, 125 rows/s, 56 s left"
    assert len(stream.getvalue().splitlines()) == 6


def test_a_run_that_is_taken_up_counts_its_own_rate() -> None:
    now = 0.0
    stream = io.StringIO()
    lines = Lines(stream, lambda: now)
    lines(5_000, 10_000)  # what an earlier run had done
    now = 20.0
    lines(6_000, 10_000)
    assert stream.getvalue() == "6,000 of 10,000 rows, 50 rows/s, 1 min 20 s left\n"


def test_quiet_says_nothing_but_failures(batch: Batch) -> None:
    assert batch(patients(10), "--quiet").err == ""
    assert (
        batch(patients(10) + "bad,x\n", "--quiet", folder="bad").err == "1 row failed, see errors.csv: 1 bad-request\n"
    )


def test_a_short_batch_says_one_line(batch: Batch) -> None:
    assert batch(patients(10)).err == "10 of 10 rows planned\n"


def test_files_for_each_patient_are_counted_ten_by_ten(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PDF takes its time: who waits sees it, and a kill costs the last ten."""
    heard: list[tuple[int, int]] = []
    monkeypatch.setattr(Lines, "__call__", lambda _self, done, rows: heard.append((done, rows)))
    batch(patients(25), "--each", "ics")
    assert heard == [(10, 25), (20, 25), (25, 25)]


def test_a_terminal_shows_a_bar(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(patients(600), encoding="utf-8")
    command = [sys.executable, "-m", "ivigcalc", "batch", str(tmp_path / "in.csv"), "-o", str(tmp_path / "out"), *ORDER]
    shown = bytearray()
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm", COLUMNS="100")
        os.execv(command[0], command)
    while True:
        try:
            shown += os.read(terminal, 4096)
        except OSError:
            break
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(terminal)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    assert "planning" in text
    assert "600/600" in text
    assert "600 of 600 rows planned" in text
