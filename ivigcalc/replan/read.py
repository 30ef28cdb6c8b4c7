"""From the words of an event to the event: exactly one, with all that it needs and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from ivigcalc import library
from ivigcalc.engine.since import Pause, Place, RestartRate
from ivigcalc.errors import RequestError
from ivigcalc.quantity import Quantity, spoken
from ivigcalc.replan.given import Given
from ivigcalc.replan.missed import Missed
from ivigcalc.replan.order import NewDose, NewInterval, NewProduct, NewWeight
from ivigcalc.replan.reaction import Reaction
from ivigcalc.replan.state import Event, reference_of
from ivigcalc.request import words as readers
from ivigcalc.request.event import GOES_WITH, HEADS, EventWords, Kind, option_of
from ivigcalc.text import TYPED, safe

_T = TypeVar("_T")
_PLACE = re.compile(r"([1-9][0-9]{0,2})\.([1-9][0-9]?)")
_RATES: tuple[RestartRate, ...] = ("previous", "initial", "half")
MOST_COURSES = 200


def kind_of(said: EventWords) -> Kind:
    """Which event the words are; raises where they are none, several, or say what does not belong to it."""
    heads = [name for name in HEADS if name in said.said]
    if len(heads) > 1:  # control: one-event
        options = " and ".join(map(option_of, heads))
        raise RequestError(
            f"{options} are {len(heads)} events: give one, and the next to the plan that comes of it",
            field=heads[1],
            code="one-event",
        )
    if not heads:
        lost = option_of(said.said[0]) if said.said else ""
        message = f"{lost} says not what happened" if lost else "say what happened"
        raise RequestError(f"{message}: {', '.join(map(option_of, HEADS))}", field="event", code="one-event")
    [head] = heads
    kind = HEADS[head]
    for name in said.said:
        if name != head and name not in GOES_WITH[kind]:
            raise RequestError(
                f"{option_of(name)} does not go with {option_of(head)}: leave it out, or give it as an event "
                "of its own",
                field=name,
                code="one-event",
            )
    return kind


def read_event(said: EventWords, country: str | None) -> Event:
    """The event that the words say. `country`: where a product without its country is looked for."""
    kind = kind_of(said)
    match kind:
        case "reaction":
            return Reaction(_pause(said))
        case "missed":
            return _missed(said)
        case "done":
            return Given(tuple(dict.fromkeys(_read("done", _place, word) for word in said.done)))
        case "weight":
            weighed = _read("weighed_on", readers.day, said.weighed_on) if said.weighed_on is not None else None
            weight = _needed(said, "new_weight", readers.weight)
            return NewWeight(_course(said), _overrides(said), weight, weighed)
        case "product":
            course, named = _course(said), _needed(said, "product", str)
            return NewProduct(course, _overrides(said), reference_of(library.product(named, country)))
        case "interval":
            return NewInterval(
                _course(said), _overrides(said), _needed(said, "every", readers.interval), _dose_basis(said)
            )
        case "dose":
            return NewDose(_course(said), _overrides(said), _needed(said, "dose", readers.dose), _dose_basis(said))


def _pause(said: EventWords) -> Pause:
    place = _needed(said, "session", _place)
    reaction = _needed(said, "reaction_at", readers.clock, "when the infusion was interrupted, as 10:40")
    if said.stop:
        for name in ("resume_at", "rate"):
            if getattr(said, name) is not None:
                raise RequestError(
                    f"--stop and {option_of(name)} contradict each other, for what is stopped does not go on: "
                    "leave out one of them",
                    field=name,
                    code="contradiction",
                )
        return Pause(place, reaction)
    remedy = "when and at which rate it goes on, or --stop"
    resume = _needed(said, "resume_at", readers.clock, remedy)
    return Pause(place, reaction, resume, _needed(said, "rate", _rate, remedy))


def _rate(text: str) -> RestartRate | Quantity:
    word = text.strip().lower()
    named = next((rate for rate in _RATES if rate == word), None)
    if named is not None:
        return named
    found = spoken(text, "rate per kg", "mass rate per kg", "rate")
    if not found.value:
        raise ValueError("a rate of 0 is a pause: give the rate at which it goes on, or --stop")
    return found


def _missed(said: EventWords) -> Missed:
    days = tuple(dict.fromkeys(_read("missed", readers.day, word) for word in said.missed))
    to = _read("to", readers.day, said.to) if said.to is not None else None
    rest = _needed(said, "rest", readers.one_of("move", "keep"), "whether the courses after it move or keep their days")
    return Missed(tuple(sorted(days)), to, "move" if rest == "move" else "keep", _overrides(said))


def _course(said: EventWords) -> int:
    return _needed(said, "from_course", readers.count(MOST_COURSES), "from which course it holds, as 3")


def _dose_basis(said: EventWords) -> str | None:
    if said.dose_basis is None:
        return None
    return _read("dose_basis", readers.one_of("course", "4-weeks"), said.dose_basis)


def _overrides(said: EventWords) -> tuple[str, ...]:
    return tuple("=".join(_read("override", readers.override, word)) for word in said.override)


def _place(text: str) -> Place:
    found = _PLACE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"'{safe(text, TYPED)}' is not a session: write it as course.day, such as 1.2")
    return int(found[1]), int(found[2])


def _needed(said: EventWords, name: str, read: Callable[[str], _T], why: str = "") -> _T:
    word: Any = getattr(said, name)
    if word is None:
        wanted = f": {why}" if why else ""
        raise RequestError(f"give {option_of(name)}{wanted}", field=name, code="missing")
    return _read(name, read, word)


def _read(name: str, read: Callable[[str], _T], word: str) -> _T:
    try:
        return read(word)
    except ValueError as error:
        raise RequestError(f"{option_of(name)}: {error}", field=name) from None
