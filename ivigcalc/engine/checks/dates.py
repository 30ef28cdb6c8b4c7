"""The dates: moved and overlapping courses, chair time against opening hours, and how long the order is valid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise

from msgspec import Struct

from ivigcalc.clock import DAY_MIN
from ivigcalc.definitions import Site, cite
from ivigcalc.engine.clocks import comes_twice, zone_of
from ivigcalc.engine.draft import Draft
from ivigcalc.engine.plan import Level, Notice, Session, clock_text
from ivigcalc.engine.prescription import Prescription
from ivigcalc.engine.public_holidays import holidays_of, some_of, unlike_subdivisions
from ivigcalc.engine.schedule import CourseDates, open_around, step
from ivigcalc.engine.session import Calendar
from ivigcalc.quantity import Quantity
from ivigcalc.text import counted


def courses_moved(rx: Prescription, calendar: Calendar) -> Iterator[Notice]:
    """Courses off their date, and those on days when the clinic is closed."""
    for number, course in enumerate(calendar.courses, start=calendar.first_course):
        if course.moved_because:
            yield _moved(rx.site, number, course)
        for day in course.on_closed_days:
            message = f"course {number} keeps {day}, when the clinic is closed"
            place = (number, course.days.index(day) + 1)
            yield Notice("on-closed-day", "caution", message, str(day), sessions=(place,))


def start_in_past(draft: Draft) -> Iterator[Notice]:
    """A start before the day of asking, which the request holds, so that a saved plan says the same on any day."""
    start, on = draft.case.order.start, draft.case.request.on
    if start is not None and on is not None and start < on:
        yield Notice(
            "start-in-past",
            "caution",
            f"the start {start} is before {on}, the day on which this was asked: check the date, and give the next "
            "day of treatment as --start where sessions have been",
            str(start),
            str(on),
        )


def holidays_of_a_part(rx: Prescription, calendar: Calendar) -> Iterator[Notice]:
    """That a country was named whose holidays are not the same everywhere, and no part of it."""
    chosen, days = rx.site.holidays, [day for course in calendar.courses for day in course.days]
    if chosen is None or chosen.subdivision is not None or not days:
        return
    years = range(min(days).year, max(days).year + 1)
    unlike = unlike_subdivisions(chosen.country, tuple(years))
    if unlike:
        yield Notice(
            "subdivision-missing",
            "caution",
            f"the public holidays of {chosen.country} differ by subdivision ({some_of(unlike)}), and site {rx.site.id} "
            f"names none, so that {_a_day_of(chosen.country, unlike, days)}: add subdivision to its holidays",
            chosen.country,
            some_of(unlike),
        )


def _a_day_of(country: str, parts: Sequence[str], days: Sequence[date]) -> str:
    """The first planned day that is a holiday somewhere, else what may happen."""
    for day in days:
        where = {part: name for part in parts if (name := holidays_of(country, part)(day))}
        if where:
            return f"{day} is planned, which is {next(iter(where.values()))} in {some_of(where)}"
    return "holidays of a part were not looked at"


def _moved(site: Site, number: int, course: CourseDates) -> Notice:
    window = site.window.base if site.window else None
    far = window is not None and abs(course.moved_days) > window
    level: Level = "caution" if far or window is None else "info"
    where = "later" if course.moved_days > 0 else "earlier"
    beyond = f", beyond the site's window of {site.window}" if far else ""
    return Notice(
        "date-shifted",
        level,
        f"course {number}, due {course.due}, starts {course.days[0]}, "
        f"{counted(abs(course.moved_days), 'day')} {where}{beyond} ({course.moved_because})",
        str(course.days[0]),
        str(site.window) if site.window else None,
        sessions=_all_of(number, course),
    )


def _all_of(number: int, course: CourseDates) -> tuple[tuple[int, int], ...]:
    """The sessions of one course."""
    return tuple((number, day) for day in range(1, len(course.days) + 1))


def courses_overlap(_rx: Prescription, calendar: Calendar) -> Iterator[Notice]:
    """Courses that begin before the one before ends."""
    for number, (earlier, later) in enumerate(pairwise(calendar.courses), start=calendar.first_course):
        begun, ended = min(later.days), max(earlier.days)  # a day that was missed may come after those that follow it
        if begun <= ended:  # control: overlap
            yield Notice(
                "course-overlap",
                "stop",
                f"course {number + 1} starts on {begun}, before course {number} ends on {ended}: "
                "choose a longer --every or fewer --days",
                str(begun),
                str(ended),
            )


def courses_close(rx: Prescription, calendar: Calendar) -> Iterator[Notice]:
    """Courses that come nearer to each other than the interval, by more than the site's window."""
    days = {number: course.days for number, course in enumerate(calendar.courses, start=calendar.first_course)}
    apart = [(later.due - earlier.due).days for earlier, later in pairwise(calendar.courses)]
    yield from too_close(rx.site, days, apart)


