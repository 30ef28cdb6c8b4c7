"""What a saved plan says, one fact for each of its fields: where it belongs, what it is called, and its value.

No field is left out: what has no words of its own is named by its key, which ends in its unit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from ivigcalc.document.diff import ABSENT
from ivigcalc.document.read import shown
from ivigcalc.quantity import plain
from ivigcalc.request.fields import FIELD
from ivigcalc.text import LONG, safe

#: in the order in which they are read
TOPICS = (
    "history",
    "patient",
    "order",
    "definitions",
    "weight",
    "dose",
    "sessions",
    "rates",
    "in all",
    "notices",
    "sources",
    "working",
    "record",
)
_OF_BLOCK = {
    "dosing_weight": "weight",
    "rate_weight": "weight",
    "course": "dose",
    "phases": "dose",
    "totals": "in all",
}
#: how a key ends -> the unit of its figure; the longer ones first
_UNITS = {
    "_ml_per_kg_per_h": "mL/kg/h",
    "_mg_per_kg_per_min": "mg/kg/min",
    "_ml_per_h": "mL/h",
    "g_per_kg": "g/kg",
    "_percent": "%",
    "_kg": "kg",
    "_ml": "mL",
    "_min": "min",
    "_g": "g",
}
_CLOCKS = ("starts_at", "ends_at", "visit_from", "visit_to")
#: figures of a session that others settle
_SETTLED = frozenset({"weekday", "ends_at", "visit_from", "visit_to"})
Place = tuple[Any, ...]


class Fact(Struct, frozen=True):
    """One field: `group` is what it is a fact of, such as one session or one notice; `session` its course and day.

    `follows`: the field follows from others of its group, so that it is named only where none of them changed.
    """

    topic: str
    what: str
    value: Any
    group: Place
    unit: str = ""
    session: tuple[int, int] | None = None
    follows: bool = False

    @property
    def text(self) -> str:
        """Its value for people."""
        return value_words(self.value, self.unit)


def value_words(value: Any, unit: str = "") -> str:
    """`144 g`, `yes`, `none`; `not recorded` where a plan does not have the field."""
    if value is ABSENT:
        return "not recorded"
    if value is None or value == [] or value == {}:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | Decimal):
        return f"{plain(value)} {unit}".strip()
    if isinstance(value, list):
        return ", ".join(map(value_words, value))
    return safe(" ".join(str(value).split()), LONG)


def facts_of(document: Mapping[str, Any]) -> dict[Place, Fact]:
    """Place -> fact, for every field of a document."""
    return dict(_facts(document))


def _facts(document: Mapping[str, Any]) -> Iterator[tuple[Place, Fact]]:
    for name, value in document.items():
        match name:
            case "computed_from":
                yield from _computed_from(value)
            case "sessions":
                yield from _sessions(value)
            case "notices":
                yield from _lines("notices", value, lambda n: f"{n.get('level')} {n.get('code')}", "message")
            case "trace":
                yield from _lines("working", value, lambda line: str(line.get("name")), "result")
            case "sources":
                for source in value:
                    yield ("source", source), Fact("sources", "source", source, ("source", source))
            case "course" if value in document.get("phases", ()):
                continue  # it is one of the phases, which say the same
            case "history" if isinstance(value, list):
                yield from _history(value)
            case "revision" if not value or _is_last(value, document.get("history")):
                continue  # it is the last line of the history
            case "phases":
                names = [phase.get("phase") for phase in value]
                for phase in value:
                    place = ("phase", phase.get("first_course"))
                    name = shown(phase.get("phase")) if names.count(phase.get("phase")) == 1 else courses_of(phase)
                    yield from _walk(phase, place, "dose", "" if len(value) == 1 else f"{name}: ", place)
            case _:
                topic = _OF_BLOCK.get(name, "record")
                label = "" if name == "totals" else f"{_called(name)} "
                yield from _walk(value, (name,), topic, label if isinstance(value, dict) else "", (name,), name)


def courses_of(phase: Mapping[str, Any]) -> str:
    """`course 1`, `courses 3 to 6`."""
    first, courses = phase.get("first_course"), phase.get("courses")
    if not isinstance(first, int) or not isinstance(courses, int) or courses < 2:
        return f"course {shown(first)}"
    return f"courses {first} to {first + courses - 1}"


def _walk(
    value: Any,
    place: Place,
    topic: str,
    before: str,
    group: Place,
    name: str = "",
    *,
    follows: bool = False,
    session: tuple[int, int] | None = None,
) -> Iterator[tuple[Place, Fact]]:
    """A fact for each field of a block, however deep; a list is one value where it holds only text and figures."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            deeper = before if not isinstance(inner, dict | list) else f"{before}{_called(key)} "
            yield from _walk(inner, (*place, key), topic, deeper, group, key, follows=follows, session=session)
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        if all(isinstance(item, dict) and item.keys() == {"size_g", "count"} for item in value):
            yield place, Fact(topic, before.strip() or "vials", _vials(value), group, "", session, follows)
            return
        for number, item in enumerate(value, start=1):
            yield from _walk(
                item, (*place, number), topic, f"{before}{number} ", group, name, follows=follows, session=session
            )
    else:
        what, unit = named(name)
        own = before.strip() if isinstance(value, list | dict) else f"{before}{what}".strip()
        yield place, Fact(topic, own or what, value, group, unit, session, follows)


