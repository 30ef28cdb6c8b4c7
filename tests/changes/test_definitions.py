"""Two states of a definition: which keys changed, and whose saved plans move with it."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import helpers
import pytest

from ivigcalc import library
from ivigcalc.document.write import to_json

REGIMEN = library.shipped("regimen")["dermatomyositis"].read_text(encoding="utf-8")
PRODUCT = library.shipped("product")["octagam-10-us"].read_text(encoding="utf-8")


def every_five_weeks() -> str:
    """The label's interval in another state of the file: five weeks instead of four."""
    label = REGIMEN.index("  us-label:")
    new = REGIMEN[:label] + REGIMEN[label:].replace("every: 4 weeks", "every: 5 weeks", 1)
    assert new != REGIMEN
    return re.sub(r"(?m)^version: .*$", "version: 2026-11-28", new)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """Plans of the regimen, with several courses, with one, and one of another regimen."""
    folder = tmp_path / "plans"
    folder.mkdir()
    words = {"age": "54y", "start": "2026-12-01", "at": "09:00"}
    for name, regimen, product, courses in (
        ("two", "dermatomyositis", "octagam-10-us", "2"),
        ("one", "dermatomyositis", "octagam-10-us", "1"),
        ("other", "cidp:us-label-privigen", "privigen-us", "2"),
    ):
        made = helpers.plan(regimen, product, "72kg", courses=courses, patient_id=name, **words)
        (folder / f"{name}.json").write_text(to_json(made), encoding="utf-8")
    return folder


def test_the_same_state_is_the_same(run: Callable[..., Any]) -> None:
    found = run("regimens", "diff", "dermatomyositis", "dermatomyositis")
    assert (found.code, "say the same" in found.out) == (0, True)


def test_a_key_that_changed_is_named_with_what_it_said(tmp_path: Path, run: Callable[..., Any]) -> None:
    (tmp_path / "new.yaml").write_text(every_five_weeks(), encoding="utf-8")
    found = run("regimens", "diff", "dermatomyositis", tmp_path / "new.yaml", "-f", "json")
    assert found.code == 5
    keys = {each["key"]: (each["was"], each["now"]) for each in json.loads(found.out)["keys"]}
    assert keys["protocols.us-label.interval.every"] == ("4 weeks", "5 weeks")
    assert set(keys) <= {"protocols.us-label.interval.every", "version"}


def test_an_item_more_does_not_shift_the_others(tmp_path: Path, run: Callable[..., Any]) -> None:
    """A vial size put before the others is one change."""
    first = re.search(r"(?m)^vials: \[([^,\]]+)", PRODUCT)
    assert first
    (tmp_path / "new.yaml").write_text(PRODUCT.replace(first[0], f"vials: [1 g, {first[1]}", 1), encoding="utf-8")
    found = json.loads(run("products", "diff", "octagam-10-us", tmp_path / "new.yaml", "-f", "json").out)
    assert [(each["key"], each["was"], each["now"]) for each in found["keys"]] == [("vials[1]", "absent", "1 g")]


def test_a_change_without_a_new_version_is_said(tmp_path: Path, run: Callable[..., Any]) -> None:
    (tmp_path / "new.yaml").write_text(PRODUCT.replace("manufacturer:", "manufacturer: The", 1), encoding="utf-8")
    assert "CAUTION both are of version" in run("products", "diff", "octagam-10-us", tmp_path / "new.yaml").out


def test_whose_plans_move(tmp_path: Path, saved: Path, run: Callable[..., Any]) -> None:
    """Two courses five weeks apart are not where they were; one course stays, and so does another regimen."""
    (tmp_path / "new.yaml").write_text(every_five_weeks(), encoding="utf-8")
    done = run("regimens", "diff", "dermatomyositis", tmp_path / "new.yaml", saved, "-f", "json")
    assert done.code == 5
    found = json.loads(done.out)
    assert (found["plans_read"], found["plans_of_this"]) == (3, 2)
    moved = {each["patient"]: each for each in found["plans_moved"]}
    dates = [c for c in moved["id two"]["changes"] if c["what"] == "date"]
    assert [(change["by"], change["sessions"]) for change in dates] == [("7 days later", [[2, 1], [2, 2]])]
    assert not [c for c in moved.get("id one", {"changes": []})["changes"] if c["topic"] in ("sessions", "rates")]


def test_no_plan_moves_with_a_state_that_says_the_same(tmp_path: Path, saved: Path, run: Callable[..., Any]) -> None:
    (tmp_path / "same.yaml").write_text(REGIMEN, encoding="utf-8")
    found = run("regimens", "diff", tmp_path / "same.yaml", tmp_path / "same.yaml", saved)
    assert found.code == 0
    assert "3 plans read, 2 of this definition, 0 of them" in found.out


def test_a_plan_that_is_refused_now_is_named(tmp_path: Path, saved: Path, run: Callable[..., Any]) -> None:
    """From 60 years on: nobody of 54 can be planned by it."""
    label = REGIMEN.index("  us-label:")
    new = REGIMEN[:label] + REGIMEN[label:].replace('age: ">= 18 years"', 'age: ">= 60 years"', 1)
    (tmp_path / "new.yaml").write_text(new, encoding="utf-8")
    found = json.loads(run("regimens", "diff", "dermatomyositis", tmp_path / "new.yaml", saved, "-f", "json").out)
    assert [each["refused"] for each in found["plans_moved"]] == ["is refused: age-outside-regimen"] * 2


@pytest.mark.parametrize("face", ["table", "markdown"])
def test_faces_for_people(face: str, tmp_path: Path, saved: Path, run: Callable[..., Any]) -> None:
    (tmp_path / "new.yaml").write_text(every_five_weeks(), encoding="utf-8")
    page = run("regimens", "diff", "dermatomyositis", tmp_path / "new.yaml", saved, "-f", face).out.replace("\\", "")
    for words in ("protocols.us-label.interval.every", "5 weeks", "id two", "2026-12-29", "2027-01-05"):
        assert words in page


# ---- refused --------------------------------------------------------------------------------------------------------


def test_two_definitions_are_not_two_states_of_one(refuses: Callable[..., str]) -> None:
    assert "give two states of one definition" in refuses(2, "products", "diff", "octagam-10-us", "privigen-us")


def test_a_file_of_another_kind_is_refused(tmp_path: Path, refuses: Callable[..., str]) -> None:
    (tmp_path / "product.yaml").write_text(PRODUCT, encoding="utf-8")
    assert "kind" in refuses(3, "regimens", "diff", "dermatomyositis", tmp_path / "product.yaml")


def test_what_cannot_be_read_is_refused(tmp_path: Path, saved: Path, refuses: Callable[..., str]) -> None:
    refuses(3, "regimens", "diff", "dermatomyositis", tmp_path / "none.yaml")
    refuses(2, "regimens", "diff", "no-such", "dermatomyositis")
    (saved / "two.json").write_text("{}", encoding="utf-8")
    assert "is not a saved plan" in refuses(2, "regimens", "diff", "dermatomyositis", "dermatomyositis", saved)
