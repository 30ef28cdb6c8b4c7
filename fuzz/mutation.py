"""Mutation testing of the dose core and of replanning: `python fuzz/mutation.py`. It may be stopped, and goes on where it was.

One operator, number, word or branch of a module is changed at a time (by the operators of cosmic-ray) in a copy of the tree
(`mutants/`), and the tests are run. A change that no test notices has survived; `docs/safety-figures.md` explains each.

A change within a function is put in the place of that function's code in a fork of a process that has collected the module's own
tests, with those first that noticed the changes before; one outside of functions is tried by a fork that imports the changed module.
What the own tests do not notice is imported and tried with all others that look at the module, unless `--own` is asked for.

A change that was noticed is not tried again while its module stays the same, because tests are only added; `--afresh` tries all.
"""

from __future__ import annotations

import argparse
import ast
import gc
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
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import NamedTuple, NoReturn

import pytest
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "mutants"
TREE = WORK / "tree"
LEAST_PERCENT = 97
#: a run of the tests that takes this many times as long as without a change hangs: the change is noticed
TIMES, LEAST_SECONDS, MEGABYTES = 5, 1, 2000
DAYS_SECONDS = 10 * 24 * 3600
#: by path below ivigcalc: a module's own files, which are tried first
CORE = {
    "quantity": ("tests/test_quantity.py", "tests/request/test_ways.py", "tests/definitions/test_product.py"),
    "engine/vials": ("tests/engine/test_vials.py", "tests/engine/test_stock.py", "tests/engine/test_prefer.py"),
    "engine/split": ("tests/engine/test_split.py", "tests/engine/test_dose_days.py"),
    "engine/rounding": (
        "tests/engine/test_rounding.py", "tests/engine/test_dose_days.py", "tests/engine/test_prefer.py", "tests/engine/test_dose.py",
    ),
    "engine/dose": (
        "tests/engine/test_dose.py", "tests/engine/test_dose_days.py", "tests/engine/test_dose_basis.py",
        "tests/engine/test_prescription.py",
    ),
    "engine/titration": (
        "tests/engine/test_titration.py", "tests/engine/test_titration_ceilings.py", "tests/engine/test_titration_tables.py",
        "tests/engine/test_infusion.py", "tests/engine/test_rate_ceilings.py",
    ),
    "engine/ceilings": ("tests/engine/test_policy_ceilings.py", "tests/engine/test_rate_ceilings.py"),
    "engine/weight": ("tests/engine/test_weight.py", "tests/engine/test_weight_policies.py", "tests/engine/test_source_weight.py"),
    "engine/schedule": (
        "tests/engine/test_schedule.py", "tests/engine/test_schedule_closed_days.py", "tests/engine/test_session.py",
    ),
    "engine/infusion_time": ("tests/engine/test_infusion_time.py",),
    "engine/clocks": ("tests/engine/test_clocks.py",),
    "engine/record": ("tests/engine/test_record.py",),
    "engine/resume": ("tests/replan/test_resume.py", "tests/replan/test_reaction.py"),
    "engine/since": ("tests/engine/test_since.py", "tests/replan/test_missed.py"),
    "replan/build": (
        "tests/replan/test_build.py", "tests/replan/test_close.py", "tests/replan/test_join.py", "tests/replan/test_order.py",
        "tests/replan/test_missed.py",
    ),
    "replan/given": ("tests/replan/test_past.py",),
    "replan/join": ("tests/replan/test_join.py", "tests/replan/test_close.py", "tests/replan/test_order.py", "tests/replan/test_faces.py"),
    "replan/missed": ("tests/replan/test_missed.py",),
    "replan/order": ("tests/replan/test_read.py", "tests/replan/test_order.py"),
    "replan/past": ("tests/replan/test_past.py", "tests/replan/test_missed.py"),
    "replan/reaction": ("tests/replan/test_read.py", "tests/replan/test_reaction.py"),
    "replan/read": ("tests/replan/test_read.py",),
    "replan/replan": ("tests/replan/test_join.py", "tests/replan/test_order.py", "tests/replan/test_history.py", "tests/cli/test_replan.py"),
    "replan/state": ("tests/replan/test_past.py", "tests/replan/test_order.py", "tests/replan/test_build.py"),
    "replan/timetable": ("tests/replan/test_order.py", "tests/replan/test_close.py", "tests/replan/test_missed.py", "tests/replan/test_build.py"),
}  # fmt: skip
#: everything else that looks at a module, by its room; properties and slow tests take too long
COMMON = {
    "": ("tests/test_examples.py", "tests/engine", "tests/request/test_words.py"),
    "engine": ("tests/test_examples.py", "tests/engine", "tests/request/test_words.py"),
    "replan": ("tests/replan", "tests/document", "tests/cli/test_replan.py"),
}
LEFT_OUT = ("--ignore-glob=*/test_properties_*.py", "-m", "not slow")
LIBRARIES = (
    "pydantic", "yaml", "typer", "rich.table", "rich.console", "dateutil.relativedelta", "simplejson", "holidays", "platformdirs", "hypothesis.strategies",
)  # fmt: skip
#: what reads nothing of a room, and is slow to import
EARLY = {
    "": (),
    "engine": ("ivigcalc.definitions", "ivigcalc.library.find", "ivigcalc.request.read"),
    "replan": ("ivigcalc.api", "ivigcalc.document.write"),
}

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
    parser.add_argument(
        "--own", action="store_true", help="by a module's own tests alone, which is quicker and stricter"
    )
    parser.add_argument("--one-in", type=int, default=1, metavar="N", help="a sample: every Nth change")
    asked = parser.parse_args()
    _copy_tree()
    sys.dont_write_bytecode = True
    for library in LIBRARIES:
        importlib.import_module(library)
    with multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as each_by_itself:
        modules = [
            (module, asked.afresh, asked.one_in, asked.own) for module in ([asked.module] if asked.module else CORE)
        ]
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


