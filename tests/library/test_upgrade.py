"""`upgrade`: a file of schema 1 becomes one of schema 2 that plans the same; nothing but its `schema` is another.

`schema-1/` holds files as they were shipped when there was no schema 2.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import helpers
import pytest

from ivigcalc.cli.main import main
from ivigcalc.definitions.format import LATEST, SCHEMA_1, block_of, is_new
from ivigcalc.document.write import to_json
from ivigcalc.errors import DefinitionError
from ivigcalc.library.reader import COMMANDS, KINDS, FileText, load_bytes, parse
from ivigcalc.library.upgrade import upgrade

OLD = Path(__file__).parent / "schema-1"
OF_KIND = {
    "au-lifeblood-2026": "policy",
    "cidp": "regimen",
    "dermatomyositis": "regimen",
    "kawasaki": "regimen",
    "octagam-10-us": "product",
    "us-chi-franciscan-multicalc": "policy",
}
ORDERS: dict[str, dict[str, Any]] = {
    "au-lifeblood-2026": {"regimen": "dermatomyositis", "product": "octagam-10-us"},
    "cidp": {"product": "privigen-us"},
    "dermatomyositis": {"product": "octagam-10-us"},
    "kawasaki": {"product": "octagam-10-us", "weight": "9lb15oz", "age": "11mo", "height": "70cm"},
    "octagam-10-us": {"regimen": "dermatomyositis"},
    "us-chi-franciscan-multicalc": {"regimen": "dermatomyositis", "product": "octagam-10-us"},
}
SMALL = b"kind: site\nschema: 1\nid: ours\n"


def old(name: str) -> Path:
    return OLD / f"{name}.yaml"


def planned(name: str, path: Path) -> dict[str, Any]:
    """The whole document of a plan by this file, without the file's name and digest."""
    words = {"weight": "72kg", "height": "175cm", "sex": "M", "age": "54y", **ORDERS[name], OF_KIND[name]: str(path)}
    plan = helpers.plan(words.pop("regimen"), words.pop("product"), words.pop("weight"), **words)
    document: dict[str, Any] = json.loads(to_json(plan))
    del document["computed_from"]
    return document


def written(folder: Path, data: bytes) -> Path:
    path = folder / "own.yaml"
    path.write_bytes(data)
    return path


def test_each_kind_with_a_command_has_an_old_file() -> None:
    assert {path.stem for path in OLD.glob("*.yaml")} == set(OF_KIND)
    assert set(OF_KIND.values()) == set(COMMANDS)


@pytest.mark.parametrize("name", OF_KIND)
def test_an_upgraded_file_plans_the_same(name: str, tmp_path: Path) -> None:
    done = upgrade(old(name), OF_KIND[name])
    assert done.changed
    path = tmp_path / f"{name}.yaml"
    path.write_bytes(done.data)
    assert planned(name, path) == planned(name, old(name))


@pytest.mark.parametrize("name", OF_KIND)
def test_one_line_changes_and_no_other(name: str) -> None:
    before = old(name).read_bytes().decode().split("\n")
    after = upgrade(old(name), OF_KIND[name]).data.decode().split("\n")
    different = [(one, other) for one, other in zip(before, after, strict=True) if one != other]
    assert different[0] == ("schema: 1", "schema: 2")
    # a series that was called high is medium now, and nothing else is another
    assert all(other == one.replace("confidence: high", "confidence: medium") for one, other in different[1:])
    assert len(different) == 1 + sum(
        "is medium now" in str(found) for found in upgrade(old(name), OF_KIND[name]).to_decide
    )


@pytest.mark.parametrize("name", OF_KIND)
def test_what_is_of_schema_2_is_left_as_it_is(name: str, tmp_path: Path) -> None:
    first = upgrade(old(name), OF_KIND[name])
    again = upgrade(written(tmp_path, first.data), OF_KIND[name])
    assert (again.data, again.to_decide, again.changed) == (first.data, (), False)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("kind: site\nschema: 1\nid: ours\n", "kind: site\nschema: 2\nid: ours\n"),
        ("schema: '1'  # schema: 1\nkind: site\nid: ours\n", "schema: '2'  # schema: 1\nkind: site\nid: ours\n"),
        ('kind: site\r\n"schema":   "1"\r\nid: ours', 'kind: site\r\n"schema":   "2"\r\nid: ours'),
        ("{kind: site, schema: 1, id: ours}", "{kind: site, schema: 2, id: ours}"),
        ("kind: site\nid: ours\nschema: 1", "kind: site\nid: ours\nschema: 2"),
        ("# schema: 1\n\nkind: site   # ours\nschema: 1\nid: ours", "# schema: 1\n\nkind: site   # ours\nschema: 2\nid: ours"),
    ],
)  # fmt: skip
def test_the_way_a_file_is_written_is_kept(before: str, after: str, tmp_path: Path) -> None:
    assert upgrade(written(tmp_path, before.encode()), "regimen").data == after.encode()


