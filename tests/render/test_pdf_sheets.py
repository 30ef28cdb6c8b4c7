from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any

import helpers
import pytest
import typst
from msgspec.structs import replace
from pypdf import PdfReader

from ivigcalc.engine.plan import Notice, Plan
from ivigcalc.engine.record import bottles_without_rates, pump_volumes_ml
from ivigcalc.quantity import plain, quantity
from ivigcalc.render.paper.page import document
from ivigcalc.render.paper.pdf import to_pdf, to_typeset
from ivigcalc.render.paper.typeset import TEMPLATES, inputs_of, typeset

from . import papers
from .papers import Case, Printed, every

TENTH = quantity("0.1 mL", "volume")


def clock(moment: str | None) -> str | None:
    return None if moment is None else moment[-5:]


@every()
def test_every_dose_rate_and_time_is_on_the_sheet_of_its_session(printed: Printed, case: Case) -> None:
    plan, pdf = printed[case]
    for session, text in zip(plan.sessions, papers.sheets(pdf), strict=True):
        assert f"Infusion record, session {plan.sessions.index(session) + 1} of {len(plan.sessions)} " in text
        assert f"Dose {plain(session.dose_g)} g " in text
        assert session.volume_ml is None or f"Volume {plain(session.volume_ml)} mL " in text
        for vial in session.vials:
            assert f"{vial.count} × {plain(vial.size_g)} g" in text
        for moment in (session.starts_at, session.ends_at):
            assert moment is None or moment[-5:] in text
        if session.overhead_before_min:
            assert clock(session.visit_from) is None or f"{clock(session.visit_from)} Arrival, 15 min" in text
        rows, running = re.sub(r"\*", "", text), Decimal(0)
        to_set = pump_volumes_ml(session, TENTH)
        for step in session.steps:
            at = clock(step.starts_at) or f"+{int(step.from_start_min) // 60}:{int(step.from_start_min) % 60:02}"
            per_kg = "–" if step.rate_ml_per_kg_per_h is None else plain(step.rate_ml_per_kg_per_h)
            following = [later.from_start_min for later in session.steps if later.step == step.step + 1]
            minutes = int(following[0] if following else session.duration_min or 0) - int(step.from_start_min)
            lasts = f"{minutes // 60}:{minutes % 60:02}"
            running += to_set[step.step - 1]
            figures = (per_kg, plain(step.rate_ml_per_h), lasts, f"{to_set[step.step - 1]:.1f}", f"{running:.1f}")
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
        assert "STOP, OVERRIDDEN " in text
        assert (
            "Reason given for overriding: Dr A. Example of the immunology clinic ordered it on 14 November 2026" in text
        )


def test_sheet_leaves_out_what_concerns_other_sessions_only() -> None:
    site = papers.clinic(open={"wed": "08:00-16:00", "mon-tue": "08:00-17:00"})
    plan = papers.dermatomyositis(at="11:00", courses="3", site=site)
    for session, text in zip(plan.sessions, papers.sheets(to_pdf(plan, "a4")), strict=True):
        assert text.count(" closing ") == (session.weekday == "Wednesday")


