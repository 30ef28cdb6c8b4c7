"""Every command, option, code, column and key that a document shows exists, and is exercised by a test.

Each option of each command is typed in `cli/test_every_option.py`; here it is enough that a test says it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import build_formats
import build_reference
import pytest
from build_examples import blocks, examples, pages, text_of
from documents import ROOT

import ivigcalc
from ivigcalc import library
from ivigcalc.batch.rows.columns import COLUMNS
from ivigcalc.codes import codes
from ivigcalc.document.schema import plan_schema
from ivigcalc.library.reader import KINDS
from ivigcalc.library.schema import schema_of

DOCUMENTS = [
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "README.md", ROOT / "regimens" / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
]
#: made from what is there, so that they show nothing else
GENERATED = {f"docs/{path}" for path in build_reference.pages()} | {
    "docs/reference/tables.md",
    "docs/reference/json.md",
}
WRITTEN = [name for name in DOCUMENTS if name not in GENERATED]
COMMANDS: dict[str, Any] = build_reference.commands()
#: options of the project's own tools and of pip
ELSEWHERE = {
    "--seed",
    "--target",
    "--inputs",
    "--module",
    "--one-in",
    "--constraint",
    "--check",
    "--verify",
    "--detach-sign",
    "--armor",
    "--platform",
    "--python-version",
}
#: words of others: encodings, days, an order, packages, a value set of FHIR, a function of Spark
OTHERS = {"utf-16", "mon-fri", "d1-5", "fhirkit-rs", "medication-codes", "from_arrow_schema"}


@cache
def said() -> str:
    """All that the tests say and run: their code, the orders, examples and outputs that they read, the commands of the
    documents (`test_examples_in_documents.py`) and of the help (`cli/test_help_examples.py`,
    `cli/test_definitions_docs.py`); not this file."""
    folder = ROOT / "tests"
    found = [
        path for end in ("py", "yaml", "txt") for path in folder.rglob(f"*.{end}") if path.name != Path(__file__).name
    ]
    run = [example.command for page in pages() for example in examples(text_of(page))]
    run += [command.epilog.removeprefix("Example: ") for name, command in COMMANDS.items() if name != "ivigcalc ask"]
    return "\n".join([*(path.read_text(encoding="utf-8") for path in sorted(found)), *run])


@cache
def words_said(pattern: str) -> frozenset[str]:
    return frozenset(re.findall(pattern, said()))


NAMES, WITH_HYPHENS = r"\w+", r"[\w-]+"
#: how Python says a field of an order: by keyword, or by its name in quotes
FIELDS = (r"\b(\w+)=", r"[\"'](\w+)[\"']")


def code_of(document: str) -> Iterator[str]:
    """All code of a document: in a line, indented, or in a block."""
    text = text_of(document)
    yield from re.findall(r"^(?:    |\t)(.*)$", text, re.MULTILINE)
    for language in ("console", "bash", "csv", "yaml", "python"):
        yield from blocks(text, language)
    without = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    yield from re.findall(r"`([^`\n]+)`", without)


def options_of(command: Any) -> set[str]:
    return {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}


OPTIONS = {name for command in COMMANDS.values() for name in options_of(command)} | {
    "--version",
    "--install-completion",
}


# ---- they exist -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("document", WRITTEN)
def test_every_option_exists(document: str) -> None:
    shown = {name for code in code_of(document) for name in re.findall(r"(?<![\w-])--[a-z][a-z-]+", code)}
    assert sorted(shown - OPTIONS - ELSEWHERE) == []


def typed(document: str) -> Iterator[list[str]]:
    """Every command of ivigcalc that a document shows, as a shell parts it."""
    for code in code_of(document):
        for line in code.replace("\\\n", " ").split("\n"):
            if found := re.match(r"(?:\$ )?ivigcalc ([a-z].*)", line):
                try:
                    yield shlex.split(found[1])
                except ValueError:
                    yield found[1].split()


@pytest.mark.parametrize("document", WRITTEN)
def test_every_command_exists_with_the_options_that_it_is_shown_with(document: str) -> None:
    wrong = []
    for first, *rest in typed(document):
        names = [f"ivigcalc {first}", *(f"ivigcalc {first} {word}" for word in rest[:1])]
        command = next((COMMANDS[name] for name in names if name in COMMANDS), None)
        group = any(name.startswith(f"ivigcalc {part} ") for part in re.split(r"[|,]", first) for name in COMMANDS)
        if command is None and not group:
            wrong.append(first)
        elif command is not None:
            given = {word.partition("=")[0] for word in rest if word.startswith("--")}
            wrong += [f"{first} {option}" for option in given - options_of(command)]
    assert wrong == []


def keys_of(schema: dict[str, Any]) -> set[str]:
    return {key for block in (schema, *schema.get("$defs", {}).values()) for key in block.get("properties", {})}


@cache
def known() -> set[str]:
    """Every word with a hyphen or an underscore that the program itself knows."""
    found = {name.lstrip("-").replace("-", "_") for name in OPTIONS}
    found |= {*codes(), *library.shipped("formula"), *library.safety().value.conditions, *COLUMNS, *dir(ivigcalc)}
    for kind in ("regimen", "product", "policy"):
        found |= {*library.shipped(kind)}
    for loaded in library.load_all("regimen"):
        found |= {*loaded.value.protocols, loaded.value.category}
    for kind in KINDS:
        found |= keys_of(schema_of(kind))
        found |= set(re.findall(r'"([a-z][a-z0-9_-]+)"', repr(schema_of(kind)).replace("'", '"')))
    found |= keys_of(plan_schema()) | {column for columns in build_formats.headings().values() for column in columns}
    found |= set(re.findall(r"[a-z][a-z0-9_]+", (ROOT / "docs" / "reference" / "json.md").read_text(encoding="utf-8")))
    return found


@pytest.mark.parametrize("document", WRITTEN)
def test_every_code_column_and_key_exists(document: str) -> None:
    text = re.sub(r"^```.*?^```$", "", text_of(document), flags=re.MULTILINE | re.DOTALL)
    shown = set(re.findall(r"`([a-z][a-z0-9]*(?:[-_][a-z0-9]+)+)`", text))
    assert sorted(shown - known() - OTHERS) == []


# ---- and a test exercises them --------------------------------------------------------------------------------------


DECLARED = {
    tuple(sorted((*parameter.opts, *parameter.secondary_opts)))
    for command in COMMANDS.values()
    for parameter in command.params
    if parameter.param_type_name == "option" and parameter.name != "help"
}


@pytest.mark.parametrize("names", sorted(DECLARED), ids=" ".join)
def test_every_option_is_exercised(names: tuple[str, ...]) -> None:
    """Typed, or said by its name in Python, where the option is a field of an order."""
    [long, *_] = [name for name in names if name.startswith("--")]
    field = long.removeprefix("--").replace("-", "_")
    assert words_said(WITH_HYPHENS).intersection(names) or any(field in words_said(pattern) for pattern in FIELDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_exercised(name: str) -> None:
    parts = name.split()[1:]
    as_words = r"[\"', ]+".join(map(re.escape, parts))
    assert re.search(rf"[\"'( ]{as_words}[\"', \\]", said()), name


@pytest.mark.parametrize("code", codes())
def test_every_code_is_exercised(code: str) -> None:
    assert code in words_said(WITH_HYPHENS)


@pytest.mark.parametrize("table", build_formats.TABLES)
def test_every_column_is_exercised(table: str) -> None:
    columns = [*build_formats.headings()[table], *COLUMNS]
    assert [column for column in columns if column not in words_said(NAMES)] == []


def test_every_key_of_a_plan_is_exercised() -> None:
    assert sorted(keys_of(plan_schema()) - words_said(NAMES)) == []
