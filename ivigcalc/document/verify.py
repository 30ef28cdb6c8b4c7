"""A saved plan computed again from its own inputs and compared field by field.

Three things are told apart: a figure that is not what the inputs give, a definition that has changed since, and a plan
that another version of ivigcalc wrote.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from ivigcalc._version import __version__
from ivigcalc.api import plan_form
from ivigcalc.document.read import SavedPlan, parse, shown
from ivigcalc.document.write import to_json
from ivigcalc.errors import MismatchError, RefusedError, RequestError

#: how many differences are named before the rest is counted
NAMED = 20
#: the parts of a plan that are words about its figures, or say what it was computed from
_WORDS = ("notices", "trace", "sources", "check", "computed_from")
_FINGERPRINT = ("version", "sha256")
#: lists of text that another version of ivigcalc may word otherwise, or have a line more or less of
_TEXTS = ("notices", "trace", "sources")
#: keys that the interface promises, wherever they stand: every version writes them, so none may be gone or be new
_PROMISED = frozenset({
    "schema", "computed_from", "request", "regimen", "product", "policy", "site", "id", "protocol", "version", "sha256",
    "dosing_weight", "rate_weight", "kg", "basis", "actual_kg", "ideal_kg", "adjusted_kg", "bmi",
    "course", "prescribed_g", "dose_g", "deviation_percent", "g_per_kg", "days", "interval",
    "sessions", "day", "date", "weekday", "starts_at", "ends_at", "volume_ml", "duration_min", "vials", "size_g", "count", "leftover_g",
    "steps", "step", "rate_ml_per_kg_per_h", "rate_mg_per_kg_per_min", "rate_ml_per_h", "cumulative_ml",
    "totals", "courses", "cost", "amount", "currency", "notices", "trace",
})  # fmt: skip
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is not what the inputs give, in the words of the two plans."""

    field: str
    saved: str
    recomputed: str

    def __str__(self) -> str:
        return f"{self.field}: saved {self.saved}, recomputed {self.recomputed}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a second computation says of a saved plan."""

    name: str
    fields: int
    figures: tuple[Difference, ...]
    words: tuple[Difference, ...]
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
            yield f"{self.name} is not what its inputs give: {len(self.differences)} fields differ"
        if not self.agrees:
            yield from _named(self.figures if self.definitions else self.differences)
        if self.other_version:
            also = f"; {len(self.words)} lines of notices or working are worded otherwise" if self.words else ""
            yield f"note: written by ivigcalc {self.other_version}, verified by {__version__}{also}"

    @property
    def differences(self) -> tuple[Difference, ...]:
        """All of them, figures first."""
        return (*self.figures, *self.words)


def _named(differences: tuple[Difference, ...]) -> Iterator[str]:
    yield from (f"  {difference}" for difference in differences[:NAMED])
    if len(differences) > NAMED:
        yield f"  and {len(differences) - NAMED} more"


def verify(saved: SavedPlan) -> Verdict:
    """Compute a saved plan again. Raises `MismatchError` where its inputs no longer give a plan at all."""
    again = _recomputed(saved)
    other = None if saved.document.get("ivigcalc_version") == __version__ else saved.version
    changed = dict(_changed(saved.document["computed_from"], again["computed_from"], ("computed_from",)))
    expected = {("ivigcalc_version",), *((*path, key) for path in changed for key in _FINGERPRINT)}
    figures: list[Difference] = []
    words: list[Difference] = []
    count = 0
    for path, old, new in _leaves(saved.document, again, ()):
        count += 1
        if _same(old, new) or path in expected:
            continue
        difference = Difference(_field(path, saved.document), _text(old), _text(new))
        soft = path[0] in _WORDS if other is None else _excused(path, old, new)
        (words if soft else figures).append(difference)
    if other is not None:
        figures += _unexcused(saved.document, again)
    return Verdict(saved.name, count, tuple(figures), tuple(words), tuple(changed.values()), other)


def _recomputed(saved: SavedPlan) -> dict[str, Any]:
    try:
        plan = plan_form(saved.form, saved.command, on=saved.on, site=saved.site)
    except RefusedError as error:
        raise MismatchError(
            f"{saved.name} cannot be computed again: refused ({', '.join(error.codes)}): {error}"
        ) from None
    except RequestError as error:
        raise RequestError(f"{saved.name}: its request cannot be read: {error}", field="plan") from None
    found: dict[str, Any] = parse(to_json(plan))
    return found


