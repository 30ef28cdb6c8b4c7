"""The output folder: locked while it is in use, and holding whole files or none.

While a batch runs, everything is in a work folder inside: tables that grow, and a state that says how much of them
counts. A run that was killed is taken up from that state. At the end the tables are moved to their names.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from ivigcalc.batch.outcome import printable
from ivigcalc.errors import RequestError

WORK, STATE, REPORT, EACH = ".ivigcalc-batch", "state.json", "batch.json", "each"
SCHEMA = "ivigcalc.batch/1"


@dataclass(slots=True)
class Progress:
    """How far a run is: partitions that are safely on disk, what became of their rows, and how long the tables are."""

    partitions: int = 0
    planned: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    sizes: dict[str, int] = field(default_factory=dict)
    finished: bool = False

    @property
    def rows(self) -> int:
        """Rows that are accounted for."""
        return self.planned + self.failed

    @property
    def failed(self) -> int:
        """Rows that ended as errors."""
        return self.errors.total()


class Folder:
    """One output folder in use by this run; a context manager that gives it free again."""

    def __init__(self, path: Path) -> None:
        self.path, self.work = path, path / WORK
        self._new = not path.exists()
        self._lock: int | None = None
        self._tables: dict[str, IO[bytes]] = {}

    def __enter__(self) -> Folder:
        with explained("cannot use the output folder"):
            self._lock = _locked(self.work)
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._tables.values():
            file.close()
        if not (self.work / STATE).exists():  # nothing that could be taken up
            shutil.rmtree(self.work, ignore_errors=True)
            if self._new:
                with suppress(OSError):  # somebody else's files are in it
                    self.path.rmdir()
        if self._lock is not None:
            os.close(self._lock)

    # ---- what is there ----------------------------------------------------------------------------------------

    def report(self) -> dict[str, Any] | None:
        """What the last finished run wrote about itself, if its files are still all there."""
        found = _read_json(self.path / REPORT)
        if found is None or found.get("schema") != SCHEMA:
            return None
        whole = all(_size(self.path / name) == size for name, size in found["files"].items())
        return found if whole and all((self.path / name).is_dir() for name in found["folders"]) else None

    def state(self) -> dict[str, Any] | None:
        """What an unfinished run left, if its tables are all there."""
        found = _read_json(self.work / STATE)
        if found is None or found["finished"]:
            return found
        whole = all((_size(self.work / f"{table}.part") or 0) >= size for table, size in found["sizes"].items())
        return found if whole else None

    def in_the_way(self, names: Iterable[str]) -> list[str]:
        """Those of the names that exist and would be replaced."""
        return [name for name in names if (self.path / name).exists()]

    def start_over(self, *, keep_input: bool = False) -> None:
        """Forget an unfinished run."""
        with explained("cannot clear the work folder"):
            for path in self.work.iterdir():
                if path.name != "lock" and not (keep_input and path.name == "input"):
                    shutil.rmtree(path) if path.is_dir() else path.unlink()

    # ---- writing ----------------------------------------------------------------------------------------------

    def open_tables(self, headings: dict[str, bytes], progress: Progress) -> None:
        """Open the growing tables, cut back to what counts; new ones begin with their heading."""
        with explained("cannot write to the output folder"):
            for table, heading in headings.items():
                file = (self.work / f"{table}.part").open("r+b" if table in progress.sizes else "w+b", buffering=0)
                self._tables[table] = file
                file.truncate(progress.sizes.get(table, 0))
                file.seek(0, os.SEEK_END)
                if table not in progress.sizes:
                    _write_all(file, heading)

    def append(self, tables: dict[str, bytes], each: Iterable[tuple[str, bytes]] = ()) -> None:
        """Add what one partition gave. It counts only from the next `keep` on."""
        with explained("cannot write to the output folder"):
            for table, data in tables.items():
                _write_all(self._tables[table], data)
            for name, data in each:
                (self.work / EACH).mkdir(exist_ok=True)
                with (self.work / EACH / name).open("wb", buffering=0) as file:
                    _write_all(file, data)
                    os.fsync(file.fileno())

    def keep(self, about: dict[str, Any], progress: Progress) -> None:
        """Make all that was appended safe on disk, and say so in the state."""
        with explained("cannot write to the output folder"):
            for file in self._tables.values():
                os.fsync(file.fileno())
            if (self.work / EACH).is_dir():
                _sync_folder(self.work / EACH)
            progress.sizes = {table: file.tell() for table, file in self._tables.items()}
            state = {
                "about": about, "partitions": progress.partitions, "planned": progress.planned,
                "errors": dict(progress.errors), "sizes": progress.sizes, "finished": progress.finished,
            }  # fmt: skip
            write_json(self.work / STATE, state)

    def sync(self, name: str) -> None:
        """Make a file of the work folder safe on disk."""
        handle = os.open(self.work / name, os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def publish(self, names: dict[str, str], report: dict[str, Any]) -> None:
        """Move the files of the work folder to their names, then the report, then clear up. Can be repeated after a kill."""
        with explained("cannot write to the output folder"):
            for file in self._tables.values():
                file.close()
            earlier = _read_json(self.path / REPORT) or {}
            for name in {*earlier.get("files", ())} - set(names):
                (self.path / name).unlink(missing_ok=True)
            for name, made in names.items():
                if (self.work / made).exists():
                    (self.work / made).replace(self.path / name)
            self._publish_each(EACH in earlier.get("folders", ()) and EACH not in report["folders"])
            _sync_folder(self.path)
            report = {**report, "files": {name: (self.path / name).stat().st_size for name in names}}
            write_json(self.path / REPORT, report)
            shutil.rmtree(self.work, ignore_errors=True)

    def _publish_each(self, outdated: bool) -> None:
        made, final = self.work / EACH, self.path / EACH
        if final.exists() and (made.exists() or outdated):
            final.replace(self.work / "each.old")
        if made.exists():
            made.replace(final)


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write beside, sync and rename: the file is the old one or the new one, never half of it."""
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb", buffering=0) as file:
        _write_all(file, (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode("utf-8"))
        os.fsync(file.fileno())
    temporary.replace(path)
    _sync_folder(path.parent)


class explained:  # noqa: N801  (reads as a sentence: with explained("cannot write"))
    """Turns an error of the file system into one for the person at the terminal."""

    def __init__(self, what: str) -> None:
        self.what = what

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            reason = error.strerror or str(error)
            raise RequestError(f"{self.what}: {reason}", field="output", code="cannot-write") from None


def _locked(work: Path) -> int:
    """Hold the lock file. The system gives it free when this process ends, however it ends."""
    import fcntl

    while True:
        work.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(work / "lock", os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:  # the run that held it cleared up in between
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            name = printable(work.parent.name, 80)
            raise RequestError(
                f"another batch is writing to {name}: wait for it, or choose another folder",
                field="output",
                code="in-use",
            ) from None
        if _same_file(handle, work / "lock"):
            return handle
        os.close(handle)  # it is the lock of a run that has cleared up


def _same_file(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _write_all(file: IO[bytes], data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
