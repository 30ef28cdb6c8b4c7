"""What docs/scale.md shows for Dask, Spark and Ray, run as it stands there, each where it is installed.

Spark and Ray are no dependencies of the project: `pip install pyspark ray`, and `pytest -m slow tests/batch/test_frameworks.py`.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import ivigcalc

from .conftest import Done, patients

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

Batch = Callable[..., Done]
SCALE = (Path(__file__).parents[2] / "docs" / "scale.md").read_text(encoding="utf-8")
COUNT = 40
FORM = ivigcalc.Form(regimen="dermatomyositis", product="octagam-10-us", days="2", start="2026-12-01", at="09:00")


def shown(begins: str) -> str:
    """The line of docs/scale.md that begins so."""
    [line] = [line.strip() for line in SCALE.splitlines() if line.strip().startswith(begins)]
    return line


def table() -> Any:
    pa = pytest.importorskip("pyarrow")
    rows = [line.split(",") for line in patients(COUNT).splitlines()[1:]]
    return pa.table({"patient_id": [row[0] for row in rows], "weight_kg": [row[1] for row in rows]})


def grams(rows: list[dict[str, Any]]) -> list[tuple[str, int, str]]:
    return sorted((row["patient_id"], int(row["day"]), f"{float(row['dose_g']):.3f}") for row in rows)


@pytest.fixture
def expected(batch: Batch) -> list[tuple[str, int, str]]:
    return grams(batch(patients(COUNT)).table("sessions"))  # type: ignore[arg-type]


#: `ivigcalc`, as the lines of the page call it, with the order of the test for every row
PLANNING = SimpleNamespace(plan_arrow=partial(ivigcalc.plan_arrow, defaults=FORM), arrow_schema=ivigcalc.arrow_schema)


def test_spark(expected: list[tuple[str, int, str]]) -> None:
    sql = pytest.importorskip("pyspark.sql")
    types = pytest.importorskip("pyspark.sql.pandas.types")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    spark = sql.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        rows = spark.createDataFrame(table().to_pylist())
        names = {"patients": rows, "ivigcalc": PLANNING, "from_arrow_schema": types.from_arrow_schema}
        exec(shown("sessions = patients.mapInArrow"), names)
        found: Any = names["sessions"]
        assert grams([row.asDict() for row in found.collect()]) == expected
    finally:
        spark.stop()


def test_ray(expected: list[tuple[str, int, str]]) -> None:
    ray = pytest.importorskip("ray")
    data = pytest.importorskip("ray.data")
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
    try:
        names = {"patients": data.from_arrow(table()), "ivigcalc": PLANNING, "pa": pytest.importorskip("pyarrow")}
        exec(shown("sessions = patients.map_batches"), names)
        found: Any = names["sessions"]
        assert grams(found.take_all()) == expected
    finally:
        ray.shutdown()


@pytest.fixture
def local_cluster(tmp_path: Path) -> Iterator[str]:
    """The cluster of the page, at a port of its own."""
    pytest.importorskip("distributed")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = str(listener.getsockname()[1])
    found = re.search(r"^    python -c '(.+)'$", SCALE, re.MULTILINE)
    assert found
    code = found[1].replace("8786", port).replace("n_workers=4", "n_workers=1")
    started = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", int(port))) == 0:
                    break
            time.sleep(0.2)
        yield f"tcp://127.0.0.1:{port}"
    finally:
        os.killpg(started.pid, signal.SIGKILL)
        started.wait(timeout=20)


def test_dask(batch: Batch, local_cluster: str, expected: list[tuple[str, int, str]]) -> None:
    done = batch(patients(COUNT), "--cluster", local_cluster, folder="far")
    assert grams(done.table("sessions")) == expected  # type: ignore[arg-type]
    assert re.search(r"^1 worker$", done.err, re.MULTILINE), "how many workers there are is told"


def test_a_cluster_without_workers_says_so_and_ends(batch: Batch, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = str(listener.getsockname()[1])
    command = [sys.executable, "-W", "ignore", "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1"]
    scheduler = subprocess.Popen(
        [*command, "--port", port, "--no-dashboard", "--no-jupyter"],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        began = time.monotonic()
        done = batch(patients(5), "--cluster", f"tcp://127.0.0.1:{port}", "--wait", "2s")
        assert time.monotonic() - began < 60
        assert done.code == 2
        assert "0 workers" in done.err
        assert "the cluster has had no worker for 2 s" in done.err
        assert not done.folder.exists()
    finally:
        scheduler.kill()
        scheduler.wait(timeout=20)
