"""What is asked of a batch, held against what there is before its first row, and its list, opened."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from threading import Timer
from typing import BinaryIO

from msgspec import Struct, field
from msgspec.structs import replace

from ivigcalc import library
from ivigcalc.api import DEFAULT_POLICY
from ivigcalc.batch.rows.headings import Reading
from ivigcalc.batch.rows.keeping import readable, spool
from ivigcalc.batch.rows.source import Source
from ivigcalc.batch.run.folder import Folder
from ivigcalc.batch.run.growing import explained
from ivigcalc.batch.run.work import code_of
from ivigcalc.batch.tables.encode import Kind
from ivigcalc.batch.tables.patient_files import ALL_PAGES, Pages
from ivigcalc.codes import codes
from ivigcalc.definitions import Loaded, Site
from ivigcalc.errors import RequestError
from ivigcalc.quantity import QuantityError, spoken
from ivigcalc.request.form import Form
from ivigcalc.request.read import read_form
from ivigcalc.request.request import LAST_YEAR
from ivigcalc.text import TYPED, safe

#: after so long it is said that a named pipe has no writer
_TOLD_AFTER_SECONDS = 3
_SECONDS = re.compile(r"([0-9]{1,6}) ?(?:s|sec|seconds?)")


class Batch(Struct, frozen=True):
    """What is asked of a batch. `piped` is the input where no file is named."""

    input: Path | None
    input_format: str
    folder: Path
    defaults: Form
    site: Loaded[Site]
    on: date
    kind: Kind = "csv"
    jobs: int = 1
    cluster: str | None = None
    each: tuple[str, ...] = ()
    pages: Pages = ALL_PAGES
    allow_duplicates: bool = False
    max_errors: int | None = None
    restart: bool = False
    escape: bool = True
    reading: Reading = field(default_factory=Reading)
    piped: BinaryIO | None = None
    #: the columns of the results, all where none is named; whether plans.jsonl is written
    picked: tuple[str, ...] = ()
    plans: bool = False
    #: rows of errors.csv, corrected
    retry: Path | None = None
    #: how long a cluster may have no worker
    wait_seconds: int = 60
    #: who is told that nobody writes into the named pipe that the list is read from
    waits: Callable[[Path], None] = lambda _path: None


def read_wait(said: str) -> int:
    """`30 s`, `5 min`, `1 h` -> seconds."""
    seconds = _SECONDS.fullmatch(said)
    with suppress(QuantityError):
        return int(seconds[1]) if seconds else round(spoken(said, "time").base * 60)
    raise RequestError(
        f"--wait: '{safe(said, TYPED)}' is no time to wait; write it as 30 s, 5 min or 2 h", field="wait"
    )


def check_defaults(defaults: Form) -> None:
    """What is wrong with the options is wrong for every row: say so before the first. Rows may begin on any day, so an
    earlier infusion is before the last day that there is; each row is checked against its own."""
    form = replace(defaults, weight=defaults.weight or "1kg", start=defaults.start or f"{LAST_YEAR}-12-31")
    read_form(form, "schedule", on=None)
    for override in defaults.override:
        declared = codes().get(code_of(override))
        if declared is None or "stop" not in declared.kinds:
            raise RequestError(
                f"--override {safe(code_of(override))}: no stop has that code; `ivigcalc explain` lists all",
                field="override",
            )
    if defaults.regimen:
        library.regimen(defaults.regimen)
    if defaults.product:
        library.product(defaults.product, defaults.country)
    library.policy(defaults.policy or DEFAULT_POLICY)


def open_list(batch: Batch, folder: Folder) -> Source:
    """The rows of the list: in place, or kept in the work folder where they can be read once only."""
    path = batch.input or folder.work / "input"
    with explained("cannot keep what is piped in"):
        if batch.piped is not None:
            spool(batch.piped, folder.work / "input")
        elif _is_pipe(path):
            _spool_pipe(path, folder.work / "input", batch.waits)
            path = folder.work / "input"
    Source(path, batch.input_format).close()  # a regular file, and nothing else is read
    path, kind = readable(path, batch.input_format, batch.reading, folder.work)
    return Source(path, kind, batch.reading)


def _spool_pipe(path: Path, to: Path, waits: Callable[[Path], None]) -> None:
    """Copy what is written into a named pipe; until somebody writes, `waits` is told once that nobody does."""
    timer = Timer(_TOLD_AFTER_SECONDS, waits, (path,))
    timer.daemon = True
    timer.start()
    try:
        with path.open("rb") as stream:
            stream.peek(1)
            timer.cancel()
            spool(stream, to)
    finally:
        timer.cancel()


def _is_pipe(path: Path) -> bool:
    try:
        return path.is_fifo()
    except OSError:  # a name that there cannot be, which is told where it is opened
        return False
