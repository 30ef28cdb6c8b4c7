"""Whose plans move with a definition: each saved plan of it, planned under its old and under its new state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ivigcalc.changes.definitions import State
from ivigcalc.changes.plans import Change, in_words
from ivigcalc.document.chain import replayed
from ivigcalc.document.many import each_saved
from ivigcalc.document.read import SavedPlan, parse, saved_plan, shown
from ivigcalc.document.write import to_json
from ivigcalc.errors import RefusedError, RequestError
from ivigcalc.request.form import Form
from ivigcalc.text import safe

#: what a plan says of the definition itself, and where it came from: no change of the plan
_NOT_OF_THE_PLAN = ("definitions", "order", "working", "sources")


class Moved(Struct, frozen=True):
    """A plan that does not stay as it is: what changes in it, or why it is refused now (or was, under the old)."""

    name: str
    who: str
    changes: tuple[Change, ...] = ()
    refused: str | None = None


class Plans(Struct, frozen=True):
    """What becomes of saved plans: how many were read, how many are of this definition, and those that move."""

    read: int
    concerned: int
    moved: tuple[Moved, ...]


def plans_moved(kind: str, old: State, new: State, paths: Iterable[Path]) -> Plans:
    """Plan every saved plan of the definition under both of its states, with this version of ivigcalc.

    So what moves is moved by the file alone. Raises `RequestError` for what is no plan.
    """
    read = concerned = 0
    moved: list[Moved] = []
    for name, data in each_saved(paths):
        read += 1
        saved = saved_plan(data, name)
        if not _is_of(kind, saved, old.id):
            continue
        concerned += 1
        moved += _moves(kind, saved, old, new)
    return Plans(read, concerned, tuple(moved))


def _is_of(kind: str, saved: SavedPlan, identifier: str) -> bool:
    block = saved.document["computed_from"].get(kind)
    return isinstance(block, dict) and block.get("id") == identifier


def _moves(kind: str, saved: SavedPlan, old: State, new: State) -> Iterator[Moved]:
    who = _who(saved.form)
    before, after = (_planned(saved, _under(kind, saved, state)) for state in (old, new))
    if isinstance(before, str) and isinstance(after, str):
        yield Moved(saved.name, who, refused=f"is refused under both ({before}; {after}), so nothing can be said of it")
    elif isinstance(after, str):
        yield Moved(saved.name, who, refused=f"is refused: {after}")
    elif isinstance(before, str):
        yield Moved(saved.name, who, refused=f"was refused under the old one ({before}) and can be planned now")
    else:
        changes, _ = in_words(before, after)
        own = tuple(change for change in changes if change.topic not in _NOT_OF_THE_PLAN)
        if own:  # control: moved-plan-named
            yield Moved(saved.name, who, own)


def _who(form: Form) -> str:
    return safe(", ".join(part for part in (form.name, form.patient_id and f"id {form.patient_id}") if part))


def _under(kind: str, saved: SavedPlan, state: State) -> Form:
    """The order of a plan, with one state of the definition in place of what it named."""
    reference = str(state.path)
    if kind == "regimen":
        reference = f"{reference}:{shown(saved.document['computed_from']['regimen']['protocol'])}"
    return replace(saved.form, **{kind: reference})


def _planned(saved: SavedPlan, form: Form) -> dict[str, Any] | str:
    """The plan as it comes out with all that happened to it, or the codes that it is refused for."""
    try:
        plan = replayed(replace(saved, form=form)).plan
    except RefusedError as error:
        return ", ".join(error.codes)
    except RequestError as error:
        return error.code
    found: dict[str, Any] = parse(to_json(plan))
    return found
