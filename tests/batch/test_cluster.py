"""The same partitions on a real Dask cluster on loopback: same bytes, nothing lost, though a worker is killed half-way."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ivigcalc.batch.run.cluster import do_far
from ivigcalc.batch.run.fingerprint import definitions_sha256
from ivigcalc.batch.run.work import Settings
from ivigcalc.batch.run.workers import WorkerError
from ivigcalc.request.form import Form

from .conftest import ORDER, Done, contents, patients, process

Batch = Callable[..., Done]
#: distributed reads its settings without naming their encoding
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:'encoding' argument not specified:EncodingWarning")]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def dask(*arguments: str, folder: Path) -> "subprocess.Popen[bytes]":
    environment = {
        **os.environ,
        "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "10s",
        "DASK_DISTRIBUTED__ADMIN__LOW_LEVEL_LOG_LENGTH": "0",
    }
    command = [sys.executable, "-W", "ignore", "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:]]
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list["subprocess.Popen[bytes]"]]]:
    """The address of a scheduler, and its two worker processes; all of them end with the test, by their ids."""
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    scheduler = dask(
        "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard", "--no-jupyter", folder=tmp_path
    )
    workers = [
        dask(
            "worker",
            address,
            "--nthreads",
            "1",
            "--no-nanny",
            "--no-dashboard",
            "--death-timeout",
            "60",
            folder=tmp_path,
        )
        for _ in range(2)
    ]
    try:
        yield address, workers
    finally:
        for started in (*workers, scheduler):
            started.kill()
            started.wait(timeout=20)


def wait_for_workers(address: str, count: int) -> None:
    from distributed import Client

    end = time.monotonic() + 60
    while True:
        try:
            with Client(address, timeout=5, set_as_default=False) as client:
                client.wait_for_workers(count, timeout=30)
                return
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.2)


def test_a_worker_killed_half_way_costs_nothing(
    batch: Batch, tmp_path: Path, cluster: tuple[str, list["subprocess.Popen[bytes]"]]
) -> None:
    address, workers = cluster
    content = patients(8_000) + "bad,x\n"
    expected = batch(content, "--courses", "12", folder="alone")
    wait_for_workers(address, 2)
    command = process(
        "batch", tmp_path / "in.csv", "-o", tmp_path / "far", *ORDER, "--courses", "12", "--cluster", address
    )
    part = tmp_path / "far" / ".ivigcalc-batch" / "steps.part"
    end = time.monotonic() + 90
    while not (part.exists() and part.stat().st_size > 200_000):
        assert command.poll() is None, command.communicate()
        assert time.monotonic() < end, "the cluster does nothing"
        time.sleep(0.01)
    os.kill(workers[0].pid, signal.SIGKILL)
    out, err = command.communicate(timeout=180)
    assert (command.returncode, out) == (5, b""), err
    assert b"Traceback" not in err
    assert without_today(contents(tmp_path / "far")) == without_today(contents(expected.folder))


def without_today(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files of a run without the day of asking: a process of its own reads the clock, and the tests do not."""
    return {**files, "batch.json": re.sub(rb'"on": "[0-9-]+"', b'"on": ""', files["batch.json"])}


def test_no_scheduler_there(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivigcalc.batch.run.cluster._CONNECT_SECONDS", 2)
    done = batch(patients(10), "--cluster", f"tcp://127.0.0.1:{free_port()}")
    assert done.code == 2
    assert "cannot reach a Dask scheduler" in done.err


def test_a_worker_with_other_definitions_is_not_believed(tmp_path: Path) -> None:
    own = tmp_path / "ours.yaml"
    own.write_text("kind: regimen\n", encoding="utf-8")
    settings = Settings(("patient_id",), Form(), files=(str(own),), definitions=definitions_sha256([str(own)]))
    assert do_far("batch", settings, []).became.planned == 0
    with pytest.raises(WorkerError, match="another version of ivigcalc or other definitions"):
        do_far("batch", Settings(("patient_id",), Form(), definitions="another"), [])
    own.write_text("kind: regimen # of this machine\n", encoding="utf-8")
    with pytest.raises(WorkerError, match=r"or other files at .*ours\.yaml"):
        do_far("batch", settings, [])
