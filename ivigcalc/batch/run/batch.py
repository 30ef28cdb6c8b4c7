"""A whole batch, from what is asked to a summary of what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing

from ivigcalc.batch.rows.look import Looked, look
from ivigcalc.batch.run.about import Summary
from ivigcalc.batch.run.asked import Batch, check_defaults, open_list
from ivigcalc.batch.run.folder import Folder
from ivigcalc.batch.run.progress import Watch
from ivigcalc.batch.run.retry import Retry, end_what_was_begun
from ivigcalc.batch.run.running import Run


def run(batch: Batch, clock: Callable[[], float], watch: Watch) -> Summary:
    """Do a batch. `clock` counts seconds; `watch(rows done, rows in all)` hears how far it is."""
    check_defaults(batch.defaults)
    if batch.retry is not None:
        end_what_was_begun(batch)
    with Folder(batch.folder) as folder, closing(open_list(batch, folder)) as source:
        doing: type[Run] = Retry if batch.retry is not None else Run
        return doing(batch, folder, source).to_its_end(clock, watch)


def surveyed(batch: Batch) -> Looked:
    """What the list of a batch holds; nothing is planned."""
    with Folder(batch.folder) as folder, closing(open_list(batch, folder)) as source:
        return look(source, batch.reading, batch.defaults, batch.site.value)


def errors_text(errors: Counter[str]) -> Sequence[str]:
    """`12 dose-needed`, most first."""
    return [f"{count} {code}" for code, count in sorted(errors.items(), key=lambda item: (-item[1], item[0]))]
