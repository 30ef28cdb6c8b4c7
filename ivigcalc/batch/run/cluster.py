"""The partitions of a batch on an existing Dask cluster. The cluster schedules, retries and survives lost workers."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from threading import Lock
from time import monotonic, sleep
from typing import Any

from ivigcalc.batch.rows.source import Row
from ivigcalc.batch.run.fingerprint import definitions_sha256
from ivigcalc.batch.run.work import Done, Planner, Settings, do_partition
from ivigcalc.batch.run.workers import Partitions, WorkerError
from ivigcalc.errors import MissingExtraError, RequestError
from ivigcalc.text import LONG, safe

#: partitions under way for each thread of the cluster, and how often one is tried again
_AHEAD, _RETRIES = 2, 5
_CONNECT_SECONDS = 20
#: how often the workers are counted while nothing comes back
_LOOK_SECONDS = 1.0
#: on a worker, the planner of the batch that it works for, under the name of the batch
_PLANNERS: dict[str, Planner] = {}
#: a worker has several threads, but its planner serves one partition; Python computes in one thread at a time anyway
_ONE_AT_A_TIME = Lock()


def do_on_cluster(
    settings: Settings, partitions: Partitions, address: str, wait_seconds: int, workers: Callable[[int], None]
) -> Iterator[Done]:
    """Shared out among the workers of the scheduler at `address`, handed back in order.

    `wait_seconds`: how long it may have none; `workers` hears how many there are, whenever that changes.
    """
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
            f"--cluster: cannot reach a Dask scheduler at {safe(address)}: {safe(str(error), LONG)}; check the "
            "address, and that it runs",
            field="cluster",
        ) from None
    with client:
        yield from _in_order(_Crew(client, wait_seconds, workers), settings, partitions)


class _Crew:
    """The workers of a cluster, as they come and go."""

    def __init__(self, client: Any, wait_seconds: int, heard: Callable[[int], None]) -> None:
        self.client, self._wait_seconds, self._heard = client, wait_seconds, heard
        self._count = -1
        self._looked = self._seen = monotonic()

    def threads(self) -> int:
        """How many partitions they do at once; waits until there is somebody."""
        while not (threads := self._look()):
            sleep(_LOOK_SECONDS)
        return threads

    def result(self, future: Any) -> Done:
        """What became of a partition; raises `WorkerError` when there is nobody to do it for too long."""
        while True:
            try:
                done: Done = future.result(timeout=_LOOK_SECONDS)
            except TimeoutError:
                if future.status == "error":  # its own
                    raise
            else:
                if monotonic() - self._looked > _LOOK_SECONDS:
                    self._look()
                return done
            self._look()

    def _look(self) -> int:
        """How many threads there are now."""
        threads = self.client.nthreads()
        now = self._looked = monotonic()
        if threads:
            self._seen = now
        if len(threads) != self._count:
            self._count = len(threads)
            self._heard(self._count)
        if now - self._seen > self._wait_seconds:
            raise WorkerError(
                f"the cluster has had no worker for {self._wait_seconds} s (--wait): "
                "start one, and run the same command again to go on"
            )
        return int(sum(threads.values()))


def _in_order(crew: _Crew, settings: Settings, partitions: Partitions) -> Iterator[Done]:
    under_way: deque[Any] = deque()
    name = os.urandom(8).hex()
    threads = crew.threads()
    try:
        for rows in partitions:
            future = crew.client.submit(do_far, name, settings, rows, pure=False, retries=_RETRIES)
            under_way.append(future)
            if len(under_way) >= _AHEAD * threads + 1:
                yield _result(crew, under_way.popleft())
        while under_way:
            yield _result(crew, under_way.popleft())
    finally:
        crew.client.cancel(list(under_way))


def _result(crew: _Crew, future: Any) -> Done:
    try:
        return crew.result(future)
    except WorkerError:
        raise
    except Exception as error:
        raise WorkerError(
            f"the cluster could not do a partition: {type(error).__name__}: {safe(str(error), LONG)}; run again to "
            "go on, or run without --cluster"
        ) from None


def do_far(name: str, settings: Settings, rows: Sequence[Row]) -> Done:
    """`do_partition` on a worker, by the definitions that the batch of this name began with."""
    with _ONE_AT_A_TIME:
        _check_definitions(settings)
        return do_partition(_planner(name, settings), rows)


def _check_definitions(settings: Settings) -> None:
    if definitions_sha256(settings.files) != settings.definitions:  # control: worker-definitions
        own = f", or other files at {', '.join(settings.files)}" if settings.files else ""
        raise WorkerError(
            f"a worker of the cluster has another version of ivigcalc or other definitions{own}; install the same "
            "on every worker"
        )


def _planner(name: str, settings: Settings) -> Planner:
    if name not in _PLANNERS:
        _PLANNERS.clear()
        _PLANNERS[name] = Planner(settings)
    return _PLANNERS[name]
