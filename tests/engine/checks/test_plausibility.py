"""Weight, height and age that cannot be, or that a slip of unit explains."""

from pathlib import Path
from typing import Any

import helpers
import pytest

from ivigcalc.errors import RefusedError, RequestError

# ---- units mixed up --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sex", "weight"), [("male", "158kg"), ("male", "132kg"), ("female", "125kg")])
def test_pounds_typed_as_kilograms_are_caught_for_this_height_and_sex(sex: str, weight: str) -> None:
    """158 lb is 71.7 kg. At 175 cm 70.4 kg are expected of a man (BMI 23), 65.8 kg of a woman (BMI 21.5); ordinary is up to 180 %."""
    found = helpers.notice(helpers.adult(weight, height="175cm", sex=sex), "weight-unit-doubtful")
    assert found.level == "caution"
    assert "pounds were not typed as kilograms" in found.message
    assert {"158kg": "71.7 kg would be ordinary", "132kg": "59.9 kg would", "125kg": "56.7 kg would"}[
        weight
    ] in found.message


@pytest.mark.parametrize(("sex", "weight"), [("male", "125kg"), ("female", "118kg"), ("female", "120kg")])
def test_a_heavy_patient_is_not_called_a_slip(sex: str, weight: str) -> None:
    """125 kg is 177 % of a man's 70.4 kg; 120 kg is 182 % of a woman's, but 120 lb would be 54.4 kg, 83 %: too light to suspect."""
    assert "weight-unit-doubtful" not in helpers.codes(helpers.adult(weight, height="175cm", sex=sex))


def test_pounds_typed_as_kilograms_stop_the_plan_above_a_bmi_of_60() -> None:
    assert helpers.notice(
        helpers.adult("183.75kg", height="175cm", sex="male"), "weight-unit-doubtful"
    )  # 183.75 / 1.75 / 1.75 = 60
    error = helpers.refusal(helpers.adult, "183.76kg", height="175cm", sex="male")
    assert error.codes == ("weight-implausible",)
    assert "83.4 kg would be ordinary" in str(error)  # 183.76 x 0.45359237 = 83.35


def test_kilograms_typed_as_pounds_are_caught() -> None:
    """88 lb is 39.9 kg, 57 % of a man's 70.4 kg at 175 cm; 88 kg would be 125 %."""
    found = helpers.notice(helpers.adult("88lb", height="175cm", sex="male"), "weight-unit-doubtful")
    assert "kilograms were not typed as pounds" in found.message
    assert "88 kg would be ordinary" in found.message


def test_a_previous_weight_that_agrees_settles_the_doubt() -> None:
    patient = {"height": "175cm", "sex": "male"}
    assert "weight-unit-doubtful" not in helpers.codes(helpers.adult("158kg", previous_weight="156kg", **patient))
    assert "weight-unit-doubtful" in helpers.codes(helpers.adult("158kg", previous_weight="71kg", **patient))


@pytest.mark.parametrize("unit", ["kg", "lb"])
def test_the_doubt_does_not_hang_on_the_unit_typed(unit: str) -> None:
    weight = {"kg": "158.7573295kg", "lb": "350lb"}[unit]  # 350 x 0.45359237
    assert "weight-unit-doubtful" in helpers.codes(helpers.adult(weight, height="175cm", sex="male"))


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
    error = helpers.refusal(helpers.adult, weight, height=height, age=None)
    assert error.codes == ("weight-implausible",)
    assert words in str(error)


# ---- figures that cannot be ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"weight": "0.29 kg"}, "outside 0.3 to 350 kg"),
        ({"weight": "70 kg", "height": "19cm"}, "a height of 19 cm is outside 20 to 250 cm"),
        ({"weight": "70 kg", "height": "251cm"}, "a height of 251 cm is outside 20 to 250 cm"),
        ({"weight": "70 kg", "height": "1750cm"}, "a height of 1750 cm"),
        ({"weight": "70 kg", "height": "69cm", "age": "40y"}, "BMI of 147"),  # 69 in typed as cm
        ({"weight": "17 kg", "age": "2mo"}, "for an age up to 1 year"),
        ({"weight": "70 kg", "age": "121y"}, "an age of 121 years is not believable"),
        ({"weight": "7.1 kg", "age": "3 weeks"}, "for an age up to 1 month"),
        ({"weight": "4 kg", "age": "12y"}, "for an age up to 12 years"),
    ],
)
def test_what_cannot_be_is_a_slip_of_the_keyboard(words: dict[str, Any], says: str) -> None:
    error = helpers.refusal(helpers.dm, **words)
    assert "weight-implausible" in error.codes
    assert says in str(error)


