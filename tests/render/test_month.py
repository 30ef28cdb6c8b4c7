from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ivigcalc.engine.plan import Plan
from ivigcalc.engine.schedule import ClosedDay
from ivigcalc.errors import RequestError
from ivigcalc.quantity import plain
from ivigcalc.render.month import NARROWEST_GRID, month_grids
from ivigcalc.render.months import months
from ivigcalc.render.table import render

from . import papers


def shown(plan: Plan, width: int = 80, **more: Any) -> str:
    grids = month_grids(plan, width, papers.closed(plan), ascii_only=more.get("ascii_only", False))
    return render(grids, width=width, **more)


DECEMBER = """\
                                December 2026
+----------+----------+----------+----------+----------+----------+----------+
| Mon      | Tue      | Wed      | Thu      | Fri      | Sat      | Sun      |
+----------+----------+----------+----------+----------+----------+----------+
|          | 1        | 2        | 3        | 4        | 5        | 6        |
|          | C1 D1    | C1 D2    |          |          |          | closed   |
|          | 72 g     | 72 g     |          |          |          |          |
|          | 09:00    | 09:00    |          |          |          |          |
+----------+----------+----------+----------+----------+----------+----------+
| 7        | 8        | 9        | 10       | 11       | 12       | 13       |
|          |          |          |          |          |          | closed   |
+----------+----------+----------+----------+----------+----------+----------+
| 14       | 15       | 16       | 17       | 18       | 19       | 20       |
|          |          |          |          |          |          | closed   |
+----------+----------+----------+----------+----------+----------+----------+
| 21       | 22       | 23       | 24       | 25       | 26       | 27       |
|          |          |          | closed   | holiday  |          | closed   |
+----------+----------+----------+----------+----------+----------+----------+
| 28       | 29       | 30       | 31       |          |          |          |
|          | C2 D1    | C2 D2    |          |          |          |          |
|          | 72 g     | 72 g     |          |          |          |          |
|          | 09:00    | 09:00    |          |          |          |          |
+----------+----------+----------+----------+----------+----------+----------+
Thu 24 Dec 2026: closed by the clinic
Fri 25 Dec 2026: holiday: Christmas Day
"""


def test_december_2026_in_a_plain_terminal() -> None:
    # 1 December 2026 is a Tuesday; four weeks later the second course starts on the 29th
    assert DECEMBER in shown(papers.dermatomyositis(), ascii_only=True)


@given(st.dates(date(1900, 1, 1), date(2200, 12, 31)))
def test_every_day_of_the_month_stands_once_under_its_weekday(on: date) -> None:
    plan = papers.planned_once()
    session = plan.sessions[0]._replace(on=on)
    (month,) = months(replace(plan, sessions=(session,)), {})
    cells = [(place, cell) for week in month.weeks for place, cell in enumerate(week) if cell.on]
    length = calendar.monthrange(on.year, on.month)[1]
    assert [cell.on for _, cell in cells] == [date(on.year, on.month, 1) + timedelta(days=k) for k in range(length)]
    assert all(cell.on is not None and cell.on.weekday() == place for place, cell in cells)
    assert [cell.on for _, cell in cells if cell.sessions] == [on]


@pytest.mark.parametrize("width", [40, 50, 56, 57, 60, 72, 80, 100, 120, 200])
@pytest.mark.parametrize("make", [papers.dermatomyositis, papers.twelve_rungs, papers.overnight, papers.without_rates])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_no_line_is_too_wide_and_no_figure_is_lost(make: Any, width: int, ascii_only: bool) -> None:
    plan = make()
    text = shown(plan, width, ascii_only=ascii_only)
    assert max(map(len, text.splitlines())) <= width
    assert ("Mon" in text.split("Sessions")[0].split("Month grids need")[0]) is (
        width >= NARROWEST_GRID
    ) or make is papers.twelve_rungs
    flat = " ".join(text.split())
    for session in plan.sessions:
        assert f"{session.on.day} {session.on:%b %Y}" in flat
        assert f"{plain(session.dose_g)} g {plain(session.volume_ml)} mL" in flat
        assert session.starts_at[-5:] in flat
        assert session.ends_at is None or session.ends_at[-5:] in flat
        for vial in session.vials:
            assert f"{vial.count} x {plain(vial.size_g)} g" in flat
    assert "Results must be checked by a qualified person before use." in flat


def test_plain_text_has_no_escapes_and_ascii_is_ascii() -> None:
    plan = papers.dermatomyositis()
    assert "\x1b" not in shown(plan)
    assert "\x1b" in shown(plan, color=True)
    shown(papers.dermatomyositis(name=None), ascii_only=True).encode("ascii")


def test_colour_says_nothing_that_words_do_not() -> None:
    plan = papers.dermatomyositis()
    assert re.sub(r"\x1b\[[0-9;]*m", "", shown(plan, color=True)).split() == shown(plan).split()


