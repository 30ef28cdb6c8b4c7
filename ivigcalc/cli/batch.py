"""batch: many patients from a file, for shell scripts."""

from __future__ import annotations

import io
import signal
import sys
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from ivigcalc.cli.lean import add_command
from ivigcalc.cli.options import in_panel, takes_form
from ivigcalc.cli.output import tell
from ivigcalc.cli.show import PaperOption, QuietOption, SiteOption
from ivigcalc.cli.today import today
from ivigcalc.errors import RequestError
from ivigcalc.request.form import Form

if TYPE_CHECKING:
    from ivigcalc.batch.run.batch import Batch, Summary

EXIT_FAILED_ROWS, EXIT_INTERRUPTED, EXIT_TERMINATED = 5, 130, 143


class Kind(StrEnum):
    """The formats of rows."""

    csv = "csv"
    jsonl = "jsonl"
    parquet = "parquet"


class Terminated(KeyboardInterrupt):
    """The system asked the process to end (SIGTERM)."""


_output, _run = in_panel("Output"), in_panel("Run")
RowsArgument = Annotated[
    str,
    typer.Argument(
        help="CSV, JSON Lines or Parquet with one patient per row; - reads what is piped in.", metavar="FILE"
    ),
]
FolderOption = Annotated[str, _output("Folder for sessions, steps and errors.csv.", "--output", "-o", metavar="DIR")]
KindOption = Annotated[Kind, _output("csv, jsonl or parquet.", "--format", "-f", metavar="FORMAT", show_default=True)]
EachOption = Annotated[str | None, _output("Also one file per patient: pdf, ics or both (pdf,ics).", metavar="KINDS")]
InputKindOption = Annotated[
    Kind | None, _run("csv, jsonl or parquet, where the name of FILE does not say.", metavar="FORMAT")
]
JobsOption = Annotated[
    int, _run("Processes to share the work.", "--jobs", "-j", min=1, max=256, metavar="N", show_default=True)
]
ClusterOption = Annotated[
    str | None, _run("Address of an existing Dask scheduler, e.g. tcp://10.0.0.5:8786.", metavar="ADDRESS")
]
DuplicatesOption = Annotated[bool, _run("Let a patient_id be in more than one row.", "--allow-duplicates")]
FailFastOption = Annotated[bool, _run("Stop at the first row that fails; nothing is written.", "--fail-fast")]
MaxErrorsOption = Annotated[
    int | None, _run("Stop when more rows than this failed; nothing is written.", min=0, metavar="N")
]
RestartOption = Annotated[bool, _run("Begin again, and replace what the folder holds.", "--restart")]


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    example = "batch patients.csv -o plans --regimen dermatomyositis --start 2026-12-01 --at 09:00"
    add_command(app, "batch", batch, example)


@takes_form("schedule", without=("name", "patient_id"))
def batch(
    form: Form,
    file: RowsArgument,
    output: FolderOption,
    site: SiteOption = None,
    format: KindOption = Kind.csv,
    input_format: InputKindOption = None,
    each: EachOption = None,
    paper: PaperOption = "a4",
    jobs: JobsOption = 1,
    cluster: ClusterOption = None,
    allow_duplicates: DuplicatesOption = False,
    fail_fast: FailFastOption = False,
    max_errors: MaxErrorsOption = None,
    restart: RestartOption = False,
    quiet: QuietOption = False,
) -> None:
    """Plan every row of a file. Each ends up in the results or in errors.csv; options fill what a row leaves blank."""
    from ivigcalc.batch.rows.source import format_of
    from ivigcalc.batch.run.batch import Batch
    from ivigcalc.batch.tables.patient_files import read_kinds
    from ivigcalc.cli.show import paper_of
    from ivigcalc.cli.sites import find_site

    if not output.strip():  # as a path it would be the current folder
        raise RequestError("-o names no folder: give one, e.g. -o plans", field="output")
    if cluster is not None and jobs != 1:
        raise RequestError("give --jobs or --cluster, not both", field="jobs")
    piped = file == "-"
    asked = Batch(
        input=None if piped else Path(file),
        input_format=format_of(file, input_format),
        folder=Path(output),
        defaults=form,
        site=find_site(site),
        on=today(),
        kind=format.value,
        jobs=jobs,
        cluster=cluster,
        each=read_kinds(each),
        paper=paper_of(paper),
        allow_duplicates=allow_duplicates,
        max_errors=0 if fail_fast else max_errors,
        restart=restart,
        piped=_stdin() if piped else None,
    )
    raise typer.Exit(_watched(asked, quiet))


def _stdin() -> BinaryIO:
    if sys.stdin is None:  # `<&-`
        raise RequestError("nothing is piped in: stdin is closed; pipe the rows in, or name a file", field="input")
    return sys.stdin.buffer


class _Told(io.StringIO):
    """stderr as a stream: a batch does not end because nobody reads how far it is."""

    def write(self, text: str) -> int:
        tell(text)
        return len(text)


def _watched(asked: Batch, quiet: bool) -> int:
    """Run it with a bar or lines; an interrupt leaves what can be taken up again, and says so."""
    from time import monotonic

    from ivigcalc.batch.run.batch import run
    from ivigcalc.batch.run.progress import Bar, Lines, Silence
    from ivigcalc.cli.output import say

    watch = Silence() if quiet else Bar() if sys.stderr.isatty() else Lines(_Told(), monotonic)
    before = signal.signal(signal.SIGTERM, _terminated)
    try:
        summary = run(asked, monotonic, watch)
    except KeyboardInterrupt as interrupt:
        watch.close()
        say("stopped: nothing was written under its final name; the same command goes on from here")
        return EXIT_TERMINATED if isinstance(interrupt, Terminated) else EXIT_INTERRUPTED
    finally:
        watch.close()
        signal.signal(signal.SIGTERM, before)
    _say_summary(summary, quiet)
    return EXIT_FAILED_ROWS if summary.failed else 0


def _terminated(_signal: int, _frame: FrameType | None) -> None:
    raise Terminated


def _say_summary(summary: Summary, quiet: bool) -> None:
    from ivigcalc.batch.run.batch import errors_text
    from ivigcalc.cli.output import say

    if summary.already_done:
        say("this batch was finished before; nothing to do", quiet=quiet)
    elif summary.resumed_rows:
        say(f"taken up after {summary.resumed_rows:,} rows", quiet=quiet)
    rows = summary.planned + summary.failed
    say(f"{summary.planned:,} of {rows:,} rows planned", quiet=quiet)
    if summary.failed:
        say(f"{summary.failed:,} rows failed, see errors.csv: {', '.join(errors_text(summary.errors))}")
