"""Rules 9 and 10 for a policy: a rate that its body prints as the most holds for every product, and is the lowest or not."""

from fractions import Fraction
from itertools import product as every
from pathlib import Path

import helpers
import oracle
import pytest
import working
from helpers import codes, notice, notices, pump_rates, rates

from ivigcalc import library
from ivigcalc.cli.main import main
from ivigcalc.engine.plan import Plan
from ivigcalc.errors import DefinitionError, RefusedError, RequestError

HEAD = """kind: policy
schema: 2
id: own-policy
version: 2026-11-28
title: Own policy
sources: {house: {title: House rule, body: Clinic, locator: here, checked: 2026-11-28, kind: house}}
source: house
dosing_weight: {use: actual}
rounding: {to: whole vials}
"""


def policy(folder: Path, *lines: str) -> str:
    path = folder / "own-policy.yaml"
    path.write_text(HEAD + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return str(path)


def cidp(**words: str | list[str]) -> Plan:
    """Privigen ends at 8 mg/kg/min = 4.8 mL/kg/h: at 70 kg 336 mL/h; 3.2 mg/kg/min are 1.92 mL/kg/h, 134.4 mL/h."""
    return rates("privigen-us", "cidp", "70kg", "70g", **words)


def group_health(**words: str | list[str]) -> Plan:
    return cidp(policy="us-group-health", **words)


def highest(made: Plan, session: int = 0) -> str:
    return pump_rates(made.sessions[session])[-1]


# ---- shipped ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({"risk": ["renal"]}, "renal risk"),
        ({"risk": ["thrombosis"]}, "thrombosis risk"),
        ({"condition": ["diabetes"]}, "diabetes"),
        ({"age": "66y"}, "age > 65 years"),
        ({"age": "66y", "risk": ["renal", "cardiac"]}, "renal risk, age > 65 years"),
    ],
    ids=str,
)
def test_a_rate_at_risk_that_the_policy_prints_holds(words: dict[str, str | list[str]], why: str) -> None:
    made = group_health(**words)
    assert highest(made) == "134.4"
    said = notice(made, "policy-ceiling-applied")
    assert (said.level, said.limit, said.value) == ("caution", "3.2 mg/kg/min", why)
    assert said.message.startswith(f"{why}: the rate stays at or below 3.2 mg/kg/min, which policy us-group-health")
    assert "page 1: dose, rate" in str(said.source)
    assert "policy-says" not in codes(made)


@pytest.mark.parametrize("words", [{"age": "65y", "risk": ["none"]}, {"age": "65y", "risk": ["cardiac"]}], ids=str)
def test_it_does_not_hold_for_others(words: dict[str, str | list[str]]) -> None:
    made = group_health(**words)
    assert highest(made) == "336"
    assert "policy-ceiling-applied" not in codes(made)


def test_a_risk_that_the_policy_covers_has_a_figure() -> None:
    """Privigen's file prints none for the kidneys; of the heart neither says anything."""
    assert "risk-no-figure" in codes(cidp(risk=["renal"]))
    assert "risk-no-figure" not in codes(group_health(risk=["renal"]))
    assert "cardiac" in notice(group_health(risk=["cardiac", "renal"]), "risk-no-figure").message


def test_above_65_it_is_said_that_the_policy_alone_lowered_the_rates() -> None:
    assert "were lowered as policy us-group-health prints alone" in notice(group_health(age="66y"), "age-risk").message
    assert "were not lowered" in notice(cidp(age="66y"), "age-risk").message
    lifted = group_health(age="66y", override=["policy-ceiling=asked for by Dr Roe"])
    assert "were not lowered" in notice(lifted, "age-risk").message


@pytest.mark.parametrize(
    ("words", "asks"),
    [
        ({}, ["--risk renal, --risk thrombosis, --condition diabetes or --risk none, and --age"]),
        ({"age": "65y"}, ["--risk renal, --risk thrombosis, --condition diabetes or --risk none"]),
        ({"risk": ["none"]}, ["--age"]),
        ({"risk": ["none"], "age": "65y"}, []),
        ({"age": "66y"}, []),
        ({"override": ["policy-ceiling=Dr Roe"], "age": "66y"}, []),
    ],
    ids=str,
)
def test_what_nobody_said_is_asked(words: dict[str, str | list[str]], asks: list[str]) -> None:
    found = [n for n in notices(group_health(**words), "default-used") if "for patients at risk" in n.message]
    assert [n.message.rpartition("give ")[2] for n in found] == asks
    assert {n.level for n in found} <= {"caution"}


