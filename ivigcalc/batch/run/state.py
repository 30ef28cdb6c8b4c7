"""What a batch wrote about itself, read again. Anybody may have edited it: it is checked before it is believed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any, get_args

from ivigcalc.batch.tables.encode import PLANS, ROWS, TABLES, Kind, tables_of
from ivigcalc.batch.tables.patient_files import is_file_name
from ivigcalc.errors import RequestError
from ivigcalc.files import read_regular
from ivigcalc.text import LONG, safe

WORK, STATE, REPORT, EACH = ".ivigcalc-batch", "state.json", "batch.json", "each"
#: counts, for whoever reads the results
SUMMARY = "summary.json"
#: the rows of the list that were corrected since
CORRECTED = "corrected.csv"
SCHEMA = "ivigcalc.batch/1"
_MAX_BYTES = 1024 * 1024
#: every table that a batch may have left in its folder; nothing else is ever taken away
RESULTS = frozenset(
    {
        "errors.csv",
        "rows.csv",
        "plans.jsonl",
        CORRECTED,
        SUMMARY,
        *(f"{table}.{kind}" for table in TABLES for kind in get_args(Kind)),
    }
)


def read_json(path: Path) -> dict[str, Any] | None:
    """A JSON object, or None where there is none."""
    try:
        found = json.loads(read_regular(path, _MAX_BYTES))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def read_state(path: Path) -> dict[str, Any] | None:
    """What an unfinished run says of itself; None where there is none."""
    found = read_json(path)
    if found is None:
        return None
    whole = (
        _is_about(found.get("about"))
        and all(_is_count(found.get(key)) for key in ("partitions", "planned"))
        and _are_counts(found.get("errors"))
        and _are_counts(found.get("counts"))
        and _are_counts(found.get("sizes"))
        and found["sizes"].keys() == _tables_of(found["about"]["options"])
        and isinstance(found.get("finished"), bool)
    )
    if not whole:
        raise _damaged(path, f"{WORK}/{path.name}", "begin again")
    return found


def read_report(path: Path) -> dict[str, Any] | None:
    """What the last finished run says of itself; None where there is none."""
    found = read_json(path)
    if found is None or found.get("schema") != SCHEMA:
        return None
    whole = (
        _is_about(found.get("computed_from"))
        and _is_count(found.get("planned"))
        and _are_counts(found.get("errors"))
        and _are_counts(found.get("counts"))
        and _are_counts(found.get("files"))
        and found["files"].keys() <= RESULTS
        and found.get("folders") in ([], [EACH])
    )
    if not whole:
        raise _damaged(path, path.name, "replace what is there")
    return found


def named_before(path: Path) -> tuple[set[str], bool]:
    """The tables that the last finished run left, and whether it left files for each patient. Names that no batch gives
    are none of them."""
    found = read_json(path) or {}
    files, folders = found.get("files"), found.get("folders")
    tables = RESULTS.intersection(files) if isinstance(files, dict) else set()
    return set(tables), isinstance(folders, list) and EACH in folders


def files_for_patients(folder: Path) -> Iterable[Path]:
    """The files in `each/` that have such names as a batch gives; not those of anybody else."""
    if not folder.is_dir():
        return
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if is_file_name(entry.name) and entry.is_file(follow_symlinks=False)]
    yield from (folder / name for name in names)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _are_counts(value: object) -> bool:
    return isinstance(value, dict) and all(map(_is_count, value.values()))


def _is_about(value: object) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("options"), dict):
        return False
    try:
        date.fromisoformat(value.get("on", ""))
    except (TypeError, ValueError):
        return False
    return isinstance(value["options"].get("each"), list)


def _tables_of(options: dict[str, Any]) -> set[str]:
    """What grows while a batch with these options runs; nothing where they are none."""
    picked = options.get("columns")
    if not isinstance(picked, list) or not all(isinstance(name, str) for name in picked):
        return set()
    return {*tables_of(tuple(picked)), "errors", ROWS, *((PLANS,) if options.get("plans") else ())}


def _damaged(path: Path, name: str, then: str) -> RequestError:
    folder = path.resolve().parent
    where = folder.parent if folder.name == WORK else folder
    return RequestError(
        f"{name} in {shown(where)} is damaged: bring it back as it was, or give --restart to {then}",
        field="output",
        code="damaged",
    )


def shown(folder: Path) -> str:
    """A folder's own name, for messages: that of `.` is not empty."""
    return safe(folder.resolve().name or str(folder), LONG)