def _module(module: str, afresh: bool, one_in: int, own: bool) -> tuple[int, int, int]:
    """How many changes of one module were noticed, how many of these because they hung, and how many survived."""
    source, room = TREE / "ivigcalc" / f"{module}.py", module.rpartition("/")[0]
    name = f"ivigcalc.{module.replace('/', '.')}"
    unchanged = source.read_text(encoding="utf-8")
    rounds = (CORE[module],) if own else (CORE[module], COMMON[room])
    seconds = [_unchanged(tests) for tests in rounds]
    sys.path.insert(0, str(TREE))
    for early in EARLY[room]:
        importlib.import_module(early)
    if name in sys.modules:
        raise RuntimeError(f"{module} is read by {', '.join(EARLY[room])}")
    for compiled in source.parent.glob(f"__pycache__/{source.stem}.*"):
        compiled.unlink()
    known = Known(WORK / f"{module.replace('/', '.')}.json", afresh)
    changes = list(_changes(unchanged))[::one_in]
    new = [change for change in changes if not known.outcome(change)]
    in_place = _within_functions(name, unchanged, new, known)
    try:
        for place, (tests, limit) in enumerate(zip(rounds, seconds, strict=True)):
            for change in new:
                if not known.outcome(change) and (place or change not in in_place):
                    source.write_text(change.text, encoding="utf-8")
                    known.note(change, _run(tests, limit))
    finally:
        source.write_text(unchanged, encoding="utf-8")
    outcomes = [known.outcome(change) for change in changes]
    found = outcomes.count("failed") + outcomes.count("hung"), outcomes.count("hung"), outcomes.count("")
    _say(module, *found)
    for change in changes:
        if not known.outcome(change):
            print(f"    {_in_a_line(change, unchanged)}", flush=True)
    return found


