"""What the protocol says in words, and that it was chosen for the reader where nobody named it."""

from pathlib import Path

import helpers


def test_a_protocol_that_nobody_named_is_said() -> None:
    found = helpers.notices(helpers.plan("itp", "gamunex-c-us", "70kg", age="40y"), "default-used")
    assert [n.level for n in found if "us-label-gamunex-c is the first label or guideline" in n.message] == ["info"]
    found = helpers.notices(helpers.plan("cidp", "gammagard-liquid-us", "30kg", age="9y"), "default-used")
    assert [n.level for n in found if "us-label-gammagard-liquid is of the label of this product" in n.message] == [
        "caution"  # it is for adults
    ]
    found = helpers.notices(helpers.plan("itp:us-label-gamunex-c", "gamunex-c-us", "70kg", age="40y"), "default-used")
    assert not [n for n in found if "protocol not given" in n.message]
    found = helpers.notices(helpers.plan("dermatomyositis", "octagam-10-us", "72kg", age="54y"), "default-used")
    assert [n.level for n in found if "protocol not given: us-label is the first of" in n.message] == ["info"]


def test_what_the_protocol_says_in_words_is_on_the_plan() -> None:
    """The weight to dose on is printed, but in words only."""
    made = helpers.plan("mis-c", "privigen-us", "61kg", age="16y")
    assert any("deal body weight" in notice.message for notice in helpers.notices(made, "protocol-says"))


def test_a_limit_of_the_policy_that_no_key_can_say_is_on_the_plan(tmp_path: Path) -> None:
    words = {"age": "40y", "policy": str(tmp_path / "own.yaml")}
    rule = (Path(helpers.WHOLE_VIALS)).read_text(encoding="utf-8").replace("schema: 1", "schema: 2")
    says = 'says: [{text: "After a headache no faster than 2 mL/kg/h.", words_because: REASON}]\n'
    for reason, levels in (("not-modelled", ["caution"]), ("not-in-force", [])):
        (tmp_path / "own.yaml").write_text(rule + says.replace("REASON", reason), encoding="utf-8")
        said = helpers.notices(helpers.dm(**words), "policy-says")
        assert [n.level for n in said] == levels
        assert all("2 mL/kg/h" in n.message for n in said)


def test_where_the_age_is_why_the_label_was_not_taken_it_is_said() -> None:
    """The label of Gammagard Liquid for CIDP is for adults."""
    said = helpers.notices(helpers.plan("cidp", "gammagard-liquid-us", "30kg", age="9y"), "default-used")
    [found] = [n.message for n in said if "protocol not given" in n.message]
    assert "published for >= 18 years, and the patient is 9 years: choose with --regimen" in found
    said = helpers.notices(helpers.plan("cidp", "gammagard-liquid-us", "70kg", age="40y"), "default-used")
    assert not [n for n in said if "and the patient is" in n.message]
