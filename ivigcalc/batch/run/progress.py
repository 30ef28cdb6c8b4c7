"""How far a batch is, for the person who waits: a bar on a terminal, a line now and then anywhere else."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_LINE_SECONDS = 10.0


class Watch(Protocol):
    """Who hears how far a batch is."""

    def __call__(self, done: int, total: int, /) -> None:
        """Rows done, and rows in all."""

    def workers(self, count: int, /) -> None:
        """How many workers a cluster has, whenever that changes."""


class Silence:
    """Nothing."""

    def __call__(self, _done: int, _total: int) -> None:
        """Hear how far it is."""

    def workers(self, _count: int) -> None:
        """Hear how many there are."""

    def close(self) -> None:
        """Nothing is left open."""


class Lines:
    """One line per interval, with the rate and the time left."""

    def __init__(self, stream: TextIO, clock: Callable[[], float]) -> None:
        self._stream, self._clock = stream, clock
        self._began: float | None = None
        self._before = 0
        self._said = clock()
        self._workers = ""

    def __call__(self, done: int, total: int) -> None:
        """Hear how far it is."""
        now = self._clock()
        if self._began is None:
            self._began, self._before = now, done
        if now - self._said < _LINE_SECONDS or done == self._before:
            return
        self._said = now
        rate = (done - self._before) / max(now - self._began, 0.001)
        left = _time(round((total - done) / rate))
        self._stream.write(f"{done:,} of {total:,} rows, {rate:,.0f} rows/s{self._workers}, {left} left\n")
        self._stream.flush()

    def workers(self, count: int) -> None:
        """Hear how many there are; said at once where there are others than before."""
        self._workers = f", {_workers(count)}"
        self._stream.write(f"{_workers(count)}\n")
        self._stream.flush()

    def close(self) -> None:
        """Nothing is left open."""


class Bar:
    """A bar with the rate and the time left."""

    def __init__(self) -> None:
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._workers = ""

    def __call__(self, done: int, total: int) -> None:
        """Hear how far it is."""
        if self._progress is None or self._task is None:
            self._progress = _bar()
            self._progress.start()
            self._task = self._progress.add_task("planning", total=total, completed=done, workers=self._workers)
        self._progress.update(self._task, completed=done, workers=self._workers)

    def workers(self, count: int) -> None:
        """Hear how many there are."""
        self._workers = _workers(count)
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, workers=self._workers)

    def close(self) -> None:
        """Leave the last state on the screen."""
        if self._progress is not None:
            self._progress.stop()


def _bar() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        """Rows per second."""

        def render(self, task: object) -> Text:
            speed = getattr(task, "speed", None)
            return Text(f"{speed:,.0f} rows/s" if speed else "")

    columns = (
        TextColumn("planning"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[workers]}"),
    )
    return Progress(*columns, console=Console(stderr=True))


def _workers(count: int) -> str:
    return f"{count} worker{'' if count == 1 else 's'}"


def _time(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
