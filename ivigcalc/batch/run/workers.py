"""The partitions of a batch, done here or by processes of this machine, and told of in order.

A worker writes what it made into the tables itself. It tells how much that is, and hears where it belongs as soon as
that is known of all partitions before: what was worked out is copied to nobody, and stands in the order of the input.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from queue import PriorityQueue
from threading import Thread
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ivigcalc.batch.rows.source import Row
from ivigcalc.batch.run.growing import Growing
from ivigcalc.batch.run.work import Became, Done, Planner, Settings, do_partition
from ivigcalc.errors import IvigcalcError, RequestError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

Partitions = Iterator[Sequence[Row]]
#: partitions under way or waiting for an earlier one, for each process
_AHEAD = 4
#: partitions that a worker has to plan, with the one that it plans
_AT_HAND = 2


class WorkerError(IvigcalcError):
    """A worker process could not go on; the batch can be taken up again."""

    def __init__(self, message: str, exit_code: int = 2) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class _ToPlan(Struct, frozen=True):
    """To a worker: plan these rows."""

    number: int
    rows: Sequence[Row]


class _ToWrite(Struct, frozen=True):
    """To a worker: write what a partition gave, in each table from this byte on. `least`: how long the tables are at
    least by now."""

    number: int
    at: Mapping[str, int]
    least: Mapping[str, int]


class _Planned(Struct, frozen=True):
    """Of a worker: what became of a partition, which it holds."""

    number: int
    became: Became


class _Written(Struct, frozen=True):
    """Of a worker: a partition is in the tables."""

    number: int


class _Stopped(Struct, frozen=True):
    """Of a worker: why it cannot go on."""

    message: str
    exit_code: int
    field: str
    code: str

    @classmethod
    def by(cls, error: IvigcalcError) -> _Stopped:
        """What an error says, without what cannot be sent."""
        return cls(str(error), error.exit_code, getattr(error, "field", ""), getattr(error, "code", ""))

    @property
    def error(self) -> IvigcalcError:
        """The same as it is raised here."""
        if self.code and self.exit_code == RequestError.exit_code:
            return RequestError(self.message, field=self.field, code=self.code)
        return WorkerError(self.message, self.exit_code)


def do_here(settings: Settings, partitions: Partitions) -> Iterator[Done]:
    """One after the other, in this process. Who asks writes them."""
    planner = Planner(settings)
    for rows in partitions:
        yield do_partition(planner, rows)


def do_in_processes(
    settings: Settings, partitions: Partitions, jobs: int, work: Path, sizes: Mapping[str, int]
) -> Iterator[Became]:
    """Shared out among `jobs` processes, which write them to the tables in `work` after what these hold (`sizes`). The
    processes end with this one however it ends."""
    import multiprocessing as mp

    context: Any = mp.get_context("fork" if "fork" in mp.get_all_start_methods() else "spawn")
    forked = context.get_start_method() == "fork"
    processes, ends = [], []
    try:
        for _ in range(jobs):
            ours, theirs = context.Pipe()
            ends.append(ours)
            worker = (theirs, settings, work, tuple(sizes), ends if forked else ())
            process = context.Process(target=_serve, args=worker, daemon=True)
            process.start()
            processes.append(process)
            theirs.close()
        yield from _in_order(partitions, ends, sizes)
    finally:
        for process in processes:
            process.kill()
            process.join()


# ---- a worker -------------------------------------------------------------------------------------------------------


def _serve(
    connection: Connection, settings: Settings, work: Path, tables: Sequence[str], inherited: Sequence[Connection]
) -> None:
    """The life of a worker: partitions are planned and written as it is told to, until the other side is gone."""
    import gc
    import signal

    gc.disable()  # where it was not inherited: see `cli.start.run`
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for end in inherited:  # held here as well, they would keep the workers alive when the parent is killed
        end.close()
    planner = Planner(settings)
    held: dict[int, Done] = {}
    messages = _received_ahead(connection)
    with suppress(OSError):
        try:
            growing = Growing(work, tables)
            while True:
                connection.send(_answer(messages.get()[-1], planner, growing, held))
        except IvigcalcError as error:
            connection.send(_Stopped.by(error))
            while True:  # who ends before that is read seems to have been ended from outside
                messages.get()


def _answer(
    message: _ToPlan | _ToWrite, planner: Planner, growing: Growing, held: dict[int, Done]
) -> _Planned | _Written:
    if isinstance(message, _ToPlan):
        done = held[message.number] = do_partition(planner, message.rows)
        return _Planned(message.number, done.became)
    growing.put(held.pop(message.number), message.at, message.least)
    return _Written(message.number)


def _received_ahead(connection: Connection) -> PriorityQueue[tuple[bool, int, _ToPlan | _ToWrite]]:
    """The messages as they come, what is to be written before what is to be planned.

    They are taken at once, so that the other side, which hands out one ahead, never waits for a worker that waits for
    it. Where the other side is gone, nobody counts what is made here: the process ends, whatever it does.
    """
    messages: PriorityQueue[tuple[bool, int, _ToPlan | _ToWrite]] = PriorityQueue()

    def take() -> None:
        with suppress(EOFError, OSError):
            while True:
                message = connection.recv()
                messages.put((isinstance(message, _ToPlan), message.number, message))
        os._exit(0)

    Thread(target=take, daemon=True).start()
    return messages


# ---- those who hand out ---------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Partition:
    """A partition, who has it, and how far it is."""

    number: int
    rows: Sequence[Row]
    worker: Any = None
    became: Became | None = None
    written: bool = False


def _in_order(partitions: Partitions, ends: Sequence[Connection], sizes: Mapping[str, int]) -> Iterator[Became]:
    """Hands out a few partitions ahead, and tells of each when it is written and its turn."""
    crew = _Crew(ends, sizes)
    waiting: deque[_Partition] = deque()
    numbers = count()
    while True:
        while len(waiting) < _AHEAD * len(ends) and (rows := next(partitions, None)) is not None:
            waiting.append(_Partition(next(numbers), rows))
            crew.take(waiting[-1])
        if not waiting:
            return
        if waiting[0].written and (became := waiting.popleft().became) is not None:
            crew.told_of(became)
            yield became
        else:
            crew.work()


class _Crew:
    """The workers: each plans one partition and has one more at hand, so that it need not wait for it."""

    def __init__(self, ends: Sequence[Connection], sizes: Mapping[str, int]) -> None:
        self._ends = ends
        #: how long the tables are with all partitions that have their place, and at least with those that were told of
        self._sizes = self._least = sizes
        #: those that nobody has yet, those that have no place yet, and those that are not written
        self._to_plan: deque[_Partition] = deque()
        self._to_place: deque[_Partition] = deque()
        self._under_way: dict[int, _Partition] = {}
        self._at_hand: dict[Any, int] = dict.fromkeys(ends, 0)

    def take(self, partition: _Partition) -> None:
        """Queue a partition."""
        self._to_plan.append(partition)
        self._to_place.append(partition)
        self._keep_busy()

    def work(self) -> None:
        """Wait until some worker has planned or written a partition."""
        from multiprocessing.connection import wait

        for end in wait(self._ends):
            told = _talk(end.recv)  # type: ignore[union-attr]
            if isinstance(told, _Stopped):
                raise told.error
            if isinstance(told, _Planned):
                self._at_hand[end] -= 1
                self._under_way[told.number].became = told.became
            else:
                self._under_way.pop(told.number).written = True
        self._keep_busy()
        self._place()

    def _keep_busy(self) -> None:
        """Give every worker what it lacks, the idle ones first."""
        for many in range(1, _AT_HAND + 1):
            for end in self._ends:
                if self._at_hand[end] < many and self._to_plan:
                    partition = self._to_plan.popleft()
                    _talk(end.send, _ToPlan(partition.number, partition.rows))
                    partition.worker, partition.rows = end, ()
                    self._under_way[partition.number] = partition
                    self._at_hand[end] += 1

    def _place(self) -> None:
        """Say where they belong of all partitions before which nothing is open."""
        while self._to_place and (became := self._to_place[0].became) is not None:
            partition = self._to_place.popleft()
            place = _ToWrite(partition.number, self._sizes, self._least)  # control: order-of-rows
            _talk(partition.worker.send, place)
            self._sizes = became.after(self._sizes)

    def told_of(self, became: Became) -> None:
        """A partition is written, and so are all before it."""
        self._least = became.after(self._least)


def _talk(call: Any, *what: Any) -> Any:
    try:
        return call(*what)
    except (EOFError, OSError):
        raise WorkerError(
            "a worker process was ended from outside (out of memory?): run the same command again to go on"
        ) from None
