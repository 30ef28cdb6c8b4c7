from __future__ import annotations

import io
import json
import os
import re
import shutil
import sys
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, get_args

import helpers
import pytest
from pypdf import PdfReader
from pypdf.generic import ContentStream

from ivigcalc import Form, plan_form
from ivigcalc.engine.plan import Notice, Plan, Session
from ivigcalc.errors import MissingExtraError, RequestError
from ivigcalc.quantity import plain
from ivigcalc.render.paper.page import document, fingerprint
from ivigcalc.render.paper.pdf import Paper, to_pdf
from ivigcalc.render.paper.typeset import TEMPLATES

from . import papers

CHECK = "Results must be checked by a qualified person before use."
PAPERS: tuple[Paper, ...] = get_args(Paper)
GOLDEN = Path(__file__).parent / "golden"
GOLDEN_CODES = {
    "ladder-assumed",
    "days-chosen",
    "age-outside-regimen",
    "risk-no-figure",
    "past-closing",
    "order-expired",
}


@pytest.fixture(scope="module")
def printed() -> dict[tuple[str, str], tuple[Plan, bytes]]:
    """Every plan on every paper, set once."""
    made = {make.__name__: make() for make in papers.ALL}
    return {(name, paper): (plan, to_pdf(plan, paper)) for name, plan in made.items() for paper in PAPERS}


def every(name: str = "case") -> Any:
    cases = [(make.__name__, paper) for make in papers.ALL for paper in PAPERS]
    return pytest.mark.parametrize(name, cases, ids=["-".join(case) for case in cases])


Printed = dict[tuple[str, str], tuple[Plan, bytes]]
Case = tuple[str, str]


def clock(moment: str | None) -> str | None:
    return None if moment is None else moment[-5:]


def squeezed(text: str) -> str:
    """Without spaces: a line may break inside `g/kg`."""
    return text.replace(" ", "")


@every()
def test_one_page_for_each_session_after_the_calendar(printed: Printed, case: Case) -> None:
    plan, pdf = printed[case]
    texts = papers.pages(pdf)
    heads = [text.startswith("Infusion record") for text in texts]
    first = heads.index(True)
    assert first >= 1
    assert all(heads[first:])
    assert len(texts) - first == len(plan.sessions)


@every()
def test_every_page_says_what_it_belongs_to(printed: Printed, case: Case) -> None:
    plan, pdf = printed[case]
    mark = fingerprint(plan)
    texts = papers.pages(pdf)
    patient = plan.computed_from.request.patient
    for number, text in enumerate(texts, start=1):
        assert f"{CHECK} page {number} of {len(texts)}" in text
        assert f"plan {mark}, ivigcalc {plan.ivigcalc_version}" in text
        for said in (patient.name, patient.patient_id):
            assert said is None or said in text


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


@every()
def test_text_starts_inside_the_margins_and_the_body_stays_above_the_foot(printed: Printed, case: Case) -> None:
    _, pdf = printed[case]
    for page in PdfReader(io.BytesIO(pdf)).pages:
        width, height = float(page.mediabox.width), float(page.mediabox.height)
        places: list[tuple[float, float, str]] = []

        def note(text: str, cm: list[float], tm: list[float], _font: Any, _size: float, to: list[Any] = places) -> None:
            if text.strip():
                x, y = (tm[4] * cm[k] + tm[5] * cm[k + 2] + cm[k + 4] for k in (0, 1))
                to.append((x, y, text))

        page.extract_text(visitor_text=note)
        foot = max(y for _, y, text in places if CHECK[:20] in text)
        assert all(33 <= x <= width - 33 and 10 <= y <= height - 28 for x, y, _ in places)
        assert all(y > foot + 8 or y <= foot + 1 for _, y, _ in places)


