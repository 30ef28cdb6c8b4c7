from __future__ import annotations

from decimal import Decimal

import helpers
import pytest
from msgspec.structs import replace

from ivigcalc.engine.plan import Plan, Session
from ivigcalc.quantity import plain
from ivigcalc.render.paper.page import document
from ivigcalc.render.paper.pdf import to_pdf

from . import papers
from .papers import CHECK, Case, Printed, every, squeezed


@every()
def test_calendar_pages_list_every_session_and_the_totals(printed: Printed, case: Case) -> None:
    plan, pdf = printed[case]
    first_pages = (text for text in papers.pages(pdf) if not text.startswith("Infusion record"))
    text = "".join(text.partition(CHECK)[0] for text in first_pages)  # without the feet, so that a line may run over
    for session in plan.sessions:
        date = f"{session.on:%a} {session.on.day} {session.on:%b %Y} " if session.on else ""
        assert f"{session.course} {session.day} {date}" in text
    assert f"Dose {plain(plan.totals.dose_g)} g Volume {plain(plan.totals.volume_ml or Decimal(0))} mL" in text
    for notice in plan.notices:
        assert squeezed(notice.message) in squeezed(text)
    for number, source in enumerate(plan.sources, start=1):
        assert squeezed(f"[{number}] {source.partition(' <')[0]}") in squeezed(text)


ARRIVE, LEAVE = 4, 7


@pytest.mark.parametrize(
    ("visit", "arrive", "leave"),
    [
        (papers.VISIT, "08:15", "14:28"),  # 45 min before 09:00; 40 min after 13:48
        ({"premedication": "20 min"}, "08:40", ""),
        ({"observation": "1 h"}, "", "14:48"),
        ({}, "", ""),
    ],
)
def test_arrival_and_leaving_stand_only_where_the_site_gives_them(
    visit: dict[str, str], arrive: str, leave: str
) -> None:
    plan = papers.dermatomyositis(site=papers.clinic(visit=visit), courses="1")
    first, *_ = session_rows(plan)
    assert (first[ARRIVE], first[LEAVE]) == (arrive, leave)
    text = papers.pages(to_pdf(plan, "a4"))[0]
    assert ("Arrive" in text, "Leave" in text) == (bool(arrive), bool(leave))


def session_rows(plan: Plan) -> list[list[str]]:
    return document(plan, "a4", {})["sessions"]


def test_times_on_other_days_than_the_start_say_so_with_one_sign() -> None:
    early = papers.dermatomyositis(at="00:30", courses="1", site=papers.clinic(open={}))
    assert session_rows(early)[0][ARRIVE] == "23:45 -1 d"
    assert "23:45 -1 d Arrival" in papers.sheets(to_pdf(early, "a4"))[0]
    undated = helpers.rates("octagam-10-us", "dermatomyositis", "72kg", "72g", at="22:00")
    # 22:00 and 4 h 48 min
    assert "22:00 to 02:48 +1 d" in papers.sheets(to_pdf(undated, "a4"))[0]


def test_legend_stands_over_the_grids_however_many_there_are(printed: Printed) -> None:
    """On one month as on many: the time is that of the infusion, not of the visit."""
    said = "The time is the start of the infusion. Months without a session are left out."
    one = papers.pages(printed["dermatomyositis", "a4"][1])[0]
    assert f"{said} December 2026" in one
    many = papers.pages(to_pdf(papers.dermatomyositis(courses="4"), "a4"))[0]
    assert f"C1 D2 = course 1, day 2, with its dose. {said} December 2026" in many
    assert said not in papers.pages(printed["undated", "a4"][1])[0]


