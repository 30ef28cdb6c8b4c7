"""batch: many patients from a file, for shell scripts."""

from __future__ import annotations

import io
import signal
import sys
from enum import StrEnum
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from ivigcalc.cli.declare import in_panel
from ivigcalc.cli.lean import add_command
from ivigcalc.cli.options import takes_form
from ivigcalc.cli.output import tell
from ivigcalc.cli.show import PaperOption, PartOption, QuietOption, SessionOption, SiteOption
from ivigcalc.cli.today import today
from ivigcalc.errors import RequestError
from ivigcalc.request.form import Form

if TYPE_CHECKING:
    from ivigcalc.batch.run.about import Summary
    from ivigcalc.batch.run.asked import Batch

EXIT_FAILED_ROWS, EXIT_NONE_PLANNED = 5, 6
EXIT_INTERRUPTED, EXIT_TERMINATED = 130, 143


class Kind(StrEnum):
    """The formats of rows."""

    csv = "csv"
    jsonl = "jsonl"
    parquet = "parquet"


class Table(StrEnum):
    """The tables of results."""

    sessions = "sessions"
    steps = "steps"
    notices = "notices"


class InputKind(StrEnum):
    """The formats of a list."""

    csv = "csv"
    jsonl = "jsonl"
    parquet = "parquet"
    xlsx = "xlsx"
    arrow = "arrow"
    sqlite = "sqlite"
    duckdb = "duckdb"


class Escape(StrEnum):
    """What of the text in a CSV table gets a quote before it."""

    formulas = "formulas"
    none = "none"


class Terminated(KeyboardInterrupt):
    """The system asked the process to end (SIGTERM)."""