@every()
def test_printed_page_is_grey_and_keeps_white_margins(case: Case) -> None:
    """Nothing runs over an edge, and nothing needs colour: seen on the drawn page."""
    image, typst = pytest.importorskip("PIL.Image"), pytest.importorskip("typst")
    name, paper = case
    plan = getattr(papers, name)()
    data = json.dumps(document(plan, paper, papers.closed(plan)))
    drawn = typst.compile(TEMPLATES / "plan.typ", root=TEMPLATES, format="png", ppi=72, sys_inputs={"data": data})
    for png in drawn:
        page = image.open(io.BytesIO(png)).convert("RGB")
        red, green, blue = page.split()
        assert red.tobytes() == green.tobytes() == blue.tobytes()
        left, top, right, bottom = red.point(lambda shade: 255 - shade).getbbox()
        # 12 mm are 34 points
        assert left >= 32
        assert top >= 26
        assert right <= page.width - 32
        assert bottom <= page.height - 12


def test_paper_has_the_size_that_was_asked_for(printed: Printed) -> None:
    sizes = {"a4": (595.28, 841.89), "letter": (612.0, 792.0)}
    for (_, paper), (_, pdf) in printed.items():
        for page in PdfReader(io.BytesIO(pdf)).pages:
            assert (float(page.mediabox.width), float(page.mediabox.height)) == pytest.approx(sizes[paper], abs=0.01)


def test_same_plan_same_bytes_and_no_clock_in_them(printed: Printed) -> None:
    assert to_pdf(papers.dermatomyositis(), "a4") == printed["dermatomyositis", "a4"][1]
    about = PdfReader(io.BytesIO(printed["dermatomyositis", "a4"][1])).metadata
    assert about is not None
    assert "/CreationDate" not in about
    assert "/ModDate" not in about


