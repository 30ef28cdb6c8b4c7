"""The command: every face, at 80 columns and in a pipe, and what it refuses."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from pyarrow import parquet

from ivigcalc.forecast.scenario import read_scenario
from ivigcalc.render.forecast_page import cautions, remarks, to_html, to_table

from .saved import PRICES, a_site, forecast_of, saved

GOLDEN = Path(__file__).parent / "golden"
TODAY = date(2026, 11, 1)


@pytest.fixture
def plans(tmp_path: Path) -> Path:
    folder = tmp_path / "plans"
    folder.mkdir()
    for name, weight, product in (("a", "72kg", "octagam-10-us"), ("b", "60kg", "privigen-us")):
        text = saved(weight, "2026-12-01", product=product, patient_id=name)
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    return folder


def test_every_face_has_the_same_figures(plans: Path, tmp_path: Path, run: Callable[..., Any]) -> None:
    """Per month and product: visits, grams and minutes of the JSON are those of CSV and Parquet."""
    data = json.loads(run("forecast", plans, "--by", "month", "-f", "json").out, parse_float=Decimal)
    keys = ("visits", "dose_g", "leftover_g", "chair_min")
    expected = [
        (period["period"], row["product"], *(Decimal(row[key]) for key in keys))
        for period in data["planned"]["periods"]
        for row in period["products"]
    ]
    table = csv.DictReader(io.StringIO(run("forecast", plans, "--by", "month", "-f", "csv").out))
    assert [(row["period"], row["product"], *(Decimal(row[key]) for key in keys)) for row in table] == expected
    assert run("forecast", plans, "--by", "month", "-f", "parquet", "-o", tmp_path / "f.parquet").code == 0
    rows = parquet.read_table(tmp_path / "f.parquet").to_pylist()
    assert [(row["period"], row["product"], *(Decimal(row[key]) for key in keys)) for row in rows] == expected
    page = run("forecast", plans, "--by", "month", "-f", "html").out
    assert all(str(visits) in page for _, _, visits, *_ in expected)
    assert len(expected) == 2


@pytest.mark.parametrize("face", ["table", "json", "csv", "html"])
def test_every_face_shows_the_scenario(face: str, plans: Path, run: Callable[..., Any]) -> None:
    found = run("forecast", plans, "-f", face, "--scenario", "dose=-50%")
    assert found.code == 0
    assert "cenario" in found.out


def test_past_sessions_are_said(plans: Path, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivigcalc.cli.forecast.today", lambda: date(2026, 12, 2))
    assert "--from 2026-12-02 leaves them out" in " ".join(run("forecast", plans).out.split())
    assert "leaves them out" not in run("forecast", plans, "--from", "2026-12-02").out
    assert "leaves them out" in run("forecast", plans, "-f", "csv").err
    assert run("forecast", plans, "-f", "csv", "-q").err == ""


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--from", "tomorrow"], "--from"),
        (["--to", "2026-13-01"], "--to"),
        (["--from", "2026-12-02", "--to", "2026-12-01"], "is before --from"),
        (["--from", "2028-01-01"], "8 sessions lie outside"),
        (["--by", "year"], "--by"),
        (["--scenario", "colour=red"], "--scenario"),
        (["--site", "none.yaml"], "none.yaml"),
    ],
)
def test_what_cannot_be_asked_is_refused(words: list[str], why: str, plans: Path, run: Callable[..., Any]) -> None:
    found = run("forecast", plans, *words)
    assert found.code in (2, 3)
    assert found.out == ""
    assert why in found.err
    assert "bug" not in found.err


def test_what_is_no_plan_is_refused(plans: Path, refuses: Callable[..., str]) -> None:
    assert "none" in refuses(2, "forecast", plans / "none.json")
    (plans / "a.json").write_text("{}", encoding="utf-8")
    assert "a.json is not a saved plan" in refuses(2, "forecast", plans)
    (plans / "empty").mkdir()
    assert "holds no saved plan" in refuses(2, "forecast", plans / "empty")


def test_parquet_is_not_printed_on_a_terminal_without_a_file(plans: Path, run: Callable[..., Any]) -> None:
    assert run("forecast", plans, "-f", "parquet", "-o", plans / "x.parquet").code == 0


def test_nothing_of_a_plan_is_markup(tmp_path: Path) -> None:
    document = json.loads(saved("72kg", "2026-12-01"))
    document["computed_from"]["product"]["id"] = "<script>alert(1)</script>"
    found = forecast_of(tmp_path, {"p.json": json.dumps(document), "q.json": saved("60kg", "2026-12-01")})
    assert "<script>" not in to_html(found, TODAY)


def a_forecast(folder: Path) -> Any:
    site = a_site(
        price_per_gram=PRICES,
        chair_hour={"amount": "60", "currency": "USD"},
        stock={"octagam-10-us": {"30 g": "6", "10 g": "9"}},
    )
    plans = {
        "a.json": saved("72kg", "2026-12-01", courses="3", patient_id="a"),
        "b.json": saved("60kg", "2026-12-15", courses="3", patient_id="b", condition=["hyperprolinaemia"]),
    }
    return forecast_of(folder, plans, site, by="month", scenario=read_scenario(["product=privigen-us"]))


@pytest.mark.parametrize(("name", "ascii_only"), [("forecast-80", False), ("forecast-80-ascii", True)])
def test_at_80_columns(name: str, ascii_only: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`IVIGCALC_WRITE_GOLDEN=1` writes it anew, to be read."""
    (tmp_path / "plans").mkdir()
    monkeypatch.chdir(tmp_path)
    page = to_table(a_forecast(Path("plans")), TODAY, width=80, ascii_only=ascii_only)
    assert max(map(len, page.splitlines())) <= 80
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("IVIGCALC_WRITE_GOLDEN"):
        golden.write_text(page, encoding="utf-8")
    assert page == golden.read_text(encoding="utf-8")


