"""The plans of the orders that follow one another, joined into one: each gives the courses under its own order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import zip_longest

from msgspec.structs import replace

from ivigcalc.definitions import Site
from ivigcalc.engine.checks.dates import past_closing
from ivigcalc.engine.checks.doses import stock_short
from ivigcalc.engine.plan import (
    Cost,
    Course,
    Infusion,
    Notice,
    Plan,
    Segment,
    Session,
    Titration,
    Totals,
    TraceEntry,
    vials_of_all,
)
from ivigcalc.engine.since import Place
from ivigcalc.exact import Fraction
from ivigcalc.quantity import decimal_of

#: notices that are about days alone, which the first order counts for all courses
_OF_ALL_DAYS = ("order-expired", "session-left-out")
#: words that say which courses they are about
_NAMES_A_COURSE = re.compile(r"\bcourses? [0-9]")
#: a line of the working of one session
_OF_SESSION = re.compile(r"c([0-9]+)d[0-9]+\.")


def join(
    first: Plan, segments: Sequence[Segment], left_out: Iterable[Place], said: Sequence[Notice], close: Iterable[Notice]
) -> Plan:
    """One plan of all `segments`, without the sessions that are left out.

    `first`: what was planned at first; `said`: what is to be said beside the notices of the segments; `close`: of
    courses that come too close to the one before, in place of what each order says of its own.
    """
    gone = frozenset(left_out)
    windows = list(windows_of(segments))
    sessions = tuple(
        session
        for segment, end in windows
        for session in segment.plan.sessions
        if segment.first_course <= session.course < end and (session.course, session.day) not in gone
    )
    phases = tuple(course for segment, end in windows for course in _phases(segment, end))
    last = segments[-1].plan
    there = frozenset((session.course, session.day) for session in sessions)
    site = first.computed_from.site.value
    counted = {
        "past-closing": tuple(past_closing(site, sessions)),
        "stock-short": tuple(_stock_short(site, windows, sessions)),
        "courses-close": tuple(_of_those_there(close, there)),  # control: close-across-orders
    }
    notices = tuple(dict.fromkeys([*said, *_notices(windows, there, counted), *counted["courses-close"]]))
    return replace(
        last,
        computed_from=first.computed_from,
        course=next(course for course in reversed(phases) if course.first_course <= sessions[-1].course),
        sessions=sessions,
        totals=_totals(site, sessions),
        notices=notices,
        trace=tuple(_trace(windows)),
        phases=phases,
        sources=_sources(segments, notices),
        last_covered=first.last_covered,
        order_text=first.order_text,
        titrations=_titrations(sessions),
        segments=tuple(segments),
    )


def windows_of(segments: Sequence[Segment]) -> Iterator[tuple[Segment, int]]:
    """Each segment with the course before which it ends."""
    for segment, following in zip_longest(segments, segments[1:]):
        last = max(course.first_course + course.courses for course in segment.plan.phases)
        yield segment, following.first_course if following else last


def _phases(segment: Segment, end: int) -> Iterator[Course]:
    for course in segment.plan.phases:
        courses = min(course.courses, end - course.first_course)
        if courses > 0:
            yield replace(course, courses=courses)


def _totals(site: Site, sessions: Sequence[Session]) -> Totals:
    """Sums over all sessions as they are now, at the prices of the site."""
    volumes = [session.volume_ml for session in sessions if session.volume_ml is not None]
    return Totals(
        courses=len({session.course for session in sessions}),
        sessions=len(sessions),
        dose_g=decimal_of(sum(session.dose_g for session in sessions), 3),
        volume_ml=decimal_of(sum(volumes), 3) if volumes else None,
        vials=vials_of_all(sessions),
        leftover_g=decimal_of(sum(session.leftover_g for session in sessions), 3),
        cost=_cost(site, sessions),
    )


def _cost(site: Site, sessions: Sequence[Session]) -> Cost | None:
    """What the grams of all vials cost, where the site has a price of each product, in one currency."""
    amount, currencies = Fraction(0), set()
    for session in sessions:
        price = site.price_per_gram.get(session.product)
        if price is None:
            return None
        currencies.add(price.currency)
        amount += (Fraction(session.dose_g) + Fraction(session.leftover_g)) * Fraction(price.amount)
    return Cost(decimal_of(amount, 2), currencies.pop()) if len(currencies) == 1 else None


def _titrations(sessions: Sequence[Session]) -> tuple[Titration, ...]:
    places: dict[Infusion, list[int]] = {}
    for place, session in enumerate(sessions):
        if session.infusion is not None:
            places.setdefault(session.infusion, []).append(place)
    return tuple(Titration(infusion, tuple(where)) for infusion, where in places.items())


# ---- what is said ---------------------------------------------------------------------------------------------------


def _notices(
    windows: Sequence[tuple[Segment, int]], there: frozenset[Place], counted: Mapping[str, tuple[Notice, ...]]
) -> Iterator[Notice]:
    """Of each segment those about its own courses; what only some orders say names their courses. What is `counted`
    over sessions is of all that there are.

    What the order in force at the end says comes first.
    """
    everywhere = frozenset.intersection(*(frozenset(segment.plan.notices) for segment, _ in windows))
    courses_of: dict[Notice, tuple[Place, ...]] = {}
    for segment, end in windows:
        for notice in dict.fromkeys(segment.plan.notices):
            courses_of[notice] = (*courses_of.get(notice, ()), *_own(segment, end, there))
    for segment, end in reversed(windows):
        own = _own(segment, end, there)
        for notice in segment.plan.notices:
            if notice.code in counted and not _of_the_first(notice):  # control: counted-over-all
                yield from counted[notice.code]
            elif notice.code in _OF_ALL_DAYS:
                yield replace(notice, sessions=tuple(place for place in notice.sessions if place in there))
            elif notice.sessions:
                about = tuple(place for place in notice.sessions if place in own)
                of_all = about == own and len(own) < len(there) and not _NAMES_A_COURSE.search(notice.message)
                if about:
                    message = f"{_named(about)}: {notice.message}" if of_all else notice.message
                    yield replace(notice, message=message, sessions=about)
            elif notice in everywhere:
                yield notice
            elif own:  # control: notices-of-their-own-courses
                about = courses_of[notice]  # said once of all orders that say it
                yield replace(notice, message=f"{_named(about)}: {notice.message}", sessions=about)


def _of_those_there(notices: Iterable[Notice], there: frozenset[Place]) -> Iterator[Notice]:
    """About the sessions that are given; nothing of a course of which none is."""
    for notice in notices:
        if about := tuple(place for place in notice.sessions if place in there):
            yield replace(notice, sessions=about)


def _of_the_first(notice: Notice) -> bool:
    """The first course is close to no course of the plan, but to the last infusion before it."""
    return notice.code == "courses-close" and (1, 1) in notice.sessions


def _stock_short(site: Site, windows: Sequence[tuple[Segment, int]], sessions: Sequence[Session]) -> Iterator[Notice]:
    """Of each product that some order finds short in its own courses: all that is drawn of it now."""
    there = frozenset((session.course, session.day) for session in sessions)
    found: dict[str, int] = {}
    for segment, end in windows:
        own = _own(segment, end, there)
        for notice in segment.plan.notices:
            if notice.code == "stock-short" and (about := [place for place in notice.sessions if place in own]):
                found.setdefault(segment.plan.computed_from.product.value.id, about[0][0])
    for product, from_course in found.items():
        drawn = [session for session in sessions if session.product == product]
        needed = {Fraction(vial.size_g): vial.count for vial in vials_of_all(drawn)}
        places = tuple((session.course, session.day) for session in drawn if session.course >= from_course)
        yield from stock_short(site, product, needed, places)


def _own(segment: Segment, end: int, there: frozenset[Place]) -> tuple[Place, ...]:
    return tuple(place for place in sorted(there) if segment.first_course <= place[0] < end)


def _named(own: tuple[Place, ...]) -> str:
    """`course 2`, `courses 3 to 6`, `courses 1 to 2, 5 to 6`."""
    courses = sorted({place[0] for place in own})
    begins = [course for course in courses if course - 1 not in courses]
    ends = [course for course in courses if course + 1 not in courses]
    runs = [f"{first}" if first == last else f"{first} to {last}" for first, last in zip(begins, ends, strict=True)]
    return f"course{'s' if courses[1:] else ''} {', '.join(runs)}"


def _sources(segments: Sequence[Segment], notices: Sequence[Notice]) -> tuple[str, ...]:
    cited = [source for segment in segments for source in segment.plan.sources]
    said = [notice.source for notice in notices if notice.source]
    return tuple(dict.fromkeys([*cited, *said]))


def _trace(windows: Sequence[tuple[Segment, int]]) -> Iterator[TraceEntry]:
    """The working of each segment; the names of all but the first say from which course they hold."""
    (first, its_end), *others = windows
    yield from _lines(first, its_end)
    for segment, end in others:
        lines = _lines(segment, end)
        prefix = f"from_course_{segment.first_course}."
        names = {line.name: f"{prefix}{line.name}" for line in lines}
        for line in lines:
            inputs = {name: _of_weight(value, prefix) for name, value in line.inputs.items()}
            yield replace(line, name=names[line.name], expression=_renamed(line.expression, names), inputs=inputs)


def _of_weight(value: Decimal | str, prefix: str) -> Decimal | str:
    """A rate in words that is multiplied by the weight: by the one of this segment."""
    return re.sub(r"(?<= x )rate_kg$", f"{prefix}rate_kg", value) if isinstance(value, str) else value


def _lines(segment: Segment, end: int) -> list[TraceEntry]:
    """Those of the whole order, and of its own courses."""
    return [
        line for line in segment.plan.trace if (found := _OF_SESSION.match(line.name)) is None or int(found[1]) < end
    ]


def _renamed(expression: str, names: dict[str, str]) -> str:
    """Every name that stands by itself, and not as a part of a longer one."""
    pattern = re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, names))})(?![\w\[.])")
    return pattern.sub(lambda found: names[found[0]], expression)
