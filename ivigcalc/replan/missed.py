"""A session was missed, or will be: it is given on another day, with those of its course after it, or not at all."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ivigcalc.engine.plan import Session
from ivigcalc.engine.schedule import closed_because
from ivigcalc.engine.since import Moved, Place
from ivigcalc.errors import RefusedError, RequestError
from ivigcalc.replan.past import lies_in_the_past, was_interrupted, why_settled
from ivigcalc.replan.state import Anchor, State
from ivigcalc.replan.timetable import due_dates_of
from ivigcalc.request.event import EventWords, Kind
from ivigcalc.text import listed

Rest = Literal["move", "keep"]
#: so many days, with the one that was said, are looked at for an open one, to name it
_LOOK_AHEAD_DAYS = 15
#: so many days of the plan are named where none of them was meant
_NAMED = 6


class Missed(Struct, frozen=True):
    """The days of the missed sessions, the day on which the first of them is given, and what becomes of later courses.

    `to` None: they are not given at all.
    """

    days: tuple[date, ...]
    to: date | None
    rest: Rest
    override: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        """A missed session."""
        return "missed"

    @property
    def words(self) -> EventWords:
        """The words that give it again."""
        to = self.to.isoformat() if self.to else None
        missed = tuple(day.isoformat() for day in self.days)
        return EventWords(missed=missed, to=to, rest=self.rest, override=self.override)

    def places(self, state: State) -> frozenset[Place]:
        """The sessions that it names: their day may have passed, because they were not given on it."""
        return frozenset((session.course, session.day) for session in state.plan.sessions if session.on in self.days)

    def happened(self, state: State, at: date) -> State:
        """With the sessions on their new days, or without them."""
        missed = [_session_on(state, day) for day in self.days]
        if len({session.course for session in missed}) > 1:
            raise RequestError("--missed: name the days of one course only, one course after the other", field="missed")
        for session in missed:
            if session.done or was_interrupted(session):
                what = "is marked done" if session.done else "was begun and interrupted"
                raise RefusedError(
                    "session-past",
                    f"session {session.course}.{session.day} {what}, so that it was not missed; check --missed",
                    overridable=False,
                )
        state = replace(state, overrides=tuple(dict.fromkeys((*state.overrides, *self.override))))
        if self.to is None:
            return self._left_out(state, missed)
        return self._given_later(state, missed, self.to, at)

    def _left_out(self, state: State, missed: list[Session]) -> State:
        if self.rest == "move":
            raise RequestError(
                "--rest move: a session that is not given moves nothing; give its new day with --to, or --rest keep",
                field="rest",
            )
        if len(missed) == len(state.plan.sessions):
            raise RequestError("--missed: nothing of the plan would be left; give a new day with --to", field="missed")
        gone = [Moved((s.course, s.day), s.on, None) for s in missed if s.on]
        return replace(state, moved=_with(state.moved, gone))

    def _given_later(self, state: State, missed: list[Session], to: date, at: date) -> State:
        first = min(missed, key=lambda session: session.day)
        assert first.on is not None
        if to == first.on:
            raise RequestError(f"--to {to} is the day on which it is planned: give another day", field="to")
        if to < at:
            raise RequestError(
                f"--to {to} is before {at}, the day on which this was told: give a later day", field="to"
            )
        course = [session for session in state.plan.sessions if session.course == first.course]
        later = [s for s in course if s.day > first.day and not s.done]
        unbegun = [session for session in later if not was_interrupted(session)]  # control: begun-stays
        going = [session for session in course if session in missed or session in unbegun]
        self._refuse_past(going, missed, at)
        move = _Move(tuple(going), to, self.rest)
        self._refuse_where_taken(state, move)
        self._refuse_closed(state, move)
        return move.after(state)

    def _refuse_past(self, going: list[Session], missed: list[Session], at: date) -> None:
        """A later day of the course that has passed was given or was missed as well: nobody but the reader can say."""
        for session in going:
            if session not in missed and lies_in_the_past(session, at):  # control: missed-is-named
                which = f"{session.course}.{session.day}"
                raise RequestError(
                    f"session {which} of the same course, {why_settled(session, at)}: where it was given, mark it "
                    f"first with --done {which}; where it was missed too, add --missed {session.date}",
                    field="missed",
                    code="missed-or-given",
                )

    def _refuse_where_taken(self, state: State, move: _Move) -> None:
        """No session comes on the day of another, before an earlier course or into a later one."""
        met = move.meets(state)
        if met is not None:  # control: not-onto-another
            place, on = met
            too = ", or --rest move" if self.rest == "keep" else ""
            raise RefusedError(
                "move-onto-course",
                f"--to {self.to}: session {place[0]}.{place[1]} is on {on}; a moved session comes after those "
                f"before it and before those after it: give another day{too}",
                value=str(self.to),
                overridable=False,
            )

    def _refuse_closed(self, state: State, move: _Move) -> None:
        site = state.site.value
        for place, on in move.days.items():
            why = closed_because(site, on)
            if why:  # control: not-on-closed-day
                ahead = (replace(move, to=move.to + timedelta(days=k)) for k in range(_LOOK_AHEAD_DAYS))
                fits = next((other.to for other in ahead if other.fits(state)), None)
                many = len(move.days)
                what = "the next open day" if many == 1 else f"the next with all {many} days open"
                raise RefusedError(
                    "move-onto-closed-day",
                    f"session {place[0]}.{place[1]} would be on {on}, when the clinic is closed ({why}): "
                    f"{f'give --to {fits}, {what}' if fits else 'give another --to'}",
                    value=str(on),
                    overridable=False,
                )


class _Move(Struct, frozen=True):
    """The sessions of a course that are given from another day on, at the distances that they have."""

    going: tuple[Session, ...]
    to: date
    rest: Rest

    @property
    def days(self) -> dict[Place, date]:
        """The new day of each."""
        planned = [((s.course, s.day), s.on) for s in self.going if s.on]
        return {place: self.to + (on - planned[0][1]) for place, on in planned}

    def after(self, state: State) -> State:
        """With them on their days, and the courses after theirs where `rest` leaves them."""
        course, day = min(self.days)
        # the days of the course that do not go on keep theirs, wherever it is anchored now
        own = [session for session in state.plan.sessions if session.course == course]
        now = [Moved((s.course, s.day), s.on, self.days.get((s.course, s.day), s.on)) for s in own if s.on]
        if self.rest == "keep":
            return replace(state, moved=_with(state.moved, now))
        # as if the days before were given with it
        begun = self.to - timedelta(days=day - 1)  # control: rest-from-the-new-day
        anchors = (*(a for a in state.anchors if a.course < course), Anchor(course, begun))
        earlier = tuple(m for m in state.moved if m.place[0] <= course or m.to is None)
        return replace(state, anchors=anchors, moved=_with(earlier, now))

    def meets(self, state: State) -> tuple[Place, date] | None:
        """The first session that would not come before or after them as it should, and its day by then."""
        days = self.days
        (course, _), first, last = min(days), min(days.values()), max(days.values())
        due = due_dates_of(self.after(state)) if self.rest == "move" else None
        for session in state.plan.sessions:
            place, on = (session.course, session.day), session.on
            if place in days or on is None:
                continue
            later = session.course > course
            on = due.days[session.course - 1] if later and due else on
            if on <= last if later else on >= first:
                return place, on
        return None

    def fits(self, state: State) -> bool:
        """Whether they can begin on this day: another than the planned one, open, and nobody else's."""
        shut = any(closed_because(state.site.value, on) for on in self.days.values())
        return self.to != self.going[0].on and not shut and self.meets(state) is None


def _session_on(state: State, day: date) -> Session:
    match [session for session in state.plan.sessions if session.on == day]:
        case [session]:
            return session
        case []:
            days = list(dict.fromkeys(str(session.on) for session in state.plan.sessions if session.on))
            meant = listed(days, _NAMED) or "a plan with dates"
            raise RequestError(
                f"--missed {day}: no session is on that day; choose a day of {meant}",
                field="missed",
                code="no-such-session",
            )
        case several:
            raise RequestError(
                f"--missed {day}: {len(several)} sessions are on that day, and which is not said: plan the rest anew "
                "with `ivigcalc schedule`",
                field="missed",
            )


def _with(moved: tuple[Moved, ...], more: list[Moved]) -> tuple[Moved, ...]:
    """The moves with others in place of those of the same sessions; the day that was due at first is kept."""
    first_due = {found.place: found.missed for found in moved}
    by_place = {found.place: found for found in moved}
    for found in more:
        due = first_due.get(found.place, found.missed)
        by_place[found.place] = replace(found, missed=due)
    return tuple(by_place[place] for place in sorted(by_place))