def named(key: str) -> tuple[str, str]:
    """What a key is called, and its unit: `dose_g` -> dose, g."""
    for end, unit in _UNITS.items():
        if key.endswith(end):
            return _called(key.removesuffix(end)) or unit, unit
    return ("", key) if key == "kg" else (_called(key), "")


def _called(key: str) -> str:
    return safe(key.replace("_", " ").strip())


def _vials(value: list[dict[str, Any]]) -> str:
    return " + ".join(f"{shown(vial['count'])} x {shown(vial['size_g'])} g" for vial in value)


# ---- what was asked, and of which definitions -----------------------------------------------------------------------


def _computed_from(block: Mapping[str, Any]) -> Iterator[tuple[Place, Fact]]:
    for name, value in block.items():
        if name == "request" and isinstance(value, dict):
            yield from _request(value)
        elif name == "defaults_used" and isinstance(value, list):
            for text in value:
                yield ("default", text), Fact("order", "default", text, ("default", text))
        else:
            label = _called(name)
            group = ("definition", name)
            if not isinstance(value, dict):
                yield (*group, "id"), Fact("definitions", label, value, group)
                continue
            for key, inner in value.items():
                own = label if key == "id" else f"{label} {_called(key)}"
                if isinstance(inner, dict):
                    yield from _walk(inner, (*group, key), "definitions", f"{own} ", (*group, key), key)
                else:
                    yield (*group, key), Fact("definitions", own, inner, group)


def _request(request: Mapping[str, Any]) -> Iterator[tuple[Place, Fact]]:
    for name, value in request.items():
        field = FIELD.get(name)
        topic = "patient" if field is not None and field.of == "patient" else "order"
        group = ("definition", name) if name in ("regimen", "product", "policy") else ("request", name)
        label = "asked on" if name == "on" else _called(name)
        yield ("request", name), Fact(topic, label, value, group, follows=group[0] == "definition")


# ---- sessions -------------------------------------------------------------------------------------------------------


def _sessions(sessions: list[dict[str, Any]]) -> Iterator[tuple[Place, Fact]]:
    seen: Counter[tuple[int, int]] = Counter()
    for session in sessions:
        key = (session["course"], session["day"])
        seen[key] += 1
        yield from _session(session, ("session", *key, seen[key]), key)


def _session(session: Mapping[str, Any], group: Place, key: tuple[int, int]) -> Iterator[tuple[Place, Fact]]:
    for name, value in session.items():
        if name in ("course", "day"):
            continue
        if name == "steps" and isinstance(value, list):
            for number, step in enumerate(value, start=1):
                yield from _step(step, (*group, "step", number), session, group, key)
        elif name == "pauses" and isinstance(value, list):
            for number, pause in enumerate(value, start=1):
                yield from _pause(pause, (*group, "pause", number), session, group, key)
        elif name == "bottles":
            at = _timed(value, session["date"])
            yield from _walk(at, (*group, name), "sessions", "bottle ", group, name, follows=True, session=key)
        else:
            topic = "rates" if name == "ladder" else "sessions"
            said = _clock(value, session["date"]) if name in _CLOCKS else value
            what = {"ladder": "titration for"}.get(name, "")
            yield from _walk(
                said, (*group, name), topic, what, group, "" if what else name, follows=name in _SETTLED, session=key
            )


