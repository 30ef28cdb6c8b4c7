"""The table of codes against the program, read as a syntax tree: what is said is declared, and the other way round."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import get_args

import pytest

import ivigcalc
from ivigcalc.batch.rows.columns import COLUMNS
from ivigcalc.codes import AUDIENCE_WORDS, KIND_WORDS, Code, codes
from ivigcalc.definitions import Limit
from ivigcalc.request.fields import FIELD

PACKAGE = Path(ivigcalc.__file__).parent
CODES = codes()

# ---- what the program says ------------------------------------------------------------------------------------------
#
# A code is a word in the source, one of two by a condition, or one of a table of the module. A choice is such a word
# with what it hangs on, because a code and a level that hang on the same condition belong together.

Choice = tuple[dict[str, int], str]
#: of a limit, as its file says
LEVELS_OF_A_LIMIT = get_args(Limit.model_fields["level"].annotation)
#: what an order can name, in `unknown-{kind}`
NAMED = ("regimen", "product", "policy")


class Module:
    """One module, and the words that an expression in it may come to."""

    def __init__(self, path: Path) -> None:
        self.name = path.relative_to(PACKAGE).as_posix()
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)]
        self.function_of = {inner: function for function in functions for inner in ast.walk(function)}

    def calls(self, name: str) -> Iterator[ast.Call]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                yield node

    def choices(self, value: ast.expr | None) -> Iterator[Choice]:
        """What an expression comes to; nothing where it hands on the code of another error."""
        match value:
            case ast.Constant(value=str(word)):
                yield {}, word
            case ast.IfExp():
                for way, branch in enumerate((value.body, value.orelse)):
                    yield from hanging_on(ast.dump(value.test), way, self.choices(branch))
            case ast.Name(id=name):
                found = [*self._named(name, self.function_of[value])]
                assert found, f"{self.name}:{value.lineno}: nothing says what {name} may be"
                yield from found
            case ast.JoinedStr(values=[ast.Constant(value=str(start)), ast.FormattedValue(value=ast.Name(id="kind"))]):
                yield from (({}, f"{start}{kind}") for kind in NAMED)
            case ast.Attribute(value=ast.Name(id="limit"), attr="level"):
                yield from (({}, level) for level in LEVELS_OF_A_LIMIT)
            case _:
                assert re.search(r"\.codes?\b", ast.unparse(value)), f"{self.name}:{value.lineno}: cannot be followed"

    def _named(self, name: str, function: ast.FunctionDef) -> Iterator[Choice]:
        """A name in a function: of a value, of a cell of the rows of a loop, or of one of a row of a table."""
        for node in ast.walk(function):
            match node:
                case ast.Assign(targets=[ast.Name(id=found)], value=value) if found == name:
                    yield from self.choices(value)
                case ast.AnnAssign(target=ast.Name(id=found), value=ast.expr() as value) if found == name:
                    yield from self.choices(value)
                case ast.For(target=ast.Tuple(elts=names), iter=ast.Tuple(elts=rows)):
                    yield from self._cells(name, names, rows)
                case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Subscript(value=ast.Name(id=table))):
                    yield from self._cells(name, names, self._table(table))

    def _cells(self, name: str, names: list[ast.expr], rows: list[ast.expr]) -> Iterator[Choice]:
        for place, found in enumerate(names):
            if isinstance(found, ast.Name) and found.id == name:
                for number, row in enumerate(rows):
                    assert isinstance(row, ast.Tuple)
                    yield from hanging_on("row", number, self.choices(row.elts[place]))

    def _table(self, name: str) -> list[ast.expr]:
        """The rows of a table at the head of the module."""
        for node in self.tree.body:
            match node:
                case ast.Assign(targets=[ast.Name(id=found)], value=ast.Dict(values=rows)) if found == name:
                    return rows
        return []


def hanging_on(condition: str, way: int, choices: Iterator[Choice]) -> Iterator[Choice]:
    """The same choices, of one way of a condition."""
    for ways, word in choices:
        yield {**ways, condition: way}, word


def together(some: Iterator[Choice], others: Iterator[Choice]) -> Iterator[tuple[str, str]]:
    """The words that can stand together, such as a code and its level."""
    for (ways, one), (other_ways, other) in product([*some], [*others]):
        if all(other_ways.get(condition, way) == way for condition, way in ways.items()):
            yield one, other


def argument(call: ast.Call, name: str, place: int | None = None) -> ast.expr | None:
    """What a call gives for a parameter, by its name or in its place."""
    named = next((keyword.value for keyword in call.keywords if keyword.arg == name), None)
    return named or (call.args[place] if place is not None else None)


def said(module: Module) -> Iterator[tuple[str, str]]:
    """Every code that a module says, with its kind."""
    for notice in module.calls("Notice"):
        yield from together(module.choices(argument(notice, "code", 0)), module.choices(argument(notice, "level", 1)))
    for refused in module.calls("RefusedError"):
        match argument(refused, "overridable"):
            case ast.Constant(value=False):
                kind = "refused"
            case _:
                kind = "stop"
        yield from ((code, kind) for _, code in module.choices(argument(refused, "code", 0)))
    for error in module.calls("RequestError"):
        code = argument(error, "code") or ast.Constant("bad-request")
        yield from ((code, "unread") for _, code in module.choices(code))
    for row in module.calls("Failed"):
        yield from ((code, "unread") for _, code in module.choices(argument(row, "code", 0)))


MODULES = [Module(path) for path in sorted(PACKAGE.rglob("*.py"))]
SAID = {(code, kind, module.name) for module in MODULES for code, kind in said(module)}
DECLARED = {(code.code, kind) for code in CODES.values() for kind in code.kinds}


def test_the_program_was_read() -> None:
    """A notice whose code hangs on a condition, one of a table, one of a loop, a limit, a refusal, an error, a row."""
    assert {
        ("rounding-deviation", "caution", "engine/checks/order.py"),
        ("dose-outside-regimen", "stop", "engine/checks/order.py"),
        ("four-week-dose-over-limit", "stop", "engine/checks/doses.py"),
        ("site-rate-applied", "caution", "engine/checks/infusion.py"),
        ("stock-short", "refused", "engine/stock.py"),
        ("unknown-policy", "unread", "library/find.py"),
        ("bad-definition", "unread", "batch/rows/outcome.py"),
        ("unreadable-row", "unread", "batch/rows/source.py"),
    } <= SAID
    assert ("dose-outside-regimen", "caution", "engine/checks/order.py") not in SAID


def test_what_is_said_is_declared() -> None:
    assert sorted(found for found in SAID if found[:2] not in DECLARED) == []


def test_what_is_declared_is_said() -> None:
    assert sorted(DECLARED - {(code, kind) for code, kind, _ in SAID}) == []


def test_a_code_that_is_asked_for_is_declared() -> None:
    """`refused.code != "..."`: nothing says so where the code was renamed."""
    asked = {
        (word.value, module.name)
        for module in MODULES
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Attribute) and node.left.attr == "code"
        for word in ast.walk(node)
        if isinstance(word, ast.Constant)
    }
    assert ("rate-not-published", "engine/infusion.py") in asked
    assert sorted(found for found in asked if found[0] not in CODES) == []


# ---- the table ------------------------------------------------------------------------------------------------------


def test_a_code_stands_in_one_group() -> None:
    groups = tomllib.loads((PACKAGE / "codes.toml").read_text(encoding="utf-8"))
    assert sum(map(len, groups.values())) == len(CODES)


each_code = pytest.mark.parametrize("code", CODES.values(), ids=lambda code: code.code)


@each_code
def test_it_is_written_in_small_letters(code: Code) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code.code)


@each_code
def test_it_has_known_kinds_the_gravest_last_and_an_audience(code: Code) -> None:
    gravity = list(KIND_WORDS)
    assert [gravity.index(kind) for kind in code.kinds] == sorted({gravity.index(kind) for kind in code.kinds})
    assert code.kinds
    assert code.audience in AUDIENCE_WORDS


@each_code
def test_it_says_what_it_means_and_what_to_do_in_whole_sentences(code: Code) -> None:
    for text in (code.means, code.remedy):
        assert re.fullmatch(r"[A-Z`].*[a-z)`]\.", text), text
        assert len(text) <= 300


@each_code
def test_it_names_a_column_where_a_row_can_be_refused_for_it(code: Code) -> None:
    refuses = bool({"stop", "refused"} & set(code.kinds))
    assert (code.column != "") == (refuses and code.group != "a plan that is changed")  # no row of a batch is that
    assert code.column in {"", *FIELD, *COLUMNS}