_output, _run, _list = in_panel("Output"), in_panel("Run"), in_panel("List")
RowsArgument = Annotated[
    str,
    typer.Argument(
        help="CSV, JSON Lines, Parquet, Excel, Arrow or a database with one patient per row; - reads what is piped in.",
        metavar="FILE",
    ),
]
FolderOption = Annotated[
    str | None,
    _output(
        "Folder for sessions, steps and errors.csv; - writes one table to stdout.", "--output", "-o", metavar="DIR"
    ),
]
KindOption = Annotated[Kind, _output("csv, jsonl or parquet.", "--format", "-f", metavar="FORMAT", show_default=True)]
EachOption = Annotated[
    list[str] | None, _output("Also one file per patient: pdf, ics or json; repeatable, or as pdf,ics.", metavar="KIND")
]
TableOption = Annotated[
    Table | None,
    _output("With -o -, the table to write to stdout: sessions (if not given), steps or notices.", metavar="TABLE"),
]
ColumnsOption = Annotated[
    str | None, _output("The columns of the results, in this order: patient_id,date,dose_g.", metavar="A,B")
]
PlansOption = Annotated[
    bool, _output("Also plans.jsonl, every saved plan on a line of its own: verify and day read it.", "--plans")
]
EscapeOption = Annotated[
    Escape,
    _output("formulas: in CSV, text like =A1 gets a quote; none: it does not.", metavar="WHAT", show_default=True),
]
InputKindOption = Annotated[
    InputKind | None,
    _list("csv, jsonl, parquet, xlsx, arrow, sqlite or duckdb, where the name of FILE does not say.", metavar="FORMAT"),
]
MapOption = Annotated[
    list[str] | None,
    _list(
        "COLUMN=HEADING, or a file of them: what the list calls a column; in JSON a path, as vitals.weight.value.",
        metavar="COLUMN=HEADING|FILE",
    ),
]
IgnoreOption = Annotated[bool, _list("Pass over columns that are not known.", "--ignore-unknown")]
NullOption = Annotated[str | None, _list("Words that mean a blank cell: NA,NULL,.", metavar="WORDS")]
DelimiterOption = Annotated[str | None, _list("What is between the cells of a CSV: ; or | or tab.", metavar="C")]
EncodingOption = Annotated[
    str, _list("The encoding of a CSV or JSON Lines: utf-8, cp1252, utf-16.", metavar="NAME", show_default=True)
]
SheetOption = Annotated[str | None, _list("The sheet of a workbook; the first if not given.", metavar="NAME")]
QueryOption = Annotated[
    str | None,
    _list("A query of the list, whose table is called list; of a database a query, or a table.", metavar="SQL"),
]
JobsOption = Annotated[
    int, _run("Processes to share the work.", "--jobs", "-j", min=1, max=256, metavar="N", show_default=True)
]
ClusterOption = Annotated[
    str | None, _run("Address of an existing Dask scheduler, e.g. tcp://10.0.0.5:8786.", metavar="ADDRESS")
]
WaitOption = Annotated[
    str, _run("How long the cluster may have no worker: 30s, 5 min, 1 h.", metavar="TIME", show_default=True)
]
DuplicatesOption = Annotated[bool, _run("Let a patient_id be in more than one row.", "--allow-duplicates")]
FailFastOption = Annotated[bool, _run("Stop at the first row that fails; nothing is written.", "--fail-fast")]
MaxErrorsOption = Annotated[
    int | None, _run("Stop when more rows than this failed; nothing is written.", min=0, metavar="N")
]
SurveyOption = Annotated[
    bool,
    _list("Look at the whole list, plan nothing: columns, ranges, what would fail, a suggested --map.", "--survey"),
]
RequireRowsOption = Annotated[bool, _run("A list without rows is an error (exit 6).", "--require-rows")]
RetryOption = Annotated[
    Path | None,
    _run(
        "errors.csv, corrected: plans its rows again and puts them in their places in the folder -o. "
        "FILE and the other options are those of the first run.",
        metavar="FILE",
    ),
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
    output: FolderOption = None,
    site: SiteOption = None,
    format: KindOption = Kind.csv,
    input_format: InputKindOption = None,
    map: MapOption = None,
    ignore_unknown: IgnoreOption = False,
    null: NullOption = None,
    delimiter: DelimiterOption = None,
    encoding: EncodingOption = "utf-8",
    sheet: SheetOption = None,
    query: QueryOption = None,
    each: EachOption = None,
    plans: PlansOption = False,
    table: TableOption = None,
    columns: ColumnsOption = None,
    paper: PaperOption = None,
    part: PartOption = [],  # noqa: B006 - typer wants a list, and nobody changes it
    session: SessionOption = None,
    escape: EscapeOption = Escape.formulas,
    jobs: JobsOption = 1,
    cluster: ClusterOption = None,
    wait: WaitOption = "1 min",
    allow_duplicates: DuplicatesOption = False,
    fail_fast: FailFastOption = False,
    max_errors: MaxErrorsOption = None,
    survey: SurveyOption = False,
    require_rows: RequireRowsOption = False,
    retry: RetryOption = None,
    restart: RestartOption = False,
    quiet: QuietOption = False,
) -> None:
    """Plan every row of a file. Each ends up in the results or in errors.csv; options fill what a row leaves blank."""
    from ivigcalc.batch.rows.headings import Reading, delimiter_of, read_delimiter, read_encoding, read_map, read_nulls
    from ivigcalc.batch.rows.source import format_of
    from ivigcalc.batch.run.asked import Batch, read_wait
    from ivigcalc.batch.tables.encode import read_picked, tables_of
    from ivigcalc.batch.tables.patient_files import Pages, read_kinds, read_session
    from ivigcalc.cli.show import paper_of, parts_named
    from ivigcalc.cli.sites import find_site

    if output is None:
        output = "-" if survey else ""
    if not output.strip():  # as a path it would be the current folder
        raise RequestError("-o names no folder: give one, e.g. -o plans", field="output")
    if cluster is not None and jobs != 1:
        raise RequestError("give --jobs or --cluster, not both", field="jobs")
    to_stdout = output == "-"
    if to_stdout and (each or restart or plans or retry):
        raise RequestError(
            "-o - writes one table: give a folder for --each, --plans, --retry and --restart", field="output"
        )
    if retry and restart:
        raise RequestError("--retry keeps what was planned, --restart does not: give one of them", field="retry")
    if table is not None and not to_stdout:
        raise RequestError(
            "--table is for -o -, and a folder holds both tables: leave out --table, or give -o -", field="table"
        )
    kinds, parts = read_kinds(each or ()), parts_named(tuple(part), session)
    if (part or session is not None) and "pdf" not in kinds:
        raise RequestError("--part and --session choose pages of a PDF: give --each pdf", field="part")
    picked = read_picked(columns)
    shown = table or Table.sessions
    if to_stdout and shown.value not in tables_of(picked):
        raise RequestError(
            f"--columns picks nothing of {shown.value}, which -o - writes: name a column of it, or choose the "
            "other --table",
            field="columns",
        )
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
        each=kinds,
        pages=Pages(paper_of(paper), parts, read_session(session)),
        allow_duplicates=allow_duplicates,
        max_errors=0 if fail_fast else max_errors,
        restart=restart,
        escape=escape is Escape.formulas,
        picked=picked,
        plans=plans,
        retry=retry,
        wait_seconds=read_wait(wait),
        reading=Reading(
            renamed=read_map(map or ()),
            ignore_unknown=ignore_unknown,
            nulls=read_nulls(null),
            delimiter=read_delimiter(delimiter_of(file) if delimiter is None else delimiter),
            encoding=read_encoding(encoding),
            sheet=sheet,
            query=query,
        ),
        piped=_stdin() if piped else None,
        waits=partial(_waits, quiet=quiet),
    )
    if survey:
        _survey(asked)
        return
    if to_stdout:
        raise typer.Exit(_streamed(asked, quiet, require_rows, f"{shown.value}.{format.value}"))
    summary = _watched(asked, quiet)
    raise typer.Exit(summary if isinstance(summary, int) else _exit_code(summary, require_rows))