def _step(
    step: Mapping[str, Any], place: Place, session: Mapping[str, Any], group: Place, key: tuple[int, int]
) -> Iterator[tuple[Place, Fact]]:
    number = place[-1]
    rate, minutes = step["rate_ml_per_h"], step["duration_min"]
    said = f"{shown(rate)} mL/h for {shown(minutes)} min"
    yield (*place, "rate"), Fact("rates", f"step {number}", said, group, "", key)
    rest = {name: value for name, value in step.items() if name not in ("rate_ml_per_h", "duration_min")}
    yield from _walk(_timed(rest, session["date"]), place, "rates", f"step {number} ", group, follows=True, session=key)


def _pause(
    pause: Mapping[str, Any], place: Place, session: Mapping[str, Any], group: Place, key: tuple[int, int]
) -> Iterator[tuple[Place, Fact]]:
    """`at 10:40 with 180 mL in, 540 mL left; from 11:10 at 86.4 mL/h (half)`, or `stopped at 13:00 with ...`."""
    stopped = pause.get("resume_at") is None
    said = f"{'stopped ' if stopped else ''}at {shown(_clock(pause.get('reaction_at'), session['date']))} with "
    said += f"{shown(pause.get('in_ml'))} mL in, {shown(pause.get('left_ml'))} mL left"
    if not stopped:
        said += f"; from {shown(_clock(pause['resume_at'], session['date']))} at "
        said += f"{shown(pause.get('rate_after_ml_per_h'))} mL/h ({shown(pause.get('rate'))})"
    what = f"interruption {place[-1]}"
    yield (*place, "said"), Fact("rates", what, said, group, "", key)
    timed = {name: _clock(value, session["date"]) for name, value in pause.items()}
    yield from _walk(timed, place, "rates", f"{what} ", group, follows=True, session=key)


def _timed(value: Any, date: Any) -> Any:
    """The same with its clock times as they stand to the day of the session, so that a moved day is one change."""
    if isinstance(value, list):
        return [_timed(item, date) for item in value]
    if isinstance(value, dict):
        return {name: _clock(inner, date) if name in _CLOCKS else inner for name, inner in value.items()}
    return value


def _clock(value: Any, date: Any) -> Any:
    """`09:00`, or `01:30 +1 d` where it falls on the next day."""
    if not isinstance(value, str) or not isinstance(date, str) or "T" not in value:
        return value
    try:
        days = (datetime.fromisoformat(value).date() - datetime.fromisoformat(date).date()).days
    except ValueError:
        return value
    return f"{value[11:]} {days:+} d" if days else value[11:]


# ---- what happened to it --------------------------------------------------------------------------------------------


def _is_last(revision: Any, history: Any) -> bool:
    last = history[-1] if isinstance(history, list) and history else None
    if not isinstance(last, dict) or not isinstance(revision, dict):
        return False
    return all(key in last and last[key] == value for key, value in revision.items())


def _history(history: list[Any]) -> Iterator[tuple[Place, Fact]]:
    """Each change that a plan has been through: one fact that says it, and its fields, which follow from it."""
    for number, change in enumerate(history, start=1):
        group = ("history", number)
        yield (*group, "said"), Fact("history", f"change {number}", _told(change), group)
        yield from _walk(change, group, "history", f"change {number} ", group, follows=True)


def _told(change: Any) -> str:
    """`missed: 2026-12-29, to: 2027-01-05; because ill; by A. Roe; on 2026-12-29`."""
    if not isinstance(change, dict) or not isinstance(change.get("event"), dict):
        return value_words(change)
    event = [
        f"{_called(key)}: {value_words(value)}" for key, value in change["event"].items() if value and key != "kind"
    ]
    parts = (("because", "reason"), ("by", "by"), ("on", "at"))
    also = [f"{word} {value_words(change[key])}" for word, key in parts if change.get(key)]
    return "; ".join([", ".join(event), *also])


# ---- lines ----------------------------------------------------------------------------------------------------------


def _lines(topic: str, lines: list[Any], name: Any, main: str) -> Iterator[tuple[Place, Fact]]:
    """Notices and lines of the working, each known by its name and, where several have it, by its place among them."""
    seen: Counter[str] = Counter()
    for line in lines:
        called = safe(name(line), LONG)
        seen[called] += 1
        group = (topic, called, seen[called])
        for key, value in line.items():
            if key in ("level", "code", "name"):
                continue
            own = called if key == main else f"{called}: {_called(key)}"
            unit = str(line.get("unit") or "") if key == "result" else ""
            yield (
                (*group, key),
                Fact(
                    topic, own, value, group, unit, follows=key != main and not (key == "overridden_because" and value)
                ),
            )
