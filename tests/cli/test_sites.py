"""Which site file is in force: the option, then the variable, then the user's configuration folder, else none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from platformdirs import user_config_path

from ivigcalc.cli import sites
from ivigcalc.cli.main import main

ORDER = ["schedule", "-r", "dermatomyositis", "--weight", "72kg", "--age", "54y", "--start", "2026-11-26", "--quiet"]
SITE = """\
kind: site
schema: 1
id: {id}
open: {{mon-fri: "08:00-17:00"}}
holidays: {{country: US}}
closed_days: shift-later
default: {{product: {product}}}
"""


@pytest.fixture(autouse=True)
def nobody_at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(sites.VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path))


def a_site(path: Path, identifier: str, product: str = "octagam-10-us") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(SITE.format(id=identifier, product=product), encoding="utf-8")
    return path


def planned(capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, dict[str, object]]:
    assert main([*ORDER, "--format", "json", *more]) == 0
    document: dict[str, dict[str, object]] = json.loads(capsys.readouterr().out)
    return document


def test_without_a_site_nothing_is_assumed(capsys: pytest.CaptureFixture[str]) -> None:
    document = planned(capsys, "--product", "octagam-10-us")
    assert document["computed_from"]["site"] is None
    assert [session["date"] for session in document["sessions"]] == ["2026-11-26", "2026-11-27"]  # type: ignore[index]


def test_the_option_comes_before_the_variable_and_that_before_the_folder(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    a_site(sites.user_site(), "at-home")
    assert planned(capsys)["computed_from"]["site"]["id"] == "at-home"  # type: ignore[index]
    monkeypatch.setenv(sites.VARIABLE, str(a_site(tmp_path / "variable.yaml", "by-variable")))
    assert planned(capsys)["computed_from"]["site"]["id"] == "by-variable"  # type: ignore[index]
    option = str(a_site(tmp_path / "option.yaml", "by-option"))
    assert planned(capsys, "--site", option)["computed_from"]["site"]["id"] == "by-option"  # type: ignore[index]


@pytest.mark.parametrize("named", [None, "", "config", "/config", "//config/", "~/config"])
@pytest.mark.parametrize("home", [None, "", "/", "/home/her/", "home"])
def test_the_folder_is_the_one_that_platformdirs_names(
    named: str | None, home: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in (("XDG_CONFIG_HOME", named), ("HOME", home)):
        if value is None:
            monkeypatch.delenv(variable)
        else:
            monkeypatch.setenv(variable, value)
    assert sites.user_site() == user_config_path("ivigcalc") / "site.yaml"


def test_a_course_moves_as_a_whole_off_thanksgiving(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    document = planned(capsys, "--site", str(a_site(tmp_path / "site.yaml", "ward")), "--courses", "3")
    # 26 November 2026 is Thanksgiving, a Thursday: the two days go to Monday and Tuesday; the next courses are
    # still counted from the 26th (24 December and 21 January), and the one before Christmas moves past it
    assert [session["date"] for session in document["sessions"]] == [  # type: ignore[index]
        "2026-11-30", "2026-12-01", "2026-12-28", "2026-12-29", "2027-01-21", "2027-01-22",
    ]  # fmt: skip


def test_a_default_of_the_site_is_said_to_be_one(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    document = planned(capsys, "--site", str(a_site(tmp_path / "site.yaml", "ward")))
    assert "product not given: octagam-10-us is the default of site ward" in document["computed_from"]["defaults_used"]  # type: ignore[operator]


def test_a_site_that_is_wrong_or_missing_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main([*ORDER, "--site", str(tmp_path / "nowhere.yaml")]) == 3
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text('kind: site\nschema: 1\nid: ward\nopen: {monday: "8-17"}\n', encoding="utf-8")
    assert main([*ORDER, "--site", str(wrong)]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "wrong.yaml:4: open.monday" in captured.err


def test_what_to_do_on_a_closed_day_has_to_be_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text("kind: site\nschema: 1\nid: ward\nholidays: {country: US}\n", encoding="utf-8")
    assert main([*ORDER, "--product", "octagam-10-us", "--site", str(site)]) == 2
    assert "closed_days" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("rule", "first_day"),
    [("shift-later", "2026-11-30"), ("shift-earlier", "2026-11-24"), ("nearest", "2026-11-24"), ("keep", "2026-11-26")],
)
def test_every_rule_for_closed_days(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, rule: str, first_day: str
) -> None:
    site = a_site(tmp_path / "site.yaml", "ward")
    site.write_text(site.read_text(encoding="utf-8").replace("shift-later", rule), encoding="utf-8")
    document = planned(capsys, "--site", str(site), "--courses", "1")
    assert document["sessions"][0]["date"] == first_day  # type: ignore[index]


def test_everything_that_is_wrong_with_a_site_file_is_told_at_once(tmp_path: Path, run: Callable[..., Any]) -> None:
    """Its hours are no hours, and besides them a country and a locale are none."""
    path = tmp_path / "site.yaml"
    path.write_text(
        "kind: site\nschema: 2\nid: site\nopen: {sat: 8-12}\nholidays: {country: XX}\nlocale: xx-QQ\n",
        encoding="utf-8",
    )
    checked = run("sites", "check", path)
    assert checked.code == 3
    told = [line for line in checked.out.splitlines() if line.startswith(str(path))]
    assert [line.removeprefix(f"{path}:").split(" ")[1].rstrip(":") for line in told] == [
        "open.sat", "holidays.country", "locale"
    ]  # fmt: skip
