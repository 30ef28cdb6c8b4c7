"""The partitions of a batch, done here or by processes of this machine, and handed back in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any

from ivigcalc.batch.rows.source import Row
from ivigcalc.batch.run.shares import Pieces, Share, do_share, put_together, share_out
from ivigcalc.batch.run.work import Done, Planner, Settings, do_partition
from ivigcalc.errors import IvigcalcError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

Partitions = Iterator[Sequence[Row]]
#: finished partitions that may wait for an earlier one, for each process
_AHEAD = 4
#: shares that a worker has, with the one that it does
_AT_HAND = 2


class WorkerError(IvigcalcError):
    """A worker process could not go on; the batch can be taken up again."""

    def __init__(self, message: str, exit_code: int = 2) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def do_here(settings: Settings, partitions: Partitions) -> Iterator[Done]:
    """One after the other, in this process."""
    planner = Planner(settings)
    for rows in partitions:
        yield do_partition(planner, rows)


def do_in_processes(settings: Settings, partitions: Partitions, jobs: int) -> Iterator[Done]:
    """Shared out among `jobs` processes, which end with this one however it ends."""
    import multiprocessing as mp

    context: Any = mp.get_context("fork" if "fork" in mp.get_all_start_methods() else "spawn")
    forked = context.get_start_method() == "fork"
    processes, ends = [], []
    try:
        for _ in range(jobs):
            ours, theirs = context.Pipe()
            ends.append(ours)
            process = context.Process(target=_serve, args=(theirs, settings, ends if forked else ()), daemon=True)
            process.start()
            processes.append(process)
            theirs.close()
        yield from _in_order(settings, partitions, ends)
    finally:
        for process in processes:
            process.kill()
            process.join()


def _serve(connection: Connection, settings: Settings, inherited: Sequence[Connection]) -> None:
    """The life of a worker: a share in, what became of it out, until the other side is gone."""
    import gc
    import signal

    gc.disable()  # where it was not inherited: see `cli.start.run`
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for end in inherited:  # held here as well, they would keep the workers alive when the parent is killed
        end.close()
    planner = Planner(settings)
    shares = _received_ahead(connection)
    with suppress(OSError):
        while (share := shares.get()) is not None:
            try:
                connection.send(do_share(planner, share))
            except IvigcalcError as error:
                connection.send(WorkerError(str(error), error.exit_code))


def _received_ahead(connection: Connection) -> SimpleQueue[Share | None]:
    """The shares as they come, None at the end. They are taken at once, so that the other side, which hands out one
    ahead, never waits for a worker that waits for it."""
    shares: SimpleQueue[Share | None] = SimpleQueue()

    def take() -> None:
        with suppress(EOFError, OSError):
            while True:
                shares.put(connection.recv())
        shares.put(None)

    Thread(target=take, daemon=True).start()
    return shares


@dataclass(slots=True)
class _Partition:
    """The shares of a partition, and what came back of them so far."""

    shares: Sequence[Share]
    found: dict[int, Pieces] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        return len(self.found) == len(self.shares)


def _in_order(settings: Settings, partitions: Partitions, ends: Sequence[Connection]) -> Iterator[Done]:
    """Hands out the shares of a few partitions ahead, and gives back each partition when it is whole and its turn."""
    crew = _Crew(ends)
    waiting: deque[_Partition] = deque()
    while True:
        while len(waiting) < _AHEAD * len(ends) and (rows := next(partitions, None)) is not None:
            waiting.append(_Partition(share_out(settings, rows, len(ends))))
            crew.take(waiting[-1])
        if not waiting:
            return
        if waiting[0].is_whole:
            first = waiting.popleft()
            yield put_together(first.shares, [first.found[place] for place in range(len(first.shares))])
        else:
            crew.work()


class _Crew:
    """The workers: each does its shares in their order, its own or those that are for anybody, and has one more at hand
    so that it need not wait for it."""

    def __init__(self, ends: Sequence[Connection]) -> None:
        self._ends = ends
        self._own: list[deque[tuple[_Partition, int]]] = [deque() for _ in ends]
        self._anybodys: deque[tuple[_Partition, int]] = deque()
        self._given: dict[Any, deque[tuple[_Partition, int]]] = {end: deque() for end in ends}

    def take(self, partition: _Partition) -> None:
        """Queue the shares of a partition."""
        for place, share in enumerate(partition.shares):
            (self._anybodys if share.worker is None else self._own[share.worker]).append((partition, place))
        self._keep_busy()

    def work(self) -> None:
        """Wait until some worker is done with a share."""
        from multiprocessing.connection import wait

        ready: list[Any] = wait([end for end, given in self._given.items() if given])
        for end in ready:
            partition, place = self._given[end].popleft()
            partition.found[place] = _received(_talk(end.recv))
        self._keep_busy()

    def _keep_busy(self) -> None:
        """Give every worker what it lacks, the idle ones first."""
        for many in range(1, _AT_HAND + 1):
            for end, own in zip(self._ends, self._own, strict=True):
                if len(self._given[end]) < many and (queue := own or self._anybodys):
                    partition, place = queue.popleft()
                    _talk(end.send, partition.shares[place])
                    self._given[end].append((partition, place))


def _talk(call: Any, *what: Any) -> Any:
    try:
        return call(*what)
    except (EOFError, OSError):
        raise WorkerError(
            "a worker process was ended from outside (out of memory?): run the same command again to go on"
        ) from None


def _received(answer: Pieces | WorkerError) -> Pieces:
    if isinstance(answer, WorkerError):
        raise answer
    return answer