def test_in_a_pipe_of_a_locale_without_unicode(plans: Path) -> None:
    environment = {**os.environ, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "ivigcalc", "forecast", str(plans), "--by", "month"],
        capture_output=True, env=environment, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.isascii()
    assert b"########" in done.stdout


def test_one_thing_is_said_as_one(plans: Path, tmp_path: Path, run: Callable[..., Any]) -> None:
    """It was `1 session without a date are not counted`."""
    found = forecast_of(tmp_path, {"p.json": saved("72kg", "2026-12-01")}, since=date(2026, 12, 2))
    one, many = (replace(found, failed=n, undated=n, outside=n, other=n) for n in (1, 2))
    said = [*cautions(one, TODAY), *remarks(one)]
    assert "CAUTION 1 row of the batch could not be planned and is not counted: see errors.csv" in said
    assert "CAUTION 1 session without a date is not counted" in said
    assert "1 session before --from or after --to is left out." in said
    said = [*cautions(many, TODAY), *remarks(many)]
    assert "CAUTION 2 rows of the batch could not be planned and are not counted: see errors.csv" in said
    assert "CAUTION 2 sessions without a date are not counted" in said
    assert "2 sessions before --from or after --to are left out." in said


@pytest.mark.parametrize("width", [None, 80])
def test_bars_give_way_to_figures(width: int | None, tmp_path: Path) -> None:
    """With two products and such prices the table was wider than 80."""
    prices = {name: {"amount": "1234567.89", "currency": "USD"} for name in ("gammagard-liquid-us", "octagam-10-us")}
    plans = {
        f"{place}.json": saved("72kg", "2026-12-01", courses="6", product=name, patient_id=str(place))
        for place, name in enumerate(prices)
    }
    found = forecast_of(tmp_path, plans, a_site(price_per_gram=prices), by="month")
    page = to_table(found, TODAY, width=width)
    assert max(map(len, page.splitlines())) <= 80
    assert "177777776.16" in page  # 144 g
    wide = to_table(found, TODAY, width=120)
    assert "\u2588" * 10 in wide
    assert "\u2588" * 10 not in page
