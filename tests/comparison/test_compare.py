"""Orders side by side: each row is what `ivigcalc dose` says of that order alone."""

import csv
import io
import json
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import helpers
import pytest
from typer.testing import CliRunner

from ivigcalc.api import plan_form
from ivigcalc.cli.app import build
from ivigcalc.comparison.axes import read_orders
from ivigcalc.comparison.compare import Comparison, compare
from ivigcalc.definitions import NO_SITE_LOADED
from ivigcalc.errors import RefusedError, RequestError
from ivigcalc.render.comparison import sorted_by, to_csv, to_html, to_json, to_markdown
from ivigcalc.render.comparison_table import to_table
from ivigcalc.request.form import Form

ADULT = {"regimen": "dermatomyositis", "age": "54y"}
PRICES: dict[str, Any] = {
    "price_per_gram": {"octagam-10-us": {"amount": "98.50", "currency": "USD"}},
    "chair_hour": {"amount": "120", "currency": "USD"},
    "visit": {"arrival": "15 min", "observation": "30 min"},
}


def side_by_side(said: dict[str, list[str]], site: Any = NO_SITE_LOADED, **words: Any) -> Comparison:
    return compare(Form(**(ADULT | words)), read_orders(said), on=None, site=site)


# ---- the figures -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"days": ["2..5"], "weight": ["72kg", "158lb"]}, {"product": "octagam-10-us"}),
        ({"product": ["octagam-10-us", "privigen-us", "gammagard-liquid-us"], "weight": ["31.4kg"]}, {}),
        (
            {"policy": ["actual-weight", "us-seton"], "dose": ["1 g/kg/course", "2 g/kg/course"], "weight": ["122kg"]},
            {"product": "octagam-10-us", "height": "170cm", "sex": "male"},
        ),
    ],
)
def test_every_row_is_what_dose_says_of_that_order_alone(said: dict[str, list[str]], words: dict[str, str]) -> None:
    orders = read_orders(said)
    compared = compare(Form(**(ADULT | words)), orders, on=None)
    assert len(compared.rows) + len(compared.not_planned) == len(list(orders.each()))
    for row in compared.rows:
        asked = dict(zip(compared.fields, row.words, strict=True))
        alone = plan_form(Form(**(ADULT | words | orders.common | asked)), "dose", on=None)  # type: ignore[arg-type]
        course = alone.course
        assert (row.dose_g, row.deviation_percent, row.days) == (course.dose_g, course.deviation_percent, course.days)
        assert row.dosing_weight_kg == alone.dosing_weight.kg
        assert row.vials == alone.totals.vials
        assert row.leftover_g == alone.totals.leftover_g
        assert row.most_g_a_day == max(s.dose_g for s in alone.sessions)
        assert row.infusion_min == sum(s.duration_min or 0 for s in alone.sessions)
        assert row.highest_ml_per_h == max(step.rate_ml_per_h for s in alone.sessions for step in s.steps)
        assert set(row.codes) == {notice.code for notice in alone.notices}


def test_cost_of_a_course_and_a_year_by_hand() -> None:
    two, _three = side_by_side(
        {"days": ["2..3"]}, helpers.a_site(**PRICES), weight="72kg", product="octagam-10-us"
    ).rows
    # 144 g x 98.50 = 14184; each day 4 h 48 min and 45 min around it, both 11.1 h x 120 = 1332
    assert two.visit_min == 666
    assert two.cost is not None
    assert two.cost.per_course == Decimal("15516")
    assert two.cost.per_year == Decimal("202262.14")  # x 365 / 28, every four weeks
    assert two.visits_a_year == Decimal("26.1")  # 2 x 365 / 28


def test_a_year_has_no_more_courses_than_the_protocol_prints() -> None:
    one, _ = side_by_side({"weight": ["60kg", "70kg"]}, regimen="kawasaki:octagam-smpc-single", product="octagam-10-eu",
                          age="17y").rows  # fmt: skip
    assert one.visits_a_year is None  # no interval is printed


