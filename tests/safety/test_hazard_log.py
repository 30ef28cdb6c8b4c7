"""SAFETY.md is true: every test that it names exists, and fails when its control is removed."""

import ast
import compileall
import json
import os
import py_compile
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
LOG = (ROOT / "SAFETY.md").read_text(encoding="utf-8")
CONTROLS: list[dict[str, str]] = yaml.safe_load((Path(__file__).parent / "controls.yaml").read_text(encoding="utf-8"))
ANCHOR = re.compile(r"# control: ([a-z][a-z0-9-]*)$")
#: how a test ends that only shows that what is left is no program
BROKEN = re.compile(r"^ivigcalc/\S+:[0-9]+: (?:Attribute|Index|Key|Name|Type|UnboundLocal)Error$", re.MULTILINE)
#: the hazards that the log must know
HAZARDS = (
    "unit mix-up", "wrong weight", "stale weight", "wrong product", "off-label rate", "overdose", "doubled by accident", "rounding drift", "fluid load",
    "contraindication", "date slip", "truncated print", "tampered or stale definition", "misread output", "batch row swapped", "override out of sight",
    "hostile text or file", "what leaves the machine", "patient record misread", "hand-over misread", "changed plan", "wrong forecast",
)  # fmt: skip
NAMED = re.findall(r"`(tests/[a-z_/]+\.py)::(test_[a-z0-9_]+)`", LOG)
#: file, control, what is taken out, test
ROWS = re.findall(
    r"^\| [^|]+ \| `(ivigcalc/[a-z_/]+\.py)` `([a-z0-9-]+)` \| ([^|]+) \| `([^`]+)` \|$", LOG, re.MULTILINE
)


