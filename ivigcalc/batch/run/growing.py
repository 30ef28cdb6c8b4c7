"""The tables of a run as they grow in its work folder: each partition has its place in them, whoever writes it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ivigcalc.batch.run.state import EACH
from ivigcalc.batch.run.work import Done
from ivigcalc.errors import RequestError
from ivigcalc.files import write_all


class Growing:
    """The open tables of a run, each of which is there already, and its files for each patient."""

    def __init__(self, work: Path, tables: Iterable[str]) -> None:
        self._each = work / EACH
        with explained("cannot write to the output folder"):
            self._files = {table: part_of(work, table).open("r+b", buffering=0) for table in tables}
            self._links = {table: os.fstat(file.fileno()).st_nlink for table, file in self._files.items()}

    def put(self, done: Done, at: Mapping[str, int], least: Mapping[str, int]) -> None:
        """Write what one partition gave, in each table at its place. It counts only when the state says so. `least`:
        how long the tables are by now, or longer."""
        self._check(least)
        with explained("cannot write to the output folder"):
            for table, data in done.tables.items():
                self._files[table].seek(at[table])
                write_all(self._files[table], data)
            for name, data in done.each:
                with (self._each / name).open("wb", buffering=0) as file:
                    write_all(file, data)
                    os.fsync(file.fileno())

    def sync(self, least: Mapping[str, int]) -> None:
        """Make safe on disk what was written to the tables, by this process or another: so long they are at least."""
        self._check(least)
        for file in self._files.values():
            os.fsync(file.fileno())

    def _check(self, least: Mapping[str, int]) -> None:
        """Raise where a table was cut or deleted: what is written behind a cut leaves a hole."""
        for table, file in self._files.items():
            status = os.fstat(file.fileno())
            cut, deleted = status.st_size < least[table], status.st_nlink < self._links[table]
            if cut or deleted:  # control: table-cut-under-batch
                raise lost(f"{table}.part was {'deleted' if deleted else 'cut'}")

    def close(self) -> None:
        """Let go of the files."""
        for file in self._files.values():
            file.close()


def lost(what: str) -> RequestError:
    """The error where somebody else meddles with the work folder."""
    return RequestError(
        f"{what} before the batch was done: leave the folder alone until it is, and run the same command again",
        field="output",
        code="damaged",
    )


def part_of(work: Path, table: str) -> Path:
    """Where a table grows."""
    return work / f"{table}.part"


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turns an error of the file system into one for the person at the terminal."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise RequestError(
            f"{what}: {reason}; choose another folder with -o", field="output", code="cannot-write"
        ) from None
