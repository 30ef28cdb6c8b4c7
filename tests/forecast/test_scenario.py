"""What if: everybody's product, dose, interval, days or policy replaced, and what of it is refused."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import helpers
import pytest

from ivigcalc.cli.main import main
from ivigcalc.errors import RequestError
from ivigcalc.forecast.forecast import Forecast
from ivigcalc.forecast.scenario import Scenario, read_scenario
from ivigcalc.render.forecast import to_json

from .saved import forecast_of, saved, sessions_of


def under(folder: Path, plan: str, *words: str, **asked: Any) -> Forecast:
    return forecast_of(folder, {"p.json": plan}, scenario=read_scenario(words), **asked)


# ---- what may be said -----------------------------------------------------------------------------------------------


def test_nothing_said_is_no_scenario() -> None:
    assert read_scenario(()) is None


def test_interval_is_another_word_for_every() -> None:
    assert read_scenario(["interval=5 weeks", "product=privigen-us"]) == Scenario(
        (("every", "5 weeks"), ("product", "privigen-us"))
    )


@pytest.mark.parametrize(("said", "factor"), [("-20%", "0.8"), ("+10 %", "1.1"), ("-12.5%", "0.875"), ("+150%", "2.5")])
def test_a_dose_in_per_cent(said: str, factor: str) -> None:
    found = read_scenario([f"dose={said}"])
    assert found is not None
    assert found.factor == Decimal(factor)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (["prodct=privigen-us"], "did you mean product"),
        (["colour=red"], "allowed: product, policy, dose, every, days, tolerance"),
        (["tolerance=0%"], "above 0 and below 100"),
        (["tolerance=100%"], "above 0 and below 100"),
        (["tolerance=10"], "per cent"),
        (["tolerance=5 g"], "per cent"),
        (["product"], "product says nothing: write product=VALUE"),
        (["product="], "says nothing"),
        (["product=no-such"], "no product 'no-such'"),
        (["policy=no-such"], "no policy 'no-such'"),
        (["dose=-100%"], "leaves no change or no dose"),
        (["dose=-0%"], "leaves no change or no dose"),
        (["dose=20%"], "dose=20%: "),
        (["dose=much"], "dose=much: "),
        (["every=biweekly"], "means two things"),
        (["days=0"], "days=0: "),
        (["every=5 weeks", "interval=6 weeks"], "given twice"),
    ],
)
def test_what_cannot_be_read_is_refused(said: list[str], why: str) -> None:
    with pytest.raises(RequestError) as refused:
        read_scenario(said)
    assert why in str(refused.value)


@pytest.mark.parametrize("said", ["every=biweekly", "dose=1", "days=0"])
def test_what_cannot_be_read_is_said_of_the_scenario_and_of_no_option_of_a_plan(said: str) -> None:
    with pytest.raises(RequestError) as caught:
        read_scenario([said])
    assert caught.value.field == "scenario"
    assert str(caught.value).startswith(f"--scenario: {said}: ")
    assert str(caught.value).count("--") == 1


# ---- what it does ---------------------------------------------------------------------------------------------------


def test_a_shortage_of_a_fifth(tmp_path: Path) -> None:
    """70 kg at 2 g/kg is 140 g a course; four fifths are 112 g, which Octagam 10 % has vials for."""
    found = under(tmp_path, saved("70kg", "2026-12-01"), "dose=-20%")
    assert found.planned.total.dose_g == 2 * 140
    assert found.changed is not None
    assert found.changed.total.dose_g == 2 * 112
    assert not found.as_planned


def test_a_shortage_of_an_ordered_dose_is_of_what_was_ordered(tmp_path: Path) -> None:
    """1 g/kg ordered at 70 kg; half of it is 35 g."""
    plan = saved(
        "70kg", "2026-12-01", regimen=f"{helpers.ANY_COURSE}:open", dose="1 g/kg/course", days="1", courses="1"
    )
    found = under(tmp_path, plan, "dose=-50%")
    assert found.changed is not None
    assert (found.planned.total.dose_g, found.changed.total.dose_g) == (70, 35)


def test_a_change_of_brand_is_what_that_brand_takes(tmp_path: Path) -> None:
    """The same as a plan of that brand for that patient."""
    found = under(tmp_path, saved("72kg", "2026-12-01"), "product=privigen-us")
    own = sessions_of(saved("72kg", "2026-12-01", product="privigen-us"))
    assert found.changed is not None
    ((product, amount),) = found.changed.products
    assert product == "privigen-us"
    assert amount.dose_g == sum(session["dose_g"] for session in own)
    assert amount.chair_min == sum(session["duration_min"] for session in own)
    assert found.planned.products[0][0] == "octagam-10-us", "what is planned stays what it was"


def test_another_brand_starts_as_a_first_infusion(tmp_path: Path) -> None:
    """Panzyga prints other rates for the first infusion than for later ones."""
    plan = saved("72kg", "2026-12-01", infusion="subsequent", courses="1")
    found = under(tmp_path, plan, "product=panzyga-us")
    first = sessions_of(saved("72kg", "2026-12-01", product="panzyga-us", infusion="first", courses="1"))
    later = sessions_of(saved("72kg", "2026-12-01", product="panzyga-us", infusion="subsequent", courses="1"))
    first_min, later_min = (sum(session["duration_min"] for session in found) for found in (first, later))
    assert first_min != later_min
    assert found.changed is not None
    assert found.changed.total.chair_min == first_min


def test_another_interval_moves_the_courses(tmp_path: Path) -> None:
    """Six weeks from 1 December 2026 is 12 January 2027."""
    found = under(tmp_path, saved("72kg", "2026-12-01"), "every=6 weeks")
    assert found.changed is not None
    weeks = {period.name: period.total.visits for period in found.changed.periods if period.total.visits}
    assert weeks == {"2026-W49": 2, "2027-W02": 2}
    planned = {period.name: period.total.visits for period in found.planned.periods if period.total.visits}
    assert planned == {"2026-W49": 2, "2026-W53": 2}


def test_more_days_are_more_visits(tmp_path: Path) -> None:
    found = under(tmp_path, saved("72kg", "2026-12-01"), "days=4")
    assert found.changed is not None
    assert (found.planned.total.visits, found.changed.total.visits) == (4, 8)


def test_who_cannot_be_planned_so_stays_as_planned_and_is_named(tmp_path: Path) -> None:
    """Privigen is contraindicated in hyperprolinaemia: nobody is counted as given it, and nobody is lost."""
    plans = {
        "may.json": saved("72kg", "2026-12-01", patient_id="P1"),
        "not.json": saved("72kg", "2026-12-01", patient_id="P2", condition=["hyperprolinaemia"]),
    }
    found = forecast_of(tmp_path, plans, scenario=read_scenario(["product=privigen-us"]))
    assert found.changed is not None
    assert [(product, amount.visits) for product, amount in found.changed.products] == [
        ("octagam-10-us", 4),
        ("privigen-us", 4),
    ]
    ((code, names),) = [(kind.code, kind.names) for kind in found.as_planned]
    assert code == "product-contraindicated"
    assert [Path(name).name for name in names] == ["not.json"]


def test_a_stop_that_the_scenario_does_not_mean_is_not_passed(tmp_path: Path) -> None:
    """Ten times the dose is above the limit of a day; only the protocol's range is passed on purpose."""
    found = under(tmp_path, saved("72kg", "2026-12-01"), "dose=+900%")
    assert [kind.count for kind in found.as_planned] == [1]
    assert found.changed is not None
    assert found.changed.total.dose_g == found.planned.total.dose_g


