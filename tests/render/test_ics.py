from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar, Event

from ivigcalc.engine.plan import Notice, Plan
from ivigcalc.errors import IvigcalcError, MissingExtraError, RequestError
from ivigcalc.render.ics import to_ics
from ivigcalc.render.words import clean

from . import papers

CHECK = "Results must be checked by a qualified person before use."

#: icalendar reads the zone tables of tzdata without naming their encoding
pytestmark = pytest.mark.filterwarnings("ignore:'encoding' argument not specified:EncodingWarning")


def events(ics: bytes) -> dict[str, Event]:
    """UID -> event."""
    found = list(Calendar.from_ical(ics).walk("VEVENT"))
    by_uid = {str(event["uid"]): event for event in found}
    assert len(by_uid) == len(found)
    return by_uid


def states(ics: bytes) -> dict[str, tuple[int, str, str]]:
    """Course and day -> sequence, status, start."""
    return {
        uid.split("@")[0].partition("-")[2]: (
            int(event["sequence"]),
            str(event["status"]),
            f"{event['dtstart'].dt:%m-%dT%H:%M}",
        )
        for uid, event in events(ics).items()
    }


@pytest.fixture(scope="module")
def plan() -> Plan:
    return papers.dermatomyositis()


def test_first_export(plan: Plan) -> None:
    assert states(to_ics(plan)) == {
        "dermatomyositis-c1-d1": (0, "CONFIRMED", "12-01T09:00"),
        "dermatomyositis-c1-d2": (0, "CONFIRMED", "12-02T09:00"),
        "dermatomyositis-c2-d1": (0, "CONFIRMED", "12-29T09:00"),
        "dermatomyositis-c2-d2": (0, "CONFIRMED", "12-30T09:00"),
    }


def test_one_event_in_full(plan: Plan) -> None:
    event = next(iter(events(to_ics(plan)).values()))
    zone = ZoneInfo("America/New_York")
    assert event["summary"] == "IVIG infusion 72 g (course 1, day 1)"
    assert event["dtstart"].dt == datetime(2026, 12, 1, 9, 0, tzinfo=zone)
    assert event["dtstart"].params["TZID"] == "America/New_York"
    assert event["dtend"].dt == datetime(2026, 12, 1, 13, 48, tzinfo=zone)
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
        datetime(s.on.year, s.on.month, s.on.day, 9, tzinfo=ZoneInfo(name)) for s in plan.sessions if s.on
    ]


def test_without_a_time_zone_times_float() -> None:
    ics = to_ics(papers.dermatomyositis(site=papers.clinic(time_zone=None)))
    assert b"VTIMEZONE" not in ics
    assert b"DTSTART:20261201T090000\r\n" in ics


@pytest.mark.parametrize("name", ["Mars/Olympus", "../../etc/passwd", "x" * 300, "Europe/Lon don"])
def test_unknown_time_zone_is_refused(name: str) -> None:
    with pytest.raises(RequestError, match="time_zone"):
        to_ics(papers.dermatomyositis(site=papers.clinic(time_zone=name)))


def test_moved_sessions_count_up_and_lost_ones_are_cancelled(plan: Plan) -> None:
    first = to_ics(plan)
    later = to_ics(papers.dermatomyositis(at="10:00", courses="1"), previous=first)
    assert states(later) == {
        "dermatomyositis-c1-d1": (1, "CONFIRMED", "12-01T10:00"),
        "dermatomyositis-c1-d2": (1, "CONFIRMED", "12-02T10:00"),
        "dermatomyositis-c2-d1": (1, "CANCELLED", "12-29T09:00"),
        "dermatomyositis-c2-d2": (1, "CANCELLED", "12-30T09:00"),
    }
    # exported again, nothing counts further; cancelled sessions stay cancelled
    assert to_ics(papers.dermatomyositis(at="10:00", courses="1"), previous=later) == later
    # and planned again, they come back under a higher number
    assert states(to_ics(plan, previous=later)) == {
        "dermatomyositis-c1-d1": (2, "CONFIRMED", "12-01T09:00"),
        "dermatomyositis-c1-d2": (2, "CONFIRMED", "12-02T09:00"),
        "dermatomyositis-c2-d1": (2, "CONFIRMED", "12-29T09:00"),
        "dermatomyositis-c2-d2": (2, "CONFIRMED", "12-30T09:00"),
    }


def test_only_what_changed_counts_up(plan: Plan) -> None:
    sessions = (*plan.sessions[:3], plan.sessions[3]._replace(at_min=600))
    moved = to_ics(replace(plan, sessions=sessions), previous=to_ics(plan))
    assert [state[0] for state in states(moved).values()] == [0, 0, 0, 1]


