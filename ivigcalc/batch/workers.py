"""The partitions of a batch, done here or by processes of this machine, and handed back in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from ivigcalc.batch.source import Row
from ivigcalc.batch.work import Done, Settings, do_partition
from ivigcalc.errors import IvigcalcError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

Partitions = Iterator[Sequence[Row]]
#: finished partitions that may wait for an earlier one, for each process
_AHEAD = 4


class WorkerError(IvigcalcError):
    """A worker process could not go on; the batch can be taken up again."""

    def __init__(self, message: str, exit_code: int = 2) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def do_here(settings: Settings, partitions: Partitions) -> Iterator[Done]:
    """One after the other, in this process."""
    with _without_collector():
        for rows in partitions:
            yield do_partition(settings, rows)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Plans hold no cycles, so looking for them among all that is remembered only costs time."""
    import gc

    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


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
        yield from _in_order(partitions, ends)
    finally:
        for process in processes:
            process.kill()
            process.join()


def _serve(connection: Connection, settings: Settings, inherited: Sequence[Connection]) -> None:
    """The life of a worker: a partition in, what became of it out, until the other side is gone."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for end in inherited:  # held here as well, they would keep the workers alive when the parent is killed
        end.close()
    with _without_collector(), suppress(EOFError, OSError):
        while True:
            rows = connection.recv()
            try:
                connection.send(do_partition(settings, rows))
            except IvigcalcError as error:
                connection.send(WorkerError(str(error), error.exit_code))


def _in_order(partitions: Partitions, ends: Sequence[Connection]) -> Iterator[Done]:
    from multiprocessing.connection import wait

    idle: list[Any] = list(ends)
    busy: dict[Any, int] = {}
    finished: dict[int, Done] = {}
    given = returned = 0
    while True:
        while idle and given - returned < _AHEAD * len(ends) and (rows := next(partitions, None)) is not None:
            end = idle.pop()
            _talk(end.send, rows)
            busy[end] = given
            given += 1
        if returned in finished:
            yield finished.pop(returned)
            returned += 1
        elif busy:
            ready: list[Any] = wait(list(busy))
            for end in ready:
                finished[busy.pop(end)] = _received(_talk(end.recv))
                idle.append(end)
        else:
            return


def _talk(call: Any, *what: Any) -> Any:
    try:
        return call(*what)
    except (EOFError, OSError):
        raise WorkerError(
            "a worker process was ended from outside (out of memory?): run the same command again to go on"
        ) from None


def _received(answer: Done | WorkerError) -> Done:
    if isinstance(answer, WorkerError):
        raise answer
    return answer
