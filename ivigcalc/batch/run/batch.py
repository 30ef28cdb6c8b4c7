"""A whole batch: look the input over, take up an unfinished run, plan every partition, publish whole files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from ivigcalc import library
from ivigcalc._version import __version__
from ivigcalc.api import DEFAULT_POLICY
from ivigcalc.batch.rows.columns import MAX_CELL, Columns
from ivigcalc.batch.rows.headings import Reading
from ivigcalc.batch.rows.keeping import readable, spool
from ivigcalc.batch.rows.look import Looked, look
from ivigcalc.batch.rows.outcome import Failed, for_clerk
from ivigcalc.batch.rows.source import Row, Source
from ivigcalc.batch.rows.survey import Survey, survey
from ivigcalc.batch.run.fingerprint import definitions_sha256
from ivigcalc.batch.run.folder import Folder, Progress, as_json, explained
from ivigcalc.batch.run.state import EACH, SCHEMA, SUMMARY, shown
from ivigcalc.batch.run.summary import summary_of
from ivigcalc.batch.run.work import PARTITION_ROWS, PARTITION_ROWS_WITH_FILES, Done, Settings, code_of
from ivigcalc.batch.run.workers import do_here, do_in_processes
from ivigcalc.batch.tables.encode import TABLES, Kind, headings
from ivigcalc.codes import codes
from ivigcalc.definitions import Loaded, Site
from ivigcalc.errors import IvigcalcError, RequestError
from ivigcalc.files import replace_whole, sync
from ivigcalc.request.form import Form
from ivigcalc.request.read import read_form
from ivigcalc.request.reference import is_path, split_protocol
from ivigcalc.request.request import LAST_YEAR
from ivigcalc.text import safe

#: seconds of work that a kill may cost
_KEEP_SECONDS = 1.0


class ErrorLimitError(IvigcalcError):
    """The batch was stopped because more rows failed than were allowed."""

    exit_code = 7


@dataclass(frozen=True, slots=True)
class Batch:
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
    paper: str | None = None
    allow_duplicates: bool = False
    max_errors: int | None = None
    restart: bool = False
    escape: bool = True
    reading: Reading = field(default_factory=Reading)
    piped: BinaryIO | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """How a batch ended."""

    planned: int
    errors: Counter[str]
    counts: Counter[str]
    resumed_rows: int = 0
    already_done: bool = False

    @property
    def failed(self) -> int:
        """Rows that ended as errors."""
        return self.errors.total()


Watch = Callable[[int, int], None]


def run(batch: Batch, clock: Callable[[], float], watch: Watch) -> Summary:
    """Do a batch. `clock` counts seconds; `watch(rows done, rows in all)` hears how far it is."""
    check_defaults(batch.defaults)
    with Folder(batch.folder) as folder, closing(_open(batch, folder)) as source:
        return _Run(batch, folder, source).to_its_end(clock, watch)


def surveyed(batch: Batch) -> Looked:
    """What the list of a batch holds; nothing is planned."""
    with Folder(batch.folder) as folder, closing(_open(batch, folder)) as source:
        return look(source, batch.reading, batch.defaults, batch.site.value)


def check_defaults(defaults: Form) -> None:
    """What is wrong with the options is wrong for every row: say so before the first. Rows may begin on any day, so an
    earlier infusion is before the last day that there is; each row is checked against its own."""
    form = replace(defaults, weight=defaults.weight or "1kg", start=defaults.start or f"{LAST_YEAR}-12-31")
    read_form(form, "schedule", on=None)
    for override in defaults.override:
        declared = codes().get(code_of(override))
        if declared is None or "stop" not in declared.kinds:
            raise RequestError(f"--override {safe(code_of(override))}: no stop has that code", field="override")
    if defaults.regimen:
        library.regimen(defaults.regimen)
    if defaults.product:
        library.product(defaults.product, defaults.country)
    library.policy(defaults.policy or DEFAULT_POLICY)


def _open(batch: Batch, folder: Folder) -> Source:
    path = batch.input or folder.work / "input"
    with explained("cannot keep what is piped in"):
        if batch.piped is not None:
            spool(batch.piped, folder.work / "input")
        elif _is_pipe(path):
            with path.open("rb") as stream:
                spool(stream, folder.work / "input")
            path = folder.work / "input"
    Source(path, batch.input_format).close()  # a regular file, and nothing else is read
    path, kind = readable(path, batch.input_format, batch.reading, folder.work)
    return Source(path, kind, batch.reading)


def _is_pipe(path: Path) -> bool:
    try:
        return path.is_fifo()
    except OSError:  # a name that there cannot be, which is told where it is opened
        return False


class _Run:
    """One run of a batch in its folder: the input has been looked over, and what the output depends on is known."""

    def __init__(self, batch: Batch, folder: Folder, source: Source) -> None:
        self._batch, self._folder, self._source = batch, folder, source
        self._columns = Columns(source.columns, batch.defaults)
        self._found = survey(source.rows(), self._columns)
        self._files = _own_files(batch, self._found)
        self._about = _about(batch, source, self._files)

    def to_its_end(self, clock: Callable[[], float], watch: Watch) -> Summary:
        """Go on where an unfinished run of the same batch was, or say what a finished one gave."""
        done = None if self._batch.restart else _finished_before(self._batch, self._folder, self._about)
        if done is not None:
            return done
        progress, self._about = _taken_up(self._batch, self._folder, self._about)
        resumed = progress.rows
        if not progress.finished:
            self._plan(progress, clock, watch)
            self._finish(progress)
        self._publish(progress)
        return Summary(progress.planned, progress.errors, progress.counts, resumed)

    def _plan(self, progress: Progress, clock: Callable[[], float], watch: Watch) -> None:
        """Plan the partitions that are left; every now and then what is done is kept."""
        self._folder.open_tables(headings(self._batch.kind, self._columns.names), progress, each=bool(self._batch.each))
        kept_at = clock()
        for done in _workers(self._batch, self._settings(), self._partitions(progress.partitions)):
            self._folder.append(done.tables, done.each)
            progress.add(done.planned, done.errors, done.counts)
            watch(progress.rows, self._found.rows)
            if self._batch.max_errors is not None and progress.failed > self._batch.max_errors:
                self._folder.start_over()
                raise ErrorLimitError(_why_stopped(progress, done))
            if clock() - kept_at > _KEEP_SECONDS:
                self._check_unchanged()
                self._folder.keep(self._about, progress)
                kept_at = clock()
        self._check_unchanged()

    def _settings(self) -> Settings:
        return Settings(
            columns=self._columns.names,
            defaults=self._batch.defaults,
            site=self._batch.site,
            on=date.fromisoformat(self._about["on"]),
            kind=self._batch.kind,
            each=self._batch.each,
            paper=self._batch.paper,
            files=self._files,
            definitions=self._about["definitions"],
            escape=self._batch.escape,
        )

    def _partitions(self, done: int) -> Iterator[list[Row]]:
        """The rows by partitions, but for those that are done."""
        rows = self._source.rows()
        if not self._batch.allow_duplicates:
            rows = _once_each(rows, self._columns, self._found)
        size = PARTITION_ROWS_WITH_FILES if self._batch.each else PARTITION_ROWS
        return islice(_partitions(rows, size), done, None)

    def _check_unchanged(self) -> None:
        self._source.check_unchanged()
        self._check_definitions()  # control: definitions-under-batch

    def _check_definitions(self) -> None:
        """Raise when a definition file is no longer what it was at the start. Nothing is kept to be taken up: were the
        file changed back, some rows would have the figures of what it said in between."""
        if self._files and definitions_sha256(self._files) != self._about["definitions"]:
            self._folder.start_over()
            raise RequestError(
                "a definition file changed while it was used: run again to plan every row with what it says now",
                field="definitions",
                code="definitions-changed",
            )

    def _finish(self, progress: Progress) -> None:
        if self._batch.kind == "parquet":
            _make_parquet(self._folder)
        with explained("cannot write to the output folder"):
            replace_whole(self._folder.work / "summary.made", as_json(summary_of(progress)))
        progress.finished = True
        self._folder.keep(self._about, progress)

    def _publish(self, progress: Progress) -> None:
        report = {
            "schema": SCHEMA,
            "computed_from": self._about,
            "rows": progress.rows,
            "planned": progress.planned,
            "errors": dict(sorted(progress.errors.items())),
            "counts": dict(sorted(progress.counts.items())),
            "folders": [EACH] if self._batch.each else [],
        }
        self._folder.publish(_names(self._batch.kind), report)


def _own_files(batch: Batch, found: Survey) -> tuple[str, ...]:
    """The definition files that options and rows name."""
    options = [batch.defaults.regimen, batch.defaults.product, batch.defaults.policy]
    names = [split_protocol(text)[0] for text in options if text]
    return tuple(sorted({*found.files, *filter(is_path, names)}))


def _about(batch: Batch, source: Source, files: tuple[str, ...]) -> dict[str, Any]:
    """Everything that the output depends on; `on` is the day of asking, which a run keeps when it is taken up later."""
    return {
        "version": __version__,
        "input": source.sha256(),
        "options": {
            **asdict(batch.defaults),
            "format": batch.kind,
            "input_format": batch.input_format,
            "each": batch.each,
            "paper": batch.paper,
            "allow_duplicates": batch.allow_duplicates,
            "escape": batch.escape,
            **batch.reading.about(),
        },
        "site": batch.site.sha256,
        "definitions": definitions_sha256(files),
        "on": batch.on.isoformat(),
    }


def _differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    return [key for key in one if key != "on" and _plain(one[key]) != _plain(other.get(key))]


def _plain(value: Any) -> Any:
    """As it is once it has been through JSON."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return list(value) if isinstance(value, tuple) else value