def test_notices_that_all_have_stand_apart_from_those_of_some() -> None:
    compared = side_by_side({"product": ["octagam-10-us", "privigen-us"]}, weight="72kg")
    octagam, privigen = compared.rows
    assert "rate-off-label" in privigen.own_codes
    assert "rate-off-label" not in octagam.own_codes
    assert "haemolysis-check" in compared.common_codes


def test_a_protocol_with_phases_says_which_one_a_row_is_of() -> None:
    words = {"regimen": "cidp:us-label-privigen", "product": "privigen-us", "age": "40y"}
    loading = side_by_side({"weight": ["60kg", "70kg"]}, **words)
    assert [(row.words, row.phase, row.dose_g) for row in loading.rows] == [
        (("60kg",), "loading", 120),
        (("70kg",), "loading", 140),
    ]
    later = side_by_side({"weight": ["60kg", "70kg"]}, **words, phase="maintenance")
    assert [(row.phase, row.dose_g) for row in later.rows] == [("maintenance", 60), ("maintenance", 70)]


def test_intervals_are_compared_by_their_visits_a_year() -> None:
    words = {"product": "octagam-10-us", "weight": "72kg", "days": "2", "dose_basis": "course", "start": "2026-12-01",
             "override": ("interval-outside-regimen=compared",)}  # fmt: skip
    monthly, fortnightly = side_by_side({"every": ["1 month", "2 weeks"]}, **words).rows
    assert (monthly.visits_a_year, fortnightly.visits_a_year) == (24, Decimal("52.1"))  # 2 x 12, 2 x 365 / 14


# ---- what is refused -------------------------------------------------------------------------------------------------


def test_an_order_that_is_refused_is_listed_with_its_reason() -> None:
    compared = side_by_side({"days": ["1..2"]}, weight="72kg", product="octagam-10-us")
    assert [(refused.words, refused.code) for refused in compared.not_planned] == [(("1",), "days-outside-regimen")]
    assert [row.words for row in compared.rows] == [("2",)]


def test_where_nothing_can_be_planned_the_first_reason_is_the_answer() -> None:
    with pytest.raises(RefusedError):
        side_by_side({"days": ["6..7"]}, weight="72kg", product="octagam-10-us")


def test_one_that_somebody_named_and_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(RequestError, match="weight"):
        side_by_side({"weight": ["72kg", "72"]}, product="octagam-10-us")


def test_of_all_products_those_that_cannot_be_planned_are_left_out_with_a_reason() -> None:
    compared = side_by_side({"product": ["all"]}, weight="72kg")
    planned = {row.words[0] for row in compared.rows}
    assert {"octagam-10-us", "privigen-us"} <= planned
    left_out = {refused.words[0]: refused.code for refused in compared.not_planned}
    assert left_out["ig-vena-bd"] == "vials-not-published"
    assert not planned & left_out.keys()


def test_chair_hours_and_grams_are_priced_in_one_currency(tmp_path: Path) -> None:
    own = tmp_path / "site.yaml"
    own.write_text(
        "kind: site\nschema: 2\nid: x\nchair_hour: {amount: 120, currency: EUR}\n"
        "price_per_gram: {octagam-10-us: {amount: 98.50, currency: USD}}\n",
        encoding="utf-8",
    )
    ran = CliRunner().invoke(
        build("compare"),
        [
            "compare",
            *["-r", "dermatomyositis", "-p", "octagam-10-us", "--weight", "72kg", "--days", "2..3", "--site"],
            str(own),
        ],
    )
    assert "USD cannot be added to the chair_hour in EUR" in str(ran.exception)
    assert "site.yaml:5: price_per_gram.octagam-10-us.currency" in str(ran.exception)


# ---- what is shown ---------------------------------------------------------------------------------------------------


def test_sorted_by_a_column_with_the_unknown_last() -> None:
    compared = side_by_side({"product": ["all"]}, weight="72kg")
    fastest = sorted_by(compared, "infusion_min")
    known = [row.infusion_min for row in fastest if row.infusion_min is not None]
    assert known == sorted(known)
    assert fastest[-1].infusion_min is None


