"""What saved plans use by week and month: sums of their sessions, no plan twice, and how far the stock goes."""

import json
from collections import Counter, defaultdict
from datetime import date, datetime
from decimal import Decimal
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from replan.saved import after, first, reaction

from ivigcalc.document.write import to_json as written
from ivigcalc.errors import RequestError
from ivigcalc.forecast.forecast import Asked, forecast
from ivigcalc.render.forecast import to_json

from .saved import NOWHERE, PRICES, VISIT, WARD, a_site, forecast_of, saved, sessions_of

POOL = [
    ("61kg", "2026-12-01", "09:00", "octagam-10-us"),
    ("72kg", "2026-12-06", "10:30", "octagam-10-us"),
    ("90kg", "2026-12-30", None, "octagam-10-us"),
    ("48.5kg", "2027-01-31", "08:00", "privigen-us"),
    ("105kg", "2026-11-29", "07:15", "privigen-us"),
]


def of_pool(place: int) -> str:
    weight, start, at, product = POOL[place]
    return saved(weight, start, at, product=product, patient_id=f"P{place}")


# ---- a forecast is a sum over sessions ------------------------------------------------------------------------------


@given(
    places=st.sets(st.integers(0, len(POOL) - 1), min_size=1),
    by=st.sampled_from(["week", "month"]),
    since=st.sampled_from([None, date(2026, 12, 2), date(2027, 1, 1)]),
    until=st.sampled_from([None, date(2027, 2, 1)]),
)
def test_it_is_the_sum_over_the_sessions(places: set[int], by: Any, since: date | None, until: date | None) -> None:
    """Added up again from the JSON of the plans with nothing of ivigcalc's."""
    visits: Counter[tuple[str, str]] = Counter()
    grams: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    vials: Counter[tuple[str, str, str]] = Counter()
    for place in places:
        document = json.loads(of_pool(place), parse_float=Decimal)
        for session in document["sessions"]:
            day = date.fromisoformat(session["date"])
            if (since and day < since) or (until and day > until):
                continue
            year, week, _ = day.isocalendar()
            key = (
                f"{year}-W{week:02}" if by == "week" else session["date"][:7],
                document["computed_from"]["product"]["id"],
            )
            visits[key] += 1
            grams[key] += session["dose_g"]
            for vial in session["vials"]:
                vials[(*key, str(vial["size_g"]))] += vial["count"]
    with TemporaryDirectory() as folder:
        plans = {f"{place}.json": of_pool(place) for place in places}
        if not visits:
            with pytest.raises(RequestError, match="no session"):
                forecast_of(Path(folder), plans, by=by, since=since, until=until)
            return
        found = forecast_of(Path(folder), plans, by=by, since=since, until=until)
    rows = {(period.name, product): amount for period in found.planned.periods for product, amount in period.products}
    assert {key: amount.visits for key, amount in rows.items()} == visits
    assert {key: amount.dose_g for key, amount in rows.items()} == grams
    counted = {(*key, str(size)): count for key, amount in rows.items() for size, count in amount.vials}
    assert counted == vials
    assert found.planned.total.visits == visits.total()
    assert found.planned.total.dose_g == sum(grams.values())


def test_a_week_is_from_monday_to_sunday_and_no_week_between_is_left_out(tmp_path: Path) -> None:
    """1 December 2026 is a Tuesday of week 49; 28 days later it is week 53, and then 2027 begins."""
    found = forecast_of(tmp_path, {"p.json": saved("72kg", "2026-12-01", courses="3")})
    assert [period.name for period in found.planned.periods] == [
        "2026-W49", "2026-W50", "2026-W51", "2026-W52", "2026-W53", "2027-W01", "2027-W02", "2027-W03", "2027-W04",
    ]  # fmt: skip
    assert [period.total.visits for period in found.planned.periods] == [2, 0, 0, 0, 2, 0, 0, 0, 2]
    assert (found.planned.periods[0].first, found.planned.periods[0].last) == (date(2026, 11, 30), date(2026, 12, 6))


