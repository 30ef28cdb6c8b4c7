"""What must be said of sessions that were interrupted, moved or left out: what is left, the end, what still holds."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from ivigcalc.definitions import cite
from ivigcalc.engine.checks.infusion import limits_of_open_bottles
from ivigcalc.engine.draft import Draft
from ivigcalc.engine.plan import Infusion, Interruption, Notice, Session, clock_text
from ivigcalc.quantity import decimal_of, figure, plain

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
                end = _time(session.clock(infusion.duration_min))
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
    """What the product's file, and else the shipped defaults, print on how to restart; none of it is worked out."""
    places = tuple((session.course, session.day) for session, _, _ in _interrupted(draft))
    if not places:
        return
    product, safety = draft.case.product, draft.case.safety
    for said in product.restart:
        yield Notice(
            "restart-printed", "info", f"{product.title}: {said.text}", source=cite(product, said), sessions=places
        )
    general = safety.reaction
    if general is not None and not draft.case.site.reaction:
        source = cite(safety, general.restart)
        yield Notice(
            "restart-printed", "info", f"After a reaction: {general.restart.text}", None, None, source, None, places
        )


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
    return max(
        (Fraction(bottle.to_min) - Fraction(bottle.from_start_min) for bottle in session.bottles), default=Fraction(0)
    )


def moved(draft: Draft) -> Iterator[Notice]:
    """Sessions that were missed: on which day they are given, or that they are not."""
    visits = {(visit.course, visit.day) for visit in draft.calendar.visits}
    for found in draft.case.since.moved:
        course, day = found.place
        if found.place not in visits or found.to == found.missed:
            continue
        if found.to is None:  # control: left-out-said
            text = f"course {course} day {day}, due {found.missed}, was missed and is not given"
            yield Notice("session-left-out", "caution", text, str(found.missed))
            continue
        shift = (found.to - found.missed).days
        how = f"{abs(shift)} day{'' if abs(shift) == 1 else 's'} {'later' if shift > 0 else 'earlier'}"
        text = f"course {course} day {day}, due {found.missed}, is on {found.to}, {how} (it was missed)"
        yield Notice("date-shifted", "caution", text, str(found.to), str(found.missed), sessions=(found.place,))


def _interrupted(draft: Draft) -> Iterator[tuple[Session, Infusion, int]]:
    """Every interrupted session with its infusion, and the minutes that were planned."""
    if not draft.case.since.pauses:
        return
    for session, planned in zip(draft.sessions, draft.titrated.infusions, strict=True):
        if session.infusion is not None and planned is not None and session.infusion.interruptions:
            yield session, session.infusion, planned.duration_min


def _place(draft: Draft, session: Session) -> int:
    return draft.dosed.places.index((session.course, session.day))


def _time(clock: str | None) -> str:
    return clock[-5:] if clock else "-"
