"""The policies that ship: both sides of every boundary, worked by hand."""

from typing import Any

import helpers
import pytest

from ivigcalc import library
from ivigcalc.engine.plan import Plan
from ivigcalc.errors import RefusedError

MAN = {"height": "175cm", "sex": "male", "age": "54y"}


def ask(policy: str, weight: str, **words: Any) -> Plan:
    return helpers.any_course("octagam-10-us", weight, "2 g/kg", days="2", policy=policy, **words)


def basis(policy: str, weight: str, **words: Any) -> tuple[str, str]:
    got = ask(policy, weight, **words).dosing_weight
    return got.basis, str(got.kg)


# ---- au-lifeblood-2026: adjusted, unless under 18, under 152 cm, pregnant, or lighter than adjusted ------------------


WOMAN = {"height": "160cm", "sex": "female", "age": "54y"}


@pytest.mark.parametrize(
    ("weight", "words", "expected"),
    [
        ("100 kg", MAN, ("adjusted", "82.28")),
        ("100 kg", MAN | {"age": "17y"}, ("actual", "100")),
        ("100 kg", MAN | {"age": "18y"}, ("adjusted", "82.28")),
        ("100 kg", MAN | {"height": "151.9cm"}, ("actual", "100")),
        (
            "100 kg",
            MAN | {"height": "152cm"},
            ("adjusted", "69.78"),
        ),  # ideal 50 + 2.3 x (152/2.54 - 60) = 49.638; + 0.4 x 50.362
        ("90 kg", WOMAN | {"pregnant": True}, ("actual", "90")),
        ("90 kg", WOMAN, ("adjusted", "67.43")),
        ("70 kg", MAN, ("actual", "70")),  # adjusted would be 70.28 kg
        ("70.46 kg", MAN, ("actual", "70.46")),  # ideal is 70.4646: still lighter
        ("70.47 kg", MAN, ("adjusted", "70.47")),
    ],
)
def test_australia_2026(weight: str, words: dict[str, Any], expected: tuple[str, str]) -> None:
    assert basis("au-lifeblood-2026", weight, **words) == expected


# ---- an NHS form: adjusted if BMI > 30 or > 20 % over ideal, unless under 18 or under 132 cm -------------------------


@pytest.mark.parametrize(
    ("weight", "words", "expected"),
    [
        ("84.55 kg", MAN, "actual"),  # 120 % of 70.4646 kg is 84.5575 kg
        ("84.56 kg", MAN, "adjusted"),
        ("82 kg", {"height": "165cm", "sex": "male", "age": "54y"}, "adjusted"),  # BMI 30.12, and 133 % of ideal
        ("100 kg", MAN | {"age": "17y"}, "actual"),
        ("50 kg", {"height": "131.9cm", "sex": "male", "age": "54y"}, "actual"),
    ],
)
def test_an_nhs_request_form(weight: str, words: dict[str, Any], expected: str) -> None:
    assert basis("uk-nhs-request-form-ddw", weight, **words)[0] == expected


@pytest.mark.parametrize("height", ["132cm", "152.3cm"])
def test_an_nhs_request_form_between_its_floor_and_the_formula(height: str) -> None:
    """The form prints 132 cm, Devine's line starts at 152.4 cm: what holds between them nobody prints."""
    with pytest.raises(RefusedError, match="starts at a height of 60 in") as caught:
        ask("uk-nhs-request-form-ddw", "90 kg", height=height, sex="female", age="40y")
    assert caught.value.code == "height-outside-formula"


def test_a_floor_that_prints_the_start_of_the_formula_in_whole_centimetres_is_the_same_floor() -> None:
    """Australia prints 152 cm for 60 in: 45.5 + 2.3 x (152.2 / 2.54 - 60) = 45.32, and 0.4 of the rest."""
    assert basis("au-lifeblood-2026", "80 kg", height="152.2cm", sex="female", age="40y") == ("adjusted", "59.19")
    assert basis("au-lifeblood-2026", "80 kg", height="151.9cm", sex="female", age="40y")[0] == "actual"