def too_close(site: Site, courses: Mapping[int, Sequence[date]], apart: Sequence[int]) -> Iterator[Notice]:
    """Of courses on these days, each ordered so many days `apart` from the next, those that come nearer: from first
    day to first day, or after a last day that is given late.
    """
    window = _window_days(site)
    for ((before, earlier), (number, later)), due in zip(pairwise(courses.items()), apart, strict=True):
        gap, rest, due_rest = (later[0] - earlier[0]).days, (later[0] - earlier[-1]).days, due - len(earlier) + 1
        if 0 < gap < due - window:  # control: moved-too-close
            what, found, limit = f"course {before}", gap, due
        elif 0 < rest < due_rest - window:  # control: last-day-too-close
            what, found, limit = f"the last day of course {before}", rest, due_rest
        else:
            continue
        yield Notice(
            "courses-close",
            "caution",
            f"course {number} starts {counted(found, 'day')} after {what}, not {limit}: "
            "move one of them, or ask the prescriber",
            counted(found, "day"),
            counted(limit, "day"),
            sessions=tuple((number, day) for day in range(1, len(later) + 1)),
        )


def _window_days(site: Site) -> int:
    return int(site.window.base) if site.window else 0


def close_to_the_last(draft: Draft) -> Iterator[Notice]:
    """The first course against the last infusion, which may have been the last day of its course."""
    last, every, safety = draft.case.order.last_infusion, _shortest_interval(draft), draft.case.safety
    if last is None or every is None or not draft.calendar.courses:
        return
    first, published = draft.calendar.courses[0], draft.dosed.stretches[0].part.phase.days
    longest = max(len(first.days), published.to if published else 1)
    due = step(last - timedelta(days=longest - 1), every, 1)
    gap, full = (first.days[0] - last).days, (due - last).days
    if gap >= full - _window_days(draft.case.site):  # control: too-soon
        return
    level: Level = "stop" if gap * 100 < full * safety.too_close.percent.base else "caution"
    yield Notice(
        "courses-close",
        level,
        f"course {draft.calendar.first_course} starts {counted(gap, 'day')} after the last infusion on {last}; "
        f"every {every} it is due {due} at the earliest: check the dates",
        f"{gap} days",
        f"{full} days",
        cite(safety, safety.too_close),
        sessions=_all_of(draft.calendar.first_course, first),
    )


def _shortest_interval(draft: Draft) -> Quantity | None:
    """As it is ordered, else the shortest that the first phase prints."""
    phase = draft.dosed.stretches[0].part.phase
    closest = phase.apart.at_least if phase.apart else None  # control: closest-courses
    return draft.case.order.every or (phase.interval.every.from_ if phase.interval else closest)


def chair_time(draft: Draft) -> Iterator[Notice]:
    """Arrival to leaving, against the opening hours of the day. What is the same for many sessions is said once."""
    if not draft.case.site.open:
        return
    left_out = draft.case.since.left_out  # nobody comes
    coming = [session for session in draft.sessions if (session.course, session.day) not in left_out]
    yield from past_closing(draft.case.site, coming)


def past_closing(site: Site, coming: Sequence[Session]) -> Iterator[Notice]:
    """Of these sessions, those whose visit is not within the opening hours."""
    alike: dict[_PastHours, list[Session]] = {}
    for session in coming if site.open else ():
        hours = open_around(site, session.on) if session.on else None
        for found in _past_hours(session, hours) if hours else ():
            alike.setdefault(found, []).append(session)
    for found, sessions in alike.items():
        first, many = sessions[0], len(sessions) > 1
        place = f"course {first.course} day {first.day}, {first.date}"
        yield Notice(
            "past-closing",
            "caution",
            f"{f'{len(sessions)} sessions, the first {place}' if many else place}: {found.what}: {found.remedy}",
            first.clock(found.at_min),
            found.limit,
            sessions=tuple((session.course, session.day) for session in sessions),
        )


def into_the_next(draft: Draft) -> Iterator[Notice]:
    """Infusions that still run when the next is due to start. What is the same for many sessions is said once."""
    if draft.titrated.longest_min <= DAY_MIN and not draft.case.since.pauses:
        return
    left_out = draft.case.since.left_out
    coming = [session for session in draft.sessions if (session.course, session.day) not in left_out]
    alike: dict[tuple[int, int], list[Session]] = {}
    for session, following in pairwise(coming):
        apart_min, length_min = _apart_min(session, following), session.duration_min
        if apart_min is not None and length_min is not None and length_min > apart_min:  # control: into-the-next
            alike.setdefault((length_min, apart_min), []).append(session)
    for (length_min, apart_min), sessions in alike.items():
        first = sessions[0]
        place = f"course {first.course} day {first.day}"
        many = f"{len(sessions)} sessions, the first {place}" if len(sessions) > 1 else place
        yield Notice(
            "into-the-next",
            "caution",
            f"{many}: the infusion lasts {length_min} min and still runs when the next is due, {apart_min} min after "
            "its start: give the course over more days, or move the next",
            f"{length_min} min",
            f"{apart_min} min",
            sessions=tuple((session.course, session.day) for session in sessions),
        )