def test_a_sheet_of_a_course_that_was_moved_says_from_which_day_and_why() -> None:
    """Within the window of 3 days a move is a note, and stands there as well; the next course is on its day."""
    plan = papers.dermatomyositis(start="2026-12-05", site=papers.clinic(open={"mon-fri": "08:00-17:00"}))
    assert [n.level for n in plan.notices if n.code == "date-shifted"] == ["info", "info"]
    pdf = to_pdf(plan, "a4")
    for number, (session, text) in enumerate(zip(plan.sessions, papers.sheets(pdf), strict=True)):
        due = ("2026-12-05", "2027-01-02")[number // 2]
        assert f"Note course {session.course}, due {due}, starts" in text
        assert "no opening hours on Saturday" in text
    assert papers.pages(pdf)[0].count("moved") >= 4


def test_sheet_tells_the_nurse_of_meters_flush_filter_and_fluid(printed: Printed) -> None:
    for text in papers.sheets(printed["dermatomyositis", "a4"][1]):
        assert "Note Octagam 10%: Contains maltose" in text
        assert "Note the fullest day is 720 mL" in text
        assert "Flush the line with 0.9% saline or 5% glucose" in text
        assert "Filter optional; if one is used, 0.2-200 micron" in text
        assert "protocol not given" not in text, "what is for audit stays on the order page"


def test_a_published_time_stands_on_the_record_with_who_printed_it() -> None:
    plan = helpers.plan("kawasaki:etg", "octagam-10-eu", "12kg", age="3y", start="2026-12-01", at="09:00")
    text = papers.sheets(to_pdf(plan, "a4", ("record",)))[0]
    assert "To last 10 h to 12 h (Therapeutic Guidelines (eTG): Kawasaki disease)" in text
    assert "Infusion lasts 10 h 02 min" in text


def test_many_cautions_of_one_kind_point_to_the_order_page(printed: Printed) -> None:
    plan, _ = printed["dermatomyositis", "a4"]
    plan = replace(plan, notices=tuple(Notice("many", "caution", f"number {n} of them") for n in range(1, 31)))
    texts = papers.pages(to_pdf(plan, "a4"))
    assert sum("number 30 of them" in text for text in texts) == 1
    for text in papers.sheets(to_pdf(plan, "a4")):
        assert "number 3 of them" in text
        assert "number 4 of them" not in text
        assert "CAUTION 27 more of this kind: see the order page of this plan." in text


@pytest.mark.slow
def test_any_number_of_overridden_stops_still_makes_one_page(printed: Printed) -> None:
    plan, _ = printed["twelve_rungs", "a4"]
    stops = tuple(
        Notice(
            f"stop-{n}",
            "stop",
            f"stop-{n}: " + "a reason to refuse " * 12,
            overridden_because="a reason to go on " * 12,
        )
        for n in range(40)
    )
    found = papers.sheets(to_pdf(replace(plan, notices=stops), "a4"))
    assert len(found) == len(plan.sessions)
    assert all(f"stop-{n}:" in text for text in found for n in range(40))


def test_rows_of_the_visit_are_only_those_that_the_site_gives() -> None:
    bare = papers.sheets(to_pdf(papers.dermatomyositis(site=papers.clinic(visit={})), "a4"))[0]
    assert not re.search(r"Arrival|Premedication,|Flush \(|Observation,", bare)
    some = papers.sheets(
        to_pdf(
            papers.dermatomyositis(site=papers.clinic(visit={"premedication": "20 min", "observation": "1 h"})), "a4"
        )
    )[0]
    # 09:00 less 20 min; 720 mL end at 13:48; an hour later it is 14:48
    assert "08:40 Premedication, 20 min" in some
    assert "13:48 Observation, 60 min, until 14:48" in some
    assert not re.search(r"Arrival|Flush \(", some)


def test_record_has_room_for_what_really_happened(printed: Printed) -> None:
    for text in papers.sheets(printed["twelve_rungs", "letter"][1]):
        for heading in (
            "Allergies", "premedication dose route given at by", "Cannula, site", "Pump no.", "done at initials",
            "no. due observation time BP mmHg pulse /min temp. °C SpO2 % resp. /min reaction code initials",
            "lot number expiry initials", "stopped at", "restarted at", "Treatment",
            "prescribed by: name, signature, date", "calculated by:", "checked by:", "administered by:",
        ):  # fmt: skip
            assert heading in text, heading
        # each bottle has its row, and nothing is written into its boxes: the next thing is the row after
        rows = re.findall(
            r"(?<![\d.:])(\d+) 2\.5 50 \d\d:\d\d \d\d:\d\d(?= \d+ 2\.5 50| bottle g mL| prescribed)", text
        )
        assert sorted(map(int, rows)) == list(range(1, 21))


def test_observations_are_numbered_with_the_time_that_each_is_due() -> None:
    """Before, 15 min after the start, at each rate, hourly, at the end and 30 min after; then rows to write in."""
    text = papers.sheets(to_pdf(papers.planned_once(), "a4", ("record",)))[0]
    rows = (
        "1 before the start 2 09:15 15 min after the start 3 09:30 before step 2 4 10:00 before step 3 "
        "5 11:00 6 12:00 7 13:00 8 13:48 end 9 14:18 30 min after the end 10 11"
    )
    assert rows in text


def test_a_site_has_its_own_times_of_observation() -> None:
    own = papers.clinic(observe={"every": "90 min", "at_each_rate": "false"})
    text = papers.sheets(to_pdf(papers.dermatomyositis(site=own), "a4", ("record",)))[0]
    assert "1 before the start 2 10:30 3 12:00 4 13:30 5 13:48 end 6 7" in text


def test_drugs_before_and_flush_are_those_of_the_site() -> None:
    own = papers.clinic(
        premedication=[
            {"drug": "paracetamol", "dose": "1 g", "route": "by mouth", "before": "30 min"},
            {"drug": "cetirizine", "dose": "10 mg", "route": "by mouth", "before": "60 min"},
        ],
        flush={"fluid": "5 % glucose", "volume": "20 mL"},
    )
    text = papers.sheets(to_pdf(papers.dermatomyositis(site=own), "a4", ("record",)))[0]
    assert "08:00 cetirizine 10 mg by mouth 08:30 paracetamol 1 g by mouth" in text
    assert "Flush here: 5 % glucose, 20 mL (not part of the dose)" in text
    # what the product's file prints stands beside it
    assert "Flush the line with 0.9% saline or 5% glucose" in text


def test_what_to_do_on_a_reaction_is_in_three_lines_with_who_printed_it() -> None:
    text = papers.sheets(to_pdf(papers.planned_once(), "a4", ("record",)))[0]
    three = r"Stop: Any reaction: pause.*\(NHS Borders\) Slow: Mild.*\(Children's Health, Dallas\) Restart: .*\(NHS Borders\)"
    assert re.search(three, text)
    own = papers.clinic(reaction={"stop": "Stop, call 2222", "slow": "Halve it", "restart": "Ask the doctor"})
    text = papers.sheets(to_pdf(papers.dermatomyositis(site=own), "a4", ("record",)))[0]
    assert "Stop: Stop, call 2222 Slow: Halve it Restart: Ask the doctor" in text


def test_volumes_are_those_that_the_pump_can_be_set_to() -> None:
    """Running 21.6, 64.8 and 720 mL, to the nearest whole mL of this pump: 22, 65, 720."""
    own = papers.clinic(pump={"volume": "1 mL"})
    text = papers.sheets(to_pdf(papers.dermatomyositis(site=own), "a4", ("record",)))[0]
    assert "43.2 0:30 22 22 " in text
    assert "86.4 0:30 43 65 " in text
    assert "172.8 3:48 655 720 " in text


def test_the_set_rate_is_the_largest_figure_of_the_page() -> None:
    pdf = to_pdf(papers.planned_once(), "a4", ("record",))
    sizes: dict[str, float] = {}

    def note(text: str, _cm: list[float], tm: list[float], _font: Any, size: float) -> None:
        if text.strip():
            sizes[text.strip()] = max(size * abs(tm[0]), sizes.get(text.strip(), 0))

    PdfReader(io.BytesIO(pdf)).pages[0].extract_text(visitor_text=note)
    rate = sizes["172.8"]
    assert all(size < rate for text, size in sizes.items() if text not in ("43.2", "86.4", "172.8"))


def test_last_bottle_is_empty_when_the_infusion_ends(printed: Printed) -> None:
    # 287.5 min after 09:00 is rounded up to 13:48 for the end, so for its last bottle too
    assert "4 2 20 13:40 13:48" in papers.sheets(printed["dermatomyositis", "a4"][1])[0]


def test_assumed_steps_are_marked(printed: Printed) -> None:
    text = papers.sheets(printed["dermatomyositis", "a4"][1])[0]
    assert "09:30 2* " in text
    assert "* a step that the source does not print" in text


def test_without_published_rates_the_rows_stay_empty(printed: Printed) -> None:
    plan, pdf = printed["without_rates", "a4"]
    text = papers.sheets(pdf)[0]
    assert "CAUTION no times or rates: " in text
    assert "No source prints rates for this product" in text
    assert "mL/h against" not in text
    count = sum(vial.count for vial in plan.sessions[0].vials)
    # 10 g of 100 mg/mL are 100 mL; then the boxes for when it is hung and empty, its lot and expiry
    assert re.search(rf"(?<!\d){count} {plain(plan.sessions[0].vials[-1].size_g)} 100 (bottle|prescribed)", text)


def test_without_published_rates_the_visit_and_the_end_have_their_rows_without_times(printed: Printed) -> None:
    text = papers.sheets(printed["without_rates", "a4"][1])[0]
    # 09:00 less 15 and 30 min; when the infusion ends nobody can say
    assert "08:15 Arrival, 15 min 08:30 Premedication, 30 min End of the infusion: " in text
    assert (
        "End of the infusion: 700 mL given Flush (not part of the dose), 10 min Observation, 30 min No source" in text
    )
    (row, *_) = document(printed["without_rates", "a4"][0], "a4", {})["sheets"]
    assert row["end"] == {"at": "", "volume": "700"}
    assert [at for at, _ in row["after"]] == ["", ""]


def test_without_published_rates_each_bottle_has_the_volume_that_is_known(printed: Printed) -> None:
    """70 g of 100 mg/mL: 3 bottles of 20 g, 200 mL each, and one of 10 g, 100 mL; 700 mL as the head says."""
    (row, *_) = document(printed["without_rates", "a4"][0], "a4", {})["sheets"]
    assert [(bottle["size"], bottle["volume"]) for bottle in row["bottles"]] == [("20", "200")] * 3 + [("10", "100")]
    plan, _ = printed["without_rates", "a4"]
    opened = plan.sessions[0]._replace(dose_g=Decimal(65), leftover_g=Decimal(5))
    given = [volume for _, volume in bottles_without_rates(opened, plan.computed_from.product.value.concentration)]
    assert given == [200, 200, 200, 50], "what is left over of the last one is not given"
    assert [volume for _, volume in bottles_without_rates(opened, None)] == [None] * 4


def test_a_time_on_the_next_day_is_on_one_line_with_its_day() -> None:
    """`20:00 to 06:02 +1 d` once ended in a line that said `d` alone."""
    site = papers.clinic(open={}, visit=papers.VISIT)
    plan = helpers.plan("kawasaki:etg", "octagam-10-eu", "6kg", age="7mo", start="2026-12-01", at="20:00", site=site)
    lines = PdfReader(io.BytesIO(to_pdf(plan, "a4", ("record",)))).pages[0].extract_text().splitlines()
    assert [line for line in lines if line.strip() in ("d", "+1", "+1 d")] == []


def test_empty_rows_are_wide_enough_to_be_written_in() -> None:
    """The headings of the rate columns stand at least 30 pt (11 mm) apart, and so does the time that is due."""
    places = dict(heading_places(to_pdf(papers.without_rates(), "a4")))
    assert places["observation"] - places["due"] > 30
    columns = [places[head] for head in ("step", "bottle", "mL/kg/h", "set rate mL/h", "lasts", "VTBI")]
    assert all(right - left > 30 for left, right in pairwise(columns))


def heading_places(pdf: bytes) -> list[tuple[str, float]]:
    """Words of the first sheet and how far from the left they start; the first place of each."""
    page = next(p for p in PdfReader(io.BytesIO(pdf)).pages if p.extract_text().startswith("Infusion record"))
    found: list[tuple[str, float]] = []

    def note(text: str, cm: list[float], tm: list[float], _font: Any, _size: float) -> None:
        found.append((text.strip(), tm[4] * cm[0] + cm[4]))

    page.extract_text(visitor_text=note)
    return found[::-1]


def test_records_that_look_alike_are_said_once() -> None:
    """Two courses of two days alike; where one day is not rounded alike, its record is another."""
    alike = to_typeset(document(papers.planned_once(), "a4", {}))
    assert ([head["look"] for head in alike["sheets"]], len(alike["looks"])) == ([0, 0, 0, 0], 1)
    # 3.2 kg x 2 g/kg in two days: 3.5 g, then 3 g
    small = helpers.plan("dermatomyositis", "octagam-10-us", "3.2kg", start="2026-12-01", courses="2", days="2")
    apart = to_typeset(document(small, "a4", {}))
    assert len({str(session.dose_g) for session in small.sessions}) == len(apart["looks"])
    for head, sheet in zip(apart["sheets"], document(small, "a4", {})["sheets"], strict=True):
        said = {name: value for name, value in head.items() if name != "look"}
        assert apart["looks"][head["look"]] | said == sheet


def test_a_record_whose_head_is_higher_than_that_of_its_like_still_fits_its_page() -> None:
    """A line more in the head is so much less for blank rows."""
    said = to_typeset(document(papers.planned_once(), "a4", {}, ("record",)))
    said["sheets"][2]["when"] = "Course 2 of 2, day 1 of 2, " + "phase of the first weeks " * 8
    texts = papers.pages(typeset("plan.typ", said, "pdf", "PDF output"))
    assert len(texts) == 4
    # the last of the blank rows, in front of the bottles
    last = [int(re.findall(r"(\d+) bottle g mL", text)[0]) for text in texts]
    assert last == [13, 13, 12, 13]


#: asks the template for the size it finds and for the height of the record at every size there is
EVERY_SIZE = """
#import "style.typ": margins
#import "sheet.typ": fitting, height-of, sizes
#let plan = json(bytes(sys.inputs.data))
#set page(paper: plan.paper, margin: margins)
#context {
  let area = (width: page.width - 2 * margins.x, height: page.height - margins.top - margins.bottom)
  let sheet = plan.looks.first() + plan.sheets.first()
  [#metadata((fitting(plan, sheet, area), sizes.map(size => height-of(plan, sheet, size, area) <= area.height)))<found>]
}
"""


@pytest.mark.parametrize("make", papers.ALL, ids=lambda make: make.__name__)
def test_a_record_takes_the_roomiest_size_that_fits_wherever_the_search_begins(make: Callable[[], Plan]) -> None:
    plan = make()
    inputs = inputs_of(to_typeset(document(plan, "a4", {})))
    found = typst.query(EVERY_SIZE.encode(), "<found>", field="value", one=True, root=TEMPLATES, sys_inputs=inputs)
    size, fits = json.loads(found)
    assert size == fits.index(True)
    assert all(fits[size:])  # each is lower than the one before it