def test_the_overrides_of_a_plan_are_its_own(tmp_path: Path) -> None:
    """A plan that goes on in spite of a stop goes on under the scenario, if the stop is there, and else as well."""
    plan = saved("72kg", "2026-12-01", days="1", override=["days-outside-regimen=one day only"])
    assert [len(sessions_of(plan))] == [2]
    for words in ("product=octagam-5-us", "days=2"):
        found = under(tmp_path, plan, words)
        assert not [kind.code for kind in found.as_planned if "override" in kind.code or "bad-request" in kind.code]


def test_a_dose_that_one_phase_prints_is_not_said_to_be_changed(tmp_path: Path) -> None:
    """CIDP: 2 g/kg first, 1 g/kg after; one dose for all would be neither."""
    plan = saved("80kg", "2026-12-01", product="privigen-us", regimen="cidp:us-label-privigen", courses="3")
    found = under(tmp_path, plan, "dose=-20%")
    assert [kind.code for kind in found.as_planned] == ["dose-of-a-phase"]
    assert found.changed is not None
    assert found.changed.total.dose_g == found.planned.total.dose_g


def test_a_plan_that_was_changed_since_is_left_as_it_is(tmp_path: Path) -> None:
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    first.write_text(saved("72kg", "2026-12-01"), encoding="utf-8")
    assert (
        main(["replan", str(first), "--new-weight", "80kg", "--from-course", "2", "-f", "json", "-o", str(second)]) == 0
    )
    plans = tmp_path / "plans"
    plans.mkdir()
    found = under(plans, second.read_text(encoding="utf-8"), "days=4")
    assert [kind.code for kind in found.as_planned] == ["changed-plan"]