def test_a_column_that_is_not_there_is_refused_with_those_that_are() -> None:
    compared = side_by_side({"days": ["2..3"]}, weight="72kg", product="octagam-10-us")
    with pytest.raises(RequestError, match=r"'cost'; .*allowed: .*cost_per_year"):
        sorted_by(compared, "cost")


def test_the_columns_of_the_csv_by_hand() -> None:
    """144 g of a 10 % product in 2 days: 72 g, 720 mL a day, 4 x 30 + 2 x 10 + 2 x 2 g; 4 h 48 min and 45 min a day; 365 / 28 courses of 2."""
    compared = side_by_side({"days": ["2..3"]}, weight="72kg", product="octagam-10-us", site=helpers.a_site(**PRICES))
    row, _ = csv.DictReader(io.StringIO(to_csv(compared, compared.rows)))
    figures = {"dose_g": "144", "most_g_a_day": "72", "most_ml_a_day": "720", "vial_count": "8", "infusion_min": "576"}
    figures |= {"visit_min": "666", "highest_ml_per_h": "172.8", "visits_a_year": "26.1", "cost_per_course": "15516"}
    assert {key: row[key] for key in figures} == figures


def test_machines_get_plain_figures() -> None:
    compared = side_by_side({"days": ["1..3"]}, weight="72kg", product="octagam-10-us")
    found = json.loads(to_json(compared, compared.rows))
    assert found["schema"] == "ivigcalc.comparison/1"
    assert [(row["asked_days"], row["dose_g"], row["vials"][0]) for row in found["rows"]] == [
        ("2", 144, {"size_g": 30, "count": 4}),
        ("3", 144, {"size_g": 30, "count": 3}),
    ]
    assert found["not_planned"][0]["code"] == "days-outside-regimen"
    rows = list(csv.DictReader(io.StringIO(to_csv(compared, compared.rows))))
    assert [(row["asked_days"], row["dose_g"], row["refused"]) for row in rows] == [
        ("2", "144", ""),
        ("3", "144", ""),
        ("1", "", "days-outside-regimen"),
    ]


def test_a_table_fits_eighty_columns() -> None:
    compared = side_by_side({"days": ["2..5"]}, weight="72kg", product="octagam-10-us")
    assert max(map(len, to_table(compared, compared.rows, width=80).splitlines())) <= 80


def test_a_page_holds_no_markup_of_others(tmp_path: Path) -> None:
    own = tmp_path / "a<b>.yaml"
    own.write_bytes((Path(__file__).parents[2] / "regimens/products/us/octagam-10-us.yaml").read_bytes())
    compared = side_by_side({"product": [str(own), "privigen-us"]}, weight="72kg")
    page = to_html(compared, compared.rows)
    assert "a<b>" not in page
    cells: list[str] = []

    class Reader(HTMLParser):
        def handle_data(self, data: str) -> None:
            cells.append(data)

    Reader().feed(page)
    assert {"144", "140", "Results must be checked by a qualified person before use."} <= set(cells)
    assert "\\<b\\>" in to_markdown(compared, compared.rows)


@pytest.mark.parametrize("format", ["table", "csv", "json", "markdown", "html"])
def test_the_command_writes_each_format(format: str) -> None:
    words = f"compare -r dermatomyositis -p octagam-10-us --weight 72kg --age 54y --days 2..5 -f {format}".split()
    ran = CliRunner().invoke(build("compare"), words)
    assert ran.exit_code == 0, ran.output
    assert "144" in ran.stdout
    assert "qualified person" in ran.stdout or format == "csv"


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ("1..2", "1 order could not be planned, and is listed at the end"),
        ("5..7", "2 orders could not be planned, and are listed at the end"),
    ],
)
def test_what_was_refused_is_counted_on_stderr(days: str, said: str) -> None:
    """The label has 2 to 5 days."""
    words = f"compare -r dermatomyositis -p octagam-10-us --weight 72kg --age 54y --days {days} -f csv".split()
    assert CliRunner().invoke(build("compare"), words).stderr == f"{said}\n"
