"""Where the shipped definitions lie. Loads nothing, so that a shell that completes an id need not wait."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

FOLDERS = {
    "regimen": "indications",
    "product": "products",
    "policy": "policies",
    "formula": "formulas",
    "safety": "safety",
    "class": "class",
}
#: no definition is as large
MAX_BYTES = 512 * 1024


def root() -> Path:
    """The folder of shipped definitions: inside the wheel, or beside the package in a checkout."""
    package = Path(__file__).parent.parent
    inside = package / "regimens"
    return inside if inside.is_dir() else package.parent / "regimens"


@cache
def shipped(kind: str) -> dict[str, Path]:
    """id -> file of every shipped definition of a kind; the file's name is its id."""
    walked = os.walk(root() / FOLDERS[kind])  # pathlib takes three times as long
    files = (Path(folder, name) for folder, _, names in walked for name in names if name.endswith(".yaml"))
    return dict(sorted((file.stem, file) for file in files))


def prepared_file(kind: str, identifier: str) -> Path:
    """Where the prepared form of a shipped definition lies, if it was prepared."""
    return Path(__file__).parent.parent / "prepared" / kind / f"{identifier}.json"