def test_a_month_has_all_its_days(tmp_path: Path) -> None:
    found = forecast_of(tmp_path, {"p.json": saved("72kg", "2027-02-01", courses="1")}, by="month")
    assert [(p.name, p.first, p.last) for p in found.planned.periods] == [
        ("2027-02", date(2027, 2, 1), date(2027, 2, 28))
    ]


# ---- hours in a chair -----------------------------------------------------------------------------------------------


def test_a_chair_is_taken_from_arrival_to_leaving(tmp_path: Path) -> None:
    """72 kg, 1 g/kg a day of Octagam 10 %: 4 h 48 min, with 45 minutes before it and 40 after: 6 h 13 min, twice."""
    plan = saved("72kg", "2026-12-01", courses="1")
    assert [session["duration_min"] for session in sessions_of(plan)] == [288, 288]
    timeless = forecast_of(tmp_path, {"p.json": saved("72kg", "2026-12-01", None, courses="1")}, WARD)
    assert timeless.planned.total.chair_min == 2 * (45 + 288 + 40)
    assert forecast_of(tmp_path, {"p.json": plan}).planned.total.chair_min == 2 * 288, "its site had no times"


def test_the_time_around_an_infusion_is_that_of_the_plan(tmp_path: Path) -> None:
    import helpers

    with_visit = saved("72kg", "2026-12-01", courses="1", site=helpers.a_site(visit=VISIT))
    assert forecast_of(tmp_path, {"p.json": with_visit}).planned.total.chair_min == 2 * (45 + 288 + 40)


def test_visits_without_rates_are_said(tmp_path: Path) -> None:
    """Nobody prints rates for this product."""
    document = json.loads(saved("72kg", "2026-12-01", courses="1"))
    document["sessions"][1] |= {"duration_min": None, "ends_at": None, "visit_to": None}
    priced = a_site(price_per_gram=PRICES, chair_hour={"amount": "60", "currency": "USD"})
    found = forecast_of(tmp_path, {"p.json": json.dumps(document)}, priced)
    assert (found.planned.total.chair_min, found.planned.total.without_length) == (288, 1)
    assert found.planned.total.cost is None, "a part of the hours is no cost"


# ---- cost -----------------------------------------------------------------------------------------------------------


def test_cost_is_of_whole_vials_and_of_hours_in_a_chair(tmp_path: Path) -> None:
    """144 g at 100, and 9 h 36 min at 60: 14400 + 576."""
    site = a_site(price_per_gram=PRICES, chair_hour={"amount": "60", "currency": "USD"})
    found = forecast_of(tmp_path, {"p.json": saved("72kg", "2026-12-01", courses="1")}, site)
    assert (found.planned.total.cost, found.planned.total.currency) == (Decimal(14976), "USD")


def test_a_part_of_the_cost_is_no_cost(tmp_path: Path) -> None:
    one_price = a_site(price_per_gram={"octagam-10-us": PRICES["octagam-10-us"]})
    plans = {"a.json": of_pool(1), "b.json": of_pool(4)}
    found = forecast_of(tmp_path, plans, one_price)
    costs = {product: amount.cost for product, amount in found.planned.products}
    assert costs["octagam-10-us"] is not None
    assert costs["privigen-us"] is None
    assert found.planned.total.cost is None


def test_two_currencies_are_not_added(tmp_path: Path) -> None:
    two = PRICES | {"privigen-us": {"amount": "90", "currency": "EUR"}}
    found = forecast_of(tmp_path, {"a.json": of_pool(1), "b.json": of_pool(4)}, a_site(price_per_gram=two))
    assert [amount.currency for _, amount in found.planned.products] == ["USD", "EUR"]
    assert found.planned.total.cost is None


# ---- stock ----------------------------------------------------------------------------------------------------------


