"""Saved plans, many at once: files, lines of a file, and folders of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from msgspec import Struct

from ivigcalc.document.read import MAX_BYTES, document_of, shown, unreadable
from ivigcalc.document.shape import misshapen
from ivigcalc.document.write import text_of
from ivigcalc.errors import RequestError
from ivigcalc.files import UnreadableError, open_regular, read_regular
from ivigcalc.text import LONG, safe

#: where a folder has one file with a plan on each line, as a batch writes it
LINES = "plans.jsonl"
#: what tells the folder of a batch, which has other things in it besides
_REPORT = "batch.json"


class Kept(Struct, frozen=True):
    """A saved plan, by the name that a message calls it by."""

    name: str
    document: dict[str, Any]


def read_all(paths: Iterable[Path]) -> Iterator[Kept]:
    """Every plan of the files and folders, in order; raises `RequestError` for what is none, or where there is none."""
    return (_kept(data, name) for name, data in each_saved(paths))


def each_saved(paths: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of every plan of the files and folders, in order and one at a time: a file with a plan on each
    line, or a folder, may be of any size. Raises `RequestError` for what cannot be read, or where there is none."""
    for path in paths:
        found = False
        for name, data in _of(path):
            found = True
            yield name, data
        if not found:
            batch = (
                "run the batch with --plans"
                if (path / _REPORT).is_file()
                else "give plans saved with --format json -o FILE, or their folder"
            )
            raise RequestError(f"{_name(path)} holds no saved plan: {batch}", field="plans")


def _of(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.is_dir():
        for inside in _files(path):
            yield from _of(inside)
        return
    name = _name(path)
    try:
        if path.suffix.lower() == ".jsonl":
            yield from _lines(path, name)
        else:
            yield name, read_regular(path, MAX_BYTES)
    except UnreadableError as error:
        raise unreadable(name, f"it {error}") from None


def _lines(path: Path, name: str) -> Iterator[tuple[str, bytes]]:
    with open_regular(path) as file:
        number = 0
        while line := file.readline(MAX_BYTES + 1):
            number += 1
            where = f"{name}, line {number}"
            if len(line) > MAX_BYTES:
                raise unreadable(where, f"it is longer than {MAX_BYTES // 1024 // 1024} MiB")
            if line.strip():
                yield where, line


def _files(folder: Path) -> Iterator[Path]:
    """The plans in a folder, sorted by name; those of a batch are in one file, or lie in a folder of their own."""
    lines = folder / LINES
    if lines.is_file():
        yield lines
        return
    each = folder / "each"
    if not (folder / _REPORT).is_file():
        yield from (path for path in _inside(folder) if path.suffix.lower() in (".json", ".jsonl"))
    if each.is_dir():
        yield from (path for path in _inside(each) if path.suffix.lower() == ".json")


def _inside(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise unreadable(_name(folder), f"it cannot be looked into: {error.strerror}") from None


def _name(path: Path) -> str:
    """A file or folder by the name that a message calls it by."""
    return safe(str(path), LONG)


def _kept(data: bytes, name: str) -> Kept:
    document = document_of(data, name)
    wrong = misshapen(document) or _unsound(document)
    if wrong is not None:
        raise unreadable(name, f"its {shown(wrong)} is missing, or is nothing that a plan has there")
    return Kept(name, document)


def _unsound(document: dict[str, Any]) -> str | None:
    """The first thing of the right shape that cannot be: words that are none, a day that no month has."""
    request = document["computed_from"]["request"]
    if not isinstance(request, dict):
        return "computed_from.request"
    for word in ("name", "patient_id", "birth_date", "indication"):
        if not isinstance(request.get(word), str | None):
            return f"computed_from.request.{word}"
    for number, session in enumerate(document["sessions"], start=1):
        for key in ("date", "starts_at", "ends_at", "visit_from", "visit_to"):
            if not _is_moment(session.get(key)):
                return f"sessions[{number}].{key}"
    return None


def _is_moment(text: str | None) -> bool:
    """Nothing, or a day or time of day that there is; the form was looked at before."""
    try:
        return text is None or len(text) == len("09:00") or datetime.fromisoformat(text) is not None
    except ValueError:
        return False


def origin(document: dict[str, Any]) -> str:
    """The SHA-256 of a plan as it was first written: the same for a plan and for all that it was changed to."""
    history = document.get("history")
    if history:  # control: change-is-no-other-plan
        return str(history[0]["previous_sha256"])
    return sha256(text_of(document).encode("utf-8", "surrogatepass")).hexdigest()


def read_one(data: bytes, name: str) -> Kept:
    """A plan from bytes already read, held to its records like those of `read_all`."""
    return _kept(data, name)


def read_file(path: Path) -> Kept:
    """The one plan of a file; raises `RequestError` for what is none."""
    try:
        return _kept(read_regular(path, MAX_BYTES), _name(path))
    except UnreadableError as error:
        raise unreadable(_name(path), f"it {error}") from None
