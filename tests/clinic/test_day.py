"""One day of a clinic from saved plans: who comes when, to which chair, and which vials are taken."""

import csv
import io
import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import helpers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader
from replan.saved import first, reaction
from typer.testing import CliRunner

from ivigcalc.cli.app import build
from ivigcalc.clinic.day import ClinicDay, Visit, _overlaps, _seated, clinic_day
from ivigcalc.definitions import NO_SITE, Loaded, Site
from ivigcalc.document.many import read_all
from ivigcalc.document.write import document, to_json
from ivigcalc.engine.plan import Plan
from ivigcalc.errors import RequestError
from ivigcalc.quantity import quantity
from ivigcalc.render.day import clock_on, to_table
from ivigcalc.render.day import to_json as to_day_json

WARD = helpers.a_site(
    chairs="2",
    stock={"octagam-10-us": {"2 g": "20", "5 g": "20", "10 g": "3", "20 g": "20", "30 g": "4"}},
    visit={"arrival": "15 min", "premedication": "30 min", "flush": "10 min", "observation": "30 min"},
)


def a_plan(weight: str, at: str | None, site: Loaded[Site] = WARD, **words: Any) -> Plan:
    words = {"age": "54y", "start": "2026-12-01", "courses": "2"} | words
    return helpers.plan("dermatomyositis", "octagam-10-us", weight, at=at, site=site, **words)


def the_day(plans: Iterable[Plan], on: str = "2026-12-01", site: Site = WARD.value) -> ClinicDay:
    return clinic_day(
        date.fromisoformat(on), [(f"p{number}.json", document(plan)) for number, plan in enumerate(plans, 1)], site
    )


FOUR = [
    a_plan("72kg", "09:00", name="Ada One", patient_id="M1"),
    a_plan("55kg", "09:30", patient_id="M2"),
    a_plan("90kg", "10:00"),
    a_plan("64kg", "15:30", name="Dora Four"),
]


# ---- who, when, where ------------------------------------------------------------------------------------------------


def test_a_visit_is_from_arrival_to_leaving() -> None:
    """Octagam 10 %, 1 g/kg a day, lasts 4 h 48 min whatever the weight; 45 min before it, 40 min after it."""
    first = the_day(FOUR).visits[0]
    assert (first.who, first.course, first.day) == ("Ada One", 1, 1)
    times = [f"{moment:%H:%M}" for moment in (first.arrives, first.starts, first.ends, first.leaves) if moment]
    assert times == ["08:15", "09:00", "13:48", "14:28"]


def test_each_takes_the_lowest_chair_that_is_free_when_he_arrives() -> None:
    # the fourth arrives at 14:45, when the first has left (14:28) and the others have not (14:58, 15:28)
    assert [(visit.who, visit.chair) for visit in the_day(FOUR).visits] == [
        ("Ada One", 1),
        ("id M2", 2),
        ("p3.json", 3),
        ("Dora Four", 1),
    ]


def test_more_patients_than_chairs_are_named_with_the_time() -> None:
    found = [(f"{o.starts:%H:%M}", f"{o.ends:%H:%M}", len(o.visits)) for o in the_day(FOUR).overlaps]
    assert found == [("09:15", "14:28", 3), ("14:45", "14:58", 3)]


def test_without_chairs_in_the_site_none_are_too_few() -> None:
    day = the_day(FOUR, site=NO_SITE)
    assert (day.chairs, day.chairs_needed, day.overlaps) == (None, 3, ())


def test_other_days_are_left_out() -> None:
    assert [visit.day for visit in the_day(FOUR, "2026-12-02").visits] == [2, 2, 2, 2]
    assert the_day(FOUR, "2026-12-03").visits == ()


def test_who_is_still_there_from_the_day_before_is_on_the_list_and_takes_no_more_vials() -> None:
    day = the_day([a_plan("72kg", "22:00")], "2026-12-02")
    over_night, second = day.visits
    assert (over_night.day, over_night.on, over_night.chair) == (1, date(2026, 12, 1), 1)
    assert (second.day, day.dose_g) == (2, 72)
    assert sum(found.count * found.size_g for found in day.taken) == 72


def test_without_a_time_of_day_a_visit_stands_last_and_has_no_chair() -> None:
    first, last = the_day([a_plan("72kg", None), FOUR[3]]).visits
    assert (first.who, last.chair, last.arrives) == ("Dora Four", None, None)


def test_warnings_are_those_of_the_visit() -> None:
    late = a_plan("72kg", "15:00", helpers.a_site(open={"tue": "08:00-17:00", "wed": "08:00-24:00"}))
    assert "past-closing" in the_day([late]).visits[0].warnings
    assert "past-closing" not in the_day([late], "2026-12-02").visits[0].warnings


# ---- the night in which clocks are put back: 25 October 2026, 02:00 BST is 01:00 GMT -----------------------------------

