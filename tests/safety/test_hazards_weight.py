"""Hazards of the weight: mixed-up units, a wrong or stale weight, a patient whom the protocol or product is not for."""

from collections.abc import Callable
from pathlib import Path

import helpers
import pytest

from ivigcalc import library
from ivigcalc.engine.plan import Notice, Plan
from ivigcalc.errors import RefusedError, RequestError

ADULT = {"age": "54y"}


def plan(weight: str, **words: object) -> Plan:
    return helpers.plan("dermatomyositis", str(words.pop("product", "octagam-10-us")), weight, **{**ADULT, **words})


def notice(found: Plan, code: str) -> Notice:
    [one] = [n for n in found.notices if n.code == code]
    return one


def refused(weight: str, **words: object) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        plan(weight, **words)
    return caught.value


# ---- units -----------------------------------------------------------------------------------------------------------


def test_a_bare_weight_is_refused_with_both_readings(refuses: Callable[..., str]) -> None:
    said = refuses(2, "dose", "-r", "dermatomyositis", "-p", "octagam-10-us", "--weight", "154")
    assert "154 kg, or 154 lb (= 69.9 kg)" in said  # 154 x 0.45359237 = 69.853


@pytest.mark.parametrize(("sex", "weight"), [("male", "158kg"), ("male", "132kg"), ("female", "125kg")])
def test_pounds_typed_as_kilograms_are_caught_for_this_height_and_sex(sex: str, weight: str) -> None:
    """158 lb is 71.7 kg. At 175 cm 70.4 kg are expected of a man (BMI 23), 65.8 kg of a woman (BMI 21.5); ordinary is up to 180 %."""
    found = notice(plan(weight, height="175cm", sex=sex), "weight-unit-doubtful")
    assert found.level == "caution"
    assert "pounds were not typed as kilograms" in found.message
    assert {"158kg": "71.7 kg would be ordinary", "132kg": "59.9 kg would", "125kg": "56.7 kg would"}[
        weight
    ] in found.message


@pytest.mark.parametrize(("sex", "weight"), [("male", "125kg"), ("female", "118kg"), ("female", "120kg")])
def test_a_heavy_patient_is_not_called_a_slip(sex: str, weight: str) -> None:
    """125 kg is 177 % of a man's 70.4 kg; 120 kg is 182 % of a woman's, but 120 lb would be 54.4 kg, 83 %: too light to suspect."""
    assert "weight-unit-doubtful" not in helpers.codes(plan(weight, height="175cm", sex=sex))


def test_pounds_typed_as_kilograms_stop_the_plan_above_a_bmi_of_60() -> None:
    assert notice(plan("183.75kg", height="175cm", sex="male"), "weight-unit-doubtful")  # 183.75 / 1.75 / 1.75 = 60
    error = refused("183.76kg", height="175cm", sex="male")
    assert error.codes == ("weight-implausible",)
    assert "83.4 kg would be ordinary" in str(error)  # 183.76 x 0.45359237 = 83.35


def test_kilograms_typed_as_pounds_are_caught() -> None:
    """88 lb is 39.9 kg, 57 % of a man's 70.4 kg at 175 cm; 88 kg would be 125 %."""
    found = notice(plan("88lb", height="175cm", sex="male"), "weight-unit-doubtful")
    assert "kilograms were not typed as pounds" in found.message
    assert "88 kg would be ordinary" in found.message


def test_a_previous_weight_that_agrees_settles_the_doubt() -> None:
    patient = {"height": "175cm", "sex": "male"}
    assert "weight-unit-doubtful" not in helpers.codes(plan("158kg", previous_weight="156kg", **patient))
    assert "weight-unit-doubtful" in helpers.codes(plan("158kg", previous_weight="71kg", **patient))


@pytest.mark.parametrize("unit", ["kg", "lb"])
def test_the_doubt_does_not_hang_on_the_unit_typed(unit: str) -> None:
    weight = {"kg": "158.7573295kg", "lb": "350lb"}[unit]  # 350 x 0.45359237
    assert "weight-unit-doubtful" in helpers.codes(plan(weight, height="175cm", sex="male"))


