"""docs/other-calculators.md: our figures are the program's, theirs follow from the rule that their source prints."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import helpers
import pytest
from documents import ROOT

from ivigcalc.engine.plan import Plan
from ivigcalc.quantity import plain

PAGE = (ROOT / "docs" / "other-calculators.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if re.match(r"\| (?!---|who |patient |case )", line)
]
MAN = {"sex": "male", "age": "54y", "height": "175cm"}


def row(name: str) -> list[str]:
    [found] = [cells for cells in ROWS if cells[0] == name]
    return found[1:]


def dm(weight: str, **words: Any) -> Plan:
    return helpers.plan("dermatomyositis", "octagam-10-us", weight, **words)


def devine(sex: str, cm: Fraction, inch: Fraction = Fraction(254, 100)) -> Fraction:
    return (Fraction(50) if sex == "male" else Fraction(455, 10)) + Fraction(23, 10) * (cm / inch - 60)


def adjusted(sex: str, cm: Fraction, kg: Fraction, factor: Fraction, inch: Fraction = Fraction(254, 100)) -> Fraction:
    ideal = devine(sex, cm, inch)
    return ideal + factor * (kg - ideal)


def said(value: Fraction, places: int = 2) -> str:
    """Half up, without trailing noughts."""
    scaled = math.floor(value * 10**places + Fraction(1, 2))
    text = f"{scaled / 10**places:.{places}f}"
    return text.rstrip("0").rstrip(".")


# ---- Ontario and Australia ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "factor"),
    [
        ("Ontario, if its factor is 0.4 as in Australia", Fraction(4, 10)),
        ("Ontario, if its factor is 0.5", Fraction(1, 2)),
    ],
)
def test_what_ontario_would_give_with_a_factor(name: str, factor: Fraction) -> None:
    kg = adjusted("male", Fraction(175), Fraction(110), factor)
    to_5_g = 5 * math.floor(2 * kg / 5 + Fraction(1, 2))
    assert row(name) == [f"{said(kg)} kg", f"{said(2 * kg)} g", f"{to_5_g} g"]


@pytest.mark.parametrize(
    ("name", "policy"),
    [
        ("ivigcalc without a policy", None),
        ("ivigcalc `--policy au-lifeblood-2026`", "au-lifeblood-2026"),
        ("ivigcalc `--policy us-seton`", "us-seton"),
    ],
)
def test_what_the_same_man_gets_here(name: str, policy: str | None) -> None:
    plan = dm("110kg", policy=policy, **MAN)
    assert plan.course.prescribed_g is not None
    figures = (plan.dosing_weight.kg, plan.course.prescribed_g, plan.course.dose_g)
    assert row(name) == [f"{plain(figure)} {unit}" for figure, unit in zip(figures, ("kg", "g", "g"), strict=True)]


def test_the_actual_weight_of_an_obese_man_is_warned_of() -> None:
    assert "obese-actual-weight" in helpers.codes(dm("110kg", **MAN))


def test_why_seton_gives_170_g() -> None:
    """175 g are 90 and 85 g of whole 5 g; 90 g are more than 1 g/kg x 86.28 kg, so the nearest that fits is 170 g."""
    plan = dm("110kg", policy="us-seton", **MAN)
    [line] = [line for line in plan.trace if line.name == "dose_g"]
    assert dict(line.inputs)["instead_of_g"] == 175


PATIENTS = [
    ("man, 175 cm, 80 kg", "male", "175", "80"),
    ("man, 175 cm, 100 kg", "male", "175", "100"),
    ("man, 175 cm, 110 kg", "male", "175", "110"),
    ("woman, 152.2 cm, 70 kg", "female", "152.2", "70"),
]


@pytest.mark.parametrize(("name", "sex", "cm", "kg"), PATIENTS)
def test_weights_by_bloodstars_formula(name: str, sex: str, cm: str, kg: str) -> None:
    """BloodSTAR takes 0.393701 inches for a centimetre, we 1/2.54: the same to the hundredth."""
    theirs = adjusted(sex, Fraction(cm), Fraction(kg), Fraction(4, 10), 1 / Fraction("0.393701"))
    ours = dm(f"{kg}kg", height=f"{cm}cm", sex=sex, age="54y", policy="au-lifeblood-2026").dosing_weight.kg
    assert row(name) == [f"{said(theirs)} kg", f"{plain(ours)} kg"]


def test_who_is_pregnant_is_exempt_in_australia() -> None:
    plan = dm("90kg", height="165cm", sex="female", age="34y", pregnant=True, policy="au-lifeblood-2026")
    assert row("pregnant, 165 cm, 90 kg") == ["90 kg (exempt)", f"{plain(plan.dosing_weight.kg)} kg"]


# ---- manufacturers, a hospital, a web page ---------------------------------------------------------------------------


def rates_of(plan: Plan) -> str:
    return ", ".join(plain(step.rate_ml_per_h) for step in plan.sessions[0].steps) + " mL/h"


def top_and_minutes(plan: Plan) -> str:
    [*_, last] = plan.sessions[0].steps
    return f"{plain(last.rate_ml_per_h)} mL/h at most, {plan.sessions[0].duration_min} min"


def by_steps(kg: Fraction, ml: Fraction, steps: Sequence[Fraction], minutes: int) -> tuple[Fraction, Fraction]:
    """The highest rate and the exact minutes of steps in mL/kg/h that last so long each, the last to the end."""
    passed = Fraction(0)
    for rate in steps[:-1]:
        if ml <= kg * rate * minutes / 60:
            return kg * rate, passed + ml / (kg * rate) * 60
        ml, passed = ml - kg * rate * minutes / 60, passed + minutes
    return kg * steps[-1], passed + ml / (kg * steps[-1]) * 60


def minute_by_minute(kg: float, mg_per_kg: float) -> int:
    """The rule of Qivigy's calculator for a first infusion: grams of each minute added up in binary floating point."""
    given, minutes = 0.0, 0
    while given < kg * mg_per_kg / 1000:
        minutes += 1
        rate = next((mg for until, mg in ((30, 1.0), (60, 2.0), (90, 4.0), (120, 6.0)) if minutes <= until), 8.0)
        given += rate * kg / 1000
    return minutes


