"""People's ways of writing are read where they cannot be misread, and mean the same in an option, a batch and Python."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ivigcalc.api import plan_form
from ivigcalc.batch.rows.columns import read_row
from ivigcalc.errors import RequestError
from ivigcalc.quantity import Quantity, QuantityError, parse_height, parse_weight, plain
from ivigcalc.request import words
from ivigcalc.request.fields import FIELD
from ivigcalc.request.form import Form
from ivigcalc.request.read import form_of, read_form

TABLE = yaml.load((Path(__file__).parent / "ways-of-writing.yaml").read_text(encoding="utf-8"), yaml.BaseLoader)
READ = [(name, way, meant) for name, rows in TABLE["read"].items() for meant, ways in rows.items() for way in ways]
REFUSED = [(name, way) for name, ways in TABLE["refused"].items() for way in ways]
#: what is looked up in the library, and not read by itself
NAMES = ("condition", "regimen")
SOUND = {"weight": "72kg", "start": "2026-12-01", "age": "54y", "regimen": "cidp", "product": "octagam-10-us"}


def form(name: str, word: str) -> Form:
    held: Any = (word,) if FIELD[name].holds == "many" else word
    return Form(**{**SOUND, name: held})


def written_again(asked: Form) -> Form:
    return form_of(read_form(asked, "schedule", on=None), regimen=None, product="octagam-10-us", policy="actual-weight")


@pytest.mark.parametrize(("name", "way", "meant"), [row for row in READ if row[0] not in NAMES])
def test_a_way_of_writing_is_read_and_kept_as_what_it_means(name: str, way: str, meant: str) -> None:
    first = written_again(form(name, way))
    assert getattr(first, name) in (meant, (meant,))
    # what is written is read as the same, in a row of a batch as well
    assert getattr(written_again(form(name, meant)), name) == getattr(first, name)
    row = read_row({**SOUND, "patient_id": "P1", name: way})
    assert getattr(written_again(row), name) == getattr(first, name)


@pytest.mark.parametrize(("name", "way", "meant"), [row for row in READ if row[0] in NAMES])
def test_a_name_is_found_in_american_and_in_british(name: str, way: str, meant: str) -> None:
    from ivigcalc import library

    if name == "regimen":
        assert library.resolve("regimen", way) == meant
    else:
        product = library.product("privigen-us").value
        found = library.condition_of(way, product, library.safety().value, library.product_class().value)
        assert found == meant


@pytest.mark.parametrize(("name", "way"), REFUSED)
def test_what_can_be_misread_is_refused(name: str, way: str) -> None:
    read = plan_form if name == "condition" else read_form
    with pytest.raises(RequestError) as caught:
        read(form(name, way), "schedule", on=None)
    assert caught.value.field == name
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400
    if name != "condition":
        with pytest.raises(RequestError):
            read_form(read_row({**SOUND, "patient_id": "P1", name: way}), "schedule", on=None)


def test_the_case_of_the_rules_is_read(refuses: Callable[..., str], capsys: pytest.CaptureFixture[str]) -> None:
    """11 st 4 lb is 158 lb, 158 x 0.45359237 = 71.66759446 kg; 5'9" is 175.26 cm."""
    from ivigcalc.cli.main import main

    order = ("dose", "-r", "cidp", "-p", "privigen-us", "--sex", "F", "--age", "40y", "--format", "json")
    assert main([*order, "--weight", "11st4lb", "--height", "5'9\""]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["dosing_weight"]["actual_kg"] == 71.67
    assert said["computed_from"]["request"]["weight"] == "158 lb"
    assert said["computed_from"]["request"]["height"] == "69 in"
    assert "the last number has no unit" in refuses(2, *order, "--weight", "11st4")


@pytest.mark.parametrize("text", ["5ft9", "5'9", "6'0"])
def test_the_last_number_has_a_unit(text: str) -> None:
    """5'9 is 5 ft 9 in to one and 5.9 m to another, for whom the mark is the decimal point."""
    with pytest.raises(QuantityError, match="the last number has no unit"):
        parse_height(text)


@pytest.mark.parametrize("text", ["11st14lb", "9lb16oz", "9lb99oz"])
def test_a_smaller_unit_is_less_than_one_of_the_larger(text: str) -> None:
    with pytest.raises(QuantityError, match=r"must be below 1[46]"):
        parse_weight(text)


def test_an_american_spelling_stops_as_the_british_one(refuses: Callable[..., str]) -> None:
    order = ("dose", "-r", "cidp", "-p", "privigen-us", "--weight", "72kg", "--age", "40y")
    said = {refuses(4, *order, "--condition", word) for word in ("hyperprolinaemia", "hyperprolinemia")}
    assert len(said) == 1
    assert "product-contraindicated" in said.pop()


def test_a_condition_in_two_spellings_is_one() -> None:
    asked = Form(**{**SOUND, "condition": ("hyperprolinemia", "hyperprolinaemia")})
    assert plan_form(asked, "dose", on=None).computed_from.request.patient.conditions == ("hyperprolinaemia",)


# ---- what a program has divided --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kg"),
    [
        ("71.66666666666667kg", "71.667"),
        ("71.6665000000001kg", "71.667"),  # nearest
        ("71.66649999999999kg", "71.666"),
        ("70.10000000000001kg", "70.1"),
        ("158.73282886402164lb", "72"),  # 72 kg in pounds, cut off
        ("3450.0000000000005g", "3.45"),
        ("71.666666667kg", "71.666666667"),  # nine decimals are exact
        ("72.0000000000000kg", "72"),
    ],
)
def test_a_long_weight_is_rounded_to_a_gram(text: str, kg: str) -> None:
    assert parse_weight(text).body_kg == Fraction(kg)