def test_the_stock_runs_short_on_the_first_day_that_it_does_not_suffice_for(tmp_path: Path) -> None:
    """72 g are 2 x 30 g, 1 x 10 g and 1 x 2 g, on 1 and 2 December, and 29 and 30 December."""
    plan = saved("72kg", "2026-12-01")
    assert [(s["date"], [(v["size_g"], v["count"]) for v in s["vials"]]) for s in sessions_of(plan)] == [
        (day, [(30, 2), (10, 1), (2, 1)]) for day in ("2026-12-01", "2026-12-02", "2026-12-29", "2026-12-30")
    ]
    site = a_site(stock={"octagam-10-us": {"30 g": "5", "10 g": "4", "20 g": "7"}})
    found = forecast_of(tmp_path, {"p.json": plan}, site)
    assert [(s.size_g, s.needed, s.held, s.lacking, s.short_on) for s in found.planned.stock] == [
        (30, 8, 5, 3, date(2026, 12, 29)),
        (20, 0, 7, 0, None),
        (10, 4, 4, 0, None),
        (2, 4, 0, 4, date(2026, 12, 1)),
    ]


def test_of_a_product_that_the_site_does_not_list_nothing_is_said(tmp_path: Path) -> None:
    found = forecast_of(tmp_path, {"p.json": of_pool(1)}, a_site(stock={"privigen-us": {"10 g": "3"}}))
    assert found.planned.stock == ()


# ---- no plan twice, none left out -----------------------------------------------------------------------------------


def test_a_patient_is_not_counted_twice(tmp_path: Path) -> None:
    """An old plan beside its renewal: both have sessions in December."""
    plans = {
        "new.json": saved("74kg", "2026-12-08", patient_id="P1"),
        "old.json": saved("72kg", "2026-12-01", patient_id="P1"),
    }
    with pytest.raises(RequestError, match=r"old\.json: patient P1 has been counted already") as refused:
        forecast_of(tmp_path, plans)
    assert refused.value.code == "plan-twice"
    assert forecast_of(tmp_path, plans, allow_duplicates=True).planned.total.visits == 8


def test_a_plan_that_begins_after_the_last_one_is_no_other_plan_of_the_same_days(tmp_path: Path) -> None:
    plans = {
        "a.json": saved("72kg", "2026-12-01", patient_id="P1", courses="1"),
        "b.json": saved("72kg", "2027-01-05", patient_id="P1", courses="1"),
        "c.json": saved("72kg", "2026-12-20", patient_id="P1", courses="1"),
    }
    assert forecast_of(tmp_path, plans).planned.total.visits == 6


@pytest.mark.parametrize("words", [{"patient_id": "P1"}, {"name": "Ada One"}, {}], ids=["id", "name", "neither"])
def test_a_plan_given_twice_is_refused(words: dict[str, str], tmp_path: Path) -> None:
    plan = saved("72kg", "2026-12-01", **words)
    with pytest.raises(RequestError, match="has been counted already"):
        forecast_of(tmp_path, {"a.json": plan, "copy.json": plan})


def test_a_plan_and_what_it_was_changed_to_are_one(tmp_path: Path) -> None:
    """Nobody is named: the history tells that the second plan, and the third, come from the first."""
    plan = first()
    once = reaction(plan, "10:51", "11:21", "half")
    twice = after(once, "2026-12-20", new_weight="80kg", from_course="3")
    texts = [written(found) for found in (plan, once, twice)]
    for old, new in combinations(texts, 2):
        with pytest.raises(RequestError) as refused:
            forecast_of(tmp_path, {"a.json": old, "b.json": new})
        assert refused.value.code == "plan-twice"
    other = written(first(weight="80kg"))
    assert forecast_of(tmp_path, {"a.json": texts[2], "b.json": other}).plans == 2


def test_a_path_given_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(of_pool(0), encoding="utf-8")
    with pytest.raises(RequestError, match="is given twice"):
        forecast([tmp_path / "p.json", tmp_path / ".." / tmp_path.name / "p.json"], NOWHERE, Asked())