@pytest.mark.parametrize(
    ("weight", "height", "words"),
    [
        ("220kg", "160cm", "pounds typed as kilograms would fit (99.8 kg, BMI 39)"),
        ("50lb", "170cm", "kilograms typed as pounds would fit (50 kg, BMI 17.3)"),
        ("72kg", "69cm", "inches typed as centimetres would fit (72 kg at 175.3 cm, BMI 23.4)"),  # 69 x 2.54 = 175.26
        ("30lb", "69in", ""),  # 13.6 kg at 175 cm: nothing explains it
        ("175kg", "72cm", "weight and height exchanged would fit (72 kg at 175 cm, BMI 23.5)"),
        ("20.4kg", "62.99in", "BMI of 8"),  # 20.4 / 1.6 / 1.6 = 7.97
        ("15kg", "240cm", "centimetres typed as inches would fit (15 kg at 94.5 cm, BMI 16.8)"),  # 240 / 2.54 = 94.49
    ],
)
def test_weight_and_height_that_do_not_belong_together_name_the_slip(weight: str, height: str, words: str) -> None:
    error = refused(weight, height=height, age=None)
    assert error.codes == ("weight-implausible",)
    assert words in str(error)


# ---- figures that cannot be -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weight", ["351kg", "0.299kg", "999999999kg", "7.2kg", "19.9kg"])
def test_a_weight_that_no_adult_has_is_refused(weight: str) -> None:
    assert refused(weight).codes == ("weight-implausible",)


@pytest.mark.parametrize("weight", ["20kg", "350kg"])
def test_the_bounds_of_a_weight_are_inside(weight: str) -> None:
    assert plan(weight).dosing_weight.kg in (20, 350)


@pytest.mark.parametrize(
    ("weight", "age", "limit"),
    [
        ("8kg", "3 weeks", "0.3 to 7 kg"), ("35kg", "7mo", "0.3 to 16 kg"), ("1.4kg", "2y", "1.5 to 45 kg"), ("46kg", "5y", "1.5 to 45 kg"),
        ("4.9kg", "8y", "5 to 140 kg"), ("9.9kg", "15y", "10 to 300 kg"),
    ],
)  # fmt: skip
def test_a_weight_that_no_child_of_that_age_has_is_refused(weight: str, age: str, limit: str) -> None:
    with pytest.raises(RefusedError) as caught:
        helpers.rates("octagam-10-us", "dermatomyositis", weight, "2g", age=age)
    assert caught.value.codes == ("weight-implausible",)
    assert limit in str(caught.value)


@pytest.mark.parametrize(("weight", "age"), [("7kg", "1 month"), ("3500g", "2 weeks"), ("16kg", "1y"), ("45kg", "5y")])
def test_a_weight_at_the_edge_of_its_age_is_believed(weight: str, age: str) -> None:
    assert helpers.rates("octagam-10-us", "dermatomyositis", weight, "2g", age=age).sessions


@pytest.mark.parametrize("height", ["19.9cm", "251cm", "1.75cm", "175m"])
def test_a_height_that_nobody_has_is_refused(height: str) -> None:
    assert "weight-implausible" in refused("72kg", height=height).codes


def test_an_age_that_nobody_has_is_refused() -> None:
    assert refused("72kg", age="121y").codes == ("weight-implausible",)


def test_a_birth_date_in_the_future_is_refused() -> None:
    with pytest.raises(RequestError, match="--birth-date 2026-12-02 is after 2026-12-01"):
        plan("72kg", age=None, birth_date="2026-12-02", start="2026-12-01")


# ---- the right weight -------------------------------------------------------------------------------------------------


def test_the_plan_says_which_weight_it_doses_on() -> None:
    """Devine at 175 cm: 50 + 2.3 x (175 / 2.54 - 60) = 70.46; adjusted 70.46 + 0.4 x 29.54 = 82.28 kg."""
    found = plan("100kg", policy="au-lifeblood-2026", height="175cm", sex="male")
    assert (str(found.dosing_weight.kg), found.dosing_weight.basis) == ("82.28", "adjusted")
    assert str(found.course.prescribed_g) == "164.56"
    assert "82.28 kg" in notice(found, "policy-applied").message


def test_a_policy_that_needs_the_height_is_not_computed_without_it() -> None:
    with pytest.raises(RequestError, match="needs --height"):
        plan("100kg", policy="au-lifeblood-2026")


