"""Strict YAML -> definitions. The only reader of definition files.

A file is hostile until it has passed: size, depth, encoding, anchors, tags, duplicate keys and implicit types are
checked before pydantic sees it, and all problems are reported together as `file:line: key: message; allowed: …`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from ivigcalc.definitions import (
    Cited,
    Definition,
    Formula,
    Loaded,
    Phase,
    Policy,
    Population,
    Product,
    ProductClass,
    Protocol,
    RateTable,
    Regimen,
    Safety,
    Site,
    Strict,
)
from ivigcalc.definitions.fields import ContradictionError
from ivigcalc.definitions.format import LATEST, SCHEMA_1, block_of, new_keys
from ivigcalc.definitions.reading import as_block, model_of
from ivigcalc.errors import DefinitionError, Problem
from ivigcalc.files import UnreadableError, read_regular
from ivigcalc.library.place import MAX_BYTES
from ivigcalc.library.problems import PathKey, described
from ivigcalc.text import LONG, TYPED, dotted, safe

MAX_DEPTH = 16
MAX_PROBLEMS = 100

#: the kinds that have a command of their own
COMMANDS = {"regimen": "regimens", "product": "products", "policy": "policies"}
KINDS: dict[str, type[Definition] | type[Site]] = {
    "regimen": Regimen,
    "product": Product,
    "policy": Policy,
    "formula": Formula,
    "safety": Safety,
    "class": ProductClass,
    "site": Site,
}

_ODD_NUMBER = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+\.|[0-9][0-9_.]*[eE][-+]?[0-9]+|[0-9][0-9.]*_[0-9_.]*"
    r"|\.(inf|Inf|INF)|\.(nan|NaN|NAN))"
)
#: text that some reader of YAML takes for something else, and what is said of it
_AMBIGUOUS = [
    (re.compile(r"~|null|Null|NULL|"), "is empty; leave the key out where nobody printed a value"),
    (
        re.compile(r"y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF|True|TRUE|False|FALSE"),
        "means true or false to some readers; write true or false, or put it in quotes if it is text",
    ),
    (re.compile(r"[-+]?[0-9]+(:[0-5]?[0-9])+(\.[0-9]*)?"), "means a number to some readers; put it in quotes"),
    (re.compile(r"[-+]?0[0-9_]+(\.[0-9]*)?|[-+]?0[xob][0-9a-fA-F_]+"), "has a leading zero; write the plain number"),
    (_ODD_NUMBER, "is not a plain number; write digits with one decimal point"),
]


@dataclass(slots=True)
class FileText:
    """What the YAML says, with the line of every key and the problems found so far."""

    name: str
    data: Any = None
    lines: dict[PathKey, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    faulty: list[PathKey] = field(default_factory=list)

    def add(self, line: int, path: PathKey, message: str, *, faulty: bool = True) -> None:
        """Note a problem; a `faulty` value is remembered, so that a later check does not tell of it again."""
        # control: few-problems
        if len(self.problems) >= 2 * MAX_PROBLEMS:  # enough is told; a hostile file shall not make a list of a million
            return
        text, _, allowed = message.partition("; allowed: ")
        problem = Problem(self.name, line, dotted(path), text, allowed)
        if problem not in self.problems:
            self.problems.append(problem)
            self.faulty += [path] if faulty else []

    def line_of(self, path: PathKey) -> int:
        """The line of a key, or of the nearest block around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def load_file(path: Path, *kinds: str) -> Loaded[Any]:
    """Read one definition file of one of `kinds`; raises `DefinitionError` with every problem in it."""
    return load_bytes(read_bytes(path), str(path), *kinds)


def read_bytes(path: Path) -> bytes:
    """The bytes of a definition file; devices, folders and giants are refused unread."""
    try:
        return read_regular(path, MAX_BYTES)
    except UnreadableError as error:
        remedy = "; check the path" if str(error).startswith("cannot be read") else ""
        raise DefinitionError([Problem(safe(str(path), LONG), 0, "", f"{error}{remedy}")]) from None


def problem_in(file: str, key: PathKey, message: str, allowed: str) -> Problem:
    """A problem of a file that loads by itself, on the line of its key."""
    document = FileText(safe(file, LONG))
    parse(read_bytes(Path(file)), document)
    return Problem(document.name, document.line_of(key), dotted(key), message, allowed)


