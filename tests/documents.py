"""Documents whose examples are run.

A `console` block has commands after `$ `; `[exit N]` names another exit code than 0; a line `...` stands for any number of
lines. What a command is shown to print may be on either stream.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent


class Example(NamedTuple):
    """One command of a document, and what it is shown to do."""

    command: str
    exit_code: int
    shown: list[str]

    def is_shown_by(self, printed: str) -> bool:
        """Whether this is what the document shows."""
        lines = [".*" if line == "..." else re.escape(line.rstrip()) for line in self.shown]
        return bool(re.fullmatch("\n".join(lines), "\n".join(map(str.rstrip, printed.rstrip().split("\n"))), re.DOTALL))


def blocks(document: str, language: str) -> list[str]:
    """The code blocks of a language in a document."""
    text = (ROOT / document).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def examples(document: str) -> list[Example]:
    """Every command of a document, in order."""
    found = []
    for block in blocks(document, "console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *shown = part.rstrip().split("\n")
            exit_code = 0
            if shown and (marked := re.fullmatch(r"\[exit ([0-9]+)\]", shown[0])):
                exit_code, shown = int(marked[1]), shown[1:]
            found.append(Example(command, exit_code, shown))
    return found


def links(document: str) -> list[Path]:
    """The files that a document links to."""
    text = (ROOT / document).read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)\)", text)
    return [(ROOT / document).parent / target for target in targets if not target.startswith("http")]