def test_a_plan_of_another_version_is_said_to_be_so(tmp_path: Path) -> None:
    document = json.loads(saved("72kg", "2026-12-01")) | {"ivigcalc_version": "0.0.1"}
    assert under(tmp_path, json.dumps(document), "days=4").other == 1
    assert under(tmp_path, saved("72kg", "2026-12-01"), "days=4").other == 0


@pytest.mark.parametrize("weight", ["55kg", "63kg", "72kg", "88.4kg"])
def test_a_tolerance_gives_the_vials_of_a_policy_that_prints_it(weight: str, tmp_path: Path) -> None:
    """`practical-vials` is `actual-weight` with the fewest vials within 5 %."""
    plan = saved(weight, "2026-12-01")
    tolerant, practical = (under(tmp_path, plan, words) for words in ("tolerance=5%", "policy=practical-vials"))
    assert tolerant.changed is not None
    assert practical.changed is not None
    assert tolerant.changed.total == practical.changed.total


def test_a_wider_tolerance_is_the_policy_s_own_replaced(tmp_path: Path) -> None:
    """63 kg, 126 g over two days: within 10 % the fewest vials are four of 30 g, 120 g (-4.8 %)."""
    found = under(tmp_path, saved("63kg", "2026-12-01", policy="practical-vials", courses="1"), "tolerance=10%")
    assert found.changed is not None
    assert found.changed.total.dose_g == Decimal(120)
    [(_, amount)] = found.changed.periods[0].products
    assert amount.vials == ((Decimal(30), 4),)


def test_a_policy_that_rounds_to_grams_has_no_tolerance_of_vials(tmp_path: Path) -> None:
    found = under(tmp_path, saved("63kg", "2026-12-01", policy="us-group-health"), "tolerance=10%")
    assert [kind.code for kind in found.as_planned] == ["not-to-whole-vials"]


@pytest.mark.parametrize(
    "words", ["product=privigen-us", "tolerance=10%", "dose=-20%", "policy=us-seton", "every=5 weeks", "days=5"]
)
def test_the_difference_is_one_of_the_two_sums(words: str, tmp_path: Path) -> None:
    plan = saved("72kg", "2026-12-01", height="170cm", sex="male")
    found = json.loads(to_json(under(tmp_path, plan, words)))
    planned, changed = found["planned"]["total"], found["scenario"]["total"]
    for key in ("visits", "dose_g", "leftover_g", "chair_min"):
        assert found["scenario"]["difference"][key] == changed[key] - planned[key]
    assert found["scenario"]["words"]


def test_a_table_of_sessions_cannot_be_planned_again(tmp_path: Path) -> None:
    (tmp_path / "batch.json").write_text('{"errors": {}}', encoding="utf-8")
    (tmp_path / "sessions.csv").write_text("patient_id\n", encoding="utf-8")
    with pytest.raises(RequestError, match="--plans"):
        forecast_of(tmp_path, {}, scenario=read_scenario(["days=4"]))
