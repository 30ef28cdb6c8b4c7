"""Golden faces: each file of tests/golden holds a command and exactly what it prints.

The figures in them are checked elsewhere against published numbers, hand calculation and the oracle; this guards the page.
After a wanted change: `IVIGCALC_WRITE_GOLDEN=1 make quick`, then read the difference.
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest

from ivigcalc.cli.main import main

#: a definition's hash at the foot: a reworded note in a file is no change of the face
FINGERPRINT = re.compile(r"(?<=20[0-9]{2}-[0-9]{2}-[0-9]{2} )[0-9a-f]{8}")
GOLDEN = sorted((Path(__file__).parent.parent / "golden").glob("*.txt"))


def test_there_are_golden_faces() -> None:
    assert len(GOLDEN) >= 6


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_face(path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    command, _, expected = path.read_text(encoding="utf-8").partition("\n")
    for name in ("IVIGCALC_SITE", "COLUMNS", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    program, *arguments = shlex.split(command.removeprefix("$ "))
    assert program == "ivigcalc"
    assert main(arguments) == 0
    printed = FINGERPRINT.sub("########", capsys.readouterr().out)
    if os.environ.get("IVIGCALC_WRITE_GOLDEN"):
        path.write_text(f"{command}\n{printed}", encoding="utf-8")
    assert printed == expected