def load_bytes(data: bytes, name: str, *kinds: str) -> Loaded[Any]:
    """As `load_file`, from bytes already read; `name` stands for the file in messages."""
    document = FileText(safe(name, LONG))
    if not parse(data, document):
        raise DefinitionError(document.problems[:MAX_PROBLEMS])
    model = _model_for(document, kinds or tuple(KINDS))
    made = None
    try:
        made = model_of(model).model_validate(document.data)
    except ValidationError as error:
        _explain(error, model, document)
    value = as_block(made)
    _check_sources(document)
    if isinstance(value, Definition):
        _check_cited(value, document)
    if value is not None and value.schema_ < LATEST:
        _check_schema(model, made, document)
    if document.problems or value is None:
        raise DefinitionError(sorted(document.problems, key=lambda problem: problem.line)[:MAX_PROBLEMS])
    return Loaded(value, hashlib.sha256(data).hexdigest(), name)  # control: own-definition-digest


def _model_for(document: FileText, kinds: tuple[str, ...]) -> type[Definition] | type[Site]:
    kind = document.data.get("kind") if isinstance(document.data, dict) else None
    if kind not in kinds:
        why = f"must say what the file is, not {safe(repr(kind))}; allowed: {', '.join(kinds)}"
        document.add(document.line_of(("kind",)), ("kind",), why)
        raise DefinitionError(document.problems)
    return KINDS[str(kind)]


# ---- text -> plain data -------------------------------------------------------------------------------------------