class Known:
    """What is known of the changes of a module: "failed", "hung", or "" of what survived so far; kept in a file."""

    def __init__(self, file: Path, afresh: bool) -> None:
        self._file = file
        self._outcomes: dict[str, str] = (
            {} if afresh or not file.exists() else json.loads(file.read_text(encoding="utf-8"))
        )

    def outcome(self, change: Change) -> str:
        """What came of a change."""
        return self._outcomes.get(change.key, "")

    def read(self) -> None:
        """What another process has noted meanwhile."""
        if self._file.exists():
            self._outcomes |= json.loads(self._file.read_text(encoding="utf-8"))

    def note(self, change: Change, outcome: str) -> None:
        """Keep what came of a change."""
        self._outcomes[change.key] = outcome
        self._file.write_text(json.dumps(self._outcomes), encoding="utf-8")


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
    """Annotations, which are never evaluated, caches, frozen records, and the * and / of a signature."""
    found: list[ast.expr] = []
    signatures: list[Range] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found += node.decorator_list
        if isinstance(node, ast.ClassDef):
            found += [keyword.value for keyword in node.keywords]
        if isinstance(node, ast.FunctionDef):
            signatures += _markers(node)
        found += filter(None, (getattr(node, "annotation", None), getattr(node, "returns", None)))
    return [*map(_range, found), *signatures]


def _markers(function: ast.FunctionDef) -> list[Range]:
    """From the name of a function to its first default or statement, if some of it are by position or by name alone."""
    said = function.args
    if not (said.posonlyargs or said.kwonlyargs):
        return []
    defaults = filter(None, (*said.defaults, *said.kw_defaults))
    until = min((node.lineno, node.col_offset) for node in (function.body[0], *defaults))
    return [((function.lineno, function.col_offset), until)]


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
    """How many seconds of the processor a change may take: without one, the tests must pass."""
    before = _seconds_of_children()
    if outcome := _run(tests, 600, compiled=True):
        raise RuntimeError(f"{' '.join(tests)}: {outcome} without a change")
    return LEAST_SECONDS + round(TIMES * (_seconds_of_children() - before))


def _seconds_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _run(tests: tuple[str, ...], seconds: int, *, compiled: bool = False) -> str:
    """What came of the tests in a fork: "" if all passed, else "failed" or "hung"."""
    return _outcome(lambda: _pytest(tests, compiled=compiled), seconds)


def _outcome(child: Callable[[], int], seconds: int) -> str:
    """What came of a fork that ends with 0 if all passed."""
    forked = os.fork()
    if not forked:
        _end(child, seconds)
    until = time.monotonic() + 10 * seconds  # of the clock, which also runs for others; for a test that waits
    while True:
        ended, status = os.waitpid(forked, os.WNOHANG)
        if ended:
            break
        if time.monotonic() > until:
            os.killpg(forked, signal.SIGKILL)
        time.sleep(0.002)
    if os.WIFSIGNALED(status):
        return "hung"
    return "failed" if os.WEXITSTATUS(status) else ""


def _end(child: Callable[[], int], seconds: int) -> NoReturn:
    """Do it in this process, which is a fork, and end it."""
    code = 1
    try:
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_DATA, (MEGABYTES * 2**20, MEGABYTES * 2**20))
        code = child()
    finally:
        os._exit(code)


def _pytest(tests: tuple[str, ...], *, compiled: bool = False, plugin: object = None) -> int:
    """Run pytest on the copy, in silence."""

    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    os.chdir(TREE)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    sys.dont_write_bytecode = not compiled
    sys.path.insert(0, str(TREE))
    asked = ["-q", "-x", "-p", "no:cacheprovider", *LEFT_OUT, *tests]
    code = int(pytest.main(asked, plugins=[plugin] if plugin else []))
    if not str(sys.modules["ivigcalc"].__file__).startswith(str(TREE)):
        return 1  # not the copy: no test could notice anything
    return code


# ---- changes within functions -----------------------------------------------------------------------------------------


def _within_functions(name: str, unchanged: str, changes: list[Change], known: Known) -> set[Change]:
    """Try those changes that lie within functions, by a fork that collects the tests once, and say which."""
    bodies = [
        (node.body[0].lineno, node.end_lineno or 0)
        for node in ast.walk(ast.parse(unchanged))
        if isinstance(node, ast.FunctionDef)
    ]
    inside = [change for change in changes if any(first <= change.row <= last for first, last in bodies)]
    if not inside:
        return set()
    own = CORE[name.removeprefix("ivigcalc.").replace(".", "/")]
    if _outcome(lambda: _pytest(own, plugin=InPlace(name, inside, known)), DAYS_SECONDS):
        raise RuntimeError(f"{' '.join(own)}: they could not be tried in place")
    known.read()
    return set(inside)