def test_what_is_slower_anyway_is_not_asked_about() -> None:
    """Octagam for dermatomyositis ends at 2.4 mL/kg/h = 4 mg/kg/min; held at 100 mL/h it is below 134.4."""
    slow = helpers.a_site(rate_maximum="100 mL/h")
    said = notices(group_health(site=slow), "default-used")
    assert not [n for n in said if "for patients at risk" in n.message]


def test_the_highest_rate_of_ascia_bounds_a_faster_product() -> None:
    """Panzyga goes to 0.14 mL/kg/min = 8.4 mL/kg/h in primary immunodeficiency; 6 mL/kg/h are 300 mL/h at 50 kg."""
    words = {"infusion": "subsequent"}
    free = rates("panzyga-us", "primary-immunodeficiency", "50kg", "25g", **words)
    assert highest(free) == "420"
    made = rates("panzyga-us", "primary-immunodeficiency", "50kg", "25g", policy="au-nz-ascia", **words)
    assert highest(made) == "300"
    said = notice(made, "policy-ceiling-applied")
    assert (said.limit, said.value) == ("6 mL/kg/h", None)
    assert "the most that policy au-nz-ascia prints" in said.message
    assert "Updated ASCIA" in str(said.source)


# ---- which one counts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "at_70_kg", "at_20_kg"),
    [
        ("rate_ceiling: {rate: 3 mL/kg/h}", "210", "60"),
        ("rate_ceiling: {rate: 0.05 mL/kg/min}", "210", "60"),
        ("rate_ceiling: {rate: 5 mg/kg/min}", "210", "60"),  # of 100 mg/mL
        ("rate_ceiling: {rate: 150 mL/h}", "150", "96"),  # 4.8 mL/kg/h are 96 mL/h at 20 kg
        ("rate_ceiling: {rate: 0.2 mL/kg/h}", "14", "4"),  # below the first step of 0.3 mL/kg/h
    ],
)
def test_in_every_unit(line: str, at_70_kg: str, at_20_kg: str, tmp_path: Path) -> None:
    own = policy(tmp_path, line)
    words = {"override": ["own-file-implausible=a test"]} if "0.2 mL" in line else {}
    assert highest(cidp(policy=own)) == at_70_kg
    assert highest(rates("privigen-us", "cidp", "20kg", "20g", policy=own)) == at_20_kg
    assert words or "own-file-implausible" not in codes(cidp(policy=own))


def test_of_a_product_half_as_strong_a_rate_in_mg_is_twice_as_fast(tmp_path: Path) -> None:
    """2 mg/kg/min are 1.2 mL/kg/h of 100 mg/mL and 2.4 of 50 mg/mL: 84 and 168 mL/h at 70 kg."""
    own = policy(tmp_path, "rate_ceiling: {rate: 2 mg/kg/min}")
    for concentration, rate in (("100 mg/mL", "84"), ("50 mg/mL", "168")):
        product = helpers.own_product(ladder=[("6 mL/kg/h", None)], concentration=concentration)
        assert highest(rates(product, "cidp", "70kg", "70g", policy=own)) == rate


def test_the_lowest_of_all_ceilings_counts_and_is_named(tmp_path: Path) -> None:
    """Octagam, dermatomyositis, at risk: 3.3 mg/kg/min is its own, 1.8 mL/kg/h after its rounding: 126 mL/h at 70 kg."""

    def octagam(line: str, **words: list[str]) -> tuple[str, str | None]:
        made = rates("octagam-10-us", "dermatomyositis", "70kg", "70g", policy=policy(tmp_path, line), **words)
        return highest(made), next((n.limit for n in made.notices if n.code == "policy-ceiling-applied"), None)

    own = rates("octagam-10-us", "dermatomyositis", "70kg", "70g", risk=["renal"])
    assert highest(own) == "126"
    at_risk = "at_risk_ceiling: {rate: RATE mL/kg/h, risks: [renal]}"
    assert octagam(at_risk.replace("RATE", "1.7"), risk=["renal"]) == ("119", "1.7 mL/kg/h")
    assert octagam(at_risk.replace("RATE", "1.9"), risk=["renal"]) == ("126", None)
    assert octagam(at_risk.replace("RATE", "1.7")) == ("168", None)
    assert octagam("rate_ceiling: {rate: 2.3 mL/kg/h}") == ("161", "2.3 mL/kg/h")
    assert octagam("rate_ceiling: {rate: 2.5 mL/kg/h}") == ("168", None)


