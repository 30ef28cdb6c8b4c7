from __future__ import annotations

import io
import os
import re
import shutil
import sys
from datetime import date
from pathlib import Path
from typing import Any, Literal

import pytest
import typst
from msgspec.structs import replace
from PIL import Image, ImageChops
from pypdf import PdfReader
from pypdf.generic import ContentStream

from ivigcalc import Form, plan_form
from ivigcalc.engine.plan import Notice
from ivigcalc.errors import MissingExtraError, RequestError
from ivigcalc.render.paper.page import document, fingerprint
from ivigcalc.render.paper.pdf import to_pdf, to_typeset
from ivigcalc.render.paper.typeset import TEMPLATES, inputs_of

from . import papers
from .papers import CHECK, Case, Printed, every, squeezed

GOLDEN = Path(__file__).parent / "golden"
HEADS = ("Infusion calendar", "Infusion plan", "Sessions", "Your infusions", "Infusion record", "Order")
GOLDEN_CODES = {
    "ladder-assumed",
    "days-chosen",
    "age-outside-regimen",
    "risk-no-figure",
    "past-closing",
    "order-expired",
}


@every()
def test_parts_in_their_order_and_one_page_for_each_session(printed: Printed, case: Case) -> None:
    plan, pdf = printed[case]
    texts = papers.pages(pdf)
    kinds = [next((head for head in HEADS if text.startswith(head)), "more of it") for text in texts]
    begun = [kind for kind in kinds if kind != "more of it"]
    records = ["Infusion record"] * len(plan.sessions)
    calendar = ["Infusion calendar" if plan.sessions[0].on else "Infusion plan"]
    assert [kind for kind in begun if kind != "Sessions"] == [*calendar, "Your infusions", *records, "Order"]
    first = kinds.index("Infusion record")
    assert kinds[first : first + len(records)] == records


@every()
def test_every_page_says_what_it_belongs_to_and_the_order_page_its_number(printed: Printed, case: Case) -> None:
    plan, pdf = printed[case]
    mark = fingerprint(plan)
    texts = papers.pages(pdf)
    order = next(number for number, text in enumerate(texts) if text.startswith("Order"))
    patient = plan.computed_from.request.patient
    for number, text in enumerate(texts):
        assert f"{CHECK} page {number + 1} of {len(texts)}" in text
        assert (f"plan {mark}, ivigcalc {plan.ivigcalc_version}" in text) == (number >= order)
        for said in (patient.name, patient.patient_id):
            assert said is None or said in text


def test_codes_hashes_and_options_stand_on_the_order_page_only(printed: Printed) -> None:
    for plan, pdf in printed.values():
        texts = papers.pages(pdf)
        order = next(number for number, text in enumerate(texts) if text.startswith("Order"))
        product = plan.computed_from.product
        for text in texts[:order]:
            assert product.sha256[:8] not in text
            assert "--" not in text
            assert not any(f"{notice.code}:" in text for notice in plan.notices)
        assert product.sha256[:8] in " ".join(texts[order:])


def test_parts_can_be_printed_alone() -> None:
    plan = papers.planned_once()
    for part, head in (
        ("calendar", "Infusion calendar"),
        ("patient", "Your infusions"),
        ("record", "Infusion record"),
        ("order", "Order"),
    ):
        assert all(text.startswith(head) for text in papers.pages(to_pdf(plan, "a4", (part,))))
    some = [text.split(" session")[0][:15] for text in papers.pages(to_pdf(plan, "a4", ("order", "patient")))]
    assert [text.split()[0] for text in some] == ["Your", "Order"]


def test_one_session_can_be_printed_alone() -> None:
    plan = papers.planned_once()
    [text] = papers.pages(to_pdf(plan, "a4", session="2.1"))
    assert text.startswith("Infusion record, session 3 of 4 Tuesday 29 December 2026 Course 2 of 2, day 1 of 2")
    with pytest.raises(RequestError, match=r"no session '9\.1'; give --session as course\.day, from 1\.1 to 2\.2"):
        to_pdf(plan, "a4", session="9.1")


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
    data = to_typeset(document(plan, paper, papers.closed(plan)))
    drawn = typst.compile(TEMPLATES / "plan.typ", root=TEMPLATES, format="png", ppi=72, sys_inputs=inputs_of(data))
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
    # per record 6 headings of the premedication, 10 of the steps, 11 of the observations, twice 8 of the bottles;
    # 7 weekdays and 11 of the sessions on the calendar; 3 of the patient's visits
    assert kinds.count("/TH") == 4 * (6 + 10 + 11 + 2 * 8) + 7 + 11 + 3


@pytest.mark.parametrize("name", ["dermatomyositis", "twelve_rungs", "without_rates"])
def test_only_black_is_printed(printed: Printed, name: str) -> None:
    """A printer without greys makes dots of them, beside the rate and under letters."""
    reader = PdfReader(io.BytesIO(printed[name, "a4"][1]))
    for page in reader.pages:
        content = page.get_contents()
        assert content is not None
        for operands, operator in ContentStream(content, reader).operations:
            assert operator not in (b"k", b"K")
            if operator in (b"rg", b"RG", b"g", b"G", b"sc", b"SC", b"scn", b"SCN"):
                assert {float(part) for part in operands} <= {0.0}, (operator, operands)


