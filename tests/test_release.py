"""The same commit gives the same bytes: who doubts a wheel builds it again and compares."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from documents import ROOT

from ivigcalc import __version__

PARTS = (
    "pyproject.toml",
    "hatch_build.py",
    "Makefile",
    "constraints.txt",
    *(path.name for path in ROOT.glob("*.md")),
    "LICENSE",
    ".gitignore",
)
FOLDERS = ("ivigcalc", "regimens", "share", "release", "changes", "docs")
#: two machines, at two times: folder, time of the files, their mode, environment
MACHINES = (
    ("a", 1_000_000_000, 0o644, {"TZ": "UTC", "LC_ALL": "C", "PYTHONHASHSEED": "1"}),
    ("another/place", 1_700_000_000, 0o600, {"TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "2"}),
)


def built(folder: Path, modified: int, mode: int, environment: dict[str, str]) -> dict[str, bytes]:
    """What `make dist` makes of a copy of the tree: name -> bytes."""
    tree = folder / "tree"
    for part in FOLDERS:
        shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__"))
    for part in PARTS:
        shutil.copy(ROOT / part, tree / part)
    for path in filter(Path.is_file, tree.rglob("*")):
        os.utime(path, (modified, modified))
        path.chmod(mode)
    made = {**os.environ, **environment, "SOURCE_DATE_EPOCH": "1795000000", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "release/make.py", "dist", "--not-isolated", "--out", str(folder / "dist")]
    subprocess.run(command, cwd=tree, env=made, check=True, capture_output=True)
    return {path.name: path.read_bytes() for path in (folder / "dist").iterdir()}


@pytest.mark.slow
def test_two_builds_are_equal_byte_for_byte(tmp_path: Path) -> None:
    first, second = (built(tmp_path / folder, *how) for folder, *how in MACHINES)
    assert sorted(first) == [f"ivigcalc-{__version__}-py3-none-any.whl", f"ivigcalc-{__version__}.tar.gz"]
    assert first == second
