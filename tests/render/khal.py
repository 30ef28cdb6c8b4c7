"""khal, a calendar program of its own, with a folder for a home: what it has after a file was imported."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

#: the one of the environment that the tests run in, before any other
PROGRAM = shutil.which("khal", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
SETTINGS = """\
[calendars]
[[ward]]
path = {folder}/ward
type = calendar
[locale]
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
local_timezone = America/New_York
default_timezone = America/New_York
[sqlite]
path = {folder}/khal.db
[default]
default_calendar = ward
"""


def khal_after(folder: Path, ics: bytes, line: str, since: str = "2026-10-01") -> list[str]:
    """What it lists of 120 days, one `line` for each event, once the file is imported."""
    if PROGRAM is None:
        pytest.skip("khal is not installed")
    (folder / "ward").mkdir(exist_ok=True)
    settings, file = folder / "khal.conf", folder / "plan.ics"
    settings.write_text(SETTINGS.format(folder=folder), encoding="utf-8")
    file.write_bytes(ics)
    _khal(folder, "import", "--batch", str(file))
    listed = _khal(folder, "list", "--once", "--format", f"> {line}", "--day-format", "", since, "120d")
    return [found[2:].strip() for found in listed.splitlines() if found.startswith("> ")]


def _khal(folder: Path, *words: str) -> str:
    home = {name: str(folder) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")}
    done = subprocess.run(
        [str(PROGRAM), "--config", str(folder / "khal.conf"), *words],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        env={**os.environ, **home, "PYTHONWARNDEFAULTENCODING": ""},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
