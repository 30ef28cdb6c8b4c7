"""What RFC 5545 says of a calendar file, held against its bytes alone: no parser that the program uses as well."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

#: section 3.6.1: what an event may have once at most
ONCE = {
    *("DTSTART", "DTEND", "DURATION", "DTSTAMP", "UID", "SEQUENCE", "STATUS", "TRANSP", "CREATED", "LAST-MODIFIED"),
    *("SUMMARY", "DESCRIPTION", "LOCATION", "CLASS", "GEO", "ORGANIZER", "PRIORITY", "URL", "RECURRENCE-ID"),
}
LINE = re.compile(r"(?P<name>[A-Z0-9-]+)(?P<params>(?:;[A-Z0-9-]+=(?:\"[^\"]*\"|[^\";:,]*))*):(?P<value>.*)", re.DOTALL)
UTC_TIME, LOCAL_TIME, DAY = re.compile(r"\d{8}T\d{6}Z"), re.compile(r"\d{8}T\d{6}"), re.compile(r"\d{8}")
OFFSET = re.compile(r"[+-]\d{4}(\d\d)?")
#: section 3.3.11: what must not stand unescaped in a text
BARE = re.compile(r"(?<!\\)(?:\\\\)*[,;]")
TEXTS = ("DESCRIPTION", "LOCATION", "SUMMARY", "CONTACT")


@dataclass
class Part:
    """A component: its properties as (name, parameters, value), and those in it."""

    name: str
    lines: list[tuple[str, str, str]] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)

    def all(self, name: str) -> list[str]:
        return [value for found, _, value in self.lines if found == name]

    def of(self, name: str) -> list[Part]:
        return [part for part in self.parts if part.name == name]


def problems(ics: bytes) -> list[str]:
    """Everything in which the bytes are not as the standard has them."""
    found = list(_bytes(ics))
    if found:
        return found
    try:
        calendar = parsed(ics)
    except ValueError as error:
        return [str(error)]
    found += _calendar(calendar)
    zones = {zone.all("TZID")[0] for zone in calendar.of("VTIMEZONE") if zone.all("TZID")}
    for event in calendar.of("VEVENT"):
        found += _event(event, zones)
    for zone in calendar.of("VTIMEZONE"):
        found += _zone(zone)
    return found


def _bytes(ics: bytes) -> Iterator[str]:
    if not ics.endswith(b"\r\n"):
        yield "does not end with CRLF"
    if b"\n" in ics.replace(b"\r\n", b"") or b"\r" in ics.replace(b"\r\n", b""):
        yield "a line ends without CRLF"
    for line in ics.split(b"\r\n"):
        if len(line) > 75:
            yield f"a line of {len(line)} octets"
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            yield "a letter is split by a fold"
            continue
        if any((ord(letter) < 32 and letter != "\t") or ord(letter) == 127 for letter in text):
            yield "a control character"


def parsed(ics: bytes) -> Part:
    """The one VCALENDAR of a file."""
    around: list[Part] = []
    whole: Part | None = None
    for line in ics.replace(b"\r\n ", b"").decode("utf-8").split("\r\n")[:-1]:
        match = LINE.fullmatch(line)
        if match is None:
            raise ValueError(f"no content line: {line[:60]}")
        name, params, value = match["name"], match["params"], match["value"]
        if name == "BEGIN":
            part = Part(value)
            if around:
                around[-1].parts.append(part)
            elif whole is None:
                whole = part
            else:
                raise ValueError("more than one calendar")
            around.append(part)
        elif name == "END":
            if not around or around.pop().name != value:
                raise ValueError(f"END:{value} ends nothing")
        elif not around:
            raise ValueError(f"{name} stands outside")
        else:
            around[-1].lines.append((name, params, value))
    if around or whole is None or whole.name != "VCALENDAR":
        raise ValueError("no whole calendar")
    return whole


def _calendar(calendar: Part) -> Iterator[str]:
    for name in ("PRODID", "VERSION"):
        if len(calendar.all(name)) != 1:
            yield f"{name} {len(calendar.all(name))} times"
    for name in ("METHOD", "CALSCALE"):
        if len(calendar.all(name)) > 1:
            yield f"{name} {len(calendar.all(name))} times"
    for what in ("UID", "TZID"):
        kind = "VEVENT" if what == "UID" else "VTIMEZONE"
        for value, count in Counter(v for part in calendar.of(kind) for v in part.all(what)).items():
            if count > 1:
                yield f"{what} {value} of {count} components"


def _event(event: Part, zones: set[str]) -> Iterator[str]:
    counts = Counter(name for name, _, _ in event.lines)
    yield from (f"{name} {count} times" for name, count in counts.items() if name in ONCE and count > 1)
    yield from (f"no {name}" for name in ("UID", "DTSTAMP", "DTSTART") if not counts[name])
    if counts["DTEND"] and counts["DURATION"]:
        yield "DTEND and DURATION"
    for name, params, value in event.lines:
        if name == "DTSTAMP" and not UTC_TIME.fullmatch(value):
            yield "DTSTAMP is not in UTC"
        if name == "SEQUENCE" and not value.isdigit():
            yield f"SEQUENCE {value}"
        if name == "STATUS" and value not in ("TENTATIVE", "CONFIRMED", "CANCELLED"):
            yield f"STATUS {value}"
        if name == "TRANSP" and value not in ("OPAQUE", "TRANSPARENT"):
            yield f"TRANSP {value}"
        if name in TEXTS and BARE.search(value):
            yield f"{name} has an unescaped comma or semicolon"
        if name in ("DTSTART", "DTEND"):
            yield from _moment(name, params, value, zones)
    starts, ends = event.all("DTSTART"), event.all("DTEND")
    if starts and ends and len(starts[0].rstrip("Z")) != len(ends[0].rstrip("Z")):
        yield "DTEND is of another type than DTSTART"
    for alarm in event.of("VALARM"):
        yield from (f"alarm without {name}" for name in ("ACTION", "TRIGGER") if len(alarm.all(name)) != 1)
        if alarm.all("ACTION") == ["DISPLAY"] and len(alarm.all("DESCRIPTION")) != 1:
            yield "alarm without DESCRIPTION"


def _moment(name: str, params: str, value: str, zones: set[str]) -> Iterator[str]:
    zone = re.search(r";TZID=\"?([^\";:]+)", params)
    if zone and zone[1] not in zones:
        yield f"{name} of {zone[1]}, which has no VTIMEZONE"
    form = DAY if ";VALUE=DATE" in params and "DATE-TIME" not in params else LOCAL_TIME if zone else None
    if not (form.fullmatch(value) if form else UTC_TIME.fullmatch(value) or LOCAL_TIME.fullmatch(value)):
        yield f"{name} {params}:{value}"


def _zone(zone: Part) -> Iterator[str]:
    if len(zone.all("TZID")) != 1:
        yield "a zone without TZID"
    rules = [*zone.of("STANDARD"), *zone.of("DAYLIGHT")]
    if not rules:
        yield "a zone without rules"
    for rule in rules:
        for name, form in (("DTSTART", LOCAL_TIME), ("TZOFFSETFROM", OFFSET), ("TZOFFSETTO", OFFSET)):
            values = rule.all(name)
            if len(values) != 1 or not form.fullmatch(values[0]):
                yield f"{rule.name} with {name} {values}"
