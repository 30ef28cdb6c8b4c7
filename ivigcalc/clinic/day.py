"""One day of a clinic: who comes when, to which chair, with which vials."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from itertools import pairwise
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from ivigcalc.definitions import NO_SITE, Site
from ivigcalc.document.many import origin
from ivigcalc.engine.clocks import zone_of
from ivigcalc.exact import Fraction

_SAID_OF_A_VISIT = ("stop", "caution")


class Visit(Struct, frozen=True):
    """One patient's visit. `arrives` to `leaves` is what it takes of the chair: with the site's times around it.

    Times are None where the plan has none; `leaves` also where no rate says how long the infusion lasts. They are in
    the time zone of the site, where it has one: of a clock time that comes twice they say which of the two it is.
    `warnings`: codes of the stops (overridden) and cautions that concern it. `plan`: the file that it is from; `same`:
    where nobody is named, what tells a plan, with all that it was changed to, from others.
    """

    name: str | None
    patient_id: str | None
    treatment: str
    product: str
    course: int
    day: int
    on: date
    arrives: datetime | None
    starts: datetime | None
    ends: datetime | None
    leaves: datetime | None
    dose_g: Decimal
    volume_ml: Decimal | None
    vials: tuple[tuple[Decimal, int], ...]
    warnings: tuple[str, ...]
    plan: str
    chair: int | None = None
    born: str | None = None
    same: str = ""

    @property
    def who(self) -> str:
        """The name, else the id, else the file that it is from."""
        return self.name or (f"id {self.patient_id}" if self.patient_id else self.plan)

    @property
    def until(self) -> datetime:
        """When its chair is free again: an end that nobody knows keeps it all day."""
        return self.leaves or _midnight(self.on + timedelta(days=1), self.arrives.tzinfo if self.arrives else None)


class Overlap(Struct, frozen=True):
    """A time at which more patients are there than there are chairs."""

    starts: datetime
    ends: datetime
    visits: tuple[Visit, ...]


class Taken(Struct, frozen=True):
    """Vials of one size to be taken from stock, and what the site says that it holds (None = it does not say)."""

    product: str
    size_g: Decimal
    count: int
    held: int | None

    @property
    def lacking(self) -> int:
        """How many more are needed than are held."""
        return max(0, self.count - self.held) if self.held is not None else 0


class ClinicDay(Struct, frozen=True):
    """The day: visits in order of arrival, those without a time last. `chairs`: how many the site has, if it says."""

    on: date
    visits: tuple[Visit, ...]
    chairs: int | None
    chairs_needed: int
    overlaps: tuple[Overlap, ...]
    taken: tuple[Taken, ...]
    twice: tuple[str, ...]
    site: Site = NO_SITE

    @property
    def dose_g(self) -> Decimal:
        """What is given of the infusions that begin on this day."""
        return sum((visit.dose_g for visit in self.visits if visit.on == self.on), Decimal(0))


def clinic_day(on: date, plans: Iterable[tuple[str, dict[str, Any]]], site: Site) -> ClinicDay:
    """The visits of a day from saved plans (name of the file, document), and those of the day before that last on."""
    zone = zone_of(site)
    found = [visit for name, document in plans for visit in _visits(name, document, site, zone) if _touches(visit, on)]
    found.sort(key=_order)
    seated = tuple(_seated(found))
    chairs = max((visit.chair for visit in seated if visit.chair), default=0)
    overlaps = tuple(_overlaps(seated, site.chairs)) if site.chairs else ()
    begun = [visit for visit in seated if visit.on == on]
    taken, twice = tuple(_taken(begun, site)), tuple(_twice(begun))
    return ClinicDay(on, seated, site.chairs, chairs, overlaps, taken, twice, site)


def _order(visit: Visit) -> tuple[bool, datetime, datetime, str]:
    """By arrival, those without a time last."""
    if visit.arrives is None:
        return True, _midnight(visit.on), _midnight(visit.on), visit.who
    return False, instant(visit.arrives), instant(visit.until), visit.who


def _midnight(on: date, zone: tzinfo | None = None) -> datetime:
    return datetime.combine(on, datetime.min.time(), zone)


def instant(moment: datetime) -> datetime:
    """What orders two moments, which the clock on the wall does not in a night in which it is put back."""
    return moment.astimezone(UTC) if moment.tzinfo else moment  # control: instants


# ---- from the documents ---------------------------------------------------------------------------------------------


def _visits(name: str, document: dict[str, Any], site: Site, zone: tzinfo | None) -> Iterator[Visit]:
    source, request = document["computed_from"], document["computed_from"]["request"]
    regimen = source["regimen"]
    same = "" if request.get("patient_id") or request.get("name") else origin(document)
    for session in document["sessions"]:
        if session["date"] is None:
            continue
        arrives, starts, ends, leaves = _times(session, site, zone)
        yield Visit(
            request.get("name"),
            request.get("patient_id"),
            regimen["id"] if regimen else request.get("indication") or "rates",
            session.get("product") or source["product"]["id"],  # control: product-of-the-day
            session["course"],
            session["day"],
            date.fromisoformat(session["date"]),
            arrives,
            starts,
            ends,
            leaves,
            session["dose_g"],
            session["volume_ml"],
            tuple((vial["size_g"], vial["count"]) for vial in session["vials"]),
            tuple(_warnings(document["notices"], session)),
            name,
            born=request.get("birth_date"),
            same=same,
        )


def _times(session: dict[str, Any], site: Site, zone: tzinfo | None) -> tuple[datetime | None, ...]:
    """Arrival, start, end and leaving, as the plan has them on the wall. A start that comes twice is the first."""
    starts, ends = _moment(session["starts_at"], zone), _moment(session["ends_at"], zone)
    if starts is None:
        return None, None, None, None
    visit = site.visit
    arrives = _beside(starts, _moment(session.get("visit_from"), zone), -visit.before_min, -1)
    ends = _beside(starts, ends, session["duration_min"], +1) if ends else None
    leaves = _beside(ends, _moment(session.get("visit_to"), zone), visit.after_min, +1) if ends else None
    return arrives, starts, ends, leaves


def _moment(text: str | None, zone: tzinfo | None) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=zone) if text else None


def _beside(known: datetime, wall: datetime | None, usual_min: int, way: Literal[-1, 1]) -> datetime:
    """The moment at which the wall shows so, before the known one (`way` -1) or after it; the known one without any.

    A time that comes twice may be either: it is the one that is `usual_min` away, else the one that is further, so that
    no chair is thought free that is not.
    """
    if wall is None or wall.tzinfo is None:
        return wall or known
    both = {instant(moment): moment for moment in (wall.replace(fold=fold) for fold in (0, 1))}
    usual, furthest = instant(known) + timedelta(minutes=usual_min), (min if way < 0 else max)(both)
    return both.get(usual, both[furthest])


def _warnings(notices: Sequence[dict[str, Any]], session: dict[str, Any]) -> Iterator[str]:
    which = [session["course"], session["day"]]
    codes = [
        notice["code"]
        for notice in notices
        if notice["level"] in _SAID_OF_A_VISIT
        and (notice["level"] == "stop" or not notice.get("sessions") or which in notice["sessions"])
    ]
    yield from dict.fromkeys(codes)


def _touches(visit: Visit, on: date) -> bool:
    """Whether its infusion begins on this day, or its patient is there at some time of it, as after midnight."""
    if visit.on == on or visit.arrives is None:
        return visit.on == on
    return visit.arrives.date() <= on and _midnight(on) < visit.until.replace(tzinfo=None)


# ---- chairs ---------------------------------------------------------------------------------------------------------


def _seated(visits: Iterable[Visit]) -> Iterator[Visit]:
    """Each visit with the lowest chair that is free when its patient arrives."""
    free_from: list[datetime] = []
    for visit in visits:
        if visit.arrives is None:
            yield visit
            continue
        here = instant(visit.arrives)
        chair = next((place for place, free in enumerate(free_from) if free <= here), len(free_from))
        free_from[chair : chair + 1] = [instant(visit.until)]
        yield replace(visit, chair=chair + 1)


def _overlaps(visits: Sequence[Visit], chairs: int) -> Iterator[Overlap]:
    """The times at which more patients are there than chairs."""
    timed = [(instant(visit.arrives), instant(visit.until), visit) for visit in visits if visit.arrives is not None]
    shown = {instant(moment): moment for visit in visits if visit.arrives for moment in (visit.arrives, visit.until)}
    for starts, stops in pairwise(sorted(shown)):
        there = tuple(visit for arrives, until, visit in timed if arrives <= starts < until)
        if len(there) > chairs:
            yield Overlap(shown[starts], shown[stops], there)


# ---- vials ----------------------------------------------------------------------------------------------------------


def _taken(visits: Iterable[Visit], site: Site) -> Iterator[Taken]:
    counts: dict[tuple[str, Decimal], int] = {}
    for visit in visits:
        for size_g, count in visit.vials:
            key = (visit.product, Decimal(size_g))
            counts[key] = counts.get(key, 0) + count
    for product, size_g in sorted(counts, key=lambda key: (key[0], -key[1])):
        shelf = site.shelf(product)
        held = shelf.get(Fraction(size_g), 0) if shelf is not None else None
        yield Taken(product, size_g, counts[product, size_g], held)


def _twice(visits: Sequence[Visit]) -> Iterator[str]:
    """Who comes more than once on the day: one plan given twice, or an old one beside its renewal."""
    seen: dict[tuple[str | None, str | None, str], list[Visit]] = {}
    for visit in visits:
        seen.setdefault((visit.patient_id, visit.name, visit.same), []).append(visit)
    for several in seen.values():
        if len(several) > 1:
            files = ", ".join(dict.fromkeys(visit.plan for visit in several))
            yield f"{several[0].who} comes {len(several)} times ({files}): is one of the plans an old one?"