@given(st.lists(st.tuples(st.sampled_from(["08:00", "09:00", "11:30"]), st.integers(1, 3)), min_size=1, max_size=5))
def test_any_chain_of_exports_updates_and_never_doubles(chain: list[tuple[str, int]]) -> None:
    """After any number of revisions: the planned sessions are the confirmed ones, and no number ever falls."""
    previous: bytes | None = None
    numbers: dict[str, int] = {}
    for at, courses in chain:
        plan = cached(at, courses)
        ics = to_ics(plan, previous)
        found = states(ics)
        confirmed = {key for key, (_, status, _) in found.items() if status == "CONFIRMED"}
        assert confirmed == {f"dermatomyositis-c{s.course}-d{s.day}" for s in plan.sessions}
        assert set(numbers) <= set(found)
        assert all(found[key][0] >= number for key, number in numbers.items())
        numbers = {key: number for key, (number, _, _) in found.items()}
        previous = ics


def cached(at: str, courses: int, kept: dict[tuple[str, int], Plan] = {}) -> Plan:  # noqa: B006 - a cache
    if (at, courses) not in kept:
        kept[at, courses] = papers.dermatomyositis(at=at, courses=str(courses))
    return kept[at, courses]


def uids(**words: Any) -> set[str]:
    return set(events(to_ics(papers.dermatomyositis(**words))))


def test_identity_follows_the_patient_and_not_the_weight_or_the_name() -> None:
    assert uids(name="Another Name") == uids()
    assert uids(weighed_on="2026-11-25", courses="1") < uids()
    assert uids(patient_id="MRN 004-218").isdisjoint(uids())
    by_name: dict[str, Any] = {"patient_id": None, "age": None, "birth_date": "1972-03-09"}
    assert uids(**by_name).isdisjoint(uids())
    assert uids(**{**by_name, "birth_date": "1973-03-09"}).isdisjoint(uids(**by_name))


def test_renewed_order_leaves_the_appointments_of_the_one_before_alone() -> None:
    assert all(".20261201-" in uid for uid in uids())
    for whose in ({}, {"patient_id": None}, {"patient_id": None, "name": None}):
        assert uids(**whose, start="2027-01-26").isdisjoint(uids(**whose))


def test_moved_order_is_found_again_by_its_earlier_file(plan: Plan) -> None:
    later = papers.dermatomyositis(start="2026-12-08", courses="1")
    first = to_ics(plan)
    moved = to_ics(later, previous=first)
    assert set(events(moved)) == set(events(first))
    assert states(moved) == {
        "dermatomyositis-c1-d1": (1, "CONFIRMED", "12-08T09:00"),
        "dermatomyositis-c1-d2": (1, "CONFIRMED", "12-09T09:00"),
        "dermatomyositis-c2-d1": (1, "CANCELLED", "12-29T09:00"),
        "dermatomyositis-c2-d2": (1, "CANCELLED", "12-30T09:00"),
    }
    assert to_ics(later, previous=moved) == moved
    assert {state[:2] for state in states(to_ics(plan, previous=moved)).values()} == {(2, "CONFIRMED")}


def test_file_from_before_the_start_was_in_the_identity_goes_on(plan: Plan) -> None:
    old = to_ics(plan).replace(b".20261201-", b"-")
    assert set(events(to_ics(papers.dermatomyositis(at="10:00"), previous=old))) == set(events(old))
    assert to_ics(plan, previous=old) == old


def test_file_of_several_orders_changes_the_one_that_starts_on_the_day(plan: Plan) -> None:
    renewed = papers.dermatomyositis(start="2027-01-26")
    both = Calendar.from_ical(to_ics(plan))
    for event in Calendar.from_ical(to_ics(renewed)).walk("VEVENT"):
        both.add_component(event)
    changed = to_ics(papers.dermatomyositis(start="2027-01-26", at="10:00"), previous=both.to_ical())
    assert set(events(changed)) == set(events(to_ics(renewed)))
    assert {state[:2] for state in states(changed).values()} == {(1, "CONFIRMED")}
    with pytest.raises(RequestError, match="several orders") as refused:
        to_ics(papers.dermatomyositis(start="2027-02-02"), previous=both.to_ical())
    assert refused.value.field == "previous"


def test_file_of_another_patient_is_refused(plan: Plan) -> None:
    other = to_ics(papers.dermatomyositis(patient_id="MRN 9"))
    with pytest.raises(RequestError, match="another patient") as refused:
        to_ics(plan, previous=other)
    assert refused.value.field == "previous"


def test_patient_without_name_keeps_the_identity_of_the_earlier_file() -> None:
    nobody: dict[str, Any] = {"patient_id": None, "name": None}
    first = to_ics(papers.dermatomyositis(**nobody))
    moved = to_ics(papers.dermatomyositis(**nobody, start="2026-12-08"), previous=first)
    assert set(events(moved)) == set(events(first))
    assert {state[0] for state in states(moved).values()} == {1}
    assert set(events(to_ics(papers.dermatomyositis(**nobody, start="2026-12-08")))).isdisjoint(events(first))


def test_other_peoples_events_are_left_alone(plan: Plan) -> None:
    mixed = Calendar.from_ical(to_ics(plan))
    stranger = Event()
    stranger.add("uid", "lunch@example.org")
    stranger.add("dtstart", datetime(2026, 12, 1, 12, tzinfo=UTC))
    mixed.add_component(stranger)
    assert to_ics(plan, previous=mixed.to_ical()) == to_ics(plan)


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
    late = papers.dermatomyositis(at="16:00")
    for session, event in zip(late.sessions, events(to_ics(late)).values(), strict=True):
        assert str(event["description"]).count("past-closing") == 1
        assert f"course {session.course} day {session.day}, {session.date}" in event["description"]


