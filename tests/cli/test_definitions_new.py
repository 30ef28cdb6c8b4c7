"""`new`: a skeleton that explains every key, refuses to pass while it is unfilled, and passes when it is filled."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import pytest

from ivigcalc.cli.main import main
from ivigcalc.library.reader import KINDS, load_file
from ivigcalc.library.skeletons import skeleton

GROUPS = {"regimen": "regimens", "product": "products", "policy": "policies", "site": "sites"}
PLACEHOLDER = re.compile(r"<[^<>\n]+>")

#: how a pharmacist fills the figures in; every other placeholder is words
FIGURES = {
    "<dose of one course such as 2 g/kg>": "2 g/kg", "<fewest days>": "2", "<most days>": "5",
    "<strength such as 100 mg/mL>": "100 mg/mL", "<vial size such as 10 g>": "10 g",
    "<first rate such as 0.5 mL/kg/h>": "0.5 mL/kg/h", "<minutes such as 30 min>": "30 min",
    "<last rate such as 4 mL/kg/h>": "4 mL/kg/h", "<highest rate such as 4 mL/kg/h>": "4 mL/kg/h",
    "<the factor such as 0.4>": "0.4", "<volume such as 20 mL>": "20 mL", "<fastest rate here such as 250 mL/h>": "250 mL/h",
    "<the rate such as 6 mL/kg/h>": "6 mL/kg/h",
    "<the rate such as 3 mL/kg/h>": "3 mL/kg/h",
    "<the rate such as 2 mg/kg/min>": "2 mg/kg/min",
}  # fmt: skip


def filled(text: str) -> str:
    return PLACEHOLDER.sub(lambda found: FIGURES.get(found[0], "some words"), text)


def body(text: str) -> str:
    """The skeleton without the comments that are prose."""
    return re.sub(r"(?m)(^|\s)# .*$", "", text)


def with_options(text: str) -> str:
    """Every optional line taken in: the # before a key, with no blank between, taken away."""
    return re.sub(r"(?m)^(\s*)#(?=[-a-z])", r"\1", text)


def write(folder: Path, kind: str, text: str) -> Path:
    path = folder / f"my-{kind}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", GROUPS)
def test_a_filled_skeleton_passes(kind: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / f"my-{kind}.yaml"
    assert main([GROUPS[kind], "new", f"my-{kind}", "-o", str(target)]) == 0
    out, err = capfd.readouterr()
    assert out == ""
    assert f"ivigcalc {GROUPS[kind]} check {target}" in err
    write(tmp_path, kind, filled(target.read_text(encoding="utf-8")))
    assert main([GROUPS[kind], "check", str(target)]) == 0
    value = load_file(target, kind).value
    assert value.id == f"my-{kind}"
    assert kind == "site" or value.version == datetime.now().astimezone().date()


@pytest.mark.parametrize("kind", GROUPS)
def test_a_filled_skeleton_with_every_option_passes(
    kind: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = with_options(filled(skeleton(kind, f"my-{kind}", datetime.now().astimezone().date())))
    if kind == "product":
        text = re.sub(r"(?m)^no_rates_because.*\n", "", text)
    path = write(tmp_path, kind, text)
    assert main([GROUPS[kind], "check", str(path)]) == 0, capfd.readouterr().out


@pytest.mark.parametrize("kind", GROUPS)
def test_an_unfilled_skeleton_names_all_that_is_left(
    kind: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = skeleton(kind, f"my-{kind}", datetime.now().astimezone().date())
    live = {
        number
        for number, line in enumerate(text.splitlines(), start=1)
        if not line.lstrip().startswith("#") and PLACEHOLDER.search(line)
    }
    assert live
    assert main([GROUPS[kind], "check", str(write(tmp_path, kind, text))]) == 3
    first = {int(line.split(":")[1]) for line in capfd.readouterr().out.splitlines()}
    # figures are refused first; with those filled in, words are what is left
    for placeholder, figure in FIGURES.items():
        text = text.replace(placeholder, figure)
    assert main([GROUPS[kind], "check", str(write(tmp_path, kind, text))]) == 3
    out = capfd.readouterr().out
    assert "is still to be filled in" in out
    assert live <= first | {int(line.split(":")[1]) for line in out.splitlines()}


@pytest.mark.parametrize("kind", GROUPS)
def test_every_key_of_the_model_is_in_the_skeleton(kind: str) -> None:
    text = skeleton(kind, f"my-{kind}", datetime.now().astimezone().date())
    keys = set(re.findall(r"([a-z_]+):", text)) | set(re.findall(r"\b([a-z_]+) = ", text))
    assert keys_of(KINDS[kind], set()) <= keys


def keys_of(annotation: Any, seen: set[Any]) -> set[str]:
    """Every key that a file of this model can have, at any depth."""
    if hasattr(annotation, "model_fields") and annotation not in seen:
        seen.add(annotation)
        fields = annotation.model_fields
        names = {
            info.alias or name for name, info in fields.items() if (info.alias or name) not in ("operator", "from_")
        }
        return {name for name in names if annotation.__name__ != "AgeBound"} | set().union(
            *(keys_of(f.annotation, seen) for f in fields.values())
        )
    return set().union(*(keys_of(part, seen) for part in get_args(annotation)))


@pytest.mark.parametrize("kind", GROUPS)
def test_no_line_of_a_skeleton_is_too_long_for_a_screen(kind: str) -> None:
    assert max(map(len, skeleton(kind, f"my-{kind}", datetime.now().astimezone().date()).splitlines())) <= 130


@pytest.mark.parametrize("identifier", ["My_DM", "", "-x", "a" * 61, "dm/../x", "a b", "\u00e9"])
def test_an_id_that_cannot_be_one_is_refused(identifier: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["regimens", "new", "--", identifier]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert "allowed: lower-case letters, digits and hyphens" in err


def test_a_file_that_exists_is_kept(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "mine.yaml"
    target.write_text("mine", encoding="utf-8")
    assert main(["products", "new", "mine", "-o", str(target)]) == 2
    assert target.read_text(encoding="utf-8") == "mine"
    assert "exists already" in capfd.readouterr().err