@pytest.mark.parametrize(
    ("name", "product", "use", "weight", "dose", "infusion"),
    [
        (
            "Panzyga, immunodeficiency, experienced, 70 kg",
            "panzyga-us",
            "primary-immunodeficiency",
            "70kg",
            "70g",
            "subsequent",
        ),
        ("Panzyga, chronic ITP, 50 kg", "panzyga-us", "chronic-itp", "50kg", "50g", None),
    ],
)
def test_charts_that_agree(name: str, product: str, use: str, weight: str, dose: str, infusion: str | None) -> None:
    theirs, ours, why = row(name)
    assert ours == rates_of(helpers.rates(product, use, weight, dose, infusion=infusion))
    assert (theirs.partition(" [")[0], why) == (ours, "the same")  # the chart: tests/examples/published-cases.yaml


def test_gammaplex_reaches_its_highest_rate_when_its_source_says() -> None:
    plan = helpers.rates("gammaplex-10-us", "primary-immunodeficiency", "70kg", "70g")
    minutes = sum(step.duration_min for step in plan.sessions[0].steps[:-1])
    assert row("Gammaplex 10 %, time to the highest rate")[:2] == ["75 min [6]", f"{plain(minutes)} min"]


@pytest.mark.parametrize(
    ("name", "kg", "mg"),
    [("Qivigy, first, 70 kg, 400 mg/kg", "70", 400), ("Qivigy, first, 41 kg, 300 mg/kg", "41", 300)],
)
def test_qivigy(name: str, kg: str, mg: int) -> None:
    plan = helpers.rates("qivigy-us", "primary-immunodeficiency", f"{kg}kg", f"{mg} mg/kg", infusion="first")
    assert row(name)[:2] == [f"{minute_by_minute(float(kg), mg)} min [7]", f"{plan.sessions[0].duration_min} min"]


def test_gammagard() -> None:
    top, minutes = by_steps(
        Fraction(70),
        Fraction(700),
        [Fraction(1, 2), Fraction(1), Fraction(2), Fraction(3), Fraction(4), Fraction(5)],
        30,
    )
    theirs, ours, _ = row("Gammagard Liquid, MMN, 70 kg, 70 g")
    assert theirs == f"{said(top)} mL/h at most, {math.ceil(minutes)} min [8]"
    assert ours == top_and_minutes(helpers.rates("gammagard-liquid-us", "mmn", "70kg", "70g"))


