"""The partitions of a batch on an existing Dask cluster. The cluster schedules, retries and survives lost workers."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from threading import Lock
from typing import Any

from ivigcalc.batch.rows.source import Row
from ivigcalc.batch.run.fingerprint import definitions_sha256
from ivigcalc.batch.run.work import Done, Planner, Settings, do_partition
from ivigcalc.batch.run.workers import Partitions, WorkerError
from ivigcalc.errors import MissingExtraError, RequestError
from ivigcalc.text import safe

#: partitions under way for each thread of the cluster, and how often one is tried again
_AHEAD, _RETRIES = 2, 5
_CONNECT_SECONDS = 20
#: on a worker, the planner of the batch that it works for, under the name of the batch
_PLANNERS: dict[str, Planner] = {}
#: a worker has several threads, but its planner serves one partition; Python computes in one thread at a time anyway
_ONE_AT_A_TIME = Lock()


def do_on_cluster(settings: Settings, partitions: Partitions, address: str) -> Iterator[Done]:
    """Shared out among the workers of the scheduler at `address`, handed back in order."""
    import gc

    gc.enable()  # plans hold no cycles, but the client of a cluster makes them for as long as it runs
    try:
        from distributed import Client
    except ImportError:
        raise MissingExtraError("a cluster", "cluster") from None
    try:
        client: Any = Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise RequestError(
            f"--cluster: cannot reach a Dask scheduler at {safe(address)}: {error}", field="cluster"
        ) from None
    with client:
        yield from _in_order(client, settings, partitions)


def _in_order(client: Any, settings: Settings, partitions: Partitions) -> Iterator[Done]:
    under_way: deque[Any] = deque()
    name = os.urandom(8).hex()
    threads = max(1, sum(client.nthreads().values()))
    try:
        for rows in partitions:
            future = client.submit(do_far, name, settings, rows, pure=False, retries=_RETRIES)
            under_way.append(future)
            if len(under_way) >= _AHEAD * threads + 1:
                yield _result(under_way.popleft())
        while under_way:
            yield _result(under_way.popleft())
    finally:
        client.cancel(list(under_way))


def _result(future: Any) -> Done:
    try:
        done: Done = future.result()
    except WorkerError:
        raise
    except Exception as error:
        raise WorkerError(f"the cluster could not do a partition: {type(error).__name__}: {error}") from None
    return done


def do_far(name: str, settings: Settings, rows: Sequence[Row]) -> Done:
    """`do_partition` on a worker, by the definitions that the batch of this name began with."""
    with _ONE_AT_A_TIME:
        _check_definitions(settings)
        return do_partition(_planner(name, settings), rows)


def _check_definitions(settings: Settings) -> None:
    if definitions_sha256(settings.files) != settings.definitions:  # control: worker-definitions
        own = f", or other files at {', '.join(settings.files)}" if settings.files else ""
        raise WorkerError(f"a worker of the cluster has another version of ivigcalc or other definitions{own}")


def _planner(name: str, settings: Settings) -> Planner:
    if name not in _PLANNERS:
        _PLANNERS.clear()
        _PLANNERS[name] = Planner(settings)
    return _PLANNERS[name]