def test_months_without_a_session_are_left_out() -> None:
    plan = papers.dermatomyositis(
        courses="2", every="12 weeks", override=["interval-outside-regimen=test"], dose_basis="course"
    )
    found = months(plan, {})
    assert [month.title for month in found] == ["December 2026", "February 2027"]


def test_override_and_cautions_are_on_the_screen() -> None:
    text = " ".join(shown(papers.twelve_rungs()).split())
    assert "Dr A. Example of the immunology clinic ordered it on 14 November 2026" in text
    assert "past-closing" in text


def test_a_course_that_was_moved_is_marked_and_said() -> None:
    """Christmas Eve 2026 is closed: the nearest open two days are 22 and 23 December, within the window or not."""
    for window in ("3 days", None):
        site = papers.clinic(open={"mon-thu": "08:00-17:00"}, holidays=None, closed_days="nearest", window=window)
        plan = papers.dermatomyositis(start="2026-12-24", courses="1", weighed_on=None, site=site)
        assert [session.date for session in plan.sessions] == ["2026-12-22", "2026-12-23"]
        text = shown(plan)
        assert text.count("moved") == 2
        assert "course 1, due 2026-12-24, starts 2026-12-22, 2 days earlier" in " ".join(text.split())
        assert "2026-12-24 closed by the clinic" in " ".join(text.split())
    assert "moved" not in shown(papers.dermatomyositis())


def test_patient_product_and_protocol_head_the_calendar() -> None:
    lines = shown(papers.dermatomyositis()).splitlines()
    assert "Dermatomyositis" in lines[0]
    assert "Margaret Okonkwo, id MRN 004-217" in lines[:4]
    assert "Octagam 10% (octagam-10-us)" in lines[:4]


def test_two_sessions_on_a_day_and_the_day_after() -> None:
    plan = papers.overnight()
    doubled = replace(plan, sessions=(*plan.sessions, plan.sessions[0]._replace(course=9)))
    text = shown(doubled)
    assert "C9 D1" in text.split("Sessions")[0]
    # 22:00 and 4 h 48 min
    assert "22:00 to 02:48 +1 d" in text


def test_hostile_holiday_names_are_cleaned() -> None:
    plan = papers.dermatomyositis()
    hostile = {date(2026, 12, 8): ClosedDay("\x1b[31m[bold]Noël\u202e")}
    text = render(month_grids(plan, 80, hostile), width=80)
    assert "Tue 8 Dec 2026: holiday: [31m[bold]Noël\n" in text
    accented = {date(2026, 12, 8): ClosedDay("Noël")}
    plainly = render(month_grids(plan, 80, accented, ascii_only=True), width=80, ascii_only=True)
    assert "holiday: Noël" in plainly, "what the screen can show is for the stream to say"


def test_each_reason_for_a_closed_day_has_its_words() -> None:
    """A weekday without hours is marked, but not listed below; a holiday is named whatever else closes the day."""
    on = {reason: date(2026, 12, day) for day, reason in enumerate(REASONS, start=14)}
    (month,) = months(papers.dermatomyositis(courses="1"), {on[name]: shut for name, (shut, _, _) in REASONS.items()})
    cells = {cell.on: cell for week in month.weeks for cell in week}
    for name, (_, marks, note) in REASONS.items():
        assert (cells[on[name]].marks, cells[on[name]].note) == (marks, note), name
    assert month.notes == tuple((on[name], note) for name, (_, _, note) in REASONS.items() if note)


REASONS = {
    "weekday": (ClosedDay(by_weekday=True), ("closed",), None),
    "date": (ClosedDay(by_date=True), ("closed",), "closed by the clinic"),
    "date on such a weekday": (ClosedDay(by_date=True, by_weekday=True), ("closed",), "closed by the clinic"),
    "holiday": (ClosedDay("A Day"), ("holiday",), "holiday: A Day"),
    "holiday on such a weekday": (ClosedDay("A Day", by_weekday=True), ("holiday", "closed"), "holiday: A Day"),
    "holiday and date": (ClosedDay("A Day", by_date=True), ("holiday", "closed"), "holiday: A Day"),
}


def test_calendar_needs_dates() -> None:
    with pytest.raises(RequestError, match="--start"):
        month_grids(papers.undated(), 80, {})


def test_one_session_is_said_as_one(run: Callable[..., Any]) -> None:
    """It was `Total: 1 sessions`."""
    order = "-r primary-immunodeficiency -p octagam-10-us --weight 70kg --dose 0.4g/kg --start 2027-01-04 --courses 1"
    shown = run("calendar", *order.split(), "--every", "4 weeks")
    assert "Total: 1 session, 28 g" in " ".join(shown.out.split()), shown