class InPlace:
    """A plugin of pytest which, instead of the tests, runs them once for each change of a module, in a fork."""

    def __init__(self, name: str, changes: list[Change], known: Known) -> None:
        self.name, self.changes, self.known = name, changes, known
        self.begun: list[int] = []  # milliseconds of the processor at which each test of the last fork began

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Every change. A test that takes much longer than without one hangs."""
        unchanged = Path(str(sys.modules[self.name].__file__)).read_text(encoding="utf-8")
        items = [(item, 600.0) for item in session.items]
        gc.freeze()
        if self._tried(unchanged, items):
            raise RuntimeError(f"{self.name}: not sound without a change")
        took = [(after - before) / 1000 for before, after in pairwise(self.begun)]
        quick_first = sorted(zip(session.items, took, strict=True), key=lambda each: each[1])
        items = [(item, LEAST_SECONDS + TIMES * seconds) for item, seconds in quick_first]
        for change in self.changes:
            outcome = self._tried(change.text, items)
            self.known.note(change, outcome)
            if outcome:  # who noticed it comes first from now on
                items.insert(0, items.pop(len(self.begun) - 1))
        return True

    def _tried(self, text: str, items: list[tuple[pytest.Item, float]]) -> str:
        """What came of a change."""
        reads, writes = os.pipe()
        outcome = _outcome(lambda: self._child(text, items, writes), DAYS_SECONDS)
        os.close(writes)
        with os.fdopen(reads, encoding="ascii") as pipe:
            self.begun = [int(line) for line in pipe]
        return outcome

    def _child(self, text: str, items: list[tuple[pytest.Item, float]], writes: int) -> int:
        _put_in_place(sys.modules[self.name], text)
        for (item, seconds), following in zip(items, [*(item for item, _ in items[1:]), None], strict=True):
            os.write(writes, b"%d\n" % (1000 * time.process_time()))
            signal.setitimer(signal.ITIMER_PROF, seconds)  # the signals end the fork
            signal.setitimer(signal.ITIMER_REAL, 10 * seconds)  # of the clock, for a test that waits
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        os.write(writes, b"%d\n" % (1000 * time.process_time()))
        return 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> None:
        """The first failure ends the fork."""
        if call.excinfo is not None and not call.excinfo.errisinstance(pytest.skip.Exception):
            os._exit(1)


def _put_in_place(module: ModuleType, text: str) -> None:
    """Give the functions and methods of a module the code that they have in another text of it."""
    there = dict(_codes(compile(text, str(module.__file__), "exec")))
    for function in _functions(module):
        changed = there.get(function.__code__.co_qualname)
        if changed and changed.co_freevars == function.__code__.co_freevars:  # else it counts as one that survived
            function.__code__ = changed


def _codes(code: CodeType) -> Iterator[tuple[str, CodeType]]:
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield const.co_qualname, const
            yield from _codes(const)


def _functions(module: ModuleType) -> Iterator[FunctionType]:
    """The functions that the text of a module defines; what they remember is forgotten."""
    classes = [
        found for found in vars(module).values() if isinstance(found, type) and found.__module__ == module.__name__
    ]
    for found in [*vars(module).values(), *(value for each in classes for value in vars(each).values())]:
        if hasattr(found, "cache_clear") and found.__module__ == module.__name__:
            found.cache_clear()
        for within in (found, *(getattr(found, name, None) for name in ("fget", "func", "__func__", "__wrapped__"))):
            if (
                isinstance(within, FunctionType)
                and within.__code__.co_filename == module.__file__
                and within.__name__ != "<lambda>"
            ):
                yield within


def _say(name: str, noticed: int, hung: int, survived: int) -> None:
    total = noticed + survived
    percent = 100 * noticed / max(total, 1)
    print(
        f"{name:<20} {total:>5} changes, {noticed:>5} killed ({hung} by time), {survived:>3} survived: {percent:.1f} %",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
