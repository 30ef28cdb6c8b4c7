"""What every text face owes its reader: all figures, at any width, in any encoding, and no markup from outside."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import helpers
import pytest
from msgspec.structs import replace

from ivigcalc import Form, plan_form
from ivigcalc.cli.main import main
from ivigcalc.cli.show import Format
from ivigcalc.engine.plan import Plan
from ivigcalc.quantity import plain
from ivigcalc.render.csv import safe_cell, to_csv
from ivigcalc.render.markdown import to_markdown
from ivigcalc.render.table import to_table

ON = date(2026, 11, 22)
CHECK_LINE = "Results must be checked by a qualified person before use."


def schedule(**words: str) -> Plan:
    form = Form(
        weight="81.4kg", age="61y", regimen="cidp:us-label-privigen", product="privigen-us", start="2026-12-01", at="21:30", courses="3", days="3",
    )  # fmt: skip
    for name, value in words.items():
        setattr(form, name, value)
    return plan_form(form, "schedule", on=ON)


def figures(plan: Plan) -> set[str]:
    """Every dose, volume, rate, minute and mL of the plan, as plain numbers."""
    found: set[Decimal | int | None] = {plan.totals.dose_g, plan.totals.volume_ml, plan.course.prescribed_g}
    for session in plan.sessions:
        found |= {session.dose_g, session.volume_ml}
        for step in session.steps:
            found |= {
                step.rate_ml_per_h,
                step.rate_ml_per_kg_per_h,
                step.duration_min,
                step.volume_ml,
                step.cumulative_ml,
            }
    return {plain(value) for value in found if value is not None}


@pytest.mark.parametrize("width", [None, 20, 40, 60, 80, 132])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_no_figure_is_cut_at_any_width(width: int | None, ascii_only: bool) -> None:
    plan = schedule()
    text = to_table(plan, width=width, ascii_only=ascii_only)
    words = set(re.split(r"[\s|]+", text))
    assert figures(plan) <= words
    assert {session.date for session in plan.sessions} <= words
    assert "\u2026" not in text
    if ascii_only:
        text.encode("ascii")


@pytest.mark.parametrize("face", [to_table, to_markdown])
def test_every_face_names_weights_sources_and_the_check_line(face: object) -> None:
    plan = schedule()
    text = face(plan)  # type: ignore[operator]
    assert "81.4 kg" in text.replace("\\", "")
    assert CHECK_LINE in text
    assert all(notice.code in text.replace("\\", "") for notice in plan.notices)
    assert figures(plan) <= set(re.split(r"[\s|]+", text.replace("\\", "")))


def test_a_session_across_midnight_says_so() -> None:
    plan = schedule()
    assert plan.sessions[0].starts_at == "2026-12-01T21:30"
    assert plan.sessions[0].ends_at is not None
    assert plan.sessions[0].ends_at.startswith("2026-12-02T0")
    assert "+1 d" in to_table(plan)


def test_markdown_says_which_sessions_a_table_of_rates_is_for() -> None:
    """As the table does: one table for each dose, the ladder by what it was published for."""
    headings = [line for line in unescaped(to_markdown(schedule())).splitlines() if line.startswith("## ")]
    assert headings == [
        f"## {line}" for line in to_table(schedule(), width=200).splitlines() if line.startswith("Rates, ")
    ]
    assert headings[0] == "## Rates, course 1 day 1, course 1 day 2, course 1 day 3: 55 g, 550 mL in 2 h 57 min (titration for primary-immunodeficiency, cidp)"  # fmt: skip
    assert headings[1].startswith("## Rates, course 2 day 1, course 3 day 1: 80 g")


def test_markdown_marks_clocks_of_the_next_day() -> None:
    text = to_markdown(schedule())
    assert "| 21:30 | 00:27 +1 d | 55 |" in text  # 21:30 and 2 h 57 min
    assert re.findall(r"\d\d:\d\d \+1 d", to_markdown(undated_overnight())) == ["03:18 +1 d", "00:15 +1 d"]


def test_markdown_has_cautions_before_notes() -> None:
    said = re.findall(r"^- (note|CAUTION|OVERRIDDEN) ", to_markdown(schedule()), re.MULTILINE)
    assert said == sorted(said, key=["OVERRIDDEN", "CAUTION", "note"].index)
    assert len(set(said)) > 1


def unescaped(text: str) -> str:
    return text.replace("\\", "")


def undated_overnight() -> Plan:
    """22:00 without a date: 135 min at 36 mL/h, then 219 of the 300 mL at 72 mL/h, 182.5 min: 00:15 and 03:18."""
    ladder = (("0.5 mL/kg/h", "135 min"), ("1 mL/kg/h", None))
    return helpers.rates(helpers.own_product(ladder=ladder), None, "72kg", "30g", at="22:00")


@pytest.mark.parametrize("face", [to_table, to_markdown])
def test_facts_name_the_phase_even_where_only_one_is_planned(face: object) -> None:
    form = Form(weight="81.4kg", age="61y", regimen="cidp:us-label-privigen", product="privigen-us")
    assert "Phase loading" in face(plan_form(form, "dose", on=ON))  # type: ignore[operator]
    form.regimen, form.product = "dermatomyositis", "octagam-10-us"
    assert "Phase" not in face(plan_form(form, "dose", on=ON))  # type: ignore[operator]


@pytest.mark.parametrize("face", [to_table, to_markdown])
@pytest.mark.parametrize("command", ["dose", "rates"])
def test_facts_name_the_site_that_is_in_force(face: object, command: str) -> None:
    form = Form(
        weight="81.4kg", regimen="dermatomyositis", product="octagam-10-us", indication="dermatomyositis", dose="80g"
    )
    if command == "dose":
        form.indication = form.dose = None
    else:
        form.regimen = None
    own = replace(helpers.a_site(), sha256="0" * 64)
    facts = [
        " ".join(re.sub(r"[-*:]", " ", line).split())
        for line in face(plan_form(form, command, on=ON, site=own)).splitlines()
    ]  # type: ignore[arg-type,operator]
    assert "Site test clinic" in [line.replace("\\", "") for line in facts]
    assert "Site" not in face(plan_form(form, command, on=ON))  # type: ignore[arg-type,operator]


HOSTILE = ["[red]x[/red]", ":skull:", "=cmd|' /C calc'!A0", "| a | b |", "# h1 *b* `c` <script>", "[link](http://x)"]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_text_and_never_markup(name: str) -> None:
    plan = schedule(name=name, patient_id=name)
    assert name in to_table(plan)
    assert name not in to_markdown(plan) or name == ":skull:"
    assert all(
        cell.split(",")[0].strip('"').startswith(("'", "[", ":", "|", "#")) for cell in to_csv(plan).splitlines()[1:]
    )


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_a_cell_is_never_a_formula(start: str) -> None:
    assert safe_cell(f"{start}1+1") == f"'{start}1+1"
    assert safe_cell("P-1") == "P-1"


def test_the_command_works_without_a_locale_and_into_an_ascii_pipe() -> None:
    command = [
        sys.executable,
        "-m",
        "ivigcalc",
        "dose",
        "-r",
        "dermatomyositis",
        "-p",
        "octagam-10-us",
        "--weight",
        "72kg",
        "--name",
        "Zoë",
    ]
    done = subprocess.run(
        command, capture_output=True, check=True, env={"LC_ALL": "C", "LC_TIME": "xx_XX", "PYTHONIOENCODING": "ascii", "PATH": ""}
    )  # fmt: skip
    text = done.stdout.decode("ascii")
    assert "172.8" in text
    assert "Zo\\xeb" in text
    assert done.stderr == b""


def test_a_closed_pipe_is_no_error() -> None:
    command = f"{sys.executable} -m ivigcalc dose -r dermatomyositis -p octagam-10-us --weight 72kg --explain | head -1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, encoding="utf-8", check=False)
    assert done.stderr == ""


def test_courses_far_apart_start_the_slow_ladder_again() -> None:
    """More than 8 weeks since the last infusion (NL-IVIG002): day 1 of each course is a first infusion, day 2 is not."""
    form = Form(
        weight="70kg", regimen="sjogren", product="qivigy-us", start="2027-01-04", courses="2", every="10 weeks", infusion="subsequent"
    )  # fmt: skip
    plan = plan_form(form, "schedule", on=ON)
    starts = [session.steps[0].rate_ml_per_kg_per_h for session in plan.sessions]
    later, first = Decimal("1.2"), Decimal("0.6")
    assert starts == [later] * 5 + [first] + [later] * 4
    assert [notice.code for notice in plan.notices].count("restart-slow") == 1


@pytest.mark.parametrize("face", Format)
def test_every_face_is_made_and_is_the_same_twice(
    face: Format, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    order = shlex.split("schedule -r dermatomyositis -p octagam-10-us --weight 72kg --start 2026-12-01 --at 09:00")
    for name in ("one", "other"):
        assert main([*order, "--format", face, "-o", str(tmp_path / name)]) == 0
    assert (tmp_path / "one").stat().st_size > 0
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_the_help_names_every_face(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schedule", "--help"]) == 0
    words = set(re.findall(r"[a-z]+", capsys.readouterr().out))
    assert set(Format) <= words
