"""The JSON Schemas of files, as editors and the strict reader see them; and that each schema is printed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from ivigcalc import library
from ivigcalc.cli.definitions import SchemaName
from ivigcalc.cli.main import main
from ivigcalc.document.schema import plan_schema
from ivigcalc.library.reader import KINDS, FileText, parse
from ivigcalc.library.schema import schema_of

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
    document = FileText("file.yaml")
    assert parse(text.encode(), document)
    return document.data


def test_everything_that_is_written_or_read_has_a_schema() -> None:
    assert set(SchemaName) == {"plan", *KINDS}


@pytest.mark.parametrize("kind", SchemaName)
def test_every_schema_is_one_and_is_printed_under_each_of_its_names(
    kind: SchemaName, capfd: pytest.CaptureFixture[str]
) -> None:
    schema = plan_schema() if kind is SchemaName.plan else schema_of(kind)
    jsonschema.Draft202012Validator.check_schema(schema)
    names = [["schema", kind]] + [
        [group, "schema"]
        for singular, group in (("regimen", "regimens"), ("product", "products"), ("policy", "policies"))
        if singular == kind
    ]
    for name in names:
        assert main(name) == 0
        assert json.loads(capfd.readouterr().out) == schema


@pytest.mark.parametrize(("kind", "identifier"), FILES)
def test_every_shipped_file_fits_its_schema(kind: str, identifier: str) -> None:
    text = library.shipped(kind)[identifier].read_text(encoding="utf-8")
    for data in (strictly(text), yaml.load(text, _EditorLoader)):
        assert [f"{e.json_path}: {e.message}" for e in validator(kind).iter_errors(data)] == []


def test_a_site_fits_its_schema() -> None:
    text = """
kind: site
schema: 2
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
    ("regimen", "dermatomyositis", "schema: 2", "schema: 3"),
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


def _defaults(schema: Any) -> Iterator[tuple[str, str]]:
    """Every default of a text that has to be of a form, with that form."""
    if isinstance(schema, dict) and "pattern" in schema and schema.get("default"):
        yield schema["default"], schema["pattern"]
    for part in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from _defaults(part)


@pytest.mark.parametrize("kind", KINDS)
def test_a_default_can_be_written_as_the_schema_says_it(kind: str) -> None:
    for default, pattern in _defaults(schema_of(kind)):
        assert re.search(pattern, default), default


def test_the_default_of_a_quantity_is_said_with_its_unit() -> None:
    pump = schema_of("site")["$defs"]["Pump"]["properties"]
    assert {name: pump[name]["default"] for name in pump} == {
        "increment": "0.1 mL/h",
        "maximum": "999 mL/h",
        "volume": "0.1 mL",
    }