# ---- ideal weight for everybody --------------------------------------------------------------------------------------


def test_maidstone_doses_on_ideal_weight() -> None:
    assert basis("uk-maidstone-mtw", "100 kg", **MAN) == ("ideal", "70.46")


def test_below_60_inches_the_formula_says_nothing() -> None:
    assert basis("uk-maidstone-mtw", "60 kg", height="60in", sex="female", age="54y") == ("ideal", "45.5")
    with pytest.raises(RefusedError, match="starts at a height of 60 in") as caught:
        ask("uk-maidstone-mtw", "60 kg", height="59.9in", sex="female", age="54y")
    assert caught.value.code == "height-outside-formula"


@pytest.mark.parametrize("policy", ["us-seton", "uk-maidstone-mtw"])
def test_an_infant_below_the_formula_is_refused_for_the_height_that_was_given(policy: str) -> None:
    """Devine at 58 cm, which is 22.83 in: 45.5 - 2.3 x 37.17 is below nought; nobody is asked again for height and sex."""
    with pytest.raises(RefusedError, match="starts at a height of 60 in") as caught:
        helpers.plan("kawasaki", "privigen-us", "5 kg", height="58cm", sex="female", age="3mo", policy=policy)
    assert (caught.value.code, caught.value.value, caught.value.overridable) == (
        "height-outside-formula",
        "58 cm",
        False,
    )


def test_a_floor_of_the_policys_own_covers_an_infant() -> None:
    words = {"height": "58cm", "sex": "female"}
    assert basis("au-lifeblood-2026", "5 kg", age="3mo", **words) == ("actual", "5")
    assert basis("uk-nhs-request-form-ddw", "5 kg", age="3mo", **words) == ("actual", "5")


# ---- a rule for the obese --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weight", "expected"),
    [
        ("60 kg", ("actual", "60")),  # below ideal
        ("80 kg", ("ideal", "70.46")),
        ("91.6 kg", ("ideal", "70.46")),  # 130 % of 70.4646 kg is 91.604 kg
        ("91.61 kg", ("adjusted", "78.92")),  # 70.4646 + 0.4 x 21.1454
    ],
)
def test_seton_ideal_for_most_actual_below_it_adjusted_above_130_percent(
    weight: str, expected: tuple[str, str]
) -> None:
    assert basis("us-seton", weight, **MAN) == expected


def test_seton_leaves_obese_children_to_the_physician() -> None:
    with pytest.raises(RefusedError, match="leaves it to the physician") as caught:
        ask("us-seton", "100 kg", **(MAN | {"age": "15y"}))
    assert caught.value.code == "policy-incomplete"


# ---- what nobody printed ---------------------------------------------------------------------------------------------


def computable(identifier: str) -> bool:
    return bool(library.policy(identifier).policy.value.computable)


@pytest.mark.parametrize("policy", [p for p in library.shipped("policy") if not computable(p)])
def test_a_policy_with_a_figure_missing_is_refused_and_says_which(policy: str) -> None:
    with pytest.raises(RefusedError, match="cannot be computed") as caught:
        ask(policy, "80 kg", **MAN)
    assert caught.value.code == "policy-incomplete"
    assert library.policy(policy).policy.value.missing[0] in str(caught.value)


@pytest.mark.parametrize("policy", [p for p in library.shipped("policy") if computable(p)])
def test_every_computable_policy_gives_an_adult_a_plan(policy: str) -> None:
    got = ask(policy, "80 kg", **MAN)
    assert got.course.dose_g > 0
    assert got.dosing_weight.kg in (
        got.dosing_weight.actual_kg,
        got.dosing_weight.ideal_kg,
        got.dosing_weight.adjusted_kg,
    )
