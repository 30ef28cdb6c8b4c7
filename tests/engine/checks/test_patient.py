"""The patient: age, conditions, which weight is dosed on and how old it is."""

import helpers
import pytest

from ivigcalc.errors import RequestError

# ---- age -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("age", "inside"), [("18y", True), ("17y", False), ("215mo", False), ("216mo", True)])
def test_an_age_outside_the_protocol_is_refused(age: str, inside: bool) -> None:
    if inside:
        assert "age-outside-regimen" not in helpers.codes(helpers.adult("72kg", age=age))
    else:
        assert helpers.refusal(helpers.adult, "72kg", age=age).codes == ("age-outside-regimen",)


@pytest.mark.parametrize(("born", "stops"), [("2008-12-01", False), ("2008-12-02", True)])
def test_an_age_is_counted_to_the_first_day_of_treatment(born: str, stops: bool) -> None:
    """18 years on the very day."""
    if stops:
        assert "age-outside-regimen" in helpers.refusal(helpers.dm, birth_date=born, start="2026-12-01").codes
    else:
        assert "age-outside-regimen" not in helpers.codes(helpers.dm(birth_date=born, start="2026-12-01"))


def test_an_age_that_was_not_given_is_said_not_to_be_checked() -> None:
    assert any("no age given" in n.message for n in helpers.adult("72kg", age=None).notices)


# ---- conditions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("product", "condition"),
    [
        ("octagam-10-us", "iga-deficiency-with-antibodies"), ("octagam-10-us", "corn-allergy"), ("privigen-us", "hyperprolinaemia"),
        ("privigen-eu", "hyperprolinaemia"), ("flebogamma-dif-10-us", "fructose-intolerance"), ("intragam-p-nz", "maltose-hypersensitivity"),
    ],
)  # fmt: skip
def test_a_contraindicated_product_is_refused(product: str, condition: str) -> None:
    error = helpers.refusal(helpers.adult, "72kg", product=product, condition=[condition])
    assert error.codes == ("product-contraindicated",)
    assert "contraindicated" in str(error)


def test_a_contraindication_names_what_it_is() -> None:
    error = helpers.refusal(helpers.dm, condition=["iga-deficiency-with-antibodies"])
    assert error.codes == ("product-contraindicated",)
    assert "IgA" in str(error)


@pytest.mark.parametrize(
    ("product", "condition"), [("panzyga-us", "hyperprolinaemia"), ("octagam-10-us", "fructose-intolerance")]
)
def test_a_condition_that_the_product_file_does_not_mention_is_said(product: str, condition: str) -> None:
    assert (
        helpers.notice(helpers.adult("72kg", product=product, condition=[condition]), "condition-not-covered").level
        == "caution"
    )


def test_a_condition_that_the_product_says_nothing_about_is_no_all_clear() -> None:
    got = helpers.dm(condition=["hyperprolinaemia"])
    assert "says nothing about 'hyperprolinaemia'" in helpers.notice(got, "condition-not-covered").message


def test_a_condition_that_a_product_warns_of_is_a_caution() -> None:
    got = helpers.dm(condition=["blood-glucose-meter"])
    assert [n.level for n in got.notices if n.code == "product-warning" and n.value == "blood-glucose-meter"] == [
        "caution"
    ]


def test_a_condition_that_nobody_knows_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(
        RequestError, match=r"unknown --condition 'allergy'; did you mean corn-allergy.* allowed: .*diabetes"
    ):
        helpers.dm(condition=["allergy"])


def test_an_unknown_condition_is_not_passed_over() -> None:
    with pytest.raises(
        RequestError, match="unknown --condition 'iga-deficency'; did you mean iga-deficiency-with-antibodies"
    ):
        helpers.adult("72kg", condition=["iga-deficency"])


def test_maltose_and_the_glucose_meter_are_told_to_everybody_and_shouted_to_the_one_it_concerns() -> None:
    everybody = helpers.notice(helpers.adult("72kg"), "product-warning")
    assert (everybody.level, "maltose" in everybody.message) == ("info", True)
    assert (
        helpers.notice(helpers.adult("72kg", condition=["blood-glucose-meter"]), "product-warning").level == "caution"
    )


def test_every_warning_of_a_product_reaches_the_plan() -> None:
    found = helpers.adult("72kg", product="gammaplex-5-us")
    assert len([n for n in found.notices if n.code == "product-warning"]) == 3


# ---- what a product file says of an age ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("product", "age", "level"),
    [
        ("flebogamma-dif-10-eu", "23mo", "caution"), ("flebogamma-dif-10-eu", "24mo", None), ("flebogamma-dif-10-eu", "54y", None),
        ("flebogamma-dif-10-us", "1y", "caution"), ("flebogamma-dif-5-tr", "1y", "caution"), ("flebogamma-dif-5-tr", "2y", None),
    ],
)  # fmt: skip
def test_a_warning_of_children_under_two_is_a_caution_for_them_alone(product: str, age: str, level: str | None) -> None:
    found = helpers.any_course(product, "12kg" if age != "54y" else "72kg", "1 g/kg", days="2", age=age)
    said = [n.level for n in helpers.notices(found, "product-warning") if "under 2 years" in n.message]
    assert said == ([level] if level else [])


@pytest.mark.parametrize(
    ("product", "age", "said"),
    [
        ("asceniv-us", "66y", ["caution"]), ("asceniv-us", "65y", []), ("gammagard-liquid-us", "80y", ["caution"]),
        ("flebogamma-dif-5-tr", "66y", ["caution"]), ("gammagard-liquid-us", None, ["info"]),
    ],
)  # fmt: skip
def test_a_warning_of_the_old_is_a_caution_for_them_alone(product: str, age: str | None, said: list[str]) -> None:
    found = helpers.any_course(product, "72kg", "1 g/kg", days="2", age=age, risk=["none"])
    assert [n.level for n in helpers.notices(found, "product-warning") if "Over 65 years" in n.message] == said


