"""The shipped definitions as they were prepared: the very values that the full reader gives, or not taken."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ivigcalc import codes
from ivigcalc.definitions import Strict
from ivigcalc.library import FOLDERS, place, prepared, shipped
from ivigcalc.library.reader import load_file

FORMULA = "devine-inches"
#: a command in a process of its own, with what was prepared in the folder that is named first; the modules it loaded
COMMAND = """
import json, sys
from pathlib import Path
from ivigcalc.library import place
place.prepared_file = lambda kind, identifier: Path(sys.argv[1]) / kind / f"{identifier}.json"
from ivigcalc.cli.main import main
code = main(sys.argv[2:])
print(json.dumps([code, sorted(sys.modules)]), file=sys.stderr)
"""
DOSE = ("dose", "-r", "dermatomyositis", "-p", "octagam-10-us", "--weight", "72kg")


def parts(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every value with its place, its type, and what it says to the last digit."""
    if isinstance(value, Strict):
        yield place, type(value), sorted(value.__dict__.keys() - value.values().keys())
        for key, child in value.values().items():
            yield from parts(child, (*place, key))
    elif type(value) in (dict, tuple):
        yield place, type(value), len(value)
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield from parts(child, (*place, key))
    else:
        yield place, type(value), repr(value), getattr(value, "words_because", None)


@pytest.mark.parametrize("kind", FOLDERS)
def test_it_is_the_very_value_that_the_full_reader_gives(kind: str) -> None:
    for path in shipped(kind).values():
        read = load_file(path, kind).value
        again = prepared.decoded(prepared.encoded(read))
        assert again == read
        assert {"stages", "ceilings"}.isdisjoint(vars(again))
        assert [part for part in parts(again) if part[1] is not type(again)] == [
            part for part in parts(read) if part[1] is not type(read)
        ], path


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A formula of one's own place, prepared; its YAML."""
    source = tmp_path / f"{FORMULA}.yaml"
    source.write_bytes(shipped("formula")[FORMULA].read_bytes())
    monkeypatch.setattr(prepared, "prepared_file", lambda kind, name: tmp_path / kind / f"{name}.json")
    monkeypatch.setattr(prepared, "FOLDERS", {"formula": "formulas"})
    monkeypatch.setattr(prepared, "shipped", lambda kind: {FORMULA: source})
    assert prepared.write() == 1
    assert prepared.load(source, "formula") == load_file(source, "formula")
    return source


def flipped(path: Path, at: int) -> None:
    """One digit or letter of the file is another."""
    held = bytearray(path.read_bytes())
    held[at] ^= 1
    path.write_bytes(held)


@pytest.mark.parametrize("what", ["the file", "the values", "the digest", "the code", "the end"])
def test_what_was_prepared_before_a_change_is_not_taken(here: Path, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = prepared.prepared_file("formula", FORMULA)
    if what == "the code":
        monkeypatch.setattr(prepared, "_code", lambda: b"of another version")
    elif what == "the end":
        made.write_bytes(made.read_bytes()[:-1])
    else:
        flipped(*{"the file": (here, 20), "the values": (made, 100), "the digest": (made, 0)}[what])
    assert prepared.load(here, "formula") is None


def test_a_definition_under_another_name_is_not_taken(here: Path) -> None:
    """Both of its files renamed together: the full reader says that the id differs from the name."""
    made = prepared.prepared_file("formula", FORMULA)
    other = here.rename(here.with_stem("another"))
    made.rename(made.with_stem("another"))
    assert prepared.load(other, "formula") is None


def test_what_was_never_prepared_is_not_taken(here: Path) -> None:
    prepared.prepared_file("formula", FORMULA).unlink()
    assert prepared.load(here, "formula") is None
    assert prepared.load(here.with_name("gone.yaml"), "formula") is None


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The table of codes, prepared; a copy of it."""
    monkeypatch.setattr(prepared, "prepared_file", lambda kind, name: tmp_path / kind / f"{name}.json")
    monkeypatch.setattr(prepared, "FOLDERS", {})
    prepared.write()
    made = prepared.prepared_file("codes", "codes")
    assert place.prepared_file("codes", "codes") == codes._PREPARED
    monkeypatch.setattr(codes, "_PREPARED", made)
    copy = tmp_path / "codes.toml"
    copy.write_bytes(codes._TABLE.read_bytes())
    monkeypatch.setattr(codes, "_TABLE", copy)
    return copy


def test_codes_as_they_were_prepared_are_those_of_the_table(table: Path) -> None:
    assert codes._as_prepared(table.read_bytes()) == codes._read(table.read_bytes())


@pytest.mark.parametrize("what", ["the table", "the values", "the digest", "the end", "all of it"])
def test_codes_that_were_prepared_before_a_change_are_not_taken(table: Path, what: str) -> None:
    made = codes._PREPARED
    if what == "all of it":
        made.unlink()
    elif what == "the end":
        made.write_bytes(made.read_bytes()[:-1])
    else:
        flipped(*{"the table": (table, 20), "the values": (made, 100), "the digest": (made, 0)}[what])
    assert codes._as_prepared(table.read_bytes()) is None
    assert codes.codes.__wrapped__() == codes.codes()


@pytest.fixture(scope="module")
def all_of_them(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every shipped definition, prepared."""
    folder = tmp_path_factory.mktemp("prepared")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(prepared, "prepared_file", lambda kind, name: folder / kind / f"{name}.json")
        assert prepared.write() == sum(len(shipped(kind)) for kind in FOLDERS)
    return folder


def run(folder: Path, *arguments: str) -> tuple[str, set[str]]:
    done = subprocess.run([sys.executable, "-c", COMMAND, str(folder), *arguments], capture_output=True, encoding="utf-8", check=True)  # fmt: skip
    code, modules = json.loads(done.stderr.splitlines()[-1])
    assert code == 0
    return done.stdout, set(modules)


def test_a_plan_of_shipped_definitions_needs_no_reader(all_of_them: Path, tmp_path: Path) -> None:
    said, modules = run(all_of_them, *DOSE)
    assert {"pydantic", "yaml", "ivigcalc.library.reader", "ivigcalc.definitions.reading"}.isdisjoint(modules)
    assert "typer" not in modules, "a plain line is read without it"
    read, modules = run(tmp_path / "nothing", *DOSE)
    assert {"pydantic", "yaml", "ivigcalc.library.reader"} <= modules
    assert said == read
