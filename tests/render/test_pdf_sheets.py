from __future__ import annotations

import io
import re
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from pypdf import PdfReader

from ivigcalc.engine.plan import Notice
from ivigcalc.quantity import plain
from ivigcalc.render.paper.page import document
from ivigcalc.render.paper.pdf import to_pdf

from . import papers
from .papers import Case, Printed, every


def clock(moment: str | None) -> str | None:
    return None if moment is None else moment[-5:]


@every()
def test_every_dose_rate_and_time_is_on_the_sheet_of_its_session(printed: Printed, case: Case) -> None:
    plan, pdf = printed[case]
    for session, text in zip(plan.sessions, papers.sheets(pdf), strict=True):
        assert f"Dose {plain(session.dose_g)} g " in text
        assert session.volume_ml is None or f"Volume {plain(session.volume_ml)} mL " in text
        for vial in session.vials:
            assert f"{vial.count} × {plain(vial.size_g)} g" in text
        for moment in (session.starts_at, session.ends_at):
            assert moment is None or moment[-5:] in text
        if session.overhead_before_min:
            assert clock(session.visit_from) is None or f"{clock(session.visit_from)} Arrival, 15 min" in text
        rows = re.sub(r"\*", "", text)
        for step in session.steps:
            at = clock(step.starts_at) or f"+{int(step.from_start_min) // 60}:{int(step.from_start_min) % 60:02}"
            per_kg = "–" if step.rate_ml_per_kg_per_h is None else plain(step.rate_ml_per_kg_per_h)
            figures = (
                per_kg,
                *map(
                    plain,
                    (step.rate_ml_per_h, step.duration_min, step.volume_ml, step.cumulative_ml, step.remaining_ml),
                ),
            )
            # clock, step, perhaps the bottles hung in it, then the figures in the order of the headings
            row = rf"{re.escape(at)}(?: \+1 d)? {step.step} (?:[0-9–, ]+ )?{' '.join(map(re.escape, figures))} "
            assert re.search(row, rows), row
        for bottle in session.bottles[:-1]:
            hang, empty = clock(bottle.starts_at), clock(bottle.ends_at)
            if hang and empty:
                size = f"{bottle.bottle} {plain(bottle.size_g)} {plain(bottle.volume_ml)}"
                assert re.search(rf"{re.escape(size)} {hang}(?: \+1 d)? {empty}", text), size


def test_overridden_stop_and_its_reason_are_on_every_sheet(printed: Printed) -> None:
    _, pdf = printed["twelve_rungs", "a4"]
    for text in papers.sheets(pdf):
        assert "STOP, OVERRIDDEN age-outside-regimen: " in text
        assert (
            "Reason given for overriding: Dr A. Example of the immunology clinic ordered it on 14 November 2026" in text
        )


def test_sheet_leaves_out_what_concerns_other_sessions_only() -> None:
    site = papers.clinic(open={"wed": "08:00-16:00", "mon-tue": "08:00-17:00"})
    plan = papers.dermatomyositis(at="11:00", courses="3", site=site)
    for session, text in zip(plan.sessions, papers.sheets(to_pdf(plan, "a4")), strict=True):
        assert text.count("CAUTION past-closing: ") == (session.weekday == "Wednesday")