@pytest.mark.parametrize(
    "text",
    [
        "kind: site\nschema:\n  1\nid: ours\n",
        '{kind: site, title: "a schema: 1 here", schema: 1, id: ours}',
        "kind: site\nschema: >-\n  1\nid: ours\n",
    ],
)
def test_a_line_that_cannot_be_changed_by_itself_is_refused_with_its_place(text: str, tmp_path: Path) -> None:
    path = written(tmp_path, text.encode())
    with pytest.raises(DefinitionError) as caught:
        upgrade(path, "regimen")
    (problem,) = caught.value.problems
    assert str(problem).startswith(f"{path}:")
    assert "schema: cannot be changed here: write it on a line of its own" in str(problem)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kind: site\nschema: 3\nid: ours\n", ":2: schema: '3': must be at most 2"),
        ("kind: site\nschema: 0\nid: ours\n", ":2: schema: '0': must be at least 1"),
        ("kind: site\nschema: 1\nid: ours\ncolour: red\n", ":4: colour: unknown key"),
        ("kind: site\nschema: 1\nschema: 1\nid: ours\n", ":3: schema: this key was already given"),
        ("kind: hospital\nschema: 1\n", ":1: kind: must say what the file is"),
        ("- schema: 1\n", ":1: kind: must say what the file is"),
        ("kind: product\nschema: 1\n", ":1: kind: is 'product': upgrade it with `ivigcalc products upgrade`"),
        ("kind: site\nschema: 1\nid: [\n", "is not valid YAML"),
    ],
)
def test_a_bad_file_is_refused_with_file_line_and_key(text: str, words: str, tmp_path: Path) -> None:
    path = written(tmp_path, text.encode())
    with pytest.raises(DefinitionError) as caught:
        upgrade(path, "regimen")
    assert caught.value.exit_code == 3
    assert f"{path}{words}" in str(caught.value) or words in str(caught.value)


def test_a_site_that_does_not_say_is_of_the_latest(tmp_path: Path) -> None:
    path = written(tmp_path, b"kind: site\nid: ours\nchairs: 4\n")
    assert not upgrade(path, "regimen").changed
    assert load_bytes(path.read_bytes(), "own.yaml", "site").value.schema_ == LATEST


# ---- what is left to a person ---------------------------------------------------------------------------------------


def decisions(tmp_path: Path, kind: str, name: str, replaced: str, by: str) -> list[str]:
    text = old(name).read_text(encoding="utf-8")
    assert replaced in text
    path = written(tmp_path, text.replace(replaced, by, 1).encode())
    return [str(problem).removeprefix(f"{path}:") for problem in upgrade(path, kind).to_decide]


def test_a_rate_in_words_is_pointed_at_for_the_ceiling_of_the_disease(tmp_path: Path) -> None:
    """4 mg/kg/min stands in a sentence; 2 g/kg has no new key, and neither has a sentence without a figure."""
    notes = 'notes:\n  - "Not above 4 mg/kg/min. As slowly as is borne. Also 2 g/kg."\n  - "0.5 ml/kg/h at first"\n'
    before = decisions(tmp_path, "regimen", "kawasaki", "protocols:\n", "protocols:\n")
    assert "notes:" not in old("kawasaki").read_text(encoding="utf-8").split("protocols:")[0]
    found = decisions(tmp_path, "regimen", "kawasaki", "protocols:\n", notes + "protocols:\n")
    new = [line for line in found if "rate_ceiling" in line]
    assert len(found) == len(before) + 2
    assert len(new) == 2
    assert (
        "notes[1]: \"Not above 4 mg/kg/min.\" may belong into a key that is new: rate_ceiling ('4 mg/kg/min')" in new[0]
    )
    assert "notes[2]" in new[1]
    assert "rate_ceiling ('0.5 ml/kg/h')" in new[1]


def test_a_least_dose_in_words_is_pointed_at(tmp_path: Path) -> None:
    """At least 0.2 g/kg may be a `least`; 2 g/kg, and up to 2 g/kg, are none."""
    notes = 'notes:\n  - "At least 0.2 g/kg. Up to 2 g/kg."\n'
    found = decisions(tmp_path, "regimen", "kawasaki", "protocols:\n", notes + "protocols:\n")
    [said] = [line for line in found if " notes[1]" in line]
    assert '"At least 0.2 g/kg." may belong into a key that is new' in said
    assert "protocols.dose.least ('0.2 g/kg')" in said


def test_a_rate_in_words_is_pointed_at_for_the_ceilings_of_the_policy(tmp_path: Path) -> None:
    says = 'says:\n  - {text: "At risk no more than 3.2 mg/kg/min."}\n'
    name = "au-lifeblood-2026"
    [said] = [line for line in decisions(tmp_path, "policy", name, "says:\n", says) if "3.2 mg/kg/min" in line]
    for key in ("rate_ceiling", "first_rate_ceiling", "at_risk_ceiling"):
        assert f"{key} ('3.2 mg/kg/min')" in said


