"""What a batch was computed from, as fingerprints: a run is only taken up again when none of them changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from ivigcalc import library
from ivigcalc._version import __version__
from ivigcalc.errors import DefinitionError
from ivigcalc.library.reader import read_bytes


@cache
def program_sha256() -> str:
    """The version together with every shipped definition."""
    digest = hashlib.sha256(__version__.encode())
    for kind in library.FOLDERS:
        for identifier, path in library.shipped(kind).items():
            _add(digest, f"{kind}/{identifier}", path)
    return digest.hexdigest()


def definitions_sha256(files: Iterable[str]) -> str:
    """Every shipped definition and the files of one's own that a batch names."""
    digest = hashlib.sha256(program_sha256().encode())
    for name in sorted(set(files)):
        _add(digest, name, Path(name))
    return digest.hexdigest()


def _add(digest: hashlib._Hash, name: str, path: Path) -> None:
    try:
        content = hashlib.sha256(read_bytes(path)).hexdigest()
    except DefinitionError:
        content = "unreadable"  # the rows that name it will say so
    # a cell with a broken byte may look like a path: it names no file, and its row will say so
    digest.update(f"{name}\0{content}\0".encode("utf-8", "surrogatepass"))