def test_a_sheet_of_a_course_that_was_moved_says_from_which_day_and_why() -> None:
    """Within the window of 3 days a move is a note, and stands there as well; the next course is on its day."""
    plan = papers.dermatomyositis(start="2026-12-05", site=papers.clinic(open={"mon-fri": "08:00-17:00"}))
    assert [n.level for n in plan.notices if n.code == "date-shifted"] == ["info", "info"]
    pdf = to_pdf(plan, "a4")
    for number, (session, text) in enumerate(zip(plan.sessions, papers.sheets(pdf), strict=True)):
        due = ("2026-12-05", "2027-01-02")[number // 2]
        assert f"Note date-shifted: course {session.course}, due {due}, starts" in text
        assert "no opening hours on Saturday" in text
    assert papers.pages(pdf)[0].count("moved") >= 4


def test_many_cautions_of_one_kind_point_to_the_first_pages(printed: Printed) -> None:
    plan, _ = printed["dermatomyositis", "a4"]
    plan = replace(plan, notices=tuple(Notice("many", "caution", f"number {n} of them") for n in range(1, 31)))
    texts = papers.pages(to_pdf(plan, "a4"))
    assert sum("number 30 of them" in text for text in texts) == 1
    for text in papers.sheets(to_pdf(plan, "a4")):
        assert "number 3 of them" in text
        assert "number 4 of them" not in text
        assert "CAUTION many: 27 more of this kind: see the first pages of this plan." in text


@pytest.mark.slow
def test_any_number_of_overridden_stops_still_makes_one_page(printed: Printed) -> None:
    plan, _ = printed["twelve_rungs", "a4"]
    stops = tuple(
        Notice(f"stop-{n}", "stop", "a reason to refuse " * 12, overridden_because="a reason to go on " * 12)
        for n in range(40)
    )
    found = papers.sheets(to_pdf(replace(plan, notices=stops), "a4"))
    assert len(found) == len(plan.sessions)
    assert all(f"stop-{n}:" in text for text in found for n in range(40))


def test_rows_of_the_visit_are_only_those_that_the_site_gives() -> None:
    bare = papers.sheets(to_pdf(papers.dermatomyositis(site=papers.clinic(visit={})), "a4"))[0]
    assert not re.search(r"Arrival|Premedication|Flush|Observation,", bare)
    some = papers.sheets(
        to_pdf(
            papers.dermatomyositis(site=papers.clinic(visit={"premedication": "20 min", "observation": "1 h"})), "a4"
        )
    )[0]
    # 09:00 less 20 min; 720 mL end at 13:48; an hour later it is 14:48
    assert "08:40 Premedication, 20 min" in some
    assert "13:48 Observation, 60 min, until 14:48" in some
    assert not re.search(r"Arrival|Flush", some)


def test_sheet_has_room_for_what_really_happened(printed: Printed) -> None:
    for text in papers.sheets(printed["twelve_rungs", "letter"][1]):
        for heading in (
            "actual time",
            "pulse /min",
            "blood pressure mmHg",
            "temp. °C",
            "initials",
            "lot number",
            "expiry",
        ):
            assert heading in text
        for box in (
            "stopped at",
            "restarted at",
            "rate mL/h",
            "Calculated by",
            "Checked by",
            "name, signature",
            "date, time",
        ):
            assert box in text
        # each bottle has its row, and nothing is written into its boxes: the next thing is the row after
        rows = re.findall(r"(?<![\d.:])(\d+) 2\.5 50 \d\d:\d\d \d\d:\d\d(?= \d+ 2\.5 50| bottle g mL| Reaction)", text)
        assert sorted(map(int, rows)) == list(range(1, 21))


def test_last_bottle_is_empty_when_the_infusion_ends(printed: Printed) -> None:
    # 287.5 min after 09:00 is rounded up to 13:48 for the end, so for its last bottle too
    assert "4 2 20 13:40 13:48" in papers.sheets(printed["dermatomyositis", "a4"][1])[0]


def test_assumed_rungs_are_marked(printed: Printed) -> None:
    text = papers.sheets(printed["dermatomyositis", "a4"][1])[0]
    assert "09:30 2* " in text
    assert "* a rung that the source does not print" in text


def test_without_published_rates_the_rows_stay_empty(printed: Printed) -> None:
    plan, pdf = printed["without_rates", "a4"]
    text = papers.sheets(pdf)[0]
    assert "CAUTION rate-not-published: " in text
    assert "No source prints rates for this product" in text
    assert "mL/h against" not in text
    count = sum(vial.count for vial in plan.sessions[0].vials)
    assert re.search(rf"(?<!\d){count} {plain(plan.sessions[0].vials[-1].size_g)} (bottle|Reaction)", text)


def test_without_published_rates_the_visit_and_the_end_have_their_rows_without_times(printed: Printed) -> None:
    text = papers.sheets(printed["without_rates", "a4"][1])[0]
    # 09:00 less 15 and 30 min; when the infusion ends nobody can say
    assert "08:15 Arrival, 15 min 08:30 Premedication, 30 min Before the start: observations" in text
    assert (
        "End of the infusion: 750 mL given Flush (not part of the dose), 10 min Observation, 30 min No source" in text
    )
    (row, *_) = document(printed["without_rates", "a4"][0], "a4", {})["sheets"]
    assert row["end"] == {"at": "", "volume": "750"}
    assert [at for at, _ in row["after"]] == ["", ""]


def test_empty_rows_are_wide_enough_to_be_written_in() -> None:
    """The headings of the rate columns stand at least 30 pt (11 mm) apart."""
    places = dict(heading_places(to_pdf(papers.without_rates(), "a4")))
    ladder = [places[head] for head in ("step", "bottle", "mL/kg/h", "mL/h", "min")]
    assert all(right - left > 30 for left, right in pairwise(ladder))


def heading_places(pdf: bytes) -> list[tuple[str, float]]:
    """Words of the first sheet and how far from the left they start; the first place of each."""
    page = next(p for p in PdfReader(io.BytesIO(pdf)).pages if p.extract_text().startswith("Infusion record"))
    found: list[tuple[str, float]] = []

    def note(text: str, cm: list[float], tm: list[float], _font: Any, _size: float) -> None:
        found.append((text.strip(), tm[4] * cm[0] + cm[4]))

    page.extract_text(visitor_text=note)
    return found[::-1]


def test_sheet_names_its_ladder(printed: Printed) -> None:
    for name in ("dermatomyositis", "undated", "overnight"):
        assert all("Ladder dermatomyositis Infusion lasts" in text for text in papers.sheets(printed[name, "a4"][1]))
    assert "Ladder" not in papers.sheets(printed["without_rates", "a4"][1])[0]
