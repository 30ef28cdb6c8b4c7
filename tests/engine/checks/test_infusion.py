"""The rate tables that were used, when the slow one starts again, and how long a bottle is open."""

from datetime import date

import helpers
import pytest

from ivigcalc.api import plan_form
from ivigcalc.request.form import Form

OCTAGAM_72_KG = ("octagam-10-us", "dermatomyositis", "72kg", "72g")


# ---- where the rates are from ----------------------------------------------------------------------------------------


def test_a_use_that_the_label_does_not_print_takes_the_most_cautious_table_and_says_so() -> None:
    found = helpers.rates("octagam-10-us", "cidp", "72kg", "72g")
    assert helpers.pump_rates(found.sessions[0])[-1] == "172.8"
    assert helpers.notice(found, "rate-off-label").level == "caution"
    assert "rate-off-label" not in helpers.codes(helpers.rates(*OCTAGAM_72_KG))


def test_a_ladder_with_assumed_rungs_says_so_and_marks_them() -> None:
    got = helpers.rates("octagam-10-us", "dermatomyositis", "70 kg", "70 g")
    assert helpers.notice(got, "ladder-assumed").level == "caution"
    assert [s.assumed for s in got.sessions[0].steps] == [False, True, False]
    assert "ladder-assumed" not in helpers.codes(helpers.rates("octagam-10-us", "chronic-itp", "70 kg", "70 g"))


# ---- at risk ---------------------------------------------------------------------------------------------------------


def test_a_risk_for_which_nobody_prints_a_rate_is_said() -> None:
    found = helpers.rates(*OCTAGAM_72_KG, risk=["cardiac"])
    assert helpers.notice(found, "risk-no-figure").level == "caution"
    assert "risk-no-figure" not in helpers.codes(helpers.rates(*OCTAGAM_72_KG))


def test_a_risk_for_which_nothing_is_printed_is_said_beside_one_for_which_it_is() -> None:
    """The label of Octagam 10 % prints a rate for renal and thrombosis risk, none for cardiac."""
    made = helpers.plan("dermatomyositis", "octagam-10-us", "72kg", age="54y", risk=["renal", "cardiac"])
    assert [notice.value for notice in helpers.notices(made, "risk-ceiling-applied")] == ["renal"]
    assert [notice.value for notice in helpers.notices(made, "risk-no-figure")] == ["cardiac"]


# ---- the slow ladder -------------------------------------------------------------------------------------------------


QIVIGY = (
    "qivigy-us",
    "primary-immunodeficiency",
    "70kg",
    "42g",
)  # prints 0.01 mL/kg/min to begin with, 0.02 for later infusions
PI = "primary-immunodeficiency"


def test_without_a_word_the_slow_ladder_is_taken_and_said() -> None:
    found = helpers.rates(*QIVIGY)
    assert helpers.pump_rates(found.sessions[0]) == helpers.pump_rates(
        helpers.rates(*QIVIGY, infusion="first").sessions[0]
    )
    assert any("--infusion" in n.message for n in found.notices)


def test_not_said_is_the_first_infusion_and_is_said() -> None:
    got = helpers.rates("qivigy-us", PI, "70 kg", "28 g")
    assert got.sessions[0].duration_min == 122
    assert "default-used" in helpers.codes(got)


def test_another_brand_starts_again_with_the_slow_ladder() -> None:
    slow, fast = (helpers.rates(*QIVIGY, infusion=which) for which in ("first", "subsequent"))
    assert (helpers.pump_rates(slow.sessions[0])[0], helpers.pump_rates(fast.sessions[0])[0]) == (
        "42",
        "84",
    )  # 70 kg x 60 x 0.01 and 0.02
    changed = helpers.rates(*QIVIGY, infusion="subsequent", last_product="privigen-us")
    assert helpers.pump_rates(changed.sessions[0]) == helpers.pump_rates(slow.sessions[0])
    assert helpers.notice(changed, "restart-slow").level == "caution"
    same = helpers.rates(*QIVIGY, infusion="subsequent", last_product="qivigy-us")
    assert helpers.pump_rates(same.sessions[0]) == helpers.pump_rates(fast.sessions[0])