def test_bytes_do_not_depend_on_the_environment(
    printed: Printed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in {
        "TZ": "Pacific/Kiritimati",
        "LC_ALL": "C",
        "SOURCE_DATE_EPOCH": "1",
        "HOME": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    assert to_pdf(papers.dermatomyositis(), "a4") == printed["dermatomyositis", "a4"][1]


def test_it_is_tagged_titled_and_in_british_english(printed: Printed) -> None:
    for _, pdf in printed.values():
        reader = PdfReader(io.BytesIO(pdf))
        root: Any = reader.trailer["/Root"]
        assert root["/MarkInfo"]["/Marked"]
        assert "/StructTreeRoot" in root
        assert root["/Lang"] == "en-GB"
        assert root["/ViewerPreferences"]["/DisplayDocTitle"]
        assert reader.metadata is not None
        assert (reader.metadata.title or "").startswith("IVIG infusion plan: ")
        assert b"pdfuaid:part" in root["/Metadata"].get_data()


def test_title_does_not_name_the_patient(printed: Printed) -> None:
    about = PdfReader(io.BytesIO(printed["dermatomyositis", "a4"][1])).metadata
    assert about is not None
    assert "Okonkwo" not in str(about)


def test_chart_and_figures_have_words_for_those_who_cannot_see_them(printed: Printed) -> None:
    words = struct_values(printed["dermatomyositis", "a4"][1], "/Alt")
    # 72 kg x 0.6, 1.2 and 2.4 mL/kg/h
    wanted = "Rate in mL/h against time. 09:00: 43.2 mL/h; 09:30: 86.4 mL/h; 10:00: 172.8 mL/h; 13:48: end."
    assert words.count(wanted) == 4


def struct_values(pdf: bytes, key: str) -> list[str]:
    """Every value of a key in the structure tree."""
    found: list[str] = []
    todo = [PdfReader(io.BytesIO(pdf)).trailer["/Root"]["/StructTreeRoot"]]  # type: ignore[index]
    while todo:
        node = todo.pop()
        node = node.get_object()
        if isinstance(node, list):
            todo.extend(node)
        elif isinstance(node, dict):
            if key in node:
                found.append(str(node[key]))
            if "/K" in node:
                todo.append(node["/K"])
    return found


def test_tables_have_heading_cells(printed: Printed) -> None:
    kinds = struct_values(printed["dermatomyositis", "a4"][1], "/S")
    # per sheet 14 headings of the steps and 8 of the bottles; 7 weekdays and 11 of the sessions on the calendar
    assert kinds.count("/TH") == 4 * (14 + 8) + 7 + 11


def test_only_greys_are_printed(printed: Printed) -> None:
    reader = PdfReader(io.BytesIO(printed["twelve_rungs", "a4"][1]))
    for page in reader.pages:
        content = page.get_contents()
        assert content is not None
        for operands, operator in ContentStream(content, reader).operations:
            if operator in (b"rg", b"RG"):
                assert len(set(operands)) == 1, (operator, operands)
            assert operator not in (b"k", b"K")
            if operator in (b"sc", b"SC", b"scn", b"SCN"):
                numbers = [part for part in operands if not str(part).startswith("/")]
                assert len(set(numbers)) <= 1, (operator, operands)


def test_templates_fetch_nothing() -> None:
    for template in TEMPLATES.glob("*.typ"):
        text = template.read_text(encoding="utf-8")
        assert not re.search(r"@preview|@local|https?:|datetime\.today|\bread\(|image\(", text), template.name


def test_hostile_text_is_printed_as_text() -> None:
    name = '#set page(fill: red) $x$ *b* _i_ [1] @ref <lab> \\u{41} `r` // "'
    plan = papers.with_patient(papers.dermatomyositis(), name=name, patient_id='=HYPERLINK("x") #sys')
    for text in papers.pages(to_pdf(plan, "a4")):
        assert f"{name[:59].rstrip()}…" in text
        assert 'ID =HYPERLINK("x") #sys' in text


def test_control_and_direction_characters_are_gone_and_length_is_bounded() -> None:
    plan = papers.with_patient(
        papers.dermatomyositis(), name="A\u202eB\x00\x1b[31mC\u2066\nD\u200b" + "W" * 300, patient_id="9" * 300
    )
    for text in papers.pages(to_pdf(plan, "letter")):
        assert "AB[31mCD" + "W" * 50 + "…" in squeezed(text)
        assert "ID" + "9" * 39 + "…" in squeezed(text)
        assert not re.search("[\x00-\x1f\u202a-\u202e\u2066-\u2069]", text)


def test_text_of_definition_files_is_text_too() -> None:
    plan = papers.dermatomyositis()
    source = plan.computed_from
    value = source.product.value.model_copy(update={"title": "#panic() *Bold* $1$\u202e"})
    plan = replace(plan, computed_from=replace(source, product=replace(source.product, value=value)))
    plan = replace(
        plan,
        notices=(Notice("x", "stop", "] #panic() [", overridden_because='#import "@preview/a:1"'),),
        sources=("*s* <https://a/#b>",),
    )
    first, *_, last = papers.pages(to_pdf(plan, "a4"))
    assert "#panic() *Bold* $1$ (octagam-10-us)" in first
    assert 'STOP, OVERRIDDEN x: ] #panic() [. Reason given for overriding: #import "@preview/a:1"' in last
    assert "[1] *s*" in last


def test_name_in_another_script_is_printed_or_refused_never_boxed() -> None:
    plan = papers.dermatomyositis(name="\U0001bc02\U0001bc03")  # Duployan, which hardly any machine can print
    refused = None
    text = ""
    try:
        text = papers.pages(to_pdf(plan, "a4"))[0]
    except RequestError as error:
        refused = error
    if refused is None:
        assert "\U0001bc02\U0001bc03" in text
    else:
        assert (refused.field, "no font on this machine" in str(refused)) == ("name", True)


def test_greek_cyrillic_and_accented_names_need_no_font_of_the_machine() -> None:
    for name in ("Zoë Nguyễn-Świętosławska", "Ελένη Παπαδοπούλου", "Светлана Ковалёва"):
        assert all(name in text for text in papers.pages(to_pdf(papers.dermatomyositis(name=name), "a4")))


def test_overridden_stop_and_its_reason_are_on_every_sheet(printed: Printed) -> None:
    _, pdf = printed["twelve_rungs", "a4"]
    for text in papers.sheets(pdf):
        assert "STOP, OVERRIDDEN age-outside-regimen: " in text
        assert (
            "Reason given for overriding: Dr A. Example of the immunology clinic ordered it on 14 November 2026" in text
        )


def test_sheet_leaves_out_what_concerns_other_sessions_only() -> None:
    plan = papers.dermatomyositis(at="16:00", courses="3")
    for session, text in zip(plan.sessions, papers.sheets(to_pdf(plan, "a4")), strict=True):
        assert text.count("CAUTION past-closing: ") == 1
        assert f"CAUTION past-closing: course {session.course} day {session.day}, {session.date}: " in text


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


def test_plan_without_names_dates_and_times_leaves_lines_for_a_pen(printed: Printed) -> None:
    _, pdf = printed["undated", "a4"]
    first, sheet = papers.pages(pdf)[0], papers.sheets(pdf)[0]
    assert first.startswith("Infusion plan ")
    assert "Mon Tue Wed" not in first
    assert "from start h:min" in sheet
    assert "+1:00 3 " in sheet
    assert re.search(r"Name ID Born", sheet)
    assert "Date" in sheet


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


def test_fingerprint_is_the_same_for_the_same_plan_however_it_was_asked_for(tmp_path: Path) -> None:
    """Not the day of asking where a start is given, nor where a file lay; all else counts."""
    folder = tmp_path / "elsewhere"
    copied = Path(shutil.copytree(papers.DATA, folder))

    def mark(on: str = "2026-11-20", place: Path = papers.DATA, **words: str) -> str:
        form = Form(
            weight="54.3kg",
            age="40y",
            regimen=str(place / "house-course.yaml"),
            product=str(place / "twelve-rungs.yaml"),
            dose="50 g",
            days="1",
            courses="1",
            start="2026-12-01",
            at="08:30",
        )
        for name, value in words.items():
            setattr(form, name, value)
        site = replace(papers.clinic(), sha256="0" * 64, name=str(place / "site.yaml"))
        command: Any = "schedule" if form.start else "dose"
        return fingerprint(plan_form(form, command, on=date.fromisoformat(on), site=site))

    assert mark() == mark(on="2026-11-27") == mark(place=copied)
    assert mark(weight="54.4kg") != mark()
    assert mark(start="2026-12-08") != mark()
    file = copied / "twelve-rungs.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "# another file\n", encoding="utf-8")
    assert mark(place=copied) != mark()
    undated: dict[str, Any] = {"start": None, "at": None, "courses": None}
    assert mark(**undated) != mark(on="2026-11-27", **undated)


def test_legend_stands_over_the_grids_however_many_there_are(printed: Printed) -> None:
    """On one month as on many: the time is that of the infusion, not of the visit."""
    said = "The time is the start of the infusion. Months without a session are left out."
    one = papers.pages(printed["dermatomyositis", "a4"][1])[0]
    assert f"{said} December 2026" in one
    many = papers.pages(to_pdf(papers.dermatomyositis(courses="4"), "a4"))[0]
    assert f"C1 D2 = course 1, day 2, with its dose. {said} December 2026" in many
    assert said not in papers.pages(printed["undated", "a4"][1])[0]


def test_sheet_names_its_ladder(printed: Printed) -> None:
    for name in ("dermatomyositis", "undated", "overnight"):
        assert all("Ladder dermatomyositis Infusion lasts" in text for text in papers.sheets(printed[name, "a4"][1]))
    assert "Ladder" not in papers.sheets(printed["without_rates", "a4"][1])[0]


def test_phases_are_named_where_a_protocol_has_several() -> None:
    words = {"start": "2026-12-01", "at": "09:00"}
    plan = helpers.plan("cidp:us-label-privigen", "privigen-us", "81.4kg", courses="2", **words)
    texts = papers.pages(pdf := to_pdf(plan, "a4"))
    assert "Course Day Phase Date" in texts[0]
    assert "1 1 loading Tue 1 Dec 2026" in texts[0]
    assert "2 1 maintenance Tue 22 Dec 2026" in texts[0]
    sheets = papers.sheets(pdf)
    assert "Course 1 of 2, day 1 of 3, phase loading " in sheets[0]
    assert "Course 2 of 2, day 1 of 1, phase maintenance " in sheets[-1]
    first_only = helpers.plan("cidp:us-label-privigen", "privigen-us", "81.4kg", courses="1", **words)
    assert "Phase: loading" in papers.pages(to_pdf(first_only, "a4"))[0]
    assert "hase" not in "".join(papers.sheets(to_pdf(papers.dermatomyositis(courses="1"), "a4")))


def test_site_in_force_is_named_at_the_head() -> None:
    own = replace(papers.clinic(), sha256="0" * 64)
    assert "Site test-clinic" in papers.pages(to_pdf(papers.dermatomyositis(site=own, courses="1"), "a4"))[0]
    assert "Site " not in papers.pages(to_pdf(papers.one_infusion(), "a4"))[0]


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
def test_long_plan_on_few_calendar_pages() -> None:
    plan = papers.dermatomyositis(courses="6", days="5")
    texts = papers.pages(to_pdf(plan, "letter"))
    assert len(texts) - len(plan.sessions) <= 4
    assert "C6 D5" in " ".join(texts)


def test_two_sessions_on_one_day_are_both_in_the_grid() -> None:
    plan = papers.dermatomyositis()
    doubled: tuple[Session, ...] = (*plan.sessions, *(s._replace(course=s.course + 2) for s in plan.sessions))
    text = papers.pages(to_pdf(replace(plan, sessions=doubled), "a4"))[0]
    assert "1 Course 1, day 1 72 g 09:00 Course 3, day 1 72 g 09:00" in text


def test_missing_typst_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = papers.dermatomyositis()
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(MissingExtraError, match=r"PDF output needs an extra: pip install 'ivigcalc\[pdf\]'"):
        to_pdf(plan, "a4")


@pytest.mark.parametrize(
    ("make", "paper"),
    [(papers.dermatomyositis, "a4"), (papers.twelve_rungs, "letter")],
    ids=["dermatomyositis", "twelve-rungs"],
)
def test_golden_text(make: Any, paper: Literal["a4", "letter"]) -> None:
    """What the pages say, line by line; `IVIGCALC_WRITE_GOLDEN=1` writes it anew.

    Fingerprints of files are left out, and so are notices of codes that came later: they have tests of their own.
    """
    plan = make()
    notices = tuple(notice for notice in plan.notices if notice.code in GOLDEN_CODES)
    sources = tuple(dict.fromkeys(notice.source for notice in notices if notice.source))
    pdf = to_pdf(replace(plan, notices=notices, sources=sources), paper)
    texts = [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
    lines = [re.sub(r"\s+", " ", line).strip() for text in texts for line in [*text.splitlines(), "-" * 20]]
    said = "\n".join(line for line in lines if line) + "\n"
    said = re.sub(r"\(([0-9a-f]{8})\)", "(########)", said)
    said = re.sub(r"plan [0-9a-f]{12}, ivigcalc [0-9.a-z]+", "plan ############, ivigcalc #", said)
    path = GOLDEN / f"{make.__name__}-{paper}.txt"
    if os.environ.get("IVIGCALC_WRITE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(said, encoding="utf-8")
    assert said == path.read_text(encoding="utf-8")
