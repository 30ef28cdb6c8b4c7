from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar
from msgspec.structs import replace

from ivigcalc.engine.plan import Notice, Plan
from ivigcalc.errors import MissingExtraError, RequestError
from ivigcalc.render.ics import to_ics
from ivigcalc.render.words import clean

from . import papers
from .papers import CHECK, events, states

#: icalendar reads the zone tables of tzdata without naming their encoding
pytestmark = pytest.mark.filterwarnings("ignore:'encoding' argument not specified:EncodingWarning")


def test_first_export(plan: Plan) -> None:
    assert states(to_ics(plan)) == {
        "dermatomyositis-c1-d1": (0, "CONFIRMED", "12-01T08:15"),
        "dermatomyositis-c1-d2": (0, "CONFIRMED", "12-02T08:15"),
        "dermatomyositis-c2-d1": (0, "CONFIRMED", "12-29T08:15"),
        "dermatomyositis-c2-d2": (0, "CONFIRMED", "12-30T08:15"),
    }


def test_one_event_in_full(plan: Plan) -> None:
    event = next(iter(events(to_ics(plan)).values()))
    zone = ZoneInfo("America/New_York")
    assert event["summary"] == "IVIG infusion 72 g (course 1, day 1)"
    assert event["dtstart"].dt == datetime(2026, 12, 1, 8, 15, tzinfo=zone)
    assert event["dtstart"].params["TZID"] == "America/New_York"
    assert event["dtend"].dt == datetime(2026, 12, 1, 14, 28, tzinfo=zone)
    assert event["dtstamp"].dt == datetime(2026, 12, 1, tzinfo=UTC)
    lines = str(event["description"]).split("\n")
    assert lines[0] == "Dermatomyositis; Octagam 10% (octagam-10-us)"
    assert "Dose: 72 g, 720 mL" in lines
    assert "Vials: 2 x 30 g + 1 x 10 g + 1 x 2 g" in lines
    assert "Infusion: 09:00 to 13:48, 4 h 48 min" in lines
    assert "Rate: 43.2 mL/h at first, 172.8 mL/h at last" in lines
    assert "Visit: 08:15 to 14:28" in lines
    assert any(line.startswith("CAUTION ladder-assumed: ") for line in lines)
    assert lines[-1] == CHECK


def test_patient_is_nowhere_in_the_file(plan: Plan) -> None:
    for ics in (to_ics(plan), to_ics(papers.dermatomyositis(patient_id=None, birth_date="1972-03-09", age=None))):
        text = ics.replace(b"\r\n ", b"").decode("utf-8")
        for part in ("Okonkwo", "Margaret", "MRN", "004-217", "1972"):
            assert part not in text


def test_lines_are_folded_as_the_standard_says(plan: Plan) -> None:
    ics = to_ics(plan, alarm_min=90)
    assert ics.endswith(b"END:VCALENDAR\r\n")
    assert b"\n" not in ics.replace(b"\r\n", b"")
    assert max(map(len, ics.split(b"\r\n"))) <= 75
    head = ics.split(b"BEGIN:VTIMEZONE")[0].split(b"\r\n")
    assert {b"VERSION:2.0", b"METHOD:PUBLISH", b"CALSCALE:GREGORIAN"} <= set(head)


def test_same_plan_same_bytes(plan: Plan) -> None:
    first = to_ics(plan)
    assert to_ics(papers.dermatomyositis()) == first
    assert to_ics(plan, previous=first) == first


def test_stamp_is_the_day_of_asking_where_the_plan_knows_it(plan: Plan) -> None:
    source = plan.computed_from
    asked = replace(plan, computed_from=replace(source, request=replace(source.request, on=date(2026, 11, 25))))
    assert {event["dtstamp"].dt for event in events(to_ics(asked)).values()} == {datetime(2026, 11, 25, tzinfo=UTC)}
    # a later day of asking changes nothing that anybody has to be told
    assert to_ics(asked, previous=to_ics(plan)) == to_ics(plan)


