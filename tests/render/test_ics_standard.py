"""Calendar files as the standard has them, and as two parsers read them that have nothing to do with the one that wrote them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import helpers
import pytest
import vobject
from ical.calendar_stream import IcsCalendarStream

from ivigcalc.clinic.day import clinic_day
from ivigcalc.document.write import document
from ivigcalc.engine.plan import Plan
from ivigcalc.errors import RequestError
from ivigcalc.render import day_ics
from ivigcalc.render.ics import times_float, to_ics
from ivigcalc.render.ics_file import initials

from . import papers
from .khal import khal_after
from .papers import events
from .rfc5545 import parsed, problems

#: icalendar reads the zone tables of tzdata without naming their encoding
pytestmark = pytest.mark.filterwarnings("ignore:'encoding' argument not specified:EncodingWarning")

WHERE = {
    "title": "Ambulanz für Immunologie",
    "address": "Straße des 17. Juni 135; Haus 2, 10623 Berlin",
    "phone": "+49 30 1234567",
}
LONDON = "Europe/London"


def placed(**keys: Any) -> Plan:
    return papers.dermatomyositis(site=papers.clinic(**WHERE, **keys))


def through_a_change_of_clocks() -> Plan:
    """Arrival at 21:15 in summer time; it ends at 01:48 in winter time, which comes twice."""
    site = papers.clinic(open={}, holidays=None, time_zone=LONDON)
    return papers.dermatomyositis(start="2026-10-24", at="22:00", courses="1", weighed_on=None, site=site)


def the_day(*plans: Plan, on: str = "2026-12-01", **keys: Any) -> bytes:
    site = papers.clinic(**keys).value
    named = [(f"p{number}.json", document(plan)) for number, plan in enumerate(plans, 1)]
    return day_ics.to_ics(clinic_day(date.fromisoformat(on), named, site))


def renewed(plan: Plan) -> bytes:
    return to_ics(papers.dermatomyositis(at="10:00", courses="1"), previous=to_ics(plan, alarm_min=60))


FILES: dict[str, Callable[[], bytes]] = {
    "plan": lambda: to_ics(papers.dermatomyositis()),
    "with alarms": lambda: to_ics(papers.dermatomyositis(), alarm_min=90),
    "with place, contact and initials": lambda: to_ics(placed(), with_initials=True),
    "floating": lambda: to_ics(papers.dermatomyositis(site=papers.clinic(time_zone=None))),
    "through a change of clocks": lambda: to_ics(through_a_change_of_clocks()),
    "without an end": lambda: to_ics(papers.without_rates()),
    "long notices": lambda: to_ics(papers.twelve_rungs()),
    "in another script": lambda: to_ics(papers.dermatomyositis(name="王 小明", site=papers.clinic(locale="zh-CN", title="北京协和医院" * 9)), with_initials=True),
    "renewed, with cancelled ones": lambda: renewed(papers.dermatomyositis()),
    "a day": lambda: the_day(papers.dermatomyositis(), placed(), **WHERE),
    "a day with one plan twice": lambda: the_day(papers.dermatomyositis(), papers.dermatomyositis()),
    "a day of no time": lambda: the_day(papers.dermatomyositis(at=None), papers.without_rates()),
    "a day of changed clocks": lambda: the_day(through_a_change_of_clocks(), on="2026-10-25", time_zone=LONDON),
    "a day without visits": lambda: the_day(on="2026-12-07"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_every_calendar_file_is_as_the_standard_has_it(name: str) -> None:
    assert problems(FILES[name]()) == []


EVENT = b"BEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20261201T000000Z\r\nDTSTART:20261201T090000\r\nEND:VEVENT\r\n"
WHOLE = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n" + EVENT + b"END:VCALENDAR\r\n"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"\r\n", b"\n", "CRLF"),
        (b"UID:a", b"UID:" + b"a" * 80, "octets"),
        (b"UID:a", b"SUMMARY:\xc3\r\n \xa4\r\nUID:a", "split by a fold"),
        (b"UID:a\r\n", b"", "no UID"),
        (b"UID:a", b"UID:a\r\nUID:a", "UID 2 times"),
        (b"UID:a", b"UID:a\r\nLOCATION:x\r\nLOCATION:y", "LOCATION 2 times"),
        (b"UID:a", b"UID:a\r\nSUMMARY:one, two", "unescaped"),
        (b"UID:a", b"UID:a\r\nSEQUENCE:-1", "SEQUENCE"),
        (b"UID:a", b"UID:a\r\nDTEND;VALUE=DATE:20261202", "another type"),
        (b"T000000Z", b"T000000", "DTSTAMP is not in UTC"),
        (b"DTSTART:", b"DTSTART;TZID=Europe/London:", "no VTIMEZONE"),
        (b"DTSTART:20261201T090000", b"DTSTART:tomorrow", "DTSTART :tomorrow"),
        (EVENT, EVENT + EVENT, "UID a of 2 components"),
        (b"VERSION:2.0\r\n", b"", "VERSION 0 times"),
        (b"END:VEVENT\r\n", b"", "ends nothing"),
        (b"UID:a", b"UID:a\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\nEND:VALARM", "TRIGGER"),
        (EVENT, EVENT + b"BEGIN:VTIMEZONE\r\nTZID:x\r\nEND:VTIMEZONE\r\n", "without rules"),
    ],
)  # fmt: skip
def test_what_is_not_as_the_standard_has_it_is_seen(old: bytes, new: bytes, said: str) -> None:
    """The judge of the test above can say no."""
    assert problems(WHOLE) == []
    assert old in WHOLE
    assert any(said in text for text in problems(WHOLE.replace(old, new))), problems(WHOLE.replace(old, new))


@pytest.mark.parametrize("zone", ["America/New_York", LONDON, "Australia/Sydney"])
def test_a_zone_whose_clocks_change_has_the_rules_of_both_halves_of_the_year(zone: str) -> None:
    keys = {"time_zone": zone, "holidays": None}
    [rules] = parsed(to_ics(papers.dermatomyositis(site=papers.clinic(**keys)))).of("VTIMEZONE")
    for half in ("STANDARD", "DAYLIGHT"):
        assert any(part.all("TZOFFSETFROM") != part.all("TZOFFSETTO") for part in rules.of(half)), half


# ---- two other readers ------------------------------------------------------------------------------------------------


def by_vobject(ics: bytes) -> list[tuple[str, datetime, datetime]]:
    whole = vobject.readOne(ics.decode("utf-8"))
    return [
        (e.summary.value, e.dtstart.value.astimezone(UTC), e.dtend.value.astimezone(UTC)) for e in whole.vevent_list
    ]


def by_ical(ics: bytes) -> list[tuple[str, datetime, datetime]]:
    whole = IcsCalendarStream.calendar_from_ics(ics.decode("utf-8"))
    return [(e.summary or "", e.dtstart.astimezone(UTC), e.dtend.astimezone(UTC)) for e in whole.events]  # type: ignore[union-attr]


READERS = pytest.mark.parametrize("read", [by_vobject, by_ical])


@READERS
def test_other_readers_see_the_visits(read: Callable[[bytes], Any]) -> None:
    """08:15 to 14:28 in New York in December is 13:15 to 19:28 UTC."""
    assert read(to_ics(placed(), with_initials=True)) == [
        (f"M.O. IVIG infusion 72 g (course {course}, day {day})", datetime(2026, 12, on, 13, 15, tzinfo=UTC), datetime(2026, 12, on, 19, 28, tzinfo=UTC))
        for course, day, on in ((1, 1, 1), (1, 2, 2), (2, 1, 29), (2, 2, 30))
    ]  # fmt: skip


@READERS
def test_other_readers_see_how_long_a_visit_takes_when_clocks_are_put_back(read: Callable[[bytes], Any]) -> None:
    """From 21:15 BST, 45 min before 22:00; 4 h 48 min and 40 min after it are 02:28 GMT; the second day is in winter time."""
    found = [(start, end) for _, start, end in read(to_ics(through_a_change_of_clocks()))]
    assert found == [
        (datetime(2026, 10, 24, 20, 15, tzinfo=UTC), datetime(2026, 10, 25, 2, 28, tzinfo=UTC)),
        (datetime(2026, 10, 25, 21, 15, tzinfo=UTC), datetime(2026, 10, 26, 3, 28, tzinfo=UTC)),
    ]


@READERS
def test_other_readers_see_the_day(read: Callable[[bytes], Any]) -> None:
    found = read(the_day(papers.dermatomyositis(), papers.dermatomyositis(patient_id="M2", at="10:00")))
    assert [summary for summary, *_ in found] == ["Chair 1: IVIG infusion 72 g", "Chair 2: IVIG infusion 72 g"]
    assert [start for _, start, _ in found] == [datetime(2026, 12, 1, hour, 15, tzinfo=UTC) for hour in (13, 14)]


def test_other_readers_see_times_that_float_as_they_stand() -> None:
    ics = to_ics(papers.dermatomyositis(site=papers.clinic(time_zone=None))).decode("utf-8")
    expected = datetime(2026, 12, 1, 8, 15)  # noqa: DTZ001 - the clock on the wall
    assert vobject.readOne(ics).vevent_list[0].dtstart.value == expected
    assert IcsCalendarStream.calendar_from_ics(ics).events[0].dtstart == expected


@pytest.mark.slow
def test_khal_imports_the_day_and_reads_the_place(tmp_path: Path) -> None:
    found = khal_after(
        tmp_path,
        the_day(papers.dermatomyositis(), papers.dermatomyositis(patient_id="M2", at="10:00"), **WHERE),
        "{start-date} {start-time}-{end-time} {title} / {location}",
    )
    where = "Ambulanz für Immunologie, Straße des 17. Juni 135; Haus 2, 10623 Berlin"
    assert found == [
        f"2026-12-01 08:15-14:28 Chair 1: IVIG infusion 72 g / {where}, Chair 1",
        f"2026-12-01 09:15-15:28 Chair 2: IVIG infusion 72 g / {where}, Chair 2",
    ]


@pytest.mark.slow
def test_khal_reads_an_event_through_a_change_of_clocks(tmp_path: Path) -> None:
    """Shown in New York, four hours behind London in summer time (20:15 UTC is 16:15) and five in winter time."""
    ics = to_ics(through_a_change_of_clocks())
    found = khal_after(tmp_path, ics, "{start-long-full} {end-long-full}")
    assert found[0] == "2026-10-24 16:15 2026-10-24 22:28"


# ---- where, whom to ask, whose ---------------------------------------------------------------------------------------


def test_the_place_and_whom_to_ask_are_those_of_the_site() -> None:
    event = next(iter(events(to_ics(placed())).values()))
    assert event["location"] == "Ambulanz für Immunologie, Straße des 17. Juni 135; Haus 2, 10623 Berlin"
    assert event["contact"] == "Ambulanz für Immunologie, +49 30 1234567"
    assert "Questions: Ambulanz für Immunologie, +49 30 1234567" in str(event["description"]).split("\n")
    bare = next(iter(events(to_ics(papers.dermatomyositis())).values()))
    assert "location" not in bare
    assert "contact" not in bare


def test_times_that_float_say_so_where_they_are_read() -> None:
    floating = papers.dermatomyositis(site=papers.clinic(time_zone=None))
    assert times_float(floating)
    assert not times_float(papers.dermatomyositis())
    for event in events(to_ics(floating)).values():
        assert "no time zone is known, so a calendar shows them unchanged" in event["description"]
    for event in events(to_ics(papers.dermatomyositis())).values():
        assert "time zone" not in event["description"]


def test_nothing_names_the_patient_unless_initials_are_asked_for() -> None:
    plan = papers.dermatomyositis()
    for ics in (to_ics(plan), the_day(plan)):
        text = ics.replace(b"\r\n ", b"").decode("utf-8")
        assert not any(part in text for part in ("M.O.", "Okonkwo", "Margaret", "MRN", "004-217", "p1.json"))
    text = to_ics(plan, with_initials=True).replace(b"\r\n ", b"").decode("utf-8")
    assert "SUMMARY:M.O. IVIG infusion 72 g" in text
    assert not any(part in text for part in ("Okonkwo", "Margaret", "MRN"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Margaret Okonkwo", "M.O."),
        ("  ludwig van Beethoven ", "L.V.B."),
        ("王小明", "王."),
        ("محمد علي", "م.ع."),
        ("Ángel Núñez", "Á.N."),
        ("A\u0301ngel N.", "A\u0301.N."),  # a letter and its accent, written as two
        ("(Mrs) O'Neill", "M.O."),
        ("A B C D E F G H", "A.B.C.D.E.F."),
    ],
)
def test_initials_are_first_letters_in_any_script(name: str, expected: str) -> None:
    assert initials(name) == expected


@pytest.mark.parametrize("name", [None, "", "12345", "- -"])
def test_initials_of_nobody_are_refused(name: str | None) -> None:
    with pytest.raises(RequestError, match="give --name") as refused:
        initials(name)
    assert refused.value.field == "initials"


# ---- the day ---------------------------------------------------------------------------------------------------------


def test_a_visit_of_the_day_has_its_chair_and_what_is_too_much() -> None:
    two = (papers.dermatomyositis(), papers.dermatomyositis(patient_id="M2", name="Ada Two"))
    for number, event in enumerate(events(the_day(*two, chairs="1", **WHERE)).values(), 1):
        assert str(event["location"]).endswith(f"10623 Berlin, Chair {number}")
        lines = str(event["description"]).split("\n")
        assert "CAUTION 08:15 to 14:28: 2 patients for 1 chair" in lines
        assert "Infusion: 09:00 to 13:48" in lines
        assert "Visit: 08:15 to 14:28" in lines
        assert not any("Okonkwo" in line or "Ada" in line for line in lines)
        assert lines[-1] == papers.CHECK


def test_the_same_visit_of_a_later_list_is_the_same_event() -> None:
    plan = papers.dermatomyositis()
    assert set(events(the_day(plan))) == set(events(the_day(papers.dermatomyositis(at="11:00"))))
    assert set(events(the_day(plan))).isdisjoint(events(the_day(papers.dermatomyositis(patient_id="M2"))))


def test_a_visit_without_a_time_is_of_the_whole_day_and_one_without_an_end_keeps_its_chair() -> None:
    untimed, endless = (
        next(iter(events(the_day(p)).values())) for p in (papers.dermatomyositis(at=None), papers.without_rates())
    )
    assert (untimed["dtstart"].dt, untimed["dtend"].dt) == (date(2026, 12, 1), date(2026, 12, 2))
    assert untimed["summary"] == "IVIG infusion 72 g"
    assert endless["dtend"].dt == datetime(2026, 12, 2, tzinfo=ZoneInfo("America/New_York"))
    assert "the chair is kept all day" in endless["description"]


def test_times_are_in_the_customs_of_the_site() -> None:
    american = papers.dermatomyositis(site=papers.clinic(locale="en-US"))
    assert "Infusion: 9:00 AM to 1:48 PM" in next(iter(events(to_ics(american)).values()))["description"]
    assert "Visit: 8:15 AM to 2:28 PM" in next(iter(events(the_day(american, locale="en-US")).values()))["description"]


def test_no_time_zone_is_made_up_for_the_day() -> None:
    plan = helpers.adult(start="2026-12-01", at="09:00", courses="1")
    event = next(iter(events(the_day(plan, time_zone=None)).values()))
    assert event["dtstart"].dt.tzinfo is None
    assert "no time zone is known" in event["description"]
