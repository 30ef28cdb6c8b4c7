"""What must be said of sessions that were interrupted, moved or left out: what is left, the end, what still holds."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from ivigcalc.definitions import cite
from ivigcalc.engine.checks.infusion import limits_of_open_bottles
from ivigcalc.engine.draft import Draft
from ivigcalc.engine.plan import Infusion, Interruption, Notice, Session, clock_text
from ivigcalc.engine.session import starts_again
from ivigcalc.exact import Fraction
from ivigcalc.quantity import decimal_of, figure, plain
from ivigcalc.text import counted

_RATES = {"previous": "the rate before", "half": "half of the rate before", "initial": "the first rate, in steps again"}


def interrupted(draft: Draft) -> Iterator[Notice]:
    """Every interruption: what was in, what is left, how it goes on and until when, or that it does not."""
    for session, infusion, planned_min in _interrupted(draft):
        place, planned_ml = ((session.course, session.day),), draft.dosed.portions[_place(draft, session)].volume_ml
        for number, pause in enumerate(infusion.interruptions, start=1):
            last = number == len(infusion.interruptions)
            name = f"course {session.course} day {session.day}"
            in_ml, whole = plain(pause.in_ml), plain(planned_ml or pause.in_ml)
            at = session.clock(pause.at_min)
            if pause.resume_min is None:
                left_g = plain(decimal_of(Fraction(pause.left_ml) / infusion.ml_per_g, 3))
                text = (
                    f"{name}: stopped at {_time(at)} with {in_ml} of {whole} mL in; {plain(pause.left_ml)} mL "
                    f"({left_g} g) are not given: whether and when they are is for the prescriber"
                )
                yield Notice("infusion-stopped", "caution", text, f"{in_ml} mL", f"{whole} mL", sessions=place)
                continue
            text = f"{name}: {_how(session, pause)}, {plain(pause.left_ml)} mL left"
            if last:
                later = infusion.duration_min - planned_min
                than = f"{later} min later" if later >= 0 else f"{-later} min earlier"
                end = _end(session, infusion.duration_min)
                text += f"; it ends at {end}, {than} than planned{_kept(draft, session)}"
            yield Notice("infusion-resumed", "caution", text, f"{in_ml} mL", f"{whole} mL", sessions=place)


def _how(session: Session, pause: Interruption) -> str:
    assert pause.resume_min is not None
    at, again = _time(session.clock(pause.at_min)), _time(session.clock(pause.resume_min))
    rate = f"{plain(pause.rate_after_ml_per_h or pause.rate_before_ml_per_h)} mL/h"
    how = _RATES.get(pause.rate or "", "as ordered")
    if pause.at_min == pause.resume_min:
        return f"changed at {at} with {plain(pause.in_ml)} mL in to {rate} ({how})"
    return f"interrupted at {at} with {plain(pause.in_ml)} mL in, goes on at {again} with {rate} ({how})"


def _kept(draft: Draft, session: Session) -> str:
    """That closing time and the time of an opened bottle still hold, as far as they do; what does not is a caution."""
    hours = draft.case.site.hours_on(session.on.weekday()) if draft.case.site.open and session.on else None
    leaves = session.wall_min((session.duration_min or 0) + session.overhead_after_min) or 0
    held = [f"closing time {clock_text(None, hours[1])}"] if hours and leaves <= hours[1] else []
    limits = limits_of_open_bottles(draft.prescription)
    if all(_longest_open_min(session, pooled) <= limit.base for pooled, limit, _ in limits):
        held.append(f"the {min(limit.base for _, limit, _ in limits)} min of an opened bottle")
    return f"; {' and '.join(held)} {'holds' if len(held) == 1 else 'hold'}" if held else ""


def raised(draft: Draft) -> Iterator[Notice]:
    """A rate after a reaction that is above the one at which it came."""
    for session, infusion, _ in _interrupted(draft):
        for pause in infusion.interruptions:
            after, before = pause.rate_after_ml_per_h, pause.rate_before_ml_per_h
            if after is not None and after > before:  # control: faster-than-at-the-reaction
                text = (
                    f"course {session.course} day {session.day}: it goes on at {plain(after)} mL/h, faster than the "
                    f"{plain(before)} mL/h at which it was interrupted: ask the prescriber"
                )
                at = (f"{plain(after)} mL/h", f"{plain(before)} mL/h")
                yield Notice("resumed-faster", "caution", text, *at, sessions=((session.course, session.day),))


def restart_printed(draft: Draft) -> Iterator[Notice]:
    """What the product's file prints on how to start again, and what is printed in general of a reaction: as words.

    None of it is worked out.
    """
    again = tuple((session.course, session.day) for session, _, _ in _interrupted(draft))
    case = draft.case
    brand = ((case.since.first_course, 1),) if case.since.after and starts_again(case) else ()
    product, safety = case.product, case.safety
    for said in product.restart if again or brand else ():
        source, text = cite(product, said), f"{product.title}: {said.text}"
        yield Notice("restart-printed", "info", text, None, None, source, None, (*brand, *again))
    general = safety.reaction
    if again and general is not None and not case.site.reaction:
        text, source = f"after a reaction: {general.restart.text}", cite(safety, general.restart)
        yield Notice("restart-printed", "info", text, None, None, source, None, again)


def bottles(draft: Draft) -> Iterator[Notice]:
    """Bottles that stand open through a pause for longer than they may."""
    for session, _, _ in _interrupted(draft):
        for pooled, limit, source in limits_of_open_bottles(draft.prescription):
            longest = _longest_open_min(session, pooled)
            if longest > limit.base:  # control: open-through-a-pause
                what = (
                    "a pool of its bottles would be open for" if pooled else "one bottle is open, with the pause, for"
                )
                yield Notice(
                    "bottle-open-too-long",
                    "caution",
                    f"course {session.course} day {session.day}: {what} {figure(longest)} min, longer than {limit}: "
                    "discard it and open another",
                    f"{figure(longest)} min",
                    str(limit),
                    source,
                    sessions=((session.course, session.day),),
                )


def _longest_open_min(session: Session, pooled: bool) -> Fraction:
    """For how many minutes the bottle is open that is open longest; of a pool, the whole infusion."""
    if pooled:
        return Fraction(session.duration_min or 0)
    return session.longest_bottle_min


def moved(draft: Draft) -> Iterator[Notice]:
    """Sessions that were missed: on which day they are given, or that they are not. Days of a course stand together."""
    there = {(visit.course, visit.day) for visit in draft.calendar.visits}
    found = [each for each in draft.case.since.moved if each.place in there and each.to != each.missed]
    for (course, shift), alike in groupby(found, key=lambda each: (each.place[0], each.to and each.to - each.missed)):
        each = list(alike)
        places = tuple(one.place for one in each)
        days = ", ".join(str(day) for _, day in places)
        name = f"course {course} day{'s' if len(each) > 1 else ''} {days}, due {each[0].missed}"
        first = each[0].to
        if first is None or shift is None:  # control: left-out-said
            text = f"{name}: missed, and not given"
            yield Notice("session-left-out", "caution", text, str(each[0].missed))
            continue
        how = f"{counted(abs(shift.days), 'day')} {'later' if shift.days > 0 else 'earlier'}"
        text = f"{name}: missed, and given from {first} on, {how}"
        yield Notice("date-shifted", "caution", text, str(first), str(each[0].missed), sessions=places)


def _interrupted(draft: Draft) -> Iterator[tuple[Session, Infusion, int]]:
    """Every interrupted session with its infusion, and the minutes that were planned."""
    if not draft.case.since.pauses:
        return
    for session, planned in zip(draft.sessions, draft.titrated.infusions, strict=True):
        if session.infusion is not None and planned is not None and session.infusion.interruptions:
            yield session, session.infusion, planned.duration_min


def _place(draft: Draft, session: Session) -> int:
    return draft.dosed.places.index((session.course, session.day))


def _end(session: Session, duration_min: int) -> str:
    """When it ends; with the day, where that is another than the session's."""
    at = session.clock(duration_min)
    day, _, _ = (at or "").partition("T")
    return f"{_time(at)} on {day}" if session.date and day != session.date else _time(at)


def _time(clock: str | None) -> str:
    return clock[-5:] if clock else "-"