def test_one_table_for_octagam() -> None:
    top, minutes = by_steps(
        Fraction(72),
        Fraction(720),
        [Fraction(6, 10), Fraction(12, 10), Fraction(24, 10), Fraction(48, 10), Fraction(72, 10)],
        30,
    )
    theirs, ours, _ = row("Octagam 10 %, 72 kg, 72 g, dermatomyositis")
    assert theirs == f"{said(top, 1)} mL/h at most, {math.ceil(minutes)} min [9]"
    assert ours == top_and_minutes(helpers.rates("octagam-10-us", "dermatomyositis", "72kg", "72g"))


def test_binary_fractions_of_a_hospital() -> None:
    left = 5 / 0.1 - 2.4 * (30 / 60) - 4.8 * (30 / 60) - 9.6 * (30 / 60)
    minutes = math.ceil(90 + left / 19.2 * 60)
    ours = helpers.rates("privigen-us", "chronic-itp", "8kg", "5g")
    assert row("Privigen, chronic ITP, 8 kg, 5 g")[:2] == [f"{minutes} min [9]", f"{ours.sessions[0].duration_min} min"]
    assert left / 19.2 * 60 == 130.00000000000003

    to_tenths = math.floor(math.floor(0.3 * 55.5 / 0.1 + 0.5) * 0.1 * 1000) / 1000
    ours = helpers.rates("privigen-us", "chronic-itp", "55.5kg", "50g")
    first = plain(ours.sessions[0].steps[0].rate_ml_per_h)
    assert row("Privigen, chronic ITP, 55.5 kg, first rate")[:2] == [f"{to_tenths} mL/h [9]", f"{first} mL/h"]


def test_a_web_page() -> None:
    ideal = Fraction(50) + Fraction(23, 10) * (
        Fraction("68.9") - 60
    )  # as it prints its own working, cut to a tenth each time
    ideal = Fraction(math.floor(ideal * 10), 10)
    theirs = Fraction(math.floor((ideal + Fraction(4, 10) * (100 - ideal)) * 10), 10)
    ours = dm("100kg", policy="au-lifeblood-2026", **MAN)
    assert row("175 cm, man, 100 kg, adjusted")[:2] == [f"{said(theirs)} kg [10]", f"{plain(ours.dosing_weight.kg)} kg"]

    theirs_g, ours_g, why = row("175 cm, man, 80 kg, 2 g/kg")
    assert theirs_g == f"{said(2 * devine('male', Fraction(175)), 1)} g, on the ideal weight [10]"
    assert ours_g == f"{plain(dm('80kg', **MAN).course.dose_g)} g, on the actual weight"
    assert f"{plain(dm('80kg', policy='au-lifeblood-2026', **MAN).course.prescribed_g)} g" in why


def test_the_steps_of_that_page_take_longer_than_it_says() -> None:
    """30, 60, ... 300 mL/h for half an hour each are 825 mL in 300 min; 3 mL less are 0.6 min less."""
    volumes = [Fraction(rate, 2) for rate in range(30, 301, 30)]
    minutes = len(volumes) * 30 - (sum(volumes) - 822) / 300 * 60
    theirs, ours, why = row("822 mL by steps of 30 mL/h each 30 min, to 300 mL/h")
    assert (theirs, ours) == ("about 3.5 h [10]", "5 h by hand")
    assert f"{said(minutes, 1)} min" in why


def test_every_row_is_looked_at_and_every_source_is_there() -> None:
    tested = re.findall(r'"([^"\n]*)"', (ROOT / "tests" / "test_other_calculators.py").read_text(encoding="utf-8"))
    assert [cells[0] for cells in ROWS if cells[0] not in tested] == []
    cited = {int(number) for number in re.findall(r"\[([0-9]+)\](?!\()", PAGE)}
    assert cited == {int(number) for number in re.findall(r"^([0-9]+)\. ", PAGE, re.MULTILINE)}