def test_time_zone_rules_cover_every_event(plan: Plan) -> None:
    calendar = Calendar.from_ical(to_ics(plan))
    (zone,) = calendar.walk("VTIMEZONE")
    assert zone["tzid"] == "America/New_York"
    assert calendar.subcomponents[0].name == "VTIMEZONE"
    # read back by the rules in the file alone, 09:00 in New York in December is 14:00 UTC, in July 13:00
    rules = zone.to_tz(lookup_tzid=False)
    assert datetime(2026, 12, 1, 9, tzinfo=rules).utcoffset() == timedelta(hours=-5)
    assert datetime(2026, 7, 1, 9, tzinfo=rules).utcoffset() == timedelta(hours=-4)
    assert calendar.get_missing_tzids() == set()


@pytest.mark.parametrize("name", ["Europe/London", "Asia/Kolkata", "Pacific/Auckland", "UTC", "America/St_Johns"])
def test_any_time_zone_and_a_plan_beyond_2038(name: str) -> None:
    plan = papers.dermatomyositis(
        start="2039-03-01", weighed_on=None, site=papers.clinic(time_zone=name, holidays={"country": "GB"})
    )
    ics = to_ics(plan)
    starts = [event["dtstart"].dt for event in events(ics).values()]
    assert starts == [
        datetime(s.on.year, s.on.month, s.on.day, 8, 15, tzinfo=ZoneInfo(name)) for s in plan.sessions if s.on
    ]


def test_without_a_time_zone_times_float() -> None:
    ics = to_ics(papers.dermatomyositis(site=papers.clinic(time_zone=None)))
    assert b"VTIMEZONE" not in ics
    assert b"DTSTART:20261201T081500\r\n" in ics


@pytest.mark.parametrize("name", ["Mars/Olympus", "../../etc/passwd", "x" * 300, "Europe/Lon don"])
def test_unknown_time_zone_is_refused(name: str) -> None:
    with pytest.raises(RequestError, match="time_zone"):
        to_ics(papers.dermatomyositis(site=papers.clinic(time_zone=name)))


def test_alarm(plan: Plan) -> None:
    (alarm,) = next(iter(events(to_ics(plan, alarm_min=90)).values())).walk("VALARM")
    assert alarm["trigger"].dt == timedelta(minutes=-90)
    assert alarm["action"] == "DISPLAY"
    cancelled = to_ics(papers.dermatomyositis(courses="1"), previous=to_ics(plan, alarm_min=90), alarm_min=90)
    assert [len(event.walk("VALARM")) for event in events(cancelled).values()] == [1, 1, 0, 0]


@pytest.mark.parametrize("minutes", [0, -5, 14 * 24 * 60 + 1])
def test_alarm_that_makes_no_sense_is_refused(plan: Plan, minutes: int) -> None:
    with pytest.raises(RequestError, match="alarm"):
        to_ics(plan, alarm_min=minutes)


def test_override_reason_is_in_the_description() -> None:
    for event in events(to_ics(papers.twelve_rungs())).values():
        assert "STOP, OVERRIDDEN age-outside-regimen: " in event["description"]
        assert "Dr A. Example of the immunology clinic ordered it" in event["description"]


def test_notice_of_another_session_is_not_in_it() -> None:
    """From 11:00 the visits end at 16:28, after closing at 16:00 on Wednesdays."""
    late = papers.dermatomyositis(at="11:00", site=papers.clinic(open={"wed": "08:00-16:00", "mon-tue": "08:00-17:00"}))
    for session, event in zip(late.sessions, events(to_ics(late)).values(), strict=True):
        assert str(event["description"]).count("past-closing") == (session.weekday == "Wednesday")


@pytest.mark.parametrize("window", ["7 days", None])
def test_an_appointment_that_was_moved_says_from_which_day_and_why(window: str | None) -> None:
    """Christmas Eve is closed, and the weekend: a course of Thursday begins on Monday: a note within 7 days, else a caution."""
    keys: dict[str, Any] = {
        "open": {"mon-fri": "08:00-17:00"},
        "holidays": None,
        "closed": ["2026-12-24", "2026-12-25"],
    }
    moved = papers.dermatomyositis(start="2026-12-24", site=papers.clinic(window=window, **keys), weighed_on=None)
    said = [str(event["description"]) for event in events(to_ics(moved)).values()]
    for text in said[:2]:
        assert "date-shifted: course 1, due 2026-12-24, starts 2026-12-28, 4 days later" in text
        assert "(2026-12-24 closed by the clinic" in text
    assert not any("date-shifted" in text for text in said[2:])