def test_phases_are_named_where_a_protocol_has_several() -> None:
    words = {"start": "2026-12-01", "at": "09:00", "days": "3"}
    plan = helpers.plan("cidp:us-label-privigen", "privigen-us", "81.4kg", courses="2", **words)
    text = " ".join(papers.pages(pdf := to_pdf(plan, "a4")))
    assert "Course Day Phase Date" in text
    assert "1 1 loading Tue 1 Dec 2026" in text
    assert "2 1 maintenance Tue 22 Dec 2026" in text
    sheets = papers.sheets(pdf)
    assert "Course 1 of 2, day 1 of 3, phase loading " in sheets[0]
    assert "Course 2 of 2, day 1 of 1, phase maintenance " in sheets[-1]
    first_only = helpers.plan("cidp:us-label-privigen", "privigen-us", "81.4kg", courses="1", **words)
    assert "Phase: loading" in papers.pages(to_pdf(first_only, "a4", ("order",)))[0]
    assert "hase" not in "".join(papers.sheets(to_pdf(papers.dermatomyositis(courses="1"), "a4")))


def test_site_in_force_and_its_rules_are_named_on_the_order_page() -> None:
    own = replace(papers.clinic(), sha256="0" * 64)
    order = papers.pages(to_pdf(papers.dermatomyositis(site=own, courses="1"), "a4", ("order",)))[0]
    assert "Site test-clinic" in order
    assert "Rounding to whole vials, nearest, halves down" in order
    assert "Limit fastest 172.8 mL/h = 2.4 mL/kg/h, titration for dermatomyositis" in order
    assert "Site " not in papers.pages(to_pdf(papers.one_infusion(), "a4", ("order",)))[0]


def test_title_address_and_phone_of_the_clinic_stand_on_every_page_of_the_ward() -> None:
    named = papers.clinic(title="Day unit, St Elsewhere", address="12 Hill Road", phone="555 0123")
    *ward, _order = papers.pages(to_pdf(papers.dermatomyositis(site=named, courses="1"), "a4"))
    assert all("Day unit, St Elsewhere, 12 Hill Road, 555 0123" in text for text in ward)


def test_holidays_and_closed_days_are_marked_in_words(printed: Printed) -> None:
    text = papers.pages(printed["dermatomyositis", "a4"][1])[0]
    assert "24 closed 25 holiday 26 27 closed" in text
    assert "Fri 25 Dec 2026: holiday: Christmas Day" in text


def test_month_grid_puts_each_day_under_its_weekday(printed: Printed) -> None:
    text = papers.pages(printed["dermatomyositis", "a4"][1])[0]
    # 1 December 2026 is a Tuesday; the sixth, a Sunday, closes the first row
    assert (
        "Mon Tue Wed Thu Fri Sat Sun 1 Course 1, day 1 72 g 09:00 2 Course 1, day 2 72 g 09:00 3 4 5 6 closed 7 8"
        in text
    )


@pytest.mark.slow
@pytest.mark.parametrize("words", [{"days": "5"}, {"days": "2"}])
@pytest.mark.parametrize("paper", papers.PAPERS)
def test_six_months_to_a_page_each_with_its_head(paper: papers.Paper, words: dict[str, str]) -> None:
    plan = papers.dermatomyositis(courses="12", **words)
    texts = papers.pages(to_pdf(plan, paper, ("calendar",)))
    # 12 courses of four weeks from 1 December 2026 begin in eleven months, up to October 2027
    first, second, table, *_ = texts
    for month_page, number in ((first, 1), (second, 2)):
        assert month_page.startswith(f"Infusion calendar, {number} of 2 Dermatomyositis")
        assert "Margaret Okonkwo ID MRN 004-217" in month_page.partition("Mon Tue Wed")[0]
    assert "May 2027" in first
    assert "June 2027" in second
    assert "October 2027" in second
    assert table.startswith("Sessions Dermatomyositis")
    assert "Margaret Okonkwo" in table


def test_two_sessions_on_one_day_are_both_in_the_grid() -> None:
    plan = papers.dermatomyositis()
    doubled: tuple[Session, ...] = (*plan.sessions, *(s._replace(course=s.course + 2) for s in plan.sessions))
    text = papers.pages(to_pdf(replace(plan, sessions=doubled), "a4"))[0]
    assert "1 Course 1, day 1 72 g 09:00 Course 3, day 1 72 g 09:00" in text
