"""`upgrade`: a definition file of schema 1 as one of schema 2, and what a person still has to decide.

Only the line of `schema` changes, and a series or a case that was called high is called medium: every key of schema 1
means the same in schema 2. What schema 2 has a key for may stand in a file in words so far; no program knows what
those say, so they are pointed at and left as they are.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct

from ivigcalc.definitions.format import LATEST, SCHEMA_1, is_new
from ivigcalc.definitions.regimen import SERIES, SERIES_IS_LESS
from ivigcalc.errors import DefinitionError, Problem
from ivigcalc.library.problems import PathKey
from ivigcalc.library.reader import COMMANDS, KINDS, FileText, load_bytes, parse, read_bytes
from ivigcalc.library.schema import schema_of
from ivigcalc.quantity import UNITS, QuantityError, quantity
from ivigcalc.text import LONG, dotted, safe

_LINE = re.compile(r"(?:\r\n|[\n\r\x85\u2028\u2029])")
_SCHEMA = re.compile(r"""((?:^|[\s{,"'])schema["']?\s*:\s+)(["']?)1\2(?=[\s,}]|$)""")
_HIGH = re.compile(r"""((?:^|[\s{,"'])confidence["']?\s*:\s+)(["']?)high\2(?=[\s,}]|$)""")
#: keys that hold sentences
_WORDS = ("note", "notes", "text", "says", "no_dose_because", "missing", "assumed")
_SENTENCE = re.compile(r"(?<=[.;])\s+")
_NAMES = {"hours": "h", "hour": "h", "minutes": "min", "ml/kg/h": "mL/kg/h", "ml/h": "mL/h", "mL/kg/hour": "mL/kg/h"}
_QUANTITY = re.compile(
    r"([0-9]+(?:\.[0-9]+)?) ?("
    + "|".join(map(re.escape, sorted({*UNITS, *_NAMES, "days", "weeks", "months", "years"}, key=len, reverse=True)))
    + r")(?![A-Za-z/])"
)
#: new keys that hold no figure with a unit: below which keys, and in which words, a file may speak of what they hold
_SPOKEN_OF = {
    "dosing_weight": (
        {"weight", "note", "notes"},
        re.compile(r"\b(?:ideal|adjusted|lean|actual) (?:body )?weight\b|\bBMI\b", re.IGNORECASE),
    ),
    "group": (
        {"population"},
        re.compile(r"\b(?:adults?|child(?:ren)?|infants?|newborns?|pa?ediatric)\b", re.IGNORECASE),
    ),
}
#: new keys whose figures are those of others as well: with which words a sentence means them
_MEANT_BY = {"least": re.compile(r"\b(?:at least|minimum|(?:no|not) (?:less|below))\b", re.IGNORECASE)}


class Upgraded(Struct, frozen=True):
    """The text of the file in schema 2, and what is left to decide, each as `file:line: key: message`."""

    data: bytes
    to_decide: tuple[Problem, ...]
    changed: bool


def upgrade(path: Path, kind: str) -> Upgraded:
    """A file of schema 1 in schema 2; one of schema 2 as it is. Raises `DefinitionError` for what is no sound file."""
    data = read_bytes(path)
    document = FileText(safe(str(path), LONG))
    if not parse(data, document) or document.problems:
        raise DefinitionError(document.problems)
    said = document.data if isinstance(document.data, dict) else {}
    if isinstance(said.get("kind"), str) and said["kind"] in COMMANDS and said["kind"] != kind:
        message = f"is '{said['kind']}': upgrade it with `ivigcalc {COMMANDS[said['kind']]} upgrade`"
        raise DefinitionError([Problem(document.name, document.line_of(("kind",)), "kind", message, kind)])
    load_bytes(data, str(path))
    if said.get("schema") != "1":
        return Upgraded(data, (), changed=False)
    series = list(_called_high(document.data))
    edited = _with_latest(data, document, series)
    load_bytes(edited, str(path))
    lowered = (
        Problem(document.name, document.line_of(p), dotted(p), f"is medium now: {SERIES_IS_LESS}") for p in series
    )
    left = sorted((*lowered, *_to_decide(document)), key=lambda problem: problem.line)
    return Upgraded(edited, tuple(left), changed=True)


def _called_high(data: dict[str, Any]) -> Iterator[PathKey]:
    """Where the confidence in a series or a case is called high, which schema 2 does not allow."""
    for name, protocol in data.get("protocols", {}).items():
        if protocol.get("evidence") in SERIES and protocol.get("confidence") == "high":
            yield ("protocols", name, "confidence")


def _with_latest(data: bytes, document: FileText, series: list[PathKey]) -> bytes:
    """The file with another word on the lines of `schema` and of `series`, and none anywhere else."""
    wanted = copy.deepcopy(document.data)
    wanted["schema"] = str(LATEST)
    edited = _edited(data, document.line_of(("schema",)), _SCHEMA, str(LATEST))
    for path in series:
        wanted["protocols"][path[1]]["confidence"] = "medium"
        edited = _edited(edited, document.line_of(path), _HIGH, "medium")
    again = FileText(document.name)
    # control: upgrade-changes-nothing-else
    if not parse(edited, again) or again.data != wanted:
        message = "cannot be changed here: write it on a line of its own, as `schema: 1`"
        raise DefinitionError([Problem(document.name, document.line_of(("schema",)), "schema", message)])
    return edited


def _edited(data: bytes, line: int, word: re.Pattern[str], new: str) -> bytes:
    """The file with another word on one of its lines."""
    text = data.decode("utf-8")
    begins = [0, *(found.end() for found in _LINE.finditer(text)), len(text)]
    before, here, after = text[: begins[line - 1]], text[begins[line - 1] : begins[line]], text[begins[line] :]
    return (before + word.sub(rf"\g<1>\g<2>{new}\g<2>", here, count=1) + after).encode()


# ---- what is left to a person ---------------------------------------------------------------------------------------


class _NewKey(Struct, frozen=True):
    """A key that is new in schema 2: where it may stand, and how figures of it are written."""

    place: str
    name: str
    figures: tuple[re.Pattern[str], ...]

    def spoken_of(self, path: PathKey, sentence: str) -> str | None:
        """The figure, or the words, in a sentence that this key could hold."""
        below, words = _SPOKEN_OF.get(self.name, (set(), None))
        spoken = words.search(sentence) if words and below.intersection(path) else None
        if spoken:
            return spoken[0]
        meant = _MEANT_BY.get(self.name)
        if meant is not None and not meant.search(sentence):
            return None
        for found in _QUANTITY.finditer(sentence):
            written = f"{found[1]} {_NAMES.get(found[2], found[2])}"
            if _is_quantity(written) and any(pattern.fullmatch(written) for pattern in self.figures):
                return found[0]
        return None


def _is_quantity(text: str) -> bool:
    try:
        quantity(text, *(dimension for dimension, _ in UNITS.values()))
    except QuantityError:
        return False
    return True


def _to_decide(document: FileText) -> Iterator[Problem]:
    """Each sentence of the file that speaks of what has a key of its own now, and the labels that are of no product."""
    news = _new_keys(str(document.data["kind"]))
    for path, sentence, around in _sentences(document.data, ()):
        fit = [new for new in news if not (new.name == "group" and "age" in around)]
        held = {new.place: said for new in fit if (said := new.spoken_of(path, sentence)) is not None}
        if held:
            keys = ", ".join(f"{place} ('{said}')" for place, said in held.items())
            message = f'"{safe(sentence, LONG)}" may belong into a key that is new: {keys}; leave it if not'
            yield Problem(document.name, document.line_of(path), dotted(path), message)
    for name, protocol in document.data.get("protocols", {}).items():
        if protocol.get("evidence") == "label" and not protocol.keys() & {"country", "products"}:
            path = ("protocols", name)
            message = "of which products and country is it the label? With 'products' and 'country' it is their default"
            yield Problem(document.name, document.line_of(path), dotted(path), message)


def _sentences(data: Any, path: PathKey, around: Any = None) -> Iterator[tuple[PathKey, str, Any]]:
    """The sentences of a file with their places and the blocks around them; what is noted of a source is none of it."""
    if isinstance(data, dict):
        for key, child in data.items():
            if (*path, key) != ("sources",):
                yield from _sentences(child, (*path, key), data)
    elif isinstance(data, list):
        for place, child in enumerate(data):
            yield from _sentences(child, (*path, place), around)
    elif next((key for key in reversed(path) if isinstance(key, str)), "") in _WORDS:
        for sentence in _SENTENCE.split(" ".join(str(data).split())):
            yield path, sentence, around


@cache
def _new_keys(kind: str) -> tuple[_NewKey, ...]:
    """Every key of a kind of file that is new in schema 2, from its models."""
    schema = schema_of(kind)
    return tuple(_found(schema, KINDS[kind].__name__, "", schema.get("$defs", {}), ()))


def _found(node: Any, block: str, place: str, blocks: Any, above: tuple[str, ...]) -> Iterator[_NewKey]:
    """The new keys of a block and of those below it, each where it may stand."""
    for key, value in node.get("properties", {}).items():
        here = f"{place}.{key}" if place else key
        if block in SCHEMA_1 and is_new(block, key):
            yield _NewKey(here, key, tuple(map(re.compile, sorted(set(_patterns(value, blocks, ()))))))
        else:
            for name in _blocks_in(value):
                if name not in above:
                    yield from _found(blocks[name], name, here, blocks, (*above, name))


def _blocks_in(value: Any) -> Iterator[str]:
    """The blocks that stand under a key: itself, of a list, or under names."""
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for child in children:
        if isinstance(child, str) and child.startswith("#/$defs/"):
            yield child.removeprefix("#/$defs/")
        else:
            yield from _blocks_in(child)


def _patterns(value: Any, blocks: Any, above: tuple[str, ...]) -> Iterator[str]:
    """How the quantities under a key are written."""
    if isinstance(value, dict) and "(" in str(value.get("pattern", "")):
        yield value["pattern"]
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _patterns(child, blocks, above)
    for name in _blocks_in(value):
        if name not in above:
            yield from _patterns(blocks[name], blocks, (*above, name))
