"""The direction of the data: files -> definitions -> plan -> faces. What a module may import, and what it may not do."""

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import ivigcalc

PACKAGE = Path(ivigcalc.__file__).parent
MODULES = {
    ".".join(("ivigcalc", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
#: which rooms each room may read from: a folder of the package, or a module beside the folders. A line for each
ALLOWED = {
    "_version": "",
    "codes": "",
    "clock": "",
    "country": "",
    "exact": "",
    "files": "",
    "lazy": "",
    "text": "",
    "errors": "text",
    "quantity": "exact text",
    "definitions": "clock exact quantity text",
    "request": "clock country errors exact lazy quantity text",
    "engine": "_version clock country definitions errors exact lazy quantity request text",
    "customs": "clock definitions errors text",
    "library": "codes country customs definitions engine errors exact files lazy quantity request text",
    "api": "definitions engine errors library request text",
    "comparison": "api definitions engine errors exact library quantity request text",
    "replan": "api clock definitions engine errors exact library quantity request text",
    "document": "_version api clock codes definitions engine errors files library quantity replan request text",
    "clinic": "definitions document engine exact quantity",
    "changes": "_version api definitions document engine errors library quantity request text",
    "forecast": "_version api definitions document engine errors exact files library quantity request text",
    "fhir": "clock definitions document errors exact files quantity request text",
    "render": "_version changes clinic clock codes comparison customs definitions document engine errors exact forecast quantity request text",
    "batch": "_version api clock codes definitions document engine errors exact files library quantity render request text",
    "cli": "_version api batch changes clinic codes comparison customs definitions document engine errors fhir files forecast library render request text",
}
#: outside `render`, what a face may know of the engine: the finished plan, and dates
FACES_KNOW = {f"ivigcalc.engine.{name}" for name in ("plan", "record", "schedule", "clocks", "titration", "revision")}
MOST_LINES = 420


def trees() -> Iterator[tuple[str, ast.Module]]:
    for name, path in MODULES.items():
        yield name, ast.parse(path.read_text(encoding="utf-8"))


TREES = dict(trees())


def part(module: str) -> str:
    """`ivigcalc.engine.checks.dates` -> `engine`; nothing for the package itself and its `__main__`."""
    room = [*module.split("."), ""][1]
    return "" if room == "__main__" else room


#: the same question and definitions give the same answer, whatever the day, the machine or the folder
ENGINE_ROOMS = ("engine", "definitions", "clock", "quantity", "request", "text")


def inside(tree: ast.Module, around: Callable[[ast.AST], bool]) -> set[ast.AST]:
    return {inner for node in ast.walk(tree) if around(node) for inner in ast.walk(node)}


def imports(module: str, tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Every module imported, and when: as the file is loaded, later inside a function, or for its types only."""
    package = module if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]
    later = inside(tree, lambda node: isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    types = inside(tree, lambda node: isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test))
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
            yield name, "types" if node in types else "later" if node in later else "load"


EVERY_IMPORT = [(module, name, when) for module, tree in TREES.items() for name, when in imports(module, tree)]
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
    "openpyxl",
    "duckdb",
    "sqlite3",
    "dask",
    "distributed",
}


def outside(module: str) -> str:
    return module.split(".")[0]


def test_every_room_has_its_line() -> None:
    assert {part(module) for module in MODULES} - {""} == set(ALLOWED)
    for place, (room, allowed) in enumerate(ALLOWED.items()):
        assert set(allowed.split()) <= set(list(ALLOWED)[:place]), f"{room} reads from a room that stands after it"


@pytest.mark.parametrize("room", ALLOWED)
def test_a_room_reads_only_from_those_that_stand_before_it(room: str) -> None:
    """Imports inside functions count as well; those that are only for types do not run."""
    read = {
        part(name)
        for module, name, when in EVERY_IMPORT
        if part(module) == room and outside(name) == "ivigcalc" and when != "types"
    }
    assert read - {room, ""} <= set(ALLOWED[room].split())


@pytest.mark.parametrize("module", [m for m in MODULES if part(m) in ENGINE_ROOMS])
def test_the_engine_imports_nothing_that_reads_prints_or_guesses(module: str) -> None:
    found = {
        outside(name)
        for owner, name, when in EVERY_IMPORT
        if owner == module and (when == "load" or outside(name) != "holidays")
    }
    assert not found & LIBRARIES


@pytest.mark.parametrize("module", [m for m in MODULES if part(m) in ENGINE_ROOMS])
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
    if module in ("ivigcalc.engine.schedule", "ivigcalc.engine.checks.dates", "ivigcalc.engine.checks.since"):
        found -= {"open"}  # site.open
    assert not found


def test_only_load_reads_yaml() -> None:
    assert {module for module, name, _ in EVERY_IMPORT if outside(name) == "yaml"} == {"ivigcalc.library.reader"}


def test_faces_know_the_finished_plan_and_nothing_that_makes_it() -> None:
    known = {name for module, name, _ in EVERY_IMPORT if part(module) == "render" and part(name) == "engine"}
    assert known <= FACES_KNOW


def test_a_face_does_not_load_the_engine() -> None:
    """Not by way of others either."""
    script = (
        "import sys, ivigcalc.document.write, ivigcalc.render.paper.pdf, ivigcalc.render.table; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, encoding="utf-8")
    assert not set(done.stdout.split()) & {
        f"ivigcalc.{name}" for name in ("engine.make", "api", "library.find", "library.reader")
    }


def test_no_module_imports_itself_in_a_circle() -> None:
    """Nor by way of an import inside a function."""
    edges = {
        module: {name for owner, name, when in EVERY_IMPORT if owner == module and when != "types" and name in MODULES}
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

#: rooms that a command line loads only when it is known what is wanted
NEEDED_BY_A_PLAN = {"api", "batch", "definitions", "document", "engine", "library", "memo", "render"}


def test_the_command_line_loads_only_words_until_it_is_known_what_is_wanted() -> None:
    found = {
        f"{module} imports {name}"
        for module, name, when in EVERY_IMPORT
        if part(module) == "cli" and when == "load" and part(name) in NEEDED_BY_A_PLAN and outside(name) == "ivigcalc"
    }
    assert not found
    loaded = {outside(name) for module, name, when in EVERY_IMPORT if part(module) == "cli" and when == "load"}
    assert loaded - set(sys.stdlib_module_names) == {"ivigcalc", "msgspec", "typer"}


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        (
            "ivigcalc.engine.make",
            {"pydantic", "rich", "typer", "yaml", "holidays", "pyarrow", "typst", "icalendar", "dask", "distributed"},
        ),
        ("ivigcalc.definitions", {"pydantic", "rich", "typer", "yaml", "holidays"}),
        ("ivigcalc.quantity", {"pydantic", "rich", "typer", "yaml", "dateutil"}),
        ("ivigcalc.request.read", {"pydantic", "rich", "typer", "yaml", "dateutil"}),
        ("ivigcalc.library.reader", {"rich", "typer", "holidays"}),
        ("ivigcalc.render.paper.pdf", {"rich", "typer", "yaml", "holidays", "typst"}),
        ("ivigcalc.cli.plans", {"rich", "typer", "yaml", "pydantic", "holidays"}),
        (
            "ivigcalc.cli.main",
            {"rich", "typer", "yaml", "pydantic", "holidays", "pyarrow", "typst", "icalendar", "dask", "distributed"},
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
            assert node.func.id != "round" or part(module) not in ENGINE_ROOMS, (
                f"line {node.lineno}: round() ties to even"
            )
        if isinstance(node, ast.Constant) and part(module) in ENGINE_ROOMS:
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
    for node in ast.walk(TREES["ivigcalc.engine.plan"]):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            kind = ast.unparse(node.annotation)
            if kind in ("Decimal", "int", "Fraction", "Decimal | None", "int | None"):
                assert node.target.id.endswith(units) or node.target.id in counts, node.target.id