@cache
def functions(file: str) -> set[str]:
    """The names of the functions of a source file, also inside classes."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def anchors(root: Path) -> Iterator[tuple[str, Path, int]]:
    """Name, file and line number (from 0) of every control: the line that has its comment, or the one below it."""
    for path in sorted((root / "ivigcalc").rglob("*.py")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
            found = ANCHOR.search(line)
            if found:
                yield found[1], path, number + line.lstrip().startswith("#")


def extent(text: str, number: int) -> tuple[int, int]:
    """First and last line of the statement, header or entry that begins or ends on a line (all from 0)."""
    lines = text.splitlines()
    found = [(number, number)]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.stmt | ast.expr) and not lines[node.lineno - 1][: node.col_offset].strip():
            inside = node.body[0] if isinstance(node, ast.stmt) and hasattr(node, "body") else None
            first, last = node.lineno - 1, inside.lineno - 2 if inside else node.end_lineno - 1
            found += [(first, last)] if number in (first, last) else []
    return max(found, key=lambda lines: lines[1] - lines[0])


def without(text: str, number: int, control: dict[str, str]) -> str:
    """The source with a control taken out."""
    lines = text.splitlines(keepends=True)
    first, last = extent(text, number)
    indent = lines[first][: len(lines[first]) - len(lines[first].lstrip())]
    code = textwrap.indent(control.get("instead", "") or control.get("before", ""), indent)
    kept = lines[first : last + 1] if "before" in control else []
    lines[first : last + 1] = [f"{code}\n" if code else "", *kept]
    return "".join(lines)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("def f():\n    return 1  # control: x\n", "def f():\n    pass\n"),
        ("def f():\n    # control: x\n    return (\n        1\n    )\n", "def f():\n    # control: x\n    pass\n"),
        ("def f():\n    return (\n        1\n    )  # control: x\n", "def f():\n    pass\n"),
        ("if (\n    a\n    and b\n):  # control: x\n    c\n", "pass\n    c\n"),
        ("found = (\n    a(\n        1\n    ),  # control: x\n    b,\n)\n", "found = (\n    pass\n    b,\n)\n"),
    ],
)
def test_what_is_taken_out_does_not_depend_on_how_it_is_laid_out(text: str, left: str) -> None:
    lines = text.splitlines()
    number = next(place for place, line in enumerate(lines) if ANCHOR.search(line))
    assert without(text, number + lines[number].lstrip().startswith("#"), {"instead": "pass"}) == left


def test_the_log_begins_with_what_the_program_is_for_and_is_not() -> None:
    head = LOG[: LOG.index("## Hazards")]
    for words in ("not a medical device", "Intended use", "Limits", "checked by a qualified person"):
        assert words in head


@pytest.mark.parametrize("hazard", HAZARDS)
def test_every_hazard_has_its_cause_control_and_test(hazard: str) -> None:
    [section] = [
        part for part in LOG.split("\n### ") if re.match(rf"[0-9]+\. .*{re.escape(hazard)}", part, re.IGNORECASE)
    ]
    assert "**Cause.**" in section
    assert re.search(r"`ivigcalc/[a-z_/]+\.py` `[a-z0-9-]+`", section)
    assert re.search(r"`tests/[a-z_/]+\.py::test_", section)


@pytest.mark.parametrize(("file", "name"), NAMED, ids=lambda value: value.rpartition("/")[2])
def test_every_test_that_is_named_exists(file: str, name: str) -> None:
    assert name in functions(file)


def test_the_log_the_list_and_the_code_know_the_same_controls() -> None:
    named = [control["control"] for control in CONTROLS]
    places = [(name, path.relative_to(ROOT).as_posix()) for name, path, _ in anchors(ROOT)]
    assert len(set(named)) == len(named) > 90
    assert sorted(name for name, _ in places) == sorted(named)
    assert sorted((name, file) for file, name, _, _ in ROWS) == sorted(places)
    assert sorted((c["control"], c["removed"], c["test"]) for c in CONTROLS) == sorted((n, w, t) for _, n, w, t in ROWS)


def test_every_row_of_the_log_is_one_of_a_control() -> None:
    assert len(ROWS) == sum(line.count("`tests/") > 0 for line in LOG.splitlines() if line.startswith("| "))


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control["control"])
def test_what_is_left_without_a_control_is_a_program(control: dict[str, str]) -> None:
    assert ("instead" in control) != ("before" in control)
    [(path, number)] = [(path, number) for name, path, number in anchors(ROOT) if name == control["control"]]
    text = path.read_text(encoding="utf-8")
    taken_out = without(text, number, control)
    assert ast.dump(ast.parse(taken_out)) != ast.dump(ast.parse(text))


def test_what_is_left_without_a_control_knows_every_name(tmp_path: Path) -> None:
    """A program that stumbles over a name would fail the control's test for a reason that is not the control's."""
    for control in CONTROLS:
        [(path, number)] = [(path, number) for name, path, number in anchors(ROOT) if name == control["control"]]
        left = without(path.read_text(encoding="utf-8"), number, control)
        (tmp_path / f"{control['control'].replace('-', '_')}.py").write_text(left, encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--select", "F821", str(tmp_path)]
    done = subprocess.run(ruff, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the tree from which controls may be removed."""
    folder = tmp_path_factory.mktemp("removed") / "tree"
    folder.mkdir()
    for part in ("ivigcalc", "regimens", "tests"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("pyproject.toml", "SAFETY.md", "README.md"):
        shutil.copy(ROOT / part, folder / part)
    for part in ("ivigcalc", "tests"):  # by hash: what is changed is never taken from there
        compileall.compile_dir(folder / part, quiet=1, invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def environment(copy: Path) -> dict[str, str]:
    """That the package of the copy is tested, wherever a test starts it."""
    return {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture(scope="module")
def forks(copy: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The process that runs tests of the copy, each in a fork (`forks.py`)."""
    command = [sys.executable, copy / "tests" / "safety" / "forks.py"]
    plain = {**environment, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=copy, env=plain, stdin=pipe, stdout=pipe, encoding="utf-8") as process:
        yield process
        process.communicate()


@pytest.mark.slow
@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control["control"])
def test_a_control_that_is_removed_is_missed(
    control: dict[str, str], copy: Path, forks: subprocess.Popen[str], tmp_path: Path
) -> None:
    [(path, number)] = [(path, number) for name, path, number in anchors(copy) if name == control["control"]]
    whole, module = (
        path.read_text(encoding="utf-8"),
        ".".join(path.relative_to(copy).with_suffix("").parts).removesuffix(".__init__"),
    )
    path.write_text(without(whole, number, control), encoding="utf-8")
    try:
        print(json.dumps([module, control["test"], str(tmp_path / "said")]), file=forks.stdin, flush=True)
        code = int(forks.stdout.readline())
    finally:
        path.write_text(whole, encoding="utf-8")
    said = (tmp_path / "said").read_text(encoding="utf-8", errors="replace")[-4000:]
    assert code == 1, said  # 1 = the test failed; 2 and above = it could not be run
    assert re.search(r"[1-9][0-9]* failed", said), said
    assert not BROKEN.search(said), said


@pytest.mark.slow
def test_with_all_controls_in_place_their_tests_pass(copy: Path, environment: dict[str, str]) -> None:
    tests = sorted({control["test"] for control in CONTROLS})
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests],
        cwd=copy,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
