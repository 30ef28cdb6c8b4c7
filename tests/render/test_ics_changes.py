from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar, Event
from msgspec.structs import replace

from ivigcalc.engine.plan import Plan
from ivigcalc.errors import IvigcalcError, RequestError
from ivigcalc.render.ics import to_ics

from . import papers
from .khal import khal_after
from .papers import events, states

#: icalendar reads the zone tables of tzdata without naming their encoding
pytestmark = pytest.mark.filterwarnings("ignore:'encoding' argument not specified:EncodingWarning")


def test_moved_sessions_count_up_and_lost_ones_are_cancelled(plan: Plan) -> None:
    first = to_ics(plan)
    later = to_ics(papers.dermatomyositis(at="10:00", courses="1"), previous=first)
    assert states(later) == {
        "dermatomyositis-c1-d1": (1, "CONFIRMED", "12-01T09:15"),
        "dermatomyositis-c1-d2": (1, "CONFIRMED", "12-02T09:15"),
        "dermatomyositis-c2-d1": (1, "CANCELLED", "12-29T08:15"),
        "dermatomyositis-c2-d2": (1, "CANCELLED", "12-30T08:15"),
    }
    # exported again, nothing counts further; cancelled sessions stay cancelled
    assert to_ics(papers.dermatomyositis(at="10:00", courses="1"), previous=later) == later
    # and planned again, they come back under a higher number
    assert states(to_ics(plan, previous=later)) == {
        "dermatomyositis-c1-d1": (2, "CONFIRMED", "12-01T08:15"),
        "dermatomyositis-c1-d2": (2, "CONFIRMED", "12-02T08:15"),
        "dermatomyositis-c2-d1": (2, "CONFIRMED", "12-29T08:15"),
        "dermatomyositis-c2-d2": (2, "CONFIRMED", "12-30T08:15"),
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
        plan = papers.planned_once(at, courses)
        ics = to_ics(plan, previous)
        found = states(ics)
        confirmed = {key for key, (_, status, _) in found.items() if status == "CONFIRMED"}
        assert confirmed == {f"dermatomyositis-c{s.course}-d{s.day}" for s in plan.sessions}
        assert set(numbers) <= set(found)
        assert all(found[key][0] >= number for key, number in numbers.items())
        numbers = {key: number for key, (number, _, _) in found.items()}
        previous = ics


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
        "dermatomyositis-c1-d1": (1, "CONFIRMED", "12-08T08:15"),
        "dermatomyositis-c1-d2": (1, "CONFIRMED", "12-09T08:15"),
        "dermatomyositis-c2-d1": (1, "CANCELLED", "12-29T08:15"),
        "dermatomyositis-c2-d2": (1, "CANCELLED", "12-30T08:15"),
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
    good = to_ics(papers.planned_once("09:00", 1))
    damaged = good[:place] + noise + good[place + length :]
    try:
        ics = to_ics(papers.planned_once("11:30", 1), previous=damaged)
    except IvigcalcError:
        return
    planned = {key for key, (_, status, _) in states(ics).items() if status == "CONFIRMED"}
    assert planned == {"dermatomyositis-c1-d1", "dermatomyositis-c1-d2"}


@pytest.mark.slow
def test_khal_imports_updates_and_cancels(plan: Plan, tmp_path: Path) -> None:
    def after(ics: bytes) -> list[str]:
        return khal_after(tmp_path, ics, "{start-date} {start-time}-{end-time} {title} {status}")

    first = to_ics(plan, alarm_min=60)
    assert after(first) == [
        "2026-12-01 08:15-14:28 IVIG infusion 72 g (course 1, day 1) CONFIRMED",
        "2026-12-02 08:15-14:28 IVIG infusion 72 g (course 1, day 2) CONFIRMED",
        "2026-12-29 08:15-14:28 IVIG infusion 72 g (course 2, day 1) CONFIRMED",
        "2026-12-30 08:15-14:28 IVIG infusion 72 g (course 2, day 2) CONFIRMED",
    ]
    assert after(to_ics(papers.dermatomyositis(at="10:00", courses="1"), previous=first)) == [
        "2026-12-01 09:15-15:28 IVIG infusion 72 g (course 1, day 1) CONFIRMED",
        "2026-12-02 09:15-15:28 IVIG infusion 72 g (course 1, day 2) CONFIRMED",
        "2026-12-29 08:15-14:28 IVIG infusion 72 g (course 2, day 1) CANCELLED",
        "2026-12-30 08:15-14:28 IVIG infusion 72 g (course 2, day 2) CANCELLED",
    ]


# ---- what has been ---------------------------------------------------------------------------------------------------


def asked(plan: Plan, on: date | None) -> Plan:
    """The same plan, asked for on a day."""
    source = plan.computed_from
    return replace(plan, computed_from=replace(source, request=replace(source.request, on=on)))


def six_from_september() -> Plan:
    """Courses of two days from 1 and 29 September, 27 October, 24 November, 22 December and 19 January."""
    return papers.dermatomyositis(start="2026-09-01", courses="6", weighed_on=None, site=papers.clinic(holidays=None))


def renewed_in_december(**words: Any) -> Plan:
    said = {"start": "2026-12-29", "courses": "2", "site": papers.clinic(holidays=None), **words}
    return papers.dermatomyositis(**said)


PAST = [f"dermatomyositis-c{course}-d{day}" for course in range(1, 5) for day in (1, 2)]
TO_COME = {
    "dermatomyositis-c5-d1": (1, "CONFIRMED", "12-29T08:15"),
    "dermatomyositis-c5-d2": (1, "CONFIRMED", "12-30T08:15"),
    "dermatomyositis-c6-d1": (1, "CONFIRMED", "01-26T08:15"),
    "dermatomyositis-c6-d2": (1, "CONFIRMED", "01-27T08:15"),
}


@pytest.mark.parametrize(
    ("last", "on"), [("2026-11-25", None), (None, date(2026, 11, 26)), ("2026-11-25", date(2026, 11, 1))]
)
def test_what_has_been_is_neither_moved_nor_cancelled(last: str | None, on: date | None) -> None:
    """Kept is what lies before the day after the last infusion, or before the day of asking; the rest counts on."""
    first = to_ics(six_from_september())
    new = asked(renewed_in_december(last_infusion=last), on)
    second = to_ics(new, previous=first)
    found = states(second)
    assert {key: found[key] for key in PAST} == {key: states(first)[key] for key in PAST}
    assert {key: state for key, state in found.items() if key not in PAST} == TO_COME
    assert to_ics(new, previous=second) == second


def test_what_is_after_the_last_infusion_is_moved() -> None:
    """With the first day of the fourth course as the last infusion, its second day has not been: it is cancelled."""
    new = renewed_in_december(last_infusion="2026-11-24")
    found = states(to_ics(new, previous=to_ics(six_from_september())))
    assert found.pop("dermatomyositis-c4-d2") == (1, "CANCELLED", "11-25T08:15")
    assert {key: found.pop(key) for key in TO_COME} == TO_COME
    assert set(found) < set(PAST)


def test_a_plan_that_began_in_the_past_changes_only_what_is_to_come() -> None:
    plan = six_from_september()
    later = asked(replace(plan, sessions=tuple(s._replace(at_min=600) for s in plan.sessions)), date(2026, 11, 25))
    found = states(to_ics(later, previous=to_ics(plan)))
    assert [key for key, (number, _, _) in found.items() if number == 0] == PAST[:7]
    assert found["dermatomyositis-c4-d2"] == (1, "CONFIRMED", "11-25T09:15")
    assert len(found) == 12


def test_an_event_whose_block_grows_to_the_visit_is_an_update_and_past_ones_stay(plan: Plan) -> None:
    bare = to_ics(papers.dermatomyositis(site=papers.clinic(visit={})))
    found = states(to_ics(asked(plan, date(2026, 12, 2)), previous=bare))
    assert found == {
        "dermatomyositis-c1-d1": (0, "CONFIRMED", "12-01T09:00"),
        "dermatomyositis-c1-d2": (1, "CONFIRMED", "12-02T08:15"),
        "dermatomyositis-c2-d1": (1, "CONFIRMED", "12-29T08:15"),
        "dermatomyositis-c2-d2": (1, "CONFIRMED", "12-30T08:15"),
    }