def _apart_min(session: Session, following: Session) -> int | None:
    """From start to start, through a change of clocks too; without dates, the days of a course follow one another."""
    if session.on is None or following.on is None:
        return DAY_MIN if session.course == following.course else None
    apart_min = (following.on - session.on).days * DAY_MIN + (following.at_min or 0) - (session.at_min or 0)
    change = session.clock_change
    changed = change is not None and change.after_min <= apart_min - change.by_min
    return apart_min - change.by_min if change is not None and changed else apart_min


class _PastHours(Struct, frozen=True):
    """How a visit passes the opening hours: at which minute of it, what must be said, and what would do."""

    at_min: int
    limit: str
    what: str
    remedy: str


def _past_hours(session: Session, hours: tuple[int, int]) -> Iterator[_PastHours]:
    """`hours`: opening and closing, in minutes after midnight, on the days around where it is open over midnight."""
    (opens, closes), length_min = hours, session.duration_min
    if session.at_min is None or length_min is None:
        return
    before_min, after_min = session.overhead_before_min, session.overhead_after_min
    arrives, leaves = session.wall_min(-before_min) or 0, session.wall_min(length_min + after_min) or 0
    if leaves > closes:
        latest = closes - (leaves - session.at_min)
        fits = latest - before_min >= opens
        remedy = f"start by {_time(latest)}" if fits else "give the course over more days"
        if session.infusion is not None and session.infusion.interruptions:
            remedy = "it has begun: find who stays, or stop it and give the rest on another day"
        what = f"the visit ends at {_time(leaves)}, after closing at {_time(closes)}"
        yield _PastHours(length_min + after_min, _time(closes), what, remedy)
    if arrives < opens:
        remedy = f"start at {_time(opens + before_min)} or later"
        what = f"the visit begins at {_time(arrives)}, before opening at {_time(opens)}"
        yield _PastHours(-before_min, _time(opens), what, remedy)


def _time(minutes: int) -> str:
    """A clock time of the day of the session; what is past its midnight says so."""
    days = minutes // DAY_MIN
    other = {-1: " on the day before", 0: "", 1: " on the next day"}
    return clock_text(None, minutes) + other.get(days, f" {abs(days)} days {'later' if days > 0 else 'before'}")


def clocks_changed(draft: Draft) -> Iterator[Notice]:
    """Visits during which the clocks are changed, or with a time that therefore comes twice, and such starts."""
    zone = zone_of(draft.case.site)
    if zone is None or draft.case.order.at is None:
        return
    for session in draft.sessions:
        if session.on is None or session.at_min is None:
            continue
        place, places = f"course {session.course} day {session.day}, {session.date}", ((session.course, session.day),)
        if session.clock_change is not None:
            after_min, by_min = session.clock_change.after_min, session.clock_change.by_min
            turn, wall_min = "forward" if by_min > 0 else "back", session.wall_min(after_min - 1) or 0
            yield Notice(
                "clock-change",
                "caution",
                f"{place}: the clocks in {zone} go {turn} by {abs(by_min)} min at {clock_text(None, wall_min + 1)}; "
                "times are what the clock on the wall shows, and lengths are what the infusion takes",
                session.clock(after_min),
                sessions=places,
            )
        if comes_twice(zone, session.on, session.at_min):  # control: comes-twice
            time = clock_text(None, session.at_min)
            message = f"{place}: {time} comes twice in {zone}; the first is meant, before the clocks go back"
            yield Notice("clock-change", "caution", message, session.starts_at, sessions=places)


def clocks_not_checked(draft: Draft) -> Iterator[Notice]:
    """Infusions over midnight where nobody knows whether the clocks are changed."""
    at_min, as_planned = draft.case.order.at, not draft.case.since.pauses
    if at_min is None or (as_planned and at_min + draft.titrated.longest_min <= DAY_MIN):
        return
    lacking = "time_zone in the site file" if zone_of(draft.case.site) is None else "--start"
    over = [
        session
        for session in draft.sessions
        if session.at_min is not None and session.at_min + (session.duration_min or 0) > DAY_MIN
        if lacking != "--start" or session.on is None
    ]
    if over:
        which = "the infusion runs" if len(over) == 1 else f"{counted(len(over), 'infusion')} run"
        yield Notice(
            "clock-not-checked",
            "caution",
            f"{which} over midnight, and whether the clocks are changed that night was not looked at: give {lacking}",
            sessions=tuple((session.course, session.day) for session in over),
        )


def not_covered(draft: Draft) -> Iterator[Notice]:
    """Sessions after the last day that the order is valid."""
    order = draft.case.order
    if order.valid_for is None or order.start is None:
        return
    end = step(order.start, order.valid_for, 1)
    uncovered = [visit for visit in draft.calendar.visits if visit.on is not None and visit.on >= end]
    if uncovered:
        first = min(visit.on for visit in uncovered if visit.on is not None)
        need = "needs" if len(uncovered) == 1 else "need"
        yield Notice(
            "order-expired",
            "caution",
            f"the order covers {order.valid_for} from {order.start}: "
            f"{counted(len(uncovered), 'session')} from {first} on {need} a new one",
            str(first),
            str(order.valid_for),
            sessions=tuple((visit.course, visit.day) for visit in uncovered),
        )