def test_end_on_the_next_day_and_no_end_without_rates() -> None:
    first = next(iter(events(to_ics(papers.overnight())).values()))
    # 22:00 and 4 h 48 min
    assert f"{first['dtend'].dt:%Y-%m-%dT%H:%M}" == "2026-12-02T02:48"
    assert "Infusion: 22:00 to 02:48 +1 d, 4 h 48 min" in first["description"]
    for event in events(to_ics(papers.without_rates())).values():
        assert "dtend" not in event
        assert "rate-not-published" in event["description"]


def test_visit_that_begins_on_the_day_before_says_so() -> None:
    early = papers.dermatomyositis(at="00:30", courses="1", site=papers.clinic(open={}))
    first = next(iter(events(to_ics(early)).values()))
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
    plan = cached("09:00", 1)
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


def with_event(*lines: bytes) -> bytes:
    """A calendar file with one event of these lines."""
    event = (b"BEGIN:VEVENT", *lines, b"END:VEVENT")
    return b"".join(line + b"\r\n" for line in (b"BEGIN:VCALENDAR", *event, b"END:VCALENDAR"))


BROKEN = [
    b"",
    b"not a calendar",
    b"BEGIN:VCALENDAR",
    b"\xff\xfe\x00",
    b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n" * 2,
    with_event(b"UID:a@ivigcalc"),
    with_event(b"UID:a@ivigcalc", b"DTSTART:tomorrow"),
    with_event(b"UID:a@ivigcalc", b"DTSTART:20261201T090000", b"SEQUENCE:two"),
]


@pytest.mark.parametrize("previous", BROKEN)
def test_broken_earlier_file_is_refused(plan: Plan, previous: bytes) -> None:
    with pytest.raises(RequestError) as refused:
        to_ics(plan, previous=previous)
    assert refused.value.field == "previous"


@given(st.integers(0, 4000), st.binary(max_size=12), st.integers(0, 40))
def test_damaged_earlier_file_never_ends_in_anything_but_a_refusal(place: int, noise: bytes, length: int) -> None:
    good = to_ics(cached("09:00", 1))
    damaged = good[:place] + noise + good[place + length :]
    try:
        ics = to_ics(cached("11:30", 1), previous=damaged)
    except IvigcalcError:
        return
    planned = {key for key, (_, status, _) in states(ics).items() if status == "CONFIRMED"}
    assert planned == {"dermatomyositis-c1-d1", "dermatomyositis-c1-d2"}


def test_missing_library_is_named(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "icalendar", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'ivigcalc\[calendar\]'"):
        to_ics(plan)


#: the one of the environment that the tests run in, before any other
KHAL_PROGRAM = shutil.which(
    "khal", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
)
KHAL = """\
[calendars]
[[ward]]
path = {folder}/ward
type = calendar
[locale]
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
local_timezone = America/New_York
default_timezone = America/New_York
[sqlite]
path = {folder}/khal.db
[default]
default_calendar = ward
"""


@pytest.mark.slow
@pytest.mark.skipif(KHAL_PROGRAM is None, reason="khal is not installed")
def test_khal_imports_updates_and_cancels(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "ward").mkdir()
    (tmp_path / "khal.conf").write_text(KHAL.format(folder=tmp_path), encoding="utf-8")

    def khal(*words: str) -> str:
        command = [str(KHAL_PROGRAM), "--config", str(tmp_path / "khal.conf"), *words]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def after(ics: bytes) -> list[str]:
        file = tmp_path / "plan.ics"
        file.write_bytes(ics)
        khal("import", "--batch", str(file))
        listed = khal("list", "--format", "{start-date} {start-time}-{end-time} {title} {status}", "2026-11-01", "90d")
        return [line.strip() for line in listed.splitlines() if "IVIG" in line]

    first = to_ics(plan, alarm_min=60)
    assert after(first) == [
        "2026-12-01 09:00-13:48 IVIG infusion 72 g (course 1, day 1) CONFIRMED",
        "2026-12-02 09:00-13:48 IVIG infusion 72 g (course 1, day 2) CONFIRMED",
        "2026-12-29 09:00-13:48 IVIG infusion 72 g (course 2, day 1) CONFIRMED",
        "2026-12-30 09:00-13:48 IVIG infusion 72 g (course 2, day 2) CONFIRMED",
    ]
    assert after(to_ics(papers.dermatomyositis(at="10:00", courses="1"), previous=first)) == [
        "2026-12-01 10:00-14:48 IVIG infusion 72 g (course 1, day 1) CONFIRMED",
        "2026-12-02 10:00-14:48 IVIG infusion 72 g (course 1, day 2) CONFIRMED",
        "2026-12-29 09:00-13:48 IVIG infusion 72 g (course 2, day 1) CANCELLED",
        "2026-12-30 09:00-13:48 IVIG infusion 72 g (course 2, day 2) CANCELLED",
    ]