def test_patients_without_a_name_who_are_treated_otherwise_are_several(tmp_path: Path) -> None:
    plans = {"a.json": saved("72kg", "2026-12-01"), "b.json": saved("73kg", "2026-12-01")}
    assert forecast_of(tmp_path, plans).planned.total.visits == 8


def test_sessions_without_a_date_are_said(tmp_path: Path) -> None:
    found = forecast_of(tmp_path, {"a.json": of_pool(0), "dose.json": saved("72kg", None)})
    assert (found.plans, found.undated) == (1, 2)


def test_plans_without_any_date_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="no session of these plans has a day"):
        forecast_of(tmp_path, {"dose.json": saved("72kg", None)})


def test_sessions_outside_what_is_asked_for_are_counted_as_such(tmp_path: Path) -> None:
    found = forecast_of(
        tmp_path, {"a.json": saved("72kg", "2026-12-01")}, since=date(2026, 12, 2), until=date(2026, 12, 29)
    )
    assert (found.planned.total.visits, found.outside) == (2, 2)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("dose_g", "1e999999"), ("dose_g", "1000000"), ("dose_g", "-1"), ("dose_g", "0.00000001"),
        ("leftover_g", "-0.5"), ("volume_ml", "1e30"), ("duration_min", "9" * 40), ("duration_min", "-9000"),
        ("date", '"9999-12-31"'), ("date", '"0001-01-01"'), ("vials", '[{"size_g": 10, "count": 1' + "0" * 30 + "}]"),
    ],
)  # fmt: skip
def test_figures_that_no_session_has_are_refused(key: str, value: str, tmp_path: Path) -> None:
    document = json.loads(saved("72kg", "2026-12-01", courses="1"))
    document["sessions"][0] |= {"starts_at": None, "ends_at": None, "visit_from": None, "visit_to": None, key: "here"}
    with pytest.raises(RequestError, match=r"p\.json is not a saved plan"):
        forecast_of(tmp_path, {"p.json": json.dumps(document).replace('"here"', value, 1)})


def test_the_product_of_a_session_is_its_own(tmp_path: Path) -> None:
    """After a change of brand the sessions of one plan have two products."""
    document = json.loads(saved("72kg", "2026-12-01"))
    for session in document["sessions"]:
        session["product"] = "octagam-10-us" if session["course"] == 1 else "privigen-us"
    found = forecast_of(tmp_path, {"p.json": json.dumps(document)})
    assert [(product, amount.visits) for product, amount in found.planned.products] == [
        ("octagam-10-us", 2),
        ("privigen-us", 2),
    ]


def test_an_infusion_in_the_night_of_a_change_of_clocks_takes_its_own_time(tmp_path: Path) -> None:
    """It ends by the wall an hour earlier than it lasts; the chair is taken for as long as it lasts."""
    import helpers

    zone = helpers.a_site(time_zone="Europe/Berlin", visit=VISIT)
    plan = saved("72kg", "2026-10-24", "23:00", courses="1", site=zone)
    first = sessions_of(plan)[0]
    wall = datetime.fromisoformat(first["ends_at"]) - datetime.fromisoformat(first["starts_at"])
    assert wall.seconds // 60 == 288 - 60
    found = forecast_of(tmp_path, {"p.json": plan}, until=date(2026, 10, 24))
    assert found.planned.total.chair_min == 45 + 288 + 40


def test_the_json_holds_all_of_it(tmp_path: Path) -> None:
    found = json.loads(to_json(forecast_of(tmp_path, {"p.json": saved("72kg", "2026-12-01")}, by="month")))
    assert found["schema"] == "ivigcalc.forecast/1"
    assert found["planned"]["periods"][0]["products"][0] == {
        "product": "octagam-10-us", "visits": 4, "dose_g": 288, "leftover_g": 0, "volume_ml": 2880, "chair_min": 1152,
        "visits_without_length": 0, "cost": None,
        "vials": [{"size_g": 30, "count": 8}, {"size_g": 10, "count": 4}, {"size_g": 2, "count": 4}],
    }  # fmt: skip
    assert found["scenario"] is None