def test_end_on_the_next_day_and_no_end_without_rates() -> None:
    first = next(iter(events(to_ics(papers.overnight())).values()))
    # 22:00, 4 h 48 min, and 10 and 30 min of flush and observation
    assert f"{first['dtend'].dt:%Y-%m-%dT%H:%M}" == "2026-12-02T03:28"
    assert "Infusion: 22:00 to 02:48 +1 d, 4 h 48 min" in first["description"]
    for event in events(to_ics(papers.without_rates())).values():
        assert "dtend" not in event
        assert "rate-not-published" in event["description"]


def test_visit_that_begins_on_the_day_before_says_so() -> None:
    early = papers.dermatomyositis(at="00:30", courses="1", site=papers.clinic(open={}))
    first = next(iter(events(to_ics(early)).values()))
    assert f"{first['dtstart'].dt:%Y-%m-%dT%H:%M}" == "2026-11-30T23:45"
    # 15 and 30 min before 00:30; 4 h 48 min, 10 and 30 min after it
    assert "Visit: 23:45 -1 d to 05:58" in first["description"]


@pytest.mark.parametrize(("words", "field"), [({"start": None}, "start"), ({"at": None}, "at")])
def test_dates_and_times_are_needed(words: dict[str, Any], field: str) -> None:
    plan = papers.undated() if field == "start" else papers.dermatomyositis(**words)
    with pytest.raises(RequestError, match="--start and --at") as refused:
        to_ics(plan)
    assert refused.value.field == field


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=120)
ESCAPES = st.text("\\;,:\"'\n\r\t^=%nN éß王🙂", min_size=1, max_size=120)


@given(TEXT | ESCAPES, TEXT | ESCAPES, TEXT | ESCAPES)
def test_any_text_comes_back_as_it_went_in(title: str, message: str, reason: str) -> None:
    plan = papers.planned_once("09:00", 1)
    source = plan.computed_from
    value = source.product.value.model_copy(update={"title": title})
    plan = replace(
        plan,
        computed_from=replace(source, product=replace(source.product, value=value)),
        notices=(Notice("x", "stop", message, overridden_because=reason),),
    )
    ics = to_ics(plan)
    # a backslash is written as a slash, because programs differ in how they read one back
    title, message, reason = (text.replace("\\", "/") for text in (title, message, reason))
    for event in events(ics).values():
        lines = str(event["description"]).split("\n")
        assert lines[0] == f"Dermatomyositis; {clean(title, 60)} (octagam-10-us)"
        said, given = clean(message, 500).rstrip("."), clean(reason, 300)
        assert lines[-2] == f"STOP, OVERRIDDEN x: {said}. Reason given for overriding: {given}"
        assert lines[-1] == CHECK
    assert Calendar.from_ical(ics).to_ical() == ics
    assert to_ics(plan, previous=ics) == ics


def test_missing_library_is_named(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "icalendar", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'ivigcalc\[calendar\]'"):
        to_ics(plan)


@pytest.mark.parametrize(
    ("zone", "start"),
    [("America/New_York", "2027-03-13"), ("Europe/London", "2027-03-27"), ("Europe/London", "2027-10-30")],
)
def test_an_event_through_a_change_of_clocks_lasts_as_long_as_the_visit(zone: str, start: str) -> None:
    plan = papers.dermatomyositis(
        start=start,
        at="22:00",
        courses="1",
        weighed_on=None,
        site=papers.clinic(open={}, holidays=None, time_zone=zone),
    )
    for event in events(to_ics(plan)).values():
        start_utc, end_utc = (event[key].dt.astimezone(UTC) for key in ("dtstart", "dtend"))
        assert end_utc - start_utc == timedelta(hours=6, minutes=13)  # 45 min, 4 h 48 min, 40 min
        assert event["dtstart"].params["TZID"] == zone


def test_without_visit_times_the_event_is_the_infusion() -> None:
    first = next(iter(events(to_ics(papers.dermatomyositis(site=papers.clinic(visit={})))).values()))
    assert [f"{first[key].dt:%H:%M}" for key in ("dtstart", "dtend")] == ["09:00", "13:48"]
