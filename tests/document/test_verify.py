"""What another version of ivigcalc may leave out, add or word otherwise goes by what is declared of each key.

That a plan recomputes to itself, and everything that is done to a file: see tests/safety/test_verify.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ivigcalc import library
from ivigcalc.api import plan_form
from ivigcalc.document.read import saved_plan
from ivigcalc.document.verify import Verdict, verify
from ivigcalc.document.write import to_json
from ivigcalc.request.form import Form

FORM = Form(
    weight="72kg", age="54y", regimen="dermatomyositis", product="octagam-10-us", start="2026-12-01", at="09:00"
)
TEXT = to_json(plan_form(FORM, "schedule", on=None))
Edit = Callable[[Any], object]


def verdict_on(edit: Edit, version: str | None = "9.9.9") -> Verdict:
    """Of a plan to which something was done, and which says that another version wrote it (`None`: this one)."""
    document = json.loads(TEXT)
    document["ivigcalc_version"] = version or document["ivigcalc_version"]
    edit(document)
    return verify(saved_plan(json.dumps(document).encode(), "plan.json"))


#: what the interface does not promise, or what is words
ANOTHER_VERSION_MAY: dict[str, Edit] = {
    "not-know-the-phase-of-a-course": lambda d: d["course"].pop("phase"),
    "not-know-the-size-of-a-bottle": lambda d: d["sessions"][0]["bottles"][0].pop("size_g"),
    "not-know-when-a-visit-begins": lambda d: d["sessions"][0].pop("visit_from"),
    "not-know-a-word-of-the-request": lambda d: d["computed_from"]["request"].pop("valid_for"),
    "know-more-of-a-session": lambda d: d["sessions"][0].update(chair="7"),
    "have-no-last-day-covered": lambda d: d.pop("last_covered"),
    "word-the-last-line-otherwise": lambda d: d.update(check="Check this."),
    "word-the-request-otherwise": lambda d: d["computed_from"]["request"].update(weight="72.0 kg"),
    "word-what-was-not-given-otherwise": lambda d: d["computed_from"]["defaults_used"].__setitem__(0, "policy: ours"),
    "not-say-what-was-not-given": lambda d: d["computed_from"]["defaults_used"].clear(),
    "not-know-of-what-was-not-given": lambda d: d["computed_from"].pop("defaults_used"),
    "cite-otherwise": lambda d: d["sources"].insert(0, "A book"),
    "give-another-input-of-a-line": lambda d: d["trace"][0]["inputs"].update(more=1),
}


@pytest.mark.parametrize("case", ANOTHER_VERSION_MAY)
def test_another_version_may(case: str) -> None:
    verdict = verdict_on(ANOTHER_VERSION_MAY[case])
    assert verdict.agrees, list(verdict.lines())
    assert verdict.words
    assert not verdict_on(ANOTHER_VERSION_MAY[case], version=None).agrees


#: figures, promised keys wherever they stand, and text that is gone altogether -> the field that is named
ANOTHER_VERSION_MAY_NOT: dict[str, tuple[Edit, str]] = {
    "change-a-figure-that-is-not-promised": (
        lambda d: d["sessions"][0]["bottles"][0].update(size_g=5),
        "size_g: saved 5",
    ),
    "leave-out-a-promised-figure": (
        lambda d: d["sessions"][0]["steps"][0].pop("rate_ml_per_h"),
        "rate_ml_per_h: saved absent",
    ),
    "leave-out-a-figure-of-a-phase": (lambda d: d["phases"][0].pop("dose_g"), "phases[1].dose_g: saved absent"),
    "leave-out-a-fingerprint": (
        lambda d: d["computed_from"]["safety"].pop("id"),
        "computed_from.safety.id: saved absent",
    ),
    "leave-out-the-bottles": (lambda d: d["sessions"][0].pop("bottles"), "bottles: saved absent"),
    "put-a-promised-name-elsewhere": (lambda d: d["sessions"][0]["bottles"][0].update(dose_g=999), "dose_g: saved 999"),
    "put-a-promised-name-on-top": (lambda d: d.update(rate_ml_per_h=999), "rate_ml_per_h: saved 999"),
    "add-a-block": (lambda d: d.update(course_3={"grams": 1}), "course_3: saved a block"),
    "cite-nothing": (lambda d: d["sources"].clear(), "sources: saved nothing"),
    "have-no-words-for-a-request": (lambda d: d["computed_from"]["request"].update(risk=["renal"]), "rate"),
}


@pytest.mark.parametrize("case", ANOTHER_VERSION_MAY_NOT)
def test_another_version_may_not(case: str) -> None:
    edit, named = ANOTHER_VERSION_MAY_NOT[case]
    verdict = verdict_on(edit)
    assert not verdict.agrees
    assert any(named in line for line in verdict.lines()), list(verdict.lines())


def test_a_changed_site_is_said_once(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text("kind: site\nschema: 1\nid: st-elsewhere\n", encoding="utf-8")
    document = json.loads(to_json(plan_form(FORM, "schedule", on=None, site=library.site(str(site)))))
    document["computed_from"]["site"]["sha256"] = "0" * 64
    verdict = verify(saved_plan(json.dumps(document).encode(), "plan.json"))
    assert (verdict.figures, verdict.words) == ((), ())
    assert [line.partition(":")[0] for line in verdict.definitions] == ["site st-elsewhere"]


def test_differences_of_the_same_version_are_parted_into_figures_and_words() -> None:
    def edit(document: Any) -> None:
        document["totals"]["dose_g"] = 1
        document["notices"][0]["message"] = "nothing to see"
        document["trace"][0]["name"] = "greeting"
        document["sources"][0] = "A book"
        document["computed_from"]["product"]["id"] = "privigen-us"
        document["check"] = "Check this."

    verdict = verdict_on(edit, version=None)
    words = ["computed_from.product.id", "notices[1].message", "trace[1].name", "sources[1]", "check"]
    assert verdict.figures == ("totals.dose_g: saved 1, recomputed 144",)
    assert [line.partition(":")[0] for line in verdict.words] == words


@pytest.mark.parametrize("version", [None, "9.9.9"])
@pytest.mark.parametrize("definition", ["regimen", "product", "policy", "safety"])
def test_the_fingerprint_of_a_changed_definition_is_said_once(definition: str, version: str | None) -> None:
    def edit(document: Any) -> None:
        document["computed_from"][definition].update(sha256="0" * 64, version="2020-01-01")

    verdict = verdict_on(edit, version)
    assert (verdict.figures, verdict.words) == ((), ())
    [line] = verdict.definitions
    assert line.startswith(f"{definition} ")
    assert "was 2020-01-01 (000000000000)" in line
