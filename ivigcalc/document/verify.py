"""A saved plan computed again from its own inputs and compared field by field.

Three things are told apart: a figure that is not what the inputs give, a definition that has changed since, and a plan
that another version of ivigcalc wrote.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from ivigcalc._version import __version__
from ivigcalc.document.chain import replayed
from ivigcalc.document.diff import ABSENT, Difference, diff, fields, same, value_text
from ivigcalc.document.keys import Path, along, keys, promised
from ivigcalc.document.read import SavedPlan, parse, shown
from ivigcalc.document.records import Document, Mark
from ivigcalc.document.write import to_json
from ivigcalc.engine.plan import Plan
from ivigcalc.errors import MismatchError, RefusedError, RequestError
from ivigcalc.replan.state import State
from ivigcalc.text import counted

#: how many differences are named before the rest is counted
NAMED = 20
#: how many plans that do not stand are told in full
NAMED_PLANS = 20


class Verdict(Struct, frozen=True):
    """What a second computation says of a saved plan."""

    name: str
    fields: int
    figures: tuple[str, ...]
    words: tuple[str, ...]
    definitions: tuple[str, ...]
    other_version: str | None

    @property
    def agrees(self) -> bool:
        """Whether the plan stands: every figure the same, from the same definitions."""
        return not self.figures and not self.definitions and (not self.words or self.other_version is not None)

    def lines(self) -> Iterator[str]:
        """The verdict in words; the first line says it all."""
        if self.agrees:
            which = "every figure is" if self.words else f"all {self.fields} fields are"
            yield f"{self.name}: {which} what ivigcalc {__version__} computes from its inputs"
        elif self.definitions:
            yield f"{self.name} was computed from definitions that have changed:"
            yield from (f"  {line}" for line in self.definitions)
            yield "  with them every figure stays the same" if not self.figures else "  with them the figures change:"
        else:
            differ = counted(len(self.differences), "field", "differs", "differ")
            yield f"{self.name} is not what its inputs give: {differ}"
        if not self.agrees:
            yield from _named(self.figures if self.definitions else self.differences)
        if self.other_version:  # control: other-version-said
            also = f"; worded otherwise: {counted(len(self.words), 'line')} of notices or working" if self.words else ""
            yield f"note: written by ivigcalc {self.other_version}, verified by {__version__}{also}"

    @property
    def differences(self) -> tuple[str, ...]:
        """All of them, figures first."""
        return (*self.figures, *self.words)


@dataclass(slots=True)
class Tally:
    """What a second computation says of many plans, one after the other; only the first wrong ones are kept."""

    plans: int = 0
    wrong: int = 0
    _only: Verdict | None = None
    _said: list[str] = field(default_factory=list)
    _notes: Counter[str] = field(default_factory=Counter)

    def take(self, saved: SavedPlan) -> None:
        """Verify one plan more."""
        self.plans += 1
        try:
            verdict = verify(saved)
        except MismatchError as error:
            self._complain(str(error).splitlines())
            return
        if not verdict.agrees:
            self._complain(list(verdict.lines()))
            return
        self._only = verdict
        if verdict.other_version:
            self._notes[verdict.other_version] += 1

    def _complain(self, lines: list[str]) -> None:
        self.wrong += 1
        if self.wrong <= NAMED_PLANS:
            self._said += lines

    def complaints(self) -> Iterator[str]:
        """What is wrong with those that do not stand."""
        if self.plans > 1:
            yield f"{self.wrong:,} of {self.plans:,} plans are not what their inputs give:"
        yield from self._said
        if self.wrong > NAMED_PLANS:
            yield f"and {self.wrong - NAMED_PLANS:,} more plans"

    def lines(self) -> Iterator[str]:
        """The verdict where all of them stand; the first line says it all."""
        if self.plans == 1 and self._only is not None:
            yield from self._only.lines()
            return
        yield f"all {self.plans:,} plans are what ivigcalc {__version__} computes from their inputs"
        for version, count in sorted(self._notes.items()):
            yield f"note: {counted(count, 'plan')} written by ivigcalc {version}, verified by {__version__}"


def _named(differences: tuple[str, ...]) -> Iterator[str]:
    yield from (f"  {difference}" for difference in differences[:NAMED])
    if len(differences) > NAMED:
        yield f"  and {len(differences) - NAMED} more"


def verify(saved: SavedPlan) -> Verdict:
    """Compute a saved plan again, with all that happened to it. Raises `MismatchError` where its inputs give none."""
    return verdict_of(saved, recomputed(saved).plan)


def recomputed(saved: SavedPlan) -> State:
    """A saved plan as it comes out now. Raises `MismatchError` where its inputs give none, or no such history."""
    try:
        return replayed(saved)
    except RefusedError as error:
        raise MismatchError(
            f"{saved.name} cannot be computed again: refused ({', '.join(error.codes)}): {error}"
        ) from None
    except RequestError as error:
        raise RequestError(f"{saved.name}: its request cannot be read: {error}", field="plan") from None


def verdict_of(saved: SavedPlan, plan: Plan) -> Verdict:
    """What is to be said of a saved plan, beside the same `plan` computed again."""
    again: dict[str, Any] = parse(to_json(plan))
    other = None if saved.document.get("ivigcalc_version") == __version__ else saved.version
    changed = {
        path: line
        for block in ("computed_from", "history")
        for path, line in _changed(saved.document.get(block), again[block], (block,))
    }
    figures: list[str] = []
    words: list[str] = []
    for found in diff(saved.document, again):
        if not _is_expected(found.path, changed):
            soft = Mark.WORDS in _marks(found.path) if other is None else _is_excused(found)
            (words if soft else figures).append(_line(found.field, value_text(found.old), value_text(found.new)))
    if other is not None:
        figures += _unexcused(saved.document, again)
    count = sum(1 for _ in fields(saved.document, again))
    return Verdict(saved.name, count, tuple(figures), tuple(words), tuple(changed.values()), other)


def _line(field: str, saved: str, recomputed: str) -> str:
    return f"{field}: saved {saved}, recomputed {recomputed}"


def _is_expected(path: Path, changed: dict[Path, str]) -> bool:
    """What the verdict says by itself: the version that wrote the plan, and definitions that have changed."""
    return path == ("ivigcalc_version",) or (path[:-1] in changed and Mark.FINGERPRINT in _marks(path))


def _is_excused(found: Difference) -> bool:
    """What another version may do: word its text otherwise, and have a key more or less; never a block of figures."""
    *above, last = found.path
    if Mark.LINES in _marks(tuple(above)):
        return True  # a line more shifts all that follow: `_unexcused` looks at what they say
    blocks = any(isinstance(value, dict | list) for value in (found.old, found.new))
    if found.old is not ABSENT and found.new is not ABSENT:
        return not blocks and Mark.REWORDED in _marks(found.path)
    there = found.new if found.old is ABSENT else found.old
    return isinstance(last, str) and not _is_promised(found) and not (blocks and there)


def _is_promised(found: Difference) -> bool:
    """A key that is gone is judged where it stood, one more than is declared by its name alone."""
    return found.path[-1] in promised() if found.new is ABSENT else Mark.PROMISED in along(found.path)[-1].marks


def _marks(path: Path) -> set[Mark]:
    return {mark for key in along(path) for mark in key.marks}


def _unexcused(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    """What no wording excuses: text that is gone altogether, a caution or an override, a result of the working."""
    for block in (key.name for key in keys(Document).values() if Mark.LINES in key.marks):
        if bool(old.get(block)) != bool(new[block]):
            yield _line(block, *("nothing" if not found else "something" for found in (old.get(block), new[block])))
    before, after = (Counter(_warnings(document)) for document in (old, new))
    yield from (_line("notices", shown(" ".join(line)), "no such notice") for line in before - after)
    yield from (_line("notices", "no such notice", shown(" ".join(line))) for line in after - before)
    mine, theirs = _results(old), _results(new)
    for name in (name for name in mine if name in theirs):
        if len(mine[name]) != len(theirs[name]) or not all(map(same, mine[name], theirs[name])):
            was, now = (shown(", ".join(map(str, results))) for results in (mine[name], theirs[name]))
            yield _line(f"trace: {shown(name)}", was, now)


def _warnings(document: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for notice in _blocks(document, "notices"):
        if notice.get("level") != "info" or notice.get("overridden_because") is not None:
            yield tuple(str(notice.get(key)) for key in ("level", "code", "value", "limit", "overridden_because"))


def _results(document: dict[str, Any]) -> dict[str, list[Any]]:
    """Name of a line of the working -> its results and their units, in order."""
    found: dict[str, list[Any]] = {}
    for line in _blocks(document, "trace"):
        found.setdefault(str(line.get("name")), []).extend((line.get("result"), line.get("unit")))
    return found


def _blocks(document: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = document.get(key)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _changed(old: Any, new: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Where every definition stands whose file is another one, and what it was and is."""
    if isinstance(new, list):
        for place, (was, now) in enumerate(zip(old if isinstance(old, list) else [], new, strict=False)):
            yield from _changed(was, now, (*path, place))
    if not isinstance(new, dict):
        return
    before = old if isinstance(old, dict) else {}
    if "sha256" in new and before.get("sha256") != new["sha256"]:  # control: changed-definition
        was, now = (f"{shown(d.get('version', 'file'))} ({shown(d.get('sha256'))[:12]})" for d in (before, new))
        yield path, f"{' '.join(map(str, path[1:]))} {shown(new.get('id'))}: was {was}, is {now}"
    for key, value in new.items():
        yield from _changed(before.get(key), value, (*path, key))