def _finished_before(batch: Batch, folder: Folder, about: dict[str, Any]) -> Summary | None:
    """The summary of the same batch where it was finished earlier; refuses to touch the results of another."""
    if folder.state() is not None:
        return None
    report = folder.report()
    if report is not None:
        changed = _differences(about, report["computed_from"])
        if changed:
            raise _in_the_way(batch, f"holds the results of another batch (different: {', '.join(changed)})")
        return Summary(report["planned"], Counter(report["errors"]), Counter(report["counts"]), already_done=True)
    there = folder.in_the_way(_names(batch.kind).keys() | {EACH})
    if there:
        raise _in_the_way(batch, f"already holds {', '.join(sorted(there))}")
    return None


def _in_the_way(batch: Batch, holds: str) -> RequestError:
    return RequestError(
        f"{shown(batch.folder)} {holds}: choose another folder, or give --restart to replace them",
        field="output",
        code="in-the-way",
    )


def _taken_up(batch: Batch, folder: Folder, about: dict[str, Any]) -> tuple[Progress, dict[str, Any]]:
    """Where an unfinished run of the same batch was, else the beginning."""
    state = _begun_by_restart(folder, about) if batch.restart else folder.state()
    if state is None:
        folder.start_over(keep_input=True)
        return Progress(restarted=batch.restart), about
    changed = _differences(about, state["about"])
    if changed:
        raise RequestError(
            f"{shown(batch.folder)} holds an unfinished batch, and since then this changed: {', '.join(changed)}; "
            "give --restart to begin again, or bring back what it was",
            field="output",
            code="changed",
        )
    progress = Progress(
        partitions=state["partitions"],
        planned=state["planned"],
        errors=Counter(state["errors"]),
        counts=Counter(state["counts"]),
        sizes=state["sizes"],
        finished=state["finished"],
        restarted=state.get("restarted") is True,
    )
    return progress, state["about"]