@pytest.mark.parametrize(
    "words",
    [
        {"weight": "0.3 kg", "policy": "us-noridian-dme-vials"}, {"weight": "350 kg"}, {"weight": "70 kg", "height": "175cm"},
        {"weight": "29.5 kg", "height": "170cm"}, {"weight": "231 kg", "height": "170cm", "previous_weight": "230 kg"},
        {"weight": "16 kg", "age": "12mo", "previous_weight": "15.8 kg"}, {"weight": "3 kg", "age": "3 weeks", "policy": "us-noridian-dme-vials"},
    ],
)  # fmt: skip
def test_what_can_be_is_not_refused(words: dict[str, Any]) -> None:
    insisted = {"protocol": "open", "days": "1"}
    weight = words.pop("weight")
    assert "weight-implausible" not in helpers.codes(
        helpers.any_course("octagam-10-us", weight, "2 g/kg", **words, **insisted)
    )


@pytest.mark.parametrize("weight", ["351kg", "0.299kg", "999999999kg", "7.2kg", "19.9kg"])
def test_a_weight_that_no_adult_has_is_refused(weight: str) -> None:
    assert helpers.refusal(helpers.adult, weight).codes == ("weight-implausible",)


@pytest.mark.parametrize("weight", ["20kg", "350kg"])
def test_the_bounds_of_a_weight_are_inside(weight: str) -> None:
    assert helpers.adult(weight).dosing_weight.kg in (20, 350)


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
    assert "weight-implausible" in helpers.refusal(helpers.adult, "72kg", height=height).codes


def test_an_age_that_nobody_has_is_refused() -> None:
    assert helpers.refusal(helpers.adult, "72kg", age="121y").codes == ("weight-implausible",)


def test_a_birth_date_in_the_future_is_refused() -> None:
    with pytest.raises(RequestError, match="--birth-date 2026-12-02 is after 2026-12-01"):
        helpers.adult("72kg", age=None, birth_date="2026-12-02", start="2026-12-01")


# ---- the dosing weight -----------------------------------------------------------------------------------------------


PREGNANT = """
kind: policy
schema: 2
id: before-pregnancy
version: 2026-11-22
title: The weight before pregnancy
sources:
  ours: {title: House list, body: us, locator: page 1, checked: 2026-11-22, kind: house}
source: ours
dosing_weight: {use: actual, pregnancy: pre-pregnancy}
rounding: {to: whole vials, direction: nearest, tie: down, basis: printed}
"""


def test_a_dosing_weight_above_the_body_is_said() -> None:
    """Devine for a man of 180 cm is 50 + 2.3 x (180 / 2.54 - 60) = 74.99 kg; he weighs 45 kg."""
    thin = {"height": "180cm", "sex": "male", "age": "50y", "policy": "uk-maidstone-mtw"}
    found = helpers.notices(
        helpers.plan("dermatomyositis", "octagam-10-us", "45kg", **thin), "dosing-weight-above-actual"
    )
    assert [(n.level, n.value, n.limit) for n in found] == [("caution", "74.99 kg", "45 kg")]
    heavy = helpers.plan("dermatomyositis", "octagam-10-us", "95kg", **thin)
    assert not helpers.notices(heavy, "dosing-weight-above-actual")


def test_a_weight_before_pregnancy_is_held_against_the_same_bounds(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(PREGNANT, encoding="utf-8")
    asked = {"age": "30y", "pregnant": True, "policy": str(policy)}
    made = helpers.plan("dermatomyositis", "octagam-10-us", "80kg", pre_pregnancy_weight="70kg", **asked)
    assert (made.dosing_weight.basis, made.course.prescribed_g) == ("pre-pregnancy", 140)
    for slip in ("4kg", "650kg"):
        with pytest.raises(RefusedError) as refused:
            helpers.plan("dermatomyositis", "octagam-10-us", "80kg", pre_pregnancy_weight=slip, **asked)
        assert "weight-implausible" in refused.value.codes
    unused = helpers.plan(
        "dermatomyositis", "octagam-10-us", "80kg", pre_pregnancy_weight="70kg", age="30y", pregnant=True
    )
    assert any("before pregnancy is not used" in notice.message for notice in unused.notices)


@pytest.mark.parametrize(
    ("weight", "age", "limit"),
    [
        ("10.2kg", "0y", None),  # ordinary at 11 months
        ("17kg", "0y", "0.3 to 16 kg"),
        ("10.2kg", "0mo", "0.3 to 7 kg"),
        ("16.5kg", "1y", None),  # 23 months are 1 year too, and the chart looks closer
        ("16.5kg", "12mo", "0.3 to 16 kg"),
        ("46kg", "5y", "1.5 to 45 kg"),
    ],
)
def test_a_whole_number_of_years_is_any_day_of_that_year(weight: str, age: str, limit: str | None) -> None:
    if limit is None:
        assert helpers.rates("octagam-10-us", "kawasaki", weight, "2g", age=age).sessions
        return
    with pytest.raises(RefusedError, match=limit):
        helpers.rates("octagam-10-us", "kawasaki", weight, "2g", age=age)
