"""Ages bound a protocol only where its source prints them; who is outside is told which others fit."""

from typing import Any

import helpers
import pytest

from ivigcalc import library
from ivigcalc.definitions.regimen import Population
from ivigcalc.engine.plan import Notice, Plan
from ivigcalc.errors import RefusedError


def said(plan: Plan, code: str) -> list[Notice]:
    return [notice for notice in plan.notices if notice.code == code]


def test_the_label_of_privigen_is_for_children_as_well() -> None:
    """'Adult, adolescent & childn (0-18 yr)': no floor for immune thrombocytopenia or after a transplant."""
    child: dict[str, Any] = {"age": "10y"}
    got = helpers.plan("itp:smpc-split", "privigen-eu", "32kg", days="5", **child)
    assert str(got.course.prescribed_g) == "64"  # 0.4 g/kg on each of 5 days
    assert not said(got, "age-not-printed")
    assert not said(helpers.plan("hsct:smpc", "privigen-eu", "32kg", dose="0.3 g/kg", **child), "age-not-printed")


@pytest.mark.parametrize(("age", "planned"), [("14y", False), ("15y", True), ("85y", True), ("86y", False)])
def test_the_trial_of_myasthenia_took_patients_of_15_to_85(age: str, planned: bool) -> None:
    def ask() -> Plan:
        return helpers.plan("myasthenia-gravis:gajdos-2005-2g", "privigen-eu", "60kg", age=age)

    if planned:
        ask()
        return
    with pytest.raises(RefusedError) as caught:
        ask()
    assert caught.value.codes == ("age-outside-regimen",)


def test_outside_a_printed_age_the_protocols_that_fit_are_named() -> None:
    with pytest.raises(RefusedError) as caught:
        helpers.plan("itp:ash-2011-child", "privigen-us", "70kg", age="40y", dose="1 g/kg")
    assert "published for < 18 years" in str(caught.value)
    assert "itp:ash-2011," in str(caught.value)
    assert "itp:ontario-child" not in str(caught.value)


def test_protocols_without_an_age_fit_everybody() -> None:
    with pytest.raises(RefusedError, match=r"published for >= 18 years: .*would fit"):
        helpers.plan("mmn:us-label-gammagard-liquid", "gammagard-liquid-us", "20kg", age="6y", dose="1 g/kg", days="1")


@pytest.mark.parametrize(("age", "cautioned"), [("17y", True), ("18y", False)])
def test_a_group_without_a_printed_age_is_a_caution(age: str, cautioned: bool) -> None:
    got = helpers.plan("polymyositis:japan", "privigen-us", "60kg", age=age)
    assert [n.level for n in said(got, "age-not-printed")] == ["caution"] * cautioned
    if cautioned:
        assert (
            "read as one for adults, from 18 years; the patient is 17 years" in said(got, "age-not-printed")[0].message
        )


def test_an_adult_under_a_paediatric_reading_is_cautioned() -> None:
    got = helpers.plan("kawasaki:octagam-smpc-single", "octagam-10-eu", "60kg", age="19y")
    assert "children, under 18 years" in said(got, "age-not-printed")[0].message


@pytest.mark.parametrize(
    ("age", "cautioned"), [("3d", False), ("30d", False), ("31d", True), ("2mo", True), ("17y", True)]
)
def test_a_dose_of_newborns_is_not_taken_for_older_children_in_silence(age: str, cautioned: bool) -> None:
    """A month is 30.44 days: the program's own bound, the first of the weights for age."""
    weight = "60kg" if age == "17y" else "4kg"
    got = helpers.plan("hdfn:cheo-neonatal-2017", "gammagard-liquid-us", weight, age=age, dose="500 mg/kg")
    assert [n.level for n in said(got, "age-not-printed")] == ["caution"] * cautioned
    if cautioned:
        assert "read as one for newborns, under 1 month" in said(got, "age-not-printed")[0].message
        assert "no protocol of hdfn on file is for this age" in said(got, "age-not-printed")[0].message


def test_a_child_gets_no_dose_of_newborns_by_default() -> None:
    """At three days that of newborns is the first that fits; at ten years only protocols of adults are left, and the first
    of the file is taken with a caution."""
    words: dict[str, Any] = {"days": "1", "height": "140cm", "sex": "female"}
    newborn = helpers.plan("fnait", "gammagard-liquid-us", "3.4kg", age="3d", days="1")
    child = helpers.plan("fnait", "gammagard-liquid-us", "32kg", age="10y", **words)
    assert [got.computed_from.protocol for got in (newborn, child)] == ["ontario-newborn", "ontario-no-ich"]
    assert said(child, "age-not-printed")


def test_an_adult_is_no_newborn() -> None:
    with pytest.raises(RefusedError) as caught:
        helpers.plan("hdfn:cheo-neonatal-2017", "gammagard-liquid-us", "70kg", age="40y", dose="500 mg/kg")
    assert caught.value.codes == ("age-outside-regimen",)


def test_every_shipped_protocol_of_newborns_says_so_as_data() -> None:
    for loaded in library.load_all("regimen"):
        for name, protocol in loaded.value.protocols.items():
            text = str(protocol.population.text or "") if protocol.population else ""
            if "newborn" in text:
                assert protocol.population.group == "newborn", f"{loaded.value.id}:{name}"


def test_an_age_and_a_group_are_not_both_given() -> None:
    with pytest.raises(ValueError, match="not both"):
        Population.model_validate({"age": ">= 18 years", "group": "adult"})


def test_no_bound_of_a_label_is_taken_from_a_reading() -> None:
    """Every floor of 18 years is of a text on file that says adult, or an age."""
    for loaded in library.load_all("regimen"):
        for name, protocol in loaded.value.protocols.items():
            if protocol.population is not None and protocol.population.group not in (None, "newborn"):
                assert protocol.population.age is None, f"{loaded.value.id}:{name}"
