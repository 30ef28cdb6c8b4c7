"""What is past stays: the one place that says which sessions may still change, and sees to it that no other does."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from ivigcalc.clock import DAY_MIN
from ivigcalc.engine.plan import Plan, Session
from ivigcalc.engine.since import Place
from ivigcalc.errors import RefusedError


def last_day(session: Session) -> date | None:
    """The day on which a session ends; None without a date."""
    if session.on is None:
        return None
    end = session.wall_min(session.duration_min or 0) or 0
    return session.on + timedelta(days=end // DAY_MIN)


def lies_in_the_past(session: Session, at: date) -> bool:
    """Whether it was over before the day `at` began."""
    last = last_day(session)
    return last is not None and last < at


def was_interrupted(session: Session) -> bool:
    """Whether it was begun: it is no longer moved or ordered anew, but may be interrupted again."""
    return session.infusion is not None and bool(session.infusion.interruptions)


def is_settled(session: Session, at: date) -> bool:
    """Whether it can change no more: it is marked done, or lies in the past."""
    return session.done or lies_in_the_past(session, at)


def why_settled(session: Session, at: date) -> str:
    """What makes it so, or that it was begun, in words."""
    if session.done:
        return "is marked done"
    return f"on {session.date} lies in the past" if lies_in_the_past(session, at) else "was interrupted"


def refuse_settled(session: Session, at: date) -> None:
    """Raise where a session can change no more."""
    if is_settled(session, at):  # control: settled-session
        raise RefusedError(
            "session-past",
            f"session {session.course}.{session.day} {why_settled(session, at)}, and what is past stays as it was: "
            "choose one that is still to come",
            overridable=False,
        )


def refuse_settled_course(plan: Plan, course: int, at: date) -> None:
    """Raise where a change from a course on would reach a session that can change no more."""
    reached = [session for session in plan.sessions if session.course >= course]
    settled = [session for session in reached if is_settled(session, at) or was_interrupted(session)]
    if not settled:  # control: settled-course
        return
    last = settled[-1]
    raise RefusedError(
        "session-past",
        f"--from-course {course} reaches session {last.course}.{last.day}, which {why_settled(last, at)}: "
        f"what is past stays as it was; give --from-course {last.course + 1} or later",
        overridable=False,
    )


def hold(before: Plan, after: Plan, at: date, named: Collection[Place]) -> None:
    """Raise where a session that can change no more is another one after a change, or one that was begun on another
    day, but for those `named` by it."""
    now = {(session.course, session.day): session for session in after.sessions}
    for was in before.sessions:
        place = (was.course, was.day)
        is_now = now.get(place)
        if is_settled(was, at):
            kept = is_now is not None and is_now._replace(done=was.done) == was
        else:
            kept = not was_interrupted(was) or is_now is None or is_now.on == was.on
        if not kept and place not in named:  # control: past-stays
            raise RefusedError(
                "session-past",
                f"session {was.course}.{was.day} {why_settled(was, at)}, and this would change it: give a later "
                "--from-course, or --rest keep with --missed",
                overridable=False,
            )