LONDON = helpers.a_site(
    chairs="1",
    time_zone="Europe/London",
    visit={"arrival": "15 min", "premedication": "30 min", "flush": "10 min", "observation": "30 min"},
)
ONLY_ARRIVAL = helpers.a_site(time_zone="Europe/London", visit={"arrival": "15 min"})


def in_october(start: str, at: str, site: Loaded[Site] = LONDON, weight: str = "72kg") -> Plan:
    return a_plan(weight, at, site, start=start, courses="1")


def clocks(day: ClinicDay) -> list[tuple[str, str, int | None]]:
    return [(clock_on(visit.arrives, day.on), clock_on(visit.leaves, day.on), visit.chair) for visit in day.visits]


def test_a_chair_is_free_when_its_patient_left_and_not_when_the_wall_says_so_again() -> None:
    """01:50 in summer time is half an hour before 01:20 in winter time, though the clock on the wall shows more."""
    plans = [in_october("2026-10-24", "20:22"), in_october("2026-10-25", "02:05")]
    day = the_day(plans, "2026-10-25", LONDON.value)
    first_night = [found for found in clocks(day) if "+" not in found[1]][:2]
    assert first_night == [("19:37 -1 d", "01:50 (1st)", 1), ("01:20 (2nd)", "07:33", 1)]
    assert day.overlaps == ()


def test_a_chair_is_not_free_because_the_wall_is_past_the_time() -> None:
    """01:10 in winter time is later than 01:20 in summer time: for fifty minutes both are there."""
    plans = [in_october("2026-10-24", "20:42"), in_october("2026-10-25", "01:35", ONLY_ARRIVAL)]
    day = the_day(plans, "2026-10-25", LONDON.value)
    [overlap] = day.overlaps
    assert (clock_on(overlap.starts, day.on), clock_on(overlap.ends, day.on)) == ("01:20 (1st)", "01:10 (2nd)")
    assert "CAUTION 01:20 (1st) to 01:10 (2nd): 2 patients for 1 chair:" in to_table(day, width=200)
    assert day.chairs_needed == 2


def test_without_a_time_zone_the_wall_is_all_that_is_known() -> None:
    plans = [in_october("2026-10-24", "20:22"), in_october("2026-10-25", "02:05")]
    day = the_day(plans, "2026-10-25", WARD.value)
    assert day.chairs_needed == 2
    assert clocks(day)[0] == ("19:37 -1 d", "01:50", 1)


def test_a_leaving_time_that_may_be_either_keeps_the_chair_longer() -> None:
    """The plan was made with 70 min after the infusion and the site of the list has 40: 01:40 may be both."""
    longer = LONDON.value.visit.model_copy(update={"observation": quantity("60 min", "time")})
    made_with = Loaded(LONDON.value.model_copy(update={"visit": longer}), "", "x.yaml")
    plan = in_october("2026-10-24", "20:42", made_with)  # ends 01:30 in summer time
    [visit, *_] = the_day([plan], "2026-10-25", LONDON.value).visits
    assert clock_on(visit.leaves, date(2026, 10, 25)) == "01:40 (2nd)"


def test_the_document_has_the_clock_on_the_wall_as_the_plan_has_it() -> None:
    day = the_day([in_october("2026-10-24", "20:42")], "2026-10-25", LONDON.value)
    assert json.loads(to_day_json(day))["visits"][0]["leaves"] == "2026-10-25T01:10"


# ---- vials -----------------------------------------------------------------------------------------------------------


def test_vials_are_added_up_by_size_and_held_against_the_stock() -> None:
    # 72 = 2x30 + 10 + 2; 55 = 30 + 20 + 5; 90 = 3x30; 64 = 2x30 + 2x2
    taken = {int(found.size_g): (found.count, found.held, found.lacking) for found in the_day(FOUR).taken}
    assert taken == {30: (8, 4, 4), 20: (1, 20, 0), 10: (1, 3, 0), 5: (1, 20, 0), 2: (3, 20, 0)}


def test_without_a_stock_nothing_is_said_to_be_held() -> None:
    assert {found.held for found in the_day(FOUR, site=NO_SITE).taken} == {None}


def test_a_patient_of_two_plans_on_one_day_is_pointed_out() -> None:
    day = the_day([FOUR[0], FOUR[1], FOUR[0]])
    assert len(day.twice) == 1
    assert "Ada One comes 2 times (p1.json, p3.json)" in day.twice[0]
    assert the_day([FOUR[2], a_plan("91kg", "12:00")]).twice == ()  # neither has a name: two people


def test_a_plan_beside_what_it_was_changed_to_is_pointed_out() -> None:
    plan = first()
    [said] = the_day([plan, reaction(plan, "10:51", "11:21", "half")]).twice
    assert "comes 2 times (p1.json, p2.json)" in said


