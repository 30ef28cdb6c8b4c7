"""Rule 1: whether a dose is of a course or of each of its days is said, by the order or by the plan."""

import pytest
from helpers import doses, plan, rates

from ivigcalc.engine.plan import Plan
from ivigcalc.errors import RefusedError, RequestError
from ivigcalc.quantity import quantity
from ivigcalc.request.request import OrderedDose
from ivigcalc.request.words import dose

MCTD = {"age": "50y", "days": "5"}
ITP = {"age": "40y", "days": "5"}


def said(made: Plan) -> list[str]:
    return [notice.message for notice in made.notices if notice.code == "dose-basis"]


def test_a_dose_of_which_nobody_prints_the_basis_is_refused_with_both_readings() -> None:
    """60 kg x 0.4 g/kg is 24 g, on each of 5 days 120 g."""
    with pytest.raises(RequestError) as asked:
        plan("mixed-connective-tissue-disease", "privigen-us", "60kg", **MCTD, dose="0.4 g/kg")
    assert (asked.value.code, asked.value.field) == ("dose-basis-needed", "dose")
    for words in ("in all = 24 g", "on each of 5 days = 120 g", "write g/kg/course or g/kg/day"):
        assert words in str(asked.value)


@pytest.mark.parametrize(
    ("ordered", "grams", "basis"),
    [
        ("0.4 g/kg/day", ["25", "25", "25", "25", "20"], "day"),
        ("2 g/kg/course", ["25", "25", "25", "25", "20"], "course"),
        ("400 mg/kg/d", ["25", "25", "25", "25", "20"], "day"),
        ("24 g/day", ["25", "25", "25", "25", "20"], "day"),
        ("25 g/course", ["5", "5", "5", "5", "5"], "course"),
    ],
)
def test_an_order_may_say_it_itself(ordered: str, grams: list[str], basis: str) -> None:
    """24 g a day are 120 g: 5 g steps of Privigen make them 25, 25, 25, 25, 20."""
    made = plan("mixed-connective-tissue-disease", "privigen-us", "60kg", **MCTD, dose=ordered)
    assert (doses(made), made.course.basis) == (grams, basis)
    assert not said(made)


def test_one_day_needs_no_basis() -> None:
    made = plan("mixed-connective-tissue-disease", "privigen-us", "60kg", age="50y", days="1", dose="0.5 g/kg")
    assert doses(made) == ["30"]


def test_a_bare_dose_is_of_what_the_protocol_prints_and_the_plan_says_so() -> None:
    """ITP prints 0.4 g/kg on each of 5 days, so 70 kg have 140 g; dermatomyositis prints 2 g/kg for the course."""
    made = plan("itp:smpc-split", "privigen-us", "70kg", **ITP, dose="0.4 g/kg")
    assert (str(made.course.dose_g), made.course.basis) == ("140", "day")
    assert said(made) == ["0.4 g/kg read as per day, as the protocol prints; 2 g/kg in all"]
    made = plan("dermatomyositis", "octagam-10-us", "70kg", age="40y", days="5", dose="2 g/kg")
    assert (str(made.course.dose_g), made.course.basis) == ("140", "course")
    assert said(made) == ["2 g/kg read as per course, as the protocol prints; 0.4 g/kg on each of 5 days"]


@pytest.mark.parametrize(
    ("regimen", "within", "outside"),
    [
        ("dermatomyositis", "0.4 g/kg/day", "0.8 g/kg/day"),  # 2 and 4 g/kg of a course of 2 g/kg
        ("itp:smpc-split", "2 g/kg/course", "3 g/kg/course"),  # 0.4 and 0.6 g/kg a day of 0.4 g/kg
    ],
)
def test_the_other_basis_is_held_against_the_same_published_dose(regimen: str, within: str, outside: str) -> None:
    made = plan(regimen, "privigen-us", "70kg", **ITP, dose=within)
    assert str(made.course.dose_g) == "140"
    with pytest.raises(RefusedError) as refused:
        plan(regimen, "privigen-us", "70kg", **ITP, dose=outside)
    assert "dose-outside-regimen" in refused.value.codes


def test_a_dose_for_four_weeks_or_for_one_infusion_has_no_basis_of_its_own() -> None:
    repeated = {"age": "40y", "start": "2026-12-01", "courses": "2", "days": "2", "every": "3 weeks"}
    with pytest.raises(RequestError, match="say one of them"):
        plan("dermatomyositis", "privigen-us", "70kg", **repeated, dose="0.4 g/kg/day", dose_basis="4-weeks")
    with pytest.raises(RequestError, match="neither days nor courses"):
        rates("octagam-10-us", "dermatomyositis", "70kg", "70 g/day", age="40y")


@pytest.mark.parametrize(
    ("text", "amount", "per"),
    [
        ("2 g/kg", "2 g/kg", None),
        ("0.4 g/kg/day", "0.4 g/kg", "day"),
        ("0.4g/kg/d", "0.4 g/kg", "day"),
        ("2 g/kg / course", "2 g/kg", "course"),
        ("30 g/day", "30 g", "day"),
        ("150 g/course", "150 g", "course"),
    ],
)
def test_the_words_of_a_dose(text: str, amount: str, per: str | None) -> None:
    read = dose(text)
    assert read == OrderedDose(quantity(amount, "dose", "amount"), per)  # type: ignore[arg-type]
    assert dose(str(read)) == read


@pytest.mark.parametrize("text", ["0 g/kg/day", "2 g/kg/week", "2 g/kg/", "g/kg/day", "2 kg/day", "2 g/kg/day/day"])
def test_what_is_no_dose(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        dose(text)
