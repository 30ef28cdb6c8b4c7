"""`check`: every problem of every file, those of the models first, then what `audit` finds."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ivigcalc.definitions import Loaded, Site
from ivigcalc.errors import DefinitionError, Problem
from ivigcalc.library.audit import Finding, Known, audit, known_library
from ivigcalc.library.find import FOLDERS, root
from ivigcalc.library.reader import COMMANDS, FileText, load_bytes, parse, read_bytes
from ivigcalc.request.reference import SUFFIXES
from ivigcalc.text import counted, dotted

#: what ends the first key of a place such as `open.sat` or `closed[2]`
_FIRST_KEY = re.compile(r"[.\[]")


@dataclass(slots=True)
class Report:
    """What a check found."""

    files: int = 0
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    def summary(self) -> str:
        """One line: how many files, how many problems."""
        checked = f"{counted(self.files, 'file')} checked"
        if not self.problems:
            return f"{checked}: no problems"
        wrong = {problem.file for problem in self.problems}
        return f"{checked}: {counted(len(self.problems), 'problem')} in {counted(len(wrong), 'file')}"


def check(paths: Sequence[Path], kind: str, today: date) -> Report:
    """Check files and folders; without any, the shipped definitions of the kind."""
    report, known = Report(), known_library(today)
    seen: dict[tuple[str, str], str] = {}
    for path, named in _files(paths or [root() / FOLDERS[kind]], report):
        report.files += 1
        data = b""
        try:
            data = read_bytes(path)
            loaded = load_bytes(data, str(path))
        except DefinitionError as error:
            report.problems += error.problems
            report.problems += _of_the_rest(data, path, error.problems, known)
            continue
        found = [*_wrong_kind(loaded, kind, named), *audit(loaded.value, path.stem, known), *_twice(loaded, seen)]
        for problem, info in sorted(_located(found, loaded, data), key=lambda pair: pair[0].line):
            (report.notes if info else report.problems).append(problem)
    return report


def _of_the_rest(data: bytes, path: Path, told: Sequence[Problem], known: Known) -> list[Problem]:
    """What is wrong with the rest of a site file whose shape is wrong in places, so that all is told at once."""
    document = FileText(str(path))
    if not parse(data, document) or not isinstance(document.data, dict) or document.data.get("kind") != "site":
        return []
    wrong = {_FIRST_KEY.split(problem.key, maxsplit=1)[0] for problem in told}
    try:
        value = Site.model_validate({key: said for key, said in document.data.items() if key not in wrong})
    except ValidationError:
        return []
    found = [finding for finding in audit(value, path.stem, known) if not finding.info]
    return [
        Problem(document.name, document.line_of(f.key), dotted(f.key), f.message, f.allowed)
        for f in sorted(found, key=lambda finding: document.line_of(finding.key))
    ]


def _files(paths: Sequence[Path], report: Report) -> Iterator[tuple[Path, bool]]:
    """Each file once, and whether it was named itself; a folder without definitions is a problem."""
    given: set[Path] = set()
    for path in paths:
        found = [path]
        if path.is_dir():
            found = sorted(_walk(path))
            if not found:
                report.problems.append(Problem(str(path), 0, "", "holds no definition file", "*.yaml, *.yml"))
        for file in found:
            if file.resolve() not in given:
                given.add(file.resolve())
                yield file, file == path


def _walk(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(place) / name for name in names if name.endswith(SUFFIXES) and not name.startswith("."))


def _wrong_kind(loaded: Loaded[Any], kind: str, named: bool) -> Iterator[Finding]:
    """A file that was named for one command but is for another; formulas, thresholds and site files are for any."""
    actual = loaded.value.kind
    if named and actual in COMMANDS and actual != kind:
        message = f"is '{actual}': check it with `ivigcalc {COMMANDS[actual]} check`"
        yield Finding(("kind",), message, kind)


def _twice(loaded: Loaded[Any], seen: dict[tuple[str, str], str]) -> Iterator[Finding]:
    key = (loaded.value.kind, loaded.value.id)
    if key in seen:
        yield Finding(("id",), f"'{key[1]}' is also the id of {seen[key]}")
    seen.setdefault(key, loaded.name)


def _located(findings: Sequence[Finding], loaded: Loaded[Any], data: bytes) -> Iterator[tuple[Problem, bool]]:
    if findings:
        document = FileText(loaded.name)
        parse(data, document)
        for finding in findings:
            line, key = document.line_of(finding.key), dotted(finding.key)
            yield Problem(loaded.name, line, key, finding.message, finding.allowed), finding.info
