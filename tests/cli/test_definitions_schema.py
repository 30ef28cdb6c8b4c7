"""The JSON Schemas: of files as editors and the strict reader see them, and of the plan document."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import helpers
import jsonschema
import pytest
import yaml

from ivigcalc import library
from ivigcalc.cli.main import main
from ivigcalc.document.write import to_json
from ivigcalc.engine.plan import Plan
from ivigcalc.library.reader import Document, parse
from ivigcalc.library.schema import kinds, schema_of

FILES = [(kind, identifier) for kind in library.FOLDERS for identifier in library.shipped(kind)]
#: what a YAML 1.2 editor resolves: whole numbers, decimals, true and false; everything else is text
_EDITOR_TAGS = {"tag:yaml.org,2002:int", "tag:yaml.org,2002:float", "tag:yaml.org,2002:bool"}


class _EditorLoader(yaml.SafeLoader):
    pass


_EditorLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag in _EDITOR_TAGS]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def validator(kind: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema_of(kind))


def strictly(text: str) -> Any:
    document = Document("file.yaml")
    assert parse(text.encode(), document)
    return document.data


@pytest.mark.parametrize("kind", kinds())
def test_every_schema_is_one_and_is_printed_under_each_of_its_names(
    kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    jsonschema.Draft202012Validator.check_schema(schema_of(kind))
    names = [["schema", kind]] + [
        [group, "schema"]
        for singular, group in (("regimen", "regimens"), ("product", "products"), ("policy", "policies"))
        if singular == kind
    ]
    for name in names:
        assert main(name) == 0
        assert json.loads(capfd.readouterr().out) == schema_of(kind)


@pytest.mark.parametrize(("kind", "identifier"), FILES)
def test_every_shipped_file_fits_its_schema(kind: str, identifier: str) -> None:
    text = library.shipped(kind)[identifier].read_text(encoding="utf-8")
    for data in (strictly(text), yaml.load(text, _EditorLoader)):
        assert [f"{e.json_path}: {e.message}" for e in validator(kind).iter_errors(data)] == []


def test_a_site_fits_its_schema() -> None:
    text = """
