"""Mutation testing of the dose core: `python fuzz/mutation.py`. It may be stopped, and goes on where it was.

cosmic-ray changes one operator, number or branch at a time in a copy of the tree (`mutants/`) and runs the tests. A change
that no test notices has survived; `docs/safety-figures.md` explains each. cosmic-ray rather than mutmut, because mutmut leaves
decorated functions and the figures outside functions alone: the cached functions and the table of units are the core.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "mutants"
LEAST_PERCENT = 95
#: fast tests first; the run of a change ends with the first test that notices it
COMMON = (
    "tests/test_examples.py",
    "tests/safety/test_hazards_dose.py",
    "tests/safety/test_hazards_rate.py",
    "tests/safety/test_hazards_weight.py",
    "tests/safety/test_hazards_dates.py",
    "tests/test_checks.py",
)
EDGES = "tests/safety/test_core.py"
CORE = {
    "quantity": (EDGES, "tests/test_quantity.py"),
    "vials": (EDGES, "tests/test_vials.py"),
    "split": (EDGES, "tests/test_split.py", "tests/test_vials.py"),
    "dose": (EDGES, "tests/test_split.py"),
    "titration": (EDGES, "tests/test_titration.py"),
    "weight": (EDGES, "tests/test_weight.py"),
    "schedule": (EDGES, "tests/test_schedule.py"),
}  # fmt: skip


class Result(NamedTuple):
    """What became of the changes of one module."""

    module: str
    killed: int
    survivors: list[str]


def main() -> int:
    """Run what is left to run and say what survived."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--module", choices=CORE, help="only this one")
    parser.add_argument("--report", action="store_true", help="say what is known, run nothing")
    asked = parser.parse_args()
    results = []
    for module in [asked.module] if asked.module else CORE:
        if not asked.report:
            _run(module)
        if (result := _result(module)) is not None:
            results.append(result)
            _say(result)
    killed, survived = sum(r.killed for r in results), sum(len(r.survivors) for r in results)
    percent = 100 * killed / (killed + survived) if killed else 0
    print(f"{'total':<10} {killed + survived:>5} changes, {killed:>5} killed, {survived:>3} survived: {percent:.1f} %")
    return 0 if percent >= LEAST_PERCENT else 1


def _run(module: str) -> None:
    tests = list(dict.fromkeys((*CORE[module], *COMMON)))
    session, tree = WORK / f"{module}.sqlite", WORK / module
    stamp = WORK / f"{module}.stamp"
    state = _state(tests)
    if not session.exists() or not stamp.exists() or stamp.read_text(encoding="utf-8") != state:
        _begin(module, session, tree)
        stamp.write_text(state, encoding="utf-8")
    _cosmic_ray("exec", f"../{module}.toml", f"../{module}.sqlite", cwd=tree)


def _state(tests: list[str]) -> str:
    """A fingerprint of everything that a result depends on."""
    digest = hashlib.sha256()
    for path in sorted(
        [*(ROOT / "ivigcalc").rglob("*.py"), *(ROOT / "regimens").rglob("*.yaml"), *(ROOT / test for test in tests)]
    ):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _begin(module: str, session: Path, tree: Path) -> None:
    shutil.rmtree(tree, ignore_errors=True)
    session.unlink(missing_ok=True)
    tree.mkdir(parents=True)
    for part in ("ivigcalc", "regimens", "tests"):
        shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("pyproject.toml", "SAFETY.md"):
        shutil.copy(ROOT / part, tree / part)
    config = (Path(__file__).parent / "cosmic-ray.toml").read_text(encoding="utf-8")
    config = config.replace("MODULE", module).replace(
        "TESTS", f"sh -c '{_command(CORE[module])} && {_command(COMMON)}'"
    )
    (WORK / f"{module}.toml").write_text(config, encoding="utf-8")
    writing = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for some in (
        CORE[module],
        COMMON,
    ):  # unchanged: they must pass; and compiled files are kept, but of the module to change
        subprocess.run(_command(some), cwd=tree, shell=True, check=True, stdout=subprocess.DEVNULL, env=writing)
    for compiled in (tree / "ivigcalc" / "__pycache__").glob(f"{module}.*"):
        compiled.unlink()
    _cosmic_ray("init", f"../{module}.toml", f"../{module}.sqlite", cwd=tree)
    _tool("cr-filter-operators", f"../{module}.sqlite", f"../{module}.toml", cwd=tree)
    _leave_out_cache_sizes(session, tree / "ivigcalc" / f"{module}.py")


def _command(tests: tuple[str, ...]) -> str:
    return f"PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 {sys.executable} -m pytest -q -x -p no:cacheprovider {' '.join(tests)}"


def _leave_out_cache_sizes(session: Path, source: Path) -> None:
    """How many answers are remembered changes the speed only."""
    lines = source.read_text(encoding="utf-8").split("\n")
    caches = [place for place, line in enumerate(lines, start=1) if line.lstrip().startswith("@lru_cache(")]
    with sqlite3.connect(session) as database:
        for row in caches:
            jobs = database.execute("select job_id from mutation_specs where start_pos_row = ?", (row,)).fetchall()
            for table in ("mutation_specs", "work_results", "work_items"):
                database.executemany(f"delete from {table} where job_id = ?", jobs)


def _cosmic_ray(*arguments: str, cwd: Path) -> None:
    _tool("cosmic-ray", *arguments, cwd=cwd)


def _tool(name: str, *arguments: str, cwd: Path) -> None:
    subprocess.run([str(Path(sys.executable).parent / name), *arguments], cwd=cwd, check=True)


def _result(module: str) -> Result | None:
    session = WORK / f"{module}.sqlite"
    if not session.exists():
        return None
    with sqlite3.connect(session) as database:
        rows = database.execute(
            "select s.operator_name, s.start_pos_row, s.occurrence, r.test_outcome, r.diff from mutation_specs s join work_results r using (job_id) where r.worker_outcome = 'NORMAL'"
        ).fetchall()
    survivors = [
        _change(operator, row, diff) for operator, row, _, outcome, diff in sorted(rows) if outcome == "SURVIVED"
    ]
    return Result(module, len(rows) - len(survivors), survivors)


def _change(operator: str, row: int, diff: str) -> str:
    """A survivor in one line: where, and what was written instead."""
    lines = [line[1:].strip() for line in diff.split("\n") if line.startswith("+") and not line.startswith("+++")]
    return f"line {row}, {operator.removeprefix('core/')}: {' '.join(lines)[:160]}"


def _say(result: Result) -> None:
    total = result.killed + len(result.survivors)
    print(
        f"{result.module:<10} {total:>5} changes, {result.killed:>5} killed, {len(result.survivors):>3} survived: {100 * result.killed / max(total, 1):.1f} %",
        flush=True,
    )
    for survivor in result.survivors:
        print(f"    {survivor}")


if __name__ == "__main__":
    sys.exit(main())