def test_what_a_source_says_of_the_weight_is_pointed_at() -> None:
    found = [str(problem) for problem in upgrade(old("dermatomyositis"), "regimen").to_decide]
    assert any("protocols.ontario.weight.text" in line and "protocols.dosing_weight" in line for line in found)
    lines = [int(line.split(".yaml:")[1].split(":")[0]) for line in found]
    assert lines == sorted(lines)


def test_a_label_is_asked_whose_it_is() -> None:
    found = [str(problem) for problem in upgrade(old("dermatomyositis"), "regimen").to_decide]
    assert any("protocols.us-label: of which products and country is it the label?" in line for line in found)


def test_what_stands_in_no_new_key_is_not_pointed_at() -> None:
    """The composition and the storage of a product hold figures, and no new key does."""
    found = {problem.key.partition("[")[0] for problem in upgrade(old("octagam-10-us"), "product").to_decide}
    assert found == {"handling", "rates"}


# ---- the command ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", COMMANDS)
def test_the_command_prints_the_file_and_tells_the_rest(
    kind: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    name = next(name for name, of in OF_KIND.items() if of == kind)
    done = upgrade(old(name), kind)
    assert main([COMMANDS[kind], "upgrade", str(old(name))]) == 0
    out, err = capfd.readouterr()
    assert out.encode() == done.data
    assert err.count("decide: ") == len(done.to_decide)
    assert f"{old(name)}: schema 2; " in err
    target = tmp_path / f"{name}.yaml"
    assert main([COMMANDS[kind], "upgrade", str(old(name)), "-o", str(target), "--quiet"]) == 0
    assert capfd.readouterr() == ("", "")
    assert target.read_bytes() == done.data
    assert main([COMMANDS[kind], "check", str(target)]) == 0


def test_no_file_is_written_over(tmp_path: Path, refuses: Callable[..., str]) -> None:
    path = written(tmp_path, SMALL)
    assert "exists already" in refuses(2, "regimens", "upgrade", path, "-o", path)
    assert path.read_bytes() == SMALL


def test_a_bad_file_prints_nothing(tmp_path: Path, refuses: Callable[..., str]) -> None:
    path = written(tmp_path, SMALL + b"colour: red\n")
    assert f"{path}:4: colour: unknown key" in refuses(3, "policies", "upgrade", path)


# ---- the table of schema 1 ------------------------------------------------------------------------------------------


def test_every_key_of_schema_1_is_a_key_still() -> None:
    """A file of schema 1 is read forever: no key that it could have is taken away."""
    models = {block_of(model): model for model in _models()}
    for block, keys in SCHEMA_1.items():
        known = {info.alias or name for name, info in models[block].model_fields.items()}
        assert set(keys.split()) <= known, block


def test_what_came_after_schema_1_is_new() -> None:
    assert is_new("Protocol", "dosing_weight")
    assert is_new("Product", "unlike_class")
    assert is_new("RateWeight", "use")
    assert not is_new("Protocol", "dose")


def _models() -> set[Any]:
    from ivigcalc.definitions import Strict

    found: set[Any] = set()

    def below(model: type[Strict]) -> None:
        for child in model.__subclasses__():
            found.add(child)
            below(child)

    below(Strict)
    return {model for model in found if model.__module__.startswith("ivigcalc.definitions")}


def test_the_kinds_that_schema_1_had() -> None:
    assert {kind for kind, model in KINDS.items() if block_of(model) in SCHEMA_1} == {
        "regimen",
        "product",
        "policy",
        "formula",
        "site",
    }


def test_the_new_number_is_the_only_other_word_of_the_file() -> None:
    for name, kind in OF_KIND.items():
        before, after = FileText("a"), FileText("b")
        assert parse(old(name).read_bytes(), before)
        assert parse(upgrade(old(name), kind).data, after)
        wanted = {**before.data, "schema": str(LATEST)}
        for protocol in wanted.get("protocols", {}).values():
            if protocol.get("evidence") in ("case-series", "case-report") and protocol["confidence"] == "high":
                protocol["confidence"] = "medium"
        assert after.data == wanted
        assert before.lines == after.lines


@pytest.mark.parametrize(
    "text",
    [
        "kind: regimen\nschema: 1\nid: x\nprotocols: [a, b]\n",
        "kind: regimen\nschema: 1\nid: x\nprotocols: {a: x}\n",
        "schema: 1\nkind: [x]\n",
        "schema: 1\nkind: {x: y}\n",
        "[a, b]\n",
    ],
)
@pytest.mark.parametrize("kind", ["regimen", "product", "policy"])
def test_what_is_no_definition_is_refused_with_its_problems(text: str, kind: str, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError):
        upgrade(written(tmp_path, text.encode()), kind)
