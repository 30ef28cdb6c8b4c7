"""`show`: every figure of a file on its sheet, with the number of its source."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ivigcalc import library
from ivigcalc.cli.main import main
from ivigcalc.library.schema import schema_of
from ivigcalc.render.sheets import faces as sheets
from ivigcalc.render.sheets.product import BAR_WIDTH

KINDS = ("regimen", "product", "policy")
SHIPPED = [(kind, identifier) for kind in KINDS for identifier in library.shipped(kind)]


def loaded(kind: str, identifier: str) -> Any:
    return library.policy(identifier) if kind == "policy" else library.load(kind, identifier)


def shown(capfd: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main([*arguments]) == 0
    return capfd.readouterr().out


@pytest.mark.parametrize(("kind", "identifier"), SHIPPED)
def test_every_source_and_quantity_of_a_file_is_on_its_sheet(kind: str, identifier: str) -> None:
    found = loaded(kind, identifier)
    definition = library.load(kind, identifier).value
    sheet = sheets.sheet_of(found)
    assert set(sheet.numbers()) == set(definition.sources)
    text = sheets.to_table(sheet, width=1000)
    raw = library.shipped(kind)[identifier].read_text(encoding="utf-8")
    printed = re.findall(
        r"(?:per_course|per_day|cap|cap_per_day|max|every|rate|within|maximum|average|trough_igg): ([0-9.]+ [A-Za-z/]+)",
        raw,
    )
    for quantity in printed:
        assert quantity in text, quantity
    assert max(map(len, sheets.to_table(sheet, width=80).splitlines())) <= 80
    sheets.to_table(sheet, width=80, ascii_only=True)
    assert "Results must be checked by a qualified person before use." in text


@pytest.mark.parametrize(("kind", "identifier"), SHIPPED)
def test_json_is_the_file_itself(kind: str, identifier: str) -> None:
    found = library.load(kind, identifier)
    data = json.loads(sheets.to_json(found))
    assert type(found.value).model_validate(data) == found.value
    jsonschema.Draft202012Validator(schema_of(kind)).validate(data)


def test_sheet_of_a_regimen(capfd: pytest.CaptureFixture[str]) -> None:
    text = shown(capfd, "regimens", "show", "dermatomyositis")
    assert "us-label, the default: US label, Octagam 10%" in text
    assert re.search(r"^Rates +never above 4 mg/kg/min, whatever the product \[1\]$", text, re.M)
    assert re.search(r"^Dose +2 g/kg per course \[2\]$", text, re.M)
    assert re.search(r"^Days +2 to 5 days, consecutive, equal doses \[2\]$", text, re.M)
    assert re.search(r"^Interval +every 4 weeks \[2\]$", text, re.M)
    assert re.search(r"^Limit +at most 1 g/kg in a day, else a caution", text, re.M)
    assert "[2] Octagam 10% US prescribing information" in text
    assert "Published as  compendium" not in text
    assert re.search(r"^Published as +page that repeats others; read in a secondary source; LOW", text, re.M)


def test_sheet_of_one_protocol_with_phases(capfd: pytest.CaptureFixture[str]) -> None:
    text = shown(capfd, "regimens", "show", "dermatomyositis:proderm")
    assert "us-label:" not in text
    assert re.search(r"^Phase +loading: First period, to week 16", text, re.M)
    assert re.search(r"^  Courses +4 ", text, re.M)
    assert re.search(r"^  Dose +1 g/kg to 2 g/kg per course", text, re.M)
    assert re.search(r"^Order gives +--dose .*, --days ", text, re.M)
    assert re.search(r"^Phase +late-maintenance: Open extension, weeks 28 to 40, a lower dose\n +allowed", text, re.M)


def test_sheet_of_a_product_draws_its_titration(capfd: pytest.CaptureFixture[str]) -> None:
    text = shown(capfd, "products", "show", "octagam-10-us")
    dermatomyositis = text[text.index("Rates for dermatomyositis") : text.index("Rates for chronic-itp")]
    bars = {line.split()[2]: line for line in dermatomyositis.splitlines() if "#" in line and "min" in line}
    assert list(bars) == ["0.6", "1.2", "end"]
    # 0.6, 1.2 and 2.4 mL/kg/h: the fastest bar is full, the others are in proportion
    assert [line.count("#") for line in bars.values()] == [BAR_WIDTH // 4, BAR_WIDTH // 2, BAR_WIDTH]
    assert "0.02 mL/kg/min *" in bars["1.2"]
    assert "*" not in bars["0.6"]
    assert "* assumed: the source does not print this step" in dermatomyositis
    at_risk = next(line for line in dermatomyositis.splitlines() if line.lstrip().startswith("at risk"))
    # 0.03 of 0.04 mL/kg/min
    assert len(re.findall(r"[-|]", at_risk.split("mL/kg/min")[1])) == Fraction(3, 4) * BAR_WIDTH
    assert "renal, thrombosis" in dermatomyositis
    assert "Disagreement" in dermatomyositis
    assert "3.3 mg/kg/min" in text
    assert "corn-allergy" in text
    dermatomyositis.replace("\u2500", "-").encode("ascii")


def test_absolute_rates_are_drawn_in_ml_per_h(capfd: pytest.CaptureFixture[str]) -> None:
    text = shown(capfd, "products", "show", "intragam-p-sg")
    # 1, 2 and 3 mL/min
    assert re.search(r"^ +0 +15 +60 +1 mL/min ", text, re.M)
    assert re.search(r"^ +30 +to end +180 +3 mL/min ", text, re.M)


def test_a_product_without_rates_says_why(capfd: pytest.CaptureFixture[str]) -> None:
    text = shown(capfd, "products", "show", "alyglo-us")
    assert "no infusion rate was printed in the pages that could be read" in " ".join(text.split())


def test_policies_in_words(capfd: pytest.CaptureFixture[str]) -> None:
    text = " ".join(shown(capfd, "policies", "show", "au-lifeblood-2026").split())
    assert "the adjusted weight: ideal + 0.4 x (actual - ideal)" in text
    assert "men 50 kg + 2.3 kg for each inch above 60 in; women 45.5 kg" in text
    assert "age < 18 years or height < 152 cm or pregnant or actual < adjusted: then the actual weight" in text
    text = " ".join(shown(capfd, "policies", "show", "us-toledo").split())
    assert "NO: it is on file as known, and a plan with it is refused" in text
    assert "Missing the formula of the ideal weight" in text


def test_markdown_escapes_and_links(tmp_path: Path) -> None:
    raw = library.shipped("product")["octagam-10-us"].read_text(encoding="utf-8")
    own = tmp_path / "octagam-10-us.yaml"
    own.write_text(raw.replace("title: Octagam 10%\n", 'title: "Octa|gam <b>*x*</b>"\n', 1), encoding="utf-8")
    text = sheets.to_markdown(sheets.sheet_of(library.load("product", str(own))))
    assert text.startswith("# Octa\\|gam \\<b\\>\\*x\\*\\</b\\> (octagam-10-us)\n")
    assert "](<https://octagamusa.com/octagam10/usage/>)" in text
    for line in text.splitlines():
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) == 7, line


def test_a_file_of_your_own_and_an_output_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    own, target = tmp_path / "mine.yaml", tmp_path / "sheet.md"
    own.write_bytes(library.shipped("policy")["us-priority-health"].read_bytes())
    assert main(["policies", "show", str(own), "--format", "markdown", "-o", str(target)]) == 0
    assert capfd.readouterr().out == ""
    assert target.read_text(encoding="utf-8").startswith("# ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["regimens", "show", "dermatomyosits"], "did you mean dermatomyositis"),
        (["regimens", "show", "dermatomyositis:proderma"], "allowed: us-label, smpc, proderm"),
        (["products", "show", "octagam-10"], "octagam-10-eu, octagam-10-us"),
        (["policies", "show", "\x1b[31m"], "no policy"),
    ],
)
def test_what_is_not_there_is_answered_with_what_is_near(
    arguments: list[str], words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert words in err
    assert "\x1b" not in err


def test_a_policy_says_when_vials_are_opened_and_which_course_it_prefers(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["policies", "show", "actual-weight"]) == 0
    said = " ".join(capfd.readouterr().out.split())
    assert "Opened vials where whole vials are more than 10 % off: the exact dose to 0.1 g" in said
    assert main(["policies", "show", "practical-vials"]) == 0
    said = " ".join(capfd.readouterr().out.split())
    assert "Prefers the fewest vials within 5 % of the exact dose, days that differ by at most 5 g" in said
    assert main(["policies", "show", "us-seton"]) == 0
    said = capfd.readouterr().out
    assert "Opened vials" not in said
    assert "Prefers" not in said