def test_a_ceiling_of_a_first_infusion_is_of_a_first_one(tmp_path: Path) -> None:
    """One table serves both; at 70 kg 2 mL/kg/h are 140 mL/h, 3 are 210."""
    own = policy(tmp_path, "rate_ceiling: {rate: 3 mL/kg/h}", "first_rate_ceiling: {rate: 2 mL/kg/h}")
    made = helpers.plan(
        "cidp:us-label-privigen", "privigen-us", "70kg", age="50y", policy=own, start="2026-12-01", courses="2",
        days="2", infusion="first",
    )  # fmt: skip
    assert [highest(made, n) for n in range(3)] == ["140", "210", "210"]
    said = [n.message for n in notices(made, "policy-ceiling-applied")]
    assert [" for a first infusion" in message for message in said] == [True, False]
    lines = {entry.name: entry for entry in made.trace}
    assert lines["first rate_4_ml_per_h"].inputs["bounded_by"] == "policy-first"
    assert lines["subsequent rate_5_ml_per_h"].inputs["bounded_by"] == "policy"


def test_the_working_names_the_ceiling_and_can_be_redone() -> None:
    made = group_health(risk=["renal"])
    working.check(made)
    line = next(entry for entry in made.trace if entry.inputs.get("bounded_by") == "policy-at-risk")
    assert line.inputs["ceiling_ml_per_h"] == "3.2 mg/kg/min x rate_kg"
    assert line.expression == "round down(ceiling_ml_per_h)"


TABLES = [
    ("privigen-us", "chronic-itp"), ("panzyga-us", "chronic-itp"), ("octagam-10-us", "chronic-itp"),
    ("octagam-10-us", "dermatomyositis"), ("kiovig-eu", "cidp"), ("panzyga-us", "primary-immunodeficiency"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "use"), TABLES)
@pytest.mark.parametrize("body", ["us-group-health", "au-nz-ascia"])
@pytest.mark.parametrize(("risks", "age"), list(every([[], ["renal"], ["cardiac"]], ["40y", "66y"])))
def test_as_the_oracle(name: str, use: str, body: str, risks: list[str], age: str) -> None:
    table = oracle.rate_table(name, use)
    kept = table.under(oracle.policy_ceilings(body, risks=risks, age_years=Fraction(age[:-1])))
    expected = oracle.infuse(Fraction(640), kept, Fraction(64), risks=risks)
    made = rates(name, use, "64kg", "64g", policy=body, age=age, risk=risks, infusion="first")
    assert [Fraction(step.rate_ml_per_h) for step in made.sessions[0].steps] == [s.rate_ml_per_h for s in expected]


# ---- lifted ----------------------------------------------------------------------------------------------------------


def test_an_override_lifts_it_and_stands_on_the_plan() -> None:
    made = group_health(risk=["renal"], override=["policy-ceiling=asked for by Dr Roe"])
    assert highest(made) == "336"
    said = notice(made, "policy-ceiling")
    assert (said.level, said.overridden_because) == ("stop", "asked for by Dr Roe")
    assert (said.value, said.limit) == ("336 mL/h", "3.2 mg/kg/min")
    assert said.message.endswith("printed by policy us-group-health for patients at risk")
    assert "policy-ceiling-applied" not in codes(made)


@pytest.mark.parametrize("body", ["us-group-health", "au-nz-ascia", "actual-weight"])
def test_a_lift_of_what_does_not_bind_is_refused(body: str) -> None:
    with pytest.raises(RequestError, match="policy-ceiling"):
        cidp(policy=body, risk=["none"], age="50y", override=["policy-ceiling=asked for by Dr Roe"])


def test_it_lifts_no_other_ceiling() -> None:
    """Dermatomyositis stays at 4 mg/kg/min: 168 mL/h at 70 kg of a 10 % product."""
    words = {"policy": "us-group-health", "condition": ["diabetes"]}
    held = rates("kiovig-eu", "dermatomyositis", "70kg", "70g", **words)
    assert highest(held) == "134.4"
    made = rates(
        "kiovig-eu", "dermatomyositis", "70kg", "70g", **words, override=["policy-ceiling=asked for by Dr Roe"]
    )
    assert highest(made) == "168"
    assert "indication-ceiling-applied" in codes(made)


# ---- what cannot be compared, or contradicts ---------------------------------------------------------------------------


