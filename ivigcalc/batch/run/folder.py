"""The output folder: locked while it is in use, and holding whole files or none.

While a batch runs, everything is in a work folder inside: tables that grow, and a state that says how much of them
counts. A run that was killed is taken up from that state. At the end the tables are moved to their names.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ivigcalc.batch.run.growing import Growing, explained, part_of
from ivigcalc.batch.run.lock import give_free, hold
from ivigcalc.batch.run.state import (
    EACH,
    REPORT,
    STATE,
    WORK,
    files_for_patients,
    named_before,
    read_report,
    read_state,
    shown,
)
from ivigcalc.batch.run.work import Became, Done
from ivigcalc.errors import RequestError
from ivigcalc.files import replace_whole, sync, write_all

#: the files for each patient: those of this run, and those of them that are being given their place
_MADE, _MOVING, _LOCK = EACH, "each.moving", "lock"


@dataclass(slots=True)
class Progress:
    """How far a run is: partitions that are written, what became of their rows, how long the tables are with them, and
    whether `--restart` began it."""

    partitions: int = 0
    planned: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    sizes: dict[str, int] = field(default_factory=dict)
    finished: bool = False
    restarted: bool = False

    def add(self, became: Became) -> None:
        """Count one partition more."""
        self.partitions += 1
        self.planned += became.planned
        self.errors += became.errors
        self.counts += became.counts
        self.sizes = became.after(self.sizes)

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
        self._growing: Growing | None = None

    def __enter__(self) -> Folder:
        self._check_no_links()
        with explained(f"cannot use the output folder {shown(self.path)}"):
            self._lock = _locked(self.work)
        return self

    def __exit__(self, *_: object) -> None:
        self._close_tables()
        done = not (self.work / STATE).exists()  # nothing that could be taken up
        if done:
            shutil.rmtree(self.work, ignore_errors=True)
        if self._lock is not None:
            if done:
                give_free(self._lock, self.work / _LOCK)
            else:
                os.close(self._lock)
        if done and self._new:
            with suppress(OSError):  # somebody else's files are in it
                self.path.rmdir()

    def _check_no_links(self) -> None:
        """What is in a linked folder is not in this one, and is not ours to clear away."""
        for name in (EACH, WORK):
            if (self.path / name).is_symlink():
                raise RequestError(
                    f"{name} in {shown(self.path)} is a link to another place: take it away, or choose another folder",
                    field="output",
                    code="in-the-way",
                )

    # ---- what is there ----------------------------------------------------------------------------------------

    def report(self, *, but: Collection[str] = ()) -> dict[str, Any] | None:
        """What the last finished run wrote about itself, if its files, `but` these, are still all as it left them."""
        found = read_report(self.path / REPORT)
        if found is None:
            return None
        whole = all(_size(self.path / name) == size for name, size in found["files"].items() if name not in but)
        if EACH in found["folders"]:
            files = sum(1 for _ in files_for_patients(self.path / EACH))
            kinds = found["computed_from"]["options"]["each"]
            whole = whole and (self.path / EACH).is_dir() and files >= found["planned"] * len(kinds)
        return found if whole else None

    def state(self) -> dict[str, Any] | None:
        """What an unfinished run left, if its tables are all there."""
        found = read_state(self.work / STATE)
        if found is None or found["finished"]:
            return found
        whole = all((_size(part_of(self.work, table)) or 0) >= size for table, size in found["sizes"].items())
        files = found["planned"] * len(found["about"]["options"]["each"])
        return found if whole and self.has_files(files) else None

    def has_files(self, count: int) -> bool:
        """Whether so many files for each patient were made, or more."""
        return not count or sum(1 for _ in files_for_patients(self.work / _MADE)) >= count  # control: files-are-there

    def in_the_way(self, names: Iterable[str]) -> list[str]:
        """Those of the names that exist and would be replaced."""
        return [name for name in names if (self.path / name).exists()]

    def start_over(self, *, keep_input: bool = False) -> None:
        """Forget an unfinished run."""
        self._close_tables()  # Windows deletes no file that is open
        with explained("cannot clear the work folder"):
            for path in self.work.iterdir():
                if path.name != _LOCK and not (keep_input and path.name.startswith("input")):
                    shutil.rmtree(path) if path.is_dir() else path.unlink()

    # ---- writing ----------------------------------------------------------------------------------------------

    def open_tables(self, headings: dict[str, bytes], progress: Progress, *, each: bool = False) -> None:
        """Open the growing tables, cut back to what counts; new ones begin with their heading. `each`: there will be
        files for each patient, in a folder that is there even where nobody could be planned."""
        with explained("cannot write to the output folder"):
            if each:
                (self.work / _MADE).mkdir(exist_ok=True)
            for table, heading in headings.items():
                size = progress.sizes.setdefault(table, 0)
                with part_of(self.work, table).open("r+b" if size else "w+b", buffering=0) as file:
                    file.truncate(size)
                    if not size:
                        write_all(file, heading)
                        progress.sizes[table] = len(heading)
        self._growing = Growing(self.work, headings)

    def append(self, done: Done, progress: Progress) -> None:
        """Add what one partition gave to all that there is. It counts only from the next `keep` on."""
        assert self._growing is not None
        self._growing.put(done, progress.sizes, progress.sizes)

    def keep(self, about: dict[str, Any], progress: Progress) -> None:
        """Make all that was appended safe on disk, and say so in the state."""
        with explained("cannot write to the output folder"):
            if self._growing is not None:
                self._growing.sync(progress.sizes)
            if (self.work / _MADE).is_dir():
                sync(self.work / _MADE)
            state = {
                "about": about,
                "partitions": progress.partitions,
                "planned": progress.planned,
                "errors": dict(progress.errors),
                "counts": dict(progress.counts),
                "sizes": progress.sizes,
                "finished": progress.finished,
                "restarted": progress.restarted,
            }
            replace_whole(self.work / STATE, as_json(state))
            sync(self.work)

    def publish(self, names: dict[str, str], report: dict[str, Any]) -> None:
        """Move the files of the work folder to their names, then the report, and clear up. It can be repeated."""
        with explained("cannot write to the output folder"):
            self._close_tables()
            tables, each = named_before(self.path / REPORT)
            for name in tables - set(names):
                (self.path / name).unlink(missing_ok=True)
            for name, made in names.items():
                if (self.work / made).exists():
                    (self.work / made).replace(self.path / name)
            self._publish_each(each and EACH not in report["folders"])
            sync(self.path)
            report = {**report, "files": {name: (self.path / name).stat().st_size for name in names}}
            replace_whole(self.work / REPORT, as_json(report))
            (self.work / REPORT).replace(self.path / REPORT)
            sync(self.path)
            shutil.rmtree(self.work, ignore_errors=True)

    def _close_tables(self) -> None:
        if self._growing is not None:
            self._growing.close()

    def _publish_each(self, outdated: bool) -> None:
        """Put the files for each patient in place of those of an earlier batch, beside whatever else is there: somebody
        may keep his own files with them. First the old ones go, then the new ones come, so that it can be repeated."""
        made, moving, final = self.work / _MADE, self.work / _MOVING, self.path / EACH
        if made.exists() or outdated:
            for path in files_for_patients(final):
                path.unlink()
        if made.exists():
            made.replace(moving)
        if moving.exists() and not final.exists():
            moving.replace(final)
        elif moving.exists():
            for path in list(moving.iterdir()):
                path.replace(final / path.name)
            sync(final)
        elif outdated:
            with suppress(OSError):  # it is gone, or there is something else in it
                final.rmdir()


def as_json(value: dict[str, Any]) -> bytes:
    """A JSON file, whatever a path in it holds."""
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "backslashreplace")


def _locked(work: Path) -> int:
    """Hold the lock file. The system gives it free when this process ends, however it ends."""
    while True:
        work.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(work / _LOCK, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:  # the run that held it cleared up in between
            continue
        try:
            hold(handle)
        except (BlockingIOError, PermissionError):  # of POSIX, of Windows
            os.close(handle)
            raise RequestError(
                f"another batch is writing to {shown(work.parent)}: wait for it, or choose another folder",
                field="output",
                code="in-use",
            ) from None
        if _same_file(handle, work / _LOCK):
            return handle
        os.close(handle)  # it is the lock of a run that has cleared up


def _same_file(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None
