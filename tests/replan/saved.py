"""Plans that are saved and changed, as the command line does it: written, read back, and changed by one event each time."""

from __future__ import annotations

from datetime import date
from typing import Any

from msgspec.structs import replace

from ivigcalc.api import plan_form
from ivigcalc.definitions import NO_SITE_LOADED, Loaded, Site
from ivigcalc.document.read import SavedPlan, saved_plan
from ivigcalc.document.replan import replan
from ivigcalc.document.write import to_json
from ivigcalc.engine.plan import Plan, Session
from ivigcalc.request.event import EventWords
from ivigcalc.request.form import Form

#: dermatomyositis, 72 kg, Octagam 10 %, four days: 36 g = 360 mL at 43.2, 86.4 and 172.8 mL/h from 09:00
FORM = Form(
    weight="72kg",
    age="54y",
    regimen="dermatomyositis",
    product="octagam-10-us",
    start="2026-12-01",
    at="09:00",
    days="4",
    courses="6",
)
FIRST_DAY = date(2026, 12, 1)


def first(site: Loaded[Site] = NO_SITE_LOADED, **words: Any) -> Plan:
    """A plan that nothing has happened to."""
    command = words.pop("command", "schedule")
    return plan_form(replace(FORM, **words), command, on=date(2026, 11, 28), site=site)


def saved(plan: Plan) -> SavedPlan:
    """The same read back from its own text."""
    # the site of a test has no file to be read again
    return replace(saved_plan(to_json(plan).encode(), "plan.json"), site=plan.computed_from.site)


def after(
    plan: Plan, on: date | str = FIRST_DAY, *, reason: str | None = None, by: str | None = None, **words: Any
) -> Plan:
    """The plan after one event, told on a day."""
    at = date.fromisoformat(on) if isinstance(on, str) else on
    return replan(saved(plan), EventWords(**words), at=at, reason=reason, by=by)


def reaction(plan: Plan, at: str, resume: str | None = None, rate: str | None = None, **words: Any) -> Plan:
    """The plan after an interruption of session 1.1, or of another `session`."""
    session = words.pop("session", "1.1")
    return after(plan, reaction_at=at, resume_at=resume, rate=rate, stop=resume is None, session=session, **words)


def session(plan: Plan, place: str) -> Session:
    """A session by its course and day."""
    [found] = [s for s in plan.sessions if f"{s.course}.{s.day}" == place]
    return found


def dates(plan: Plan) -> list[str | None]:
    """The days of all sessions."""
    return [s.date for s in plan.sessions]


def figures(plan: Plan) -> list[tuple[Any, ...]]:
    """All that is planned of each session, without who told what when."""
    return [tuple(s) for s in plan.sessions]


__all__ = ["after", "dates", "figures", "first", "reaction", "saved", "session"]