@pytest.mark.parametrize("product", ["flebogamma-dif-5-eu", "flebogamma-dif-5-us"])
def test_an_age_that_the_product_rules_out_is_a_stop(product: str) -> None:
    """Sorbitol: hereditary fructose intolerance may not be known yet under 2 years."""
    asked = (helpers.any_course, product, "11kg", "1 g/kg")
    stopped = helpers.refusal(*asked, days="2", age="23mo")
    assert stopped.codes == ("age-contraindicated",)
    assert "1.9 years" in str(stopped)
    assert "at an age of 1 year: " in str(helpers.refusal(*asked, days="2", age="1y"))
    found = helpers.any_course(product, "12kg", "1 g/kg", days="2", age="24mo")
    assert "age-contraindicated" not in helpers.codes(found)


def test_it_is_overridden_with_a_reason() -> None:
    """As its own label allows: in overwhelming need with no alternative."""
    words = {"days": "2", "age": "23mo", "override": ["age-contraindicated=no alternative, Dr Roe"]}
    found = helpers.any_course("flebogamma-dif-5-eu", "11kg", "1 g/kg", **words)
    assert helpers.notice(found, "age-contraindicated").overridden_because == "no alternative, Dr Roe"


def test_where_no_age_is_given_the_one_that_is_ruled_out_is_told() -> None:
    found = helpers.any_course("flebogamma-dif-5-eu", "11kg", "1 g/kg", days="2")
    [said] = [n for n in helpers.notices(found, "product-warning") if "Under 2 years" in n.message]
    assert (said.level, "printed for an age < 2 years; no age was given" in said.message) == ("info", True)


# ---- which weight ----------------------------------------------------------------------------------------------------


def test_the_plan_says_which_weight_it_doses_on() -> None:
    """Devine at 175 cm: 50 + 2.3 x (175 / 2.54 - 60) = 70.46; adjusted 70.46 + 0.4 x 29.54 = 82.28 kg."""
    found = helpers.adult("100kg", policy="au-lifeblood-2026", height="175cm", sex="male")
    assert (str(found.dosing_weight.kg), found.dosing_weight.basis) == ("82.28", "adjusted")
    assert str(found.course.prescribed_g) == "164.56"
    assert "82.28 kg" in helpers.notice(found, "policy-applied").message


def test_the_policy_says_which_weight_it_took_and_why() -> None:
    got = helpers.dm("100 kg", policy="au-lifeblood-2026", height="175cm", sex="male", age="54y")
    assert "adjusted weight of 82.28 kg" in helpers.notice(got, "policy-applied").message


# ---- a stale weight --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("weighed_on", "stale"), [("2026-06-01", False), ("2026-05-31", True), ("2026-12-01", False)])
def test_a_weight_older_than_six_months_is_called_stale(weighed_on: str, stale: bool) -> None:
    assert ("weight-stale" in helpers.codes(helpers.adult("72kg", start="2026-12-01", weighed_on=weighed_on))) == stale


@pytest.mark.parametrize(
    ("weighed_on", "stale"), [("2026-06-01", False), ("2026-05-31", True), ("2026-12-01", False), ("2025-12-01", True)]
)
def test_a_weight_older_than_six_months(weighed_on: str, stale: bool) -> None:
    assert ("weight-stale" in helpers.codes(helpers.dm(weighed_on=weighed_on, start="2026-12-01"))) == stale


@pytest.mark.parametrize(("before", "stale"), [("80kg", True), ("79.9kg", False), ("65.5kg", False), ("65.4kg", True)])
def test_a_weight_that_changed_by_a_tenth_is_called_stale(before: str, stale: bool) -> None:
    """72 kg after 80 kg is 10.0 % less, after 79.9 kg 9.89 %; after 65.5 kg 9.92 % more, after 65.4 kg 10.09 %."""
    assert ("weight-stale" in helpers.codes(helpers.adult("72kg", previous_weight=before))) == stale


@pytest.mark.parametrize(
    ("before", "changed"),
    [("63.7 kg", False), ("63.6 kg", True), ("77.7 kg", False), ("77.8 kg", True), ("70 kg", False)],
)
def test_a_weight_that_changed_by_a_tenth(before: str, changed: bool) -> None:
    """70 kg now: 63.636... and 77.777... kg are 10 % away."""
    assert ("weight-stale" in helpers.codes(helpers.dm(previous_weight=before))) == changed


@pytest.mark.parametrize(
    ("now", "changed"), [("76.99 kg", False), ("77 kg", True), ("63 kg", True), ("63.01 kg", False)]
)
def test_a_change_of_exactly_a_tenth_is_one(now: str, changed: bool) -> None:
    """The order form prints 10 % or more; from 70 kg that is 77 or 63 kg."""
    assert ("weight-stale" in helpers.codes(helpers.dm(now, previous_weight="70 kg"))) == changed


def test_a_weight_from_the_future_is_refused() -> None:
    with pytest.raises(RequestError, match="is after 2026-12-01"):
        helpers.adult("72kg", start="2026-12-01", weighed_on="2026-12-02")


# ---- the source of the protocol --------------------------------------------------------------------------------------


def test_a_source_of_low_confidence_is_said_and_never_the_default() -> None:
    low = helpers.plan("dermatomyositis:lee-1995-2-day", "octagam-10-us", "70 kg")
    assert helpers.notice(low, "low-confidence-source").level == "caution"
    assert "low-confidence-source" not in helpers.codes(helpers.dm())
