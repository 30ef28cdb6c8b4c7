"""Which weight is dosed on: what a policy's rules need, whom they mean, the reason given, and the line of the formula."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import helpers
import pytest
from msgspec.structs import replace

from ivigcalc import library
from ivigcalc.definitions import DosingWeight, Formula
from ivigcalc.definitions.weight import ObeseRule
from ivigcalc.engine.plan import Plan
from ivigcalc.engine.weight import Weights, adjusted_kg, dosing_weight, ideal_weight
from ivigcalc.errors import RefusedError, RequestError
from ivigcalc.quantity import parse_height, parse_weight
from ivigcalc.request.request import Patient

MAN = {"height": "175cm", "sex": "male", "age": "54y"}
DEVINE: Formula = library.load("formula", "devine-inches").value


def ask(policy: str, weight: str, **words: Any) -> Plan:
    return helpers.any_course("octagam-10-us", weight, "2 g/kg", days="2", policy=policy, **words)


def rule(**keys: Any) -> DosingWeight:
    return DosingWeight.model_validate({"use": "adjusted", "ideal": "devine-inches", "factor": "0.4", **keys})


#: 60 kg at 60 in and 1 kg for every inch above: an ideal weight that is easily worked by hand
PLAIN = DEVINE.model_copy(
    update={
        sex: DEVINE.male.model_copy(update={"at": parse_weight("60kg"), "per_inch": parse_weight("1kg")})
        for sex in ("male", "female")
    }
)


def weigh(weight: str, height: str | None, chosen: DosingWeight, formula: Formula = PLAIN, **who: Any) -> Weights:
    patient = Patient(parse_weight(weight), height=parse_height(height) if height else None, **{"sex": "male", **who})
    return dosing_weight(patient, Fraction(360), chosen, formula, "policy own-policy")


def test_actual_weight_needs_nothing_else() -> None:
    got = ask("actual-weight", "72.35 kg").dosing_weight
    assert (got.basis, str(got.kg), got.ideal_kg, got.adjusted_kg, got.bmi) == ("actual", "72.35", None, None, None)


def test_the_other_weights_stand_beside_it_where_they_can_be_computed() -> None:
    got = ask("actual-weight", "100 kg", **MAN).dosing_weight
    assert (got.basis, str(got.kg), str(got.bmi)) == ("actual", "100", "32.7")
    assert (str(got.ideal_kg), str(got.adjusted_kg)) == ("70.46", "82.28")


def test_the_dose_follows_the_dosing_weight_and_the_rate_the_actual_weight() -> None:
    got = ask("au-lifeblood-2026", "100 kg", **MAN)
    assert str(got.course.prescribed_g) == "164.56"  # 2 x 82.27874
    assert (str(got.rate_weight.kg), got.rate_weight.basis) == ("100", "actual")
    assert helpers.pump_rates(got.sessions[0])[0] == "60"  # 0.01 mL/kg/min x 100 kg x 60


def test_nothing_is_rounded_between_weight_and_dose() -> None:
    """82.28 kg is shown; 82.27874... kg is dosed on: 2 g/kg is 164.557 g, not 164.56."""
    got = next(t for t in ask("au-lifeblood-2026", "100 kg", **MAN).trace if t.name == "prescribed_g")
    assert Fraction(got.result) == Fraction("164.5575")  # 2 x (70.46456693 + 0.4 x 29.53543307) = 164.55748


# ---- what a rule needs -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["height", "sex"])
def test_a_policy_that_needs_height_and_sex_says_so(missing: str) -> None:
    words = {key: value for key, value in MAN.items() if key != missing}
    with pytest.raises(RequestError, match="--height") as caught:
        ask("au-lifeblood-2026", "100 kg", **words)
    assert caught.value.field == "height"


def test_a_policy_that_needs_the_height_is_not_computed_without_it() -> None:
    with pytest.raises(RequestError, match="needs --height"):
        helpers.adult("100kg", policy="au-lifeblood-2026")


@pytest.mark.parametrize("use", ["ideal", "adjusted"])
def test_without_a_height_there_is_no_other_weight(use: str) -> None:
    with pytest.raises(RequestError, match=f"doses on the {use} weight, which needs --height and --sex"):
        weigh("240kg", None, rule(use=use))


@pytest.mark.parametrize(
    ("condition", "needs"),
    [
        ("height < 152 cm", "which needs --height"),
        ("BMI > 30", "which needs --height"),
        ("actual > 120 % ideal", "which needs --height and --sex"),
        ("actual < adjusted", "which needs --height and --sex"),
    ],
)
def test_what_a_rule_needs_is_asked_for_and_no_more(condition: str, needs: str) -> None:
    with pytest.raises(RequestError) as caught:
        weigh("100kg", None, rule(when=[condition]))
    assert str(caught.value).endswith(f"{needs}: give what is missing")


def test_an_age_that_is_not_given_is_not_a_silent_default() -> None:
    got = ask("au-lifeblood-2026", "100 kg", height="175cm", sex="male")
    assert got.dosing_weight.basis == "adjusted"
    assert any(
        "age not given" in n.message and "age < 18 years" in n.message for n in got.notices if n.code == "default-used"
    )


# ---- who is meant ----------------------------------------------------------------------------------------------------


def weigh_patient(patient: Patient, chosen: DosingWeight) -> tuple[str, Fraction]:
    got = dosing_weight(patient, Fraction(360), chosen, library.load("formula", "devine-inches").value, "own-policy")
    return got.basis, got.kg


def test_pregnancy_takes_the_weight_before_it_where_the_policy_says_so() -> None:
    patient = Patient(
        parse_weight("90kg"),
        height=parse_height("160cm"),
        sex="female",
        pregnant=True,
        pre_pregnancy_weight=parse_weight("154lb"),
    )
    assert weigh_patient(patient, rule(pregnancy="pre-pregnancy")) == ("pre-pregnancy", Fraction("69.85322498"))
    assert weigh_patient(patient, rule(pregnancy="actual")) == ("actual", Fraction(90))


def test_pregnancy_without_the_weight_before_it_is_asked_for() -> None:
    patient = Patient(parse_weight("90kg"), height=parse_height("160cm"), sex="female", pregnant=True)
    with pytest.raises(RequestError, match="--pre-pregnancy-weight"):
        weigh_patient(patient, rule(pregnancy="pre-pregnancy"))


def test_a_pregnant_patient_is_dosed_on_the_weight_that_the_policy_means(tmp_path: Path) -> None:
    text = library.shipped("policy")["actual-weight"].read_text(encoding="utf-8")
    own = tmp_path / "own.yaml"
    own.write_text(text.replace("  use: actual\n", "  use: actual\n  pregnancy: pre-pregnancy\n"), encoding="utf-8")
    with pytest.raises(RequestError, match="give --pre-pregnancy-weight"):
        helpers.adult("80kg", policy=str(own), pregnant=True)
    found = helpers.adult("80kg", policy=str(own), pregnant=True, pre_pregnancy_weight="66kg")
    assert (str(found.dosing_weight.kg), str(found.course.prescribed_g)) == ("66", "132")
    assert found.rate_weight.kg == 80


@pytest.mark.parametrize("pregnancy", ["actual", "pre-pregnancy"])
def test_a_rule_for_pregnancy_is_only_for_the_pregnant(pregnancy: str) -> None:
    words = {"sex": "female", "pre_pregnancy_weight": parse_weight("65kg")}
    assert weigh("100kg", "60in", rule(pregnancy=pregnancy), **words).basis == "adjusted"
    assert weigh("100kg", "60in", rule(pregnancy=pregnancy), **words, pregnant=True).basis == pregnancy


def test_pregnancy_as_an_exception_of_the_policy() -> None:
    chosen = rule(unless=["pregnant"])
    assert weigh("100kg", "60in", chosen, sex="female").basis == "adjusted"
    assert weigh("100kg", "60in", chosen, sex="female", pregnant=True).because == "exception of the policy: pregnant"


def test_what_a_policy_leaves_to_the_physician_cannot_be_overridden() -> None:
    with pytest.raises(RefusedError, match="where BMI > 30 and age < 40 years; choose") as caught:
        weigh("240kg", "70in", rule(refuse_when=["BMI > 30", "age < 40 years"]))
    assert not caught.value.overridable
    assert weigh("240kg", "70in", rule(refuse_when=["BMI > 30", "age < 18 years"])).basis == "adjusted"


# ---- the reason that is given ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weight", "keys", "because"),
    [
        ("240kg", {"when": ["BMI > 30", "actual > 120 % ideal"]}, "the policy's rule for BMI > 30 and actual > 120 % ideal"),
        ("240kg", {"when": ["BMI > 90", "actual > 120 % ideal"]}, "the policy's rule for actual > 120 % ideal"),
        ("240kg", {}, "the policy doses on the adjusted weight"),
        ("240kg", {"when": ["BMI > 90", "BMI > 80"]}, "the policy applies only when BMI > 90 or BMI > 80"),
        ("240kg", {"when": ["BMI > 30"], "all_when": ["age < 18 years"]}, "the policy applies only when age < 18 years"),
        ("240kg", {"all_when": ["BMI > 30"]}, "the policy doses on the adjusted weight"),
    ],
)  # fmt: skip
def test_the_plan_says_by_which_rule(weight: str, keys: dict[str, Any], because: str) -> None:
    assert weigh(weight, "70in", rule(**keys)).because == because


def test_a_weight_that_is_the_ideal_one_is_called_actual() -> None:
    assert weigh("70kg", "70in", rule(use="lower-of-actual-and-ideal")).basis == "actual"
    assert weigh("70.1kg", "70in", rule(use="lower-of-actual-and-ideal")).basis == "ideal"


# ---- adjusted and ideal ----------------------------------------------------------------------------------------------


def test_a_weight_far_above_twice_the_ideal_is_adjusted_all_the_same() -> None:
    """70 in: ideal 70 kg. 240 kg is 170 kg above it: 70 + 0.4 x 170 = 138 kg, by either rule."""
    obese = {"when": ["BMI > 30"], "use": "adjusted", "factor": "0.4"}
    for chosen in (rule(), rule(use="ideal", when_obese=obese)):
        found = weigh("240kg", "70in", chosen)
        assert (found.basis, found.kg) == ("adjusted", 138)


@pytest.mark.parametrize("factor", ["0.4", None])
def test_the_adjusted_weight_is_the_one_that_is_dosed_on(factor: str | None) -> None:
    """70 in: ideal 70 kg; 240 kg is 170 kg above it, and a quarter of that is 42.5. By 0.4 it would be 138 kg."""
    obese = {"when": ["BMI > 30"], "use": "adjusted", "factor": "0.25"}
    found = weigh("240kg", "70in", rule(use="ideal", factor=factor, when_obese=obese))
    assert (found.basis, found.kg, found.adjusted_kg, found.factor) == (
        "adjusted",
        Fraction("112.5"),
        Fraction("112.5"),
        Decimal("0.25"),
    )
    slim = weigh("80kg", "70in", rule(use="ideal", factor=factor, when_obese=obese))  # BMI 25.3
    assert (slim.basis, slim.adjusted_kg) == ("ideal", 74 if factor else None)


def test_the_obese_may_be_dosed_on_the_ideal_weight() -> None:
    found = weigh("240kg", "70in", rule(when_obese={"when": ["BMI > 30"], "use": "ideal"}))
    assert (found.basis, found.kg) == ("ideal", 70)


def test_a_factor_says_nothing_where_the_obese_are_dosed_on_the_ideal_weight() -> None:
    obese = {"when": ["BMI > 30"], "use": "ideal", "factor": "0.4"}
    assert weigh("240kg", "70in", rule(when_obese=obese)).kg == 70


def test_an_adjusted_weight_for_the_obese_without_a_factor_is_not_guessed() -> None:
    """Such a file is refused when it is read; one that got in by another way is not guessed at either."""
    obese = ObeseRule(when=rule(when=["BMI > 30"]).when, use="adjusted", factor=None)
    with pytest.raises(RequestError, match="doses on the adjusted weight"):
        weigh("240kg", "70in", rule(use="ideal").model_copy(update={"when_obese": obese}))


# ---- the line of the formula -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("height", "ideal"),
    [("1in", "1"), ("0.5in", "0.5"), ("0.9in", "0.9"), ("61in", "61")],
)
def test_the_line_of_the_formula_is_followed_down_to_nought(height: str, ideal: str) -> None:
    """60 kg at 60 in, 1 kg an inch: as many kilograms as inches."""
    assert weigh("70kg", height, rule(use="actual")).ideal_kg == Fraction(ideal)


@pytest.mark.parametrize(("height", "at"), [("1in", "59kg"), ("0.5in", "59kg"), ("1in", "40kg")])
def test_a_formula_that_gives_nothing_or_less_gives_no_ideal_weight(height: str, at: str) -> None:
    """59 kg at 60 in is 0 kg at 1 in, and less below."""
    line = PLAIN.male.model_copy(update={"at": parse_weight(at)})
    assert weigh("70kg", height, rule(use="actual"), PLAIN.model_copy(update={"male": line})).ideal_kg is None


def test_men_and_women_have_their_own_line() -> None:
    """Devine at 61 in: 52.3 kg for a man, 47.8 kg for a woman."""
    found = [weigh("80kg", "61in", rule(use="ideal"), DEVINE, sex=sex).kg for sex in ("male", "female")]
    assert found == [Fraction("52.3"), Fraction("47.8")]


def test_each_sex_has_the_height_that_its_own_line_starts_from() -> None:
    """A formula whose line for women starts at 55 in, and for men at 60 in: 57 in is within the one only."""
    formula = PLAIN.model_copy(update={"female": PLAIN.female.model_copy(update={"above": parse_height("55in")})})
    assert weigh("90kg", "57in", rule(use="ideal"), formula, sex="female").kg == 62  # 60 kg and 1 kg for each of 2 in
    with pytest.raises(RefusedError, match="starts at a height of 60 in"):
        weigh("90kg", "57in", rule(use="ideal"), formula, sex="male")


# ---- where the formula starts ----------------------------------------------------------------------------------------


ON_IDEAL = ("actual > 120 % ideal", "actual < adjusted")


def test_below_the_formula_only_a_floor_of_the_policys_own_helps() -> None:
    """60 in is where it starts. A rule about age is no floor; one that prints it in whole centimetres is; 50 in is not."""
    with pytest.raises(RefusedError, match="starts at a height of 60 in") as caught:
        weigh("80kg", "59in", rule(unless=["age < 18 years"]))
    assert not caught.value.overridable
    with pytest.raises(RefusedError, match="starts at a height of 60 in"):
        weigh("80kg", "59in", rule(unless=["height < 50 in"]))
    assert weigh("80kg", "152.1cm", rule(unless=["height < 152 cm"])).basis == "adjusted"
    assert weigh("80kg", "60in", rule(unless=["age < 18 years"])).basis == "adjusted"
    with pytest.raises(RefusedError, match="starts at a height of 60 in"):  # a whole centimetre below is another height
        weigh("80kg", "152cm", rule(unless=["height < 151.4 cm"]))


@pytest.mark.parametrize("floor", ["60 in", "153 cm", "160 cm"])
def test_a_floor_where_the_formula_starts_or_above_it_settles_what_is_below(floor: str) -> None:
    """Whatever else the rule asks, and whatever it asks first."""
    for unless in ([f"height < {floor}", "actual < adjusted"], ["actual < adjusted", f"height < {floor}"]):
        assert weigh("80kg", "150cm", rule(unless=unless)).basis == "actual"


def test_an_adjusted_weight_needs_height_and_sex_and_the_formulas_heights() -> None:
    """PLAIN at 60 in: 60 kg and 0.4 of 40 kg."""
    whole = Patient(parse_weight("100kg"), height=parse_height("60in"), sex="male")
    assert adjusted_kg(whole.weight_kg, ideal_weight(whole, PLAIN), Decimal("0.4")) == 76
    for lacking in ({"height": None}, {"sex": None}, {"height": parse_height("59.9in")}):
        assert ideal_weight(replace(whole, **lacking), PLAIN) is None


@pytest.mark.parametrize("condition", ON_IDEAL)
@pytest.mark.parametrize("key", ["when", "all_when", "unless", "refuse_when"])
def test_a_rule_on_the_ideal_weight_is_not_tested_below_the_formula(key: str, condition: str) -> None:
    """59 in is below it, whatever its line would come to there; without sex or height that is what is asked for."""
    with pytest.raises(RefusedError, match="starts at a height of 60 in") as caught:
        weigh("80kg", "59in", rule(**{key: [condition]}))
    assert caught.value.code == "height-outside-formula"
    for words in ({"height": "59in", "sex": None}, {"height": None}):
        with pytest.raises(RequestError, match="needs --height and --sex"):
            weigh("80kg", chosen=rule(**{key: [condition]}), **words)


@pytest.mark.parametrize("use", ["ideal", "adjusted", "lower-of-actual-and-ideal"])
def test_a_weight_that_the_formula_does_not_give_is_refused_and_not_asked_for(use: str) -> None:
    """40 kg at 60 in and 1 kg an inch: below nought at 19 in, and no floor of the policy's own makes a weight of it."""
    line = PLAIN.male.model_copy(update={"at": parse_weight("40kg")})
    formula = PLAIN.model_copy(update={"male": line})
    for keys in ({}, {"unless": ["height < 10 in"]}):
        with pytest.raises(RefusedError, match="starts at a height of 60 in"):
            weigh("5kg", "19in", rule(use=use, **keys), formula)
    with pytest.raises(RequestError, match="needs --height and --sex"):
        weigh("5kg", "19in", rule(use=use), formula, sex=None)


@pytest.mark.parametrize(
    "exceptions", [["actual < adjusted", "height < 20 in"], ["height < 20 in", "actual < adjusted"]]
)
def test_whom_a_floor_excepts_no_other_exception_asks_for_an_ideal_weight(exceptions: list[str]) -> None:
    line = PLAIN.male.model_copy(update={"at": parse_weight("40kg")})
    found = weigh("5kg", "19in", rule(unless=exceptions), PLAIN.model_copy(update={"male": line}))
    assert (found.basis, found.because) == ("actual", "exception of the policy: height < 20 in")
