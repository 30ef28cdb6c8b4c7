"""What a second reading of the cited documents corrected and added, figure by figure as the documents print it."""

from typing import Any

import helpers
import pytest

from ivigcalc import library
from ivigcalc.errors import RefusedError

SIXTY = {"age": "60y"}
MYOSITIS = ("dermatomyositis", "polymyositis", "inflammatory-myopathy")


@pytest.mark.parametrize(
    ("regimen", "days", "grams"),
    [
        # 70 kg by hand: 2 g/kg are 140 g, 0.4 g/kg a day 28 g a day
        ("scleromyxedema:lister-2000", "2", 140),
        ("scleromyxedema:arginelli-2016", "2", 140),
        ("dermatomyositis:jtauto-2019", "2", 140),
        ("dermatomyositis:jtauto-2019", "3", 140),
        ("polymyositis:jtauto-2019", "5", 140),
        ("lupus-nephritis:zandman-goddard-2005", "5", 140),
        ("systemic-lupus-erythematosus:zhou-2008", "3", 84),
        ("systemic-lupus-erythematosus:zhou-2008", "5", 140),
    ],
)
def test_published_doses(regimen: str, days: str, grams: int) -> None:
    assert helpers.plan(regimen, "octagam-10-us", "70kg", **SIXTY, days=days).course.prescribed_g == grams


def test_the_two_examples_of_the_review_are_one_protocol() -> None:
    for regimen in ("dermatomyositis", "polymyositis"):
        protocols = library.load("regimen", regimen).value.protocols
        assert [name for name in protocols if name.startswith("jtauto")] == ["jtauto-2019"]
        assert str(protocols["jtauto-2019"].days) == "2 to 5"
        with pytest.raises(RefusedError, match="days"):
            helpers.plan(f"{regimen}:jtauto-2019", "octagam-10-us", "70kg", **SIXTY, days="6")


def test_the_interval_of_scleromyxedema_is_a_month() -> None:
    protocol = library.load("regimen", "scleromyxedema").value.protocols["lister-2000"]
    assert str(protocol.interval.every) == "1 month"


def test_the_split_itp_treatment_may_be_repeated_on_relapse() -> None:
    split = library.load("regimen", "itp").value.protocols["smpc-split"]
    assert (split.courses.from_, split.courses.to) == (1, None)
    made = helpers.plan("itp:smpc-split", "privigen-eu", "70kg", age="40y", days="5")
    assert made.course.prescribed_g == 140


@pytest.mark.parametrize("regimen", MYOSITIS)
def test_two_g_per_kg_is_the_most_that_ontario_prints(regimen: str) -> None:
    order: dict[str, Any] = {"age": "50y", "height": "175cm", "days": "2"}
    made = helpers.plan(f"{regimen}:ontario", "octagam-10-us", "70kg", **order, dose="2 g/kg/course")
    assert made.course.prescribed_g == 140
    above = helpers.refusal(
        helpers.plan, f"{regimen}:ontario", "octagam-10-us", "70kg", **order, dose="2.01 g/kg/course"
    )
    assert "course-dose-over-limit" in above.codes


# ---- less than 8 mg/kg/min: the step of 8 is not reached ------------------------------------------------------------


@pytest.mark.parametrize(
    ("indication", "risk", "ml_per_h"),
    [
        # 70 kg of a 10 % product: 4 mg/kg/min are 168 mL/h, 8 mg/kg/min 336 mL/h
        ("cidp", ["renal"], "168"),
        ("primary-immunodeficiency", ["renal"], "168"),
        ("itp", ["renal", "thrombosis"], "168"),
        ("cidp", ["thrombosis"], "336"),  # printed for the kidneys alone
        ("cidp", [], "336"),
    ],
)
def test_gamunex_c_stays_below_the_printed_rate_at_renal_risk(indication: str, risk: list[str], ml_per_h: str) -> None:
    made = helpers.rates("gamunex-c-us", indication, "70kg", "70g", risk=risk)
    assert str(max(step.rate_ml_per_h for step in made.sessions[0].infusion.steps)) == ml_per_h
    said = [notice.message for notice in made.notices if notice.code == "risk-ceiling-applied"]
    assert bool(said) == ("renal" in risk)
    assert all("the last step below the printed 8 mg/kg/min" in message for message in said)


# ---- products and policies ------------------------------------------------------------------------------------------


def test_intratect_is_refused_where_antibodies_to_iga_are_known() -> None:
    product = library.load("product", "intratect-5-eu").value
    assert "iga-deficiency-with-antibodies" in product.contraindicated_with


def test_privigen_of_hong_kong_prints_rates_and_no_concentration() -> None:
    product = library.load("product", "privigen-hk").value
    [table] = product.rates
    assert (str(table.ladder[0].rate), str(table.ceiling.rate)) == ("0.3 mL/kg/h", "4.8 mL/kg/h")
    assert product.concentration is None
    with pytest.raises(RefusedError, match="concentration"):
        helpers.plan(
            "itp:smpc-single", "privigen-hk", "70kg", age="40y", dose="1 g/kg/course", policy="us-group-health"
        )


def test_a_file_that_a_new_label_has_overtaken_says_so_on_every_plan() -> None:
    made = helpers.rates("asceniv-us", "primary-immunodeficiency", "70kg", "35g")
    assert any("out of date" in notice.message for notice in made.notices if notice.code == "product-warning")


def test_the_handbook_policy_is_refused_with_what_it_leaves_out() -> None:
    with pytest.raises(RefusedError, match="formula of the ideal weight"):
        helpers.plan("dermatomyositis", "octagam-10-us", "110kg", age="50y", policy="us-harriet-lane")
