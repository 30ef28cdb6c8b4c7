"""What every face must show: whole and plain figures with their units, the check, the product, and an override with its reason."""

import csv
import io
import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import helpers
import pytest

from ivigcalc.engine.plan import Plan
from ivigcalc.render.table import to_table

CHECK = "Results must be checked by a qualified person before use."
DM = ("-r", "dermatomyositis", "-p", "octagam-10-us", "--weight", "71.3kg", "--age", "54y")
FACES = ("table", "markdown", "json")
SCHEDULE = ("schedule", *DM, "--start", "2026-12-01", "--at", "09:00", "--courses", "2")


# ---- nothing is cut --------------------------------------------------------------------------------------------------


def figures(plan: Plan) -> set[str]:
    """Every number that a reader of the schedule needs, as it must be found on the page."""
    found = {str(plan.totals.dose_g), str(plan.dosing_weight.kg), str(plan.course.prescribed_g)}
    for session in plan.sessions:
        found |= {str(session.dose_g), str(session.volume_ml), str(session.date)}
        found |= {
            str(figure)
            for s in session.steps
            for figure in (s.rate_ml_per_h, s.volume_ml, s.cumulative_ml, s.duration_min)
        }
    return found


@pytest.mark.parametrize("width", [None, 1, 10, 40, 79, 80, 200])
def test_no_figure_is_cut_however_narrow_the_terminal(width: int | None) -> None:
    made = helpers.plan("dermatomyositis", "octagam-10-us", "71.3kg", start="2026-12-01", at="09:00", courses="2")
    page = set(re.split(r"[^0-9.:-]+", to_table(made, width=width)))
    assert figures(made) - {word.rstrip(".") for word in page} == set()


