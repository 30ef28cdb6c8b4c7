"""What a batch is computed from, held against what its folder says of an earlier run: go on, leave alone, or refuse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from ivigcalc._version import __version__
from ivigcalc.batch.rows.source import Source
from ivigcalc.batch.rows.survey import Survey
from ivigcalc.batch.run.asked import Batch
from ivigcalc.batch.run.fingerprint import definitions_sha256
from ivigcalc.batch.run.folder import Folder, Progress
from ivigcalc.batch.run.state import EACH, shown
from ivigcalc.errors import RequestError
from ivigcalc.request.reference import is_path, split_protocol

About = dict[str, Any]
#: so many options are named where they are not the same
_NAMED = 4


class Summary(Struct, frozen=True):
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


def own_files(batch: Batch, found: Survey) -> tuple[str, ...]:
    """The definition files that options and rows name."""
    options = [batch.defaults.regimen, batch.defaults.product, batch.defaults.policy]
    names = [split_protocol(text)[0] for text in options if text]
    return tuple(sorted({*found.files, *filter(is_path, names)}))


def about(batch: Batch, source: Source, files: tuple[str, ...], corrected: str | None = None) -> About:
    """Everything that the output depends on; `on` is the day of asking, which a run keeps when it is taken up later.

    `corrected` is the fingerprint of the rows that were corrected since the list was planned.
    """
    return {
        "version": __version__,
        "input": source.sha256(),
        "corrected": corrected,
        "options": {
            **asdict(batch.defaults),
            "format": batch.kind,
            "input_format": batch.input_format,
            "each": batch.each,
            "paper": batch.pages.paper,
            "allow_duplicates": batch.allow_duplicates,
            "escape": batch.escape,
            "columns": batch.picked,
            "plans": batch.plans,
            **batch.reading.about(),
            **({"part": batch.pages.parts} if batch.pages.parts else {}),
            **({"session": batch.pages.session} if batch.pages.session else {}),
        },
        "site": batch.site.sha256,
        "definitions": definitions_sha256(files),
        "on": batch.on.isoformat(),
    }


def differences(one: About, other: About) -> list[str]:
    """What is not the same, options by their names; the day of asking does not count."""
    changed = [key for key in one if key != "on" and _plain(one[key]) != _plain(other.get(key))]
    return [said for key in changed for said in (_options(one, other) if key == "options" else ()) or (key,)]


def _options(one: About, other: About) -> list[str]:
    """Which options differ, where they are few."""
    now, then = _plain(one["options"]), _plain(other.get("options"))
    if not isinstance(then, dict):
        return []
    changed = [f"--{name.replace('_', '-')}" for name in {**now, **then} if now.get(name) != then.get(name)]
    return changed if len(changed) <= _NAMED else []


def _plain(value: Any) -> Any:
    """As it is once it has been through JSON."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return list(value) if isinstance(value, tuple) else value


def finished_before(batch: Batch, folder: Folder, now: About, results: Iterable[str]) -> Summary | None:
    """The summary of the same batch where it was finished earlier; refuses to touch the results of another."""
    if folder.state() is not None:
        return None
    report = folder.report()
    if report is not None:
        changed = differences(now, report["computed_from"])
        if changed:
            raise in_the_way(batch, f"holds the results of another batch (different: {', '.join(changed)})")
        return Summary(report["planned"], Counter(report["errors"]), Counter(report["counts"]), already_done=True)
    there = folder.in_the_way({*results, EACH})
    if there:
        raise in_the_way(batch, f"already holds {', '.join(sorted(there))}")
    return None


def in_the_way(batch: Batch, holds: str) -> RequestError:
    """What is said where the folder has something else in it."""
    return RequestError(
        f"{shown(batch.folder)} {holds}: choose another folder, or give --restart to replace them",
        field="output",
        code="in-the-way",
    )


def taken_up(batch: Batch, folder: Folder, now: About) -> tuple[Progress, About]:
    """Where an unfinished run of the same batch was, else the beginning."""
    state = _begun_by_restart(folder, now) if batch.restart else folder.state()
    if state is None:
        folder.start_over(keep_input=True)
        return Progress(restarted=batch.restart), now
    changed = differences(now, state["about"])
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


def _begun_by_restart(folder: Folder, now: About) -> About | None:
    """The unfinished run of the same batch that an earlier `--restart` began: who repeats the command until it is done
    wants it to go on. Anything else is what shall be replaced."""
    try:
        state = folder.state()
    except RequestError:  # damaged
        return None
    same = state is not None and state.get("restarted") is True and not differences(now, state["about"])
    return state if same else None
