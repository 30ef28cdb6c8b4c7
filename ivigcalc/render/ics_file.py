"""What every calendar file shares: its head, zones, moments, the place, and how a patient may be named in it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from ivigcalc.definitions import Site
from ivigcalc.errors import MissingExtraError, RequestError
from ivigcalc.render.catalogue.lists import CalendarFile
from ivigcalc.render.figures import figure
from ivigcalc.render.ics_changes import first_day
from ivigcalc.render.words import clean

if TYPE_CHECKING:
    from icalendar import Calendar, Event

_HEAD = {
    "prodid": "-//ivigcalc//infusion calendar//EN",
    "version": "2.0",
    "calscale": "GREGORIAN",
    "method": "PUBLISH",
}
_LONGEST_PLACE = 160
_MOST_INITIALS = 6


def new_calendar() -> Calendar:
    """A calendar file with nothing in it. Raises `MissingExtraError` where the library is missing."""
    try:
        from icalendar import Calendar
    except ImportError:
        raise MissingExtraError("calendar output", "calendar") from None
    calendar = Calendar()
    for name, value in _HEAD.items():
        calendar.add(name, value)
    return calendar


def new_event(uid: str, stamp: datetime) -> Event:
    """An event that takes the time of whoever it is for."""
    from icalendar import Event

    event = Event()
    for name, value in {"uid": uid, "dtstamp": stamp, "sequence": 0, "status": "CONFIRMED", "transp": "OPAQUE"}.items():
        event.add(name, value)
    return event


def written(calendar: Calendar, events: Iterable[Event]) -> bytes:
    """The file with these events, and before them the rules of every zone in use, for the years in use."""
    for event in events:
        calendar.add_component(event)
    years = [first_day(event).year for event in calendar.walk("VEVENT")]  # type: ignore[arg-type]
    if years:
        calendar.add_missing_timezones(
            first_date=date(max(min(years) - 1, 1), 1, 1), last_date=date(min(max(years) + 2, 9999), 1, 1)
        )
    calendar.subcomponents.sort(key=lambda part: part.name != "VTIMEZONE")
    return bytes(calendar.to_ical())


# ---- when -----------------------------------------------------------------------------------------------------------


def midnight_utc(day: date) -> datetime:
    """The stamp of a file of that day: one plan, one file, whatever the clock says."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def unmistakable(moment: datetime) -> datetime:
    """A clock time that comes twice, when it is the second, is written in UTC: a reader takes it for the first."""
    return moment.astimezone(UTC) if moment.tzinfo and moment.fold else moment


def later(start: datetime, minutes: int) -> datetime:
    """So many minutes later, or before."""
    if start.tzinfo is None:
        return start + timedelta(minutes=minutes)
    return unmistakable((start.astimezone(UTC) + timedelta(minutes=minutes)).astimezone(start.tzinfo))


# ---- where, and whose -----------------------------------------------------------------------------------------------


def add_place(event: Event, site: Site, *more: str) -> None:
    """Where it is, as far as the site's file says so, and whom to ask."""
    if where := _listed(site.title, site.address, *more):
        event.add("location", where)
    if site.phone:
        event.add("contact", _listed(site.title, site.phone))


def place_lines(site: Site) -> Iterator[str]:
    """The same in words: not every program shows a contact."""
    if site.phone:
        yield CalendarFile.questions.format(whom=_listed(site.title, site.phone))


def dose_line(dose_g: Decimal, volume_ml: Decimal | None) -> str:
    """How much, and in what volume where that is known."""
    if volume_ml is None:
        return CalendarFile.dose.format(dose=figure(dose_g))
    return CalendarFile.dose_in.format(dose=figure(dose_g), volume=figure(volume_ml))


def _listed(*parts: str | None) -> str:
    return without_backslashes(clean(", ".join(part for part in parts if part), _LONGEST_PLACE))


def without_backslashes(text: str) -> str:
    """Programs differ in how they read a backslash back (before an N, some take it for a new line): none is written."""
    return text.replace("\\", "/")


def initials(name: str | None) -> str:
    """`M.O.`: the first letter of each part of a name, in its own script, with the marks that belong to it.

    Raises `RequestError` for a name without letters, and for none.
    """
    found = [match for part in (name or "").split() if (match := _first_letter(part))]
    if not found:
        raise RequestError("--initials: there is no name with letters to take them from; give --name", field="initials")
    return "".join(f"{letter}." for letter in found[:_MOST_INITIALS])


def _first_letter(part: str) -> str:
    letters = re.search(r"[^\W\d_]", part)
    if letters is None:
        return ""
    place = letters.start()
    end = place + 1
    while end < len(part) and unicodedata.category(part[end]).startswith("M"):
        end += 1
    return part[place:end].upper()