# ---- chairs: the property --------------------------------------------------------------------------------------------


def a_visit(arrives_min: int, minutes: int) -> Visit:
    arrives = datetime(2026, 12, 1) + timedelta(minutes=arrives_min)  # noqa: DTZ001 - the clock on the wall
    leaves = arrives + timedelta(minutes=minutes)
    none: tuple[Any, ...] = ()
    return Visit(
        None,
        None,
        "itp",
        "x",
        1,
        1,
        arrives.date(),
        arrives,
        arrives,
        leaves,
        leaves,
        Decimal(1),
        None,
        none,
        none,
        "p",
    )


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(1, 400)), max_size=12))
def test_no_chair_holds_two_at_once_and_no_chair_more_is_used_than_must_be(times: list[tuple[int, int]]) -> None:
    visits = sorted((a_visit(*time) for time in times), key=lambda visit: (visit.arrives, visit.leaves))
    seated = list(_seated(visits))
    moments = {visit.arrives for visit in seated if visit.arrives}
    most_at_once = 0
    for moment in moments:
        there = [v for v in seated if v.arrives and v.leaves and v.arrives <= moment < v.leaves]
        assert len({visit.chair for visit in there}) == len(there)
        most_at_once = max(most_at_once, len(there))
    assert max((visit.chair or 0 for visit in seated), default=0) == most_at_once
    assert bool(list(_overlaps(seated, most_at_once))) is False
    if most_at_once > 1:
        assert list(_overlaps(seated, most_at_once - 1))


# ---- files -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, plan in enumerate(FOUR, 1):
        (tmp_path / f"p{number}.json").write_text(to_json(plan), encoding="utf-8")
    (tmp_path / "site.yaml").write_text("kind: site\nschema: 2\nid: ward\nchairs: 2\n", encoding="utf-8")
    return tmp_path


def test_a_folder_is_all_the_plans_in_it(folder: Path) -> None:
    assert len(list(read_all([folder]))) == 4
    lines = folder / "plans.jsonl"
    lines.write_text("".join(json.dumps(json.loads(to_json(plan))) + "\n" for plan in FOUR[:2]), encoding="utf-8")
    assert [kept.name for kept in read_all([folder])] == [f"{lines}, line 1", f"{lines}, line 2"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{}", "its schema must be ivigcalc.plan/1"),
        ('{"schema": "ivigcalc.plan/1"}', "its ivigcalc_version is missing"),
        ("not json", "is not a saved plan"),
    ],
)
def test_what_is_no_plan_is_refused_by_its_name(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "x.json").write_text(text, encoding="utf-8")
    with pytest.raises(RequestError, match=r"x\.json is not a saved plan") as refused:
        list(read_all([tmp_path]))
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"date": "2026-12-01"', '"date": "x"'),
        ('"date": "2026-12-01"', '"date": "2026-02-31"'),
        ('"date": "2026-12-01"', '"date": "2026-12-01T09:00Z"'),
        ('"starts_at": "2026-12-01T09:00"', '"starts_at": "2026-12-01T09:00+01:00"'),
        ('"visit_from": "2026-12-01T08:15"', '"visit_from": "2026-12-01T08:15Z"'),
        ('"visit_to": "2026-12-01T14:28"', '"visit_to": "2026-13-01T14:28"'),
        ('"name": "Ada One"', '"name": 5'),
        ('"patient_id": "M1"', '"patient_id": ["M1"]'),
    ],
)
def test_a_plan_that_was_edited_is_refused_by_the_key_at_fault(old: str, new: str, tmp_path: Path) -> None:
    text = to_json(FOUR[0])
    assert old in text
    (tmp_path / "x.json").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(RequestError, match=new.partition(":")[0].strip('"')):
        list(read_all([tmp_path]))


@pytest.mark.parametrize("request_said", ["null", "[]", '"x"'])
def test_a_request_that_is_no_block_is_refused(request_said: str, tmp_path: Path) -> None:
    document = json.loads(to_json(FOUR[0]))
    document["computed_from"]["request"] = json.loads(request_said)
    (tmp_path / "x.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(RequestError, match=r"computed_from\.request"):
        list(read_all([tmp_path]))


def test_a_patient_who_arrives_before_midnight_is_on_the_list_of_that_day_too() -> None:
    """The infusion is at 00:10 on the second, arrival at 23:25 on the first."""
    plan = a_plan("72kg", "00:10", start="2026-12-02")
    [visit] = the_day([plan], "2026-12-01").visits
    assert (visit.on, visit.chair) == (date(2026, 12, 2), 1)
    assert the_day([plan], "2026-12-01").taken == ()


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="holds no saved plan"):
        list(read_all([tmp_path]))


def ask(*words: object) -> Any:
    return CliRunner().invoke(build("day"), ["day", *map(str, words)])