def _survey(asked: Batch) -> None:
    """What the list holds, on stdout."""
    from tempfile import TemporaryDirectory

    from msgspec.structs import replace

    from ivigcalc.batch.rows.look import told
    from ivigcalc.batch.run.batch import surveyed
    from ivigcalc.cli.output import emit

    with TemporaryDirectory(prefix="ivigcalc-") as made:
        found = surveyed(replace(asked, folder=Path(made) / "plans"))
        emit("".join(f"{line}\n" for line in told(found, asked.reading)), None)


def _exit_code(summary: Summary, require_rows: bool) -> int:
    """What a script branches on: all, some, or none of the rows."""
    if summary.planned:
        return EXIT_FAILED_ROWS if summary.failed else 0
    return EXIT_NONE_PLANNED if summary.failed or require_rows else 0


def _streamed(asked: Batch, quiet: bool, require_rows: bool, name: str) -> int:
    """One table to stdout, whole or not at all; the rows that failed go to stderr, as errors.csv has them."""
    from tempfile import TemporaryDirectory

    from msgspec.structs import replace

    from ivigcalc.cli.output import write_file

    with TemporaryDirectory(prefix="ivigcalc-") as made:
        folder = Path(made) / "plans"
        summary = _watched(replace(asked, folder=folder), quiet, goes_on=False)
        if isinstance(summary, int):
            return summary
        if summary.failed:
            tell((folder / "errors.csv").read_text(encoding="utf-8"))
        write_file(folder / name)
    return _exit_code(summary, require_rows)


def _waits(path: Path, *, quiet: bool) -> None:
    from ivigcalc.cli.output import say
    from ivigcalc.text import LONG, safe

    say(f"waiting for rows: nobody writes into {safe(str(path), LONG)} yet", quiet=quiet)


def _stdin() -> BinaryIO:
    if sys.stdin is None:  # `<&-`
        raise RequestError("nothing is piped in: stdin is closed; pipe the rows in, or name a file", field="input")
    return sys.stdin.buffer


class _Told(io.StringIO):
    """stderr as a stream: a batch does not end because nobody reads how far it is."""

    def write(self, text: str) -> int:
        tell(text)
        return len(text)


def _watched(asked: Batch, quiet: bool, *, goes_on: bool = True) -> Summary | int:
    """Run it with a bar or lines; an interrupt leaves what can be taken up again, says so, and gives its exit code."""
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
        more = " under its final name; the same command goes on from here" if goes_on else ""
        say(f"stopped: nothing was written{more}")
        return EXIT_TERMINATED if isinstance(interrupt, Terminated) else EXIT_INTERRUPTED
    finally:
        watch.close()
        signal.signal(signal.SIGTERM, before)
    codes = [text.partition("=")[0].strip() for text in asked.defaults.override]
    _say_summary(summary, quiet, "see errors.csv" if goes_on else "as follows", codes)
    return summary


def _terminated(_signal: int, _frame: FrameType | None) -> None:
    raise Terminated


def _say_summary(summary: Summary, quiet: bool, where: str, overrides: list[str]) -> None:
    from ivigcalc.batch.run.batch import errors_text
    from ivigcalc.batch.tables.answer import ROUNDED
    from ivigcalc.cli.output import say

    if summary.already_done:
        say("this batch was finished before; nothing to do", quiet=quiet)
    elif summary.resumed_rows:
        say(f"taken up after {summary.resumed_rows:,} row{'s' if summary.resumed_rows > 1 else ''}", quiet=quiet)
    rows = summary.planned + summary.failed
    if not rows:
        say("the list has a heading and no rows: nothing was planned", quiet=quiet)
        return
    rounded = summary.counts[ROUNDED]
    measured = f", {rounded:,} of them with a weight or height rounded to 1 g or 1 mm" if rounded else ""
    say(f"{summary.planned:,} of {rows:,} rows planned{measured}", quiet=quiet)
    for code in overrides:
        say(f"override {code}: needed by {summary.counts[f'overridden/{code}']:,} of them", quiet=quiet)
    if summary.failed:
        noun = "row" if summary.failed == 1 else "rows"
        say(f"{summary.failed:,} {noun} failed, {where}: {', '.join(errors_text(summary.errors))}")