def test_a_rate_in_mg_of_a_product_without_a_concentration_is_refused() -> None:
    with pytest.raises(RefusedError, match="concentration"):
        rates("ig-vena-bd", "cidp", "70kg", "70g", policy="us-group-health", risk=["renal"])


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (
            ("rate_ceiling: {rate: 3 mL/kg/h}", "at_risk_ceiling: {rate: 4 mL/kg/h, risks: [renal]}"),
            ":11: at_risk_ceiling.rate: at_risk_ceiling 4 mL/kg/h is above the rate_ceiling 3 mL/kg/h",
        ),
        (
            ("rate_ceiling: {rate: 3 mL/kg/h}", "first_rate_ceiling: {rate: 0.06 mL/kg/min}"),
            ":11: first_rate_ceiling.rate: first_rate_ceiling 0.06 mL/kg/min is above the rate_ceiling 3 mL/kg/h",
        ),
        (("at_risk_ceiling: {rate: 4 mL/kg/h}",), ":10: at_risk_ceiling: for whom?"),
        (("at_risk_ceiling: {rate: 4 mL/kg/h, when: [BMI > 30]}",), "is not a condition of the age"),
        (("rate_ceiling: {rate: 4 g}",), ":10: rate_ceiling.rate"),
        (("rate_ceiling: 4 mL/kg/h",), ":10: rate_ceiling"),
    ],
)
def test_a_contradiction_is_refused_with_its_place_and_both_values(
    lines: tuple[str, ...], told: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    own = policy(tmp_path, *lines)
    with pytest.raises(DefinitionError) as caught:
        library.policy(own)
    assert told in str(caught.value)
    assert main(["policies", "check", own]) == 3
    assert f"{own}" in capfd.readouterr().out


def test_equal_ones_are_no_contradiction(tmp_path: Path) -> None:
    same = "rate: 3 mL/kg/h"
    lines = (f"rate_ceiling: {{{same}}}", f"at_risk_ceiling: {{{same}, risks: [renal]}}")
    assert library.policy(policy(tmp_path, *lines))


def test_what_cannot_be_compared_in_the_file_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    own = policy(tmp_path, "rate_ceiling: {rate: 3 mL/kg/h}", "at_risk_ceiling: {rate: 3 mg/kg/min, risks: [renal]}")
    assert main(["policies", "check", own]) == 0
    told = "".join(capfd.readouterr())
    assert "at_risk_ceiling.rate: 3 mg/kg/min cannot be compared with the rate_ceiling 3 mL/kg/h here" in told


def test_an_unknown_condition_is_asked_about_and_still_taken(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """1 mL/kg/h at 70 kg."""
    own = policy(tmp_path, "at_risk_ceiling: {rate: 1 mL/kg/h, conditions: [one-kidney]}")
    assert main(["policies", "check", own]) == 0
    assert "'one-kidney' is no condition of the shipped thresholds" in "".join(capfd.readouterr())
    made = cidp(policy=own, condition=["one-kidney"])
    assert (highest(made), notice(made, "policy-ceiling-applied").value) == ("70", "one kidney")
    with pytest.raises(RequestError, match="unknown --condition"):
        cidp(condition=["one-kidney"])


@pytest.mark.parametrize(
    ("rate", "level", "slip"),
    [
        ("6 mL/kg/h", None, ""),
        ("6 mL/kg/min", "stop", "was a rate per minute for one per hour written?"),
        ("0.06 mL/kg/h", "caution", "was one per hour for one per minute written?"),
        ("3.2 mg/kg/min", None, ""),
        ("30 mg/kg/min", "caution", ""),  # at least 18 mL/kg/h, of 100 mg/mL
        ("27 mg/kg/min", None, ""),  # 16.2 mL/kg/h of 100 mg/mL, less than twice 8.4
        ("150 mL/h", None, ""),
        ("150 mL/min", "stop", ""),
    ],
)
def test_a_slip_in_a_policy_of_ones_own_is_named(rate: str, level: str | None, slip: str, tmp_path: Path) -> None:
    own = policy(tmp_path, f"rate_ceiling: {{rate: {rate}}}")
    if level == "stop":
        with pytest.raises(RefusedError, match=r"own-policy, rate_ceiling\.rate") as caught:
            cidp(policy=own)
        assert slip in str(caught.value)
        return
    said = notices(cidp(policy=own), "own-file-implausible")
    assert [n.level for n in said] == ([level] if level else [])
    assert all(slip in n.message for n in said)


def test_a_slip_in_the_ceiling_of_a_regimen_of_ones_own_is_named(tmp_path: Path) -> None:
    """4 mg/kg/min typed as g: 600 mL/kg/h and more."""
    own = helpers.own_regimen(tmp_path, "    dose: {per_course: 1 g/kg}\n    days: {from: 1, to: 1}\n")
    path = Path(own)
    text = path.read_text(encoding="utf-8").replace(
        "protocols:", "rate_ceiling: {rate: 4 mL/kg/min, source: house}\nprotocols:"
    )
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RefusedError, match=r"rate_ceiling\.rate: a rate of 4 mL/kg/min"):
        helpers.plan(own, "privigen-us", "70kg")
