"""What stands behind a protocol is said in words, wherever a plan is shown for people."""

from __future__ import annotations

import json

import pytest

from ivigcalc.definitions import Regimen
from ivigcalc.document.write import to_json
from ivigcalc.library.reader import load_bytes
from ivigcalc.render.evidence import basis_text
from ivigcalc.render.markdown import to_markdown
from ivigcalc.render.paper.asked import inputs
from ivigcalc.render.sheets.words import confidence_text
from ivigcalc.render.table import to_table
from tests import helpers

SAID = [
    (
        "evidence: randomised-trial\n    patients: 95\n    reading: abstract",
        "randomised trial, 95 patients; abstract read",
    ),
    ("evidence: case-series\n    patients: 8\n    reading: abstract", "case series, 8 patients; abstract read"),
    ("evidence: case-report\n    patients: 1\n    reading: original", "case report, 1 patient; original read"),
    ("evidence: cohort\n    reading: secondary", "cohort; read in a secondary source"),
    ("evidence: label\n    reading: copy", "label; copy read"),
    # a file from before these keys: its ids keep what they meant, and what it leaves out is not made up
    ("evidence: trial", "trial, not said to be randomised; reading not said"),
    ("evidence: consensus", "consensus of experts; reading not said"),
    ("title: Bare", "evidence not said; reading not said"),
]


def own(said: str) -> Regimen:
    head = "kind: regimen\nschema: 2\nid: own\nversion: 2026-11-22\ncategory: other\nsources:\n  house: "
    source = "{title: House, body: Clinic, locator: page 1, checked: 2026-11-22}\nprotocols:\n  only:\n"
    body = f"    {said}\n    confidence: medium\n    no_dose_because: none is printed\n"
    found = load_bytes((head + source + body).encode(), "own.yaml", "regimen").value
    assert isinstance(found, Regimen)
    return found


@pytest.mark.parametrize(("said", "words"), SAID)
def test_evidence_and_reading_in_words(said: str, words: str) -> None:
    protocol = own(said).protocols["only"]
    assert basis_text(protocol) == words
    assert confidence_text(protocol) == f"{words}; medium confidence"


def test_every_face_for_people_says_what_stands_behind_the_protocol() -> None:
    plan = helpers.plan("pemphigus:amagai-2009", "octagam-10-us", "72 kg")
    words = "randomised trial, 61 patients; abstract read"
    assert f"Evidence {words}" in " ".join(to_table(plan).split())
    assert f"- **Evidence:** {words}" in to_markdown(plan)
    assert f"Evidence: {words}" in inputs(plan)


def test_the_saved_plan_keeps_it() -> None:
    plan = helpers.plan("pemphigus:amagai-2009", "octagam-10-us", "72 kg")
    regimen = json.loads(to_json(plan))["computed_from"]["regimen"]
    assert (regimen["evidence"], regimen["patients"], regimen["reading"]) == ("randomised-trial", 61, "abstract")
    label = json.loads(to_json(helpers.dm()))["computed_from"]["regimen"]
    assert (label["evidence"], label["patients"], label["reading"]) == ("label", None, "copy")


def test_the_rates_of_one_infusion_rest_on_no_protocol() -> None:
    plan = helpers.rates("octagam-10-us", "dermatomyositis", "72 kg", "70 g")
    assert "Evidence" not in to_table(plan)
    assert not any(line.startswith("Evidence") for line in inputs(plan))