@pytest.mark.parametrize(
    ("text", "cm"),
    [("175.33333333333334cm", "175.3"), ("1.7533333333333334m", "175.3"), ("68.89763779527559in", "175")],
)
def test_a_long_height_is_rounded_to_a_millimetre(text: str, cm: str) -> None:
    assert parse_height(text).body_cm == Fraction(cm)


def test_rounding_is_said_and_can_be_redone() -> None:
    import working

    asked = Form(**{**SOUND, "weight": "71.66666666666667kg", "height": "175.33333333333334cm", "dose": "2 g/kg"})
    plan = plan_form(asked, "dose", on=None)
    said = [notice.message for notice in plan.notices if notice.code == "measure-rounded"]
    assert said == [
        "the weight 71.66666666666667 kg is rounded to 1 g: 71.667 kg",
        "the height 175.33333333333334 cm is rounded to 1 mm: 175.3 cm",
    ]
    lines = working.check(plan)
    assert (lines["actual_kg"], lines["height_cm"]) == (Fraction("71.667"), Fraction("175.3"))


def test_a_float_column_of_a_batch_is_read() -> None:
    row = {"patient_id": "P1", "weight_kg": "71.66666666666667", "height_cm": "175.33333333333334", "age_years": "54"}
    patient = read_row(row)
    asked = read_form(Form(**{**SOUND, "weight": patient.weight, "height": patient.height}), "schedule", on=None)
    assert (asked.patient.weight_kg, asked.patient.height_cm) == (Fraction("71.667"), Fraction("175.3"))


# ---- for every figure ------------------------------------------------------------------------------------------------

COUNTS = st.integers(0, 99)


@given(st.integers(1, 40), st.integers(0, 13), st.sampled_from(["{}st{}lb", "{} ST {} LB", "{} stone {} pounds"]))
def test_stones_and_pounds_are_the_pounds_that_they_are(stones: int, pounds: int, way: str) -> None:
    found = parse_weight(way.format(stones, pounds))
    assert found == Quantity(Decimal(stones * 14 + pounds), "lb")
    assert found.body_kg == (stones * 14 + pounds) * Fraction("0.45359237")


@given(st.integers(0, 30), st.integers(0, 15))
def test_pounds_and_ounces_are_the_ounces_that_they_are(pounds: int, ounces: int) -> None:
    if pounds or ounces:
        found = parse_weight(f"{pounds}lb{ounces}oz")
        assert found.body_kg == (pounds + Fraction(ounces, 16)) * Fraction("0.45359237")


@given(st.integers(1, 8), st.integers(0, 119), st.sampled_from(["{}'{}\"", "{}ft{}in", "{} FT {} IN", "{}’ {}”"]))
def test_feet_and_inches_are_the_inches_that_they_are(feet: int, tenths: int, way: str) -> None:
    found = parse_height(way.format(feet, plain(Decimal(tenths) / 10)))
    assert found.body_cm == (feet * 12 + Fraction(tenths, 10)) * Fraction("2.54")


@given(st.decimals("0.5", "300", places=None, allow_nan=False), st.sampled_from(["kg", "lb", "KG"]))
def test_a_weight_of_any_length_is_read_twice_as_the_same(value: Decimal, unit: str) -> None:
    text = f"{value:f}{unit}"
    try:
        found = parse_weight(text)
    except QuantityError:
        assert len(text) > 40
        return
    assert parse_weight(str(found)) == found
    assert abs(found.body_kg - found.base) <= Fraction(1, 2000)
    assert parse_weight(str(found)).body_kg == found.body_kg


@given(st.floats(0.5, 300, allow_nan=False))
def test_what_python_writes_of_a_float_is_a_weight(value: float) -> None:
    found = parse_weight(f"{value!r}kg")
    assert abs(found.body_kg - Fraction(value)) <= Fraction(1, 2000) + Fraction(1, 10**12)


@given(st.text(alphabet="0123456789. stlbozkgftincm'\"", max_size=24))
def test_whatever_is_read_is_read_again_as_the_same(text: str) -> None:
    for read in (parse_weight, parse_height, words.age, words.interval, words.span):
        found = None
        with suppress(ValueError):
            found = read(text)
        assert found is None or read(str(found)) == found


@given(COUNTS, st.sampled_from(["{}kg", "{} lb", "{}ft", "{}cm", "{}y", "{} weeks", "{}mo", "{} g/kg"]))
def test_the_case_of_letters_says_nothing(count: int, way: str) -> None:
    text = way.format(count)
    for read in (parse_weight, parse_height, words.age, words.interval, words.dose):
        outcomes = []
        for word in (text, text.upper(), text.title()):
            try:
                outcomes.append(read(word))
            except ValueError as error:
                outcomes.append(re.sub(r"'[^']*'", "", str(error)).lower())
        assert outcomes[0] == outcomes[1] == outcomes[2]