kind: site
schema: 1
id: st-elsewhere
open: {mon-fri: "08:00-17:00", sat: "08:00-12:00"}
holidays: {country: US, subdivision: NY}
closed: [2026-12-24]
closed_days: shift-later
window: 3 days
pump: {increment: 0.1 mL/h, maximum: 999 mL/h}
stock: {octagam-10-us: {10 g: 40, 20 g: 12}}
price_per_gram: {octagam-10-us: {amount: 98.50, currency: USD}}
visit: {arrival: 15 min, premedication: 30 min, flush: 10 min, observation: 30 min}
default: {product: octagam-10-us, policy: us-seton}
"""  # the example of the interface
    for data in (strictly(text), yaml.load(text, _EditorLoader)):
        validator("site").validate(data)
    wrong = [
        {"oepn": {}}, {"open": {"weekend": "08:00-17:00"}}, {"open": {"mon": "08:00-24:30"}}, {"stock": {"octagam-10-us": {"ten": "4"}}},
    ]  # fmt: skip
    for change in wrong:
        with pytest.raises(jsonschema.ValidationError):
            validator("site").validate({**strictly(text), **change})


#: changes to a shipped file that an editor has to underline
BAD = [
    ("regimen", "dermatomyositis", "category: connective-tissue", "category: cardiology"),
    ("regimen", "dermatomyositis", "    confidence: high\n", "    confidence: certain\n"),
    ("regimen", "dermatomyositis", "days: {from: 2, to: 5,", "days: {from: 2, too: 5,"),
    ("regimen", "dermatomyositis", "days: {from: 2, to: 5,", "days: {from: 0, to: 5,"),
    ("regimen", "dermatomyositis", "days: {from: 2, to: 5,", "days: {from: 2, to: 32,"),
    ("regimen", "dermatomyositis", "days: {from: 2, to: 5,", "days: {from: two, to: 5,"),
    ("regimen", "dermatomyositis", "per_course: 2 g/kg", "per_course: 2"),
    ("regimen", "dermatomyositis", "per_course: 2 g/kg", "per_course: 2 g/lb"),
    ("regimen", "dermatomyositis", "per_course: 2 g/kg", "per_course: {from: 2 g/kg}"),
    ("regimen", "dermatomyositis", "every: 4 weeks", "every: four weeks"),
    ("regimen", "dermatomyositis", "consecutive: true", "consecutive: maybe"),
    ("regimen", "dermatomyositis", "id: dermatomyositis", "id: Dermatomyositis"),
    ("regimen", "dermatomyositis", "  us-label:\n", "  US label:\n"),
    ("regimen", "dermatomyositis", "schema: 1", "schema: 2"),
    ("product", "octagam-10-us", "vials: [2 g,", "vials: [2 gram,"),
    ("product", "octagam-10-us", "rate: 0.01 mL/kg/min", "rate: 0.01"),
    ("product", "octagam-10-us", "basis: assumed", "basis: guessed"),
    ("product", "octagam-10-us", "concentration: 100 mg/mL", "concentration: 10 %"),
    ("policy", "au-lifeblood-2026", "use: adjusted", "use: lean"),
    ("policy", "au-lifeblood-2026", "  factor: 0.4", "  factor: [0.4]"),
    ("policy", "au-lifeblood-2026", "  factor: 0.4", "  factor: 40"),
    ("policy", "au-lifeblood-2026", "  factor: 0.4", "  factor: 0"),
    ("policy", "us-seton", "when: [age < 1 year]", "when: [BMI > 30]"),
    ("policy", "au-lifeblood-2026", "rounding:\n  to: whole vials", "rounding:\n  to: vials"),
]


@pytest.mark.parametrize(("kind", "identifier", "old", "new"), BAD, ids=[new.strip() for *_, new in BAD])
def test_what_the_reader_refuses_the_schema_refuses(
    kind: str, identifier: str, old: str, new: str, tmp_path: Path
) -> None:
    text = library.shipped(kind)[identifier].read_text(encoding="utf-8")
    assert old in text
    text = text.replace(old, new, 1)
    for data in (strictly(text), yaml.load(text, _EditorLoader)):
        assert not validator(kind).is_valid(data)
    bad = tmp_path / f"{identifier}.yaml"
    bad.write_text(text, encoding="utf-8")
    assert (
        main([{"regimen": "regimens", "product": "products", "policy": "policies"}[kind], "check", str(bad), "--quiet"])
        == 3
    )


# ---- the plan document ----------------------------------------------------------------------------------------------

SITE = helpers.a_site(
    open={"mon-fri": "08:00-17:00"}, holidays={"country": "US"}, closed_days="shift-later", visit={"arrival": "15 min", "observation": "30 min"},
    price_per_gram={"octagam-10-us": {"amount": "98.50", "currency": "USD"}}, stock={"octagam-10-us": {"10 g": "40", "20 g": "12"}},
)  # fmt: skip
DATED = {"start": "2026-12-01", "at": "09:00", "age": "54y"}


def plans() -> dict[str, Plan]:
    """Plans of as many kinds as there are."""
    plan, rates = helpers.plan, helpers.rates
    return {
        "dose": plan("dermatomyositis", "octagam-10-us", "72kg"),
        "schedule": plan("dermatomyositis", "octagam-10-us", "72kg", courses="3", **DATED),
        "date without clock": plan("dermatomyositis", "octagam-10-us", "72kg", start="2026-12-01"),
        "phases": plan("cidp:us-label-privigen", "privigen-us", "81.4kg", courses="3", **DATED),
        "rates": rates("panzyga-us", "primary-immunodeficiency", "70kg", "70g", at="09:00"),
        "absolute rates": rates("intragam-p-sg", "itp", "70kg", "30g"),
        "at risk and capped": rates("octagam-10-us", "chronic-itp", "140kg", "140g", risk=["renal"]),
        "adjusted weight": plan("dermatomyositis", "octagam-10-us", "120kg", policy="au-lifeblood-2026", height="170cm", sex="male", **DATED),
        "no rates": plan("dermatomyositis", "alyglo-us", "72kg", **DATED),
        "no vials": plan("kawasaki", "gamunex-ca", "9800g", age="14mo", policy="us-group-health"),
        "site": plan("dermatomyositis", "octagam-10-us", "72kg", site=SITE, valid_for="6 months", **DATED),
        "override": plan("dermatomyositis", "octagam-10-us", "72kg", days="6", override=["days-outside-regimen=frail"], **DATED),
        "infant": plan("kawasaki", "privigen-us", "4.2kg", age="5mo", name="Zoë \u2192 \"quoted\"", patient_id="=1+1"),
        "own regimen": helpers.any_course("octagam-10-us", "72kg", "33.3 g", days="2"),
    }  # fmt: skip


def test_plans_of_every_kind_fit_the_schema() -> None:
    check = validator("plan")
    seen: set[str] = set()
    for name, plan in plans().items():
        data = json.loads(to_json(plan))
        assert [f"{name}: {e.json_path}: {e.message}" for e in check.iter_errors(data)] == []
        seen |= {key for key, value in data["totals"].items() if value is not None}
    assert "cost" in seen


def test_the_plan_schema_is_strict() -> None:
    check = validator("plan")
    plan = json.loads(to_json(plans()["site"]))
    assert check.is_valid(plan)
    for path in _objects(plan):
        broken = json.loads(json.dumps(plan))
        _at(broken, path)["surplus"] = 1
        assert not check.is_valid(broken), path
        for key in _at(plan, path):
            broken = json.loads(json.dumps(plan))
            del _at(broken, path)[key]
            assert not check.is_valid(broken), (*path, key)
            broken = json.loads(json.dumps(plan))
            _at(broken, path)[key] = (
                ["neither number, text nor block"] if not isinstance(_at(plan, path)[key], list) else "not a list"
            )
            assert not check.is_valid(broken), (*path, key)


def _objects(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every block with fixed keys; of lists, the first item stands for all."""
    if isinstance(value, list):
        return _objects(value[0], (*path, 0)) if value else []
    if not isinstance(value, dict) or path[-1:] == ("inputs",):
        return []
    return [path, *(found for key, item in value.items() for found in _objects(item, (*path, key)))]


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        value = value[part]
    return value


def test_numbers_are_numbers_in_the_schema() -> None:
    text = json.dumps(schema_of("plan"))
    assert re.search(r'"dose_g": \{"type": "number"\}', text)
    assert re.search(r'"duration_min": \{"anyOf": \[\{"type": "integer"\}, \{"type": "null"\}\]\}', text)
    check = validator("plan")
    plan = json.loads(to_json(plans()["dose"]))
    plan["sessions"][0]["dose_g"] = "72"
    assert not check.is_valid(plan)
