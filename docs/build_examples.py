"""Run the commands that the documents show, and write what they print below them.

`python docs/build_examples.py` rewrites every `console` block; a test compares. A block has commands after `$ `; `[exit N]` names another
exit code than 0; a line `...` stands for any number of lines. The commands of a page run one after the other in one folder, which
begins with the files that the page shows as blocks with `title="NAME"`.
"""

from __future__ import annotations

import importlib
import io
import os
import pkgutil
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from difflib import SequenceMatcher
from pathlib import Path
from typing import NamedTuple
from unittest import mock

ROOT = Path(__file__).parent.parent
#: the day on which the commands of the documents are run, whenever that is
ASKED_ON = date(2026, 12, 1)
#: written by build_reference.py; its commands are examples of help, and stand alone
GENERATED = "docs/cli.md"
_BLOCK = re.compile(r"^```(?P<language>[a-z]+)(?P<note>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_TITLE = re.compile(r'title="([^"/]+)"')


class Example(NamedTuple):
    """One command of a document, and what it is shown to do."""

    command: str
    exit_code: int
    shown: list[str]

    def is_shown_by(self, printed: str) -> bool:
        """Whether this is what the document shows."""
        lines = [".*" if line == "..." else re.escape(line.rstrip()) for line in self.shown]
        return bool(re.fullmatch("\n".join(lines), "\n".join(_lines(printed)), re.DOTALL))


class Done(NamedTuple):
    """What a command did: its exit code, and what it printed on either stream."""

    exit_code: int
    out: str
    err: str

    @property
    def printed(self) -> str:
        """What is shown of it: its result, or where it has none what it said."""
        return self.out or self.err


def pages() -> list[str]:
    """The documents with commands whose output is shown, as paths below the project."""
    found = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    names = [path.relative_to(ROOT).as_posix() for path in found]
    return [name for name in names if name != GENERATED and examples(text_of(name))]


def text_of(page: str) -> str:
    """A document."""
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    """The code blocks of a language in a document."""
    return [found["text"] for found in _BLOCK.finditer(text) if found["language"] == language]


def files(text: str) -> dict[str, str]:
    """Name -> content of the files that a document shows."""
    titled = [(_TITLE.search(found["note"]), found["text"]) for found in _BLOCK.finditer(text)]
    return {title[1]: content for title, content in titled if title}


def examples(text: str) -> list[Example]:
    """Every command of a document, in order."""
    return [example for block in blocks(text, "console") for example in _examples(block)]


def _examples(block: str) -> Iterator[Example]:
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, *shown = part.rstrip().split("\n")
        while command.endswith("\\"):  # a command of several lines
            command += "\n" + shown.pop(0)
        exit_code = 0
        if shown and (marked := re.fullmatch(r"\[exit ([0-9]+)\]", shown[0])):
            exit_code, shown = int(marked[1]), shown[1:]
        yield Example(command, exit_code, shown)


# ---- running ---------------------------------------------------------------------------------------------------------


def run(text: str) -> list[tuple[Example, Done]]:
    """Every command of a document in order, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder, _in(folder):
        for name, content in files(text).items():
            Path(name).write_text(content, encoding="utf-8")
        return [(example, _run(example.command)) for example in examples(text)]


def words(command: str) -> list[str]:
    """A command as a shell parts it."""
    return shlex.split(command.replace("\\\n", " "))


def _run(command: str) -> Done:
    from ivigcalc.cli.main import main

    program, *arguments = words(command)
    if program == "cat":
        return Done(0, "".join(Path(name).read_text(encoding="utf-8") for name in arguments), "")
    if program != "ivigcalc":
        raise ValueError(f"the documents show commands of ivigcalc, and cat: {command}")
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with mock.patch.object(sys, "stdout", out), mock.patch.object(sys, "stderr", err):
        exit_code = main(arguments)
        printed = []
        for stream in (out, err):
            stream.flush()
            printed.append(stream.buffer.getvalue().decode("utf-8"))  # type: ignore[attr-defined]
    return Done(exit_code, *printed)


@contextmanager
def _in(folder: str) -> Iterator[None]:
    """In a folder, on one day, with nothing of this machine's own."""
    before = Path.cwd()
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("IVIGCALC_") and name not in ("COLUMNS", "LC_ALL")
    }
    with ExitStack() as stack:
        stack.enter_context(mock.patch.dict(os.environ, {**kept, "XDG_CONFIG_HOME": folder}, clear=True))
        for module in _with_a_clock():
            stack.enter_context(mock.patch(f"{module}.today", return_value=ASKED_ON))
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


def _with_a_clock() -> Iterator[str]:
    from ivigcalc import cli

    for found in pkgutil.iter_modules(cli.__path__, "ivigcalc.cli."):
        if found.name != "ivigcalc.cli.today" and hasattr(importlib.import_module(found.name), "today"):
            yield found.name


# ---- writing ---------------------------------------------------------------------------------------------------------


def rewritten(text: str) -> str:
    """A document with what its commands print now; what it leaves out with `...` it leaves out again."""
    done = iter(run(text))

    def block(found: re.Match[str]) -> str:
        if found["language"] != "console":
            return found[0]
        shown = [_written(*next(done)) for _ in _examples(found["text"])]
        between = "\n" if "\n\n$ " in found["text"] else ""
        return f"```console{found['note']}\n{between.join(shown)}```"

    return _BLOCK.sub(block, text)


def _written(example: Example, done: Done) -> str:
    marked = [f"[exit {done.exit_code}]"] if done.exit_code else []
    shown = example.shown if example.is_shown_by(done.printed) else _refreshed(example.shown, _lines(done.printed))
    return "\n".join([f"$ {example.command}", *marked, *shown]) + "\n"


def _refreshed(shown: list[str], printed: list[str]) -> list[str]:
    """What is printed now, as far as it was shown: each part from the line most like its first to that most like its last."""
    written: list[str] = []
    begin, last = 0, len(printed) - 1
    while "..." in shown:
        cut = shown.index("...")
        part, shown = shown[:cut], shown[cut + 1 :]
        if part:
            first = _most_like(part[0], printed, begin) if written else 0
            begin = _most_like(part[-1], printed, first) + 1
            written += printed[first:begin]
        written.append("...")
    if shown or not written:
        first = _most_like(shown[0], printed, begin) if written else 0
        written += printed[first : last + 1]
    return written


def _most_like(line: str, printed: list[str], place: int) -> int:
    """Where the line is that begins most like one, and else is most like it."""
    likeness = [(_begun_alike(line, other), SequenceMatcher(None, line, other).ratio()) for other in printed[place:]]
    return place + likeness.index(max(likeness))


def _begun_alike(one: str, other: str) -> int:
    """How many letters two lines have in common at their beginnings."""
    return next((place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), len(one))


def _lines(printed: str) -> list[str]:
    return [line.rstrip() for line in printed.rstrip().split("\n")]


def main() -> None:
    """Rewrite every document whose commands print something else now."""
    for page in pages():
        text = text_of(page)
        new = rewritten(text)
        if new != text:
            (ROOT / page).write_text(new, encoding="utf-8")
            print(page)


if __name__ == "__main__":
    main()
