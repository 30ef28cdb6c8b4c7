"""A saved plan that is changed by one event: only one that stands, so that nothing is built on a wrong figure."""

from __future__ import annotations

from datetime import date

from ivigcalc._version import __version__
from ivigcalc.document.chain import changed
from ivigcalc.document.read import SavedPlan
from ivigcalc.document.verify import recomputed, verdict_of
from ivigcalc.engine.plan import Plan
from ivigcalc.errors import MismatchError, RequestError
from ivigcalc.replan.read import kind_of
from ivigcalc.replan.state import State
from ivigcalc.request import words as readers
from ivigcalc.request.event import EventWords


def replan(saved: SavedPlan, words: EventWords, *, at: date, reason: str | None = None, by: str | None = None) -> Plan:
    """The plan after one more event, told on the day `at`; without one, the plan as it stands.

    Raises `MismatchError` for a plan that is not what its inputs give, or was made by another version or from other
    definitions; `RefusedError` and `RequestError` for an event that cannot be.
    """
    if words.said:
        kind_of(words)
    elif reason or by:
        raise RequestError("--reason and --by belong to an event: say what happened", field="event", code="one-event")
    said = [_printable(option, text) for option, text in (("reason", reason), ("by", by))]
    state = _stands(saved)
    return changed(state, words, at, *said).plan if words.said else state.plan


def _printable(option: str, text: str | None) -> str | None:
    try:
        return None if text is None else readers.printable(text)
    except ValueError as error:
        raise RequestError(f"--{option}: {error}", field=option) from None


def _stands(saved: SavedPlan) -> State:
    """The state of a saved plan that is just what this version computes from its inputs and these definitions."""
    if saved.document.get("ivigcalc_version") != __version__:  # control: replan-same-version
        raise MismatchError(
            f"{saved.name} was written by ivigcalc {saved.version}, and this is {__version__}: a plan is changed by "
            "the version that made it; `ivigcalc verify` tells whether this one computes the same"
        )
    state = recomputed(saved)
    verdict = verdict_of(saved, state.plan)
    if not verdict.agrees:  # control: replan-of-what-stands
        raise MismatchError("\n".join((*verdict.lines(), "nothing was changed")))
    return state