def test_the_command_writes_a_table_csv_and_json(folder: Path) -> None:
    table = ask("2026-12-01", folder, "--site", folder / "site.yaml").stdout
    assert "Infusions on Tuesday 1 December 2026: 4 visits, 281 g" in table
    assert "CAUTION 09:15 to 14:28: 3 patients for 2 chairs" in table
    found = ask("2026-12-01", folder, "-f", "csv")
    rows = list(csv.DictReader(io.StringIO(found.stdout)))
    assert [(row["patient_id"], row["arrives"], row["dose_g"]) for row in rows][:2] == [
        ("M1", "2026-12-01T08:15", "72"),
        ("M2", "2026-12-01T08:45", "55"),
    ]
    data = json.loads(ask("2026-12-01", folder, "-f", "json").stdout)
    assert (data["schema"], data["date"], data["dose_g"]) == ("ivigcalc.day/1", "2026-12-01", 281)
    assert [visit["chair"] for visit in data["visits"]] == [1, 2, 3, 1]


def test_a_table_for_machines_says_on_stderr_what_does_not_fit(folder: Path) -> None:
    said = ask("2026-12-01", folder, "--site", folder / "site.yaml", "-f", "csv").stderr
    assert "CAUTION 14:45 to 14:58: 3 patients for 2 chairs" in said
    assert ask("2026-12-01", folder, "--site", folder / "site.yaml", "-f", "csv", "-q").stderr == ""


def test_the_page_names_every_patient(folder: Path) -> None:
    pypdf = pytest.importorskip("pypdf")
    page = folder / "day.pdf"
    assert ask("2026-12-01", folder, "--site", folder / "site.yaml", "-f", "pdf", "-o", page).exit_code == 0
    text = " ".join(part.extract_text() for part in pypdf.PdfReader(page).pages)
    for words in ("Ada One", "id M2", "Dora Four", "08:15", "Vials to be taken from stock", "qualified person"):
        assert words in " ".join(text.split())


def test_the_command_writes_a_calendar_file_without_names_unless_initials_are_asked_for(folder: Path) -> None:
    file = folder / "day.ics"
    ran = ask("2026-12-01", folder, "-f", "ics", "-o", file)
    assert ran.exit_code == 0, ran.exception
    assert "the times of the calendar file float" in ran.stderr
    text = file.read_bytes().replace(b"\r\n ", b"").decode("utf-8")
    assert text.count("BEGIN:VEVENT") == 4
    assert not any(word in text for word in ("Ada", "Dora", "A.O.", "M1", "p1.json"))
    (folder / "p2.json").unlink()
    (folder / "p3.json").unlink()  # who has no name
    ran = ask("2026-12-01", folder, "-f", "ics", "-o", file, "--initials")
    assert ran.exit_code == 0, ran.exception
    assert "SUMMARY:Chair 1: A.O. IVIG infusion 72 g" in file.read_bytes().decode("utf-8")
    refused = ask("2026-12-01", folder, "-f", "csv", "--initials").exception
    assert isinstance(refused, RequestError)


def test_the_page_of_the_day_has_clinic_paper_and_clock_of_the_site(folder: Path) -> None:
    site, page = folder / "american.yaml", folder / "day.pdf"
    lines = (
        "kind: site",
        "schema: 2",
        "id: ward",
        "locale: en-US",
        "title: St Elsewhere",
        "address: 1 Long Street",
        "phone: +1 555 0100",
    )
    site.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert ask("2026-12-01", folder, "--site", site, "-f", "pdf", "-o", page).exit_code == 0
    pdf = PdfReader(page)
    assert round(float(pdf.pages[0].mediabox.height)) == 612  # letter, across
    for part in pdf.pages:
        text = " ".join(part.extract_text().split())
        assert "St Elsewhere, 1 Long Street, +1 555 0100" in text
    assert "Infusions on Tuesday, December 1, 2026" in " ".join(pdf.pages[0].extract_text().split())
    table = ask("2026-12-01", folder, "--site", site).stdout
    for words in ("St Elsewhere, 1 Long Street, +1 555 0100", "8:15 AM", "December 1, 2026"):
        assert words in table
    rows = list(csv.DictReader(io.StringIO(ask("2026-12-01", folder, "--site", site, "-f", "csv").stdout)))
    assert rows[0]["arrives"] == "2026-12-01T08:15"
    assert ask("2026-12-01", folder, "--site", site, "-f", "pdf", "--paper", "a4", "-o", page).exit_code == 0
    assert round(float(PdfReader(page).pages[0].mediabox.height)) == 595


def test_a_day_that_is_none_is_refused(folder: Path) -> None:
    ran = ask("1 Dec 2026", folder)
    assert isinstance(ran.exception, RequestError)
    assert "is not a date as YYYY-MM-DD" in str(ran.exception)