def test_a_name_longer_than_a_line_is_whole_at_the_foot_of_every_page() -> None:
    """Inside the paper, and the body where it was."""
    plan = papers.dermatomyositis(name="Maximiliane " * 16, patient_id="9" * 200, courses="1")
    pdf = to_pdf(plan, "a4")
    for page in PdfReader(io.BytesIO(pdf)).pages:
        foot: list[tuple[float, str]] = []

        def note(text: str, cm: list[float], tm: list[float], _f: Any, _s: float, to: list[Any] = foot) -> None:
            y = tm[5] * cm[3] + cm[5]
            if 0 < y < 32:
                to.append((y, text))

        page.extract_text(visitor_text=note)
        said = "".join(text for _, text in foot)
        assert said.count("Maximiliane") == 16
        assert said.count("9") >= 200
        assert all(y > 10 for y, text in foot if text.strip())
    assert len(PdfReader(io.BytesIO(pdf)).pages) == 5


@every()
def test_no_page_holds_a_line_or_two_alone(printed: Printed, case: Case) -> None:
    for page in PdfReader(io.BytesIO(printed[case][1])).pages:
        lines = [line for line in page.extract_text().splitlines() if line.strip()]
        assert len(lines) >= 8, lines


def test_templates_fetch_nothing() -> None:
    for template in TEMPLATES.glob("*.typ"):
        text = template.read_text(encoding="utf-8")
        assert not re.search(r"@preview|@local|https?:|datetime\.today|\bread\(|image\(", text), template.name


def test_hostile_text_is_printed_as_text() -> None:
    name = '#set page(fill: red) $x$ *b* _i_ [1] @ref <lab> \\u{41} `r` // "'
    plan = papers.with_patient(papers.dermatomyositis(), name=name, patient_id='=HYPERLINK("x") #sys')
    for text in papers.pages(to_pdf(plan, "a4")):
        assert name in text
        assert 'ID =HYPERLINK("x") #sys' in text


def test_control_and_direction_characters_are_gone_and_length_is_bounded() -> None:
    plan = papers.with_patient(
        papers.dermatomyositis(), name="A\u202eB\x00\x1b[31mC\u2066\nD\u200b" + "W" * 300, patient_id="9" * 300
    )
    for text in papers.pages(to_pdf(plan, "letter")):
        assert "AB[31mCD" + "W" * 300 in squeezed(text)
        assert "ID" + "9" * 300 in squeezed(text)
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
    *_, record, order = papers.pages(to_pdf(plan, "a4"))
    assert "#panic() *Bold* $1$, 100 mg/mL" in record
    assert 'STOP, OVERRIDDEN ] #panic() [. Reason given for overriding: #import "@preview/a:1"' in record
    assert "#panic() *Bold* $1$ (octagam-10-us)" in order
    assert 'STOP, OVERRIDDEN x: ] #panic() [. Reason given for overriding: #import "@preview/a:1"' in order
    assert "[1] *s*" in order


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
        assert (refused.field, "can print '\U0001bc02" in str(refused)) == ("name", True)
        assert "(U+1BC02)" in str(refused)


def test_greek_cyrillic_and_accented_names_need_no_font_of_the_machine() -> None:
    for name in ("Zoë Nguyễn-Świętosławska", "Ελένη Παπαδοπούλου", "Светлана Ковалёва"):
        assert all(name in text for text in papers.pages(to_pdf(papers.dermatomyositis(name=name), "a4")))


def test_plan_without_names_dates_and_times_leaves_lines_for_a_pen(printed: Printed) -> None:
    _, pdf = printed["undated", "a4"]
    first, sheet = papers.pages(pdf)[0], papers.sheets(pdf)[0]
    assert first.startswith("Infusion plan ")
    assert "Mon Tue Wed" not in first
    assert "from start h:min" in sheet
    assert "+1:00 3 " in sheet
    assert re.search(r"Name ID Born", sheet)
    assert "Date" in sheet


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


def test_the_marks_on_capitals_are_whole_at_the_foot_of_every_page() -> None:
    """What differs between a capital and the same with its mark is the mark: at least 3 of the 12 dots above it."""
    for marked, bare in zip("ÉÖÅÑŻ", "EOANZ", strict=True):
        feet = zip(foot_of_pages(marked), foot_of_pages(bare), strict=True)
        boxes = [ImageChops.difference(*both).getbbox() for both in feet]
        assert len(boxes) == 5  # calendar, patient, two records, order
        for box in boxes:
            assert box is not None, marked
            assert box[3] - box[1] >= 3, marked


def foot_of_pages(name: str) -> list[Image.Image]:
    """The left half of the foot of each page, where the name stands, as dots."""
    plan = papers.dermatomyositis(name=name, patient_id=None, courses="1", site=papers.clinic(holidays=None))
    data = to_typeset(document(plan, "a4", {}))
    compiler = typst.Compiler(root=TEMPLATES, ignore_system_fonts=True)
    pages = compiler.compile(TEMPLATES / "plan.typ", format="png", ppi=192, sys_inputs=inputs_of(data))
    dots = [Image.open(io.BytesIO(page)).convert("L") for page in pages]
    return [page.crop((0, page.height - 100, page.width // 2, page.height)) for page in dots]