class _NoDataError(Exception):
    """Nothing can be made of the file, because of what stands on this line."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line


def parse(data: bytes, document: FileText) -> bool:
    """Fill the document; False where nothing can be made of it."""
    try:
        document.data = _plain_data(_decoded(data), document)
    except _NoDataError as error:
        document.add(error.line, (), str(error))
        return False
    return True


def _decoded(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise _NoDataError(0, f"is larger than {MAX_BYTES // 1024} KiB")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _NoDataError(data.count(b"\n", 0, error.start) + 1, "is not UTF-8 text") from None


def _plain_data(text: str, document: FileText) -> Any:
    try:
        return _Builder(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)), document).document()
    except yaml.MarkedYAMLError as error:
        mark: Any = error.problem_mark
        why = f"is not valid YAML: {safe(error.problem or 'unreadable', LONG)}"
        raise _NoDataError(mark.line + 1 if mark else 1, why) from None
    except yaml.YAMLError as error:
        raise _NoDataError(1, f"is not valid YAML: {safe(' '.join(str(error).split()), LONG)}") from None


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


class _Builder:
    """Turns YAML events into blocks, lists and text, refusing whatever YAML would interpret."""

    def __init__(self, events: Iterator[Any], document: FileText) -> None:
        self._events = iter(events)
        self._document = document

    def document(self) -> Any:
        result: Any = None
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._document.add(_line(event), (), "a second document begins here; one file holds one definition")
                    return result
                result = self._value(next(self._events), ())
        return result

    def _value(self, event: Any, path: PathKey) -> Any:
        line = _line(event)
        self._document.lines.setdefault(path, line)
        if len(path) > MAX_DEPTH:
            raise _NoDataError(line, f"is nested deeper than {MAX_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent):
            if path[-1:] != ("<<",):
                # control: no-alias
                self._document.add(line, path, "an alias (*) is not allowed; write the value out")
            return None
        if event.anchor is not None:
            self._document.add(line, path, "an anchor (&) is not allowed; write the value out where it is needed")
        if event.tag is not None:
            self._document.add(line, path, "a tag (!) is not allowed")
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path)
        self._check_scalar(event, path, line)
        return event.value

    def _mapping(self, path: PathKey) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event, path, found)
            value = self._value(next(self._events), (*path, key))
            found.setdefault(key, value)
        return found

    def _key(self, event: Any, path: PathKey, found: dict[str, Any]) -> str:
        line = _line(event)
        key = self._value(event, (*path, "?"))
        self._document.lines.pop((*path, "?"), None)
        if not isinstance(key, str):
            self._document.add(line, path, "a key must be plain text")
            key = f"?{line}"
        elif key == "<<":
            self._document.add(line, (*path, key), "a merge (<<) is not allowed; write the keys out")
        elif key in found:  # control: key-twice
            self._document.add(line, (*path, key), "this key was already given above", faulty=False)
        self._document.lines[(*path, key)] = line
        return key

    def _sequence(self, path: PathKey) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            found.append(self._value(event, (*path, len(found))))
        return found

    def _check_scalar(self, event: Any, path: PathKey, line: int) -> None:
        if event.style not in (None, ""):
            return
        for pattern, why in _AMBIGUOUS:
            if pattern.fullmatch(event.value):
                self._document.add(line, path, f"'{safe(event.value, TYPED)}' {why}" if event.value else why)
                return


# ---- problems in words --------------------------------------------------------------------------------------------


def _explain(error: ValidationError, model: type[Strict], document: FileText) -> None:
    already = [problem_path for problem_path in document.faulty if problem_path]
    items = error.errors(include_url=False)
    for item in items:
        if item["type"] == "too_short" and _is_told_within(item, items):
            continue
        for path, message in _described(item, model, document):
            if not any(path[: len(told)] == told for told in already):
                document.add(document.line_of(path), path, message)


def _is_told_within(item: Any, items: Sequence[Any]) -> bool:
    """Whether the list is only short of members that are told of themselves."""
    return any(other["loc"][: len(item["loc"])] == item["loc"] for other in items if other is not item)


def _described(item: Any, model: type[Strict], document: FileText) -> list[tuple[PathKey, str]]:
    path = _real_path(item["loc"], document)
    cause = item.get("ctx", {}).get("error")
    if isinstance(cause, ContradictionError):
        return [((*path, *place), message) for place, message in cause.found]
    return [described(item, path, model_of(model))]


def _real_path(location: tuple[str | int, ...], document: FileText) -> PathKey:
    """Drop the parts that pydantic adds for union members, which are no keys of the file."""
    path: PathKey = ()
    for part in location:
        if (*path, part) in document.lines:
            path = (*path, part)
    return path


# ---- schema 1 -------------------------------------------------------------------------------------------------------


def _check_schema(model: type[Strict], made: Any, document: FileText) -> None:
    """A file of schema 1 has no key that came later: whoever reads it by an older version would pass it over."""
    kind = document.data["kind"]
    if block_of(model) not in SCHEMA_1:
        message = f"a {kind} file is of schema {LATEST}; allowed: {LATEST}"
        document.add(document.line_of(("schema",)), ("schema",), message)
        return
    command = COMMANDS.get(kind, "regimens")
    for path in new_keys(made):
        if path in document.lines:  # control: new-key-in-an-old-file
            message = f"is new in schema {LATEST}, and the file says schema 1: `ivigcalc {command} upgrade FILE`"
            document.add(document.line_of(path), path, f"{message}; allowed: schema: {LATEST}")


# ---- sources ------------------------------------------------------------------------------------------------------


def _check_sources(document: FileText) -> None:
    """Every source named exists, and every source on file is named, unless there is but one."""
    sources = document.data.get("sources")
    if not isinstance(sources, dict):
        return
    named = list(_named_sources(document.data, ()))
    for path, key in named:
        if key not in sources:
            document.add(document.line_of(path), path, f"no source '{safe(key)}'; allowed: {', '.join(sources)}")
    used = {key for _, key in named} if len(sources) > 1 else set(sources)
    for key in sources:
        if key not in used:
            document.add(document.line_of(("sources", key)), ("sources", key), "this source is cited nowhere")


def _named_sources(data: Any, path: PathKey) -> Iterator[tuple[PathKey, str]]:
    children = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, child in children:
        if key == "source" and isinstance(child, str):
            yield (*path, key), child
        else:
            yield from _named_sources(child, (*path, key))


def _check_cited(definition: Definition, document: FileText) -> None:
    """Every cited part has a source of its own, or inherits one."""
    only = next(iter(definition.sources)) if len(definition.sources) == 1 else None
    for path, key, needed in _cited_parts(definition, (), definition.source, only):
        if key is None and needed:
            document.add(document.line_of(path), path, f"needs a source; allowed: {', '.join(definition.sources)}")


def _cited_parts(
    value: Any, path: PathKey, inherited: str | None, only: str | None
) -> Iterator[tuple[PathKey, str | None, bool]]:
    """Each part with the source it has or inherits, and whether it needs one."""
    if isinstance(value, RateTable):
        inherited = only  # a rate table names its own source, never the file's general one, unless there is but one
    if isinstance(value, Cited):
        inherited = value.source or inherited
        yield path, inherited, not isinstance(value, RateTable | Population | Protocol | Phase)
    elif isinstance(value, Definition):
        figures = isinstance(value, Formula) or (
            isinstance(value, Product) and bool(value.concentration or value.vials)
        )
        yield ("source",), value.source, figures
    if isinstance(value, Strict):
        for name, info in type(value).model_fields.items():
            if name != "sources":
                yield from _cited_parts(getattr(value, name), (*path, info.alias or name), inherited, only)
    elif isinstance(value, dict):
        for name, child in value.items():
            yield from _cited_parts(child, (*path, name), inherited, only)
    elif isinstance(value, tuple):
        for index, child in enumerate(value):
            yield from _cited_parts(child, (*path, index), inherited, only)