def test_another_brand_starts_slowly_again() -> None:
    words = {"dose": "0.4 g/kg", "days": "1", "start": "2026-12-01", "infusion": "subsequent", "every": "3 weeks"}
    same = helpers.plan(
        "primary-immunodeficiency:us-label-qivigy", "qivigy-us", "75 kg", last_product="qivigy-us", **words
    )
    other = helpers.plan(
        "primary-immunodeficiency:us-label-qivigy", "qivigy-us", "75 kg", last_product="privigen-us", **words
    )
    assert (same.sessions[0].duration_min, other.sessions[0].duration_min) == (73, 122)
    assert "privigen-us" in helpers.notice(other, "restart-slow").message


def test_another_brand_names_the_rates_that_it_starts_with() -> None:
    changed = helpers.rates(*QIVIGY, infusion="subsequent", last_product="privigen-us")
    assert helpers.notice(changed, "restart-slow").message == (
        "the product changes from privigen-us to qivigy-us: the rates of a first infusion are used again, "
        "printed for primary-immunodeficiency, from 0.01 mL/kg/min to 0.08 mL/kg/min"
    )


def test_no_slower_titration_is_promised_where_none_is_printed() -> None:
    """Privigen has one table for CIDP, whoever it is given to."""
    changed = helpers.rates("privigen-us", "cidp", "70 kg", "28 g", infusion="subsequent", last_product="qivigy-us")
    said = helpers.notice(changed, "restart-slow").message
    assert "no separate rates are printed for a first infusion; those for every infusion are used" in said
    assert "printed for primary-immunodeficiency, cidp, from 0.3 mL/kg/h to 4.8 mL/kg/h" in said
    same = helpers.rates("privigen-us", "cidp", "70 kg", "28 g", infusion="subsequent")
    assert helpers.pump_rates(changed.sessions[0]) == helpers.pump_rates(same.sessions[0])


@pytest.mark.parametrize(
    ("product", "said"),
    [("qivigy-us", "the rates of a first infusion are used again"), ("privigen-us", "no separate rates are printed")],
)
def test_courses_far_apart_name_theirs_too(product: str, said: str) -> None:
    words = {"dose": "0.4 g/kg", "days": "1", "start": "2026-12-01", "every": "9 weeks", "courses": "2"}
    words |= {"dose_basis": "course", "infusion": "subsequent", "override": ["interval-outside-regimen=a test"]}
    made = helpers.plan("primary-immunodeficiency", product, "75 kg", **words)
    assert said in helpers.notice(made, "restart-slow").message


@pytest.mark.parametrize(("use", "said"), [(PI, True), ("cidp", False)])
def test_which_infusion_it_is_matters_where_that_changes_the_rates(use: str, said: bool) -> None:
    """Panzyga has rates of a first infusion for primary immunodeficiency alone."""
    made = helpers.rates("panzyga-us", use, "70 kg", "28 g", infusion=None)
    assert any("--infusion" in notice.message for notice in made.notices) is said


def test_what_is_printed_in_general_stands_beside_assumed_steps() -> None:
    made = helpers.dm()
    said = helpers.notice(made, "ladder-assumed")
    assert "doubled every 15 to 30 min, as the Harriet Lane Handbook prints in general" in said.message
    assert "Octapharma" in str(said.source)
    assert any(source.startswith("Harriet Lane") for source in made.sources)
    printed = helpers.rates("octagam-10-us", "chronic-itp", "70 kg", "70 g")
    assert not any("general guidelines" in source for source in printed.sources)


@pytest.mark.parametrize(("last", "slow"), [("2026-10-06", False), ("2026-10-05", True)])
def test_more_than_eight_weeks_start_again_with_the_slow_ladder(last: str, slow: bool) -> None:
    """56 days before 1 December is 6 October."""
    found = helpers.rates(*QIVIGY, infusion="subsequent", start="2026-12-01", last_infusion=last)
    assert ("restart-slow" in helpers.codes(found)) == slow
    first = helpers.rates(*QIVIGY, infusion="first")
    assert (helpers.pump_rates(found.sessions[0]) == helpers.pump_rates(first.sessions[0])) == slow


