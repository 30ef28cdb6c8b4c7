"""Every command has help with a worked example, and the generated pages are what the commands and definitions say."""

from __future__ import annotations

import importlib.util
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from ivigcalc import library
from ivigcalc.cli import sites
from ivigcalc.cli.main import main

DOCS = Path(__file__).parent.parent.parent / "docs"


def _builder() -> Any:
    spec = importlib.util.spec_from_file_location("build_reference", DOCS / "build_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BUILDER = _builder()
COMMANDS = BUILDER.commands()
PAGES = BUILDER.pages()
DEFINITION_COMMANDS = [
    name for name in COMMANDS if name.split()[1] in ("regimens", "products", "policies", "sites", "schema")
]


def test_the_commands_of_the_interface_are_there() -> None:
    expected = {
        f"ivigcalc {group} {verb}"
        for group in ("regimens", "products", "policies")
        for verb in ("list", "show", "check", "schema", "new")
    }
    assert {"ivigcalc sites check", "ivigcalc sites schema", "ivigcalc sites new"} <= set(COMMANDS)
    assert expected | {"ivigcalc schema", "ivigcalc dose", "ivigcalc schedule", "ivigcalc rates"} <= set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example_and_is_in_the_docs(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    command = COMMANDS[name]
    assert len((command.help or "").split()) >= 4
    example = (command.epilog or "").removeprefix("Example: ")
    assert example.startswith(f"{name} ") or example == name
    for parameter in command.params:
        assert parameter.name == "help" or parameter.help, parameter.name
    assert main([*name.split()[1:], "--help"]) == 0
    shown = capfd.readouterr().out
    assert "Usage" in shown
    assert "Example" in shown
    page = (DOCS / "cli.md").read_text(encoding="utf-8")
    assert f"\n## {name}\n" in page
    assert f"\n$ {example}\n" in page


@pytest.mark.parametrize("name", DEFINITION_COMMANDS)
def test_the_example_works(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    example = shlex.split(COMMANDS[name].epilog.removeprefix("Example: "))
    if example[1:3] == ["sites", "check"]:
        Path(example[3]).write_text("kind: site\nschema: 2\nid: my-site\n", encoding="utf-8")
    if "upgrade" in example:
        old = {"regimens": "kawasaki", "products": "octagam-10-us", "policies": "au-lifeblood-2026"}[example[1]]
        shutil.copy(Path(__file__).parent.parent / "library" / "schema-1" / f"{old}.yaml", example[3])
    if "diff" in example:
        _, _, _, known, own, plans = example
        kind = {"regimens": "regimen", "products": "product", "policies": "policy"}[example[1]]
        shipped = library.shipped(kind)[known].read_text(encoding="utf-8")
        Path(own).write_text(re.sub(r"(?m)^version: .*$", "version: 2026-01-01", shipped), encoding="utf-8")
        Path(plans).mkdir()
        words = [
            "dose",
            "-r",
            "dermatomyositis",
            "-p",
            "octagam-10-us",
            "--weight",
            "72kg",
            "--age",
            "54y",
            "-q",
            "-f",
            "json",
            "-o",
        ]
        assert main([*words, f"{plans}p.json"]) == 0
    assert main(example[1:]) == (5 if "diff" in example else 0)
    out, err = capfd.readouterr()
    written = [path.read_text(encoding="utf-8") for path in tmp_path.iterdir() if path.is_file()]
    assert len(out) > 500 or any(len(text) > 500 for text in written) or "no problems" in err


@pytest.mark.parametrize("page", PAGES)
def test_generated_pages_are_up_to_date(page: str) -> None:
    assert (DOCS / page).read_text(encoding="utf-8") == PAGES[page], "run: python docs/build_reference.py"


@pytest.mark.parametrize(("page", "kind"), [("products", "product"), ("regimens", "regimen"), ("policies", "policy")])
def test_the_reference_has_every_definition_with_links_to_its_sources(page: str, kind: str) -> None:
    text = (DOCS / "reference" / f"{page}.md").read_text(encoding="utf-8")
    for loaded in library.load_all(kind):
        assert f"`{loaded.value.id}`" in text
        for source in loaded.value.sources.values():
            if source.url is not None:
                assert source.url in text, source.url
    if kind == "regimen":
        for loaded in library.load_all(kind):
            assert all(f"`{protocol}`" in text for protocol in loaded.value.protocols)


def test_the_ladder_of_a_product_is_in_the_reference() -> None:
    row = next(
        line
        for line in (DOCS / "reference" / "products.md").read_text(encoding="utf-8").splitlines()
        if "octagam-10-us" in line and "| dermatomyositis |" in line
    )
    # 0.01, 0.02 (assumed) and 0.04 mL/kg/min for 30 minutes each; at risk 0.03
    assert "| 0.6 for 30, 1.2\\* for 30, 2.4 mL/kg/h | 2.4 mL/kg/h | 1.8 mL/kg/h |" in row


@pytest.mark.parametrize(
    "page", [*sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")), "../regimens/README.md"]
)
def test_links_inside_the_docs_lead_somewhere(page: str) -> None:
    here = DOCS / page
    for target in re.findall(r"\]\((?!<?https?://)([^)#\s]+)", here.read_text(encoding="utf-8")):
        assert (here.parent / target).exists(), target


def test_examples_in_the_guide_to_definitions_are_read(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"```yaml\n(kind: .*?)```", (DOCS / "definitions.md").read_text(encoding="utf-8"), re.S)
    assert len(blocks) >= 4
    for block in blocks:
        found = re.search(r"^id: (\S+)", block, re.M)
        assert found
        (tmp_path / f"{found[1]}.yaml").write_text(block, encoding="utf-8")
    assert main(["regimens", "check", str(tmp_path)]) == 0, capfd.readouterr().out


def test_every_key_of_a_definition_is_in_the_guide() -> None:
    guide = (DOCS / "definitions.md").read_text(encoding="utf-8")
    from ivigcalc.library.schema import schema_of

    for kind in ("regimen", "product", "policy", "site"):
        schema = schema_of(kind)
        blocks = [schema, *schema.get("$defs", {}).values()]
        keys = {key for block in blocks for key in block.get("properties", {})}
        assert [key for key in sorted(keys) if f"`{key}`" not in guide] == []


def test_the_words_that_a_file_may_use_are_in_the_guide() -> None:
    guide = (DOCS / "definitions.md").read_text(encoding="utf-8")
    words = [*library.safety().value.conditions, *library.shipped("formula"), sites.VARIABLE, "~/.config/ivigcalc/site.yaml"]  # fmt: skip
    assert [word for word in words if f"`{word}`" not in guide] == []
    assert "ivigcalc sites check my-clinic.yaml" in guide


def test_the_page_of_keys_says_what_must_be_there_and_what_is_a_list() -> None:
    page = (DOCS / "reference" / "keys.md").read_text(encoding="utf-8")
    for block, must, may in (
        ("`rates[]`", "`for[]`, `ladder[]`, `ceiling`", "`at_risk_ceiling`"),
        ("`rounding.small`", "`below`, `to`", "`when[]`"),
        ("`dosing_weight.when_obese`", "`when[]`, `use`", "`factor`"),
        ("`holidays`", "`country`", "`subdivision`"),
    ):
        [row] = [line for line in page.splitlines() if line.startswith(f"| {block} |")]
        assert f"| {must} |" in row
        assert may in row.rpartition(f"| {must} |")[2]


def test_words_of_the_glossary_are_sorted() -> None:
    words = re.findall(r"^\*\*(.+?)\*\*", (DOCS / "glossary.md").read_text(encoding="utf-8"), re.M)
    assert len(words) > 30
    assert [word.casefold() for word in words] == sorted(word.casefold() for word in words)
