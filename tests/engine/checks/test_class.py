"""What is printed for immunoglobulins as such holds for every product, unless its file says otherwise."""

from typing import Any

import helpers
import pytest

from ivigcalc import library
from ivigcalc.document.write import document
from ivigcalc.engine.plan import Notice, Plan
from ivigcalc.errors import DefinitionError, RefusedError, RequestError

ANTI_IGA = "iga-deficiency-with-antibodies"
UNLIKE = f"unlike_class: [{{condition: {ANTI_IGA}, text: labelled for them, source: house}}]"


def said(plan: Plan, code: str) -> list[Notice]:
    return [notice for notice in plan.notices if notice.code == code]


@pytest.mark.parametrize("product", list(library.shipped("product")))
def test_antibodies_to_iga_rule_out_every_product(product: str) -> None:
    with pytest.raises(RefusedError) as caught:
        helpers.any_course(product, "70kg", "1 g/kg", days="5", age="50y", condition=[ANTI_IGA])
    # whose concentration or vials nobody prints is not planned at all
    unknown = {"concentration-not-published", "vials-not-published"}
    assert caught.value.code in {"product-contraindicated", *unknown}
    if library.load("product", product).value.vials:
        assert caught.value.code == "product-contraindicated"


def test_the_source_of_the_class_is_cited() -> None:
    with pytest.raises(RefusedError, match="as every product of its class") as caught:
        helpers.plan("dermatomyositis", "gammaplex-10-us", "70kg", age="50y", condition=[ANTI_IGA])
    assert caught.value.codes == ("product-contraindicated",)
    assert "ICU protocol: Administration of IVIG" in caught.value.source


def test_a_product_that_says_so_itself_is_cited_itself() -> None:
    with pytest.raises(RefusedError) as caught:
        helpers.plan("dermatomyositis", "octagam-10-us", "70kg", age="50y", condition=[ANTI_IGA])
    assert "ICU protocol" not in str(caught.value)


def test_a_product_differs_only_by_saying_so() -> None:
    unlike = helpers.own_product(more=[UNLIKE])
    got = helpers.any_course(unlike, "70kg", "1 g/kg", days="2", age="50y", condition=[ANTI_IGA])
    assert any("not contraindicated as others of its class are: labelled for them" in n.message for n in got.notices)
    with pytest.raises(RefusedError):
        helpers.any_course(helpers.own_product(), "70kg", "1 g/kg", days="2", age="50y", condition=[ANTI_IGA])


def test_and_only_with_a_source() -> None:
    with pytest.raises(DefinitionError, match="no source 'hearsay'"):
        helpers.own_product(more=[UNLIKE.replace("house", "hearsay")])


def test_another_condition_of_which_nothing_is_said_is_still_a_caution() -> None:
    got = helpers.plan("dermatomyositis", "gammaplex-10-us", "70kg", age="50y", condition=["corn-allergy"])
    assert [n.level for n in said(got, "condition-not-covered")] == ["caution"]


# ---- age --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ({"age": "78y"}, True),
        ({"age": "66y"}, True),
        ({"age": "65y"}, False),
        ({"age": "40y"}, False),
        ({}, False),
        ({"age": "78y", "risk": ["none"]}, False),
        ({"age": "78y", "risk": ["renal"]}, False),
        ({"age": "78y", "risk": ["thrombosis"]}, False),
    ],
    ids=str,
)
def test_above_65_years_the_risks_are_asked_for(words: dict[str, Any], asked: bool) -> None:
    notices = said(helpers.plan("cidp:us-label-privigen", "privigen-us", "70kg", **words), "age-risk")
    assert [n.level for n in notices] == ["caution"] * asked
    if asked:
        assert "--risk renal, --risk thrombosis or --risk none" in notices[0].message


def test_no_risk_lowers_no_rate() -> None:
    asked: dict[str, Any] = {"age": "78y"}
    usual = helpers.plan("dermatomyositis", "octagam-10-us", "70kg", **asked)
    none = helpers.plan("dermatomyositis", "octagam-10-us", "70kg", risk=["none"], **asked)
    renal = helpers.plan("dermatomyositis", "octagam-10-us", "70kg", risk=["renal"], **asked)
    assert none.sessions == usual.sessions
    assert helpers.pump_rates(renal.sessions[0]) != helpers.pump_rates(usual.sessions[0])


def test_none_and_a_risk_contradict_each_other() -> None:
    with pytest.raises(RequestError, match="--risk none and --risk renal contradict each other"):
        helpers.plan("cidp", "privigen-us", "70kg", age="78y", risk=["none", "renal"])


# ---- haemolysis and vaccines ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("dose", "looked_for"), [("2 g/kg", True), ("1.99 g/kg", False)])
def test_from_2_g_per_kg_haemolysis_is_looked_for(dose: str, looked_for: bool) -> None:
    notices = said(helpers.any_course("privigen-us", "70kg", dose, days="4", age="50y"), "haemolysis-check")
    assert len(notices) == looked_for
    if looked_for:
        assert "36 to 96 h after it" in notices[0].message


def test_live_vaccines_wait_as_the_class_prints() -> None:
    got = helpers.any_course("privigen-us", "70kg", "2 g/kg", days="4", age="50y", start="2026-12-01")
    [notice] = said(got, "live-vaccines")
    assert "wait 11 months after the last of these doses, so not before 2027-11-04" in notice.message


def test_a_plan_says_which_class_file_it_was_computed_from() -> None:
    found = document(helpers.plan("cidp", "privigen-us", "70kg", age="40y"))["computed_from"]["product_class"]
    assert found["id"] == "intravenous-immunoglobulins"
    assert found["sha256"] == library.product_class().sha256
