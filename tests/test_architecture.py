"""The direction of the data: files -> definitions -> plan -> faces. What a module may import, and what it may not do."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import ivigcalc

PACKAGE = Path(ivigcalc.__file__).parent
MODULES = {
    ".".join(("ivigcalc", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
#: what computes: given the same request and definitions it gives the same plan, whatever the day, the machine or the folder
ENGINE = {
    "quantity", "request", "plan", "weight", "dose", "split", "vials", "titration", "infusion", "schedule", "courses", "sessions", "assemble", "job",
    "working", "engine", "checks", "definitions",
}  # fmt: skip
MOST_LINES = 420


def trees() -> Iterator[tuple[str, ast.Module]]:
    for name, path in MODULES.items():
        yield name, ast.parse(path.read_text(encoding="utf-8"))


TREES = dict(trees())


def part(module: str) -> str:
    """`ivigcalc.checks.dates` -> `checks`."""
    return [*module.split("."), "", ""][1]


def imports(module: str, tree: ast.Module) -> Iterator[tuple[str, bool]]:
    """Every module imported, and whether at the top of the file (else inside a function, or for types only)."""
    package = module if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]
    deferred = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test))
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(
                [
                    *package.split(".")[: len(package.split(".")) - node.level + 1],
                    *([node.module] if node.module else []),
                ]
            )
            base = base if node.level else str(node.module)
            names = [f"{base}.{alias.name}" if f"{base}.{alias.name}" in MODULES else base for alias in node.names]
        for name in names:
            yield name, id(node) not in deferred


EVERY_IMPORT = [(module, name, at_top) for module, tree in TREES.items() for name, at_top in imports(module, tree)]
LIBRARIES = {
    "typer",
    "rich",
    "yaml",
    "os",
    "sys",
    "time",
    "random",
    "socket",
    "subprocess",
    "pathlib",
    "io",
    "holidays",
    "typst",
    "icalendar",
    "pyarrow",
    "dask",
    "distributed",
}


def outside(module: str) -> str:
    return module.split(".")[0]


def test_the_modules_of_the_engine_are_where_they_are_looked_for() -> None:
    assert {part(module) for module in MODULES} >= ENGINE


@pytest.mark.parametrize("module", [m for m in MODULES if part(m) in ENGINE])
def test_the_engine_imports_nothing_that_reads_prints_or_guesses(module: str) -> None:
    found = {
        outside(name)
        for owner, name, at_top in EVERY_IMPORT
        if owner == module and (at_top or outside(name) != "holidays")
    }
    assert not found & LIBRARIES


@pytest.mark.parametrize("module", [m for m in MODULES if part(m) in ENGINE])
def test_the_engine_does_not_look_at_the_clock_the_folder_or_the_terminal(module: str) -> None:
    forbidden = {
        "now",
        "today",
        "utcnow",
        "environ",
        "getenv",
        "print",
        "open",
        "input",
        "getcwd",
        "random",
        "urandom",
        "getlocale",
        "setlocale",
    }
    names = {node.attr for node in ast.walk(TREES[module]) if isinstance(node, ast.Attribute)}
    names |= {
        node.func.id
        for node in ast.walk(TREES[module])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    found = names & forbidden
    if part(module) == "definitions":
        found -= {"open"}  # a key of the site file
    if module in ("ivigcalc.schedule", "ivigcalc.checks.dates"):
        found -= {"open"}  # site.open
    assert not found


def test_only_load_reads_yaml() -> None:
    assert {module for module, name, _ in EVERY_IMPORT if outside(name) == "yaml"} == {"ivigcalc.load"}


def test_definitions_open_no_file_and_know_no_engine() -> None:
    inside = {
        part(name) for module, name, _ in EVERY_IMPORT if part(module) == "definitions" and outside(name) == "ivigcalc"
    }
    assert inside <= {"definitions", "quantity"}


def test_nothing_reads_up_the_line() -> None:
    """No module imports one that stands after it: files, definitions, arithmetic, plan, faces."""
    order = [
        {"quantity", "errors", "_version"},
        {"definitions"},
        {"request", "plan", "load", "library"},
        {"weight", "vials", "split", "dose", "titration", "infusion", "schedule"},
        {"checks"},
        {"job", "courses", "sessions", "working", "assemble"},
        {"engine"},
        {"render", "ask", "batch", "cli"},
    ]
    place = {name: number for number, names in enumerate(order) for name in names}
    wrong = [
        f"{module} imports {name}"
        for module, name, at_top in EVERY_IMPORT
        if at_top
        and outside(name) == "ivigcalc"
        and part(module) in place
        and part(name) in place
        and place[part(name)] > place[part(module)]
    ]
    assert not wrong


def test_faces_do_not_compute() -> None:
    """A renderer reads the plan; it knows neither the engine nor the arithmetic, nor the reader of files."""
    allowed = {
        "render",
        "plan",
        "quantity",
        "definitions",
        "request",
        "errors",
        "_version",
        "schedule",
        "form",
        "",
    }
    found = {
        (module, part(name))
        for module, name, _ in EVERY_IMPORT
        if part(module) == "render" and outside(name) == "ivigcalc"
    }
    assert not {(module, name) for module, name in found if name not in allowed}


def test_a_face_does_not_load_the_engine() -> None:
    """Not by way of others either."""
    script = "import sys, ivigcalc.render.json, ivigcalc.render.pdf, ivigcalc.render.table; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, encoding="utf-8")
    assert not set(done.stdout.split()) & {f"ivigcalc.{name}" for name in ("engine", "ask", "library", "load")}


def test_no_module_imports_itself_in_a_circle() -> None:
    edges = {
        module: {name for owner, name, at_top in EVERY_IMPORT if owner == module and at_top and name in MODULES}
        for module in MODULES
    }

    def reach(start: str) -> set[str]:
        seen: set[str] = set()
        todo = list(edges[start])
        while todo:
            name = todo.pop()
            if name not in seen:
                seen.add(name)
                todo.extend(edges[name])
        return seen

    assert not [module for module in MODULES if module in reach(module) and MODULES[module].name != "__init__.py"]


# ---- what a start costs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        (
            "ivigcalc.engine",
            {"rich", "typer", "yaml", "holidays", "pyarrow", "typst", "icalendar", "dask", "distributed"},
        ),
        ("ivigcalc.definitions", {"rich", "typer", "yaml", "holidays"}),
        ("ivigcalc.quantity", {"pydantic", "rich", "typer", "yaml", "dateutil"}),
        ("ivigcalc.load", {"rich", "typer", "holidays"}),
        (
            "ivigcalc.cli.main",
            {"rich", "yaml", "pydantic", "holidays", "pyarrow", "typst", "icalendar", "dask", "distributed"},
        ),
    ],
)
def test_an_import_loads_no_more_than_it_needs(module: str, absent: set[str]) -> None:
    code = f"import {module}, sys; print(' '.join(sorted({{name.split('.')[0] for name in sys.modules}})))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True, cwd=PACKAGE.parent
    )
    assert not set(done.stdout.split()) & absent


# ---- exactness ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", list(MODULES))
def test_no_binary_float_anywhere(module: str) -> None:
    """Neither `float(` nor, in the arithmetic, a number with a point in the source or `round()`."""
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id != "float", f"line {node.lineno}"
            assert node.func.id != "round" or part(module) not in ENGINE, f"line {node.lineno}: round() ties to even"
        if isinstance(node, ast.Constant) and part(module) in ENGINE:
            assert not isinstance(node.value, float), f"line {node.lineno}: {node.value}"


# ---- a module can be read at one sitting ------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", list(MODULES))
def test_no_module_is_too_long(module: str) -> None:
    assert len(MODULES[module].read_text(encoding="utf-8").splitlines()) <= MOST_LINES


@pytest.mark.parametrize("module", [m for m in MODULES if not m.rpartition(".")[2].startswith("_")])
def test_everything_public_says_what_it_is_for(module: str) -> None:
    tree = TREES[module]
    assert ast.get_docstring(tree), f"{module} has no docstring"
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        assert ast.get_docstring(node), f"{module}.{node.name} has no docstring"
        for inner in node.body if isinstance(node, ast.ClassDef) else []:
            if isinstance(inner, ast.FunctionDef) and not inner.name.startswith("_"):
                assert ast.get_docstring(inner), f"{module}.{node.name}.{inner.name} has no docstring"


def test_quantities_of_the_plan_name_their_unit() -> None:
    """A field that holds a number ends in its unit, or counts something."""
    units = ("_g", "_kg", "_ml", "_min", "_per_h", "_per_min", "_per_kg", "_percent")
    counts = {
        "course",
        "day",
        "step",
        "bottle",
        "count",
        "courses",
        "sessions",
        "days",
        "first_course",
        "kg",
        "bmi",
        "amount",
        "minutes",
        "at_min",
    }
    for node in ast.walk(TREES["ivigcalc.plan"]):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            kind = ast.unparse(node.annotation)
            if kind in ("Decimal", "int", "Fraction", "Decimal | None", "int | None"):
                assert node.target.id.endswith(units) or node.target.id in counts, node.target.id