def test_a_pregnant_patient_is_dosed_on_the_weight_that_the_policy_means(tmp_path: Path) -> None:
    text = library.shipped("policy")["actual-weight"].read_text(encoding="utf-8")
    own = tmp_path / "own.yaml"
    own.write_text(text.replace("  use: actual\n", "  use: actual\n  pregnancy: pre-pregnancy\n"), encoding="utf-8")
    with pytest.raises(RequestError, match="give --pre-pregnancy-weight"):
        plan("80kg", policy=str(own), pregnant=True)
    found = plan("80kg", policy=str(own), pregnant=True, pre_pregnancy_weight="66kg")
    assert (str(found.dosing_weight.kg), str(found.course.prescribed_g)) == ("66", "132")
    assert found.rate_weight.kg == 80


# ---- a stale weight ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("weighed_on", "stale"), [("2026-06-01", False), ("2026-05-31", True), ("2026-12-01", False)])
def test_a_weight_older_than_six_months_is_called_stale(weighed_on: str, stale: bool) -> None:
    assert ("weight-stale" in helpers.codes(plan("72kg", start="2026-12-01", weighed_on=weighed_on))) == stale


@pytest.mark.parametrize(("before", "stale"), [("80kg", True), ("79.9kg", False), ("65.5kg", False), ("65.4kg", True)])
def test_a_weight_that_changed_by_a_tenth_is_called_stale(before: str, stale: bool) -> None:
    """72 kg after 80 kg is 10.0 % less, after 79.9 kg 9.89 %; after 65.5 kg 9.92 % more, after 65.4 kg 10.09 %."""
    assert ("weight-stale" in helpers.codes(plan("72kg", previous_weight=before))) == stale


def test_a_weight_from_the_future_is_refused() -> None:
    with pytest.raises(RequestError, match="is after 2026-12-01"):
        plan("72kg", start="2026-12-01", weighed_on="2026-12-02")


def test_a_long_plan_says_when_to_weigh_again() -> None:
    """Six months after 30 November end on 30 May; courses of four weeks from 1 December reach 15 June with the eighth."""
    found = notice(plan("72kg", start="2026-12-01", weighed_on="2026-11-30", courses="9"), "weigh-again")
    assert "before course 8 on 2027-06-15" in found.message
    assert "weigh-again" not in helpers.codes(plan("72kg", start="2026-12-01", weighed_on="2026-11-30", courses="7"))


# ---- the right patient -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("age", "inside"), [("18y", True), ("17y", False), ("215mo", False), ("216mo", True)])
def test_an_age_outside_the_protocol_is_refused(age: str, inside: bool) -> None:
    if inside:
        assert "age-outside-regimen" not in helpers.codes(plan("72kg", age=age))
    else:
        assert refused("72kg", age=age).codes == ("age-outside-regimen",)


def test_an_age_that_was_not_given_is_said_not_to_be_checked() -> None:
    assert any("no age given" in n.message for n in plan("72kg", age=None).notices)


@pytest.mark.parametrize(
    ("product", "condition"),
    [
        ("octagam-10-us", "iga-deficiency-with-antibodies"), ("octagam-10-us", "corn-allergy"), ("privigen-us", "hyperprolinaemia"),
        ("privigen-eu", "hyperprolinaemia"), ("flebogamma-dif-10-us", "fructose-intolerance"), ("intragam-p-nz", "maltose-hypersensitivity"),
    ],
)  # fmt: skip
def test_a_contraindicated_product_is_refused(product: str, condition: str) -> None:
    error = refused("72kg", product=product, condition=[condition])
    assert error.codes == ("product-contraindicated",)
    assert "contraindicated" in str(error)


@pytest.mark.parametrize(
    ("product", "condition"), [("panzyga-us", "hyperprolinaemia"), ("octagam-10-us", "fructose-intolerance")]
)
def test_a_condition_that_the_product_file_does_not_mention_is_said(product: str, condition: str) -> None:
    assert notice(plan("72kg", product=product, condition=[condition]), "condition-not-covered").level == "caution"


def test_an_unknown_condition_is_not_passed_over() -> None:
    with pytest.raises(RequestError, match="unknown --condition 'iga-deficency'; allowed: "):
        plan("72kg", condition=["iga-deficency"])


def test_maltose_and_the_glucose_meter_are_told_to_everybody_and_shouted_to_the_one_it_concerns() -> None:
    everybody = notice(plan("72kg"), "product-warning")
    assert (everybody.level, "maltose" in everybody.message) == ("info", True)
    assert notice(plan("72kg", condition=["blood-glucose-meter"]), "product-warning").level == "caution"


def test_every_warning_of_a_product_reaches_the_plan() -> None:
    found = plan("72kg", product="flebogamma-dif-10-eu")
    assert len([n for n in found.notices if n.code == "product-warning"]) == 2
