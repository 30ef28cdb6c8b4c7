"""A finished batch whose failed rows were corrected: those are planned again, and everything is put together anew.

What comes out is what a run of the corrected list gives. The rows that were planned before are not planned again, but
where a correction made two ids one.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from ivigcalc.batch.rows.columns import Columns
from ivigcalc.batch.rows.outcome import Failed
from ivigcalc.batch.rows.source import Row, Source
from ivigcalc.batch.rows.survey import Survey, once, survey
from ivigcalc.batch.run.about import About, Summary, about, differences, own_files
from ivigcalc.batch.run.asked import Batch
from ivigcalc.batch.run.corrections import Corrections, Shown, corrected, sha256
from ivigcalc.batch.run.folder import Folder, Progress
from ivigcalc.batch.run.growing import explained
from ivigcalc.batch.run.merge import Merge, read_counts
from ivigcalc.batch.run.running import Run, make_parquet, names, publish
from ivigcalc.batch.run.state import CORRECTED, EACH, STATE, WORK, shown
from ivigcalc.batch.run.work import Planner, counted, own_cells
from ivigcalc.batch.tables.answer import Planned
from ivigcalc.batch.tables.encode import ROWS, headings
from ivigcalc.batch.tables.patient_files import row_of
from ivigcalc.errors import RequestError
from ivigcalc.files import replace_whole, sync
from ivigcalc.text import LONG, safe

_ERRORS = "errors.csv"


def end_what_was_begun(batch: Batch) -> None:
    """Give its place to what an earlier correction made, where it was stopped while it did that."""
    if not (batch.folder / WORK / STATE).exists():
        return
    with Folder(batch.folder) as folder:
        state = folder.state()
        if state is None or not state["finished"] or state["about"].get("corrected") is None:
            return
        counts = Counter(state["errors"]), Counter(state["counts"])
        done = Progress(state["partitions"], state["planned"], *counts)
        publish(folder, state["about"], done, _names(state["about"]))


class Retry(Run):
    """One run over the rows of a finished batch that failed, some of them corrected."""

    def __init__(self, batch: Batch, folder: Folder, source: Source) -> None:
        self._batch, self._folder, self._source = batch, folder, source
        self._columns = Columns(source.columns, batch.defaults)
        self._shown = Shown(self._columns.names, batch.escape)
        self._report = self._finished()
        self._before = self._corrected_before()
        self._now = self._corrections()
        then = survey(self._list(self._before), self._columns)
        self._found = survey(self._list(self._now), self._columns)
        self._check_same(about(batch, source, own_files(batch, then), self._report["computed_from"].get("corrected")))
        self._files = own_files(batch, self._found)
        self._about = about(batch, source, self._files, sha256(self._shown.write(self._now)))
        self._about["on"] = self._report["computed_from"]["on"]
        self._gone: list[Row] = []  # those that were planned, and are no more
        self._changed = frozenset(self._those_changed(then))
        self._total = len(self._changed)

    def _done_before(self) -> Summary | None:
        state = self._folder.state()
        if state is None:
            return None
        if state["about"].get("corrected") is None:
            raise _unfit(f"{shown(self._batch.folder)} holds an unfinished batch: finish it before it is corrected")
        if differences(self._about, state["about"]):  # corrected once more, or otherwise
            self._folder.start_over(keep_input=True)
        return None

    # ---- what there is ------------------------------------------------------------------------------------------

    def _finished(self) -> dict[str, Any]:
        """What the finished batch says of itself; its errors.csv may be the very file that was corrected."""
        report = self._folder.report(but=(_ERRORS,))
        if report is None or "rows.csv" not in report["files"]:
            raise _unfit(
                f"{shown(self._batch.folder)} holds no finished batch whose rows could be corrected: name its "
                "folder with -o"
            )
        return report

    def _check_same(self, now: dict[str, Any]) -> None:
        changed = differences(now, self._report["computed_from"])
        if changed:  # control: retry-of-the-same
            raise _unfit(
                f"{shown(self._batch.folder)} holds the results of another batch (different: {', '.join(changed)}): "
                "give the list and the options that it was made with, or plan the whole list again"
            )

    def _corrected_before(self) -> Corrections:
        if CORRECTED not in self._report["files"]:
            return {}
        return self._shown.read(self._folder.path / CORRECTED)

    def _corrections(self) -> Corrections:
        """Those made before, and those of the file that say something else than the list."""
        assert self._batch.retry is not None
        asked = self._shown.read(self._batch.retry)
        failed = {number for number, counts in read_counts(self._folder.path / "rows.csv") if counts[-1]}
        found = dict(self._before)
        seen = set()
        for row in self._source.rows():
            cells = asked.get(row.number)
            if cells is None:
                continue
            seen.add(row.number)
            now = corrected(row, self._before)
            if now is not None and cells == self._as_shown(now):
                continue
            if row.number not in failed:  # control: only-failed-rows
                raise _unfit(
                    f"row {row.number} did not fail: only rows of errors.csv are planned again; change it in the list, "
                    "and plan the whole list again"
                )
            found[row.number] = cells
        for number in sorted(asked.keys() - seen):
            raise _unfit(
                f"{safe(self._batch.retry.name, LONG)}: the list has no row {number}: give the list that the batch "
                "was made with"
            )
        return found

    def _as_shown(self, row: Row) -> tuple[str, ...]:
        cells = own_cells(row)
        return self._shown.row(
            row, row.patient_id if isinstance(row.cells, Failed) else self._columns.patient_id(cells), cells
        )

    # ---- which rows are planned ---------------------------------------------------------------------------------

    def _list(self, corrections: Corrections) -> Iterator[Row]:
        """The list with these corrections."""
        return (now for row in self._source.rows() if (now := corrected(row, corrections)) is not None)

    def _those_changed(self, then: Survey) -> Iterator[int]:
        """The numbers of the rows that failed, and of those that are not what they were."""
        failed = {number for number, counts in read_counts(self._folder.path / "rows.csv") if counts[-1]}
        for row in self._source.rows():
            before = self._once(corrected(row, self._before), then)
            now = self._once(corrected(row, self._now), self._found)
            # control: second-of-an-id
            if before is not None and (row.number in failed or before != now):
                if row.number not in failed:
                    self._gone.append(before)
                yield row.number

    def _once(self, row: Row | None, found: Survey) -> Row | None:
        return row if row is None or self._batch.allow_duplicates else once(row, self._columns, found)

    def _rows(self) -> Iterator[Row]:
        rows = (self._once(row, self._found) for row in self._list(self._now))
        return (row for row in rows if row is not None and row.number in self._changed)

    # ---- what comes out -----------------------------------------------------------------------------------------

    def _finish(self, progress: Progress) -> None:
        with explained("cannot write to the output folder"):
            self._put_together()
            replace_whole(self._folder.work / "corrected.made", self._shown.write(self._now))
        stayed = self._report["planned"] - len(self._gone)
        progress.planned += stayed
        progress.counts = progress.counts + Counter(self._report["counts"])
        progress.counts.subtract(self._counts_of_the_gone())
        progress.counts = +progress.counts
        self._end(progress)

    def _put_together(self) -> None:
        batch, work = self._batch, self._folder.work
        heads = headings(batch.kind, self._columns.names, batch.picked, plans=batch.plans)
        merge = Merge(self._folder.path, work, self._changed, self._partition_rows)
        for table, heading in heads.items():
            if table == "errors":  # every row that fails was planned again
                continue
            if batch.kind == "parquet" and table in ("sessions", "steps", "notices"):
                merge.records(table)
                make_parquet(work, table, f"{table}.merged")
                continue
            suffix = "csv" if table == ROWS else "jsonl" if table == "plans" else batch.kind
            merge.lines(table, suffix, heading)
        if batch.each:
            self._keep_files()

    def _keep_files(self) -> None:
        """The files of the patients who were not planned again."""
        made = self._folder.work / EACH
        for path in (self._folder.path / EACH).iterdir():
            row = row_of(path.name)
            if row is not None and row not in self._changed and not (made / path.name).exists():
                _link(str(path), str(made / path.name))
        sync(made)

    def _counts_of_the_gone(self) -> Counter[str]:
        planner = Planner(self._settings())
        outcomes = [outcome for _, _, outcome in planner.outcomes(self._gone)] if self._gone else []
        return counted(outcome for outcome in outcomes if isinstance(outcome, Planned))

    def _names(self) -> dict[str, str]:
        return _names(self._about)


def _names(about: About) -> dict[str, str]:
    return {**names(about["options"], merged=True), CORRECTED: "corrected.made"}


def _link(path: str, to: str) -> None:
    with suppress(OSError):
        os.link(path, to)
        return
    shutil.copyfile(path, to)


def _unfit(why: str) -> RequestError:
    return RequestError(f"--retry: {why}", field="retry", code="in-the-way")
