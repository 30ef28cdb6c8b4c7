"""What the screen shows of a plan's notices, and `--notes` (rule 19)."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from ivigcalc.cli.main import main

ORDER = "-r dermatomyositis -p octagam-10-us --weight 72kg"
MAIN_JOB = f"schedule {ORDER} --age 54y --start 2026-12-01 --at 09:00 --courses 2"
NOTES = ("note ", "CAUTION ", "OVERRIDDEN ")


def printed(command: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    assert main(command.split()) == 0
    return capsys.readouterr().out.splitlines()


def notices(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith(NOTES) or line.endswith("--notes shows them")]


@pytest.mark.parametrize("command", [MAIN_JOB, f"dose {ORDER}"])
def test_main_job_has_four_lines_of_notices_at_80_columns(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IVIGCALC_SITE", raising=False)
    found = notices(printed(command, capsys))
    assert sum(len(textwrap.wrap(line, 80)) for line in found) <= 4
    assert found[0].startswith("CAUTION ")
    everything = notices(printed(f"{command} --notes", capsys))
    assert found[:-1] == everything[: len(found) - 1]
    assert found[-1] == f"{len(everything) - len(found) + 1} notes: --notes shows them"


@pytest.mark.parametrize("command", ["dose", "schedule --start 2026-12-01", "calendar --start 2026-12-01"])
def test_why_a_vial_is_opened_for_a_small_child_is_never_behind_notes(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """2 g/kg at 4.2 kg are 8.4 g: 10 g, the nearest whole vial, would be 19 % more."""
    order = f"{command} -r kawasaki:octagam-smpc-single -p privigen-us --weight 4.2kg --age 2mo"
    text = " ".join(" ".join(printed(order, capsys)).split())
    assert "note vial-opened: the course of 8.4 g is drawn from opened vials" in text
    assert "whole vials would be 10 g, +19.05 %, more than 10 % from it" in text
    assert "--notes shows them" in text
    assert "vial-opened" not in " ".join(printed(order.replace("4.2kg", "5kg"), capsys))


def test_calendar_counts_the_notes_and_shows_them(capsys: pytest.CaptureFixture[str]) -> None:
    order = MAIN_JOB.replace("schedule", "calendar", 1)
    assert "notes: --notes shows them" in "\n".join(printed(order, capsys))
    assert "note product-warning: " in "\n".join(printed(f"{order} --notes", capsys))


@pytest.mark.parametrize("more", ["-f markdown", "-f json"])
def test_what_is_read_elsewhere_has_all(more: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = "\n".join(printed(f"{MAIN_JOB} {more}", capsys))
    assert "live-vaccines" in text.replace("\\", "")
    assert "notes shows" not in text


def test_a_file_has_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed(f"{MAIN_JOB} -o {tmp_path}/plan.txt", capsys)
    text = (tmp_path / "plan.txt").read_text(encoding="utf-8")
    assert "note live-vaccines: " in text
    assert "--notes shows" not in text


def test_no_caution_is_behind_notes(capsys: pytest.CaptureFixture[str]) -> None:
    order = f"dose {ORDER} --age 70y --condition corn-allergy --override product-contraindicated=known"
    short, whole = (notices(printed(f"{order}{more}", capsys)) for more in ("", " --notes"))
    assert [line for line in short if not line.startswith("note ")][:-1] == [
        line for line in whole if not line.startswith("note ")
    ]
