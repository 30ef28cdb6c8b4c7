"""A changed plan on every face: each session under its own product and weight, what was interrupted from there on."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import helpers
import pytest
from icalendar import Calendar
from render.khal import khal_after

from ivigcalc.clinic.day import clinic_day
from ivigcalc.definitions.visit import Observations
from ivigcalc.document.write import document
from ivigcalc.engine.plan import Plan
from ivigcalc.engine.record import observations
from ivigcalc.render.csv import to_csv
from ivigcalc.render.ics import to_ics
from ivigcalc.render.markdown import to_markdown
from ivigcalc.render.paper.calendar import summary
from ivigcalc.render.paper.chart import chart_data
from ivigcalc.render.paper.nurse_sheet import nurse_sheet
from ivigcalc.render.paper.pdf import to_pdf
from ivigcalc.render.table import to_table as to_table_of
from ivigcalc.render.text_block import to_text
from ivigcalc.render.web.html import to_html

from .saved import after, first, reaction, session

pytestmark = pytest.mark.filterwarnings("ignore:'encoding' argument not specified:EncodingWarning")
VISIT = {"arrival": "15 min", "premedication": "30 min", "flush": "10 min", "observation": "30 min"}


@pytest.fixture(scope="module")
def plan() -> Plan:
    return first(helpers.a_site(visit=VISIT))


@pytest.fixture(scope="module")
def resumed(plan: Plan) -> Plan:
    return reaction(plan, "10:51", "11:21", "initial", by="R. Nurse", reason="chills")


@pytest.fixture(scope="module")
def stopped(plan: Plan) -> Plan:
    return reaction(plan, "10:51")


def to_table(plan: Plan) -> str:
    """On a screen on which nothing folds."""
    return to_table_of(plan, width=200)


def sheet(plan: Plan, place: str = "1.1") -> dict[str, Any]:
    found = session(plan, place)
    return nurse_sheet(plan, found, plan.sessions.index(found) + 1)


# ---- the bedside sheet ----------------------------------------------------------------------------------------------


def test_the_sheet_begins_where_the_infusion_stopped(resumed: Plan) -> None:
    """Volumes as the pump shows them, to 0.1 mL: 211.68 is 211.7, 233.28 is 233.3, so that 21.6 are set first."""
    found = sheet(resumed)
    assert [
        (row["step"], row["at"], row["rate"], row["volume"], row["running"], row["lasts"]) for row in found["steps"]
    ] == [
        ("4", "11:21", "43.2", "21.6", "233.3", "0:30"),
        ("5*", "11:51", "86.4", "43.2", "276.5", "0:30"),
        ("6", "12:21", "172.8", "83.5", "360.0", "0:29"),
    ]
    facts = dict(found["facts"])
    assert (facts["In at 10:51"], facts["Left, from 11:21"]) == ("211.68 mL", "148.32 mL")
    assert facts["Infusion"] == "09:00 to 12:50"
    assert (found["before"], found["stopped"]) == ([], False)
    assert found["after"][0][1].startswith("Flush")


def test_the_volumes_to_set_and_what_was_in_are_the_whole(resumed: Plan) -> None:
    found = sheet(resumed)
    assert sum(Decimal(row["volume"]) for row in found["steps"]) == Decimal("360.0") - Decimal("211.7")


def test_the_patient_is_looked_at_from_then_on(resumed: Plan) -> None:
    """Before it goes on, 15 min after, before each step, at the end and 30 min after it."""
    assert [tuple(row[1:]) for row in sheet(resumed)["observations"]] == [
        ("11:21", "before it goes on"),
        ("11:36", "15 min after it goes on"),
        ("11:51", "before step 5"),
        ("12:21", "before step 6"),
        ("12:50", "end"),
        ("13:20", "30 min after the end"),
    ]


def test_no_longer_apart_than_the_rule_also_after_a_pause(plan: Plan) -> None:
    """At half the rate it runs from 11:21 to 13:04: with every 40 min 12:01 and 12:41 between."""
    rule = Observations.model_validate({"every": "40 min", "at_each_rate": False})
    slow = session(reaction(plan, "10:51", "11:21", "half"), "1.1")
    found = [(seen.from_start_min, seen.why) for seen in observations(slow, rule)]
    assert found == [(141, "before it goes on"), (181, ""), (221, ""), (244, "end")]


def test_of_what_was_stopped_only_what_comes_after_is_looked_at(stopped: Plan) -> None:
    assert [tuple(row[1:]) for row in sheet(stopped)["observations"]] == [("11:21", "30 min after the end")]


def test_the_bottle_that_still_hangs_is_named_where_the_infusion_goes_on(plan: Plan, resumed: Plan) -> None:
    """211.68 of the 300 mL of the first bottle are in at 10:51; at 11:24 that of 30 g is empty, and the second hangs."""
    assert [step["bottles"] for step in sheet(resumed)["steps"]] == ["1", "", "2–4"]
    halved = reaction(plan, "10:51", "11:21", "half")
    assert [step["bottles"] for step in sheet(halved)["steps"]] == ["1–4"]
    late = reaction(plan, "11:24", "11:34", "previous")
    assert [step["bottles"] for step in sheet(late)["steps"]] == ["2–4"]


def test_bottles_that_were_empty_before_the_pause_are_not_hung_again(plan: Plan) -> None:
    """30 g and three of 2 g: at 11:24, 84 min into step 3, 64.8 + 241.92 = 306.72 mL are in, of the second bottle."""
    late = reaction(plan, "11:24", "11:34", "previous")
    assert [row["bottle"] for row in sheet(late)["bottles"]] == ["2", "3", "4"]


def test_the_sheet_of_what_was_stopped_has_no_steps_and_says_so(stopped: Plan) -> None:
    found = sheet(stopped)
    assert (found["steps"], found["stopped"]) == ([], True)
    assert dict(found["facts"])["In, stopped 10:51"] == "211.68 mL"
    assert dict(found["facts"])["Left over"] == "14.832 g"
    assert [(row["bottle"], row["volume"], row["empty"]) for row in found["bottles"]] == [("1", "211.68", "10:51")]


def test_the_sheet_of_every_other_session_is_as_it_was(plan: Plan, resumed: Plan) -> None:
    """But for the numbers of its sources, of which there are more now."""

    def unnumbered(found: dict[str, Any]) -> dict[str, Any]:
        return found | {"notices": [notice | {"source": ""} for notice in found["notices"]]}

    for place in ("1.2", "3.1"):
        assert unnumbered(sheet(resumed, place)) == unnumbered(sheet(plan, place))


def test_the_chart_shows_the_pause(resumed: Plan, stopped: Plan) -> None:
    found = chart_data(session(resumed, "1.1"))
    assert found is not None
    assert [(step["from"], step["minutes"], step["rate"]) for step in found["steps"]] == [
        ("0", "30", "43.2"),
        ("30", "30", "86.4"),
        ("60", "51", "172.8"),
        ("111", "30", "0"),
        ("141", "30", "43.2"),
        ("171", "30", "86.4"),
        ("201", "29", "172.8"),
    ]
    assert "10:51: interrupted; 11:21: 43.2 mL/h" in found["words"]
    ended = chart_data(session(stopped, "1.1"))
    assert ended is not None
    assert [step["rate"] for step in ended["steps"]] == ["43.2", "86.4", "172.8"]


def test_slowed_down_is_no_pause_in_the_chart(plan: Plan) -> None:
    found = chart_data(session(reaction(plan, "10:30", "10:30", "half"), "1.1"))
    assert found is not None
    assert "0" not in [step["rate"] for step in found["steps"]]


def test_the_chart_of_the_browser_page_reaches_the_highest_rate_that_ran(plan: Plan, stopped: Plan) -> None:
    """172.8 mL/h ran before the pause, to which the record no longer has a row: drawn lower it covers the table above."""
    halved = reaction(plan, "10:51", "11:21", "half")
    for found, minutes in ((halved, "244"), (stopped, "111")):
        assert f'viewBox="0 0 {minutes} 172.8"' in to_html(found, "a4", ("record",), "1.1")


def test_the_browser_page_of_what_was_stopped_leaves_no_rows_for_rates_and_says_why(stopped: Plan) -> None:
    record = to_html(stopped, "a4", ("record",), "1.1")
    assert "Stopped for good: nothing more is given." in record
    assert "No source prints rates" not in record
    steps = record.split('<table class="steps')[1].split("</table>")[0]
    assert '<tr role="row" class="printer">' not in steps


def test_the_star_is_explained_where_there_is_one(plan: Plan, resumed: Plan, stopped: Plan) -> None:
    """Begun again it comes to the second step, which no source prints; at half the rate and stopped it does not."""
    halved = reaction(plan, "10:51", "11:21", "half")
    assert [sheet(found)["assumed"] for found in (plan, resumed, halved, stopped)] == [True, True, False, False]


def test_bottles_of_a_later_product_without_rates_have_its_own_volume(plan: Plan) -> None:
    """A bottle of 20 g of 50 mg/mL is 400 mL, whatever was given before."""
    later = after(plan, product="gammaplex-5-uk", from_course="2")
    found = {(row["size"], row["volume"]) for row in sheet(later, "2.1")["bottles"]}
    assert found == {("20", "400"), ("10", "200"), ("5", "100"), ("2.5", "50")}


@pytest.mark.slow
def test_it_is_printed(resumed: Plan, stopped: Plan) -> None:
    from pypdf import PdfReader

    def text(found: Plan) -> str:
        return PdfReader(io.BytesIO(to_pdf(found, "a4", ("record",), "1.1"))).pages[0].extract_text()

    assert "211.68 mL" in text(resumed)
    assert "before it goes on" in text(resumed)
    assert "Stopped for good: nothing more is given." in text(stopped)
    assert "No source prints rates" not in text(stopped)


# ---- tables ---------------------------------------------------------------------------------------------------------


def test_the_table_begins_where_the_infusion_stopped(resumed: Plan) -> None:
    text = to_table(resumed)
    heading = "Rates, course 1 day 1: interrupted at 10:51 with 211.68 mL in, goes on at 11:21: 148.32 mL left"
    part = text.split(heading)[1].split("Rates, ")[0]
    rows = [line.split() for line in part.splitlines() if line.strip()[:1].isdigit()]
    assert [row[:2] for row in rows] == [["4", "11:21"], ["5*", "11:51"], ["6", "12:21"]]
    assert rows[-1][-2:] == ["83.52", "360"]
    assert "dose planned  144 g" in text
    assert (
        "Change 1 2026-12-01, R. Nurse: session 1.1 interrupted at 10:51, went on at 11:21 (initial); reason: chills"
        in " ".join(text.split())
    )


def test_the_table_of_what_was_stopped(stopped: Plan) -> None:
    text = to_table(stopped)
    assert "Rates, course 1 day 1: stopped at 10:51 with 211.68 mL in; nothing more is given" in text
    assert "211.68" in next(line for line in text.splitlines() if "09:00  10:51" in line)


def test_markdown_too(resumed: Plan, stopped: Plan) -> None:
    text = to_markdown(resumed)
    assert "| 4 | 11:21 |" in text
    assert "| 3 | 10:00 |" not in text.split("goes on at")[1].split("##")[0]
    assert "nothing more is given" in to_markdown(stopped)


def test_what_was_given_is_marked(plan: Plan) -> None:
    done = after(plan, "2026-12-01", done=("1.1",))
    for text in (to_table(done), to_markdown(done)):
        lines = [line for line in text.splitlines() if "done" in line and "2026-12-0" in line]
        assert len([line for line in lines if "given: 1.1" not in line]) == 1
    assert "Given" not in to_table(plan)
    assert "given: 1.1" in to_table(done)


def test_both_products_and_both_weights_are_named_with_their_courses(plan: Plan) -> None:
    changed = after(
        after(plan, "2026-12-20", product="privigen-us", from_course="3"),
        "2026-12-20",
        new_weight="68kg",
        from_course="4",
    )
    text = to_table(changed)
    assert "Octagam 10% (octagam-10-us), 100 mg/mL; from course 3: Privigen (privigen-us), 100 mg/mL" in text
    assert "72 kg, actual (actual 72 kg); from course 4: 68 kg, actual (actual 68 kg)" in text
    printed = dict(summary(changed))
    assert "; from course 3: Privigen (privigen-us)" in printed["Product"]
    assert "; from course 4: 68 kg" in printed["Dosing weight"]
    rows = list(csv.DictReader(io.StringIO(to_csv(changed))))
    assert [(row["product"], row["dosing_weight_kg"]) for row in rows if row["day"] == "1"] == [
        ("octagam-10-us", "72"),
        ("octagam-10-us", "72"),
        ("privigen-us", "72"),
        ("privigen-us", "68"),
        ("privigen-us", "68"),
        ("privigen-us", "68"),
    ]


def test_the_sheet_of_a_session_is_of_its_own_product_and_weight(plan: Plan) -> None:
    changed = after(plan, "2026-12-20", product="privigen-us", from_course="3")
    before, later = sheet(changed, "2.1"), sheet(changed, "3.1")
    assert before["product"].startswith("Octagam 10%")
    assert later["product"].startswith("Privigen")
    assert before["preparation"] != later["preparation"]
    words = lambda found: " ".join(notice["text"] for notice in found["notices"])  # noqa: E731
    assert "maltose" in words(before)
    assert "maltose" not in words(later)
    lighter = after(plan, "2026-12-20", new_weight="68kg", from_course="3", weighed_on="2026-12-19")
    facts = dict(sheet(lighter, "3.1")["facts"])
    assert (facts["Weight used"], facts["Weighed on"]) == ("68 kg (actual)", "19 Dec 2026")
    assert dict(sheet(lighter, "2.1")["facts"])["Weight used"] == "72 kg (actual)"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"missed": ("2026-12-29",), "to": "2027-01-05", "rest": "move"}, "missed 2026-12-29, given from 2027-01-05 on; later courses move"),
        ({"missed": ("2026-12-29",), "rest": "keep"}, "missed 2026-12-29, not given"),
        ({"new_weight": "68kg", "from_course": "3", "weighed_on": "2026-12-20"}, "weight 68 kg, weighed 2026-12-20, from course 3 on"),
        ({"product": "privigen-us", "from_course": "3"}, "product privigen-us from course 3 on"),
        ({"dose": "2 g/kg/course", "from_course": "3"}, "dose 2 g/kg/course from course 3 on"),
        (
            {"every": "5 weeks", "dose_basis": "course", "from_course": "3", "override": ("interval-outside-regimen=x",)},
            "every 5 weeks from course 3 on",
        ),
        ({"done": ("1.1", "1.2")}, "given: 1.1, 1.2"),
        ({"session": "1.4", "reaction_at": "10:00", "stop": True}, "session 1.4 interrupted at 10:00, stopped for good"),
    ],
)  # fmt: skip
def test_each_change_is_told_in_a_line(plan: Plan, words: dict[str, Any], said: str) -> None:
    on = "2026-12-04" if "session" in words or "done" in words else "2026-12-28"
    assert f"{on}, A. Pharmacist: {said}" in to_table(after(plan, on, by="A. Pharmacist", **words))


# ---- calendars ------------------------------------------------------------------------------------------------------


def events(ics: bytes) -> dict[str, tuple[int, str, datetime, str]]:
    """Course and day -> number, state, stamp, and first line of the description."""
    found = {}
    for event in Calendar.from_ical(ics).walk("VEVENT"):
        place = str(event["uid"]).partition("@")[0].rpartition("dermatomyositis-")[2]
        description = str(event.get("description", "")).split("\n")[0]
        found[place] = (int(event["sequence"]), str(event["status"]), event["dtstamp"].dt, description)
    return found


def test_the_number_of_a_changed_appointment_rises_and_that_of_others_does_not(plan: Plan) -> None:
    assert {number for number, *_ in events(to_ics(plan)).values()} == {0}
    moved = after(plan, "2026-12-29", missed=("2026-12-29",), to="2027-01-05", rest="keep")
    found = events(to_ics(moved))
    assert {place for place, (number, *_) in found.items() if number} == {f"c2-d{day}" for day in range(1, 5)}
    again = after(moved, "2027-01-04", new_weight="68kg", from_course="3")
    found = events(to_ics(again))
    numbers = {place.partition("-")[0]: number for place, (number, *_) in found.items()}
    assert numbers == {"c1": 0, "c2": 1, "c3": 2, "c4": 2, "c5": 2, "c6": 2}
    assert found["c2-d1"][2] == datetime(2026, 12, 29, tzinfo=UTC)
    assert found["c1-d1"][2] == datetime(2026, 11, 28, tzinfo=UTC)


def test_unchanged_appointments_are_written_as_they_were(plan: Plan) -> None:
    def first_course(ics: bytes) -> list[bytes]:
        return [bytes(e.to_ical()) for e in Calendar.from_ical(ics).walk("VEVENT") if "-c1-" in str(e["uid"])]

    moved = after(plan, "2026-12-29", missed=("2026-12-29",), to="2027-01-05", rest="move")
    assert first_course(to_ics(moved)) == first_course(to_ics(plan))


def test_what_is_not_given_is_cancelled(plan: Plan) -> None:
    less = after(plan, "2026-12-29", missed=("2026-12-29",), rest="keep")
    found = events(to_ics(less))
    assert found["c2-d1"][:2] == (1, "CANCELLED")
    assert len(found) == 24
    once_more = after(less, "2026-12-30", done=("2.2",))
    assert events(to_ics(once_more))["c2-d1"][:2] == (1, "CANCELLED")


def test_an_appointment_names_its_own_product(plan: Plan) -> None:
    found = events(to_ics(after(plan, "2026-12-20", product="privigen-us", from_course="3")))
    assert "octagam-10-us" in found["c2-d1"][3]
    assert "privigen-us" in found["c3-d1"][3]


@pytest.mark.slow
def test_khal_updates_what_changed_and_leaves_the_past(tmp_path: Path) -> None:
    def imported(found: Plan) -> list[str]:
        line = "{start-date} {start-time}-{end-time} {title} {status}"
        return [event for event in khal_after(tmp_path, to_ics(found), line, "2026-11-01") if "IVIG" in event]

    plan = first(days="2", courses="3")
    at_first = imported(plan)
    assert len(at_first) == 6
    moved = after(plan, "2026-12-29", missed=("2026-12-29",), to="2027-01-05", rest="move")
    now = imported(moved)
    assert now[:2] == at_first[:2]
    assert [line[:10] for line in now] == [
        "2026-12-01", "2026-12-02", "2027-01-05", "2027-01-06", "2027-02-02", "2027-02-03"
    ]  # fmt: skip
    less = after(moved, "2027-02-02", missed=("2027-02-03",), rest="keep")
    assert imported(less)[-1].endswith("CANCELLED")


# ---- a day of the clinic --------------------------------------------------------------------------------------------


def test_a_day_takes_the_vials_of_the_product_that_is_given_on_it(plan: Plan) -> None:
    changed = document(after(plan, "2026-12-20", product="privigen-us", from_course="3"))
    site = plan.computed_from.site.value
    for on, product in ((date(2026, 12, 29), "octagam-10-us"), (date(2027, 1, 26), "privigen-us")):
        found = clinic_day(on, [("plan.json", changed)], site)
        assert {taken.product for taken in found.taken} == {product}
    older = document(plan)
    for kept in older["sessions"]:
        del kept["product"]
    assert {taken.product for taken in clinic_day(date(2026, 12, 29), [("plan.json", older)], site).taken} == {
        "octagam-10-us"
    }


def test_the_definitions_of_a_later_product_are_named(plan: Plan) -> None:
    from ivigcalc.render.paper.asked import inputs
    from ivigcalc.render.paper.page import document as page

    changed = after(plan, "2026-12-20", product="privigen-us", from_course="3")
    assert "; privigen-us 20" in to_table(changed)
    assert "privigen-us 20" not in to_table(plan)
    [line] = [line for line in inputs(changed) if line.startswith("Definitions: ")]
    assert "product privigen-us of 20" in line
    assert line.endswith("from course 3 on")
    assert page(changed, "a4", {}, ("record",))["title"].endswith("octagam-10-us; from course 3: privigen-us")
    at_once = after(plan, "2026-11-30", product="privigen-us", from_course="1")
    assert page(at_once, "a4", {}, ("record",))["title"].endswith(", privigen-us")


def test_courses_are_named_by_the_first_of_them_and_by_their_phase() -> None:
    plan = first(regimen="cidp:us-label-privigen", product="privigen-us", days=None, courses="4")
    text = to_table(after(plan, "2026-12-20", new_weight="80kg", from_course="3"))
    for name in ("Phase loading, from 1 ", "Phase maintenance, from 2 ", "Phase maintenance, from 3 "):
        assert f"\n{name}" in text
    two = to_table(after(first(), "2026-12-20", new_weight="80kg", from_course="3"))
    assert "\nFrom course 1 " in two
    assert "\nFrom course 3 " in two
    assert "\nCourse  " in to_table(reaction(first(), "10:51"))


# ---- planned and given ----------------------------------------------------------------------------------------------


def lines_of(plan: Plan) -> list[str]:
    return [" ".join(line.split()) for line in to_table(plan).splitlines()]


def test_what_is_given_of_a_course_stands_beside_what_was_planned(plan: Plan, stopped: Plan) -> None:
    """Of 36 g on each of 4 days 21.168 g are in when the first is stopped: with 3 x 36 g 129.168 g, by 72 kg 1.794."""
    said = lines_of(stopped)
    assert "dose planned 144 g = 2 g/kg (0 %)" in said
    assert [line for line in said if line.startswith("dose given")] == ["dose given course 1: 129.168 g = 1.794 g/kg"]
    assert [line for line in lines_of(plan) if line.startswith("dose ")] == ["dose given 144 g = 2 g/kg (0 %)"]
    assert ("Dose given", "course 1: 129.168 g = 1.794 g/kg") in summary(stopped)
    assert [label for label, _ in summary(plan) if label.startswith("Dose ")] == ["Dose given"]


def test_the_table_for_spreadsheets_has_the_grams_per_kilogram_that_are_given(stopped: Plan) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(stopped))))
    assert {row["g_per_kg"] for row in rows if row["course"] == "1"} == {"1.794"}
    assert {row["g_per_kg"] for row in rows if row["course"] != "1"} == {"2"}


def test_a_session_that_is_not_given_at_all_is_no_dose(plan: Plan) -> None:
    """The second of four days of 36 g is left out: 108 g of 144 g."""
    left_out = after(plan, missed=(str(plan.sessions[1].date),), rest="keep")
    assert "dose given course 1: 108 g = 1.5 g/kg" in lines_of(left_out)


def test_sessions_after_closing_are_counted_over_the_orders(plan: Plan) -> None:
    """Six courses of four days that all begin an hour before closing; from course 4 on under another order."""
    late = first(helpers.a_site(open={"mon-sun": "08:00-16:00"}), at="15:00")
    changed = after(late, new_weight="72kg", from_course="4")
    found = [notice for notice in changed.notices if notice.code == "past-closing"]
    assert [notice.message.partition(",")[0] for notice in found] == ["24 sessions"]
    assert len(found[0].sessions) == 24


def test_the_text_of_a_plan_that_was_changed_says_that_its_order_is_the_first_one() -> None:
    assert "Order: 2 g/kg/course d1-4 q4w x6\n" in to_text(first())
    assert "Order at first: 2 g/kg/course d1-4 q4w x6\n" in to_text(after(first(), new_weight="68kg", from_course="3"))