@pytest.mark.parametrize(
    ("last", "slow"), [("2026-10-06", False), ("2026-10-05", True), ("2026-11-30", False)]
)  # 8 weeks before 2026-12-01 is 2026-10-06
def test_more_than_eight_weeks_since_the_last_infusion(last: str, slow: bool) -> None:
    words = {
        "dose": "0.4 g/kg",
        "days": "1",
        "start": "2026-12-01",
        "infusion": "subsequent",
        "last_infusion": last,
        "every": "3 weeks",
    }
    got = helpers.plan(
        "primary-immunodeficiency:us-label-qivigy",
        "qivigy-us",
        "75 kg",
        **words,
        **({"override": ["courses-close=a test"]} if last == "2026-11-30" else {}),
    )
    assert ("restart-slow" in helpers.codes(got)) == slow
    assert got.sessions[0].duration_min == (122 if slow else 73)


@pytest.mark.parametrize("start", [None, "2026-12-01"])
def test_a_long_gap_starts_slowly_with_and_without_a_date(start: str | None) -> None:
    """Without a start, the day of asking is when the infusion is."""
    form = Form(
        weight="70kg", product="qivigy-us", indication="primary-immunodeficiency", dose="400 mg/kg", infusion="subsequent",
        last_infusion="2020-01-01", start=start,
    )  # fmt: skip
    made = plan_form(form, "rates", on=date(2026, 11, 22))
    assert [notice.level for notice in helpers.notices(made, "restart-slow")] == ["caution"]
    form.infusion, form.last_infusion = "first", None
    first = plan_form(form, "rates", on=date(2026, 11, 22))
    assert made.sessions[0].infusion == first.sessions[0].infusion


# ---- bottles ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("dose", "open_too_long"), [("19.9 g", False), ("20.1 g", True)])
def test_a_bottle_that_runs_for_more_than_four_hours(dose: str, open_too_long: bool) -> None:
    """0.5 mL/kg/h at 100 kg is 50 mL/h: a 20 g bottle of 200 mL takes exactly 4 h, and a 40 g bottle 8 h."""
    product = helpers.own_product(vials=("20 g", "40 g"), ladder=[("0.5 mL/kg/h", None)])
    assert ("bottle-open-too-long" in helpers.codes(helpers.rates(product, "cidp", "100 kg", dose))) == open_too_long


def test_a_bottle_that_is_open_too_long_is_said() -> None:
    """20 g in 200 mL at 0.5 mL/kg/h x 20 kg = 10 mL/h is 20 hours; 4 h is the limit."""
    found = helpers.any_course(helpers.own_product(["20 g"], [("0.5 mL/kg/h", None)]), "20 kg", "1 g/kg", days="1")
    assert helpers.notice(found, "bottle-open-too-long").value == "1200 min"
    short = helpers.any_course(helpers.own_product(["20 g"], [("2.5 mL/kg/h", None)]), "20 kg", "1 g/kg", days="1")
    assert "bottle-open-too-long" not in helpers.codes(short)  # 200 mL at 50 mL/h is exactly 4 h


def test_bottles_that_may_be_pooled_for_eight_hours_only() -> None:
    """Octagam 10 %: pooled bottles within 8 h. 72 g at 80 mL/h take 9 h."""
    made = helpers.plan(
        "dermatomyositis", "octagam-10-us", "72kg", age="54y", site=helpers.a_site(rate_maximum="80 mL/h")
    )
    assert any("a pool of its bottles" in notice.message and notice.limit == "8 h" for notice in made.notices)
    made = helpers.plan("dermatomyositis", "octagam-10-us", "72kg", age="54y")
    assert not any("a pool of its bottles" in notice.message for notice in made.notices)