def _excused(path: tuple[str | int, ...], old: Any, new: Any) -> bool:
    """What another version may do: word its text otherwise, and have a key more or less; never a block of figures."""
    if (path[0] in _TEXTS and len(path) > 1) or path[:2] == ("computed_from", "defaults_used"):
        return True  # a line more shifts all that follow: `_unexcused` looks at what they say
    blocks = isinstance(old, dict | list) or isinstance(new, dict | list)
    if old is not _ABSENT and new is not _ABSENT:
        return not blocks and (path[0] == "check" or path[:2] == ("computed_from", "request"))
    there = new if old is _ABSENT else old
    return isinstance(path[-1], str) and path[-1] not in _PROMISED and not (blocks and there)


def _unexcused(old: dict[str, Any], new: dict[str, Any]) -> Iterator[Difference]:
    """What no wording excuses: text that is gone altogether, a caution or an override, and each result of the working."""
    for block in _TEXTS:
        if bool(old.get(block)) != bool(new[block]):
            yield Difference(
                block, *("nothing" if not found else "something" for found in (old.get(block), new[block]))
            )
    before, after = (Counter(_warnings(document)) for document in (old, new))
    yield from (Difference("notices", shown(" ".join(line)), "no such notice") for line in before - after)
    yield from (Difference("notices", "no such notice", shown(" ".join(line))) for line in after - before)
    mine, theirs = _results(old), _results(new)
    for name in (name for name in mine if name in theirs):
        if len(mine[name]) != len(theirs[name]) or not all(map(_same, mine[name], theirs[name])):
            yield Difference(
                f"trace: {shown(name)}", *(shown(", ".join(map(str, r))) for r in (mine[name], theirs[name]))
            )


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


def _changed(old: Any, new: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Where every definition stands whose file is another one, and what it was and is."""
    if not isinstance(new, dict):
        return
    before = old if isinstance(old, dict) else {}
    if "sha256" in new and before.get("sha256") != new["sha256"]:
        was, now = (f"{shown(d.get('version', 'file'))} ({shown(d.get('sha256'))[:12]})" for d in (before, new))
        yield path, f"{' '.join(path[1:])} {shown(new.get('id'))}: was {was}, is {now}"
    for key, value in new.items():
        if key != "request":
            yield from _changed(before.get(key), value, (*path, key))


def _leaves(old: Any, new: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any, Any]]:
    """Every field of either document with its value in both."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*new, *old]):
            yield from _leaves(old.get(key, _ABSENT), new.get(key, _ABSENT), (*path, key))
    elif isinstance(old, list) and isinstance(new, list):
        for place, (one, other) in enumerate(zip_longest(old, new, fillvalue=_ABSENT)):
            yield from _leaves(one, other, (*path, place))
    else:
        yield path, old, new


def _same(old: Any, new: Any) -> bool:
    """Equal in value and in kind: 72 is 72.0, but true is not 1."""
    numbers = [isinstance(value, int | Decimal) and not isinstance(value, bool) for value in (old, new)]
    return bool(old == new) and (all(numbers) or type(old) is type(new))


def _field(path: tuple[str | int, ...], document: dict[str, Any]) -> str:
    """`sessions[course 1, day 2].steps[3].rate_ml_per_h`: counted from one, as on the page."""
    text = ""
    for place, part in enumerate(path):
        if isinstance(part, str):
            text += f".{shown(part)}" if text else shown(part)
        elif place == 1 and path[0] == "sessions":
            text += f"[{_session(document, part)}]"
        else:
            text += f"[{part + 1}]"
    return text


def _session(document: dict[str, Any], place: int) -> str:
    sessions = document["sessions"]
    session = sessions[place] if place < len(sessions) else None
    if not isinstance(session, dict):
        return str(place + 1)
    return f"course {shown(session.get('course'))}, day {shown(session.get('day'))}"


def _text(value: Any) -> str:
    if value is _ABSENT:
        return "absent"
    return "a block" if isinstance(value, dict) else "a list" if isinstance(value, list) else shown(value)
