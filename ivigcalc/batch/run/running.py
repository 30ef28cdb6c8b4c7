"""One run of a batch: look the list over, take up an unfinished run, plan every partition, publish whole files."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

from ivigcalc.batch.rows.columns import Columns
from ivigcalc.batch.rows.outcome import for_clerk
from ivigcalc.batch.rows.source import Row, Source
from ivigcalc.batch.rows.survey import once, survey
from ivigcalc.batch.run.about import About, Summary, about, finished_before, own_files, taken_up
from ivigcalc.batch.run.asked import Batch
from ivigcalc.batch.run.fingerprint import definitions_sha256
from ivigcalc.batch.run.folder import Folder, Progress, as_json
from ivigcalc.batch.run.growing import explained, lost
from ivigcalc.batch.run.progress import Watch
from ivigcalc.batch.run.state import EACH, SCHEMA, SUMMARY
from ivigcalc.batch.run.summary import summary_of
from ivigcalc.batch.run.work import PARTITION_ROWS, PARTITION_ROWS_WITH_FILES, Became, Done, Settings
from ivigcalc.batch.run.workers import do_here, do_in_processes
from ivigcalc.batch.tables.encode import PLANS, ROWS, headings, tables_of
from ivigcalc.errors import IvigcalcError, RequestError
from ivigcalc.files import replace_whole, sync
from ivigcalc.text import safe

#: seconds of work that a kill may cost
_KEEP_SECONDS = 1.0


class ErrorLimitError(IvigcalcError):
    """The batch was stopped because more rows failed than were allowed."""

    exit_code = 7


class _NothingKeptError(Exception):
    """The batch is stopped, and what is written of it must not be taken up again."""

    def __init__(self, why: IvigcalcError) -> None:
        super().__init__(str(why))
        self.why = why


class Run:
    """One run of a batch in its folder: the input has been looked over, and what the output depends on is known."""

    def __init__(self, batch: Batch, folder: Folder, source: Source) -> None:
        self._batch, self._folder, self._source = batch, folder, source
        self._columns = Columns(source.columns, batch.defaults)
        self._found = survey(source.rows(), self._columns)
        self._files = own_files(batch, self._found)
        self._about = about(batch, source, self._files)
        #: rows that are planned, as far as it is known before
        self._total = self._found.rows

    def to_its_end(self, clock: Callable[[], float], watch: Watch) -> Summary:
        """Go on where an unfinished run of the same batch was, or say what a finished one gave."""
        done = self._done_before()
        if done is not None:
            return done
        progress, self._about = taken_up(self._batch, self._folder, self._about)
        resumed = progress.rows
        if not progress.finished:
            self._plan(progress, clock, watch)
            self._finish(progress)
        self._publish(progress)
        return Summary(progress.planned, progress.errors, progress.counts, resumed)

    def _done_before(self) -> Summary | None:
        if self._batch.restart:
            return None
        return finished_before(self._batch, self._folder, self._about, self._names())

    def _plan(self, progress: Progress, clock: Callable[[], float], watch: Watch) -> None:
        """Plan the partitions that are left; every now and then what is done is kept."""
        batch = self._batch
        heads = headings(batch.kind, self._columns.names, batch.picked, plans=batch.plans)
        self._folder.open_tables(heads, progress, each=bool(batch.each))
        try:
            with closing(self._written(progress, watch)) as partitions:
                self._count(partitions, progress, clock, watch)
        except _NothingKeptError as stopped:  # by now nobody writes any more
            self._give_up()
            raise stopped.why from None

    def _count(
        self, partitions: Iterator[Became], progress: Progress, clock: Callable[[], float], watch: Watch
    ) -> None:
        """Count the partitions as they are written; every now and then that is kept."""
        most, kept_at = self._batch.max_errors, clock()
        for became in partitions:
            progress.add(became)
            watch(progress.rows, self._total)
            if most is not None and progress.failed > most:
                raise _NothingKeptError(ErrorLimitError(_why_stopped(progress, became)))
            if clock() - kept_at > _KEEP_SECONDS:
                self._check_unchanged()
                self._folder.keep(self._about, progress)
                kept_at = clock()
        self._check_unchanged()
        if not self._folder.has_files(progress.planned * len(self._batch.each)):
            raise _NothingKeptError(lost("a file for a patient was deleted"))

    def _written(self, progress: Progress, watch: Watch) -> Generator[Became]:
        """Each partition that is left once it is in the tables, done by whomever the batch names."""
        batch, settings, partitions = self._batch, self._settings(), self._partitions(progress.partitions)
        if batch.cluster is None and batch.jobs > 1:
            yield from do_in_processes(settings, partitions, batch.jobs, self._folder.work, progress.sizes)
            return
        for done in _done(batch, settings, partitions, watch):
            self._folder.append(done, progress)
            yield done.became

    def _settings(self) -> Settings:
        return Settings(
            columns=self._columns.names,
            defaults=self._batch.defaults,
            site=self._batch.site,
            on=date.fromisoformat(self._about["on"]),
            kind=self._batch.kind,
            each=self._batch.each,
            pages=self._batch.pages,
            files=self._files,
            definitions=self._about["definitions"],
            escape=self._batch.escape,
            picked=self._batch.picked,
            plans=self._batch.plans,
        )

    def _partitions(self, done: int) -> Iterator[list[Row]]:
        """The rows by partitions, but for those that are done."""
        return islice(in_partitions(self._rows(), self._partition_rows), done, None)

    @property
    def _partition_rows(self) -> int:
        return PARTITION_ROWS_WITH_FILES if self._settings().keeps_plans else PARTITION_ROWS

    def _rows(self) -> Iterator[Row]:
        """The rows that are to be planned."""
        rows = self._source.rows()
        return rows if self._batch.allow_duplicates else (once(row, self._columns, self._found) for row in rows)

    def _give_up(self) -> None:
        """Nothing is kept that could be taken up."""
        self._source.close()  # it may lie in the folder, and Windows deletes no file that is open
        self._folder.start_over()

    def _check_unchanged(self) -> None:
        self._source.check_unchanged()
        self._check_definitions()  # control: definitions-under-batch

    def _check_definitions(self) -> None:
        """Raise when a definition file is no longer what it was at the start. Nothing is kept to be taken up: were the
        file changed back, some rows would have the figures of what it said in between."""
        if self._files and definitions_sha256(self._files) != self._about["definitions"]:
            raise _NothingKeptError(
                RequestError(
                    "a definition file changed while it was used: run again to plan every row with what it says now",
                    field="definitions",
                    code="definitions-changed",
                )
            )

    def _finish(self, progress: Progress) -> None:
        if self._batch.kind == "parquet":
            with explained("cannot write to the output folder"):
                for table in tables_of(self._batch.picked):
                    make_parquet(self._folder.work, table, f"{table}.part")
        self._end(progress)

    def _end(self, progress: Progress) -> None:
        """All files are made: say so, so that from here on they are only published."""
        with explained("cannot write to the output folder"):
            replace_whole(self._folder.work / "summary.made", as_json(summary_of(progress)))
        progress.finished = True
        self._folder.keep(self._about, progress)

    def _publish(self, progress: Progress) -> None:
        publish(self._folder, self._about, progress, self._names())

    def _names(self) -> dict[str, str]:
        """Final name -> name in the work folder."""
        return names(self._about["options"])


def _done(batch: Batch, settings: Settings, partitions: Iterator[list[Row]], watch: Watch) -> Iterator[Done]:
    if batch.cluster is not None:
        from ivigcalc.batch.run.cluster import do_on_cluster

        return do_on_cluster(settings, partitions, batch.cluster, batch.wait_seconds, watch.workers)
    return do_here(settings, partitions)


def in_partitions(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    """The rows, so many at a time."""
    while partition := list(islice(rows, size)):
        yield partition


def _why_stopped(progress: Progress, became: Became) -> str:
    shown = [
        f"row {number}, {safe(who)}: {error.code}: {for_clerk(error.message)}"
        for number, who, error in became.first_errors
    ]
    return "\n".join(
        [
            f"stopped: {progress.failed} of {progress.rows} rows failed; nothing was written: correct them, or "
            "raise --max-errors",
            *shown,
        ]
    )


def publish(folder: Folder, about: About, progress: Progress, names: dict[str, str]) -> None:
    """Give every file its name. It can be repeated until it is done."""
    report = {
        "schema": SCHEMA,
        "computed_from": about,
        "rows": progress.rows,
        "planned": progress.planned,
        "errors": dict(sorted(progress.errors.items())),
        "counts": dict(sorted(progress.counts.items())),
        "folders": [EACH] if about["options"]["each"] else [],
    }
    folder.publish(names, report)


def names(options: Mapping[str, Any], *, merged: bool = False) -> dict[str, str]:
    """Final name -> name in the work folder, of a batch with these options. `merged`: all were put together anew."""
    kind = options["format"]
    made = ".made" if kind == "parquet" or merged else ".part"
    grown = ".made" if merged else ".part"
    results = {f"{table}.{kind}": f"{table}{made}" for table in tables_of(tuple(options["columns"]))}
    plans = {"plans.jsonl": f"{PLANS}{grown}"} if options["plans"] else {}
    return {**results, **plans, "errors.csv": "errors.part", "rows.csv": f"{ROWS}{grown}", SUMMARY: "summary.made"}


def make_parquet(work: Path, table: str, stream: str) -> None:
    """Make the Parquet file of a table from its Arrow stream, both in the work folder."""
    from ivigcalc.batch.tables.arrow import write_parquet

    write_parquet(work / stream, work / f"{table}.made")
    sync(work / f"{table}.made")