def test_a_page_in_a_pipe_is_whole(run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    printed = run(*SCHEDULE).out
    assert "…" not in printed
    assert CHECK in printed
    assert "171.1" in printed  # mL/h: 71.3 x 60 x 0.04 = 171.12
    assert "142.6" in printed  # g: 71.3 x 2


# ---- nothing is misread ----------------------------------------------------------------------------------------------


OCTAGAM_72_KG = ("octagam-10-us", "dermatomyositis", "72kg", "72g")


@pytest.mark.parametrize("face", FACES)
def test_every_face_says_that_it_must_be_checked(face: str, run: Callable[..., Any]) -> None:
    assert CHECK in run(*SCHEDULE, "-f", face).out.replace("\\", "")


def test_every_face_names_the_product_with_its_country_and_strength(run: Callable[..., Any]) -> None:
    for face in ("table", "markdown"):
        printed = run(
            "dose", "-r", "dermatomyositis", "-p", "octagam-10-us", "--weight", "72kg", "-f", face
        ).out.replace("\\", "")
        assert "Octagam 10% (octagam-10-us), 100 mg/mL" in printed


@pytest.mark.parametrize("face", ["table", "markdown", "csv", "json"])
def test_no_figure_has_a_trailing_zero_or_a_naked_point(face: str, run: Callable[..., Any]) -> None:
    """A dose written 72.0 has been given as 720, and .5 as 5: neither is ever printed."""
    page = run(*SCHEDULE, "-f", face).out.replace("\\", "")
    page = re.sub(r"https?://\S+|[0-9]+\.[0-9]+\.[0-9]+|[0-9a-f]{12,}|[vV]ersion \S+|v[0-9.]+", "", page)
    assert not re.findall(r"[0-9]\.[0-9]*0(?![0-9.])", page)
    assert not re.findall(r"(?<![0-9.])\.[0-9]", page.replace("...", ""))


def test_json_holds_plain_exact_numbers(run: Callable[..., Any]) -> None:
    text = run(*SCHEDULE, "-f", "json").out
    numbers: list[str] = []
    json.loads(
        text, parse_float=lambda t: numbers.append(t) or Decimal(t), parse_int=lambda t: numbers.append(t) or int(t)
    )
    assert len(numbers) > 100
    assert all(re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?", text) for text in numbers)
    assert all(len(text) < 12 for text in numbers)


def test_every_column_of_figures_has_its_unit(run: Callable[..., Any]) -> None:
    heading = run(
        "rates", "-p", "octagam-10-us", "--indication", "dermatomyositis", "--weight", "72kg", "--dose", "72g"
    ).out
    for unit in ("mL/kg/h", "mg/kg/min", "mL/h", "min", "mL", "h:min"):
        assert re.search(rf"(?<![A-Za-z/]){re.escape(unit)}(?![A-Za-z/])", heading), unit
    for column in ("rate_ml_per_h", "duration_min", "volume_ml", "cumulative_ml"):
        assert (
            column
            in run(
                "rates",
                "-p",
                "octagam-10-us",
                "--indication",
                "dermatomyositis",
                "--weight",
                "72kg",
                "--dose",
                "72g",
                "-f",
                "csv",
            ).out
        )


def test_the_exact_dose_stands_beside_the_rounded_one(run: Callable[..., Any]) -> None:
    """71.3 kg x 2 g/kg = 142.6 g, given as 71 + 71 = 142 g: -0.42 %; 72 g would be above 1 g/kg."""
    printed = run(*SCHEDULE).out
    assert re.search(r"exact dose +142\.6 g", printed)
    assert re.search(r"dose given +142 g = 1\.992 g/kg \(-0\.42 %\)", printed)


def test_a_rung_that_nobody_printed_is_marked_on_every_face(run: Callable[..., Any]) -> None:
    command = (
        "rates",
        "-p",
        OCTAGAM_72_KG[0],
        "--indication",
        OCTAGAM_72_KG[1],
        "--weight",
        OCTAGAM_72_KG[2],
        "--dose",
        OCTAGAM_72_KG[3],
    )
    assert "2*" in run(*command).out
    assert "2 (assumed)" in run(*command, "-f", "markdown").out
    assert '"assumed": true' in run(*command, "-f", "json").out
    assert "ladder-assumed" in run(*command).out


# ---- an override is seen ---------------------------------------------------------------------------------------------


OVERRIDDEN = ("--dose", "2.2 g/kg", "--override", "dose-outside-regimen=agreed with Dr Roe on 20 November")


@pytest.mark.parametrize("face", FACES)
def test_an_override_and_its_reason_stand_on_every_face(face: str, run: Callable[..., Any]) -> None:
    printed = " ".join(run(*SCHEDULE, *OVERRIDDEN, "-f", face).out.replace("\\", "").split())
    assert "dose-outside-regimen" in printed
    assert "agreed with Dr Roe on 20 November" in printed
    assert "is outside the protocol's 2 g/kg" in printed


def test_an_override_is_named_in_every_row_of_csv(run: Callable[..., Any]) -> None:
    done = run(*SCHEDULE, *OVERRIDDEN, "-f", "csv")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert len(rows) == 6
    assert all("dose-outside-regimen" in row["notices"].split("|")[0].split(";") for row in rows)
    assert "agreed with Dr Roe" in done.err


def test_an_override_is_stored_in_the_plan(run: Callable[..., Any]) -> None:
    document = json.loads(run(*SCHEDULE, *OVERRIDDEN, "-f", "json").out)
    assert document["computed_from"]["request"]["override"] == [
        "dose-outside-regimen=agreed with Dr Roe on 20 November"
    ]
    [notice] = [n for n in document["notices"] if n["code"] == "dose-outside-regimen"]
    assert (notice["level"], notice["overridden_because"]) == ("stop", "agreed with Dr Roe on 20 November")
    assert all(n["overridden_because"] is None for n in document["notices"] if n["level"] != "stop")


def test_an_override_stands_on_paper_and_in_the_calendar(run: Callable[..., Any], tmp_path: Path) -> None:
    pypdf = pytest.importorskip("pypdf")
    pytest.importorskip("typst")
    run(*SCHEDULE, *OVERRIDDEN, "-f", "pdf", "-o", tmp_path / "plan.pdf", "--quiet")
    text = " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(tmp_path / "plan.pdf").pages).split())
    assert "dose-outside-regimen" in text
    assert "agreed with Dr Roe on 20 November" in text
    pytest.importorskip("icalendar")
    run(*SCHEDULE, *OVERRIDDEN, "-f", "ics", "-o", tmp_path / "plan.ics", "--quiet")
    events = (tmp_path / "plan.ics").read_text(encoding="utf-8").replace("\r\n ", "").split("BEGIN:VEVENT")[1:]
    assert len(events) == 6
    assert all("dose-outside-regimen" in event and "agreed with Dr Roe on 20 November" in event for event in events)
