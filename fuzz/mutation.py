"""Mutation testing of the dose core: `python fuzz/mutation.py`. It may be stopped, and goes on where it was.

One operator, number, word or branch of a module is changed at a time (by the operators of cosmic-ray) in a copy of the tree
(`mutants/`), and the tests are run. A change that no test notices has survived; `docs/safety-figures.md` explains each. Every run
is a fork of one process that has imported pytest and the libraries, but of ivigcalc nothing that reads the changed module.

A change that was noticed is not tried again while its module stays the same, because tests are only added; `--afresh` tries all.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import importlib
import json
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "mutants"
TREE = WORK / "tree"
LEAST_PERCENT = 97
#: a run of the tests that takes this many times as long as without a change hangs: the change is noticed
TIMES, LEAST_SECONDS, MEGABYTES = 5, 5, 2000
#: a module's own files first; then, unless one of them noticed, everything else that looks at the core. The properties take too long
CORE = {
    "quantity": ("tests/test_quantity.py", "tests/request/test_ways.py", "tests/definitions/test_product.py"),
    "vials": ("tests/engine/test_vials.py", "tests/engine/test_stock.py", "tests/engine/test_prefer.py"),
    "split": ("tests/engine/test_split.py", "tests/engine/test_dose_days.py"),
    "rounding": ("tests/engine/test_rounding.py", "tests/engine/test_dose_days.py", "tests/engine/test_prefer.py"),
    "dose": ("tests/engine/test_dose.py", "tests/engine/test_dose_days.py", "tests/engine/test_prescription.py"),
    "titration": (
        "tests/engine/test_titration.py", "tests/engine/test_titration_ceilings.py", "tests/engine/test_titration_tables.py",
        "tests/engine/test_infusion.py", "tests/engine/test_rate_ceilings.py",
    ),
    "ceilings": ("tests/engine/test_policy_ceilings.py", "tests/engine/test_rate_ceilings.py"),
    "weight": ("tests/engine/test_weight.py", "tests/engine/test_weight_policies.py", "tests/engine/test_source_weight.py"),
    "schedule": ("tests/engine/test_schedule.py", "tests/engine/test_schedule_closed_days.py", "tests/engine/test_session.py"),
    "infusion_time": ("tests/engine/test_infusion_time.py",),
    "clocks": ("tests/engine/test_clocks.py",),
    "record": ("tests/engine/test_record.py",),
}  # fmt: skip
COMMON = (
    "tests/test_examples.py",
    "tests/engine",
    "tests/request/test_words.py",
    "--ignore-glob=*/test_properties_*.py",
)
LIBRARIES = (
    "pydantic", "yaml", "typer", "rich.table", "rich.console", "dateutil.relativedelta", "simplejson", "holidays", "platformdirs", "hypothesis.strategies",
)  # fmt: skip
#: rooms before the engine, which are slow to import
EARLY = ("ivigcalc.definitions", "ivigcalc.library.find", "ivigcalc.request.read")


Range = tuple[tuple[int, int], tuple[int, int]]


class Change(NamedTuple):
    """One change of a module."""

    operator: str
    row: int
    text: str

    @property
    def key(self) -> str:
        """What identifies it: the module as changed."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def main() -> int:
    """Run what is left to run and say what survived."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--module", choices=CORE, help="only this one")
    parser.add_argument("--afresh", action="store_true", help="every change again")
    parser.add_argument("--one-in", type=int, default=1, metavar="N", help="a sample: every Nth change")
    asked = parser.parse_args()
    _copy_tree()
    sys.dont_write_bytecode = True
    for library in LIBRARIES:
        importlib.import_module(library)
    with multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as each_by_itself:
        modules = [(module, asked.afresh, asked.one_in) for module in ([asked.module] if asked.module else CORE)]
        results = each_by_itself.starmap(_module, modules, chunksize=1)
    noticed, hung, survived = map(sum, zip(*results, strict=True))
    _say("total", noticed, hung, survived)
    return 0 if 100 * noticed >= LEAST_PERCENT * (noticed + survived) else 1


def _copy_tree() -> None:
    """What is changed is a copy, so that the tree may be worked on meanwhile."""
    shutil.rmtree(TREE, ignore_errors=True)
    for part in ("ivigcalc", "regimens", "tests"):
        shutil.copytree(ROOT / part, TREE / part, ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("pyproject.toml", "SAFETY.md"):
        shutil.copy(ROOT / part, TREE / part)


def _module(module: str, afresh: bool, one_in: int) -> tuple[int, int, int]:
    """How many changes of one module were noticed, how many of these because they hung, and how many survived."""
    source = TREE / "ivigcalc" / ("quantity.py" if module == "quantity" else f"engine/{module}.py")
    unchanged = source.read_text(encoding="utf-8")
    rounds = (CORE[module], COMMON)
    seconds = [_unchanged(tests) for tests in rounds]
    sys.path.insert(0, str(TREE))
    if module != "quantity":
        for room in EARLY:
            importlib.import_module(room)
        if f"ivigcalc.engine.{module}" in sys.modules:
            raise RuntimeError(f"{module} is read by {', '.join(EARLY)}")
    for compiled in source.parent.glob(f"__pycache__/{module}.*"):
        compiled.unlink()
    record = WORK / f"{module}.json"
    known: dict[str, str] = {} if afresh or not record.exists() else json.loads(record.read_text(encoding="utf-8"))
    changes = list(_changes(unchanged))[::one_in]
    try:
        for tests, limit in zip(rounds, seconds, strict=True):
            for change in changes:
                if not known.get(change.key):
                    source.write_text(change.text, encoding="utf-8")
                    known[change.key] = _run(tests, limit)
                    record.write_text(json.dumps(known), encoding="utf-8")
    finally:
        source.write_text(unchanged, encoding="utf-8")
    outcomes = [known[change.key] for change in changes]
    found = outcomes.count("failed") + outcomes.count("hung"), outcomes.count("hung"), outcomes.count("")
    _say(module, *found)
    for change in changes:
        if not known[change.key]:
            print(f"    {_in_a_line(change, unchanged)}", flush=True)
    return found


# ---- the changes ------------------------------------------------------------------------------------------------------


def _changes(source: str) -> Iterator[Change]:
    """Every change of a module, each text once."""
    left_out, words = _left_out(source), _words(source)
    seen = {source}
    for name in sorted(operator_names()):
        operator = get_operator(name)
        if operator.arguments() or _is_identity(name):
            continue
        places = [at for node in ast_nodes(get_ast(source)) for at in operator().mutation_positions(node)]
        for occurrence, (start, _) in enumerate(places):
            if _within(start, left_out) or (_is_order(name) and _within(start, words)):
                continue
            text = mutate_code(source, operator(), occurrence)
            if text is not None and text not in seen:
                seen.add(text)
                yield Change(name.removeprefix("core/"), start[0], text)


def _is_identity(operator: str) -> bool:
    """`==` written as `is`, or the reverse: a matter of the language, which keeps one object for equal words."""
    words = set(operator.split("_"))
    return bool(words & {"Is", "IsNot"}) and bool(words & {"Eq", "NotEq", "Lt", "LtE", "Gt", "GtE"})


def _is_order(operator: str) -> bool:
    """`==` written as `<` and the like, which says nothing between words: it depends on their first letters."""
    replaced = operator.split("_")
    return replaced[1:2] in (["Eq"], ["NotEq"]) and replaced[-1] in ("Lt", "LtE", "Gt", "GtE")


def _words(source: str) -> list[Range]:
    """Comparisons with a word."""
    compared = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Compare)]
    return [_range(node) for node in compared if any(map(_is_word, (node.left, *node.comparators)))]


def _is_word(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _left_out(source: str) -> list[Range]:
    """Annotations, which are never evaluated, and decorators (caches, slots, frozen): from place to place."""
    found: list[ast.expr] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found += node.decorator_list
        found += filter(None, (getattr(node, "annotation", None), getattr(node, "returns", None)))
    return [_range(node) for node in found]


def _range(node: ast.expr) -> Range:
    """From where to where; one column more, because a decorator begins with its @."""
    return (node.lineno, node.col_offset - 1), (node.end_lineno or 0, node.end_col_offset or 0)


def _within(place: tuple[int, int], ranges: list[Range]) -> bool:
    return any(first <= place < last for first, last in ranges)


def _in_a_line(change: Change, unchanged: str) -> str:
    """A survivor: where, and what was written instead."""
    before, after = unchanged.split("\n"), change.text.split("\n")
    lines = [new.strip() for old, new in zip(before, after, strict=False) if old != new]
    return f"line {change.row}, {change.operator}: {' '.join(lines)[:160]}"


# ---- a run of the tests -----------------------------------------------------------------------------------------------


def _unchanged(tests: tuple[str, ...]) -> int:
    """How many seconds a change may take: without one, the tests must pass."""
    began = time.monotonic()
    if outcome := _run(tests, 600, compiled=True):
        raise RuntimeError(f"{' '.join(tests)}: {outcome} without a change")
    return LEAST_SECONDS + round(TIMES * (time.monotonic() - began))


def _run(tests: tuple[str, ...], seconds: int, *, compiled: bool = False) -> str:
    """What came of the tests in a fork: "" if all passed, else "failed" or "hung"."""
    child = os.fork()
    if not child:
        _child(tests, seconds, compiled)
    until = time.monotonic() + 6 * seconds  # of the clock, which also runs for others; for a test that waits
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            break
        if time.monotonic() > until:
            os.killpg(child, signal.SIGKILL)
        time.sleep(0.01)
    if os.WIFSIGNALED(status):
        return "hung"
    return "failed" if os.WEXITSTATUS(status) else ""


def _child(tests: tuple[str, ...], seconds: int, compiled: bool) -> None:
    """Run pytest in this process, which is a fork, and end it."""
    code = 1
    try:
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_DATA, (MEGABYTES * 2**20, MEGABYTES * 2**20))
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        os.chdir(TREE)
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        sys.dont_write_bytecode = not compiled
        sys.path.insert(0, str(TREE))
        code = int(pytest.main(["-q", "-x", "-p", "no:cacheprovider", *tests]))
        if not str(sys.modules["ivigcalc"].__file__).startswith(str(TREE)):
            code = 1  # not the copy: no test could notice anything
    finally:
        os._exit(code)


def _say(name: str, noticed: int, hung: int, survived: int) -> None:
    total = noticed + survived
    percent = 100 * noticed / max(total, 1)
    print(
        f"{name:<10} {total:>5} changes, {noticed:>5} killed ({hung} by time), {survived:>3} survived: {percent:.1f} %",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