def _begun_by_restart(folder: Folder, about: dict[str, Any]) -> dict[str, Any] | None:
    """The unfinished run of the same batch that an earlier `--restart` began: who repeats the command until it is done
    wants it to go on. Anything else is what shall be replaced."""
    try:
        state = folder.state()
    except RequestError:  # damaged
        return None
    same = state is not None and state.get("restarted") is True and not _differences(about, state["about"])
    return state if same else None


def _workers(batch: Batch, settings: Settings, partitions: Iterator[list[Row]]) -> Iterator[Done]:
    if batch.cluster is not None:
        from ivigcalc.batch.run.cluster import do_on_cluster

        return do_on_cluster(settings, partitions, batch.cluster)
    if batch.jobs == 1:
        return do_here(settings, partitions)
    return do_in_processes(settings, partitions, batch.jobs)


def _partitions(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    while partition := list(islice(rows, size)):
        yield partition


def _once_each(rows: Iterator[Row], columns: Columns, found: Survey) -> Iterator[Row]:
    """The rows, with an error in place of every row whose patient id came before."""
    for row in rows:
        if isinstance(row.cells, Failed):
            yield row
            continue
        patient_id = columns.patient_id(row.cells)
        earlier = found.repeated.first_row(patient_id, row.number) if 0 < len(patient_id) <= MAX_CELL else None
        if earlier is not None:
            why = (
                f"this patient_id is also in row {earlier}: "
                "give each patient one row, or allow it with --allow-duplicates"
            )
            row = Row(row.number, Failed("duplicate-id", "patient_id", why), patient_id, row.cells)
        yield row


def _why_stopped(progress: Progress, done: Done) -> str:
    shown = [
        f"row {number}, {safe(who)}: {error.code}: {for_clerk(error.message)}"
        for number, who, error in done.first_errors
    ]
    return "\n".join([f"stopped: {progress.failed} of {progress.rows} rows failed; nothing was written", *shown])


def _names(kind: Kind) -> dict[str, str]:
    """Final name -> name in the work folder."""
    made = ".made" if kind == "parquet" else ".part"
    results = {f"{table}.{kind}": f"{table}{made}" for table in TABLES}
    return {**results, "errors.csv": "errors.part", SUMMARY: "summary.made"}


def _make_parquet(folder: Folder) -> None:
    from ivigcalc.batch.tables.arrow import write_parquet

    with explained("cannot write to the output folder"):
        for table in ("sessions", "steps"):
            write_parquet(folder.work / f"{table}.part", folder.work / f"{table}.made")
            sync(folder.work / f"{table}.made")


def errors_text(errors: Counter[str]) -> Sequence[str]:
    """`12 dose-needed`, most first."""
    return [f"{count} {code}" for code, count in sorted(errors.items(), key=lambda item: (-item[1], item[0]))]
